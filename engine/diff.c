/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"
#include "policy/diff.h"

#include <stdlib.h>
#include <string.h>

/* What a change of policy would do to a vault, without doing it: each subject is looked at under both policies.
 *
 * Decisions are compared over a bounded set of questions a subject, all on the ground of consent: for each category that the subject has records of
 * (at most CATEGORIES_MAX), `use` for each purpose that either policy declares, and `provide` to each recipient that either declares, inside the
 * country, for the first purpose of the first such record. */

#define CATEGORIES_MAX 64
#define PROGRESS_STEP 256

/* An id that either policy declares, as a number of each; -1 where one does not know it. */
struct common_id {
	int was, is;
};
struct common_ids {
	struct common_id at[2 * POLICY_SET_BITS];
	unsigned n;
};

struct effects {
	uint64_t subjects, records, questions;
	uint64_t newly_due_subjects, newly_due_records, not_due_subjects, not_due_records; /* the next sweep would destroy them */
	uint64_t earlier_records, later_records;					   /* their end moves */
	uint64_t to_permit, to_deny, decided_subjects;
	uint64_t outdated; /* subjects with a consent given under another version than the new one */
};

struct held_category {
	struct common_id category, purpose;
};

/* What was counted for a change last, so that each is counted once though both policies have a say: numbers from 1. */
struct last {
	uint64_t subject, record, question;
};

struct compare {
	struct saqta_engine *e;
	struct policy *was, *is;
	struct policy_diff *diff;
	struct common_ids purposes, recipients;
	struct effects total;
	struct last *last; /* by change */
	saqta_progress_fn progress;
	void *progress_user;
	uint64_t n_all;
	int64_t now_us;
};

/* One subject under one policy. */
struct side {
	struct policy *p;
	struct facts facts;
	int64_t reached[POLICY_SET_BITS], achieved[POLICY_SET_BITS];
	struct retention_subject rs;
	struct retention whole;
	bool goes; /* as a whole, with the next sweep */
};

struct pair {
	struct compare *c;
	const struct subject *s;
	struct side was, is;
	struct held_category held[CATEGORIES_MAX];
	unsigned n_held;
};

/* ---- which changes a subject is touched by ---- */

static void touch(struct compare *c, int change, bool is_record, bool is_question)
{
	struct rule_change *r;
	struct last *last;

	if (change < 0)
		return;
	r = &c->diff->changes[change];
	last = &c->last[change];
	r->subjects += last->subject != c->total.subjects;
	last->subject = c->total.subjects;
	if (is_record) {
		r->records += last->record != c->total.records;
		last->record = c->total.records;
	}
	if (is_question) {
		r->decisions += last->question != c->total.questions;
		last->question = c->total.questions;
	}
}

/* ---- one subject under one policy ---- */

static void look(struct compare *c, const struct subject *s, struct policy *p, struct side *ret)
{
	struct saqta_engine *e = c->e;
	const struct retention_record whole = {.is_subject = true, .category = -1, .achieved_us = ret->achieved};
	struct fate fate;

	e->policy = p;
	ret->p = p;
	facts_init(&ret->facts);
	hall_subject_facts(e, s, c->now_us, &ret->facts);
	hall_reached(e, s, ret->reached, ret->achieved);
	ret->rs = (struct retention_subject){
		.registered_us = s->registered_us, .newest_collected_us = s->newest_collected_us, .reached_us = ret->reached};
	policy_retention(p, &ret->rs, &whole, c->now_us, &ret->whole);
	fate = hall_fate(e, s, &ret->whole, &ret->whole, NULL, NULL, c->now_us);
	ret->goes = fate.is_due && !fate.is_kept && !fate.is_held;
}

/* ---- records ---- */

static struct fate look_at_record(struct pair *x, struct side *side, const struct record *rec, const int *changes)
{
	struct retention_record rr = {.achieved_us = side->achieved, .collected_us = rec->collected_us};
	struct retention_say says[64];
	struct retention own;
	unsigned n;

	x->c->e->policy = side->p;
	rr.category = policy_find(side->p, ID_CATEGORY, rec->category);
	hall_purposes(side->p, rec, &rr.purposes);
	n = policy_retention_says(side->p, &side->rs, &rr, x->c->now_us, says, 64);
	for (unsigned i = 0; i < n; i++)
		touch(x->c, changes[says[i].rule], true, false);
	policy_retention(side->p, &side->rs, &rr, x->c->now_us, &own);
	return hall_fate(x->c->e, x->s, &side->whole, &own, rec->category, rec->id, x->c->now_us);
}

static void keep_category(struct pair *x, const struct record *rec)
{
	struct held_category *h = &x->held[x->n_held];
	const char *space = strchrnul(rec->purposes, ' ');
	char purpose[128];

	*h = (struct held_category){{policy_find(x->was.p, ID_CATEGORY, rec->category), policy_find(x->is.p, ID_CATEGORY, rec->category)},
				    {-1, -1}};
	for (unsigned i = 0; i < x->n_held; i++)
		if (x->held[i].category.was == h->category.was && x->held[i].category.is == h->category.is)
			return;
	if (x->n_held + 1 == CATEGORIES_MAX || (size_t)(space - rec->purposes) >= sizeof(purpose))
		return;
	memcpy(purpose, rec->purposes, (size_t)(space - rec->purposes));
	purpose[space - rec->purposes] = 0;
	h->purpose = (struct common_id){policy_find(x->was.p, ID_PURPOSE, purpose), policy_find(x->is.p, ID_PURPOSE, purpose)};
	x->n_held++;
}

static void compare_record(struct pair *x, const struct record *rec)
{
	struct effects *t = &x->c->total;
	struct fate was, is;
	bool went, goes;

	t->records++;
	was = look_at_record(x, &x->was, rec, x->c->diff->by_was);
	is = look_at_record(x, &x->is, rec, x->c->diff->by_is);
	went = was.is_due && !was.is_kept && !was.is_held;
	goes = is.is_due && !is.is_kept && !is.is_held;
	t->newly_due_records += goes && !went;
	t->not_due_records += went && !goes;
	t->earlier_records += is.until_us < was.until_us;
	t->later_records += is.until_us > was.until_us;
	keep_category(x, rec);
}

static enum saqta_status compare_records(struct pair *x, struct saqta_error *err)
{
	struct record_scan scan;
	struct record rec = {0};
	enum saqta_status r = vault_records(&x->c->e->vault, x->s, &scan, err);

	while (!r) {
		r = vault_next_record(&scan, &rec, err);
		if (!r)
			compare_record(x, &rec);
	}
	record_done(&rec);
	vault_records_end(&scan);
	return r == SAQTA_ERR_MISSING ? SAQTA_OK : r;
}

/* ---- decisions ---- */

/* What is not known to a policy is not permitted by it. */
static bool decide(const struct pair *x, const struct side *side, int category, int purpose, int recipient, bool is_disclosure,
		   struct decision *ret)
{
	const struct policy *p = side->p;
	struct facts f = side->facts;
	const char *operation = is_disclosure ? "provide" : "use";

	ret->n = 0;
	ret->permit = false;
	if (category < 0 || purpose < 0 || (is_disclosure && recipient < 0))
		return false;
	f.string[F_EVENT] = policy_string(p, event_name(is_disclosure ? EVENT_DISCLOSE : EVENT_USE));
	f.string[F_OPERATION] = policy_string(p, operation);
	f.string[F_PURPOSE] = policy_string(p, policy_name(p, ID_PURPOSE, purpose));
	f.string[F_BASIS] = policy_string(p, "consent");
	f.operation = policy_find(p, ID_OPERATION, operation);
	f.purpose = purpose;
	idset_add(&f.set[F_CATEGORY], category);
	if (is_disclosure) {
		f.string[F_RECIPIENT] = policy_string(p, policy_name(p, ID_RECIPIENT, recipient));
		f.string[F_COUNTRY] = policy_string(p, policy_country(p));
		f.recipient = recipient;
	}
	policy_decide(p, &f, x->c->now_us, ret);
	return ret->permit;
}

static bool ask(struct pair *x, const struct held_category *h, struct common_id purpose, struct common_id recipient, bool is_disclosure)
{
	struct compare *c = x->c;
	struct decision was, is;
	const bool permitted = decide(x, &x->was, h->category.was, purpose.was, recipient.was, is_disclosure, &was);
	const bool permits = decide(x, &x->is, h->category.is, purpose.is, recipient.is, is_disclosure, &is);

	c->total.questions++; /* numbers from 1, as the marks are */
	if (permitted == permits)
		return false;
	c->total.to_permit += permits;
	c->total.to_deny += permitted;
	for (unsigned i = 0; i < was.n; i++)
		touch(c, c->diff->by_was[was.says[i].rule], false, true);
	for (unsigned i = 0; i < is.n; i++)
		touch(c, c->diff->by_is[is.says[i].rule], false, true);
	return true;
}

static void compare_decisions(struct pair *x)
{
	struct compare *c = x->c;
	bool differs = false;

	for (unsigned i = 0; i < x->n_held; i++) {
		for (unsigned k = 0; k < c->purposes.n; k++)
			differs |= ask(x, &x->held[i], c->purposes.at[k], (struct common_id){-1, -1}, false);
		for (unsigned k = 0; k < c->recipients.n; k++)
			differs |= ask(x, &x->held[i], x->held[i].purpose, c->recipients.at[k], true);
	}
	c->total.decided_subjects += differs;
}

/* ---- consents ---- */

static void compare_consents(struct pair *x)
{
	struct compare *c = x->c;

	for (unsigned i = 0; i < c->diff->n; i++) {
		const struct rule_change *r = &c->diff->changes[i];
		const struct side *side = r->is >= 0 ? &x->is : &x->was;
		const struct rule *rule = &words_policy(r->is >= 0 ? c->diff->is[0] : c->diff->was[0])->rules[r->is >= 0 ? r->is : r->was];

		if (rule->kind == RULE_CONSENT &&
		    idset_has(&side->facts.set[F_CONSENT], policy_find(side->p, ID_CONSENT, strchr(rule->id, '/') + 1)))
			touch(c, (int)i, false, false);
	}
	c->total.outdated += !idset_within(&x->is.facts.set[F_CONSENT], &x->is.facts.set[F_CURRENT_CONSENT]);
}

static enum saqta_status compare_subject(struct saqta_engine *e, struct subject *s, void *user, struct saqta_error *err)
{
	struct compare *c = user;
	struct pair x = {.c = c, .s = s};
	enum saqta_status r;

	c->total.subjects++;
	look(c, s, c->was, &x.was);
	look(c, s, c->is, &x.is);
	c->total.newly_due_subjects += x.is.goes && !x.was.goes;
	c->total.not_due_subjects += x.was.goes && !x.is.goes;
	r = compare_records(&x, err);
	if (!r) {
		compare_decisions(&x);
		compare_consents(&x);
	}
	(void)e;
	if (!r && c->progress && c->total.subjects % PROGRESS_STEP == 0 && c->progress(c->progress_user, c->total.subjects, c->n_all) != 0)
		r = err_set(err, SAQTA_ERR_CANCELLED, 0, "stopped; nothing was changed");
	return r;
}

/* ---- all of them ---- */

static void common(const struct policy *was, const struct policy *is, enum id_kind kind, struct common_ids *ret)
{
	ret->n = 0;
	for (int id = 0; id < policy_id_count(is, kind); id++)
		if (policy_declares(is, kind, id))
			ret->at[ret->n++] = (struct common_id){policy_find(was, kind, policy_name(is, kind, id)), id};
	for (int id = 0; id < policy_id_count(was, kind); id++) {
		const int other = policy_find(is, kind, policy_name(was, kind, id));

		if (policy_declares(was, kind, id) && !policy_declares(is, kind, other))
			ret->at[ret->n++] = (struct common_id){id, other};
	}
}

/* Rules about what comes in touch nothing that is held; the others are counted even where they touch nobody. */
static void mark_counted(struct policy_diff *d)
{
	for (unsigned i = 0; i < d->n; i++) {
		struct rule_change *c = &d->changes[i];
		const struct rule *r = &words_policy(c->is >= 0 ? d->is[0] : d->was[0])->rules[c->is >= 0 ? c->is : c->was];

		c->is_counted = r->kind != RULE_ON && r->kind != RULE_LIMIT && r->kind != RULE_STATEMENT;
		c->is_to_come = r->kind == RULE_ON || r->kind == RULE_LIMIT;
	}
}

static enum saqta_status compare_vault(struct compare *c, struct saqta_error *err)
{
	struct policy *in_force = c->e->policy;
	enum saqta_status r;

	c->last = calloc((size_t)c->diff->n + 1, sizeof(*c->last));
	if (!c->last)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	common(c->was, c->is, ID_PURPOSE, &c->purposes);
	common(c->was, c->is, ID_RECIPIENT, &c->recipients);
	mark_counted(c->diff);
	r = keystore_count(c->e->vault.keys, &c->n_all, err);
	if (!r)
		r = hall_each_subject(c->e, compare_subject, c, err);
	c->e->policy = in_force; /* each look is taken under another */
	free(c->last);
	return r;
}

static void tell_count(struct doc *d, const char *key, uint64_t a, uint64_t b)
{
	cleanup_(buf_done) struct buf x = {0}, y = {0};

	buf_fmt(&x, "%llu", (unsigned long long)a);
	buf_fmt(&y, "%llu", (unsigned long long)b);
	d->j->out->failed |= x.failed || y.failed;
	if (!d->j->out->failed)
		doc_line(d, key, (const char *)x.data, (const char *)y.data, NULL);
}

static void tell_effects(const struct effects *t, struct doc *d)
{
	doc_section(d, "section-effects");
	tell_count(d, "effect-compared", t->subjects, t->records);
	tell_count(d, "effect-newly-due", t->newly_due_subjects, t->newly_due_records);
	tell_count(d, "effect-not-due", t->not_due_subjects, t->not_due_records);
	tell_count(d, "effect-moves", t->earlier_records, t->later_records);
	tell_count(d, "effect-questions", t->questions, t->decided_subjects);
	tell_count(d, "effect-decisions", t->to_deny, t->to_permit);
	tell_count(d, "effect-outdated", t->outdated, 0);
	doc_section_end(d);
}

static void effects_members(const struct effects *t, struct json_out *j)
{
	json_open(j, "effects", '{');
	json_int(j, "subjects", (int64_t)t->subjects);
	json_int(j, "records", (int64_t)t->records);
	json_int(j, "newly_due_subjects", (int64_t)t->newly_due_subjects);
	json_int(j, "newly_due_records", (int64_t)t->newly_due_records);
	json_int(j, "no_longer_due_subjects", (int64_t)t->not_due_subjects);
	json_int(j, "no_longer_due_records", (int64_t)t->not_due_records);
	json_int(j, "earlier_records", (int64_t)t->earlier_records);
	json_int(j, "later_records", (int64_t)t->later_records);
	json_int(j, "questions", (int64_t)t->questions);
	json_int(j, "decisions_to_deny", (int64_t)t->to_deny);
	json_int(j, "decisions_to_permit", (int64_t)t->to_permit);
	json_int(j, "decided_subjects", (int64_t)t->decided_subjects);
	json_int(j, "consents_outdated", (int64_t)t->outdated);
	json_shut(j, '}');
}

static void policy_member(struct json_out *j, const char *name, const struct policy *p)
{
	json_open(j, name, '{');
	json_text(j, "id", policy_id(p));
	json_text(j, "version", policy_version(p));
	json_hex(j, "digest", policy_digest(p), HASH_SIZE);
	json_shut(j, '}');
}

static void diff_json(const struct compare *c, int lang, bool with_vault, struct buf *ret)
{
	cleanup_(buf_done) struct buf title = {0}, was = {0}, is = {0};
	struct json_out j = {.out = ret};
	struct doc d = {.j = &j, .w = c->diff->is[lang]};
	const unsigned others = policy_diff_others(c->diff);

	buf_fmt(&was, "%s %s", policy_id(c->was), policy_version(c->was));
	buf_fmt(&is, "%s %s", policy_id(c->is), policy_version(c->is));
	words_say(d.w, &title, c->diff->n + others > 0 ? "title-diff" : "title-no-diff", (const char *)was.data, (const char *)is.data,
		  NULL);
	doc_open(&d, (const char *)title.data);
	if (with_vault)
		tell_effects(&c->total, &d);
	policy_diff_doc(c->diff, lang, &d);
	doc_shut_sections(&d);
	policy_member(&j, "old", c->was);
	policy_member(&j, "new", c->is);
	json_int(&j, "rules_changed", (int64_t)c->diff->n);
	json_int(&j, "others_changed", (int64_t)others);
	if (with_vault)
		effects_members(&c->total, &j);
	json_shut(&j, '}');
	buf_str(ret, "\n");
}

enum saqta_status saqta_policy_diff(const struct saqta_policy_from *from, const struct saqta_policy_from *to,
				    const struct saqta_policy_diff_options *o, saqta_write_fn write, void *user, struct saqta_error *err)
{
	cleanup_(policy_unrefp) struct policy *was = NULL, *is = NULL;
	cleanup_(policy_diff_done) struct policy_diff diff = {0};
	cleanup_(buf_done) struct buf json = {0};
	struct compare c = {.e = from->engine, .diff = &diff, .progress = o->progress, .progress_user = o->progress_user};
	int lang = 0;
	enum saqta_status r;

	if (o->with_vault && (!from->engine || from->engine != to->engine))
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, "subjects are counted in one vault: name it with --vault DIR");
	if (o->with_vault && hall_allows(from->engine, ACT_STATUS, err))
		return SAQTA_ERR_RIGHT;
	r = hall_policy_from(from, &was, err);
	if (!r)
		r = hall_policy_from(to, &is, err);
	if (!r)
		r = policy_diff_make(was, is, &diff, err);
	if (!r)
		r = words_lang_of(o->lang, &lang, err);
	c.was = was;
	c.is = is;
	if (!r && o->with_vault) {
		c.now_us = hall_now(from->engine);
		r = compare_vault(&c, err);
	}
	if (r)
		return r;
	diff_json(&c, lang, o->with_vault, &json);
	return hall_give(write, user, &json, err);
}
