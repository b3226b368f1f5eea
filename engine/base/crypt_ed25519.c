/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crypt_inner.h"

#include <limits.h>
#include <string.h>

/* Ed25519, with what libgcrypt does not check (RFC 8032 5.1.7). */

static void sexp_freep(gcry_sexp_t *s) { gcry_sexp_release(*s); /* NULL is allowed */ }

static void mpi_freep(gcry_mpi_t *m) { gcry_mpi_release(*m); /* NULL is allowed */ }

static void ctx_freep(gcry_ctx_t *c) { gcry_ctx_release(*c); /* NULL is allowed */ }

static void secure_freep(uint8_t **p) { gcry_free(*p); /* NULL is allowed; secure memory is wiped */ }

/** The private key as libgcrypt wants it. The seed passes through secure memory, so that the expression, too,
 *  is made there. @pub may be NULL. */
static gcry_error_t private_key(const uint8_t *seed, const uint8_t *pub, gcry_sexp_t *ret)
{
	cleanup_(secure_freep) uint8_t *copy = gcry_malloc_secure(ED25519_SEED_SIZE);

	if (!copy)
		return gcry_error(GPG_ERR_ENOMEM);
	memcpy(copy, seed, ED25519_SEED_SIZE);
	if (!pub)
		return gcry_sexp_build(ret, NULL, "(private-key (ecc (curve Ed25519)(flags eddsa)(d %b)))", ED25519_SEED_SIZE, copy);
	return gcry_sexp_build(ret, NULL, "(private-key (ecc (curve Ed25519)(flags eddsa)(q %b)(d %b)))", ED25519_PUBLIC_SIZE, pub,
			       ED25519_SEED_SIZE, copy);
}

static gcry_error_t message(const void *msg, size_t len, gcry_sexp_t *ret)
{
	if (len > INT_MAX)
		return gcry_error(GPG_ERR_TOO_LARGE);
	return gcry_sexp_build(ret, NULL, "(data (flags eddsa)(hash-algo sha512)(value %b))", (int)len, len > 0 ? msg : "");
}

enum saqta_status crypt_ed25519_public(const uint8_t seed[ED25519_SEED_SIZE], uint8_t ret[ED25519_PUBLIC_SIZE], struct saqta_error *err)
{
	cleanup_(sexp_freep) gcry_sexp_t key = NULL;
	cleanup_(ctx_freep) gcry_ctx_t ctx = NULL;
	cleanup_(mpi_freep) gcry_mpi_t q = NULL;
	enum saqta_status status = crypt_init(err);
	const void *bytes;
	unsigned bits = 0;
	gcry_error_t code;

	if (status)
		return status;
	code = private_key(seed, NULL, &key);
	if (!code)
		code = gcry_mpi_ec_new(&ctx, key, NULL);
	if (code)
		return crypt_failed(err, "Ed25519", code);
	q = gcry_mpi_ec_get_mpi("q@eddsa", ctx, 1);
	bytes = q ? gcry_mpi_get_opaque(q, &bits) : NULL;
	if (!bytes || bits != 8u * ED25519_PUBLIC_SIZE)
		return err_set(err, SAQTA_ERR_CRYPTO, 0, "Ed25519: the public key cannot be computed");
	memcpy(ret, bytes, ED25519_PUBLIC_SIZE);
	return SAQTA_OK;
}

static bool signature_part(gcry_sexp_t sig, const char *name, uint8_t ret[32])
{
	cleanup_(sexp_freep) gcry_sexp_t part = gcry_sexp_find_token(sig, name, 0);
	const char *bytes;
	size_t len = 0;

	bytes = part ? gcry_sexp_nth_data(part, 1, &len) : NULL;
	if (!bytes || len != 32)
		return false;
	memcpy(ret, bytes, 32);
	return true;
}

enum saqta_status crypt_ed25519_sign(const uint8_t seed[ED25519_SEED_SIZE], const uint8_t pub[ED25519_PUBLIC_SIZE], const void *msg,
				     size_t msg_len, uint8_t ret[ED25519_SIGNATURE_SIZE], struct saqta_error *err)
{
	cleanup_(sexp_freep) gcry_sexp_t key = NULL;
	cleanup_(sexp_freep) gcry_sexp_t data = NULL;
	cleanup_(sexp_freep) gcry_sexp_t sig = NULL;
	enum saqta_status status = crypt_init(err);
	uint8_t out[ED25519_SIGNATURE_SIZE];
	gcry_error_t code;

	if (status)
		return status;
	code = private_key(seed, pub, &key);
	if (!code)
		code = message(msg, msg_len, &data);
	if (!code)
		code = gcry_pk_sign(&sig, data, key);
	if (code)
		return crypt_failed(err, "Ed25519", code);
	if (!signature_part(sig, "r", out) || !signature_part(sig, "s", out + 32))
		return err_set(err, SAQTA_ERR_CRYPTO, 0, "Ed25519: the signature has an unknown shape");
	/* A signature made with another key's public half, or with a bit flipped on the way, gives the seed away. */
	if (!crypt_ed25519_verify(pub, msg, msg_len, out))
		return err_set(err, SAQTA_ERR_CRYPTO, 0, "Ed25519: the signature does not hold: is this the seed's public key?");
	memcpy(ret, out, sizeof(out));
	return SAQTA_OK;
}

/** Is the little-endian @a below @b? Neither is secret. */
static bool below(const uint8_t a[32], const uint8_t b[32])
{
	for (size_t i = 32; i-- > 0;) {
		if (a[i] != b[i])
			return a[i] < b[i];
	}
	return false;
}

/** The group's order, 2^252 + 27742317777372353535851937790883648493. */
static const uint8_t order_l[32] = {
	0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10,
};

/** The field's prime, 2^255 - 19. */
static const uint8_t prime_p[32] = {
	0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
};

/** y of the eight points whose order divides 8 (the sign of x is the masked top bit). */
static const uint8_t low_order[5][32] = {
	{0}, /* order 4 */
	{1}, /* the neutral element */
	{0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}, /* order 2 */
	{0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
	 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a}, /* order 8 */
	{0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
	 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05}, /* order 8 */
};

bool crypt_ed25519_public_ok(const uint8_t pub[ED25519_PUBLIC_SIZE])
{
	uint8_t y[ED25519_PUBLIC_SIZE];

	memcpy(y, pub, sizeof(y));
	y[31] &= 0x7f;
	if (!below(y, prime_p))
		return false;
	for (size_t i = 0; i < sizeof(low_order) / sizeof(low_order[0]); i++) {
		if (memcmp(y, low_order[i], sizeof(y)) == 0)
			return false;
	}
	return true;
}

bool crypt_ed25519_verify(const uint8_t pub[ED25519_PUBLIC_SIZE], const void *msg, size_t msg_len,
			  const uint8_t sig[ED25519_SIGNATURE_SIZE])
{
	cleanup_(sexp_freep) gcry_sexp_t key = NULL;
	cleanup_(sexp_freep) gcry_sexp_t data = NULL;
	cleanup_(sexp_freep) gcry_sexp_t value = NULL;

	/* The library takes S + L for S, and aborts the process on some keys of low order. */
	if (!crypt_ed25519_public_ok(pub) || !below(sig + 32, order_l))
		return false;
	crypt_need_init();
	if (gcry_sexp_build(&key, NULL, "(public-key (ecc (curve Ed25519)(flags eddsa)(q %b)))", ED25519_PUBLIC_SIZE, pub))
		return false;
	if (message(msg, msg_len, &data))
		return false;
	if (gcry_sexp_build(&value, NULL, "(sig-val (eddsa (r %b)(s %b)))", 32, sig, 32, sig + 32))
		return false;
	return gcry_pk_verify(value, data, key) == 0;
}
