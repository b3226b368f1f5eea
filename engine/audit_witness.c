/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/witness.h"
#include "base/http.h"
#include "hall.h"
#include "saqta/witness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Witnesses of our own log. In the keep stand:
 *
 * witness.policy  whom the operator trusts (C2SP tlog-policy)
 * witness.asked   the head that witnesses were asked to sign last, with the cosignatures that came
 * witnessed       the newest head for which the quorum was met
 *
 * A cosignature stands under the text of its very head: it is shown wherever that head is shown. */

#define POLICY_FILE "witness.policy"
#define ASKED_FILE "witness.asked"
#define WITNESSED_FILE "witnessed"
#define REFUSED "refused "

static enum saqta_status no_memory(struct saqta_error *err) { return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory"); }

static void free_path(char **path) { free(*path); }

static char *keep_path(const struct saqta_engine *e, const char *name)
{
	char *path = NULL;

	return asprintf(&path, "%s/%s", e->keep_dir, name) < 0 ? NULL : path;
}

/* SAQTA_ERR_MISSING (no text): there is none. */
static enum saqta_status read_policy(const struct saqta_engine *e, struct quorum_policy *ret, struct saqta_error *err)
{
	cleanup_(free_path) char *path = e->is_memory ? NULL : keep_path(e, POLICY_FILE);
	cleanup_(buf_done) struct buf text = {0};
	struct saqta_error why = {0};
	enum saqta_status r;

	if (e->is_memory)
		return SAQTA_ERR_MISSING;
	if (!path)
		return no_memory(err);
	r = audit_guard_read(path, &text, &why);
	if (r)
		return r == SAQTA_ERR_MISSING ? r : err_set(err, r, 0, "%s", why.message);
	r = quorum_parse(text.len > 0 ? (const char *)text.data : "", text.len, ret, &why);
	return r ? err_set(err, r, why.line, "%s:%u: %s", path, why.line, why.message) : SAQTA_OK;
}

/* ---- the heads that are kept ---- */

struct kept {
	struct buf note; /* as it stands in the file; empty: there is none of this log */
	struct audit_head head;
	struct audit_verifier key; /* the log's, which signed it: the present one, or one before it was renewed */
	struct quorum_count count;
	struct buf file; /* what the file holds: also of a former incarnation */
	bool is_there;	 /* the file */
};

static void kept_done(struct kept *k)
{
	buf_done(&k->note);
	buf_done(&k->file);
}

static enum saqta_status count_kept(struct saqta_engine *e, const struct quorum_policy *p, struct kept *k, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf row = {0};
	struct saqta_error ignored;
	struct hall_signed signed_by;
	uint32_t n = 0;
	enum saqta_status r;

	k->key = e->signer.verifier;
	if (quorum_count(p, &k->key, &k->file, &k->count, err) == SAQTA_OK)
		return SAQTA_OK;
	r = hall_signed_count(e, e->incarnation, &n, err);
	while (!r && n-- > 0) {
		r = hall_signed(e, e->incarnation, n, &row, &signed_by, err);
		k->key = signed_by.verifier;
		if (!r && quorum_count(p, &k->key, &k->file, &k->count, &ignored) == SAQTA_OK)
			return SAQTA_OK;
	}
	return r ? r : err_set(err, SAQTA_ERR_TAMPERED, 0, "a signature on it does not hold, or no key of this log signed it");
}

/* Of a former incarnation is as good as none: what was signed then was another log. */
static enum saqta_status read_kept(struct saqta_engine *e, const char *name, const struct quorum_policy *p, struct kept *ret,
				   struct saqta_error *err)
{
	cleanup_(free_path) char *path = keep_path(e, name);
	char origin[AUDIT_NAME_MAX + 1];
	struct saqta_error why = {0};
	size_t text_len;
	enum saqta_status r = path ? audit_guard_read(path, &ret->file, &why) : no_memory(&why);

	if (r)
		return r == SAQTA_ERR_MISSING ? SAQTA_OK : err_set(err, r, 0, "%s", why.message);
	ret->is_there = true;
	if (!audit_checkpoint_peek((const char *)ret->file.data, ret->file.len, origin, &ret->head, &text_len))
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "%s: holds no checkpoint", path);
	if (strcmp(origin, e->signer.verifier.name) != 0)
		return SAQTA_OK;
	r = count_kept(e, p, ret, &why);
	if (r)
		return err_set(err, r, 0, "%s: %s", path, why.message);
	buf_add(&ret->note, ret->file.data, ret->file.len);
	return ret->note.failed ? no_memory(err) : SAQTA_OK;
}

static enum saqta_status write_kept(const struct saqta_engine *e, const char *name, const struct kept *old, const struct buf *note,
				    struct saqta_error *err)
{
	cleanup_(free_path) char *path = keep_path(e, name);

	return path ? audit_guard_write(path, old->is_there ? &old->file : NULL, note, err) : no_memory(err);
}

/* Is it @head, signed with the present key? */
static bool is_of(const struct kept *k, const struct saqta_engine *e, const struct audit_head *head)
{
	return k->note.len > 0 && k->head.size == head->size && memcmp(k->head.root, head->root, HASH_SIZE) == 0 &&
	       memcmp(k->key.pub, e->signer.verifier.pub, ED25519_PUBLIC_SIZE) == 0;
}

static enum saqta_status newest_head(const struct saqta_engine *e, struct buf *ret_note, struct audit_head *ret, struct saqta_error *err)
{
	enum saqta_status r = audit_guard_read(e->guard_path, ret_note, err);

	return r ? r : audit_checkpoint_open((const char *)ret_note->data, ret_note->len, &e->signer.verifier, 1, NULL, ret, err);
}

/* Everything that is known of witnesses at once. */
struct witnessing {
	struct quorum_policy policy;
	struct kept asked, witnessed;
	struct buf newest; /* the newest signed head, with its cosignatures */
	struct audit_head head;
	struct quorum_count count; /* of that head */
};

static void witnessing_done(struct witnessing *w)
{
	kept_done(&w->asked);
	kept_done(&w->witnessed);
	buf_done(&w->newest);
}

/* SAQTA_ERR_MISSING (no text): there is no policy. */
static enum saqta_status read_witnessing(struct saqta_engine *e, struct witnessing *ret, struct saqta_error *err)
{
	const struct kept *kept;
	enum saqta_status r = read_policy(e, &ret->policy, err);

	if (!r)
		r = newest_head(e, &ret->newest, &ret->head, err);
	if (!r)
		r = read_kept(e, ASKED_FILE, &ret->policy, &ret->asked, err);
	if (!r)
		r = read_kept(e, WITNESSED_FILE, &ret->policy, &ret->witnessed, err);
	if (r)
		return r;
	kept = is_of(&ret->asked, e, &ret->head) ? &ret->asked : &ret->witnessed;
	if (is_of(kept, e, &ret->head)) {
		buf_clear(&ret->newest);
		buf_add(&ret->newest, kept->note.data, kept->note.len);
	}
	return ret->newest.failed ? no_memory(err) : quorum_count(&ret->policy, &e->signer.verifier, &ret->newest, &ret->count, err);
}

enum saqta_status hall_signed_head(struct saqta_engine *e, struct buf *ret_note, struct audit_head *ret, struct saqta_error *err)
{
	cleanup_(witnessing_done) struct witnessing w = {0};
	enum saqta_status r = read_witnessing(e, &w, err);

	if (r == SAQTA_ERR_MISSING)
		return newest_head(e, ret_note, ret, err);
	if (r)
		return r;
	buf_add(ret_note, w.newest.data, w.newest.len);
	*ret = w.head;
	return ret_note->failed ? no_memory(err) : SAQTA_OK;
}

/* ---- what is told of them ---- */

static uint64_t quorum_size(const struct witnessing *w)
{
	if (w->count.is_met)
		return w->head.size;
	return w->witnessed.note.len > 0 && w->witnessed.count.is_met ? w->witnessed.head.size : 0;
}

static void give_count(struct json_out *j, const struct witnessing *w)
{
	json_int(j, "signed", w->count.n_signed);
	json_int(j, "demanded", w->count.n_demanded);
	json_bool(j, "quorum", w->count.is_met);
	json_int(j, "quorum_size", (int64_t)quorum_size(w));
}

/* A head that witnesses vouch for must be one of this very log, whatever its guard says. */
static enum saqta_status check_kept(struct saqta_engine *e, const struct kept *k, struct saqta_error *err)
{
	uint8_t root[HASH_SIZE];
	enum saqta_status r;

	if (k->note.len == 0)
		return SAQTA_OK;
	/* It was read after the log: another process may have written both in between. */
	r = k->head.size > audit_log_size(e->log) ? audit_log_reload(e->log, err) : SAQTA_OK;
	if (r)
		return r;
	if (k->head.size > audit_log_size(e->log))
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "witnesses were shown %llu entries, the log has %llu: it was rolled back",
			       (unsigned long long)k->head.size, (unsigned long long)audit_log_size(e->log));
	r = audit_log_root(e->log, k->head.size, root, err);
	if (!r && memcmp(root, k->head.root, HASH_SIZE) != 0)
		r = err_set(err, SAQTA_ERR_TAMPERED, 0, "the first %llu entries are not those that witnesses were shown",
			    (unsigned long long)k->head.size);
	return r;
}

enum saqta_status hall_witnesses_json(struct saqta_engine *e, struct json_out *j, struct saqta_error *err)
{
	cleanup_(witnessing_done) struct witnessing w = {0};
	enum saqta_status r = read_witnessing(e, &w, err);

	if (r == SAQTA_ERR_MISSING)
		return SAQTA_OK;
	if (!r)
		r = check_kept(e, &w.asked, err);
	if (!r)
		r = check_kept(e, &w.witnessed, err);
	if (r)
		return r;
	json_open(j, "witnesses", '{');
	give_count(j, &w);
	json_shut(j, '}');
	return SAQTA_OK;
}

static enum saqta_status need_policy(const struct saqta_engine *e, struct saqta_error *err)
{
	return err_set(err, SAQTA_ERR_POLICY, 0,
		       "%s/" POLICY_FILE ": is not there: it says which witnesses are trusted: lines `witness NAME KEY`, "
		       "then `quorum NAME`",
		       e->keep_dir);
}

static enum saqta_status show(struct saqta_engine *e, saqta_write_fn write, void *user, struct saqta_error *err)
{
	cleanup_(witnessing_done) struct witnessing w = {0};
	cleanup_(buf_done) struct buf json = {0};
	struct json_out j = {.out = &json};
	enum saqta_status r = read_witnessing(e, &w, err);

	if (r)
		return r == SAQTA_ERR_MISSING ? need_policy(e, err) : r;
	json_open(&j, NULL, '{');
	json_text(&j, "origin", e->signer.verifier.name);
	json_int(&j, "size", (int64_t)w.head.size);
	json_hex(&j, "root", w.head.root, HASH_SIZE);
	give_count(&j, &w);
	if (w.asked.note.len > 0) {
		json_int(&j, "asked_size", (int64_t)w.asked.head.size);
		json_int(&j, "asked_signed", w.asked.count.n_signed);
	}
	json_open(&j, "witnesses", '[');
	for (unsigned i = 0; i < w.policy.n_items; i++) {
		const struct quorum_item *item = &w.policy.items[i];
		struct audit_seal asked = w.asked.count.seals[item->witness];

		if (item->threshold > 0)
			continue;
		json_open(&j, NULL, '{');
		json_text(&j, "name", w.policy.witnesses[item->witness].name);
		json_bool(&j, "signed", w.count.seals[item->witness].holds);
		json_bool(&j, "signed_asked", asked.holds);
		if (asked.holds && asked.time_s < (uint64_t)(INT64_MAX / US_PER_S))
			json_time(&j, "at", (int64_t)asked.time_s * US_PER_S, policy_zone(e->policy));
		json_shut(&j, '}');
	}
	json_shut(&j, ']');
	json_shut(&j, '}');
	buf_str(&json, "\n");
	return hall_give(write, user, &json, err);
}

enum saqta_status saqta_audit_witness_show(saqta_engine *e, saqta_write_fn write, void *user, struct saqta_error *err)
{
	enum saqta_status r = hall_allows(e, ACT_LOG, err);

	return r ? r : show(e, write, user, err);
}

/* ---- asking ---- */

/* What a witness is asked to sign. */
struct asked {
	struct buf note; /* with the log's own signature alone: what others signed is not its business */
	struct audit_head head;
};

static void asked_done(struct asked *a) { buf_done(&a->note); }

/* Text and first signature of @note: that of the log. */
static enum saqta_status cut_note(const struct buf *note, struct buf *ret, struct saqta_error *err)
{
	const char *text = (const char *)note->data, *at, *end = text + note->len;
	size_t text_len, n;
	enum saqta_status r = audit_note_open(text, note->len, NULL, 0, &text_len, NULL, err);

	if (r)
		return r;
	at = text + text_len + 1;
	(void)audit_next_line(&at, end, &n);
	buf_add(ret, text, (size_t)(at - text));
	return ret->failed ? no_memory(err) : SAQTA_OK;
}

/* The newest head, or with @same_head the one that was asked for before. */
static enum saqta_status begin_asking(struct saqta_engine *e, bool same_head, struct asked *ret, struct saqta_error *err)
{
	cleanup_(witnessing_done) struct witnessing w = {0};
	enum saqta_status r = same_head ? SAQTA_OK : hall_checkpoint(e, err);

	if (!r)
		r = read_witnessing(e, &w, err);
	if (r)
		return r == SAQTA_ERR_MISSING ? need_policy(e, err) : r;
	if (same_head && w.asked.note.len == 0)
		return err_set(err, SAQTA_ERR_MISSING, 0, "no witness was asked for a head of this log yet: leave out --same-head");
	ret->head = same_head ? w.asked.head : w.head;
	r = cut_note(same_head ? &w.asked.note : &w.newest, &ret->note, err);
	return r || same_head || is_of(&w.asked, e, &w.head) ? r : write_kept(e, ASKED_FILE, &w.asked, &w.newest, err);
}

static enum saqta_status format_request(struct saqta_engine *e, uint64_t old, const struct asked *a, struct buf *ret,
					struct saqta_error *err)
{
	uint8_t path[AUDIT_PROOF_MAX][HASH_SIZE];
	unsigned n = 0;
	enum saqta_status r = SAQTA_OK;

	if (old > a->head.size)
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, "the witness is said to have seen %llu entries, the head to sign has %llu",
			       (unsigned long long)old, (unsigned long long)a->head.size);
	if (old > 0 && old < a->head.size)
		r = audit_log_consistency(e->log, old, a->head.size, path, &n, err);
	return r ? r : witness_request_format(old, (const uint8_t(*)[HASH_SIZE])path, n, &a->note, ret, err);
}

enum saqta_status saqta_audit_witness_request(saqta_engine *e, uint64_t old, bool same_head, saqta_write_fn write, void *user,
					      struct saqta_error *err)
{
	cleanup_(asked_done) struct asked a = {0};
	cleanup_(buf_done) struct buf request = {0};
	enum saqta_status r = hall_allows(e, ACT_LOG, err);

	if (!r)
		r = begin_asking(e, same_head, &a, err);
	if (!r)
		r = format_request(e, old, &a, &request, err);
	return r ? r : hall_give(write, user, &request, err);
}

/* ---- what was answered ---- */

/* The witness saw @size entries last. */
static enum saqta_status conflict(struct saqta_engine *e, uint64_t size, struct saqta_error *err)
{
	if (size > audit_log_size(e->log))
		return err_set(err, SAQTA_ERR_TAMPERED, 0,
			       "the witness saw %llu entries of this log, the vault has %llu: it was rolled back", (unsigned long long)size,
			       (unsigned long long)audit_log_size(e->log));
	return err_set(err, SAQTA_ERR_GUARD, 0, "the witness saw %llu entries last: ask again with --old %llu", (unsigned long long)size,
		       (unsigned long long)size);
}

static enum saqta_status refused(struct saqta_engine *e, unsigned code, const char *why, size_t len, struct saqta_error *err)
{
	uint64_t size;

	while (len > 0 && why[len - 1] == '\n')
		len--;
	if (code == WITNESS_CONFLICT && audit_number_parse(why, len, &size))
		return conflict(e, size, err);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)why[i] < 0x20 || (unsigned char)why[i] >= 0x7f)
			len = i; /* it comes from somebody else */
	if (code == WITNESS_CONFLICT || code == WITNESS_WRONG)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "the witness saw another history of this log (%u): %.*s", code,
			       (int)(len < 200 ? len : 200), why);
	return err_set(err, SAQTA_ERR_GUARD, 0, "the witness refused (%u): %.*s", code, (int)(len < 200 ? len : 200), why);
}

static enum saqta_status take_signatures(struct saqta_engine *e, const char *lines, size_t len, struct saqta_error *err)
{
	cleanup_(witnessing_done) struct witnessing w = {0};
	cleanup_(buf_done) struct buf note = {0};
	struct saqta_error why = {0};
	struct quorum_count count;
	enum saqta_status r = read_witnessing(e, &w, err);

	if (r)
		return r == SAQTA_ERR_MISSING ? need_policy(e, err) : r;
	if (w.asked.note.len == 0)
		return err_set(err, SAQTA_ERR_MISSING, 0, "no witness was asked for a head of this log yet: begin with --request FILE");
	buf_add(&note, w.asked.note.data, w.asked.note.len);
	r = quorum_add(&w.policy, &w.asked.key, lines, len, &note, &why);
	if (r)
		return err_set(err, r, 0, "no answer of a trusted witness to the newest request: %s", why.message);
	r = write_kept(e, ASKED_FILE, &w.asked, &note, err);
	if (!r)
		r = quorum_count(&w.policy, &w.asked.key, &note, &count, err);
	return r || !count.is_met ? r : write_kept(e, WITNESSED_FILE, &w.witnessed, &note, err);
}

/* A refusal on a stick: "refused <code> <why>". */
static bool parse_refusal(const char *text, size_t len, unsigned *ret_code, const char **ret_why, size_t *ret_len)
{
	const size_t n = sizeof(REFUSED) - 1;
	uint64_t code;

	if (len < n + 4 || memcmp(text, REFUSED, n) != 0 || !audit_number_parse(text + n, 3, &code) || text[n + 3] != ' ')
		return false;
	*ret_code = (unsigned)code;
	*ret_why = text + n + 4;
	*ret_len = len - n - 4;
	return true;
}

enum saqta_status saqta_audit_witness_answer(saqta_engine *e, const char *answer, size_t len, saqta_write_fn write, void *user,
					     struct saqta_error *err)
{
	const char *why;
	size_t why_len;
	unsigned code;
	enum saqta_status r = hall_allows(e, ACT_LOG, err);

	if (r)
		return r;
	if (parse_refusal(answer, len, &code, &why, &why_len))
		return refused(e, code, why, why_len, err);
	r = take_signatures(e, answer, len, err);
	return r ? r : show(e, write, user, err);
}

static enum saqta_status post(struct saqta_engine *e, const char *url, uint64_t old, const struct asked *a, struct http_reply *ret,
			      struct saqta_error *err)
{
	cleanup_(buf_done) struct buf request = {0};
	enum saqta_status r = format_request(e, old, a, &request, err);

	http_reply_done(ret);
	*ret = (struct http_reply){0};
	return r ? r : http_post(url, "add-checkpoint", &request, ret, err);
}

enum saqta_status saqta_audit_witness_submit(saqta_engine *e, const char *url, bool same_head, saqta_write_fn write, void *user,
					     struct saqta_error *err)
{
	cleanup_(http_reply_done) struct http_reply reply = {0};
	cleanup_(asked_done) struct asked a = {0};
	const char *body;
	uint64_t size;
	enum saqta_status r = hall_allows(e, ACT_LOG, err);

	if (!r)
		r = begin_asking(e, same_head, &a, err);
	if (!r)
		r = post(e, url, 0, &a, &reply, err);
	/* Asked from 0 on, a witness that knows the log says what it saw last. */
	if (!r && reply.code == WITNESS_CONFLICT && strcmp(reply.type, WITNESS_SIZE_TYPE) == 0 && reply.body.len > 1 &&
	    audit_number_parse((const char *)reply.body.data, reply.body.len - 1, &size)) {
		if (size > a.head.size)
			return size > audit_log_size(e->log)
				       ? conflict(e, size, err)
				       : err_set(err, SAQTA_ERR_GUARD, 0, "the witness signed a newer head already: leave out --same-head");
		r = post(e, url, size, &a, &reply, err);
	}
	if (r)
		return r;
	body = reply.body.len > 0 ? (const char *)reply.body.data : "";
	if (reply.code != WITNESS_SIGNED)
		return refused(e, reply.code, body, reply.body.len, err);
	r = take_signatures(e, body, reply.body.len, err);
	return r ? r : show(e, write, user, err);
}
