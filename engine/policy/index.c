/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/load.h"

#include <stdlib.h>

/* Which list a rule goes to. Lists are filled in two passes, counting and writing, so that each is one block of the right size. */
struct list {
	uint16_t **items;
	unsigned *n;
};

static void put(struct list list, unsigned rule, bool is_counting)
{
	if (!is_counting)
		(*list.items)[*list.n] = (uint16_t)rule;
	++*list.n;
}

static void put_by_operation(struct policy *p, const struct rule *r, unsigned rule, bool is_counting)
{
	for (int op = 0; op < p->n_ids[ID_OPERATION] && op < POLICY_OPERATIONS_MAX; op++) {
		if (!r->operations.any && !idset_has(&r->operations.set, op))
			continue;
		if (r->kind == RULE_PERMIT)
			put((struct list){&p->permits[op], &p->n_permits[op]}, rule, is_counting);
		else
			put((struct list){&p->forbids[op], &p->n_forbids[op]}, rule, is_counting);
	}
}

static void put_by_event(struct policy *p, const struct rule *r, unsigned rule, bool is_counting)
{
	for (int e = 0; e < EVENT_KINDS; e++) {
		if (!(r->events >> e & 1))
			continue;
		if (r->kind == RULE_ON)
			put((struct list){&p->ons[e], &p->n_ons[e]}, rule, is_counting);
		else
			put((struct list){&p->limits[e], &p->n_limits[e]}, rule, is_counting);
	}
}

static void put_rule(struct policy *p, unsigned rule, bool is_counting)
{
	const struct rule *r = &p->rules[rule];

	switch (r->kind) {
	case RULE_PERMIT:
		put_by_operation(p, r, rule, is_counting);
		break;
	case RULE_FORBID:
		if (r->is_otherwise)
			break;
		if (r->is_final)
			put((struct list){&p->finals, &p->n_finals}, rule, is_counting);
		else
			put_by_operation(p, r, rule, is_counting);
		break;
	case RULE_RETAIN:
		put((struct list){&p->retains, &p->n_retains}, rule, is_counting);
		break;
	case RULE_ON:
	case RULE_LIMIT:
		put_by_event(p, r, rule, is_counting);
		break;
	case RULE_CONSENT:
	case RULE_STATEMENT:
		break;
	}
}

/* Room for what was counted; the count starts again for the second pass. */
static bool reserve(struct list list)
{
	unsigned n = *list.n;

	*list.n = 0;
	if (!n)
		return true;
	*list.items = calloc(n, sizeof(**list.items));
	return *list.items;
}

static bool reserve_all(struct policy *p)
{
	bool ok = reserve((struct list){&p->finals, &p->n_finals}) && reserve((struct list){&p->retains, &p->n_retains});

	for (int op = 0; ok && op < POLICY_OPERATIONS_MAX; op++)
		ok = reserve((struct list){&p->permits[op], &p->n_permits[op]}) &&
		     reserve((struct list){&p->forbids[op], &p->n_forbids[op]});
	for (int e = 0; ok && e < EVENT_KINDS; e++)
		ok = reserve((struct list){&p->ons[e], &p->n_ons[e]}) && reserve((struct list){&p->limits[e], &p->n_limits[e]});
	return ok;
}

bool policy_index(struct policy *p)
{
	for (unsigned i = 0; i < p->n_rules; i++)
		put_rule(p, i, true);
	if (!reserve_all(p))
		return false;
	for (unsigned i = 0; i < p->n_rules; i++)
		put_rule(p, i, false);
	return true;
}

void policy_index_done(struct policy *p)
{
	free(p->finals);
	free(p->retains);
	for (int op = 0; op < POLICY_OPERATIONS_MAX; op++) {
		free(p->permits[op]);
		free(p->forbids[op]);
	}
	for (int e = 0; e < EVENT_KINDS; e++) {
		free(p->ons[e]);
		free(p->limits[e]);
	}
}
