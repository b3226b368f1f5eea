/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_INSTANT_H
#define BASE_INSTANT_H

#include "base/error.h"

/** Instants are int64 microseconds since 1970-01-01T00:00:00Z, from year 0001 to 9999. */
#define INSTANT_NONE INT64_MIN
#define US_PER_S INT64_C(1000000)
#define INSTANT_MIN (INT64_C(-62135596800) * US_PER_S)
#define INSTANT_MAX (INT64_C(253402300800) * US_PER_S - 1)

/** A proleptic Gregorian date as days since 1970-01-01. */
typedef int32_t day_t;

/** Parse RFC 3339 with a mandatory offset ("…Z", "+05:00"). Seconds may have a fraction of up to
 *  6 digits (more are refused); ":60" is refused. False on anything else. */
bool instant_parse(const char *text, size_t len, int64_t *ret_us);
#define INSTANT_TEXT_SIZE 40
/** Write @us as RFC 3339 with the offset that @zone had then (NULL, and where its year has not four digits: "Z"); no fraction if it is zero. */
struct zone;
void instant_format(int64_t us, const struct zone *zone, char ret[INSTANT_TEXT_SIZE]);
/** The system's clock. Called by the hall only. */
int64_t instant_now(void);

bool day_parse(const char *text, size_t len, day_t *ret); /* YYYY-MM-DD */
void day_format(day_t day, char ret[16]);
day_t day_from_civil(int year, int month, int day);
void day_to_civil(day_t day, int *ret_year, int *ret_month, int *ret_day);
/** Whole years from @birth to @on (29 February turns on 1 March in common years). */
int day_years_between(day_t birth, day_t on);

/** A tz database zone with its history (GLib's GTimeZone: never setenv). Immutable after loading. */
enum saqta_status zone_load(const char *name, struct zone **ret, struct saqta_error *err) must_check_;
struct zone *zone_free(struct zone *zone); /* NULL allowed; returns NULL */
void zone_freep(struct zone **zone);
const char *zone_name(const struct zone *zone);
/** The local date at @us. */
day_t zone_day(const struct zone *zone, int64_t us);
/** The first instant of local date @day (its 00:00; where a gap swallows it, the first instant after). */
int64_t zone_day_start(const struct zone *zone, day_t day);
/** Offset from UTC in seconds at @us. */
int32_t zone_offset_s(const struct zone *zone, int64_t us);

/** A term: ISO 8601 duration (PnYnMnD, PTnHnMnS, PnW) or working days "nWD" or banking days "nBD". */
enum term_unit { TERM_NONE, TERM_CALENDAR /* months */, TERM_DAYS, TERM_WORKING_DAYS, TERM_BANKING_DAYS, TERM_SECONDS };
#define TERM_COUNT_MAX 1000000
struct term {
	enum term_unit unit;
	int32_t count; /* months, days or seconds, 0..TERM_COUNT_MAX */
};
/** Mixed units (P1Y2D, P1DT2H) are refused; P1Y6M is 18 months, P2W is 14 days, PT1H30M is 5400 s. */
bool term_parse(const char *text, size_t len, struct term *ret);
void term_format(struct term term, char ret[32]);

#endif
