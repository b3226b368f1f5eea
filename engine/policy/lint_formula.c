/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/lint_case.h"

#include <stdlib.h>
#include <string.h>

/* From conditions and rules to formulas. What a fact is derived from stands in its place: $disclosure is its operations and recipient. */

void formula_start(struct formula *f, const struct policy *p)
{
	unsigned words = ((unsigned)p->n_strings + 1 + 63) / 64;

	if (f->words != words)
		formula_done(f);
	f->p = p;
	f->words = words;
	f->n = f->n_sets = 0;
	f->failed = false;
}

void formula_done(struct formula *f)
{
	free(f->nodes);
	free(f->sets);
	*f = (struct formula){0};
}

static void push(struct formula *f, struct node node)
{
	if (f->n == f->cap) {
		unsigned cap = f->cap ? f->cap * 2 : 256;
		struct node *nodes = reallocarray(f->nodes, cap, sizeof(*nodes));

		if (!nodes) {
			f->failed = true;
			return;
		}
		f->nodes = nodes;
		f->cap = cap;
	}
	f->nodes[f->n++] = node;
}

void formula_const(struct formula *f, bool value) { push(f, (struct node){.code = value ? NODE_TRUE : NODE_FALSE}); }

void formula_not(struct formula *f) { push(f, (struct node){.code = NODE_NOT}); }

void formula_and(struct formula *f) { push(f, (struct node){.code = NODE_AND}); }

void formula_or(struct formula *f) { push(f, (struct node){.code = NODE_OR}); }

void formula_holds(struct formula *f, unsigned var) { push(f, (struct node){.code = NODE_HOLDS, .var = (uint16_t)var}); }

void formula_unknown(struct formula *f, enum fact_number number)
{
	push(f, (struct node){.code = NODE_NUMBER_UNKNOWN, .var = (uint16_t)(VAR_NUMBER + number)});
}

/* ---- texts ---- */

/* Pushes "the text is in a new set", which is given back empty; NULL without memory. */
static uint64_t *push_set(struct formula *f, unsigned text)
{
	uint64_t *set;

	if (f->n_sets == f->cap_sets) {
		unsigned cap = f->cap_sets ? f->cap_sets * 2 : 64;
		uint64_t *sets = reallocarray(f->sets, (size_t)cap * f->words, sizeof(*sets));

		if (!sets) {
			f->failed = true;
			return NULL;
		}
		f->sets = sets;
		f->cap_sets = cap;
	}
	set = f->sets + (size_t)f->n_sets * f->words;
	memset(set, 0, f->words * sizeof(*set));
	push(f, (struct node){.code = NODE_TEXT_IN, .var = (uint16_t)text, .set = f->n_sets++});
	return set;
}

static void set_add(const struct formula *f, uint64_t *set, int32_t string)
{
	unsigned bit = (unsigned)(string < 0 ? f->p->n_strings : string);

	if (set)
		set[bit / 64] |= UINT64_C(1) << (bit % 64);
}

void formula_text(struct formula *f, unsigned text, int32_t string) { set_add(f, push_set(f, text), string); }

void formula_list(struct formula *f, unsigned text, const struct string_list *list)
{
	uint64_t *set;

	if (!list->n) {
		formula_const(f, true);
		return;
	}
	set = push_set(f, text);
	for (unsigned i = 0; i < list->n; i++)
		set_add(f, set, list->id[i]);
}

void formula_ids(struct formula *f, unsigned text, enum id_kind kind, const struct idset *ids, bool or_none)
{
	uint64_t *set = push_set(f, text);

	for (int id = idset_next(ids, -1); id >= 0; id = idset_next(ids, id))
		set_add(f, set, policy_string(f->p, policy_name(f->p, kind, id)));
	if (or_none)
		set_add(f, set, 0);
}

/* ---- conditions ---- */

static void push_category(struct formula *f, const struct idset *ids)
{
	formula_ids(f, TEXT_CATEGORY, ID_CATEGORY, ids, false);
	formula_ids(f, TEXT_CATEGORY_TOO, ID_CATEGORY, ids, false);
	formula_or(f);
}

static void push_flag(struct formula *f, unsigned flag)
{
	switch (flag) {
	case F_DISCLOSURE:
		formula_ids(f, F_OPERATION, ID_OPERATION, policy_disclosures(f->p), false);
		formula_text(f, F_RECIPIENT, 0);
		formula_not(f);
		formula_or(f);
		break;
	case F_PURPOSE_DECLARED:
		formula_ids(f, F_PURPOSE, ID_PURPOSE, &f->p->declared[ID_PURPOSE], true);
		break;
	case F_CATEGORIES_DECLARED:
		formula_ids(f, TEXT_CATEGORY, ID_CATEGORY, &f->p->declared[ID_CATEGORY], true);
		formula_ids(f, TEXT_CATEGORY_TOO, ID_CATEGORY, &f->p->declared[ID_CATEGORY], true);
		formula_and(f);
		break;
	default:
		formula_holds(f, VAR_FLAG + flag);
	}
}

static void push_bit(struct formula *f, enum fact_set set, int id)
{
	struct idset one = {{0}};

	if (set != F_CATEGORY) {
		formula_holds(f, var_bit(set, id));
		return;
	}
	idset_add(&one, id);
	push_category(f, &one);
}

static void push_op(struct formula *f, const struct cond_op *op)
{
	switch ((enum cond_code)op->code) {
	case COND_TRUE:
	case COND_FALSE:
		formula_const(f, op->code == COND_TRUE);
		break;
	case COND_NOT:
		formula_not(f);
		break;
	case COND_AND:
		formula_and(f);
		break;
	case COND_OR:
		formula_or(f);
		break;
	case COND_FLAG:
		push_flag(f, op->a);
		break;
	case COND_IN_SET:
		push_bit(f, (enum fact_set)op->a, op->b);
		break;
	case COND_STRING_EQ:
	case COND_STRING_NE:
		formula_text(f, op->a, op->b);
		break;
	case COND_STRING_SAME:
	case COND_STRING_DIFFER:
		push(f, (struct node){.code = NODE_TEXT_SAME, .var = op->a, .var_too = (uint16_t)op->b});
		break;
	case COND_NUMBER_EQ:
	case COND_NUMBER_NE:
	case COND_NUMBER_LT:
	case COND_NUMBER_LE:
	case COND_NUMBER_GT:
	case COND_NUMBER_GE:
		push(f, (struct node){.code = NODE_NUMBER, .var = (uint16_t)(VAR_NUMBER + op->a), .sign = op->code, .x = op->x});
		break;
	}
	if (op->code == COND_STRING_NE || op->code == COND_STRING_DIFFER)
		formula_not(f);
}

void formula_condition(struct formula *f, const struct condition *c)
{
	for (unsigned i = 0; i < c->n_ops; i++)
		push_op(f, &c->ops[i]);
	if (!c->n_ops)
		formula_const(f, true);
}

void formula_guard(struct formula *f, const struct condition *when, const struct condition *unless)
{
	formula_condition(f, when);
	if (!unless->n_ops)
		return;
	formula_condition(f, unless);
	formula_not(f);
	formula_and(f);
}

/* ---- permit, forbid: as decide.c takes them ---- */

void formula_permit(struct formula *f, const struct rule *r)
{
	const struct policy *p = f->p;

	formula_guard(f, &r->when, &r->unless);
	if (!r->operations.any) {
		formula_ids(f, F_OPERATION, ID_OPERATION, &r->operations.set, false);
		formula_and(f);
	}
	formula_ids(f, F_PURPOSE, ID_PURPOSE, r->purposes.any ? &p->declared[ID_PURPOSE] : &r->purposes.set, r->purposes.any);
	formula_and(f);
	formula_ids(f, F_RECIPIENT, ID_RECIPIENT, r->recipients.any ? &p->declared[ID_RECIPIENT] : &r->recipients.set, true);
	formula_and(f);
	formula_ids(f, TEXT_CATEGORY, ID_CATEGORY, r->categories.any ? &p->declared[ID_CATEGORY] : &r->categories.set, r->categories.any);
	formula_and(f);
}

/* One category in the rule's list, another one in `with`. */
static void push_with(struct formula *f, const struct rule *r)
{
	struct idset all = {{0}};
	const struct idset *first = r->categories.any ? &all : &r->categories.set;

	for (int id = 0; id < f->p->n_ids[ID_CATEGORY]; id++)
		idset_add(&all, id);
	formula_ids(f, TEXT_CATEGORY, ID_CATEGORY, first, false);
	formula_ids(f, TEXT_CATEGORY_TOO, ID_CATEGORY, &r->with, false);
	formula_and(f);
	formula_ids(f, TEXT_CATEGORY_TOO, ID_CATEGORY, first, false);
	formula_ids(f, TEXT_CATEGORY, ID_CATEGORY, &r->with, false);
	formula_and(f);
	formula_or(f);
}

void formula_forbid(struct formula *f, const struct rule *r)
{
	bool needs = !idset_empty(&r->needs);

	formula_guard(f, &r->when, &r->unless);
	if (!r->operations.any) {
		formula_ids(f, F_OPERATION, ID_OPERATION, &r->operations.set, false);
		formula_and(f);
	}
	if (!r->purposes.any) {
		formula_ids(f, F_PURPOSE, ID_PURPOSE, &r->purposes.set, false);
		formula_and(f);
	}
	if (!r->recipients.any) {
		formula_ids(f, F_RECIPIENT, ID_RECIPIENT, &r->recipients.set, false);
		formula_and(f);
	}
	if (!r->categories.any) {
		push_category(f, &r->categories.set);
		formula_and(f);
	}
	if (r->has_with) {
		push_with(f, r);
		formula_and(f);
	}
	formula_const(f, true);
	for (int id = idset_next(&r->needs, -1); id >= 0; id = idset_next(&r->needs, id)) {
		formula_holds(f, var_bit(F_CONSENT, id));
		formula_and(f);
	}
	if (needs)
		formula_not(f);
	formula_and(f);
}

/* ---- on, limit: as plan.c takes them ---- */

static void push_any_of(struct formula *f, enum fact_set set, const struct selector *ids)
{
	formula_const(f, ids->any);
	for (int id = idset_next(&ids->set, -1); !ids->any && id >= 0; id = idset_next(&ids->set, id)) {
		formula_holds(f, var_bit(set, id));
		formula_or(f);
	}
}

void formula_matches(struct formula *f, const struct rule *r, enum event_kind event)
{
	const bool is_close = event == EVENT_CLOSE; /* there, kind and reason are the closed request's */
	const struct {
		unsigned text;
		const struct string_list *list;
	} lists[] = {{is_close ? F_REQUEST_KIND : F_KIND, &r->kinds},
		     {is_close ? F_REQUEST_REASON : F_REASON, &r->reasons},
		     {F_RESULT, &r->results},
		     {F_BY, &r->by},
		     {F_MEMBER_STATE, &r->states},
		     {F_CHANNEL, &r->channels},
		     {F_FORM, &r->forms},
		     {F_SOURCE, &r->sources}};

	formula_guard(f, &r->when, &r->unless);
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		if (!lists[i].list->n)
			continue;
		formula_list(f, lists[i].text, lists[i].list);
		formula_and(f);
	}
	push_any_of(f, F_NAMED_CONSENT, &r->consents);
	formula_and(f);
	push_any_of(f, F_ROLE, &r->roles);
	formula_and(f);
	if (!r->milestones.any) {
		formula_ids(f, F_MILESTONE, ID_MILESTONE, &r->milestones.set, false);
		formula_and(f);
	}
	if (r->kind == RULE_LIMIT && !r->categories.any) {
		push_category(f, &r->categories.set);
		formula_and(f);
	}
}

void formula_follows(struct formula *f, const struct rule *r, const struct act_def *a, enum event_kind event)
{
	formula_matches(f, r, event);
	formula_guard(f, &a->when, &a->unless);
	formula_and(f);
}

void formula_refuses(struct formula *f, const struct rule *r, enum event_kind event)
{
	formula_const(f, false);
	for (unsigned i = 0; i < r->n_acts; i++) {
		const struct act_def *a = &r->acts[i];

		if (a->is_accept ? !a->forms.n : a->kind != ACT_REFUSE)
			continue;
		formula_guard(f, &a->when, &a->unless);
		if (a->is_accept) {
			formula_list(f, F_FORM, &a->forms);
			formula_not(f);
			formula_and(f);
		}
		formula_or(f);
	}
	formula_matches(f, r, event);
	formula_and(f);
}
