/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lists of subjects, the registers of tasks and requests, the status. */

struct destroyed_user {
	saqta_write_fn write;
	void *user;
	struct buf line;
};

static enum saqta_status list_if_destroyed(saqta_engine *e, void *user, uint32_t incarnation, uint64_t seq, const uint8_t *entry,
					   size_t len, struct saqta_error *err)
{
	struct destroyed_user *d = user;
	json_t *root = json_loadb((const char *)entry, len, 0, NULL);
	const char *type = json_string_value(json_object_get(root, "type"));
	const char *pseudonym = json_string_value(json_object_get(root, "subject"));
	const char *at = json_string_value(json_object_get(root, "at"));
	enum saqta_status r = SAQTA_OK;

	if (type && pseudonym && at && strcmp(type, "destroyed") == 0) {
		struct json_out j = {.out = &d->line};

		json_open(&j, NULL, '{');
		json_text(&j, "pseudonym", pseudonym);
		json_text(&j, "state", "destroyed");
		json_text(&j, "at", at);
		if (incarnation != e->incarnation)
			json_int(&j, "incarnation", incarnation);
		json_int(&j, "audit", (int64_t)seq);
		json_shut(&j, '}');
		buf_str(&d->line, "\n");
		r = hall_give(d->write, d->user, &d->line, err);
	}
	json_decref(root);
	return r;
}

static enum saqta_status list_destroyed(saqta_engine *e, saqta_write_fn write, void *user, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf body = {0};
	struct destroyed_user d = {.write = write, .user = user};
	enum saqta_status r = hall_each_past(e, list_if_destroyed, &d, err);

	for (uint64_t i = 0; !r && i < audit_log_size(e->log); i++) {
		buf_clear(&body);
		r = audit_log_entry(e->log, i, &body, err);
		if (!r)
			r = list_if_destroyed(e, &d, e->incarnation, i, body.data, body.len, err);
	}
	buf_done(&d.line);
	return r;
}

enum saqta_status hall_each_subject(saqta_engine *e, hall_visit_fn visit, void *user, struct saqta_error *err)
{
	uint8_t from[SUBJECT_ID_SIZE + 1] = {[SUBJECT_ID_SIZE - 1] = 1};
	struct subject s;
	enum saqta_status r = SAQTA_OK;

	subject_init(&s);
	for (;;) {
		cleanup_(db_scan_closep) struct db_scan *scan = NULL;
		const uint8_t *key, *value;
		size_t key_len, value_len;
		uint8_t id[SUBJECT_ID_SIZE];

		r = db_scan_open(e->vault.db, VAULT_SUBJECT, from, sizeof(from), "", 0, &scan, err);
		if (!r)
			r = db_scan_next(scan, &key, &key_len, &value, &value_len, err);
		if (r || key_len < SUBJECT_ID_SIZE)
			break;
		memcpy(id, key, SUBJECT_ID_SIZE);
		r = vault_load(&e->vault, id, &s, err);
		if (!r)
			r = visit(e, &s, user, err);
		if (r)
			break;
		memcpy(from, id, SUBJECT_ID_SIZE); /* on behind all rows of this subject */
		from[SUBJECT_ID_SIZE] = 0xff;
	}
	subject_done(&s);
	return r == SAQTA_ERR_MISSING ? SAQTA_OK : r;
}

struct list_user {
	const char *state;
	saqta_write_fn write;
	void *user;
	struct buf line;
};

static enum saqta_status list_one(saqta_engine *e, struct subject *s, void *user, struct saqta_error *err)
{
	struct list_user *l = user;
	struct json_out j = {.out = &l->line};

	if (l->state && strcmp(l->state, subject_state(s)) != 0)
		return SAQTA_OK;
	json_open(&j, NULL, '{');
	json_hex(&j, "pseudonym", s->pseudonym, sizeof(s->pseudonym));
	json_text(&j, "state", subject_state(s));
	json_int(&j, "records", (int64_t)s->n_records);
	json_time(&j, "registered", s->registered_us, policy_zone(e->policy));
	json_time(&j, "due", s->is_stopped ? s->stop_due_us : INSTANT_NONE, policy_zone(e->policy));
	json_shut(&j, '}');
	buf_str(&l->line, "\n");
	return hall_give(l->write, l->user, &l->line, err);
}

enum saqta_status saqta_engine_subject_list(saqta_engine *e, const char *state, saqta_write_fn write, void *user, struct saqta_error *err)
{
	static const char *const states[] = {"active", "blocked", "stopped", "depersonalised"};
	struct list_user l = {.state = state, .write = write, .user = user};
	bool is_known = !state;
	enum saqta_status r;

	if (hall_allows(e, ACT_LIST, err))
		return SAQTA_ERR_RIGHT;
	if (state && strcmp(state, "destroyed") == 0)
		return list_destroyed(e, write, user, err);
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]) && !is_known; i++)
		is_known = strcmp(state, states[i]) == 0;
	if (!is_known)
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, "the state must be active, blocked, stopped, depersonalised or destroyed");
	r = hall_each_subject(e, list_one, &l, err);
	buf_done(&l.line);
	return r;
}

static void task_json(const struct saqta_engine *e, const struct task *t, struct buf *ret)
{
	struct json_out j = {.out = ret};
	int64_t now_us = hall_now(e);
	char number[24];

	(void)snprintf(number, sizeof(number), "%llu", (unsigned long long)t->number);
	json_open(&j, NULL, '{');
	json_text(&j, "task", number);
	json_text(&j, "kind", t->kind);
	json_text(&j, "state", t->closed_us == INSTANT_NONE ? "open" : "closed");
	json_time(&j, "at", t->at_us, policy_zone(e->policy));
	json_time(&j, "due", t->due_us, policy_zone(e->policy));
	json_time(&j, "closing", policy_closing(e->policy, t->due_us), policy_zone(e->policy));
	if (t->unknown_year)
		json_int(&j, "unknown_year", t->unknown_year);
	json_time(&j, "closed", t->closed_us, policy_zone(e->policy));
	json_bool(&j, "overdue", t->closed_us == INSTANT_NONE && t->due_us != INSTANT_NONE && now_us >= t->due_us);
	if (t->request)
		json_int(&j, "request", (int64_t)t->request);
	json_text(&j, "rule", t->rule);
	json_shut(&j, '}');
	buf_str(ret, "\n");
}

enum saqta_status saqta_engine_task_list(saqta_engine *e, saqta_write_fn write, void *user, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf line = {0};
	struct task t = {0};
	enum saqta_status r;

	if (hall_allows(e, ACT_REGISTERS, err))
		return SAQTA_ERR_RIGHT;
	while (!(r = vault_next_task(&e->vault, t.number + 1, &t, err))) {
		task_json(e, &t, &line);
		r = hall_give(write, user, &line, err);
		if (r)
			break;
	}
	return r == SAQTA_ERR_MISSING ? SAQTA_OK : r;
}

enum saqta_status saqta_engine_task_close(saqta_engine *e, uint64_t number, saqta_write_fn write, void *user, struct saqta_error *err)
{
	cleanup_(answer_done) struct answer a;
	cleanup_(buf_done) struct buf line = {0};
	struct subject *s = NULL;
	struct task t;
	enum saqta_status r;

	answer_init(&a);
	if (hall_allows(e, ACT_CLOSE_TASK, err))
		return SAQTA_ERR_RIGHT;
	r = hall_begin(e, err);
	if (!r)
		r = vault_get_task(&e->vault, number, &t, err);
	if (r == SAQTA_ERR_MISSING)
		r = err_set(err, SAQTA_ERR_MISSING, 0, "task %llu: there is none with this number", (unsigned long long)number);
	if (!r && t.closed_us != INSTANT_NONE)
		r = err_set(err, SAQTA_ERR_INPUT, 0, "task %llu is closed already", (unsigned long long)number);
	if (!r)
		r = hall_subject_by_id(e, t.subject, &s, err);
	if (!r) {
		t.closed_us = hall_now(e);
		a.task = number;
		r = vault_put_task(&e->vault, &e->txn, &t, err);
	}
	if (!r)
		r = hall_count_delays(e, s, t.closed_us, err);
	if (!r)
		r = hall_record(e, "task-closed", t.closed_us, &a, &(struct entry_extra){.subject = s, .kind = t.kind}, err);
	if (!r)
		r = hall_commit(e, err);
	if (r) {
		hall_abort(e);
		return r;
	}
	r = hall_checkpoint(e, err);
	task_json(e, &t, &line);
	return r ? r : hall_give(write, user, &line, err);
}

static uint64_t number_of(const uint8_t *key)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | key[i];
	return v;
}

enum saqta_status saqta_engine_request_list(saqta_engine *e, const char *due_before, saqta_write_fn write, void *user,
					    struct saqta_error *err)
{
	cleanup_(buf_done) struct buf line = {0};
	cleanup_(db_scan_closep) struct db_scan *scan = NULL;
	int64_t before_us = INT64_MAX;
	const uint8_t *key, *value;
	size_t key_len, value_len;
	enum saqta_status r;

	if (hall_allows(e, ACT_REGISTERS, err))
		return SAQTA_ERR_RIGHT;
	if (due_before && !instant_parse(due_before, strlen(due_before), &before_us))
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, "--due-before must be an RFC 3339 time with an offset");
	r = db_scan_open(e->vault.db, VAULT_REQUEST, "", 0, "", 0, &scan, err);
	while (!r) {
		struct subject *s;

		r = db_scan_next(scan, &key, &key_len, &value, &value_len, err);
		if (r)
			break;
		if (key_len != 8 || value_len != SUBJECT_ID_SIZE)
			return err_set(err, SAQTA_ERR_TAMPERED, 0, "a row of the register of requests has the wrong length");
		r = hall_subject_by_id(e, value, &s, err);
		for (size_t i = 0; !r && i < s->n_requests; i++) {
			const struct request *q = &s->requests[i];
			struct json_out j = {.out = &line};

			if (q->number != number_of(key) ||
			    (due_before && (q->state == REQUEST_CLOSED || q->due_us == INSTANT_NONE || q->due_us >= before_us)))
				continue;
			hall_request_json(e, q, &j);
			buf_str(&line, "\n");
			r = hall_give(write, user, &line, err);
		}
	}
	return r == SAQTA_ERR_MISSING ? SAQTA_OK : r;
}

/* ---- status ---- */

struct status_user {
	uint64_t subjects, records, active, blocked, stopped, depersonalised, holds, pending, open_requests;
	int64_t next_due_us, now_us;
	uint64_t overdue;
};

static enum saqta_status count_one(saqta_engine *e, struct subject *s, void *user, struct saqta_error *err)
{
	struct status_user *u = user;
	const char *state = subject_state(s);

	(void)e;
	(void)err;
	u->subjects++;
	u->records += s->n_records;
	u->active += strcmp(state, "active") == 0;
	u->blocked += strcmp(state, "blocked") == 0;
	u->stopped += strcmp(state, "stopped") == 0;
	u->depersonalised += s->is_depersonalised;
	u->pending += s->n_pending > 0;
	for (size_t i = 0; i < s->n_holds; i++)
		if (!s->holds[i].is_lifted) {
			u->holds++;
			break;
		}
	for (size_t i = 0; i < s->n_requests; i++)
		u->open_requests += s->requests[i].state != REQUEST_CLOSED;
	return SAQTA_OK;
}

struct task_count {
	uint64_t open, overdue, closing; /* closing: due today, though the organisation has closed */
	int64_t next_us;
};

static enum saqta_status count_tasks(saqta_engine *e, struct task_count *ret, struct saqta_error *err)
{
	struct task t = {0};
	int64_t now_us = hall_now(e), closing_us;
	enum saqta_status r;

	while (!(r = vault_next_task(&e->vault, t.number + 1, &t, err))) {
		if (t.closed_us != INSTANT_NONE)
			continue;
		ret->open++;
		if (t.due_us == INSTANT_NONE)
			continue;
		if (now_us >= t.due_us) {
			ret->overdue++;
			continue;
		}
		closing_us = policy_closing(e->policy, t.due_us);
		ret->closing += closing_us != INSTANT_NONE && now_us >= closing_us;
		if (ret->next_us == INSTANT_NONE || t.due_us < ret->next_us)
			ret->next_us = t.due_us;
	}
	return r == SAQTA_ERR_MISSING ? SAQTA_OK : r;
}

enum saqta_status saqta_engine_status(saqta_engine *e, saqta_write_fn write, void *user, struct saqta_error *err)
{
	struct status_user u = {.now_us = hall_now(e)};
	cleanup_(buf_done) struct buf json = {0};
	struct json_out j = {.out = &json};
	struct task_count tasks = {.next_us = INSTANT_NONE};
	struct audit_head head;
	enum saqta_status r = hall_allows(e, ACT_STATUS, err);

	if (!r)
		r = hall_each_subject(e, count_one, &u, err);
	if (!r)
		r = count_tasks(e, &tasks, err);
	if (r)
		return r;
	audit_log_head(e->log, &head);
	json_open(&j, NULL, '{');
	json_text(&j, "policy", policy_id(e->policy));
	json_text(&j, "version", policy_version(e->policy));
	json_int(&j, "subjects", (int64_t)u.subjects);
	json_int(&j, "active", (int64_t)u.active);
	json_int(&j, "blocked", (int64_t)u.blocked);
	json_int(&j, "stopped", (int64_t)u.stopped);
	json_int(&j, "depersonalised", (int64_t)u.depersonalised);
	json_int(&j, "records", (int64_t)u.records);
	json_int(&j, "held", (int64_t)u.holds);
	json_int(&j, "withdrawals_waiting", (int64_t)u.pending);
	json_int(&j, "requests_open", (int64_t)u.open_requests);
	json_int(&j, "tasks_open", (int64_t)tasks.open);
	json_int(&j, "tasks_overdue", (int64_t)tasks.overdue);
	json_int(&j, "tasks_past_closing", (int64_t)tasks.closing);
	json_time(&j, "next_deadline", tasks.next_us, policy_zone(e->policy));
	json_int(&j, "log_entries", (int64_t)head.size);
	json_hex(&j, "log_root", head.root, sizeof(head.root));
	json_time(&j, "newest_entry", e->newest_us, policy_zone(e->policy));
	json_int(&j, "vault_bytes", (int64_t)db_bytes(e->vault.db));
	json_shut(&j, '}');
	buf_str(&json, "\n");
	return hall_give(write, user, &json, err);
}
