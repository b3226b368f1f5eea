/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crypt_inner.h"

#include <errno.h>
#include <gcrypt.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#define SECRET_MAX 2048u
#define SECRET_WORDS (SECRET_MAX / 64u)
#define POOL_SIZE 4096u
#define POOL_DRAW_MAX 1024u /* larger draws go past the pool */
#define SECMEM_SIZE 65536u  /* libgcrypt's own pool: key schedules, seeds while they sign */
#define SEAL_VERSION 0x01u
#define BLOCK_SIZE 64u /* of SHA-256 */
#define HKDF_MAX (255u * HASH_SIZE)

struct secret {
	uint8_t key[KEY_SIZE];
};

/** Everything secret that this file keeps, in one mapping that is locked and left out of core dumps. */
struct slab {
	struct secret keys[SECRET_MAX];
	/* A region of its own pages, so that the kernel can wipe it in a forked child: @left then reads 0. */
	alignas(4096) uint8_t pool[POOL_SIZE];
	size_t left;
	alignas(4096) uint8_t last_key[KEY_SIZE]; /* what siv was keyed with */
	bool last_valid;
};

/* Each lock guards what stands below it. init_lock may be taken first; no other two are ever held together. */
static pthread_mutex_t init_lock = PTHREAD_MUTEX_INITIALIZER;
static struct slab *slab;
static bool ready;

static pthread_mutex_t secret_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t secret_used[SECRET_WORDS];

static pthread_mutex_t pool_lock = PTHREAD_MUTEX_INITIALIZER;
static bool pool_wiped_on_fork;
static pid_t pool_owner;

static pthread_mutex_t siv_lock = PTHREAD_MUTEX_INITIALIZER;
static gcry_cipher_hd_t siv;

/** A primitive that cannot fail has failed, or a caller broke a contract that has no error return:
 *  going on would mean to store garbage as if it were protected. */
static _Noreturn void die(const char *what)
{
	(void)fprintf(stderr, "saqta: fatal: %s\n", what);
	abort();
}

static void lock(pthread_mutex_t *m)
{
	if (pthread_mutex_lock(m) != 0)
		die("a mutex cannot be locked");
}

static void unlockp(pthread_mutex_t **m)
{
	if (*m)
		(void)pthread_mutex_unlock(*m);
}

static pthread_mutex_t *locked(pthread_mutex_t *m)
{
	lock(m);
	return m;
}

#define with_lock(m) cleanup_(unlockp) __attribute__((unused)) pthread_mutex_t *guard_ = locked(m)

enum saqta_status crypt_failed(struct saqta_error *err, const char *what, gcry_error_t code)
{
	if (gcry_err_code(code) == GPG_ERR_ENOMEM)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "%s: out of memory", what);
	return err_set(err, SAQTA_ERR_CRYPTO, 0, "%s: %s", what, gcry_strerror(code));
}

/* ---- start ---- */

static enum saqta_status slab_map(struct saqta_error *err)
{
	size_t size = sizeof(struct slab);
	size_t pool_size = offsetof(struct slab, last_key) - offsetof(struct slab, pool);
	int why = 0;
	struct slab *s;

	s = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "cannot map %zu KiB of memory: %s", size / 1024, strerror(errno));
	if (mlock(s, size) != 0) {
		why = errno;
		(void)munmap(s, size);
		return err_set(err, SAQTA_ERR_CRYPTO, 0, "cannot lock %zu KiB of memory: %s: raise LimitMEMLOCK", size / 1024,
			       strerror(why));
	}
	if (madvise(s, size, MADV_DONTDUMP) != 0) {
		why = errno;
		(void)munmap(s, size);
		return err_set(err, SAQTA_ERR_CRYPTO, 0, "cannot keep keys out of core dumps: %s", strerror(why));
	}
	/* Optional: where the kernel refuses it, each draw asks getpid() instead. */
	pool_wiped_on_fork = madvise(s->pool, pool_size, MADV_WIPEONFORK) == 0;
	slab = s;
	return SAQTA_OK;
}

static enum saqta_status library_start(struct saqta_error *err)
{
	gcry_error_t code;

	if (!gcry_check_version("1.10.0"))
		return err_set(err, SAQTA_ERR_CRYPTO, 0, "libgcrypt is older than 1.10.0");
	/* A host program may have started the library; its pool is then its own affair. */
	if (gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P))
		return SAQTA_OK;
	/* A failure here must stop us: the library would go on and hand out unlocked memory as if it were secure. */
	code = gcry_control(GCRYCTL_INIT_SECMEM, SECMEM_SIZE, 0);
	if (code)
		return err_set(err, SAQTA_ERR_CRYPTO, 0, "cannot lock %u KiB of memory: %s: raise LimitMEMLOCK", SECMEM_SIZE / 1024,
			       gcry_strerror(code));
	code = gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
	if (code)
		return crypt_failed(err, "libgcrypt does not start", code);
	return SAQTA_OK;
}

enum saqta_status crypt_init(struct saqta_error *err)
{
	enum saqta_status status;
	gcry_error_t code;

	if (__atomic_load_n(&ready, __ATOMIC_ACQUIRE))
		return SAQTA_OK;

	with_lock(&init_lock);
	if (ready)
		return SAQTA_OK;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return err_set(err, SAQTA_ERR_CRYPTO, 0, "cannot forbid core dumps: %s", strerror(errno));
	if (!slab) {
		status = slab_map(err);
		if (status)
			return status;
	}
	status = library_start(err);
	if (status)
		return status;
	/* Opening a handle costs ten times what one record does, so there is one, keyed anew as needed. */
	code = gcry_cipher_open(&siv, GCRY_CIPHER_AES256, GCRY_CIPHER_MODE_GCM_SIV, GCRY_CIPHER_SECURE);
	if (code)
		return crypt_failed(err, "AES-256-GCM-SIV", code);
	__atomic_store_n(&ready, true, __ATOMIC_RELEASE);
	return SAQTA_OK;
}

void crypt_need_init(void)
{
	if (crypt_init(NULL) != SAQTA_OK)
		die("the cipher library was used before it was started, and does not start");
}

/* ---- memory ---- */

void crypt_wipe(void *data, size_t len)
{
	if (data && len > 0)
		explicit_bzero(data, len);
}

bool crypt_equal(const void *a, const void *b, size_t len)
{
	const volatile uint8_t *x = a;
	const volatile uint8_t *y = b;
	uint8_t diff = 0;

	/* volatile: the compiler may not turn this into a loop that stops early */
	for (size_t i = 0; i < len; i++)
		diff = (uint8_t)(diff | (x[i] ^ y[i]));
	return diff == 0;
}

/** crypt_equal for the key that is compared on every record: the same, eight bytes at a time. */
static bool key_equal(const uint8_t *a, const uint8_t *b)
{
	uint64_t diff = 0;

	for (size_t i = 0; i < KEY_SIZE; i += sizeof(uint64_t)) {
		uint64_t x;
		uint64_t y;

		memcpy(&x, a + i, sizeof(x));
		memcpy(&y, b + i, sizeof(y));
		diff |= x ^ y;
		__asm__ volatile("" : "+r"(diff));
	}
	return diff == 0;
}

enum saqta_status secret_new(struct secret **ret, struct saqta_error *err)
{
	enum saqta_status status = crypt_init(err);

	if (status)
		return status;

	with_lock(&secret_lock);
	for (unsigned word = 0; word < SECRET_WORDS; word++) {
		unsigned bit;

		if (secret_used[word] == UINT64_MAX)
			continue;
		bit = (unsigned)__builtin_ctzll(~secret_used[word]);
		secret_used[word] |= UINT64_C(1) << bit;
		*ret = &slab->keys[word * 64u + bit];
		return SAQTA_OK;
	}
	return err_set(err, SAQTA_ERR_LIMIT, 0, "more than %u keys are held at once", SECRET_MAX);
}

/** A freed key must not live on as the cipher's key schedule. */
static void siv_forget(const uint8_t *key)
{
	static const uint8_t zero[KEY_SIZE];

	with_lock(&siv_lock);
	if (!slab->last_valid || !key_equal(slab->last_key, key))
		return;
	slab->last_valid = false;
	crypt_wipe(slab->last_key, KEY_SIZE);
	/* The nonce too: its setting writes over the keys that were derived from the old one. */
	if (gcry_cipher_setkey(siv, zero, KEY_SIZE) || gcry_cipher_reset(siv) || gcry_cipher_setiv(siv, zero, NONCE_SIZE))
		die("the cipher's key cannot be erased");
}

struct secret *secret_free(struct secret *s)
{
	size_t index;

	if (!s)
		return NULL;
	index = (size_t)(s - slab->keys);
	siv_forget(s->key);

	with_lock(&secret_lock);
	if (index >= SECRET_MAX || !(secret_used[index / 64u] & (UINT64_C(1) << (index % 64u))))
		die("a key was freed twice");
	crypt_wipe(s->key, sizeof(s->key));
	secret_used[index / 64u] &= ~(UINT64_C(1) << (index % 64u));
	return NULL;
}

void secret_freep(struct secret **s) { *s = secret_free(*s); }

uint8_t *secret_key(struct secret *s) { return s->key; }

/* ---- random bytes ---- */

static void pool_check_fork(void)
{
	pid_t pid;

	if (pool_wiped_on_fork)
		return;
	pid = getpid();
	if (pid == pool_owner)
		return;
	/* Parent and child must not draw the same bytes. */
	crypt_wipe(slab->pool, POOL_SIZE);
	slab->left = 0;
	pool_owner = pid;
}

void crypt_random(void *ret, size_t len)
{
	uint8_t *from;

	crypt_need_init();
	if (len == 0)
		return;
	if (len > POOL_DRAW_MAX) {
		gcry_randomize(ret, len, GCRY_STRONG_RANDOM);
		return;
	}

	with_lock(&pool_lock);
	pool_check_fork();
	if (slab->left < len) {
		gcry_randomize(slab->pool, POOL_SIZE, GCRY_STRONG_RANDOM);
		slab->left = POOL_SIZE;
	}
	from = slab->pool + (POOL_SIZE - slab->left);
	memcpy(ret, from, len);
	crypt_wipe(from, len);
	slab->left -= len;
}

/* ---- hashes ---- */

/** libgcrypt's buffers are not const, though it only reads them. */
static gcry_buffer_t piece(const void *data, size_t len)
{
	return (gcry_buffer_t){.len = len, .data = (void *)(uintptr_t)(len > 0 ? data : "")};
}

static void sha256_pieces(const gcry_buffer_t *pieces, int count, uint8_t ret[HASH_SIZE])
{
	if (gcry_md_hash_buffers(GCRY_MD_SHA256, 0, ret, pieces, count) != 0)
		die("SHA-256 failed");
}

void crypt_sha256(const void *data, size_t len, uint8_t ret[HASH_SIZE])
{
	gcry_buffer_t pieces[1] = {piece(data, len)};

	crypt_need_init();
	sha256_pieces(pieces, 1, ret);
}

void crypt_sha256_prefixed(uint8_t prefix, const void *a, size_t a_len, const void *b, size_t b_len, uint8_t ret[HASH_SIZE])
{
	gcry_buffer_t pieces[3] = {piece(&prefix, 1), piece(a, a_len), piece(b, b_len)};

	crypt_need_init();
	sha256_pieces(pieces, 3, ret);
}

struct sha256 {
	gcry_md_hd_t hd;
};

enum saqta_status sha256_new(struct sha256 **ret, struct saqta_error *err)
{
	enum saqta_status status = crypt_init(err);
	struct sha256 *h;
	gcry_error_t code;

	if (status)
		return status;
	h = calloc(1, sizeof(*h));
	if (!h)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "SHA-256: out of memory");
	code = gcry_md_open(&h->hd, GCRY_MD_SHA256, 0);
	if (code) {
		free(h);
		return crypt_failed(err, "SHA-256", code);
	}
	*ret = h;
	return SAQTA_OK;
}

void sha256_add(struct sha256 *h, const void *data, size_t len)
{
	if (len > 0)
		gcry_md_write(h->hd, data, len);
}

void sha256_end(struct sha256 *h, uint8_t ret[HASH_SIZE])
{
	const uint8_t *digest;

	if (!h)
		return;
	digest = gcry_md_read(h->hd, GCRY_MD_SHA256);
	if (!digest)
		die("SHA-256 failed");
	if (ret)
		memcpy(ret, digest, HASH_SIZE);
	gcry_md_close(h->hd);
	free(h);
}

/** RFC 2104 over up to three pieces. Two plain hashes: a handle of the library's own HMAC costs more than both. */
static void hmac_pieces(const uint8_t *key, size_t key_len, const gcry_buffer_t *pieces, size_t count, uint8_t ret[HASH_SIZE])
{
	uint8_t pad[BLOCK_SIZE] = {0};
	uint8_t inner[HASH_SIZE];
	gcry_buffer_t all[4] = {piece(pad, sizeof(pad))};

	if (key_len > BLOCK_SIZE)
		crypt_sha256(key, key_len, pad);
	else if (key_len > 0)
		memcpy(pad, key, key_len);
	for (size_t i = 0; i < BLOCK_SIZE; i++)
		pad[i] ^= 0x36;
	for (size_t i = 0; i < count; i++)
		all[i + 1] = pieces[i];
	sha256_pieces(all, (int)count + 1, inner);

	for (size_t i = 0; i < BLOCK_SIZE; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	all[1] = piece(inner, sizeof(inner));
	sha256_pieces(all, 2, ret);
	crypt_wipe(pad, sizeof(pad));
	crypt_wipe(inner, sizeof(inner));
}

void crypt_hmac(const uint8_t *key, size_t key_len, const void *data, size_t len, uint8_t ret[HASH_SIZE])
{
	gcry_buffer_t pieces[1] = {piece(data, len)};

	crypt_need_init();
	hmac_pieces(key, key_len, pieces, 1, ret);
}

void crypt_hkdf(const uint8_t *ikm, size_t ikm_len, const uint8_t *salt, size_t salt_len, const char *info, uint8_t *ret, size_t ret_len)
{
	uint8_t prk[HASH_SIZE];
	uint8_t block[HASH_SIZE];
	size_t info_len = info ? strlen(info) : 0;
	uint8_t counter = 0;

	if (ret_len > HKDF_MAX)
		die("more was asked of HKDF than it can give");
	/* No salt is a block of zeros, which is what HMAC makes of an empty key. */
	crypt_hmac(salt, salt ? salt_len : 0, ikm, ikm_len, prk);
	for (size_t done = 0; done < ret_len;) {
		size_t take = ret_len - done < HASH_SIZE ? ret_len - done : HASH_SIZE;
		gcry_buffer_t pieces[3] = {piece(block, counter ? HASH_SIZE : 0), piece(info, info_len), piece(&counter, 1)};

		counter++;
		hmac_pieces(prk, sizeof(prk), pieces, 3, block);
		memcpy(ret + done, block, take);
		done += take;
	}
	crypt_wipe(prk, sizeof(prk));
	crypt_wipe(block, sizeof(block));
}

/* ---- AES-GCM-SIV ---- */

/** @hd must be keyed. Without the reset every later call fails while gettag says that all is well. */
static gcry_error_t siv_begin(gcry_cipher_hd_t hd, const uint8_t *nonce, const void *aad, size_t aad_len)
{
	gcry_error_t code = gcry_cipher_reset(hd);

	if (!code)
		code = gcry_cipher_setiv(hd, nonce, NONCE_SIZE);
	if (!code && aad_len > 0)
		code = gcry_cipher_authenticate(hd, aad, aad_len);
	return code;
}

/** Encrypts @data in place. */
static gcry_error_t siv_encrypt(gcry_cipher_hd_t hd, uint8_t *data, size_t len, uint8_t tag[TAG_SIZE])
{
	/* The call is needed for an empty text too: it is what computes the tag. */
	gcry_error_t code = gcry_cipher_encrypt(hd, data, len, NULL, 0);

	if (!code)
		code = gcry_cipher_gettag(hd, tag, TAG_SIZE);
	return code;
}

/** Decrypts @data in place; leaves zeros there if the tag does not hold. */
static gcry_error_t siv_decrypt(gcry_cipher_hd_t hd, uint8_t *data, size_t len, const uint8_t tag[TAG_SIZE])
{
	gcry_error_t code = gcry_cipher_set_decryption_tag(hd, tag, TAG_SIZE);

	if (!code)
		code = gcry_cipher_decrypt(hd, data, len, NULL, 0);
	if (code)
		crypt_wipe(data, len);
	return code;
}

/** Keys the shared handle; a key that repeats costs a comparison. The caller holds siv_lock. */
static gcry_error_t siv_key(const uint8_t *key)
{
	gcry_error_t code;

	if (slab->last_valid && key_equal(slab->last_key, key))
		return 0;
	slab->last_valid = false;
	code = gcry_cipher_setkey(siv, key, KEY_SIZE);
	if (code)
		return code;
	memcpy(slab->last_key, key, KEY_SIZE);
	slab->last_valid = true;
	return 0;
}

/** Takes back what was appended past @start, leaving no plaintext in the slack. */
static void buf_cut(struct buf *b, size_t start)
{
	if (!b->data || b->len <= start)
		return;
	crypt_wipe(b->data + start, b->len - start);
	b->len = start;
}

/** Appends room for @len bytes, holding @data. */
static enum saqta_status append(struct buf *ret, const void *data, size_t len, struct saqta_error *err)
{
	buf_add(ret, len > 0 ? data : "", len);
	if (ret->failed)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "AES-256-GCM-SIV: out of memory");
	return SAQTA_OK;
}

static enum saqta_status check_room(const struct buf *ret, size_t len, size_t more, struct saqta_error *err)
{
	if (ret->failed)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "AES-256-GCM-SIV: the buffer has failed before");
	if (ret->len > BUF_MAX || len > BUF_MAX - ret->len || more > BUF_MAX - ret->len - len)
		return err_set(err, SAQTA_ERR_LIMIT, 0, "AES-256-GCM-SIV: %zu bytes are more than a buffer holds", len);
	return SAQTA_OK;
}

enum saqta_status crypt_seal(const uint8_t key[KEY_SIZE], const void *aad, size_t aad_len, const void *plain, size_t plain_len,
			     struct buf *ret, struct saqta_error *err)
{
	uint8_t head[1 + NONCE_SIZE] = {SEAL_VERSION};
	uint8_t tag[TAG_SIZE];
	size_t start = ret->len;
	enum saqta_status status;
	gcry_error_t code;

	status = crypt_init(err);
	if (!status)
		status = check_room(ret, plain_len, SEAL_OVERHEAD, err);
	if (status)
		return status;
	crypt_random(head + 1, NONCE_SIZE);
	status = append(ret, head, sizeof(head), err);
	if (!status)
		status = append(ret, plain, plain_len, err);
	if (status) {
		buf_cut(ret, start);
		return status;
	}
	{
		with_lock(&siv_lock);
		code = siv_key(key);
		if (!code)
			code = siv_begin(siv, head + 1, aad, aad_len);
		if (!code)
			code = siv_encrypt(siv, ret->data + start + sizeof(head), plain_len, tag);
	}
	/* Last, so that the buffer never moves while it holds the plaintext. */
	status = code ? crypt_failed(err, "AES-256-GCM-SIV", code) : append(ret, tag, sizeof(tag), err);
	if (status)
		buf_cut(ret, start);
	return status;
}

static enum saqta_status tampered(struct saqta_error *err)
{
	return err_set(err, SAQTA_ERR_TAMPERED, 0, "sealed bytes do not open: altered, or not sealed with this key for this place");
}

enum saqta_status crypt_open(const uint8_t key[KEY_SIZE], const void *aad, size_t aad_len, const void *sealed, size_t sealed_len,
			     struct buf *ret, struct saqta_error *err)
{
	const uint8_t *in = sealed;
	size_t start = ret->len;
	enum saqta_status status;
	gcry_error_t code;
	size_t len;

	status = crypt_init(err);
	if (status)
		return status;
	if (sealed_len < SEAL_OVERHEAD || in[0] != SEAL_VERSION)
		return tampered(err);
	len = sealed_len - SEAL_OVERHEAD;
	status = check_room(ret, len, 0, err);
	if (!status)
		status = append(ret, in + 1 + NONCE_SIZE, len, err);
	if (status)
		return status;
	{
		uint8_t none = 0;
		with_lock(&siv_lock);
		code = siv_key(key);
		if (!code)
			code = siv_begin(siv, in + 1, aad, aad_len);
		if (!code)
			code = siv_decrypt(siv, len > 0 ? ret->data + start : &none, len, in + 1 + NONCE_SIZE + len);
	}
	if (!code)
		return SAQTA_OK;
	buf_cut(ret, start);
	if (gcry_err_code(code) == GPG_ERR_CHECKSUM)
		return tampered(err);
	return crypt_failed(err, "AES-256-GCM-SIV", code);
}

static void cipher_closep(gcry_cipher_hd_t *hd) { gcry_cipher_close(*hd); /* NULL is allowed */ }

enum saqta_status crypt_gcm_siv_raw(bool encrypt, const uint8_t *key, size_t key_len, const uint8_t nonce[NONCE_SIZE], const void *aad,
				    size_t aad_len, const void *in, size_t in_len, uint8_t *ret, uint8_t tag[TAG_SIZE])
{
	int algo = key_len == 16 ? GCRY_CIPHER_AES128 : GCRY_CIPHER_AES256;
	cleanup_(cipher_closep) gcry_cipher_hd_t hd = NULL;
	enum saqta_status status = crypt_init(NULL);
	uint8_t none = 0;
	gcry_error_t code;

	if (status)
		return status;
	if (key_len != 16 && key_len != KEY_SIZE)
		return SAQTA_ERR_ARGUMENT;
	if (in_len > 0)
		memmove(ret, in, in_len);
	else
		ret = &none;
	code = gcry_cipher_open(&hd, algo, GCRY_CIPHER_MODE_GCM_SIV, GCRY_CIPHER_SECURE);
	if (!code)
		code = gcry_cipher_setkey(hd, key, key_len);
	if (!code)
		code = siv_begin(hd, nonce, aad, aad_len);
	if (!code)
		code = encrypt ? siv_encrypt(hd, ret, in_len, tag) : siv_decrypt(hd, ret, in_len, tag);
	if (!code)
		return SAQTA_OK;
	crypt_wipe(ret, in_len);
	return gcry_err_code(code) == GPG_ERR_CHECKSUM ? SAQTA_ERR_TAMPERED : SAQTA_ERR_CRYPTO;
}
