/* SPDX-License-Identifier: Apache-2.0 */
#include "backup.h"

#include "fuzz.h"

#include <unistd.h>

static struct secret *key;
static uint8_t vault_id[16];

/* A vault that was lost: its keep is there, and so is the key of its backups. */
static void make(const struct saqta_options *o)
{
	struct saqta_engine *e = NULL;
	struct saqta_error err = {0};

	if (saqta_engine_init(o, "mycar", NULL, NULL, &err) || saqta_engine_open(o, &e, &err))
		fuzz_fail(__FILE__, __LINE__, err.message);
	fuzz_must(!keystore_branch(e->vault.keys, "backup", &key, &err));
	for (size_t i = 0; i < sizeof(vault_id); i++)
		vault_id[i] = e->vault.id[i];
	(void)saqta_engine_close(e);
	(void)unlink(fuzz_path("vault.db"));
}

/* What stands in a backup whose seal holds: parts that no backup has do not become a vault. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct saqta_options o = {
		.size = sizeof(o), .vault_dir = fuzz_dir(), .keep_dir = fuzz_dir(), .policy_dirs = fuzz_packs(), .role = "owner"};
	const struct saqta_restore_options how = {.size = sizeof(how)};
	struct backup_header header = {.incarnation = 1, .head = {.size = 2}, .at = "2026-01-05T09:00:00Z"};
	cleanup_(buf_done) struct buf line = {0};
	struct stream *s = NULL;
	struct saqta_error err = {0};

	if (!key)
		make(&o);
	for (size_t i = 0; i < sizeof(vault_id); i++)
		header.vault_id[i] = vault_id[i];
	backup_header_format(&header, "checkpoint", &line);
	(void)unlink(fuzz_path("backup"));
	fuzz_must(!stream_create(fuzz_path("backup"), secret_key(key), &line, &s, &err));
	fuzz_must(!stream_write(s, data, size, &err) && !stream_finish(s, &err));
	(void)stream_close(s);
	fuzz_must(saqta_restore(&o, fuzz_path("backup"), &how, fuzz_drop, NULL, &err) && *err.message);
	fuzz_must(access(fuzz_path("vault.db"), F_OK) != 0 && access(fuzz_path("keystore.db"), F_OK) == 0);
	return 0;
}
