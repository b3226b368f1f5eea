/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <stdlib.h>

/* The file of roles: refused, or this process has one of the five. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct saqta_options o = {.size = sizeof(o)};
	struct saqta_engine e = {0};
	struct saqta_error err = {0};

	(void)fuzz_file("roles", data, size);
	if (hall_take_role(&e, &o, fuzz_dir(), &err))
		fuzz_must(*err.message && (err.status == SAQTA_ERR_RIGHT || err.status == SAQTA_ERR_POLICY));
	else
		fuzz_must(hall_role_name(e.role) && e.actor);
	free(e.actor);
	return 0;
}
