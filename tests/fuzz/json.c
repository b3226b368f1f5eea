/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

/* What the writer makes of a text, whatever stands in it, is read back as the same text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_(buf_done) struct buf out = {0};
	struct json_out j = {.out = &out};
	json_t *value = json_stringn((const char *)data, size), *back;

	if (!value) /* not UTF-8: no text comes from outside that was not held against it */
		return 0;
	json_open(&j, NULL, '[');
	json_text_n(&j, NULL, (const char *)data, size);
	json_hex(&j, NULL, data, size);
	json_shut(&j, ']');
	back = json_loadb((const char *)out.data, out.len, JSON_ALLOW_NUL, NULL);
	fuzz_must(json_equal(value, json_array_get(back, 0)) && json_string_length(json_array_get(back, 1)) == 2 * size);
	json_decref(back);
	json_decref(value);
	return 0;
}
