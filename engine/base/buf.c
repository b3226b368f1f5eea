/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUF_FIRST ((size_t)64)

void buf_done(struct buf *b)
{
	if (b->data) {
		explicit_bzero(b->data, b->cap);
		free(b->data);
	}
	*b = (struct buf){0};
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->data)
		b->data[0] = 0;
}

/* Room for @more bytes and the NUL. realloc is not used: it may move the block and leave personal data in the old one. */
static bool reserve(struct buf *b, size_t more)
{
	size_t need, cap = b->cap ? b->cap : BUF_FIRST;
	uint8_t *data;

	if (b->failed || more > BUF_MAX - b->len) {
		b->failed = true;
		return false;
	}
	need = b->len + more + 1;
	if (need <= b->cap)
		return true;
	while (cap < need)
		cap *= 2;
	data = malloc(cap);
	if (!data) {
		b->failed = true;
		return false;
	}
	if (b->data) {
		memcpy(data, b->data, b->len);
		explicit_bzero(b->data, b->cap);
		free(b->data);
	}
	data[b->len] = 0;
	b->data = data;
	b->cap = cap;
	return true;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	if (!reserve(b, len))
		return;
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = 0;
}

void buf_str(struct buf *b, const char *text) { buf_add(b, text, strlen(text)); }

void buf_fmt(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0) {
		b->failed = true;
		return;
	}
	if (!reserve(b, (size_t)n))
		return;
	va_start(ap, fmt);
	(void)vsnprintf((char *)b->data + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

static void add_le(struct buf *b, uint64_t v, size_t size)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(v >> (8 * i));
	buf_add(b, bytes, size);
}

void buf_u8(struct buf *b, uint8_t v) { add_le(b, v, 1); }

void buf_u16(struct buf *b, uint16_t v) { add_le(b, v, 2); }

void buf_u32(struct buf *b, uint32_t v) { add_le(b, v, 4); }

void buf_i64(struct buf *b, int64_t v) { add_le(b, (uint64_t)v, 8); }

void buf_bytes(struct buf *b, const void *data, size_t len)
{
	/* Both or neither: a length without its bytes would make the reader run into the next field. */
	if (len > BUF_MAX || !reserve(b, len + 4)) {
		b->failed = true;
		return;
	}
	buf_u32(b, (uint32_t)len);
	buf_add(b, data, len);
}

void buf_string(struct buf *b, const char *text) { buf_bytes(b, text ? text : "", text ? strlen(text) : 0); }

const uint8_t *cursor_raw(struct cursor *c, size_t len)
{
	const uint8_t *at;

	if (c->failed || c->pos > c->len || len > c->len - c->pos) {
		c->failed = true;
		return NULL;
	}
	if (!c->data)
		return (const uint8_t *)"";
	at = c->data + c->pos;
	c->pos += len;
	return at;
}

static uint64_t read_le(struct cursor *c, size_t size)
{
	const uint8_t *at = cursor_raw(c, size);
	uint64_t v = 0;

	if (!at)
		return 0;
	for (size_t i = 0; i < size; i++)
		v |= (uint64_t)at[i] << (8 * i);
	return v;
}

uint8_t cursor_u8(struct cursor *c) { return (uint8_t)read_le(c, 1); }

bool cursor_flag(struct cursor *c)
{
	uint8_t flag = cursor_u8(c);

	c->failed |= flag > 1;
	return flag == 1;
}

uint16_t cursor_u16(struct cursor *c) { return (uint16_t)read_le(c, 2); }

uint32_t cursor_u32(struct cursor *c) { return (uint32_t)read_le(c, 4); }

int64_t cursor_i64(struct cursor *c) { return (int64_t)read_le(c, 8); }

const uint8_t *cursor_bytes(struct cursor *c, size_t *ret_len)
{
	uint32_t len = cursor_u32(c);
	const uint8_t *at = cursor_raw(c, len);

	*ret_len = at ? len : 0;
	return at ? at : (const uint8_t *)"";
}

char *cursor_string(struct cursor *c)
{
	size_t len;
	const uint8_t *at = cursor_bytes(c, &len);
	char *text;

	/* A NUL inside would silently shorten the string for every later reader. */
	if (c->failed || memchr(at, 0, len)) {
		c->failed = true;
		return NULL;
	}
	text = malloc(len + 1);
	if (!text) {
		c->failed = true;
		return NULL;
	}
	memcpy(text, at, len);
	text[len] = 0;
	return text;
}

void be64_put(uint64_t v, uint8_t ret[8])
{
	for (int i = 7; i >= 0; i--, v >>= 8)
		ret[i] = (uint8_t)v;
}

uint64_t be64_get(const uint8_t p[8])
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

bool text_is_utf8(const void *text, size_t len)
{
	const uint8_t *s = text;

	for (size_t i = 0; i < len;) {
		uint32_t c = s[i];
		unsigned n = c < 0x80 ? 0 : c >= 0xc2 && c < 0xe0 ? 1 : (c & 0xf0) == 0xe0 ? 2 : c >= 0xf0 && c < 0xf5 ? 3 : 9;

		if (n == 9 || i + n >= len)
			return false;
		c &= n == 0 ? 0x7f : 0x3fu >> n;
		for (unsigned k = 1; k <= n; k++) {
			if ((s[i + k] & 0xc0) != 0x80)
				return false;
			c = c << 6 | (s[i + k] & 0x3fu);
		}
		if ((n == 2 && c < 0x800) || (n == 3 && (c < 0x10000 || c > 0x10ffff)) || (c >= 0xd800 && c < 0xe000))
			return false;
		i += n + 1;
	}
	return true;
}

void hex_encode(const uint8_t *data, size_t len, char *ret)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		ret[2 * i] = digits[data[i] >> 4];
		ret[2 * i + 1] = digits[data[i] & 15];
	}
	ret[2 * len] = 0;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool hex_decode(const char *text, size_t len, uint8_t *ret)
{
	if (len % 2)
		return false;
	for (size_t i = 0; i < len; i++)
		if (hex_value(text[i]) < 0)
			return false;
	for (size_t i = 0; i < len / 2; i++)
		ret[i] = (uint8_t)(hex_value(text[2 * i]) << 4 | hex_value(text[2 * i + 1]));
	return true;
}

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(const uint8_t *data, size_t len)
{
	size_t out = 0;
	char *text;

	if (len > BUF_MAX)
		return NULL;
	text = malloc((len + 2) / 3 * 4 + 1);
	if (!text)
		return NULL;
	for (size_t i = 0; i < len; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		uint32_t v = (uint32_t)data[i] << 16;

		if (n > 1)
			v |= (uint32_t)data[i + 1] << 8;
		if (n > 2)
			v |= data[i + 2];
		text[out++] = base64_digits[v >> 18];
		text[out++] = base64_digits[v >> 12 & 63];
		text[out++] = n > 1 ? base64_digits[v >> 6 & 63] : '=';
		text[out++] = n > 2 ? base64_digits[v & 63] : '=';
	}
	text[out] = 0;
	return text;
}

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* One group of four; gives the number of bytes, or 0 where the group is not canonical:
 * bits that padding leaves over must be zero. */
static size_t base64_group(const char *text, bool is_last, uint8_t out[3])
{
	size_t digits = 4;
	uint32_t v = 0;

	if (is_last && text[3] == '=')
		digits = text[2] == '=' ? 2 : 3;
	for (size_t i = 0; i < 4; i++) {
		int d = i < digits ? base64_value(text[i]) : 0;

		if (d < 0)
			return 0;
		v = v << 6 | (uint32_t)d;
	}
	if ((digits == 2 && (v & 0xffff)) || (digits == 3 && (v & 0xff)))
		return 0;
	out[0] = (uint8_t)(v >> 16);
	out[1] = (uint8_t)(v >> 8);
	out[2] = (uint8_t)v;
	return digits - 1;
}

uint8_t *base64_decode(const char *text, size_t len, size_t *ret_len)
{
	size_t size = len / 4 * 3 + 1, out = 0;
	uint8_t *data;

	if (len % 4 || len > BUF_MAX * 2)
		return NULL;
	data = malloc(size);
	if (!data)
		return NULL;
	for (size_t i = 0; i < len; i += 4) {
		uint8_t bytes[3];
		size_t n = base64_group(text + i, i + 4 == len, bytes);

		if (!n) {
			explicit_bzero(data, size);
			free(data);
			return NULL;
		}
		memcpy(data + out, bytes, n);
		out += n;
	}
	data[out] = 0;
	*ret_len = out;
	return data;
}
