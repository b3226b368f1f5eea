/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

/* A task's row, which stands in clear: what is read is written as the same bytes, can be listed, and its term computed. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t key[8] = {0, 0, 0, 0, 0, 0, 0, 9};
	struct saqta_engine *e = fuzz_engine();
	cleanup_(buf_done) struct buf back = {0};
	struct saqta_error err = {0};
	struct task t;
	int64_t us;

	fuzz_must(!hall_begin(e, &err) && !db_put(&e->txn, VAULT_TASK, key, sizeof(key), data, size, &err));
	if (!vault_get_task(&e->vault, 9, &t, &err)) {
		const struct term term = {(enum term_unit)t.term.unit, t.term.count};

		fuzz_must(!vault_put_task(&e->vault, &e->txn, &t, &err) && !db_get(e->vault.db, VAULT_TASK, key, sizeof(key), &back, &err));
		fuzz_must(back.len == size && memcmp(back.data, data, size) == 0);
		fuzz_must(!saqta_engine_task_list(e, fuzz_take_lines, NULL, &err));
		if (t.term.from_us != INSTANT_NONE)
			(void)term_end(term, t.term.from_us, policy_zone(e->policy), policy_calendar(e->policy), &us, NULL);
	}
	hall_abort(e);
	fuzz_must(!e->is_broken);
	return 0;
}
