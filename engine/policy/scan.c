/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/scan.h"

#include <stdbool.h>
#include <string.h>

static bool is_digit(char ch) { return ch >= '0' && ch <= '9'; }

static bool is_name_start(char ch) { return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '_'; }

static size_t name_length(const char *at)
{
	size_t n = 0;

	while (is_name_start(at[n]) || (n && (is_digit(at[n]) || at[n] == '-' || at[n] == '.')))
		n++;
	return n;
}

/* Not strtod, which reads as the locale pleases. Up to 15 digits, so that the division rounds once. */
static enum token scan_number(struct scan *s)
{
	double mantissa = 0, scale = 1;
	int digits = 0;
	bool is_fraction = false;

	for (; is_digit(*s->at) || (*s->at == '.' && !is_fraction); s->at++) {
		if (*s->at == '.') {
			is_fraction = true;
			continue;
		}
		mantissa = mantissa * 10 + (*s->at - '0');
		scale *= is_fraction ? 10 : 1;
		digits++;
	}
	s->len = (size_t)(s->at - s->start);
	s->number = mantissa / scale;
	return digits && digits <= 15 ? TOKEN_NUMBER : TOKEN_BAD;
}

static enum token scan_string(struct scan *s)
{
	const char *end = strchr(s->at + 1, *s->at);

	if (!end) {
		s->len = strlen(s->at);
		return TOKEN_BAD;
	}
	s->start = s->at + 1;
	s->len = (size_t)(end - s->start);
	s->at = end + 1;
	return TOKEN_STRING;
}

static enum token scan_sign(struct scan *s)
{
	bool has_equals = s->at[1] == '=';
	char sign = *s->at;

	s->len = strchr("!<>", sign) && has_equals ? 2 : 1;
	s->at += s->len;
	switch (sign) {
	case '(':
		return TOKEN_OPEN;
	case ')':
		return TOKEN_CLOSE;
	case '=':
		return TOKEN_EQ;
	case '<':
		return has_equals ? TOKEN_LE : TOKEN_LT;
	case '>':
		return has_equals ? TOKEN_GE : TOKEN_GT;
	case '!':
		return has_equals ? TOKEN_NE : TOKEN_BAD;
	default:
		return TOKEN_BAD;
	}
}

void scan_next(struct scan *s)
{
	s->at += strspn(s->at, " \t\r\n");
	s->start = s->at;
	s->len = 0;
	if (!*s->at) {
		s->token = TOKEN_END;
	} else if (*s->at == '\'' || *s->at == '"') {
		s->token = scan_string(s);
	} else if (is_digit(*s->at) || *s->at == '.') {
		s->token = scan_number(s);
	} else if (*s->at == '$' && name_length(s->at + 1)) {
		s->start = s->at + 1;
		s->len = name_length(s->start);
		s->at = s->start + s->len;
		s->token = TOKEN_NAME;
	} else if (name_length(s->at)) {
		s->len = name_length(s->at);
		s->at += s->len;
		s->token = TOKEN_WORD;
	} else {
		s->token = scan_sign(s);
	}
}
