// SPDX-License-Identifier: MIT
// timegm(): from a date of UTC to seconds since 1970.
#include <errno.h>
#include <limits.h>
#include <time.h>

namespace {

constexpr long seconds_of_day = 86400;

/// Days from 1970-01-01 to the first day of a month, 0 to 11, of the Gregorian calendar. Years begin in March here, so that a leap day is their last.
long days_before(long year, long month) {
    if (month < 2) --year;
    const long months_since_march = (month + 10) % 12;
    const long era = (year >= 0 ? year : year - 399) / 400, year_of_era = year - era * 400;
    const long day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + (153 * months_since_march + 2) / 5;
    return era * 146097 + day_of_era - 719468;
}

} // namespace

/// Fields may be out of their ranges, and are brought into them, as mktime() does. -1 with EOVERFLOW: no `tm` holds that year.
extern "C" time_t timegm(struct tm* time) {
    long month = time->tm_mon % 12L, year = time->tm_year + 1900L + time->tm_mon / 12;
    if (month < 0) {
        month += 12;
        --year;
    }
    const long days = days_before(year, month) + time->tm_mday - 1L;
    const time_t seconds = days * seconds_of_day + time->tm_hour * 3600L + time->tm_min * 60L + time->tm_sec;
    struct tm normal;
    if (gmtime_r(&seconds, &normal) == nullptr || seconds / seconds_of_day / 366 > INT_MAX - 1970L) {
        errno = EOVERFLOW;
        return -1;
    }
    *time = normal;
    return seconds;
}
