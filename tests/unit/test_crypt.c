/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crypt.h"

#include <check.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define SKIP 77

static char vectors[3072]; /* the folder */

/* ---- help ---- */

static json_t *load(const char *name)
{
	char path[4096];
	json_error_t why;
	json_t *doc;

	(void)snprintf(path, sizeof(path), "%s/%s", vectors, name);
	doc = json_load_file(path, 0, &why);
	ck_assert_msg(doc != NULL, "%s: %s", name, why.text);
	return doc;
}

struct bytes {
	uint8_t *data;
	size_t len;
};

static void bytes_done(struct bytes *b) { free(b->data); }

/** One more byte than needed, so that no text is NULL. */
static struct bytes unhex(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	struct bytes b = {0};

	ck_assert_msg(text != NULL, "no member %s", name);
	b.len = strlen(text) / 2;
	b.data = malloc(b.len + 1);
	ck_assert_ptr_nonnull(b.data);
	ck_assert(hex_decode(text, strlen(text), b.data));
	return b;
}

static void decref(json_t **doc) { json_decref(*doc); }

#define bytes_ cleanup_(bytes_done) struct bytes
#define json_ cleanup_(decref) json_t

static bool is_valid(const json_t *test) { return strcmp(json_string_value(json_object_get(test, "result")), "valid") == 0; }

static int number(const json_t *test) { return (int)json_integer_value(json_object_get(test, "tcId")); }

/** Runs @one on each test of a Wycheproof file and returns how many there were. */
static int each(const char *name, void (*one)(const json_t *group, const json_t *test))
{
	json_ *doc = load(name);
	const json_t *group;
	const json_t *test;
	size_t i;
	size_t k;
	int count = 0;

	json_array_foreach(json_object_get(doc, "testGroups"), i, group)
	{
		json_array_foreach(json_object_get(group, "tests"), k, test)
		{
			one(group, test);
			count++;
		}
	}
	return count;
}

static void from_hex(const char *text, uint8_t *ret) { ck_assert(hex_decode(text, strlen(text), ret)); }

static void start(void)
{
	struct saqta_error err = {0};
	enum saqta_status status = crypt_init(&err);

	ck_assert_msg(status == SAQTA_OK, "%s", err.message);
}

/* ---- Wycheproof ---- */

static void gcm_siv_one(const json_t *group, const json_t *test)
{
	bytes_ key = unhex(test, "key");
	bytes_ iv = unhex(test, "iv");
	bytes_ aad = unhex(test, "aad");
	bytes_ msg = unhex(test, "msg");
	bytes_ ct = unhex(test, "ct");
	bytes_ tag = unhex(test, "tag");
	uint8_t *out = malloc(ct.len + 1);
	uint8_t out_tag[TAG_SIZE];
	enum saqta_status status;

	(void)group;
	ck_assert_uint_eq(iv.len, NONCE_SIZE);
	ck_assert_uint_eq(tag.len, TAG_SIZE);
	memset(out, 0xaa, ct.len + 1);
	status = crypt_gcm_siv_raw(false, key.data, key.len, iv.data, aad.data, aad.len, ct.data, ct.len, out, tag.data);
	if (is_valid(test)) {
		ck_assert_msg(status == SAQTA_OK && memcmp(out, msg.data, msg.len) == 0, "open %d", number(test));
		status = crypt_gcm_siv_raw(true, key.data, key.len, iv.data, aad.data, aad.len, msg.data, msg.len, out, out_tag);
		ck_assert_int_eq(status, SAQTA_OK);
		ck_assert_msg(memcmp(out, ct.data, ct.len) == 0, "ciphertext of %d", number(test));
		ck_assert_msg(memcmp(out_tag, tag.data, TAG_SIZE) == 0, "tag of %d", number(test));
	} else {
		ck_assert_msg(status == SAQTA_ERR_TAMPERED, "refuse %d: %d", number(test), (int)status);
		for (size_t i = 0; i < ct.len; i++)
			ck_assert_uint_eq(out[i], 0);
	}
	free(out);
}

START_TEST(wycheproof_gcm_siv) { ck_assert_int_eq(each("wycheproof/aes_gcm_siv_test.json", gcm_siv_one), 202); }
END_TEST

START_TEST(gcm_siv_other_key_sizes_are_refused)
{
	uint8_t key[64] = {0};
	uint8_t tag[TAG_SIZE];
	uint8_t out[1];

	for (size_t len = 0; len <= sizeof(key); len++) {
		enum saqta_status status = crypt_gcm_siv_raw(true, key, len, key, NULL, 0, "x", 1, out, tag);

		ck_assert_int_eq(status, len == 16 || len == 32 ? SAQTA_OK : SAQTA_ERR_ARGUMENT);
	}
}
END_TEST

static void hmac_one(const json_t *group, const json_t *test)
{
	bytes_ key = unhex(test, "key");
	bytes_ msg = unhex(test, "msg");
	bytes_ tag = unhex(test, "tag");
	uint8_t out[HASH_SIZE];

	(void)group;
	ck_assert_uint_le(tag.len, HASH_SIZE);
	crypt_hmac(key.data, key.len, msg.data, msg.len, out);
	ck_assert_msg(crypt_equal(out, tag.data, tag.len) == is_valid(test), "%d", number(test));
}

START_TEST(wycheproof_hmac) { ck_assert_int_eq(each("wycheproof/hmac_sha256_test.json", hmac_one), 174); }
END_TEST

static int hkdf_left_out;

static void hkdf_one(const json_t *group, const json_t *test)
{
	bytes_ ikm = unhex(test, "ikm");
	bytes_ salt = unhex(test, "salt");
	bytes_ info = unhex(test, "info");
	bytes_ okm = unhex(test, "okm");
	uint8_t out[255 * HASH_SIZE];

	(void)group;
	/* Our labels are C strings; longer results than the standard allows end the process, see below. */
	if (memchr(info.data, 0, info.len) || !is_valid(test)) {
		hkdf_left_out++;
		return;
	}
	info.data[info.len] = 0;
	ck_assert_uint_le(okm.len, sizeof(out));
	crypt_hkdf(ikm.data, ikm.len, salt.len > 0 ? salt.data : NULL, salt.len, (char *)info.data, out, okm.len);
	ck_assert_msg(memcmp(out, okm.data, okm.len) == 0, "%d", number(test));
}

START_TEST(wycheproof_hkdf)
{
	ck_assert_int_eq(each("wycheproof/hkdf_sha256_test.json", hkdf_one), 86);
	ck_assert_int_le(hkdf_left_out, 4);
}
END_TEST

START_TEST(rfc5869)
{
	static const char *const okm[2] = {
		"3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
		"8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8", /* no salt, no info */
	};
	static const char long_okm[] = "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
				       "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87";
	static const uint8_t salt[13] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
	uint8_t ikm[80], long_salt[80], want[82], out[82];
	char info[81] = "";

	memset(ikm, 0x0b, 22);
	from_hex(okm[0], want);
	crypt_hkdf(ikm, 22, salt, sizeof(salt), "\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9", out, 42);
	ck_assert_mem_eq(out, want, 42);
	from_hex(okm[1], want);
	crypt_hkdf(ikm, 22, NULL, 0, "", out, 42);
	ck_assert_mem_eq(out, want, 42);
	crypt_hkdf(ikm, 22, NULL, 0, NULL, out, 42);
	ck_assert_mem_eq(out, want, 42);
	for (unsigned i = 0; i < 80; i++) { /* longer than a block, all of them */
		ikm[i] = (uint8_t)i;
		long_salt[i] = (uint8_t)(0x60 + i);
		info[i] = (char)(0xb0 + i);
	}
	from_hex(long_okm, want);
	crypt_hkdf(ikm, sizeof(ikm), long_salt, sizeof(long_salt), info, out, sizeof(out));
	ck_assert_mem_eq(out, want, sizeof(want));
}
END_TEST

START_TEST(hkdf_too_long_ends_the_process)
{
	static uint8_t out[255 * HASH_SIZE + 1];

	crypt_hkdf((const uint8_t *)"k", 1, NULL, 0, "", out, sizeof(out));
}
END_TEST

static void ed25519_one(const json_t *group, const json_t *test)
{
	bytes_ pub = unhex(json_object_get(group, "publicKey"), "pk");
	bytes_ msg = unhex(test, "msg");
	bytes_ sig = unhex(test, "sig");
	bool holds = false;

	/* A signature of another length does not fit the interface, which is a refusal. */
	if (pub.len == ED25519_PUBLIC_SIZE && sig.len == ED25519_SIGNATURE_SIZE)
		holds = crypt_ed25519_verify(pub.data, msg.data, msg.len, sig.data);
	ck_assert_msg(holds == is_valid(test), "%d", number(test));
}

START_TEST(wycheproof_ed25519) { ck_assert_int_eq(each("wycheproof/ed25519_test.json", ed25519_one), 151); }
END_TEST

/* ---- Ed25519 ---- */

static bool has_flag(const json_t *test, const char *name)
{
	const json_t *flag;
	size_t i;

	json_array_foreach(json_object_get(test, "flags"), i, flag)
	{
		if (strcmp(json_string_value(flag), name) == 0)
			return true;
	}
	return false;
}

/** Points with parts of low order: whatever the answer, the process lives, and a key of low order or
 *  in a second spelling is refused. */
START_TEST(cctv_never_aborts)
{
	json_ *doc = load("ed25519-cctv/ed25519vectors.json");
	const json_t *test;
	int holds = 0;
	int key_refused = 0;
	size_t i;

	json_array_foreach(doc, i, test)
	{
		const char *msg = json_string_value(json_object_get(test, "msg"));
		bytes_ pub = unhex(test, "key");
		bytes_ sig = unhex(test, "sig");
		bool key_ok = crypt_ed25519_public_ok(pub.data);
		bool ok = crypt_ed25519_verify(pub.data, msg, strlen(msg), sig.data);

		ck_assert_msg(key_ok == !(has_flag(test, "low_order_A") || has_flag(test, "non_canonical_A")), "%zu", i);
		ck_assert_msg(!ok || (key_ok && !has_flag(test, "non_canonical_R")), "%zu", i);
		holds += ok;
		key_refused += !key_ok;
	}
	ck_assert_uint_eq(i, 914);
	printf("# cctv: 914 vectors, %d hold, %d keys refused beforehand, no abort\n", holds, key_refused);
	fflush(stdout);
}
END_TEST

START_TEST(rfc8032)
{
	static const struct {
		const char *seed;
		const char *pub;
		const char *msg;
		const char *sig;
	} v[3] = {
		{"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
		 "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
		 "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
		 "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
		{"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
		 "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
		 "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
		 "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
		{"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
		 "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
		 "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
		 "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
	};
	uint8_t seed[32];
	uint8_t pub[32];
	uint8_t sig[64];
	uint8_t got[64];
	uint8_t msg[8];

	for (size_t i = 0; i < 3; i++) {
		size_t len = strlen(v[i].msg) / 2;

		from_hex(v[i].seed, seed);
		from_hex(v[i].pub, pub);
		from_hex(v[i].sig, sig);
		from_hex(v[i].msg, msg);
		ck_assert_int_eq(crypt_ed25519_public(seed, got, NULL), SAQTA_OK);
		ck_assert_mem_eq(got, pub, sizeof(pub));
		ck_assert_int_eq(crypt_ed25519_sign(seed, pub, msg, len, got, NULL), SAQTA_OK);
		ck_assert_mem_eq(got, sig, sizeof(sig));
		ck_assert(crypt_ed25519_verify(pub, msg, len, sig));
	}
}
END_TEST

START_TEST(ed25519_flips_and_foreign_keys)
{
	uint8_t seed[32];
	uint8_t pub[32];
	uint8_t other[32];
	uint8_t sig[64];
	uint8_t untouched[64];
	struct saqta_error err;

	for (int round = 0; round < 20; round++) {
		crypt_random(seed, sizeof(seed));
		ck_assert_int_eq(crypt_ed25519_public(seed, pub, NULL), SAQTA_OK);
		ck_assert(crypt_ed25519_public_ok(pub));
		ck_assert_int_eq(crypt_ed25519_sign(seed, pub, "text", 4, sig, NULL), SAQTA_OK);
		ck_assert(crypt_ed25519_verify(pub, "text", 4, sig));
		ck_assert(!crypt_ed25519_verify(pub, "texT", 4, sig));
	}
	for (size_t i = 0; i < sizeof(sig); i++) {
		sig[i] ^= 1;
		ck_assert(!crypt_ed25519_verify(pub, "text", 4, sig));
		sig[i] ^= 1;
	}
	/* the wrong public half would give the seed away */
	seed[0] ^= 1;
	ck_assert_int_eq(crypt_ed25519_public(seed, other, NULL), SAQTA_OK);
	memset(sig, 7, sizeof(sig));
	memset(untouched, 7, sizeof(untouched));
	ck_assert_int_eq(crypt_ed25519_sign(seed, pub, "text", 4, sig, &err), SAQTA_ERR_CRYPTO);
	ck_assert_mem_eq(sig, untouched, sizeof(sig));
}
END_TEST

/** An owner of a key can choose the neutral element as R: legal, odd, and no abort. */
START_TEST(ed25519_neutral_r)
{
	uint8_t pub[32];
	uint8_t sig[64] = {1};

	from_hex("03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8", pub);
	from_hex("c472275cabe3730fda34936734771fee308162b61396db1a00dd92db1de8c20f", sig + 32);
	ck_assert(crypt_ed25519_verify(pub, "neutral R", 9, sig));
	ck_assert(!crypt_ed25519_verify(pub, "neutral r", 9, sig));
}
END_TEST

START_TEST(ed25519_low_order_keys)
{
	static const char *const bad[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0000000000000000000000000000000000000000000000000000000000000080",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000080",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	};
	uint8_t pub[32];
	uint8_t sig[64] = {1};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		from_hex(bad[i], pub);
		ck_assert_msg(!crypt_ed25519_public_ok(pub), "%s", bad[i]);
		ck_assert(!crypt_ed25519_verify(pub, "x", 1, sig));
	}
	/* the largest canonical y but one is no trouble */
	from_hex("ebffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", pub);
	ck_assert(crypt_ed25519_public_ok(pub));
	(void)crypt_ed25519_verify(pub, "x", 1, sig);
}
END_TEST

/* ---- Argon2id ---- */

/** Every published case lies below our bounds (8-byte salts, small memory), so it must be refused. */
START_TEST(argon2_published_are_out_of_bounds)
{
	json_ *doc = load("argon2/argon2.json");
	const json_t *test;
	uint8_t out[KEY_SIZE];
	int refused = 0;
	size_t i;

	json_array_foreach(json_object_get(doc, "hash"), i, test)
	{
		const char *password = json_string_value(json_object_get(test, "password"));
		const char *salt = json_string_value(json_object_get(test, "salt"));
		uint32_t m = (uint32_t)json_integer_value(json_object_get(test, "m_kib"));
		uint32_t t = (uint32_t)json_integer_value(json_object_get(test, "t"));
		uint32_t p = (uint32_t)json_integer_value(json_object_get(test, "p"));
		enum saqta_status status;

		ck_assert_uint_lt(strlen(salt), 16);
		status = crypt_argon2id(password, strlen(password), (const uint8_t *)salt, strlen(salt), m, t, p, out, NULL);
		ck_assert_int_eq(status, SAQTA_ERR_LIMIT);
		refused++;
	}
	ck_assert_int_eq(refused, 24);
}
END_TEST

/** Within our bounds: results of another implementation (OpenSSL 3). */
START_TEST(argon2_within_bounds)
{
	static const struct {
		uint32_t m;
		uint32_t t;
		uint32_t p;
		const char *password;
		const char *key;
	} v[] = {
		{19456, 2, 1, "correct horse", "d00b90c40f918cf889780d7d3a9ec3c2b1719df87dc5e4d4d93ea6163db04e17"},
		{65536, 3, 4, "correct horse", "577f1ff37e9a3e52c97d39f8e83891c1b73b0e87ffe0429cee8ede2fb005fe44"},
		{19457, 1, 8, "correct horse", "a48b31fc810eb350e11c98bceb2a2abfef5fa805361943b13cf16cdaef07d5af"},
	};
	uint8_t salt[16];
	uint8_t want[KEY_SIZE];
	uint8_t out[KEY_SIZE];

	for (uint8_t i = 0; i < sizeof(salt); i++)
		salt[i] = i;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct saqta_error err = {0};
		enum saqta_status status =
			crypt_argon2id(v[i].password, strlen(v[i].password), salt, sizeof(salt), v[i].m, v[i].t, v[i].p, out, &err);

		ck_assert_msg(status == SAQTA_OK, "%s", err.message);
		from_hex(v[i].key, want);
		ck_assert_mem_eq(out, want, sizeof(want));
	}
}
END_TEST

START_TEST(argon2_bounds)
{
	static const struct {
		size_t salt;
		uint32_t m;
		uint32_t t;
		uint32_t p;
		const char *word;
	} v[] = {
		{16, 0, 1, 1, "memory"},     {16, 19455, 1, 1, "memory"},  {16, 1048577, 1, 1, "memory"}, {16, UINT32_MAX, 1, 1, "memory"},
		{16, 19456, 0, 1, "passes"}, {16, 19456, 11, 1, "passes"}, {16, 19456, 1, 0, "lanes"},	  {16, 19456, 1, 9, "lanes"},
		{0, 19456, 1, 1, "salt"},    {15, 19456, 1, 1, "salt"},	   {65, 19456, 1, 1, "salt"},
	};
	static const uint8_t salt[65];
	uint8_t out[KEY_SIZE];

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct saqta_error err = {0};

		ck_assert_int_eq(crypt_argon2id("pw", 2, salt, v[i].salt, v[i].m, v[i].t, v[i].p, out, &err), SAQTA_ERR_LIMIT);
		ck_assert_msg(strstr(err.message, v[i].word) != NULL, "%s", err.message);
	}
	ck_assert_int_eq(crypt_argon2id("", 0, salt, 16, 19456, 1, 1, out, NULL), SAQTA_ERR_ARGUMENT);
}
END_TEST

/* ---- seal and open ---- */

START_TEST(seal_and_open)
{
	static const size_t sizes[] = {0, 1, 15, 16, 17, 255, 4096, 100000};
	uint8_t keys[3][KEY_SIZE];
	uint8_t *plain = malloc(100000);

	crypt_random(keys, sizeof(keys));
	crypt_random(plain, 100000);
	for (size_t i = 0; i < 3 * sizeof(sizes) / sizeof(sizes[0]); i++) {
		cleanup_(buf_done) struct buf sealed = {0};
		cleanup_(buf_done) struct buf again = {0};
		cleanup_(buf_done) struct buf opened = {0};
		const uint8_t *key = keys[i % 3];
		size_t len = sizes[i / 3];

		buf_str(&sealed, "before");
		buf_str(&opened, "kept");
		ck_assert_int_eq(crypt_seal(key, "aad", 3, len ? plain : NULL, len, &sealed, NULL), SAQTA_OK);
		ck_assert_int_eq(crypt_seal(key, "aad", 3, len ? plain : NULL, len, &again, NULL), SAQTA_OK);
		ck_assert_uint_eq(sealed.len, 6 + len + SEAL_OVERHEAD);
		ck_assert_uint_eq(sealed.data[6], 1);
		ck_assert_mem_ne(sealed.data + 6, again.data, again.len); /* another nonce */
		ck_assert_int_eq(crypt_open(key, "aad", 3, sealed.data + 6, sealed.len - 6, &opened, NULL), SAQTA_OK);
		ck_assert_uint_eq(opened.len, 4 + len);
		ck_assert_mem_eq(opened.data, "kept", 4);
		ck_assert_mem_eq(opened.data + 4, plain, len);
		ck_assert_uint_eq(opened.data[opened.len], 0);
	}
	free(plain);
}
END_TEST

/** What crypt_seal writes is plain RFC 8452 with the nonce it names, with the shared handle's key going to and fro. */
START_TEST(seal_is_the_standard_cipher)
{
	for (int i = 0; i < 50; i++) {
		cleanup_(buf_done) struct buf sealed = {0};
		uint8_t key[KEY_SIZE];
		uint8_t plain[40];
		uint8_t out[40];
		uint8_t tag[TAG_SIZE];

		enum saqta_status status;

		memset(key, i / 3, sizeof(key));
		crypt_random(plain, sizeof(plain));
		ck_assert_int_eq(crypt_seal(key, NULL, 0, plain, sizeof(plain), &sealed, NULL), SAQTA_OK);
		status = crypt_gcm_siv_raw(true, key, sizeof(key), sealed.data + 1, NULL, 0, plain, sizeof(plain), out, tag);
		ck_assert_int_eq(status, SAQTA_OK);
		ck_assert_mem_eq(sealed.data + 1 + NONCE_SIZE, out, sizeof(out));
		ck_assert_mem_eq(sealed.data + 1 + NONCE_SIZE + sizeof(out), tag, sizeof(tag));
	}
}
END_TEST

static void must_not_open(const uint8_t *key, const char *aad, const uint8_t *data, size_t len)
{
	cleanup_(buf_done) struct buf ret = {0};
	struct saqta_error err = {0};

	buf_str(&ret, "as it was");
	ck_assert_int_eq(crypt_open(key, aad, strlen(aad), data, len, &ret, &err), SAQTA_ERR_TAMPERED);
	ck_assert_int_eq(err.status, SAQTA_ERR_TAMPERED);
	ck_assert_uint_eq(ret.len, 9);
	ck_assert_str_eq((char *)ret.data, "as it was");
	ck_assert(!ret.failed);
	for (size_t i = ret.len; i < ret.len + len && i < ret.cap && len >= SEAL_OVERHEAD && data[0] == 1; i++)
		ck_assert_msg(i >= ret.len + len - SEAL_OVERHEAD || ret.data[i] == 0, "plaintext is left behind");
}

START_TEST(every_flip_is_noticed)
{
	static const size_t sizes[] = {0, 1, 16, 50};
	uint8_t key[KEY_SIZE];
	uint8_t plain[50];

	crypt_random(key, sizeof(key));
	crypt_random(plain, sizeof(plain));
	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		cleanup_(buf_done) struct buf sealed = {0};

		ck_assert_int_eq(crypt_seal(key, "place", 5, plain, sizes[s], &sealed, NULL), SAQTA_OK);
		for (size_t i = 0; i < sealed.len * 8; i++) {
			sealed.data[i / 8] ^= (uint8_t)(1u << (i % 8));
			must_not_open(key, "place", sealed.data, sealed.len);
			sealed.data[i / 8] ^= (uint8_t)(1u << (i % 8));
		}
		for (size_t len = 0; len < sealed.len; len++)
			must_not_open(key, "place", sealed.data, len);
		for (size_t i = 0; i < KEY_SIZE; i++) {
			key[i] ^= 0x80;
			must_not_open(key, "place", sealed.data, sealed.len);
			key[i] ^= 0x80;
		}
		must_not_open(key, "Place", sealed.data, sealed.len);
		must_not_open(key, "plac", sealed.data, sealed.len);
		must_not_open(key, "", sealed.data, sealed.len);
		must_not_open(key, "places", sealed.data, sealed.len);
		buf_u8(&sealed, 0);
		must_not_open(key, "place", sealed.data, sealed.len);
	}
}
END_TEST

START_TEST(full_and_failed_buffers)
{
	cleanup_(buf_done) struct buf full = {0};
	cleanup_(buf_done) struct buf failed = {.failed = true};
	static const uint8_t key[KEY_SIZE];
	uint8_t *block = calloc(1, BUF_MAX);

	buf_add(&full, block, BUF_MAX - SEAL_OVERHEAD);
	ck_assert_int_eq(crypt_seal(key, NULL, 0, "x", 1, &full, NULL), SAQTA_ERR_LIMIT);
	ck_assert_uint_eq(full.len, BUF_MAX - SEAL_OVERHEAD);
	ck_assert(!full.failed);
	ck_assert_int_eq(crypt_seal(key, NULL, 0, "", 0, &full, NULL), SAQTA_OK);
	ck_assert_uint_eq(full.len, BUF_MAX);
	ck_assert_int_eq(crypt_seal(key, NULL, 0, "x", SIZE_MAX, &full, NULL), SAQTA_ERR_LIMIT);
	ck_assert_int_eq(crypt_seal(key, NULL, 0, "x", 1, &failed, NULL), SAQTA_ERR_NOMEM);
	ck_assert_uint_eq(failed.len, 0);
	free(block);
}
END_TEST

static void *seal_many(void *arg)
{
	uint8_t key[KEY_SIZE];
	long bad = 0;

	for (int i = 0; i < 5000; i++) {
		cleanup_(buf_done) struct buf sealed = {0};
		cleanup_(buf_done) struct buf opened = {0};
		cleanup_(secret_freep) struct secret *s = NULL;

		if (secret_new(&s, NULL)) {
			bad++;
			continue;
		}
		crypt_random(secret_key(s), KEY_SIZE);
		memset(key, i % 7, sizeof(key));
		bad += crypt_seal(i % 2 ? key : secret_key(s), arg, 1, key, sizeof(key), &sealed, NULL) != SAQTA_OK;
		bad += crypt_open(i % 2 ? key : secret_key(s), arg, 1, sealed.data, sealed.len, &opened, NULL) != SAQTA_OK;
		bad += opened.len != sizeof(key) || memcmp(opened.data, key, sizeof(key)) != 0;
	}
	return bad ? arg : NULL;
}

START_TEST(two_threads)
{
	static char a[] = "a";
	static char b[] = "b";
	pthread_t t[2];
	void *bad = NULL;

	ck_assert_int_eq(pthread_create(&t[0], NULL, seal_many, a), 0);
	ck_assert_int_eq(pthread_create(&t[1], NULL, seal_many, b), 0);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(pthread_join(t[i], &bad), 0);
		ck_assert_ptr_null(bad);
	}
}
END_TEST

/* ---- hashes, random bytes, locked memory ---- */

START_TEST(hashes)
{
	uint8_t want[HASH_SIZE];
	uint8_t out[HASH_SIZE];
	struct sha256 *h = NULL;

	from_hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", want);
	crypt_sha256("abc", 3, out);
	ck_assert_mem_eq(out, want, HASH_SIZE);
	crypt_sha256_prefixed('a', "b", 1, "c", 1, out);
	ck_assert_mem_eq(out, want, HASH_SIZE);
	crypt_sha256_prefixed('a', "bc", 2, NULL, 0, out);
	ck_assert_mem_eq(out, want, HASH_SIZE);
	ck_assert_int_eq(sha256_new(&h, NULL), SAQTA_OK);
	sha256_add(h, "a", 1);
	sha256_add(h, NULL, 0);
	sha256_add(h, "bc", 2);
	sha256_end(h, out);
	ck_assert_mem_eq(out, want, HASH_SIZE);
	from_hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", want);
	crypt_sha256(NULL, 0, out);
	ck_assert_mem_eq(out, want, HASH_SIZE);
	/* RFC 6962: the empty leaf */
	from_hex("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", want);
	crypt_sha256_prefixed(0, NULL, 0, NULL, 0, out);
	ck_assert_mem_eq(out, want, HASH_SIZE);
}
END_TEST

START_TEST(equal_and_wipe)
{
	uint8_t a[33];
	uint8_t b[33];

	memset(a, 5, sizeof(a));
	memcpy(b, a, sizeof(b));
	ck_assert(crypt_equal(a, b, sizeof(a)));
	ck_assert(crypt_equal(a, b, 0));
	for (size_t i = 0; i < sizeof(a); i++) {
		b[i] ^= 0x10;
		ck_assert(!crypt_equal(a, b, sizeof(a)));
		b[i] ^= 0x10;
	}
	crypt_wipe(a, sizeof(a));
	for (size_t i = 0; i < sizeof(a); i++)
		ck_assert_uint_eq(a[i], 0);
	crypt_wipe(NULL, 0);
}
END_TEST

START_TEST(random_differs)
{
	static uint8_t drawn[5000][16];
	static uint8_t big[2][9000];
	unsigned ones = 0;

	crypt_random(drawn[0], 0);
	for (size_t i = 0; i < 5000; i++)
		crypt_random(drawn[i], sizeof(drawn[i]));
	qsort(drawn, 5000, sizeof(drawn[0]), (int (*)(const void *, const void *))(void (*)(void))memcmp);
	for (size_t i = 1; i < 5000; i++)
		ck_assert_mem_ne(drawn[i - 1], drawn[i], sizeof(drawn[i]));
	for (size_t len = 1; len < sizeof(big[0]); len += 61) {
		memset(big, 0, sizeof(big));
		crypt_random(big[0], len);
		ck_assert_uint_eq(big[0][len], 0);
	}
	crypt_random(big[0], sizeof(big[0]));
	crypt_random(big[1], sizeof(big[1]));
	ck_assert_mem_ne(big[0], big[1], sizeof(big[0]));
	for (size_t i = 0; i < sizeof(big[0]); i++)
		ones += (unsigned)__builtin_popcount(big[0][i]);
	ck_assert_uint_gt(ones, 34000); /* of 72,000: 15 standard deviations */
	ck_assert_uint_lt(ones, 38000);
}
END_TEST

START_TEST(random_differs_after_fork)
{
	uint8_t mine[32];
	uint8_t child[32];
	int status;
	int fd[2];
	pid_t pid;

	crypt_random(mine, sizeof(mine)); /* the pool is full now */
	ck_assert_int_eq(pipe(fd), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		crypt_random(child, sizeof(child));
		_exit(write(fd[1], child, sizeof(child)) == (ssize_t)sizeof(child) ? 0 : 1);
	}
	crypt_random(mine, sizeof(mine));
	ck_assert_int_eq(read(fd[0], child, sizeof(child)), sizeof(child));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_mem_ne(mine, child, sizeof(mine));
}
END_TEST

START_TEST(secrets_run_out)
{
	static struct secret *held[2048];
	static const uint8_t zero[KEY_SIZE];
	struct secret *more = NULL;
	struct saqta_error err = {0};

	for (size_t i = 0; i < 2048; i++) {
		ck_assert_int_eq(secret_new(&held[i], NULL), SAQTA_OK);
		ck_assert_mem_eq(secret_key(held[i]), zero, KEY_SIZE);
		memset(secret_key(held[i]), (int)(i % 255) + 1, KEY_SIZE);
	}
	ck_assert_int_eq(secret_new(&more, &err), SAQTA_ERR_LIMIT);
	ck_assert_ptr_null(more);
	ck_assert_int_gt((int)strlen(err.message), 0);
	for (size_t i = 0; i < 2048; i++)
		ck_assert_uint_eq(secret_key(held[i])[31], i % 255 + 1); /* none overlap */
	held[1000] = secret_free(held[1000]);
	ck_assert_ptr_null(held[1000]);
	ck_assert_int_eq(secret_new(&held[1000], NULL), SAQTA_OK);
	for (size_t i = 0; i < 2048; i++)
		secret_freep(&held[i]);
	ck_assert_ptr_null(secret_free(NULL));
}
END_TEST

START_TEST(freed_secrets_are_zero)
{
	cleanup_(buf_done) struct buf sealed = {0};
	cleanup_(buf_done) struct buf opened = {0};
	static const uint8_t zero[KEY_SIZE];
	struct secret *s = NULL;
	uint8_t copy[KEY_SIZE];
	const uint8_t *where;

	ck_assert_int_eq(secret_new(&s, NULL), SAQTA_OK);
	where = secret_key(s);
	crypt_random(secret_key(s), KEY_SIZE);
	memcpy(copy, where, KEY_SIZE);
	ck_assert_int_eq(crypt_seal(secret_key(s), NULL, 0, "text", 4, &sealed, NULL), SAQTA_OK);
	secret_freep(&s);
	ck_assert_ptr_null(s);
	ck_assert_mem_eq(where, zero, KEY_SIZE); /* the slab stays mapped */
	/* the cipher has forgotten it, and neither takes zeros for it nor minds being given it again */
	must_not_open(zero, "", sealed.data, sealed.len);
	ck_assert_int_eq(crypt_open(copy, NULL, 0, sealed.data, sealed.len, &opened, NULL), SAQTA_OK);
	ck_assert_mem_eq(opened.data, "text", 4);
}
END_TEST

START_TEST(freed_twice_ends_the_process)
{
	struct secret *s = NULL;

	ck_assert_int_eq(secret_new(&s, NULL), SAQTA_OK);
	(void)secret_free(s);
	(void)secret_free(s);
}
END_TEST

/* The sanitizers make mlock an empty call that always succeeds. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MLOCK_IS_REAL 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define MLOCK_IS_REAL 0
#endif
#endif
#ifndef MLOCK_IS_REAL
#define MLOCK_IS_REAL 1
#endif

/** Runs without start(): in a child that may lock nothing. */
START_TEST(no_locked_memory)
{
	struct saqta_error err = {0};
	struct rlimit none = {0, 0};
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		struct secret *s = NULL;

		if (setrlimit(RLIMIT_MEMLOCK, &none) != 0 || (geteuid() == 0 && setuid(65534) != 0))
			_exit(SKIP);
		if (crypt_init(&err) != SAQTA_ERR_CRYPTO || !strstr(err.message, "cannot lock") ||
		    !strstr(err.message, "raise LimitMEMLOCK"))
			_exit(1);
		_exit(secret_new(&s, NULL) == SAQTA_ERR_CRYPTO && !s ? 0 : 2);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_msg(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == SKIP, "%d", WEXITSTATUS(status));
}
END_TEST

START_TEST(init_is_idempotent)
{
	start();
	start();
}
END_TEST

/* ---- */

static Suite *suite(void)
{
	Suite *s = suite_create("crypt");
	TCase *raw = tcase_create("start");
	TCase *tc = tcase_create("crypt");

	if (MLOCK_IS_REAL)
		tcase_add_test(raw, no_locked_memory);
	tcase_add_test(raw, init_is_idempotent);
	suite_add_tcase(s, raw);

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, start, NULL);
	tcase_add_test(tc, wycheproof_gcm_siv);
	tcase_add_test(tc, gcm_siv_other_key_sizes_are_refused);
	tcase_add_test(tc, wycheproof_hmac);
	tcase_add_test(tc, wycheproof_hkdf);
	tcase_add_test(tc, rfc5869);
	tcase_add_test_raise_signal(tc, hkdf_too_long_ends_the_process, SIGABRT);
	tcase_add_test(tc, wycheproof_ed25519);
	tcase_add_test(tc, cctv_never_aborts);
	tcase_add_test(tc, rfc8032);
	tcase_add_test(tc, ed25519_flips_and_foreign_keys);
	tcase_add_test(tc, ed25519_neutral_r);
	tcase_add_test(tc, ed25519_low_order_keys);
	tcase_add_test(tc, argon2_published_are_out_of_bounds);
	tcase_add_test(tc, argon2_within_bounds);
	tcase_add_test(tc, argon2_bounds);
	tcase_add_test(tc, seal_and_open);
	tcase_add_test(tc, seal_is_the_standard_cipher);
	tcase_add_test(tc, every_flip_is_noticed);
	tcase_add_test(tc, full_and_failed_buffers);
	tcase_add_test(tc, two_threads);
	tcase_add_test(tc, hashes);
	tcase_add_test(tc, equal_and_wipe);
	tcase_add_test(tc, random_differs);
	tcase_add_test(tc, random_differs_after_fork);
	tcase_add_test(tc, secrets_run_out);
	tcase_add_test(tc, freed_secrets_are_zero);
	tcase_add_test_raise_signal(tc, freed_twice_ends_the_process, SIGABRT);
	suite_add_tcase(s, tc);
	return s;
}

/** 0 if the vectors are there, else what to exit with. */
static int find_vectors(void)
{
	const char *shared = getenv("SAQTA_SHARED");
	const char *ci = getenv("CI");

	(void)snprintf(vectors, sizeof(vectors), "%s/vectors", shared && *shared ? shared : "../shared");
	if (access(vectors, R_OK | X_OK) == 0)
		return 0;
	printf("SKIP: vectors not found\n");
	return ci && strcmp(ci, "true") == 0 ? EXIT_FAILURE : SKIP;
}

int main(void)
{
	int failed = find_vectors();
	SRunner *runner;

	if (failed)
		return failed;
	runner = srunner_create(suite());
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
