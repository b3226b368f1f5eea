/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_WHOLE_H
#define TESTS_WHOLE_H

#include "hall.h"

/* What must hold of a vault after any crash. Whatever does not ends the program with a message. */

/** Called with what failed and why; does not return. */
typedef void (*whole_fail_fn)(const char *what, const char *why);
/** The log verifies and agrees with the tables; every subject is whole or gone: rows, look-up, key (1, 7). Returns how many there are, without
 *  the controller. @e is open for writing. */
uint64_t whole_check(saqta_engine *e, whole_fail_fn fail);
/** Every answer of @text that names an entry has it (6). An answer that was cut is none. Returns how many there are. */
size_t whole_answers(saqta_engine *e, const char *text, whole_fail_fn fail);

#endif
