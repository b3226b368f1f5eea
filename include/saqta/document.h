/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SAQTA_DOCUMENT_H
#define SAQTA_DOCUMENT_H

#include "saqta/engine.h"

#ifdef __cplusplus
extern "C" {
#endif

/** @file
 *  What whoever receives a document does with it. Neither needs a vault. */

struct saqta_document_check {
	size_t size;
	const char *document;  /**< path of the file */
	const char *signature; /**< path; NULL: document + ".sig" */
	const char *proof;     /**< path; NULL: document + ".proof" */
	const char *key;       /**< the log's verifier key, or the path of a file that holds it */
};
/** Is the document the one that the log's key signed, and does its entry stand in that log and bind its bytes? The report is one JSON object:
 *  document, format, sha256, at, log, entry, log_size. SAQTA_ERR_TAMPERED with the reason if not; SAQTA_ERR_MISSING for a file that is not there. */
enum saqta_status saqta_document_verify(const struct saqta_document_check *check, saqta_write_fn write, void *user,
					struct saqta_error *reterr);

/** A file sealed under a passphrase, in the making (docs/backup-format.md, Sealed documents). */
typedef struct saqta_sealed saqta_sealed;
/** Make the file @path (mode 0600); asks for the passphrase, which has at least 12 bytes. SAQTA_ERR_CREATE if it is there, SAQTA_ERR_KEY without a
 *  passphrase; then no file is left. @ret is owned by the caller. */
enum saqta_status saqta_sealed_create(const char *path, saqta_passphrase_fn passphrase, void *passphrase_user, saqta_sealed **ret,
				      struct saqta_error *reterr);
/** A saqta_write_fn; @user: the saqta_sealed. */
int saqta_sealed_write(void *user, const char *data, size_t len);
/** Finish the file, durably. SAQTA_ERR_STORE if anything could not be written: the file then does not open and is the caller's to remove. */
enum saqta_status saqta_sealed_finish(saqta_sealed *sealed, struct saqta_error *reterr);
/** NULL is allowed; returns NULL. */
saqta_sealed *saqta_sealed_close(saqta_sealed *sealed);
/** Open such a file: nothing is written before all of it held. SAQTA_ERR_KEY for another passphrase, SAQTA_ERR_TAMPERED for a file that is cut or
 *  changed, SAQTA_ERR_INPUT for one that is none. */
enum saqta_status saqta_sealed_open(const char *path, saqta_passphrase_fn passphrase, void *passphrase_user, saqta_write_fn write,
				    void *user, struct saqta_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
