/* SPDX-License-Identifier: Apache-2.0 */
#include "base/instant.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define N(table) ((int)(sizeof(table) / sizeof(*(table))))

static struct zone *load_zone(const char *name)
{
	struct saqta_error err = {0};
	struct zone *zone = NULL;

	ck_assert_msg(zone_load(name, &zone, &err) == SAQTA_OK, "%s", err.message);
	return zone;
}

static int64_t at(const char *text)
{
	int64_t us = INSTANT_NONE;

	ck_assert_msg(instant_parse(text, strlen(text), &us), "%s", text);
	return us;
}

static day_t date(const char *text)
{
	day_t day = 0;

	ck_assert_msg(day_parse(text, strlen(text), &day), "%s", text);
	return day;
}

static const struct {
	const char *name, *text;
	int64_t us;
	const char *utc;
} instants[] = {
	{"epoch", "1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z"},
	{"offset east", "1970-01-01T05:00:00+05:00", 0, "1970-01-01T00:00:00Z"},
	{"offset west", "1969-12-31T20:30:00-03:30", 0, "1970-01-01T00:00:00Z"},
	{"small letters", "1970-01-01t00:00:00z", 0, "1970-01-01T00:00:00Z"},
	{"fraction of one digit", "1970-01-01T00:00:00.5Z", 500000, "1970-01-01T00:00:00.500000Z"},
	{"fraction before the epoch", "1969-12-31T23:59:59.999999Z", -1, "1969-12-31T23:59:59.999999Z"},
	{"leap day", "2024-02-29T12:00:00Z", INT64_C(1709208000000000), "2024-02-29T12:00:00Z"},
	{"first instant", "0001-01-01T00:00:00Z", INT64_C(-62135596800000000), "0001-01-01T00:00:00Z"},
	{"last instant", "9999-12-31T23:59:59.999999Z", INT64_C(253402300799999999), "9999-12-31T23:59:59.999999Z"},
};

START_TEST(instants_are_read_and_written)
{
	char text[INSTANT_TEXT_SIZE];

	ck_assert_msg(at(instants[_i].text) == instants[_i].us, "%s", instants[_i].name);
	instant_format(instants[_i].us, NULL, text);
	ck_assert_msg(!strcmp(text, instants[_i].utc), "%s: %s", instants[_i].name, text);
}
END_TEST

static const struct {
	const char *name, *text;
} not_instants[] = {
	{"empty", ""},
	{"no offset", "2026-01-01T00:00:00"},
	{"space for T", "2026-01-01 00:00:00Z"},
	{"date only", "2026-01-01"},
	{"second 60", "2026-06-30T23:59:60Z"},
	{"hour 24", "2026-01-01T24:00:00Z"},
	{"minute 60", "2026-01-01T00:60:00Z"},
	{"29 February of a common year", "2026-02-29T00:00:00Z"},
	{"29 February 1900", "1900-02-29T00:00:00Z"},
	{"31 April", "2026-04-31T00:00:00Z"},
	{"month 0", "2026-00-01T00:00:00Z"},
	{"month 13", "2026-13-01T00:00:00Z"},
	{"day 0", "2026-01-00T00:00:00Z"},
	{"year 0", "0000-01-01T00:00:00Z"},
	{"seven digits", "2026-01-01T00:00:00.1234567Z"},
	{"point without digits", "2026-01-01T00:00:00.Z"},
	{"comma", "2026-01-01T00:00:00,5Z"},
	{"offset without colon", "2026-01-01T00:00:00+0500"},
	{"offset of 24 hours", "2026-01-01T00:00:00+24:00"},
	{"text after it", "2026-01-01T00:00:00Z "},
	{"signed year", "+2026-01-01T00:00:00Z"},
	{"before the first instant", "0001-01-01T00:00:00+00:01"},
	{"after the last instant", "9999-12-31T23:59:59-00:01"},
};

START_TEST(other_text_is_no_instant)
{
	int64_t us = 77;

	ck_assert_msg(!instant_parse(not_instants[_i].text, strlen(not_instants[_i].text), &us), "%s", not_instants[_i].name);
	ck_assert_msg(us == 77, "%s", not_instants[_i].name);
}
END_TEST

START_TEST(text_need_not_end_with_nul)
{
	int64_t us;
	day_t day;

	ck_assert(instant_parse("1970-01-01T00:00:01Z9", 20, &us));
	ck_assert(us == US_PER_S);
	ck_assert(!instant_parse("1970-01-01T00:00:01Z", 19, &us));
	ck_assert(day_parse("1970-01-022", 10, &day));
	ck_assert_int_eq(day, 1);
}
END_TEST

START_TEST(every_day_comes_back)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	day_t day = -719162;

	for (int year = 1; year <= 9999; year++) {
		for (int i = 0; i < 365 + 1; i++, day++) {
			int y, m, d;
			char text[16];
			day_t back;

			day_to_civil(day, &y, &m, &d);
			if (y != year)
				break;
			day_format(day, text);
			if (day_from_civil(y, m, d) != day || !day_parse(text, 10, &back) || back != day || d > lengths[m - 1] + (m == 2))
				ck_abort_msg("%s", text);
		}
		/* Each year is as long as the rule of Gregory makes it. */
		if (day != -719162 + 365 * year + year / 4 - year / 100 + year / 400)
			ck_abort_msg("year %d", year);
	}
	ck_assert_int_eq(day_from_civil(1970, 1, 1), 0);
	ck_assert_int_eq(day_from_civil(2000, 3, 1), 11017);
}
END_TEST

static const struct {
	const char *name, *birth, *on;
	int years;
} ages[] = {
	{"day before the birthday", "2008-05-10", "2026-05-09", 17},
	{"birthday", "2008-05-10", "2026-05-10", 18},
	{"same day", "2008-05-10", "2008-05-10", 0},
	{"leap birth, 28 February", "2008-02-29", "2026-02-28", 17},
	{"leap birth, 1 March", "2008-02-29", "2026-03-01", 18},
	{"leap birth, leap year", "2008-02-29", "2028-02-29", 20},
};

START_TEST(ages_in_whole_years)
{
	ck_assert_msg(day_years_between(date(ages[_i].birth), date(ages[_i].on)) == ages[_i].years, "%s", ages[_i].name);
}
END_TEST

START_TEST(almaty_has_a_night_of_25_hours)
{
	cleanup_(zone_freep) struct zone *zone = load_zone("Asia/Almaty");
	int64_t start = zone_day_start(zone, date("2024-02-29")), end = zone_day_start(zone, date("2024-03-01"));
	char text[INSTANT_TEXT_SIZE];

	ck_assert(start == at("2024-02-29T00:00:00+06:00"));
	ck_assert(end == at("2024-03-01T00:00:00+05:00"));
	ck_assert(end - start == 25 * 3600 * US_PER_S);
	ck_assert_int_eq(zone_day(zone, end - 1), date("2024-02-29"));
	ck_assert_int_eq(zone_day(zone, end), date("2024-03-01"));
	ck_assert_int_eq(zone_offset_s(zone, at("2024-02-29T17:59:59Z")), 6 * 3600);
	ck_assert_int_eq(zone_offset_s(zone, at("2024-02-29T18:00:00Z")), 5 * 3600);
	instant_format(at("2024-02-29T18:00:00Z"), zone, text);
	ck_assert_str_eq(text, "2024-02-29T23:00:00+05:00");
	instant_format(at("2024-02-29T17:59:59Z"), zone, text);
	ck_assert_str_eq(text, "2024-02-29T23:59:59+06:00");
	ck_assert_str_eq(zone_name(zone), "Asia/Almaty");
}
END_TEST

START_TEST(a_gap_may_swallow_midnight)
{
	cleanup_(zone_freep) struct zone *cairo = load_zone("Africa/Cairo"), *apia = load_zone("Pacific/Apia");

	/* 2010-04-30: at 00:00 the clock went to 01:00. */
	ck_assert(zone_day_start(cairo, date("2010-04-30")) == at("2010-04-30T01:00:00+03:00"));
	/* Apia went round the date line and had no 30 December 2011. */
	ck_assert(zone_day_start(apia, date("2011-12-30")) == zone_day_start(apia, date("2011-12-31")));
	ck_assert(zone_day_start(apia, date("2011-12-31")) == at("2011-12-31T00:00:00+14:00"));
}
END_TEST

static const char *const zones[] = {"Asia/Almaty",	"Asia/Qyzylorda", "Europe/Moscow", "Africa/Casablanca",
				    "America/St_Johns", "Pacific/Apia",	  "Etc/GMT+5",	   "UTC"};

START_TEST(each_day_starts_once)
{
	cleanup_(zone_freep) struct zone *zone = load_zone(zones[_i]);
	day_t last = date("2100-12-31");
	char text[INSTANT_TEXT_SIZE];

	for (day_t day = date("1900-01-01"); day <= last; day++) {
		int64_t start = zone_day_start(zone, day);

		if (zone_day(zone, start) < day || zone_day(zone, start - 1) >= day)
			ck_abort_msg("%s: day %d", zones[_i], day);
		instant_format(start, zone, text);
		if (at(text) != start)
			ck_abort_msg("%s: %s", zones[_i], text);
	}
}
END_TEST

static const struct {
	const char *name, *zone;
} not_zones[] = {
	{"unknown place", "Asia/Nowhere"},
	{"empty", ""},
	{"POSIX rule", "ABC5"},
	{"offset", "+05:00"},
	{"path", "/usr/share/zoneinfo/Asia/Almaty"},
	{"way out of the folder", "Asia/../Asia/Almaty"},
	{"file that is no zone", "Asia/"},
};

START_TEST(an_unknown_zone_is_named)
{
	struct saqta_error err = {0};
	struct zone *zone = NULL;

	ck_assert_msg(zone_load(not_zones[_i].zone, &zone, &err) == SAQTA_ERR_POLICY, "%s", not_zones[_i].name);
	ck_assert_ptr_null(zone);
	ck_assert_ptr_nonnull(strstr(err.message, not_zones[_i].zone));
}
END_TEST

static const struct {
	const char *name, *text;
	struct term term;
	const char *written;
} terms[] = {
	{"years", "P3Y", {TERM_CALENDAR, 36}, "P3Y"},
	{"years and months", "P1Y6M", {TERM_CALENDAR, 18}, "P1Y6M"},
	{"months", "P18M", {TERM_CALENDAR, 18}, "P1Y6M"},
	{"no months", "P0M", {TERM_CALENDAR, 0}, "P0M"},
	{"days", "P10D", {TERM_DAYS, 10}, "P10D"},
	{"weeks", "P2W", {TERM_DAYS, 14}, "P14D"},
	{"working days", "15WD", {TERM_WORKING_DAYS, 15}, "15WD"},
	{"banking days", "3BD", {TERM_BANKING_DAYS, 3}, "3BD"},
	{"hours and minutes", "PT1H30M", {TERM_SECONDS, 5400}, "PT1H30M"},
	{"hours and seconds", "PT24H1S", {TERM_SECONDS, 86401}, "PT24H1S"},
	{"no seconds", "PT0S", {TERM_SECONDS, 0}, "PT0S"},
	{"largest", "1000000WD", {TERM_WORKING_DAYS, 1000000}, "1000000WD"},
};

START_TEST(terms_are_read_and_written)
{
	struct term term = {0};
	char text[32];

	ck_assert_msg(term_parse(terms[_i].text, strlen(terms[_i].text), &term), "%s", terms[_i].name);
	ck_assert_msg(term.unit == terms[_i].term.unit && term.count == terms[_i].term.count, "%s", terms[_i].name);
	term_format(term, text);
	ck_assert_msg(!strcmp(text, terms[_i].written), "%s: %s", terms[_i].name, text);
}
END_TEST

static const struct {
	const char *name, *text;
} not_terms[] = {
	{"empty", ""},
	{"no parts", "P"},
	{"no time parts", "PT"},
	{"years and days", "P1Y2D"},
	{"days and hours", "P1DT2H"},
	{"weeks and days", "P1W2D"},
	{"wrong order", "P6M1Y"},
	{"unit twice", "P1Y1Y"},
	{"no unit", "P10"},
	{"no number", "PD"},
	{"fraction", "P0.5Y"},
	{"sign", "P-1D"},
	{"small letter", "p1d"},
	{"number alone", "10"},
	{"unit unknown", "3XD"},
	{"working days with P", "P3WD"},
	{"text after it", "3WD "},
	{"working days of nothing", "WD"},
	{"too large", "1000001WD"},
	{"too large as a sum", "P83334Y"},
	{"far too large", "P99999999999999999999D"},
	{"hours in the date part", "P1H"},
};

START_TEST(other_text_is_no_term)
{
	struct term term = {TERM_DAYS, 77};

	ck_assert_msg(!term_parse(not_terms[_i].text, strlen(not_terms[_i].text), &term), "%s", not_terms[_i].name);
	ck_assert_msg(term.count == 77, "%s", not_terms[_i].name);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("instant");
	TCase *tc = tcase_create("instant");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, instants_are_read_and_written, 0, N(instants));
	tcase_add_loop_test(tc, other_text_is_no_instant, 0, N(not_instants));
	tcase_add_test(tc, text_need_not_end_with_nul);
	tcase_add_test(tc, every_day_comes_back);
	tcase_add_loop_test(tc, ages_in_whole_years, 0, N(ages));
	tcase_add_test(tc, almaty_has_a_night_of_25_hours);
	tcase_add_test(tc, a_gap_may_swallow_midnight);
	tcase_add_loop_test(tc, each_day_starts_once, 0, N(zones));
	tcase_add_loop_test(tc, an_unknown_zone_is_named, 0, N(not_zones));
	tcase_add_loop_test(tc, terms_are_read_and_written, 0, N(terms));
	tcase_add_loop_test(tc, other_text_is_no_term, 0, N(not_terms));
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
