/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>
#include <unistd.h>

static const uint8_t vault_id[16] = "the vault's id.";
static const uint8_t subject_id[SUBJECT_ID_SIZE] = "somebody's id..";
static struct secret *master;
static uint8_t subject_key[KEY_SIZE];

/* One keystore with a living key, a destroyed one and its line in the ledger. */
static void make(struct buf *ret)
{
	static const struct gone gone = {
		.row = "another one's id", .row_len = SUBJECT_ID_SIZE, .note = (const uint8_t *)"why", .note_len = 3};
	struct keystore *ks = NULL;
	struct saqta_error err;

	fuzz_must(!crypt_init(&err) && !secret_new(&master, &err));
	memcpy(secret_key(master), fuzz_key, KEY_SIZE);
	fuzz_must(!keystore_create(fuzz_path("made"), master, vault_id, &ks, &err));
	fuzz_must(!keystore_add(ks, subject_id, subject_key, &err) && !keystore_flush(ks, &err) && !keystore_bury(ks, &gone, 1, &err));
	(void)keystore_close(ks);
	fuzz_read(fuzz_path("made"), ret);
}

/* The keystore's file with bytes changed: refused, or the key that comes out of it is the one that went in, and the ledger is whole. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct buf made;
	cleanup_(buf_done) struct buf file = {0};
	struct keystore *ks = NULL;
	struct saqta_error err = {0};
	uint8_t key[KEY_SIZE];
	uint64_t lines;

	if (!master)
		make(&made);
	buf_add(&file, made.data, made.len);
	(void)fuzz_patch(&file, 1, data, size);
	(void)fuzz_file("keystore", file.data, file.len);
	if (!keystore_open_reader(fuzz_path("keystore"), master, vault_id, &ks, &err)) {
		if (!keystore_get(ks, subject_id, key, &err))
			fuzz_must(memcmp(key, subject_key, KEY_SIZE) == 0);
		if (!keystore_ledger(ks, NULL, NULL, &lines, &err))
			fuzz_must(lines == 1);
	}
	(void)keystore_close(ks);
	(void)unlink(fuzz_path("keystore-wal"));
	(void)unlink(fuzz_path("keystore-shm"));
	return 0;
}
