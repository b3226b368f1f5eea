/* SPDX-License-Identifier: Apache-2.0 */
#include "replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* `audit replay`: the decisions of the log made again, and compared.
 *
 * The vault keeps no event as it was received, so the events come from a file, in the order in which they were applied. A vault in memory begins
 * as this one did; the log is walked, and whatever began something (an event, a sweep, another policy, a task closed) is done there, at the
 * recorded time, under the policy that the entry names, from the copy that the vault keeps. What comes of it stands in the log in memory and must
 * be what stands in this one; and each line must be the event to which its entry commits, as far as its subject lives. */

#define COMMIT_LINES 5000
#define PROGRESS_ENTRIES 1024

enum part { PART_NONE, PART_FOLLOWS, PART_BEGINS };

static enum saqta_status no_memory(struct saqta_error *err) { return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory"); }

static const char *text_of(const json_t *entry, const char *name)
{
	const char *text = json_string_value(json_object_get(entry, name));

	return text ? text : "";
}

static int64_t time_of(const json_t *entry, const char *name)
{
	const char *text = text_of(entry, name);
	int64_t us;

	return instant_parse(text, strlen(text), &us) ? us : INSTANT_NONE;
}

/* Does an entry of this type begin something, follow from what another began, or neither? */
static enum part part_of(const char *type)
{
	static const char *const begins[] = {"policy", "sweep-start", "task-closed", "deadlines-recomputed"};
	static const char *const follows[] = {"sweep-end", "lapsed", "stopped", "destroyed", "record-destroyed", "record-depersonalised",
					      "delay"};

	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (strcmp(type, begins[i]) == 0)
			return PART_BEGINS;
	for (size_t i = 0; i < sizeof(follows) / sizeof(follows[0]); i++)
		if (strcmp(type, follows[i]) == 0)
			return PART_FOLLOWS;
	return event_kind_of(type) >= 0 ? PART_BEGINS : PART_NONE;
}

/* ---- lines ---- */

static enum saqta_status look_at_line(struct replay *w, struct saqta_error *err)
{
	ssize_t n = 0;

	while (!w->has_line && !w->is_at_end) {
		n = getline(&w->line, &w->line_cap, w->events);
		if (n < 0 && ferror(w->events))
			return err_set(err, SAQTA_ERR_STORE, 0, "%s: cannot be read", w->o->events);
		w->is_at_end = n < 0;
		w->number += !w->is_at_end;
		w->line_len = n > 0 ? (size_t)n - (w->line[n - 1] == '\n') : 0;
		w->has_line = w->line_len > 0;
	}
	return SAQTA_OK;
}

/* Whose commitments can be opened: the living subject of the entry, known as @external_id; else NULL in @ret. */
static enum saqta_status living(struct replay *w, const json_t *entry, const char *external_id, struct subject **ret,
				struct saqta_error *err)
{
	uint8_t pseudonym[PSEUDONYM_SIZE];
	enum saqta_status r = external_id ? hall_subject(w->e, external_id, ret, err) : SAQTA_ERR_MISSING;

	if (r || !pseudonym_of(entry, pseudonym) || memcmp((*ret)->pseudonym, pseudonym, sizeof(pseudonym)) != 0)
		*ret = NULL;
	return r == SAQTA_ERR_MISSING ? SAQTA_OK : r;
}

/* HMAC of the event under the entry's key, in hex. */
static void commit_to(const struct subject *s, uint64_t seq, const void *event, size_t len, char ret[2 * HASH_SIZE + 1])
{
	uint8_t key[HASH_SIZE], have[HASH_SIZE];

	hall_commitment_key(s, seq, key);
	crypt_hmac(key, sizeof(key), event, len, have);
	crypt_wipe(key, sizeof(key));
	hex_encode(have, sizeof(have), ret);
}

/* Is it the event to which the entry commits? Only of a subject that lives can it be told. */
static enum saqta_status check_commitment(struct replay *w, const struct held *h, const struct event *ev, bool *ret_opens,
					  struct saqta_error *err)
{
	const char *input = text_of(h->entry, "input");
	char hex[2 * HASH_SIZE + 1], *event;
	struct subject *s = NULL;
	json_t *got;
	enum saqta_status r = living(w, h->entry, ev->subject, &s, err);

	*ret_opens = false;
	if (r || !s || !*input)
		return r;
	event = json_dumps(ev->root, JSON_COMPACT | JSON_SORT_KEYS);
	if (!event)
		return no_memory(err);
	commit_to(s, h->seq, event, strlen(event), hex);
	crypt_wipe(event, strlen(event));
	free(event);
	*ret_opens = strcmp(hex, input) == 0;
	if (*ret_opens)
		return SAQTA_OK;
	got = json_string(hex);
	replay_differs(w, h, "input", json_object_get(h->entry, "input"), got);
	json_decref(got);
	replay_stop(w, "line %u is not the event to which entry %llu commits: nothing after it can be told", w->number,
		    (unsigned long long)h->seq);
	return SAQTA_OK;
}

/* Do a line in memory, as `apply` does it; true in @ret_is_new if it left an entry, and then @ret_opens: its commitment was opened. */
static enum saqta_status do_event(struct replay *w, const struct held *h, const char *text, size_t len, bool *ret_is_new, bool *ret_opens,
				  struct saqta_error *err)
{
	cleanup_(answer_done) struct answer a;
	uint64_t before = audit_log_size(w->mem->log);
	int64_t at_us = h ? time_of(h->entry, "at") : hall_now(w->mem);
	struct event ev = {0};
	enum saqta_status r = SAQTA_OK;

	answer_init(&a);
	*ret_is_new = false;
	if (event_parse(w->mem->policy, EVENT_FOR_APPLY, text, len, at_us, &ev, &a.error) == SAQTA_OK) {
		r = hall_begin(w->mem, err);
		if (!r)
			r = hall_apply(w->mem, &ev, &a, err);
		*ret_is_new = audit_log_size(w->mem->log) > before;
	}
	if (!r && *ret_is_new && h)
		r = check_commitment(w, h, &ev, ret_opens, err);
	event_done(&ev);
	if (!r && w->number % COMMIT_LINES == 0)
		r = hall_commit(w->mem, err);
	return r;
}

/* ---- what begins something ---- */

static void close_event(const struct subject *s, const struct request *q, struct buf *ret)
{
	struct json_out j = {.out = ret};

	buf_clear(ret);
	json_open(&j, NULL, '{');
	json_text(&j, "event", event_name(EVENT_CLOSE));
	json_text(&j, "request", q->id);
	json_text(&j, "result", "answered");
	json_text(&j, "subject", s->external_id);
	json_shut(&j, '}');
}

/* `export --request` closes the request itself: there is no line for that, but what it did is known. By the commitment it is told which of the
 * open requests; of one who lives no more it is the only one, and then the next line is no close. Empty @ret: it was a line. */
static enum saqta_status closed_by_export(struct replay *w, const struct held *h, struct buf *ret, struct saqta_error *err)
{
	const struct person *p = replay_person(w, h->entry);
	struct subject *s = NULL, *alive = NULL;
	char hex[2 * HASH_SIZE + 1];
	unsigned n_open = 0;
	json_t *next;
	enum saqta_status r;

	if (!p || strcmp(text_of(h->entry, "type"), event_name(EVENT_CLOSE)) != 0)
		return SAQTA_OK;
	r = hall_subject_by_id(w->mem, p->id, &s, err);
	if (!r)
		r = living(w, h->entry, s->external_id, &alive, err);
	for (size_t i = 0; !r && i < s->n_requests; i++) {
		if (s->requests[i].state == REQUEST_CLOSED)
			continue;
		n_open++;
		close_event(s, &s->requests[i], ret);
		if (ret->failed)
			return no_memory(err);
		if (!alive)
			continue;
		commit_to(alive, h->seq, ret->data, ret->len, hex);
		if (strcmp(hex, text_of(h->entry, "input")) == 0)
			return SAQTA_OK;
	}
	if (!r && !alive && n_open == 1) {
		r = look_at_line(w, err);
		next = !r && w->has_line ? json_loadb(w->line, w->line_len, 0, NULL) : NULL;
		n_open = strcmp(text_of(next, "event"), event_name(EVENT_CLOSE)) != 0;
		json_decref(next);
		if (n_open == 1)
			return r;
	}
	buf_clear(ret);
	return r == SAQTA_ERR_MISSING ? SAQTA_OK : r;
}

/* The lines up to the one that leaves an entry: those before it were invalid or told a second time. */
static enum saqta_status do_lines(struct replay *w, const struct held *h, bool *ret_opens, struct saqta_error *err)
{
	bool is_new = false;
	enum saqta_status r = SAQTA_OK;

	while (!r && !is_new && !w->is_stopped) {
		r = look_at_line(w, err);
		if (!r && !w->has_line) {
			w->is_short = true;
			replay_stop(w, "the file ends before the event of entry %llu", (unsigned long long)h->seq);
		} else if (!r) {
			w->has_line = false;
			r = do_event(w, h, w->line, w->line_len, &is_new, ret_opens, err);
		}
	}
	return r;
}

static enum saqta_status begin_event(struct replay *w, struct saqta_error *err)
{
	const struct held h = w->held[w->n_held - 1];
	cleanup_(buf_done) struct buf event = {0};
	json_t *entry = json_incref(h.entry);
	const bool had_difference = w->difference != NULL;
	bool opens = false, is_new;
	struct person *p;
	const char *member;
	enum saqta_status r = closed_by_export(w, &h, &event, err);

	w->mem->fixed_now_us = time_of(h.entry, "recorded");
	if (!r && event.len > 0)
		r = do_event(w, &h, (const char *)event.data, event.len, &is_new, &opens, err);
	else if (!r)
		r = do_lines(w, &h, &opens, err);
	if (!r && !w->is_stopped)
		r = replay_compare(w, err);
	p = replay_person(w, entry);
	if (!r && !w->is_stopped && *text_of(entry, "input") && !opens) {
		w->unopened++;
		if (p && !p->unopened)
			p->unopened = h.seq + 1;
	}
	member = text_of(w->difference, "member");
	if (!r && !had_difference && (strcmp(member, "type") == 0 || strcmp(member, "at") == 0 || strcmp(member, "subject") == 0))
		replay_stop(w, "line %u is not the event of entry %llu: nothing after it can be told", w->number,
			    (unsigned long long)h.seq);
	json_decref(entry);
	return r;
}

static enum saqta_status begin_policy(struct replay *w, const json_t *entry, uint64_t seq, struct saqta_error *err)
{
	cleanup_(policy_unrefp) struct policy *p = NULL;
	const json_t *more = json_object_get(entry, "more");
	const char *hex = text_of(more, "digest");
	uint8_t digest[HASH_SIZE];
	struct derived ignored;
	enum saqta_status r;

	if (strlen(hex) != 2 * sizeof(digest) || !hex_decode(hex, 2 * sizeof(digest), digest))
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "entry %llu names no policy", (unsigned long long)seq);
	r = hall_load_stored(w->e, digest, &p, err);
	if (r)
		return r == SAQTA_ERR_MISSING
			       ? err_set(err, r, 0, "the vault keeps no copy of the policy of entry %llu", (unsigned long long)seq)
			       : r;
	w->policy_entry = seq;
	if (!w->mem)
		return hall_open_memory_under(p, w->e->policy_dirs, time_of(entry, "at"), &w->mem, err);
	r = hall_switch_policy(w->mem, p, policy_id(p), err);
	return r ? r : hall_finish_generation(w->mem, NULL, NULL, &ignored, err);
}

static int nowhere(void *user, const char *data, size_t len)
{
	(void)user;
	(void)data;
	(void)len;
	return 0;
}

static enum saqta_status begin_other(struct replay *w, struct saqta_error *err)
{
	const struct held *h = &w->held[w->n_held - 1];
	const char *type = text_of(h->entry, "type");
	struct saqta_sweep_options o = {.size = sizeof(o), .unguarded = true};
	cleanup_(buf_done) struct buf report = {0};
	struct sweep_result result;
	uint64_t n;
	enum saqta_status r = w->mem ? hall_commit(w->mem, err) : SAQTA_OK;

	if (w->mem)
		w->mem->fixed_now_us = time_of(h->entry, "at");
	if (r)
		return r;
	if (strcmp(type, "policy") == 0)
		r = begin_policy(w, h->entry, h->seq, err);
	else if (strcmp(type, "sweep-start") == 0)
		r = hall_sweep(w->mem, &o, w->mem->fixed_now_us, &result, &report, err);
	else if (strcmp(type, "task-closed") == 0)
		r = saqta_engine_task_close(w->mem, replay_task(w, (uint64_t)json_integer_value(json_object_get(h->entry, "task"))),
					    nowhere, NULL, err);
	else
		r = hall_deadlines(w->mem, &n, err);
	if (r == SAQTA_ERR_MISSING && w->mem) { /* no such task */
		replay_differs(w, h, "task", json_object_get(h->entry, "task"), NULL);
		replay_stop(w, "entry %llu closes a task that the events do not open", (unsigned long long)h->seq);
		return SAQTA_OK;
	}
	return r ? r : replay_compare(w, err);
}

/* ---- the log ---- */

static enum saqta_status begin(struct replay *w, bool has_rest, struct saqta_error *err)
{
	const struct held *h = &w->held[w->n_held - 1];
	const char *type = text_of(h->entry, "type");
	enum saqta_status r;

	if (has_rest) {
		replay_stop(w, "before entry %llu a run was cut off: what it had left to do cannot be told", (unsigned long long)h->seq);
		return SAQTA_OK;
	}
	if (!w->mem && strcmp(type, "policy") != 0) {
		replay_stop(w, "entry %llu stands before any policy", (unsigned long long)h->seq);
		return SAQTA_OK;
	}
	r = event_kind_of(type) >= 0 ? begin_event(w, err) : begin_other(w, err);
	if (!r && w->n_held > 0 && !w->is_stopped) {
		replay_differs(w, &w->held[0], "type", json_object_get(w->held[0].entry, "type"), NULL);
		replay_stop(w, "entry %llu does not come of the run", (unsigned long long)w->held[0].seq);
	}
	return r;
}

static enum saqta_status skip(struct replay *w, uint64_t seq, json_t *entry)
{
	const json_t *what = json_object_get(json_object_get(entry, "more"), "what");

	if (strcmp(text_of(entry, "type"), "incarnation") == 0 && (what || !w->mem))
		replay_stop(w,
			    "entry %llu begins the log after a restore: what was done between the backup and the loss is not in this log",
			    (unsigned long long)seq);
	w->skipped++;
	json_decref(entry);
	return SAQTA_OK;
}

static enum saqta_status take(struct saqta_engine *e, void *user, uint32_t incarnation, uint64_t seq, const uint8_t *body, size_t len,
			      struct saqta_error *err)
{
	struct replay *w = user;
	bool has_rest = w->mem && w->next < audit_log_size(w->mem->log);
	json_t *entry;
	enum part part;
	enum saqta_status r;

	(void)e;
	if (w->is_stopped)
		return SAQTA_OK;
	if (len == 0) {
		replay_stop(w, "entry %llu was pruned: what followed from it cannot be told", (unsigned long long)seq);
		return SAQTA_OK;
	}
	entry = json_loadb((const char *)body, len, 0, NULL);
	if (!entry)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "entry %llu is no JSON", (unsigned long long)seq);
	part = part_of(text_of(entry, "type"));
	w->entries++;
	if (part == PART_NONE)
		return skip(w, seq, entry);
	r = replay_hold(w, incarnation, seq, entry, err);
	if (r)
		return r;
	if (part == PART_BEGINS)
		return begin(w, has_rest, err);
	return has_rest ? replay_compare(w, err) : SAQTA_OK;
}

static enum saqta_status read_log(struct replay *w, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf body = {0};
	uint64_t size = audit_log_size(w->e->log), end = w->o->has_to && w->o->to < size ? w->o->to + 1 : size;
	enum saqta_status r = hall_each_past(w->e, take, w, err);

	for (uint64_t i = 0; !r && i < end && !w->is_stopped; i++) {
		buf_clear(&body);
		r = audit_log_entry(w->e->log, i, &body, err);
		if (!r)
			r = take(w->e, w, w->e->incarnation, i, body.data, body.len, err);
		if (!r && w->o->progress && i % PROGRESS_ENTRIES == 0 && w->o->progress(w->o->progress_user, i, end) != 0)
			r = err_set(err, SAQTA_ERR_CANCELLED, 0, "stopped before the end");
	}
	return r;
}

/* At the end of the log: lines that it does not have, entries that nothing explains, commitments that only an erasure could close. */
static enum saqta_status look_at_rest(struct replay *w, struct saqta_error *err)
{
	bool is_new = false, ignored;
	enum saqta_status r = SAQTA_OK;

	if (w->is_stopped || w->o->has_to)
		return SAQTA_OK;
	if (w->n_held > 0)
		replay_differs(w, &w->held[0], "type", json_object_get(w->held[0].entry, "type"), NULL);
	for (size_t i = 0; i < w->n_persons; i++) {
		const struct person *p = &w->persons[i];
		struct held at = {.incarnation = w->e->incarnation, .seq = p->unopened - 1};

		if (p->unopened && !p->is_erased) {
			replay_differs(w, &at, "subject", NULL, NULL);
			replay_stop(w, "entry %llu cannot be opened, and no entry erased its subject", (unsigned long long)at.seq);
		}
	}
	while (!r && w->mem && !is_new) {
		r = look_at_line(w, err);
		if (r || !w->has_line)
			break;
		w->has_line = false;
		r = do_event(w, NULL, w->line, w->line_len, &is_new, &ignored, err);
	}
	if (!r && is_new) {
		replay_differs(w, NULL, "entry", NULL, NULL);
		replay_stop(w, "line %u would leave an entry, and the log has none for it", w->number);
	}
	return r;
}

static enum saqta_status give_report(const struct replay *w, saqta_write_fn write, void *user, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf json = {0};
	struct json_out j = {.out = &json};
	char *difference = w->difference ? json_dumps(w->difference, JSON_COMPACT) : NULL;
	uint64_t erased = 0;

	for (size_t i = 0; i < w->n_persons; i++)
		erased += w->persons[i].is_erased;
	json_open(&j, NULL, '{');
	json_bool(&j, "agrees", !w->difference && !w->is_stopped);
	json_int(&j, "entries", (int64_t)w->entries);
	json_int(&j, "replayed", (int64_t)w->replayed);
	json_int(&j, "equal", (int64_t)w->equal);
	json_int(&j, "skipped", (int64_t)w->skipped);
	json_int(&j, "lines", w->number);
	json_int(&j, "subjects", (int64_t)w->n_persons);
	json_int(&j, "erased_by_entry", (int64_t)erased);
	json_int(&j, "commitments_erased", (int64_t)w->unopened);
	if (difference)
		json_raw(&j, "first_difference", difference);
	if (w->is_stopped)
		json_text(&j, "stopped", w->why);
	json_shut(&j, '}');
	buf_str(&json, "\n");
	free(difference);
	return hall_give(write, user, &json, err);
}

static void replay_done(struct replay *w)
{
	for (size_t i = 0; i < w->n_held; i++)
		json_decref(w->held[i].entry);
	free(w->held);
	free(w->persons);
	pseudonyms_done(&w->in_log);
	pseudonyms_done(&w->in_mem);
	pseudonyms_done(&w->tasks);
	json_decref(w->difference);
	if (w->line)
		crypt_wipe(w->line, w->line_cap);
	free(w->line);
	if (w->events)
		(void)fclose(w->events);
	w->mem = saqta_engine_close(w->mem);
}

static enum saqta_status verdict(const struct replay *w, struct saqta_error *err)
{
	if (w->difference)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "the log differs from what its policies make of these events%s%s",
			       w->is_stopped ? ": " : "", w->is_stopped ? w->why : "");
	if (w->is_stopped)
		return err_set(err, w->is_short ? SAQTA_ERR_INPUT : SAQTA_ERR_MISSING, 0, "%s", w->why);
	return SAQTA_OK;
}

enum saqta_status saqta_audit_replay(saqta_engine *e, const struct saqta_replay_options *o, saqta_write_fn write, void *user,
				     struct saqta_error *err)
{
	cleanup_(replay_done) struct replay w = {.e = e, .o = o};
	struct audit_head head;
	enum saqta_status r = hall_allows(e, ACT_LOG, err);

	if (r)
		return r;
	w.events = fopen(o->events, "re");
	if (!w.events)
		return err_set(err, SAQTA_ERR_MISSING, 0, "%s: %s", o->events, strerror(errno));
	r = audit_log_verify(e->log, o->progress, o->progress_user, &head, err);
	if (!r)
		r = hall_verify_past(e, err);
	if (!r)
		r = read_log(&w, err);
	if (!r)
		r = look_at_rest(&w, err);
	if (!r)
		r = give_report(&w, write, user, err);
	return r ? r : verdict(&w, err);
}
