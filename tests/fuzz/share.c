/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "vault/shares.h"

#include <string.h>

/* One share of a key: only the line that would be written for it is taken. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_(buf_done) struct buf back = {0};
	struct share s;

	if (!share_parse((const char *)data, size, &s))
		return 0;
	share_format(&s, &back);
	fuzz_must(!back.failed && (back.len == size || back.len == size + 1) && memcmp(back.data, data, size) == 0);
	fuzz_must(s.threshold >= 2 && s.index >= 1);
	return 0;
}
