/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_DB_H
#define BASE_DB_H

#include "base/buf.h"

/* The narrow store: put, get, delete and scan by key, inside a transaction. No SQL and no SQLite type leaves db.c.
 *
 * Invariants kept here:
 * (1) A transaction on an audited store that wrote data and appended no record does not commit.
 * (2) What db_txn_commit acknowledged is on disk (WAL, synchronous=FULL).
 * (10) After a rollback that failed, or a commit that failed with anything but busy, the store is closed:
 *      every later call answers SAQTA_ERR_CLOSED until it is reopened.
 * Deleted bytes are overwritten (secure_delete=ON); temporary tables stay in memory; readers never checkpoint. */

/** A table: keys are blobs (clustered, WITHOUT ROWID, STRICT) or numbers (rowid), values are blobs. */
struct db_table {
	const char *name;
	bool by_number;
	bool is_record; /* an append here counts as the record that (1) asks for */
	uint32_t since; /* the version of the schema that brought it; 0: the first */
};
/** The layout of one kind of file. The version rises with every change. A writer that opens an older file finds it as it is, without the tables
 *  that came later, and brings it up before anything else (db_bring_up). */
struct db_schema {
	uint32_t application_id;
	uint32_t version;
	bool is_audited;
	const struct db_table *tables; /* addressed below by index */
	unsigned n_tables;
};

struct db;
enum db_mode { DB_OPEN, DB_CREATE /* must not exist */, DB_READ_ONLY, DB_MEMORY };
/** @path is ignored for DB_MEMORY. DB_READ_ONLY opens a reader that never checkpoints.
 *  Errors: SAQTA_ERR_MISSING, SAQTA_ERR_CREATE, SAQTA_ERR_STORE, SAQTA_ERR_BUSY (also a reader of a file that a writer must bring up
 *  first), SAQTA_ERR_TAMPERED (not such a file, newer version). */
enum saqta_status db_open(const char *path, enum db_mode mode, const struct db_schema *schema, struct db **ret,
			  struct saqta_error *err) must_check_;
/** The version of the file: less than the schema's until it was brought up. */
enum saqta_status db_version(struct db *db, uint32_t *ret, struct saqta_error *err) must_check_;
struct db *db_close(struct db *db); /* checkpoints (writer); NULL allowed; returns NULL */
void db_closep(struct db **db);
/** Truncate the WAL, durably, so that nothing deleted remains in it. Waits some seconds for readers; SAQTA_ERR_BUSY if one stays. */
enum saqta_status db_checkpoint(struct db *db, struct saqta_error *err) must_check_;
const char *db_path(const struct db *db);
/** Bytes on disk: file and WAL. */
uint64_t db_bytes(const struct db *db);

/** A whole copy as of now into the new file @path (mode 0600), while others write. @progress may be NULL; non-zero cancels. On failure no file
 *  is left. */
enum saqta_status db_backup(struct db *db, const char *path, int (*progress)(void *user, uint64_t done, uint64_t total), void *user,
			    struct saqta_error *err) must_check_;

struct db_txn {
	struct db *db; /* NULL: no transaction is open */
	unsigned writes;
	unsigned records;
};
#define DB_TXN_NONE ((struct db_txn){0})
enum saqta_status db_txn_begin(struct db_txn *txn, struct db *db, struct saqta_error *err) must_check_; /* BEGIN IMMEDIATE */
enum saqta_status db_txn_commit(struct db_txn *txn, struct saqta_error *err) must_check_;
void db_txn_end(struct db_txn *txn); /* rolls back unless committed; for cleanup_() */
/** Within the transaction: make the tables that came with @version, the next after the file's, and call the file that version. */
enum saqta_status db_bring_up(struct db_txn *txn, uint32_t version, struct saqta_error *err) must_check_;

/* Reads see the open transaction of the same db. SAQTA_ERR_MISSING (no text written to err) when there is no such key.
 * A found value is appended to @ret. */
enum saqta_status db_get(struct db *db, unsigned table, const void *key, size_t key_len, struct buf *ret,
			 struct saqta_error *err) must_check_;
enum saqta_status db_get_n(struct db *db, unsigned table, uint64_t key, struct buf *ret, struct saqta_error *err) must_check_;
enum saqta_status db_put(struct db_txn *txn, unsigned table, const void *key, size_t key_len, const void *value, size_t value_len,
			 struct saqta_error *err) must_check_; /* insert or replace */
enum saqta_status db_put_n(struct db_txn *txn, unsigned table, uint64_t key, const void *value, size_t value_len,
			   struct saqta_error *err) must_check_; /* insert only: an existing number is SAQTA_ERR_STORE */
/** The value of a number becomes empty; its row stays. */
enum saqta_status db_blank_n(struct db_txn *txn, unsigned table, uint64_t key, struct saqta_error *err) must_check_;
enum saqta_status db_delete(struct db_txn *txn, unsigned table, const void *key, size_t key_len, struct saqta_error *err) must_check_;
/** Delete every key that begins with @prefix; counts them in @ret (may be NULL). */
enum saqta_status db_delete_prefix(struct db_txn *txn, unsigned table, const void *prefix, size_t prefix_len, uint64_t *ret,
				   struct saqta_error *err) must_check_;
/** Delete every row. */
enum saqta_status db_clear(struct db_txn *txn, unsigned table, struct saqta_error *err) must_check_;
/** Number of keys, and the largest number (tables by number; SAQTA_ERR_MISSING when empty). */
enum saqta_status db_count(struct db *db, unsigned table, uint64_t *ret, struct saqta_error *err) must_check_;
enum saqta_status db_last_n(struct db *db, unsigned table, uint64_t *ret, struct saqta_error *err) must_check_;
/** The largest key (tables by blob), appended to @ret; SAQTA_ERR_MISSING when empty. */
enum saqta_status db_last(struct db *db, unsigned table, struct buf *ret, struct saqta_error *err) must_check_;

/** A scan in key order. Several may be open at once; writing while one is open is allowed only to keys before its position.
 *  Blob tables: keys >= @from that begin with @prefix (prefix_len 0: all). */
struct db_scan;
enum saqta_status db_scan_open(struct db *db, unsigned table, const void *from, size_t from_len, const void *prefix, size_t prefix_len,
			       struct db_scan **ret, struct saqta_error *err) must_check_;
enum saqta_status db_scan_open_n(struct db *db, unsigned table, uint64_t from, struct db_scan **ret, struct saqta_error *err) must_check_;
/** Next row; pointers are valid until the next call. SAQTA_ERR_MISSING (no text) at the end. For number tables key is the be64 number. */
enum saqta_status db_scan_next(struct db_scan *scan, const uint8_t **ret_key, size_t *ret_key_len, const uint8_t **ret_value,
			       size_t *ret_value_len, struct saqta_error *err) must_check_;
struct db_scan *db_scan_close(struct db_scan *scan);
void db_scan_closep(struct db_scan **scan);

#endif
