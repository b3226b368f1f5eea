/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/load.h"
#include "policy/words.h"

#include <stdio.h>
#include <string.h>

/* What is said of a policy, as a document of sections and items; and what a rule does, said in plain sentences. */

void doc_open(struct doc *d, const char *title)
{
	json_open(d->j, NULL, '{');
	json_text(d->j, "title", title);
	json_open(d->j, "sections", '[');
}

void doc_shut_sections(struct doc *d) { json_shut(d->j, ']'); }

void doc_section(struct doc *d, const char *title_key)
{
	cleanup_(buf_done) struct buf title = {0};

	words_say(d->w, &title, title_key, NULL, NULL, NULL);
	json_open(d->j, NULL, '{');
	json_text(d->j, "title", title.failed ? title_key : (const char *)title.data);
	json_open(d->j, "items", '[');
}

void doc_section_end(struct doc *d)
{
	json_shut(d->j, ']');
	json_shut(d->j, '}');
}

void doc_item(struct doc *d, struct buf *text)
{
	json_open(d->j, NULL, '{');
	json_text(d->j, "text", text->data ? (const char *)text->data : "");
	if (d->lines)
		buf_fmt(d->lines, "%s\n", text->data ? (const char *)text->data : "");
	d->j->out->failed |= text->failed;
	buf_clear(text);
}

void doc_item_end(struct doc *d) { json_shut(d->j, '}'); }

void doc_line(struct doc *d, const char *key, const char *a, const char *b, const char *c)
{
	cleanup_(buf_done) struct buf text = {0};

	words_say(d->w, &text, key, a, b, c);
	doc_item(d, &text);
	doc_item_end(d);
}

void doc_clauses(struct doc *d, char *const *clauses)
{
	if (!clauses)
		return;
	json_open(d->j, "clauses", '[');
	for (char *const *c = clauses; *c; c++)
		json_text(d->j, NULL, *c);
	json_shut(d->j, ']');
	if (d->lines) {
		words_say(d->w, d->lines, "clauses", NULL, NULL, NULL);
		for (; *clauses; clauses++)
			buf_fmt(d->lines, " %s", *clauses);
		buf_str(d->lines, "\n");
	}
}

/* ---- rules ---- */

static const char *text_of(const struct buf *b) { return b->data ? (const char *)b->data : ""; }

static void say_term(struct doc *d, const char *key, struct term term, const char *b)
{
	cleanup_(buf_done) struct buf text = {0};

	words_term(d->w, &text, term);
	doc_line(d, key, text_of(&text), b, NULL);
}

static void say_set(struct doc *d, const char *key, enum id_kind kind, const struct idset *set)
{
	cleanup_(buf_done) struct buf text = {0};

	if (idset_empty(set))
		return;
	words_set(d->w, &text, kind, set);
	doc_line(d, key, text_of(&text), NULL, NULL);
}

/* A permit takes whatever is declared where it lists nothing; that is said, since people cannot see it. */
static void say_selector(struct doc *d, const char *key, enum id_kind kind, const struct selector *s, bool says_any)
{
	cleanup_(buf_done) struct buf any = {0};

	if (!s->any) {
		say_set(d, key, kind, &s->set);
	} else if (says_any) {
		words_say(d->w, &any, kind == ID_OPERATION ? "all-any" : "all-declared", NULL, NULL, NULL);
		doc_line(d, key, text_of(&any), NULL, NULL);
	}
}

static void say_strings(struct doc *d, const char *key, enum fact_string fact, const struct string_list *list)
{
	cleanup_(buf_done) struct buf text = {0};

	if (list->n == 0)
		return;
	for (unsigned i = 0; i < list->n; i++) {
		buf_str(&text, i ? ", " : "");
		buf_str(&text, words_value(d->w, fact, words_policy(d->w)->strings[list->id[i]]));
	}
	doc_line(d, key, text_of(&text), NULL, NULL);
}

static void say_condition(struct doc *d, const char *key, const struct condition *c, bool is_not)
{
	cleanup_(buf_done) struct buf text = {0}, whole = {0};

	if (c->n_ops == 0)
		return;
	words_condition(d->w, &text, c, is_not);
	words_say(d->w, &whole, key, text_of(&text), NULL, NULL);
	doc_item(d, &whole);
	json_text(d->j, "condition", c->text);
	doc_item_end(d);
}

static void say_date(struct doc *d, const char *key, int64_t us)
{
	cleanup_(buf_done) struct buf text = {0};

	if (us == INT64_MIN || us == INT64_MAX)
		return;
	words_day(d->w, &text, us);
	doc_line(d, key, text_of(&text), NULL, NULL);
}

static void say_question(struct doc *d, const struct rule *r)
{
	const bool is_permit = r->kind == RULE_PERMIT;

	say_selector(d, "operations", ID_OPERATION, &r->operations, is_permit);
	say_selector(d, "purposes", ID_PURPOSE, &r->purposes, is_permit);
	say_selector(d, "categories", ID_CATEGORY, &r->categories, is_permit);
	say_selector(d, "recipients", ID_RECIPIENT, &r->recipients, false);
	if (r->has_with)
		say_set(d, "together-with", ID_CATEGORY, &r->with);
	say_set(d, d->is_brief ? "needs-consents-brief" : "needs-consents", ID_CONSENT, &r->needs);
	if (d->is_brief)
		return;
	if (r->is_final)
		doc_line(d, "is-final", NULL, NULL, NULL);
	if (r->is_otherwise)
		doc_line(d, "is-otherwise", NULL, NULL, NULL);
	if (r->cites_stop)
		doc_line(d, "cites-stop", NULL, NULL, NULL);
}

static void say_retain(struct doc *d, const struct rule *r)
{
	cleanup_(buf_done) struct buf since = {0};

	say_selector(d, "categories", ID_CATEGORY, &r->categories, true);
	words_set(d->w, &since, ID_MILESTONE, &r->since);
	if (r->has_at_most)
		say_term(d, r->depersonalise ? "at-most-depersonalise" : "at-most", r->at_most, text_of(&since));
	if (r->has_at_least)
		say_term(d, "at-least", r->at_least, text_of(&since));
	if (r->until_achieved)
		say_term(d, "until-achieved", r->within, NULL);
}

static void say_event_selectors(struct doc *d, const struct rule *r)
{
	cleanup_(buf_done) struct buf events = {0};

	for (int e = 0; e < EVENT_KINDS; e++) {
		const char *name = event_name((enum event_kind)e);

		if (!(r->events >> e & 1))
			continue;
		buf_str(&events, events.len ? ", " : "");
		buf_str(&events, words_find(d->w, "event", name) ? words_find(d->w, "event", name) : name);
	}
	if (!d->is_brief)
		doc_line(d, "events", text_of(&events), NULL, NULL);
	say_selector(d, "consents", ID_CONSENT, &r->consents, false);
	say_selector(d, "milestones", ID_MILESTONE, &r->milestones, false);
	say_selector(d, "roles", ID_ROLE, &r->roles, false);
	say_strings(d, "kinds", F_KIND, &r->kinds);
	say_strings(d, "results", F_RESULT, &r->results);
	say_strings(d, "reasons", F_REASON, &r->reasons);
	say_strings(d, "by", F_BY, &r->by);
	say_strings(d, "states", F_MEMBER_STATE, &r->states);
	say_strings(d, "channels", F_CHANNEL, &r->channels);
	say_strings(d, "forms", F_FORM, &r->forms);
	say_strings(d, "sources", F_SOURCE, &r->sources);
}

static void say_accept(struct doc *d, const struct act_def *a)
{
	if (a->forms.n == 0 && a->channels.n == 0)
		doc_line(d, "act-accept", NULL, NULL, NULL);
	say_strings(d, "act-accept-forms", F_FORM, &a->forms);
	say_strings(d, "act-accept-channels", F_CHANNEL, &a->channels);
}

static void say_act_sets(struct doc *d, const struct act_def *a, struct buf *text)
{
	cleanup_(buf_done) struct buf set = {0};
	const char *event = a->kind == ACT_AS && a->id >= 0 ? event_name((enum event_kind)a->id) : NULL;

	words_set(d->w, &set, a->kind == ACT_END_CONSENT || a->kind == ACT_AS ? ID_CONSENT : ID_CATEGORY, &a->set);
	if (a->kind == ACT_END_CONSENT)
		words_say(d->w, text, "act-end", text_of(&set), NULL, NULL);
	else if (a->kind == ACT_AS)
		words_say(d->w, text, "act-as", words_find(d->w, "event", event) ? words_find(d->w, "event", event) : event, text_of(&set),
			  NULL);
	else if (a->kind == ACT_DEPERSONALISE)
		words_say(d->w, text, "act-depersonalise", text_of(&set), NULL, NULL);
	else
		words_say(d->w, text, idset_empty(&a->set) ? "act-destroy-all" : "act-destroy", text_of(&set), NULL, NULL);
}

static void act_text(struct doc *d, const struct act_def *a, struct buf *text)
{
	static const char *const plain[] = {
		[ACT_REFUSE] = "act-refuse", [ACT_DEFER] = "act-defer",
		[ACT_STOP] = "act-stop",     [ACT_CLOSE_ACCOUNT] = "act-close-account",
		[ACT_BLOCK] = "act-block",   [ACT_UNBLOCK] = "act-unblock",
		[ACT_KEEP] = "act-keep",     [ACT_DUE] = "act-due",
	};
	cleanup_(buf_done) struct buf until = {0};

	switch (a->kind) {
	case ACT_WAIT:
		words_condition(d->w, &until, &a->until, false);
		words_say(d->w, text, "act-wait", text_of(&until), NULL, NULL);
		break;
	case ACT_TASK:
		words_say(d->w, text, a->is_default && !d->is_brief ? "act-task-default" : "act-task", words_id(d->w, ID_TASK, a->id), NULL,
			  NULL);
		break;
	case ACT_END_CONSENT:
	case ACT_AS:
	case ACT_DEPERSONALISE:
	case ACT_DESTROY:
		say_act_sets(d, a, text);
		break;
	case ACT_REFUSE:
	case ACT_DEFER:
	case ACT_STOP:
	case ACT_CLOSE_ACCOUNT:
	case ACT_BLOCK:
	case ACT_UNBLOCK:
	case ACT_KEEP:
	case ACT_DUE:
		words_say(d->w, text, plain[a->kind], NULL, NULL, NULL);
		break;
	}
}

static void say_act(struct doc *d, const struct act_def *a)
{
	cleanup_(buf_done) struct buf text = {0}, term = {0};

	/* A refusal that goes without saying, and taking what the rule before it refuses otherwise, are the title's matter. */
	if (d->is_brief && (a->is_accept ? a->forms.n + a->channels.n == 0 : a->kind == ACT_REFUSE && a->when.n_ops + a->unless.n_ops == 0))
		return;
	if (a->is_accept && a->when.n_ops == 0 && a->unless.n_ops == 0) {
		say_accept(d, a);
		return;
	}
	if (a->is_accept)
		words_say(d->w, &text, "act-accept", NULL, NULL, NULL);
	else
		act_text(d, a, &text);
	if (a->kind == ACT_WAIT && !a->is_accept && a->id >= 0) {
		buf_str(&text, " ");
		words_say(d->w, &text, "act-task", words_id(d->w, ID_TASK, a->id), NULL, NULL);
	}
	if (a->has_within) {
		words_term(d->w, &term, a->within);
		buf_str(&text, " ");
		words_say(d->w, &text,
			  a->from_detected  ? "within-detected"
			  : a->from_request ? "within-request"
					    : "within",
			  text_of(&term), NULL, NULL);
	}
	if (a->is_ordered) {
		buf_str(&text, a->has_within ? ". " : " ");
		words_say(d->w, &text, "is-ordered", NULL, NULL, NULL);
	}
	if (a->is_partners) {
		buf_str(&text, " ");
		words_say(d->w, &text, "is-partners", NULL, NULL, NULL);
	}
	doc_item(d, &text);
	doc_clauses(d, a->clauses);
	json_open(d->j, "items", '[');
	if (a->is_accept && (a->forms.n > 0 || a->channels.n > 0))
		say_accept(d, a);
	say_condition(d, "only-when", &a->when, false);
	say_condition(d, "unless", &a->unless, false);
	json_shut(d->j, ']');
	doc_item_end(d);
}

static void say_limit(struct doc *d, const struct rule *r)
{
	static const char *const names[] = {[ATTACHMENT_LINK] = "link", [ATTACHMENT_PICTURE] = "picture", [ATTACHMENT_FILE] = "file"};
	cleanup_(buf_done) struct buf kinds = {0};
	char number[16];

	say_selector(d, "categories", ID_CATEGORY, &r->categories, false);
	(void)snprintf(number, sizeof(number), "%u", r->max_length);
	if (r->has_max_length)
		doc_line(d, "max-length", number, NULL, NULL);
	(void)snprintf(number, sizeof(number), "%u", r->min_length);
	if (r->has_min_length)
		doc_line(d, "min-length", number, NULL, NULL);
	if (!r->has_attachments)
		return;
	for (int i = 0; i < ATTACHMENTS; i++)
		if (idset_has(&r->attachments, i)) {
			buf_str(&kinds, kinds.len ? ", " : "");
			buf_str(&kinds, words_find(d->w, "attachment", names[i]) ? words_find(d->w, "attachment", names[i]) : names[i]);
		}
	doc_line(d, kinds.len ? "attachments" : "no-attachments", text_of(&kinds), NULL, NULL);
}

/* What a text says beyond the rules: for authors, not for the public. */
static void say_claim(struct doc *d, const struct claim *c)
{
	cleanup_(buf_done) struct buf text = {0}, cites = {0};

	for (char *const *clause = c->cites; clause && *clause; clause++)
		buf_fmt(&cites, "%s%s", cites.len ? " " : "", *clause);
	if (c->about)
		words_say(d->w, &text, "claim-about", c->about, c->is, NULL);
	else
		words_say(d->w, &text, cites.len ? "claim-cites" : "claim-permit", text_of(&cites), NULL, NULL);
	doc_item(d, &text);
	json_open(d->j, "items", '[');
	if (c->permit) {
		say_question(d, c->permit);
		say_condition(d, "only-when", &c->permit->when, false);
		say_condition(d, "unless", &c->permit->unless, false);
	}
	json_shut(d->j, ']');
	doc_item_end(d);
}

static void say_statement(struct doc *d, const struct rule *r)
{
	if (d->is_brief)
		return;
	doc_line(d, "shown-by", r->shown_by ? r->shown_by : "-", NULL, NULL);
	for (unsigned i = 0; i < r->n_claims; i++)
		say_claim(d, &r->claims[i]);
}

static void say_consent(struct doc *d, unsigned rule)
{
	const struct policy *p = words_policy(d->w);
	const char *slash = strchr(p->rules[rule].id, '/');
	const struct consent_terms *terms = policy_consent(p, policy_find(p, ID_CONSENT, slash + 1));

	if (terms->is_main)
		doc_line(d, "is-main", NULL, NULL, NULL);
	if (terms->lapses.unit != TERM_NONE)
		say_term(d, "lapses", terms->lapses, NULL);
}

static void say_by_kind(struct doc *d, unsigned rule)
{
	const struct rule *r = &words_policy(d->w)->rules[rule];

	switch (r->kind) {
	case RULE_PERMIT:
	case RULE_FORBID:
		say_question(d, r);
		break;
	case RULE_RETAIN:
		say_retain(d, r);
		break;
	case RULE_ON:
		say_event_selectors(d, r);
		break;
	case RULE_LIMIT:
		say_event_selectors(d, r);
		say_limit(d, r);
		break;
	case RULE_CONSENT:
		say_consent(d, rule);
		break;
	case RULE_STATEMENT:
		say_statement(d, r);
		break;
	}
}

const char *rule_kind_name(enum rule_kind kind)
{
	static const char *const kinds[] = {
		[RULE_PERMIT] = "permit", [RULE_FORBID] = "forbid",   [RULE_RETAIN] = "retain",	      [RULE_ON] = "on",
		[RULE_LIMIT] = "limit",	  [RULE_CONSENT] = "consent", [RULE_STATEMENT] = "statement",
	};

	return kinds[kind];
}

void doc_rule(struct doc *d, unsigned rule)
{
	const struct rule *r = &words_policy(d->w)->rules[rule];
	cleanup_(buf_done) struct buf text = {0}, key = {0}, kind = {0};

	buf_fmt(&key, "rule-%s", rule_kind_name(r->kind));
	words_say(d->w, &kind, text_of(&key), NULL, NULL, NULL);
	if (d->is_brief)
		buf_str(&text, words_title(d->w, r->title));
	else
		words_say(d->w, &text, "rule", text_of(&kind), words_title(d->w, r->title), NULL);
	doc_item(d, &text);
	json_text(d->j, "rule", r->id);
	json_text(d->j, "kind", rule_kind_name(r->kind));
	doc_clauses(d, r->clauses);
	json_open(d->j, "items", '[');
	say_date(d, "holds-from", r->from_us);
	say_date(d, "holds-until", r->until_us);
	say_by_kind(d, rule);
	if (!d->is_brief) {
		say_condition(d, "only-when", &r->when, false);
		say_condition(d, "unless", &r->unless, false);
	}
	for (unsigned i = 0; i < r->n_acts; i++)
		say_act(d, &r->acts[i]);
	json_shut(d->j, ']');
	doc_item_end(d);
}
