/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"

/* What the sweep would make of a record or a subject, without doing it: for those who explain and compare. */

struct fate hall_fate(const struct saqta_engine *e, const struct subject *s, const struct retention *whole, const struct retention *own,
		      const char *category, const char *record_id, int64_t now_us)
{
	const bool is_ordered = s->is_ordered || (category && subject_order(s, category));
	struct fate f = {.until_us = INT64_MAX};
	int64_t kept_us;

	f.has_end = own->has_end || whole->has_end;
	if (own->has_end)
		f.until_us = own->ripe_us;
	if (whole->has_end && whole->ripe_us < f.until_us)
		f.until_us = whole->ripe_us;
	f.is_due = s->is_stopped || is_ordered || f.until_us <= now_us;
	f.is_kept = is_ordered ? own->is_kept_by_statute : own->is_kept;
	kept_us = is_ordered ? own->kept_statute_until_us : own->kept_until_us;
	f.is_held = hall_held(e, s, now_us, category, record_id) != NULL;
	if (f.is_due)
		f.until_us = f.is_kept ? kept_us : now_us;
	else if (f.is_kept && f.has_end && kept_us > f.until_us)
		f.until_us = kept_us;
	return f;
}
