/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/keystore_inner.h"

#include <string.h>

/* The master key, the epochs of the keys under it, and the log's key. */

#define EPOCH_SINCE "epoch-since"

enum saqta_status keystore_rotate(struct keystore *ks, const struct secret *master, struct saqta_error *err)
{
	cleanup_(db_txn_end) struct db_txn txn = DB_TXN_NONE;
	enum saqta_status r = keystore_flush(ks, err);

	if (!r)
		r = db_txn_begin(&txn, ks->db, err);
	if (!r)
		r = keystore_put_epoch(ks, &txn, master, err);
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
	enum saqta_status r = keystore_collect(ks, from, *from_len, ids, ret_n, err);

	for (size_t i = 0; !r && i < *ret_n; i++) {
		cleanup_(buf_done) struct buf wrapped = {0};

		r = db_get(ks->db, KS_KEY, ids[i], SUBJECT_ID_SIZE, &wrapped, err);
		if (!r)
			r = keystore_unwrap(ks, secret_key((struct secret *)old), "saqta key", ids[i], &wrapped, key, err);
		if (!r)
			r = keystore_wrap(ks, secret_key(ks->epoch_key), "saqta key", ids[i], key, err);
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
		r = keystore_put_epoch(ks, &txn, master, err);
	if (!r)
		r = keystore_put_roots(ks, &txn, err);
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
		r = keystore_ledger_count(ks, &ret->n_ledger, err);
	return r ? r : keystore_count(ks, &ret->n_keys, err);
}

/* ---- the log's key ---- */

static enum saqta_status put_roots_alone(struct keystore *ks, struct saqta_error *err)
{
	cleanup_(db_txn_end) struct db_txn txn = DB_TXN_NONE;
	enum saqta_status r = keystore_flush(ks, err);

	if (!r)
		r = db_txn_begin(&txn, ks->db, err);
	if (!r)
		r = keystore_put_roots(ks, &txn, err);
	if (!r)
		r = db_txn_commit(&txn, err);
	/* A secret that is gone must not live on in the write-ahead log. */
	return r ? r : db_checkpoint(ks->db, err);
}

bool keystore_log_seed(struct keystore *ks, const char *label, bool is_next, struct secret *ret)
{
	const struct secret *from = is_next ? ks->log_next : ks->log;

	if (from)
		crypt_hkdf(secret_key((struct secret *)from), KEY_SIZE, ks->vault_id, sizeof(ks->vault_id), label, secret_key(ret),
			   KEY_SIZE);
	return from != NULL;
}

enum saqta_status keystore_log_stage(struct keystore *ks, struct saqta_error *err)
{
	enum saqta_status r = ks->log_next ? SAQTA_OK : secret_new(&ks->log_next, err);

	if (r)
		return r;
	crypt_random(secret_key(ks->log_next), KEY_SIZE);
	return put_roots_alone(ks, err);
}

enum saqta_status keystore_log_turn(struct keystore *ks, struct saqta_error *err)
{
	if (!ks->log_next)
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, "no key of the log is staged");
	secret_free(ks->log);
	ks->log = ks->log_next;
	ks->log_next = NULL;
	return put_roots_alone(ks, err);
}

enum saqta_status keystore_log_drop(struct keystore *ks, struct saqta_error *err)
{
	ks->log_next = secret_free(ks->log_next);
	return put_roots_alone(ks, err);
}
