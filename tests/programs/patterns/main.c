// SPDX-License-Identifier: MIT
// Regular expressions, patterns of file names, and options: newlib's own, which have to link and work.
#include "tests/programs/lib/check.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <getopt.h>
#include <glob.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void expressions(void) {
    regex_t expression;
    regmatch_t match[3];
    char message[100];
    CHECK(regcomp(&expression, "^([a-z]+)[[:space:]]*=[[:space:]]*([0-9]{2,4})$", REG_EXTENDED) == 0 && expression.re_nsub == 2);
    CHECK(regexec(&expression, "width = 640", 3, match, 0) == 0 && match[1].rm_eo == 5 && match[2].rm_so == 8 && match[2].rm_eo == 11);
    CHECK(regexec(&expression, "width = 6", 3, match, 0) == REG_NOMATCH);
    regfree(&expression);
    CHECK(regcomp(&expression, "HeLLo", REG_ICASE | REG_NOSUB) == 0 && regexec(&expression, "say hello", 0, NULL, 0) == 0);
    regfree(&expression);
    const int error = regcomp(&expression, "a(b", REG_EXTENDED);
    CHECK(error == REG_EPAREN && regerror(error, &expression, message, sizeof message) > 1 && strstr(message, "parenthes") != NULL);
    CHECK(regcomp(&expression, "a{3,1}", REG_EXTENDED) != 0);
}

static void names(void) {
    CHECK(fnmatch("*.c", "main.c", 0) == 0 && fnmatch("*.c", "main.h", 0) == FNM_NOMATCH && fnmatch("[a-c]?z", "bxz", 0) == 0);
    CHECK(fnmatch("*", "a/b", FNM_PATHNAME) == FNM_NOMATCH && fnmatch("*", ".hidden", FNM_PERIOD) == FNM_NOMATCH && fnmatch("\\*", "*", 0) == 0);
    glob_t found;
    mkdir("/g", 0777);
    for (const char* name = "abc"; *name != 0; name++) {
        char path[] = "/g/?.txt";
        path[3] = *name;
        close(creat(path, 0666));
    }
    CHECK(glob("/g/[ab].txt", 0, NULL, &found) == 0 && found.gl_pathc == 2 && strcmp(found.gl_pathv[1], "/g/b.txt") == 0);
    globfree(&found);
    CHECK(glob("/g/*.none", 0, NULL, &found) == GLOB_NOMATCH);
    CHECK(glob("/g/*.none", GLOB_NOCHECK, NULL, &found) == 0 && found.gl_pathc == 1 && strcmp(found.gl_pathv[0], "/g/*.none") == 0);
    globfree(&found);
    CHECK(glob("~/g/{a,c}.txt", GLOB_TILDE | GLOB_BRACE, NULL, &found) == 0 && found.gl_pathc == 2);
    globfree(&found);
}

static void options(void) {
    static const struct option longs[] = {{"verbose", no_argument, NULL, 'v'}, {"size", required_argument, NULL, 's'}, {NULL, 0, NULL, 0}};
    char* words[] = {"program", "-x", "file", "-v", "--size=12", NULL};
    char seen[20] = "";
    opterr = 0;
    for (int c; (c = getopt_long(5, words, "vs:", longs, NULL)) != -1;) {
        strcat(seen, (char[]){(char)c, 0});
        if (c == 's') strcat(seen, optarg);
    }
    CHECK(strcmp(seen, "?vs12") == 0 && strcmp(words[optind], "file") == 0);
}

int main(void) {
    expressions();
    names();
    options();
    return checks_done();
}
