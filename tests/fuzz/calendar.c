/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

/* A calendar, without its schema beside it: of the years that it knows each day is a working day or not, and terms end on working days. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct term term = {.unit = TERM_WORKING_DAYS, .count = 3};
	const struct zone *zone = policy_zone(fuzz_policy());
	struct saqta_error err = {0};
	struct calendar *c = NULL;
	day_t day, last;
	int64_t us;

	if (calendar_load(fuzz_file("calendar.xml", data, size), &c, &err)) {
		fuzz_must(*err.message && !c);
		return 0;
	}
	fuzz_must(*calendar_id(c) && *calendar_version(c));
	for (day = day_from_civil(1990, 1, 1); day < day_from_civil(2201, 1, 1); day += 13) {
		fuzz_must(!calendar_is_working(c, day) || calendar_knows(c, day));
		if (calendar_knows(c, day) && term_end(term, zone_day_start(zone, day), zone, c, &us, &last) == 0)
			fuzz_must(calendar_is_working(c, last) && last >= day + 3 && us == zone_day_start(zone, last + 1));
	}
	(void)calendar_free(c);
	return 0;
}
