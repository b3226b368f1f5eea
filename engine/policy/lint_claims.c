/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/lint.h"

#include <string.h>

/* What texts say beside the rules: of one matter two things cannot be true, and what is cited must still be in force. */

static void differ(struct lint *l, const struct rule *r, const struct claim *c, const struct rule *other_rule, const struct claim *other)
{
	const bool is_statutes = other_rule->pack > 0;
	struct finding *f = lint_add(l, LINT_ERROR, is_statutes ? "against-statute" : "contradiction", c->line, r,
				     "'%s' says of %s: %s; '%s' says: %s (%s)", lint_name(r), c->about, c->is, lint_name(other_rule),
				     other->is, other_rule->title[LANG_EN]);

	if (f)
		lint_cite(f, other_rule->clauses);
}

/* Of two in the same pack the later one is told. */
static void check_matter(struct lint *l, const struct rule *r, const struct claim *c)
{
	const int64_t at_us = lint_instant(l, r);
	bool is_compared = false;

	for (unsigned i = 0; i < l->p->n_rules; i++) {
		const struct rule *other = &l->p->rules[i];

		for (unsigned k = 0; k < other->n_claims && lint_in_force(other, at_us); k++) {
			const struct claim *d = &other->claims[k];

			if (d == c || !d->about || strcmp(c->about, d->about))
				continue;
			is_compared = true;
			if (strcmp(c->is, d->is) && (other->pack > 0 || other < r || (other == r && d < c)))
				differ(l, r, c, other, d);
		}
	}
	if (!is_compared && !r->is_statute)
		(void)lint_add(l, LINT_NOTE, "unknown-matter", c->line, r, "'%s' says of %s: %s; nothing else speaks of it to compare",
			       lint_name(r), c->about, c->is);
}

static bool carries(const struct rule *r, const char *clause)
{
	for (char *const *c = r->clauses; c && *c; c++)
		if (!strcmp(*c, clause))
			return true;
	return false;
}

/* A clause holds as long as the last rule that carries it out. */
static void check_cited(struct lint *l, const struct rule *r, unsigned line, char *clause)
{
	char *const one[] = {clause, NULL};
	const struct rule *last = NULL;
	struct lint_case then = {0};
	struct finding *f;
	char day[16];

	for (unsigned i = 0; i < l->p->n_rules; i++) {
		const struct rule *other = &l->p->rules[i];

		if (carries(other, clause) && other->pack > 0 && (!last || other->until_us > last->until_us))
			last = other;
	}
	if (!last || last->until_us >= r->until_us)
		return;
	day_format(zone_day(l->p->zone, last->until_us), day);
	f = lint_add(l, LINT_WARNING, "repealed", line, r, "'%s' cites %s, which has not been in force since %s (%s)", lint_name(r), clause,
		     day, last->title[LANG_EN]);
	if (!f)
		return;
	lint_cite(f, one);
	facts_init(&then.facts);
	lint_example(f, &then, last->until_us > r->from_us ? last->until_us : r->from_us);
}

void lint_claims(struct lint *l)
{
	for (unsigned i = 0; i < l->p->n_rules; i++) {
		const struct rule *r = &l->p->rules[i];

		if (r->pack > 0)
			continue;
		for (char *const *c = r->clauses; c && *c; c++)
			check_cited(l, r, r->line, *c);
		for (unsigned k = 0; k < r->n_claims; k++) {
			if (r->claims[k].about)
				check_matter(l, r, &r->claims[k]);
			for (char **c = r->claims[k].cites; c && *c; c++)
				check_cited(l, r, r->claims[k].line, *c);
		}
	}
}
