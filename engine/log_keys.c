/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"

#include <stdio.h>
#include <string.h>

/* The log's signing keys, epoch by epoch. A key names its successor in an entry (`log-key`), signs the head over it, and is destroyed: who takes
 * the keys of today cannot sign what was before. The last note that each key signed is kept in the vault with the key that verifies it; that of
 * an incarnation that ended is the last of its own.
 *
 * Renewal, each step durable before the next: the successor's secret is staged in the keystore; entry and note are committed; the head stands
 * signed by the successor in guard.next; the keystore turns to it; guard.next takes the guard's place. A crash before the entry leaves a
 * staged secret that nothing names, which is dropped; after it, the next opening goes on. */

#define SIGNED "signed/" /* then be32 incarnation, be32 number from 0 */
#define SIGNED_KEY_SIZE (sizeof(SIGNED) - 1 + 8)

static void signed_key(uint32_t incarnation, uint32_t n, uint8_t ret[SIGNED_KEY_SIZE])
{
	uint8_t *at = ret + sizeof(SIGNED) - 1;

	memcpy(ret, SIGNED, sizeof(SIGNED) - 1);
	for (int i = 0; i < 4; i++) {
		at[i] = (uint8_t)(incarnation >> (24 - 8 * i));
		at[4 + i] = (uint8_t)(n >> (24 - 8 * i));
	}
}

/* A row is the key's line, then the note. */
static bool parse_row(const struct buf *row, struct hall_signed *ret)
{
	const char *text = (const char *)row->data, *end = row->len > 0 ? memchr(text, '\n', row->len) : NULL;

	if (!end || row->len >= AUDIT_NOTE_MAX || !audit_vkey_parse(text, (size_t)(end - text), &ret->verifier))
		return false;
	ret->note = end + 1;
	ret->note_len = row->len - (size_t)(ret->note - text);
	return true;
}

enum saqta_status hall_signed(struct saqta_engine *e, uint32_t incarnation, uint32_t n, struct buf *ret_row, struct hall_signed *ret,
			      struct saqta_error *err)
{
	uint8_t key[SIGNED_KEY_SIZE];
	struct saqta_error why;
	enum saqta_status r;

	signed_key(incarnation, n, key);
	buf_clear(ret_row);
	r = db_get(e->vault.db, VAULT_META, key, sizeof(key), ret_row, err);
	if (r)
		return r;
	if (!parse_row(ret_row, ret) || audit_checkpoint_open(ret->note, ret->note_len, &ret->verifier, 1, NULL, &ret->head, &why))
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "the note that the log's key %u of incarnation %u signed last does not hold",
			       n + 1, incarnation);
	return SAQTA_OK;
}

enum saqta_status hall_signed_count(struct saqta_engine *e, uint32_t incarnation, uint32_t *ret, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf row = {0};
	uint8_t key[SIGNED_KEY_SIZE];
	enum saqta_status r;

	for (uint32_t n = 0;; n++) {
		signed_key(incarnation, n, key);
		buf_clear(&row);
		r = db_get(e->vault.db, VAULT_META, key, sizeof(key), &row, err);
		*ret = n;
		if (r)
			return r == SAQTA_ERR_MISSING ? SAQTA_OK : r;
	}
}

enum saqta_status hall_keep_signed(struct saqta_engine *e, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf row = {0};
	uint8_t key[SIGNED_KEY_SIZE];
	struct audit_head head;
	uint32_t n;
	enum saqta_status r = hall_signed_count(e, e->incarnation, &n, err);

	if (r)
		return r;
	audit_log_head(e->log, &head);
	audit_vkey_format(&e->signer.verifier, &row);
	buf_str(&row, "\n");
	r = audit_checkpoint_sign(&e->signer, &head, &row, err);
	signed_key(e->incarnation, n, key);
	if (!r && row.failed)
		r = err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	return r ? r : db_put(&e->txn, VAULT_META, key, sizeof(key), row.data, row.len, err);
}

/* ---- renewal ---- */

static enum saqta_status name_successor(struct saqta_engine *e, const struct audit_signer *next, struct saqta_error *err)
{
	cleanup_(answer_done) struct answer a;
	cleanup_(buf_done) struct buf more = {0}, vkey = {0};
	struct json_out j = {.out = &more};
	enum saqta_status r;

	answer_init(&a);
	audit_vkey_format(&next->verifier, &vkey);
	json_open(&j, NULL, '{');
	json_text(&j, "next", vkey.failed ? NULL : (const char *)vkey.data);
	json_shut(&j, '}');
	if (more.failed || vkey.failed)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	r = hall_begin(e, err);
	if (!r)
		r = hall_record(e, "log-key", hall_now(e), &a, &(struct entry_extra){.json = (const char *)more.data}, err);
	if (!r)
		r = hall_keep_signed(e, err);
	if (!r)
		r = hall_commit(e, err);
	return r ? r : hall_checkpoint(e, err);
}

/* From the committed entry on. */
static enum saqta_status turn(struct saqta_engine *e, struct secret **seed, const struct audit_signer *next, struct saqta_error *err)
{
	struct audit_signer old = e->signer;
	enum saqta_status r;

	e->signer = *next;
	r = hall_guard_prepare(e, err);
	e->signer = old;
	if (!r)
		r = keystore_log_turn(e->vault.keys, err);
	if (r) {
		e->is_broken = true; /* which key is the present one is told by the next opening */
		return r;
	}
	secret_free(e->sign_seed);
	e->sign_seed = *seed;
	*seed = NULL;
	e->signer = *next;
	return hall_guard_turn(e, err);
}

enum saqta_status hall_renew_log_key(struct saqta_engine *e, struct saqta_error *err)
{
	cleanup_(secret_freep) struct secret *seed = NULL;
	struct audit_signer next;
	enum saqta_status r = keystore_log_stage(e->vault.keys, err);

	if (!r)
		r = hall_signer_of(e, e->incarnation, true, &seed, &next, err);
	if (!r)
		r = name_successor(e, &next, err);
	return r ? r : turn(e, &seed, &next, err);
}

/* Does the newest entry that names a successor name @next? It is the one that the newest kept note is over. */
static enum saqta_status is_named(struct saqta_engine *e, const struct audit_verifier *next, bool *ret, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf row = {0}, vkey = {0};
	struct hall_signed last;
	uint32_t n;
	enum saqta_status r = hall_signed_count(e, e->incarnation, &n, err);

	*ret = false;
	if (!r && n > 0)
		r = hall_signed(e, e->incarnation, n - 1, &row, &last, err);
	if (r || n == 0)
		return r;
	audit_vkey_format(next, &vkey);
	if (vkey.failed)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	return hall_names_key(e, last.head.size, (const char *)vkey.data, ret, err);
}

enum saqta_status hall_names_key(struct saqta_engine *e, uint64_t size, const char *vkey, bool *ret, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf entry = {0};
	const char *type, *named;
	json_t *root;
	enum saqta_status r = size > 0 ? audit_log_entry(e->log, size - 1, &entry, err) : SAQTA_ERR_MISSING;

	*ret = false;
	if (r)
		return r == SAQTA_ERR_MISSING ? SAQTA_OK : r;
	root = json_loadb((const char *)entry.data, entry.len, 0, NULL);
	type = json_string_value(json_object_get(root, "type"));
	named = json_string_value(json_object_get(json_object_get(root, "more"), "next"));
	*ret = type && named && strcmp(type, "log-key") == 0 && strcmp(named, vkey) == 0;
	json_decref(root);
	return SAQTA_OK;
}

enum saqta_status hall_finish_log_key(struct saqta_engine *e, struct saqta_error *err)
{
	cleanup_(secret_freep) struct secret *seed = NULL;
	struct audit_signer next;
	bool named;
	enum saqta_status r = hall_signer_of(e, e->incarnation, true, &seed, &next, err);

	if (r)
		return r == SAQTA_ERR_MISSING ? SAQTA_OK : r;
	r = is_named(e, &next.verifier, &named, err);
	if (r)
		return r;
	return named ? turn(e, &seed, &next, err) : keystore_log_drop(e->vault.keys, err);
}

/* ---- verification ---- */

enum saqta_status hall_verify_keys(struct saqta_engine *e, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf row = {0}, vkey = {0};
	struct hall_signed key;
	uint32_t count = 0;
	enum saqta_status r = hall_signed_count(e, e->incarnation, &count, err);

	/* From the present key back: each is named by the entry that ends its predecessor's epoch. */
	audit_vkey_format(&e->signer.verifier, &vkey);
	for (uint32_t n = count; !r && n-- > 0;) {
		uint8_t root[HASH_SIZE];
		bool named = false;

		r = hall_signed(e, e->incarnation, n, &row, &key, err);
		if (!r)
			r = audit_log_root(e->log, key.head.size, root, err);
		if (!r)
			r = hall_names_key(e, key.head.size, vkey.failed ? "" : (const char *)vkey.data, &named, err);
		if (!r && (!named || memcmp(root, key.head.root, HASH_SIZE) != 0))
			r = err_set(err, SAQTA_ERR_TAMPERED, 0, "the log's key %u does not follow from key %u", n + 2, n + 1);
		buf_clear(&vkey);
		audit_vkey_format(&key.verifier, &vkey);
	}
	return r;
}
