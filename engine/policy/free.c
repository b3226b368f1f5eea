/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/load.h"

#include <stdlib.h>

/* What a policy owns, whole or half built. */

static void free_titles(char *title[LANGS])
{
	for (int i = 0; i < LANGS; i++)
		free(title[i]);
}

static void free_list(char **list)
{
	for (char **item = list; item && *item; item++)
		free(*item);
	free(list);
}

static void rule_done(struct rule *r);

static void claims_done(struct rule *r)
{
	for (unsigned i = 0; i < r->n_claims; i++) {
		free(r->claims[i].about);
		free(r->claims[i].is);
		free_list(r->claims[i].cites);
		if (r->claims[i].permit)
			rule_done(r->claims[i].permit);
		free(r->claims[i].permit);
	}
	free(r->claims);
}

static void rule_done(struct rule *r)
{
	for (unsigned i = 0; i < r->n_acts; i++) {
		condition_done(&r->acts[i].when);
		condition_done(&r->acts[i].unless);
		condition_done(&r->acts[i].until);
		free_list(r->acts[i].clauses);
	}
	free(r->acts);
	condition_done(&r->when);
	condition_done(&r->unless);
	free_titles(r->title);
	free_list(r->clauses);
	free(r->shown_by);
	claims_done(r);
	free(r->id);
}

static void packs_done(struct policy *p)
{
	for (unsigned i = 0; i < p->n_packs; i++) {
		free(p->packs[i].id);
		free(p->packs[i].version);
		free(p->packs[i].path);
		free(p->packs[i].controller);
		free(p->packs[i].bin);
		free(p->packs[i].country);
		free(p->packs[i].closing);
		free_titles(p->packs[i].title);
	}
}

static void ids_done(struct policy *p)
{
	for (int k = 0; k < ID_KINDS; k++) {
		for (int i = 0; i < p->n_ids[k]; i++) {
			free(p->ids[k][i].id);
			free_titles(p->ids[k][i].title);
		}
		free(p->ids[k]);
	}
	for (int32_t i = 0; i < p->n_strings; i++)
		free(p->strings[i]);
	free(p->strings);
	free(p->string_hash);
}

struct policy *policy_ref(struct policy *p)
{
	p->refs++;
	return p;
}

struct policy *policy_unref(struct policy *p)
{
	if (!p || --p->refs)
		return NULL;
	decide_done(p);
	policy_index_done(p);
	for (unsigned i = 0; i < p->n_rules; i++)
		rule_done(&p->rules[i]);
	for (unsigned i = 0; i < p->n_defines; i++) {
		condition_done(&p->defines[i].condition);
		free(p->defines[i].name);
		free(p->defines[i].test);
	}
	free(p->rules);
	free(p->defines);
	free(p->consents);
	packs_done(p);
	for (unsigned i = 0; i < p->n_files; i++) {
		free(p->files[i].name);
		buf_done(&p->files[i].bytes);
	}
	ids_done(p);
	p->calendar = calendar_free(p->calendar);
	p->zone = zone_free(p->zone);
	free(p);
	return NULL;
}

void policy_unrefp(struct policy **p) { *p = policy_unref(*p); }
