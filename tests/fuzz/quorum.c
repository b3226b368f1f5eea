/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/witness.h"
#include "fuzz.h"

#include <string.h>

/* Each group demands some of its members, which stand before it; the quorum is one of them all. */
static void check(const struct quorum_policy *p)
{
	unsigned members[QUORUM_ITEMS_MAX] = {0}, n_witnesses = 0;

	fuzz_must(p->n_items <= QUORUM_ITEMS_MAX && p->n_witnesses <= QUORUM_WITNESSES_MAX);
	fuzz_must(p->quorum >= QUORUM_NONE && p->quorum < (int)p->n_items);
	for (unsigned i = 0; i < p->n_items; i++) {
		const struct quorum_item *item = &p->items[i];

		fuzz_must(*item->name && item->threshold <= members[i]);
		n_witnesses += item->threshold == 0;
		fuzz_must(item->threshold > 0 || item->witness < p->n_witnesses);
		fuzz_must(item->group == QUORUM_NONE || (item->group > (int)i && item->group < (int)p->n_items));
		if (item->group != QUORUM_NONE)
			members[item->group]++;
	}
	fuzz_must(n_witnesses == p->n_witnesses);
}

/* The bytes as a policy, under which a head without cosignatures is counted; and as a witness's answer, which is never one. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct audit_signer signer, witness;
	struct audit_head head = {.size = 3};
	cleanup_(buf_done) struct buf note = {0};
	static struct quorum_policy p;
	struct quorum_count count;
	struct saqta_error err;
	size_t len;

	if (!signer.seed)
		fuzz_must(!crypt_init(&err) && !audit_signer_init(&signer, "example.org/log", fuzz_key, &err) &&
			  !audit_cosigner_init(&witness, "example.org/witness", fuzz_key, &err));
	fuzz_must(!audit_checkpoint_sign(&signer, &head, &note, &err));
	len = note.len;
	if (!quorum_parse((const char *)data, size, &p, &err)) {
		check(&p);
		fuzz_must(!quorum_count(&p, &signer.verifier, &note, &count, &err));
		fuzz_must(count.n_signed == 0 && count.n_demanded <= p.n_witnesses && count.is_met == (p.quorum == QUORUM_NONE));
	}
	p = (struct quorum_policy){
		.witnesses = {witness.verifier}, .n_witnesses = 1, .items = {{.name = "w", .group = QUORUM_NONE}}, .n_items = 1};
	fuzz_must(quorum_add(&p, &signer.verifier, (const char *)data, size, &note, &err) == SAQTA_ERR_TAMPERED && note.len == len);
	return 0;
}
