/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"
#include "saqta/audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The public face of the log. */

enum saqta_status saqta_audit_verify(saqta_engine *e, saqta_progress_fn progress, void *progress_user, saqta_write_fn write, void *user,
				     struct saqta_error *err)
{
	cleanup_(buf_done) struct buf json = {0};
	struct json_out j = {.out = &json};
	struct audit_head head;
	enum saqta_status r = hall_allows(e, ACT_LOG, err);

	if (!r)
		r = audit_log_verify(e->log, progress, progress_user, &head, err);
	if (!r)
		r = hall_verify_past(e, err);
	if (!r)
		r = hall_verify_keys(e, err);
	if (r)
		return r;
	json_open(&j, NULL, '{');
	json_bool(&j, "verifies", true);
	json_int(&j, "entries", (int64_t)head.size);
	json_hex(&j, "root", head.root, sizeof(head.root));
	json_text(&j, "origin", e->signer.verifier.name);
	json_time(&j, "newest_entry", e->newest_us, policy_zone(e->policy));
	r = hall_witnesses_json(e, &j, err);
	json_shut(&j, '}');
	buf_str(&json, "\n");
	return r ? r : hall_give(write, user, &json, err);
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
		if (*wanted && !strstr((const char *)line.data, wanted))
			continue;
		buf_str(&line, "\n");
		r = hall_give(write, user, &line, err);
	}
	return r;
}
