/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "saqta/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define printf_(f, a) __attribute__((format(printf, f, a)))
#define must_check_ __attribute__((warn_unused_result))
#define cleanup_(fn) __attribute__((cleanup(fn)))

/** Fill @err (may be NULL) and return @status: `return err_set(err, SAQTA_ERR_STORE, 0, "begin: %s", why);`
 *  The text must not hold personal data. */
enum saqta_status err_set(struct saqta_error *err, enum saqta_status status, unsigned line, const char *fmt, ...) printf_(4, 5);

#endif
