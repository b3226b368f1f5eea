/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_VECTORS_H
#define TESTS_VECTORS_H

#include <jansson.h>
#include <stddef.h>

/* Test vectors of others, in ../shared/vectors (its README tells whose). */

/** 0 if they are there, else what the test exits with: skipped, or failed under CI=true. */
int vectors_find(void);
/** A file of them, followed by a NUL; the caller frees. Fails the test if it cannot be read. */
char *vectors_read(const char *name, size_t *ret_len);
/** The same, parsed; the caller drops the reference. */
json_t *vectors_json(const char *name);
/** Member @name of @object, a string. */
const char *vectors_text(const json_t *object, const char *name);

#endif
