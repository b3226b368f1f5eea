/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

/* Instants, days and terms: what is read is written as the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const struct zone *zone = policy_zone(fuzz_policy());
	const struct calendar *calendar = policy_calendar(fuzz_policy());
	char out[INSTANT_TEXT_SIZE];
	int64_t us, back_us;
	day_t day, back_day;
	struct term term, back;

	if (instant_parse(text, size, &us)) {
		instant_format(us, NULL, out);
		fuzz_must(instant_parse(out, strlen(out), &back_us) && back_us == us);
		instant_format(us, zone, out);
		fuzz_must(instant_parse(out, strlen(out), &back_us) && back_us == us);
		day = zone_day(zone, us);
		fuzz_must(zone_day_start(zone, day) <= us && us < zone_day_start(zone, day + 1));
	}
	if (day_parse(text, size, &day)) {
		day_format(day, out);
		fuzz_must(size == strlen(out) && memcmp(out, text, size) == 0 && day_parse(out, size, &back_day) && back_day == day);
	}
	if (term_parse(text, size, &term)) {
		term_format(term, out);
		fuzz_must(term_parse(out, strlen(out), &back) && back.unit == term.unit && back.count == term.count);
		fuzz_must(term_end(term, INSTANT_MAX, zone, calendar, &us, NULL) != 0 || us <= INSTANT_MAX);
		fuzz_must(term_end(term, FUZZ_NOW, zone, calendar, &us, &day) != 0 || us >= FUZZ_NOW);
	}
	return 0;
}
