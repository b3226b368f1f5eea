/* SPDX-License-Identifier: Apache-2.0 */
#include "base/instant.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define DAY_S INT64_C(86400)

/* A reader over text that need not end with NUL. */
struct scan {
	const char *at;
	const char *end;
};

static bool scan_char(struct scan *s, char c)
{
	if (s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

/* RFC 3339 lets "T" and "Z" be written small. */
static bool scan_letter(struct scan *s, char upper) { return scan_char(s, upper) || scan_char(s, (char)(upper + ('a' - 'A'))); }

static bool is_digit(const struct scan *s) { return s->at != s->end && *s->at >= '0' && *s->at <= '9'; }

/* Exactly @width digits with a value of @min to @max. */
static bool scan_fixed(struct scan *s, int width, int min, int max, int *ret)
{
	int v = 0;

	for (int i = 0; i < width; i++) {
		if (!is_digit(s))
			return false;
		v = v * 10 + (*s->at++ - '0');
	}
	*ret = v;
	return v >= min && v <= max;
}

/* One digit or more; false above TERM_COUNT_MAX, so that sums of a few of them cannot overflow. */
static bool scan_count(struct scan *s, int64_t *ret)
{
	int64_t v = 0;

	if (!is_digit(s))
		return false;
	while (is_digit(s)) {
		v = v * 10 + (*s->at++ - '0');
		if (v > TERM_COUNT_MAX)
			return false;
	}
	*ret = v;
	return true;
}

static bool is_leap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

static int month_days(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] + (month == 2 && is_leap(year));
}

/* Counts in eras of 400 years, with March as the first month, so that the leap day is the last day of its year. */
day_t day_from_civil(int year, int month, int day)
{
	int64_t y = (int64_t)year - (month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (int64_t)(month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return (day_t)(era * 146097 + day_of_era - 719468);
}

void day_to_civil(day_t day, int *ret_year, int *ret_month, int *ret_day)
{
	int64_t z = (int64_t)day + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t day_of_era = z - era * 146097;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month = (5 * day_of_year + 2) / 153;

	*ret_day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
	*ret_month = (int)(month < 10 ? month + 3 : month - 9);
	*ret_year = (int)(year_of_era + era * 400 + (*ret_month <= 2));
}

static bool scan_day(struct scan *s, day_t *ret)
{
	int year, month, day;

	if (!scan_fixed(s, 4, 1, 9999, &year) || !scan_char(s, '-') || !scan_fixed(s, 2, 1, 12, &month) || !scan_char(s, '-') ||
	    !scan_fixed(s, 2, 1, month_days(year, month), &day))
		return false;
	*ret = day_from_civil(year, month, day);
	return true;
}

bool day_parse(const char *text, size_t len, day_t *ret)
{
	struct scan s = {text, text + len};
	day_t day;

	if (!scan_day(&s, &day) || s.at != s.end)
		return false;
	*ret = day;
	return true;
}

void day_format(day_t day, char ret[16])
{
	int y, m, d;

	day_to_civil(day, &y, &m, &d);
	if (snprintf(ret, 16, "%04d-%02d-%02d", y, m, d) >= 16)
		ret[0] = 0;
}

int day_years_between(day_t birth, day_t on)
{
	int by, bm, bd, y, m, d;

	day_to_civil(birth, &by, &bm, &bd);
	day_to_civil(on, &y, &m, &d);
	return y - by - (m < bm || (m == bm && d < bd));
}

static bool scan_fraction(struct scan *s, int64_t *ret_us)
{
	int64_t us = 0;
	int digits = 0;

	*ret_us = 0;
	if (!scan_char(s, '.'))
		return true;
	for (; is_digit(s); digits++) {
		if (digits == 6)
			return false;
		us = us * 10 + (*s->at++ - '0');
	}
	if (!digits)
		return false;
	for (; digits < 6; digits++)
		us *= 10;
	*ret_us = us;
	return true;
}

static bool scan_offset(struct scan *s, int64_t *ret_s)
{
	int hours, minutes, sign = 1;

	if (scan_letter(s, 'Z')) {
		*ret_s = 0;
		return true;
	}
	if (scan_char(s, '-'))
		sign = -1;
	else if (!scan_char(s, '+'))
		return false;
	if (!scan_fixed(s, 2, 0, 23, &hours) || !scan_char(s, ':') || !scan_fixed(s, 2, 0, 59, &minutes))
		return false;
	*ret_s = sign * (hours * INT64_C(3600) + minutes * INT64_C(60));
	return true;
}

bool instant_parse(const char *text, size_t len, int64_t *ret_us)
{
	struct scan s = {text, text + len};
	int64_t fraction, offset, us;
	int hour, minute, second;
	day_t day;

	if (!scan_day(&s, &day) || !scan_letter(&s, 'T') || !scan_fixed(&s, 2, 0, 23, &hour) || !scan_char(&s, ':') ||
	    !scan_fixed(&s, 2, 0, 59, &minute) || !scan_char(&s, ':') || !scan_fixed(&s, 2, 0, 59, &second) ||
	    !scan_fraction(&s, &fraction) || !scan_offset(&s, &offset) || s.at != s.end)
		return false;
	us = (day * DAY_S + hour * 3600 + minute * 60 + second - offset) * US_PER_S + fraction;
	/* The offset may carry the first or the last day out of the years that we write. */
	if (us < INSTANT_MIN || us > INSTANT_MAX)
		return false;
	*ret_us = us;
	return true;
}

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

void instant_format(int64_t us, const struct zone *zone, char ret[INSTANT_TEXT_SIZE])
{
	int64_t seconds = floor_div(us, US_PER_S);
	int fraction = (int)(us - seconds * US_PER_S);
	/* Local mean time has seconds in its offset, RFC 3339 has none: the text takes whole minutes and stays the same instant. */
	int offset_min = zone ? (int)floor_div(zone_offset_s(zone, us), 60) : 0;
	int distance = offset_min < 0 ? -offset_min : offset_min;
	int64_t local = seconds + offset_min * INT64_C(60);
	int64_t day = floor_div(local, DAY_S);
	int in_day = (int)(local - day * DAY_S), y, m, d;
	char tail[24], part[8] = "";

	day_to_civil((day_t)day, &y, &m, &d);
	/* The zone's clock may show a year that cannot be written: UTC does not. */
	if (zone && (y < 1 || y > 9999)) {
		instant_format(us, NULL, ret);
		return;
	}
	if (fraction && snprintf(part, sizeof(part), ".%06u", (unsigned)fraction % 1000000) >= (int)sizeof(part))
		part[0] = 0;
	if (!zone)
		(void)snprintf(tail, sizeof(tail), "Z");
	else
		(void)snprintf(tail, sizeof(tail), "%c%02d:%02d", offset_min < 0 ? '-' : '+', distance / 60, distance % 60);
	if (snprintf(ret, INSTANT_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d%s%s", y, m, d, in_day / 3600, in_day / 60 % 60, in_day % 60,
		     part, tail) >= INSTANT_TEXT_SIZE)
		ret[0] = 0;
}

int64_t instant_now(void)
{
	struct timespec ts;

	/* CLOCK_REALTIME with a valid address cannot fail on Linux. */
	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * US_PER_S + ts.tv_nsec / 1000;
}

/* Sums "n<unit>" parts whose units come in the order of @units; at least one part. */
static bool scan_parts(struct scan *s, const char *units, const int64_t *weights, int64_t *ret)
{
	int64_t total = 0, n;
	const char *unit = units;

	if (s->at == s->end)
		return false;
	while (s->at != s->end) {
		if (!scan_count(s, &n) || s->at == s->end)
			return false;
		while (*unit && *unit != *s->at)
			unit++;
		if (!*unit)
			return false;
		total += n * weights[unit - units];
		unit++;
		s->at++;
	}
	*ret = total;
	return total <= TERM_COUNT_MAX;
}

static bool parse_with(struct scan s, enum term_unit unit, const char *units, const int64_t *weights, struct term *ret)
{
	int64_t total;

	if (!scan_parts(&s, units, weights, &total))
		return false;
	*ret = (struct term){.unit = unit, .count = (int32_t)total};
	return true;
}

static bool parse_counted_days(struct scan s, struct term *ret)
{
	enum term_unit unit = TERM_WORKING_DAYS;
	int64_t n;

	if (!scan_count(&s, &n))
		return false;
	if (scan_char(&s, 'B'))
		unit = TERM_BANKING_DAYS;
	else if (!scan_char(&s, 'W'))
		return false;
	if (!scan_char(&s, 'D') || s.at != s.end)
		return false;
	*ret = (struct term){.unit = unit, .count = (int32_t)n};
	return true;
}

bool term_parse(const char *text, size_t len, struct term *ret)
{
	static const int64_t months[] = {12, 1}, days[] = {1}, weeks[] = {7}, seconds[] = {3600, 60, 1};
	struct scan s = {text, text + len};

	if (!scan_char(&s, 'P'))
		return parse_counted_days(s, ret);
	if (scan_char(&s, 'T'))
		return parse_with(s, TERM_SECONDS, "HMS", seconds, ret);
	return parse_with(s, TERM_CALENDAR, "YM", months, ret) || parse_with(s, TERM_DAYS, "D", days, ret) ||
	       parse_with(s, TERM_DAYS, "W", weeks, ret);
}

static void put_part(char *ret, size_t size, int32_t count, char unit)
{
	size_t len = strlen(ret);

	if (count)
		(void)snprintf(ret + len, size - len, "%d%c", count, unit);
}

void term_format(struct term term, char ret[32])
{
	ret[0] = 0;
	switch (term.unit) {
	case TERM_NONE:
		break;
	case TERM_CALENDAR:
		(void)snprintf(ret, 32, term.count ? "P" : "P0M");
		put_part(ret, 32, term.count / 12, 'Y');
		put_part(ret, 32, term.count % 12, 'M');
		break;
	case TERM_DAYS:
		(void)snprintf(ret, 32, "P%dD", term.count);
		break;
	case TERM_WORKING_DAYS:
		(void)snprintf(ret, 32, "%dWD", term.count);
		break;
	case TERM_BANKING_DAYS:
		(void)snprintf(ret, 32, "%dBD", term.count);
		break;
	case TERM_SECONDS:
		(void)snprintf(ret, 32, term.count ? "PT" : "PT0S");
		put_part(ret, 32, term.count / 3600, 'H');
		put_part(ret, 32, term.count / 60 % 60, 'M');
		put_part(ret, 32, term.count % 60, 'S');
		break;
	}
}
