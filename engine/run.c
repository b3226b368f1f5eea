/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"
#include "saqta/policy.h"

#include <stdlib.h>
#include <string.h>

/* The public face of applying, deciding and sweeping. */

enum saqta_status hall_give(saqta_write_fn write, void *user, struct buf *text, struct saqta_error *err)
{
	enum saqta_status r = SAQTA_OK;

	if (text->failed)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	if (text->len > 0 && write(user, (const char *)text->data, text->len) != 0)
		r = err_set(err, SAQTA_ERR_CANCELLED, 0, "the result could not be written");
	buf_clear(text);
	return r;
}

static void queue(saqta_engine *e, const struct answer *a, unsigned line)
{
	e->n_lines++;
	e->n_invalid += a->outcome == OUTCOME_INVALID;
	e->n_duplicate += a->outcome == OUTCOME_DUPLICATE;
	answer_json(a, line, policy_zone(e->policy), &e->answers);
	buf_str(&e->answers, "\n");
}

enum saqta_status saqta_engine_submit(saqta_engine *e, unsigned line, const char *text, size_t len, struct saqta_error *err)
{
	cleanup_(answer_done) struct answer a;
	struct event ev = {0};
	enum saqta_status r;

	answer_init(&a);
	if (hall_allows(e, ACT_APPLY, err))
		return SAQTA_ERR_RIGHT;
	r = hall_begin(e, err);
	if (r)
		return r;
	if (event_parse(e->policy, EVENT_FOR_APPLY, text, len, hall_now(e), &ev, &a.error))
		a.outcome = OUTCOME_INVALID;
	else
		r = hall_apply(e, &ev, &a, err);
	event_done(&ev);
	if (r) {
		/* Half a line must never be committed: all since the last commit goes, none of it was answered. */
		hall_abort(e);
		return r;
	}
	queue(e, &a, line);
	return SAQTA_OK;
}

enum saqta_status saqta_engine_submit_oversize(saqta_engine *e, unsigned line, struct saqta_error *err)
{
	cleanup_(answer_done) struct answer a;
	enum saqta_status r = hall_allows(e, ACT_APPLY, err);

	if (!r)
		r = hall_begin(e, err);
	answer_init(&a);
	if (r)
		return r;
	a.outcome = OUTCOME_INVALID;
	(void)err_set(&a.error, SAQTA_ERR_INPUT, 0, "the line is longer than 4 MiB: split the value or send it another way");
	queue(e, &a, line);
	return SAQTA_OK;
}

enum saqta_status saqta_engine_commit(saqta_engine *e, saqta_write_fn answers, void *user, struct saqta_error *err)
{
	enum saqta_status r = hall_commit(e, err);

	if (!r)
		r = hall_give(answers, user, &e->answers, err);
	buf_clear(&e->answers);
	return r;
}

enum saqta_status saqta_engine_finish(saqta_engine *e, struct saqta_error *err)
{
	cleanup_(answer_done) struct answer a;
	cleanup_(buf_done) struct buf counts = {0};
	struct json_out j = {.out = &counts};
	enum saqta_status r = SAQTA_OK;

	answer_init(&a);
	if (e->n_invalid + e->n_duplicate > 0) {
		json_open(&j, NULL, '{');
		json_int(&j, "duplicate", (int64_t)e->n_duplicate);
		json_int(&j, "invalid", (int64_t)e->n_invalid);
		json_int(&j, "lines", (int64_t)e->n_lines);
		json_shut(&j, '}');
		r = hall_begin(e, err);
		if (!r)
			r = hall_record(e, "run", hall_now(e), &a, &(struct entry_extra){.json = (const char *)counts.data}, err);
		if (!r)
			r = hall_commit(e, err);
	}
	return r ? r : hall_checkpoint(e, err);
}

void saqta_engine_counts(const saqta_engine *e, struct saqta_counts *ret)
{
	*ret = (struct saqta_counts){.lines = e->n_lines, .invalid = e->n_invalid, .duplicate = e->n_duplicate};
}

enum saqta_status saqta_engine_decide(saqta_engine *e, const char *text, size_t len, saqta_write_fn write, void *user,
				      struct saqta_error *err)
{
	cleanup_(answer_done) struct answer a;
	cleanup_(buf_done) struct buf json = {0};
	struct event ev = {0};
	enum saqta_status r;

	answer_init(&a);
	if (hall_allows(e, ACT_DECIDE, err))
		return SAQTA_ERR_RIGHT;
	r = event_parse(e->policy, EVENT_FOR_DECIDE, text, len, hall_now(e), &ev, err);
	if (!r)
		r = hall_question(e, &ev, &a, &json, NULL, err);
	event_done(&ev);
	if (r)
		return r;
	buf_str(&json, "\n");
	return hall_give(write, user, &json, err);
}

enum saqta_status saqta_engine_sweep(saqta_engine *e, const struct saqta_sweep_options *o, saqta_write_fn report, void *user,
				     struct saqta_error *err)
{
	cleanup_(buf_done) struct buf json = {0};
	struct sweep_result result;
	struct saqta_error ignored;
	enum saqta_status r = hall_allows(e, ACT_SWEEP, err);

	if (!r)
		r = hall_sweep(e, o, hall_now(e), &result, &json, err);
	if (json.len > 0) {
		buf_str(&json, "\n");
		if (r)
			(void)hall_give(report, user, &json, &ignored); /* the guard's refusal is the error to tell */
		else
			r = hall_give(report, user, &json, err);
	}
	return r || o->dry_run ? r : hall_checkpoint(e, err);
}

enum saqta_status saqta_policy_check(const char *pack, const char *dirs, saqta_write_fn problems_to, saqta_write_fn write, void *user,
				     struct saqta_error *err)
{
	cleanup_(problems_done) struct problems problems = {0};
	cleanup_(policy_unrefp) struct policy *p = NULL;
	cleanup_(buf_done) struct buf json = {0};
	struct json_out j = {.out = &json};
	char *built_in = dirs ? NULL : hall_policy_dirs();
	enum saqta_status r;

	if (!dirs && !built_in)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	r = policy_load(pack, dirs ? dirs : built_in, &p, &problems, err);
	free(built_in);
	if (problems.text.len > 0 && problems_to)
		(void)problems_to(user, (const char *)problems.text.data, problems.text.len);
	if (r)
		return r;
	json_open(&j, NULL, '{');
	json_text(&j, "id", policy_id(p));
	json_text(&j, "version", policy_version(p));
	json_int(&j, "rules", policy_rule_count(p));
	json_hex(&j, "digest", policy_digest(p), HASH_SIZE);
	json_shut(&j, '}');
	buf_str(&json, "\n");
	return hall_give(write, user, &json, err);
}
