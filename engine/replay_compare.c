/* SPDX-License-Identifier: Apache-2.0 */
#include "replay.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Holding what came of a run against the log, entry by entry. Pseudonyms, numbers of tasks and receipts are drawn anew by each run: of the first
 * two it is compared who is who, the last are left out. */

#define SHOWN_MAX 300
#define TASKS_OF_ONE_EVENT 16

static enum saqta_status no_memory(struct saqta_error *err) { return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory"); }

void replay_stop(struct replay *w, const char *fmt, ...)
{
	va_list args;

	if (w->is_stopped)
		return;
	w->is_stopped = true;
	va_start(args, fmt);
	(void)vsnprintf(w->why, sizeof(w->why), fmt, args);
	va_end(args);
}

static json_t *shown(const json_t *value)
{
	char *text = value ? json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY) : NULL;
	json_t *ret = NULL;

	if (text && strlen(text) <= SHOWN_MAX)
		ret = json_incref((json_t *)value);
	else if (text)
		ret = json_stringn_nocheck(text, SHOWN_MAX);
	free(text);
	return ret ? ret : json_null();
}

void replay_differs(struct replay *w, const struct held *at, const char *member, const json_t *want, const json_t *got)
{
	if (w->difference)
		return;
	w->difference = json_object();
	if (at) {
		if (at->incarnation != w->e->incarnation)
			(void)json_object_set_new(w->difference, "incarnation", json_integer((json_int_t)at->incarnation));
		(void)json_object_set_new(w->difference, "entry", json_integer((json_int_t)at->seq));
	}
	(void)json_object_set_new(w->difference, "line", json_integer((json_int_t)w->number));
	(void)json_object_set_new(w->difference, "member", json_string(member));
	(void)json_object_set_new(w->difference, "wanted", shown(want));
	(void)json_object_set_new(w->difference, "got", shown(got));
}

/* ---- who is who ---- */

struct person *replay_person(const struct replay *w, const json_t *entry)
{
	uint8_t name[PSEUDONYM_SIZE];
	const uint64_t *at = pseudonym_of(entry, name) ? pseudonyms_get(&w->in_log, name) : NULL;

	return at ? &w->persons[*at - 1] : NULL;
}

static enum saqta_status add_person(struct replay *w, const uint8_t in_log[PSEUDONYM_SIZE], const uint8_t in_mem[PSEUDONYM_SIZE],
				    struct saqta_error *err)
{
	const struct subject *s = &w->mem->current;
	uint64_t *log = pseudonyms_put(&w->in_log, in_log), *mem = pseudonyms_put(&w->in_mem, in_mem);

	if (w->n_persons == w->cap_persons) {
		size_t cap = w->cap_persons ? w->cap_persons * 2 : 256;
		struct person *persons = realloc(w->persons, cap * sizeof(*persons));

		if (!persons)
			return no_memory(err);
		w->persons = persons;
		w->cap_persons = cap;
	}
	if (!log || !mem)
		return no_memory(err);
	w->persons[w->n_persons] = (struct person){0};
	memcpy(w->persons[w->n_persons].in_log, in_log, PSEUDONYM_SIZE);
	if (w->mem->has_current && memcmp(s->pseudonym, in_mem, PSEUDONYM_SIZE) == 0)
		memcpy(w->persons[w->n_persons].id, s->id, SUBJECT_ID_SIZE);
	*log = *mem = ++w->n_persons;
	return SAQTA_OK;
}

/* Is the entry about the same person as the one that came of the run? Whoever is new in both is. */
static enum saqta_status same_person(struct replay *w, const json_t *want, const json_t *got, bool *ret, struct saqta_error *err)
{
	uint8_t in_log[PSEUDONYM_SIZE], in_mem[PSEUDONYM_SIZE];
	bool has_log = pseudonym_of(want, in_log), has_mem = pseudonym_of(got, in_mem);
	const uint64_t *log = has_log ? pseudonyms_get(&w->in_log, in_log) : NULL;
	const uint64_t *mem = has_mem ? pseudonyms_get(&w->in_mem, in_mem) : NULL;

	*ret = has_log == has_mem && (log && mem ? *log == *mem : !log && !mem);
	return *ret && has_log && !log ? add_person(w, in_log, in_mem, err) : SAQTA_OK;
}

static void task_key(uint64_t task, uint8_t ret[PSEUDONYM_SIZE])
{
	memset(ret, 0, PSEUDONYM_SIZE);
	memcpy(ret, &task, sizeof(task));
}

/* An entry names the first task that its event opened; further ones follow it in both. */
uint64_t replay_task(const struct replay *w, uint64_t task)
{
	for (uint64_t k = 0; k < TASKS_OF_ONE_EVENT && k < task; k++) {
		uint8_t key[PSEUDONYM_SIZE];
		const uint64_t *at;

		task_key(task - k, key);
		at = pseudonyms_get(&w->tasks, key);
		if (at)
			return *at + k;
	}
	return task;
}

static enum saqta_status note_task(struct replay *w, const json_t *want, const json_t *got, struct saqta_error *err)
{
	json_int_t log = json_integer_value(json_object_get(want, "task")), mem = json_integer_value(json_object_get(got, "task"));
	uint8_t key[PSEUDONYM_SIZE];
	uint64_t *at;

	if (log <= 0 || mem <= 0)
		return SAQTA_OK;
	task_key((uint64_t)log, key);
	at = pseudonyms_put(&w->tasks, key);
	if (!at)
		return no_memory(err);
	*at = (uint64_t)mem;
	return SAQTA_OK;
}

/* ---- one entry ---- */

static bool is_one_of(const char *type, const char *const *types)
{
	while (*types && strcmp(*types, type) != 0)
		types++;
	return *types != NULL;
}

static bool same_more(const json_t *want, const json_t *got)
{
	json_t *a = json_deep_copy(json_object_get(want, "more")), *b = json_deep_copy(json_object_get(got, "more"));
	bool is_same;

	(void)json_object_del(a, "receipt");
	(void)json_object_del(b, "receipt");
	is_same = json_equal(a, b) || (!a && !b);
	json_decref(a);
	json_decref(b);
	return is_same;
}

/* The member in which they differ, or NULL. */
static const char *differing(const json_t *want, const json_t *got)
{
	static const char *const members[] = {"type", "at", "outcome", "rules", "clauses", "due", "state", "kind"};
	static const char *const with_more[] = {"policy", "sweep-end", "destroyed", "record-destroyed", NULL};

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		const json_t *a = json_object_get(want, members[i]), *b = json_object_get(got, members[i]);

		if (a != b && !(a && b && json_equal(a, b)))
			return members[i];
	}
	if (is_one_of(json_string_value(json_object_get(want, "type")), with_more) && !same_more(want, got))
		return "more";
	return !json_object_get(want, "task") == !json_object_get(got, "task") ? NULL : "task";
}

static enum saqta_status compare_one(struct replay *w, const struct held *h, const json_t *got, struct saqta_error *err)
{
	const char *type = json_string_value(json_object_get(h->entry, "type"));
	const char *state = json_string_value(json_object_get(h->entry, "state"));
	bool is_asked = h->incarnation == w->e->incarnation ? h->seq >= w->o->from : w->o->from == 0;
	const char *member = type ? differing(h->entry, got) : "type";
	const json_t *policy = json_object_get(h->entry, "policy");
	bool is_same_person;
	enum saqta_status r = same_person(w, h->entry, got, &is_same_person, err);

	if (!r && !member && !is_same_person)
		member = "subject"; /* the pseudonym in memory tells nobody anything */
	if (!r && !member && (uint64_t)json_integer_value(policy) != w->policy_entry)
		member = "policy";
	if (!r)
		r = note_task(w, h->entry, got, err);
	if (r)
		return r;
	if (!member && state && (strcmp(state, "destroyed") == 0 || strcmp(state, "depersonalised") == 0) && replay_person(w, h->entry))
		replay_person(w, h->entry)->is_erased = true;
	if (!is_asked)
		return SAQTA_OK;
	w->replayed++;
	w->equal += !member;
	if (member)
		replay_differs(w, h, member, json_object_get(h->entry, member),
			       strcmp(member, "policy") == 0 || strcmp(member, "subject") == 0 ? NULL : json_object_get(got, member));
	return SAQTA_OK;
}

/* ---- the two rows ---- */

enum saqta_status replay_hold(struct replay *w, uint32_t incarnation, uint64_t seq, json_t *entry, struct saqta_error *err)
{
	if (w->n_held == w->cap_held) {
		size_t cap = w->cap_held ? w->cap_held * 2 : 16;
		struct held *held = cap <= HELD_MAX ? realloc(w->held, cap * sizeof(*held)) : NULL;

		if (!held) {
			json_decref(entry);
			return cap > HELD_MAX ? err_set(err, SAQTA_ERR_TAMPERED, 0, "entry %llu: nothing explains it or those before it",
							(unsigned long long)seq)
					      : no_memory(err);
		}
		w->held = held;
		w->cap_held = cap;
	}
	w->held[w->n_held++] = (struct held){incarnation, seq, entry};
	return SAQTA_OK;
}

enum saqta_status replay_compare(struct replay *w, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf body = {0};
	size_t n = 0;
	enum saqta_status r = SAQTA_OK;

	while (!r && n < w->n_held && w->next < audit_log_size(w->mem->log)) {
		json_t *got;

		buf_clear(&body);
		r = audit_log_entry(w->mem->log, w->next++, &body, err);
		got = r ? NULL : json_loadb((const char *)body.data, body.len, 0, NULL);
		if (!r && !got)
			r = no_memory(err);
		if (!r)
			r = compare_one(w, &w->held[n], got, err);
		json_decref(got);
		json_decref(w->held[n++].entry);
	}
	memmove(w->held, w->held + n, (w->n_held - n) * sizeof(*w->held));
	w->n_held -= n;
	return r;
}
