/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/log.h"
#include "vectors.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Signed notes, checkpoints and cosignatures, against the vectors of others and against every flipped bit. */

static struct saqta_error err;

#define ok(call) ck_assert_msg((call) == SAQTA_OK, "%s", err.message)
#define KEYS_MAX 4

static void parse_key(const char *vkey, struct audit_verifier *ret)
{
	cleanup_(buf_done) struct buf again = {0};

	ck_assert_msg(audit_vkey_parse(vkey, strlen(vkey), ret), "%s", vkey);
	audit_vkey_format(ret, &again);
	ck_assert_str_eq((const char *)again.data, vkey);
}

/* "PRIVATE+KEY+<name>+<8 hex>+<base64(0x01 || seed)>"; @ret_key is freed by the caller and must outlive the signer. */
static void parse_signer(const char *text, struct audit_signer *ret, uint8_t **ret_key)
{
	static const char head[] = "PRIVATE+KEY+";
	char name[AUDIT_NAME_MAX + 1], hex[9];
	size_t len, key_len;

	ck_assert(strncmp(text, head, sizeof(head) - 1) == 0);
	text += sizeof(head) - 1;
	len = strcspn(text, "+");
	(void)snprintf(name, sizeof(name), "%.*s", (int)len, text);
	text += len + 1;
	*ret_key = base64_decode(text + 9, strlen(text + 9), &key_len);
	ck_assert(*ret_key && key_len == 1 + ED25519_SEED_SIZE && (*ret_key)[0] == AUDIT_ED25519);
	ok(audit_signer_init(ret, name, *ret_key + 1, &err));
	hex_encode(ret->verifier.key_id, 4, hex);
	ck_assert_int_eq(strncmp(hex, text, 8), 0);
}

START_TEST(keys_of_others_are_read_or_refused)
{
	static const char *const bad[] = {
		"",
		"name",
		"name+",
		"+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
		"example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
		"example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
		"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2",
		"example com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
		"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n",
	};
	json_t *doc = vectors_json("note/x-mod-note.json"), *item;
	struct audit_verifier v;
	size_t i;

	json_array_foreach(json_object_get(doc, "vkey_good"), i, item) parse_key(json_string_value(item), &v);
	ck_assert_uint_eq(i, 2);
	json_array_foreach(json_object_get(doc, "vkey_bad"), i, item)
		ck_assert(!audit_vkey_parse(json_string_value(item), json_string_length(item), &v));
	ck_assert_uint_eq(i, 2);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ck_assert_msg(!audit_vkey_parse(bad[i], strlen(bad[i]), &v), "%s", bad[i]);
	json_decref(doc);
}
END_TEST

START_TEST(a_signature_comes_out_byte_for_byte)
{
	cleanup_(buf_done) struct buf note = {0};
	json_t *doc = vectors_json("note/x-mod-note.json"), *sign = json_object_get(doc, "sign");
	const char *text = vectors_text(sign, "text");
	struct audit_signer signer;
	uint8_t *key;

	parse_signer(vectors_text(doc, "signer_test_key"), &signer, &key);
	ok(audit_note_sign(&signer, text, strlen(text), &note, &err));
	ck_assert_str_eq((const char *)note.data, vectors_text(sign, "note"));
	free(key);
	json_decref(doc);
}
END_TEST

static void check_case(const json_t *test)
{
	cleanup_(buf_done) struct buf note = {0};
	const char *name = vectors_text(test, "name"), *prefix = json_string_value(json_object_get(test, "note_prefix_hex"));
	json_t *keys = json_object_get(test, "vkeys"), *verified = json_object_get(test, "verified"), *item;
	bool want = strcmp(vectors_text(test, "expect"), "ok") == 0;
	struct audit_verifier v[KEYS_MAX];
	struct audit_seal seals[KEYS_MAX];
	unsigned n = 0, held = 0;
	size_t i, text_len;
	enum saqta_status r;

	json_array_foreach(keys, i, item) parse_key(json_string_value(item), &v[n++]);
	if (n == 0) { /* nobody is trusted: somebody else is asked for, as without any verifier a note is only parsed */
		parse_key("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", &v[n++]);
	}
	if (prefix) {
		uint8_t byte;

		ck_assert(strlen(prefix) == 2 && hex_decode(prefix, 2, &byte));
		buf_add(&note, &byte, 1);
	}
	buf_str(&note, vectors_text(test, "note"));
	r = audit_note_open((const char *)note.data, note.len, v, n, &text_len, seals, &err);
	ck_assert_msg(r == (want ? SAQTA_OK : SAQTA_ERR_TAMPERED), "%s: %s", name, r ? err.message : "taken");
	if (!want)
		return;
	for (unsigned k = 0; k < n; k++)
		held += seals[k].holds;
	ck_assert_uint_eq(held, json_array_size(verified));
	ck_assert_int_eq(note.data[text_len - 1], '\n');
	ck_assert_int_eq(note.data[text_len], '\n');
}

START_TEST(notes_of_others_are_opened_or_refused)
{
	json_t *doc = vectors_json("note/x-mod-note.json"), *item;
	size_t i;

	json_array_foreach(json_object_get(doc, "open"), i, item) check_case(item);
	ck_assert_uint_eq(i, 12);
	json_decref(doc);
	doc = vectors_json("note/examples.json");
	json_array_foreach(doc, i, item)
	{
		const char *note = vectors_text(item, "note");
		struct audit_verifier v;
		size_t text_len;

		parse_key(vectors_text(item, "vkey"), &v);
		ok(audit_note_open(note, strlen(note), &v, 1, &text_len, NULL, &err));
	}
	ck_assert_uint_eq(i, 2);
	json_decref(doc);
}
END_TEST

/* ---- witnesses ---- */

START_TEST(cosignatures_of_others_hold_and_bind_their_time)
{
	static const struct {
		const char *key, *note;
		size_t lines;
	} cases[] = {
		{"cosignature/witness/witness.v0.json",
		 "cosignature/witness/000de184301123b9278c086a7d9f68c9577e83872224c197058fd90784ea9706/checkpoint", 2},
		{"cosignature/witness2/witness.v0.json",
		 "cosignature/witness2/88ad7a28caeb0b2aa890fdf0304c2fcaf59fca2ee140134ff8c1300bac493482/checkpoint", 1},
		{"cosignature/witness/mirror/mirror.v0.json",
		 "cosignature/witness/mirror/000de184301123b9278c086a7d9f68c9577e83872224c197058fd90784ea9706/checkpoint", 1},
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		json_t *doc = vectors_json(cases[i].key);
		size_t len, text_len;
		char *note = vectors_read(cases[i].note, &len);
		struct audit_verifier v;
		struct audit_seal seal;
		struct audit_head head;

		parse_key(json_string_value(json_array_get(json_object_get(doc, "verifier_keys"), 0)), &v);
		ck_assert_int_eq(v.type, AUDIT_COSIGNATURE);
		ok(audit_note_open(note, len, &v, 1, &text_len, &seal, &err));
		ck_assert(seal.holds);
		ck_assert_uint_eq(seal.time_s, 1767139200); /* 2025-12-31 */
		ok(audit_checkpoint_open(note, len, &v, 1, NULL, &head, &err));
		ck_assert_uint_eq(head.size, 300);
		v.type = AUDIT_ED25519; /* the same key for a plain signature */
		ck_assert_int_eq(audit_note_open(note, len, &v, 1, &text_len, &seal, &err), SAQTA_ERR_TAMPERED);
		free(note);
		json_decref(doc);
	}
}
END_TEST

/* ---- our own ---- */

static void sign_head(struct audit_signer *signer, struct buf *ret)
{
	static const uint8_t seed[ED25519_SEED_SIZE] = {7};
	struct audit_head head = {.size = 1234567};

	crypt_sha256("x", 1, head.root);
	ok(audit_signer_init(signer, "saqta.local/vault/test", seed, &err));
	ok(audit_checkpoint_sign(signer, &head, ret, &err));
}

START_TEST(no_flipped_bit_cut_or_added_byte_of_a_checkpoint_is_taken)
{
	cleanup_(buf_done) struct buf note = {0}, copy = {0};
	struct audit_signer signer;
	struct audit_head head;

	sign_head(&signer, &note);
	for (size_t i = 0; i < note.len * 8; i++) {
		note.data[i / 8] ^= (uint8_t)(1u << i % 8);
		ck_assert_msg(audit_checkpoint_open((const char *)note.data, note.len, &signer.verifier, 1, NULL, &head, &err) ==
				      SAQTA_ERR_TAMPERED,
			      "bit %zu", i);
		note.data[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	for (size_t i = 0; i <= note.len; i++) {
		if (i < note.len)
			ck_assert_int_eq(audit_checkpoint_open((const char *)note.data, i, &signer.verifier, 1, NULL, &head, &err),
					 SAQTA_ERR_TAMPERED);
		buf_clear(&copy);
		buf_add(&copy, note.data, i);
		buf_str(&copy, "A");
		buf_add(&copy, note.data + i, note.len - i);
		ck_assert_int_eq(audit_checkpoint_open((const char *)copy.data, copy.len, &signer.verifier, 1, NULL, &head, &err),
				 SAQTA_ERR_TAMPERED);
	}
	ok(audit_checkpoint_open((const char *)note.data, note.len, &signer.verifier, 1, NULL, &head, &err));
	ck_assert_uint_eq(head.size, 1234567);
}
END_TEST

START_TEST(only_canonical_checkpoints_are_taken)
{
	static const char root[] = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
	static const struct {
		const char *origin, *size, *rest;
		bool is_good;
	} cases[] = {
		{"saqta.local/vault/test\n", "0\n", "", true},
		{"saqta.local/vault/test\n", "10\n", "extension\n", true},
		{"saqta.local/vault/test\n", "00\n", "", false},
		{"saqta.local/vault/test\n", "010\n", "", false},
		{"saqta.local/vault/test\n", "+1\n", "", false},
		{"saqta.local/vault/test\n", "-1\n", "", false},
		{"saqta.local/vault/test\n", "1 \n", "", false},
		{"saqta.local/vault/test\n", "\n", "", false},
		{"saqta.local/vault/test\n", "99999999999999999999\n", "", false},
		{"\n", "1\n", "", false},
		{"two words\n", "1\n", "", false},
		{"saqta.local/vault/test\n", "1\n", "\n\n", false},
	};
	static const uint8_t seed[ED25519_SEED_SIZE] = {7};
	struct audit_signer signer;

	ok(audit_signer_init(&signer, "saqta.local/vault/test", seed, &err));
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		cleanup_(buf_done) struct buf text = {0}, note = {0};
		struct audit_head head;
		enum saqta_status r;

		buf_fmt(&text, "%s%s%s%s", cases[i].origin, cases[i].size, root, cases[i].rest);
		ok(audit_note_sign(&signer, text.data, text.len, &note, &err));
		r = audit_checkpoint_open((const char *)note.data, note.len, &signer.verifier, 1, NULL, &head, &err);
		ck_assert_msg(r == (cases[i].is_good ? SAQTA_OK : SAQTA_ERR_TAMPERED), "case %u", i);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("note");
	TCase *t = tcase_create("note");
	SRunner *runner;
	int failed = vectors_find();

	if (failed)
		return failed;
	if (crypt_init(&err))
		return EXIT_FAILURE;
	tcase_set_timeout(t, 60);
	tcase_add_test(t, keys_of_others_are_read_or_refused);
	tcase_add_test(t, a_signature_comes_out_byte_for_byte);
	tcase_add_test(t, notes_of_others_are_opened_or_refused);
	tcase_add_test(t, cosignatures_of_others_hold_and_bind_their_time);
	tcase_add_test(t, no_flipped_bit_cut_or_added_byte_of_a_checkpoint_is_taken);
	tcase_add_test(t, only_canonical_checkpoints_are_taken);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
