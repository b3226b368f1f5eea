/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/witness.h"

#include <stdlib.h>
#include <string.h>

/* C2SP tlog-witness. A request comes from whoever reaches the witness: bounded, strict, and nothing in it is believed before the log's signature
 * holds. */

static enum saqta_status no_memory(struct saqta_error *err) { return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory"); }

/* ---- requests ---- */

static bool parse_hash(const char *line, size_t len, uint8_t ret[HASH_SIZE])
{
	size_t hash_len = 0;
	uint8_t *hash = base64_decode(line, len, &hash_len);
	bool is_good = hash && hash_len == HASH_SIZE;

	if (is_good)
		memcpy(ret, hash, HASH_SIZE);
	free(hash);
	return is_good;
}

enum saqta_status witness_request_parse(const char *text, size_t len, struct witness_request *ret, struct saqta_error *err)
{
	static const char old[] = "old ";
	const size_t n_old = sizeof(old) - 1;
	const char *at = text, *end = text + len, *line;
	size_t n = 0;

	if (len > WITNESS_REQUEST_MAX)
		return err_set(err, SAQTA_ERR_INPUT, 0, "the request is larger than %zu KiB", WITNESS_REQUEST_MAX >> 10);
	line = audit_next_line(&at, end, &n);
	if (!line || n <= n_old || memcmp(line, old, n_old) != 0 || !audit_number_parse(line + n_old, n - n_old, &ret->old))
		return err_set(err, SAQTA_ERR_INPUT, 1, "the request does not begin with `old` and a size");
	for (ret->n_path = 0;; ret->n_path++) {
		line = audit_next_line(&at, end, &n);
		if (!line)
			return err_set(err, SAQTA_ERR_INPUT, ret->n_path + 2, "no blank line ends the proof");
		if (n == 0)
			break;
		if (ret->n_path == WITNESS_PROOF_MAX)
			return err_set(err, SAQTA_ERR_INPUT, ret->n_path + 2, "the proof has more than %u hashes", WITNESS_PROOF_MAX);
		if (!parse_hash(line, n, ret->path[ret->n_path]))
			return err_set(err, SAQTA_ERR_INPUT, ret->n_path + 2, "a line of the proof is not 32 bytes as base64");
	}
	ret->note = at;
	ret->note_len = (size_t)(end - at);
	if (!audit_checkpoint_peek(ret->note, ret->note_len, ret->origin, &ret->head, &ret->text_len))
		return err_set(err, SAQTA_ERR_INPUT, ret->n_path + 3, "no checkpoint follows the proof");
	return SAQTA_OK;
}

static void add_hash(struct buf *ret, const uint8_t hash[HASH_SIZE])
{
	char *text = base64_encode(hash, HASH_SIZE);

	buf_fmt(ret, "%s\n", text ? text : "");
	ret->failed |= !text;
	free(text);
}

enum saqta_status witness_request_format(uint64_t old, const uint8_t (*path)[HASH_SIZE], unsigned n_path, const struct buf *note,
					 struct buf *ret, struct saqta_error *err)
{
	if (n_path > WITNESS_PROOF_MAX)
		return err_set(err, SAQTA_ERR_LIMIT, 0, "a proof of %u hashes is longer than a witness takes", n_path);
	buf_fmt(ret, "old %llu\n", (unsigned long long)old);
	for (unsigned i = 0; i < n_path; i++)
		add_hash(ret, path[i]);
	buf_str(ret, "\n");
	buf_add(ret, note->data, note->len);
	return ret->failed ? no_memory(err) : SAQTA_OK;
}

/* ---- state ---- */

void witness_state_done(struct witness_state *s) { buf_done(&s->note); }

enum saqta_status witness_state_parse(const struct buf *text, struct witness_state *ret, struct saqta_error *err)
{
	const char *at = text->len > 0 ? (const char *)text->data : "", *end = at + text->len, *line;
	struct saqta_error why = {0};
	size_t n = 0;

	while ((line = audit_next_line(&at, end, &n)) != NULL && n > 0) {
		if (ret->n_keys == WITNESS_KEYS_MAX || !audit_vkey_parse(line, n, &ret->keys[ret->n_keys]) ||
		    ret->keys[ret->n_keys].type != AUDIT_ED25519 || strcmp(ret->keys[ret->n_keys].name, ret->keys[0].name) != 0)
			return err_set(err, SAQTA_ERR_TAMPERED, ret->n_keys + 1, "not the key of a log");
		ret->n_keys++;
	}
	if (!line || ret->n_keys == 0)
		return err_set(err, SAQTA_ERR_TAMPERED, ret->n_keys + 1, "it names no key, or its end is cut");
	if (at == end)
		return SAQTA_OK;
	if (audit_checkpoint_open(at, (size_t)(end - at), ret->keys, ret->n_keys, NULL, &ret->seen, &why))
		return err_set(err, SAQTA_ERR_TAMPERED, ret->n_keys + 2, "its head does not hold: %s", why.message);
	buf_add(&ret->note, at, (size_t)(end - at));
	return ret->note.failed ? no_memory(err) : SAQTA_OK;
}

void witness_state_format(const struct witness_state *s, struct buf *ret)
{
	for (unsigned i = 0; i < s->n_keys; i++) {
		audit_vkey_format(&s->keys[i], ret);
		buf_str(ret, "\n");
	}
	buf_str(ret, "\n");
	buf_add(ret, s->note.data, s->note.len);
}

/* ---- answers ---- */

void witness_answer_done(struct witness_answer *a) { buf_done(&a->body); }

static void refuse(struct witness_answer *ret, enum witness_code code, const char *why)
{
	ret->code = code;
	ret->type = "text/plain; charset=utf-8";
	buf_fmt(&ret->body, "%s\n", why);
}

/* Is the tree of @head what grew out of the one that was seen? */
static void judge(const struct witness_request *q, const struct audit_head *seen, struct witness_answer *ret)
{
	const struct audit_head *head = &q->head;
	uint8_t empty[HASH_SIZE];

	crypt_sha256("", 0, empty);
	ret->code = WITNESS_SIGNED;
	if (q->old > head->size) {
		refuse(ret, WITNESS_MALFORMED, "the old size is larger than the checkpoint's");
	} else if (q->old != seen->size) {
		ret->code = WITNESS_CONFLICT;
		ret->type = WITNESS_SIZE_TYPE;
		buf_fmt(&ret->body, "%llu\n", (unsigned long long)seen->size);
	} else if (head->size == seen->size && head->size > 0 && memcmp(head->root, seen->root, HASH_SIZE) != 0) {
		ret->is_fork = true;
		refuse(ret, WITNESS_CONFLICT, "the log signed another root for this size before: it has two histories");
	} else if (head->size == 0 && memcmp(head->root, empty, HASH_SIZE) != 0) {
		refuse(ret, WITNESS_WRONG, "the root is not that of an empty tree");
	} else if (q->old == 0 || q->old == head->size) {
		if (q->n_path > 0)
			refuse(ret, WITNESS_WRONG, "there is nothing that the consistency proof could prove");
	} else if (!audit_verify_consistency(q->old, head->size, q->path, q->n_path, seen->root, head->root)) {
		refuse(ret, WITNESS_WRONG, "the consistency proof does not hold");
	}
}

enum saqta_status witness_answer(const struct audit_signer *witness, uint64_t time_s, const struct witness_request *q,
				 struct witness_state *state, struct witness_answer *ret, struct saqta_error *err)
{
	struct saqta_error why = {0};
	size_t text_len;
	enum saqta_status r;

	if (!state || strcmp(state->keys[0].name, q->origin) != 0)
		refuse(ret, WITNESS_UNKNOWN, "the log is unknown to this witness");
	else if (audit_note_open(q->note, q->note_len, state->keys, state->n_keys, &text_len, NULL, &why))
		refuse(ret, WITNESS_UNSIGNED, why.message);
	else
		judge(q, &state->seen, ret);
	if (ret->code != WITNESS_SIGNED)
		return ret->body.failed ? no_memory(err) : SAQTA_OK;
	ret->type = "text/plain; charset=utf-8";
	r = audit_note_cosign(witness, time_s, q->note, q->text_len, &ret->body, err);
	if (r)
		return r;
	state->seen = q->head;
	buf_clear(&state->note);
	buf_add(&state->note, q->note, q->note_len);
	return state->note.failed ? no_memory(err) : SAQTA_OK;
}
