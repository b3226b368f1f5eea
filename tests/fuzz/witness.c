/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/witness.h"
#include "fuzz.h"

#include <string.h>

#define ORIGIN "example.org/log"

static struct audit_signer log_signer, witness_signer;

/* What a witness that saw @state says to @q must be one of its codes, and a signature only over a tree that cannot be smaller. */
static enum witness_code answer(const struct witness_request *q, struct witness_state *state)
{
	cleanup_(witness_answer_done) struct witness_answer a = {0};
	struct audit_head seen = state->seen;
	struct saqta_error err;

	fuzz_must(!witness_answer(&witness_signer, 1767225600, q, state, &a, &err));
	fuzz_must(a.body.len > 0 && a.body.data[a.body.len - 1] == '\n');
	if (a.code == WITNESS_SIGNED)
		fuzz_must(q->old == seen.size && state->seen.size == q->head.size && q->head.size >= seen.size);
	else
		fuzz_must(memcmp(&state->seen, &seen, sizeof(seen)) == 0);
	return a.code;
}

/* The request as it came, which nobody signed; and with our signature on its checkpoint. */
static void ask(const char *text, size_t size)
{
	cleanup_(witness_state_done) struct witness_state state = {.keys = {log_signer.verifier}, .n_keys = 1};
	cleanup_(buf_done) struct buf note = {0}, again = {0};
	struct witness_request q;
	struct saqta_error err;

	if (witness_request_parse(text, size, &q, &err))
		return;
	fuzz_must(q.n_path <= WITNESS_PROOF_MAX && q.text_len < q.note_len && *q.origin);
	buf_add(&note, q.note, q.note_len);
	fuzz_must(!witness_request_format(q.old, (const uint8_t(*)[HASH_SIZE])q.path, q.n_path, &note, &again, &err));
	fuzz_must(again.len == size && memcmp(again.data, text, size) == 0);
	fuzz_must(answer(&q, &state) != WITNESS_SIGNED);
	buf_clear(&note);
	buf_clear(&again);
	fuzz_must(!audit_note_sign(&log_signer, q.note, q.text_len, &note, &err));
	fuzz_must(!witness_request_format(q.old, (const uint8_t(*)[HASH_SIZE])q.path, q.n_path, &note, &again, &err));
	if (witness_request_parse((const char *)again.data, again.len, &q, &err)) /* longer than a request may be */
		return;
	state.seen.size = q.old;
	state.seen.root[0] = 42;
	(void)answer(&q, &state);
}

static void keep(const uint8_t *data, size_t size)
{
	cleanup_(witness_state_done) struct witness_state state = {0};
	cleanup_(buf_done) struct buf text = {0}, again = {0};
	struct saqta_error err;

	buf_add(&text, data, size);
	if (witness_state_parse(&text, &state, &err))
		return;
	witness_state_format(&state, &again);
	fuzz_must(again.len == size && memcmp(again.data, data, size) == 0);
}

/* Requests to a witness, and what it keeps. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct saqta_error err;

	if (!log_signer.seed)
		fuzz_must(!crypt_init(&err) && !audit_signer_init(&log_signer, ORIGIN, fuzz_key, &err) &&
			  !audit_cosigner_init(&witness_signer, "example.org/witness", fuzz_key, &err));
	ask((const char *)data, size);
	keep(data, size);
	return 0;
}
