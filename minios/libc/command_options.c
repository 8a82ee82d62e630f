// SPDX-License-Identifier: MIT
// getopt() and its kind, as POSIX and the GNU library have them: newlib's takes a long option that it does not know for several short
// ones, loses operands then, and takes a lone `-` for an option.
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char* optarg;
int optind = 1, opterr = 1, optopt = '?';

static char* rest;  // of a word of several short options; null or empty: the next word is argv[optind]
static int skipped; // operands that stand behind argv[optind], and were before it

/// What one call was given.
struct search {
    int count;
    char** words;
    const char* letters; ///< without what stands before them
    const struct option* names;
    int* index;
    bool only;  ///< names may stand behind a single '-'
    bool quiet; ///< the letters began with a colon
};

/// Brings words[from] forward to words[to].
static void bring(char** words, int from, int to) {
    char* word = words[from];
    memmove(words + to + 1, words + to, (size_t)(from - to) * sizeof *words);
    words[to] = word;
}

static bool is_option(const char* word) { return word[0] == '-' && word[1] != 0; }

static void say(const struct search* search, const char* before, const char* what, size_t length, const char* after) {
    if (opterr && !search->quiet) fprintf(stderr, "%s: %s%.*s%s\n", search->words[0], before, (int)length, what, after);
}

/// The word behind the one that is being read, which is an option's argument; false: there is none.
static bool take_argument(const struct search* search) {
    const int from = optind + 1 + skipped;
    if (from >= search->count) return false;
    bring(search->words, from, optind + 1);
    optarg = search->words[optind + 1];
    ++optind;
    return true;
}

static int letter_option(const struct search* search) {
    const char letter = *rest++;
    const char* found = letter == ':' ? NULL : strchr(search->letters, letter);
    int result = (unsigned char)letter;
    if (found == NULL) {
        optopt = result;
        say(search, "invalid option -- '", &letter, 1, "'");
        result = '?';
    } else if (found[1] == ':') {
        if (*rest != 0) {
            optarg = rest;
        } else if (found[2] != ':' && !take_argument(search)) {
            optopt = result;
            say(search, "option requires an argument -- '", &letter, 1, "'");
            result = search->quiet ? ':' : '?';
        }
        rest = NULL;
    }
    if (rest == NULL || *rest == 0) {
        rest = NULL;
        ++optind;
    }
    return result;
}

/// The option of that name, or the only one that begins so; `ambiguous`: several that differ do.
static const struct option* find_name(const struct search* search, const char* name, size_t length, bool* ambiguous) {
    const struct option* found = NULL;
    for (const struct option* at = search->names; at->name != NULL; ++at) {
        if (strncmp(at->name, name, length) != 0) continue;
        if (at->name[length] == 0) {
            *ambiguous = false;
            return at;
        }
        if (found == NULL)
            found = at;
        else if (found->has_arg != at->has_arg || found->flag != at->flag || found->val != at->val)
            *ambiguous = true;
    }
    return found;
}

/// `name` is what stands behind the dashes of argv[optind]. -1: no name, but perhaps letters.
static int named_option(const struct search* search, const char* name, bool may_be_letters) {
    const char* word = search->words[optind];
    const size_t length = strcspn(name, "="), with_dashes = (size_t)(name - word) + length;
    bool ambiguous = false;
    const struct option* found = find_name(search, name, length, &ambiguous);
    if (found == NULL && may_be_letters) return -1;
    int result = '?';
    optopt = 0;
    if (ambiguous) {
        say(search, "option '", word, strlen(word), "' is ambiguous");
    } else if (found == NULL) {
        say(search, "unrecognized option '", word, with_dashes, "'");
    } else if (name[length] == '=' && found->has_arg == no_argument) {
        optopt = found->val;
        say(search, "option '", word, with_dashes, "' doesn't allow an argument");
    } else {
        if (name[length] == '=') optarg = (char*)name + length + 1;
        if (name[length] == 0 && found->has_arg == required_argument && !take_argument(search)) {
            optopt = found->val;
            say(search, "option '", word, with_dashes, "' requires an argument");
            result = search->quiet ? ':' : '?';
        } else {
            if (search->index != NULL) *search->index = (int)(found - search->names);
            if (found->flag != NULL) *found->flag = found->val;
            result = found->flag != NULL ? 0 : found->val;
        }
    }
    ++optind;
    return result;
}

static int next_option(struct search* search) {
    optarg = NULL;
    if (optind == 0) { // begin anew
        optind = 1;
        rest = NULL;
    }
    const char order = *search->letters == '+' || *search->letters == '-' ? *search->letters++
                       : getenv("POSIXLY_CORRECT") != NULL                ? '+'
                                                                          : 0;
    if (*search->letters == ':') {
        search->quiet = true;
        ++search->letters;
    }
    if (rest != NULL && *rest != 0) return letter_option(search);

    if (optind >= search->count) return -1;
    char** const words = search->words;
    skipped = 0;
    if (order == 0) {
        while (optind + skipped < search->count && !is_option(words[optind + skipped])) ++skipped;
        if (optind + skipped == search->count) return -1;
        bring(words, optind + skipped, optind);
    } else if (!is_option(words[optind])) {
        if (order == '+') return -1;
        optarg = words[optind++];
        return 1;
    }
    char* const word = words[optind];
    if (strcmp(word, "--") == 0) {
        ++optind;
        return -1;
    }
    if (search->names != NULL) {
        if (word[1] == '-') return named_option(search, word + 2, false);
        const bool is_letter = strchr(search->letters, word[1]) != NULL;
        if (search->only && (word[2] != 0 || !is_letter)) {
            const int result = named_option(search, word + 1, is_letter);
            if (result != -1) return result;
        }
    }
    rest = word + 1;
    return letter_option(search);
}

int getopt(int count, char* const words[], const char* letters) {
    struct search search = {count, (char**)words, letters, NULL, NULL, false, false};
    return next_option(&search);
}
int getopt_long(int count, char* const words[], const char* letters, const struct option* names, int* index) {
    struct search search = {count, (char**)words, letters, names, index, false, false};
    return next_option(&search);
}
int getopt_long_only(int count, char* const words[], const char* letters, const struct option* names, int* index) {
    struct search search = {count, (char**)words, letters, names, index, true, false};
    return next_option(&search);
}
