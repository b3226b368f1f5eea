/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/keystore.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* As the keystore's file is laid out; the tests that change stored rows go through the store itself. */
enum { KS_META, KS_KEY, KS_GONE, KS_TABLES };
static const struct db_table tables[KS_TABLES] = {
	[KS_META] = {.name = "meta"}, [KS_KEY] = {.name = "key"}, [KS_GONE] = {.name = "gone", .since = 2}};
static const struct db_schema schema = {.application_id = 0x7371744b, .version = KEYSTORE_VERSION, .tables = tables, .n_tables = KS_TABLES};

static const uint8_t vault_id[16] = "test vault id 16";
static char folder[64];
static char path[128];
static char key_path[128];
static struct secret *master;
static struct saqta_error err;

#define ok(call) ck_assert_msg((call) == SAQTA_OK, "%s", err.message)

static void set_up(void)
{
	(void)snprintf(folder, sizeof(folder), "/tmp/test_keystore.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/keystore", folder);
	(void)snprintf(key_path, sizeof(key_path), "%s/master.key", folder);
	memset(&err, 0, sizeof(err));
	ok(secret_new(&master, &err));
	memset(secret_key(master), 7, KEY_SIZE);
}

static void tear_down(void)
{
	static const char *const ends[] = {"", "-wal", "-shm"};
	char name[160];

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		(void)snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		(void)unlink(name);
	}
	(void)unlink(key_path);
	(void)rmdir(folder);
	master = secret_free(master);
}

static void id_of(uint64_t n, uint8_t ret[SUBJECT_ID_SIZE])
{
	memset(ret, 0, SUBJECT_ID_SIZE);
	for (int i = 0; i < 8; i++)
		ret[i] = (uint8_t)(n >> (56 - 8 * i));
	/* The random half of a real id: the cache hashes it. */
	for (int i = 8; i < SUBJECT_ID_SIZE; i++)
		ret[i] = (uint8_t)((n * UINT64_C(0x9e3779b97f4a7c15)) >> (8 * (i - 8)));
}

static void add(struct keystore *ks, uint64_t n, uint8_t ret[KEY_SIZE])
{
	uint8_t id[SUBJECT_ID_SIZE];

	id_of(n, id);
	ok(keystore_add(ks, id, ret, &err));
}

static enum saqta_status get(struct keystore *ks, uint64_t n, uint8_t ret[KEY_SIZE])
{
	uint8_t id[SUBJECT_ID_SIZE];

	id_of(n, id);
	return keystore_get(ks, id, ret, &err);
}

static uint64_t count(struct keystore *ks)
{
	uint64_t n = UINT64_MAX;

	ok(keystore_count(ks, &n, &err));
	return n;
}

static bool file_holds(const char *end, const uint8_t *what, size_t len)
{
	char name[160];
	bool found = false;
	struct stat st;
	uint8_t *all;
	int fd;

	(void)snprintf(name, sizeof(name), "%s%s", path, end);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ck_assert_int_eq(fstat(fd, &st), 0);
	all = malloc((size_t)st.st_size + 1);
	ck_assert_ptr_nonnull(all);
	ck_assert_int_eq(read(fd, all, (size_t)st.st_size), st.st_size);
	found = memmem(all, (size_t)st.st_size, what, len) != NULL;
	free(all);
	(void)close(fd);
	return found;
}

static bool stored_anywhere(const struct buf *what)
{
	return file_holds("", what->data, what->len) || file_holds("-wal", what->data, what->len);
}

static void row(unsigned table, const void *key, size_t len, struct buf *ret)
{
	cleanup_(db_closep) struct db *db = NULL;

	ok(db_open(path, DB_READ_ONLY, &schema, &db, &err));
	ok(db_get(db, table, key, len, ret, &err));
}

static void set_row(unsigned table, const void *key, size_t len, const void *value, size_t value_len)
{
	cleanup_(db_closep) struct db *db = NULL;
	cleanup_(db_txn_end) struct db_txn txn = DB_TXN_NONE;

	ok(db_open(path, DB_OPEN, &schema, &db, &err));
	ok(db_txn_begin(&txn, db, &err));
	ok(db_put(&txn, table, key, len, value, value_len, &err));
	ok(db_txn_commit(&txn, &err));
}

static void write_key_file(const char *text, size_t len, mode_t mode)
{
	int fd = open(key_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, len), (ssize_t)len);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	ck_assert_int_eq(close(fd), 0);
}

/* ---- keys ---- */

START_TEST(added_keys_come_back_after_reopening)
{
	cleanup_(keystore_closep) struct keystore *ks = NULL;
	uint8_t keys[1000][KEY_SIZE], key[KEY_SIZE];

	ok(keystore_create(path, master, vault_id, &ks, &err));
	for (uint64_t i = 0; i < 1000; i++)
		add(ks, i, keys[i]);
	/* Pending keys are seen, those that the cache no longer holds as well. */
	for (uint64_t i = 0; i < 1000; i++) {
		ok(get(ks, i, key));
		ck_assert_mem_eq(key, keys[i], KEY_SIZE);
	}
	ok(keystore_flush(ks, &err));
	ok(keystore_flush(ks, &err));
	ks = keystore_close(ks);
	ok(keystore_open(path, master, vault_id, &ks, &err));
	ck_assert_uint_eq(count(ks), 1000);
	for (int pass = 0; pass < 2; pass++)
		for (uint64_t i = 0; i < 1000; i++) {
			ok(get(ks, i, key));
			ck_assert_mem_eq(key, keys[i], KEY_SIZE);
		}
	ck_assert_mem_ne(keys[0], keys[1], KEY_SIZE);
	memset(&err, 0, sizeof(err));
	ck_assert_int_eq(get(ks, 1000, key), SAQTA_ERR_MISSING);
	ck_assert_str_eq(err.message, "");
}
END_TEST

START_TEST(cancel_forgets_what_was_not_flushed)
{
	cleanup_(keystore_closep) struct keystore *ks = NULL;
	uint8_t first[KEY_SIZE], key[KEY_SIZE];

	ok(keystore_create(path, master, vault_id, &ks, &err));
	keystore_cancel(ks);
	add(ks, 1, first);
	ok(keystore_flush(ks, &err));
	add(ks, 2, key);
	keystore_cancel(ks);
	ck_assert_int_eq(get(ks, 2, key), SAQTA_ERR_MISSING);
	ok(get(ks, 1, key));
	ck_assert_mem_eq(key, first, KEY_SIZE);
	ck_assert_uint_eq(count(ks), 1);
	/* Closing without a flush is the same. */
	add(ks, 3, key);
	ks = keystore_close(ks);
	ok(keystore_open(path, master, vault_id, &ks, &err));
	ck_assert_int_eq(get(ks, 3, key), SAQTA_ERR_MISSING);
	ck_assert_uint_eq(count(ks), 1);
}
END_TEST

START_TEST(destroyed_keys_leave_no_trace)
{
	cleanup_(keystore_closep) struct keystore *ks = NULL;
	uint8_t key[KEY_SIZE], ids[100][SUBJECT_ID_SIZE];
	struct buf sealed[100] = {0};

	ok(keystore_create(path, master, vault_id, &ks, &err));
	for (uint64_t i = 0; i < 300; i++)
		add(ks, i, key);
	ok(keystore_flush(ks, &err));
	for (uint64_t i = 0; i < 100; i++) {
		id_of(3 * i, ids[i]);
		row(KS_KEY, ids[i], SUBJECT_ID_SIZE, &sealed[i]);
		ck_assert(stored_anywhere(&sealed[i]));
	}
	ok(keystore_destroy(ks, (const uint8_t(*)[SUBJECT_ID_SIZE])ids, 100, &err));
	for (uint64_t i = 0; i < 100; i++) {
		ck_assert(!stored_anywhere(&sealed[i]));
		ck_assert_int_eq(get(ks, 3 * i, key), SAQTA_ERR_MISSING);
		ok(get(ks, 3 * i + 1, key));
	}
	/* Absent ones are no error, and neither are none. */
	ok(keystore_destroy(ks, (const uint8_t(*)[SUBJECT_ID_SIZE])ids, 100, &err));
	ok(keystore_destroy(ks, (const uint8_t(*)[SUBJECT_ID_SIZE])ids, 0, &err));
	ck_assert_uint_eq(count(ks), 200);
	ks = keystore_close(ks);
	for (uint64_t i = 0; i < 100; i++) {
		ck_assert(!stored_anywhere(&sealed[i]));
		buf_done(&sealed[i]);
	}
}
END_TEST

START_TEST(trim_deletes_what_is_newer_only)
{
	cleanup_(keystore_closep) struct keystore *ks = NULL;
	uint8_t key[KEY_SIZE], newest[SUBJECT_ID_SIZE];

	ok(keystore_create(path, master, vault_id, &ks, &err));
	id_of(9, newest);
	ok(keystore_trim(ks, newest, &err));
	for (uint64_t i = 0; i < 2000; i++)
		add(ks, i, key);
	ok(keystore_flush(ks, &err));
	id_of(9, newest);
	ok(keystore_trim(ks, newest, &err));
	ck_assert_uint_eq(count(ks), 10);
	ok(get(ks, 9, key));
	ck_assert_int_eq(get(ks, 10, key), SAQTA_ERR_MISSING);
	ck_assert_int_eq(get(ks, 1999, key), SAQTA_ERR_MISSING);
	ok(keystore_trim(ks, newest, &err));
	ck_assert_uint_eq(count(ks), 10);
}
END_TEST

START_TEST(moved_key_does_not_open)
{
	cleanup_(keystore_closep) struct keystore *ks = NULL;
	cleanup_(buf_done) struct buf sealed = {0};
	uint8_t key[KEY_SIZE], one[SUBJECT_ID_SIZE], two[SUBJECT_ID_SIZE];

	id_of(1, one);
	id_of(2, two);
	ok(keystore_create(path, master, vault_id, &ks, &err));
	add(ks, 1, key);
	add(ks, 2, key);
	ok(keystore_flush(ks, &err));
	ks = keystore_close(ks);
	row(KS_KEY, one, sizeof(one), &sealed);
	set_row(KS_KEY, two, sizeof(two), sealed.data, sealed.len);
	ok(keystore_open(path, master, vault_id, &ks, &err));
	ck_assert_int_eq(get(ks, 2, key), SAQTA_ERR_TAMPERED);
	ok(get(ks, 1, key));
	ks = keystore_close(ks);
	/* Nor does one with any byte changed (the epoch's number too), or one that is cut there. */
	for (size_t i = 0; i < 2 * sealed.len; i++) {
		size_t at = i / 2;

		sealed.data[at] ^= 1;
		set_row(KS_KEY, one, sizeof(one), sealed.data, i % 2 == 0 ? sealed.len : at);
		sealed.data[at] ^= 1;
		ok(keystore_open(path, master, vault_id, &ks, &err));
		ck_assert_int_eq(get(ks, 1, key), SAQTA_ERR_TAMPERED);
		ks = keystore_close(ks);
	}
}
END_TEST

START_TEST(branches_differ_by_label_and_stay)
{
	static const char *const labels[] = {"lookup", "event-id", "log-signing", "audit"};
	cleanup_(keystore_closep) struct keystore *ks = NULL, *other = NULL;
	uint8_t keys[4][KEY_SIZE];
	struct secret *s = NULL;

	ok(keystore_create(path, master, vault_id, &ks, &err));
	for (size_t i = 0; i < 4; i++) {
		ok(keystore_branch(ks, labels[i], &s, &err));
		memcpy(keys[i], secret_key(s), KEY_SIZE);
		s = secret_free(s);
		for (size_t j = 0; j < i; j++)
			ck_assert_mem_ne(keys[i], keys[j], KEY_SIZE);
	}
	ks = keystore_close(ks);
	ok(keystore_open(path, master, vault_id, &ks, &err));
	for (size_t i = 0; i < 4; i++) {
		ok(keystore_branch(ks, labels[i], &s, &err));
		ck_assert_mem_eq(keys[i], secret_key(s), KEY_SIZE);
		s = secret_free(s);
	}
	/* Another vault under the same master key has other branches. */
	ok(keystore_create(NULL, master, vault_id, &other, &err));
	ok(keystore_branch(other, labels[0], &s, &err));
	ck_assert_mem_ne(keys[0], secret_key(s), KEY_SIZE);
	s = secret_free(s);
}
END_TEST

START_TEST(works_in_memory)
{
	cleanup_(keystore_closep) struct keystore *ks = NULL;
	uint8_t first[KEY_SIZE], key[KEY_SIZE], ids[1][SUBJECT_ID_SIZE];

	ok(keystore_create(NULL, master, vault_id, &ks, &err));
	add(ks, 1, first);
	add(ks, 2, key);
	ok(keystore_flush(ks, &err));
	ok(get(ks, 1, key));
	ck_assert_mem_eq(key, first, KEY_SIZE);
	id_of(1, ids[0]);
	ok(keystore_destroy(ks, (const uint8_t(*)[SUBJECT_ID_SIZE])ids, 1, &err));
	ck_assert_int_eq(get(ks, 1, key), SAQTA_ERR_MISSING);
	ck_assert_uint_eq(count(ks), 1);
	ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(closing_gives_every_locked_key_back)
{
	cleanup_(keystore_closep) struct keystore *ks = NULL;

	/* The slab holds 2,048 secrets: a leak of one cache shows at the fourth turn. */
	ok(keystore_create(path, master, vault_id, &ks, &err));
	ks = keystore_close(ks);
	for (int i = 0; i < 8; i++) {
		memset(secret_key(master), i % 2 ? 7 : 8, KEY_SIZE);
		if (i % 2) {
			ok(keystore_open(path, master, vault_id, &ks, &err));
			ks = keystore_close(ks);
		} else {
			ck_assert_int_eq(keystore_open(path, master, vault_id, &ks, &err), SAQTA_ERR_KEY);
		}
	}
}
END_TEST

/* ---- opening what is not right ---- */

START_TEST(wrong_master_or_vault_is_a_key_error)
{
	cleanup_(keystore_closep) struct keystore *ks = NULL;
	uint8_t other[16] = {1};

	ok(keystore_create(path, master, vault_id, &ks, &err));
	ks = keystore_close(ks);
	ck_assert_int_eq(keystore_open(path, master, other, &ks, &err), SAQTA_ERR_KEY);
	secret_key(master)[KEY_SIZE - 1] ^= 1;
	ck_assert_int_eq(keystore_open(path, master, vault_id, &ks, &err), SAQTA_ERR_KEY);
	ck_assert_ptr_null(ks);
	secret_key(master)[KEY_SIZE - 1] ^= 1;
	ok(keystore_open(path, master, vault_id, &ks, &err));
}
END_TEST

START_TEST(create_and_open_look_at_the_file)
{
	cleanup_(keystore_closep) struct keystore *ks = NULL;
	struct stat st;

	ck_assert_int_eq(keystore_open(path, master, vault_id, &ks, &err), SAQTA_ERR_MISSING);
	ok(keystore_create(path, master, vault_id, &ks, &err));
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	ks = keystore_close(ks);
	ck_assert_int_eq(keystore_create(path, master, vault_id, &ks, &err), SAQTA_ERR_CREATE);
	ok(keystore_open(path, master, vault_id, &ks, &err));
}
END_TEST

START_TEST(cut_file_is_refused)
{
	struct keystore *ks = NULL;
	uint8_t key[KEY_SIZE];
	struct stat st;
	enum saqta_status r;

	ok(keystore_create(path, master, vault_id, &ks, &err));
	for (uint64_t i = 0; i < 2000; i++)
		add(ks, i, key);
	ok(keystore_flush(ks, &err));
	ks = keystore_close(ks);
	ck_assert_int_eq(stat(path, &st), 0);
	for (off_t len = st.st_size / 2; len > 0; len = len * 2 / 3) {
		ck_assert_int_eq(truncate(path, len), 0);
		r = keystore_open(path, master, vault_id, &ks, &err);
		ck_assert_msg(r == SAQTA_ERR_TAMPERED || r == SAQTA_ERR_STORE, "%lld bytes: %d", (long long)len, (int)r);
		ck_assert_ptr_null(ks);
	}
	ck_assert_int_eq(truncate(path, 0), 0);
	ck_assert_int_ne(keystore_open(path, master, vault_id, &ks, &err), SAQTA_OK);
}
END_TEST

START_TEST(changed_meta_rows_are_refused)
{
	static const char *const names[] = {"epoch", "root"};
	static const enum saqta_status changed[] = {SAQTA_ERR_KEY, SAQTA_ERR_TAMPERED};
	struct keystore *ks = NULL;

	ok(keystore_create(path, master, vault_id, &ks, &err));
	ks = keystore_close(ks);
	for (size_t i = 0; i < 2; i++) {
		cleanup_(buf_done) struct buf value = {0};
		size_t len = strlen(names[i]);

		row(KS_META, names[i], len, &value);
		set_row(KS_META, names[i], len, value.data, value.len - 1);
		ck_assert_int_eq(keystore_open(path, master, vault_id, &ks, &err), SAQTA_ERR_TAMPERED);
		set_row(KS_META, names[i], len, "", 0);
		ck_assert_int_eq(keystore_open(path, master, vault_id, &ks, &err), SAQTA_ERR_TAMPERED);
		value.data[value.len - 1] ^= 1;
		set_row(KS_META, names[i], len, value.data, value.len);
		/* A sealed epoch key that does not open cannot be told from a wrong master key. */
		ck_assert_int_eq(keystore_open(path, master, vault_id, &ks, &err), changed[i]);
		value.data[value.len - 1] ^= 1;
		set_row(KS_META, names[i], len, value.data, value.len);
	}
	ok(keystore_open(path, master, vault_id, &ks, &err));
	ks = keystore_close(ks);
}
END_TEST

/* ---- the key file ---- */

START_TEST(key_file_is_made_and_read)
{
	uint8_t first[KEY_SIZE];
	struct secret *s = NULL;
	struct stat st;

	ck_assert_int_eq(keyfile_read(key_path, &s, &err), SAQTA_ERR_MISSING);
	ok(keyfile_create(key_path, &err));
	ck_assert_int_eq(stat(key_path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(st.st_size, 2 * KEY_SIZE + 1);
	ok(keyfile_read(key_path, &s, &err));
	memcpy(first, secret_key(s), KEY_SIZE);
	s = secret_free(s);
	ck_assert_int_eq(keyfile_create(key_path, &err), SAQTA_ERR_CREATE);
	ok(keyfile_read(key_path, &s, &err));
	ck_assert_mem_eq(first, secret_key(s), KEY_SIZE);
	s = secret_free(s);
}
END_TEST

START_TEST(key_file_that_others_can_read_is_refused)
{
	static const mode_t modes[] = {0640, 0604, 0620, 0601, 0666};
	struct secret *s = NULL;
	char advice[160];

	ok(keyfile_create(key_path, &err));
	(void)snprintf(advice, sizeof(advice), "chmod 600 %s", key_path);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		ck_assert_int_eq(chmod(key_path, modes[i]), 0);
		memset(&err, 0, sizeof(err));
		ck_assert_int_eq(keyfile_read(key_path, &s, &err), SAQTA_ERR_KEY);
		ck_assert_ptr_nonnull(strstr(err.message, advice));
	}
	ck_assert_int_eq(chmod(key_path, 0400), 0);
	ok(keyfile_read(key_path, &s, &err));
	s = secret_free(s);
	/* A file of somebody else's: only root can make one. */
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(key_path, 65534, 65534), 0);
		ck_assert_int_eq(keyfile_read(key_path, &s, &err), SAQTA_ERR_KEY);
	}
}
END_TEST

START_TEST(key_file_must_be_a_plain_file)
{
	struct secret *s = NULL;

	ck_assert_int_eq(keyfile_read(folder, &s, &err), SAQTA_ERR_KEY);
	ck_assert_int_eq(mkfifo(key_path, 0600), 0);
	ck_assert_int_eq(keyfile_read(key_path, &s, &err), SAQTA_ERR_KEY);
	ck_assert_int_eq(unlink(key_path), 0);
	ck_assert_int_eq(symlink("/dev/null", key_path), 0);
	ck_assert_int_eq(keyfile_read(key_path, &s, &err), SAQTA_ERR_KEY);
}
END_TEST

START_TEST(key_file_with_junk_is_refused)
{
	char text[80];
	struct secret *s = NULL;

	memset(text, 'a', sizeof(text));
	text[64] = '\n';
	write_key_file(text, 65, 0600);
	ok(keyfile_read(key_path, &s, &err));
	s = secret_free(s);
	write_key_file(text, 64, 0600); /* a last line without its end */
	ok(keyfile_read(key_path, &s, &err));
	s = secret_free(s);
	for (size_t len = 0; len < 64; len += 9) {
		write_key_file(text, len, 0600);
		ck_assert_int_eq(keyfile_read(key_path, &s, &err), SAQTA_ERR_KEY);
	}
	write_key_file(text, 66, 0600);
	ck_assert_int_eq(keyfile_read(key_path, &s, &err), SAQTA_ERR_KEY);
	text[64] = 'a';
	write_key_file(text, 65, 0600);
	ck_assert_int_eq(keyfile_read(key_path, &s, &err), SAQTA_ERR_KEY);
	text[64] = '\n';
	text[31] = 'g';
	memset(&err, 0, sizeof(err));
	write_key_file(text, 65, 0600);
	ck_assert_int_eq(keyfile_read(key_path, &s, &err), SAQTA_ERR_KEY);
	/* The text must not give the key away. */
	ck_assert_ptr_null(strstr(err.message, "aaaaaaaa"));
	ck_assert_ptr_null(s);
}
END_TEST

/* ---- speed: printed always, bounded only where the machine is known to be idle ---- */

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

START_TEST(fast_enough)
{
	enum { KEYS = 100000, BATCH = 5000 };
	cleanup_(keystore_closep) struct keystore *ks = NULL;
	const char *is_strict = getenv("SAQTA_TEST_SPEED");
	uint8_t key[KEY_SIZE];
	double start, adds, gets;

	ok(keystore_create(path, master, vault_id, &ks, &err));
	start = now();
	for (uint64_t i = 0; i < KEYS; i++) {
		add(ks, i, key);
		if (i % BATCH == BATCH - 1)
			ok(keystore_flush(ks, &err));
	}
	adds = now() - start;
	start = now();
	for (uint64_t i = 0; i < KEYS; i++)
		ok(get(ks, i * 7919 % KEYS, key));
	gets = (now() - start) / KEYS * 1e6;
	printf("# %d keys added in %.2f s, one read in %.2f us\n", KEYS, adds, gets);
	if (is_strict) {
		ck_assert(adds < 1.0);
		ck_assert(gets < 10.0);
	}
}
END_TEST

/* ---- ledger, master key, epochs ---- */

struct seen_lines {
	unsigned n;
	struct gone line[8];
	char note[8][16];
};

static enum saqta_status see_line(void *user, const struct gone *line, struct saqta_error *error)
{
	struct seen_lines *seen = user;

	(void)error;
	ck_assert_uint_lt(seen->n, 8);
	seen->line[seen->n] = *line;
	(void)snprintf(seen->note[seen->n++], 16, "%.*s", (int)line->note_len, (const char *)line->note);
	return SAQTA_OK;
}

static void bury_some(struct keystore *ks)
{
	struct gone list[3] = {{.row_len = SUBJECT_ID_SIZE, .note = (const uint8_t *)"one", .note_len = 3},
			       {.row_len = GONE_ROW_MAX, .note = (const uint8_t *)"record", .note_len = 6},
			       {.row_len = SUBJECT_ID_SIZE, .note = NULL, .note_len = 0}};

	id_of(1, list[0].row);
	id_of(2, list[1].row);
	list[1].row[SUBJECT_ID_SIZE] = 'R';
	id_of(3, list[2].row);
	ok(keystore_bury(ks, list, 3, &err));
	list[0].note = (const uint8_t *)"again";
	list[0].note_len = 5;
	ok(keystore_bury(ks, list, 1, &err)); /* a crash before the queue was forgotten: the first line stays */
}

START_TEST(what_is_buried_is_in_the_ledger)
{
	struct keystore *ks = NULL;
	struct seen_lines seen = {0};
	uint8_t key[KEY_SIZE];
	uint64_t n = 0;

	ok(keystore_create(path, master, vault_id, &ks, &err));
	ok(keystore_ledger(ks, NULL, NULL, &n, &err));
	ck_assert_uint_eq(n, 0);
	for (uint64_t i = 1; i <= 4; i++)
		add(ks, i, key);
	bury_some(ks);
	ck_assert_int_eq(get(ks, 1, key), SAQTA_ERR_MISSING);
	ok(get(ks, 2, key)); /* of this one a record was destroyed */
	ck_assert_int_eq(get(ks, 3, key), SAQTA_ERR_MISSING);
	keystore_closep(&ks);
	ok(keystore_open(path, master, vault_id, &ks, &err));
	ok(keystore_ledger(ks, see_line, &seen, &n, &err));
	ck_assert_uint_eq(n, 3);
	ck_assert_uint_eq(seen.n, 3);
	ck_assert_str_eq(seen.note[0], "one");
	ck_assert_str_eq(seen.note[1], "record");
	ck_assert_uint_eq(seen.line[1].row_len, GONE_ROW_MAX);
	ck_assert_str_eq(seen.note[2], "");
	keystore_closep(&ks);
	ck_assert(!file_holds("", (const uint8_t *)"record", 6)); /* sealed */
}
END_TEST

START_TEST(a_ledger_that_was_taken_out_whole_is_refused)
{
	cleanup_(db_txn_end) struct db_txn txn = DB_TXN_NONE;
	struct keystore *ks = NULL;
	struct db *db = NULL;
	uint64_t n = 0;

	ok(keystore_create(path, master, vault_id, &ks, &err));
	bury_some(ks);
	keystore_closep(&ks);
	ok(db_open(path, DB_OPEN, &schema, &db, &err));
	ok(db_txn_begin(&txn, db, &err));
	ok(db_clear(&txn, KS_GONE, &err));
	ok(db_delete(&txn, KS_META, "ledger", strlen("ledger"), &err)); /* the count, without which an empty one would be right */
	ok(db_txn_commit(&txn, &err));
	db_close(db);
	ok(keystore_open(path, master, vault_id, &ks, &err));
	ck_assert_int_eq(keystore_ledger(ks, NULL, NULL, &n, &err), SAQTA_ERR_TAMPERED);
	keystore_closep(&ks);
}
END_TEST

START_TEST(a_ledger_that_lost_or_changed_a_line_is_refused)
{
	static const char *const what[] = {"lost", "moved", "changed", "added"};
	cleanup_(buf_done) struct buf line = {0};
	uint8_t id[SUBJECT_ID_SIZE], other[SUBJECT_ID_SIZE];
	struct keystore *ks = NULL;
	uint64_t n = 0;

	ok(keystore_create(path, master, vault_id, &ks, &err));
	bury_some(ks);
	keystore_closep(&ks);
	id_of(1, id);
	id_of(9, other);
	row(KS_GONE, id, sizeof(id), &line);
	for (size_t i = 0; i < sizeof(what) / sizeof(what[0]); i++) {
		cleanup_(db_txn_end) struct db_txn txn = DB_TXN_NONE;
		struct db *db = NULL;

		ok(db_open(path, DB_OPEN, &schema, &db, &err));
		ok(db_txn_begin(&txn, db, &err));
		if (i == 0 || i == 1)
			ok(db_delete(&txn, KS_GONE, id, sizeof(id), &err));
		if (i == 1 || i == 3)
			ok(db_put(&txn, KS_GONE, other, sizeof(other), line.data, line.len, &err));
		if (i == 2)
			ok(db_put(&txn, KS_GONE, id, sizeof(id), line.data, line.len - 1, &err));
		ok(db_txn_commit(&txn, &err));
		db_close(db);
		ok(keystore_open(path, master, vault_id, &ks, &err));
		ck_assert_msg(keystore_ledger(ks, NULL, NULL, &n, &err) == SAQTA_ERR_TAMPERED, "%s", what[i]);
		keystore_closep(&ks);
		ok(db_open(path, DB_OPEN, &schema, &db, &err));
		ok(db_txn_begin(&txn, db, &err));
		ok(db_put(&txn, KS_GONE, id, sizeof(id), line.data, line.len, &err));
		ok(db_delete(&txn, KS_GONE, other, sizeof(other), &err));
		ok(db_txn_commit(&txn, &err));
		db_close(db);
	}
	ok(keystore_open(path, master, vault_id, &ks, &err));
	ok(keystore_ledger(ks, NULL, NULL, &n, &err));
	keystore_closep(&ks);
}
END_TEST

START_TEST(a_new_master_key_opens_and_the_old_one_does_not)
{
	cleanup_(buf_done) struct buf wrapped = {0};
	struct keystore *ks = NULL;
	struct secret *fresh = NULL;
	uint8_t key[KEY_SIZE], back[KEY_SIZE];

	ok(secret_new(&fresh, &err));
	memset(secret_key(fresh), 8, KEY_SIZE);
	ok(keystore_create(path, master, vault_id, &ks, &err));
	add(ks, 1, key);
	ok(keystore_flush(ks, &err));
	row(KS_META, "epoch", 5, &wrapped);
	ok(keystore_rotate(ks, fresh, &err));
	ck_assert(!stored_anywhere(&wrapped));
	keystore_closep(&ks);
	ck_assert_int_eq(keystore_open(path, master, vault_id, &ks, &err), SAQTA_ERR_KEY);
	ok(keystore_open(path, fresh, vault_id, &ks, &err));
	ok(get(ks, 1, back));
	ck_assert_mem_eq(key, back, KEY_SIZE);
	keystore_closep(&ks);
	secret_free(fresh);
}
END_TEST

START_TEST(a_new_epoch_reseals_every_key_and_forgets_the_old_one)
{
	enum { KEYS = 1100 }; /* more than two batches */
	static uint8_t keys[KEYS][KEY_SIZE];
	cleanup_(buf_done) struct buf epoch = {0}, root = {0}, first = {0};
	struct keystore *ks = NULL, *other = NULL;
	struct keystore_status status;
	struct secret *branch = NULL, *again = NULL;
	uint8_t id[SUBJECT_ID_SIZE], back[KEY_SIZE];

	ok(keystore_create(path, master, vault_id, &ks, &err));
	for (uint64_t i = 0; i < KEYS; i++)
		add(ks, i + 1, keys[i]);
	ok(keystore_flush(ks, &err));
	ok(keystore_branch(ks, "lookup", &branch, &err));
	row(KS_META, "epoch", 5, &epoch);
	row(KS_META, "root", 4, &root);
	id_of(1, id);
	row(KS_KEY, id, sizeof(id), &first);
	ok(keystore_open_reader(path, master, vault_id, &other, &err));
	ok(keystore_renew(ks, master, 77, NULL, NULL, &err));
	ck_assert(!stored_anywhere(&epoch));
	ck_assert(!stored_anywhere(&root));
	ck_assert(!stored_anywhere(&first));
	ck_assert_int_eq(get(other, 5, back), SAQTA_ERR_BUSY);
	keystore_closep(&other);
	keystore_closep(&ks);
	ok(keystore_open(path, master, vault_id, &ks, &err));
	ok(keystore_status(ks, &status, &err));
	ck_assert_uint_eq(status.epoch, 2);
	ck_assert_int_eq(status.epoch_us, 77);
	ck_assert_uint_eq(status.n_keys, KEYS);
	for (uint64_t i = 0; i < KEYS; i++) {
		ok(get(ks, i + 1, back));
		ck_assert_mem_eq(keys[i], back, KEY_SIZE);
	}
	ok(keystore_branch(ks, "lookup", &again, &err));
	ck_assert_mem_eq(secret_key(branch), secret_key(again), KEY_SIZE);
	secret_free(branch);
	secret_free(again);
	keystore_closep(&ks);
}
END_TEST

static int stop_at_once(void *user, uint64_t done, uint64_t total)
{
	(void)user;
	(void)done;
	(void)total;
	return 1;
}

START_TEST(a_renewal_that_is_stopped_changes_nothing)
{
	struct keystore *ks = NULL;
	struct keystore_status status;
	uint8_t key[KEY_SIZE], back[KEY_SIZE];

	ok(keystore_create(path, master, vault_id, &ks, &err));
	for (uint64_t i = 1; i <= 600; i++)
		add(ks, i, key);
	ck_assert_int_eq(keystore_renew(ks, master, 1, stop_at_once, NULL, &err), SAQTA_ERR_CANCELLED);
	add(ks, 601, key);
	ok(keystore_flush(ks, &err));
	keystore_closep(&ks);
	ok(keystore_open(path, master, vault_id, &ks, &err));
	ok(keystore_status(ks, &status, &err));
	ck_assert_uint_eq(status.epoch, 1);
	ok(get(ks, 1, back));
	ok(get(ks, 601, back));
	ck_assert_mem_eq(key, back, KEY_SIZE);
	keystore_closep(&ks);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("keystore");
	TCase *keys = tcase_create("keys"), *opening = tcase_create("opening"), *file = tcase_create("key file");

	tcase_add_checked_fixture(keys, set_up, tear_down);
	tcase_set_timeout(keys, 120);
	tcase_add_test(keys, added_keys_come_back_after_reopening);
	tcase_add_test(keys, cancel_forgets_what_was_not_flushed);
	tcase_add_test(keys, destroyed_keys_leave_no_trace);
	tcase_add_test(keys, trim_deletes_what_is_newer_only);
	tcase_add_test(keys, moved_key_does_not_open);
	tcase_add_test(keys, branches_differ_by_label_and_stay);
	tcase_add_test(keys, works_in_memory);
	tcase_add_test(keys, closing_gives_every_locked_key_back);
	tcase_add_test(keys, fast_enough);
	tcase_add_test(keys, what_is_buried_is_in_the_ledger);
	tcase_add_test(keys, a_ledger_that_was_taken_out_whole_is_refused);
	tcase_add_test(keys, a_ledger_that_lost_or_changed_a_line_is_refused);
	tcase_add_test(keys, a_new_master_key_opens_and_the_old_one_does_not);
	tcase_add_test(keys, a_new_epoch_reseals_every_key_and_forgets_the_old_one);
	tcase_add_test(keys, a_renewal_that_is_stopped_changes_nothing);
	suite_add_tcase(s, keys);
	tcase_add_checked_fixture(opening, set_up, tear_down);
	tcase_set_timeout(opening, 60);
	tcase_add_test(opening, wrong_master_or_vault_is_a_key_error);
	tcase_add_test(opening, create_and_open_look_at_the_file);
	tcase_add_test(opening, cut_file_is_refused);
	tcase_add_test(opening, changed_meta_rows_are_refused);
	suite_add_tcase(s, opening);
	tcase_add_checked_fixture(file, set_up, tear_down);
	tcase_add_test(file, key_file_is_made_and_read);
	tcase_add_test(file, key_file_that_others_can_read_is_refused);
	tcase_add_test(file, key_file_must_be_a_plain_file);
	tcase_add_test(file, key_file_with_junk_is_refused);
	suite_add_tcase(s, file);
	return s;
}

int main(void)
{
	SRunner *runner = srunner_create(suite());
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
