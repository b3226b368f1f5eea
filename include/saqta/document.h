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

#ifdef __cplusplus
}
#endif
#endif
