/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* From the elements of a pack to its terms, declarations, definitions and rules. */

/* ---- what a pack adds to the vocabulary ---- */

static int term_parent(struct loader *l, int pack, const struct xml_node *node, enum id_kind kind)
{
	const char *name = xml_attr(node, "parent");
	struct near_word near = {.word = name ? name : "", .len = name ? strlen(name) : 0};
	char hint[NEAR_TEXT_SIZE];
	int parent = policy_find(l->p, kind, name);

	near_ids(&near, l->p, kind);
	/* Only what stands above can be a parent, so groups never go round in a circle. */
	if (name && parent < 0)
		complain(l, pack, node, "the parent '%s' is no known %s; a parent must stand above its members%s", name, id_kind_name(kind),
			 near_text(&near, hint));
	return parent;
}

static void build_own_term(struct loader *l, int pack, const struct xml_node *node)
{
	const char *id = xml_attr(node, "id"), *kind_text = xml_attr(node, "kind");
	int kind = kind_text ? id_kind_of(kind_text) : -1, n;
	int max = kind == ID_OPERATION ? POLICY_OPERATIONS_MAX : POLICY_SET_BITS;

	if (!id || !kind_text)
		return;
	if (kind < 0)
		complain(l, pack, node,
			 "a term cannot be of kind '%s'; it is of one of the kinds that vocabulary.tsv holds, as category or purpose",
			 kind_text);
	else if (policy_find(l->p, (enum id_kind)kind, id) >= 0)
		complain(l, pack, node,
			 "the %s '%s' is there already, in the vocabulary, the base or above: use it without a <term>, or take another id",
			 kind_text, id);
	else if (l->p->n_ids[kind] >= max)
		complain(l, pack, node, "more than %d ids of kind '%s'", max, kind_text);
	else {
		n = policy_add_id(l->p, (enum id_kind)kind, id, term_parent(l, pack, node, (enum id_kind)kind));
		if (n < 0)
			l->no_memory = true;
		else
			build_titles(l, pack, node, l->p->ids[kind][n].title);
	}
}

void build_terms(struct loader *l, int pack)
{
	const struct xml_node *root = l->packs[pack].root;

	for (size_t i = 0; i < root->n_children; i++)
		if (!strcmp(root->children[i]->name, "term"))
			build_own_term(l, pack, root->children[i]);
}

void build_declarations(struct loader *l, int pack)
{
	static const struct {
		const char *attr;
		enum id_kind kind;
	} lists[] = {{"purposes", ID_PURPOSE}, {"categories", ID_CATEGORY}, {"recipients", ID_RECIPIENT}};
	const struct xml_node *root = l->packs[pack].root;
	struct policy *p = l->p;

	for (size_t i = 0; i < root->n_children; i++) {
		for (size_t k = 0; k < 3 && !strcmp(root->children[i]->name, "declare"); k++) {
			struct selector s = {0};

			if (!xml_attr(root->children[i], lists[k].attr))
				continue;
			build_selector(l, pack, root->children[i], lists[k].attr, lists[k].kind, &s);
			idset_union(&p->declared[lists[k].kind], &s.set);
			for (int id = 0; id < p->n_ids[lists[k].kind]; id++) {
				struct vocab_id *v = &p->ids[lists[k].kind][id];

				if (s.any)
					idset_add(&p->declared[lists[k].kind], id);
				if (pack == PACK_SELF && !v->declared)
					v->declared_line = root->children[i]->line;
				v->declared = idset_has(&p->declared[lists[k].kind], id);
			}
		}
	}
}

/* ---- rules ---- */

static const struct {
	const char *name;
	enum rule_kind kind;
} rule_names[] = {
	{"permit", RULE_PERMIT}, {"forbid", RULE_FORBID},   {"retain", RULE_RETAIN},	   {"on", RULE_ON},
	{"limit", RULE_LIMIT},	 {"consent", RULE_CONSENT}, {"statement", RULE_STATEMENT},
};

static int rule_kind_of(const char *name)
{
	for (size_t i = 0; i < sizeof(rule_names) / sizeof(*rule_names); i++)
		if (!strcmp(name, rule_names[i].name))
			return (int)rule_names[i].kind;
	return -1;
}

bool is_rule_name(const char *name) { return rule_kind_of(name) >= 0; }

static int64_t build_date(struct loader *l, int pack, const struct xml_node *node, const char *attr, int64_t otherwise)
{
	const struct zone *zone = l->packs[pack].zone ? l->packs[pack].zone : l->p->zone;
	const char *text = xml_attr(node, attr);
	day_t day;

	if (!text)
		return otherwise;
	if (!day_parse(text, strlen(text), &day)) {
		complain(l, pack, node, "'%s' in '%s' is no date; a date is like 2026-01-31", text, attr);
		return otherwise;
	}
	/* Without a zone the policy is refused anyhow. */
	return zone ? zone_day_start(zone, day) : (int64_t)day * 86400 * US_PER_S;
}

static void build_dates(struct loader *l, int pack, const struct xml_node *node, struct rule *r)
{
	const char *until = xml_attr(node, "until");
	/* In a retain, `until` may name a milestone instead; a date begins with a digit. */
	bool is_date = r->kind != RULE_RETAIN || !until || (*until >= '0' && *until <= '9');

	r->from_us = build_date(l, pack, node, "from", INT64_MIN);
	r->until_us = is_date ? build_date(l, pack, node, "until", INT64_MAX) : INT64_MAX;
	if (r->from_us >= r->until_us)
		complain(l, pack, node, "the rule never holds: 'from' %s is not before 'until' %s", xml_attr(node, "from"), until);
	if (is_date)
		return;
	r->until_achieved = !strcmp(until, "purpose-achieved");
	if (!r->until_achieved)
		complain(l, pack, node, "'until' is '%s'; it can be a date or purpose-achieved", until);
}

static void build_question(struct loader *l, int pack, const struct xml_node *node, struct rule *r)
{
	struct selector with = {0}, needs = {0};
	const char *cite = xml_attr(node, "cite");

	build_selector(l, pack, node, "operations", ID_OPERATION, &r->operations);
	build_selector(l, pack, node, "purposes", ID_PURPOSE, &r->purposes);
	build_selector(l, pack, node, "recipients", ID_RECIPIENT, &r->recipients);
	if (xml_attr(node, "with")) {
		build_selector(l, pack, node, "with", ID_CATEGORY, &with);
		r->has_with = true;
		r->with = with.set;
		for (int id = 0; with.any && id < l->p->n_ids[ID_CATEGORY]; id++)
			idset_add(&r->with, id);
	}
	if (xml_attr(node, "needs")) {
		build_selector(l, pack, node, "needs", ID_CONSENT, &needs);
		r->needs = needs.set;
		for (int id = 0; needs.any && id < l->p->n_ids[ID_CONSENT]; id++)
			idset_add(&r->needs, id);
	}
	r->is_final = build_flag(node, "final");
	r->is_otherwise = build_flag(node, "otherwise");
	r->cites_stop = cite && !strcmp(cite, "stop");
}

static void build_retain(struct loader *l, int pack, const struct xml_node *node, struct rule *r)
{
	const char *then = xml_attr(node, "then");
	struct selector since = {0};
	bool has_within = false;

	build_term(l, pack, node, "at-most", &r->has_at_most, &r->at_most);
	build_term(l, pack, node, "at-least", &r->has_at_least, &r->at_least);
	build_term(l, pack, node, "within", &has_within, &r->within);
	r->depersonalise = then && !strcmp(then, "depersonalise");
	r->covers_all = r->categories.any;
	if (r->depersonalise && r->covers_all)
		complain(l, pack, node,
			 "then='depersonalise' needs 'categories': what stays must be named, since all that tells whose it was must go");
	if (!xml_attr(node, "since"))
		return;
	build_selector(l, pack, node, "since", ID_MILESTONE, &since);
	r->since = since.set;
	for (int id = 0; since.any && id < l->p->n_ids[ID_MILESTONE]; id++)
		idset_add(&r->since, id);
}

static void build_number(struct loader *l, int pack, const struct xml_node *node, const char *attr, bool *ret_has, uint32_t *ret)
{
	const char *text = xml_attr(node, attr);
	size_t len = text ? strlen(text) : 0;
	uint32_t value = 0;

	if (!text)
		return;
	if (!len || len > 7 || strspn(text, "0123456789") != len) {
		complain(l, pack, node, "'%s' in '%s' is no whole number below 10,000,000", text, attr);
		return;
	}
	for (; *text; text++)
		value = value * 10 + (uint32_t)(*text - '0');
	*ret_has = true;
	*ret = value;
}

static void build_limit(struct loader *l, int pack, const struct xml_node *node, struct rule *r)
{
	const char *list = xml_attr(node, "attachments"), *word;
	size_t len;

	build_number(l, pack, node, "max-length", &r->has_max_length, &r->max_length);
	build_number(l, pack, node, "min-length", &r->has_min_length, &r->min_length);
	r->has_attachments = list;
	while (list && word_next(&list, &word, &len)) {
		int kind = attachment_of(word, len);

		if (kind >= 0)
			idset_add(&r->attachments, kind);
		else if (word_is(word, len, "*"))
			r->has_attachments = false;
		else
			complain(l, pack, node, "'%.*s' is no known attachment (link, picture, file)", len < 80 ? (int)len : 80, word);
	}
}

static void build_selectors_of_event(struct loader *l, int pack, const struct xml_node *node, struct rule *r)
{
	r->events = build_events(l, pack, node);
	build_selector(l, pack, node, "consents", ID_CONSENT, &r->consents);
	build_selector(l, pack, node, "milestones", ID_MILESTONE, &r->milestones);
	build_selector(l, pack, node, "roles", ID_ROLE, &r->roles);
	build_strings(l, pack, node, "kinds", DOMAIN_KIND, &r->kinds);
	build_strings(l, pack, node, "results", DOMAIN_RESULT, &r->results);
	build_strings(l, pack, node, "reasons", DOMAIN_REASON, &r->reasons);
	build_strings(l, pack, node, "by", DOMAIN_BY, &r->by);
	build_strings(l, pack, node, "states", DOMAIN_MEMBER_STATE, &r->states);
	build_strings(l, pack, node, "channels", DOMAIN_CHANNEL, &r->channels);
	build_strings(l, pack, node, "forms", DOMAIN_FORM, &r->forms);
	build_strings(l, pack, node, "sources", DOMAIN_SOURCE, &r->sources);
}

static void build_consent(struct loader *l, int pack, const struct xml_node *node, unsigned rule)
{
	const char *id = xml_attr(node, "id");
	int consent = policy_find(l->p, ID_CONSENT, id);
	struct near_word near = {.word = id ? id : "", .len = id ? strlen(id) : 0};
	struct term lapses = {0};
	char hint[NEAR_TEXT_SIZE];
	bool has_lapses = false;

	build_term(l, pack, node, "lapses", &has_lapses, &lapses);
	if (consent < 0) {
		near_ids(&near, l->p, ID_CONSENT);
		if (id)
			complain(l, pack, node, "'%s' is no known consent%s; a consent of your own needs a <term kind=\"consent\">", id,
				 near_text(&near, hint));
		return;
	}
	l->p->consents[consent].is_main |= build_flag(node, "main");
	if (!has_lapses)
		return;
	/* The base comes first: the pack's own term takes its place. */
	l->p->consents[consent].lapses = lapses;
	l->p->consents[consent].lapse_rule = (uint16_t)rule;
}

static void build_claim(struct loader *l, int pack, const struct xml_node *node, struct claim *c)
{
	const bool is_matter = xml_attr(node, "about"), is_citation = xml_attr(node, "cites");
	const bool is_permit = xml_attr(node, "operations");

	c->line = node->line;
	if (is_matter + is_citation + is_permit != 1 || is_matter != (xml_attr(node, "is") != NULL))
		complain(l, pack, node,
			 "a claim says one thing: 'about' and what it 'is', what it 'cites', or which 'operations' it permits");
	if (is_matter) {
		c->about = strdup(xml_attr(node, "about"));
		c->is = strdup(xml_attr(node, "is") ? xml_attr(node, "is") : "");
		l->no_memory |= !c->about || !c->is;
	} else if (is_citation) {
		c->cites = build_clauses(l, pack, node, "cites");
	} else {
		c->permit = calloc(1, sizeof(*c->permit));
		if (!c->permit) {
			l->no_memory = true;
			return;
		}
		c->permit->kind = RULE_PERMIT;
		build_condition(l, pack, node, "when", &c->permit->when);
		build_condition(l, pack, node, "unless", &c->permit->unless);
		build_selector(l, pack, node, "categories", ID_CATEGORY, &c->permit->categories);
		build_question(l, pack, node, c->permit);
	}
}

static void build_claims(struct loader *l, int pack, const struct xml_node *node, struct rule *r)
{
	for (size_t i = 0; i < node->n_children; i++)
		r->n_claims += !strcmp(node->children[i]->name, "claim");
	r->claims = calloc(r->n_claims + 1, sizeof(*r->claims));
	if (!r->claims) {
		l->no_memory = true;
		r->n_claims = 0;
		return;
	}
	for (size_t i = 0, n = 0; i < node->n_children; i++)
		if (!strcmp(node->children[i]->name, "claim"))
			build_claim(l, pack, node->children[i], &r->claims[n++]);
}

static void build_by_kind(struct loader *l, int pack, const struct xml_node *node, struct rule *r)
{
	const char *shown_by = xml_attr(node, "shown-by");

	switch (r->kind) {
	case RULE_PERMIT:
	case RULE_FORBID:
		build_question(l, pack, node, r);
		break;
	case RULE_RETAIN:
		build_retain(l, pack, node, r);
		break;
	case RULE_ON:
		build_selectors_of_event(l, pack, node, r);
		build_actions(l, pack, node, r);
		break;
	case RULE_LIMIT:
		build_selectors_of_event(l, pack, node, r);
		build_limit(l, pack, node, r);
		break;
	case RULE_CONSENT:
		build_consent(l, pack, node, (unsigned)(r - l->p->rules));
		break;
	case RULE_STATEMENT:
		r->shown_by = shown_by ? strdup(shown_by) : NULL;
		l->no_memory |= shown_by && !r->shown_by;
		build_claims(l, pack, node, r);
		break;
	}
}

static void build_rule(struct loader *l, int pack, const struct xml_node *node, struct rule *r)
{
	const char *id = xml_attr(node, "id");

	r->kind = (enum rule_kind)rule_kind_of(node->name);
	r->line = node->line;
	r->pack = (uint8_t)pack;
	r->is_statute = l->p->packs[pack].is_statute;
	if (asprintf(&r->id, "%s/%s", l->p->packs[pack].id, id ? id : "") < 0) {
		r->id = NULL;
		l->no_memory = true;
		return;
	}
	r->clauses = build_clauses(l, pack, node, "clause");
	build_titles(l, pack, node, r->title);
	build_dates(l, pack, node, r);
	build_condition(l, pack, node, "when", &r->when);
	build_condition(l, pack, node, "unless", &r->unless);
	build_selector(l, pack, node, "categories", ID_CATEGORY, &r->categories);
	build_by_kind(l, pack, node, r);
	check_rule(l, pack, node, r);
	for (int i = 0; i < LANGS; i++) {
		r->title[i] = r->title[i] ? r->title[i] : strdup("");
		l->no_memory |= !r->title[i];
	}
}

/* In the order of the file: a definition is there from its place on. */
void build_rules(struct loader *l, int pack, unsigned first)
{
	const struct xml_node *root = l->packs[pack].root;

	check_defines(l, pack);
	for (size_t i = 0; i < root->n_children && !l->no_memory; i++) {
		const struct xml_node *node = root->children[i];

		for (unsigned d = 0; d < l->p->n_defines && !strcmp(node->name, "define"); d++) {
			struct define *define = &l->p->defines[d];

			/* Of two of one name only the first was registered. */
			if (!xml_attr(node, "name") || strcmp(define->name, xml_attr(node, "name")) || define->condition.text)
				continue;
			build_condition(l, pack, node, "test", &define->condition);
		}
		if (is_rule_name(node->name))
			build_rule(l, pack, node, &l->p->rules[first++]);
	}
}
