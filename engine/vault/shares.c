/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/shares.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Without branches and tables: the time says nothing about either factor. */
static uint8_t multiply(uint8_t a, uint8_t b)
{
	unsigned x = a, product = 0;

	for (int i = 0; i < 8; i++) {
		product ^= x & (0u - (b >> i & 1u));
		x = (x << 1) ^ (0x11bu & (0u - (x >> 7 & 1u)));
	}
	return (uint8_t)product;
}

/* a^254, which is 1/a. */
static uint8_t invert(uint8_t a)
{
	uint8_t power = a, product = 1;

	for (int i = 1; i < 8; i++) {
		power = multiply(power, power);
		product = multiply(product, power);
	}
	return product;
}

enum saqta_status shares_split(const uint8_t *secret, size_t len, unsigned n, unsigned threshold, uint8_t *rets, struct saqta_error *err)
{
	uint8_t *coefficients;

	if (threshold < 2 || threshold > n || n > SHARES_MAX)
		return err_set(err, SAQTA_ERR_ARGUMENT, 0,
			       "the threshold must be at least 2 and at most the number of shares, and that at most %u", SHARES_MAX);
	coefficients = malloc(threshold);
	if (!coefficients)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	for (size_t at = 0; at < len; at++) {
		/* A polynomial of its own for each byte, the byte being its value at 0. */
		coefficients[0] = secret[at];
		crypt_random(coefficients + 1, threshold - 1);
		for (unsigned i = 1; i <= n; i++) {
			uint8_t y = 0;

			for (unsigned k = threshold; k-- > 0;)
				y = multiply(y, (uint8_t)i) ^ coefficients[k];
			rets[(i - 1) * len + at] = y;
		}
	}
	crypt_wipe(coefficients, threshold);
	free(coefficients);
	return SAQTA_OK;
}

enum saqta_status shares_combine(const uint8_t *indexes, const uint8_t *shares, unsigned n, size_t len, uint8_t *ret,
				 struct saqta_error *err)
{
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k <= i; k++)
			if (indexes[i] == 0 || (k < i && indexes[i] == indexes[k]))
				return err_set(err, SAQTA_ERR_INPUT, 0, "a share is given twice, or has no index");
	memset(ret, 0, len);
	for (unsigned i = 0; i < n; i++) {
		uint8_t weight = 1; /* Lagrange's at 0 */

		for (unsigned k = 0; k < n; k++)
			if (k != i)
				weight = multiply(weight, multiply(indexes[k], invert(indexes[k] ^ indexes[i])));
		for (size_t at = 0; at < len; at++)
			ret[at] ^= multiply(weight, shares[i * len + at]);
	}
	return SAQTA_OK;
}

/* ---- as text ---- */

#define MAGIC "saqta-share 1 "
#define SUM_SIZE 4

static void body_format(const struct share *s, struct buf *ret)
{
	char set[2 * sizeof(s->set) + 1], bytes[2 * KEY_SIZE + 1];

	hex_encode(s->set, sizeof(s->set), set);
	hex_encode(s->bytes, sizeof(s->bytes), bytes);
	buf_fmt(ret, MAGIC "%s %u %u %s", set, s->threshold, s->index, bytes);
	crypt_wipe(bytes, sizeof(bytes));
}

void share_format(const struct share *s, struct buf *ret)
{
	cleanup_(buf_done) struct buf body = {0};
	uint8_t sum[HASH_SIZE];
	char hex[2 * SUM_SIZE + 1];

	body_format(s, &body);
	if (body.failed) {
		ret->failed = true;
		return;
	}
	crypt_sha256(body.data, body.len, sum);
	hex_encode(sum, SUM_SIZE, hex);
	buf_fmt(ret, "%s %s\n", (const char *)body.data, hex);
}

bool share_parse(const char *text, size_t len, struct share *ret)
{
	char line[160], set[9] = "", bytes[2 * KEY_SIZE + 1] = "";
	cleanup_(buf_done) struct buf back = {0};
	unsigned threshold = 0, index = 0;
	bool is_good = false;

	if (len > 0 && text[len - 1] == '\n')
		len--;
	if (len >= sizeof(line))
		return false;
	memcpy(line, text, len);
	line[len] = 0;
	if (sscanf(line, MAGIC "%8[0-9a-f] %3u %3u %64[0-9a-f]", set, &threshold, &index, bytes) == 4 && threshold >= 2 &&
	    threshold <= SHARES_MAX && index >= 1 && index <= SHARES_MAX && strlen(set) == 8 && strlen(bytes) == 2 * KEY_SIZE) {
		*ret = (struct share){.threshold = (uint8_t)threshold, .index = (uint8_t)index};
		is_good = hex_decode(set, 8, ret->set) && hex_decode(bytes, 2 * KEY_SIZE, ret->bytes);
	}
	/* Only the line that would be written for it is right, its sum included. */
	if (is_good)
		share_format(ret, &back);
	is_good = is_good && !back.failed && back.len == len + 1 && memcmp(back.data, line, len) == 0;
	crypt_wipe(line, sizeof(line));
	crypt_wipe(bytes, sizeof(bytes));
	return is_good;
}
