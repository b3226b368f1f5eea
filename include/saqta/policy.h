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

/** Put a pack in force in an open vault: recorded, and kept with the vault, so that the policy in force does not change when the files do. What
 *  was decided before goes on citing the policy that decided it. Terms are derived again, and deadlines computed that wanted a newer calendar.
 *  A pack that is refused changes nothing. The report is one JSON object: policy, version, digest, changed, audit, subjects_derived,
 *  consents_outdated (subjects of whom a consent holds that was given under another version), deadlines_computed.
 *  SAQTA_ERR_CANCELLED by @progress: the policy is in force all the same, the next sweep goes on. */
enum saqta_status saqta_policy_use(saqta_engine *engine, const char *pack, saqta_write_fn problems, saqta_progress_fn progress,
				   void *progress_user, saqta_write_fn write, void *user, struct saqta_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
