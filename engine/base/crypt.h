/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_CRYPT_H
#define BASE_CRYPT_H

#include "base/error.h"
#include "base/buf.h"

/* The one room's file that includes <gcrypt.h> is crypt.c. Keys in the callers' structs are wiped by them
 * with crypt_wipe (explicit_bzero); long-lived keys stand in a locked, undumpable slab (struct secret). */

#define KEY_SIZE 32
#define HASH_SIZE 32
#define NONCE_SIZE 12
#define TAG_SIZE 16
#define SEAL_OVERHEAD (1 + NONCE_SIZE + TAG_SIZE) /* version, nonce, tag */
#define ED25519_SEED_SIZE 32
#define ED25519_PUBLIC_SIZE 32
#define ED25519_SIGNATURE_SIZE 64

/** Initialise libgcrypt once per process: version, locked pool (its failure is an error), no core dumps
 *  (prctl PR_SET_DUMPABLE 0). Idempotent. */
enum saqta_status crypt_init(struct saqta_error *err) must_check_;

/** A key in locked memory (mlock, MADV_DONTDUMP) that is erased when freed. At most 2,048 at once. */
struct secret;
enum saqta_status secret_new(struct secret **ret, struct saqta_error *err) must_check_;
struct secret *secret_free(struct secret *s);
void secret_freep(struct secret **s);
uint8_t *secret_key(struct secret *s); /* KEY_SIZE bytes, valid until freed */

void crypt_wipe(void *data, size_t len);
/** Constant time comparison. */
bool crypt_equal(const void *a, const void *b, size_t len);
/** Strong random bytes (GCRY_STRONG_RANDOM), never fails after crypt_init. Small draws are served from a pre-filled pool that is
 *  wiped as it is used and dropped on fork. */
void crypt_random(void *ret, size_t len);

void crypt_sha256(const void *data, size_t len, uint8_t ret[HASH_SIZE]);
/** SHA-256 of two pieces after one prefix byte: the node and leaf hashes of RFC 6962 (b may be NULL with b_len 0). */
void crypt_sha256_prefixed(uint8_t prefix, const void *a, size_t a_len, const void *b, size_t b_len, uint8_t ret[HASH_SIZE]);
struct sha256; /* streaming */
enum saqta_status sha256_new(struct sha256 **ret, struct saqta_error *err) must_check_;
void sha256_add(struct sha256 *h, const void *data, size_t len);
void sha256_end(struct sha256 *h, uint8_t ret[HASH_SIZE]); /* frees */

void crypt_hmac(const uint8_t *key, size_t key_len, const void *data, size_t len, uint8_t ret[HASH_SIZE]);
/** HKDF-SHA-256, RFC 5869; @ret_len at most 255*32. @salt may be NULL. */
void crypt_hkdf(const uint8_t *ikm, size_t ikm_len, const uint8_t *salt, size_t salt_len, const char *info, uint8_t *ret, size_t ret_len);
/** Argon2id, RFC 9106; bounded by us: memory 19 MiB..1 GiB, passes 1..10, lanes 1..8, salt 16..64. Threads: one. */
enum saqta_status crypt_argon2id(const void *password, size_t password_len, const uint8_t *salt, size_t salt_len, uint32_t memory_kib,
				 uint32_t passes, uint32_t lanes, uint8_t ret[KEY_SIZE], struct saqta_error *err) must_check_;

/** AES-256-GCM-SIV (RFC 8452). The nonce is drawn inside and no caller can give one.
 *  Appends version(0x01) || nonce || ciphertext || tag to @ret. */
enum saqta_status crypt_seal(const uint8_t key[KEY_SIZE], const void *aad, size_t aad_len, const void *plain, size_t plain_len,
			     struct buf *ret, struct saqta_error *err) must_check_;
/** Appends the plaintext to @ret only if the tag holds; else SAQTA_ERR_TAMPERED and @ret as it was. */
enum saqta_status crypt_open(const uint8_t key[KEY_SIZE], const void *aad, size_t aad_len, const void *sealed, size_t sealed_len,
			     struct buf *ret, struct saqta_error *err) must_check_;
/** For vectors only: the same cipher with the caller's nonce. Not used outside tests. */
enum saqta_status crypt_gcm_siv_raw(bool encrypt, const uint8_t *key, size_t key_len, const uint8_t nonce[NONCE_SIZE], const void *aad,
				    size_t aad_len, const void *in, size_t in_len, uint8_t *ret, uint8_t tag[TAG_SIZE]) must_check_;

/** Ed25519, RFC 8032. */
enum saqta_status crypt_ed25519_public(const uint8_t seed[ED25519_SEED_SIZE], uint8_t ret[ED25519_PUBLIC_SIZE],
				       struct saqta_error *err) must_check_;
enum saqta_status crypt_ed25519_sign(const uint8_t seed[ED25519_SEED_SIZE], const uint8_t pub[ED25519_PUBLIC_SIZE], const void *msg,
				     size_t msg_len, uint8_t ret[ED25519_SIGNATURE_SIZE], struct saqta_error *err) must_check_;
/** True if the signature holds. S >= L, non-canonical and low-order public keys are refused before
 *  libgcrypt sees them (facts: it accepts the first and aborts on the second). */
bool crypt_ed25519_verify(const uint8_t pub[ED25519_PUBLIC_SIZE], const void *msg, size_t msg_len,
			  const uint8_t sig[ED25519_SIGNATURE_SIZE]);
/** Is @pub a key that we accept: canonical, on the curve's large group as far as the low-order list tells. */
bool crypt_ed25519_public_ok(const uint8_t pub[ED25519_PUBLIC_SIZE]);

#endif
