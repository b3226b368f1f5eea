/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/explain.h"

#include <string.h>

/* What would have to change for a denied question to be permitted. Each rule that denies is lifted at the least cost, then the question is put again,
 * until it is permitted or a rule stands that no fact lifts. The answer is therefore tried out, not only reasoned. The costs say what is mild:
 * to get a consent is milder than to wait for another state, that milder than to ask another question. Facts that follow from others, and what cannot
 * be changed (an age, the kind of event), have no price. */

#define ROUNDS_MAX 16
#define NEVER 1000
enum { COST_CONSENT = 1, COST_DUTY = 2, COST_STATE = 3, COST_QUESTION = 6, COST_GROUND = 8 };

struct lift {
	const struct policy *p;
	struct facts f; /* as changed so far */
	struct changes *ret;
};

/* ---- prices ---- */

static int string_price(const struct cond_op *op, bool wanted)
{
	const bool must_be_it = wanted == (op->code == COND_STRING_EQ);

	if (op->code == COND_STRING_SAME || op->code == COND_STRING_DIFFER)
		return NEVER;
	if (op->a == F_STATE)
		return must_be_it ? NEVER : COST_STATE;
	if (!must_be_it || op->b == 0)
		return NEVER; /* what else it should be is not said */
	switch (op->a) {
	case F_BASIS:
		return COST_GROUND;
	case F_PURPOSE:
	case F_OPERATION:
	case F_RECIPIENT:
	case F_COUNTRY:
		return COST_QUESTION;
	default:
		return NEVER;
	}
}

static int set_price(const struct cond_op *op, bool wanted)
{
	switch (op->a) {
	case F_CONSENT:
	case F_CURRENT_CONSENT:
	case F_PARTNER_CONSENT:
		return wanted ? COST_CONSENT : NEVER;
	case F_WITHDRAWN:
	case F_LAPSED:
		return wanted ? NEVER : COST_CONSENT;
	case F_CATEGORY:
		return wanted ? NEVER : COST_QUESTION;
	default:
		return NEVER;
	}
}

static int flag_price(const struct cond_op *op)
{
	switch (op->a) {
	case F_IDENTITY_CHECKED:
	case F_OBLIGATIONS_OPEN:
	case F_AUTHORITY_NOTIFIED:
	case F_PARTICULARS_OBTAINED:
		return COST_DUTY;
	default:
		return NEVER;
	}
}

static int atom_price(const struct cond_op *op, bool wanted)
{
	switch ((enum cond_code)op->code) {
	case COND_FLAG:
		return flag_price(op);
	case COND_IN_SET:
		return set_price(op, wanted);
	case COND_STRING_EQ:
	case COND_STRING_NE:
	case COND_STRING_SAME:
	case COND_STRING_DIFFER:
		return string_price(op, wanted);
	case COND_TRUE:
	case COND_FALSE:
	case COND_NOT:
	case COND_AND:
	case COND_OR:
	case COND_NUMBER_EQ:
	case COND_NUMBER_NE:
	case COND_NUMBER_LT:
	case COND_NUMBER_LE:
	case COND_NUMBER_GT:
	case COND_NUMBER_GE:
		break;
	}
	return NEVER;
}

static int cheapest(int a, int b) { return a < b ? a : b; }

static int total(int a, int b) { return a + b < NEVER ? a + b : NEVER; }

/* What it costs to have @node become @wanted. */
static int node_price(const struct cond_tree *t, unsigned node, bool wanted)
{
	const struct cond_op *op = &t->c->ops[node];
	int left, right;

	if (t->holds[node] == wanted)
		return 0;
	if (op->code == COND_NOT)
		return node_price(t, t->kid[node][0], !wanted);
	if (op->code != COND_AND && op->code != COND_OR)
		return atom_price(op, wanted);
	left = node_price(t, t->kid[node][0], wanted);
	right = node_price(t, t->kid[node][1], wanted);
	return wanted == (op->code == COND_OR) ? cheapest(left, right) : total(left, right);
}

/* ---- changing ---- */

static void set_string(struct lift *l, const struct cond_op *op)
{
	struct facts *f = &l->f;
	const char *text;

	if (op->a == F_STATE) {
		f->string[F_STATE] = policy_string(l->p, "active");
		return;
	}
	f->string[op->a] = op->b;
	text = l->p->strings[op->b];
	if (op->a == F_OPERATION)
		f->operation = policy_find(l->p, ID_OPERATION, text);
	else if (op->a == F_PURPOSE)
		f->purpose = policy_find(l->p, ID_PURPOSE, text);
	else if (op->a == F_RECIPIENT)
		f->recipient = policy_find(l->p, ID_RECIPIENT, text);
}

static void remove_id(struct idset *s, int id) { s->w[id >> 6] &= ~(UINT64_C(1) << (id & 63)); }

static void change_atom(struct lift *l, const struct cond_op *op, bool wanted)
{
	struct facts *f = &l->f;

	if (op->code == COND_FLAG) {
		f->flag[op->a] = wanted;
	} else if (op->code != COND_IN_SET) {
		set_string(l, op);
	} else if (op->a == F_CATEGORY) {
		remove_id(&f->set[F_CATEGORY], op->b);
	} else if (op->a == F_PARTNER_CONSENT) {
		idset_add(&f->set[F_PARTNER_CONSENT], op->b);
	} else {
		/* consent is given now, under the version in force: nothing that ended it before counts */
		idset_add(&f->set[F_CONSENT], op->b);
		idset_add(&f->set[F_CURRENT_CONSENT], op->b);
		remove_id(&f->set[F_WITHDRAWN], op->b);
		remove_id(&f->set[F_LAPSED], op->b);
	}
	if (l->ret->n < CHANGES_MAX)
		l->ret->at[l->ret->n++] = (struct change){.op = *op, .wanted = wanted};
}

static void change_node(struct lift *l, const struct cond_tree *t, unsigned node, bool wanted)
{
	const struct cond_op *op = &t->c->ops[node];
	const unsigned left = t->kid[node][0], right = t->kid[node][1];

	if (t->holds[node] == wanted)
		return;
	if (op->code == COND_NOT) {
		change_node(l, t, left, !wanted);
	} else if (op->code != COND_AND && op->code != COND_OR) {
		change_atom(l, op, wanted);
	} else if (wanted == (op->code == COND_OR)) {
		change_node(l, t, node_price(t, left, wanted) <= node_price(t, right, wanted) ? left : right, wanted);
	} else {
		change_node(l, t, left, wanted);
		change_node(l, t, right, wanted);
	}
}

static int condition_price(const struct lift *l, const struct condition *c, bool wanted, struct cond_tree *ret)
{
	if (c->n_ops == 0)
		return wanted ? 0 : NEVER;
	cond_tree_make(c, &l->f, ret);
	return node_price(ret, c->n_ops - 1, wanted);
}

static void change_condition(struct lift *l, const struct condition *c, bool wanted, const struct cond_tree *t)
{
	if (c->n_ops > 0)
		change_node(l, t, c->n_ops - 1, wanted);
}

/* ---- lifting what denies ---- */

static int needs_price(const struct lift *l, const struct rule *r)
{
	struct idset missing = r->needs;

	if (idset_empty(&r->needs))
		return NEVER;
	idset_minus(&missing, &l->f.set[F_CONSENT]);
	return idset_count(&missing) * COST_CONSENT;
}

static void give_needs(struct lift *l, const struct rule *r)
{
	struct idset missing = r->needs;

	idset_minus(&missing, &l->f.set[F_CONSENT]);
	for (int id = idset_next(&missing, -1); id >= 0; id = idset_next(&missing, id))
		change_atom(l, &(struct cond_op){.code = COND_IN_SET, .a = F_CONSENT, .b = id}, true);
}

/* To ask without the categories that the rule is about, if any other remain. */
static int drop_price(const struct lift *l, const struct rule *r)
{
	const struct idset *asked = &l->f.set[F_CATEGORY];
	struct idset rest = *asked;

	idset_minus(&rest, &r->categories.set);
	if (r->categories.any || idset_empty(&rest))
		return NEVER;
	return (idset_count(asked) - idset_count(&rest)) * COST_QUESTION;
}

static void drop_categories(struct lift *l, const struct rule *r)
{
	const struct idset asked = l->f.set[F_CATEGORY];

	for (int id = idset_next(&asked, -1); id >= 0; id = idset_next(&asked, id))
		if (idset_has(&r->categories.set, id))
			change_atom(l, &(struct cond_op){.code = COND_IN_SET, .a = F_CATEGORY, .b = id}, false);
}

/* A forbid is lifted by its consents, by making its `when` false or its `unless` true, or by asking for less, whichever is cheapest. */
static bool lift_forbid(struct lift *l, unsigned rule)
{
	const struct rule *r = &l->p->rules[rule];
	struct cond_tree when, unless;
	const int consents = needs_price(l, r), by_when = condition_price(l, &r->when, false, &when), drop = drop_price(l, r);
	const int by_unless = r->unless.n_ops ? condition_price(l, &r->unless, true, &unless) : NEVER;
	const int least = cheapest(cheapest(consents, drop), cheapest(by_when, by_unless));

	if (least >= NEVER)
		return false;
	if (least == consents)
		give_needs(l, r);
	else if (least == drop)
		drop_categories(l, r);
	else if (least == by_when)
		change_condition(l, &r->when, false, &when);
	else
		change_condition(l, &r->unless, true, &unless);
	return true;
}

static int permit_price(const struct lift *l, const struct rule *r, struct cond_tree *when, struct cond_tree *unless)
{
	const int by_when = condition_price(l, &r->when, true, when);

	return total(by_when, r->unless.n_ops ? condition_price(l, &r->unless, false, unless) : 0);
}

/* The permit that takes @category (-1: the question names none) at the least cost; -1 if none does. */
static int permit_for(const struct lift *l, int category, int64_t at_us, int *ret_price)
{
	int best = -1;

	*ret_price = NEVER;
	for (unsigned i = 0; i < l->p->n_rules; i++) {
		const struct rule *r = &l->p->rules[i];
		struct facts f = l->f;
		struct cond_tree when, unless;
		int price;

		if (r->kind != RULE_PERMIT || at_us < r->from_us || at_us >= r->until_us)
			continue;
		memset(&f.set[F_CATEGORY], 0, sizeof(f.set[F_CATEGORY]));
		if (category >= 0)
			idset_add(&f.set[F_CATEGORY], category);
		if (!policy_selects(l->p, i, &f))
			continue;
		price = permit_price(l, r, &when, &unless);
		if (price < *ret_price) {
			*ret_price = price;
			best = (int)i;
		}
	}
	return best;
}

static bool use_permit(struct lift *l, int rule)
{
	const struct rule *r = &l->p->rules[rule];
	struct cond_tree when, unless;

	if (permit_price(l, r, &when, &unless) >= NEVER)
		return false;
	change_condition(l, &r->when, true, &when);
	if (r->unless.n_ops > 0) {
		cond_tree_make(&r->unless, &l->f, &unless);
		change_condition(l, &r->unless, false, &unless);
	}
	return true;
}

/* Nothing permits: each category needs a permit that takes it. */
static bool find_permits(struct lift *l, int64_t at_us)
{
	const struct idset asked = l->f.set[F_CATEGORY];
	bool is_good = true;
	int price;

	if (idset_empty(&asked)) {
		const int rule = permit_for(l, -1, at_us, &price);

		return rule >= 0 && use_permit(l, rule);
	}
	for (int id = idset_next(&asked, -1); id >= 0; id = idset_next(&asked, id)) {
		const int rule = permit_for(l, id, at_us, &price);

		if (rule < 0)
			idset_add(&l->ret->uncovered, id);
		is_good = rule >= 0 && use_permit(l, rule) && is_good;
	}
	return is_good;
}

void policy_changes(const struct policy *p, const struct facts *f, int64_t at_us, struct changes *ret)
{
	struct lift l = {.p = p, .f = *f, .ret = ret};

	*ret = (struct changes){.stands = -1};
	for (unsigned round = 0; round < ROUNDS_MAX; round++) {
		struct decision d;

		policy_decide(p, &l.f, at_us, &d);
		ret->would_permit = d.permit;
		if (d.permit)
			return;
		for (unsigned i = 0; i < d.n; i++) {
			const unsigned rule = d.says[i].rule;
			const bool is_lifted = d.says[i].why == SAY_NOTHING_PERMITS ? find_permits(&l, at_us) : lift_forbid(&l, rule);

			if (!is_lifted) {
				ret->stands = (int)rule;
				return;
			}
		}
	}
}
