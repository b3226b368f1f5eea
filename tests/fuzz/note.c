/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

/* A signed text that we sign ourselves: it opens, and as a checkpoint says what it said unsigned by us. */
static void sign(const char *text, size_t len)
{
	cleanup_(buf_done) struct buf note = {0};
	static struct audit_signer signer;
	struct audit_head head;
	struct audit_seal seal;
	struct saqta_error err;
	size_t text_len;

	if (!signer.seed)
		fuzz_must(!crypt_init(&err) && !audit_signer_init(&signer, "example.org/log", fuzz_key, &err));
	fuzz_must(!audit_note_sign(&signer, text, len, &note, &err));
	fuzz_must(!audit_note_open((const char *)note.data, note.len, &signer.verifier, 1, &text_len, &seal, &err));
	fuzz_must(text_len == len && seal.holds && seal.time_s == 0);
	(void)!audit_checkpoint_open((const char *)note.data, note.len, &signer.verifier, 1, NULL, &head, &err);
	note.data[len / 2] ^= 1;
	fuzz_must(audit_note_open((const char *)note.data, note.len, &signer.verifier, 1, &text_len, &seal, &err));
}

/* Notes, checkpoints and the keys that verify them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	cleanup_(buf_done) struct buf back = {0};
	char origin[AUDIT_NAME_MAX + 1];
	struct audit_verifier key;
	struct audit_head head;
	size_t text_len;

	if (audit_vkey_parse(text, size, &key)) {
		audit_vkey_format(&key, &back);
		fuzz_must(back.len == size && memcmp(back.data, data, size) == 0);
	}
	if (!audit_note_open(text, size, NULL, 0, &text_len, NULL, NULL)) {
		fuzz_must(text_len < size && text[text_len - 1] == '\n' && text[text_len] == '\n');
		sign(text, text_len);
	}
	if (!audit_checkpoint_open(text, size, NULL, 0, origin, &head, NULL))
		fuzz_must(*origin && memcmp(origin, text, strlen(origin)) == 0);
	return 0;
}
