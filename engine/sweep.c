/* SPDX-License-Identifier: Apache-2.0 */
#include "sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The daily run (contract 7). It walks the due index in steps: each step is one transaction over some subjects, so that a run that is killed
 * leaves every subject whole or destroyed with its entry, and the next run goes on. What is due is found by sweep_examine (sweep_find.c), which
 * changes nothing and also serves the dry run; it is done by `settle`. */

#define STEP_SUBJECTS 2000
#define CEILING_SUBJECTS 1000
#define CEILING_PERCENT 5
#define CLOCK_GUARD_US (35 * INT64_C(86400) * US_PER_S)

/* ---- doing it ---- */

static enum saqta_status lapse(struct sweep *w, struct subject *s, unsigned *ret_n, struct saqta_error *err)
{
	const struct policy *p = w->e->policy;
	size_t n = s->n_consents; /* acts added below need no look */

	for (size_t i = 0; i < n; i++) {
		cleanup_(answer_done) struct answer a;
		const struct consent_act *act = &s->consents[i];
		struct consent_act *end;
		int id = policy_find(p, ID_CONSENT, act->scope);
		int64_t end_us;
		enum saqta_status r;

		answer_init(&a);
		if (id < 0 || (act->kind != CONSENT_GIVEN && act->kind != CONSENT_VOUCHED) || subject_consent(s, act->scope) != act)
			continue;
		end_us = policy_consent_end(p, id, act->at_us);
		if (end_us == INSTANT_NONE || w->now_us < end_us)
			continue;
		answer_rule(&a, p, policy_consent(p, id)->lapse_rule);
		end = subject_add_consent(s);
		if (!end)
			return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
		end->kind = CONSENT_LAPSED;
		end->at_us = end_us;
		end->scope = text_copy(policy_name(p, ID_CONSENT, id));
		end->clauses = text_copy((const char *)a.clauses.data);
		if (!end->scope)
			return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
		s->is_dirty = true;
		++*ret_n;
		r = hall_record(w->e, "lapsed", w->now_us, &a, &(struct entry_extra){.subject = s, .kind = policy_name(p, ID_CONSENT, id)},
				err);
		if (r)
			return r;
	}
	return SAQTA_OK;
}

/* Withdrawals that waited for a condition which time alone has met. */
static enum saqta_status stop_pending(struct sweep *w, struct subject *s, struct saqta_error *err)
{
	cleanup_(answer_done) struct answer a;
	struct effect_context c = {.e = w->e, .s = s, .at_us = w->now_us, .a = &a};
	unsigned n = 0;
	enum saqta_status r;

	answer_init(&a);
	if (s->n_pending == 0)
		return SAQTA_OK;
	r = effects_pending(&c, &n, err);
	if (r || n == 0)
		return r;
	w->total.stopped++;
	a.state = subject_state(s);
	return hall_record(w->e, "stopped", w->now_us, &a, &(struct entry_extra){.subject = s}, err);
}

/* Those whose value stays with nobody when the subject goes, or else all that are due. */
static enum saqta_status destroy_records(struct sweep *w, struct subject *s, const struct finding *f, struct saqta_error *err)
{
	for (size_t i = 0; i < f->n_records; i++) {
		struct record_scan scan;
		struct record rec = {0};
		enum saqta_status r;

		if (f->is_destroyed && !f->records[i].stays_nameless)
			continue;
		r = vault_records(&w->e->vault, s, &scan, err);
		while (!r) {
			r = vault_next_record(&scan, &rec, err);
			if (!r && rec.number == f->records[i].number)
				break;
		}
		vault_records_end(&scan);
		if (!r && f->records[i].stays_nameless)
			r = hall_keep_nameless(w->e, s, &rec, w->now_us, f->records[i].clauses, err);
		if (!r)
			r = hall_destroy_record(w->e, s, &rec, w->now_us, f->records[i].clauses, f->records[i].is_late, err);
		record_done(&rec);
		if (r)
			return r;
	}
	return SAQTA_OK;
}

static void note_receipt(struct sweep *w, const char *external_id, const uint8_t receipt[16])
{
	char hex[33];

	if (!w->o->receipts || !external_id)
		return;
	hex_encode(receipt, 16, hex);
	buf_fmt(&w->receipts, "%s\t%s\n", external_id, hex);
}

static enum saqta_status destroy_whole(struct sweep *w, struct subject *s, const struct finding *f, struct saqta_error *err)
{
	char *external_id = text_copy(s->external_id);
	uint8_t receipt[16];
	enum saqta_status r = hall_destroy_subject(w->e, s, w->now_us, f->why, (const char *)f->clauses.data, f->is_late, receipt, err);

	if (!r)
		note_receipt(w, external_id, receipt);
	if (external_id)
		crypt_wipe(external_id, strlen(external_id));
	free(external_id);
	return r;
}

static bool is_done_late(const struct finding *f)
{
	bool is_late = f->is_destroyed && f->is_late;

	for (size_t i = 0; i < f->n_records && !f->is_destroyed; i++)
		is_late |= f->records[i].is_late;
	return is_late;
}

static void count(struct sweep *w, const struct finding *f)
{
	w->total.lapsed += f->lapsed;
	w->total.destroyed += f->is_destroyed;
	for (size_t i = 0; i < f->n_records; i++)
		w->total.depersonalised += f->records[i].stays_nameless;
	w->total.late += is_done_late(f);
	if (f->held_by.len > 0) {
		const char *clause = (const char *)f->held_by.data;
		char first[128];

		(void)snprintf(first, sizeof(first), "%.*s", (int)strcspn(clause, " "), clause);
		w->total.held++;
		json_object_set_new(w->held_by, first, json_integer(1 + json_integer_value(json_object_get(w->held_by, first))));
	}
}

/* An order is done with when nothing it names is left. */
static void drop_orders(struct subject *s, const struct finding *f)
{
	if (f->held_by.len > 0)
		return;
	for (size_t i = 0; i < s->n_orders; i++) {
		free(s->orders[i].categories);
		free(s->orders[i].clauses);
	}
	free(s->orders);
	s->orders = NULL;
	s->n_orders = 0;
	s->is_dirty = true;
}

static enum saqta_status settle(struct sweep *w, struct subject *s, struct saqta_error *err)
{
	cleanup_(finding_done) struct finding f = {0};
	unsigned lapsed = 0;
	int64_t next_us = INT64_MAX;
	enum saqta_status r;

	if (!w->is_dry) {
		r = lapse(w, s, &lapsed, err);
		if (!r)
			r = stop_pending(w, s, err);
		if (!r)
			r = hall_count_delays(w->e, s, w->now_us, err);
		if (r)
			return r;
	}
	r = sweep_examine(w, s, &f, &next_us, err);
	if (r)
		return r;
	f.lapsed += lapsed;
	count(w, &f);
	if (w->is_dry)
		return SAQTA_OK;
	r = destroy_records(w, s, &f, err);
	if (r)
		return r;
	if (f.is_destroyed)
		return destroy_whole(w, s, &f, err);
	if (s->n_orders > 0)
		drop_orders(s, &f);
	/* Held work stays where it is, so that each run counts it until it can be done. */
	if (f.held_by.len > 0)
		return SAQTA_OK;
	s->records_check_us = next_us;
	s->is_dirty = true;
	return hall_schedule(w->e, s, true, err);
}

/* ---- walking the due index ---- */

static enum saqta_status read_step(struct sweep *w, struct buf *position, uint8_t (*ids)[SUBJECT_ID_SIZE], size_t *ret_n,
				   struct saqta_error *err)
{
	cleanup_(db_scan_closep) struct db_scan *scan = NULL;
	uint64_t limit = (uint64_t)w->now_us ^ UINT64_C(1) << 63;
	enum saqta_status r = db_scan_open(w->e->vault.db, VAULT_DUE, position->data ? position->data : (const uint8_t *)"", position->len,
					   "", 0, &scan, err);

	*ret_n = 0;
	while (!r && *ret_n < STEP_SUBJECTS) {
		const uint8_t *key, *value;
		size_t key_len, value_len;
		uint64_t at = 0;

		r = db_scan_next(scan, &key, &key_len, &value, &value_len, err);
		if (r)
			break;
		if (key_len != 8 + SUBJECT_ID_SIZE)
			return err_set(err, SAQTA_ERR_TAMPERED, 0, "a key of the due index has the wrong length");
		for (int i = 0; i < 8; i++)
			at = at << 8 | key[i];
		if (at > limit)
			break;
		memcpy(ids[(*ret_n)++], key + 8, SUBJECT_ID_SIZE);
		buf_clear(position);
		buf_add(position, key, key_len);
		buf_add(position, "", 1); /* the next step begins behind this key */
	}
	return r == SAQTA_ERR_MISSING ? SAQTA_OK : r;
}

static enum saqta_status commit_step(struct sweep *w, struct saqta_error *err)
{
	enum saqta_status r;

	if (w->is_dry)
		return SAQTA_OK;
	/* Looking at a subject again later moves its place in the due index and changes nothing that is protected: recorded as part of the
	 * run, by its start and end. */
	w->e->txn.records++;
	r = hall_commit(w->e, err);
	if (!r && w->receipts.len > 0) {
		if (w->receipts.failed || w->o->receipts(w->o->receipts_user, (const char *)w->receipts.data, w->receipts.len) != 0)
			r = err_set(err, SAQTA_ERR_STORE, 0, "the receipts cannot be written; the destructions done so far are recorded");
		crypt_wipe(w->receipts.data, w->receipts.len);
		buf_clear(&w->receipts);
	}
	return r;
}

static enum saqta_status walk_due(struct sweep *w, struct saqta_error *err)
{
	uint8_t(*ids)[SUBJECT_ID_SIZE] = calloc(STEP_SUBJECTS, SUBJECT_ID_SIZE);
	cleanup_(buf_done) struct buf position = {0};
	size_t n = 0;
	enum saqta_status r = SAQTA_OK;

	if (!ids)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	do {
		r = read_step(w, &position, ids, &n, err);
		if (!r && !w->is_dry)
			r = hall_begin(w->e, err);
		for (size_t i = 0; !r && i < n; i++) {
			struct subject *s;

			r = hall_subject_by_id(w->e, ids[i], &s, err);
			if (!r)
				r = settle(w, s, err);
			w->total.examined++;
		}
		if (!r)
			r = commit_step(w, err);
		if (!r && w->o->progress && w->o->progress(w->o->progress_user, w->total.examined, 0) != 0)
			r = err_set(err, SAQTA_ERR_CANCELLED, 0, "stopped; what was done is recorded, run again to go on");
	} while (!r && n == STEP_SUBJECTS);
	free(ids);
	return r;
}

/* ---- guards and report ---- */

static void report_json(const struct sweep *w, const char *guard, struct buf *ret)
{
	struct json_out j = {.out = ret};
	char *held = json_dumps(w->held_by, JSON_COMPACT | JSON_SORT_KEYS);
	char at[INSTANT_TEXT_SIZE];

	instant_format(w->now_us, policy_zone(w->e->policy), at);
	/* In alphabetical order: it becomes part of an entry. */
	json_open(&j, NULL, '{');
	json_text(&j, "at", at);
	json_int(&j, "depersonalised", (int64_t)w->total.depersonalised);
	json_int(&j, "destroyed", (int64_t)w->total.destroyed);
	json_bool(&j, "dry_run", w->is_dry);
	json_int(&j, "examined", (int64_t)w->total.examined);
	json_text(&j, "guard", guard);
	json_int(&j, "held", (int64_t)w->total.held);
	json_raw(&j, "held_by", held ? held : "{}");
	json_int(&j, "lapsed", (int64_t)w->total.lapsed);
	json_int(&j, "late", (int64_t)w->total.late);
	json_int(&j, "stopped", (int64_t)w->total.stopped);
	json_shut(&j, '}');
	free(held);
}

/* Contract 7: more than the ceiling, or more than was confirmed, is not destroyed without a person's word. */
static const char *ceiling(const struct sweep *w, uint64_t due, struct saqta_error *err)
{
	uint64_t subjects = 0, limit;

	if (w->o->has_confirm)
		return due > w->o->confirm ? "confirm" : NULL;
	if (keystore_count(w->e->vault.keys, &subjects, err))
		subjects = 0;
	limit = subjects * CEILING_PERCENT / 100;
	if (limit < CEILING_SUBJECTS)
		limit = CEILING_SUBJECTS;
	return due > limit ? "ceiling" : NULL;
}

static const char *clock_guard(const struct sweep *w)
{
	if (w->e->newest_us == INSTANT_NONE || w->o->unguarded)
		return NULL;
	if (w->now_us < w->e->newest_us)
		return "clock-back";
	return w->now_us - w->e->newest_us > CLOCK_GUARD_US && !w->o->has_confirm ? "clock-ahead" : NULL;
}

static enum saqta_status guard_error(const char *guard, uint64_t due, const struct saqta_sweep_options *o, struct saqta_error *err)
{
	if (strcmp(guard, "clock-back") == 0)
		return err_set(err, SAQTA_ERR_GUARD, 0,
			       "the clock stands before the newest entry: nothing was changed; set the clock right");
	if (strcmp(guard, "clock-ahead") == 0)
		return err_set(err, SAQTA_ERR_GUARD, 0,
			       "the clock stands more than 35 days after the newest entry: nothing was changed; it would destroy "
			       "%llu subjects: check the clock, then --confirm %llu",
			       (unsigned long long)due, (unsigned long long)due);
	if (strcmp(guard, "confirm") == 0)
		return err_set(err, SAQTA_ERR_GUARD, 0,
			       "%llu subjects are due and only %llu were confirmed: nothing was changed; look at a dry run again",
			       (unsigned long long)due, (unsigned long long)o->confirm);
	return err_set(err, SAQTA_ERR_GUARD, 0,
		       "%llu subjects are due, more than the ceiling: nothing was changed; look at the dry run, then --confirm %llu",
		       (unsigned long long)due, (unsigned long long)due);
}

static enum saqta_status note_run(struct sweep *w, const char *type, const char *json, struct saqta_error *err)
{
	cleanup_(answer_done) struct answer a;
	enum saqta_status r;

	answer_init(&a);
	r = hall_begin(w->e, err);
	if (!r)
		r = hall_record(w->e, type, w->now_us, &a, &(struct entry_extra){.json = json}, err);
	return r ? r : hall_commit(w->e, err);
}

/* A new policy or calendar starts a generation: nobody is destroyed on terms that were derived under a former one. */
static enum saqta_status finish_generation(struct sweep *w, struct saqta_error *err)
{
	struct derived derived;
	uint64_t n;
	bool is_whole;
	enum saqta_status r = hall_generation_is_whole(w->e, &is_whole, err);

	if (!r && !is_whole && w->e->is_reader)
		return err_set(err, SAQTA_ERR_GUARD, 0,
			       "the policy was changed and not every term is derived again: run the sweep as a writer");
	if (!r && !is_whole)
		r = hall_finish_generation(w->e, w->o->progress, w->o->progress_user, &derived, err);
	return r || w->o->dry_run ? r : hall_deadlines(w->e, &n, err);
}

static enum saqta_status run(struct sweep *w, struct buf *ret_json, struct saqta_error *err)
{
	const char *guard = clock_guard(w);
	uint64_t due;
	enum saqta_status r = guard ? SAQTA_OK : finish_generation(w, err);

	if (r)
		return r;
	/* First look at everything without touching it: guards hold before anything is done, not in the middle. */
	w->is_dry = true;
	if (!w->o->unguarded || w->o->dry_run) {
		r = walk_due(w, err);
		if (r)
			return r;
		due = w->total.destroyed;
		if (!guard && !w->o->unguarded)
			guard = ceiling(w, due, err);
		if (w->o->dry_run || guard) {
			report_json(w, guard, ret_json);
			return guard && !w->o->dry_run ? guard_error(guard, due, w->o, err) : SAQTA_OK;
		}
		memset(&w->total, 0, sizeof(w->total));
		json_object_clear(w->held_by);
	}
	w->is_dry = false;
	r = note_run(w, "sweep-start", NULL, err);
	if (!r)
		r = walk_due(w, err);
	if (r) {
		hall_abort(w->e);
		return r;
	}
	report_json(w, NULL, ret_json);
	r = note_run(w, "sweep-end", (const char *)ret_json->data, err);
	/* Nothing deleted remains in the write-ahead log. */
	return r || w->e->is_memory ? r : db_checkpoint(w->e->vault.db, err);
}

enum saqta_status hall_sweep(struct saqta_engine *e, const struct saqta_sweep_options *o, int64_t now_us, struct sweep_result *ret,
			     struct buf *ret_json, struct saqta_error *err)
{
	struct sweep w = {.e = e, .o = o, .now_us = now_us, .held_by = json_object()};
	enum saqta_status r = w.held_by ? run(&w, ret_json, err) : err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");

	*ret = w.total;
	json_decref(w.held_by);
	buf_done(&w.receipts);
	return r;
}
