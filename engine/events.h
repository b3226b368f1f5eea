/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HALL_EVENTS_H
#define HALL_EVENTS_H

#include "hall.h"

/* Between the files that carry out events. */

/** Answer the line as invalid, @text saying why. SAQTA_OK. */
enum saqta_status event_invalid(struct effect_context *c, const char *text);
/** Answer it as denied: what permitted the event has no say in that. */
void event_deny(struct effect_context *c);
/** Take what the rules order, unless they refuse: false then, and the event is denied. */
bool event_by_rules(struct effect_context *c, const struct facts *f, struct plan *ret);
/** Move or close task @number, if there is one: INSTANT_NONE leaves a time as it is. */
enum saqta_status event_set_task(struct effect_context *c, uint64_t number, int64_t due_us, int64_t closed_us,
				 struct saqta_error *err) must_check_;

/* events_request.c */
enum saqta_status event_request(struct effect_context *c, const struct facts *f, struct saqta_error *err) must_check_;
enum saqta_status event_extend(struct effect_context *c, const struct facts *f, struct saqta_error *err) must_check_;
enum saqta_status event_close(struct effect_context *c, const struct facts *f, struct saqta_error *err) must_check_;

#endif
