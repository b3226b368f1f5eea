/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"
#include "saqta/audit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `audit reconcile`: what the vault's tables hold, told again by the log alone, from its first incarnation on, and compared. A row that was put
 * in, changed or taken out beside the log is a difference.
 *
 * Of each pseudonym: registered and not gone, so many records collected and not destroyed, its last state. Of each task that an entry names: it
 * is there as long as its subject is, and closed if an entry says so. The policy in force and its digest. What entries do not tell is not
 * compared: contents (sealed, bound to their place), requests, further tasks of one event. */

#define PSEUDONYM_SIZE 16
#define DIFFERENCES_MAX 1000

struct life {
	uint8_t pseudonym[PSEUDONYM_SIZE];
	bool is_used, is_registered, is_gone, is_found;
	char state[20];
	uint64_t collected, destroyed; /* records */
	uint64_t entry;		       /* the last one about it */
};
struct named_task {
	uint64_t number;
	uint8_t subject[PSEUDONYM_SIZE];
	bool has_subject, is_closed;
};
struct reconcile {
	struct saqta_engine *e;
	struct life *lives; /* open addressing; a power of two */
	size_t cap, n_lives;
	struct named_task *tasks; /* in the order of the log */
	size_t n_tasks, cap_tasks;
	char policy_digest[2 * HASH_SIZE + 1];
	uint64_t policy_entry, entries, past_entries, pruned, subjects, records, n_differences;
	json_t *differences;
	saqta_progress_fn progress;
	void *progress_user;
};

static void reconcile_done(struct reconcile *c)
{
	free(c->lives);
	free(c->tasks);
	json_decref(c->differences);
}

static enum saqta_status no_memory(struct saqta_error *err) { return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory"); }

static void differs(struct reconcile *c, const char *fmt, ...) printf_(2, 3);
static void differs(struct reconcile *c, const char *fmt, ...)
{
	char text[240];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (c->n_differences++ < DIFFERENCES_MAX)
		(void)json_array_append_new(c->differences, json_string(text));
}

/* ---- lives by pseudonym: random bytes, so they hash themselves ---- */

static struct life *slot(struct life *lives, size_t cap, const uint8_t pseudonym[PSEUDONYM_SIZE])
{
	size_t at;

	memcpy(&at, pseudonym, sizeof(at));
	for (at &= cap - 1; lives[at].is_used && memcmp(lives[at].pseudonym, pseudonym, PSEUDONYM_SIZE) != 0;)
		at = (at + 1) & (cap - 1);
	return &lives[at];
}

static struct life *life_of(struct reconcile *c, const uint8_t pseudonym[PSEUDONYM_SIZE])
{
	struct life *l;

	if (c->n_lives * 2 >= c->cap) {
		size_t cap = c->cap ? c->cap * 2 : 1024;
		struct life *lives = calloc(cap, sizeof(*lives));

		if (!lives)
			return NULL;
		for (size_t i = 0; i < c->cap; i++)
			if (c->lives[i].is_used)
				*slot(lives, cap, c->lives[i].pseudonym) = c->lives[i];
		free(c->lives);
		c->lives = lives;
		c->cap = cap;
	}
	l = slot(c->lives, c->cap, pseudonym);
	if (!l->is_used) {
		memcpy(l->pseudonym, pseudonym, PSEUDONYM_SIZE);
		l->is_used = true;
		c->n_lives++;
	}
	return l;
}

/* ---- the log ---- */

static const char *text_of(const json_t *entry, const char *name)
{
	const char *text = json_string_value(json_object_get(entry, name));

	return text ? text : "";
}

static enum saqta_status take_task(struct reconcile *c, uint64_t number, const struct life *l, bool is_closed, struct saqta_error *err)
{
	if (c->n_tasks == c->cap_tasks) {
		size_t cap = c->cap_tasks ? c->cap_tasks * 2 : 256;
		struct named_task *tasks = realloc(c->tasks, cap * sizeof(*tasks));

		if (!tasks)
			return no_memory(err);
		c->tasks = tasks;
		c->cap_tasks = cap;
	}
	c->tasks[c->n_tasks] = (struct named_task){.number = number, .has_subject = l != NULL, .is_closed = is_closed};
	if (l)
		memcpy(c->tasks[c->n_tasks].subject, l->pseudonym, PSEUDONYM_SIZE);
	c->n_tasks++;
	return SAQTA_OK;
}

/* Told again after a restore: of a record that the backup did not have yet there is nothing to take off. */
static bool is_of_the_lost(const json_t *more, const struct life *l)
{
	return json_object_get(more, "replayed") && (uint64_t)json_integer_value(json_object_get(more, "record")) > l->collected;
}

static void take_subject(const json_t *entry, const char *type, bool is_applied, struct life *l)
{
	const json_t *more = json_object_get(entry, "more");
	const char *state = text_of(entry, "state");

	if (is_applied && strcmp(type, "register") == 0)
		l->is_registered = true;
	if (is_applied && strcmp(type, "collect") == 0)
		l->collected++;
	if (strcmp(type, "record-destroyed") == 0 && !is_of_the_lost(more, l))
		l->destroyed++;
	if (strcmp(state, "destroyed") == 0 || strcmp(state, "depersonalised") == 0)
		l->is_gone = true;
	if (*state)
		(void)snprintf(l->state, sizeof(l->state), "%s", state);
}

static enum saqta_status take(struct reconcile *c, uint64_t seq, const uint8_t *body, size_t len, struct saqta_error *err)
{
	json_t *entry = json_loadb((const char *)body, len, 0, NULL);
	const char *type = text_of(entry, "type"), *subject = text_of(entry, "subject");
	bool is_applied = strcmp(text_of(entry, "outcome"), "applied") == 0;
	uint64_t task = (uint64_t)json_integer_value(json_object_get(entry, "task"));
	uint8_t pseudonym[PSEUDONYM_SIZE];
	struct life *l = NULL;
	enum saqta_status r = SAQTA_OK;

	if (!entry)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "entry %llu is no JSON", (unsigned long long)seq);
	if (strlen(subject) == 2 * sizeof(pseudonym) && hex_decode(subject, 2 * sizeof(pseudonym), pseudonym)) {
		l = life_of(c, pseudonym);
		if (l) {
			l->entry = seq;
			take_subject(entry, type, is_applied, l);
		} else {
			r = no_memory(err);
		}
	}
	if (!r && task > 0)
		r = take_task(c, task, l, strcmp(type, "task-closed") == 0, err);
	if (strcmp(type, "policy") == 0) {
		c->policy_entry = seq;
		(void)snprintf(c->policy_digest, sizeof(c->policy_digest), "%s", text_of(json_object_get(entry, "more"), "digest"));
	}
	json_decref(entry);
	return r;
}

static enum saqta_status take_entry(struct saqta_engine *e, void *user, uint32_t incarnation, uint64_t seq, const uint8_t *entry,
				    size_t len, struct saqta_error *err)
{
	struct reconcile *c = user;

	if (incarnation < e->incarnation)
		c->past_entries++;
	else
		c->entries++;
	if (c->progress && seq % 4096 == 0 && c->progress(c->progress_user, seq, audit_log_size(e->log)) != 0)
		return err_set(err, SAQTA_ERR_CANCELLED, 0, "stopped before the end");
	if (len > 0)
		return take(c, seq, entry, len, err);
	c->pruned++; /* of nobody who lives, or a question: it tells nothing of the tables */
	return SAQTA_OK;
}

static enum saqta_status read_log(struct reconcile *c, struct saqta_error *err)
{
	enum saqta_status r = hall_each_past(c->e, take_entry, c, err);

	return r ? r : hall_each_entry(c->e, 0, take_entry, c, err);
}

/* ---- the tables ---- */

/* Opening each also shows that its seal holds and that it stands where it was put. */
static enum saqta_status count_records(struct reconcile *c, const struct subject *s, uint64_t *ret, struct saqta_error *err)
{
	struct record_scan scan;
	struct record rec = {0};
	enum saqta_status r = vault_records(&c->e->vault, s, &scan, err);

	*ret = 0;
	while (!r) {
		r = vault_next_record(&scan, &rec, err);
		*ret += !r;
	}
	record_done(&rec);
	vault_records_end(&scan);
	return r == SAQTA_ERR_MISSING ? SAQTA_OK : r;
}

static enum saqta_status check_name(struct reconcile *c, const struct subject *s, const char *pseudonym, struct saqta_error *err)
{
	uint8_t id[SUBJECT_ID_SIZE];
	enum saqta_status r = vault_find(&c->e->vault, s->external_id, id, err);

	if (r && r != SAQTA_ERR_MISSING)
		return r;
	if (r || memcmp(id, s->id, sizeof(id)) != 0)
		differs(c, "subject %s: its look-up row is missing or leads to another", pseudonym);
	return SAQTA_OK;
}

static void check_life(struct reconcile *c, const struct subject *s, const struct life *l, const char *pseudonym, uint64_t records)
{
	unsigned long long entry = l->entry, want = l->collected - l->destroyed;

	if (l->is_gone)
		differs(c, "subject %s: is in the vault; by entry %llu it is %s", pseudonym, entry, l->state);
	else if (records != want || s->n_records != want)
		differs(c, "subject %s: has %llu records and says %llu; by the log %llu, entry %llu the last", pseudonym,
			(unsigned long long)records, (unsigned long long)s->n_records, want, entry);
	else if (strcmp(subject_state(s), l->state) != 0)
		differs(c, "subject %s: is %s; by entry %llu %s", pseudonym, subject_state(s), entry, l->state);
}

static enum saqta_status check_subject(struct saqta_engine *e, struct subject *s, void *user, struct saqta_error *err)
{
	struct reconcile *c = user;
	char pseudonym[2 * PSEUDONYM_SIZE + 1];
	uint64_t records;
	struct life *l;
	enum saqta_status r = count_records(c, s, &records, err);

	(void)e;
	if (r)
		return r;
	c->subjects++;
	c->records += records;
	if (s->is_depersonalised) /* nobody: no entry names it */
		return SAQTA_OK;
	hex_encode(s->pseudonym, sizeof(s->pseudonym), pseudonym);
	l = life_of(c, s->pseudonym);
	if (!l)
		return no_memory(err);
	l->is_found = true;
	if (l->is_registered)
		check_life(c, s, l, pseudonym, records);
	else
		differs(c, "subject %s: is in the vault; no entry registered it", pseudonym);
	return check_name(c, s, pseudonym, err);
}

static void check_missing(struct reconcile *c)
{
	for (size_t i = 0; i < c->cap; i++) {
		const struct life *l = &c->lives[i];
		char pseudonym[2 * PSEUDONYM_SIZE + 1];

		if (!l->is_used || !l->is_registered || l->is_gone || l->is_found)
			continue;
		hex_encode(l->pseudonym, PSEUDONYM_SIZE, pseudonym);
		differs(c, "subject %s: is not in the vault; entry %llu is the last about it, and none destroyed it", pseudonym,
			(unsigned long long)l->entry);
	}
}

static enum saqta_status check_task(struct reconcile *c, const struct named_task *t, struct saqta_error *err)
{
	const struct life *l = t->has_subject ? life_of(c, t->subject) : NULL;
	unsigned long long number = t->number;
	struct task row;
	enum saqta_status r = vault_get_task(&c->e->vault, t->number, &row, err);

	if (r && r != SAQTA_ERR_MISSING)
		return r;
	if (l && l->is_gone) {
		if (!r)
			differs(c, "task %llu: is in the vault; its subject is destroyed by entry %llu", number,
				(unsigned long long)l->entry);
		return SAQTA_OK;
	}
	if (r)
		differs(c, "task %llu: is not in the vault", number);
	else if (t->is_closed && row.closed_us == INSTANT_NONE)
		differs(c, "task %llu: is open; by the log it was closed", number);
	return SAQTA_OK;
}

static enum saqta_status check_policy(struct reconcile *c, struct saqta_error *err)
{
	char digest[2 * HASH_SIZE + 1];
	uint64_t n_names = 0, n_named = 0;
	enum saqta_status r;

	hex_encode(policy_digest(c->e->policy), HASH_SIZE, digest);
	if (strcmp(digest, c->policy_digest) != 0 || c->policy_entry != c->e->policy_entry)
		differs(c, "the policy in force is that of entry %llu; by the log entry %llu put the last one in force",
			(unsigned long long)c->e->policy_entry, (unsigned long long)c->policy_entry);
	r = db_count(c->e->vault.db, VAULT_LOOKUP, &n_names, err);
	for (size_t i = 0; i < c->cap; i++)
		n_named += c->lives[i].is_found;
	if (!r && n_names != n_named)
		differs(c, "%llu look-up rows for %llu subjects with a name", (unsigned long long)n_names, (unsigned long long)n_named);
	return r;
}

static enum saqta_status check_tables(struct reconcile *c, struct saqta_error *err)
{
	enum saqta_status r = hall_each_subject(c->e, check_subject, c, err);

	if (r)
		return r;
	check_missing(c);
	for (size_t i = 0; i < c->n_tasks && !r; i++)
		r = check_task(c, &c->tasks[i], err);
	return r ? r : check_policy(c, err);
}

static enum saqta_status give_report(const struct reconcile *c, saqta_write_fn write, void *user, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf json = {0};
	struct json_out j = {.out = &json};
	char *differences = json_dumps(c->differences, JSON_COMPACT);

	json_open(&j, NULL, '{');
	json_bool(&j, "agrees", c->n_differences == 0);
	json_int(&j, "entries", (int64_t)c->entries);
	json_int(&j, "past_entries", (int64_t)c->past_entries);
	json_int(&j, "pruned_entries", (int64_t)c->pruned);
	json_int(&j, "subjects", (int64_t)c->subjects);
	json_int(&j, "records", (int64_t)c->records);
	json_int(&j, "tasks", (int64_t)c->n_tasks);
	json_text(&j, "policy", c->policy_digest);
	json_int(&j, "n_differences", (int64_t)c->n_differences);
	json_raw(&j, "differences", differences ? differences : "[]");
	json_shut(&j, '}');
	buf_str(&json, "\n");
	free(differences);
	return hall_give(write, user, &json, err);
}

enum saqta_status saqta_audit_reconcile(saqta_engine *e, saqta_progress_fn progress, void *progress_user, saqta_write_fn write, void *user,
					struct saqta_error *err)
{
	cleanup_(reconcile_done) struct reconcile c = {.e = e, .progress = progress, .progress_user = progress_user};
	struct audit_head head;
	enum saqta_status r = audit_log_verify(e->log, progress, progress_user, &head, err);

	c.differences = json_array();
	if (!r)
		r = hall_verify_past(e, err);
	if (!r && !c.differences)
		r = no_memory(err);
	if (!r)
		r = read_log(&c, err);
	if (!r)
		r = check_tables(&c, err);
	if (!r)
		r = give_report(&c, write, user, err);
	if (!r && c.n_differences > 0)
		r = err_set(err, SAQTA_ERR_TAMPERED, 0,
			    "the vault's tables differ from its log in %llu places: something was changed beside it",
			    (unsigned long long)c.n_differences);
	return r;
}
