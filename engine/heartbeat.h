/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HALL_HEARTBEAT_H
#define HALL_HEARTBEAT_H

#include "hall.h"

/** A duration in days, hours, minutes or seconds, more than none: "P1D", "PT90M". */
bool heartbeat_parse(const char *text, int64_t *ret_us);
/** The members `silences` (the first 1,000) and `n_silences`: where more than @limit_us lay between two moments at which the log was signed, or
 *  between the last one and now. Over the log with its past. */
enum saqta_status heartbeat_silences(struct saqta_engine *e, int64_t limit_us, struct json_out *j, uint64_t *ret_n,
				     struct saqta_error *err) must_check_;
/** How many entries stand behind the head that the guard holds: of a run that was killed, held by no signature yet. */
enum saqta_status heartbeat_unsigned(struct saqta_engine *e, uint64_t *ret_n, struct saqta_error *err) must_check_;

#endif
