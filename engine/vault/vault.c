/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/vault.h"

#include <stdlib.h>
#include <string.h>

static const struct db_table tables[VAULT_TABLES] = {
	[VAULT_META] = {.name = "meta"},
	[VAULT_SUBJECT] = {.name = "subject"},
	[VAULT_LOOKUP] = {.name = "lookup"},
	[VAULT_DUE] = {.name = "due"},
	[VAULT_SEEN] = {.name = "seen"},
	[VAULT_TASK] = {.name = "task"},
	[VAULT_REQUEST] = {.name = "request"},
	[VAULT_KEY_PENDING] = {.name = "key_pending"},
	[VAULT_ENTRY] = {.name = "entry", .by_number = true, .is_record = true},
	[VAULT_NODE] = {.name = "node", .by_number = true},
	[VAULT_PAST] = {.name = "past", .since = 2},
};
const struct db_schema vault_schema = {
	.application_id = 0x73717456, /* "sqtV" */
	.version = VAULT_VERSION,
	.is_audited = true,
	.tables = tables,
	.n_tables = VAULT_TABLES,
};
const uint8_t vault_controller_id[SUBJECT_ID_SIZE];

#define ROW_STATE 'S'
#define ROW_RECORD 'R'
#define ROW_DISCLOSURE 'D'
#define ROW_KEY_MAX (SUBJECT_ID_SIZE + 1 + 8)

static size_t row_key(const uint8_t id[SUBJECT_ID_SIZE], char kind, uint64_t number, uint8_t ret[ROW_KEY_MAX])
{
	memcpy(ret, id, SUBJECT_ID_SIZE);
	ret[SUBJECT_ID_SIZE] = (uint8_t)kind;
	if (kind == ROW_STATE)
		return SUBJECT_ID_SIZE + 1;
	be64_put(number, ret + SUBJECT_ID_SIZE + 1);
	return ROW_KEY_MAX;
}

/* What a sealed row is bound to: this vault and its place in it. */
static size_t row_aad(const struct vault *v, const uint8_t *key, size_t key_len, uint8_t ret[16 + ROW_KEY_MAX])
{
	memcpy(ret, v->id, sizeof(v->id));
	memcpy(ret + sizeof(v->id), key, key_len);
	return sizeof(v->id) + key_len;
}

static enum saqta_status put_sealed(struct vault *v, struct db_txn *txn, const struct subject *s, char kind, uint64_t number,
				    struct saqta_error *err)
{
	uint8_t key[ROW_KEY_MAX], aad[16 + ROW_KEY_MAX];
	size_t key_len = row_key(s->id, kind, number, key);
	size_t aad_len = row_aad(v, key, key_len, aad);
	enum saqta_status r;

	if (v->scratch.failed)
		return err_set(err, SAQTA_ERR_LIMIT, 0, "a subject's row is larger than %zu MiB", BUF_MAX >> 20);
	buf_clear(&v->sealed);
	r = crypt_seal(s->key, aad, aad_len, v->scratch.data, v->scratch.len, &v->sealed, err);
	if (r)
		return r;
	return db_put(txn, VAULT_SUBJECT, key, key_len, v->sealed.data, v->sealed.len, err);
}

static enum saqta_status open_sealed(struct vault *v, const struct subject *s, const uint8_t *key, size_t key_len, const uint8_t *sealed,
				     size_t sealed_len, struct buf *ret, struct saqta_error *err)
{
	uint8_t aad[16 + ROW_KEY_MAX];
	size_t aad_len = row_aad(v, key, key_len, aad);

	buf_clear(ret);
	return crypt_open(s->key, aad, aad_len, sealed, sealed_len, ret, err);
}

static enum saqta_status next_after_last(struct db *db, unsigned table, uint64_t *ret, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf last = {0};
	enum saqta_status r = db_last(db, table, &last, err);

	if (r == SAQTA_ERR_MISSING) {
		*ret = 1;
		return SAQTA_OK;
	}
	if (r)
		return r;
	if (last.len < 8)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "%s: a key is too short", db_path(db));
	*ret = be64_get(last.data) + 1;
	return SAQTA_OK;
}

enum saqta_status vault_reload(struct vault *v, struct saqta_error *err)
{
	enum saqta_status r = next_after_last(v->db, VAULT_SUBJECT, &v->next_subject, err);

	if (r)
		return r;
	r = next_after_last(v->db, VAULT_TASK, &v->next_task, err);
	if (r)
		return r;
	return next_after_last(v->db, VAULT_REQUEST, &v->next_request, err);
}

enum saqta_status vault_open(struct vault *v, struct db *db, struct keystore *keys, const uint8_t id[16], struct saqta_error *err)
{
	enum saqta_status r;

	memset(v, 0, sizeof(*v));
	v->db = db;
	v->keys = keys;
	memcpy(v->id, id, sizeof(v->id));
	r = keystore_branch(keys, "lookup", &v->lookup_key, err);
	if (!r)
		r = keystore_branch(keys, "event-id", &v->event_key, err);
	if (!r)
		r = vault_reload(v, err);
	if (r)
		vault_close(v);
	return r;
}

void vault_close(struct vault *v)
{
	secret_free(v->lookup_key);
	secret_free(v->event_key);
	buf_done(&v->scratch);
	buf_done(&v->sealed);
	keystore_close(v->keys);
	db_close(v->db);
	memset(v, 0, sizeof(*v));
}

/* ---- subjects ---- */

static void lookup_hash(struct vault *v, const char *external_id, uint8_t ret[HASH_SIZE])
{
	crypt_hmac(secret_key(v->lookup_key), KEY_SIZE, external_id, strlen(external_id), ret);
}

enum saqta_status vault_find(struct vault *v, const char *external_id, uint8_t ret[SUBJECT_ID_SIZE], struct saqta_error *err)
{
	cleanup_(buf_done) struct buf found = {0};
	uint8_t hash[HASH_SIZE];
	enum saqta_status r;

	lookup_hash(v, external_id, hash);
	r = db_get(v->db, VAULT_LOOKUP, hash, sizeof(hash), &found, err);
	if (r)
		return r;
	if (found.len != SUBJECT_ID_SIZE)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "a look-up row is not a subject's id");
	memcpy(ret, found.data, SUBJECT_ID_SIZE);
	return SAQTA_OK;
}

enum saqta_status vault_load(struct vault *v, const uint8_t id[SUBJECT_ID_SIZE], struct subject *ret, struct saqta_error *err)
{
	uint8_t key[ROW_KEY_MAX];
	size_t key_len = row_key(id, ROW_STATE, 0, key);
	cleanup_(buf_done) struct buf row = {0};
	enum saqta_status r = db_get(v->db, VAULT_SUBJECT, key, key_len, &row, err);

	if (r)
		return r;
	subject_done(ret);
	r = keystore_get(v->keys, id, ret->key, err);
	if (r == SAQTA_ERR_MISSING)
		return err_set(err, SAQTA_ERR_KEY, 0, "the keystore has no key for a subject of the vault: restore the keystore's copy");
	if (r)
		return r;
	r = open_sealed(v, ret, key, key_len, row.data, row.len, &v->scratch, err);
	if (r)
		return r;
	r = subject_decode(ret, v->scratch.data, v->scratch.len, err);
	crypt_wipe(v->scratch.data, v->scratch.len);
	if (!r && memcmp(ret->id, id, SUBJECT_ID_SIZE) != 0)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "a subject's row stands in another's place");
	return r;
}

enum saqta_status vault_create_controller(struct vault *v, struct db_txn *txn, struct subject *s, struct saqta_error *err)
{
	enum saqta_status r;

	subject_done(s);
	memcpy(s->id, vault_controller_id, sizeof(s->id));
	r = keystore_add(v->keys, s->id, s->key, err);
	if (r)
		return r;
	crypt_random(s->pseudonym, sizeof(s->pseudonym));
	crypt_random(s->audit_key, sizeof(s->audit_key));
	return vault_save(v, txn, s, err);
}

enum saqta_status vault_create(struct vault *v, struct db_txn *txn, const char *external_id, struct subject *s, struct saqta_error *err)
{
	uint8_t hash[HASH_SIZE];
	enum saqta_status r;

	subject_done(s);
	/* Ids grow with time, so that rows are appended in order; the random half makes them unguessable and never used twice. */
	be64_put(v->next_subject, s->id);
	crypt_random(s->id + 8, SUBJECT_ID_SIZE - 8);
	r = keystore_add(v->keys, s->id, s->key, err);
	if (r)
		return r;
	v->next_subject++;
	crypt_random(s->pseudonym, sizeof(s->pseudonym));
	crypt_random(s->audit_key, sizeof(s->audit_key));
	s->external_id = text_copy(external_id);
	if (!s->external_id)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	s->is_dirty = true;
	lookup_hash(v, external_id, hash);
	return db_put(txn, VAULT_LOOKUP, hash, sizeof(hash), s->id, sizeof(s->id), err);
}

enum saqta_status vault_save(struct vault *v, struct db_txn *txn, struct subject *s, struct saqta_error *err)
{
	enum saqta_status r;

	buf_clear(&v->scratch);
	subject_encode(s, &v->scratch);
	r = put_sealed(v, txn, s, ROW_STATE, 0, err);
	crypt_wipe(v->scratch.data, v->scratch.len);
	if (!r)
		s->is_dirty = false;
	return r;
}

static void due_key(int64_t at_us, const uint8_t id[SUBJECT_ID_SIZE], uint8_t ret[8 + SUBJECT_ID_SIZE])
{
	be64_put((uint64_t)at_us ^ UINT64_C(1) << 63, ret); /* the sign bit turned, so that keys sort as times do */
	memcpy(ret + 8, id, SUBJECT_ID_SIZE);
}

static bool is_scheduled(int64_t check_at_us) { return check_at_us != INSTANT_NONE && check_at_us != INT64_MAX; }

enum saqta_status vault_set_check(struct vault *v, struct db_txn *txn, struct subject *s, int64_t check_at_us, struct saqta_error *err)
{
	uint8_t key[8 + SUBJECT_ID_SIZE];
	enum saqta_status r;

	(void)v;
	if (check_at_us == s->check_at_us)
		return SAQTA_OK;
	if (is_scheduled(s->check_at_us)) {
		due_key(s->check_at_us, s->id, key);
		r = db_delete(txn, VAULT_DUE, key, sizeof(key), err);
		if (r)
			return r;
	}
	s->check_at_us = check_at_us;
	s->is_dirty = true;
	if (!is_scheduled(check_at_us))
		return SAQTA_OK;
	due_key(check_at_us, s->id, key);
	return db_put(txn, VAULT_DUE, key, sizeof(key), "", 0, err);
}

/* ---- records and disclosures ---- */

enum saqta_status vault_put_record(struct vault *v, struct db_txn *txn, struct subject *s, struct record *r, struct saqta_error *err)
{
	enum saqta_status status;

	if (r->number == 0) {
		r->number = s->next_record++;
		s->n_records++;
		s->is_dirty = true;
	}
	buf_clear(&v->scratch);
	record_encode(r, &v->scratch);
	status = put_sealed(v, txn, s, ROW_RECORD, r->number, err);
	crypt_wipe(v->scratch.data, v->scratch.len);
	return status;
}

enum saqta_status vault_delete_record(struct vault *v, struct db_txn *txn, struct subject *s, uint64_t number, const void *note,
				      size_t note_len, struct saqta_error *err)
{
	uint8_t key[ROW_KEY_MAX];
	size_t key_len = row_key(s->id, ROW_RECORD, number, key);
	enum saqta_status r;

	(void)v;
	s->n_records--;
	s->is_dirty = true;
	r = db_delete(txn, VAULT_SUBJECT, key, key_len, err);
	return r ? r : db_put(txn, VAULT_KEY_PENDING, key, key_len, note, note_len, err);
}

enum saqta_status vault_add_disclosure(struct vault *v, struct db_txn *txn, struct subject *s, const char *json, struct saqta_error *err)
{
	buf_clear(&v->scratch);
	buf_str(&v->scratch, json);
	s->is_dirty = true;
	return put_sealed(v, txn, s, ROW_DISCLOSURE, s->next_disclosure++, err);
}

static enum saqta_status scan_rows(struct vault *v, const struct subject *s, char kind, struct record_scan *ret, struct saqta_error *err)
{
	uint8_t prefix[SUBJECT_ID_SIZE + 1];

	memcpy(prefix, s->id, SUBJECT_ID_SIZE);
	prefix[SUBJECT_ID_SIZE] = (uint8_t)kind;
	*ret = (struct record_scan){.vault = v, .subject = s, .kind = kind};
	return db_scan_open(v->db, VAULT_SUBJECT, prefix, sizeof(prefix), prefix, sizeof(prefix), &ret->scan, err);
}

enum saqta_status vault_records(struct vault *v, const struct subject *s, struct record_scan *ret, struct saqta_error *err)
{
	return scan_rows(v, s, ROW_RECORD, ret, err);
}

enum saqta_status vault_disclosures(struct vault *v, const struct subject *s, struct record_scan *ret, struct saqta_error *err)
{
	return scan_rows(v, s, ROW_DISCLOSURE, ret, err);
}

static enum saqta_status next_row(struct record_scan *scan, struct buf *ret, struct saqta_error *err)
{
	const uint8_t *key, *value;
	size_t key_len, value_len;
	enum saqta_status r = db_scan_next(scan->scan, &key, &key_len, &value, &value_len, err);

	if (r)
		return r;
	if (key_len != ROW_KEY_MAX)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "a row's key has the wrong length");
	return open_sealed(scan->vault, scan->subject, key, key_len, value, value_len, ret, err);
}

enum saqta_status vault_next_record(struct record_scan *scan, struct record *r, struct saqta_error *err)
{
	struct buf *plain = &scan->vault->scratch;
	enum saqta_status status = next_row(scan, plain, err);

	if (status)
		return status;
	status = record_decode(r, plain->data, plain->len, err);
	crypt_wipe(plain->data, plain->len);
	return status;
}

enum saqta_status vault_next_disclosure(struct record_scan *scan, struct buf *ret_json, struct saqta_error *err)
{
	return next_row(scan, ret_json, err);
}

void vault_records_end(struct record_scan *scan) { scan->scan = db_scan_close(scan->scan); }

/* ---- destruction ---- */

static enum saqta_status erase_registers(struct vault *v, struct db_txn *txn, struct subject *s, struct saqta_error *err)
{
	uint8_t key[8];
	enum saqta_status r;

	(void)v;
	for (size_t i = 0; i < s->n_tasks; i++) {
		be64_put(s->tasks[i], key);
		r = db_delete(txn, VAULT_TASK, key, sizeof(key), err);
		if (r)
			return r;
	}
	for (size_t i = 0; i < s->n_requests; i++) {
		be64_put(s->requests[i].number, key);
		r = db_delete(txn, VAULT_REQUEST, key, sizeof(key), err);
		if (r)
			return r;
	}
	return SAQTA_OK;
}

enum saqta_status vault_forget_name(struct vault *v, struct db_txn *txn, struct subject *s, struct saqta_error *err)
{
	uint8_t hash[HASH_SIZE];

	if (!s->external_id)
		return SAQTA_OK;
	lookup_hash(v, s->external_id, hash);
	crypt_wipe(s->external_id, strlen(s->external_id));
	free(s->external_id);
	s->external_id = NULL;
	s->is_dirty = true;
	return db_delete(txn, VAULT_LOOKUP, hash, sizeof(hash), err);
}

enum saqta_status vault_erase(struct vault *v, struct db_txn *txn, struct subject *s, const void *note, size_t note_len,
			      struct saqta_error *err)
{
	enum saqta_status r = vault_set_check(v, txn, s, INT64_MAX, err);

	if (!r)
		r = erase_registers(v, txn, s, err);
	if (r)
		return r;
	r = vault_forget_name(v, txn, s, err);
	if (r)
		return r;
	r = db_delete_prefix(txn, VAULT_SUBJECT, s->id, SUBJECT_ID_SIZE, NULL, err);
	if (r)
		return r;
	s->is_dirty = false;
	return db_put(txn, VAULT_KEY_PENDING, s->id, SUBJECT_ID_SIZE, note, note_len, err);
}

/* ---- purging: the subjects' own rows cannot be read, so the registers are searched for them ---- */

static int compare_ids(const void *a, const void *b) { return memcmp(a, b, SUBJECT_ID_SIZE); }

struct purge {
	const uint8_t (*ids)[SUBJECT_ID_SIZE];
	size_t n;
};

/* The subject that a row of @table belongs to; NULL for a row of none. */
static const uint8_t *owner_of(unsigned table, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
	if (table == VAULT_DUE)
		return key_len == 8 + SUBJECT_ID_SIZE ? key + 8 : NULL;
	return value_len >= SUBJECT_ID_SIZE ? value : NULL; /* look-up, tasks and requests begin with it */
}

static enum saqta_status purge_table(struct vault *v, struct db_txn *txn, unsigned table, const struct purge *p, struct saqta_error *err)
{
	cleanup_(db_scan_closep) struct db_scan *scan = NULL;
	enum saqta_status r = db_scan_open(v->db, table, "", 0, "", 0, &scan, err);

	while (!r) {
		const uint8_t *key, *value, *owner;
		size_t key_len, value_len;
		uint8_t copy[64];

		r = db_scan_next(scan, &key, &key_len, &value, &value_len, err);
		if (r)
			break;
		owner = owner_of(table, key, key_len, value, value_len);
		if (!owner || key_len > sizeof(copy) || !bsearch(owner, p->ids, p->n, SUBJECT_ID_SIZE, compare_ids))
			continue;
		memcpy(copy, key, key_len);
		r = db_delete(txn, table, copy, key_len, err);
	}
	return r == SAQTA_ERR_MISSING ? SAQTA_OK : r;
}

enum saqta_status vault_purge(struct vault *v, struct db_txn *txn, const uint8_t (*ids)[SUBJECT_ID_SIZE], size_t n, uint8_t *ret_found,
			      struct saqta_error *err)
{
	static const unsigned registers[] = {VAULT_LOOKUP, VAULT_DUE, VAULT_TASK, VAULT_REQUEST};
	const struct purge p = {.ids = ids, .n = n};
	enum saqta_status r = SAQTA_OK;

	for (size_t i = 0; !r && i < n; i++) {
		uint64_t rows = 0;

		r = db_delete_prefix(txn, VAULT_SUBJECT, ids[i], SUBJECT_ID_SIZE, &rows, err);
		ret_found[i] = rows > 0;
	}
	for (size_t i = 0; !r && i < sizeof(registers) / sizeof(registers[0]); i++)
		r = purge_table(v, txn, registers[i], &p, err);
	return r;
}

/* ---- what follows the commit of a destruction ---- */

#define DESTROY_BATCH 4096
struct queue {
	struct gone gone[DESTROY_BATCH];
	size_t at[DESTROY_BATCH]; /* of the notes, in @notes */
	size_t n;
	struct buf notes;
};

static enum saqta_status read_queue(struct vault *v, struct queue *q, struct saqta_error *err)
{
	cleanup_(db_scan_closep) struct db_scan *scan = NULL;
	enum saqta_status r = db_scan_open(v->db, VAULT_KEY_PENDING, "", 0, "", 0, &scan, err);

	q->n = 0;
	buf_clear(&q->notes);
	while (!r && q->n < DESTROY_BATCH) {
		const uint8_t *key, *value;
		size_t key_len, value_len;
		struct gone *g = &q->gone[q->n];

		r = db_scan_next(scan, &key, &key_len, &value, &value_len, err);
		if (r)
			break;
		if (key_len > GONE_ROW_MAX || key_len < SUBJECT_ID_SIZE)
			return err_set(err, SAQTA_ERR_TAMPERED, 0, "a row of the queue of destructions has a wrong key");
		memcpy(g->row, key, key_len);
		g->row_len = key_len;
		g->note_len = value_len;
		q->at[q->n++] = q->notes.len;
		buf_add(&q->notes, value, value_len);
	}
	if (q->notes.failed)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	for (size_t i = 0; i < q->n; i++)
		q->gone[i].note = q->notes.data + q->at[i];
	return r == SAQTA_ERR_MISSING ? SAQTA_OK : r;
}

static enum saqta_status forget_queue(struct vault *v, const struct queue *q, struct saqta_error *err)
{
	cleanup_(db_txn_end) struct db_txn txn = DB_TXN_NONE;
	enum saqta_status r = db_txn_begin(&txn, v->db, err);

	for (size_t i = 0; !r && i < q->n; i++)
		r = db_delete(&txn, VAULT_KEY_PENDING, q->gone[i].row, q->gone[i].row_len, err);
	/* The destruction was recorded with the change itself; working off the queue changes nothing that is protected. */
	txn.records++;
	return r ? r : db_txn_commit(&txn, err);
}

enum saqta_status vault_destroy_keys(struct vault *v, struct saqta_error *err)
{
	struct queue *q = calloc(1, sizeof(*q));
	enum saqta_status r = q ? SAQTA_OK : err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");

	while (!r) {
		r = read_queue(v, q, err);
		if (r || q->n == 0)
			break;
		r = keystore_bury(v->keys, q->gone, q->n, err);
		if (!r)
			r = forget_queue(v, q, err);
	}
	if (q)
		buf_done(&q->notes);
	free(q);
	return r;
}
