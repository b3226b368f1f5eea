/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DOC_H
#define CLI_DOC_H

#include "out.h"

/** Print a document (policy.h) as text: title, sections, items with their clauses. */
void doc_print(const char *json, size_t len);
/** @chosen, or the reader's language of the environment: "kk", "ru", "en". */
const char *doc_language(const char *chosen);
/** Print the document in @b, as JSON where that is asked, or the error; frees @b. Returns the exit code. */
int doc_end(const char *what, enum saqta_status r, const struct saqta_error *err, struct out_buf *b);

#endif
