/* SPDX-License-Identifier: Apache-2.0 */
#include "heartbeat.h"
#include "saqta/audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The public face of the log. */

static enum saqta_status verified_json(saqta_engine *e, const struct audit_head *head, const int64_t *heartbeat_us, uint64_t *ret_silences,
				       struct buf *ret, struct saqta_error *err)
{
	struct json_out j = {.out = ret};
	uint64_t n_unsigned = 0;
	enum saqta_status r;

	json_open(&j, NULL, '{');
	json_bool(&j, "verifies", true);
	json_int(&j, "entries", (int64_t)head->size);
	json_hex(&j, "root", head->root, sizeof(head->root));
	json_text(&j, "origin", e->signer.verifier.name);
	json_time(&j, "newest_entry", e->newest_us, policy_zone(e->policy));
	r = hall_witnesses_json(e, &j, err);
	if (!r && heartbeat_us) {
		r = heartbeat_unsigned(e, &n_unsigned, err);
		json_int(&j, "unsigned_entries", (int64_t)n_unsigned);
		if (!r)
			r = heartbeat_silences(e, *heartbeat_us, &j, ret_silences, err);
	}
	json_shut(&j, '}');
	buf_str(ret, "\n");
	return r;
}

enum saqta_status saqta_audit_verify_heartbeat(saqta_engine *e, const char *heartbeat, saqta_progress_fn progress, void *progress_user,
					       saqta_write_fn write, void *user, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf json = {0};
	struct audit_head head;
	int64_t heartbeat_us = 0;
	uint64_t silences = 0;
	enum saqta_status r = hall_allows(e, ACT_LOG, err);

	if (!r && heartbeat && !heartbeat_parse(heartbeat, &heartbeat_us))
		r = err_set(err, SAQTA_ERR_ARGUMENT, 0, "--heartbeat must be a duration in days, hours or minutes, like P1D or PT2H");
	if (!r)
		r = audit_log_verify(e->log, progress, progress_user, &head, err);
	if (!r)
		r = hall_verify_past(e, err);
	if (!r)
		r = hall_verify_keys(e, err);
	if (!r)
		r = verified_json(e, &head, heartbeat ? &heartbeat_us : NULL, &silences, &json, err);
	if (!r)
		r = hall_give(write, user, &json, err);
	if (!r && silences > 0)
		r = err_set(err, SAQTA_ERR_GUARD, 0, "the log verifies, but %llu times nothing signed it for longer than %s",
			    (unsigned long long)silences, heartbeat);
	return r;
}

enum saqta_status saqta_audit_verify(saqta_engine *e, saqta_progress_fn progress, void *progress_user, saqta_write_fn write, void *user,
				     struct saqta_error *err)
{
	return saqta_audit_verify_heartbeat(e, NULL, progress, progress_user, write, user, err);
}

enum saqta_status saqta_audit_checkpoint(saqta_engine *e, saqta_write_fn write, void *user, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf note = {0};
	struct audit_head head;
	enum saqta_status r = hall_allows(e, ACT_LOG, err);

	if (!r)
		r = hall_checkpoint(e, err);
	if (!r)
		r = hall_signed_head(e, &note, &head, err);
	return r ? r : hall_give(write, user, &note, err);
}

/* Whose it was nobody can tell any more: it is shown whatever subject is asked for. */
static void show_pruned(const saqta_engine *e, uint64_t seq, struct buf *ret)
{
	struct json_out j = {.out = ret};

	json_open(&j, NULL, '{');
	json_int(&j, "pruned_by", (int64_t)audit_log_pruned(e->log)->by);
	json_int(&j, "seq", (int64_t)seq);
	json_shut(&j, '}');
}

enum saqta_status saqta_audit_show(saqta_engine *e, uint64_t from, const char *external_id, saqta_write_fn write, void *user,
				   struct saqta_error *err)
{
	cleanup_(buf_done) struct buf line = {0};
	char wanted[16 + 33] = "";
	struct subject *s;
	enum saqta_status r = SAQTA_OK;

	if (hall_allows(e, ACT_LOG, err) || (external_id && hall_allows(e, ACT_READ, err))) /* whose entries they are is read of a person */
		return SAQTA_ERR_RIGHT;
	if (external_id) {
		char hex[33];

		r = hall_subject(e, external_id, &s, err);
		if (r == SAQTA_ERR_MISSING)
			return err_set(err, SAQTA_ERR_MISSING, 0,
				       "nobody is known under this id: never registered, or destroyed; the vault cannot tell which");
		if (r)
			return r;
		hex_encode(s->pseudonym, sizeof(s->pseudonym), hex);
		(void)snprintf(wanted, sizeof(wanted), "\"subject\":\"%s\"", hex);
	}
	for (uint64_t i = from; !r && i < audit_log_size(e->log); i++) {
		buf_clear(&line);
		r = audit_log_entry(e->log, i, &line, err);
		if (r)
			break;
		if (line.len == 0)
			show_pruned(e, i, &line);
		else if (*wanted && !strstr((const char *)line.data, wanted))
			continue;
		buf_str(&line, "\n");
		r = hall_give(write, user, &line, err);
	}
	return r;
}
