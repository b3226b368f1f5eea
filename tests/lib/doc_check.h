/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_DOC_CHECK_H
#define TESTS_DOC_CHECK_H

#include <jansson.h>

/** Is every title and item of a document said in words, with every place filled in? Ends the test if not; returns the number of items. */
unsigned doc_check(const json_t *doc);

#endif
