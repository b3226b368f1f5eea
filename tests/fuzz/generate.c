/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "saqta/tool.h"

#include <stdio.h>
#include <stdlib.h>

/* The data file of the generator with bytes changed: refused with a reason, or lines of JSON come of it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct saqta_generate_options o = {.size = sizeof(o), .subjects = 3, .seed = 7};
	static struct buf made;
	cleanup_(buf_done) struct buf file = {0};
	struct saqta_error err = {0};
	char path[4096];

	if (!made.data) {
		(void)snprintf(path, sizeof(path), "%s/generate.json", fuzz_packs());
		fuzz_read(path, &made);
		fuzz_must(setenv("SAQTA_POLICY_PATH", fuzz_dir(), 1) == 0);
	}
	buf_add(&file, made.data, made.len);
	(void)fuzz_patch(&file, 1, data, size);
	(void)fuzz_file("generate.json", file.data, file.len);
	if (saqta_generate(&o, fuzz_take_lines, NULL, &err))
		fuzz_must(err.status == SAQTA_ERR_POLICY && *err.message);
	return 0;
}
