// SPDX-License-Identifier: MIT
// What ISO C has beyond most libraries for small systems: its threads, Unicode characters, mathematics of long double, complex numbers. And
// what programs expect beside it: iconv, timegm, <search.h>, <err.h>.
#define _GNU_SOURCE
#include "tests/programs/lib/check.h"

#include <complex.h>
#include <endian.h>
#include <err.h>
#include <errno.h>
#include <iconv.h>
#include <libgen.h>
#include <locale.h>
#include <math.h>
#include <search.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>
#include <time.h>
#include <uchar.h>

static mtx_t mutex;
static cnd_t changed;
static tss_t own;
static once_flag once = ONCE_FLAG_INIT;
static int turns, initialized, destroyed;

static void initialize(void) { ++initialized; }
static void destroy(void* value) { destroyed += *(int*)value; }

static atomic_int atomic_turns;
static atomic_flag flag = ATOMIC_FLAG_INIT;

static int count_to_five(void* argument) {
    int one = 1;
    call_once(&once, initialize);
    tss_set(own, &one);
    for (int i = 0; i < 5; ++i) {
        mtx_lock(&mutex);
        ++turns;
        atomic_fetch_add_explicit(&atomic_turns, 1, memory_order_relaxed);
        cnd_broadcast(&changed);
        mtx_unlock(&mutex);
        thrd_yield();
    }
    if (argument != NULL) thrd_exit(*(int*)argument);
    return tss_get(own) == &one ? 5 : -1;
}

static void threads(void) {
    thrd_t first, second;
    struct timespec soon;
    int result = 0, wanted = 1234;
    CHECK(mtx_init(&mutex, mtx_timed) == thrd_success && cnd_init(&changed) == thrd_success && tss_create(&own, destroy) == thrd_success);
    CHECK(thrd_create(&first, count_to_five, NULL) == thrd_success && thrd_create(&second, count_to_five, &wanted) == thrd_success);
    CHECK(!thrd_equal(first, second) && thrd_equal(thrd_current(), thrd_current()));
    mtx_lock(&mutex);
    while (turns < 10) cnd_wait(&changed, &mutex);
    CHECK(mtx_trylock(&mutex) == thrd_busy);
    CHECK(timespec_get(&soon, TIME_UTC) == TIME_UTC && timespec_get(&soon, 77) == 0);
    CHECK(cnd_timedwait(&changed, &mutex, &soon) == thrd_timedout);
    mtx_unlock(&mutex);
    CHECK(thrd_join(first, &result) == thrd_success && result == 5);
    CHECK(thrd_join(second, &result) == thrd_success && result == wanted);
    CHECK(atomic_load(&atomic_turns) == 10 && !atomic_flag_test_and_set(&flag) && atomic_flag_test_and_set(&flag));
    CHECK(initialized == 1 && destroyed == 2);
    CHECK(thrd_sleep(&(struct timespec){.tv_nsec = 1000}, NULL) == 0);
}

static void unicode(void) {
    mbstate_t state = {0};
    char16_t half = 0;
    char32_t whole = 0;
    char bytes[8] = "";
    setlocale(LC_ALL, "C.UTF-8");
    CHECK(mbrtoc16(&half, "\xf0\x9f\x98\x80", 4, &state) == 4 && half == 0xd83d);
    CHECK(mbrtoc16(&half, "x", 1, &state) == (size_t)-3 && half == 0xde00 && mbsinit(&state));
    CHECK(mbrtoc16(&half, "x", 1, &state) == 1 && half == 'x' && mbrtoc16(&half, "", 1, &state) == 0 && half == 0);
    CHECK(mbrtoc16(&half, "\xc3", 1, &state) == (size_t)-2 && mbrtoc16(&half, "\xa4", 1, &state) == 1 && half == 0xe4);
    CHECK(c16rtomb(bytes, 0xd83d, &state) == 0 && c16rtomb(bytes, 0xde00, &state) == 4 && memcmp(bytes, "\xf0\x9f\x98\x80", 4) == 0);
    CHECK(c16rtomb(bytes, 0xde00, &state) == (size_t)-1 && errno == EILSEQ);
    CHECK(c16rtomb(bytes, 0xd83d, &state) == 0 && c16rtomb(bytes, 'x', &state) == (size_t)-1 && mbsinit(&state));
    CHECK(mbrtoc32(&whole, "\xe2\x82\xac", 3, &state) == 3 && whole == 0x20ac && c32rtomb(bytes, whole, &state) == 3);
    CHECK(mbrtoc32(&whole, "\xff", 1, &state) == (size_t)-1 && errno == EILSEQ);
    setlocale(LC_ALL, "C");
}

/// That the 64 bits of a long double's fraction are there, and not the 53 of a double's.
static void long_doubles(void) {
    volatile long double two = 2, tenth = 0.1L;
    const long double root = sqrtl(two), e = expl(1), pi = acosl(-1);
    CHECK(fabsl(root * root - two) < 4e-19L && fabsl(e - 2.718281828459045235360L) < 4e-19L);
    CHECK(fabsl(pi - 3.141592653589793238463L) < 4e-19L && fabsl(sinl(pi / 6) - 0.5L) < 4e-19L && fabsl(4 * atanl(1) - pi) < 4e-19L);
    CHECK(fabsl(powl(two, 0.5L) - root) < 4e-19L && fabsl(logl(e) - 1) < 4e-19L && log2l(1024) == 10 && cbrtl(27) == 3);
    CHECK(roundl(2.5L) == 3 && lroundl(-2.5L) == -3 && truncl(-2.5L) == -2 && rintl(2.5L) == 2 && llrintl(1e18L + 1) == 1000000000000000001);
    CHECK(fmodl(7, 2) == 1 && hypotl(3, 4) == 5 && fmal(two, 3, 1) == 7 && nextafterl(1, 2) > 1 && nextafterl(1, 2) - 1 < 2e-19L);
    CHECK(fabsl(tgammal(5) - 24) < 1e-17L && fabsl(erfl(tenth) + erfcl(tenth) - 1) < 4e-19L);
    CHECK(lgammal(-0.5L) > 1.26L && signgam == -1 && nexttoward(1.0, 2.0L) > 1 && isnan(sqrtl(-1)));
    CHECK(cabsl(csqrtl(-4) - 2 * I) < 1e-18L && cabsl(cexpl(pi * I) + 1) < 1e-18L && cabs(cpow(I, 2) + 1) < 1e-15);
    char text[40];
    snprintf(text, sizeof text, "%.22Lf", tenth);
    CHECK(strcmp(text, "0.1000000000000000000014") == 0 && strtold("0.1", NULL) == tenth);
}

static void encodings(void) {
    char latin[] = "gr\xfc\xdf", result[16] = "", *from = latin, *to = result;
    size_t left = 4, room = sizeof result - 1;
    iconv_t conversion = iconv_open("UTF-8", "ISO-8859-1");
    CHECK(conversion != (iconv_t)-1 && iconv(conversion, &from, &left, &to, &room) == 0 && strcmp(result, "gr\xc3\xbc\xc3\x9f") == 0);
    CHECK(iconv_close(conversion) == 0);
    conversion = iconv_open("UTF-16BE", "UTF-8");
    from = "\xe2\x82\xac", left = 3, to = result, room = 2;
    CHECK(iconv(conversion, &from, &left, &to, &room) == 0 && memcmp(result, "\x20\xac", 2) == 0);
    from = "x", left = 1;
    CHECK(iconv(conversion, &from, &left, &to, &room) == (size_t)-1 && errno == E2BIG);
    iconv_close(conversion);
    conversion = iconv_open("UTF-32LE//TRANSLIT", "WINDOWS-1252");
    CHECK(conversion != (iconv_t)-1 && iconv_close(conversion) == 0);
    CHECK(iconv_open("UTF-8", "nonsense") == (iconv_t)-1 && errno == EINVAL);
}

static int compare(const void* one, const void* other) { return *(const int*)one - *(const int*)other; }

static void searching(void) {
    int table[4] = {5, 3, 9}, wanted = 9, another = 7;
    size_t count = 3;
    struct {
        void *next, *previous;
    } list[3] = {0};
    CHECK(lfind(&wanted, table, &count, sizeof(int), compare) == &table[2] && lfind(&another, table, &count, sizeof(int), compare) == NULL);
    CHECK(lsearch(&another, table, &count, sizeof(int), compare) == &table[3] && count == 4 && table[3] == 7);
    insque(&list[0], NULL), insque(&list[1], &list[0]), insque(&list[2], &list[0]);
    CHECK(list[0].next == &list[2] && list[2].next == &list[1] && list[1].previous == &list[2]);
    remque(&list[2]);
    CHECK(list[0].next == &list[1] && list[1].previous == &list[0]);
}

static void dates(void) {
    struct tm leap = {.tm_year = 100, .tm_mon = 1, .tm_mday = 29, .tm_hour = 12}, early = {.tm_year = -100, .tm_mon = 0, .tm_mday = 1};
    struct tm over = {.tm_year = 123, .tm_mon = 13, .tm_mday = 0, .tm_sec = -1};
    CHECK(timegm(&leap) == 951825600 && leap.tm_wday == 2 && leap.tm_yday == 59);
    CHECK(timegm(&early) == -5364662400);
    CHECK(timegm(&over) == 1706659199 && over.tm_mon == 0 && over.tm_mday == 30); // the second before January 31, 2024
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1), tzset();
    CHECK(mktime(&(struct tm){.tm_year = 124, .tm_mon = 6, .tm_mday = 1, .tm_isdst = -1}) == 1719784800);
}

static void names(void) {
    char path[] = "/usr/lib/", plain[] = "name", text[80] = "";
    CHECK(strcmp(basename(path), "lib") == 0 && strcmp(dirname(plain), ".") == 0 && htobe32(1) == 0x01000000 && le64toh(5) == 5);
    CHECK(strcmp(program_invocation_short_name, "check-iso-c") == 0 && strcmp(getprogname(), "check-iso-c") == 0);
    FILE* usual = stderr;
    stderr = fmemopen(text, sizeof text, "w");
    errno = ENOENT;
    warn("no %s", "file");
    warnx("that is %d", 7);
    fclose(stderr);
    stderr = usual;
    CHECK(strcmp(text, "check-iso-c: no file: No such file or directory\ncheck-iso-c: that is 7\n") == 0);
}

int main(void) {
    threads();
    unicode();
    long_doubles();
    encodings();
    searching();
    dates();
    names();
    return checks_done();
}
