/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/keystore.h"

#include <stdlib.h>
#include <string.h>

enum { KS_META, KS_KEY, KS_GONE, KS_TABLES };
static const struct db_table tables[KS_TABLES] = {
	[KS_META] = {.name = "meta"}, [KS_KEY] = {.name = "key"}, [KS_GONE] = {.name = "gone", .since = 2}};
static const struct db_schema schema = {
	.application_id = 0x7371744b, /* "sqtK" */
	.version = 2,
	.tables = tables,
	.n_tables = KS_TABLES,
};

#define CACHE_KEYS 512
#define TRIM_BATCH 512
#define WRAPPED_SIZE (4 + SEAL_OVERHEAD + KEY_SIZE)

struct keystore {
	struct db *db;
	uint8_t vault_id[16];
	struct secret *epoch_key; /* owned */
	struct secret *root;	  /* owned: the branches derive from it */
	struct secret *ledger;	  /* owned: the branch that seals the ledger */
	uint32_t epoch;
	struct db_txn txn; /* of keys added since the last flush */
	struct secret *cache[CACHE_KEYS];
	uint8_t cached_id[CACHE_KEYS][SUBJECT_ID_SIZE];
	bool is_cached[CACHE_KEYS];
	struct buf sealed;
};

/* ---- sealing ---- */

#define AAD_MAX 64

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
static enum saqta_status wrap(struct keystore *ks, const uint8_t *with, const char *purpose, const uint8_t *id, const uint8_t key[KEY_SIZE],
			      struct saqta_error *err)
{
	uint8_t aad[AAD_MAX];
	size_t n = key_aad(ks, purpose, ks->epoch, id, aad);

	buf_clear(&ks->sealed);
	buf_u32(&ks->sealed, ks->epoch);
	return crypt_seal(with, aad, n, key, KEY_SIZE, &ks->sealed, err);
}

static enum saqta_status unwrap(struct keystore *ks, const uint8_t *with, const char *purpose, const uint8_t *id, const struct buf *wrapped,
				uint8_t ret[KEY_SIZE], struct saqta_error *err)
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
	for (int i = 0; !r && i < CACHE_KEYS; i++)
		r = secret_new(&ks->cache[i], err);
	if (r) {
		keystore_close(ks);
		return r;
	}
	*ret = ks;
	return SAQTA_OK;
}

static enum saqta_status put_epoch(struct keystore *ks, struct db_txn *txn, const struct secret *master, struct saqta_error *err)
{
	uint8_t kek[KEY_SIZE];
	enum saqta_status r;

	master_branch(master, kek);
	r = wrap(ks, kek, "saqta epoch", NULL, secret_key(ks->epoch_key), err);
	crypt_wipe(kek, sizeof(kek));
	return r ? r : db_put(txn, KS_META, "epoch", 5, ks->sealed.data, ks->sealed.len, err);
}

static enum saqta_status put_root(struct keystore *ks, struct db_txn *txn, struct saqta_error *err)
{
	enum saqta_status r = wrap(ks, secret_key(ks->epoch_key), "saqta root", NULL, secret_key(ks->root), err);

	return r ? r : db_put(txn, KS_META, "root", 4, ks->sealed.data, ks->sealed.len, err);
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
	r = db_txn_begin(&txn, ks->db, err);
	if (!r)
		r = db_put(&txn, KS_META, "vault", 5, vault_id, 16, err);
	if (!r)
		r = put_epoch(ks, &txn, master, err);
	if (!r)
		r = put_root(ks, &txn, err);
	if (!r)
		r = db_txn_commit(&txn, err);
	if (!r)
		r = keystore_branch(ks, "ledger", &ks->ledger, err);
	if (r)
		return r;
	*ret = ks;
	ks = NULL;
	return SAQTA_OK;
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
	r = unwrap(ks, kek, "saqta epoch", NULL, &epoch, secret_key(ks->epoch_key), err);
	crypt_wipe(kek, sizeof(kek));
	/* A whole row that does not open is a wrong key; a cut one is not. */
	if (r == SAQTA_ERR_TAMPERED && epoch.len == WRAPPED_SIZE)
		return err_set(err, SAQTA_ERR_KEY, 0,
			       "%s: the master key is not the one of this keystore: give the right one with --key-file", db_path(ks->db));
	if (r)
		return r;
	c = (struct cursor){.data = epoch.data, .len = epoch.len};
	ks->epoch = cursor_u32(&c);
	return unwrap(ks, secret_key(ks->epoch_key), "saqta root", NULL, &root, secret_key(ks->root), err);
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
	return r ? r : keystore_open_reader(path, master, id.data, &ks, err);
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
	r = wrap(ks, secret_key(ks->epoch_key), "saqta key", id, ret, err);
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
		r = unwrap(ks, secret_key(ks->epoch_key), "saqta key", id, &wrapped, ret, err);
	if (r == SAQTA_ERR_TAMPERED && was_renewed(ks))
		return err_set(err, SAQTA_ERR_BUSY, 0, "%s: the keys were renewed meanwhile: run again", db_path(ks->db));
	if (!r)
		cache_put(ks, id, ret);
	return r;
}

static enum saqta_status delete_key(struct keystore *ks, struct db_txn *txn, const uint8_t id[SUBJECT_ID_SIZE], struct saqta_error *err)
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
		r = delete_key(ks, &txn, ids[i], err);
	if (!r)
		r = db_txn_commit(&txn, err);
	/* What was overwritten in the file must not live on in the write-ahead log. */
	return r ? r : db_checkpoint(ks->db, err);
}

/** The first keys at or behind @from, at most TRIM_BATCH. */
static enum saqta_status collect(struct keystore *ks, const uint8_t *from, size_t from_len, uint8_t (*ret)[SUBJECT_ID_SIZE], size_t *ret_n,
				 struct saqta_error *err)
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
		r = collect(ks, from, sizeof(from), ids, &n, err);
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
		r = put_epoch(ks, &txn, master, err);
	if (!r)
		r = db_txn_commit(&txn, err);
	return r ? r : db_checkpoint(copy, err);
}

/* ---- the ledger ---- */

#define LEDGER_COUNT "ledger"

static size_t gone_aad(const struct keystore *ks, const void *row, size_t row_len, uint8_t ret[AAD_MAX])
{
	static const char label[] = "saqta gone";

	memcpy(ret, label, sizeof(label)); /* with its end: no row makes another label */
	memcpy(ret + sizeof(label), ks->vault_id, 16);
	memcpy(ret + sizeof(label) + 16, row, row_len);
	return sizeof(label) + 16 + row_len;
}

static enum saqta_status put_sealed(struct keystore *ks, struct db_txn *txn, unsigned table, const void *row, size_t row_len,
				    const void *plain, size_t plain_len, struct saqta_error *err)
{
	uint8_t aad[AAD_MAX];
	size_t n = gone_aad(ks, row, row_len, aad);
	enum saqta_status r;

	buf_clear(&ks->sealed);
	r = crypt_seal(secret_key(ks->ledger), aad, n, plain, plain_len, &ks->sealed, err);
	return r ? r : db_put(txn, table, row, row_len, ks->sealed.data, ks->sealed.len, err);
}

static enum saqta_status ledger_count(struct keystore *ks, uint64_t *ret, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf sealed = {0}, plain = {0};
	uint8_t aad[AAD_MAX];
	size_t n = gone_aad(ks, LEDGER_COUNT, strlen(LEDGER_COUNT), aad);
	struct cursor c;
	enum saqta_status r = db_get(ks->db, KS_META, LEDGER_COUNT, strlen(LEDGER_COUNT), &sealed, err);

	*ret = 0;
	if (r) /* nothing was destroyed yet: then there is no line either */
		return r == SAQTA_ERR_MISSING ? SAQTA_OK : r;
	r = crypt_open(secret_key(ks->ledger), aad, n, sealed.data, sealed.len, &plain, err);
	if (r)
		return r;
	c = (struct cursor){.data = plain.data, .len = plain.len};
	*ret = (uint64_t)cursor_i64(&c);
	return c.failed ? err_set(err, SAQTA_ERR_TAMPERED, 0, "%s: the ledger's count is cut", db_path(ks->db)) : SAQTA_OK;
}

static enum saqta_status bury_one(struct keystore *ks, struct db_txn *txn, const struct gone *g, uint64_t *count, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf there = {0};
	enum saqta_status r = g->row_len == SUBJECT_ID_SIZE ? delete_key(ks, txn, g->row, err) : SAQTA_OK;

	if (!r)
		r = db_get(ks->db, KS_GONE, g->row, g->row_len, &there, err);
	if (r != SAQTA_ERR_MISSING)
		return r;
	++*count;
	return put_sealed(ks, txn, KS_GONE, g->row, g->row_len, g->note, g->note_len, err);
}

enum saqta_status keystore_bury(struct keystore *ks, const struct gone *list, size_t n, struct saqta_error *err)
{
	cleanup_(db_txn_end) struct db_txn txn = DB_TXN_NONE;
	cleanup_(buf_done) struct buf total = {0};
	uint64_t count = 0;
	enum saqta_status r = keystore_flush(ks, err);

	if (!r)
		r = db_txn_begin(&txn, ks->db, err);
	if (!r)
		r = ledger_count(ks, &count, err);
	for (size_t i = 0; !r && i < n; i++)
		r = bury_one(ks, &txn, &list[i], &count, err);
	buf_i64(&total, (int64_t)count);
	if (!r && total.failed)
		r = err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	if (!r)
		r = put_sealed(ks, &txn, KS_META, LEDGER_COUNT, strlen(LEDGER_COUNT), total.data, total.len, err);
	if (!r)
		r = db_txn_commit(&txn, err);
	return r ? r : db_checkpoint(ks->db, err);
}

enum saqta_status keystore_ledger(struct keystore *ks, gone_fn visit, void *user, uint64_t *ret_count, struct saqta_error *err)
{
	cleanup_(db_scan_closep) struct db_scan *scan = NULL;
	uint64_t count = 0, want = 0;
	enum saqta_status r = ledger_count(ks, &want, err);

	if (!r)
		r = db_scan_open(ks->db, KS_GONE, "", 0, "", 0, &scan, err);
	while (!r) {
		cleanup_(buf_done) struct buf note = {0};
		const uint8_t *row, *sealed;
		uint8_t aad[AAD_MAX];
		size_t row_len, sealed_len;
		struct gone line;

		r = db_scan_next(scan, &row, &row_len, &sealed, &sealed_len, err);
		if (r)
			break;
		if (row_len > GONE_ROW_MAX || row_len < SUBJECT_ID_SIZE)
			return err_set(err, SAQTA_ERR_TAMPERED, 0, "%s: a line of the ledger has a wrong key", db_path(ks->db));
		r = crypt_open(secret_key(ks->ledger), aad, gone_aad(ks, row, row_len, aad), sealed, sealed_len, &note, err);
		if (r)
			break;
		line = (struct gone){.row_len = row_len, .note = note.data, .note_len = note.len};
		memcpy(line.row, row, row_len);
		count++;
		if (visit)
			r = visit(user, &line, err);
	}
	if (r != SAQTA_ERR_MISSING)
		return r;
	if (count != want)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "%s: the ledger of destructions has %llu lines and should have %llu",
			       db_path(ks->db), (unsigned long long)count, (unsigned long long)want);
	*ret_count = count;
	return SAQTA_OK;
}

/* ---- the master key and the epochs ---- */

#define EPOCH_SINCE "epoch-since"

enum saqta_status keystore_rotate(struct keystore *ks, const struct secret *master, struct saqta_error *err)
{
	cleanup_(db_txn_end) struct db_txn txn = DB_TXN_NONE;
	enum saqta_status r = keystore_flush(ks, err);

	if (!r)
		r = db_txn_begin(&txn, ks->db, err);
	if (!r)
		r = put_epoch(ks, &txn, master, err);
	if (!r)
		r = db_txn_commit(&txn, err);
	/* What the old master key opened must not live on in the write-ahead log. */
	return r ? r : db_checkpoint(ks->db, err);
}

/* Seal one batch anew; @from becomes the first key behind it. */
static enum saqta_status renew_batch(struct keystore *ks, struct db_txn *txn, const struct secret *old, uint8_t from[SUBJECT_ID_SIZE + 1],
				     size_t *from_len, size_t *ret_n, struct saqta_error *err)
{
	uint8_t ids[TRIM_BATCH][SUBJECT_ID_SIZE], key[KEY_SIZE];
	enum saqta_status r = collect(ks, from, *from_len, ids, ret_n, err);

	for (size_t i = 0; !r && i < *ret_n; i++) {
		cleanup_(buf_done) struct buf wrapped = {0};

		r = db_get(ks->db, KS_KEY, ids[i], SUBJECT_ID_SIZE, &wrapped, err);
		if (!r)
			r = unwrap(ks, secret_key((struct secret *)old), "saqta key", ids[i], &wrapped, key, err);
		if (!r)
			r = wrap(ks, secret_key(ks->epoch_key), "saqta key", ids[i], key, err);
		if (!r)
			r = db_put(txn, KS_KEY, ids[i], SUBJECT_ID_SIZE, ks->sealed.data, ks->sealed.len, err);
	}
	crypt_wipe(key, sizeof(key));
	if (!r && *ret_n > 0) {
		memcpy(from, ids[*ret_n - 1], SUBJECT_ID_SIZE);
		from[SUBJECT_ID_SIZE] = 0;
		*from_len = SUBJECT_ID_SIZE + 1;
	}
	return r;
}

static enum saqta_status renew_all(struct keystore *ks, const struct secret *old, const struct secret *master, int64_t now_us,
				   int (*progress)(void *user, uint64_t done, uint64_t total), void *user, struct saqta_error *err)
{
	cleanup_(db_txn_end) struct db_txn txn = DB_TXN_NONE;
	cleanup_(buf_done) struct buf since = {0};
	uint8_t from[SUBJECT_ID_SIZE + 1] = {0};
	uint64_t done = 0, total = 0;
	size_t from_len = 0, n = 0;
	enum saqta_status r = db_count(ks->db, KS_KEY, &total, err);

	if (!r)
		r = db_txn_begin(&txn, ks->db, err);
	if (!r)
		r = put_epoch(ks, &txn, master, err);
	if (!r)
		r = put_root(ks, &txn, err);
	buf_i64(&since, now_us);
	if (!r && since.failed)
		r = err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	if (!r)
		r = db_put(&txn, KS_META, EPOCH_SINCE, strlen(EPOCH_SINCE), since.data, since.len, err);
	while (!r) {
		r = renew_batch(ks, &txn, old, from, &from_len, &n, err);
		done += n;
		if (!r && n < TRIM_BATCH)
			break;
		if (!r && progress && progress(user, done, total) != 0)
			r = err_set(err, SAQTA_ERR_CANCELLED, 0, "stopped; the epoch stays what it was");
	}
	return r ? r : db_txn_commit(&txn, err);
}

enum saqta_status keystore_renew(struct keystore *ks, const struct secret *master, int64_t now_us,
				 int (*progress)(void *user, uint64_t done, uint64_t total), void *user, struct saqta_error *err)
{
	cleanup_(secret_freep) struct secret *old = NULL;
	enum saqta_status r = keystore_flush(ks, err);

	if (!r)
		r = secret_new(&old, err);
	if (r)
		return r;
	memcpy(secret_key(old), secret_key(ks->epoch_key), KEY_SIZE);
	crypt_random(secret_key(ks->epoch_key), KEY_SIZE);
	ks->epoch++;
	r = renew_all(ks, old, master, now_us, progress, user, err);
	if (r) {
		memcpy(secret_key(ks->epoch_key), secret_key(old), KEY_SIZE);
		ks->epoch--;
		return r;
	}
	return db_checkpoint(ks->db, err);
}

enum saqta_status keystore_status(struct keystore *ks, struct keystore_status *ret, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf since = {0};
	struct cursor c;
	enum saqta_status r = db_get(ks->db, KS_META, EPOCH_SINCE, strlen(EPOCH_SINCE), &since, err);

	*ret = (struct keystore_status){.epoch = ks->epoch, .epoch_us = INSTANT_NONE};
	if (!r) {
		c = (struct cursor){.data = since.data, .len = since.len};
		ret->epoch_us = cursor_i64(&c);
	}
	if (!r || r == SAQTA_ERR_MISSING)
		r = ledger_count(ks, &ret->n_ledger, err);
	return r ? r : keystore_count(ks, &ret->n_keys, err);
}
