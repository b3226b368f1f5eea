/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"

/* Bringing up a vault that an older program made: version by version, all of it in one transaction with the entry that says so. What a newer
 * program made is refused (db_open). */

/* What came with each version from the second on. A step of which only tables are new has no function; one that has carries over what stands in
 * the tables, and reads them as the version before it left them. */
typedef enum saqta_status (*carry_fn)(struct saqta_engine *e, struct saqta_error *err);
static const carry_fn steps[] = {
	NULL, /* 2: the past of the log; there was none before */
};
_Static_assert(sizeof(steps) / sizeof(steps[0]) == VAULT_VERSION - 1, "every version has its step");

static enum saqta_status record_versions(struct saqta_engine *e, const char *store, uint32_t from, uint32_t to, struct saqta_error *err)
{
	cleanup_(answer_done) struct answer a;
	cleanup_(buf_done) struct buf more = {0};
	struct json_out j = {.out = &more};

	answer_init(&a);
	json_open(&j, NULL, '{');
	json_int(&j, "from", from);
	json_text(&j, "store", store);
	json_int(&j, "to", to);
	json_shut(&j, '}');
	if (more.failed)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	return hall_record(e, "migrated", hall_now(e), &a, &(struct entry_extra){.json = (const char *)more.data}, err);
}

static enum saqta_status bring_up(struct saqta_engine *e, uint32_t from, struct saqta_error *err)
{
	enum saqta_status r = SAQTA_OK;

	for (uint32_t to = from + 1; !r && to <= VAULT_VERSION; to++) {
		r = db_bring_up(&e->txn, to, err);
		if (!r && steps[to - 2])
			r = steps[to - 2](e, err);
	}
	return r ? r : record_versions(e, "vault", from, VAULT_VERSION, err);
}

enum saqta_status hall_migrate(struct saqta_engine *e, bool *ret_changed, struct saqta_error *err)
{
	uint32_t vault = 0, keystore = 0;
	enum saqta_status r = db_version(e->vault.db, &vault, err);

	*ret_changed = false;
	if (!r)
		r = keystore_version(e->vault.keys, &keystore, err);
	if (r || (vault == VAULT_VERSION && keystore == KEYSTORE_VERSION))
		return r;
	r = hall_begin(e, err);
	if (!r && vault < VAULT_VERSION)
		r = bring_up(e, vault, err);
	/* The keystore is another file: that it is brought up is on record before it is, as whatever is done with keys. */
	if (!r && keystore < KEYSTORE_VERSION)
		r = record_versions(e, "keystore", keystore, KEYSTORE_VERSION, err);
	if (!r)
		r = hall_commit(e, err);
	if (r)
		return r;
	*ret_changed = true;
	return keystore < KEYSTORE_VERSION ? keystore_bring_up(e->vault.keys, err) : SAQTA_OK;
}
