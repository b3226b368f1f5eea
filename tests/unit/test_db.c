/* SPDX-License-Identifier: Apache-2.0 */
#include "base/db.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { T_BLOB, T_OTHER, T_NUMBER, T_RECORD, T_COUNT };
static const struct db_table tables[T_COUNT] = {
	[T_BLOB] = {.name = "blob"},
	[T_OTHER] = {.name = "other"},
	[T_NUMBER] = {.name = "number", .by_number = true},
	[T_RECORD] = {.name = "record", .by_number = true, .is_record = true},
};
static const struct db_schema schema = {.application_id = 0x74657374, .version = 3, .tables = tables, .n_tables = T_COUNT};
static const struct db_schema audited = {
	.application_id = 0x74657374, .version = 3, .is_audited = true, .tables = tables, .n_tables = T_COUNT};

static char folder[64], path[128];
static struct saqta_error err;

#define ok(call) ck_assert_msg((call) == SAQTA_OK, "%s", err.message)
#define says(call, wanted, text)                                                       \
	do {                                                                           \
		ck_assert_int_eq((call), (wanted));                                    \
		ck_assert_msg(strstr(err.message, (text)) != NULL, "%s", err.message); \
	} while (0)

static void set_up(void)
{
	(void)snprintf(folder, sizeof(folder), "/tmp/test_db.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/store", folder);
	memset(&err, 0, sizeof(err));
}

static void tear_down(void)
{
	static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
	char name[160];

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		(void)snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		(void)unlink(name);
	}
	(void)rmdir(folder);
}

static struct db *open_as(enum db_mode mode, const struct db_schema *s)
{
	struct db *db = NULL;

	ok(db_open(path, mode, s, &db, &err));
	return db;
}

static void put(struct db *db, unsigned table, const char *key, const char *value)
{
	cleanup_(db_txn_end) struct db_txn txn = DB_TXN_NONE;

	ok(db_txn_begin(&txn, db, &err));
	ok(db_put(&txn, table, key, strlen(key), value, strlen(value), &err));
	ok(db_txn_commit(&txn, &err));
}

static enum saqta_status get(struct db *db, unsigned table, const char *key, struct buf *ret)
{
	buf_clear(ret);
	return db_get(db, table, key, strlen(key), ret, &err);
}

static void holds(struct db *db, const char *key, const char *want)
{
	cleanup_(buf_done) struct buf b = {0};

	ok(get(db, T_BLOB, key, &b));
	ck_assert_uint_eq(b.len, strlen(want));
	ck_assert_int_eq(memcmp(b.data, want, b.len), 0);
}

START_TEST(a_new_store_is_private_and_not_made_twice)
{
	struct db *db = open_as(DB_CREATE, &schema), *second = NULL;
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	ck_assert_str_eq(db_path(db), path);
	ck_assert_uint_gt(db_bytes(db), 0);
	db_close(db);
	says(db_open(path, DB_CREATE, &schema, &second, &err), SAQTA_ERR_CREATE, "cannot be made");
	ck_assert_ptr_null(second);
	ck_assert_ptr_null(db_close(NULL));
}
END_TEST

START_TEST(values_are_kept_replaced_and_deleted)
{
	struct db *db = open_as(DB_CREATE, &schema);
	cleanup_(buf_done) struct buf b = {0};

	put(db, T_BLOB, "a", "one");
	put(db, T_BLOB, "a", "two");
	put(db, T_OTHER, "a", "elsewhere");
	put(db, T_BLOB, "empty", "");
	db_close(db);
	db = open_as(DB_OPEN, &schema);
	holds(db, "a", "two");
	holds(db, "empty", "");
	err.message[0] = 0;
	ck_assert_int_eq(get(db, T_BLOB, "b", &b), SAQTA_ERR_MISSING);
	ck_assert_str_eq(err.message, "");
	cleanup_(db_txn_end) struct db_txn txn = DB_TXN_NONE;

	ok(db_txn_begin(&txn, db, &err));
	ok(db_delete(&txn, T_BLOB, "a", 1, &err));
	ok(db_delete(&txn, T_BLOB, "never there", 11, &err));
	ck_assert_int_eq(get(db, T_BLOB, "a", &b), SAQTA_ERR_MISSING); /* a transaction sees itself */
	ok(db_txn_commit(&txn, &err));
	ok(get(db, T_OTHER, "a", &b));
	db_close(db);
}
END_TEST

START_TEST(keys_are_bytes)
{
	static const uint8_t zero[] = {0, 0, 1}, high[] = {0xff, 0xff};
	struct db *db = open_as(DB_MEMORY, &schema);
	cleanup_(buf_done) struct buf b = {0};
	struct db_txn txn = DB_TXN_NONE;
	uint64_t n = 0;

	ok(db_txn_begin(&txn, db, &err));
	ok(db_put(&txn, T_BLOB, zero, 3, "z", 1, &err));
	ok(db_put(&txn, T_BLOB, zero, 2, "y", 1, &err));
	ok(db_put(&txn, T_BLOB, high, 2, "h", 1, &err));
	ok(db_txn_commit(&txn, &err));
	ok(db_count(db, T_BLOB, &n, &err));
	ck_assert_uint_eq(n, 3);
	ok(db_last(db, T_BLOB, &b, &err));
	ck_assert_uint_eq(b.len, 2);
	ck_assert_int_eq(memcmp(b.data, high, 2), 0);
	buf_clear(&b);
	ck_assert_int_eq(db_last(db, T_OTHER, &b, &err), SAQTA_ERR_MISSING);
	db_close(db);
}
END_TEST

START_TEST(numbers_are_inserted_once)
{
	struct db *db = open_as(DB_MEMORY, &schema);
	cleanup_(buf_done) struct buf b = {0};
	struct db_txn txn = DB_TXN_NONE;
	uint64_t last = 77;

	ck_assert_int_eq(db_last_n(db, T_NUMBER, &last, &err), SAQTA_ERR_MISSING);
	ok(db_txn_begin(&txn, db, &err));
	ok(db_put_n(&txn, T_NUMBER, 0, "zero", 4, &err));
	ok(db_put_n(&txn, T_NUMBER, 41, "x", 1, &err));
	ck_assert_int_eq(db_put_n(&txn, T_NUMBER, 41, "y", 1, &err), SAQTA_ERR_STORE);
	ok(db_txn_commit(&txn, &err));
	ok(db_last_n(db, T_NUMBER, &last, &err));
	ck_assert_uint_eq(last, 41);
	ok(db_get_n(db, T_NUMBER, 41, &b, &err));
	ck_assert_str_eq((const char *)b.data, "x");
	ck_assert_int_eq(db_get_n(db, T_NUMBER, 1, &b, &err), SAQTA_ERR_MISSING);
	db_close(db);
}
END_TEST

START_TEST(a_scan_goes_in_order_and_keeps_to_its_prefix)
{
	static const char *const keys[] = {"a", "ab", "abc", "abd", "b", "ba"};
	struct db *db = open_as(DB_MEMORY, &schema);
	const uint8_t *key, *value;
	size_t key_len, value_len;
	struct db_scan *scan = NULL, *more[6] = {0};
	unsigned n = 0;

	for (size_t i = 6; i-- > 0;)
		put(db, T_BLOB, keys[i], keys[i]);
	ok(db_scan_open(db, T_BLOB, "ab", 2, "ab", 2, &scan, &err));
	while (db_scan_next(scan, &key, &key_len, &value, &value_len, &err) == SAQTA_OK) {
		ck_assert_uint_eq(key_len, strlen(keys[n + 1]));
		ck_assert_int_eq(memcmp(key, keys[n + 1], key_len), 0);
		ck_assert_uint_eq(value_len, key_len);
		n++;
	}
	ck_assert_uint_eq(n, 3);
	db_scan_close(scan);
	/* More at once than statements are kept for. */
	for (int i = 0; i < 6; i++) {
		ok(db_scan_open(db, T_BLOB, keys[i], strlen(keys[i]), "", 0, &more[i], &err));
		ok(db_scan_next(more[i], &key, &key_len, &value, &value_len, &err));
		ck_assert_int_eq(memcmp(key, keys[i], key_len), 0);
	}
	for (int i = 0; i < 6; i++)
		db_scan_closep(&more[i]);
	db_close(db);
}
END_TEST

START_TEST(a_scan_by_number_gives_big_endian_keys)
{
	struct db *db = open_as(DB_MEMORY, &schema);
	struct db_txn txn = DB_TXN_NONE;
	struct db_scan *scan = NULL;
	const uint8_t *key, *value;
	size_t key_len, value_len;

	ok(db_txn_begin(&txn, db, &err));
	for (uint64_t i = 0; i < 300; i++)
		ok(db_put_n(&txn, T_NUMBER, i, "v", 1, &err));
	ok(db_txn_commit(&txn, &err));
	ok(db_scan_open_n(db, T_NUMBER, 258, &scan, &err));
	ok(db_scan_next(scan, &key, &key_len, &value, &value_len, &err));
	ck_assert_uint_eq(key_len, 8);
	ck_assert_uint_eq(key[6], 1);
	ck_assert_uint_eq(key[7], 2);
	db_scan_close(scan);
	db_close(db);
}
END_TEST

START_TEST(a_prefix_is_deleted_and_counted)
{
	struct db *db = open_as(DB_MEMORY, &schema);
	cleanup_(db_txn_end) struct db_txn txn = DB_TXN_NONE;
	uint64_t n = 0;

	put(db, T_BLOB, "p1", "1");
	put(db, T_BLOB, "p2", "2");
	put(db, T_BLOB, "q", "3");
	ok(db_txn_begin(&txn, db, &err));
	ok(db_delete_prefix(&txn, T_BLOB, "p", 1, &n, &err));
	ck_assert_uint_eq(n, 2);
	ok(db_delete_prefix(&txn, T_BLOB, "p", 1, &n, &err));
	ck_assert_uint_eq(n, 0);
	ok(db_txn_commit(&txn, &err));
	holds(db, "q", "3");
	db_close(db);
}
END_TEST

START_TEST(what_is_not_committed_is_gone)
{
	struct db *db = open_as(DB_CREATE, &schema);
	cleanup_(buf_done) struct buf b = {0};
	struct db_txn txn = DB_TXN_NONE;

	put(db, T_BLOB, "kept", "1");
	ok(db_txn_begin(&txn, db, &err));
	ok(db_put(&txn, T_BLOB, "lost", 4, "1", 1, &err));
	ok(db_delete(&txn, T_BLOB, "kept", 4, &err));
	db_txn_end(&txn);
	ck_assert_ptr_null(txn.db);
	db_txn_end(&txn);
	ck_assert_int_eq(get(db, T_BLOB, "lost", &b), SAQTA_ERR_MISSING);
	holds(db, "kept", "1");
	says(db_txn_commit(&txn, &err), SAQTA_ERR_ARGUMENT, "no transaction");
	db_close(db);
}
END_TEST

START_TEST(a_change_without_a_record_is_not_committed) /* (1) */
{
	struct db *db = open_as(DB_CREATE, &audited);
	cleanup_(buf_done) struct buf b = {0};
	struct db_txn txn = DB_TXN_NONE;

	ok(db_txn_begin(&txn, db, &err));
	ok(db_put(&txn, T_BLOB, "x", 1, "1", 1, &err));
	says(db_txn_commit(&txn, &err), SAQTA_ERR_ARGUMENT, "without a record");
	db_txn_end(&txn);
	ok(db_txn_begin(&txn, db, &err));
	ok(db_delete(&txn, T_BLOB, "x", 1, &err));
	says(db_txn_commit(&txn, &err), SAQTA_ERR_ARGUMENT, "without a record");
	db_txn_end(&txn);
	ck_assert_int_eq(get(db, T_BLOB, "x", &b), SAQTA_ERR_MISSING);
	ok(db_txn_begin(&txn, db, &err));
	ok(db_put(&txn, T_BLOB, "x", 1, "1", 1, &err));
	ok(db_put_n(&txn, T_RECORD, 0, "entry", 5, &err));
	ok(db_txn_commit(&txn, &err));
	ok(db_txn_begin(&txn, db, &err)); /* a record alone is no change: a refusal is recorded */
	ok(db_put_n(&txn, T_RECORD, 1, "entry", 5, &err));
	ok(db_txn_commit(&txn, &err));
	holds(db, "x", "1");
	db_close(db);
}
END_TEST

START_TEST(one_writer_at_a_time_and_readers_beside_it)
{
	struct db *db = open_as(DB_CREATE, &schema), *other = open_as(DB_OPEN, &schema), *reader;
	struct db_txn txn = DB_TXN_NONE, second = DB_TXN_NONE;

	put(db, T_BLOB, "x", "old");
	reader = open_as(DB_READ_ONLY, &schema);
	ok(db_txn_begin(&txn, db, &err));
	says(db_txn_begin(&second, other, &err), SAQTA_ERR_BUSY, "try again");
	ck_assert_ptr_null(second.db);
	ok(db_put(&txn, T_BLOB, "x", 1, "new", 3, &err));
	holds(reader, "x", "old");
	ok(db_txn_commit(&txn, &err));
	holds(reader, "x", "new");
	says(db_txn_begin(&second, reader, &err), SAQTA_ERR_ARGUMENT, "reading only");
	ok(db_txn_begin(&second, other, &err));
	db_txn_end(&second);
	db_close(reader);
	db_close(other);
	db_close(db);
}
END_TEST

static bool file_holds(const char *end, const char *what)
{
	char name[160];
	uint8_t *all;
	bool found;
	struct stat st;
	int fd;

	(void)snprintf(name, sizeof(name), "%s%s", path, end);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ck_assert_int_eq(fstat(fd, &st), 0);
	all = malloc((size_t)st.st_size + 1);
	ck_assert_ptr_nonnull(all);
	ck_assert_int_eq(read(fd, all, (size_t)st.st_size), st.st_size);
	found = memmem(all, (size_t)st.st_size, what, strlen(what)) != NULL;
	free(all);
	(void)close(fd);
	return found;
}

START_TEST(deleted_bytes_are_overwritten)
{
	struct db *db = open_as(DB_CREATE, &schema);
	struct db_txn txn = DB_TXN_NONE;
	char big[9000];

	for (size_t i = 0; i < sizeof(big) - 1; i++)
		big[i] = "marked-text!"[i % 12];
	big[sizeof(big) - 1] = 0;
	put(db, T_BLOB, "x", big); /* with overflow pages */
	ck_assert(file_holds("", "marked-text!") || file_holds("-wal", "marked-text!"));
	ok(db_checkpoint(db, &err));
	ck_assert(file_holds("", "marked-text!"));
	ok(db_txn_begin(&txn, db, &err));
	ok(db_delete(&txn, T_BLOB, "x", 1, &err));
	ok(db_txn_commit(&txn, &err));
	ok(db_checkpoint(db, &err));
	ck_assert(!file_holds("", "marked-text!"));
	ck_assert(!file_holds("-wal", "marked-text!"));
	db_close(db);
}
END_TEST

START_TEST(only_such_a_file_of_a_known_version_opens)
{
	static const struct db_schema newer = {.application_id = 0x74657374, .version = 4, .tables = tables, .n_tables = T_COUNT};
	static const struct db_schema foreign = {.application_id = 0x6f746872, .version = 3, .tables = tables, .n_tables = T_COUNT};
	struct db *db = NULL;
	int fd;

	says(db_open(path, DB_OPEN, &schema, &db, &err), SAQTA_ERR_MISSING, path);
	db_close(open_as(DB_CREATE, &newer));
	says(db_open(path, DB_OPEN, &schema, &db, &err), SAQTA_ERR_TAMPERED, "newer saqta (version 4)");
	says(db_open(path, DB_READ_ONLY, &schema, &db, &err), SAQTA_ERR_TAMPERED, "use the newer program");
	says(db_open(path, DB_OPEN, &foreign, &db, &err), SAQTA_ERR_TAMPERED, "not such a file");
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	ck_assert_int_eq(write(fd, "this is no store, whatever its name says, and it never was one\n", 63), 63);
	(void)close(fd);
	ck_assert_int_eq(db_open(path, DB_OPEN, &schema, &db, &err), SAQTA_ERR_TAMPERED);
	ck_assert_ptr_null(db);
}
END_TEST

START_TEST(a_cut_file_is_seen)
{
	struct db *db = open_as(DB_CREATE, &schema);
	cleanup_(buf_done) struct buf b = {0};
	char big[3000];
	enum saqta_status r;

	memset(big, 'x', sizeof(big));
	for (int i = 0; i < 100; i++) {
		struct db_txn txn = DB_TXN_NONE;
		char key[16];

		(void)snprintf(key, sizeof(key), "key%03d", i);
		ok(db_txn_begin(&txn, db, &err));
		ok(db_put(&txn, T_BLOB, key, 6, big, sizeof(big), &err));
		ok(db_txn_commit(&txn, &err));
	}
	db_close(db);
	ck_assert_int_eq(truncate(path, 40960), 0);
	db = NULL;
	r = db_open(path, DB_OPEN, &schema, &db, &err);
	for (int i = 0; !r && i < 100; i++) {
		char key[16];

		(void)snprintf(key, sizeof(key), "key%03d", i);
		r = get(db, T_BLOB, key, &b);
	}
	ck_assert_int_eq(r, SAQTA_ERR_TAMPERED);
	db_close(db);
}
END_TEST

/* (10) A commit whose write fails leaves what is on disk unknown: nothing is served until reopened. */
START_TEST(a_failed_commit_closes_the_store)
{
	struct db *db = open_as(DB_CREATE, &schema);
	struct rlimit small = {.rlim_cur = 65536, .rlim_max = RLIM_INFINITY};
	cleanup_(buf_done) struct buf b = {0};
	struct db_txn txn = DB_TXN_NONE;
	char *big = calloc(1, 1 << 20);
	enum saqta_status r;

	put(db, T_BLOB, "safe", "1");
	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	ok(db_txn_begin(&txn, db, &err));
	r = db_put(&txn, T_BLOB, "big", 3, big, 1 << 20, &err);
	if (!r)
		r = db_txn_commit(&txn, &err);
	ck_assert_int_eq(r, SAQTA_ERR_STORE);
	db_txn_end(&txn);
	says(get(db, T_BLOB, "safe", &b), SAQTA_ERR_CLOSED, "reopened");
	ck_assert_int_eq(db_txn_begin(&txn, db, &err), SAQTA_ERR_CLOSED);
	ck_assert_int_eq(db_checkpoint(db, &err), SAQTA_ERR_CLOSED);
	small.rlim_cur = RLIM_INFINITY;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	db_close(db);
	db = open_as(DB_OPEN, &schema);
	holds(db, "safe", "1");
	ck_assert_int_eq(get(db, T_BLOB, "big", &b), SAQTA_ERR_MISSING);
	db_close(db);
	free(big);
}
END_TEST

START_TEST(what_was_committed_survives_a_kill) /* (2) */
{
	struct db *db;
	int status, fds[2];
	char byte;
	pid_t pid;

	ck_assert_int_eq(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		db = open_as(DB_CREATE, &schema);
		put(db, T_BLOB, "x", "1");
		if (write(fds[1], "x", 1) != 1)
			_exit(1);
		(void)pause();
		_exit(0);
	}
	ck_assert_int_eq(read(fds[0], &byte, 1), 1);
	(void)kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	db = open_as(DB_OPEN, &schema);
	holds(db, "x", "1");
	db_close(db);
}
END_TEST

static uint32_t version_of(struct db *db)
{
	uint32_t version = 0;

	ok(db_version(db, &version, &err));
	return version;
}

START_TEST(an_older_file_is_brought_up_in_one_transaction)
{
	static const struct db_table newer_tables[] = {
		[T_BLOB] = {.name = "blob"},
		[T_OTHER] = {.name = "other"},
		[T_NUMBER] = {.name = "number", .by_number = true},
		[T_RECORD] = {.name = "record", .by_number = true, .is_record = true},
		[T_COUNT] = {.name = "later", .since = 4},
	};
	static const struct db_schema newer = {.application_id = 0x74657374, .version = 4, .tables = newer_tables, .n_tables = T_COUNT + 1};
	struct db *db = open_as(DB_CREATE, &schema), *reader = NULL;
	struct db_txn txn = DB_TXN_NONE;

	put(db, T_BLOB, "x", "1");
	db_close(db);
	says(db_open(path, DB_READ_ONLY, &newer, &reader, &err), SAQTA_ERR_BUSY, "older saqta (version 3)");
	db = open_as(DB_OPEN, &newer);
	holds(db, "x", "1");
	ck_assert_uint_eq(version_of(db), 3);
	for (int i = 0; i < 2; i++) { /* not committed: it is what it was */
		ok(db_txn_begin(&txn, db, &err));
		says(db_bring_up(&txn, 5, &err), SAQTA_ERR_ARGUMENT, "version 5 does not follow 3");
		ok(db_bring_up(&txn, 4, &err));
		says(db_bring_up(&txn, 5, &err), SAQTA_ERR_ARGUMENT, "version 5 does not follow 4");
		ck_assert_uint_eq(version_of(db), 4);
		ok(db_put(&txn, T_COUNT, "carried", 7, "1", 1, &err));
		if (i == 0)
			db_txn_end(&txn);
		else
			ok(db_txn_commit(&txn, &err));
		ck_assert_uint_eq(version_of(db), i == 0 ? 3 : 4);
	}
	put(db, T_COUNT, "new", "2");
	db_close(db);
	db_close(open_as(DB_READ_ONLY, &newer));
	says(db_open(path, DB_OPEN, &schema, &db, &err), SAQTA_ERR_TAMPERED, "newer saqta");
}
END_TEST

static int write_between(void *user, uint64_t done, uint64_t total)
{
	char key[32];

	ck_assert_uint_le(done, total);
	(void)snprintf(key, sizeof(key), "during%llu", (unsigned long long)done);
	put(user, T_BLOB, key, "1");
	return 0;
}

static int stop(void *user, uint64_t done, uint64_t total)
{
	(void)user;
	(void)done;
	(void)total;
	return 1;
}

START_TEST(a_copy_is_of_one_moment_while_others_write)
{
	struct db *writer = open_as(DB_CREATE, &schema), *reader, *copy = NULL;
	struct db_txn txn = DB_TXN_NONE;
	char big[8192], to[160];
	uint64_t n = 0, total = 0;

	memset(big, 'x', sizeof(big));
	ok(db_txn_begin(&txn, writer, &err));
	for (uint64_t i = 0; i < 4000; i++) /* more pages than are copied in one step */
		ok(db_put_n(&txn, T_NUMBER, i, big, sizeof(big), &err));
	ok(db_txn_commit(&txn, &err));
	(void)snprintf(to, sizeof(to), "%s.copy", path);
	reader = open_as(DB_READ_ONLY, &schema);
	ok(db_backup(reader, to, write_between, writer, &err));
	ok(db_count(writer, T_BLOB, &n, &err));
	ck_assert_uint_gt(n, 0); /* it was written to meanwhile */
	says(db_backup(reader, to, NULL, NULL, &err), SAQTA_ERR_CREATE, "cannot be made");
	ok(db_open(to, DB_OPEN, &schema, &copy, &err));
	ok(db_count(copy, T_BLOB, &n, &err));
	ok(db_count(copy, T_NUMBER, &total, &err));
	ck_assert_uint_eq(n, 0);
	ck_assert_uint_eq(total, 4000);
	db_close(copy);
	ck_assert_int_eq(unlink(to), 0);
	ck_assert_int_eq(db_backup(reader, to, stop, NULL, &err), SAQTA_ERR_CANCELLED);
	ck_assert_int_ne(access(to, F_OK), 0);
	db_close(reader);
	db_close(writer);
}
END_TEST

START_TEST(a_table_is_cleared)
{
	struct db *db = open_as(DB_MEMORY, &audited);
	struct db_txn txn = DB_TXN_NONE;
	uint64_t n = 1;

	ok(db_txn_begin(&txn, db, &err));
	ok(db_put_n(&txn, T_RECORD, 0, "entry", 5, &err));
	ok(db_txn_commit(&txn, &err));
	ok(db_txn_begin(&txn, db, &err));
	ok(db_clear(&txn, T_RECORD, &err));
	says(db_txn_commit(&txn, &err), SAQTA_ERR_ARGUMENT, "without a record");
	ok(db_put_n(&txn, T_RECORD, 0, "anew", 4, &err));
	ok(db_txn_commit(&txn, &err));
	ok(db_count(db, T_RECORD, &n, &err));
	ck_assert_uint_eq(n, 1);
	db_close(db);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("db");
	TCase *t = tcase_create("db");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, a_new_store_is_private_and_not_made_twice);
	tcase_add_test(t, values_are_kept_replaced_and_deleted);
	tcase_add_test(t, keys_are_bytes);
	tcase_add_test(t, numbers_are_inserted_once);
	tcase_add_test(t, a_scan_goes_in_order_and_keeps_to_its_prefix);
	tcase_add_test(t, a_scan_by_number_gives_big_endian_keys);
	tcase_add_test(t, a_prefix_is_deleted_and_counted);
	tcase_add_test(t, what_is_not_committed_is_gone);
	tcase_add_test(t, a_change_without_a_record_is_not_committed);
	tcase_add_test(t, one_writer_at_a_time_and_readers_beside_it);
	tcase_add_test(t, deleted_bytes_are_overwritten);
	tcase_add_test(t, only_such_a_file_of_a_known_version_opens);
	tcase_add_test(t, a_cut_file_is_seen);
	tcase_add_test(t, a_failed_commit_closes_the_store);
	tcase_add_test(t, what_was_committed_survives_a_kill);
	tcase_add_test(t, an_older_file_is_brought_up_in_one_transaction);
	tcase_add_test(t, a_copy_is_of_one_moment_while_others_write);
	tcase_add_test(t, a_table_is_cleared);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
