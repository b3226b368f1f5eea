/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/keystore_inner.h"

#include <stdlib.h>
#include <string.h>

static const struct db_table tables[KS_TABLES] = {
	[KS_META] = {.name = "meta"}, [KS_KEY] = {.name = "key"}, [KS_GONE] = {.name = "gone", .since = 2}};
static const struct db_schema schema = {
	.application_id = 0x7371744b, /* "sqtK" */
	.version = KEYSTORE_VERSION,
	.tables = tables,
	.n_tables = KS_TABLES,
};

/* ---- sealing ---- */

static size_t key_aad(const struct keystore *ks, const char *purpose, uint32_t epoch, const uint8_t *id, uint8_t ret[AAD_MAX])
{
	size_t n = strlen(purpose);

	memcpy(ret, purpose, n);
	memcpy(ret + n, ks->vault_id, 16);
	n += 16;
	for (int i = 0; i < 4; i++)
		ret[n++] = (uint8_t)(epoch >> (24 - 8 * i));
	if (id) {
		memcpy(ret + n, id, SUBJECT_ID_SIZE);
		n += SUBJECT_ID_SIZE;
	}
	return n;
}

/* A wrapped key: its epoch, then the key sealed under that epoch's key. */
enum saqta_status keystore_wrap(struct keystore *ks, const uint8_t *with, const char *purpose, const uint8_t *id,
				const uint8_t key[KEY_SIZE], struct saqta_error *err)
{
	uint8_t aad[AAD_MAX];
	size_t n = key_aad(ks, purpose, ks->epoch, id, aad);

	buf_clear(&ks->sealed);
	buf_u32(&ks->sealed, ks->epoch);
	return crypt_seal(with, aad, n, key, KEY_SIZE, &ks->sealed, err);
}

enum saqta_status keystore_unwrap(struct keystore *ks, const uint8_t *with, const char *purpose, const uint8_t *id,
				  const struct buf *wrapped, uint8_t ret[KEY_SIZE], struct saqta_error *err)
{
	cleanup_(buf_done) struct buf plain = {0};
	struct cursor c = {.data = wrapped->data, .len = wrapped->len};
	uint32_t epoch = cursor_u32(&c);
	uint8_t aad[AAD_MAX];
	size_t n = key_aad(ks, purpose, epoch, id, aad);
	enum saqta_status r;

	if (wrapped->failed)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	if (wrapped->len != WRAPPED_SIZE)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "%s: a wrapped key is cut", db_path(ks->db));
	r = crypt_open(with, aad, n, wrapped->data + c.pos, wrapped->len - c.pos, &plain, err);
	if (!r && plain.len != KEY_SIZE)
		r = err_set(err, SAQTA_ERR_TAMPERED, 0, "%s: a wrapped key has the wrong length", db_path(ks->db));
	if (!r)
		memcpy(ret, plain.data, KEY_SIZE);
	return r;
}

static enum saqta_status meta(struct keystore *ks, const char *name, struct buf *ret, struct saqta_error *err)
{
	enum saqta_status r = db_get(ks->db, KS_META, name, strlen(name), ret, err);

	if (r == SAQTA_ERR_MISSING)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "%s: the row `%s` is missing", db_path(ks->db), name);
	return r;
}

static void master_branch(const struct secret *master, uint8_t ret[KEY_SIZE])
{
	crypt_hkdf(secret_key((struct secret *)master), KEY_SIZE, NULL, 0, "saqta master 1", ret, KEY_SIZE);
}

/* ---- making and opening ---- */

static enum saqta_status keystore_new(const char *path, enum db_mode mode, const uint8_t vault_id[16], struct keystore **ret,
				      struct saqta_error *err)
{
	struct keystore *ks = calloc(1, sizeof(*ks));
	enum saqta_status r;

	if (!ks)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	memcpy(ks->vault_id, vault_id, sizeof(ks->vault_id));
	ks->epoch = 1;
	r = db_open(path, mode, &schema, &ks->db, err);
	if (!r)
		r = secret_new(&ks->epoch_key, err);
	if (!r)
		r = secret_new(&ks->root, err);
	if (!r)
		r = secret_new(&ks->log, err);
	for (int i = 0; !r && i < CACHE_KEYS; i++)
		r = secret_new(&ks->cache[i], err);
	if (r) {
		keystore_close(ks);
		return r;
	}
	*ret = ks;
	return SAQTA_OK;
}

enum saqta_status keystore_put_epoch(struct keystore *ks, struct db_txn *txn, const struct secret *master, struct saqta_error *err)
{
	uint8_t kek[KEY_SIZE];
	enum saqta_status r;

	master_branch(master, kek);
	r = keystore_wrap(ks, kek, "saqta epoch", NULL, secret_key(ks->epoch_key), err);
	crypt_wipe(kek, sizeof(kek));
	return r ? r : db_put(txn, KS_META, "epoch", 5, ks->sealed.data, ks->sealed.len, err);
}

static enum saqta_status put_secret(struct keystore *ks, struct db_txn *txn, const char *name, const char *purpose, struct secret *secret,
				    struct saqta_error *err)
{
	enum saqta_status r = keystore_wrap(ks, secret_key(ks->epoch_key), purpose, NULL, secret_key(secret), err);

	return r ? r : db_put(txn, KS_META, name, strlen(name), ks->sealed.data, ks->sealed.len, err);
}

enum saqta_status keystore_put_roots(struct keystore *ks, struct db_txn *txn, struct saqta_error *err)
{
	enum saqta_status r = put_secret(ks, txn, "root", "saqta root", ks->root, err);

	if (!r)
		r = put_secret(ks, txn, "log", "saqta log", ks->log, err);
	if (!r)
		r = ks->log_next ? put_secret(ks, txn, "log-next", "saqta log", ks->log_next, err)
				 : db_delete(txn, KS_META, "log-next", strlen("log-next"), err);
	return r;
}

enum saqta_status keystore_create(const char *path, const struct secret *master, const uint8_t vault_id[16], struct keystore **ret,
				  struct saqta_error *err)
{
	cleanup_(db_txn_end) struct db_txn txn = DB_TXN_NONE;
	cleanup_(keystore_closep) struct keystore *ks = NULL;
	enum saqta_status r = keystore_new(path, path ? DB_CREATE : DB_MEMORY, vault_id, &ks, err);

	if (r)
		return r;
	crypt_random(secret_key(ks->epoch_key), KEY_SIZE);
	crypt_random(secret_key(ks->root), KEY_SIZE);
	crypt_random(secret_key(ks->log), KEY_SIZE);
	r = db_txn_begin(&txn, ks->db, err);
	if (!r)
		r = db_put(&txn, KS_META, "vault", 5, vault_id, 16, err);
	if (!r)
		r = keystore_put_epoch(ks, &txn, master, err);
	if (!r)
		r = keystore_put_roots(ks, &txn, err);
	if (!r)
		r = keystore_branch(ks, "ledger", &ks->ledger, err);
	if (!r)
		r = keystore_begin_ledger(ks, &txn, err);
	if (!r)
		r = db_txn_commit(&txn, err);
	if (r)
		return r;
	*ret = ks;
	ks = NULL;
	return SAQTA_OK;
}

/* SAQTA_ERR_MISSING (no text) if there is none. */
static enum saqta_status get_secret(struct keystore *ks, const char *name, const char *purpose, struct secret *ret, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf row = {0};
	enum saqta_status r = db_get(ks->db, KS_META, name, strlen(name), &row, err);

	return r ? r : keystore_unwrap(ks, secret_key(ks->epoch_key), purpose, NULL, &row, secret_key(ret), err);
}

static enum saqta_status open_log_secrets(struct keystore *ks, struct saqta_error *err)
{
	struct secret *next = NULL;
	enum saqta_status r = get_secret(ks, "log", "saqta log", ks->log, err);

	if (r == SAQTA_ERR_MISSING) { /* a keystore of before: until the first renewal the log's key derives from the root */
		memcpy(secret_key(ks->log), secret_key(ks->root), KEY_SIZE);
		r = SAQTA_OK;
	}
	if (!r)
		r = secret_new(&next, err);
	if (!r)
		r = get_secret(ks, "log-next", "saqta log", next, err);
	if (!r)
		ks->log_next = next;
	else
		secret_free(next);
	return r == SAQTA_ERR_MISSING ? SAQTA_OK : r;
}

static enum saqta_status open_keys(struct keystore *ks, const struct secret *master, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf id = {0}, epoch = {0}, root = {0};
	struct cursor c;
	uint8_t kek[KEY_SIZE];
	enum saqta_status r = meta(ks, "vault", &id, err);

	if (!r && (id.len != 16 || memcmp(id.data, ks->vault_id, 16) != 0))
		r = err_set(err, SAQTA_ERR_KEY, 0, "%s: this keystore belongs to another vault", db_path(ks->db));
	if (!r)
		r = meta(ks, "epoch", &epoch, err);
	if (!r)
		r = meta(ks, "root", &root, err);
	if (r)
		return r;
	master_branch(master, kek);
	r = keystore_unwrap(ks, kek, "saqta epoch", NULL, &epoch, secret_key(ks->epoch_key), err);
	crypt_wipe(kek, sizeof(kek));
	/* A whole row that does not open is a wrong key; a cut one is not. */
	if (r == SAQTA_ERR_TAMPERED && epoch.len == WRAPPED_SIZE)
		return err_set(err, SAQTA_ERR_KEY, 0,
			       "%s: the master key is not the one of this keystore: give the right one with --key-file", db_path(ks->db));
	if (r)
		return r;
	c = (struct cursor){.data = epoch.data, .len = epoch.len};
	ks->epoch = cursor_u32(&c);
	r = keystore_unwrap(ks, secret_key(ks->epoch_key), "saqta root", NULL, &root, secret_key(ks->root), err);
	return r ? r : open_log_secrets(ks, err);
}

static enum saqta_status open_as(enum db_mode mode, const char *path, const struct secret *master, const uint8_t vault_id[16],
				 struct keystore **ret, struct saqta_error *err)
{
	cleanup_(keystore_closep) struct keystore *ks = NULL;
	enum saqta_status r = keystore_new(path, mode, vault_id, &ks, err);

	if (!r)
		r = open_keys(ks, master, err);
	if (!r)
		r = keystore_branch(ks, "ledger", &ks->ledger, err);
	if (r)
		return r;
	*ret = ks;
	ks = NULL;
	return SAQTA_OK;
}

enum saqta_status keystore_open(const char *path, const struct secret *master, const uint8_t vault_id[16], struct keystore **ret,
				struct saqta_error *err)
{
	return open_as(DB_OPEN, path, master, vault_id, ret, err);
}

enum saqta_status keystore_open_reader(const char *path, const struct secret *master, const uint8_t vault_id[16], struct keystore **ret,
				       struct saqta_error *err)
{
	return open_as(DB_READ_ONLY, path, master, vault_id, ret, err);
}

enum saqta_status keystore_check(const char *path, const struct secret *master, struct saqta_error *err)
{
	cleanup_(keystore_closep) struct keystore *ks = NULL;
	cleanup_(db_closep) struct db *db = NULL;
	cleanup_(buf_done) struct buf id = {0};
	enum saqta_status r = db_open(path, DB_OPEN, &schema, &db, err);

	if (!r)
		r = db_get(db, KS_META, "vault", 5, &id, err);
	if (r == SAQTA_ERR_MISSING && db)
		r = err_set(err, SAQTA_ERR_TAMPERED, 0, "%s: the row `vault` is missing", path);
	if (!r && id.len != 16)
		r = err_set(err, SAQTA_ERR_TAMPERED, 0, "%s: the row `vault` is cut", path);
	/* Not as a reader, who is refused where the layout is older: without the key nobody could bring it up. Nothing is written. */
	return r ? r : keystore_open(path, master, id.data, &ks, err);
}

enum saqta_status keystore_version(struct keystore *ks, uint32_t *ret, struct saqta_error *err) { return db_version(ks->db, ret, err); }

/* 2: a table; 3: the ledger's count, also of none. */
enum saqta_status keystore_bring_up(struct keystore *ks, struct saqta_error *err)
{
	cleanup_(db_txn_end) struct db_txn txn = DB_TXN_NONE;
	uint32_t version = 0;
	enum saqta_status r = db_version(ks->db, &version, err);

	if (!r)
		r = db_txn_begin(&txn, ks->db, err);
	while (!r && version < KEYSTORE_VERSION)
		r = db_bring_up(&txn, ++version, err);
	if (!r)
		r = keystore_begin_ledger(ks, &txn, err);
	return r ? r : db_txn_commit(&txn, err);
}

struct keystore *keystore_close(struct keystore *ks)
{
	if (!ks)
		return NULL;
	db_txn_end(&ks->txn);
	for (int i = 0; i < CACHE_KEYS; i++)
		secret_free(ks->cache[i]);
	secret_free(ks->epoch_key);
	secret_free(ks->root);
	secret_free(ks->log);
	secret_free(ks->log_next);
	secret_free(ks->ledger);
	buf_done(&ks->sealed);
	db_close(ks->db);
	free(ks);
	return NULL;
}

void keystore_closep(struct keystore **ks) { *ks = keystore_close(*ks); }

enum saqta_status keystore_branch(struct keystore *ks, const char *label, struct secret **ret, struct saqta_error *err)
{
	struct secret *s = NULL;
	enum saqta_status r = secret_new(&s, err);

	if (r)
		return r;
	crypt_hkdf(secret_key(ks->root), KEY_SIZE, ks->vault_id, sizeof(ks->vault_id), label, secret_key(s), KEY_SIZE);
	*ret = s;
	return SAQTA_OK;
}

/* ---- data keys ---- */

static unsigned slot_of(const uint8_t id[SUBJECT_ID_SIZE]) { return ((unsigned)id[14] << 8 | id[15]) % CACHE_KEYS; /* the random half */ }

static void cache_put(struct keystore *ks, const uint8_t id[SUBJECT_ID_SIZE], const uint8_t key[KEY_SIZE])
{
	unsigned slot = slot_of(id);

	memcpy(secret_key(ks->cache[slot]), key, KEY_SIZE);
	memcpy(ks->cached_id[slot], id, SUBJECT_ID_SIZE);
	ks->is_cached[slot] = true;
}

static void cache_drop(struct keystore *ks, unsigned slot)
{
	crypt_wipe(secret_key(ks->cache[slot]), KEY_SIZE);
	ks->is_cached[slot] = false;
}

enum saqta_status keystore_add(struct keystore *ks, const uint8_t id[SUBJECT_ID_SIZE], uint8_t ret[KEY_SIZE], struct saqta_error *err)
{
	enum saqta_status r = ks->txn.db ? SAQTA_OK : db_txn_begin(&ks->txn, ks->db, err);

	if (r)
		return r;
	crypt_random(ret, KEY_SIZE);
	r = keystore_wrap(ks, secret_key(ks->epoch_key), "saqta key", id, ret, err);
	if (!r)
		r = db_put(&ks->txn, KS_KEY, id, SUBJECT_ID_SIZE, ks->sealed.data, ks->sealed.len, err);
	if (r)
		crypt_wipe(ret, KEY_SIZE);
	else
		cache_put(ks, id, ret);
	return r;
}

enum saqta_status keystore_flush(struct keystore *ks, struct saqta_error *err)
{
	return ks->txn.db ? db_txn_commit(&ks->txn, err) : SAQTA_OK;
}

void keystore_cancel(struct keystore *ks)
{
	if (!ks->txn.db)
		return;
	db_txn_end(&ks->txn);
	for (unsigned i = 0; i < CACHE_KEYS; i++)
		cache_drop(ks, i);
}

/* Did another process begin a new epoch since this one opened? */
static bool was_renewed(struct keystore *ks)
{
	cleanup_(buf_done) struct buf row = {0};
	struct saqta_error ignored;
	struct cursor c;

	if (meta(ks, "epoch", &row, &ignored))
		return false;
	c = (struct cursor){.data = row.data, .len = row.len};
	return cursor_u32(&c) > ks->epoch && !c.failed;
}

enum saqta_status keystore_get(struct keystore *ks, const uint8_t id[SUBJECT_ID_SIZE], uint8_t ret[KEY_SIZE], struct saqta_error *err)
{
	cleanup_(buf_done) struct buf wrapped = {0};
	unsigned slot = slot_of(id);
	enum saqta_status r;

	if (ks->is_cached[slot] && memcmp(ks->cached_id[slot], id, SUBJECT_ID_SIZE) == 0) {
		memcpy(ret, secret_key(ks->cache[slot]), KEY_SIZE);
		return SAQTA_OK;
	}
	r = db_get(ks->db, KS_KEY, id, SUBJECT_ID_SIZE, &wrapped, err);
	if (!r)
		r = keystore_unwrap(ks, secret_key(ks->epoch_key), "saqta key", id, &wrapped, ret, err);
	if (r == SAQTA_ERR_TAMPERED && was_renewed(ks))
		return err_set(err, SAQTA_ERR_BUSY, 0, "%s: the keys were renewed meanwhile: run again", db_path(ks->db));
	if (!r)
		cache_put(ks, id, ret);
	return r;
}

enum saqta_status keystore_delete_key(struct keystore *ks, struct db_txn *txn, const uint8_t id[SUBJECT_ID_SIZE], struct saqta_error *err)
{
	unsigned slot = slot_of(id);

	if (ks->is_cached[slot] && memcmp(ks->cached_id[slot], id, SUBJECT_ID_SIZE) == 0)
		cache_drop(ks, slot);
	return db_delete(txn, KS_KEY, id, SUBJECT_ID_SIZE, err);
}

enum saqta_status keystore_destroy(struct keystore *ks, const uint8_t (*ids)[SUBJECT_ID_SIZE], size_t n, struct saqta_error *err)
{
	cleanup_(db_txn_end) struct db_txn txn = DB_TXN_NONE;
	enum saqta_status r = keystore_flush(ks, err);

	if (!r)
		r = db_txn_begin(&txn, ks->db, err);
	for (size_t i = 0; !r && i < n; i++)
		r = keystore_delete_key(ks, &txn, ids[i], err);
	if (!r)
		r = db_txn_commit(&txn, err);
	/* What was overwritten in the file must not live on in the write-ahead log. */
	return r ? r : db_checkpoint(ks->db, err);
}

/** The first keys at or behind @from, at most TRIM_BATCH. */
enum saqta_status keystore_collect(struct keystore *ks, const uint8_t *from, size_t from_len, uint8_t (*ret)[SUBJECT_ID_SIZE],
				   size_t *ret_n, struct saqta_error *err)
{
	cleanup_(db_scan_closep) struct db_scan *scan = NULL;
	const uint8_t *key, *value;
	size_t key_len, value_len;
	enum saqta_status r = db_scan_open(ks->db, KS_KEY, from, from_len, "", 0, &scan, err);

	*ret_n = 0;
	while (!r && *ret_n < TRIM_BATCH) {
		r = db_scan_next(scan, &key, &key_len, &value, &value_len, err);
		if (r)
			break;
		if (key_len != SUBJECT_ID_SIZE)
			return err_set(err, SAQTA_ERR_TAMPERED, 0, "%s: a key's row has the wrong length", db_path(ks->db));
		memcpy(ret[(*ret_n)++], key, SUBJECT_ID_SIZE);
	}
	return r == SAQTA_ERR_MISSING ? SAQTA_OK : r;
}

enum saqta_status keystore_trim(struct keystore *ks, const uint8_t newest[SUBJECT_ID_SIZE], struct saqta_error *err)
{
	uint8_t from[SUBJECT_ID_SIZE + 1] = {0};
	uint8_t ids[TRIM_BATCH][SUBJECT_ID_SIZE];
	enum saqta_status r;
	size_t n;

	memcpy(from, newest, SUBJECT_ID_SIZE); /* one byte longer: the first key behind it */
	/* In batches: a destruction is synced, and a crash may have left thousands. */
	do {
		r = keystore_collect(ks, from, sizeof(from), ids, &n, err);
		if (!r && n > 0)
			r = keystore_destroy(ks, (const uint8_t(*)[SUBJECT_ID_SIZE])ids, n, err);
	} while (!r && n == TRIM_BATCH);
	return r;
}

enum saqta_status keystore_count(struct keystore *ks, uint64_t *ret, struct saqta_error *err) { return db_count(ks->db, KS_KEY, ret, err); }

enum saqta_status keystore_copy(struct keystore *ks, const char *path, const struct secret *master, struct saqta_error *err)
{
	cleanup_(db_txn_end) struct db_txn txn = DB_TXN_NONE;
	cleanup_(db_closep) struct db *copy = NULL;
	enum saqta_status r = keystore_flush(ks, err);

	if (!r)
		r = db_backup(ks->db, path, NULL, NULL, err);
	if (!r)
		r = db_open(path, DB_OPEN, &schema, &copy, err);
	if (!r)
		r = db_txn_begin(&txn, copy, err);
	if (!r)
		r = keystore_put_epoch(ks, &txn, master, err);
	if (!r)
		r = db_txn_commit(&txn, err);
	return r ? r : db_checkpoint(copy, err);
}
