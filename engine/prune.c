/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"
#include "pseudonyms.h"
#include "saqta/audit.h"

#include <stdlib.h>
#include <string.h>

/* `audit prune`: the log keeps no longer than needed either. Bodies of old entries are taken away; their hashes stay, so the tree, its signed
 * heads and every proof hold. A signed entry says which, by whom and why: an empty body that it does not cover is one that was taken away.
 *
 * What stays: what the log is told by (policy, keys, incarnations, what was pruned), the proof of each destruction, and of those who live whatever
 * the tables were made by, so that `audit reconcile` tells them as before. What goes of those who live are questions alone, which changed nothing. */

#define META_PRUNED "pruned"
#define TYPE_PRUNED "pruned"

enum { LIVES = 1, LIVES_IN_STATE }; /* values in the map of who lives: from LIVES_IN_STATE on, in the state that was kept last */

struct pruning {
	struct saqta_engine *e;
	const struct saqta_prune_options *o;
	int64_t before_us;
	struct pseudonyms living;
	struct sha256 *which; /* owned */
	uint64_t from, to, n, n_kept, n_all, bytes;
	int64_t newest_us; /* `at` of the entries that are empty */
};

static enum saqta_status no_memory(struct saqta_error *err) { return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory"); }

static const char *text_of(const json_t *entry, const char *name)
{
	const char *text = json_string_value(json_object_get(entry, name));

	return text ? text : "";
}

/* ---- what was pruned before ---- */

bool hall_pruned_by(const json_t *entry, struct audit_pruned *ret, int64_t *ret_newest_us)
{
	const json_t *more = json_object_get(entry, "more"), *to = json_object_get(more, "to");
	const char *which = text_of(more, "which"), *newest = text_of(more, "newest");

	*ret = (struct audit_pruned){.by = (uint64_t)json_integer_value(json_object_get(entry, "seq"))};
	ret->to = (uint64_t)json_integer_value(to);
	return strcmp(text_of(entry, "type"), TYPE_PRUNED) == 0 && json_integer_value(to) > 0 && ret->to <= ret->by &&
	       strlen(which) == 2 * sizeof(ret->which) && hex_decode(which, 2 * sizeof(ret->which), ret->which) &&
	       instant_parse(newest, strlen(newest), ret_newest_us);
}

static enum saqta_status newest_pruned(struct db *db, struct audit_log *log, struct audit_pruned *ret, int64_t *ret_newest_us,
				       struct saqta_error *err)
{
	cleanup_(buf_done) struct buf row = {0}, body = {0};
	struct cursor c;
	uint64_t seq;
	json_t *entry;
	bool is_good;
	enum saqta_status r = db_get(db, VAULT_META, META_PRUNED, strlen(META_PRUNED), &row, err);

	if (r)
		return r;
	c = (struct cursor){.data = row.data, .len = row.len};
	seq = (uint64_t)cursor_i64(&c);
	r = c.failed ? err_set(err, SAQTA_ERR_TAMPERED, 0, "the row `pruned` is cut") : audit_log_entry(log, seq, &body, err);
	if (r)
		return r == SAQTA_ERR_MISSING ? err_set(err, SAQTA_ERR_TAMPERED, 0, "the row `pruned` names no entry") : r;
	entry = json_loadb((const char *)body.data, body.len, 0, NULL);
	is_good = hall_pruned_by(entry, ret, ret_newest_us) && ret->by == seq;
	json_decref(entry);
	return is_good ? SAQTA_OK : err_set(err, SAQTA_ERR_TAMPERED, 0, "entry %llu does not say what was pruned", (unsigned long long)seq);
}

enum saqta_status hall_load_pruned(struct db *db, struct audit_log *log, struct saqta_error *err)
{
	struct audit_pruned pruned;
	int64_t newest_us;
	enum saqta_status r = newest_pruned(db, log, &pruned, &newest_us, err);

	if (r && r != SAQTA_ERR_MISSING)
		return r;
	audit_log_set_pruned(log, r ? NULL : &pruned);
	return SAQTA_OK;
}

enum saqta_status hall_forget_pruned(struct saqta_engine *e, struct saqta_error *err)
{
	audit_log_set_pruned(e->log, NULL);
	return db_delete(&e->txn, VAULT_META, META_PRUNED, strlen(META_PRUNED), err);
}

/* ---- which go ---- */

static enum saqta_status take_living(struct saqta_engine *e, struct subject *s, void *user, struct saqta_error *err)
{
	struct pruning *w = user;
	uint64_t *at;

	(void)e;
	if (s->is_depersonalised)
		return SAQTA_OK;
	at = pseudonyms_put(&w->living, s->pseudonym);
	if (!at)
		return no_memory(err);
	*at = LIVES;
	return SAQTA_OK;
}

static bool is_one_of(const char *type, const char *const *types)
{
	while (*types && strcmp(*types, type) != 0)
		types++;
	return *types != NULL;
}

/* Does the entry ask something, and change nothing? */
static bool is_question(const char *type)
{
	switch (event_kind_of(type)) {
	case EVENT_USE:
	case EVENT_DISCLOSE:
	case EVENT_MERGE:
	case EVENT_MESSAGE:
		return true;
	default:
		return strcmp(type, "read") == 0;
	}
}

/* Of one who lives: unless it only asked and left the state as the last entry that stays says. */
static bool stays_with(uint64_t *life, const json_t *entry)
{
	static const char *const states[] = {"active", "blocked", "stopped"};
	const char *state = text_of(entry, "state");
	uint64_t now = *life;

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(state, states[i]) == 0)
			now = LIVES_IN_STATE + i;
	if (now == *life && is_question(text_of(entry, "type")) && !json_object_get(entry, "task"))
		return false;
	*life = now;
	return true;
}

static bool stays(const struct pruning *w, const json_t *entry)
{
	static const char *const kept[] = {"policy", "log-key", "incarnation", TYPE_PRUNED, "destroyed", "record-destroyed", NULL};
	const char *state = text_of(entry, "state");
	uint8_t pseudonym[PSEUDONYM_SIZE];
	uint64_t *life;

	if (is_one_of(text_of(entry, "type"), kept) || strcmp(state, "destroyed") == 0 || strcmp(state, "depersonalised") == 0)
		return true;
	if (!pseudonym_of(entry, pseudonym))
		return json_object_get(entry, "task") != NULL; /* the controller's own: they do not end with a subject */
	life = pseudonyms_get(&w->living, pseudonym);
	return life && stays_with(life, entry);
}

static void hash_number(struct sha256 *h, uint64_t number)
{
	uint8_t be64[8];

	for (unsigned i = 0; i < sizeof(be64); i++)
		be64[i] = (uint8_t)(number >> (56 - 8 * i));
	sha256_add(h, be64, sizeof(be64));
}

static enum saqta_status take_away(struct pruning *w, uint64_t seq, const json_t *entry, size_t len, struct saqta_error *err)
{
	const char *at = text_of(entry, "at");
	int64_t at_us;

	if (instant_parse(at, strlen(at), &at_us) && at_us > w->newest_us)
		w->newest_us = at_us;
	hash_number(w->which, seq);
	w->n++;
	w->n_all++;
	w->bytes += len;
	return w->o->dry_run ? SAQTA_OK : audit_log_blank(w->e->log, &w->e->txn, seq, err);
}

static enum saqta_status look_at(struct pruning *w, uint64_t seq, bool *ret_is_end, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf body = {0};
	enum saqta_status r = audit_log_entry(w->e->log, seq, &body, err);
	const char *recorded;
	int64_t recorded_us;
	json_t *entry;

	if (r)
		return r;
	if (body.len == 0) {
		hash_number(w->which, seq);
		w->n_all++;
		return SAQTA_OK;
	}
	entry = json_loadb((const char *)body.data, body.len, 0, NULL);
	recorded = text_of(entry, "recorded");
	if (!entry || !instant_parse(recorded, strlen(recorded), &recorded_us))
		r = err_set(err, SAQTA_ERR_TAMPERED, 0, "entry %llu has no time", (unsigned long long)seq);
	else if (w->o->before && recorded_us >= w->before_us)
		*ret_is_end = true;
	else if (stays(w, entry))
		w->n_kept++;
	else
		r = take_away(w, seq, entry, body.len, err);
	json_decref(entry);
	return r;
}

/* Up to the end that was asked for; then on over what an earlier pruning, which went further, left empty. */
static enum saqta_status walk(struct pruning *w, uint64_t limit, struct saqta_error *err)
{
	const struct audit_pruned *before = audit_log_pruned(w->e->log);
	bool is_end = false;
	enum saqta_status r = SAQTA_OK;

	for (w->to = 0; !r && w->to < limit && !is_end; w->to += !is_end)
		r = look_at(w, w->to, &is_end, err);
	for (; !r && before && w->to < before->to; w->to++) {
		cleanup_(buf_done) struct buf body = {0};

		r = audit_log_entry(w->e->log, w->to, &body, err);
		if (!r && body.len == 0) {
			hash_number(w->which, w->to);
			w->n_all++;
		}
	}
	return r;
}

/* ---- the entry that says so ---- */

static enum saqta_status record_pruned(struct pruning *w, uint64_t *ret_entry, struct saqta_error *err)
{
	cleanup_(answer_done) struct answer a;
	cleanup_(buf_done) struct buf more = {0}, row = {0};
	struct json_out j = {.out = &more};
	uint8_t which[HASH_SIZE];
	enum saqta_status r;

	answer_init(&a);
	sha256_end(w->which, which);
	w->which = NULL;
	json_open(&j, NULL, '{');
	json_int(&j, "empty", (int64_t)w->n_all);
	json_int(&j, "from", 0);
	json_int(&j, "n", (int64_t)w->n);
	json_time(&j, "newest", w->newest_us, NULL);
	json_text(&j, "reason", w->o->reason);
	json_int(&j, "to", (int64_t)w->to);
	json_hex(&j, "which", which, sizeof(which));
	json_shut(&j, '}');
	if (more.failed)
		return no_memory(err);
	r = hall_record(w->e, TYPE_PRUNED, hall_now(w->e), &a, &(struct entry_extra){.json = (const char *)more.data}, err);
	*ret_entry = a.audit;
	buf_i64(&row, (int64_t)a.audit);
	if (!r)
		r = row.failed ? no_memory(err) : db_put(&w->e->txn, VAULT_META, META_PRUNED, strlen(META_PRUNED), row.data, row.len, err);
	if (!r)
		r = hall_commit(w->e, err);
	if (!r)
		r = hall_load_pruned(w->e->vault.db, w->e->log, err);
	if (!r)
		r = hall_checkpoint(w->e, err);
	/* Nothing that was taken away remains in the write-ahead log. */
	return r ? r : db_checkpoint(w->e->vault.db, err);
}

/* Only what the newest signed head covers is so far away that nothing writes there, and only up to the entry asked for. */
static enum saqta_status limit_of(struct pruning *w, uint64_t *ret, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf note = {0};
	struct audit_head head = {0};
	enum saqta_status r = audit_guard_read(w->e->guard_path, &note, err);

	if (!r)
		r = audit_checkpoint_open((const char *)note.data, note.len, &w->e->signer.verifier, 1, NULL, &head, err);
	if (r)
		return r;
	if (w->o->has_to && w->o->to > head.size)
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, "only the first %llu entries stand under a signed head: `audit heartbeat` signs",
			       (unsigned long long)head.size);
	*ret = w->o->has_to ? w->o->to : head.size;
	return SAQTA_OK;
}

static enum saqta_status prune(struct pruning *w, uint64_t *ret_entry, struct saqta_error *err)
{
	struct audit_pruned ignored;
	struct audit_head head = {0};
	uint64_t limit = 0;
	enum saqta_status r = audit_log_verify(w->e->log, w->o->progress, w->o->progress_user, &head, err);

	if (!r)
		r = limit_of(w, &limit, err);
	if (!r)
		r = newest_pruned(w->e->vault.db, w->e->log, &ignored, &w->newest_us, err);
	if (r && r != SAQTA_ERR_MISSING)
		return r;
	r = hall_each_subject(w->e, take_living, w, err);
	if (!r)
		r = sha256_new(&w->which, err);
	if (!r && !w->o->dry_run)
		r = hall_begin(w->e, err);
	if (!r)
		r = walk(w, limit, err);
	if (!r && w->n > 0 && !w->o->dry_run)
		return record_pruned(w, ret_entry, err);
	hall_abort(w->e);
	return r;
}

static enum saqta_status check_options(struct pruning *w, struct saqta_error *err)
{
	enum saqta_status r = hall_allows(w->e, ACT_PRUNE, err);

	if (!r)
		r = hall_check_reason(w->o->reason, err);
	if (r)
		return r;
	if (w->o->has_to == (w->o->before != NULL))
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, "say up to where: either before a time, or up to an entry");
	if (w->o->before && !instant_parse(w->o->before, strlen(w->o->before), &w->before_us))
		return err_set(err, SAQTA_ERR_ARGUMENT, 0,
			       "--before must be an RFC 3339 time with an offset, like 2026-01-05T09:00:00+05:00");
	return SAQTA_OK;
}

enum saqta_status saqta_audit_prune(saqta_engine *e, const struct saqta_prune_options *o, saqta_write_fn write, void *user,
				    struct saqta_error *err)
{
	struct pruning w = {.e = e, .o = o, .newest_us = INSTANT_NONE};
	cleanup_(buf_done) struct buf json = {0};
	struct json_out j = {.out = &json};
	uint8_t ignored[HASH_SIZE];
	uint64_t entry = 0;
	enum saqta_status r = check_options(&w, err);

	if (!r)
		r = prune(&w, &entry, err);
	pseudonyms_done(&w.living);
	if (w.which)
		sha256_end(w.which, ignored);
	if (r)
		return r;
	json_open(&j, NULL, '{');
	if (entry)
		json_int(&j, "entry", (int64_t)entry);
	json_bool(&j, "dry_run", o->dry_run);
	json_int(&j, "to", (int64_t)w.to);
	json_int(&j, "pruned", (int64_t)w.n);
	json_int(&j, "kept", (int64_t)w.n_kept);
	json_int(&j, "bytes", (int64_t)w.bytes);
	json_shut(&j, '}');
	buf_str(&json, "\n");
	return hall_give(write, user, &json, err);
}
