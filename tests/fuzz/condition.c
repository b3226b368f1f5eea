/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "policy/load.h"

#include <stdlib.h>
#include <string.h>

/* The ids of a policy and nothing else, made for each input: literals are interned in it. */
static struct policy *policy_of_ids(void)
{
	const struct policy *from = fuzz_policy();
	struct policy *p = calloc(1, sizeof(*p));

	fuzz_must(p != NULL);
	p->refs = 1;
	for (enum id_kind kind = 0; kind < ID_KINDS; kind++)
		for (int i = 0; i < from->n_ids[kind]; i++)
			fuzz_must(policy_add_id(p, kind, from->ids[kind][i].id, from->ids[kind][i].parent) == i);
	fuzz_must(policy_intern_all(p));
	return p;
}

/* Conditions: what compiles can be evaluated, as a program and as a tree, and compiles again to the same steps. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy *p = policy_of_ids();
	cleanup_(condition_done) struct condition c = {0}, again = {0};
	cleanup_(problems_done) struct problems problems = {0};
	char *text = strndup((const char *)data, size);
	struct cond_tree tree;
	struct facts f;

	facts_init(&f);
	f.string[F_STATE] = policy_string(p, "active");
	f.flag[F_DISCLOSURE] = true;
	f.number[F_AGE] = 17;
	if (condition_compile(p, text, "c", 1, &c, &problems)) {
		fuzz_must(problems.count == 0 && c.n_ops > 0 && condition_compile(p, c.text, "c", 1, &again, &problems));
		fuzz_must(again.n_ops == c.n_ops);
		for (unsigned i = 0; i < c.n_ops; i++)
			fuzz_must(c.ops[i].code == again.ops[i].code && c.ops[i].a == again.ops[i].a && c.ops[i].b == again.ops[i].b);
		cond_tree_make(&c, &f, &tree);
		fuzz_must(tree.holds[c.n_ops - 1] == condition_holds(&c, &f));
	} else {
		fuzz_must(problems.count > 0);
	}
	free(text);
	policy_unref(p);
	return 0;
}
