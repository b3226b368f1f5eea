/* SPDX-License-Identifier: Apache-2.0 */
#include "base/db.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The one file that includes <sqlite3.h>. */

enum op { OP_GET, OP_PUT, OP_BLANK, OP_DELETE, OP_COUNT, OP_LAST, OP_SCAN, OPS };
#define TABLES_MAX 16
#define SCANS_MAX 4
#define CHECKPOINT_PAGES 16384
#define CHECKPOINT_WAIT_MS 10000
#define BACKUP_PAGES 4096

struct db {
	sqlite3 *handle;
	const struct db_schema *schema;
	char *path;
	bool is_reader;
	bool is_closed; /* (10) */
	sqlite3_stmt *ops[TABLES_MAX][OPS];
	sqlite3_stmt *scans[TABLES_MAX][SCANS_MAX];
	bool scan_used[TABLES_MAX][SCANS_MAX];
};
struct db_scan {
	struct db *db;
	sqlite3_stmt *stmt;
	unsigned table;
	int slot; /* in db->scans, -1: its own */
	uint8_t *prefix;
	size_t prefix_len;
	uint8_t number[8];
};

static enum saqta_status translate(struct db *db, int rc, const char *what, struct saqta_error *err)
{
	const char *path = db->path ? db->path : "memory";

	switch (rc & 0xff) {
	case SQLITE_FULL:
		return err_set(err, SAQTA_ERR_STORE, 0, "%s: %s: the disk is full: free space and run again", path, what);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return err_set(err, SAQTA_ERR_BUSY, 0, "%s: %s: another process is using it: try again", path, what);
	case SQLITE_NOMEM:
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "%s: %s: the file is damaged or not a store of saqta: restore a backup", path,
			       what);
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_CANTOPEN:
		return err_set(err, SAQTA_ERR_STORE, 0, "%s: %s: cannot be opened or written: look at its permissions", path, what);
	case SQLITE_TOOBIG:
		return err_set(err, SAQTA_ERR_LIMIT, 0, "%s: %s: a value is too large", path, what);
	default:
		return err_set(err, SAQTA_ERR_STORE, 0, "%s: %s: %s", path, what, sqlite3_errstr(rc));
	}
}

static enum saqta_status closed(const struct db *db, struct saqta_error *err)
{
	if (!db->is_closed)
		return SAQTA_OK;
	return err_set(err, SAQTA_ERR_CLOSED, 0, "%s: closed after a doubtful failure: run again, so that it is reopened and verified",
		       db->path ? db->path : "memory");
}

static enum saqta_status run_sql(struct db *db, const char *sql, const char *what, struct saqta_error *err)
{
	int rc = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? SAQTA_OK : translate(db, rc, what, err);
}

/* ---- opening ---- */

static enum saqta_status read_number(struct db *db, const char *sql, int64_t *ret, struct saqta_error *err)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(db->handle, sql, -1, &s, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		*ret = sqlite3_column_int64(s, 0);
	(void)sqlite3_finalize(s);
	return rc == SQLITE_ROW ? SAQTA_OK : translate(db, rc, "open", err);
}

static enum saqta_status create_table(struct db *db, const struct db_table *t, struct saqta_error *err)
{
	char sql[512];

	if (t->by_number)
		(void)snprintf(sql, sizeof(sql), "CREATE TABLE \"%s\"(k INTEGER PRIMARY KEY, v BLOB NOT NULL) STRICT", t->name);
	else
		(void)snprintf(sql, sizeof(sql), "CREATE TABLE \"%s\"(k BLOB NOT NULL PRIMARY KEY, v BLOB NOT NULL) STRICT, WITHOUT ROWID",
			       t->name);
	return run_sql(db, sql, "create", err);
}

static enum saqta_status create_tables(struct db *db, struct saqta_error *err)
{
	char sql[512];
	enum saqta_status r = run_sql(db, "BEGIN IMMEDIATE", "create", err);

	for (unsigned i = 0; !r && i < db->schema->n_tables; i++)
		r = create_table(db, &db->schema->tables[i], err);
	(void)snprintf(sql, sizeof(sql), "PRAGMA application_id=%u; PRAGMA user_version=%u; COMMIT", db->schema->application_id,
		       db->schema->version);
	return r ? r : run_sql(db, sql, "create", err);
}

static enum saqta_status check_file(struct db *db, int64_t *ret_version, struct saqta_error *err)
{
	int64_t id = 0, version = 0;
	enum saqta_status r = read_number(db, "PRAGMA application_id", &id, err);

	if (!r)
		r = read_number(db, "PRAGMA user_version", &version, err);
	if (r)
		return r;
	if (id != (int64_t)db->schema->application_id)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "%s: this is not such a file of saqta", db->path);
	if (version > (int64_t)db->schema->version)
		return err_set(err, SAQTA_ERR_TAMPERED, 0,
			       "%s: made by a newer saqta (version %lld), this one knows %u: use the newer program", db->path,
			       (long long)version, db->schema->version);
	if (version <= 0)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "%s: its version %lld is not known", db->path, (long long)version);
	*ret_version = version;
	return SAQTA_OK;
}

/* A reader cannot bring it up, and would miss tables. */
static enum saqta_status check_reader(struct db *db, int64_t version, struct saqta_error *err)
{
	if (!db->is_reader || version == (int64_t)db->schema->version)
		return SAQTA_OK;
	return err_set(err, SAQTA_ERR_BUSY, 0, "%s: made by an older saqta (version %lld): run a command that writes first, like sweep",
		       db->path, (long long)version);
}

static enum saqta_status set_up(struct db *db, enum db_mode mode, struct saqta_error *err)
{
	int64_t version = 0;
	enum saqta_status r;

	(void)sqlite3_extended_result_codes(db->handle, 1);
	(void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	(void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (db->is_reader)
		(void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	r = run_sql(db, "PRAGMA temp_store=MEMORY; PRAGMA recursive_triggers=ON; PRAGMA secure_delete=ON; PRAGMA cache_size=-262144",
		    "open", err);
	if (!r && (mode == DB_OPEN || mode == DB_READ_ONLY))
		r = check_file(db, &version, err);
	if (!r && mode != DB_READ_ONLY)
		r = run_sql(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL", "open", err);
	if (!r && (mode == DB_CREATE || mode == DB_MEMORY))
		r = create_tables(db, err);
	else if (!r)
		r = check_reader(db, version, err);
	if (!r)
		(void)sqlite3_wal_autocheckpoint(db->handle, db->is_reader ? 0 : CHECKPOINT_PAGES);
	return r;
}

enum saqta_status db_open(const char *path, enum db_mode mode, const struct db_schema *schema, struct db **ret, struct saqta_error *err)
{
	struct db *db = calloc(1, sizeof(*db));
	int flags = mode == DB_READ_ONLY ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
	int rc, fd;
	enum saqta_status r;

	if (!db || schema->n_tables > TABLES_MAX) {
		free(db);
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	}
	db->schema = schema;
	db->is_reader = mode == DB_READ_ONLY;
	if (mode != DB_MEMORY) {
		db->path = strdup(path);
		/* Nobody else may read it, from the first moment on. */
		fd = open(path, mode == DB_CREATE ? O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC : O_RDONLY | O_CLOEXEC, 0600);
		if (fd < 0) {
			r = err_set(err,
				    mode == DB_CREATE	 ? SAQTA_ERR_CREATE
				    : access(path, F_OK) ? SAQTA_ERR_MISSING
							 : SAQTA_ERR_STORE,
				    0, "%s: cannot be %s: %s", path, mode == DB_CREATE ? "made" : "opened", strerror(errno));
			db_close(db);
			return r;
		}
		(void)close(fd);
	}
	rc = sqlite3_open_v2(mode == DB_MEMORY ? ":memory:" : path, &db->handle, flags | SQLITE_OPEN_NOMUTEX, NULL);
	r = rc == SQLITE_OK ? set_up(db, mode, err) : translate(db, rc, "open", err);
	if (r) {
		db_close(db);
		return r;
	}
	*ret = db;
	return SAQTA_OK;
}

struct db *db_close(struct db *db)
{
	if (!db)
		return NULL;
	for (unsigned t = 0; t < TABLES_MAX; t++) {
		for (unsigned o = 0; o < OPS; o++)
			(void)sqlite3_finalize(db->ops[t][o]);
		for (unsigned i = 0; i < SCANS_MAX; i++)
			(void)sqlite3_finalize(db->scans[t][i]);
	}
	(void)sqlite3_close(db->handle);
	free(db->path);
	free(db);
	return NULL;
}

void db_closep(struct db **db) { *db = db_close(*db); }

/* SQLite truncates the write-ahead log and does not sync that: after a power cut what was deleted would be in it again. */
static enum saqta_status sync_wal(struct db *db, struct saqta_error *err)
{
	char wal[4096];
	int fd, why = 0;

	if (!db->path)
		return SAQTA_OK;
	(void)snprintf(wal, sizeof(wal), "%s-wal", db->path);
	fd = open(wal, O_RDONLY | O_CLOEXEC);
	if ((fd < 0 && errno != ENOENT) || (fd >= 0 && fsync(fd) != 0))
		why = errno;
	if (fd >= 0)
		(void)close(fd); /* SQLite holds no lock of POSIX on this file, which a close would let go */
	return why ? err_set(err, SAQTA_ERR_STORE, 0, "%s: cannot be synced: %s", wal, strerror(why)) : SAQTA_OK;
}

enum saqta_status db_checkpoint(struct db *db, struct saqta_error *err)
{
	int rc;

	if (closed(db, err))
		return SAQTA_ERR_CLOSED;
	(void)sqlite3_busy_timeout(db->handle, CHECKPOINT_WAIT_MS);
	rc = sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	(void)sqlite3_busy_timeout(db->handle, 0);
	if (rc == SQLITE_BUSY)
		return err_set(
			err, SAQTA_ERR_BUSY, 0,
			"%s: all is committed, but a reader (a backup?) keeps the write-ahead log from being emptied: run again later",
			db_path(db));
	return rc == SQLITE_OK ? sync_wal(db, err) : translate(db, rc, "checkpoint", err);
}

static enum saqta_status copy_pages(struct db *db, sqlite3 *to, int (*progress)(void *user, uint64_t done, uint64_t total), void *user,
				    struct saqta_error *err)
{
	sqlite3_backup *copy = sqlite3_backup_init(to, "main", db->handle, "main");
	int rc = copy ? SQLITE_OK : sqlite3_errcode(to);
	bool is_stopped = false;

	while (rc == SQLITE_OK && !is_stopped) {
		rc = sqlite3_backup_step(copy, BACKUP_PAGES);
		if (rc == SQLITE_OK && progress) {
			int total = sqlite3_backup_pagecount(copy);

			is_stopped = progress(user, (uint64_t)(total - sqlite3_backup_remaining(copy)), (uint64_t)total) != 0;
		}
	}
	(void)sqlite3_backup_finish(copy);
	if (is_stopped)
		return err_set(err, SAQTA_ERR_CANCELLED, 0, "stopped; no backup was made");
	return rc == SQLITE_DONE ? SAQTA_OK : translate(db, rc, "backup", err);
}

enum saqta_status db_backup(struct db *db, const char *path, int (*progress)(void *user, uint64_t done, uint64_t total), void *user,
			    struct saqta_error *err)
{
	sqlite3 *to = NULL;
	enum saqta_status r;
	int rc, fd;

	if (closed(db, err))
		return SAQTA_ERR_CLOSED;
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(err, SAQTA_ERR_CREATE, 0, "%s: cannot be made: %s", path, strerror(errno));
	(void)close(fd);
	/* One read transaction around all steps: otherwise a writer between two of them makes the copy begin anew, for ever if it is busy. */
	r = run_sql(db, "BEGIN; SELECT count(*) FROM sqlite_schema", "backup", err);
	if (!r) {
		rc = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
		/* The copy is written once and thrown away if anything fails: it needs no journal, and who keeps it syncs it. */
		if (rc == SQLITE_OK)
			rc = sqlite3_exec(to, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF", NULL, NULL, NULL);
		r = rc == SQLITE_OK ? copy_pages(db, to, progress, user, err) : translate(db, rc, "backup", err);
		if (sqlite3_close(to) != SQLITE_OK && !r)
			r = err_set(err, SAQTA_ERR_STORE, 0, "%s: cannot be closed", path);
		(void)sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
	}
	if (r)
		(void)unlink(path);
	return r;
}

const char *db_path(const struct db *db) { return db->path ? db->path : "memory"; }

uint64_t db_bytes(const struct db *db)
{
	uint64_t n = 0;
	struct stat st;
	char wal[4096];

	if (!db->path)
		return 0;
	if (stat(db->path, &st) == 0)
		n += (uint64_t)st.st_size;
	(void)snprintf(wal, sizeof(wal), "%s-wal", db->path);
	if (stat(wal, &st) == 0)
		n += (uint64_t)st.st_size;
	return n;
}

/* ---- transactions ---- */

enum saqta_status db_txn_begin(struct db_txn *txn, struct db *db, struct saqta_error *err)
{
	int rc;

	if (closed(db, err))
		return SAQTA_ERR_CLOSED;
	if (db->is_reader) /* SQLite itself would say so only at the first write */
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, "%s: open for reading only", db_path(db));
	rc = sqlite3_exec(db->handle, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return translate(db, rc, "begin", err);
	*txn = (struct db_txn){.db = db};
	return SAQTA_OK;
}

void db_txn_end(struct db_txn *txn)
{
	struct db *db = txn->db;

	if (!db)
		return;
	*txn = DB_TXN_NONE;
	if (!sqlite3_get_autocommit(db->handle) && sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL) != SQLITE_OK)
		db->is_closed = true;
}

enum saqta_status db_txn_commit(struct db_txn *txn, struct saqta_error *err)
{
	struct db *db = txn->db;
	int rc;

	if (!db)
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, "no transaction is open");
	if (closed(db, err))
		return SAQTA_ERR_CLOSED;
	if (db->schema->is_audited && txn->writes > 0 && txn->records == 0)
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, "%s: a change without a record is not committed", db_path(db));
	rc = sqlite3_exec(db->handle, "COMMIT", NULL, NULL, NULL);
	if (rc != SQLITE_OK) {
		if ((rc & 0xff) != SQLITE_BUSY)
			db->is_closed = true; /* (10): what is on disk is not known */
		return translate(db, rc, "commit", err);
	}
	*txn = DB_TXN_NONE;
	return SAQTA_OK;
}

enum saqta_status db_version(struct db *db, uint32_t *ret, struct saqta_error *err)
{
	int64_t version = 0;
	enum saqta_status r = closed(db, err) ? SAQTA_ERR_CLOSED : read_number(db, "PRAGMA user_version", &version, err);

	if (!r)
		*ret = (uint32_t)version; /* between 1 and the schema's: looked at when it was opened */
	return r;
}

enum saqta_status db_bring_up(struct db_txn *txn, uint32_t version, struct saqta_error *err)
{
	struct db *db = txn->db;
	uint32_t before = 0;
	char sql[64];
	enum saqta_status r = db_version(db, &before, err);

	if (!r && (version != before + 1 || version > db->schema->version))
		r = err_set(err, SAQTA_ERR_ARGUMENT, 0, "%s: version %u does not follow %u", db_path(db), version, before);
	for (unsigned i = 0; !r && i < db->schema->n_tables; i++)
		if (db->schema->tables[i].since == version)
			r = create_table(db, &db->schema->tables[i], err);
	(void)snprintf(sql, sizeof(sql), "PRAGMA user_version=%u", version);
	if (!r)
		r = run_sql(db, sql, "create", err);
	if (!r)
		txn->writes++;
	return r;
}

/* ---- single keys ---- */

static const char *const sql_blob[OPS] = {
	[OP_GET] = "SELECT v FROM \"%s\" WHERE k=?1",
	[OP_PUT] = "INSERT INTO \"%s\"(k,v) VALUES(?1,?2) ON CONFLICT(k) DO UPDATE SET v=excluded.v",
	[OP_BLANK] = "UPDATE \"%s\" SET v=zeroblob(0) WHERE k=?1",
	[OP_DELETE] = "DELETE FROM \"%s\" WHERE k=?1",
	[OP_COUNT] = "SELECT count(*) FROM \"%s\"",
	[OP_LAST] = "SELECT k FROM \"%s\" ORDER BY k DESC LIMIT 1",
	[OP_SCAN] = "SELECT k,v FROM \"%s\" WHERE k>=?1 ORDER BY k",
};

static enum saqta_status statement(struct db *db, unsigned table, enum op op, sqlite3_stmt **slot, sqlite3_stmt **ret,
				   struct saqta_error *err)
{
	const struct db_table *t = &db->schema->tables[table];
	char sql[256];
	int rc;

	if (closed(db, err))
		return SAQTA_ERR_CLOSED;
	if (!*slot) {
		if (op == OP_PUT && t->by_number)
			(void)snprintf(sql, sizeof(sql), "INSERT INTO \"%s\"(k,v) VALUES(?1,?2)", t->name);
		else
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			(void)snprintf(sql, sizeof(sql), sql_blob[op], t->name);
#pragma GCC diagnostic pop
		rc = sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, slot, NULL);
		if (rc != SQLITE_OK)
			return translate(db, rc, "prepare", err);
	}
	*ret = *slot;
	return SAQTA_OK;
}

static int bind_blob(sqlite3_stmt *s, int n, const void *data, size_t len)
{
	return len ? sqlite3_bind_blob64(s, n, data, len, SQLITE_STATIC) : sqlite3_bind_zeroblob(s, n, 0);
}

static enum saqta_status step_get(struct db *db, sqlite3_stmt *s, struct buf *ret, struct saqta_error *err)
{
	int rc = sqlite3_step(s);

	if (rc == SQLITE_ROW)
		buf_add(ret, sqlite3_column_blob(s, 0), (size_t)sqlite3_column_bytes(s, 0));
	(void)sqlite3_reset(s);
	if (rc == SQLITE_DONE)
		return SAQTA_ERR_MISSING;
	return rc == SQLITE_ROW ? SAQTA_OK : translate(db, rc, "read", err);
}

enum saqta_status db_get(struct db *db, unsigned table, const void *key, size_t key_len, struct buf *ret, struct saqta_error *err)
{
	sqlite3_stmt *s;
	enum saqta_status r = statement(db, table, OP_GET, &db->ops[table][OP_GET], &s, err);

	if (r)
		return r;
	(void)bind_blob(s, 1, key, key_len);
	return step_get(db, s, ret, err);
}

enum saqta_status db_get_n(struct db *db, unsigned table, uint64_t key, struct buf *ret, struct saqta_error *err)
{
	sqlite3_stmt *s;
	enum saqta_status r = statement(db, table, OP_GET, &db->ops[table][OP_GET], &s, err);

	if (r)
		return r;
	(void)sqlite3_bind_int64(s, 1, (sqlite3_int64)key);
	return step_get(db, s, ret, err);
}

static enum saqta_status step_write(struct db_txn *txn, sqlite3_stmt *s, unsigned table, struct saqta_error *err)
{
	int rc = sqlite3_step(s);

	(void)sqlite3_reset(s);
	(void)sqlite3_clear_bindings(s);
	if (rc != SQLITE_DONE)
		return translate(txn->db, rc, "write", err);
	if (txn->db->schema->tables[table].is_record)
		txn->records++;
	else
		txn->writes++;
	return SAQTA_OK;
}

enum saqta_status db_put(struct db_txn *txn, unsigned table, const void *key, size_t key_len, const void *value, size_t value_len,
			 struct saqta_error *err)
{
	sqlite3_stmt *s;
	enum saqta_status r = statement(txn->db, table, OP_PUT, &txn->db->ops[table][OP_PUT], &s, err);

	if (r)
		return r;
	(void)bind_blob(s, 1, key, key_len);
	(void)bind_blob(s, 2, value, value_len);
	return step_write(txn, s, table, err);
}

enum saqta_status db_put_n(struct db_txn *txn, unsigned table, uint64_t key, const void *value, size_t value_len, struct saqta_error *err)
{
	sqlite3_stmt *s;
	enum saqta_status r = statement(txn->db, table, OP_PUT, &txn->db->ops[table][OP_PUT], &s, err);

	if (r)
		return r;
	(void)sqlite3_bind_int64(s, 1, (sqlite3_int64)key);
	(void)bind_blob(s, 2, value, value_len);
	return step_write(txn, s, table, err);
}

enum saqta_status db_blank_n(struct db_txn *txn, unsigned table, uint64_t key, struct saqta_error *err)
{
	sqlite3_stmt *s;
	unsigned records = txn->records;
	enum saqta_status r = statement(txn->db, table, OP_BLANK, &txn->db->ops[table][OP_BLANK], &s, err);

	if (r)
		return r;
	(void)sqlite3_bind_int64(s, 1, (sqlite3_int64)key);
	r = step_write(txn, s, table, err);
	txn->records = records; /* what is taken away is no record, whatever the table: (1) */
	txn->writes++;
	return r;
}

enum saqta_status db_delete(struct db_txn *txn, unsigned table, const void *key, size_t key_len, struct saqta_error *err)
{
	sqlite3_stmt *s;
	enum saqta_status r = statement(txn->db, table, OP_DELETE, &txn->db->ops[table][OP_DELETE], &s, err);

	if (r)
		return r;
	(void)bind_blob(s, 1, key, key_len);
	return step_write(txn, s, table, err);
}

enum saqta_status db_delete_prefix(struct db_txn *txn, unsigned table, const void *prefix, size_t prefix_len, uint64_t *ret,
				   struct saqta_error *err)
{
	uint64_t n = 0;
	enum saqta_status r;

	for (;;) {
		struct db_scan *scan = NULL;
		const uint8_t *key, *value;
		size_t key_len, value_len;
		cleanup_(buf_done) struct buf found = {0};

		r = db_scan_open(txn->db, table, prefix, prefix_len, prefix, prefix_len, &scan, err);
		if (!r)
			r = db_scan_next(scan, &key, &key_len, &value, &value_len, err);
		if (!r)
			buf_add(&found, key, key_len);
		db_scan_close(scan);
		if (r)
			break;
		r = db_delete(txn, table, found.data, found.len, err);
		if (r)
			break;
		n++;
	}
	if (r != SAQTA_ERR_MISSING)
		return r;
	if (ret)
		*ret = n;
	return SAQTA_OK;
}

enum saqta_status db_clear(struct db_txn *txn, unsigned table, struct saqta_error *err)
{
	char sql[256];

	if (closed(txn->db, err))
		return SAQTA_ERR_CLOSED;
	(void)snprintf(sql, sizeof(sql), "DELETE FROM \"%s\"", txn->db->schema->tables[table].name);
	txn->writes++;
	return run_sql(txn->db, sql, "write", err);
}

enum saqta_status db_count(struct db *db, unsigned table, uint64_t *ret, struct saqta_error *err)
{
	sqlite3_stmt *s;
	int rc;
	enum saqta_status r = statement(db, table, OP_COUNT, &db->ops[table][OP_COUNT], &s, err);

	if (r)
		return r;
	rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		*ret = (uint64_t)sqlite3_column_int64(s, 0);
	(void)sqlite3_reset(s);
	return rc == SQLITE_ROW ? SAQTA_OK : translate(db, rc, "count", err);
}

enum saqta_status db_last_n(struct db *db, unsigned table, uint64_t *ret, struct saqta_error *err)
{
	sqlite3_stmt *s;
	int rc;
	enum saqta_status r = statement(db, table, OP_LAST, &db->ops[table][OP_LAST], &s, err);

	if (r)
		return r;
	rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		*ret = (uint64_t)sqlite3_column_int64(s, 0);
	(void)sqlite3_reset(s);
	if (rc == SQLITE_DONE)
		return SAQTA_ERR_MISSING;
	return rc == SQLITE_ROW ? SAQTA_OK : translate(db, rc, "read", err);
}

enum saqta_status db_last(struct db *db, unsigned table, struct buf *ret, struct saqta_error *err)
{
	sqlite3_stmt *s;
	enum saqta_status r = statement(db, table, OP_LAST, &db->ops[table][OP_LAST], &s, err);

	return r ? r : step_get(db, s, ret, err);
}

/* ---- scans ---- */

static enum saqta_status scan_new(struct db *db, unsigned table, struct db_scan **ret, struct saqta_error *err)
{
	struct db_scan *scan = calloc(1, sizeof(*scan));
	enum saqta_status r;

	if (!scan)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	scan->db = db;
	scan->table = table;
	scan->slot = -1;
	for (int i = 0; i < SCANS_MAX && scan->slot < 0; i++)
		if (!db->scan_used[table][i])
			scan->slot = i;
	if (scan->slot >= 0)
		r = statement(db, table, OP_SCAN, &db->scans[table][scan->slot], &scan->stmt, err);
	else
		r = statement(db, table, OP_SCAN, &scan->stmt, &scan->stmt, err);
	if (r) {
		free(scan);
		return r;
	}
	if (scan->slot >= 0)
		db->scan_used[table][scan->slot] = true;
	*ret = scan;
	return SAQTA_OK;
}

enum saqta_status db_scan_open(struct db *db, unsigned table, const void *from, size_t from_len, const void *prefix, size_t prefix_len,
			       struct db_scan **ret, struct saqta_error *err)
{
	struct db_scan *scan = NULL;
	enum saqta_status r = scan_new(db, table, &scan, err);

	if (r)
		return r;
	if (prefix_len > 0) {
		scan->prefix = malloc(prefix_len);
		if (!scan->prefix) {
			db_scan_close(scan);
			return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
		}
		memcpy(scan->prefix, prefix, prefix_len);
		scan->prefix_len = prefix_len;
	}
	if (from_len > 0)
		(void)sqlite3_bind_blob64(scan->stmt, 1, from, from_len, SQLITE_TRANSIENT);
	else
		(void)sqlite3_bind_zeroblob(scan->stmt, 1, 0);
	*ret = scan;
	return SAQTA_OK;
}

enum saqta_status db_scan_open_n(struct db *db, unsigned table, uint64_t from, struct db_scan **ret, struct saqta_error *err)
{
	struct db_scan *scan = NULL;
	enum saqta_status r = scan_new(db, table, &scan, err);

	if (r)
		return r;
	(void)sqlite3_bind_int64(scan->stmt, 1, (sqlite3_int64)from);
	*ret = scan;
	return SAQTA_OK;
}

enum saqta_status db_scan_next(struct db_scan *scan, const uint8_t **ret_key, size_t *ret_key_len, const uint8_t **ret_value,
			       size_t *ret_value_len, struct saqta_error *err)
{
	int rc;

	if (closed(scan->db, err))
		return SAQTA_ERR_CLOSED;
	rc = sqlite3_step(scan->stmt);
	if (rc == SQLITE_DONE)
		return SAQTA_ERR_MISSING;
	if (rc != SQLITE_ROW)
		return translate(scan->db, rc, "scan", err);
	if (scan->db->schema->tables[scan->table].by_number) {
		uint64_t n = (uint64_t)sqlite3_column_int64(scan->stmt, 0);

		for (int i = 7; i >= 0; i--, n >>= 8)
			scan->number[i] = (uint8_t)n;
		*ret_key = scan->number;
		*ret_key_len = sizeof(scan->number);
	} else {
		*ret_key = sqlite3_column_blob(scan->stmt, 0);
		*ret_key_len = (size_t)sqlite3_column_bytes(scan->stmt, 0);
	}
	if (scan->prefix_len > 0 && (*ret_key_len < scan->prefix_len || memcmp(*ret_key, scan->prefix, scan->prefix_len) != 0))
		return SAQTA_ERR_MISSING;
	*ret_value = sqlite3_column_blob(scan->stmt, 1);
	*ret_value_len = (size_t)sqlite3_column_bytes(scan->stmt, 1);
	return SAQTA_OK;
}

struct db_scan *db_scan_close(struct db_scan *scan)
{
	if (!scan)
		return NULL;
	(void)sqlite3_reset(scan->stmt);
	(void)sqlite3_clear_bindings(scan->stmt);
	if (scan->slot >= 0)
		scan->db->scan_used[scan->table][scan->slot] = false;
	else
		(void)sqlite3_finalize(scan->stmt);
	free(scan->prefix);
	free(scan);
	return NULL;
}

void db_scan_closep(struct db_scan **scan) { *scan = db_scan_close(*scan); }
