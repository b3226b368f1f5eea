/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/lint.h"

#include <string.h>

/* Permits and forbids: which of them can have a say, and who overrules whom. What a text claims to permit is looked at like a permit. */

/* ---- the parts of a question ---- */

enum whose { ANYBODYS, STATUTES };

static bool forbids_then(const struct rule *r, int64_t at_us, enum whose whose)
{
	return r->kind == RULE_FORBID && !r->is_otherwise && lint_in_force(r, at_us) &&
	       (whose == ANYBODYS || (r->is_statute && r->pack > 0));
}

/* "and nobody forbids it" */
static void push_not_forbidden(struct lint *l, int64_t at_us, enum whose whose)
{
	for (unsigned i = 0; i < l->p->n_rules; i++) {
		if (!forbids_then(&l->p->rules[i], at_us, whose))
			continue;
		formula_forbid(&l->f, &l->p->rules[i]);
		formula_not(&l->f);
		formula_and(&l->f);
	}
}

/* "and something permits it" */
static void push_permitted(struct lint *l, int64_t at_us)
{
	formula_const(&l->f, false);
	for (unsigned i = 0; i < l->p->n_rules; i++) {
		const struct rule *r = &l->p->rules[i];

		if (r->kind != RULE_PERMIT || !lint_in_force(r, at_us))
			continue;
		formula_permit(&l->f, r);
		formula_or(&l->f);
	}
	formula_and(&l->f);
}

/* What the example leaves open speaks for a permission: an active subject who consented to everything. */
static void favour(const struct policy *p, struct lint_case *c)
{
	struct facts *f = &c->facts;

	for (int id = 0; id < p->n_ids[ID_CONSENT]; id++)
		if (!case_knows(c, var_bit(F_CONSENT, id)) && !idset_has(&f->set[F_WITHDRAWN], id) && !idset_has(&f->set[F_LAPSED], id))
			idset_add(&f->set[F_CONSENT], id);
	if (!case_knows(c, F_STATE))
		f->string[F_STATE] = policy_string(p, "active");
}

static void blame(struct finding *f, const struct rule *r, bool is_first)
{
	lint_cite(f, r->clauses);
	buf_fmt(&f->message, "%s '%s' (%s)", is_first ? ":" : ",", lint_name(r), r->title[LANG_EN]);
}

/* Asks the question of the example, and cites what denies it. */
static void cite_denial(struct lint *l, struct finding *f)
{
	struct decision d;

	if (!f)
		return;
	policy_decide(l->p, &f->example.facts, f->at_us, &d);
	for (unsigned i = 0, n = 0; i < d.n; i++)
		if (l->p->rules[d.says[i].rule].kind == RULE_FORBID)
			blame(f, &l->p->rules[d.says[i].rule], n++ == 0);
}

/* Cites the rules that alone forbid all that @permit takes; where it takes several together, those that deny the example. */
static void cite_forbids(struct lint *l, struct finding *f, const struct rule *permit, enum whose whose)
{
	struct lint_case ignored;
	unsigned n = 0;

	for (unsigned i = 0; f && i < l->p->n_rules; i++) {
		const struct rule *r = &l->p->rules[i];

		if (!forbids_then(r, f->at_us, whose))
			continue;
		formula_start(&l->f, l->p);
		formula_permit(&l->f, permit);
		formula_forbid(&l->f, r);
		formula_not(&l->f);
		formula_and(&l->f);
		if (!lint_find(l, LINT_QUESTIONS, &ignored))
			blame(f, r, n++ == 0);
	}
	if (!n)
		cite_denial(l, f);
}

/* ---- what can never be ---- */

/* The part of @c before its last `and`; 0 if it has none. */
static unsigned before_last_and(const struct condition *c, unsigned n)
{
	unsigned wanted = 1;

	if (!n || c->ops[n - 1].code != COND_AND)
		return 0;
	for (n--; n && wanted; n--) {
		const uint8_t code = c->ops[n - 1].code;

		wanted += code == COND_AND || code == COND_OR;
		wanted -= code != COND_AND && code != COND_OR && code != COND_NOT;
	}
	return n;
}

/* A case that meets as much of the condition as can be met. */
static bool nearest_case(struct lint *l, const struct condition *c, uint32_t events, struct lint_case *ret)
{
	for (unsigned n = c->n_ops; n; n = before_last_and(c, n)) {
		const struct condition part = {.ops = c->ops, .n_ops = n};

		formula_start(&l->f, l->p);
		formula_condition(&l->f, &part);
		if (lint_find(l, events, ret))
			return true;
	}
	return false;
}

void lint_never(struct lint *l, const struct rule *r, unsigned line, const struct condition *when, uint32_t events)
{
	struct lint_case nearly;
	bool has_case = nearest_case(l, when, events, &nearly);
	struct finding *f = lint_add(l, LINT_ERROR, "never-applies", line, r, "there is no case in which '%s' applies%s%.400s%s%s",
				     lint_name(r), when->text ? ": " : "", when->text ? when->text : "",
				     has_case ? "; the case meets the first part" : "", has_case ? " and fails the rest" : "");

	if (has_case)
		lint_example(f, &nearly, INSTANT_NONE);
}

/* ---- permits, and claims to permit ---- */

static void push_permit(struct lint *l, const struct rule *permit, bool is_claim)
{
	formula_start(&l->f, l->p);
	formula_permit(&l->f, permit);
	if (!is_claim || permit->recipients.any)
		return;
	formula_text(&l->f, F_RECIPIENT, 0); /* a text that names recipients speaks of them */
	formula_not(&l->f);
	formula_and(&l->f);
}

/* Can what @permit takes be when nobody forbids it? */
static bool may_be(struct lint *l, const struct rule *permit, int64_t at_us, enum whose whose, bool is_claim)
{
	struct lint_case ignored;

	push_permit(l, permit, is_claim);
	push_not_forbidden(l, at_us, whose);
	return lint_find(l, LINT_QUESTIONS, &ignored);
}

/* And does a rule permit some of it? */
static bool is_permitted(struct lint *l, const struct rule *permit, int64_t at_us)
{
	struct lint_case ignored;

	push_permit(l, permit, true);
	push_not_forbidden(l, at_us, ANYBODYS);
	push_permitted(l, at_us);
	return lint_find(l, LINT_QUESTIONS, &ignored);
}

/* A permit, or what a text claims to permit. False if it can never have its way. */
static bool check_permit(struct lint *l, const struct rule *permit, const struct rule *owner, unsigned line, bool is_claim)
{
	const int64_t at_us = lint_instant(l, owner);
	const char *says = is_claim ? "what the text permits in" : "what is permitted by";
	struct lint_case example;
	struct finding *f = NULL;

	push_permit(l, permit, is_claim);
	if (!lint_find(l, LINT_QUESTIONS, &example)) {
		lint_never(l, owner, line, &permit->when, LINT_QUESTIONS);
		return false;
	}
	favour(l->p, &example);
	if (!may_be(l, permit, at_us, STATUTES, is_claim)) {
		f = lint_add(l, LINT_ERROR, "looser-than-statute", line, owner, "%s '%s' the statute forbids in every case", says,
			     lint_name(owner));
		lint_example(f, &example, at_us);
		cite_forbids(l, f, permit, STATUTES);
	} else if (!may_be(l, permit, at_us, ANYBODYS, is_claim)) {
		f = lint_add(l, is_claim ? LINT_WARNING : LINT_ERROR, "contradiction", line, owner, "%s '%s' is forbidden in every case",
			     says, lint_name(owner));
		lint_example(f, &example, at_us);
		cite_forbids(l, f, permit, ANYBODYS);
	} else if (is_claim && !is_permitted(l, permit, at_us)) {
		f = lint_add(l, LINT_WARNING, "gap", line, owner, "%s '%s' no rule permits: the text goes further than the rules", says,
			     lint_name(owner));
		lint_example(f, &example, at_us);
	}
	return !f;
}

/* ---- one rule within another ---- */

static void push_rule(struct lint *l, const struct rule *r)
{
	if (r->kind == RULE_PERMIT)
		formula_permit(&l->f, r);
	else
		formula_forbid(&l->f, r);
}

static bool is_within(struct lint *l, const struct rule *a, const struct rule *b)
{
	struct lint_case ignored;

	formula_start(&l->f, l->p);
	push_rule(l, a);
	push_rule(l, b);
	formula_not(&l->f);
	formula_and(&l->f);
	return !lint_find(l, LINT_QUESTIONS, &ignored);
}

/* Of two that are the same the later one is told. What a base's rules cover hangs on what its policies declare. */
static void check_overlap(struct lint *l, const struct rule *r)
{
	if (r->is_statute)
		return;
	for (unsigned i = 0; i < l->p->n_rules; i++) {
		const struct rule *other = &l->p->rules[i];
		struct lint_case example;
		struct finding *f;

		if (other == r || !lint_is_own(other, r->kind) || other->is_otherwise || other->is_final != r->is_final ||
		    other->from_us > r->from_us || other->until_us < r->until_us || !is_within(l, r, other))
			continue;
		if (other > r && is_within(l, other, r))
			continue;
		formula_start(&l->f, l->p);
		push_rule(l, r);
		if (!lint_find(l, LINT_QUESTIONS, &example))
			return;
		f = lint_add(l, LINT_NOTE, "overlap", r->line, r, "'%s' holds in no case in which '%s' does not: it only adds its clause",
			     lint_name(r), lint_name(other));
		if (f)
			lint_cite(f, other->clauses);
		lint_example(f, &example, INSTANT_NONE);
		return;
	}
}

/* ---- forbids ---- */

static void check_forbid(struct lint *l, const struct rule *r)
{
	const int64_t at_us = lint_instant(l, r);
	struct lint_case example, ignored;

	formula_start(&l->f, l->p);
	formula_forbid(&l->f, r);
	if (!lint_find(l, LINT_QUESTIONS, &example)) {
		lint_never(l, r, r->line, &r->when, LINT_QUESTIONS);
		return;
	}
	for (unsigned i = 0; i < l->p->n_finals; i++) {
		const struct rule *final = &l->p->rules[l->p->finals[i]];

		if (final >= r && r->is_final)
			break;
		if (!lint_in_force(final, at_us))
			continue;
		formula_forbid(&l->f, final);
		formula_not(&l->f);
		formula_and(&l->f);
	}
	if (lint_find(l, LINT_QUESTIONS, &ignored)) {
		check_overlap(l, r);
	} else {
		struct finding *f = lint_add(l, LINT_WARNING, "shadowed", r->line, r,
					     "'%s' never has a say: rules that end the search come first", lint_name(r));

		lint_example(f, &example, at_us);
		cite_denial(l, f);
	}
}

/* ---- what is declared ---- */

static const struct {
	enum id_kind kind;
	unsigned text;
	const char *what;
	enum lint_severity severity;
	const char *name;
} declared[] = {
	{ID_PURPOSE, F_PURPOSE, "purpose", LINT_ERROR, "no-ground"},
	{ID_CATEGORY, TEXT_CATEGORY, "category", LINT_NOTE, "unused"},
	{ID_RECIPIENT, F_RECIPIENT, "recipient", LINT_NOTE, "unused"},
};

static void check_declared(struct lint *l, size_t what, int id)
{
	const struct policy *p = l->p;
	const char *name = policy_name(p, declared[what].kind, id);
	struct lint_case c;
	struct finding *f;

	formula_start(&l->f, p);
	formula_text(&l->f, declared[what].text, policy_string(p, name));
	push_permitted(l, l->latest_us);
	push_not_forbidden(l, l->latest_us, ANYBODYS);
	if (lint_find(l, LINT_QUESTIONS, &c))
		return;
	f = lint_add(l, declared[what].severity, declared[what].name, p->ids[declared[what].kind][id].declared_line, NULL,
		     "the %s '%s' is declared, but in no case is anything permitted for it", declared[what].what, name);
	formula_start(&l->f, p);
	formula_text(&l->f, declared[what].text, policy_string(p, name));
	if (!lint_find(l, LINT_QUESTIONS, &c))
		return;
	favour(p, &c);
	lint_example(f, &c, l->latest_us);
	cite_denial(l, f);
}

static void check_declarations(struct lint *l)
{
	for (size_t what = 0; what < sizeof(declared) / sizeof(*declared); what++)
		for (int id = 0; id < l->p->n_ids[declared[what].kind]; id++)
			if (l->p->ids[declared[what].kind][id].declared && l->p->ids[declared[what].kind][id].declared_line)
				check_declared(l, what, id);
}

void lint_questions(struct lint *l)
{
	for (unsigned i = 0; i < l->p->n_rules; i++) {
		const struct rule *r = &l->p->rules[i];

		lint_turn(l, r);
		if (lint_is_own(r, RULE_PERMIT) && check_permit(l, r, r, r->line, false))
			check_overlap(l, r);
		if (lint_is_own(r, RULE_FORBID) && !r->is_otherwise)
			check_forbid(l, r);
		for (unsigned k = 0; r->pack == 0 && k < r->n_claims; k++)
			if (r->claims[k].permit)
				(void)check_permit(l, r->claims[k].permit, r, r->claims[k].line, true);
	}
	lint_turn(l, NULL);
	check_declarations(l);
	lint_turn(l, NULL);
}
