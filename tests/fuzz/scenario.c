/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "saqta/tool.h"

#include <string.h>

/* Messages are lines. */
static int take(void *user, const char *data, size_t len)
{
	(void)user;
	fuzz_must(len > 0 && data[len - 1] == '\n' && !memchr(data, 0, len));
	return 0;
}

/* A scenario file: refused with a reason, or it passes or fails, and fails with a message. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct saqta_error err = {0};
	bool passed = false;

	if (saqta_scenario_run(fuzz_file("scenario.jsonl", data, size), fuzz_packs(), take, NULL, &passed, &err))
		fuzz_must(*err.message);
	return 0;
}
