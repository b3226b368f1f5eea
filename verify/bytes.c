/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/verify.h"

#include <stdarg.h>
#include <string.h>

/* Text that may be anything: each form has one spelling, any other is refused. */

static void fault_text(struct fault *f, const char *fmt, va_list args) __attribute__((format(printf, 2, 0)));
static void fault_text(struct fault *f, const char *fmt, va_list args)
{
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
	(void)vsnprintf(f->text, sizeof(f->text), fmt, args);
}

enum verdict fault_set(struct fault *f, enum verdict v, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fault_text(f, fmt, args);
	va_end(args);
	return v;
}

enum verdict fault_entry(struct fault *f, uint64_t entry, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fault_text(f, fmt, args);
	va_end(args);
	f->has_entry = true;
	f->entry = entry;
	return VERDICT_BROKEN;
}

bool span_is(struct span s, const char *text) { return s.at && s.len == strlen(text) && memcmp(s.at, text, s.len) == 0; }

bool span_until(struct span *rest, char end, struct span *ret)
{
	const char *stop = rest->len > 0 ? memchr(rest->at, end, rest->len) : NULL;

	if (!stop)
		return false;
	*ret = (struct span){rest->at, (size_t)(stop - rest->at)};
	rest->len -= ret->len + 1;
	rest->at = stop + 1;
	return true;
}

bool span_number(struct span s, uint64_t *ret)
{
	uint64_t n = 0;

	if (s.len == 0 || s.len > 19 || (s.at[0] == '0' && s.len > 1))
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] < '0' || s.at[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(s.at[i] - '0');
	}
	*ret = n;
	return n <= INT64_MAX;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool span_hex(struct span s, uint8_t *ret, size_t len)
{
	if (!s.at || s.len != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++) {
		int high = hex_digit(s.at[2 * i]), low = hex_digit(s.at[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		ret[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

void hex_text(const uint8_t *data, size_t len, char *ret)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		ret[2 * i] = digits[data[i] >> 4];
		ret[2 * i + 1] = digits[data[i] & 15];
	}
	ret[2 * len] = 0;
}

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool span_base64(struct span s, uint8_t *ret, size_t max, size_t *ret_len)
{
	size_t padding = 0, len, n = 0;
	uint32_t bits = 0;

	if (s.len == 0 || s.len % 4 != 0)
		return false;
	while (padding < 2 && s.at[s.len - 1 - padding] == '=')
		padding++;
	len = s.len / 4 * 3 - padding;
	if (len > max)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		int digit = i < s.len - padding ? base64_digit(s.at[i]) : 0;

		if (digit < 0)
			return false;
		bits = bits << 6 | (uint32_t)digit;
		if (i % 4 != 3)
			continue;
		for (int k = 16; k >= 0 && n < len; k -= 8)
			ret[n++] = (uint8_t)(bits >> k);
		/* Bits that stand for nothing must be zero, else there would be a second spelling. */
		if (n == len && padding > 0 && (bits & (padding == 1 ? 0xffu : 0xffffu)) != 0)
			return false;
		bits = 0;
	}
	*ret_len = len;
	return true;
}

static bool digits(const char *at, unsigned n, int *ret)
{
	int value = 0;

	for (unsigned i = 0; i < n; i++) {
		if (at[i] < '0' || at[i] > '9')
			return false;
		value = value * 10 + (at[i] - '0');
	}
	*ret = value;
	return true;
}

static int month_days(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leaps = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leaps);
}

bool span_time(struct span s, int64_t *ret_us)
{
	/* 2026-11-02T19:00:00.500000Z */
	int year, month, day, hour, minute, second, fraction = 0;
	int64_t days, y;

	if (!s.at || (s.len != 20 && s.len != 27) || s.at[s.len - 1] != 'Z')
		return false;
	if (!digits(s.at, 4, &year) || s.at[4] != '-' || !digits(s.at + 5, 2, &month) || s.at[7] != '-' || !digits(s.at + 8, 2, &day) ||
	    s.at[10] != 'T' || !digits(s.at + 11, 2, &hour) || s.at[13] != ':' || !digits(s.at + 14, 2, &minute) || s.at[16] != ':' ||
	    !digits(s.at + 17, 2, &second))
		return false;
	if (s.len == 27 && (s.at[19] != '.' || !digits(s.at + 20, 6, &fraction) || fraction == 0))
		return false;
	if (year < 1 || month < 1 || month > 12 || day < 1 || day > month_days(year, month) || hour > 23 || minute > 59 || second > 59)
		return false;
	/* Days of years that begin in March, so that the leap day is the last. */
	y = month > 2 ? year : year - 1;
	days = y * 365 + y / 4 - y / 100 + y / 400 + (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1 - 719468;
	*ret_us = (((days * 24 + hour) * 60 + minute) * 60 + second) * INT64_C(1000000) + fraction;
	return true;
}

/* How many bytes the character at @at takes; 0: it is none. */
static size_t utf8_length(const uint8_t *at, size_t left)
{
	size_t n = at[0] < 0x80			   ? 1
		   : at[0] >= 0xc2 && at[0] < 0xe0 ? 2
		   : (at[0] & 0xf0) == 0xe0	   ? 3
		   : at[0] >= 0xf0 && at[0] < 0xf5 ? 4
						   : 0;

	if (n == 0 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	/* Too long a spelling, half of a pair, beyond the last plane. */
	if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] >= 0xa0) || (at[0] == 0xf0 && at[1] < 0x90) ||
	    (at[0] == 0xf4 && at[1] >= 0x90))
		return 0;
	return n;
}

bool span_utf8(struct span s, const char *controls)
{
	for (size_t i = 0; i < s.len;) {
		size_t n = utf8_length((const uint8_t *)s.at + i, s.len - i);

		if (n == 0 || ((uint8_t)s.at[i] < 0x20 && (s.at[i] == 0 || !strchr(controls, s.at[i]))))
			return false;
		i += n;
	}
	return true;
}
