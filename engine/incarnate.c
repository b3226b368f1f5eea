/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Incarnations of the log. A log that lost its end, or whose clock ran ahead, cannot go on under its name: there would be two histories of one
 * name. It begins anew under another origin and key; its first entry says what went before, and the entries of before are kept in the vault.
 *
 * The guard moves in two steps, so that a crash leaves one of two states that the next opening tells apart by the signature: `guard.next` is
 * written and synced, the change commits, `guard.next` becomes `guard`. Only who holds the keystore can sign either. */

#define ORIGIN_PREFIX "saqta.local/vault/"
#define META_INCARNATION "incarnation"

static enum saqta_status no_memory(struct saqta_error *err) { return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory"); }

/* ---- name and key ---- */

static enum saqta_status read_incarnation(struct saqta_engine *e, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf row = {0};
	struct cursor c;
	enum saqta_status r = db_get(e->vault.db, VAULT_META, META_INCARNATION, strlen(META_INCARNATION), &row, err);

	e->incarnation = 1;
	if (r)
		return r == SAQTA_ERR_MISSING ? SAQTA_OK : r; /* the first has no row */
	c = (struct cursor){.data = row.data, .len = row.len};
	e->incarnation = cursor_u32(&c);
	return c.failed || e->incarnation < 2 ? err_set(err, SAQTA_ERR_TAMPERED, 0, "the row `incarnation` is cut") : SAQTA_OK;
}

enum saqta_status hall_signer_of(struct saqta_engine *e, uint32_t incarnation, bool is_next, struct secret **ret_seed,
				 struct audit_signer *ret, struct saqta_error *err)
{
	char name[AUDIT_NAME_MAX + 1], label[48] = "log-signing", hex[33], end[16] = "";
	enum saqta_status r;

	if (incarnation > 1) {
		(void)snprintf(end, sizeof(end), "/%u", incarnation);
		(void)snprintf(label, sizeof(label), "log-signing%s", end);
	}
	*ret_seed = secret_free(*ret_seed);
	r = secret_new(ret_seed, err);
	if (r)
		return r;
	if (!keystore_log_seed(e->vault.keys, label, is_next, *ret_seed))
		return SAQTA_ERR_MISSING;
	hex_encode(e->vault.id, sizeof(e->vault.id), hex);
	(void)snprintf(name, sizeof(name), "%s%s%s", ORIGIN_PREFIX, hex, end);
	return audit_signer_init(ret, name, secret_key(*ret_seed), err);
}

enum saqta_status hall_open_signer(struct saqta_engine *e, struct saqta_error *err)
{
	enum saqta_status r = read_incarnation(e, err);

	return r ? r : hall_signer_of(e, e->incarnation, false, &e->sign_seed, &e->signer, err);
}

/* ---- beginning anew ---- */

#define PAST_KEY_SIZE 12

static void past_key(uint32_t incarnation, const uint8_t seq_be64[8], uint8_t ret[PAST_KEY_SIZE])
{
	for (int i = 0; i < 4; i++)
		ret[i] = (uint8_t)(incarnation >> (24 - 8 * i));
	memcpy(ret + 4, seq_be64, 8);
}

static uint64_t number_of(const uint8_t be64[8])
{
	uint64_t n = 0;

	for (unsigned i = 0; i < 8; i++)
		n = n << 8 | be64[i];
	return n;
}

static enum saqta_status keep_past(struct saqta_engine *e, struct saqta_error *err)
{
	cleanup_(db_scan_closep) struct db_scan *scan = NULL;
	enum saqta_status r = db_scan_open_n(e->vault.db, VAULT_ENTRY, 0, &scan, err);

	while (!r) {
		const uint8_t *seq, *entry;
		size_t seq_len, len;
		uint8_t key[PAST_KEY_SIZE], leaf[HASH_SIZE];

		r = db_scan_next(scan, &seq, &seq_len, &entry, &len, err);
		if (r)
			break;
		past_key(e->incarnation, seq, key);
		/* Of one that was pruned the leaf is kept: the nodes are not. */
		if (len == 0)
			r = audit_log_node(e->log, 0, number_of(seq), leaf, err);
		if (!r)
			r = db_put(&e->txn, VAULT_PAST, key, sizeof(key), len > 0 ? entry : leaf, len > 0 ? len : sizeof(leaf), err);
	}
	return r == SAQTA_ERR_MISSING ? SAQTA_OK : r;
}

static enum saqta_status next_incarnation(struct saqta_engine *e, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf row = {0};
	enum saqta_status r = db_clear(&e->txn, VAULT_ENTRY, err);

	if (!r)
		r = db_clear(&e->txn, VAULT_NODE, err);
	if (!r)
		r = hall_forget_pruned(e, err);
	if (!r)
		r = audit_log_reload(e->log, err);
	buf_u32(&row, e->next_incarnation > e->incarnation ? e->next_incarnation : e->incarnation + 1);
	if (!r)
		r = row.failed ? no_memory(err)
			       : db_put(&e->txn, VAULT_META, META_INCARNATION, strlen(META_INCARNATION), row.data, row.len, err);
	return r ? r : hall_open_signer(e, err);
}

static enum saqta_status first_entry(struct saqta_engine *e, const char *origin, const struct audit_head *past, const char *reason,
				     const char *extra, struct saqta_error *err)
{
	cleanup_(answer_done) struct answer a;
	cleanup_(buf_done) struct buf more = {0};
	struct json_out j = {.out = &more};

	answer_init(&a);
	json_open(&j, NULL, '{');
	json_int(&j, "incarnation", e->incarnation);
	json_open(&j, "past", '{');
	json_text(&j, "origin", origin);
	json_hex(&j, "root", past->root, sizeof(past->root));
	json_int(&j, "size", (int64_t)past->size);
	json_shut(&j, '}');
	json_text(&j, "reason", reason);
	if (extra)
		json_raw(&j, "what", extra);
	json_shut(&j, '}');
	if (more.failed)
		return no_memory(err);
	e->policy_entry = 1; /* the next one puts it in force in this log */
	return hall_record(e, "incarnation", hall_now(e), &a, &(struct entry_extra){.json = (const char *)more.data}, err);
}

static enum saqta_status pack_in_force(struct saqta_engine *e, char **ret, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf row = {0};
	struct cursor c;
	enum saqta_status r = db_get(e->vault.db, VAULT_META, "policy", strlen("policy"), &row, err);

	if (r)
		return r == SAQTA_ERR_MISSING ? err_set(err, SAQTA_ERR_TAMPERED, 0, "the row `policy` is missing") : r;
	c = (struct cursor){.data = row.data, .len = row.len};
	*ret = cursor_string(&c);
	return *ret ? SAQTA_OK : err_set(err, SAQTA_ERR_TAMPERED, 0, "the row `policy` is cut");
}

enum saqta_status hall_incarnate(struct saqta_engine *e, const char *reason, const char *extra_json, struct saqta_error *err)
{
	char origin[AUDIT_NAME_MAX + 1], *pack = NULL;
	struct audit_head past;
	enum saqta_status r = hall_begin(e, err);

	if (r)
		return r;
	audit_log_head(e->log, &past);
	(void)snprintf(origin, sizeof(origin), "%s", e->signer.verifier.name);
	r = pack_in_force(e, &pack, err);
	if (!r)
		r = keep_past(e, err);
	if (!r)
		r = hall_keep_signed(e, err);
	if (!r)
		r = next_incarnation(e, err);
	if (!r) {
		e->newest_us = INSTANT_NONE; /* the clock begins anew with the log */
		r = first_entry(e, origin, &past, reason, extra_json, err);
	}
	if (!r)
		r = hall_enforce_policy(e, pack, false, err);
	free(pack);
	if (r)
		e->is_broken = true; /* name, key and log no longer agree */
	return r;
}

/* ---- the guard ---- */

static char *next_path(const struct saqta_engine *e)
{
	char *path = NULL;

	return asprintf(&path, "%s.next", e->guard_path) < 0 ? NULL : path;
}

static void free_path(char **path) { free(*path); }

enum saqta_status hall_guard_prepare(struct saqta_engine *e, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf note = {0};
	cleanup_(free_path) char *path = next_path(e);
	struct audit_head head;
	enum saqta_status r;

	if (!path)
		return no_memory(err);
	audit_log_head(e->log, &head);
	r = audit_checkpoint_sign(&e->signer, &head, &note, err);
	if (r)
		return r;
	if (unlink(path) != 0 && errno != ENOENT) /* of a change that never committed */
		return err_set(err, SAQTA_ERR_STORE, 0, "%s: %s", path, strerror(errno));
	return audit_guard_write(path, NULL, &note, err);
}

enum saqta_status hall_publish_key(struct saqta_engine *e, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf text = {0};
	int fd = open(e->vkey_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	bool is_good;

	if (fd < 0)
		return err_set(err, SAQTA_ERR_CREATE, 0, "%s: %s", e->vkey_path, strerror(errno));
	audit_vkey_format(&e->signer.verifier, &text);
	buf_str(&text, "\n");
	is_good = !text.failed && write(fd, text.data, text.len) == (ssize_t)text.len && fsync(fd) == 0;
	if (close(fd) != 0 || !is_good)
		return err_set(err, SAQTA_ERR_STORE, 0, "%s: cannot be written", e->vkey_path);
	return file_sync_folder_of(e->vkey_path, err);
}

enum saqta_status hall_guard_turn(struct saqta_engine *e, struct saqta_error *err)
{
	cleanup_(free_path) char *path = next_path(e);
	enum saqta_status r;

	if (!path)
		return no_memory(err);
	r = hall_publish_key(e, err);
	if (!r && rename(path, e->guard_path) != 0)
		r = err_set(err, SAQTA_ERR_STORE, 0, "%s: %s", path, strerror(errno));
	return r ? r : file_sync_folder_of(e->guard_path, err);
}

enum saqta_status hall_incarnate_commit(struct saqta_engine *e, struct saqta_error *err)
{
	enum saqta_status r;

	if (e->is_memory)
		return hall_commit(e, err);
	r = hall_flush(e, err);
	if (!r)
		r = hall_guard_prepare(e, err);
	if (!r)
		r = hall_commit(e, err);
	if (r) {
		e->is_broken = true;
		return r;
	}
	return hall_guard_turn(e, err);
}

/* A crash between the commit of a new incarnation and the turn of its guard. */
static enum saqta_status check_next(struct saqta_engine *e, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf note = {0};
	cleanup_(free_path) char *path = next_path(e);
	enum saqta_status r;

	if (!path)
		return no_memory(err);
	r = audit_guard_read(path, &note, err);
	if (!r)
		r = audit_guard_check(e->log, &note, &e->signer.verifier, err);
	return r || e->is_reader ? r : hall_guard_turn(e, err);
}

enum saqta_status hall_guard_check(struct saqta_engine *e, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf note = {0};
	char origin[AUDIT_NAME_MAX + 1] = "";
	struct saqta_error ignored;
	struct audit_head head;
	enum saqta_status r = audit_guard_read(e->guard_path, &note, err);

	if (r == SAQTA_ERR_MISSING)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "%s: the guard is missing: whether this is the newest vault cannot be told",
			       e->guard_path);
	if (r)
		return r;
	r = audit_checkpoint_open((const char *)note.data, note.len, NULL, 0, origin, &head, err);
	if (r)
		return r;
	/* A crash may have left the turn to a new incarnation, or to a new key, undone. */
	if (strcmp(origin, e->signer.verifier.name) == 0)
		r = audit_guard_check(e->log, &note, &e->signer.verifier, err);
	else
		r = SAQTA_ERR_TAMPERED;
	if (!r || check_next(e, &ignored) == SAQTA_OK)
		return SAQTA_OK;
	if (strcmp(origin, e->signer.verifier.name) == 0)
		return r;
	return err_set(err, SAQTA_ERR_TAMPERED, 0,
		       "the vault was rolled back: it holds the log %s, the guard saw %s: an older copy returns only by `saqta restore`",
		       e->signer.verifier.name, origin);
}

/* ---- the past ---- */

enum saqta_status hall_each_past(struct saqta_engine *e, hall_entry_fn visit, void *user, struct saqta_error *err)
{
	cleanup_(db_scan_closep) struct db_scan *scan = NULL;
	enum saqta_status r = db_scan_open(e->vault.db, VAULT_PAST, "", 0, "", 0, &scan, err);

	while (!r) {
		const uint8_t *key, *entry;
		size_t key_len, len;
		uint32_t incarnation = 0;
		uint64_t seq;

		r = db_scan_next(scan, &key, &key_len, &entry, &len, err);
		if (r)
			break;
		if (key_len != PAST_KEY_SIZE)
			return err_set(err, SAQTA_ERR_TAMPERED, 0, "an entry of the log's past has a wrong key");
		for (int i = 0; i < 4; i++)
			incarnation = incarnation << 8 | key[i];
		seq = number_of(key + 4);
		if (len == 0)
			r = err_set(err, SAQTA_ERR_TAMPERED, 0, "entry %llu of the log's past %u is missing", (unsigned long long)seq,
				    incarnation);
		else /* no entry is as short as a hash */
			r = visit(e, user, incarnation, seq, entry, len == HASH_SIZE ? 0 : len, err);
	}
	return r == SAQTA_ERR_MISSING ? SAQTA_OK : r;
}

static enum saqta_status pruned_leaf(struct saqta_engine *e, uint64_t seq, uint8_t ret[HASH_SIZE], struct saqta_error *err)
{
	const struct audit_pruned *p = audit_log_pruned(e->log);

	if (!p || seq >= p->to)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "entry %llu is not what was recorded", (unsigned long long)seq);
	return audit_log_node(e->log, 0, seq, ret, err);
}

enum saqta_status hall_each_entry(struct saqta_engine *e, uint64_t from, hall_entry_fn visit, void *user, struct saqta_error *err)
{
	cleanup_(db_scan_closep) struct db_scan *scan = NULL;
	enum saqta_status r = db_scan_open_n(e->vault.db, VAULT_ENTRY, from, &scan, err);

	for (uint64_t seq = from; !r; seq++) {
		const uint8_t *key, *entry;
		uint8_t leaf[HASH_SIZE];
		size_t key_len, len;

		r = db_scan_next(scan, &key, &key_len, &entry, &len, err);
		if (!r && len == 0) {
			r = pruned_leaf(e, seq, leaf, err);
			entry = leaf;
		}
		if (!r)
			r = visit(e, user, e->incarnation, seq, entry, len, err);
	}
	return r == SAQTA_ERR_MISSING ? SAQTA_OK : r;
}

void hall_leaf(const uint8_t *entry, size_t len, uint8_t ret[HASH_SIZE])
{
	if (len > 0)
		audit_leaf_hash(entry, len, ret);
	else
		memcpy(ret, entry, HASH_SIZE);
}

struct past_check {
	uint32_t incarnation;
	struct audit_edge edge;
	struct sha256 *which; /* of the entries that are empty; owned; NULL: none yet */
	uint64_t last_empty;
	bool has_pruned;
	struct audit_pruned pruned; /* as the newest entry of this incarnation says */
};

/* At the end of an incarnation: is what is empty what was pruned? */
static enum saqta_status check_past_pruned(struct past_check *c, struct saqta_error *err)
{
	uint8_t which[HASH_SIZE];
	bool is_good = !c->which && !c->has_pruned;

	if (c->which) {
		sha256_end(c->which, which);
		c->which = NULL;
		is_good = c->has_pruned && c->last_empty < c->pruned.to && memcmp(which, c->pruned.which, HASH_SIZE) == 0;
	}
	return is_good ? SAQTA_OK
		       : err_set(err, SAQTA_ERR_TAMPERED, 0,
				 "the entries of the log's past %u that are empty are not those that were pruned", c->incarnation);
}

static enum saqta_status note_pruned(struct past_check *c, uint64_t seq, const uint8_t *text, size_t len, struct saqta_error *err)
{
	uint8_t be64[8];
	enum saqta_status r;
	int64_t ignored;
	json_t *entry;

	if (len > 0) {
		if (!memmem(text, len, "\"type\":\"pruned\"", strlen("\"type\":\"pruned\"")))
			return SAQTA_OK;
		entry = json_loadb((const char *)text, len, 0, NULL);
		c->has_pruned = hall_pruned_by(entry, &c->pruned, &ignored) || c->has_pruned;
		json_decref(entry);
		return SAQTA_OK;
	}
	r = c->which ? SAQTA_OK : sha256_new(&c->which, err);
	if (r)
		return r;
	for (unsigned i = 0; i < sizeof(be64); i++)
		be64[i] = (uint8_t)(seq >> (56 - 8 * i));
	sha256_add(c->which, be64, sizeof(be64));
	c->last_empty = seq;
	return SAQTA_OK;
}

/* Does @entry, the first of an incarnation, name what was read of the one before? */
static enum saqta_status check_succession(const struct past_check *c, const uint8_t *entry, size_t len, struct saqta_error *err)
{
	json_t *root = json_loadb((const char *)entry, len, 0, NULL);
	json_t *past = json_object_get(json_object_get(root, "more"), "past");
	const char *hex = json_string_value(json_object_get(past, "root"));
	uint8_t want[HASH_SIZE], have[HASH_SIZE];
	bool is_good = hex && strlen(hex) == sizeof(want) * 2 && hex_decode(hex, sizeof(want) * 2, want) &&
		       (uint64_t)json_integer_value(json_object_get(past, "size")) == c->edge.size;

	audit_edge_root(&c->edge, have);
	is_good = is_good && memcmp(have, want, sizeof(want)) == 0;
	json_decref(root);
	return is_good ? SAQTA_OK
		       : err_set(err, SAQTA_ERR_TAMPERED, 0, "the log's past %u is not what its successor's first entry names",
				 c->incarnation);
}

static enum saqta_status check_past(struct saqta_engine *e, void *user, uint32_t incarnation, uint64_t seq, const uint8_t *entry,
				    size_t len, struct saqta_error *err)
{
	struct past_check *c = user;
	uint8_t leaf[HASH_SIZE], nodes[65][HASH_SIZE];

	(void)e;
	if (incarnation > c->incarnation && seq == 0) { /* numbers may be left out: those of logs that were lost */
		enum saqta_status r = c->incarnation > 0 ? check_succession(c, entry, len, err) : SAQTA_OK;

		if (!r && c->incarnation > 0)
			r = check_past_pruned(c, err);
		if (r)
			return r;
		*c = (struct past_check){.incarnation = incarnation};
	}
	if (incarnation != c->incarnation || seq != c->edge.size)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "entry %llu of the log's past %u is missing", (unsigned long long)c->edge.size,
			       c->incarnation);
	hall_leaf(entry, len, leaf);
	(void)audit_edge_append(&c->edge, leaf, nodes);
	return note_pruned(c, seq, entry, len, err);
}

static void past_check_done(struct past_check *c)
{
	uint8_t ignored[HASH_SIZE];

	if (c->which)
		sha256_end(c->which, ignored);
}

enum saqta_status hall_verify_past(struct saqta_engine *e, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf first = {0};
	cleanup_(past_check_done) struct past_check c = {0};
	enum saqta_status r = hall_each_past(e, check_past, &c, err);

	if (!r && c.incarnation > 0)
		r = check_past_pruned(&c, err);
	if (r)
		return r;
	if (c.incarnation >= e->incarnation || (c.incarnation == 0) != (e->incarnation == 1))
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "the log's past is missing");
	if (e->incarnation == 1)
		return SAQTA_OK;
	r = audit_log_entry(e->log, 0, &first, err);
	return r ? r : check_succession(&c, first.data, first.len, err);
}
