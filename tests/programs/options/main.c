// SPDX-License-Identifier: MIT
// getopt(), getopt_long() and getopt_long_only(): what each call answers, word by word, and what is left for the program.
#include "tests/programs/lib/check.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static int flag;
static const struct option names[] = {{"delete", no_argument, NULL, 'd'},       {"depth", required_argument, NULL, 'D'},
                                      {"colour", optional_argument, NULL, 'c'}, {"flag", no_argument, &flag, 7},
                                      {"verbose", no_argument, NULL, 'v'},      {NULL, 0, NULL, 0}};
enum how { letters, long_names, long_names_only };

/// Splits `line` into words behind "program", and writes what is found: each answer, then the words that are left.
static const char* found(enum how how, const char* allowed, const char* line) {
    static char text[500], copy[200];
    char* words[20] = {"program"};
    int count = 1, answer;
    strcpy(copy, line);
    for (char* word = strtok(copy, " "); word != NULL; word = strtok(NULL, " ")) words[count++] = word;
    text[0] = 0;
    optind = 0; // begins anew
    do {
        int index = -1;
        answer = how == letters
                     ? getopt(count, words, allowed)
                     : (how == long_names ? getopt_long : getopt_long_only)(count, words, allowed, names, &index);
        if (answer == -1) break;
        char* end = text + strlen(text);
        end += answer < 10 ? sprintf(end, "%d", answer) : sprintf(end, "%c", answer);
        if (answer == '?' || answer == ':') end += optopt != 0 ? sprintf(end, "(%c)", optopt) : sprintf(end, "()");
        if (optarg != NULL) end += sprintf(end, "=%s", optarg);
        if (index >= 0) end += sprintf(end, "#%d", index);
        strcpy(end, " ");
    } while (strlen(text) < 400);
    strcat(text, "|");
    for (int i = optind; i < count; i++) strcat(strcat(text, " "), words[i]);
    return text;
}

static void finds(enum how how, const char* allowed, const char* line, const char* expected) {
    const char* text = found(how, allowed, line);
    check(line, strcmp(text, expected) == 0);
    if (strcmp(text, expected) != 0) printf("found: %s\n", text);
}

int main(void) {
    opterr = 0;
    finds(letters, "ab:c::", "-a -b one -btwo -c -cthree rest", "a b=one b=two c c=three | rest");
    finds(letters, "ab:", "-ab one -aa", "a b=one a a |");
    finds(letters, "ab:", "one -a two -b three four", "a b=three | one two four");
    finds(letters, "ab:", "one two -ab three four -a five", "a b=three a | one two four five");
    finds(letters, "+ab:", "-a one -a", "a | one -a");
    finds(letters, "-ab:", "one -a two", "1=one a 1=two |");
    finds(letters, "ab:", "one -a -- -b two", "a | one -b two");
    finds(letters, "ab:", "- -a -", "a | - -");
    finds(letters, "ab:", "-x -ay -b", "?(x) a ?(y) ?(b) |");
    finds(letters, ":ab:", "-b", ":(b) |");
    finds(letters, "a:", "-a -b", "a=-b |");
    finds(letters, "a", "-:", "?(:) |");
    finds(letters, "a", "", "|");

    finds(long_names, "dv", "--delete --depth=3 --depth 4 --colour --colour=red", "d#0 D=3#1 D=4#1 c#2 c=red#2 |");
    finds(long_names, "dv", "one --bad two -d --verb three", "?() d v#4 | one two three");
    finds(long_names, "dv", "--de --dep 5 --del", "?() D=5#1 d#0 |");
    finds(long_names, "dv", "--delete=x --depth", "?(d) ?(D) |");
    finds(long_names, ":dv", "one --depth", ":(D) | one");
    flag = 0;
    finds(long_names, "dv", "--flag one two -dv --depth six seven", "0#3 d v D=six#1 | one two seven");
    CHECK(flag == 7);
    finds(long_names, "dv", "-delete", "d ?(e) ?(l) ?(e) ?(t) ?(e) |");
    finds(long_names_only, "dv", "-delete -dv -v -depth=2 -nothing one", "d#0 d v v D=2#1 ?() | one");
    setenv("POSIXLY_CORRECT", "1", 1);
    finds(long_names, "dv", "-d one -v", "d | one -v");
    return checks_done();
}
