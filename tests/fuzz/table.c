/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <unistd.h>

#define TITLES "<title xml:lang='kk'>p</title><title xml:lang='ru'>p</title><title xml:lang='en'>p</title>"

static const char pack[] = "<policy xmlns='urn:saqta:policy:1' id='p' version='1' kind='policy' calendar='kz' zone='Asia/Almaty'>" TITLES
			   "<forbid id='rest' clause='1' otherwise='yes'>" TITLES "</forbid></policy>";

/* The tables beside the packs: the first byte says which, the rest is what stands in it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"vocabulary.tsv", "clauses.tsv", "statute.tsv", "words.tsv"};
	cleanup_(policy_unrefp) struct policy *p = NULL;
	struct saqta_error err = {0};
	unsigned which = size > 0 ? data[0] % 4u : 4;

	if (which > 3)
		return 0;
	(void)fuzz_file(names[which], data + 1, size - 1);
	if (policy_load(fuzz_file("p.xml", pack, sizeof(pack) - 1), fuzz_packs(), &p, NULL, &err))
		fuzz_must(*err.message && !p);
	else
		fuzz_tell(p);
	(void)unlink(fuzz_path(names[which]));
	for (enum id_kind kind = 0; p && kind < ID_KINDS; kind++)
		for (int i = 0; i < policy_id_count(p, kind); i++)
			fuzz_must(policy_find(p, kind, policy_name(p, kind, i)) == i && idset_has(policy_members(p, kind, i), i));
	return 0;
}
