/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/condition.h"

#include <stdlib.h>

/* Conditions at work: what they come to, and as a tree for those who explain. */

void condition_done(struct condition *c)
{
	free(c->text);
	free(c->ops);
	*c = (struct condition){0};
}

/* ---- evaluation: the stack is a word of bits, the newest lowest ---- */

static bool number_holds(const struct cond_op *op, const struct facts *f)
{
	double x = f->number[op->a];

	/* Each of these is false for NaN but the second, as in XPath. */
	switch ((int)op->code) {
	case COND_NUMBER_EQ:
		return x >= op->x && x <= op->x;
	case COND_NUMBER_NE:
		return !(x >= op->x && x <= op->x);
	case COND_NUMBER_LT:
		return x < op->x;
	case COND_NUMBER_LE:
		return x <= op->x;
	case COND_NUMBER_GT:
		return x > op->x;
	default:
		return x >= op->x;
	}
}

static bool fact_holds(const struct cond_op *op, const struct facts *f)
{
	switch ((int)op->code) {
	case COND_FALSE:
		return false;
	case COND_FLAG:
		return f->flag[op->a];
	case COND_IN_SET:
		return idset_has(&f->set[op->a], op->b);
	case COND_STRING_EQ:
		return f->string[op->a] == op->b;
	case COND_STRING_NE:
		return f->string[op->a] != op->b;
	/* Two texts that the policy does not know are not known to be the same. */
	case COND_STRING_SAME:
		return f->string[op->a] == f->string[op->b] && f->string[op->a] >= 0;
	case COND_STRING_DIFFER:
		return f->string[op->a] != f->string[op->b] || f->string[op->a] < 0;
	case COND_TRUE:
		return true;
	default:
		return number_holds(op, f);
	}
}

bool condition_holds(const struct condition *c, const struct facts *f)
{
	uint64_t stack = 1;

	_Static_assert(COND_DEPTH <= 64, "the stack is one word");
	for (unsigned i = 0; i < c->n_ops; i++) {
		const struct cond_op *op = &c->ops[i];

		if (op->code == COND_NOT)
			stack ^= 1;
		else if (op->code == COND_AND)
			stack = (stack >> 1) & (~UINT64_C(1) | (stack & 1));
		else if (op->code == COND_OR)
			stack = (stack >> 1) | (stack & 1);
		else
			stack = stack << 1 | fact_holds(op, f);
	}
	return stack & 1;
}

/* ---- the tree, for those who explain ---- */

void cond_tree_make(const struct condition *c, const struct facts *f, struct cond_tree *ret)
{
	uint16_t stack[COND_OPS_MAX + 1];
	unsigned depth = 0;

	ret->c = c;
	for (unsigned i = 0; i < c->n_ops; i++) {
		const struct cond_op *op = &c->ops[i];
		const bool is_joint = op->code == COND_AND || op->code == COND_OR;

		if (is_joint)
			ret->kid[i][1] = stack[--depth];
		if (is_joint || op->code == COND_NOT)
			ret->kid[i][0] = stack[--depth];
		if (op->code == COND_NOT)
			ret->holds[i] = !ret->holds[ret->kid[i][0]];
		else if (op->code == COND_AND)
			ret->holds[i] = ret->holds[ret->kid[i][0]] && ret->holds[ret->kid[i][1]];
		else if (op->code == COND_OR)
			ret->holds[i] = ret->holds[ret->kid[i][0]] || ret->holds[ret->kid[i][1]];
		else
			ret->holds[i] = f && fact_holds(op, f);
		stack[depth++] = (uint16_t)i;
	}
}
