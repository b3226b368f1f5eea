/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/verify.h"

#include <gcrypt.h>
#include <stdlib.h>
#include <string.h>

void verify_crypt_init(void)
{
	if (gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P))
		return;
	if (!gcry_check_version("1.10.0")) {
		(void)fputs("saqta-verify: libgcrypt is older than 1.10\n", stderr);
		exit(VERDICT_IO);
	}
	/* Only public values are handled here. */
	(void)gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
	(void)gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
}

void verify_sha256(const void *data, size_t len, uint8_t ret[HASH_SIZE]) { gcry_md_hash_buffer(GCRY_MD_SHA256, ret, data, len); }

struct digest *verify_digest_new(void)
{
	gcry_md_hd_t h;

	return gcry_md_open(&h, GCRY_MD_SHA256, 0) ? NULL : (struct digest *)h;
}

void verify_digest_add(struct digest *d, const void *data, size_t len) { gcry_md_write((gcry_md_hd_t)d, data, len); }

void verify_digest_end(struct digest *d, uint8_t ret[HASH_SIZE])
{
	if (ret)
		memcpy(ret, gcry_md_read((gcry_md_hd_t)d, GCRY_MD_SHA256), HASH_SIZE);
	gcry_md_close((gcry_md_hd_t)d);
}

static void hash_parts(gcry_buffer_t *parts, int n, uint8_t ret[HASH_SIZE])
{
	/* It fails on an unknown algorithm or flag only. */
	if (gcry_md_hash_buffers(GCRY_MD_SHA256, 0, ret, parts, n))
		abort();
}

void verify_leaf(const void *entry, size_t len, uint8_t ret[HASH_SIZE])
{
	uint8_t mark = 0;
	gcry_buffer_t parts[] = {{.data = &mark, .len = 1}, {.data = (void *)(uintptr_t)entry, .len = len}};

	hash_parts(parts, 2, ret);
}

void verify_node(const uint8_t left[HASH_SIZE], const uint8_t right[HASH_SIZE], uint8_t ret[HASH_SIZE])
{
	uint8_t both[1 + 2 * HASH_SIZE] = {1};

	memcpy(both + 1, left, HASH_SIZE);
	memcpy(both + 1 + HASH_SIZE, right, HASH_SIZE);
	verify_sha256(both, sizeof(both), ret);
}

/* ---- Ed25519 ---- */

/* Little-endian. The field's prime 2^255 - 19, and the group's order. */
static const uint8_t prime[32] = {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
				  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};
static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
				  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10};

/* The y of the points of order 1, 2, 4 and 8. */
static const uint8_t low_order[][32] = {
	{1},
	{0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
	{0},
	{0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
	 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
	{0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
	 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
};

static bool is_below(const uint8_t a[32], const uint8_t limit[32])
{
	for (int i = 31; i >= 0; i--)
		if (a[i] != limit[i])
			return a[i] < limit[i];
	return false;
}

bool verify_key_ok(const uint8_t key[KEY_SIZE])
{
	uint8_t y[KEY_SIZE];

	memcpy(y, key, sizeof(y));
	y[31] &= 0x7f; /* the sign of x */
	if (!is_below(y, prime))
		return false;
	for (size_t i = 0; i < sizeof(low_order) / sizeof(low_order[0]); i++)
		if (memcmp(y, low_order[i], sizeof(y)) == 0)
			return false;
	return true;
}

bool verify_ed25519(const uint8_t key[KEY_SIZE], const void *text, size_t len, const uint8_t sig[SIGNATURE_SIZE])
{
	gcry_sexp_t public = NULL, data = NULL, value = NULL;
	bool holds = false;

	/* libgcrypt 1.10 takes S + order for S, and aborts the process on some keys of low order. */
	if (len > INT32_MAX || !verify_key_ok(key) || !is_below(sig + 32, order))
		return false;
	if (!gcry_sexp_build(&public, NULL, "(public-key (ecc (curve Ed25519)(flags eddsa)(q %b)))", (int)KEY_SIZE, key) &&
	    !gcry_sexp_build(&data, NULL, "(data (flags eddsa)(hash-algo sha512)(value %b))", (int)len, text) &&
	    !gcry_sexp_build(&value, NULL, "(sig-val (eddsa (r %b)(s %b)))", 32, sig, 32, sig + 32))
		holds = gcry_pk_verify(value, data, public) == 0;
	gcry_sexp_release(public);
	gcry_sexp_release(data);
	gcry_sexp_release(value);
	return holds;
}
