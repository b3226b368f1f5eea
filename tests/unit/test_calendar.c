/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/calendar.h"
#include "policy/xml.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define N(table) ((int)(sizeof(table) / sizeof(*(table))))

static struct zone *zone;
static struct calendar *calendar;

static void source_path(const char *relative, char ret[4096])
{
	const char *root = getenv("SAQTA_SOURCE_ROOT");

	ck_assert_int_lt(snprintf(ret, 4096, "%s/%s", root ? root : ".", relative), 4096);
}

static void set_up(void)
{
	struct saqta_error err = {0};
	char path[4096];

	source_path("policies/calendar/kz.xml", path);
	ck_assert_msg(calendar_load(path, &calendar, &err) == SAQTA_OK, "%s", err.message);
	ck_assert_msg(zone_load("Asia/Almaty", &zone, &err) == SAQTA_OK, "%s", err.message);
}

static void tear_down(void)
{
	calendar = calendar_free(calendar);
	zone = zone_free(zone);
}

static day_t date(const char *text)
{
	day_t day = 0;

	ck_assert_msg(day_parse(text, strlen(text), &day), "%s", text);
	return day;
}

static struct term term_of(const char *text)
{
	struct term term = {0};

	ck_assert_msg(term_parse(text, strlen(text), &term), "%s", text);
	return term;
}

static const struct {
	const char *name, *event, *term, *due;
} golden[] = {
	{"swapped working Saturday", "2024-05-03", "1WD", "2024-05-04"},
	{"8 May swapped, 9 May holiday", "2024-05-07", "1WD", "2024-05-10"},
	{"Kurban Ait on Sunday is not moved", "2024-06-14", "1WD", "2024-06-17"},
	{"swapped working Sunday", "2025-01-03", "1WD", "2025-01-05"},
	{"over Christmas", "2024-12-31", "3WD", "2025-01-08"},
	{"Nauryz and its moved days", "2025-03-20", "1WD", "2025-03-26"},
	{"30 August moved to Monday", "2025-08-29", "1WD", "2025-09-02"},
	{"ten days over 27 October", "2025-10-24", "10WD", "2025-11-10"},
	{"16 March 2026 is worked", "2026-03-13", "1WD", "2026-03-16"},
	{"Nauryz 2026", "2026-03-20", "1WD", "2026-03-26"},
	{"Nauryz 2026, three days", "2026-03-20", "3WD", "2026-03-30"},
	{"fifteen days over 8 March and Nauryz", "2026-03-05", "15WD", "2026-04-01"},
	{"Kurban Ait on a weekday", "2026-05-26", "1WD", "2026-05-28"},
	{"holiday withdrawn", "2026-08-28", "1WD", "2026-08-31"},
	{"25 October moved to Monday", "2026-10-23", "1WD", "2026-10-27"},
	{"New Year 2027", "2026-12-31", "1WD", "2027-01-05"},
	{"banking days are counted alike", "2026-03-20", "3BD", "2026-03-30"},
	{"three plain days", "2026-02-05", "3WD", "2026-02-10"},
	{"no days", "2026-02-05", "0WD", "2026-02-05"},
	{"P10D is moved over 8 and 9 March", "2026-02-27", "P10D", "2026-03-10"},
	{"P30D ends on a working day", "2026-02-03", "P30D", "2026-03-05"},
	{"P30D is moved off Saturday", "2026-01-15", "P30D", "2026-02-16"},
	{"P10D over the long night", "2024-02-26", "P10D", "2024-03-07"},
	{"two weeks", "2026-02-05", "P2W", "2026-02-19"},
	{"29 February and a year", "2024-02-29", "P1Y", "2025-02-28"},
	{"29 February and four years", "2024-02-29", "P4Y", "2028-02-29"},
	{"31 January and a month", "2026-01-31", "P1M", "2026-02-28"},
	{"31 January and a month, leap year", "2024-01-31", "P1M", "2024-02-29"},
	{"31 August and six months", "2025-08-31", "P6M", "2026-02-28"},
	{"over the end of a year", "2026-11-30", "P1Y3M", "2028-02-29"},
	{"December stays in its year", "2026-11-15", "P1M", "2026-12-15"},
	{"years are not moved off a holiday", "2025-01-01", "P1Y", "2026-01-01"},
	{"years need no calendar", "2026-02-05", "P75Y", "2101-02-05"},
	{"nothing ends after the last year", "2026-02-05", "P80000Y", "9999-12-30"},
};

/* kz-94v/cc-173: a term begins the day after the event, ends at 24:00 of its last day, and moves on to a working day. */
START_TEST(golden_vectors)
{
	day_t event = date(golden[_i].event), due = date(golden[_i].due), last = 0;
	int64_t us = 0, noon = zone_day_start(zone, event) + 12 * 3600 * US_PER_S;
	char text[16];

	ck_assert_msg(term_end(term_of(golden[_i].term), noon, zone, calendar, &us, &last) == 0, "%s", golden[_i].name);
	day_format(last, text);
	ck_assert_msg(last == due, "%s: %s", golden[_i].name, text);
	ck_assert_msg(us == zone_day_start(zone, due + 1), "%s", golden[_i].name);
}
END_TEST

static const struct {
	const char *name, *from, *term, *end;
} ends[] = {
	{"first moment of the day", "2026-02-05T00:00:00+05:00", "3WD", "2026-02-11T00:00:00+05:00"},
	{"last moment of the day", "2026-02-05T23:59:59.999999+05:00", "3WD", "2026-02-11T00:00:00+05:00"},
	{"the zone makes the day, not the offset sent", "2026-02-04T19:00:00Z", "3WD", "2026-02-11T00:00:00+05:00"},
	{"moved over 8 and 9 March", "2026-02-27T10:00:00+05:00", "P10D", "2026-03-11T00:00:00+05:00"},
	{"thirty days", "2026-02-03T10:00:00+05:00", "P30D", "2026-03-06T00:00:00+05:00"},
	{"the hour that came twice is still 29 February", "2024-02-29T18:30:00Z", "1WD", "2024-03-02T00:00:00+05:00"},
	{"from +06:00 to +05:00", "2024-02-28T12:00:00+06:00", "1WD", "2024-03-01T00:00:00+05:00"},
	{"years from +06:00 to +05:00", "2023-01-16T10:00:00+06:00", "P3Y", "2026-01-17T00:00:00+05:00"},
	{"seconds run from the moment", "2024-02-29T23:30:00+06:00", "PT1H", "2024-02-29T23:30:00+05:00"},
	{"hours do not stop at a holiday", "2026-03-07T10:00:00+05:00", "PT24H", "2026-03-08T10:00:00+05:00"},
};

START_TEST(ends_are_instants)
{
	char text[INSTANT_TEXT_SIZE];
	int64_t from, us = 0;

	ck_assert(instant_parse(ends[_i].from, strlen(ends[_i].from), &from));
	ck_assert_msg(term_end(term_of(ends[_i].term), from, zone, calendar, &us, NULL) == 0, "%s", ends[_i].name);
	instant_format(us, zone, text);
	ck_assert_msg(!strcmp(text, ends[_i].end), "%s: %s", ends[_i].name, text);
}
END_TEST

static const struct {
	const char *name, *event, *term;
	int year;
} unknown[] = {
	{"working days run into 2028", "2027-12-30", "3WD", 2028}, {"days end in 2028", "2027-12-25", "P10D", 2028},
	{"a million days", "2027-12-01", "P1000000D", 4765},	   {"before the first year", "2023-01-10", "1WD", 2023},
	{"days within 2028", "2028-05-01", "P1D", 2028},
};

START_TEST(an_unknown_year_is_never_guessed)
{
	int64_t us = 77, from = zone_day_start(zone, date(unknown[_i].event));
	day_t last = 77;
	int year = term_end(term_of(unknown[_i].term), from, zone, calendar, &us, &last);

	ck_assert_msg(year == unknown[_i].year, "%s: %d", unknown[_i].name, year);
	ck_assert(us == 77);
	ck_assert_int_eq(last, 77);
	ck_assert(term_end(term_of("1WD"), from, zone, NULL, &us, NULL) != 0);
	ck_assert(us == 77);
}
END_TEST

START_TEST(published_totals)
{
	static const struct {
		int year, working;
	} totals[] = {{2024, 249}, {2025, 246}, {2026, 247}, {2027, 247}};

	for (int i = 0; i < N(totals); i++) {
		int n = 0;

		for (day_t d = day_from_civil(totals[i].year, 1, 1); d < day_from_civil(totals[i].year + 1, 1, 1); d++)
			n += calendar_is_working(calendar, d);
		ck_assert_msg(n == totals[i].working, "%d: %d", totals[i].year, n);
	}
	ck_assert_str_eq(calendar_id(calendar), "kz");
	ck_assert_str_eq(calendar_version(calendar), "2026-11");
	ck_assert(calendar_knows(calendar, date("2024-01-01")) && calendar_knows(calendar, date("2027-12-31")));
	ck_assert(!calendar_knows(calendar, date("2023-12-31")) && !calendar_knows(calendar, date("2028-01-01")));
	ck_assert(!calendar_knows(calendar, date("0001-01-01")) && !calendar_knows(calendar, date("9999-12-31")));
}
END_TEST

/* Writes @body to a fresh folder that has no schema, or one with a link to the real one, and loads it. */
static enum saqta_status load_text(const char *body, size_t len, bool has_schema, struct saqta_error *err)
{
	char dir[] = "/tmp/saqta-calendar-XXXXXX", sub[64], path[96], schema_dir[64], link_path[96], xsd[4096];
	struct calendar *c = NULL;
	enum saqta_status r;
	FILE *f;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(sub, sizeof(sub), "%s/calendar", dir);
	(void)snprintf(path, sizeof(path), "%s/x.xml", sub);
	(void)snprintf(schema_dir, sizeof(schema_dir), "%s/schema", dir);
	(void)snprintf(link_path, sizeof(link_path), "%s/calendar.xsd", schema_dir);
	ck_assert(!mkdir(sub, 0700) && !mkdir(schema_dir, 0700));
	if (has_schema) {
		char relative[4096];

		source_path("policies/schema/calendar.xsd", relative);
		ck_assert_ptr_nonnull(realpath(relative, xsd));
		ck_assert(!symlink(xsd, link_path));
	}
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(body, 1, len, f), len);
	ck_assert(!fclose(f));
	r = calendar_load(path, &c, err);
	ck_assert((r == SAQTA_OK) == (c != NULL));
	calendar_free(c);
	(void)unlink(link_path);
	ck_assert(!unlink(path) && !rmdir(sub) && !rmdir(schema_dir) && !rmdir(dir));
	return r;
}

#define HEAD "<calendar xmlns='urn:saqta:calendar:1' id='x' version='1'>\n"
#define YEAR HEAD "<year value='2026'>\n"
#define TAIL "</year></calendar>"
static const struct {
	const char *name, *body;
	unsigned line;
	const char *part; /* of the message when there is no schema, NULL: not looked at */
} bad[] = {
	{"empty", "", 1, NULL},
	{"not XML", "year,kind\n", 1, NULL},
	{"cut off", YEAR "<off date='2026-01-01' name='a'/>\n", 4, NULL},
	{"date of another year", YEAR "<off date='2025-01-01' name='a'/>" TAIL, 3, "2025-01-01 is not a day of its year"},
	{"date twice", YEAR "<off date='2026-01-01' name='a'/>\n<off date='2026-01-01' name='a'/>" TAIL, 4, "given twice"},
	{"off and worked", YEAR "<off date='2026-01-03' name='a'/>\n<work date='2026-01-03' name='a'/>" TAIL, 4, "given twice"},
	{"no such date", YEAR "<off date='2026-02-29' name='a'/>" TAIL, 3, "'2026-02-29' is not a date"},
	{"date with a zone", YEAR "<off date='2026-02-28Z' name='a'/>" TAIL, 3, "is not a date"},
	{"worked weekday", YEAR "<work date='2026-01-05' name='a'/>" TAIL, 3, "is no Saturday or Sunday"},
	{"no name", YEAR "<off date='2026-01-01'/>" TAIL, 3, "'off' needs the attribute 'name'"},
	{"no date", YEAR "<off name='a'/>" TAIL, 3, "'off' needs the attribute 'date'"},
	{"unknown element", YEAR "<free date='2026-01-01' name='a'/>" TAIL, 3, "unknown element 'free'"},
	{"unknown attribute", YEAR "<off date='2026-01-01' name='a' half='yes'/>" TAIL, 3, "unknown attribute 'half' of 'off'"},
	{"year twice", YEAR "</year>\n<year value='2026'>" TAIL, 4, "the year 2026 is given twice"},
	{"year too early", HEAD "<year value='1900'>" TAIL, 2, "the year 1900 is not between"},
	{"year of five digits", HEAD "<year value='20260'>" TAIL, 2, "'20260' is not a year"},
	{"year of letters", HEAD "<year value='abcd'>" TAIL, 2, "'abcd' is not a year"},
	{"no version", "<calendar xmlns='urn:saqta:calendar:1' id='x'><year value='2026'>" TAIL, 1, "needs the attribute 'version'"},
	{"no years", "<calendar xmlns='urn:saqta:calendar:1' id='x' version='1'/>", 1, "needs a year"},
	{"other root", "<year xmlns='urn:saqta:calendar:1' value='2026'/>", 1, NULL},
	{"no namespace", "<calendar id='x' version='1'><year value='2026'>" TAIL, 1, "is not in the namespace"},
	{"schema chosen by the document",
	 "<calendar xmlns='urn:saqta:calendar:1' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'\n"
	 "xsi:schemaLocation='urn:saqta:calendar:1 /dev/null' id='x' version='1'><year value='2026'>" TAIL,
	 2, "foreign namespace"},
	{"document type", "<!DOCTYPE calendar>\n" YEAR TAIL, 1, "a DOCTYPE is not allowed"},
	{"outside entity", "<!DOCTYPE calendar [<!ENTITY e SYSTEM 'file:///etc/hostname'>]>\n" YEAR "&e;" TAIL, 1,
	 "a DOCTYPE is not allowed"},
	{"bomb of entities",
	 "<!DOCTYPE calendar [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;'>]>\n" YEAR
	 "<off date='&c;' name='a'/>" TAIL,
	 1, NULL},
};

START_TEST(a_bad_file_is_refused_with_its_line)
{
	for (int has_schema = 0; has_schema < 2; has_schema++) {
		struct saqta_error err = {0};
		enum saqta_status r = load_text(bad[_i].body, strlen(bad[_i].body), has_schema, &err);

		ck_assert_msg(r == SAQTA_ERR_POLICY && err.status == r, "%s: %d", bad[_i].name, (int)r);
		ck_assert_msg(err.line == bad[_i].line, "%s: line %u: %s", bad[_i].name, err.line, err.message);
		ck_assert_msg(!strchr(err.message, '\n') && !strstr(err.message, "{urn"), "%s: %s", bad[_i].name, err.message);
		if (!has_schema && bad[_i].part)
			ck_assert_msg(strstr(err.message, bad[_i].part), "%s: %s", bad[_i].name, err.message);
	}
}
END_TEST

static void repeat(struct buf *b, const char *text, int n)
{
	for (int i = 0; i < n; i++)
		buf_str(b, text);
}

static void expect_refusal(const struct buf *b, const char *part)
{
	struct saqta_error err = {0};

	ck_assert(!b->failed);
	ck_assert_int_eq(load_text((char *)b->data, b->len, false, &err), SAQTA_ERR_POLICY);
	ck_assert_msg(strstr(err.message, part), "%s", err.message);
}

START_TEST(large_files_are_refused)
{
	cleanup_(buf_done) struct buf b = {0};

	buf_str(&b, HEAD);
	repeat(&b, "<year>", XML_DEPTH_MAX);
	repeat(&b, "</year>", XML_DEPTH_MAX);
	buf_str(&b, "</calendar>");
	expect_refusal(&b, "nested deeper");
	buf_clear(&b);
	repeat(&b, "<a>", 1000000);
	expect_refusal(&b, "depth");
	buf_clear(&b);
	buf_str(&b, HEAD);
	repeat(&b, "<year/>", XML_NODES_MAX);
	buf_str(&b, "</calendar>");
	expect_refusal(&b, "more than 100000 elements");
	buf_clear(&b);
	repeat(&b, "\n", XML_LINES_MAX);
	buf_str(&b, YEAR TAIL);
	expect_refusal(&b, "lines");
	buf_clear(&b);
	buf_str(&b, YEAR TAIL);
	repeat(&b, " ", (int)XML_BYTES_MAX);
	expect_refusal(&b, "larger than");
	buf_clear(&b);
	buf_str(&b, "<calendar");
	for (int i = 0; i < 300000; i++)
		buf_fmt(&b, " a%d=''", i);
	buf_str(&b, "/>");
	expect_refusal(&b, "equals signs");
}
END_TEST

START_TEST(good_files_and_missing_ones)
{
	static const char good[] =
		"<?xml version='1.0' encoding='UTF-8'?>\n<!-- c -->\n" YEAR "<off date='2026-01-01' name='Жаңа жыл &amp; a'/>\n"
		"<!-- c --><work date='2026-01-03' name='a'/>" TAIL;
	struct saqta_error err = {0};
	struct calendar *c = NULL;

	ck_assert_msg(load_text(good, strlen(good), false, &err) == SAQTA_OK, "%s", err.message);
	ck_assert_msg(load_text(good, strlen(good), true, &err) == SAQTA_OK, "%s", err.message);
	ck_assert_int_eq(calendar_load("/nonexistent/x.xml", &c, &err), SAQTA_ERR_MISSING);
	ck_assert_str_eq(err.message, "cannot read /nonexistent/x.xml: No such file or directory");
	ck_assert_int_eq(calendar_load("/", &c, &err), SAQTA_ERR_MISSING);
	ck_assert_ptr_null(c);
}
END_TEST

START_TEST(all_problems_are_listed)
{
	static const char text[] = "<calendar xmlns='urn:saqta:calendar:1'>\n<yaer/>\n<year value='x'/>\n</calendar>";
	cleanup_(problems_done) struct problems problems = {0};
	struct saqta_error err = {0};
	struct xml_node *root = NULL;
	char path[] = "/tmp/saqta-xml-XXXXXX", schema[4096];
	const char *lines;
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (int)strlen(text));
	ck_assert(!close(fd));
	source_path("policies/schema/calendar.xsd", schema);
	ck_assert_int_eq(xml_load(path, "urn:saqta:calendar:1", schema, &problems, &root, &err), SAQTA_ERR_POLICY);
	ck_assert_uint_ge(problems.count, 3);
	lines = (char *)problems.text.data;
	ck_assert_ptr_nonnull(strstr(lines, ":1: 'calendar' needs the attribute 'id'\n"));
	ck_assert_ptr_nonnull(strstr(lines, ":2: the element 'yaer' does not belong here (did you mean 'year'?)"));
	ck_assert_int_eq(xml_load(path, "urn:saqta:calendar:1", "/nonexistent.xsd", NULL, &root, &err), SAQTA_ERR_MISSING);
	ck_assert_ptr_null(root);
	ck_assert_int_eq(xml_load(path, "urn:saqta:calendar:1", path, NULL, &root, &err), SAQTA_ERR_POLICY);
	ck_assert_int_eq(xml_load(path, "urn:saqta:calendar:1", NULL, NULL, &root, NULL), SAQTA_OK);
	ck_assert_uint_eq(root->n_children, 2);
	ck_assert_uint_eq(root->children[1]->line, 3);
	ck_assert_str_eq(xml_attr(root->children[1], "value"), "x");
	ck_assert_ptr_null(xml_attr(root->children[1], "date"));
	ck_assert_ptr_eq(root->children[1]->parent, root);
	ck_assert_str_eq(root->text, "\n\n\n");
	xml_node_free(root);
	ck_assert(!unlink(path));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("calendar");
	TCase *tc = tcase_create("calendar");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, golden_vectors, 0, N(golden));
	tcase_add_loop_test(tc, ends_are_instants, 0, N(ends));
	tcase_add_loop_test(tc, an_unknown_year_is_never_guessed, 0, N(unknown));
	tcase_add_test(tc, published_totals);
	tcase_add_loop_test(tc, a_bad_file_is_refused_with_its_line, 0, N(bad));
	tcase_add_test(tc, large_files_are_refused);
	tcase_add_test(tc, good_files_and_missing_ones);
	tcase_add_test(tc, all_problems_are_listed);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
