/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SAQTA_POLICY_H
#define SAQTA_POLICY_H

#include "saqta/engine.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Load and validate a pack. Every problem is written as a line FILE:LINE: reason, then SAQTA_ERR_POLICY. On success one JSON object: id, version,
 *  rules, digest. @policy_dirs NULL: the built-in places. */
enum saqta_status saqta_policy_check(const char *pack, const char *policy_dirs, saqta_write_fn problems, saqta_write_fn write, void *user,
				     struct saqta_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
