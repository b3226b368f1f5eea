/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

/* base64 and hex: what is decoded encodes to the same, and the other way round. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t len = 0;
	uint8_t *raw = base64_decode((const char *)data, size, &len), *half = malloc(size / 2 + 1);
	char *text = base64_encode(data, size), *hex = malloc(2 * size + 1);

	fuzz_must(text && hex && half);
	if (raw) {
		char *back = base64_encode(raw, len);

		fuzz_must(back && strlen(back) == size && memcmp(back, data, size) == 0);
		free(back);
		free(raw);
	}
	raw = base64_decode(text, strlen(text), &len);
	fuzz_must(raw && len == size && memcmp(raw, data, size) == 0);
	hex_encode(data, size, hex);
	fuzz_must(hex_decode(hex, 2 * size, raw) && memcmp(raw, data, size) == 0);
	if (hex_decode((const char *)data, size, half)) {
		hex_encode(half, size / 2, hex);
		fuzz_must(strncasecmp(hex, (const char *)data, size) == 0);
	}
	free(raw);
	free(half);
	free(text);
	free(hex);
	return 0;
}
