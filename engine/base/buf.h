/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/error.h"

/** A growing byte buffer. Zero-initialise: `cleanup_(buf_done) struct buf b = {0};`
 *  It never holds more than BUF_MAX bytes; an append that fails sets @failed,
 *  which stays set, so that a run of appends is checked once at the end.
 *  The bytes are always followed by a NUL that is not counted. */
struct buf {
	uint8_t *data; /* owned */
	size_t len;
	size_t cap;
	bool failed;
};
#define BUF_MAX ((size_t)64 << 20)

void buf_done(struct buf *b);  /* wipes, frees, zeroes */
void buf_clear(struct buf *b); /* len = 0, failed = false, keeps memory */
void buf_add(struct buf *b, const void *data, size_t len);
void buf_str(struct buf *b, const char *text);
void buf_fmt(struct buf *b, const char *fmt, ...) printf_(2, 3);

/* Length-prefixed binary fields, little-endian, for stored values. */
void buf_u8(struct buf *b, uint8_t v);
void buf_u16(struct buf *b, uint16_t v);
void buf_u32(struct buf *b, uint32_t v);
void buf_i64(struct buf *b, int64_t v);
void buf_bytes(struct buf *b, const void *data, size_t len); /* u32 length, then bytes */
void buf_string(struct buf *b, const char *text);	     /* NULL is stored as the empty string */

/** Reads what buf_* wrote. After the first short read @failed stays set and
 *  every further read gives zero or an empty string. */
struct cursor {
	const uint8_t *data; /* borrowed */
	size_t len;
	size_t pos;
	bool failed;
};
uint8_t cursor_u8(struct cursor *c);
bool cursor_flag(struct cursor *c); /* 0 or 1; another byte is a failure: what buf_* wrote reads back in one way only */
uint16_t cursor_u16(struct cursor *c);
uint32_t cursor_u32(struct cursor *c);
int64_t cursor_i64(struct cursor *c);
const uint8_t *cursor_raw(struct cursor *c, size_t len);	/* borrowed, NULL on failure */
const uint8_t *cursor_bytes(struct cursor *c, size_t *ret_len); /* borrowed; never NULL */
char *cursor_string(struct cursor *c);				/* owned copy; NULL on failure */

/** Numbers as keys: eight bytes, big end first, so that they sort as numbers do. */
void be64_put(uint64_t v, uint8_t ret[8]);
uint64_t be64_get(const uint8_t p[8]);

/** Well-formed UTF-8 (RFC 3629), NUL and other controls included. */
bool text_is_utf8(const void *text, size_t len);

void hex_encode(const uint8_t *data, size_t len, char *ret /* 2*len+1 */);
bool hex_decode(const char *text, size_t len, uint8_t *ret /* len/2 */);
/* Standard base64 with padding (RFC 4648 4), strict on decoding. */
char *base64_encode(const uint8_t *data, size_t len);		       /* owned */
uint8_t *base64_decode(const char *text, size_t len, size_t *ret_len); /* owned; NULL if not canonical */

#endif
