/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SAQTA_KEYS_H
#define SAQTA_KEYS_H

#include "saqta/engine.h"

#ifdef __cplusplus
extern "C" {
#endif

/** @file
 *  Copies of a vault and their return, and the keys. What is destroyed in the vault is destroyed in every backup of it, made at any time, because
 *  its key is gone from the keystore, which no backup holds unless it was asked for. */

struct saqta_backup_options {
	size_t size;
	bool with_keys; /**< with a copy of the keystore, under a recovery passphrase: whoever has both reads everyone who was in the vault
			     then, whatever is destroyed later. Recorded in the log; asks for a writer. */
	saqta_passphrase_fn passphrase; /**< the recovery passphrase */
	void *passphrase_user;
	saqta_progress_fn progress;
	void *progress_user;
};
/** A whole copy of the vault as of now, sealed, into the new file @path, while others write. @engine may be a reader. The report is one JSON
 *  object: file, bytes, entries, root, at, keys. SAQTA_ERR_CREATE if the file is there; on failure none is left. */
enum saqta_status saqta_backup(saqta_engine *engine, const char *path, const struct saqta_backup_options *options, saqta_write_fn write,
			       void *user, struct saqta_error *reterr);

struct saqta_restore_options {
	size_t size;
	saqta_passphrase_fn passphrase; /**< the recovery passphrase of a backup with keys */
	void *passphrase_user;
	saqta_progress_fn progress;
	void *progress_user;
};
/** Put a backup in the place of a lost vault: verifies all of it, replays every destruction since from the ledger in the keep, and begins a new
 *  incarnation of the log. Nothing is served before that is done; a crash in between leaves no vault. The report is one JSON object: backup_at,
 *  entries, entries_lost, replayed, incarnation, origin, subjects. What was recorded between the backup and the loss is lost except for the
 *  destructions: the applications send it again.
 *  SAQTA_ERR_CREATE if a vault is there, SAQTA_ERR_KEY for other keys, SAQTA_ERR_TAMPERED for a backup that is cut or changed. */
enum saqta_status saqta_restore(const struct saqta_options *options, const char *path, const struct saqta_restore_options *restore,
				saqta_write_fn write, void *user, struct saqta_error *reterr);

/** Which keys there are, as one JSON object: key_file, passphrase, epoch, epoch_since, subject_keys, destructions_kept, signs_as. */
enum saqta_status saqta_key_status(saqta_engine *engine, saqta_write_fn write, void *user, struct saqta_error *reterr);

struct saqta_key_options {
	size_t size;
	const char *new_key_file; /**< rotate: write the new key there and leave the old file alone; NULL: in the old one's place */
	bool with_passphrase;	  /**< seal it under a passphrase */
	bool without_passphrase;  /**< rotate: do not, even if the old one is */
	saqta_passphrase_fn passphrase;
	void *passphrase_user;
};
/** A new master key: only the epoch key is sealed anew. Recorded. Killed anywhere, the vault opens with one of the two key files, and the next
 *  opening finds which. */
enum saqta_status saqta_key_rotate(saqta_engine *engine, const struct saqta_key_options *options, struct saqta_error *reterr);
/** A new epoch: every living key is sealed anew, the old epoch's key is gone. Recorded. All or nothing. */
enum saqta_status saqta_key_renew(saqta_engine *engine, saqta_progress_fn progress, void *user, struct saqta_error *reterr);
/** The master key as @shares lines, any @threshold of which give it back. Recorded before they are given. */
enum saqta_status saqta_key_export(saqta_engine *engine, unsigned shares, unsigned threshold, saqta_write_fn write, void *user,
				   struct saqta_error *reterr);
/** Make the key file again from shares, one a line. SAQTA_ERR_INPUT for shares that are too few, of different sets or miscopied; SAQTA_ERR_KEY if
 *  they do not give this keystore's key; SAQTA_ERR_CREATE if there is a key file. */
enum saqta_status saqta_key_recover(const struct saqta_options *options, const struct saqta_key_options *key_options, const char *text,
				    size_t len, struct saqta_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
