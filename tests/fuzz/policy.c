/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

/* A pack: refused with a reason, or a policy that can be told, asked and linted, and is the same when read again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = fuzz_file("pack.xml", data, size);
	cleanup_(problems_done) struct problems problems = {0};
	cleanup_(policy_unrefp) struct policy *p = NULL, *again = NULL;
	struct saqta_error err = {0};

	if (policy_load(path, fuzz_packs(), &p, &problems, &err)) {
		fuzz_must(*err.message && !p);
		return 0;
	}
	fuzz_must(problems.count == 0 && !policy_load(path, fuzz_packs(), &again, NULL, &err));
	fuzz_must(crypt_equal(policy_digest(p), policy_digest(again), HASH_SIZE));
	fuzz_tell(p);
	return 0;
}
