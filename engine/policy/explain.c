/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/explain.h"
#include "policy/load.h"

#include <string.h>

/* What follows from a clause, and what decides a condition. */

/* ---- the tables of clauses ---- */

struct clause_row {
	const char *kind, *demands, *shown_by;
	bool is_enforced;
};

static const struct buf *file_of(const struct policy *p, const char *name)
{
	unsigned n;
	const struct policy_file *files = policy_files(p, &n);

	for (unsigned i = 0; i < n; i++)
		if (!strcmp(files[i].name, name))
			return &files[i].bytes;
	return NULL;
}

/* The rows of clauses.tsv are document, clause, kind, enforced, demands, parameters, shown-by; those of statute.tsv clause, from, kind, demands. */
static bool find_row(const struct policy *p, const char *clause, struct buf *copy /* what @ret points into */, struct clause_row *ret)
{
	const char *slash = strchr(clause, '/');
	bool is_statute = false;
	const struct buf *file;
	struct tsv t = {0};

	for (unsigned i = 0; i < p->n_packs; i++)
		is_statute |= p->packs[i].is_statute && !strncmp(clause, p->packs[i].id, (size_t)(slash - clause)) &&
			      strlen(p->packs[i].id) == (size_t)(slash - clause);
	file = file_of(p, is_statute ? "statute.tsv" : "clauses.tsv");
	if (!file)
		return false;
	buf_add(copy, file->data, file->len);
	t.at = (char *)copy->data;
	while (!copy->failed && tsv_next(&t)) {
		if (is_statute ? strcmp(t.field[0], slash + 1) != 0
			       : strlen(t.field[0]) != (size_t)(slash - clause) ||
					 strncmp(t.field[0], clause, (size_t)(slash - clause)) != 0 || strcmp(t.field[1], slash + 1) != 0)
			continue;
		ret->kind = t.field[2];
		ret->is_enforced = is_statute || !strcmp(t.field[3], "yes");
		ret->demands = t.field[is_statute ? 3 : 4];
		ret->shown_by = is_statute ? "" : t.field[6];
		return true;
	}
	return false;
}

/* ---- a clause ---- */

static bool lists(char *const *clauses, const char *clause)
{
	for (; clauses && *clauses; clauses++)
		if (!strcmp(*clauses, clause))
			return true;
	return false;
}

static bool is_cited_by(const struct rule *r, const char *clause)
{
	if (lists(r->clauses, clause))
		return true;
	for (unsigned i = 0; i < r->n_acts; i++)
		if (lists(r->acts[i].clauses, clause))
			return true;
	return false;
}

static void explain_rules(struct doc *d, const char *clause, bool is_enforced, unsigned *ret_n)
{
	const struct policy *p = words_policy(d->w);

	doc_section(d, "section-carried");
	for (unsigned i = 0; i < p->n_rules; i++) {
		if (!is_cited_by(&p->rules[i], clause))
			continue;
		doc_rule(d, i);
		++*ret_n;
	}
	if (*ret_n == 0)
		doc_line(d, is_enforced ? "not-carried" : "not-enforced", clause, policy_id(p), NULL);
	doc_section_end(d);
}

enum saqta_status policy_explain_clause(const struct words *w, const char *clause, struct buf *ret, struct saqta_error *err)
{
	const struct policy *p = words_policy(w);
	cleanup_(buf_done) struct buf qualified = {0}, title = {0}, copy = {0};
	struct json_out j = {.out = ret};
	struct doc d = {.j = &j, .w = w};
	struct clause_row row = {.is_enforced = true};
	unsigned n = 0;
	bool is_known;

	if (!strchr(clause, '/'))
		buf_fmt(&qualified, "%s/", policy_id(p));
	buf_str(&qualified, clause);
	words_say(w, &title, "title-clause", (const char *)qualified.data, policy_id(p), policy_version(p));
	if (qualified.failed || title.failed)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	is_known = find_row(p, (const char *)qualified.data, &copy, &row);
	doc_open(&d, (const char *)title.data);
	explain_rules(&d, (const char *)qualified.data, row.is_enforced, &n);
	doc_shut_sections(&d);
	json_text(&j, "clause", (const char *)qualified.data);
	json_text(&j, "policy", policy_id(p));
	json_text(&j, "version", policy_version(p));
	json_int(&j, "rules", n);
	json_text(&j, "clause_kind", row.kind);
	if (is_known)
		json_bool(&j, "enforced", row.is_enforced);
	json_text(&j, "demands", row.demands);
	json_text(&j, "shown_by", row.shown_by && *row.shown_by ? row.shown_by : NULL);
	json_shut(&j, '}');
	if (n == 0 && !is_known)
		return err_set(err, SAQTA_ERR_MISSING, 0, "%s: neither %s nor its tables know such a clause", clause, policy_id(p));
	return ret->failed ? err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory") : SAQTA_OK;
}

/* ---- what decides a condition ---- */

struct because {
	struct cond_tree tree;
	atom_fn visit;
	void *user;
	uint8_t seen[COND_OPS_MAX];
};

static bool is_same(const struct cond_op *a, const struct cond_op *b)
{
	return a->code == b->code && a->a == b->a && a->b == b->b && !(a->x < b->x) && !(a->x > b->x);
}

/* A definition that is used twice stands in the code twice. */
static bool was_seen(const struct because *b, unsigned node)
{
	for (unsigned i = 0; i < b->tree.c->n_ops; i++)
		if (b->seen[i] && is_same(&b->tree.c->ops[i], &b->tree.c->ops[node]))
			return true;
	return false;
}

static void because_node(struct because *b, unsigned node)
{
	const struct cond_op *op = &b->tree.c->ops[node];
	const bool holds = b->tree.holds[node];
	const bool is_joint = op->code == COND_AND || op->code == COND_OR;
	/* What holds by "or", or fails by "and", does so by the sides that are as it is. */
	const bool decides_alone = is_joint && holds == (op->code == COND_OR);

	if (op->code == COND_NOT) {
		because_node(b, b->tree.kid[node][0]);
	} else if (is_joint) {
		for (unsigned k = 0; k < 2; k++)
			if (!decides_alone || b->tree.holds[b->tree.kid[node][k]] == holds)
				because_node(b, b->tree.kid[node][k]);
	} else if (!was_seen(b, node)) {
		b->seen[node] = 1;
		b->visit(b->user, op, holds);
	}
}

void condition_because(const struct condition *c, const struct facts *f, atom_fn visit, void *user)
{
	struct because b; /* large, and of the tables only what the condition fills is read */

	if (c->n_ops == 0)
		return;
	b.visit = visit;
	b.user = user;
	memset(b.seen, 0, c->n_ops);
	cond_tree_make(c, f, &b.tree);
	because_node(&b, c->n_ops - 1);
}
