/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"

#include <string.h>

/* Audit entries: one canonical JSON object each, members in alphabetical order, no white space (docs/audit-format.md).
 * (4) Subjects appear under their random pseudonym, contents as HMAC commitments under the subject's audit key. */

void hall_commitment_key(const struct subject *s, uint64_t seq, uint8_t ret[HASH_SIZE])
{
	static const char field[] = "input";
	uint8_t info[8 + sizeof(field) - 1];

	for (int i = 0; i < 8; i++)
		info[i] = (uint8_t)(seq >> (56 - 8 * i));
	memcpy(info + 8, field, sizeof(field) - 1);
	crypt_hmac(s->audit_key, sizeof(s->audit_key), info, sizeof(info), ret);
}

static void commitment(const struct subject *s, uint64_t seq, const char *value, size_t len, uint8_t ret[HASH_SIZE])
{
	uint8_t key[HASH_SIZE];

	hall_commitment_key(s, seq, key);
	crypt_hmac(key, sizeof(key), value, len, ret);
	crypt_wipe(key, sizeof(key));
}

enum saqta_status hall_record(struct saqta_engine *e, const char *type, int64_t at_us, struct answer *a, const struct entry_extra *x,
			      struct saqta_error *err)
{
	struct json_out j = {.out = &e->entry};
	uint64_t seq = audit_log_size(e->log);
	int64_t now_us = hall_now(e);
	uint8_t hash[HASH_SIZE];
	enum saqta_status r;

	buf_clear(&e->entry);
	json_open(&j, NULL, '{');
	json_text(&j, "actor", e->actor);
	json_time(&j, "at", at_us, NULL);
	json_words(&j, "clauses", (const char *)a->clauses.data);
	json_time(&j, "due", a->due_us, NULL);
	if (x->input && x->subject) {
		commitment(x->subject, seq, x->input, x->input_len, hash);
		json_hex(&j, "input", hash, sizeof(hash));
	}
	json_text(&j, "kind", x->kind);
	if (x->json)
		json_raw(&j, "more", x->json);
	json_text(&j, "outcome", outcome_name(a->outcome));
	json_int(&j, "policy", (int64_t)e->policy_entry);
	json_time(&j, "recorded", now_us, NULL);
	json_words(&j, "rules", (const char *)a->rules.data);
	json_int(&j, "seq", (int64_t)seq);
	json_text(&j, "state", a->state);
	if (x->subject)
		json_hex(&j, "subject", x->subject->pseudonym, sizeof(x->subject->pseudonym));
	if (a->task)
		json_int(&j, "task", (int64_t)a->task);
	json_text(&j, "type", type);
	json_int(&j, "v", 1);
	json_shut(&j, '}');
	if (e->entry.failed)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	r = audit_log_append(e->log, &e->txn, e->entry.data, e->entry.len, &a->audit, err);
	if (r)
		return r;
	a->has_audit = true;
	if (e->newest_us == INSTANT_NONE || now_us > e->newest_us)
		e->newest_us = now_us;
	return SAQTA_OK;
}
