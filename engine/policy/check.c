/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/load.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a schema cannot say, in words that a lawyer's assistant understands. Nothing here stops at the first fault. */

void complain(struct loader *l, int pack, const struct xml_node *node, const char *fmt, ...)
{
	char reason[900];
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(reason, sizeof(reason), fmt, ap) < 0)
		reason[0] = 0;
	va_end(ap);
	problems_add(l->problems, l->packs[pack].path, node->line, "%s", reason);
}

/* ---- words ---- */

#define NEAR_MAX 40

bool word_is(const char *word, size_t len, const char *text) { return !strncmp(word, text, len) && !text[len]; }

bool word_next(const char **list, const char **ret, size_t *ret_len)
{
	*list += strspn(*list, " \t\r\n");
	*ret = *list;
	*ret_len = strcspn(*list, " \t\r\n");
	*list += *ret_len;
	return *ret_len;
}

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/* How many letters must be put in, left out, changed or swapped with their neighbour. */
static unsigned distance(const char *a, size_t n_a, const char *b, size_t n_b)
{
	unsigned row[3][NEAR_MAX + 1];

	for (size_t j = 0; j <= n_b; j++)
		row[0][j] = (unsigned)j;
	for (size_t i = 1; i <= n_a; i++) {
		unsigned *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= n_b; j++) {
			now[j] = least(last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < now[j])
				now[j] = before[j - 2] + 1;
		}
	}
	return row[n_a % 3][n_b];
}

void near_offer(struct near_word *n, const char *candidate)
{
	size_t len = strlen(candidate);
	unsigned d, most = n->len < 4 ? 1 : n->len < 8 ? 2 : 3;

	if (!n->len || n->len > NEAR_MAX || len > NEAR_MAX)
		return;
	d = distance(n->word, n->len, candidate, len);
	/* A missing or added ending is no slip of the pen, yet often meant: "page" for "page-view". */
	if (d > most && n->len >= 4 && !strncmp(n->word, candidate, n->len))
		d = most;
	if (d <= most && (!n->best || d < n->distance)) {
		n->best = candidate;
		n->distance = d;
	}
}

const char *near_text(const struct near_word *n, char ret[NEAR_TEXT_SIZE])
{
	ret[0] = 0;
	if (n->best)
		(void)snprintf(ret, NEAR_TEXT_SIZE, " (did you mean '%s'?)", n->best);
	return ret;
}

/* ---- clauses ---- */

void clause_table_done(struct clause_table *t)
{
	buf_done(&t->text);
	buf_done(&t->statute_text);
	free(t->ids);
	*t = (struct clause_table){0};
}

static bool clause_add(struct clause_table *t, const char *document, const char *clause)
{
	struct clause_id *ids = t->n & (t->n - 1) ? t->ids : realloc(t->ids, (t->n ? t->n * 2 : 1) * sizeof(*ids));

	if (!ids)
		return false;
	t->ids = ids;
	ids[t->n++] = (struct clause_id){document, clause};
	return true;
}

bool clause_table_fill(struct clause_table *t)
{
	struct tsv clauses = {.at = (char *)t->text.data}, statute = {.at = (char *)t->statute_text.data};
	bool ok = true;

	while (ok && tsv_next(&clauses))
		ok = clause_add(t, clauses.field[0], clauses.field[1]);
	while (ok && tsv_next(&statute))
		ok = clause_add(t, "", statute.field[0]);
	return ok;
}

static bool is_statute_here(const struct loader *l, const char *document)
{
	for (unsigned i = 0; i < l->p->n_packs; i++)
		if (l->p->packs[i].is_statute && !strcmp(l->p->packs[i].id, document))
			return true;
	return false;
}

static bool is_pack_here(const struct loader *l, const char *document)
{
	for (unsigned i = 0; i < l->p->n_packs; i++)
		if (!strcmp(l->p->packs[i].id, document))
			return true;
	return false;
}

void check_clause(struct loader *l, int pack, const struct xml_node *node, const char *document, const char *clause)
{
	const char *table = is_statute_here(l, document) ? "" : document;
	struct near_word near = {.word = clause, .len = strlen(clause)};
	struct near_word near_document = {.word = document, .len = strlen(document)};
	char hint[NEAR_TEXT_SIZE];
	bool is_known = false;

	for (size_t i = 0; i < l->clauses.n; i++) {
		const struct clause_id *c = &l->clauses.ids[i];

		near_offer(&near_document, c->document);
		if (strcmp(c->document, table))
			continue;
		if (!strcmp(c->clause, clause))
			return;
		is_known = true;
		near_offer(&near, c->clause);
	}
	for (unsigned i = 0; i < l->p->n_packs; i++)
		near_offer(&near_document, l->p->packs[i].id);
	if (is_known)
		complain(l, pack, node, "there is no clause '%s' in '%s'%s", clause, document,
			 near.best ? near_text(&near, hint) : "; its clauses stand in clauses.tsv, or statute.tsv");
	else if (!is_pack_here(l, document))
		complain(l, pack, node, "clause '%s/%s': there is no document '%s'%s", document, clause, document,
			 near_text(&near_document, hint));
}

/* ---- definitions ---- */

static bool define_add(struct policy *p, const char *name, const char *test)
{
	struct define *defines = realloc(p->defines, (p->n_defines + 1) * sizeof(*defines));

	if (!defines)
		return false;
	p->defines = defines;
	defines[p->n_defines] = (struct define){.name = strdup(name), .test = strdup(test)};
	p->n_defines++;
	return defines[p->n_defines - 1].name && defines[p->n_defines - 1].test;
}

static bool is_defined(const struct policy *p, const char *name)
{
	for (unsigned d = 0; d < p->n_defines; d++)
		if (!strcmp(p->defines[d].name, name))
			return true;
	return false;
}

void check_defines(struct loader *l, int pack)
{
	const struct xml_node *root = l->packs[pack].root;

	for (size_t i = 0; i < root->n_children; i++) {
		const struct xml_node *node = root->children[i];
		const char *name = xml_attr(node, "name"), *test = xml_attr(node, "test");

		if (strcmp(node->name, "define") || !name || !test)
			continue;
		if (condition_knows_fact(name))
			complain(l, pack, node, "'%s' is a fact of the language and cannot be defined anew; take another name", name);
		else if (is_defined(l->p, name))
			complain(l, pack, node, "'%s' is defined already, here or in the base; take another name", name);
		else if (!define_add(l->p, name, test))
			l->no_memory = true;
	}
}

/* ---- rules ---- */

static void check_titles(struct loader *l, int pack, const struct xml_node *node, const struct rule *r)
{
	static const char *const langs[LANGS] = {"kk", "ru", "en"};

	for (int i = 0; i < LANGS && r->kind != RULE_STATEMENT; i++)
		if (!r->title[i] || !*r->title[i])
			complain(l, pack, node, "'%s' has no title in '%s'; write <title xml:lang=\"%s\">",
				 xml_attr(node, "id") ? xml_attr(node, "id") : node->name, langs[i], langs[i]);
}

/* Only to compare two terms of one rule, so a year of days is near enough. */
static double days_of(struct term t)
{
	switch (t.unit) {
	case TERM_CALENDAR:
		return t.count * 30.436875;
	case TERM_WORKING_DAYS:
	case TERM_BANKING_DAYS:
		return t.count * 1.4;
	case TERM_SECONDS:
		return t.count / 86400.0;
	case TERM_DAYS:
	case TERM_NONE:
		break;
	}
	return t.count;
}

static void check_retain(struct loader *l, int pack, const struct xml_node *node, const struct rule *r)
{
	bool has_term = xml_attr(node, "at-most") || xml_attr(node, "at-least");

	if (!has_term && (!xml_attr(node, "until") || r->until_us != INT64_MAX))
		complain(l, pack, node, "a 'retain' says how long: at-most, at-least or until=\"purpose-achieved\"");
	if (r->has_at_most && r->has_at_least && days_of(r->at_least) > days_of(r->at_most))
		complain(l, pack, node, "at-least '%s' is longer than at-most '%s': nothing can keep both; change one",
			 xml_attr(node, "at-least"), xml_attr(node, "at-most"));
}

/* A permit for a purpose that is declared nowhere can never be used. */
static void check_permit(struct loader *l, int pack, const struct xml_node *node)
{
	const char *list = xml_attr(node, "purposes"), *word;
	size_t len;

	while (list && word_next(&list, &word, &len)) {
		int id = policy_find_n(l->p, ID_PURPOSE, word, len);

		if (id >= 0 && !idset_meets(policy_members(l->p, ID_PURPOSE, id), &l->p->declared[ID_PURPOSE]))
			complain(l, pack, node,
				 "the purpose '%.*s' is permitted but not declared by the pack or its base; add it to <declare purposes>",
				 (int)len, word);
	}
}

void check_rule(struct loader *l, int pack, const struct xml_node *node, const struct rule *r)
{
	if (!r->clauses)
		complain(l, pack, node, "'%s' without 'clause': no rule may stand on nothing; name the clauses that it carries out",
			 xml_attr(node, "id") ? xml_attr(node, "id") : node->name);
	check_titles(l, pack, node, r);
	if (r->kind == RULE_RETAIN)
		check_retain(l, pack, node, r);
	if (r->kind == RULE_PERMIT)
		check_permit(l, pack, node);
	if (r->kind == RULE_LIMIT && !r->has_max_length && !r->has_min_length && !r->has_attachments)
		complain(l, pack, node, "a 'limit' says what is limited: max-length, min-length or attachments");
	if (r->has_min_length && r->has_max_length && r->min_length > r->max_length)
		complain(l, pack, node, "min-length is more than max-length: nothing could pass; change one");
}

static int compare_nodes(const void *a, const void *b)
{
	const struct xml_node *x = *(const struct xml_node *const *)a, *y = *(const struct xml_node *const *)b;
	int order = strcmp(xml_attr(x, "id"), xml_attr(y, "id"));

	return order ? order : x->line < y->line ? -1 : x->line > y->line;
}

static void check_doubles(struct loader *l, int pack)
{
	const struct xml_node *root = l->packs[pack].root;
	struct xml_node **nodes = calloc(root->n_children + 1, sizeof(struct xml_node *));
	size_t n = 0;

	if (!nodes) {
		l->no_memory = true;
		return;
	}
	for (size_t i = 0; i < root->n_children; i++)
		if (is_rule_name(root->children[i]->name) && xml_attr(root->children[i], "id"))
			nodes[n++] = root->children[i];
	qsort(nodes, n, sizeof(struct xml_node *), compare_nodes);
	for (size_t i = 1; i < n; i++)
		if (!strcmp(xml_attr(nodes[i - 1], "id"), xml_attr(nodes[i], "id")))
			complain(l, pack, nodes[i], "the id '%s' is given twice; it stands in line %u already: take another id for one",
				 xml_attr(nodes[i], "id"), nodes[i - 1]->line);
	free(nodes);
}

/* What can be told of a pack before anything is built. */
void check_pack(struct loader *l, int pack)
{
	const struct xml_node *root = l->packs[pack].root;
	const char *slash = strrchr(l->packs[pack].path, '/'), *name = slash ? slash + 1 : l->packs[pack].path;
	const char *id = l->p->packs[pack].id;
	size_t len = strlen(id);

	/* A copy that a vault keeps is called POLICY_SELF, whatever it holds. */
	if (strcmp(name, POLICY_SELF) != 0 && (strncmp(name, id, len) || strcmp(name + len, ".xml")))
		complain(l, pack, root, "the pack's id is '%s', but its file is called '%s': both must be the same", id, name);
	if (pack == PACK_BASE && xml_attr(root, "extends"))
		complain(l, pack, root, "a base cannot have a base itself, and this extends '%s'", xml_attr(root, "extends"));
	check_doubles(l, pack);
}

/* What concerns pack and base together. */
void check_policy(struct loader *l)
{
	struct policy *p = l->p;

	p->otherwise_rule = -1;
	p->main_consent = -1;
	for (unsigned i = 0; i < p->n_rules; i++) {
		if (!p->rules[i].is_otherwise)
			continue;
		if (p->otherwise_rule >= 0) {
			const struct rule *own = &p->rules[p->otherwise_rule];
			const struct xml_node at = {.line = own->line};

			complain(l, own->pack, &at, "two rules say otherwise=\"yes\": '%s' and '%s'; pack and base have one together",
				 own->id, p->rules[i].id);
		} else {
			p->otherwise_rule = (int)i;
		}
	}
	if (p->otherwise_rule < 0)
		complain(l, PACK_SELF, l->packs[PACK_SELF].root,
			 "no forbid says otherwise=\"yes\": what no rule permits must have a rule to cite; add one, as in <forbid "
			 "id=\"otherwise\" otherwise=\"yes\" …>");
	for (int c = 0; c < p->n_ids[ID_CONSENT]; c++) {
		if (!p->consents[c].is_main)
			continue;
		if (p->main_consent >= 0)
			complain(l, PACK_SELF, l->packs[PACK_SELF].root, "two main consents: '%s' and '%s'; only one may say main=\"yes\"",
				 p->ids[ID_CONSENT][p->main_consent].id, p->ids[ID_CONSENT][c].id);
		else
			p->main_consent = c;
	}
}
