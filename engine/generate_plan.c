/* SPDX-License-Identifier: Apache-2.0 */
/* Reads generate.json: who is invented, what is collected, what befalls them.
 * Strict: what the generator would ignore is an error. */
#include "engine/generate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef SAQTA_DATADIR
#define SAQTA_DATADIR "/usr/share/saqta"
#endif
#define PLAN_NAME "generate.json"
#define PLAN_PATH_MAX 4096

struct reader {
	struct plan *plan;
	struct saqta_error *err;
	const char *where; /* part of the file, for messages */
	size_t index;
};

static bool refuse(struct reader *r, const char *what, const char *detail)
{
	(void)err_set(r->err, SAQTA_ERR_POLICY, 0, "%s: %s %zu: %s: %s", PLAN_NAME, r->where, r->index + 1, what, detail);
	return false;
}

static bool in_list(struct reader *r, json_t *array, size_t min, size_t max)
{
	if (!json_is_array(array) || json_array_size(array) < min || json_array_size(array) > max)
		return refuse(r, "list", "not an array, too short or too long");
	return true;
}

static bool read_range(struct reader *r, json_t *value, struct plan_range *range, int max)
{
	json_error_t e;

	if (!value)
		return true;
	if (json_unpack_ex(value, &e, JSON_STRICT, "[ii]", &range->min, &range->max))
		return refuse(r, "range", e.text);
	if (range->min < 0 || range->min > range->max || range->max > max)
		return refuse(r, "range", "out of bounds");
	return true;
}

static bool read_share(struct reader *r, int value, uint32_t *share)
{
	if (value < 0 || value > (int)SHARE_ALL)
		return refuse(r, "share", "not from 0 to 100000");
	*share = (uint32_t)value;
	return true;
}

static bool read_date(struct reader *r, const char *text, int32_t *day)
{
	return gen_day_parse(text, day) || refuse(r, "not a date", text);
}

static int find_consent(const struct plan *plan, const char *id)
{
	for (unsigned i = 0; i < plan->n_consents; i++) {
		if (strcmp(plan->consents[i].id, id) == 0)
			return (int)i;
	}
	return -1;
}

/* A consent named by @id; NULL stands for none. */
static bool read_consent_id(struct reader *r, const char *id, int *consent)
{
	*consent = id ? find_consent(r->plan, id) : -1;
	return !id || *consent >= 0 || refuse(r, "unknown consent", id);
}

/* "kind" of the value generators, or "list:NAME". */
static bool read_value(struct reader *r, const char *kind, struct plan_value *value)
{
	if (strncmp(kind, "list:", 5) != 0) {
		value->fn = gen_value_find(kind);
		return value->fn || refuse(r, "unknown kind of value", kind);
	}
	for (unsigned i = 0; i < r->plan->n_lists; i++) {
		if (strcmp(r->plan->lists[i].name, kind + 5) == 0)
			value->list = &r->plan->lists[i];
	}
	return value->list || refuse(r, "unknown list", kind + 5);
}

static bool read_lists(struct reader *r, json_t *lists)
{
	const char *name;
	json_t *items, *item;
	size_t i;

	r->where = "lists";
	if (!json_is_object(lists) || json_object_size(lists) > PLAN_MAX_LISTS)
		return refuse(r, "lists", "not an object, or too large");
	json_object_foreach(lists, name, items)
	{
		struct plan_list *list = &r->plan->lists[r->plan->n_lists++];

		list->name = name;
		if (!in_list(r, items, 1, PLAN_MAX_LIST))
			return false;
		json_array_foreach(items, i, item)
		{
			if (!json_is_string(item) || json_string_length(item) > 400)
				return refuse(r, name, "not a string of at most 400 bytes");
			list->items[list->n++] = json_string_value(item);
		}
	}
	return true;
}

static bool read_offsets(struct reader *r, json_t *offsets)
{
	json_t *item;
	json_error_t e;

	r->where = "offsets";
	if (!in_list(r, offsets, 1, PLAN_MAX_OFFSETS))
		return false;
	json_array_foreach(offsets, r->index, item)
	{
		struct plan_offset *offset = &r->plan->offsets[r->plan->n_offsets++];
		const char *until = NULL;

		offset->until = INT32_MAX;
		if (json_unpack_ex(item, &e, JSON_STRICT, "{s?s,s:s}", "until", &until, "offset", &offset->text))
			return refuse(r, "offset", e.text);
		if (strlen(offset->text) != 6)
			return refuse(r, "offset", "not like +05:00");
		if (until && !read_date(r, until, &offset->until))
			return false;
	}
	if (r->plan->offsets[r->plan->n_offsets - 1].until != INT32_MAX)
		return refuse(r, "until", "the last offset must hold for ever");
	return true;
}

static bool read_consents(struct reader *r, json_t *consents)
{
	json_t *item;
	json_error_t e;

	r->where = "consents";
	if (!in_list(r, consents, 1, PLAN_MAX_CONSENTS))
		return false;
	json_array_foreach(consents, r->index, item)
	{
		struct plan_consent *c = &r->plan->consents[r->plan->n_consents++];
		int share = (int)SHARE_ALL, later = 0, renew = 0;

		if (json_unpack_ex(item, &e, JSON_STRICT, "{s:s,s?i,s?i,s?i,s?i}", "id", &c->id, "share", &share, "later", &later, "renew",
				   &renew, "valid_days", &c->valid_days))
			return refuse(r, "consent", e.text);
		if (!read_share(r, share, &c->share) || !read_share(r, later, &c->later) || !read_share(r, renew, &c->renew))
			return false;
		if (c->valid_days < 0 || c->valid_days > 36500)
			return refuse(r, "valid_days", "out of bounds");
		if (r->index == 0 && (c->share != SHARE_ALL || c->later || c->valid_days))
			return refuse(r, c->id, "the first consent is given by all, at once and for ever");
	}
	return true;
}

static bool read_purposes(struct reader *r, json_t *purposes, json_t *consent_of, struct plan_collect *c)
{
	json_t *item;
	size_t i;

	if (!in_list(r, purposes, 1, PLAN_MAX_LIST))
		return false;
	json_array_foreach(purposes, i, item)
	{
		struct plan_purpose *p = &c->purposes[c->n_purposes++];

		p->id = json_string_value(item);
		if (!p->id)
			return refuse(r, c->category, "a purpose is not a string");
		if (!read_consent_id(r, json_string_value(json_object_get(consent_of, p->id)), &p->consent))
			return false;
	}
	/* What falls out for want of a consent is replaced by the first. */
	if (c->purposes[0].consent >= 0)
		return refuse(r, c->category, "the first purpose must need no consent of its own");
	return true;
}

static bool read_collects(struct reader *r, json_t *collects, json_t *consent_of)
{
	json_t *item;
	json_error_t e;

	r->where = "collect";
	if (!in_list(r, collects, 1, PLAN_MAX_COLLECTS))
		return false;
	json_array_foreach(collects, r->index, item)
	{
		struct plan_collect *c = &r->plan->collects[r->plan->n_collects++];
		const char *kind, *needs = NULL;
		json_t *purposes, *times = NULL, *pick = NULL;
		int share = 0, later = 0;

		c->times = c->pick = (struct plan_range){1, 1};
		if (json_unpack_ex(item, &e, JSON_STRICT, "{s:s,s:s,s:s,s:i,s?b,s?o,s?o,s?s,s:o}", "category", &c->category, "source",
				   &c->source, "value", &kind, "share", &share, "later", &later, "times", &times, "pick", &pick, "needs",
				   &needs, "purposes", &purposes))
			return refuse(r, "collect", e.text);
		c->later = later != 0;
		if (!read_share(r, share, &c->share) || !read_value(r, kind, &c->value) || !read_range(r, times, &c->times, 8) ||
		    !read_range(r, pick, &c->pick, 8) || !read_consent_id(r, needs, &c->consent) ||
		    !read_purposes(r, purposes, consent_of, c))
			return false;
		if (c->pick.min < 1)
			return refuse(r, c->category, "at least one purpose must be picked");
	}
	return true;
}

/* The text piece at the end of @step, made if the last piece is none; takes @text. */
static bool add_text(struct reader *r, struct plan_step *step, char *text)
{
	if (!text || step->n_pieces >= PLAN_MAX_PIECES) {
		free(text);
		return refuse(r, step->event, "too long");
	}
	step->pieces[step->n_pieces++].text = text;
	return true;
}

/* `,"key":` and, for what is not drawn, the value */
static bool add_member(struct reader *r, struct plan_step *step, const char *key, json_t *value)
{
	const char *text = json_string_value(value);
	struct plan_piece *piece;
	char *part = NULL, *dump;
	int n;

	if (!text || text[0] != '$') {
		dump = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
		n = dump ? asprintf(&part, ",\"%s\":%s", key, dump) : -1;
		free(dump);
		return add_text(r, step, n < 0 ? NULL : part);
	}
	if (asprintf(&part, ",\"%s\":", key) < 0)
		part = NULL;
	if (!add_text(r, step, part))
		return false;
	if (step->n_pieces >= PLAN_MAX_PIECES)
		return refuse(r, step->event, "too many members");
	piece = &step->pieces[step->n_pieces];
	if (strncmp(text, "$ref:", 5) != 0)
		return read_value(r, text + 1, &piece->value) && ++step->n_pieces;
	piece->reference = true;
	return add_text(r, step, strdup(text + 5));
}

static bool read_steps(struct reader *r, json_t *steps, struct plan_story *story)
{
	json_t *item, *members, *value;
	json_error_t e;
	const char *key;
	size_t i;

	if (!in_list(r, steps, 1, PLAN_MAX_STEPS))
		return false;
	json_array_foreach(steps, i, item)
	{
		struct plan_step *step = &story->steps[story->n_steps++];
		json_t *after = NULL;
		int id = 0;

		if (json_unpack_ex(item, &e, JSON_STRICT, "{s:s,s?b,s?o,s:o}", "event", &step->event, "id", &id, "after", &after, "with",
				   &members))
			return refuse(r, "step", e.text);
		step->id = id != 0;
		if (!read_range(r, after, &step->after, 5000000))
			return false;
		if (!json_is_object(members))
			return refuse(r, step->event, "\"with\" is not an object");
		json_object_foreach(members, key, value)
		{
			if (!add_member(r, step, key, value))
				return false;
		}
	}
	return true;
}

static bool read_needs(struct reader *r, json_t *consents, json_t *categories, struct plan_story *story)
{
	json_t *item;
	size_t i;
	int consent;

	json_array_foreach(consents, i, item)
	{
		if (!json_is_string(item) || !read_consent_id(r, json_string_value(item), &consent))
			return refuse(r, "needs", "unknown consent");
		story->consents |= 1u << consent;
	}
	json_array_foreach(categories, i, item)
	{
		uint64_t before = story->categories;

		for (unsigned k = 0; k < r->plan->n_collects; k++) {
			if (json_is_string(item) && strcmp(json_string_value(item), r->plan->collects[k].category) == 0)
				story->categories |= UINT64_C(1) << k;
		}
		if (story->categories == before)
			return refuse(r, "has", "unknown category");
	}
	if (story->ends && story->categories)
		return refuse(r, "has", "not for a story that ends the collecting");
	return true;
}

static bool read_stories(struct reader *r, json_t *stories)
{
	static const char *const fates[] = {[FATE_ACTIVE] = "active", [FATE_OVERDUE] = "overdue", [FATE_SOON] = "soon"};
	json_t *item;
	json_error_t e;

	r->where = "stories";
	if (!in_list(r, stories, 0, PLAN_MAX_STORIES))
		return false;
	json_array_foreach(stories, r->index, item)
	{
		struct plan_story *s = &r->plan->stories[r->plan->n_stories++];
		const char *fate = fates[FATE_ACTIVE], *about = NULL;
		json_t *last = NULL, *needs = NULL, *has = NULL, *steps;
		int share = 0, ends = 0;
		size_t f = 0;

		if (json_unpack_ex(item, &e, JSON_STRICT, "{s?s,s:s,s:i,s?b,s?s,s?o,s?o,s?o,s:o}", "about", &about, "group", &s->group,
				   "share", &share, "ends", &ends, "fate", &fate, "last_days", &last, "needs", &needs, "has", &has, "steps",
				   &steps))
			return refuse(r, "story", e.text);
		while (f < sizeof(fates) / sizeof(fates[0]) && strcmp(fates[f], fate) != 0)
			f++;
		if (f == sizeof(fates) / sizeof(fates[0]))
			return refuse(r, "unknown fate", fate);
		s->fate = (enum plan_fate)f;
		s->ends = ends != 0;
		if (s->ends && s->fate != FATE_ACTIVE)
			return refuse(r, s->group, "only the active can end it");
		if (!read_share(r, share, &s->share) || !read_range(r, last, &s->last_days, 3650) || !read_needs(r, needs, has, s) ||
		    !read_steps(r, steps, s))
			return false;
	}
	return true;
}

static bool read_general(struct reader *r, json_t *reg, json_t *consent, json_t *idle, json_t *working)
{
	struct plan *plan = r->plan;
	json_t *evidence, *ages;
	const char *from, *to;
	json_error_t e;
	int birth_date, overdue, soon;

	r->where = "general";
	if (json_unpack_ex(reg, &e, JSON_STRICT, "{s:o,s:i,s:o}", "evidence", &evidence, "birth_date", &birth_date, "ages", &ages))
		return refuse(r, "register", e.text);
	plan->register_evidence = json_dumps(evidence, JSON_COMPACT);
	if (!read_share(r, birth_date, &plan->birth_date) || !read_range(r, ages, &plan->ages, 110))
		return false;
	if (json_unpack_ex(consent, &e, JSON_STRICT, "{s:o}", "evidence", &evidence))
		return refuse(r, "consent", e.text);
	plan->consent_evidence = json_dumps(evidence, JSON_COMPACT);
	if (!plan->register_evidence || !plan->consent_evidence)
		return refuse(r, "evidence", "not an object");
	if (json_unpack_ex(idle, &e, JSON_STRICT, "{s:i,s:i,s:i,s:i}", "months", &plan->idle_months, "overdue", &overdue, "soon", &soon,
			   "soon_days", &plan->soon_days))
		return refuse(r, "idle", e.text);
	if (plan->idle_months < 0 || plan->idle_months > 1200 || plan->soon_days < 0 || plan->soon_days > 3650)
		return refuse(r, "idle", "out of bounds");
	if (!read_share(r, overdue, &plan->overdue) || !read_share(r, soon, &plan->soon))
		return false;
	if (json_unpack_ex(working, &e, JSON_STRICT, "{s:s,s:s}", "from", &from, "to", &to))
		return refuse(r, "working_days", e.text);
	return read_date(r, from, &plan->working_from) && read_date(r, to, &plan->working_to);
}

/* No subject may have more events than the timeline holds. */
static bool check_bounds(struct reader *r)
{
	const struct plan *plan = r->plan;
	size_t entries = 2 + (size_t)plan->visits.max + (size_t)plan->n_consents * (PLAN_RENEWALS + 1);

	for (unsigned i = 0; i < plan->n_collects; i++)
		entries += (size_t)plan->collects[i].times.max;
	for (unsigned i = 0; i < plan->n_stories; i++)
		entries += plan->stories[i].n_steps;
	return entries <= PLAN_MAX_ENTRIES || refuse(r, "too much", "more events of one subject than the generator holds");
}

static bool read_plan(struct reader *r)
{
	json_t *offsets, *working, *reg, *consent, *visits, *idle, *consents, *consent_of, *collects, *lists, *stories;
	const char *about = NULL, *earliest, *visit;
	json_error_t e;

	r->where = "top level";
	if (json_unpack_ex(r->plan->root, &e, JSON_STRICT, "{s?s,s:o,s:s,s:o,s:o,s:o,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "about", &about,
			   "offsets", &offsets, "earliest", &earliest, "working_days", &working, "register", &reg, "consent", &consent,
			   "visit", &visit, "visits", &visits, "idle", &idle, "consents", &consents, "purpose_needs", &consent_of,
			   "collect", &collects, "lists", &lists, "stories", &stories))
		return refuse(r, "member", e.text);
	r->plan->visit = visit;
	return read_date(r, earliest, &r->plan->earliest) && read_range(r, visits, &r->plan->visits, 50) &&
	       read_general(r, reg, consent, idle, working) && read_offsets(r, offsets) && read_lists(r, lists) &&
	       read_consents(r, consents) && read_collects(r, collects, consent_of) && read_stories(r, stories) && check_bounds(r);
}

/* Open the file in the folder @dir of @len bytes; only "not there" goes on to the next folder. */
static FILE *open_in(const char *dir, size_t len, bool *failed)
{
	char path[PLAN_PATH_MAX];
	int n = snprintf(path, sizeof(path), "%.*s/%s", (int)len, dir, PLAN_NAME);
	FILE *file;

	if (n < 0 || (size_t)n >= sizeof(path))
		return NULL;
	file = fopen(path, "re");
	*failed = !file && errno != ENOENT && errno != ENOTDIR;
	return file;
}

static FILE *open_plan(bool *failed)
{
	static const char *const fixed[] = {"policies", SAQTA_DATADIR "/policies"};
	const char *env = getenv("SAQTA_POLICY_PATH");
	FILE *file = NULL;

	while (env && *env && !file && !*failed) {
		size_t len = strcspn(env, ":");

		if (len && len < PLAN_PATH_MAX)
			file = open_in(env, len, failed);
		env += len + (env[len] == ':');
	}
	for (size_t i = 0; i < 2 && !file && !*failed; i++)
		file = open_in(fixed[i], strlen(fixed[i]), failed);
	return file;
}

enum saqta_status plan_load(struct plan **ret, struct saqta_error *reterr)
{
	cleanup_(plan_freep) struct plan *plan = calloc(1, sizeof(*plan));
	bool failed = false;
	json_error_t e;
	FILE *file;

	if (!plan)
		return err_set(reterr, SAQTA_ERR_NOMEM, 0, "generate: out of memory");
	file = open_plan(&failed);
	if (!file)
		return err_set(reterr, SAQTA_ERR_MISSING, 0, "%s: %s", PLAN_NAME,
			       failed ? "cannot be read" : "not found in SAQTA_POLICY_PATH, ./policies or the installed folder");
	plan->root = json_loadf(file, JSON_REJECT_DUPLICATES, &e);
	(void)fclose(file);
	if (!plan->root)
		return err_set(reterr, SAQTA_ERR_POLICY, e.line > 0 ? (unsigned)e.line : 0, "%s: %s", PLAN_NAME, e.text);

	struct reader r = {.plan = plan, .err = reterr};
	if (!read_plan(&r))
		return SAQTA_ERR_POLICY;
	*ret = plan;
	plan = NULL;
	return SAQTA_OK;
}

struct plan *plan_free(struct plan *plan)
{
	if (!plan)
		return NULL;
	for (unsigned i = 0; i < plan->n_stories; i++) {
		for (unsigned k = 0; k < plan->stories[i].n_steps; k++) {
			for (unsigned p = 0; p < PLAN_MAX_PIECES; p++)
				free(plan->stories[i].steps[k].pieces[p].text);
		}
	}
	free(plan->register_evidence);
	free(plan->consent_evidence);
	json_decref(plan->root);
	free(plan);
	return NULL;
}

void plan_freep(struct plan **plan) { *plan = plan_free(*plan); }
