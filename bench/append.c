/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/log.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What the tree costs: durable appends to the log, so many a commit, beside plain SQLite inserts of the same bytes into one table with the same
 * settings (WAL, synchronous=FULL, secure_delete), in turns within one run; then verification, and the size of proofs.
 * Usage: append [FOLDER], a folder on the disk to be measured (default the present one). */

#define ENTRY_SIZE 330u /* as the entries of the main job have on average */
#define ROUNDS 3
#define VERIFIED 1000000u

static const struct db_table tables[] = {{.name = "entry", .by_number = true, .is_record = true}, {.name = "node", .by_number = true}};
static const struct db_schema schema = {.application_id = 1, .version = 1, .is_audited = true, .tables = tables, .n_tables = 2};

static double now_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(enum saqta_status r, const struct saqta_error *err)
{
	if (!r)
		return;
	(void)fprintf(stderr, "append: %s\n", err->message);
	exit(1);
}

static void must_sqlite(sqlite3 *db, int rc)
{
	if (rc == SQLITE_OK || rc == SQLITE_DONE)
		return;
	(void)fprintf(stderr, "append: %s\n", sqlite3_errmsg(db));
	exit(1);
}

static void drop(const char *path)
{
	static const char *const ends[] = {"", "-wal", "-shm"};
	char name[512];

	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		(void)unlink(name);
	}
}

/* Different bytes each time, printable. */
static void entry_of(uint64_t n, char ret[ENTRY_SIZE])
{
	uint64_t x = n * 0x9e3779b97f4a7c15u + 1;

	for (size_t i = 0; i < ENTRY_SIZE; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		ret[i] = (char)('a' + x % 26);
	}
}

/* ---- the log ---- */

struct store {
	struct db *db;
	struct audit_log *log;
	sqlite3 *plain;
	sqlite3_stmt *insert;
};

static void append(struct store *s, uint64_t from, unsigned n)
{
	cleanup_(db_txn_end) struct db_txn txn = DB_TXN_NONE;
	struct saqta_error err = {0};
	char entry[ENTRY_SIZE];
	uint64_t index;

	must(db_txn_begin(&txn, s->db, &err), &err);
	for (unsigned i = 0; i < n; i++) {
		entry_of(from + i, entry);
		must(audit_log_append(s->log, &txn, entry, sizeof(entry), &index, &err), &err);
	}
	must(db_txn_commit(&txn, &err), &err);
}

static void insert(struct store *s, uint64_t from, unsigned n)
{
	char entry[ENTRY_SIZE];

	must_sqlite(s->plain, sqlite3_exec(s->plain, "BEGIN IMMEDIATE", NULL, NULL, NULL));
	for (unsigned i = 0; i < n; i++) {
		entry_of(from + i, entry);
		must_sqlite(s->plain, sqlite3_bind_int64(s->insert, 1, (sqlite3_int64)(from + i)));
		must_sqlite(s->plain, sqlite3_bind_blob(s->insert, 2, entry, sizeof(entry), SQLITE_STATIC));
		must_sqlite(s->plain, sqlite3_step(s->insert));
		must_sqlite(s->plain, sqlite3_reset(s->insert));
	}
	must_sqlite(s->plain, sqlite3_exec(s->plain, "COMMIT", NULL, NULL, NULL));
}

static void open_both(struct store *s, const char *log_path, const char *plain_path)
{
	struct saqta_error err = {0};

	drop(log_path);
	drop(plain_path);
	must(db_open(log_path, DB_CREATE, &schema, &s->db, &err), &err);
	must(audit_log_open(s->db, 0, 1, &s->log, &err), &err);
	must_sqlite(s->plain, sqlite3_open(plain_path, &s->plain));
	must_sqlite(s->plain, sqlite3_exec(s->plain,
					   "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;"
					   "CREATE TABLE entry (n INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT",
					   NULL, NULL, NULL));
	must_sqlite(s->plain, sqlite3_prepare_v2(s->plain, "INSERT INTO entry VALUES (?1, ?2)", -1, &s->insert, NULL));
}

static void close_both(struct store *s, const char *log_path, const char *plain_path)
{
	s->log = audit_log_close(s->log);
	s->db = db_close(s->db);
	(void)sqlite3_finalize(s->insert);
	(void)sqlite3_close(s->plain);
	drop(log_path);
	drop(plain_path);
}

static double rate(void (*add)(struct store *, uint64_t, unsigned), struct store *s, uint64_t *from, unsigned batch, unsigned commits)
{
	double began = now_s();

	for (unsigned i = 0; i < commits; i++, *from += batch)
		add(s, *from, batch);
	return (double)batch * commits / (now_s() - began);
}

static void measure_appends(const char *log_path, const char *plain_path)
{
	static const struct {
		unsigned batch, commits;
	} runs[] = {{1, 1000}, {16, 1000}, {256, 400}, {1000, 100}};

	(void)printf("%-12s %14s %14s %8s\n", "a commit", "log, 1/s", "plain, 1/s", "ratio");
	for (size_t r = 0; r < sizeof(runs) / sizeof(*runs); r++) {
		struct store s = {0};
		double log = 0, plain = 0;
		uint64_t at_log = 0, at_plain = 0;

		open_both(&s, log_path, plain_path);
		for (unsigned i = 0; i < ROUNDS; i++) { /* in turns; the best of each */
			double l = rate(append, &s, &at_log, runs[r].batch, runs[r].commits);
			double p = rate(insert, &s, &at_plain, runs[r].batch, runs[r].commits);

			log = l > log ? l : log;
			plain = p > plain ? p : plain;
		}
		(void)printf("%-12u %14.0f %14.0f %8.2f\n", runs[r].batch, log, plain, log / plain);
		close_both(&s, log_path, plain_path);
	}
}

/* ---- verification and proofs ---- */

static void measure_verification(const char *log_path, const char *plain_path)
{
	struct store s = {0};
	struct saqta_error err = {0};
	struct audit_head head;
	char entry[ENTRY_SIZE];
	uint8_t path[AUDIT_PROOF_MAX][HASH_SIZE], root[HASH_SIZE];
	double began, took, hashing;
	unsigned n = 0;

	open_both(&s, log_path, plain_path);
	for (uint64_t i = 0; i < VERIFIED; i += 10000)
		append(&s, i, 10000);
	began = now_s();
	must(audit_log_verify(s.log, NULL, NULL, &head, &err), &err);
	took = now_s() - began;
	/* Beside it, what cannot be saved: one SHA-256 of each entry. */
	entry_of(0, entry);
	began = now_s();
	for (uint64_t i = 0; i < VERIFIED; i++) {
		memcpy(entry, &i, sizeof(i));
		audit_leaf_hash(entry, sizeof(entry), root);
	}
	hashing = now_s() - began;
	(void)printf("verified %llu entries in %.2f s: %.0f/s on one core; hashing them once, from memory: %.2f s, ratio %.2f\n",
		     (unsigned long long)head.size, took, (double)head.size / took, hashing, hashing / took);
	began = now_s();
	for (unsigned i = 0; i < 10000; i++)
		must(audit_log_inclusion(s.log, (uint64_t)i * 97 % head.size, head.size, path, &n, &err), &err);
	(void)printf("proof of an entry among %llu: %u hashes, %u bytes; %.0f proofs/s\n", (unsigned long long)head.size, n, n * HASH_SIZE,
		     10000 / (now_s() - began));
	must(audit_log_consistency(s.log, head.size / 3, head.size, path, &n, &err), &err);
	(void)printf("proof from %llu entries to %llu: %u hashes, %u bytes\n", (unsigned long long)head.size / 3,
		     (unsigned long long)head.size, n, n * HASH_SIZE);
	close_both(&s, log_path, plain_path);
}

int main(int argc, char **argv)
{
	const char *folder = argc > 1 ? argv[1] : ".";
	char log_path[480], plain_path[480];
	struct saqta_error err = {0};

	(void)snprintf(log_path, sizeof(log_path), "%s/bench-log.db", folder);
	(void)snprintf(plain_path, sizeof(plain_path), "%s/bench-plain.db", folder);
	must(crypt_init(&err), &err);
	measure_appends(log_path, plain_path);
	measure_verification(log_path, plain_path);
	return 0;
}
