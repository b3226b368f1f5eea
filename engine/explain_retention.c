/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"
#include "policy/words.h"

#include <stdio.h>
#include <string.h>

/* Why a subject's data are still here, and until when: record by record, by what the sweep goes by. No value is told. */

#define SAYS 64

struct telling {
	struct saqta_engine *e;
	const struct subject *s;
	struct doc d;
	int64_t now_us;
	int64_t reached[POLICY_SET_BITS], achieved[POLICY_SET_BITS];
	struct retention_subject rs;
	struct retention whole; /* of the subject itself */
};

static const char *text_of(const struct buf *b) { return b->data ? (const char *)b->data : ""; }

/* A line with a time in it and the clauses it goes by. */
static void say_time(struct telling *t, const char *key, int64_t us, const char *b, const char *clauses)
{
	cleanup_(buf_done) struct buf text = {0}, at = {0};

	words_time(t->d.w, &at, us);
	words_say(t->d.w, &text, key, text_of(&at), b, NULL);
	doc_item(&t->d, &text);
	json_words(t->d.j, "clauses", clauses);
	json_time(t->d.j, "at", us, policy_zone(t->e->policy));
	doc_item_end(&t->d);
}

/* ---- the subject ---- */

static void say_subject(struct telling *t)
{
	const struct subject *s = t->s;
	const char *state = words_find(t->d.w, "state", subject_state(s));

	doc_section(&t->d, "section-subject");
	say_time(t, "subject-state", s->registered_us, state ? state : subject_state(s), NULL);
	if (s->is_stopped)
		say_time(t, s->is_ordered ? "subject-ordered" : "subject-stopped", s->stopped_us, NULL, s->stop_clauses);
	if (s->is_stopped && s->stop_due_us != INSTANT_NONE)
		say_time(t, "subject-due", s->stop_due_us, NULL, NULL);
	for (size_t i = 0; i < s->n_pending; i++)
		if (s->pending[i].scopes)
			say_time(t, "subject-waits", s->pending[i].at_us, NULL, NULL);
	doc_section_end(&t->d);
}

static void say_obstacle(struct telling *t, const struct obstacle *o)
{
	const char *kind = o->request ? words_find(t->d.w, "request", o->request->kind) : NULL;
	cleanup_(buf_done) struct buf text = {0}, at = {0}, due = {0};
	char number[24] = "";

	if (o->request)
		(void)snprintf(number, sizeof(number), "%llu", (unsigned long long)o->request->number);
	words_time(t->d.w, &at, o->hold ? o->hold->at_us : o->request->at_us);
	if (o->request)
		words_time(t->d.w, &due, o->request->due_us);
	words_say(t->d.w, &text,
		  o->hold	? "held-by-hold"
		  : o->is_block ? "held-by-block"
		  : due.len	? "held-by-request"
				: "held-by-request-open",
		  text_of(&at), kind ? kind : number, text_of(&due));
	doc_item(&t->d, &text);
	json_text(t->d.j, "by", o->hold ? "hold" : o->is_block ? "block" : "request");
	if (o->request)
		json_int(t->d.j, "request", (int64_t)o->request->number);
	json_words(t->d.j, "clauses", o->hold ? o->hold->clauses : o->request->clauses);
	doc_item_end(&t->d);
}

/* ---- one record, or the subject as a whole ---- */

static void say_anchor(const struct telling *t, const struct retention_say *say, struct buf *ret)
{
	cleanup_(buf_done) struct buf at = {0};
	const char *key = "anchor-never";

	words_time(t->d.w, &at, say->anchor_us);
	if (say->is_replaced)
		key = t->s->newest_collected_us != INSTANT_NONE ? "anchor-collected" : "anchor-registered";
	else if (say->milestone >= 0)
		key = "anchor-milestone";
	else if (say->anchor_us != INSTANT_NONE)
		key = "anchor-achieved";
	words_say(t->d.w, ret, key, text_of(&at), say->milestone >= 0 ? words_id(t->d.w, ID_MILESTONE, say->milestone) : NULL, NULL);
}

static void term_text(const struct words *w, const struct rule *r, struct buf *ret)
{
	const struct term term = r->has_at_most ? r->at_most : r->has_at_least ? r->at_least : r->within;

	words_term(w, ret, term);
}

static void say_retention_rule(struct telling *t, const struct retention_say *say)
{
	const struct policy *p = t->e->policy;
	const struct rule *r = &p->rules[say->rule];
	cleanup_(buf_done) struct buf text = {0}, anchor = {0}, term = {0}, end = {0}, title = {0};
	const char *key = "rule-not-begun";

	say_anchor(t, say, &anchor);
	term_text(t->d.w, r, &term);
	words_time(t->d.w, &end, say->has_minimum ? say->kept_until_us : say->end_us);
	if (say->has_end && say->has_minimum)
		key = "rule-both";
	else if (say->has_end)
		key = r->depersonalise ? "rule-depersonalises" : "rule-destroys";
	else if (say->has_minimum)
		key = say->kept_until_us > t->now_us ? "rule-keeps" : "rule-kept";
	words_say(t->d.w, &title, key, text_of(&term), say->has_end || say->has_minimum ? text_of(&end) : "", text_of(&anchor));
	buf_fmt(&text, "%s: %s", words_title(t->d.w, r->title), text_of(&title));
	doc_item(&t->d, &text);
	json_text(t->d.j, "rule", r->id);
	doc_clauses(&t->d, r->clauses);
	if (say->milestone >= 0)
		json_text(t->d.j, "milestone", policy_name(p, ID_MILESTONE, say->milestone));
	json_time(t->d.j, "anchor", say->anchor_us, policy_zone(t->e->policy));
	if (say->has_end) {
		json_time(t->d.j, "ripe", say->ripe_us, policy_zone(t->e->policy));
		json_time(t->d.j, "end", say->end_us, policy_zone(t->e->policy));
	}
	if (say->has_minimum)
		json_time(t->d.j, "kept_until", say->kept_until_us, policy_zone(t->e->policy));
	doc_item_end(&t->d);
}

static void say_rules(struct telling *t, const struct retention_record *rr, const char *category, const char *record)
{
	struct retention_say says[SAYS];
	const unsigned n = policy_retention_says(t->e->policy, &t->rs, rr, t->now_us, says, SAYS);
	const struct order *order = category ? subject_order(t->s, category) : NULL;
	struct obstacle o;
	size_t at = 0;

	json_open(t->d.j, "items", '[');
	for (unsigned i = 0; i < n; i++)
		say_retention_rule(t, &says[i]);
	if (n == 0)
		doc_line(&t->d, "no-rule", NULL, NULL, NULL);
	if (order)
		say_time(t, "ordered", order->at_us, NULL, order->clauses);
	while (hall_next_obstacle(t->e, t->s, t->now_us, category, record, &at, &o))
		say_obstacle(t, &o);
	json_shut(t->d.j, ']');
}

static const char *fate_key(const struct fate *f)
{
	if (!f->is_due)
		return f->has_end ? "fate-term" : "fate-open";
	return f->is_kept ? "fate-kept" : f->is_held ? "fate-held" : "fate-due";
}

static void say_fate(struct telling *t, const char *what, const struct retention_record *rr, const char *category, const struct record *rec)
{
	struct retention own;
	cleanup_(buf_done) struct buf text = {0}, at = {0}, collected = {0};
	struct fate f;

	policy_retention(t->e->policy, &t->rs, rr, t->now_us, &own);
	f = hall_fate(t->e, t->s, &t->whole, &own, category, rec ? rec->id : NULL, t->now_us);
	words_time(t->d.w, &at, f.until_us);
	if (rec) {
		words_time(t->d.w, &collected, rec->collected_us);
		words_say(t->d.w, &text, "record", what, text_of(&collected), NULL);
	} else {
		buf_str(&text, what);
	}
	buf_str(&text, " ");
	words_say(t->d.w, &text, fate_key(&f), text_of(&at), NULL, NULL);
	doc_item(&t->d, &text);
	if (rec) {
		json_int(t->d.j, "record", (int64_t)rec->number);
		json_text(t->d.j, "category", category);
		json_words(t->d.j, "purposes", rec->purposes);
	}
	json_bool(t->d.j, "due", f.is_due);
	json_bool(t->d.j, "kept", f.is_kept);
	json_bool(t->d.j, "held", f.is_held);
	if (f.has_end || f.is_due)
		json_time(t->d.j, "until", f.until_us, policy_zone(t->e->policy));
	say_rules(t, rr, category, rec ? rec->id : NULL);
	doc_item_end(&t->d);
}

static enum saqta_status say_records(struct telling *t, struct saqta_error *err)
{
	struct record_scan scan;
	struct record rec = {0};
	enum saqta_status r = vault_records(&t->e->vault, t->s, &scan, err);

	doc_section(&t->d, "section-records");
	while (!r) {
		struct retention_record rr = {.achieved_us = t->achieved};

		r = vault_next_record(&scan, &rec, err);
		if (r)
			break;
		rr.category = policy_find(t->e->policy, ID_CATEGORY, rec.category);
		rr.collected_us = rec.collected_us;
		hall_purposes(t->e->policy, &rec, &rr.purposes);
		say_fate(t, rr.category >= 0 ? words_id(t->d.w, ID_CATEGORY, rr.category) : rec.category, &rr, rec.category, &rec);
	}
	doc_section_end(&t->d);
	record_done(&rec);
	vault_records_end(&scan);
	return r == SAQTA_ERR_MISSING ? SAQTA_OK : r;
}

static enum saqta_status retention_json(struct saqta_engine *e, const struct words *w, const struct subject *s, struct buf *ret,
					struct saqta_error *err)
{
	struct json_out j = {.out = ret};
	struct telling t = {.e = e, .s = s, .d = {.j = &j, .w = w}, .now_us = hall_now(e)};
	struct retention_record whole = {.is_subject = true, .category = -1, .achieved_us = t.achieved};
	cleanup_(buf_done) struct buf title = {0}, what = {0}, now = {0};
	enum saqta_status r;

	hall_reached(e, s, t.reached, t.achieved);
	t.rs = (struct retention_subject){
		.registered_us = s->registered_us, .newest_collected_us = s->newest_collected_us, .reached_us = t.reached};
	policy_retention(e->policy, &t.rs, &whole, t.now_us, &t.whole);
	words_time(w, &now, t.now_us);
	words_say(w, &title, "title-retention", text_of(&now), NULL, NULL);
	words_say(w, &what, "whole", NULL, NULL, NULL);
	doc_open(&t.d, text_of(&title));
	say_subject(&t);
	doc_section(&t.d, "section-whole");
	say_fate(&t, text_of(&what), &whole, NULL, NULL);
	doc_section_end(&t.d);
	r = say_records(&t, err);
	doc_shut_sections(&t.d);
	json_text(&j, "state", subject_state(s));
	json_hex(&j, "pseudonym", s->pseudonym, sizeof(s->pseudonym));
	json_int(&j, "records", (int64_t)s->n_records);
	json_shut(&j, '}');
	buf_str(ret, "\n");
	return r;
}

enum saqta_status saqta_policy_explain_retention(saqta_engine *e, const char *external_id, const char *lang, saqta_write_fn write,
						 void *user, struct saqta_error *err)
{
	cleanup_(words_freep) struct words *w = NULL;
	cleanup_(buf_done) struct buf json = {0};
	struct subject *s = NULL;
	enum saqta_status r = hall_allows(e, ACT_READ, err);

	if (!r)
		r = words_load(e->policy, lang, &w, err);
	if (r)
		return r;
	r = hall_begin(e, err);
	if (!r)
		r = hall_subject(e, external_id, &s, err);
	if (r == SAQTA_ERR_MISSING)
		r = err_set(err, SAQTA_ERR_MISSING, 0,
			    "nobody is known under this id: never registered, or destroyed; the vault cannot tell which");
	if (!r)
		r = retention_json(e, w, s, &json, err);
	if (!r)
		r = hall_record_read(e, s, "masked", err);
	if (r)
		hall_abort(e);
	return r ? r : hall_give(write, user, &json, err);
}
