/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "saqta/keys.h"
#include "vault/shares.h"

#include <string.h>

/* As many of them as a person may put together. There is no keystore that they could open. */
static void recover(const char *text, size_t len)
{
	const struct saqta_options o = {.size = sizeof(o), .vault_dir = fuzz_dir(), .keep_dir = fuzz_dir()};
	const struct saqta_key_options keys = {.size = sizeof(keys)};
	struct saqta_error err;

	fuzz_must(saqta_key_recover(&o, &keys, text, len, &err) && *err.message);
}

/* One share of a key: only the line that would be written for it is taken. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_(buf_done) struct buf back = {0};
	struct share s;

	recover((const char *)data, size);
	if (!share_parse((const char *)data, size, &s))
		return 0;
	share_format(&s, &back);
	fuzz_must(!back.failed && (back.len == size || back.len == size + 1) && memcmp(back.data, data, size) == 0);
	fuzz_must(s.threshold >= 2 && s.index >= 1);
	return 0;
}
