/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

#include "saqta/audit.h"

/* Lines as an application sends them, all in one transaction that is taken back at the end. A bad line is an answer and no error; whatever is
 * applied, the log tells the same as the tables. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct saqta_engine *e = fuzz_engine();
	const char *at = (const char *)data, *end = at + size;
	struct saqta_error err = {0};

	for (unsigned line = 1; at < end && line <= 40; line++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((stop ? stop : end) - at);

		fuzz_must(!saqta_engine_submit(e, line, at, len, &err));
		at += len + 1;
	}
	if (e->txn.db) {
		fuzz_is_lines(&e->answers);
		fuzz_must(!hall_flush(e, &err));
		if (saqta_audit_reconcile(e, NULL, NULL, fuzz_drop, NULL, &err))
			fuzz_fail(__FILE__, __LINE__, err.message);
		hall_abort(e);
	}
	fuzz_must(!e->is_broken);
	return 0;
}
