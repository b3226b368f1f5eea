/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"

#include <stdlib.h>
#include <string.h>

/* (9) The one path on which data are destroyed. Whatever destroys (sweep, order, depersonalisation) comes through here, and what stands
 * against it is looked at here, inside the transaction. */

static bool lists_category(const struct saqta_engine *e, const char *list, const char *category)
{
	const struct policy *p = e->policy;
	int id = policy_find(p, ID_CATEGORY, category);

	while (list && *list) {
		const char *end = strchrnul(list, ' ');
		char word[128];
		size_t len = (size_t)(end - list);
		int group;

		if (len < sizeof(word)) {
			memcpy(word, list, len);
			word[len] = 0;
			group = policy_find(p, ID_CATEGORY, word);
			if (strcmp(word, category) == 0 || (group >= 0 && id >= 0 && idset_has(policy_members(p, ID_CATEGORY, group), id)))
				return true;
		}
		list = *end ? end + 1 : end;
	}
	return false;
}

/* Does something kept for @categories (NULL: everything) and @records stand against @category / @record (NULL: the whole subject)? */
static bool covers(const struct saqta_engine *e, const char *categories, const char *records, const char *category, const char *record)
{
	if (!categories && !records)
		return true;
	if (!category)
		return true; /* the whole cannot go while a part is kept */
	return (categories && lists_category(e, categories, category)) || (records && record && text_lists(records, record));
}

/* An open request of these kinds, its identity checked, keeps what it asks about until it is closed or its due time has passed. */
static bool is_evidence(const struct request *r, int64_t now_us)
{
	static const char *const kinds[] = {"access", "rectify", "complaint", "authority"};

	if (r->state != REQUEST_OPEN || !r->identity_checked || (r->due_us != INSTANT_NONE && now_us >= r->due_us))
		return false;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(r->kind, kinds[i]) == 0)
			return true;
	return false;
}

bool hall_next_obstacle(const struct saqta_engine *e, const struct subject *s, int64_t now_us, const char *category, const char *record,
			size_t *at, struct obstacle *ret)
{
	while (*at < s->n_requests + s->n_holds + s->n_requests) {
		const size_t i = (*at)++;

		*ret = (struct obstacle){0};
		if (i < s->n_requests) {
			ret->request = &s->requests[i];
			ret->is_block = true;
			if (ret->request->blocks && ret->request->state == REQUEST_OPEN)
				return true;
		} else if (i < s->n_requests + s->n_holds) {
			ret->hold = &s->holds[i - s->n_requests];
			if (!ret->hold->is_lifted && covers(e, ret->hold->categories, ret->hold->records, category, record))
				return true;
		} else {
			ret->request = &s->requests[i - s->n_requests - s->n_holds];
			if (is_evidence(ret->request, now_us) && covers(e, ret->request->categories, NULL, category, record))
				return true;
		}
	}
	return false;
}

const char *hall_held(const struct saqta_engine *e, const struct subject *s, int64_t now_us, const char *category, const char *record)
{
	struct obstacle o;
	size_t at = 0;

	if (!hall_next_obstacle(e, s, now_us, category, record, &at, &o))
		return NULL;
	return o.hold ? o.hold->clauses : o.request->clauses;
}

static void receipt_json(const uint8_t receipt[16], uint64_t records, bool is_late, const char *why, struct buf *ret)
{
	struct json_out j = {.out = ret};
	uint8_t hash[HASH_SIZE];

	crypt_sha256(receipt, 16, hash);
	json_open(&j, NULL, '{');
	json_bool(&j, "late", is_late);
	json_hex(&j, "receipt", hash, sizeof(hash));
	json_int(&j, "records", (int64_t)records);
	json_text(&j, "why", why);
	json_shut(&j, '}');
}

/* What the ledger keeps of a destruction: where the log has it, and its entry, so that both can be told again after a backup was restored. */
static enum saqta_status ledger_note(const struct saqta_engine *e, uint64_t seq, const struct buf *entry, struct buf *ret,
				     struct saqta_error *err)
{
	buf_u32(ret, e->incarnation);
	buf_i64(ret, (int64_t)seq);
	buf_bytes(ret, entry->data, entry->len);
	return ret->failed || entry->failed ? err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory") : SAQTA_OK;
}

enum saqta_status hall_destroy_subject(struct saqta_engine *e, struct subject *s, int64_t at_us, const char *why, const char *clauses,
				       bool is_late, uint8_t ret_receipt[16], struct saqta_error *err)
{
	cleanup_(answer_done) struct answer a;
	cleanup_(buf_done) struct buf more = {0}, note = {0};
	enum saqta_status r;

	answer_init(&a);
	if (hall_held(e, s, hall_now(e), NULL, NULL))
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, "a subject under a hold or block was to be destroyed");
	if (!s->has_receipt)
		crypt_random(s->receipt, sizeof(s->receipt));
	memcpy(ret_receipt, s->receipt, sizeof(s->receipt));
	receipt_json(s->receipt, s->n_records, is_late, why, &more);
	answer_clauses(&a, clauses);
	a.state = "destroyed";
	r = hall_record(e, "destroyed", at_us, &a, &(struct entry_extra){.subject = s, .json = (const char *)more.data}, err);
	if (!r)
		r = ledger_note(e, a.audit, &e->entry, &note, err);
	if (!r)
		r = vault_erase(&e->vault, &e->txn, s, note.data, note.len, err);
	if (r)
		return r;
	e->has_destroyed = true;
	if (s == &e->current) {
		subject_done(s);
		e->has_current = false;
	}
	return SAQTA_OK;
}

enum saqta_status hall_destroy_record(struct saqta_engine *e, struct subject *s, const struct record *rec, int64_t at_us,
				      const char *clauses, bool is_late, struct saqta_error *err)
{
	cleanup_(answer_done) struct answer a;
	cleanup_(buf_done) struct buf more = {0}, note = {0};
	struct json_out j = {.out = &more};
	enum saqta_status r;

	answer_init(&a);
	if (hall_held(e, s, hall_now(e), rec->category, rec->id))
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, "a record under a hold or block was to be destroyed");
	json_open(&j, NULL, '{');
	json_text(&j, "category", rec->category);
	json_bool(&j, "late", is_late);
	json_int(&j, "record", (int64_t)rec->number);
	json_shut(&j, '}');
	answer_clauses(&a, clauses);
	r = hall_record(e, "record-destroyed", at_us, &a, &(struct entry_extra){.subject = s, .json = (const char *)more.data}, err);
	if (!r)
		r = ledger_note(e, a.audit, &e->entry, &note, err);
	if (r)
		return r;
	e->has_destroyed = true;
	return vault_delete_record(&e->vault, &e->txn, s, rec->number, note.data, note.len, err);
}

/* ---- depersonalisation ---- */

/* The value and what it is: no id, no source, no time but that of collection. */
static enum saqta_status put_nameless(struct saqta_engine *e, struct subject *to, const struct record *rec, struct saqta_error *err)
{
	struct record kept = {.category = rec->category,
			      .purposes = rec->purposes,
			      .collected_us = rec->collected_us,
			      .corrected_us = INSTANT_NONE,
			      .is_base64 = rec->is_base64,
			      .names_others = rec->names_others,
			      .value = rec->value,
			      .value_len = rec->value_len};

	return vault_put_record(&e->vault, &e->txn, to, &kept, err);
}

/* What stays moves to a new, nameless subject under a new key: the old key dies, so that no backup leads from what stays to whom it was. */
static enum saqta_status move_kept(struct saqta_engine *e, struct subject *from, struct subject *to, const struct idset *keeps,
				   const struct idset *only, struct saqta_error *err)
{
	struct record_scan scan;
	struct record rec = {0};
	enum saqta_status r = vault_records(&e->vault, from, &scan, err);

	while (!r) {
		int category;

		r = vault_next_record(&scan, &rec, err);
		if (r)
			break;
		category = policy_find(e->policy, ID_CATEGORY, rec.category);
		if (category < 0 || !idset_has(keeps, category) || (!idset_empty(only) && !idset_has(only, category)))
			continue;
		r = put_nameless(e, to, &rec, err);
	}
	record_done(&rec);
	vault_records_end(&scan);
	return r == SAQTA_ERR_MISSING ? SAQTA_OK : r;
}

/* The event's own entry follows; what the ledger needs of it is known already. */
static enum saqta_status erase_name(struct saqta_engine *e, struct subject *s, int64_t at_us, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf entry = {0}, note = {0};
	struct json_out j = {.out = &entry};
	char at[INSTANT_TEXT_SIZE];
	enum saqta_status r;

	instant_format(at_us, NULL, at);
	json_open(&j, NULL, '{');
	json_text(&j, "at", at);
	json_hex(&j, "subject", s->pseudonym, sizeof(s->pseudonym));
	json_text(&j, "type", "depersonalised");
	json_shut(&j, '}');
	r = ledger_note(e, audit_log_size(e->log), &entry, &note, err);
	return r ? r : vault_erase(&e->vault, &e->txn, s, note.data, note.len, err);
}

/* The records of @only go one by one; the subject and the others stay. */
static enum saqta_status take_out(struct saqta_engine *e, struct subject *s, const struct idset *only, int64_t at_us,
				  const struct answer *a, struct saqta_error *err)
{
	for (;;) {
		struct record_scan scan;
		struct record rec = {0};
		enum saqta_status r = vault_records(&e->vault, s, &scan, err);

		while (!r) {
			int category;

			r = vault_next_record(&scan, &rec, err);
			category = r ? -1 : policy_find(e->policy, ID_CATEGORY, rec.category);
			if (category >= 0 && idset_has(only, category))
				break;
		}
		vault_records_end(&scan);
		if (r) {
			record_done(&rec);
			return r == SAQTA_ERR_MISSING ? SAQTA_OK : r;
		}
		r = hall_destroy_record(e, s, &rec, at_us, (const char *)a->clauses.data, false, err);
		record_done(&rec);
		if (r)
			return r;
	}
}

/* Somebody nameless: created under a random name that is forgotten with its look-up row once what it holds is in. */
static enum saqta_status create_nameless(struct saqta_engine *e, int64_t at_us, struct subject *ret, struct saqta_error *err)
{
	uint8_t random[HASH_SIZE];
	char nobody[2 * HASH_SIZE + 1];
	enum saqta_status r;

	subject_init(ret);
	crypt_random(random, sizeof(random));
	hex_encode(random, sizeof(random), nobody);
	r = vault_create(&e->vault, &e->txn, nobody, ret, err);
	ret->is_depersonalised = true;
	ret->registered_us = at_us;
	return r;
}

static enum saqta_status finish_nameless(struct saqta_engine *e, struct subject *rest, struct saqta_error *err)
{
	enum saqta_status r = vault_forget_name(&e->vault, &e->txn, rest, err);

	return r ? r : vault_save(&e->vault, &e->txn, rest, err);
}

enum saqta_status hall_depersonalise(struct saqta_engine *e, struct subject *s, const struct idset *keeps, const struct idset *only,
				     int64_t at_us, struct answer *a, struct saqta_error *err)
{
	const bool is_part = !idset_empty(only);
	struct subject rest;
	enum saqta_status r = create_nameless(e, at_us, &rest, err);

	if (!r)
		r = move_kept(e, s, &rest, keeps, only, err);
	if (!r)
		r = finish_nameless(e, &rest, err);
	if (!r && is_part)
		r = take_out(e, s, only, at_us, a, err);
	else if (!r)
		r = erase_name(e, s, at_us, err);
	if (!r && !is_part) {
		e->has_destroyed = true;
		memcpy(e->depersonalised_id, rest.id, SUBJECT_ID_SIZE);
		a->state = "depersonalised";
	}
	subject_done(&rest);
	return r;
}

enum saqta_status hall_keep_nameless(struct saqta_engine *e, struct subject *s, const struct record *rec, int64_t at_us,
				     const char *clauses, struct saqta_error *err)
{
	cleanup_(answer_done) struct answer a;
	struct subject rest;
	enum saqta_status r;

	answer_init(&a);
	answer_clauses(&a, clauses);
	r = hall_record(e, "record-depersonalised", at_us, &a, &(struct entry_extra){.subject = s, .kind = rec->category}, err);
	if (r)
		return r;
	r = create_nameless(e, at_us, &rest, err);
	if (!r)
		r = put_nameless(e, &rest, rec, err);
	if (!r)
		r = finish_nameless(e, &rest, err);
	subject_done(&rest);
	return r;
}
