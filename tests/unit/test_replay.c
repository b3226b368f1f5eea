/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"
#include "place.h"
#include "saqta/audit.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A log that an engine with other rules wrote: it verifies, its commitments open, and the decisions made again are others. */

static struct place place;
static saqta_engine *e;
static struct saqta_error err;
static struct text said;
static char events[160];

#define ok(call) ck_assert_msg((call) == SAQTA_OK, "%s", err.message)
#define NOW "2026-01-05T10:00:00+05:00"
#define PEOPLE                                                                                                               \
	"{\"event\":\"register\",\"subject\":\"a\",\"evidence\":{\"act\":\"form\"}}\n"                                       \
	"{\"event\":\"consent\",\"subject\":\"a\",\"consents\":[\"processing\"],\"evidence\":{\"act\":\"button\"}}\n"        \
	"{\"event\":\"collect\",\"subject\":\"a\",\"category\":\"phone\",\"value\":\"+77015550101\",\"source\":\"subject\"," \
	"\"purposes\":[\"contract\"]}\n"
#define WITHDRAW "{\"event\":\"withdraw\",\"subject\":\"a\",\"consents\":[\"processing\"],\"channel\":\"email\",\"form\":\"written\"}\n"
/* Not permitted: nobody consented to advertising. Members sorted: as it is committed to. */
#define USE "{\"categories\":[\"phone\"],\"event\":\"use\",\"purpose\":\"advertising\",\"subject\":\"a\"}"

static void set_up(void)
{
	place_make(&place);
	place_init(&place, "mycar", "2026-01-05T09:00:00+05:00");
	e = place_open(&place, NOW);
	place_apply(e, PEOPLE, NULL);
	(void)snprintf(events, sizeof(events), "%s/events.jsonl", place.dir);
}

static void tear_down(void)
{
	saqta_engine_close(e);
	text_done(&said);
	place_remove(&place);
}

static void replay(const char *lines, enum saqta_status want)
{
	struct saqta_replay_options o = {.size = sizeof(o), .events = events};
	FILE *f = fopen(events, "we");
	enum saqta_status r;

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(lines, f), 0);
	ck_assert_int_eq(fclose(f), 0);
	text_done(&said);
	r = saqta_audit_replay(e, &o, text_write, &said, &err);
	ck_assert_msg(r == want, "%d, not %d: %s %s", r, want, r ? err.message : "", said.data ? said.data : "");
}

static void says(const char *what) { ck_assert_msg(strstr(said.data, what), "%s is not in %s", what, said.data); }

/* An entry as an engine would write it that decided so. */
static void forge(const char *type, const char *event, enum outcome outcome, const char *json)
{
	struct answer a;
	struct subject *s = NULL;

	answer_init(&a);
	a.outcome = outcome;
	ok(hall_begin(e, &err));
	if (event)
		ok(hall_subject(e, "a", &s, &err));
	a.state = s ? subject_state(s) : NULL;
	ok(hall_record(e, type, hall_now(e), &a,
		       &(struct entry_extra){.input = event, .input_len = event ? strlen(event) : 0, .subject = s, .json = json}, &err));
	ok(hall_commit(e, &err));
	ok(hall_checkpoint(e, &err));
	answer_done(&a);
}

START_TEST(what_the_engine_decided_is_equal)
{
	place_apply(e, USE "\n" WITHDRAW, NULL);
	replay(PEOPLE USE "\n" WITHDRAW, SAQTA_OK);
	says("\"replayed\":6,\"equal\":6,");
}
END_TEST

START_TEST(a_decision_that_no_rule_made)
{
	forge("use", USE, OUTCOME_APPLIED, NULL);
	place_apply(e, WITHDRAW, NULL);
	replay(PEOPLE USE "\n" WITHDRAW, SAQTA_ERR_TAMPERED);
	says("\"replayed\":6,\"equal\":5,"); /* the one, and what comes after it is compared too */
	says("\"first_difference\":{\"entry\":4,\"line\":4,\"member\":\"outcome\",\"wanted\":\"applied\",\"got\":\"denied\"}");
}
END_TEST

START_TEST(a_denial_without_its_rule)
{
	forge("use", USE, OUTCOME_DENIED, NULL);
	replay(PEOPLE USE "\n", SAQTA_ERR_TAMPERED);
	says("\"entry\":4,\"line\":4,\"member\":\"rules\",\"wanted\":null,\"got\":[");
}
END_TEST

START_TEST(a_sweep_that_did_not_do_its_work)
{
	place_apply(e, WITHDRAW, NULL);
	saqta_engine_close(e);
	e = place_open(&place, "2026-02-05T10:00:00+05:00");
	forge("sweep-start", NULL, OUTCOME_APPLIED, NULL);
	forge("sweep-end", NULL, OUTCOME_APPLIED, "{\"destroyed\":0}");
	replay(PEOPLE WITHDRAW, SAQTA_ERR_TAMPERED);
	says("\"entry\":6,\"line\":4,\"member\":\"type\",\"wanted\":\"sweep-end\",\"got\":\"destroyed\"");
}
END_TEST

START_TEST(a_destruction_that_nothing_explains)
{
	forge("destroyed", USE, OUTCOME_APPLIED, "{\"records\":1}");
	replay(PEOPLE, SAQTA_ERR_TAMPERED);
	says("\"entry\":4,");
	says("\"wanted\":\"destroyed\",\"got\":null");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("replay");
	TCase *t = tcase_create("replay");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, what_the_engine_decided_is_equal);
	tcase_add_test(t, a_decision_that_no_rule_made);
	tcase_add_test(t, a_denial_without_its_rule);
	tcase_add_test(t, a_sweep_that_did_not_do_its_work);
	tcase_add_test(t, a_destruction_that_nothing_explains);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
