/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/explain.h"

#include <string.h>

/* The policy for publication. What may be collected for which purpose, what may go to whom, and on what grounds, is not read off the rules but asked
 * of them (policy_decide), so that what is printed is what is done. Everything else is told rule by rule, by the titles that the authors gave. */

struct printer {
	struct doc d;
	const struct policy *p;
	int64_t at_us;
};

static const char *text_of(const struct buf *b) { return b->data ? (const char *)b->data : ""; }

/* ---- asking ---- */

/* An active subject of full age who gave every consent, in good order: what remains denied is denied to everybody. */
static void willing_subject(const struct policy *p, struct facts *f)
{
	facts_init(f);
	f->string[F_STATE] = policy_string(p, "active");
	f->string[F_SOURCE] = policy_string(p, "subject");
	f->flag[F_EVIDENCE_GIVEN] = true;
	f->flag[F_IDENTITY_CHECKED] = true;
	f->number[F_AGE] = 100;
	for (int id = 0; id < policy_id_count(p, ID_CONSENT); id++) {
		idset_add(&f->set[F_CONSENT], id);
		idset_add(&f->set[F_CURRENT_CONSENT], id);
	}
}

struct asked {
	const char *event, *operation, *basis;
	int purpose, category, recipient; /* recipient -1: none */
};

static bool is_permitted(const struct printer *x, const struct asked *q)
{
	const struct policy *p = x->p;
	struct decision decision;
	struct facts f;

	willing_subject(p, &f);
	f.string[F_EVENT] = policy_string(p, q->event);
	f.string[F_OPERATION] = policy_string(p, q->operation);
	f.string[F_BASIS] = policy_string(p, q->basis);
	f.string[F_PURPOSE] = policy_string(p, policy_name(p, ID_PURPOSE, q->purpose));
	f.operation = policy_find(p, ID_OPERATION, q->operation);
	f.purpose = q->purpose;
	f.recipient = q->recipient;
	if (q->recipient >= 0) {
		f.string[F_RECIPIENT] = policy_string(p, policy_name(p, ID_RECIPIENT, q->recipient));
		f.string[F_COUNTRY] = policy_string(p, policy_country(p));
	}
	idset_add(&f.set[F_CATEGORY], q->category);
	policy_decide(p, &f, x->at_us, &decision);
	return decision.permit;
}

/* Groups stand for their members and are no data themselves. */
static bool is_datum(const struct policy *p, int category)
{
	return policy_declares(p, ID_CATEGORY, category) && idset_count(policy_members(p, ID_CATEGORY, category)) == 1;
}

static void collected_for(const struct printer *x, int purpose, struct idset *ret)
{
	*ret = (struct idset){{0}};
	for (int category = 0; category < policy_id_count(x->p, ID_CATEGORY); category++)
		if (is_datum(x->p, category) && is_permitted(x, &(struct asked){"collect", "collect", "consent", .purpose = purpose,
										.category = category, .recipient = -1}))
			idset_add(ret, category);
}

/* For any purpose; to the public by distribution, to a definite person by provision. */
static void given_to(const struct printer *x, int recipient, struct idset *ret)
{
	static const char *const operations[] = {"provide", "distribute"};

	*ret = (struct idset){{0}};
	for (int category = 0; category < policy_id_count(x->p, ID_CATEGORY); category++)
		for (int purpose = 0; is_datum(x->p, category) && purpose < policy_id_count(x->p, ID_PURPOSE); purpose++)
			for (size_t i = 0; policy_declares(x->p, ID_PURPOSE, purpose) && i < 2; i++)
				if (is_permitted(x, &(struct asked){"disclose", operations[i], "consent", purpose, category, recipient}))
					idset_add(ret, category);
}

static bool is_ground(const struct printer *x, const char *basis)
{
	const struct policy *p = x->p;

	for (int purpose = 0; purpose < policy_id_count(p, ID_PURPOSE); purpose++)
		for (int category = 0; policy_declares(p, ID_PURPOSE, purpose) && category < policy_id_count(p, ID_CATEGORY); category++) {
			if (!is_datum(p, category))
				continue;
			if (is_permitted(x, &(struct asked){"use", "use", basis, purpose, category, -1}))
				return true;
			for (int recipient = 0; recipient < policy_id_count(p, ID_RECIPIENT); recipient++)
				if (is_permitted(x, &(struct asked){"disclose", "distribute", basis, purpose, category, recipient}))
					return true;
		}
	return false;
}

/* ---- sections that are asked for ---- */

static void print_controller(struct printer *x)
{
	const struct pack_info *own = &x->p->packs[0], *base = &x->p->packs[1];
	cleanup_(buf_done) struct buf at = {0}, calendar = {0};

	words_time(x->d.w, &at, x->at_us);
	buf_fmt(&calendar, "%s %s", calendar_id(x->p->calendar), calendar_version(x->p->calendar));
	doc_section(&x->d, "print-controller");
	if (own->controller)
		doc_line(&x->d, own->bin ? "controller-is" : "controller-no-bin", own->controller, own->bin, NULL);
	if (x->p->n_packs > 1)
		doc_line(&x->d, "stands-on", words_title(x->d.w, base->title), base->version, NULL);
	doc_line(&x->d, "counts-in", zone_name(x->p->zone), text_of(&calendar), NULL);
	doc_line(&x->d, "as-of", text_of(&at), NULL, NULL);
	doc_section_end(&x->d);
}

typedef void (*data_of)(const struct printer *x, int id, struct idset *ret);

static bool is_same_set(const struct idset *a, const struct idset *b) { return idset_within(a, b) && idset_within(b, a); }

/* Ids of @kind with the data that go with each; those with the same data in one sentence. */
static void print_data(struct printer *x, const char *section, enum id_kind kind, data_of of, const char *key, const char *key_none)
{
	struct idset data[POLICY_SET_BITS], done = {{0}};

	doc_section(&x->d, section);
	for (int id = 0; id < policy_id_count(x->p, kind); id++)
		if (policy_declares(x->p, kind, id))
			of(x, id, &data[id]);
	for (int id = 0; id < policy_id_count(x->p, kind); id++) {
		cleanup_(buf_done) struct buf names = {0}, list = {0};
		struct idset same = {{0}};

		if (!policy_declares(x->p, kind, id) || idset_has(&done, id))
			continue;
		for (int other = id; other < policy_id_count(x->p, kind); other++)
			if (policy_declares(x->p, kind, other) && is_same_set(&data[id], &data[other]))
				idset_add(&same, other);
		idset_union(&done, &same);
		words_set(x->d.w, &names, kind, &same);
		words_set(x->d.w, &list, ID_CATEGORY, &data[id]);
		doc_line(&x->d, list.len ? key : key_none, text_of(&names), text_of(&list), NULL);
	}
	doc_section_end(&x->d);
}

static void print_grounds(struct printer *x)
{
	cleanup_(buf_done) struct buf yes = {0}, no = {0};
	struct idset grounds = {{0}}, others = {{0}};

	for (int id = 0; id < policy_id_count(x->p, ID_BASIS); id++)
		idset_add(is_ground(x, policy_name(x->p, ID_BASIS, id)) ? &grounds : &others, id);
	words_set(x->d.w, &yes, ID_BASIS, &grounds);
	words_set(x->d.w, &no, ID_BASIS, &others);
	doc_section(&x->d, "print-grounds");
	if (yes.len)
		doc_line(&x->d, "grounds-are", text_of(&yes), NULL, NULL);
	if (no.len)
		doc_line(&x->d, "grounds-not", text_of(&no), NULL, NULL);
	doc_section_end(&x->d);
}

/* ---- sections rule by rule ---- */

#define EVENT(e) (UINT32_C(1) << (e))
#define EVENTS_CONSENT (EVENT(EVENT_CONSENT) | EVENT(EVENT_WITHDRAW) | EVENT(EVENT_PARTNER_CONSENT))
#define EVENTS_RIGHTS (EVENT(EVENT_REQUEST) | EVENT(EVENT_CLOSE) | EVENT(EVENT_EXTEND) | EVENT(EVENT_RECTIFY))
#define EVENTS_MESSAGE EVENT(EVENT_MESSAGE)
#define EVENTS_REST ~(EVENTS_CONSENT | EVENTS_RIGHTS | EVENTS_MESSAGE)

/* Rules that ended are history; those to come are told with their date. @events 0: of any. */
static void print_rules(struct printer *x, const char *section, enum rule_kind kind, uint32_t events)
{
	doc_section(&x->d, section);
	for (unsigned i = 0; i < x->p->n_rules; i++) {
		const struct rule *r = &x->p->rules[i];

		if (r->kind != kind || x->at_us >= r->until_us)
			continue;
		/* A rule of several events stands once, where the first of these sections takes it. */
		if (events == EVENTS_RIGHTS && r->events & EVENTS_CONSENT)
			continue;
		if (events == EVENTS_MESSAGE && r->events & (EVENTS_CONSENT | EVENTS_RIGHTS))
			continue;
		if (events == EVENTS_REST && r->events & ~EVENTS_REST)
			continue;
		if (events == 0 || r->events & events)
			doc_rule(&x->d, i);
	}
	if (events == EVENTS_MESSAGE)
		for (unsigned i = 0; i < x->p->n_rules; i++)
			if (x->p->rules[i].kind == RULE_LIMIT && x->at_us < x->p->rules[i].until_us)
				doc_rule(&x->d, i);
	doc_section_end(&x->d);
}

/* Remarks for the author of a pack only (lint) are not for the public. */
static void print_statements(struct printer *x)
{
	doc_section(&x->d, "print-statements");
	for (unsigned i = 0; i < x->p->n_rules; i++) {
		const struct rule *r = &x->p->rules[i];

		if (r->kind == RULE_STATEMENT && x->at_us < r->until_us && r->shown_by && strcmp(r->shown_by, "lint") != 0)
			doc_rule(&x->d, i);
	}
	doc_section_end(&x->d);
}

enum saqta_status policy_print(const struct words *w, int64_t at_us, struct buf *ret, struct saqta_error *err)
{
	static const char *const names[LANGS] = {[LANG_KK] = "kk", [LANG_RU] = "ru", [LANG_EN] = "en"};
	const struct policy *p = words_policy(w);
	struct json_out j = {.out = ret};
	struct printer x = {.d = {.j = &j, .w = w, .is_brief = true}, .p = p, .at_us = at_us};
	cleanup_(buf_done) struct buf title = {0};

	words_say(w, &title, "title-print", words_title(w, p->packs[0].title), policy_version(p), NULL);
	doc_open(&x.d, text_of(&title));
	print_controller(&x);
	print_data(&x, "print-purposes", ID_PURPOSE, collected_for, "purposes-data", "purposes-no-data");
	print_grounds(&x);
	print_rules(&x, "print-permits", RULE_PERMIT, 0);
	print_rules(&x, "print-forbids", RULE_FORBID, 0);
	print_rules(&x, "print-consents", RULE_CONSENT, 0);
	print_rules(&x, "print-withdrawal", RULE_ON, EVENTS_CONSENT);
	print_rules(&x, "print-retention", RULE_RETAIN, 0);
	print_data(&x, "print-recipients", ID_RECIPIENT, given_to, "recipients-data", "recipients-no-data");
	print_rules(&x, "print-rights", RULE_ON, EVENTS_RIGHTS);
	print_rules(&x, "print-limits", RULE_ON, EVENTS_MESSAGE);
	print_rules(&x, "print-duties", RULE_ON, EVENTS_REST);
	print_statements(&x);
	doc_shut_sections(&x.d);
	json_text(&j, "policy", policy_id(p));
	json_text(&j, "version", policy_version(p));
	json_text(&j, "lang", names[words_lang(w)]);
	json_text(&j, "controller", p->packs[0].controller);
	json_text(&j, "bin", p->packs[0].bin);
	json_shut(&j, '}');
	return ret->failed || title.failed ? err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory") : SAQTA_OK;
}
