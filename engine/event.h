/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HALL_EVENT_H
#define HALL_EVENT_H

#include "policy/policy.h"

#include <jansson.h>

/* An event as it was read: every member checked against the contract's table before anything else looks at it. */

#define EVENT_BYTES_MAX ((size_t)4 << 20)
#define EXTERNAL_ID_MAX 256

struct event {
	enum event_kind kind;
	json_t *root;	     /* owned; keeps every string below alive */
	const char *subject; /* NULL: an event without subject */
	const char *id;
	int64_t at_us;
	struct idset categories, purposes, consents; /* of the lists and single members, as ids of the policy */
};

/** Whether a line is an event for apply, or a question for decide and the scenario's expectations (which may also have `effect`, …). */
enum event_use { EVENT_FOR_APPLY, EVENT_FOR_DECIDE, EVENT_FOR_SCENARIO };

/** Parse and check one line. On SAQTA_ERR_INPUT @why names the member and what is wrong with it. @default_at_us is the clock. */
enum saqta_status event_parse(const struct policy *p, enum event_use use, const char *line, size_t len, int64_t default_at_us,
			      struct event *ret, struct saqta_error *why) must_check_;
/** The same for an object already parsed; takes a reference. */
enum saqta_status event_from_json(const struct policy *p, enum event_use use, json_t *root, int64_t default_at_us, struct event *ret,
				  struct saqta_error *why) must_check_;
void event_done(struct event *ev);
/** The member's string, or NULL. */
const char *event_text(const struct event *ev, const char *member);
bool event_flag(const struct event *ev, const char *member);
/** Times and dates were checked by the parser: INSTANT_NONE when absent. */
int64_t event_time(const struct event *ev, const char *member);
/** The strings of a list joined by spaces, owned; NULL when absent or empty. */
char *event_words(const struct event *ev, const char *member);

#endif
