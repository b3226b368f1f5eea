/* SPDX-License-Identifier: Apache-2.0 */
#include "heartbeat.h"
#include "saqta/audit.h"

#include <string.h>

/* `audit heartbeat`: nothing else than a signature over the log as it is, at a time that the log names. And the silences between such moments. */

#define SILENCES_MAX 1000

enum saqta_status saqta_audit_heartbeat(saqta_engine *e, saqta_write_fn write, void *user, struct saqta_error *err)
{
	cleanup_(answer_done) struct answer a;
	cleanup_(buf_done) struct buf json = {0};
	struct json_out j = {.out = &json};
	int64_t now_us = hall_now(e);
	enum saqta_status r = hall_allows(e, ACT_LOG, err);

	answer_init(&a);
	if (!r)
		r = hall_begin(e, err);
	if (!r)
		r = hall_record(e, "heartbeat", now_us, &a, &(struct entry_extra){0}, err);
	if (!r)
		r = hall_commit(e, err);
	if (!r)
		r = hall_checkpoint(e, err);
	if (r)
		return r;
	json_open(&j, NULL, '{');
	json_int(&j, "entry", (int64_t)a.audit);
	json_time(&j, "at", now_us, policy_zone(e->policy));
	json_shut(&j, '}');
	buf_str(&json, "\n");
	return hall_give(write, user, &json, err);
}

/* ---- silences ---- */

struct silence_scan {
	int64_t limit_us, last_us; /* of the last signed moment, INSTANT_NONE: there was none yet */
	uint64_t last_entry, n;
	uint32_t last_incarnation, newest_incarnation;
	const struct zone *zone;
	struct json_out *j;
};

static void look(struct silence_scan *w, int64_t until_us)
{
	if (w->last_us == INSTANT_NONE || until_us - w->last_us <= w->limit_us || w->n++ >= SILENCES_MAX)
		return;
	json_open(w->j, NULL, '{');
	json_int(w->j, "after_entry", (int64_t)w->last_entry);
	if (w->last_incarnation != w->newest_incarnation)
		json_int(w->j, "incarnation", w->last_incarnation);
	json_time(w->j, "from", w->last_us, w->zone);
	json_time(w->j, "to", until_us, w->zone);
	json_shut(w->j, '}');
}

/* Both are followed by a signature, or they are the first of a log. */
static bool is_signed(const char *type, uint64_t seq)
{
	return seq == 0 || (type && (strcmp(type, "heartbeat") == 0 || strcmp(type, "sweep-end") == 0));
}

static enum saqta_status take(struct saqta_engine *e, void *user, uint32_t incarnation, uint64_t seq, const uint8_t *body, size_t len,
			      struct saqta_error *err)
{
	struct silence_scan *w = user;
	json_t *entry = json_loadb((const char *)body, len, 0, NULL);
	const char *recorded = json_string_value(json_object_get(entry, "recorded"));
	int64_t us;
	enum saqta_status r = SAQTA_OK;

	(void)e;
	if (len == 0) /* it may have been a signed moment: nothing is said of the time around it */
		w->last_us = INSTANT_NONE;
	else if (!recorded || !instant_parse(recorded, strlen(recorded), &us)) {
		r = err_set(err, SAQTA_ERR_TAMPERED, 0, "entry %llu has no time", (unsigned long long)seq);
	} else if (is_signed(json_string_value(json_object_get(entry, "type")), seq)) {
		look(w, us);
		w->last_us = us;
		w->last_entry = seq;
		w->last_incarnation = incarnation;
	}
	json_decref(entry);
	return r;
}

bool heartbeat_parse(const char *text, int64_t *ret_us)
{
	struct term term;

	if (!term_parse(text, strlen(text), &term) || term.count == 0 || (term.unit != TERM_SECONDS && term.unit != TERM_DAYS))
		return false;
	*ret_us = term.count * (term.unit == TERM_DAYS ? 86400 : 1) * US_PER_S;
	return true;
}

enum saqta_status heartbeat_silences(struct saqta_engine *e, int64_t limit_us, struct json_out *j, uint64_t *ret_n, struct saqta_error *err)
{
	struct silence_scan w = {.limit_us = limit_us,
				 .last_us = INSTANT_NONE,
				 .newest_incarnation = e->incarnation,
				 .zone = policy_zone(e->policy),
				 .j = j};
	enum saqta_status r;

	json_open(j, "silences", '[');
	r = hall_each_past(e, take, &w, err);
	if (!r)
		r = hall_each_entry(e, 0, take, &w, err);
	look(&w, hall_now(e));
	json_shut(j, ']');
	json_int(j, "n_silences", (int64_t)w.n);
	*ret_n = w.n;
	return r;
}

enum saqta_status heartbeat_unsigned(struct saqta_engine *e, uint64_t *ret_n, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf note = {0};
	struct audit_head head = {0};
	enum saqta_status r = audit_guard_read(e->guard_path, &note, err);

	if (!r)
		r = audit_checkpoint_open((const char *)note.data, note.len, &e->signer.verifier, 1, NULL, &head, err);
	if (!r)
		*ret_n = audit_log_size(e->log) - head.size;
	return r;
}
