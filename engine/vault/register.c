/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/vault.h"

#include <stdlib.h>
#include <string.h>

/* What the vault knows beside its subjects: tasks, requests, events seen. */

static void task_encode(const struct task *t, struct buf *b)
{
	buf_add(b, t->subject, sizeof(t->subject));
	buf_string(b, t->kind);
	buf_i64(b, t->at_us);
	buf_i64(b, t->due_us);
	buf_i64(b, t->closed_us);
	buf_u32(b, (uint32_t)t->unknown_year);
	buf_i64(b, (int64_t)t->request);
	buf_u8(b, t->is_partners);
	buf_string(b, t->rule);
	buf_u8(b, t->term.unit);
	buf_u32(b, (uint32_t)t->term.count);
	buf_i64(b, t->term.from_us);
}

static void field_fixed(struct cursor *c, char *ret, size_t size)
{
	size_t len;
	const uint8_t *text = cursor_bytes(c, &len);

	if (len >= size || memchr(text, 0, len) || !text_is_utf8(text, len)) {
		c->failed = true;
		len = 0;
	}
	memcpy(ret, text, len);
	ret[len] = 0;
}

/* Tasks stand in clear: whoever can write the file can write anything into them. */
static bool is_time(int64_t us) { return us == INSTANT_NONE || (us >= INSTANT_MIN && us <= INSTANT_MAX); }

static bool is_task(const struct task *t)
{
	return is_time(t->at_us) && is_time(t->due_us) && is_time(t->closed_us) && is_time(t->term.from_us) &&
	       t->term.unit <= TERM_SECONDS && t->term.count >= 0 && t->term.count <= TERM_COUNT_MAX;
}

static enum saqta_status task_decode(uint64_t number, const uint8_t *data, size_t len, struct task *t, struct saqta_error *err)
{
	struct cursor c = {.data = data, .len = len};
	const uint8_t *id = cursor_raw(&c, SUBJECT_ID_SIZE);

	memset(t, 0, sizeof(*t));
	t->number = number;
	if (id)
		memcpy(t->subject, id, SUBJECT_ID_SIZE);
	field_fixed(&c, t->kind, sizeof(t->kind));
	t->at_us = cursor_i64(&c);
	t->due_us = cursor_i64(&c);
	t->closed_us = cursor_i64(&c);
	t->unknown_year = (int32_t)cursor_u32(&c);
	t->request = (uint64_t)cursor_i64(&c);
	t->is_partners = cursor_flag(&c);
	field_fixed(&c, t->rule, sizeof(t->rule));
	t->term.unit = cursor_u8(&c);
	t->term.count = (int32_t)cursor_u32(&c);
	t->term.from_us = cursor_i64(&c);
	if (c.failed || c.pos != c.len)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "task %llu is cut or too long", (unsigned long long)number);
	if (!is_task(t))
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "task %llu holds what no task can", (unsigned long long)number);
	return SAQTA_OK;
}

enum saqta_status vault_put_task(struct vault *v, struct db_txn *txn, struct task *t, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf b = {0};
	uint8_t key[8];

	if (t->number == 0)
		t->number = v->next_task++;
	be64_put(t->number, key);
	task_encode(t, &b);
	if (b.failed)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	return db_put(txn, VAULT_TASK, key, sizeof(key), b.data, b.len, err);
}

enum saqta_status vault_get_task(struct vault *v, uint64_t number, struct task *ret, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf b = {0};
	uint8_t key[8];
	enum saqta_status r;

	be64_put(number, key);
	r = db_get(v->db, VAULT_TASK, key, sizeof(key), &b, err);
	return r ? r : task_decode(number, b.data, b.len, ret, err);
}

enum saqta_status vault_next_task(struct vault *v, uint64_t from, struct task *ret, struct saqta_error *err)
{
	cleanup_(db_scan_closep) struct db_scan *scan = NULL;
	const uint8_t *key, *value;
	size_t key_len, value_len;
	uint8_t first[8];
	enum saqta_status r;

	be64_put(from, first);
	r = db_scan_open(v->db, VAULT_TASK, first, sizeof(first), "", 0, &scan, err);
	if (!r)
		r = db_scan_next(scan, &key, &key_len, &value, &value_len, err);
	if (r)
		return r;
	if (key_len != 8)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "a task's key has the wrong length");
	return task_decode(be64_get(key), value, value_len, ret, err);
}

enum saqta_status vault_add_request(struct vault *v, struct db_txn *txn, const struct subject *s, uint64_t *ret_number,
				    struct saqta_error *err)
{
	uint8_t key[8];

	*ret_number = v->next_request++;
	be64_put(*ret_number, key);
	return db_put(txn, VAULT_REQUEST, key, sizeof(key), s->id, sizeof(s->id), err);
}

#define SEEN_SIZE 16

static void seen_hashes(struct vault *v, const char *event_id, const void *body, size_t body_len, uint8_t key[HASH_SIZE],
			uint8_t value[HASH_SIZE])
{
	crypt_hmac(secret_key(v->event_key), KEY_SIZE, event_id, strlen(event_id), key);
	crypt_hmac(secret_key(v->event_key), KEY_SIZE, body, body_len, value);
}

enum saqta_status vault_seen(struct vault *v, const char *event_id, const void *body, size_t body_len, enum seen *ret,
			     struct saqta_error *err)
{
	cleanup_(buf_done) struct buf found = {0};
	uint8_t key[HASH_SIZE], value[HASH_SIZE];
	enum saqta_status r;

	seen_hashes(v, event_id, body, body_len, key, value);
	r = db_get(v->db, VAULT_SEEN, key, SEEN_SIZE, &found, err);
	if (r == SAQTA_ERR_MISSING) {
		*ret = SEEN_NEW;
		return SAQTA_OK;
	}
	if (r)
		return r;
	*ret = found.len == SEEN_SIZE && crypt_equal(found.data, value, SEEN_SIZE) ? SEEN_SAME : SEEN_OTHER;
	return SAQTA_OK;
}

enum saqta_status vault_remember(struct vault *v, struct db_txn *txn, const char *event_id, const void *body, size_t body_len,
				 struct saqta_error *err)
{
	uint8_t key[HASH_SIZE], value[HASH_SIZE];

	seen_hashes(v, event_id, body, body_len, key, value);
	return db_put(txn, VAULT_SEEN, key, SEEN_SIZE, value, SEEN_SIZE, err);
}
