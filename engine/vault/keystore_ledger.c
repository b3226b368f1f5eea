/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/keystore_inner.h"

#include <string.h>

/* The ledger of destructions. */

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

/* Without the row nothing tells an empty ledger from one whose lines were taken out with it. */
static enum saqta_status no_count(struct keystore *ks, struct saqta_error *err)
{
	uint32_t version = 0;
	enum saqta_status r = db_version(ks->db, &version, err);

	if (r || version < KEYSTORE_COUNTED)
		return r;
	return err_set(err, SAQTA_ERR_TAMPERED, 0, "%s: the ledger's count is missing", db_path(ks->db));
}

enum saqta_status keystore_ledger_count(struct keystore *ks, uint64_t *ret, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf sealed = {0}, plain = {0};
	uint8_t aad[AAD_MAX];
	size_t n = gone_aad(ks, LEDGER_COUNT, strlen(LEDGER_COUNT), aad);
	struct cursor c;
	enum saqta_status r = db_get(ks->db, KS_META, LEDGER_COUNT, strlen(LEDGER_COUNT), &sealed, err);

	*ret = 0;
	if (r)
		return r == SAQTA_ERR_MISSING ? no_count(ks, err) : r;
	r = crypt_open(secret_key(ks->ledger), aad, n, sealed.data, sealed.len, &plain, err);
	if (r)
		return r;
	c = (struct cursor){.data = plain.data, .len = plain.len};
	*ret = (uint64_t)cursor_i64(&c);
	return c.failed ? err_set(err, SAQTA_ERR_TAMPERED, 0, "%s: the ledger's count is cut", db_path(ks->db)) : SAQTA_OK;
}

static enum saqta_status put_count(struct keystore *ks, struct db_txn *txn, uint64_t count, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf total = {0};

	buf_i64(&total, (int64_t)count);
	if (total.failed)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	return put_sealed(ks, txn, KS_META, LEDGER_COUNT, strlen(LEDGER_COUNT), total.data, total.len, err);
}

enum saqta_status keystore_begin_ledger(struct keystore *ks, struct db_txn *txn, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf there = {0};
	uint64_t lines = 0;
	enum saqta_status r = db_get(ks->db, KS_META, LEDGER_COUNT, strlen(LEDGER_COUNT), &there, err);

	if (r != SAQTA_ERR_MISSING)
		return r;
	r = db_count(ks->db, KS_GONE, &lines, err);
	if (!r && lines > 0)
		r = err_set(err, SAQTA_ERR_TAMPERED, 0, "%s: the ledger has lines and no count", db_path(ks->db));
	return r ? r : put_count(ks, txn, 0, err);
}

static enum saqta_status bury_one(struct keystore *ks, struct db_txn *txn, const struct gone *g, uint64_t *count, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf there = {0};
	enum saqta_status r = g->row_len == SUBJECT_ID_SIZE ? keystore_delete_key(ks, txn, g->row, err) : SAQTA_OK;

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
	uint64_t count = 0;
	enum saqta_status r = keystore_flush(ks, err);

	if (!r)
		r = db_txn_begin(&txn, ks->db, err);
	if (!r)
		r = keystore_ledger_count(ks, &count, err);
	for (size_t i = 0; !r && i < n; i++)
		r = bury_one(ks, &txn, &list[i], &count, err);
	if (!r)
		r = put_count(ks, &txn, count, err);
	if (!r)
		r = db_txn_commit(&txn, err);
	return r ? r : db_checkpoint(ks->db, err);
}

enum saqta_status keystore_ledger(struct keystore *ks, gone_fn visit, void *user, uint64_t *ret_count, struct saqta_error *err)
{
	cleanup_(db_scan_closep) struct db_scan *scan = NULL;
	uint64_t count = 0, want = 0;
	enum saqta_status r = keystore_ledger_count(ks, &want, err);

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
