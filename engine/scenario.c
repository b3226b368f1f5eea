/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"
#include "saqta/tool.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Scenario files (contract 8): events and expectations over a vault in memory. */

struct runner {
	struct saqta_engine *e;
	saqta_write_fn messages;
	void *user;
	unsigned line;
	unsigned invalid_line; /* of an event answered `invalid`, until an expectation says what its outcome is; 0: none */
	unsigned n_failed;
	json_t *seen;	  /* external id -> true: registered in this file */
	json_t *nameless; /* external id -> hex id of what stayed of a depersonalised subject */
	bool has_answer;
	struct answer answer; /* to the last event; of a sweep the clauses alone */
	struct sweep_result sweep;
};

static void fail(struct runner *r, const char *fmt, ...) printf_(2, 3);
static void fail(struct runner *r, const char *fmt, ...)
{
	char text[512];
	int n = snprintf(text, sizeof(text), "line %u: ", r->line);
	va_list ap;

	va_start(ap, fmt);
	n += vsnprintf(text + n, sizeof(text) - (size_t)n - 1, fmt, ap);
	va_end(ap);
	if ((size_t)n > sizeof(text) - 2)
		n = (int)sizeof(text) - 2;
	text[n] = '\n';
	(void)r->messages(r->user, text, (size_t)n + 1);
	r->n_failed++;
}

static const char *text_of(const json_t *root, const char *name) { return json_string_value(json_object_get(root, name)); }

/* ---- what a line may hold: what is mistyped would assert nothing, so the file is refused ---- */

enum value_type { V_TEXT, V_TIME, V_COUNT, V_TEXTS, V_BOOL };
struct line_member {
	const char *name;
	enum value_type type;
};
#define LINE_MEMBERS_MAX 12
static const struct line_kind {
	const char *what; /* of an expectation: the value of `expect` */
	struct line_member members[LINE_MEMBERS_MAX];
	bool is_question; /* the other members are those of a question, and the parser of events knows them */
} expectations[] = {
	{"outcome",
	 {{"expect", V_TEXT}, {"outcome", V_TEXT}, {"clauses", V_TEXTS}, {"without", V_TEXTS}, {"due", V_TIME}, {"state", V_TEXT}},
	 false},
	{"decide", {{"expect", V_TEXT}, {"effect", V_TEXT}, {"clauses", V_TEXTS}, {"without", V_TEXTS}}, true},
	{"subject", {{"expect", V_TEXT}, {"subject", V_TEXT}, {"state", V_TEXT}, {"records", V_COUNT}, {"categories", V_TEXTS}}, false},
	{"task",
	 {{"expect", V_TEXT}, {"subject", V_TEXT}, {"kind", V_TEXT}, {"due", V_TIME}, {"state", V_TEXT}, {"count", V_COUNT}},
	 false},
	{"sweep",
	 {{"expect", V_TEXT},
	  {"destroyed", V_COUNT},
	  {"stopped", V_COUNT},
	  {"lapsed", V_COUNT},
	  {"held", V_COUNT},
	  {"depersonalised", V_COUNT},
	  {"late", V_COUNT},
	  {"examined", V_COUNT},
	  {"clauses", V_TEXTS},
	  {"without", V_TEXTS}},
	 false},
	{"audit", {{"expect", V_TEXT}, {"verifies", V_BOOL}}, false},
};
static const struct line_kind first_line = {"the first line", {{"scenario", V_TEXT}, {"policy", V_TEXT}, {"start", V_TIME}}, false};
static const struct line_kind sweep_line = {"sweep", {{"event", V_TEXT}, {"at", V_TIME}}, false};

static enum saqta_status refuse(const struct runner *r, struct saqta_error *err, const char *name, const char *why)
{
	return err_set(err, SAQTA_ERR_INPUT, r->line, "%s: %s", name, why);
}

static bool is_texts(const json_t *v)
{
	size_t i;
	json_t *item;

	json_array_foreach(v, i, item) if (!json_is_string(item)) return false;
	return json_is_array(v);
}

/* NULL if @v is of the type, else what it must be. */
static const char *wrong_type(enum value_type type, const json_t *v)
{
	int64_t us;

	switch (type) {
	case V_TEXT:
		return json_is_string(v) ? NULL : "must be a string";
	case V_TIME:
		return json_is_string(v) && instant_parse(json_string_value(v), json_string_length(v), &us)
			       ? NULL
			       : "must be an RFC 3339 time with an offset, like 2026-01-05T09:00:00+05:00";
	case V_COUNT:
		return json_is_integer(v) && json_integer_value(v) >= 0 ? NULL : "must be a number, 0 or more";
	case V_TEXTS:
		return is_texts(v) ? NULL : "must be a list of strings";
	case V_BOOL:
		return json_is_boolean(v) ? NULL : "must be true or false";
	}
	return "cannot be understood";
}

static enum saqta_status check_line(const struct runner *r, const struct line_kind *kind, const json_t *root, struct saqta_error *err)
{
	const char *name, *why;
	const json_t *v;

	json_object_foreach((json_t *)root, name, v)
	{
		const struct line_member *m = kind->members;

		while (m < kind->members + LINE_MEMBERS_MAX && m->name && strcmp(m->name, name) != 0)
			m++;
		if (m == kind->members + LINE_MEMBERS_MAX || !m->name) {
			if (kind->is_question)
				continue;
			return refuse(r, err, name, "unknown member");
		}
		why = wrong_type(m->type, v);
		if (why)
			return refuse(r, err, name, why);
	}
	return SAQTA_OK;
}

/* An event that nobody can understand may be meant so, but then the file says it. */
/* No failure: what an expectation leaves out is not checked. But whoever mistyped the event wants to know. */
static void tell_invalid(struct runner *r)
{
	char text[320];
	int n;

	if (!r->invalid_line)
		return;
	n = snprintf(text, sizeof(text), "line %u: note: the event is invalid, and no expectation says so: %s\n", r->invalid_line,
		     r->answer.error.message);
	(void)r->messages(r->user, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
	r->invalid_line = 0;
}

/* ---- expectations ---- */

/* Every clause in the list @want must be among @have. */
static void expect_clauses(struct runner *r, const json_t *want, const struct buf *have)
{
	const char *list = have->len ? (const char *)have->data : "";
	size_t i;
	json_t *item;

	json_array_foreach(want, i, item) if (!json_string_value(item) || !text_lists(list, json_string_value(item)))
		fail(r, "clause %s is not among: %s", json_string_value(item), list);
}

/* None of the clauses in the list @unwanted may be among @have. */
static void expect_without(struct runner *r, const json_t *unwanted, const struct buf *have)
{
	const char *list = have->len ? (const char *)have->data : "";
	size_t i;
	json_t *item;

	json_array_foreach(unwanted, i, item) if (!json_string_value(item) || text_lists(list, json_string_value(item)))
		fail(r, "clause %s is among: %s", json_string_value(item), list);
}

static void expect_time(struct runner *r, const char *what, const char *want, int64_t have)
{
	char text[INSTANT_TEXT_SIZE] = "none";
	int64_t us;

	if (!want)
		return;
	if (instant_parse(want, strlen(want), &us) && us != have) {
		if (have != INSTANT_NONE)
			instant_format(have, policy_zone(r->e->policy), text);
		fail(r, "%s is %s, not %s", what, text, want);
	}
}

static void expect_text(struct runner *r, const char *what, const char *want, const char *have)
{
	if (want && (!have || strcmp(want, have) != 0))
		fail(r, "%s is %s, not %s", what, have ? have : "none", want);
}

static void expect_outcome(struct runner *r, const json_t *root)
{
	const struct answer *a = &r->answer;

	if (text_of(root, "outcome"))
		r->invalid_line = 0;
	if (!r->has_answer) {
		fail(r, "there was no event before");
		return;
	}
	expect_text(r, "outcome", text_of(root, "outcome"), outcome_name(a->outcome));
	if (a->error.status && text_of(root, "outcome") && strcmp(text_of(root, "outcome"), outcome_name(a->outcome)) != 0)
		fail(r, "error: %s", a->error.message);
	expect_clauses(r, json_object_get(root, "clauses"), &a->clauses);
	expect_without(r, json_object_get(root, "without"), &a->clauses);
	expect_time(r, "due", text_of(root, "due"), a->due_us);
	expect_text(r, "state", text_of(root, "state"), a->state);
}

static enum saqta_status expect_decide(struct runner *r, json_t *root, struct saqta_error *err)
{
	cleanup_(answer_done) struct answer a;
	struct event ev = {0};
	struct saqta_error why = {0};
	bool permit = false;

	answer_init(&a);
	if (event_from_json(r->e->policy, EVENT_FOR_SCENARIO, root, hall_now(r->e), &ev, &why))
		return refuse(r, err, "decide", why.message);
	if (hall_question(r->e, &ev, &a, NULL, &permit, &why)) {
		fail(r, "the question cannot be answered: %s", why.message);
	} else {
		expect_text(r, "effect", text_of(root, "effect"), permit ? "permit" : "deny");
		expect_clauses(r, json_object_get(root, "clauses"), &a.clauses);
		expect_without(r, json_object_get(root, "without"), &a.clauses);
		if (r->n_failed > 0 && a.clauses.len > 0 && text_of(root, "effect") &&
		    strcmp(text_of(root, "effect"), permit ? "permit" : "deny") != 0)
			fail(r, "decided by: %s", (const char *)a.clauses.data);
	}
	event_done(&ev);
	return SAQTA_OK;
}

static void expect_categories(struct runner *r, const struct subject *s, const json_t *want)
{
	struct saqta_error why;
	struct record_scan scan;
	struct record rec = {0};
	json_t *have = json_object();
	size_t i;
	json_t *item;
	const char *name;
	enum saqta_status status;

	status = vault_records(&r->e->vault, s, &scan, &why);
	while (!status) {
		status = vault_next_record(&scan, &rec, &why);
		if (!status)
			json_object_set_new(have, rec.category, json_true());
	}
	record_done(&rec);
	vault_records_end(&scan);
	json_array_foreach(want, i, item)
	{
		if (!json_object_get(have, json_string_value(item)))
			fail(r, "no record of %s is held", json_string_value(item));
		json_object_del(have, json_string_value(item));
	}
	json_object_foreach(have, name, item) fail(r, "a record of %s is held", name);
	json_decref(have);
}

/* The vault cannot tell a destroyed subject from one it never knew; the file can. */
static struct subject *subject_of(struct runner *r, const char *name, const char **ret_state)
{
	struct saqta_error why;
	struct subject *s = NULL;
	const char *nameless = text_of(r->nameless, name);
	uint8_t id[SUBJECT_ID_SIZE];

	if (hall_subject(r->e, name, &s, &why) == SAQTA_OK) {
		*ret_state = subject_state(s);
		return s;
	}
	*ret_state = json_object_get(r->seen, name) ? "destroyed" : "unknown";
	if (nameless && hex_decode(nameless, 2 * SUBJECT_ID_SIZE, id) && hall_subject_by_id(r->e, id, &s, &why) == SAQTA_OK) {
		*ret_state = "depersonalised";
		return s;
	}
	return NULL;
}

static void expect_subject(struct runner *r, const json_t *root)
{
	const char *name = text_of(root, "subject"), *state = NULL;
	const json_t *records = json_object_get(root, "records"), *categories = json_object_get(root, "categories");
	struct subject *s = name ? subject_of(r, name, &state) : NULL;

	if (!name) {
		fail(r, "subject is missing");
		return;
	}
	expect_text(r, "state", text_of(root, "state"), state);
	if (records && json_integer_value(records) != (json_int_t)(s ? s->n_records : 0))
		fail(r, "%llu records are held, not %lld", (unsigned long long)(s ? s->n_records : 0),
		     (long long)json_integer_value(records));
	if (categories && s)
		expect_categories(r, s, categories);
	else if (categories && json_array_size(categories) > 0)
		fail(r, "no records are held");
}

static bool task_fits(const struct task *t, const json_t *root)
{
	const char *kind = text_of(root, "kind"), *due = text_of(root, "due"), *state = text_of(root, "state");
	int64_t due_us;

	if (kind && strcmp(kind, t->kind) != 0)
		return false;
	if (state && strcmp(state, t->closed_us == INSTANT_NONE ? "open" : "closed") != 0)
		return false;
	return !due || (instant_parse(due, strlen(due), &due_us) && due_us == t->due_us);
}

static void expect_task(struct runner *r, const json_t *root)
{
	const char *name = text_of(root, "subject"), *state;
	const json_t *count = json_object_get(root, "count");
	struct subject *s = name ? subject_of(r, name, &state) : &r->e->controller;
	struct saqta_error why;
	struct task t;
	char due[INSTANT_TEXT_SIZE];
	json_int_t n = 0;

	for (size_t i = 0; s && i < s->n_tasks; i++)
		n += vault_get_task(&r->e->vault, s->tasks[i], &t, &why) == SAQTA_OK && task_fits(&t, root);
	if (count ? n == json_integer_value(count) : n > 0)
		return;
	if (count)
		fail(r, "there are %lld such tasks, not %lld", (long long)n, (long long)json_integer_value(count));
	else
		fail(r, "there is no such task");
	for (size_t i = 0; s && i < s->n_tasks; i++)
		if (vault_get_task(&r->e->vault, s->tasks[i], &t, &why) == SAQTA_OK) {
			(void)snprintf(due, sizeof(due), "none");
			if (t.due_us != INSTANT_NONE)
				instant_format(t.due_us, policy_zone(r->e->policy), due);
			fail(r, "there is: %s, due %s, %s", t.kind, due, t.closed_us == INSTANT_NONE ? "open" : "closed");
		}
}

static void expect_sweep(struct runner *r, const json_t *root)
{
	const struct {
		const char *name;
		uint64_t have;
	} counts[] = {{"destroyed", r->sweep.destroyed},
		      {"stopped", r->sweep.stopped},
		      {"lapsed", r->sweep.lapsed},
		      {"held", r->sweep.held},
		      {"depersonalised", r->sweep.depersonalised},
		      {"late", r->sweep.late},
		      {"examined", r->sweep.examined}};

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		const json_t *want = json_object_get(root, counts[i].name);

		if (want && json_integer_value(want) != (json_int_t)counts[i].have)
			fail(r, "%s: %llu, not %lld", counts[i].name, (unsigned long long)counts[i].have,
			     (long long)json_integer_value(want));
	}
	expect_clauses(r, json_object_get(root, "clauses"), &r->answer.clauses);
	expect_without(r, json_object_get(root, "without"), &r->answer.clauses);
}

static void expect_audit(struct runner *r, const json_t *root)
{
	struct audit_head head;
	struct saqta_error why = {0};
	bool verifies = audit_log_verify(r->e->log, NULL, NULL, &head, &why) == SAQTA_OK;

	if (verifies != !json_is_false(json_object_get(root, "verifies")))
		fail(r, "the log %s: %s", verifies ? "verifies" : "does not verify", why.message);
}

static enum saqta_status expect(struct runner *r, json_t *root, struct saqta_error *err)
{
	const char *what = text_of(root, "expect");
	const struct line_kind *kind = NULL;
	enum saqta_status status;

	for (size_t i = 0; what && !kind && i < sizeof(expectations) / sizeof(expectations[0]); i++)
		if (strcmp(what, expectations[i].what) == 0)
			kind = &expectations[i];
	if (!kind)
		return refuse(r, err, "expect", "must be one of: outcome, decide, subject, task, sweep, audit");
	status = check_line(r, kind, root, err);
	if (!status)
		status = hall_commit(r->e, err);
	if (status)
		return status;
	if (strcmp(what, "outcome") == 0)
		expect_outcome(r, root);
	else if (strcmp(what, "decide") == 0)
		return expect_decide(r, root, err);
	else if (strcmp(what, "subject") == 0)
		expect_subject(r, root);
	else if (strcmp(what, "task") == 0)
		expect_task(r, root);
	else if (strcmp(what, "sweep") == 0)
		expect_sweep(r, root);
	else
		expect_audit(r, root);
	return SAQTA_OK;
}

/* ---- events ---- */

/* By which clauses the sweep acted: those of the entries from @from on, and those that held something back. */
static enum saqta_status note_sweep_clauses(struct runner *r, uint64_t from, const struct buf *report, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf body = {0};
	json_t *root = json_loadb((const char *)report->data, report->len, 0, NULL);
	enum saqta_status status = SAQTA_OK;
	const char *clause;
	size_t k;
	json_t *item;

	json_object_foreach(json_object_get(root, "held_by"), clause, item) answer_clauses(&r->answer, clause);
	json_decref(root);
	for (uint64_t i = from; !status && i < audit_log_size(r->e->log); i++) {
		buf_clear(&body);
		status = audit_log_entry(r->e->log, i, &body, err);
		if (status)
			break;
		root = json_loadb((const char *)body.data, body.len, 0, NULL);
		json_array_foreach(json_object_get(root, "clauses"), k, item) answer_clauses(&r->answer, json_string_value(item));
		json_decref(root);
	}
	return status;
}

static enum saqta_status take_sweep(struct runner *r, const json_t *root, struct saqta_error *err)
{
	struct saqta_sweep_options o = {.size = sizeof(o), .unguarded = true};
	cleanup_(buf_done) struct buf report = {0};
	const char *at = text_of(root, "at");
	struct saqta_error why = {0};
	int64_t now_us = hall_now(r->e);
	enum saqta_status status = check_line(r, &sweep_line, root, err);
	uint64_t from;

	if (status)
		return status;
	if (at)
		(void)instant_parse(at, strlen(at), &now_us); /* checked above */
	r->e->fixed_now_us = now_us;
	r->has_answer = false;
	answer_done(&r->answer);
	answer_init(&r->answer);
	status = hall_commit(r->e, err);
	if (status)
		return status;
	from = audit_log_size(r->e->log);
	if (hall_sweep(r->e, &o, now_us, &r->sweep, &report, &why) || note_sweep_clauses(r, from, &report, &why))
		fail(r, "sweep: %s", why.message);
	return SAQTA_OK;
}

static void note_names(struct runner *r, const struct event *ev)
{
	char hex[2 * SUBJECT_ID_SIZE + 1];

	if (ev->kind == EVENT_REGISTER && r->answer.outcome == OUTCOME_APPLIED) {
		json_object_set_new(r->seen, ev->subject, json_true());
		json_object_del(r->nameless, ev->subject);
	}
	if (r->answer.state && strcmp(r->answer.state, "depersonalised") == 0) {
		hex_encode(r->e->depersonalised_id, SUBJECT_ID_SIZE, hex);
		json_object_set_new(r->nameless, ev->subject, json_string(hex));
	}
}

static enum saqta_status take_event(struct runner *r, const char *line, size_t len, struct saqta_error *err)
{
	struct event ev = {0};
	enum saqta_status status;

	answer_done(&r->answer);
	answer_init(&r->answer);
	r->has_answer = true;
	status = event_parse(r->e->policy, EVENT_FOR_APPLY, line, len, hall_now(r->e), &ev, &r->answer.error);
	if (status == SAQTA_ERR_INPUT) {
		r->answer.outcome = OUTCOME_INVALID;
		r->invalid_line = r->line;
		return SAQTA_OK;
	}
	if (!status) {
		r->e->fixed_now_us = ev.at_us;
		status = hall_begin(r->e, err);
	}
	if (!status)
		status = hall_apply(r->e, &ev, &r->answer, err);
	if (!status)
		note_names(r, &ev);
	if (r->answer.outcome == OUTCOME_INVALID)
		r->invalid_line = r->line;
	event_done(&ev);
	return status ? status : hall_commit(r->e, err);
}

static enum saqta_status take_line(struct runner *r, const char *line, size_t len, struct saqta_error *err)
{
	json_t *root = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	const char *event = text_of(root, "event");
	enum saqta_status status;

	if (root && json_object_get(root, "expect")) {
		status = expect(r, root, err);
	} else {
		tell_invalid(r);
		status = event && strcmp(event, "sweep") == 0 ? take_sweep(r, root, err) : take_event(r, line, len, err);
	}
	json_decref(root);
	return status;
}

static enum saqta_status start(struct runner *r, const char *dirs, const char *line, size_t len, struct saqta_error *err)
{
	cleanup_(problems_done) struct problems problems = {0};
	json_t *root = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	const char *policy = text_of(root, "policy"), *at = text_of(root, "start");
	int64_t now_us;
	enum saqta_status status = check_line(r, &first_line, root, err);

	if (!status && (!json_object_get(root, "scenario") || !policy || !at || !instant_parse(at, strlen(at), &now_us)))
		status = refuse(r, err, "the first line", "must name scenario, policy and start");
	if (!status)
		status = hall_open_memory(policy, dirs, now_us, &r->e, &problems, err);
	json_decref(root);
	if (problems.text.len > 0)
		(void)r->messages(r->user, (const char *)problems.text.data, problems.text.len);
	return status;
}

static void runner_done(struct runner *r)
{
	answer_done(&r->answer);
	json_decref(r->seen);
	json_decref(r->nameless);
	r->e = saqta_engine_close(r->e);
}

static void close_file(FILE **f)
{
	if (*f)
		(void)fclose(*f);
}

static void free_line(char **line) { free(*line); }

enum saqta_status saqta_scenario_run(const char *path, const char *policy_dirs, saqta_write_fn messages, void *user, bool *ret_passed,
				     struct saqta_error *err)
{
	cleanup_(runner_done) struct runner r = {.messages = messages, .user = user, .seen = json_object(), .nameless = json_object()};
	cleanup_(close_file) FILE *f = fopen(path, "re");
	cleanup_(free_line) char *line = NULL;
	struct stat st;
	size_t cap = 0;
	ssize_t n;
	enum saqta_status status = SAQTA_OK;

	answer_init(&r.answer);
	if (!f || fstat(fileno(f), &st) != 0)
		return err_set(err, SAQTA_ERR_MISSING, 0, "%s: %s", path, strerror(errno));
	if ((uintmax_t)st.st_size > BUF_MAX)
		return err_set(err, SAQTA_ERR_LIMIT, 0, "%s: the file is larger than %zu MiB", path, BUF_MAX >> 20);
	while (!status && (n = getline(&line, &cap, f)) > 0) {
		size_t len = (size_t)n - (line[n - 1] == '\n');

		r.line++;
		if (len == 0)
			continue;
		if (len > EVENT_BYTES_MAX)
			return err_set(err, SAQTA_ERR_LIMIT, r.line, "%s:%u: the line is longer than 4 MiB", path, r.line);
		status = r.e ? take_line(&r, line, len, err) : start(&r, policy_dirs, line, len, err);
	}
	if (!status)
		tell_invalid(&r);
	if (!status && !r.e)
		status = err_set(err, SAQTA_ERR_INPUT, 0, "%s: the file is empty", path);
	if (!status)
		*ret_passed = r.n_failed == 0;
	return status;
}
