/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"
#include "policy/explain.h"

#include <stdio.h>
#include <string.h>

/* Why a question is answered as it is: each rule that had a say, each condition with what it saw; on a denial what would have to change.
 * (4) Of facts only ids of the policy, states and yes or no are told: no age, no free text. */

static const char *text_of(const struct buf *b) { return b->data ? (const char *)b->data : ""; }

enum saqta_status saqta_policy_explain_clause(const struct saqta_policy_from *from, const char *clause, const char *lang,
					      saqta_write_fn write, void *user, struct saqta_error *err)
{
	cleanup_(policy_unrefp) struct policy *p = NULL;
	cleanup_(words_freep) struct words *w = NULL;
	cleanup_(buf_done) struct buf json = {0};
	enum saqta_status r = hall_policy_from(from, &p, err);

	if (!r)
		r = words_load(p, lang, &w, err);
	if (!r)
		r = policy_explain_clause(w, clause, &json, err);
	if (r)
		return r;
	buf_str(&json, "\n");
	return hall_give(write, user, &json, err);
}

enum saqta_status saqta_policy_print(const struct saqta_policy_from *from, const char *lang, const char *now, saqta_write_fn write,
				     void *user, struct saqta_error *err)
{
	cleanup_(policy_unrefp) struct policy *p = NULL;
	cleanup_(words_freep) struct words *w = NULL;
	cleanup_(buf_done) struct buf json = {0};
	int64_t at_us = from->engine ? hall_now(from->engine) : instant_now();
	enum saqta_status r;

	if (now && !instant_parse(now, strlen(now), &at_us))
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, "--now must be an RFC 3339 time with an offset, like 2026-01-05T09:00:00+05:00");
	r = hall_policy_from(from, &p, err);
	if (!r)
		r = words_load(p, lang, &w, err);
	if (!r)
		r = policy_print(w, at_us, &json, err);
	if (r)
		return r;
	buf_str(&json, "\n");
	return hall_give(write, user, &json, err);
}

/* ---- conditions ---- */

struct atom_view {
	struct doc *d;
	const struct facts *f;
};

static const char *op_sign(const struct cond_op *op)
{
	static const char *const signs[] = {
		[COND_FLAG] = "is",	  [COND_IN_SET] = "is",	       [COND_STRING_EQ] = "=", [COND_STRING_NE] = "!=",
		[COND_STRING_SAME] = "=", [COND_STRING_DIFFER] = "!=", [COND_NUMBER_EQ] = "=", [COND_NUMBER_NE] = "!=",
		[COND_NUMBER_LT] = "<",	  [COND_NUMBER_LE] = "<=",     [COND_NUMBER_GT] = ">", [COND_NUMBER_GE] = ">=",
	};

	return signs[op->code];
}

/* What the fact is now: an id, "" for none, NULL for what is not told. */
static const char *value_now(const struct policy *p, const struct facts *f, const struct cond_op *op)
{
	const int32_t string = f->string[op->a];

	if (op->a == F_REASON || op->a == F_COUNTRY)
		return NULL; /* free text */
	return string >= 0 && string < p->n_strings ? p->strings[string] : NULL;
}

static void fact_name(const struct policy *p, const struct cond_op *op, char *ret, size_t size)
{
	const char *name = condition_fact_name((enum cond_code)op->code, op->a);

	if (op->code == COND_IN_SET && op->a == F_CATEGORY)
		(void)snprintf(ret, size, "%s.%s", name, policy_name(p, ID_CATEGORY, op->b));
	else if (op->code == COND_IN_SET && op->a == F_REACHED)
		(void)snprintf(ret, size, "%s.%s", name, policy_name(p, ID_MILESTONE, op->b));
	else if (op->code == COND_IN_SET && op->a != F_ATTACHMENT && op->a != F_ROLE)
		(void)snprintf(ret, size, "%s.%s", name, policy_name(p, ID_CONSENT, op->b));
	else
		(void)snprintf(ret, size, "%s", name);
}

static bool is_string(const struct cond_op *op) { return op->code >= COND_STRING_EQ && op->code <= COND_STRING_DIFFER; }

/* fact, sign, wanted and value of a comparison. */
static void atom_members(struct doc *d, const struct facts *f, const struct cond_op *op, bool holds)
{
	const struct policy *p = words_policy(d->w);
	char name[128];

	if (op->code == COND_TRUE || op->code == COND_FALSE)
		return;
	fact_name(p, op, name, sizeof(name));
	json_text(d->j, "fact", name);
	json_text(d->j, "sign", op_sign(op));
	if (op->code == COND_FLAG || op->code == COND_IN_SET) {
		json_bool(d->j, "wanted", true);
		json_bool(d->j, "value", holds);
	} else if (op->code == COND_STRING_EQ || op->code == COND_STRING_NE) {
		json_text(d->j, "wanted", p->strings[op->b]);
		json_text(d->j, "value", value_now(p, f, op));
	} else if (is_string(op)) {
		json_text(d->j, "wanted", condition_fact_name(COND_STRING_EQ, (unsigned)op->b));
		json_text(d->j, "value", value_now(p, f, op));
	} else {
		json_int(d->j, "wanted", (int64_t)op->x);
	}
}

static void say_atom(void *user, const struct cond_op *op, bool holds)
{
	const struct atom_view *s = user;
	cleanup_(buf_done) struct buf atom = {0}, text = {0};
	const char *now = is_string(op) ? value_now(words_policy(s->d->w), s->f, op) : NULL;

	words_atom(s->d->w, &atom, op, false);
	if (holds || !now || !*now)
		words_say(s->d->w, &text, holds ? "atom-held" : "atom-not-held", text_of(&atom), NULL, NULL);
	else
		words_say(s->d->w, &text, "atom-not-held-now", text_of(&atom), words_value(s->d->w, (enum fact_string)op->a, now), NULL);
	doc_item(s->d, &text);
	atom_members(s->d, s->f, op, holds);
	json_bool(s->d->j, "held", holds);
	doc_item_end(s->d);
}

static void say_condition(struct doc *d, const struct facts *f, const char *name, const struct condition *c)
{
	cleanup_(buf_done) struct buf text = {0};
	struct atom_view seen = {.d = d, .f = f};
	const bool holds = condition_holds(c, f);

	if (c->n_ops == 0)
		return;
	words_say(d->w, &text,
		  !strcmp(name, "when") ? (holds ? "when-held" : "when-not-held") : (holds ? "unless-held" : "unless-not-held"), NULL, NULL,
		  NULL);
	doc_item(d, &text);
	json_text(d->j, name, c->text);
	json_bool(d->j, "held", holds);
	json_open(d->j, "items", '[');
	condition_because(c, f, say_atom, &seen);
	json_shut(d->j, ']');
	doc_item_end(d);
}

/* ---- rules ---- */

/* How a consent that is missing ended, or that it never was. */
static void say_consent(struct doc *d, const struct subject *s, const struct facts *f, int consent)
{
	const struct policy *p = words_policy(d->w);
	const struct consent_act *act = s ? subject_consent(s, policy_name(p, ID_CONSENT, consent)) : NULL;
	const bool holds = idset_has(&f->set[F_CONSENT], consent);
	cleanup_(buf_done) struct buf text = {0}, at = {0};
	const char *key = "consent-never";

	if (act) {
		words_time(d->w, &at, act->at_us);
		key = holds							   ? "consent-given"
		      : act->kind == CONSENT_GIVEN || act->kind == CONSENT_VOUCHED ? "consent-ran-out"
										   : "consent-ended";
	}
	words_say(d->w, &text, key, words_id(d->w, ID_CONSENT, consent), text_of(&at), NULL);
	doc_item(d, &text);
	json_text(d->j, "consent", policy_name(p, ID_CONSENT, consent));
	json_bool(d->j, "held", holds);
	if (act && act->version)
		json_text(d->j, "version", act->version);
	doc_item_end(d);
}

static void say_rule(struct doc *d, const struct subject *s, const struct facts *f, unsigned rule, const char *why)
{
	const struct policy *p = words_policy(d->w);
	const struct rule *r = &p->rules[rule];
	cleanup_(buf_done) struct buf text = {0}, key = {0};

	buf_fmt(&key, "why-%s", why);
	words_say(d->w, &text, text_of(&key), words_title(d->w, r->title), NULL, NULL);
	doc_item(d, &text);
	json_text(d->j, "rule", r->id);
	json_text(d->j, "why", why);
	doc_clauses(d, r->clauses);
	json_open(d->j, "items", '[');
	for (int id = idset_next(&r->needs, -1); id >= 0; id = idset_next(&r->needs, id))
		say_consent(d, s, f, id);
	say_condition(d, f, "when", &r->when);
	say_condition(d, f, "unless", &r->unless);
	json_shut(d->j, ']');
	doc_item_end(d);
}

static void say_because(struct doc *d, const struct subject *s, const struct facts *f, const struct decision *decision)
{
	static const char *const why[] = {[SAY_PERMITS] = "permits",
					  [SAY_FORBIDS] = "forbids",
					  [SAY_NEEDS_CONSENT] = "needs-consent",
					  [SAY_NOTHING_PERMITS] = "nothing-permits"};

	doc_section(d, "section-because");
	for (unsigned i = 0; i < decision->n; i++)
		say_rule(d, s, f, decision->says[i].rule, why[decision->says[i].why]);
	doc_section_end(d);
}

/* Where nothing permits: the permissions that are about the question, and what each of them lacks. */
static void say_silent(struct doc *d, const struct subject *s, const struct facts *f)
{
	const struct policy *p = words_policy(d->w);

	doc_section(d, "section-silent");
	for (unsigned i = 0; i < p->n_rules; i++)
		if (p->rules[i].kind == RULE_PERMIT && policy_selects(p, i, f))
			say_rule(d, s, f, i, "silent");
	doc_section_end(d);
}

static void say_changes(struct doc *d, const struct facts *f, const struct changes *c)
{
	const struct policy *p = words_policy(d->w);

	doc_section(d, c->would_permit ? "section-changes" : "section-no-changes");
	for (unsigned i = 0; i < c->n; i++) {
		cleanup_(buf_done) struct buf text = {0};

		words_atom(d->w, &text, &c->at[i].op, !c->at[i].wanted);
		doc_item(d, &text);
		atom_members(d, f, &c->at[i].op, !c->at[i].wanted);
		doc_item_end(d);
	}
	for (int id = idset_next(&c->uncovered, -1); id >= 0; id = idset_next(&c->uncovered, id))
		doc_line(d, "uncovered", words_id(d->w, ID_CATEGORY, id), NULL, NULL);
	if (c->stands >= 0)
		doc_line(d, "stands", words_title(d->w, p->rules[c->stands].title), p->rules[c->stands].id, NULL);
	doc_section_end(d);
}

static void decision_json(struct saqta_engine *e, const struct words *w, const struct event *ev, const struct subject *s, struct buf *ret)
{
	cleanup_(answer_done) struct answer a;
	cleanup_(buf_done) struct buf title = {0}, operation = {0}, categories = {0};
	struct json_out j = {.out = ret};
	struct doc d = {.j = &j, .w = w};
	struct changes changes = {.stands = -1};
	struct decision decision;
	struct facts f;
	bool permit;

	answer_init(&a);
	hall_facts(e, ev, s, &f);
	permit = hall_decide(e, s, &f, ev->at_us, &a, &decision);
	if (f.operation >= 0)
		buf_str(&operation, words_id(w, ID_OPERATION, f.operation));
	words_set(w, &categories, ID_CATEGORY, &ev->categories);
	words_say(w, &title, permit ? "title-permitted" : "title-denied", text_of(&operation), text_of(&categories),
		  f.purpose >= 0 ? words_id(w, ID_PURPOSE, f.purpose) : "");
	doc_open(&d, text_of(&title));
	say_because(&d, s, &f, &decision);
	if (!permit && decision.n > 0 && decision.says[0].why == SAY_NOTHING_PERMITS)
		say_silent(&d, s, &f);
	if (!permit) {
		policy_changes(e->policy, &f, ev->at_us, &changes);
		say_changes(&d, &f, &changes);
	}
	doc_shut_sections(&d);
	json_text(&j, "effect", permit ? "permit" : "deny");
	json_open(&j, "clauses", '[');
	for (const char *at = text_of(&a.clauses); *at;) {
		const char *end = strchrnul(at, ' ');

		json_text_n(&j, NULL, at, (size_t)(end - at));
		at = *end ? end + 1 : end;
	}
	json_shut(&j, ']');
	if (!permit)
		json_bool(&j, "would_permit", changes.would_permit);
	json_text(&j, "policy", policy_id(e->policy));
	json_text(&j, "version", policy_version(e->policy));
	json_shut(&j, '}');
	buf_str(ret, "\n");
}

enum saqta_status saqta_policy_explain_decision(saqta_engine *e, const char *text, size_t len, const char *lang, saqta_write_fn write,
						void *user, struct saqta_error *err)
{
	cleanup_(words_freep) struct words *w = NULL;
	cleanup_(buf_done) struct buf json = {0};
	struct subject *s = NULL;
	struct event ev = {0};
	enum saqta_status r = hall_allows(e, ACT_READ, err);

	if (!r)
		r = words_load(e->policy, lang, &w, err);
	if (r)
		return r;
	r = event_parse(e->policy, EVENT_FOR_DECIDE, text, len, hall_now(e), &ev, err);
	if (!r)
		r = hall_begin(e, err);
	if (!r)
		r = hall_subject(e, ev.subject, &s, err);
	if (r == SAQTA_ERR_MISSING) {
		s = NULL; /* nobody is known under it: the rules say what then, and nobody was read */
		r = SAQTA_OK;
	}
	if (!r)
		decision_json(e, w, &ev, s, &json);
	if (!r && s)
		r = hall_record_read(e, s, "masked", err);
	if (r || !s)
		hall_abort(e);
	event_done(&ev);
	return r ? r : hall_give(write, user, &json, err);
}
