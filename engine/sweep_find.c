/* SPDX-License-Identifier: Apache-2.0 */
#include "sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is due of a subject: lapsed consents, records whose term is over, the subject as a whole; and what holds it. */

#define RECORDS_MAX 4096 /* destroyed alone in one pass; more: the next pass */

void finding_done(struct finding *f)
{
	buf_done(&f->clauses);
	buf_done(&f->held_by);
	free(f->records);
}

static void set_clauses(struct buf *b, const char *clauses)
{
	buf_clear(b);
	buf_str(b, clauses && *clauses ? clauses : "-");
}

static void set_rule(const struct saqta_engine *e, struct buf *b, unsigned rule)
{
	buf_clear(b);
	for (const char *const *c = rule_clauses(e->policy, rule); *c; c++) {
		if (b->len > 0)
			buf_str(b, " ");
		buf_str(b, *c);
	}
}

static unsigned count_lapses(const struct sweep *w, const struct subject *s)
{
	unsigned n = 0;

	for (size_t i = 0; i < s->n_consents; i++) {
		const struct consent_act *act = &s->consents[i];
		int id = policy_find(w->e->policy, ID_CONSENT, act->scope);
		int64_t end_us;

		if (id < 0 || (act->kind != CONSENT_GIVEN && act->kind != CONSENT_VOUCHED) || subject_consent(s, act->scope) != act)
			continue;
		end_us = policy_consent_end(w->e->policy, id, act->at_us);
		n += end_us != INSTANT_NONE && w->now_us >= end_us;
	}
	return n;
}

/* Is @s kept as a whole by an at-least term, given why it would go? */
static bool keeps(const struct subject *s, const struct retention *ret, unsigned *ret_rule)
{
	if (s->is_ordered) {
		*ret_rule = ret->keep_statute_rule;
		return ret->is_kept_by_statute;
	}
	*ret_rule = ret->keep_rule;
	return ret->is_kept;
}

static bool add_due(struct finding *f, const struct record *rec, bool is_late, bool stays_nameless, const struct buf *clauses)
{
	struct due_record *d;

	if (f->n_records >= RECORDS_MAX)
		return true;
	if ((f->n_records & (f->n_records - 1)) == 0) {
		d = realloc(f->records, (f->n_records ? f->n_records * 2 : 1) * sizeof(*d));
		if (!d)
			return false;
		f->records = d;
	}
	d = &f->records[f->n_records++];
	*d = (struct due_record){.number = rec->number, .is_late = is_late, .stays_nameless = stays_nameless};
	(void)snprintf(d->clauses, sizeof(d->clauses), "%s", (const char *)clauses->data);
	return true;
}

static bool stays_any(const struct finding *f)
{
	for (size_t i = 0; i < f->n_records; i++)
		if (f->records[i].stays_nameless)
			return true;
	return false;
}

struct walk {
	struct sweep *w;
	const struct subject *s;
	struct finding *f;
	struct retention_subject rs;
	int64_t *achieved;
	bool goes; /* the subject as a whole is due, or stopped */
	bool goes_late;
	unsigned n_kept; /* records that an at-least term or a hold keeps although due */
	int64_t next_us; /* when the earliest of the records that stay is ripe */
};

void hall_purposes(const struct policy *p, const struct record *rec, struct idset *ret)
{
	const char *at = rec->purposes;

	memset(ret, 0, sizeof(*ret));
	while (*at) {
		const char *end = strchrnul(at, ' ');
		char word[128];
		size_t len = (size_t)(end - at);
		int id;

		if (len < sizeof(word)) {
			memcpy(word, at, len);
			word[len] = 0;
			id = policy_find(p, ID_PURPOSE, word);
			if (id >= 0)
				idset_add(ret, id);
		}
		at = *end ? end + 1 : end;
	}
}

static enum saqta_status examine_record(struct walk *k, const struct record *rec, struct saqta_error *err)
{
	const struct policy *p = k->w->e->policy;
	struct retention_record rr = {
		.category = policy_find(p, ID_CATEGORY, rec->category), .collected_us = rec->collected_us, .achieved_us = k->achieved};
	cleanup_(buf_done) struct buf clauses = {0};
	const struct order *order = subject_order(k->s, rec->category);
	struct retention ret;
	bool is_due = k->goes, is_late = k->goes_late, is_ordered, stays_nameless = false;
	const char *held;

	hall_purposes(p, rec, &rr.purposes);
	policy_retention(p, &k->rs, &rr, k->w->now_us, &ret);
	is_ordered = (k->goes && k->s->is_ordered) || order;
	if (order) {
		is_due = true;
		is_late |= order->due_us != INSTANT_NONE && k->w->now_us > order->due_us;
		set_clauses(&clauses, order->clauses);
	} else if (ret.has_end && ret.ripe_us <= k->w->now_us) {
		is_due = true;
		is_late |= k->w->now_us > ret.end_us;
		stays_nameless = ret.depersonalise && !is_ordered;
		set_rule(k->w->e, &clauses, ret.end_rule);
	} else if (is_due) {
		set_clauses(&clauses, (const char *)k->f->clauses.data);
	}
	if (!is_due) {
		if (ret.has_end && ret.ripe_us < k->next_us)
			k->next_us = ret.ripe_us;
		return SAQTA_OK;
	}
	if (is_ordered ? ret.is_kept_by_statute : ret.is_kept) {
		k->n_kept++;
		set_rule(k->w->e, &k->f->held_by, is_ordered ? ret.keep_statute_rule : ret.keep_rule);
		return SAQTA_OK;
	}
	held = hall_held(k->w->e, k->s, k->w->now_us, rec->category, rec->id);
	if (held) {
		k->n_kept++;
		set_clauses(&k->f->held_by, held);
		return SAQTA_OK;
	}
	return add_due(k->f, rec, is_late, stays_nameless, &clauses) ? SAQTA_OK : err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
}

static enum saqta_status examine_records(struct walk *k, struct saqta_error *err)
{
	struct record_scan scan;
	struct record rec = {0};
	enum saqta_status r = vault_records(&k->w->e->vault, k->s, &scan, err);

	while (!r) {
		r = vault_next_record(&scan, &rec, err);
		if (!r)
			r = examine_record(k, &rec, err);
	}
	record_done(&rec);
	vault_records_end(&scan);
	return r == SAQTA_ERR_MISSING ? SAQTA_OK : r;
}

/* Is the subject as a whole to go: stopped, or its term over? */
static void examine_whole(struct walk *k, const struct retention *ret)
{
	const struct subject *s = k->s;
	struct finding *f = k->f;

	if (s->is_stopped) {
		k->goes = true;
		k->goes_late = s->stop_due_us != INSTANT_NONE && k->w->now_us > s->stop_due_us;
		f->why = s->is_ordered ? "ordered" : "stopped";
		set_clauses(&f->clauses, s->stop_clauses);
	} else if (ret->has_end && ret->ripe_us <= k->w->now_us) {
		k->goes = true;
		k->goes_late = k->w->now_us > ret->end_us;
		f->why = "term";
		set_rule(k->w->e, &f->clauses, ret->end_rule);
	}
}

enum saqta_status sweep_examine(struct sweep *w, const struct subject *s, struct finding *f, int64_t *ret_next_us, struct saqta_error *err)
{
	int64_t reached[POLICY_SET_BITS], achieved[POLICY_SET_BITS];
	struct walk k = {.w = w,
			 .s = s,
			 .f = f,
			 .achieved = achieved,
			 .next_us = INT64_MAX,
			 .rs = {.registered_us = s->registered_us, .newest_collected_us = s->newest_collected_us, .reached_us = reached}};
	struct retention_record whole = {.is_subject = true, .category = -1, .achieved_us = achieved};
	struct retention ret;
	const char *held;
	unsigned rule;
	enum saqta_status r = SAQTA_OK;

	memset(f, 0, sizeof(*f));
	f->lapsed = count_lapses(w, s);
	hall_reached(w->e, s, reached, achieved);
	policy_retention(w->e->policy, &k.rs, &whole, w->now_us, &ret);
	examine_whole(&k, &ret);
	/* The records are looked at where one may be due without the others, or kept while the others go. */
	if (k.goes || s->n_orders > 0 || s->records_check_us <= w->now_us)
		r = examine_records(&k, err);
	*ret_next_us = k.next_us;
	if (r || !k.goes)
		return r;
	held = hall_held(w->e, s, w->now_us, NULL, NULL);
	f->is_late = k.goes_late;
	if (keeps(s, &ret, &rule))
		set_rule(w->e, &f->held_by, rule);
	else if (held)
		set_clauses(&f->held_by, held);
	else if (k.n_kept == 0) /* what goes into several passes must be looked at whole before the rest goes with the subject */
		f->is_destroyed = f->n_records < RECORDS_MAX || !stays_any(f);
	return SAQTA_OK;
}
