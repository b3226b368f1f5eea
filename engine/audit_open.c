/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"
#include "pseudonyms.h"
#include "saqta/audit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `audit open`: what an entry commits to, for whom the log is shown to.
 *
 * The vault does not keep an event as it was received. It can say of which subject an entry is, whether an event that is put before it is the one
 * that was decided on, and under which key anybody can see that for themselves. The key of an entry opens no other; but who has it can try
 * events, so it is given as a reading of the subject, like the name. */

#define OPEN_MAX 1000
#define CLAIMS_MAX 1000000u

struct opened {
	uint64_t seq;
	json_t *entry; /* owned */
	uint8_t pseudonym[PSEUDONYM_SIZE];
	uint8_t id[SUBJECT_ID_SIZE];
	uint8_t key[HASH_SIZE], input[HASH_SIZE];
	bool has_subject, has_input, is_living;
	uint64_t erased_by; /* entry + 1 */
	unsigned claim_line;
};
struct opening {
	struct saqta_engine *e;
	const struct saqta_audit_open_options *o;
	struct opened *all;
	size_t n;
	struct pseudonyms asked;
	unsigned n_claims;
};

static void opening_done(struct opening *w)
{
	for (size_t i = 0; i < w->n; i++)
		json_decref(w->all[i].entry);
	if (w->all)
		crypt_wipe(w->all, w->n * sizeof(*w->all));
	free(w->all);
	pseudonyms_done(&w->asked);
}

static enum saqta_status no_memory(struct saqta_error *err) { return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory"); }

/* ---- the entries ---- */

/* NULL in @ret: it was pruned. */
static enum saqta_status read_entry(struct opening *w, uint64_t seq, json_t **ret, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf body = {0};
	enum saqta_status r = audit_log_entry(w->e->log, seq, &body, err);

	*ret = NULL;
	if (r || body.len == 0)
		return r;
	*ret = json_loadb((const char *)body.data, body.len, 0, NULL);
	return *ret ? SAQTA_OK : err_set(err, SAQTA_ERR_TAMPERED, 0, "entry %llu is no JSON", (unsigned long long)seq);
}

static enum saqta_status read_asked(struct opening *w, struct saqta_error *err)
{
	enum saqta_status r = SAQTA_OK;

	for (; !r && w->n < w->o->n_entries; w->n++) {
		struct opened *x = &w->all[w->n];
		const char *input;

		x->seq = w->o->entries[w->n];
		r = read_entry(w, x->seq, &x->entry, err);
		if (r)
			return r;
		input = json_string_value(json_object_get(x->entry, "input"));
		x->has_input = input && strlen(input) == 2 * sizeof(x->input) && hex_decode(input, 2 * sizeof(x->input), x->input);
		x->has_subject = pseudonym_of(x->entry, x->pseudonym);
		if (x->has_subject && !pseudonyms_put(&w->asked, x->pseudonym))
			r = no_memory(err);
	}
	return r;
}

/* ---- whose they are ---- */

static enum saqta_status take_living(struct saqta_engine *e, struct subject *s, void *user, struct saqta_error *err)
{
	struct opening *w = user;

	(void)e;
	(void)err;
	if (s->is_depersonalised || !pseudonyms_get(&w->asked, s->pseudonym))
		return SAQTA_OK;
	for (size_t i = 0; i < w->n; i++) {
		struct opened *x = &w->all[i];

		if (!x->has_subject || memcmp(x->pseudonym, s->pseudonym, PSEUDONYM_SIZE) != 0)
			continue;
		memcpy(x->id, s->id, SUBJECT_ID_SIZE);
		x->is_living = true;
		hall_commitment_key(s, x->seq, x->key);
	}
	return SAQTA_OK;
}

/* Who is not in the vault was erased by an entry of the log. */
static enum saqta_status find_erasures(struct opening *w, struct saqta_error *err)
{
	uint64_t from = UINT64_MAX;
	enum saqta_status r = SAQTA_OK;

	for (size_t i = 0; i < w->n; i++)
		if (w->all[i].has_subject && !w->all[i].is_living && w->all[i].seq < from)
			from = w->all[i].seq;
	for (uint64_t seq = from; !r && seq < audit_log_size(w->e->log); seq++) {
		uint8_t pseudonym[PSEUDONYM_SIZE];
		json_t *entry = NULL;
		const char *state;

		r = read_entry(w, seq, &entry, err);
		state = json_string_value(json_object_get(entry, "state"));
		if (!r && state && (strcmp(state, "destroyed") == 0 || strcmp(state, "depersonalised") == 0) &&
		    pseudonym_of(entry, pseudonym))
			for (size_t i = 0; i < w->n; i++)
				if (w->all[i].has_subject && memcmp(w->all[i].pseudonym, pseudonym, sizeof(pseudonym)) == 0)
					w->all[i].erased_by = seq + 1;
		json_decref(entry);
	}
	for (size_t i = 0; !r && i < w->n; i++)
		if (w->all[i].has_subject && !w->all[i].is_living && !w->all[i].erased_by)
			r = err_set(err, SAQTA_ERR_TAMPERED, 0,
				    "the subject of entry %llu is not in the vault, and no entry erased it: run `audit reconcile`",
				    (unsigned long long)w->all[i].seq);
	return r;
}

/* ---- claims ---- */

static void hold_against(struct opening *w, unsigned line, const char *event)
{
	for (size_t i = 0; i < w->n; i++) {
		struct opened *x = &w->all[i];
		uint8_t have[HASH_SIZE];

		if (!x->is_living || !x->has_input || x->claim_line)
			continue;
		crypt_hmac(x->key, sizeof(x->key), event, strlen(event), have);
		if (crypt_equal(have, x->input, sizeof(have)))
			x->claim_line = line;
	}
}

static enum saqta_status take_claim(struct opening *w, unsigned line, const char *text, size_t len, struct saqta_error *err)
{
	json_t *root = len <= EVENT_BYTES_MAX ? json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL) : NULL;
	char *event = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS);
	enum saqta_status r = SAQTA_OK;

	if (!json_is_object(root) || !event)
		r = err_set(err, SAQTA_ERR_INPUT, line, "%s:%u: a claim is one JSON object a line, at most 4 MiB", w->o->claims, line);
	else if (++w->n_claims > CLAIMS_MAX)
		r = err_set(err, SAQTA_ERR_LIMIT, line, "%s: more than %u claims", w->o->claims, CLAIMS_MAX);
	else
		hold_against(w, line, event);
	if (event)
		crypt_wipe(event, strlen(event));
	free(event);
	json_decref(root);
	return r;
}

static enum saqta_status take_claims(struct opening *w, struct saqta_error *err)
{
	FILE *f = fopen(w->o->claims, "re");
	char *line = NULL;
	unsigned number = 0;
	size_t cap = 0;
	ssize_t n;
	enum saqta_status r = SAQTA_OK;

	if (!f)
		return err_set(err, SAQTA_ERR_MISSING, 0, "%s: %s", w->o->claims, strerror(errno));
	while (!r && (n = getline(&line, &cap, f)) > 0) {
		number++;
		if (line[0] != '\n')
			r = take_claim(w, number, line, (size_t)n, err);
	}
	if (!r && ferror(f))
		r = err_set(err, SAQTA_ERR_STORE, 0, "%s: cannot be read", w->o->claims);
	if (line)
		crypt_wipe(line, cap);
	free(line);
	(void)fclose(f);
	return r;
}

/* ---- recording and telling ---- */

/* On record: that it was opened, by whom and for what, and how many events were tried. */
static enum saqta_status record_opening(struct opening *w, const struct opened *x, struct subject **ret, struct saqta_error *err)
{
	struct saqta_engine *e = w->e;
	cleanup_(answer_done) struct answer a;
	char more[96];
	enum saqta_status r = hall_subject_by_id(e, x->id, ret, err);

	answer_init(&a);
	if (r)
		return r;
	a.state = subject_state(*ret);
	(void)snprintf(more, sizeof(more), "{\"claims\":%u,\"entry\":%llu,\"role\":\"%s\"}", w->n_claims, (unsigned long long)x->seq,
		       hall_role_name(e->role));
	r = hall_note_reading(e, *ret, w->o->purpose, err);
	return r ? r
		 : hall_record(e, "read", hall_now(e), &a,
			       &(struct entry_extra){.subject = *ret, .kind = w->o->purpose ? w->o->purpose : "masked", .json = more}, err);
}

static void why_not(const struct opening *w, const struct opened *x, struct json_out *j)
{
	char why[64];

	json_bool(j, "opens", x->is_living && x->has_input);
	if (!x->entry) {
		(void)snprintf(why, sizeof(why), "pruned by entry %llu", (unsigned long long)audit_log_pruned(w->e->log)->by);
		json_text(j, "why", why);
	} else if (!x->has_subject) {
		json_text(j, "why", "it names no person");
	} else if (!x->is_living) {
		json_int(j, "erased_by", (int64_t)x->erased_by - 1);
		(void)snprintf(why, sizeof(why), "erased by entry %llu", (unsigned long long)x->erased_by - 1);
		json_text(j, "why", why);
	} else if (!x->has_input) {
		json_text(j, "why", "it commits to no event");
	}
}

static void tell(const struct opening *w, const struct opened *x, const struct subject *s, struct buf *ret)
{
	struct json_out j = {.out = ret};

	json_open(&j, NULL, '{');
	json_int(&j, "entry", (int64_t)x->seq);
	json_text(&j, "type", json_string_value(json_object_get(x->entry, "type")));
	json_text(&j, "at", json_string_value(json_object_get(x->entry, "at")));
	if (x->has_subject)
		json_hex(&j, "pseudonym", x->pseudonym, sizeof(x->pseudonym));
	why_not(w, x, &j);
	if (s && w->o->purpose)
		json_text(&j, "subject", s->external_id);
	if (x->has_input)
		json_hex(&j, "input", x->input, sizeof(x->input));
	if (x->is_living && x->has_input) {
		if (w->o->purpose)
			json_hex(&j, "key", x->key, sizeof(x->key));
		if (w->o->claims)
			json_text(&j, "claim", x->claim_line ? "yes" : "no");
		if (x->claim_line)
			json_int(&j, "claim_line", x->claim_line);
	}
	json_shut(&j, '}');
	buf_str(ret, "\n");
}

static enum saqta_status give_all(struct opening *w, struct buf *ret, struct saqta_error *err)
{
	const bool is_read = w->o->purpose || w->o->claims;
	bool is_recorded = false;
	enum saqta_status r = SAQTA_OK;

	for (size_t i = 0; !r && i < w->n; i++) {
		const struct opened *x = &w->all[i];
		struct subject *s = NULL;

		if (is_read && x->is_living) {
			r = hall_begin(w->e, err);
			if (!r)
				r = record_opening(w, x, &s, err);
			is_recorded = true;
		}
		if (!r)
			tell(w, x, s, ret);
	}
	if (!r && is_recorded)
		r = hall_commit(w->e, err);
	if (!r && is_recorded)
		r = hall_checkpoint(w->e, err);
	if (r)
		hall_abort(w->e);
	return r;
}

enum saqta_status saqta_audit_open(saqta_engine *e, const struct saqta_audit_open_options *o, saqta_write_fn write, void *user,
				   struct saqta_error *err)
{
	cleanup_(opening_done) struct opening w = {.e = e, .o = o};
	cleanup_(buf_done) struct buf out = {0};
	enum saqta_status r = hall_allows(e, ACT_LOG, err);

	if (!r && o->purpose)
		r = hall_allows(e, ACT_READ, err);
	if (r)
		return r;
	if (o->purpose && policy_find(e->policy, ID_PURPOSE, o->purpose) < 0)
		return err_set(err, SAQTA_ERR_INPUT, 0, "unknown purpose: see the vocabulary");
	if (o->n_entries == 0 || o->n_entries > OPEN_MAX)
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, "1 to %d entries can be opened at once", OPEN_MAX);
	w.all = calloc(o->n_entries, sizeof(*w.all));
	if (!w.all)
		return no_memory(err);
	r = read_asked(&w, err);
	if (!r && w.asked.n > 0)
		r = hall_each_subject(e, take_living, &w, err);
	if (!r)
		r = find_erasures(&w, err);
	if (!r && o->claims)
		r = take_claims(&w, err);
	if (!r)
		r = give_all(&w, &out, err);
	return r ? r : hall_give(write, user, &out, err);
}
