/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

/* The guard file: as it was written, which nobody signed; and as if we had signed it. Only a head that the log has passed holds. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct saqta_engine *e = fuzz_engine();
	cleanup_(buf_done) struct buf file = {0}, note = {0};
	struct saqta_error err = {0};
	struct audit_head head;

	fuzz_must(!audit_guard_read(fuzz_file("guard", data, size), &file, &err));
	fuzz_must(file.len == size && (size == 0 || memcmp(file.data, data, size) == 0));
	fuzz_must(size == 0 || audit_guard_check(e->log, &file, &e->signer.verifier, &err) == SAQTA_ERR_TAMPERED);
	fuzz_must(!audit_note_sign(&e->signer, data, size, &note, &err));
	if (!audit_guard_check(e->log, &note, &e->signer.verifier, &err))
		fuzz_must(!audit_checkpoint_open((const char *)note.data, note.len, &e->signer.verifier, 1, NULL, &head, &err) &&
			  head.size <= audit_log_size(e->log));
	return 0;
}
