// SPDX-License-Identifier: MIT
// The locales C and C.UTF-8: characters of several bytes, wide characters and streams of them, their classes.
#define _GNU_SOURCE
#include "tests/programs/lib/check.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>
#include <wctype.h>

static void in_c(void) {
    wchar_t wide;
    mbstate_t state = {0};
    CHECK(strcmp(setlocale(LC_ALL, NULL), "C") == 0 && strcmp(nl_langinfo(CODESET), "ASCII") == 0 && MB_CUR_MAX == 1);
    CHECK(mbrtowc(&wide, "a", 1, &state) == 1 && wide == L'a' && strcmp(localeconv()->decimal_point, ".") == 0);
    CHECK(setlocale(LC_ALL, "xx_YY.NONE") == NULL);
}

static void conversions(void) {
    const char* text = "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\xa7";
    wchar_t wide[20], one;
    char bytes[40];
    mbstate_t state = {0};
    CHECK(setlocale(LC_ALL, "C.UTF-8") != NULL && strcmp(nl_langinfo(CODESET), "UTF-8") == 0 && MB_CUR_MAX >= 4);
    CHECK(mbstowcs(wide, text, 20) == 8 && wide[2] == 0xfc && wide[5] == 0x20ac && wide[7] == 0x1f427);
    CHECK(wcstombs(bytes, wide, sizeof bytes) == strlen(text) && strcmp(bytes, text) == 0);
    CHECK(mbrtowc(&one, text + 2, 1, &state) == (size_t)-2 && mbrtowc(&one, text + 3, 1, &state) == 1 && one == 0xfc); // byte by byte
    CHECK(wcrtomb(bytes, 0x20ac, &state) == 3 && memcmp(bytes, "\xe2\x82\xac", 3) == 0);
    const char* broken[] = {"\xff", "\xc0\xaf", "\xe2\x28\xa1", "\xf5\x80\x80\x80"}; // no start, overlong, no continuation, beyond Unicode
    for (int i = 0; i < 4; i++) {
        memset(&state, 0, sizeof state);
        errno = 0;
        CHECK(mbrtowc(&one, broken[i], strlen(broken[i]), &state) == (size_t)-1 && errno == EILSEQ);
    }
    CHECK(mblen("\xe2\x82\xac", 3) == 3 && btowc('a') == L'a' && wctob(0xfc) == EOF);
}

static void classes(void) {
    CHECK(iswalpha(0xfc) && iswalpha(0x3a9) && iswalpha(0x416) && !iswalpha(0x20ac) && iswupper(0xdc) && towlower(0xdc) == 0xfc && towupper(0x3c9) == 0x3a9);
    CHECK(iswspace(0x2003) && iswpunct(0x20ac) && iswprint(0x4e2d) && wcwidth(0x4e2d) == 2 && wcwidth(L'a') == 1);
    CHECK(iswctype(0x416, wctype("alpha")) && towctrans(0x436, wctrans("toupper")) == 0x416);
}

static void printing(void) {
    char bytes[60];
    wchar_t wide[60], word[20];
    int number;
    CHECK(snprintf(bytes, sizeof bytes, "%ls|%lc|%.3ls", L"gr\u00fc\u00df", (wint_t)0x20ac, L"\u00fc\u00fc") == 13 && strcmp(bytes, "gr\xc3\xbc\xc3\x9f|\xe2\x82\xac|\xc3\xbc") == 0);
    CHECK(swprintf(wide, 60, L"%s %d %ls", "\xe2\x82\xac", 42, L"\u00fc") == 6 && wcscmp(wide, L"\u20ac 42 \u00fc") == 0);
    CHECK(swscanf(L"\u00fcber 17", L"%ls %d", word, &number) == 2 && wcscmp(word, L"\u00fcber") == 0 && number == 17);
    CHECK(wcstol(L"123x", NULL, 10) == 123 && wcscoll(L"a", L"b") < 0 && wcsftime(wide, 60, L"%Y", &(struct tm){.tm_year = 126}) == 4 && wcscmp(wide, L"2026") == 0);
}

static void streams(void) {
    wchar_t line[20];
    FILE* file = fopen("/tmp/wide", "w");
    CHECK(fwide(file, 1) > 0 && fputws(L"\u20ac uro\n", file) >= 0 && fputwc(0x1f427, file) == 0x1f427 && fclose(file) == 0);
    file = fopen("/tmp/wide", "r");
    CHECK(fgetws(line, 20, file) != NULL && wcscmp(line, L"\u20ac uro\n") == 0 && fgetwc(file) == 0x1f427 && fgetwc(file) == WEOF);
    fclose(file);
}

/// Locales beside the program's own (uselocale is not there).
static void objects(void) {
    const locale_t utf8 = newlocale(LC_ALL_MASK, "C.UTF-8", (locale_t)0);
    setlocale(LC_ALL, "C");
    CHECK(utf8 != (locale_t)0 && strcmp(nl_langinfo_l(CODESET, utf8), "UTF-8") == 0 && MB_CUR_MAX == 1);
    CHECK(newlocale(LC_ALL_MASK, "xx_YY.NONE", (locale_t)0) == (locale_t)0);
    freelocale(utf8);
}

int main(void) {
    in_c();
    conversions();
    classes();
    printing();
    streams();
    objects();
    return checks_done();
}
