/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_CALENDAR_H
#define POLICY_CALENDAR_H

#include "base/instant.h"

/** Working days of the years that its file knows; a year that it does not know is never guessed.
 *  File: policies/calendar/NAME.xml
 *  <calendar xmlns="urn:saqta:calendar:1" id="kz" version="2026-03">
 *    <year value="2026"><off date="2026-01-01" name="New Year"/> … <work date="2024-05-04" name="…"/></year> … */
struct calendar;
enum saqta_status calendar_load(const char *path, struct calendar **ret, struct saqta_error *err) must_check_;
struct calendar *calendar_free(struct calendar *c);
const char *calendar_id(const struct calendar *c);
const char *calendar_version(const struct calendar *c);
bool calendar_knows(const struct calendar *c, day_t day);
/** Monday to Friday unless off, and Saturdays and Sundays declared as worked. @day must be known. */
bool calendar_is_working(const struct calendar *c, day_t day);

/**
 * When a term that begins at @from_us ends (contract 2, Civil Code 172-176):
 * months and years: 24:00 local of the same day of the last month, or its last day; not moved.
 * days: begins the next day; 24:00 of the last day, moved to the next working day (needs the calendar).
 * working/banking days: the event's own day is not counted; 24:00 of the last day counted.
 * seconds: from the moment itself.
 * @ret_us       the instant of 24:00 (00:00 of the day after), or moment for seconds
 * @ret_last_day the last day of the term, may be NULL (for seconds: the local day of the end)
 * Returns 0, or the first year (e.g. 2028) that the calendar does not know; then nothing is written.
 */
int term_end(struct term term, int64_t from_us, const struct zone *zone, const struct calendar *calendar, int64_t *ret_us,
	     day_t *ret_last_day);

#endif
