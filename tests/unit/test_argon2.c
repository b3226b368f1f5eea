/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crypt.h"
#include "vectors.h"

#include <check.h>
#include <gcrypt.h>
#include <stdlib.h>
#include <string.h>

/* The Argon2 that stands behind crypt_argon2id. The published vectors have salts and memory below our bounds, so that crypt_argon2id refuses them
 * (test_crypt): they are put to the library itself. */

static uint8_t *unhex(const json_t *object, const char *name, size_t *ret_len)
{
	const char *text = vectors_text(object, name);
	uint8_t *ret = malloc(strlen(text) / 2 + 1);

	*ret_len = strlen(text) / 2;
	ck_assert(ret != NULL && hex_decode(text, strlen(text), ret));
	return ret;
}

static int type_of(const json_t *test)
{
	const char *name = vectors_text(test, "type");

	return strcmp(name, "argon2id") == 0 ? GCRY_KDF_ARGON2ID : strcmp(name, "argon2i") == 0 ? GCRY_KDF_ARGON2I : GCRY_KDF_ARGON2D;
}

struct part {
	const void *data;
	size_t len;
};

static void derive(const json_t *test, struct part password, struct part salt, struct part secret, struct part ad, const char *want_hex)
{
	const unsigned long params[4] = {strlen(vectors_text(test, want_hex)) / 2,
					 (unsigned long)json_integer_value(json_object_get(test, "t")),
					 (unsigned long)json_integer_value(json_object_get(test, "m_kib")),
					 (unsigned long)json_integer_value(json_object_get(test, "p"))};
	size_t len = 0;
	uint8_t *want = unhex(test, want_hex, &len), *got = malloc(len);
	gcry_kdf_hd_t hd;

	ck_assert_ptr_nonnull(got);
	ck_assert(!gcry_kdf_open(&hd, GCRY_KDF_ARGON2, type_of(test), params, 4, password.data, password.len, salt.data, salt.len,
				 secret.data, secret.len, ad.data, ad.len));
	ck_assert(!gcry_kdf_compute(hd, NULL));
	ck_assert(!gcry_kdf_final(hd, len, got));
	gcry_kdf_close(hd);
	ck_assert_mem_eq(got, want, len);
	free(want);
	free(got);
}

START_TEST(rfc9106)
{
	json_t *doc = vectors_json("argon2/argon2.json"), *test;
	int n = 0;
	size_t i;

	json_array_foreach(json_object_get(doc, "kat"), i, test)
	{
		static const char *const names[] = {"password_hex", "salt_hex", "secret_hex", "ad_hex"};
		struct part part[4];
		uint8_t *data[4];

		for (unsigned k = 0; k < 4; k++) {
			data[k] = unhex(test, names[k], &part[k].len);
			part[k].data = data[k];
		}
		derive(test, part[0], part[1], part[2], part[3], "tag_hex");
		for (unsigned k = 0; k < 4; k++)
			free(data[k]);
		n++;
	}
	ck_assert_int_eq(n, 3);
	json_decref(doc);
}
END_TEST

/* Those of version 1.3, which is RFC 9106's; libgcrypt has no other. */
START_TEST(published_hashes)
{
	json_t *doc = vectors_json("argon2/argon2.json"), *test;
	int n = 0;
	size_t i;

	json_array_foreach(json_object_get(doc, "hash"), i, test)
	{
		const char *password = vectors_text(test, "password"), *salt = vectors_text(test, "salt");

		if (json_integer_value(json_object_get(test, "version")) != 0x13)
			continue;
		derive(test, (struct part){password, strlen(password)}, (struct part){salt, strlen(salt)}, (struct part){0},
		       (struct part){0}, "hash_hex");
		n++;
	}
	ck_assert_int_eq(n, 16);
	json_decref(doc);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("argon2");
	TCase *t = tcase_create("argon2");
	SRunner *runner;
	int failed = vectors_find();
	struct saqta_error err = {0};

	if (failed)
		return failed;
	if (crypt_init(&err))
		return EXIT_FAILURE;
	tcase_set_timeout(t, 60);
	tcase_add_test(t, rfc9106);
	tcase_add_test(t, published_hashes);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
