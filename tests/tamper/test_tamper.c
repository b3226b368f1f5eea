/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/log.h"
#include "place.h"
#include "saqta/audit.h"
#include "vault/vault.h"

#include <check.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Somebody who can write the vault's file, but holds neither its keys nor its guard, changes the log. Whatever he does is seen when the vault is
 * opened or when the log is verified, and the first wrong entry is named.
 *
 * Every byte is changed by the parts that the engine opens and verifies a log with, in its order; every row also by the engine itself. */

#define SMALL 40u
#define LARGE 500u
#define RANDOM_DEFAULT 10000u /* SAQTA_TAMPER_RANDOM */

static struct saqta_error err;
#define ok(call) ck_assert_msg((call) == SAQTA_OK, "%s", err.message)

struct target {
	struct place place;
	char path[160]; /* of the vault's file */
	sqlite3 *sql;	/* his hand */
	sqlite3_stmt *write_entry, *write_node;
	struct db *db;
	struct buf guard;
	struct audit_verifier verifier;
	unsigned n_entries, n_nodes;
};
static struct target small;

static void sql(struct target *t, const char *text)
{
	char *why = NULL;

	ck_assert_msg(sqlite3_exec(t->sql, text, NULL, NULL, &why) == SQLITE_OK, "%s: %s", text, why);
}

static void file_in(const struct target *t, const char *name, char ret[160]) { (void)snprintf(ret, 160, "%s%s", t->place.vault, name); }

static void copy_file(const char *from, const char *to)
{
	cleanup_(buf_done) struct buf data = {0};
	FILE *f;

	ok(audit_guard_read(from, &data, &err));
	f = fopen(to, "wb");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(data.data, 1, data.len, f), data.len);
	ck_assert_int_eq(fclose(f), 0);
}

/* One event makes one entry; entry 0 put the policy in force. */
static void fill(const struct place *p, unsigned n_entries)
{
	saqta_engine *e = place_open(p, NULL);
	struct text lines = {0};
	char line[160];

	for (unsigned i = 0; i + 1 < n_entries; i++) {
		const char *what = i % 2 ? "consent\",\"consents\":[\"processing\"]" : "register\"";
		int len = snprintf(line, sizeof(line), "{\"event\":\"%s,\"subject\":\"u-%u\",\"evidence\":{\"act\":\"form\"}}\n", what,
				   i / 2);

		(void)text_write(&lines, line, (size_t)len);
	}
	place_apply(e, lines.data, NULL);
	text_done(&lines);
	saqta_engine_close(e);
}

static void target_open(struct target *t)
{
	cleanup_(buf_done) struct buf key = {0};
	char path[160];
	uint64_t n = 0;

	file_in(t, "/vault.db", t->path);
	file_in(t, "/log.vkey", path);
	ok(audit_guard_read(path, &key, &err));
	ck_assert(audit_vkey_parse((const char *)key.data, key.len - 1, &t->verifier));
	file_in(t, ".keep/guard", path);
	ok(audit_guard_read(path, &t->guard, &err));
	ck_assert_int_eq(sqlite3_open(t->path, &t->sql), SQLITE_OK);
	sql(t, "PRAGMA synchronous=OFF; PRAGMA temp_store=MEMORY; CREATE TEMP TABLE entry_kept AS SELECT k,v FROM main.entry;"
	       "CREATE TEMP TABLE node_kept AS SELECT k,v FROM main.node");
	ck_assert_int_eq(sqlite3_prepare_v2(t->sql, "UPDATE entry SET v=?1 WHERE k=?2", -1, &t->write_entry, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(t->sql, "UPDATE node SET v=?1 WHERE k=?2", -1, &t->write_node, NULL), SQLITE_OK);
	ok(db_open(t->path, DB_READ_ONLY, &vault_schema, &t->db, &err));
	ok(db_count(t->db, VAULT_ENTRY, &n, &err));
	t->n_entries = (unsigned)n;
	ok(db_count(t->db, VAULT_NODE, &n, &err));
	t->n_nodes = (unsigned)n;
}

static void target_make(struct target *t, unsigned n_entries)
{
	*t = (struct target){0};
	place_make(&t->place);
	place_init(&t->place, "mycar", NULL);
	fill(&t->place, n_entries);
	target_open(t);
	ck_assert_uint_eq(t->n_entries, n_entries);
	ck_assert_uint_eq(t->n_nodes, audit_node_count(n_entries));
}

static void target_done(struct target *t)
{
	db_close(t->db);
	(void)sqlite3_finalize(t->write_entry);
	(void)sqlite3_finalize(t->write_node);
	ck_assert_int_eq(sqlite3_close(t->sql), SQLITE_OK);
	buf_done(&t->guard);
	place_remove(&t->place);
}

/* ---- what the engine sees ---- */

/* As the engine does: open, hold against the guard, verify. */
static enum saqta_status look(struct target *t)
{
	struct audit_log *log = NULL;
	struct audit_head head;
	enum saqta_status r = audit_log_open(t->db, VAULT_ENTRY, VAULT_NODE, &log, &err);

	if (!r)
		r = audit_guard_check(log, &t->guard, &t->verifier, &err);
	if (!r)
		r = audit_log_verify(log, NULL, NULL, &head, &err);
	audit_log_close(log);
	return r;
}

static int no_output(void *user, const char *data, size_t len)
{
	(void)user;
	(void)data;
	(void)len;
	return 0;
}

/* `audit verify` itself. */
static enum saqta_status look_by_engine(struct target *t)
{
	struct saqta_options o = {
		.size = sizeof(o), .vault_dir = t->place.vault, .policy_dirs = t->place.packs, .read_only = true, .wait_s = 5};
	saqta_engine *e = NULL;
	enum saqta_status r = saqta_engine_open(&o, &e, &err);

	if (!r)
		r = saqta_audit_verify(e, NULL, NULL, no_output, NULL, &err);
	saqta_engine_close(e);
	return r;
}

/* The message names the entry, and no other before it. */
static void assert_named(enum saqta_status r, unsigned entry, const char *what, unsigned at)
{
	const char *hit;
	char *end;

	ck_assert_msg(r == SAQTA_ERR_TAMPERED, "%s %u was not seen: %s", what, at, r ? err.message : "all is well");
	hit = strstr(err.message, "entry ");
	ck_assert_msg(hit && strtoul(hit + 6, &end, 10) == entry && end > hit + 6, "%s %u is of entry %u: %s", what, at, entry,
		      err.message);
}

enum depth { BY_PARTS, BY_ENGINE };

static void assert_seen(struct target *t, enum depth depth, unsigned entry, const char *what, unsigned at)
{
	assert_named(look(t), entry, what, at);
	if (depth == BY_ENGINE)
		assert_named(look_by_engine(t), entry, what, at);
}

static unsigned entry_of_node(unsigned node)
{
	unsigned entry = 0;

	while (audit_node_count(entry + 1) <= node)
		entry++;
	return entry;
}

/* ---- single bytes ---- */

static unsigned row_length(struct target *t, char table, unsigned row)
{
	cleanup_(buf_done) struct buf value = {0};

	ok(db_get_n(t->db, table == 'e' ? VAULT_ENTRY : VAULT_NODE, row, &value, &err));
	return (unsigned)value.len;
}

static void write_row(struct target *t, char table, unsigned row, const struct buf *value)
{
	sqlite3_stmt *s = table == 'e' ? t->write_entry : t->write_node;

	(void)sqlite3_bind_blob(s, 1, value->data, (int)value->len, SQLITE_STATIC);
	(void)sqlite3_bind_int64(s, 2, row);
	ck_assert_int_eq(sqlite3_step(s), SQLITE_DONE);
	(void)sqlite3_reset(s);
}

static void flip(struct target *t, char table, unsigned row, unsigned at, enum depth depth)
{
	cleanup_(buf_done) struct buf value = {0};

	ok(db_get_n(t->db, table == 'e' ? VAULT_ENTRY : VAULT_NODE, row, &value, &err));
	value.data[at] ^= (uint8_t)(1u << at % 8);
	write_row(t, table, row, &value);
	assert_seen(t, depth, table == 'e' ? row : entry_of_node(row), table == 'e' ? "entry" : "node", row);
	value.data[at] ^= (uint8_t)(1u << at % 8);
	write_row(t, table, row, &value);
}

START_TEST(every_byte_of_a_small_log)
{
	unsigned n = 0;

	for (unsigned row = 0; row < small.n_entries; row++)
		for (unsigned at = 0, len = row_length(&small, 'e', row); at < len; at++, n++)
			flip(&small, 'e', row, at, BY_PARTS);
	for (unsigned row = 0; row < small.n_nodes; row++)
		for (unsigned at = 0; at < HASH_SIZE; at++, n++)
			flip(&small, 'n', row, at, BY_PARTS);
	ck_assert_int_eq(look(&small), SAQTA_OK);
	printf("%u bytes of %u entries and %u nodes: each seen and named\n", n, small.n_entries, small.n_nodes);
}
END_TEST

START_TEST(every_row_by_the_engine)
{
	for (unsigned row = 0; row < small.n_entries; row++)
		flip(&small, 'e', row, (row * 37) % row_length(&small, 'e', row), BY_ENGINE);
	for (unsigned row = 0; row < small.n_nodes; row++)
		flip(&small, 'n', row, row % HASH_SIZE, BY_ENGINE);
	ck_assert_int_eq(look_by_engine(&small), SAQTA_OK);
}
END_TEST

/* The seed is said, so that a failure can be looked at again. */
START_TEST(random_bytes_of_a_larger_log)
{
	const char *count = getenv("SAQTA_TAMPER_RANDOM"), *seed_text = getenv("SAQTA_TAMPER_SEED");
	unsigned n = count ? (unsigned)strtoul(count, NULL, 10) : RANDOM_DEFAULT;
	unsigned short state[3] = {1, 2, (unsigned short)(seed_text ? strtoul(seed_text, NULL, 10) : 3)};
	struct target t;

	target_make(&t, LARGE);
	for (unsigned i = 0; i < n; i++) {
		unsigned row = (unsigned)nrand48(state) % (t.n_entries + t.n_nodes);
		char table = row < t.n_entries ? 'e' : 'n';

		if (table == 'n')
			row -= t.n_entries;
		flip(&t, table, row, (unsigned)nrand48(state) % row_length(&t, table, row), BY_PARTS);
	}
	ck_assert_int_eq(look(&t), SAQTA_OK);
	printf("%u random bytes of %u entries: each seen and named\n", n, t.n_entries);
	target_done(&t);
}
END_TEST

/* ---- whole rows ---- */

static void put_back(struct target *t)
{
	sql(t, "BEGIN; DELETE FROM entry; DELETE FROM node; INSERT INTO entry SELECT k,v FROM temp.entry_kept;"
	       "INSERT INTO node SELECT k,v FROM temp.node_kept; COMMIT");
}

/* Every so manieth attack on rows is looked at by the engine too, which takes 100 times as long. */
static unsigned engine_step(void)
{
	const char *step = getenv("SAQTA_TAMPER_STEP");

	return step && *step > '0' ? (unsigned)strtoul(step, NULL, 10) : 16;
}

/* He changes; it is seen, and @entry named; what was there is put back. */
static void attack(unsigned entry, const char *what, unsigned at, const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	text = sqlite3_vmprintf(fmt, args);
	va_end(args);
	sql(&small, text);
	sqlite3_free(text);
	assert_seen(&small, at % engine_step() == 0 ? BY_ENGINE : BY_PARTS, entry, what, at);
	put_back(&small);
}

/* Rows from %u on move by one; in two steps, so that no number is there twice in between. */
#define MOVE(table, by) "UPDATE " table " SET k=-1-k WHERE k>%u; UPDATE " table " SET k=-1-k" by " WHERE k<0;"

START_TEST(entries_dropped)
{
	for (unsigned i = 0; i < SMALL; i++) {
		attack(i, "drop", i, "DELETE FROM entry WHERE k=%u", i);
		attack(i, "drop and close the gap", i, "BEGIN; DELETE FROM entry WHERE k=%u;" MOVE("entry", "-1") "COMMIT", i, i);
	}
}
END_TEST

START_TEST(entries_swapped)
{
	for (unsigned i = 0; i < SMALL; i++) {
		unsigned other = (i * 7 + 1) % SMALL;

		if (other == i)
			other = (i + 1) % SMALL;
		attack(i < other ? i : other, "swap", i,
		       "BEGIN; UPDATE entry SET k=-1 WHERE k=%u; UPDATE entry SET k=%u WHERE k=%u; UPDATE entry SET k=%u WHERE k=-1; "
		       "COMMIT",
		       i, i, other, other);
	}
}
END_TEST

START_TEST(entries_repeated)
{
	for (unsigned i = 0; i < SMALL; i++) {
		if (i + 1 < SMALL)
			attack(i + 1, "repeat over the next", i, "UPDATE entry SET v=(SELECT v FROM temp.entry_kept WHERE k=%u) WHERE k=%u",
			       i, i + 1);
		attack(i + 1, "repeat and move the rest", i,
		       "BEGIN;" MOVE("entry", "+1") "INSERT INTO entry SELECT k+1,v FROM temp.entry_kept WHERE k=%u; COMMIT", i, i);
	}
	sql(&small, "INSERT INTO entry SELECT -1,v FROM temp.entry_kept WHERE k=0");
	ck_assert_int_eq(look_by_engine(&small), SAQTA_ERR_TAMPERED);
	ck_assert_ptr_nonnull(strstr(err.message, "entry -1 "));
	put_back(&small);
}
END_TEST

START_TEST(the_tail_cut)
{
	for (unsigned i = 0; i < SMALL; i++) {
		attack(i, "cut", i, "DELETE FROM entry WHERE k>=%u", i);
		attack(i, "cut with its nodes", i, "BEGIN; DELETE FROM entry WHERE k>=%u; DELETE FROM node WHERE k>=%u; COMMIT", i,
		       (unsigned)audit_node_count(i));
		attack(0, "cut with all nodes", i, "BEGIN; DELETE FROM entry WHERE k>=%u; DELETE FROM node; COMMIT", i);
	}
}
END_TEST

START_TEST(nodes_dropped_swapped_and_repeated)
{
	for (unsigned i = 0; i < small.n_nodes; i++) {
		attack(entry_of_node(i), "drop node", i, "DELETE FROM node WHERE k=%u", i);
		if (i + 1 == small.n_nodes)
			continue;
		attack(entry_of_node(i), "swap nodes", i,
		       "BEGIN; UPDATE node SET k=-1 WHERE k=%u; UPDATE node SET k=%u WHERE k=%u; UPDATE node SET k=%u WHERE k=-1; COMMIT",
		       i, i, i + 1, i + 1);
		attack(entry_of_node(i + 1), "repeat node", i, "UPDATE node SET v=(SELECT v FROM temp.node_kept WHERE k=%u) WHERE k=%u", i,
		       i + 1);
	}
	attack(SMALL, "node behind the end", small.n_nodes, "INSERT INTO node VALUES(%u, zeroblob(32))", small.n_nodes);
}
END_TEST

/* Bodies and nodes rewritten together, without the key: only the guard knows better. */
START_TEST(written_anew_from_an_entry_on)
{
	for (unsigned from = 0; from < SMALL; from++) {
		struct audit_edge edge = {0};
		uint8_t leaf[HASH_SIZE], nodes[65][HASH_SIZE];

		for (unsigned i = 0; i < SMALL; i++) {
			cleanup_(buf_done) struct buf body = {0};
			unsigned n, first = (unsigned)audit_node_count(i);

			ok(db_get_n(small.db, VAULT_ENTRY, i, &body, &err));
			if (i == from)
				*strstr((char *)body.data, "applied") = 'A';
			audit_leaf_hash(body.data, body.len, leaf);
			n = audit_edge_append(&edge, leaf, nodes);
			write_row(&small, 'e', i, &body);
			for (unsigned k = 0; k < n; k++)
				write_row(&small, 'n', first + k, &(struct buf){.data = nodes[k], .len = HASH_SIZE});
		}
		ck_assert_int_eq(look_by_engine(&small), SAQTA_ERR_TAMPERED);
		ck_assert_ptr_nonnull(strstr(err.message, "written anew"));
		put_back(&small);
	}
}
END_TEST

/* ---- whole files ---- */

static enum saqta_status open_writer(const struct place *p)
{
	struct saqta_options o = {.size = sizeof(o), .vault_dir = p->vault, .policy_dirs = p->packs, .wait_s = 5};
	saqta_engine *e = NULL;
	enum saqta_status r = saqta_engine_open(&o, &e, &err);

	saqta_engine_close(e);
	return r;
}

#define ONE(name) "{\"event\":\"register\",\"subject\":\"" name "\",\"evidence\":{\"act\":\"form\"}}\n"

static void apply(const struct place *p, const char *lines)
{
	saqta_engine *e = place_open(p, NULL);

	place_apply(e, lines, NULL);
	saqta_engine_close(e);
}

/* An older copy, and a fork of it with the right keys of as many entries and of more: the guard saw another log. */
START_TEST(an_older_copy_and_a_fork)
{
	struct target t = {0};
	char vault[160], guard[160], old_vault[160], old_guard[160], new_guard[160];

	place_make(&t.place);
	place_init(&t.place, "mycar", NULL);
	apply(&t.place, ONE("a") ONE("b"));
	file_in(&t, "/vault.db", vault);
	file_in(&t, ".keep/guard", guard);
	file_in(&t, ".old.db", old_vault);
	file_in(&t, ".old.guard", old_guard);
	file_in(&t, ".new.guard", new_guard);
	copy_file(vault, old_vault);
	copy_file(guard, old_guard);
	apply(&t.place, ONE("c") ONE("d"));
	copy_file(guard, new_guard);

	copy_file(old_vault, vault);
	ck_assert_int_eq(open_writer(&t.place), SAQTA_ERR_TAMPERED);
	ck_assert_ptr_nonnull(strstr(err.message, "rolled back"));
	ck_assert_ptr_nonnull(strstr(err.message, "entry 3 "));
	ck_assert_int_eq(look_by_engine(&t), SAQTA_ERR_TAMPERED);
	for (unsigned more = 0; more < 2; more++) {
		copy_file(old_vault, vault);
		copy_file(old_guard, guard);
		apply(&t.place, more ? ONE("e") ONE("f") ONE("g") : ONE("e") ONE("f"));
		copy_file(new_guard, guard);
		ck_assert_int_eq(open_writer(&t.place), SAQTA_ERR_TAMPERED);
		ck_assert_ptr_nonnull(strstr(err.message, "not the one that the guard saw"));
		ck_assert_ptr_nonnull(strstr(err.message, "written anew"));
	}
	ck_assert_int_eq(unlink(guard), 0);
	ck_assert_int_eq(open_writer(&t.place), SAQTA_ERR_TAMPERED);
	ck_assert_ptr_nonnull(strstr(err.message, "guard is missing"));
	place_remove(&t.place);
}
END_TEST

static void set_up(void) { target_make(&small, SMALL); }
static void tear_down(void) { target_done(&small); }

int main(void)
{
	Suite *suite = suite_create("tamper");
	TCase *t = tcase_create("tamper"), *files = tcase_create("files");
	SRunner *runner;
	int failed;

	if (crypt_init(&err))
		return EXIT_FAILURE;
	tcase_add_unchecked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 3600);
	tcase_add_test(t, every_byte_of_a_small_log);
	tcase_add_test(t, every_row_by_the_engine);
	tcase_add_test(t, entries_dropped);
	tcase_add_test(t, entries_swapped);
	tcase_add_test(t, entries_repeated);
	tcase_add_test(t, the_tail_cut);
	tcase_add_test(t, nodes_dropped_swapped_and_repeated);
	tcase_add_test(t, written_anew_from_an_entry_on);
	tcase_set_timeout(files, 3600);
	tcase_add_test(files, random_bytes_of_a_larger_log);
	tcase_add_test(files, an_older_copy_and_a_fork);
	suite_add_tcase(suite, t);
	suite_add_tcase(suite, files);
	runner = srunner_create(suite);
	srunner_set_fork_status(runner, CK_NOFORK); /* one small vault for all */
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
