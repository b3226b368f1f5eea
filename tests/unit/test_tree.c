/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/log.h"
#include "vectors.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The tree of RFC 6962, against the vectors of others and against the definition, written down naively. */

static const struct db_table tables[] = {{.name = "entry", .by_number = true, .is_record = true}, {.name = "node", .by_number = true}};
static const struct db_schema schema = {.application_id = 1, .version = 1, .is_audited = true, .tables = tables, .n_tables = 2};
static struct saqta_error err;

#define ok(call) ck_assert_msg((call) == SAQTA_OK, "%s", err.message)
#define PATH(path) ((const uint8_t(*)[HASH_SIZE])(path)) /* C17 adds no const to an array by itself */

/* ---- a log in memory ---- */

struct memory {
	struct db *db;
	struct audit_log *log;
};

static void memory_open(struct memory *m)
{
	ok(db_open(NULL, DB_MEMORY, &schema, &m->db, &err));
	ok(audit_log_open(m->db, 0, 1, &m->log, &err));
}

static void memory_close(struct memory *m)
{
	audit_log_close(m->log);
	db_close(m->db);
}

static void memory_add(struct memory *m, const void *entry, size_t len)
{
	cleanup_(db_txn_end) struct db_txn txn = DB_TXN_NONE;
	uint64_t index;

	ok(db_txn_begin(&txn, m->db, &err));
	ok(audit_log_append(m->log, &txn, entry, len, &index, &err));
	ck_assert_uint_eq(index, audit_log_size(m->log) - 1);
	ok(db_txn_commit(&txn, &err));
}

/* ---- the definition, RFC 6962 2.1 ---- */

static void naive_root(uint8_t (*leaves)[HASH_SIZE], size_t n, uint8_t ret[HASH_SIZE])
{
	uint8_t left[HASH_SIZE], right[HASH_SIZE];
	size_t k = 1;

	if (n == 0) {
		crypt_sha256("", 0, ret);
		return;
	}
	if (n == 1) {
		memcpy(ret, leaves[0], HASH_SIZE);
		return;
	}
	while (k * 2 < n)
		k *= 2;
	naive_root(leaves, k, left);
	naive_root(leaves + k, n - k, right);
	audit_node_hash(left, right, ret);
}

static void assert_hash(const uint8_t have[HASH_SIZE], const char *want_hex, const char *what, unsigned n)
{
	char hex[2 * HASH_SIZE + 1];

	hex_encode(have, HASH_SIZE, hex);
	ck_assert_msg(strcmp(hex, want_hex) == 0, "%s %u: %s, not %s", what, n, hex, want_hex);
}

/* ---- proofs of others ---- */

#define COLUMNS 7

/* What is not 32 bytes long cannot be handed over: it is refused, as callers' parsers do; but "don't care" stands for a root in some good
 * cases between equal trees, and is padded. */
static bool parse_proof(const char *text, uint8_t ret[AUDIT_PROOF_MAX][HASH_SIZE], unsigned *ret_n)
{
	*ret_n = 0;
	while (*text) {
		size_t len = strcspn(text, ",");

		ck_assert_uint_lt(*ret_n, AUDIT_PROOF_MAX);
		if (len != 2 * HASH_SIZE || !hex_decode(text, len, ret[(*ret_n)++]))
			return false;
		text += len + (text[len] == ',');
	}
	return true;
}

static void parse_hash(const char *hex, uint8_t ret[HASH_SIZE])
{
	memset(ret, 0, HASH_SIZE);
	ck_assert_uint_le(strlen(hex), 2 * HASH_SIZE);
	ck_assert(hex_decode(hex, strlen(hex), ret));
}

static bool proof_holds(bool is_inclusion, char *const column[COLUMNS])
{
	uint8_t a[HASH_SIZE], b[HASH_SIZE], path[AUDIT_PROOF_MAX][HASH_SIZE];
	uint64_t first = strtoull(column[1], NULL, 10), second = strtoull(column[2], NULL, 10);
	unsigned n;

	parse_hash(column[3], a);
	parse_hash(column[4], b);
	if (!parse_proof(column[5], path, &n) ||
	    (is_inclusion && (strlen(column[3]) != 2 * HASH_SIZE || strlen(column[4]) != 2 * HASH_SIZE)))
		return false;
	if (is_inclusion)
		return audit_verify_inclusion(first, second, b, PATH(path), n, a);
	return audit_verify_consistency(first, second, PATH(path), n, a, b);
}

static void check_table(const char *name, bool is_inclusion)
{
	char *text = vectors_read(name, NULL), *save = NULL;
	unsigned good = 0, bad = 0;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *column[COLUMNS];
		bool want;

		if (*line == '#')
			continue;
		for (int i = 0; i < COLUMNS; i++) {
			column[i] = strsep(&line, "\t");
			ck_assert_ptr_nonnull(column[i]);
		}
		want = strcmp(column[COLUMNS - 1], "ok") == 0;
		ck_assert_msg(proof_holds(is_inclusion, column) == want, "%s", column[0]);
		*(want ? &good : &bad) += 1;
	}
	ck_assert_uint_eq(good, 6);
	ck_assert_uint_eq(bad, 92);
	free(text);
}

START_TEST(proofs_of_others_hold_or_fail_as_they_say)
{
	check_table("derived/merkle-inclusion.tsv", true);
	check_table("derived/merkle-consistency.tsv", false);
}
END_TEST

START_TEST(eight_leaves_give_every_node_and_root)
{
	json_t *doc = vectors_json("derived/rfc6962-8-leaves.json");
	json_t *inputs = json_object_get(doc, "leaf_inputs_hex"), *roots = json_object_get(doc, "roots_hex");
	struct memory m;

	memory_open(&m);
	for (unsigned size = 0; size <= 8; size++) {
		struct audit_head head;
		const char *input = json_string_value(json_array_get(inputs, size));
		uint8_t entry[16];

		audit_log_head(m.log, &head);
		ck_assert_uint_eq(head.size, size);
		assert_hash(head.root, json_string_value(json_array_get(roots, size)), "root", size);
		if (size == 8)
			break;
		ck_assert(hex_decode(input, strlen(input), entry));
		memory_add(&m, entry, strlen(input) / 2);
	}
	for (unsigned level = 0; level < 4; level++) {
		json_t *row = json_array_get(json_object_get(doc, "nodes_hex"), level);

		ck_assert_uint_eq(json_array_size(row), 8u >> level);
		for (unsigned i = 0; i < 8u >> level; i++) {
			cleanup_(buf_done) struct buf node = {0};

			ok(db_get_n(m.db, 1, audit_node_index(level, i), &node, &err));
			ck_assert_uint_eq(node.len, HASH_SIZE);
			assert_hash(node.data, json_string_value(json_array_get(row, i)), "node", i);
		}
	}
	memory_close(&m);
	json_decref(doc);
}
END_TEST

/* ---- draft-ietf-plants-merkle-tree-certs: hashes over all that is written about all subtrees of up to 130 leaves ---- */

#define LEAVES 130u

static bool is_subtree(unsigned start, unsigned end)
{
	unsigned width = 1;

	while (width < end - start)
		width *= 2;
	return start % width == 0;
}

static void add_hex(struct sha256 *h, const char *before, const uint8_t hash[HASH_SIZE])
{
	char hex[2 * HASH_SIZE + 1];

	hex_encode(hash, HASH_SIZE, hex);
	sha256_add(h, before, strlen(before));
	sha256_add(h, hex, 2 * HASH_SIZE);
}

static void add_inclusions(struct sha256 *h, struct audit_log *log, unsigned start, unsigned end)
{
	for (unsigned i = start; i < end; i++) {
		uint8_t path[AUDIT_PROOF_MAX][HASH_SIZE];
		char text[48];
		unsigned n;

		ok(audit_log_inclusion(log, i - start, end - start, path, &n, &err));
		sha256_add(h, text, (size_t)snprintf(text, sizeof(text), "%u [%u, %u)", i, start, end));
		for (unsigned k = 0; k < n; k++)
			add_hex(h, " ", path[k]);
		sha256_add(h, "\n", 1);
	}
}

START_TEST(subtrees_and_their_proofs_are_those_of_the_draft)
{
	json_t *doc = vectors_json("derived/mtc-accumulated.json"), *want = json_object_get(doc, "vectors");
	struct memory m[LEAVES + 1]; /* one that begins at each leaf */
	struct sha256 *hashes, *proofs;
	uint8_t have[HASH_SIZE];

	ok(sha256_new(&hashes, &err));
	ok(sha256_new(&proofs, &err));
	for (unsigned start = 0; start <= LEAVES; start++) {
		memory_open(&m[start]);
		for (unsigned i = start; i < LEAVES && is_subtree(start, i + 1); i++)
			memory_add(&m[start], &(uint8_t){(uint8_t)i}, 1);
	}
	for (unsigned end = 0; end <= LEAVES; end++)
		for (unsigned start = 0; start <= end; start++) {
			char text[32];

			if (!is_subtree(start, end))
				continue;
			ok(audit_log_root(m[start].log, end - start, have, &err));
			(void)snprintf(text, sizeof(text), "[%u, %u) ", start, end);
			add_hex(hashes, text, have);
			sha256_add(hashes, "\n", 1);
			add_inclusions(proofs, m[start].log, start, end);
		}
	sha256_end(hashes, have);
	assert_hash(have, vectors_text(want, "TestSubtreeHashVectors"), "hashes", 0);
	sha256_end(proofs, have);
	assert_hash(have, vectors_text(want, "TestSubtreeInclusionProofVectors"), "proofs", 0);
	for (unsigned i = 0; i <= LEAVES; i++)
		memory_close(&m[i]);
	json_decref(doc);
}
END_TEST

/* ---- the definition ---- */

#define ROOTS 1100u
#define PROOFS 130u

static void fill(struct memory *m, uint8_t (*leaves)[HASH_SIZE], unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		char entry[16];
		int len = snprintf(entry, sizeof(entry), "entry %u", i);

		memory_add(m, entry, (size_t)len);
		audit_leaf_hash(entry, (size_t)len, leaves[i]);
	}
}

START_TEST(every_root_up_to_1100_is_the_definitions)
{
	static uint8_t leaves[ROOTS][HASH_SIZE];
	struct memory m;
	uint8_t want[HASH_SIZE], have[HASH_SIZE];

	memory_open(&m);
	fill(&m, leaves, ROOTS);
	for (unsigned size = 0; size <= ROOTS; size++) {
		uint64_t n_nodes = 0;

		naive_root(leaves, size, want);
		ok(audit_log_root(m.log, size, have, &err));
		ck_assert_msg(memcmp(want, have, HASH_SIZE) == 0, "size %u", size);
		for (unsigned level = 0; size >> level; level++)
			n_nodes += size >> level;
		ck_assert_uint_eq(audit_node_count(size), n_nodes);
	}
	memory_close(&m);
}
END_TEST

START_TEST(every_proof_holds_and_none_holds_for_another)
{
	static uint8_t leaves[PROOFS][HASH_SIZE], roots[PROOFS + 1][HASH_SIZE];
	struct memory m;
	uint8_t path[AUDIT_PROOF_MAX][HASH_SIZE];
	unsigned n;

	memory_open(&m);
	fill(&m, leaves, PROOFS);
	for (unsigned size = 0; size <= PROOFS; size++)
		naive_root(leaves, size, roots[size]);
	for (unsigned size = 1; size <= PROOFS; size++)
		for (unsigned i = 0; i < size; i++) {
			ok(audit_log_inclusion(m.log, i, size, path, &n, &err));
			ck_assert(audit_verify_inclusion(i, size, leaves[i], PATH(path), n, roots[size]));
			ck_assert(!audit_verify_inclusion(i, size, leaves[(i + 1) % PROOFS], PATH(path), n, roots[size]));
			ck_assert(size == 1 || !audit_verify_inclusion((i + 1) % size, size, leaves[i], PATH(path), n, roots[size]));
			ok(audit_log_consistency(m.log, i + 1, size, path, &n, &err));
			ck_assert(audit_verify_consistency(i + 1, size, PATH(path), n, roots[i + 1], roots[size]));
			ck_assert(!audit_verify_consistency(i + 1, size, PATH(path), n, roots[i], roots[size]));
			ck_assert(!audit_verify_consistency(i + 1, size, PATH(path), n, roots[i + 1], roots[size - 1]) || i + 1 == size);
		}
	ck_assert_int_eq(audit_log_inclusion(m.log, 0, PROOFS + 1, path, &n, &err), SAQTA_ERR_ARGUMENT);
	ck_assert_int_eq(audit_log_inclusion(m.log, 7, 7, path, &n, &err), SAQTA_ERR_ARGUMENT);
	ck_assert_int_eq(audit_log_consistency(m.log, 0, 7, path, &n, &err), SAQTA_ERR_ARGUMENT);
	ck_assert_int_eq(audit_log_consistency(m.log, 8, 7, path, &n, &err), SAQTA_ERR_ARGUMENT);
	memory_close(&m);
}
END_TEST

/* ---- whole logs of others ---- */

/* The nodes of @level from @first on are the tile. */
static void assert_tile(struct memory *m, unsigned level, unsigned first, const char *name, unsigned width)
{
	size_t len;
	char *tile = vectors_read(name, &len);

	ck_assert_uint_eq(len, (size_t)width * HASH_SIZE);
	for (unsigned i = 0; i < width; i++) {
		cleanup_(buf_done) struct buf node = {0};

		ok(db_get_n(m->db, 1, audit_node_index(level, first + i), &node, &err));
		ck_assert_uint_eq(node.len, HASH_SIZE);
		ck_assert_msg(memcmp(node.data, tile + (size_t)i * HASH_SIZE, HASH_SIZE) == 0, "%s: hash %u", name, i);
	}
	free(tile);
}

static void assert_checkpoint(struct memory *m, const struct audit_signer *signer, unsigned size)
{
	cleanup_(buf_done) struct buf note = {0};
	struct audit_head head = {.size = size}, read;
	char name[64], origin[AUDIT_NAME_MAX + 1], *want;
	size_t len;

	ok(audit_log_root(m->log, size, head.root, &err));
	ok(audit_checkpoint_sign(signer, &head, &note, &err));
	(void)snprintf(name, sizeof(name), "tlog-tiles/log/checkpoint.%u", size);
	want = vectors_read(name, &len);
	ck_assert_uint_eq(note.len, len);
	ck_assert_msg(memcmp(note.data, want, len) == 0, "%s", name);
	ok(audit_checkpoint_open(want, len, &signer->verifier, 1, origin, &read, &err));
	ck_assert_str_eq(origin, signer->verifier.name);
	ck_assert_uint_eq(read.size, size);
	ck_assert_mem_eq(read.root, head.root, HASH_SIZE);
	free(want);
}

#define SAMPLE 15u

START_TEST(the_sample_log_comes_out_byte_for_byte)
{
	static const char seed_text[] = "AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg"; /* a test key that its makers published */
	size_t len, at = 0;
	char *bundle = vectors_read("tlog-tiles/log/tile/entries/000.p/15", &len), name[64];
	uint8_t *seed = base64_decode(seed_text, sizeof(seed_text) - 1, &(size_t){0});
	struct audit_signer signer;
	struct memory m;

	memory_open(&m);
	for (unsigned i = 0; i < SAMPLE; i++) {
		size_t n = (size_t)((uint8_t)bundle[at] << 8 | (uint8_t)bundle[at + 1]);

		ck_assert_uint_le(at + 2 + n, len);
		memory_add(&m, bundle + at + 2, n);
		at += 2 + n;
	}
	ck_assert_uint_eq(at, len);
	ck_assert_ptr_nonnull(seed);
	ok(audit_signer_init(&signer, "example.com/log/testdata", seed + 1, &err));
	for (unsigned size = 0; size <= SAMPLE; size++)
		assert_checkpoint(&m, &signer, size);
	for (unsigned size = 1; size <= SAMPLE; size++) {
		(void)snprintf(name, sizeof(name), "tlog-tiles/log/tile/0/000.p/%u", size);
		assert_tile(&m, 0, 0, name, size);
	}
	memory_close(&m);
	free(bundle);
	free(seed);
}
END_TEST

#define MIRROR "cosignature/witness/mirror/000de184301123b9278c086a7d9f68c9577e83872224c197058fd90784ea9706/"

/* Its entries are not there, only the hashes of its leaves. */
START_TEST(the_mirrors_tiles_give_its_root_and_its_upper_tile)
{
	size_t len[2], note_len;
	char *tiles[2] = {vectors_read(MIRROR "tile/0/000", &len[0]), vectors_read(MIRROR "tile/0/001.p/44", &len[1])};
	char *note = vectors_read(MIRROR "checkpoint", &note_len), *upper = vectors_read(MIRROR "tile/1/000.p/1", NULL);
	struct audit_edge edge = {0};
	struct audit_head head;
	uint8_t root[HASH_SIZE], nodes[65][HASH_SIZE];

	for (int t = 0; t < 2; t++)
		for (size_t i = 0; i < len[t]; i += HASH_SIZE) {
			unsigned n = audit_edge_append(&edge, (const uint8_t *)tiles[t] + i, nodes);

			ck_assert_uint_eq(n, 1 + (unsigned)__builtin_ctzll(edge.size));
			ck_assert(edge.size != 256 || memcmp(nodes[8], upper, HASH_SIZE) == 0);
		}
	audit_edge_root(&edge, root);
	ok(audit_checkpoint_open(note, note_len, NULL, 0, NULL, &head, &err));
	ck_assert_uint_eq(head.size, edge.size);
	ck_assert_mem_eq(head.root, root, HASH_SIZE);
	free(tiles[0]);
	free(tiles[1]);
	free(note);
	free(upper);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tree");
	TCase *t = tcase_create("tree");
	SRunner *runner;
	int failed = vectors_find();

	if (failed)
		return failed;
	if (crypt_init(&err))
		return EXIT_FAILURE;
	tcase_set_timeout(t, 60);
	tcase_add_test(t, proofs_of_others_hold_or_fail_as_they_say);
	tcase_add_test(t, eight_leaves_give_every_node_and_root);
	tcase_add_test(t, subtrees_and_their_proofs_are_those_of_the_draft);
	tcase_add_test(t, every_root_up_to_1100_is_the_definitions);
	tcase_add_test(t, every_proof_holds_and_none_holds_for_another);
	tcase_add_test(t, the_sample_log_comes_out_byte_for_byte);
	tcase_add_test(t, the_mirrors_tiles_give_its_root_and_its_upper_tile);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
