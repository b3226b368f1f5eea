/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/model.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MI_VISIT, MI_SERVICE, MI_COLLECTED, MIS };
enum { CA_NAME, CA_IP, CAS };
enum { PU_A, PU_B, PUS };
#define RULES 8
#define NONE INSTANT_NONE

static char mi_names[MIS][16] = {"visit", "service", "collected"};
static struct vocab_id milestones[MIS];
static struct rule rules[RULES];
static uint16_t retains[RULES];
static struct consent_terms consents[1];
static struct policy p;
static int64_t reached[MIS], achieved[PUS];
static struct retention_subject subject;
static struct retention_record record, whole;
static struct retention ret;

static int64_t at(const char *text)
{
	int64_t us;

	ck_assert(instant_parse(text, strlen(text), &us));
	return us;
}

static struct term term(const char *text)
{
	struct term t;

	ck_assert(term_parse(text, strlen(text), &t));
	return t;
}

/* A calendar that knows 2026 only. */
static void load_calendar(void)
{
	static const char text[] = "<calendar xmlns=\"urn:saqta:calendar:1\" id=\"t\" version=\"1\">"
				   "<year value=\"2026\"/></calendar>";
	char path[] = "/tmp/test_retain.XXXXXX";
	struct saqta_error err = {0};
	const int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, sizeof(text) - 1), (int)sizeof(text) - 1);
	close(fd);
	ck_assert_msg(calendar_load(path, &p.calendar, &err) == SAQTA_OK, "%s", err.message);
	unlink(path);
}

static void setup(void)
{
	struct saqta_error err = {0};

	memset(&p, 0, sizeof(p));
	memset(rules, 0, sizeof(rules));
	for (int i = 0; i < MIS; i++) {
		milestones[i].id = mi_names[i];
		reached[i] = NONE;
	}
	p.ids[ID_MILESTONE] = milestones;
	p.n_ids[ID_MILESTONE] = MIS;
	p.n_ids[ID_PURPOSE] = PUS;
	p.n_ids[ID_CATEGORY] = CAS;
	p.n_ids[ID_CONSENT] = 1;
	p.consents = consents;
	p.rules = rules;
	p.retains = retains;
	p.collected_milestone = MI_COLLECTED;
	ck_assert_int_eq(zone_load("Asia/Almaty", &p.zone, &err), SAQTA_OK);
	load_calendar();
	achieved[PU_A] = achieved[PU_B] = NONE;
	subject = (struct retention_subject){.registered_us = at("2026-01-05T09:00:00+05:00"), .reached_us = reached};
	subject.newest_collected_us = at("2026-01-20T09:00:00+05:00");
	record = (struct retention_record){.category = CA_NAME, .achieved_us = achieved};
	record.collected_us = at("2026-01-10T09:00:00+05:00");
	whole = (struct retention_record){.is_subject = true, .category = -1, .achieved_us = achieved, .collected_us = NONE};
}

static void teardown(void)
{
	calendar_free(p.calendar);
	zone_free(p.zone);
}

static struct rule *add(void)
{
	struct rule *r = &rules[p.n_rules];

	r->kind = RULE_RETAIN;
	r->from_us = INT64_MIN;
	r->until_us = INT64_MAX;
	r->covers_all = r->categories.any = true;
	retains[p.n_retains++] = (uint16_t)p.n_rules++;
	return r;
}

static struct rule *add_most(const char *text, int since)
{
	struct rule *r = add();

	r->has_at_most = true;
	r->at_most = term(text);
	idset_add(&r->since, since);
	return r;
}

static struct rule *add_least(const char *text, int since)
{
	struct rule *r = add();

	r->has_at_least = true;
	r->at_least = term(text);
	idset_add(&r->since, since);
	return r;
}

static void ask(const struct retention_record *rec, const char *now) { policy_retention(&p, &subject, rec, at(now), &ret); }

static void assert_end(unsigned rule, const char *ripe, const char *end)
{
	ck_assert(ret.has_end);
	ck_assert_uint_eq(ret.end_rule, rule);
	ck_assert_int_eq(ret.ripe_us, at(ripe));
	ck_assert_int_eq(ret.end_us, at(end));
}

#define NOW "2026-06-01T00:00:00+05:00"

START_TEST(test_no_rules)
{
	ask(&record, NOW);
	ck_assert(!ret.has_end && !ret.is_kept && !ret.is_kept_by_statute);
}
END_TEST

START_TEST(test_at_most_is_ripe_on_its_last_day)
{
	reached[MI_VISIT] = at("2026-02-03T10:00:00+05:00");
	add_most("P3Y", MI_VISIT)->depersonalise = true;
	ask(&whole, NOW);
	assert_end(0, "2029-02-03T00:00:00+05:00", "2029-02-04T00:00:00+05:00");
	ck_assert(ret.depersonalise);
	ask(&record, NOW);
	assert_end(0, "2029-02-03T00:00:00+05:00", "2029-02-04T00:00:00+05:00");
}
END_TEST

START_TEST(test_latest_anchor_counts)
{
	struct rule *r = add_most("P1M", MI_VISIT);

	idset_add(&r->since, MI_SERVICE);
	reached[MI_VISIT] = at("2026-02-03T10:00:00+05:00");
	reached[MI_SERVICE] = at("2026-01-03T10:00:00+05:00");
	ask(&whole, NOW);
	assert_end(0, "2026-03-03T00:00:00+05:00", "2026-03-04T00:00:00+05:00");
	reached[MI_VISIT] = NONE; /* never came; the other did */
	ask(&whole, NOW);
	assert_end(0, "2026-02-03T00:00:00+05:00", "2026-02-04T00:00:00+05:00");
}
END_TEST

START_TEST(test_at_most_without_milestone)
{
	add_most("P1M", MI_VISIT);
	ask(&record, NOW);
	assert_end(0, "2026-02-20T00:00:00+05:00", "2026-02-21T00:00:00+05:00");
	subject.newest_collected_us = NONE;
	ask(&whole, NOW);
	assert_end(0, "2026-02-05T00:00:00+05:00", "2026-02-06T00:00:00+05:00");
}
END_TEST

START_TEST(test_since_collected)
{
	add_most("P1M", MI_COLLECTED);
	ask(&record, NOW);
	assert_end(0, "2026-02-10T00:00:00+05:00", "2026-02-11T00:00:00+05:00");
	ask(&whole, NOW);
	assert_end(0, "2026-02-20T00:00:00+05:00", "2026-02-21T00:00:00+05:00");
}
END_TEST

START_TEST(test_listed_categories_are_for_records_only)
{
	struct rule *r = add_most("P1M", MI_COLLECTED);

	r->covers_all = r->categories.any = false;
	idset_add(&r->categories.set, CA_IP);
	ask(&record, NOW);
	ck_assert(!ret.has_end);
	ask(&whole, NOW);
	ck_assert(!ret.has_end);
	record.category = CA_IP;
	ask(&record, NOW);
	ck_assert(ret.has_end);
}
END_TEST

START_TEST(test_earliest_at_most)
{
	add_most("P3M", MI_COLLECTED);
	add_most("P1M", MI_COLLECTED);
	add_most("P2M", MI_COLLECTED);
	ask(&record, NOW);
	assert_end(1, "2026-02-10T00:00:00+05:00", "2026-02-11T00:00:00+05:00");
}
END_TEST

START_TEST(test_at_least)
{
	add_least("P1M", MI_SERVICE);
	ask(&record, NOW);
	ck_assert(!ret.is_kept); /* the milestone never came */
	reached[MI_SERVICE] = at("2026-02-03T10:00:00+05:00");
	ask(&record, "2026-03-03T23:59:59+05:00");
	ck_assert(ret.is_kept && !ret.is_kept_by_statute && !ret.has_end);
	ck_assert_int_eq(ret.kept_until_us, at("2026-03-04T00:00:00+05:00"));
	ask(&record, "2026-03-04T00:00:00+05:00");
	ck_assert(!ret.is_kept);
}
END_TEST

START_TEST(test_latest_at_least_and_the_statutes_apart)
{
	reached[MI_SERVICE] = at("2026-02-03T10:00:00+05:00");
	add_least("P6M", MI_SERVICE);
	add_least("P1Y", MI_SERVICE);
	add_least("P8M", MI_SERVICE)->is_statute = true;
	add_least("P9M", MI_SERVICE)->is_statute = true;
	ask(&record, NOW);
	ck_assert(ret.is_kept && ret.is_kept_by_statute);
	ck_assert_uint_eq(ret.keep_rule, 1);
	ck_assert_int_eq(ret.kept_until_us, at("2027-02-04T00:00:00+05:00"));
	ck_assert_uint_eq(ret.keep_statute_rule, 3);
	ck_assert_int_eq(ret.kept_statute_until_us, at("2026-11-04T00:00:00+05:00"));
	ask(&record, "2026-12-01T00:00:00+05:00");
	ck_assert(ret.is_kept && !ret.is_kept_by_statute);
}
END_TEST

/* Both are told; that at-least wins is for the sweep, category by category. */
START_TEST(test_at_least_beside_at_most)
{
	struct rule *r = add_least("P5Y", MI_COLLECTED);

	r->covers_all = r->categories.any = false;
	idset_add(&r->categories.set, CA_IP);
	add_most("P1M", MI_COLLECTED);
	ask(&record, NOW);
	ck_assert(ret.has_end && !ret.is_kept);
	record.category = CA_IP;
	ask(&record, NOW);
	ck_assert(ret.has_end && ret.is_kept);
	ask(&whole, NOW);
	ck_assert(ret.has_end && !ret.is_kept);
}
END_TEST

START_TEST(test_both_is_ripe_at_its_end)
{
	struct rule *r = add_most("P1M", MI_COLLECTED);

	r->has_at_least = true;
	r->at_least = r->at_most;
	ask(&record, "2026-02-10T12:00:00+05:00");
	assert_end(0, "2026-02-11T00:00:00+05:00", "2026-02-11T00:00:00+05:00");
	ck_assert(ret.is_kept);
	ask(&record, "2026-02-11T00:00:00+05:00");
	ck_assert(!ret.is_kept);
}
END_TEST

START_TEST(test_until_purposes_achieved)
{
	struct rule *r = add();

	r->until_achieved = true;
	achieved[PU_A] = at("2026-03-01T10:00:00+05:00");
	ask(&record, NOW);
	ck_assert(!ret.has_end); /* no purposes, none achieved */
	idset_add(&record.purposes, PU_A);
	idset_add(&record.purposes, PU_B);
	ask(&record, NOW);
	ck_assert(!ret.has_end); /* not all */
	achieved[PU_B] = at("2026-01-09T10:00:00+05:00");
	ask(&record, NOW);
	ck_assert(!ret.has_end); /* achieved for what was collected before */
	achieved[PU_B] = record.collected_us;
	ask(&record, NOW);
	assert_end(0, "2026-03-01T10:00:00+05:00", "2026-03-01T10:00:00+05:00");
	whole.purposes = record.purposes;
	ask(&whole, NOW);
	ck_assert(!ret.has_end);
	r->within = term("P1M");
	ask(&record, NOW);
	assert_end(0, "2026-03-01T10:00:00+05:00", "2026-04-02T00:00:00+05:00");
	r->within = term("400WD"); /* runs out of the calendar */
	ask(&record, NOW);
	assert_end(0, "2026-03-01T10:00:00+05:00", "2026-03-01T10:00:00+05:00");
}
END_TEST

START_TEST(test_dates_of_the_rule)
{
	struct rule *r = add_most("P1M", MI_COLLECTED);

	r->from_us = at("2026-07-12T00:00:00+05:00");
	ask(&record, "2026-07-11T23:59:59+05:00");
	ck_assert(!ret.has_end);
	ask(&record, "2026-07-12T00:00:00+05:00");
	ck_assert(ret.has_end);
	r->until_us = at("2026-08-01T00:00:00+05:00");
	ask(&record, "2026-08-01T00:00:00+05:00");
	ck_assert(!ret.has_end);
}
END_TEST

/* Destroying never needs a calendar; keeping goes on until it comes. */
START_TEST(test_year_that_the_calendar_does_not_know)
{
	add_most("P400D", MI_COLLECTED);
	ask(&record, NOW);
	assert_end(0, "2027-02-14T00:00:00+05:00", "2027-02-15T00:00:00+05:00");
	add_least("P400D", MI_COLLECTED);
	ask(&record, "2050-01-01T00:00:00+05:00");
	ck_assert(ret.is_kept);
	ck_assert_int_eq(ret.kept_until_us, at("9999-12-31T00:00:00Z"));
}
END_TEST

START_TEST(test_days_and_hours)
{
	add_most("P2D", MI_COLLECTED); /* from Saturday the 10th to Monday the 12th */
	ask(&record, NOW);
	assert_end(0, "2026-01-12T00:00:00+05:00", "2026-01-13T00:00:00+05:00");
	add_most("PT2H", MI_COLLECTED);
	ask(&record, NOW);
	assert_end(1, "2026-01-10T11:00:00+05:00", "2026-01-10T11:00:00+05:00");
}
END_TEST

START_TEST(test_consent_end)
{
	consents[0].lapses = (struct term){.unit = TERM_NONE};
	ck_assert_int_eq(policy_consent_end(&p, 0, at(NOW)), NONE);
	consents[0].lapses = term("P13M");
	ck_assert_int_eq(policy_consent_end(&p, 0, at("2026-01-31T10:00:00+05:00")), at("2027-03-01T00:00:00+05:00"));
	consents[0].lapses = term("400WD");
	ck_assert_int_eq(policy_consent_end(&p, 0, at(NOW)), NONE);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("retain");
	TCase *t = tcase_create("retain");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_no_rules);
	tcase_add_test(t, test_at_most_is_ripe_on_its_last_day);
	tcase_add_test(t, test_latest_anchor_counts);
	tcase_add_test(t, test_at_most_without_milestone);
	tcase_add_test(t, test_since_collected);
	tcase_add_test(t, test_listed_categories_are_for_records_only);
	tcase_add_test(t, test_earliest_at_most);
	tcase_add_test(t, test_at_least);
	tcase_add_test(t, test_latest_at_least_and_the_statutes_apart);
	tcase_add_test(t, test_at_least_beside_at_most);
	tcase_add_test(t, test_both_is_ripe_at_its_end);
	tcase_add_test(t, test_until_purposes_achieved);
	tcase_add_test(t, test_dates_of_the_rule);
	tcase_add_test(t, test_year_that_the_calendar_does_not_know);
	tcase_add_test(t, test_days_and_hours);
	tcase_add_test(t, test_consent_end);
	suite_add_tcase(s, t);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
