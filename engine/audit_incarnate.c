/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"
#include "saqta/audit.h"

#include <stdio.h>
#include <string.h>

/* `audit incarnate`: the operator lets the log begin anew. */

#define REASON_MAX 1000

static void head_json(struct json_out *j, const char *name, const char *origin, const struct audit_head *head)
{
	json_open(j, name, '{');
	json_text(j, "origin", origin);
	json_int(j, "size", (int64_t)head->size);
	json_hex(j, "root", head->root, sizeof(head->root));
	json_shut(j, '}');
}

enum saqta_status hall_check_reason(const char *reason, struct saqta_error *err)
{
	size_t len = reason ? strlen(reason) : 0;
	json_t *text = len > 0 && len <= REASON_MAX ? json_string(reason) : NULL; /* NULL also if it is not UTF-8 */

	json_decref(text);
	return text ? SAQTA_OK
		    : err_set(err, SAQTA_ERR_ARGUMENT, 0, "the reason must be UTF-8 and have 1 to %d bytes: it stays in the log for good",
			      REASON_MAX);
}

enum saqta_status saqta_audit_incarnate(saqta_engine *e, const char *reason, saqta_progress_fn progress, void *progress_user,
					saqta_write_fn write, void *user, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf json = {0}, vkey = {0};
	struct json_out j = {.out = &json};
	char origin[AUDIT_NAME_MAX + 1];
	struct audit_head old, new;
	enum saqta_status r = hall_check_reason(reason, err);

	/* What is kept as the past is what its successor's first entry vouches for. */
	if (!r)
		r = audit_log_verify(e->log, progress, progress_user, &old, err);
	if (!r)
		r = hall_verify_past(e, err);
	if (r)
		return r;
	(void)snprintf(origin, sizeof(origin), "%s", e->signer.verifier.name);
	r = hall_incarnate(e, reason, NULL, err);
	if (!r)
		r = hall_incarnate_commit(e, err);
	if (r)
		return r;
	audit_log_head(e->log, &new);
	audit_vkey_format(&e->signer.verifier, &vkey);
	json_open(&j, NULL, '{');
	json_int(&j, "incarnation", e->incarnation);
	head_json(&j, "old", origin, &old);
	head_json(&j, "new", e->signer.verifier.name, &new);
	json_text(&j, "vkey", vkey.failed ? NULL : (const char *)vkey.data);
	json_shut(&j, '}');
	buf_str(&json, "\n");
	return hall_give(write, user, &json, err);
}
