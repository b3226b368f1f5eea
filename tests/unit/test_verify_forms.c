/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/verify.h"
#include "vectors.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The forms that the verifier reads, each with its one spelling, and the vectors of others. */

static struct fault fault;

static struct span text_of(const char *text) { return (struct span){text, strlen(text)}; }

static size_t unhex(const char *hex, uint8_t *ret, size_t max)
{
	size_t n = strlen(hex) / 2;

	ck_assert_uint_le(n, max);
	ck_assert(n == 0 || span_hex(text_of(hex), ret, n));
	return n;
}

/* ---- small forms ---- */

START_TEST(numbers_times_and_base64_have_one_spelling)
{
	static const char *const bad_numbers[] = {"", "00", "01", "-1", "+1", "1 ", "0x1", "9223372036854775808", "99999999999999999999"};
	static const char *const bad_times[] = {"2026-01-01T00:00:00+00:00",	"2026-01-01T00:00:00",	  "2026-01-01 00:00:00Z",
						"2026-13-01T00:00:00Z",		"2026-02-29T00:00:00Z",	  "2026-01-01T24:00:00Z",
						"2026-01-01T00:00:60Z",		"2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00.000000Z",
						"2026-01-01T00:00:00.5000000Z", "0000-01-01T00:00:00Z",	  "2026-01-00T00:00:00Z"};
	static const char *const bad_base64[] = {"", "A", "AA", "AAA", "AA=", "A===", "AB==", "AAB=", "AA==AAAA", "AA\n=", "=AAA", "AA-_"};
	uint8_t bytes[8];
	uint64_t n;
	int64_t us;
	size_t len;

	ck_assert(span_number(text_of("9223372036854775807"), &n) && n == INT64_MAX);
	ck_assert(span_number(text_of("0"), &n) && n == 0);
	for (size_t i = 0; i < sizeof(bad_numbers) / sizeof(*bad_numbers); i++)
		ck_assert_msg(!span_number(text_of(bad_numbers[i]), &n), "%s", bad_numbers[i]);
	ck_assert(span_time(text_of("1970-01-01T00:00:00Z"), &us) && us == 0);
	ck_assert(span_time(text_of("2024-02-29T12:00:00.000001Z"), &us) && us == INT64_C(1709208000000001));
	ck_assert(span_time(text_of("1969-12-31T23:59:59Z"), &us) && us == -1000000);
	ck_assert(span_time(text_of("0001-01-01T00:00:00Z"), &us) && us == INT64_C(-62135596800000000));
	for (size_t i = 0; i < sizeof(bad_times) / sizeof(*bad_times); i++)
		ck_assert_msg(!span_time(text_of(bad_times[i]), &us), "%s", bad_times[i]);
	ck_assert(span_base64(text_of("AAEC/w=="), bytes, sizeof(bytes), &len) && len == 4 && memcmp(bytes, "\0\1\2\377", 4) == 0);
	ck_assert(!span_base64(text_of("AAEC/w=="), bytes, 3, &len));
	for (size_t i = 0; i < sizeof(bad_base64) / sizeof(*bad_base64); i++)
		ck_assert_msg(!span_base64(text_of(bad_base64[i]), bytes, sizeof(bytes), &len), "%s", bad_base64[i]);
}
END_TEST

START_TEST(text_is_utf8_or_refused)
{
	static const char *const good[] = {"",	"a", "\xd2\x9b", "\xe2\x80\x94", "\xed\x9f\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf",
					   "\n"};
	static const char *const bad[] = {"\x80",
					  "\xc0\x80",
					  "\xc1\xbf",
					  "\xe0\x9f\xbf",
					  "\xed\xa0\x80",
					  "\xf0\x8f\xbf\xbf",
					  "\xf4\x90\x80\x80",
					  "\xf5\x80\x80\x80",
					  "\xe2\x80",
					  "\xff",
					  "\t",
					  "\x1f"};

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		ck_assert_msg(span_utf8(text_of(good[i]), "\n"), "%zu", i);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ck_assert_msg(!span_utf8(text_of(bad[i]), "\n"), "%zu", i);
	ck_assert(!span_utf8((struct span){"a\0b", 3}, "\n"));
}
END_TEST

/* ---- entries ---- */

#define TAIL "\"outcome\":\"applied\",\"policy\":0,\"recorded\":\"2026-01-01T00:00:00Z\",\"seq\":7,\"type\":\"a\",\"v\":1}"
#define HEAD "{\"at\":\"2026-01-01T00:00:00Z\","
#define MORE(more) HEAD "\"more\":" more "," TAIL

START_TEST(an_entry_has_one_spelling)
{
	static const struct {
		const char *text;
		bool is_good;
	} cases[] = {
		{HEAD TAIL, true},
		{MORE("{}"), true},
		{MORE("{\"a\":[],\"b\":{\"c\":[1,-2,true,false,\"x\"]}}"), true},
		{MORE("{\"a\":\"\\\"\\\\\\n\\u0000\\u001f\\u0009 \xd2\x9b\"}"), true},
		{HEAD "\"nobody-knows\":1," TAIL, true},
		{"", false},
		{"{}", false},
		{"[]", false},
		{HEAD TAIL "\n", false},
		{" " HEAD TAIL, false},
		{HEAD " " TAIL, false},
		{MORE("{\"b\":1,\"a\":1}"), false},
		{MORE("{\"a\":1,\"a\":1}"), false},
		{MORE("{\"ab\":1,\"a\":1}"), false},
		{MORE("{\"a\" :1}"), false},
		{MORE("{\"a\":1,}"), false},
		{MORE("{\"a\":[1,]}"), false},
		{MORE("{\"a\":[1 ]}"), false},
		{MORE("{\"a\":null}"), false},
		{MORE("{\"a\":1.0}"), false},
		{MORE("{\"a\":1e3}"), false},
		{MORE("{\"a\":01}"), false},
		{MORE("{\"a\":-0}"), false},
		{MORE("{\"a\":+1}"), false},
		{MORE("{\"a\":9223372036854775808}"), false},
		{MORE("{\"a\":\"\\/\"}"), false},
		{MORE("{\"a\":\"\\t\"}"), false},
		{MORE("{\"a\":\"\\u000A\"}"), false},
		{MORE("{\"a\":\"\\u000a\"}"), false},
		{MORE("{\"a\":\"\\u001F\"}"), false},
		{MORE("{\"a\":\"\\u0020\"}"), false},
		{MORE("{\"a\":\"\\u0410\"}"), false},
		{MORE("{\"a\":\"\t\"}"), false},
		{MORE("{\"a\":\"\xff\"}"), false},
		{MORE("{\"\\n\":1}"), false},
		{MORE("{\"a\":truth}"), false},
		{MORE("[]"), false},
		{MORE("{\"a\":[[[[[[[[[[[[1]]]]]]]]]]]]}"), false},
		{MORE("{\"a\":\"x}"), false},
		{"{\"at\":\"2026-01-01T00:00:00+05:00\"," TAIL, false},
		{"{" TAIL, false},
		{HEAD "\"clauses\":[]," TAIL, false},
		{HEAD "\"clauses\":[1]," TAIL, false},
		{HEAD "\"clauses\":[\"a/1\"]," TAIL, true},
		{HEAD "\"input\":\"00\"," TAIL, false},
		{HEAD "\"due\":\"soon\"," TAIL, false},
		{HEAD "\"actor\":7," TAIL, false},
	};
	struct entry e;

	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *why = entry_scan(text_of(cases[i].text), &e);

		ck_assert_msg((why == NULL) == cases[i].is_good, "%s: %s", cases[i].text, why ? why : "taken");
		if (why)
			continue;
		ck_assert_uint_eq(e.seq, 7);
		ck_assert_str_eq(e.type, "a");
	}
}
END_TEST

START_TEST(members_are_found_where_they_stand)
{
	static const char text[] = MORE("{\"a\":{\"b\":\"no\",\"c\":5},\"b\":\"yes\",\"d\":\"\\n\"}");
	struct span value, plain;
	struct entry e;

	ck_assert_ptr_null(entry_scan(text_of(text), &e));
	ck_assert(json_plain(json_member(e.more, "b"), &plain) && span_is(plain, "yes"));
	value = json_member(json_member(e.more, "a"), "c");
	ck_assert(span_is(value, "5"));
	ck_assert_ptr_null(json_member(e.more, "c").at);
	ck_assert_ptr_null(json_member(value, "c").at);
	ck_assert_ptr_null(json_member((struct span){0}, "c").at);
	ck_assert(!json_plain(json_member(e.more, "d"), &plain));
	ck_assert(!json_plain(json_member(e.more, "missing"), &plain));
}
END_TEST

/* No cut of an entry is one, and none is read beyond its end: each stands in memory of exactly its size. */
START_TEST(a_cut_entry_is_refused)
{
	static const char text[] = MORE("{\"a\":[1,\"\\u0000\",true],\"b\":{\"c\":\"\xd2\x9b\"}}");
	struct entry e;

	for (size_t len = 0; len < strlen(text); len++) {
		char *copy = malloc(len + (len == 0));

		ck_assert_ptr_nonnull(copy);
		memcpy(copy, text, len);
		ck_assert_ptr_nonnull(entry_scan((struct span){copy, len}, &e));
		free(copy);
	}
}
END_TEST

/* ---- policies of witnesses ---- */

START_TEST(a_policy_of_witnesses_is_read_or_refused)
{
	json_t *doc = vectors_json("cosignature/witness/witness.v0.json"), *other = vectors_json("cosignature/witness2/witness.v0.json");
	const char *a = json_string_value(json_array_get(json_object_get(doc, "verifier_keys"), 0));
	const char *b = json_string_value(json_array_get(json_object_get(other, "verifier_keys"), 0));
	static struct witness_policy policy;
	static const struct {
		const char *text; /* A and B stand for the keys */
		bool is_good;
	} cases[] = {
		{"quorum none\n", true},
		{"# words words\n\n  \t\nquorum none\n", true},
		{"witness a A\nquorum a\n", true},
		{"\twitness  a\tA https://a.example/\nquorum a\n", true},
		{"witness a A\nwitness b B\ngroup g all a b\nquorum g\n", true},
		{"witness a A\nwitness b B\ngroup g 2 a b\nquorum g\n", true},
		{"witness a A\nwitness b B\ngroup g any b\ngroup h all a g\nquorum h\n", true},
		{"", false},
		{"quorum none", false},
		{"quorum none\nquorum none\n", false},
		{"quorum a\nwitness a A\n", false},
		{"witness none A\nquorum none\n", false},
		{"witness a A\nwitness a B\nquorum a\n", false},
		{"witness a A\nwitness b A\nquorum a\n", false},
		{"log A\nquorum none\n", false},
		{"witness a\nquorum none\n", false},
		{"witness a A\ngroup g 0 a\nquorum g\n", false},
		{"witness a A\ngroup g 2 a\nquorum g\n", false},
		{"witness a A\ngroup g 01 a\nquorum g\n", false},
		{"witness a A\ngroup g all a a\nquorum g\n", false},
		{"witness a A\ngroup g all\nquorum a\n", false},
		{"witness a A\ngroup g all a\ngroup h all a\nquorum g\n", false},
		{"group g all g\nquorum g\n", false},
		{"witness a A\r\nquorum a\n", false},
		{"else\nquorum none\n", false},
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[2048];
		size_t len = 0;
		enum verdict v;

		for (const char *c = cases[i].text; *c; c++) {
			const char *key = *c == 'A' ? a : *c == 'B' ? b : NULL;

			len += (size_t)snprintf(text + len, sizeof(text) - len, "%.*s", key ? 400 : 1, key ? key : c);
		}
		v = witness_policy_parse((struct span){text, len}, &policy, &fault);
		ck_assert_msg(v == (cases[i].is_good ? VERDICT_HOLDS : VERDICT_CONFIG), "case %u: %s", i, fault.text);
	}
	json_decref(doc);
	json_decref(other);
}
END_TEST

/* ---- the vectors of others ---- */

START_TEST(wycheproof_and_cctv_signatures)
{
	json_t *doc = vectors_json("wycheproof/ed25519_test.json"), *group, *test;
	uint8_t key[KEY_SIZE], sig[1024], msg[4096];
	unsigned n = 0;
	size_t i, k;

	verify_crypt_init();
	json_array_foreach(json_object_get(doc, "testGroups"), i, group)
	{
		ck_assert_uint_eq(unhex(vectors_text(json_object_get(group, "publicKey"), "pk"), key, sizeof(key)), KEY_SIZE);
		json_array_foreach(json_object_get(group, "tests"), k, test)
		{
			size_t sig_len = unhex(vectors_text(test, "sig"), sig, sizeof(sig));
			size_t len = unhex(vectors_text(test, "msg"), msg, sizeof(msg));
			bool holds = sig_len == SIGNATURE_SIZE && verify_ed25519(key, msg, len, sig);

			ck_assert_msg(holds == (strcmp(vectors_text(test, "result"), "valid") == 0), "%lld",
				      (long long)json_integer_value(json_object_get(test, "tcId")));
			n++;
		}
	}
	ck_assert_uint_eq(n, 151);
	json_decref(doc);
	/* Points of low order: the library must not be asked, since it ends the process. */
	doc = vectors_json("ed25519-cctv/ed25519vectors.json");
	json_array_foreach(doc, i, test)
	{
		const char *text = vectors_text(test, "msg");
		json_t *flag;
		bool is_bad = false;

		(void)unhex(vectors_text(test, "key"), key, sizeof(key));
		(void)unhex(vectors_text(test, "sig"), sig, sizeof(sig));
		json_array_foreach(json_object_get(test, "flags"), k, flag) is_bad |=
			strcmp(json_string_value(flag), "low_order_A") == 0 || strcmp(json_string_value(flag), "non_canonical_A") == 0;
		ck_assert_msg(verify_key_ok(key) == !is_bad, "%zu", i);
		ck_assert(!verify_ed25519(key, text, strlen(text), sig) || !is_bad);
	}
	ck_assert_uint_eq(i, 914);
	json_decref(doc);
}
END_TEST

static bool inclusion_holds(char *line)
{
	uint8_t path[PATH_MAX_HASHES][HASH_SIZE], leaf[HASH_SIZE], element[256];
	char *column[7], *item;
	struct head head;
	uint64_t index;
	size_t n = 0;

	for (int i = 0; i < 7; i++) {
		column[i] = strsep(&line, "\t");
		ck_assert_ptr_nonnull(column[i]);
	}
	if (!span_number(text_of(column[1]), &index) || !span_number(text_of(column[2]), &head.size) ||
	    !span_hex(text_of(column[3]), head.root, HASH_SIZE) || !span_hex(text_of(column[4]), leaf, HASH_SIZE))
		return false;
	while ((item = *column[5] ? strsep(&column[5], ",") : NULL) != NULL && n < PATH_MAX_HASHES) {
		if (strlen(item) != 2 * HASH_SIZE || unhex(item, element, sizeof(element)) != HASH_SIZE)
			return false;
		memcpy(path[n++], element, HASH_SIZE);
		if (!column[5])
			break;
	}
	return path_holds(index, &head, leaf, (const uint8_t(*)[HASH_SIZE])path, n);
}

START_TEST(inclusion_proofs_of_others)
{
	char *text = vectors_read("derived/merkle-inclusion.tsv", NULL), *save = NULL;
	unsigned good = 0, bad = 0;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		bool want = strcmp(strrchr(line, '\t') + 1, "ok") == 0;

		if (*line == '#')
			continue;
		ck_assert_msg(inclusion_holds(line) == want, "%s", line);
		*(want ? &good : &bad) += 1;
	}
	ck_assert_uint_eq(good, 6);
	ck_assert_uint_eq(bad, 92);
	free(text);
}
END_TEST

/* A log of 15 entries, at each of its sizes: its tiles, its bundles, its heads. */
START_TEST(a_log_of_others_comes_to_each_of_its_heads)
{
	static const char vkey[] = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";
	const struct pass_calls calls = {0};
	char path[4096];
	struct key key;
	int dir;

	verify_crypt_init();
	ck_assert(key_parse(text_of(vkey), &key));
	(void)snprintf(path, sizeof(path), "%s/vectors/tlog-tiles/log", getenv("SAQTA_SHARED") ? getenv("SAQTA_SHARED") : "../shared");
	dir = open(path, O_RDONLY | O_DIRECTORY);
	ck_assert_int_ge(dir, 0);
	for (unsigned size = 0; size <= 15; size++) {
		char name[64], *text;
		struct checkpoint checkpoint;
		struct head head;
		struct note note;
		size_t len;

		(void)snprintf(name, sizeof(name), "tlog-tiles/log/checkpoint.%u", size);
		text = vectors_read(name, &len);
		ck_assert_ptr_null(note_parse((struct span){text, len}, &note));
		ck_assert_int_eq(note_seal(&note, &key, NULL), SEAL_HOLDS);
		ck_assert_ptr_null(checkpoint_parse(note.text, &checkpoint));
		ck_assert_uint_eq(checkpoint.head.size, size);
		ck_assert_msg(tiles_pass(dir, size, &calls, &head, &fault) == VERDICT_HOLDS, "%s: %s", fault.file, fault.text);
		ck_assert_uint_eq(head.size, size);
		ck_assert_int_eq(memcmp(head.root, checkpoint.head.root, HASH_SIZE), 0);
		free(text);
	}
	(void)close(dir);
}
END_TEST

/* Checkpoints of others with their witnesses' signatures, and the tiles that one of them stands for. */
START_TEST(cosignatures_and_tiles_of_others)
{
#define LOG "000de184301123b9278c086a7d9f68c9577e83872224c197058fd90784ea9706/"
	static const char *const cases[][2] = {
		{"cosignature/witness/witness.v0.json", "cosignature/witness/" LOG "checkpoint"},
		{"cosignature/witness2/witness.v0.json",
		 "cosignature/witness2/88ad7a28caeb0b2aa890fdf0304c2fcaf59fca2ee140134ff8c1300bac493482/checkpoint"},
		{"cosignature/witness/mirror/mirror.v0.json", "cosignature/witness/mirror/" LOG "checkpoint"},
	};
	struct checkpoint checkpoint;
	struct edge edge = {0};
	uint8_t root[HASH_SIZE];

	verify_crypt_init();
	for (unsigned i = 0; i < 3; i++) {
		json_t *doc = vectors_json(cases[i][0]);
		size_t len;
		char *text = vectors_read(cases[i][1], &len);
		uint64_t time_s;
		struct note note;
		struct key key;

		ck_assert(key_parse(text_of(json_string_value(json_array_get(json_object_get(doc, "verifier_keys"), 0))), &key));
		ck_assert_int_eq(key.type, KEY_COSIGNATURE);
		ck_assert_ptr_null(note_parse((struct span){text, len}, &note));
		ck_assert_int_eq(note_seal(&note, &key, &time_s), SEAL_HOLDS);
		ck_assert_uint_eq(time_s, 1767139200);
		ck_assert_ptr_null(checkpoint_parse(note.text, &checkpoint));
		text[0]++; /* of the origin, which is signed */
		ck_assert_int_eq(note_seal(&note, &key, &time_s), SEAL_BAD);
		free(text);
		json_decref(doc);
	}
	for (unsigned i = 0; i < 2; i++) {
		size_t len;
		char *tile = vectors_read(
			i ? "cosignature/witness/mirror/" LOG "tile/0/001.p/44" : "cosignature/witness/mirror/" LOG "tile/0/000", &len);

		for (size_t at = 0; at < len; at += HASH_SIZE)
			edge_append(&edge, (const uint8_t *)tile + at, NULL, NULL);
		free(tile);
	}
	ck_assert_uint_eq(edge.size, 300);
	edge_root(&edge, root);
	ck_assert_int_eq(memcmp(root, checkpoint.head.root, HASH_SIZE), 0);
}
END_TEST

START_TEST(keys_and_notes_of_others)
{
	json_t *doc = vectors_json("note/x-mod-note.json"), *item;
	struct key key;
	size_t i;

	verify_crypt_init();
	json_array_foreach(json_object_get(doc, "vkey_good"), i, item) ck_assert(key_parse(text_of(json_string_value(item)), &key));
	ck_assert_uint_eq(i, 2);
	json_array_foreach(json_object_get(doc, "vkey_bad"), i, item) ck_assert(!key_parse(text_of(json_string_value(item)), &key));
	ck_assert_uint_eq(i, 2);
	json_decref(doc);
}
END_TEST

START_TEST(paths_of_tiles_are_those_of_the_specification)
{
	static const struct {
		unsigned level;
		uint64_t n;
		unsigned width;
		const char *path;
	} cases[] = {
		{0, 0, TILE_WIDTH, "tile/0/000"},
		{0, 273, 112, "tile/0/273.p/112"},
		{1, 1234067, TILE_WIDTH, "tile/1/x001/x234/067"},
		{TILE_ENTRIES, 1000, 1, "tile/entries/x001/000.p/1"},
		{7, INT64_MAX / TILE_WIDTH, 255, "tile/7/x036/x028/x797/x018/x963/967.p/255"},
	};
	char path[TILE_PATH_SIZE];

	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		tile_name(cases[i].level, cases[i].n, cases[i].width, path);
		ck_assert_str_eq(path, cases[i].path);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verify_forms");
	TCase *t = tcase_create("verify_forms");
	SRunner *runner;
	int failed = vectors_find();

	if (failed)
		return failed;
	tcase_set_timeout(t, 120);
	tcase_add_test(t, numbers_times_and_base64_have_one_spelling);
	tcase_add_test(t, text_is_utf8_or_refused);
	tcase_add_test(t, an_entry_has_one_spelling);
	tcase_add_test(t, members_are_found_where_they_stand);
	tcase_add_test(t, a_cut_entry_is_refused);
	tcase_add_test(t, a_policy_of_witnesses_is_read_or_refused);
	tcase_add_test(t, wycheproof_and_cctv_signatures);
	tcase_add_test(t, inclusion_proofs_of_others);
	tcase_add_test(t, a_log_of_others_comes_to_each_of_its_heads);
	tcase_add_test(t, cosignatures_and_tiles_of_others);
	tcase_add_test(t, keys_and_notes_of_others);
	tcase_add_test(t, paths_of_tiles_are_those_of_the_specification);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
