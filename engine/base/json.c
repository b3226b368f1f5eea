/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <string.h>

static void quote(struct buf *b, const char *text, size_t len)
{
	size_t start = 0;

	buf_add(b, "\"", 1);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		buf_add(b, text + start, i - start);
		start = i + 1;
		if (c == '"' || c == '\\') {
			buf_add(b, "\\", 1);
			buf_add(b, &text[i], 1);
		} else if (c == '\n') {
			buf_str(b, "\\n");
		} else {
			buf_fmt(b, "\\u%04x", c);
		}
	}
	buf_add(b, text + start, len - start);
	buf_add(b, "\"", 1);
}

static void member(struct json_out *j, const char *name)
{
	if (j->needs_comma)
		buf_add(j->out, ",", 1);
	j->needs_comma = true;
	if (name) {
		quote(j->out, name, strlen(name));
		buf_add(j->out, ":", 1);
	}
}

void json_open(struct json_out *j, const char *name, char bracket)
{
	member(j, name);
	buf_add(j->out, &bracket, 1);
	j->needs_comma = false;
}

void json_shut(struct json_out *j, char bracket)
{
	buf_add(j->out, &bracket, 1);
	j->needs_comma = true;
}

void json_text_n(struct json_out *j, const char *name, const char *value, size_t len)
{
	member(j, name);
	quote(j->out, value, len);
}

void json_text(struct json_out *j, const char *name, const char *value)
{
	if (value)
		json_text_n(j, name, value, strlen(value));
}

void json_int(struct json_out *j, const char *name, int64_t value)
{
	member(j, name);
	buf_fmt(j->out, "%lld", (long long)value);
}

void json_bool(struct json_out *j, const char *name, bool value)
{
	member(j, name);
	buf_str(j->out, value ? "true" : "false");
}

void json_raw(struct json_out *j, const char *name, const char *json)
{
	member(j, name);
	buf_str(j->out, json);
}

void json_hex(struct json_out *j, const char *name, const void *data, size_t len)
{
	char hex[2 * 64 + 1];

	member(j, name);
	buf_add(j->out, "\"", 1);
	for (const uint8_t *p = data; len > 0;) {
		size_t n = len < 64 ? len : 64;

		hex_encode(p, n, hex);
		buf_add(j->out, hex, 2 * n);
		p += n;
		len -= n;
	}
	buf_add(j->out, "\"", 1);
}

void json_time(struct json_out *j, const char *name, int64_t us, const struct zone *zone)
{
	char text[INSTANT_TEXT_SIZE];

	if (us == INSTANT_NONE || us == INT64_MAX)
		return;
	instant_format(us, zone, text);
	json_text(j, name, text);
}

void json_words(struct json_out *j, const char *name, const char *list)
{
	if (!list || !*list)
		return;
	json_open(j, name, '[');
	while (*list) {
		const char *end = strchrnul(list, ' ');

		json_text_n(j, NULL, list, (size_t)(end - list));
		list = *end ? end + 1 : end;
	}
	json_shut(j, ']');
}
