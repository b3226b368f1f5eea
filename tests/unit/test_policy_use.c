/* SPDX-License-Identifier: Apache-2.0 */
#include "place.h"
#include "saqta/audit.h"

#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Putting another version in force. The clauses that these tests show are named beside each. */

#define NOW "2026-03-02T09:00:00+05:00"
#define LATER "2026-03-03T09:00:00+05:00"
#define AT "\"at\":\"2026-03-02T09:00:00+05:00\""
#define REGISTER(id) "{\"event\":\"register\",\"subject\":\"" id "\"," AT ",\"evidence\":{\"act\":\"form\"}}\n"
#define CONSENT(id) "{\"event\":\"consent\",\"subject\":\"" id "\",\"consents\":[\"processing\"],\"evidence\":{\"act\":\"button\"}}\n"
#define COLLECT(id)                                                                                                                      \
	"{\"event\":\"collect\",\"subject\":\"" id "\"," AT ",\"category\":\"phone\",\"value\":\"+77015550101\",\"source\":\"subject\"," \
	"\"purposes\":[\"support\"]}\n"
#define VISIT(id) "{\"event\":\"milestone\",\"subject\":\"" id "\",\"milestone\":\"last-visit\",\"at\":\"2024-09-01T09:00:00+05:00\"}\n"
#define USE(id) "{\"event\":\"use\",\"subject\":\"" id "\",\"purpose\":\"support\",\"categories\":[\"phone\"]}\n"

static struct place place;

static void set_up(void) { place_make(&place); }

static void tear_down(void) { place_remove(&place); }

/* @name becomes version 2026-02 with three years cut to one. */
static void shorten(const char *name)
{
	place_version(&place, name, "2026-02");
	place_edit(&place, name, "at-most=\"P3Y\"", "at-most=\"P1Y\"");
}

static json_t *parse(const struct text *t)
{
	json_t *ret = json_loadb(t->data ? t->data : "", t->len, JSON_DISABLE_EOF_CHECK, NULL);

	ck_assert_msg(ret != NULL, "no JSON: %s", t->data ? t->data : "");
	return ret;
}

static json_int_t number(const struct text *t, const char *name)
{
	json_t *root = parse(t);
	json_int_t ret = json_integer_value(json_object_get(root, name));

	ck_assert_msg(json_is_integer(json_object_get(root, name)), "%s is missing: %s", name, t->data);
	json_decref(root);
	return ret;
}

static void use_pack(saqta_engine *e, const char *pack, struct text *ret)
{
	struct saqta_error err = {0};

	ck_assert_msg(saqta_policy_use(e, pack, NULL, NULL, NULL, text_write, ret, &err) == SAQTA_OK, "use: %s", err.message);
}

static void status(saqta_engine *e, struct text *ret)
{
	struct saqta_error err = {0};

	ck_assert_msg(saqta_engine_status(e, text_write, ret, &err) == SAQTA_OK, "status: %s", err.message);
}

static void show(saqta_engine *e, const char *id, struct text *ret)
{
	struct saqta_error err = {0};

	ck_assert_msg(saqta_engine_subject_show(e, id, NULL, text_write, ret, &err) == SAQTA_OK, "show: %s", err.message);
}

static bool has(const struct text *t, const char *part) { return t->data && strstr(t->data, part) != NULL; }

/* mycar/intro-changes, mycar/9.6, mycar-group/intro-changes, mycar-group/7.6, autocheck/intro-changes, autocheck/9.6, mycar-partner/a1-12: a
 * version holds from when it is put in force, by an act of its own, whatever becomes of the file; what the vault keeps of it is enough to go on. */
START_TEST(a_file_that_changes_changes_nothing)
{
	static const char *const packs[] = {"mycar", "mycar-group", "autocheck", "mycar-partner"};
	char file[64];
	struct text first = {0}, out = {0};
	saqta_engine *e;

	(void)snprintf(file, sizeof(file), "%s.xml", packs[_i]);
	place_version(&place, file, "first");
	place_init(&place, packs[_i], NOW);
	e = place_open(&place, NOW);
	status(e, &first);
	ck_assert_msg(has(&first, "\"version\":\"first\""), "%s", first.data);
	(void)saqta_engine_close(e);
	place_version(&place, file, "second");
	e = place_open(&place, NOW);
	status(e, &out);
	ck_assert_str_eq(first.data, out.data);
	text_done(&out);
	use_pack(e, packs[_i], &out);
	ck_assert(has(&out, "\"version\":\"second\",") && has(&out, "\"changed\":true"));
	(void)saqta_engine_close(e);
	/* and the new one is kept as well: its file may go */
	place_version(&place, file, "third");
	e = place_open(&place, LATER);
	text_done(&out);
	status(e, &out);
	ck_assert(has(&out, "\"version\":\"second\""));
	(void)saqta_engine_close(e);
	text_done(&first);
	text_done(&out);
}
END_TEST

/* lets-car/11.2: no end date; it holds until replaced. */
START_TEST(it_holds_until_replaced)
{
	struct text out = {0};
	saqta_engine *e;

	place_init(&place, "lets-car", NOW);
	e = place_open(&place, "2061-01-01T09:00:00+05:00");
	place_apply(e, "{\"event\":\"register\",\"subject\":\"a\",\"evidence\":{\"act\":\"form\"}}\n" CONSENT("a"), NULL);
	place_apply(e, "{\"event\":\"use\",\"subject\":\"a\",\"purpose\":\"communication\",\"categories\":[\"phone\"]}\n", &out);
	ck_assert(has(&out, "\"outcome\":\"applied\""));
	(void)saqta_engine_close(e);
	text_done(&out);
}
END_TEST

/* mycar/intro-changes: every consent names the version under which it was given. */
START_TEST(consents_name_their_version)
{
	struct text out = {0};
	saqta_engine *e;
	json_t *root, *consents;

	place_init(&place, "mycar", NOW);
	e = place_open(&place, NOW);
	place_apply(e, REGISTER("a") CONSENT("a") REGISTER("b"), NULL);
	shorten("mycar.xml");
	use_pack(e, "mycar", &out);
	ck_assert_int_eq(number(&out, "consents_outdated"), 1);
	text_done(&out);
	place_apply(e,
		    "{\"event\":\"consent\",\"subject\":\"a\",\"consents\":[\"messages\"],\"evidence\":{\"act\":\"button\"}}\n"
		    "{\"event\":\"consent\",\"subject\":\"a\",\"consents\":[\"advertising\"],\"version\":\"2025-07\","
		    "\"evidence\":{\"act\":\"letter\"}}\n",
		    NULL);
	show(e, "a", &out);
	root = parse(&out);
	consents = json_object_get(root, "consents");
	ck_assert_uint_eq(json_array_size(consents), 3);
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(consents, 0), "version")), "2026-01");
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(consents, 1), "version")), "2026-02");
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(consents, 2), "version")), "2025-07");
	json_decref(root);
	(void)saqta_engine_close(e);
	text_done(&out);
}
END_TEST

/* A pack may ask for a new consent when its text changes. */
START_TEST(a_new_consent_may_be_asked_for)
{
	struct text out = {0};
	saqta_engine *e;

	place_init(&place, "mycar", NOW);
	e = place_open(&place, NOW);
	place_apply(e, REGISTER("a") CONSENT("a") COLLECT("a"), NULL);
	place_apply(e, USE("a"), &out);
	ck_assert(has(&out, "\"outcome\":\"applied\""));
	text_done(&out);
	place_version(&place, "mycar.xml", "2026-02");
	place_edit(&place, "mycar.xml", "<forbid id=\"statistics\"",
		   "<forbid id=\"ask-again\" clause=\"intro-changes\" when=\"not($current-consent.processing)\" unless=\"$free\">"
		   "<title xml:lang=\"kk\">Жаңа редакцияға жаңа келісім керек</title>"
		   "<title xml:lang=\"ru\">Новая редакция требует нового согласия</title>"
		   "<title xml:lang=\"en\">A new version takes a new consent</title></forbid>\n<forbid id=\"statistics\"");
	use_pack(e, "mycar", &out);
	text_done(&out);
	place_apply(e, USE("a"), &out);
	ck_assert(has(&out, "\"outcome\":\"denied\"") && has(&out, "\"mycar/intro-changes\""));
	text_done(&out);
	place_apply(e, CONSENT("a") USE("a"), &out);
	ck_assert(has(&out, "\"outcome\":\"applied\"") && !has(&out, "denied"));
	(void)saqta_engine_close(e);
	text_done(&out);
}
END_TEST

/* mycar/9.6: the terms of the new version hold from then on, also for who came before; the sweep works on terms derived under it. */
START_TEST(the_sweep_after_a_switch_goes_by_the_new_terms)
{
	struct text out = {0};
	saqta_engine *e;

	place_init(&place, "mycar", NOW);
	e = place_open(&place, NOW);
	place_apply(e, REGISTER("a") CONSENT("a") COLLECT("a") VISIT("a") REGISTER("b") CONSENT("b") COLLECT("b"), NULL);
	place_sweep(e, &out);
	ck_assert_int_eq(number(&out, "destroyed"), 0);
	text_done(&out);
	shorten("mycar.xml");
	use_pack(e, "mycar", &out);
	ck_assert_int_eq(number(&out, "subjects_derived"), 2);
	text_done(&out);
	place_sweep(e, &out);
	ck_assert_int_eq(number(&out, "destroyed"), 1);
	text_done(&out);
	/* the same again changes nothing and derives nothing */
	use_pack(e, "mycar", &out);
	ck_assert(has(&out, "\"changed\":false"));
	ck_assert_int_eq(number(&out, "subjects_derived"), 0);
	(void)saqta_engine_close(e);
	text_done(&out);
}
END_TEST

static int stop_at_once(void *user, uint64_t done, uint64_t total)
{
	(void)user;
	(void)done;
	(void)total;
	return 1;
}

/* Nobody is destroyed on a stale generation: a switch that was stopped half way is finished by the next sweep before anything else. */
START_TEST(a_switch_that_was_stopped_is_finished_by_the_sweep)
{
	struct text out = {0};
	struct saqta_error err = {0};
	saqta_engine *e;

	place_init(&place, "mycar", NOW);
	e = place_open(&place, NOW);
	for (int i = 0; i < 620; i++) {
		char line[256];

		(void)snprintf(line, sizeof(line),
			       "{\"event\":\"register\",\"subject\":\"u%d\",\"at\":\"2024-01-10T09:00:00+06:00\",\"evidence\":{\"a\":1}}",
			       i);
		ck_assert_int_eq(saqta_engine_submit(e, 1, line, strlen(line), &err), SAQTA_OK);
	}
	place_apply(e, VISIT("u617"), NULL);
	shorten("mycar.xml");
	ck_assert_int_eq(saqta_policy_use(e, "mycar", NULL, stop_at_once, NULL, text_write, &out, &err), SAQTA_ERR_CANCELLED);
	(void)saqta_engine_close(e);
	e = place_open(&place, LATER);
	text_done(&out);
	status(e, &out);
	ck_assert(has(&out, "\"version\":\"2026-02\"")); /* in force all the same */
	text_done(&out);
	place_sweep(e, &out);
	ck_assert_int_eq(number(&out, "destroyed"), 620);
	(void)saqta_engine_close(e);
	text_done(&out);
}
END_TEST

/* A pack that is refused changes nothing, and all that is wrong is said. */
START_TEST(a_broken_pack_changes_nothing)
{
	struct text before = {0}, after = {0}, problems = {0};
	struct saqta_error err = {0};
	saqta_engine *e;

	place_init(&place, "mycar", NOW);
	e = place_open(&place, NOW);
	place_apply(e, REGISTER("a") CONSENT("a"), NULL);
	status(e, &before);
	place_edit(&place, "mycar.xml", "clause=\"9.1\"", "clause=\"9.99\"");
	place_edit(&place, "mycar.xml", "$age &lt; 18", "$agee &lt; 18");
	ck_assert_int_eq(saqta_policy_use(e, "mycar", text_write, NULL, NULL, text_write, &problems, &err), SAQTA_ERR_POLICY);
	ck_assert(has(&problems, "mycar.xml:") && has(&problems, "9.99") && has(&problems, "agee"));
	ck_assert_int_eq(saqta_policy_use(e, "no-such-pack", text_write, NULL, NULL, text_write, &problems, &err), SAQTA_ERR_MISSING);
	status(e, &after);
	ck_assert_str_eq(before.data, after.data);
	(void)saqta_engine_close(e);
	e = place_open(&place, LATER);
	text_done(&after);
	place_apply(e, USE("a"), &after);
	ck_assert(has(&after, "\"outcome\":\"applied\""));
	(void)saqta_engine_close(e);
	text_done(&before);
	text_done(&after);
	text_done(&problems);
}
END_TEST

/* Contract 2: a deadline that ran into a year which the calendar did not know is computed when the calendar comes; the answer's and the request's. */
START_TEST(deadlines_are_computed_when_the_calendar_comes)
{
	static const char request[] =
		"{\"event\":\"request\",\"subject\":\"a\",\"request\":\"r1\",\"kind\":\"access\",\"channel\":\"email\","
		"\"by\":\"subject\",\"identity_checked\":true}\n";
	struct text out = {0};
	struct saqta_error err = {0};
	saqta_engine *e;

	place_copy(&place, "calendar/kz.xml", "calendar/whole.xml");
	place_cut(&place, "calendar/kz.xml", "<year value=\"2027\">", "</calendar>");
	place_init(&place, "mycar", "2026-12-30T09:00:00+05:00");
	e = place_open(&place, "2026-12-30T09:00:00+05:00");
	place_apply(e, "{\"event\":\"register\",\"subject\":\"a\",\"evidence\":{\"act\":\"form\"}}\n", NULL);
	place_apply(e, request, &out);
	ck_assert(has(&out, "\"outcome\":\"applied\"") && has(&out, "2027") && !has(&out, "\"due\""));
	text_done(&out);
	place_copy(&place, "calendar/whole.xml", "calendar/kz.xml");
	use_pack(e, "mycar", &out);
	ck_assert_int_eq(number(&out, "deadlines_computed"), 1);
	text_done(&out);
	/* 31 December, then 5 and 6 January: the first four days of 2027 are days off */
	ck_assert_int_eq(saqta_engine_task_list(e, text_write, &out, &err), SAQTA_OK);
	ck_assert_msg(has(&out, "\"due\":\"2027-01-07T00:00:00+05:00\""), "%s", out.data);
	text_done(&out);
	ck_assert_int_eq(saqta_engine_request_list(e, NULL, text_write, &out, &err), SAQTA_OK);
	ck_assert_msg(has(&out, "\"due\":\"2027-01-07T00:00:00+05:00\""), "%s", out.data);
	(void)saqta_engine_close(e);
	text_done(&out);
}
END_TEST

/* mycar-partner/4.3.1, mycar-partner/4.3.1-agree: a new edition holds from publication, and the partner who goes on is bound by it without
 * joining anew, as one whose agreement ended stays out. */
START_TEST(a_partner_who_goes_on_is_bound)
{
	struct text out = {0};
	saqta_engine *e;

	place_init(&place, "mycar-partner", NOW);
	e = place_open(&place, NOW);
	place_apply(e,
		    "{\"event\":\"partner\",\"partner\":\"p1\",\"state\":\"joined\"}\n"
		    "{\"event\":\"partner\",\"partner\":\"p2\",\"state\":\"joined\"}\n"
		    "{\"event\":\"partner\",\"partner\":\"p2\",\"state\":\"ended\"}\n",
		    &out);
	ck_assert(has(&out, "applied"));
	text_done(&out);
	place_version(&place, "mycar-partner.xml", "2026-02");
	use_pack(e, "mycar-partner", &out);
	text_done(&out);
	place_apply(e,
		    "{\"event\":\"worker\",\"partner\":\"p1\",\"worker\":\"w1\",\"roles\":[\"seller\"],\"assurance\":true}\n"
		    "{\"event\":\"worker\",\"partner\":\"p2\",\"worker\":\"w1\",\"roles\":[\"seller\"],\"assurance\":true}\n",
		    &out);
	ck_assert_msg(strncmp(out.data, "{\"line\":1,\"outcome\":\"applied\"", 29) == 0, "%s", out.data);
	ck_assert_msg(has(&out, "{\"line\":2,\"outcome\":\"denied\""), "%s", out.data);
	(void)saqta_engine_close(e);
	text_done(&out);
}
END_TEST

/* What was decided before goes on citing the policy that decided it (2). */
START_TEST(entries_cite_the_version_that_decided)
{
	struct text out = {0}, used = {0};
	struct saqta_error err = {0};
	json_int_t entry;
	char cite[64];
	saqta_engine *e;

	place_init(&place, "mycar", NOW);
	e = place_open(&place, NOW);
	place_apply(e, REGISTER("a"), NULL);
	shorten("mycar.xml");
	use_pack(e, "mycar", &used);
	entry = number(&used, "audit");
	ck_assert_int_eq(entry, 2);
	place_apply(e, CONSENT("a"), NULL);
	ck_assert_int_eq(saqta_audit_show(e, 1, NULL, text_write, &out, &err), SAQTA_OK);
	(void)snprintf(cite, sizeof(cite), "\"policy\":%d", (int)entry);
	*strchr(out.data, '\n') = ' ';
	ck_assert(strstr(out.data, "\"policy\":0") < strstr(out.data, "\"type\":\"register\""));
	ck_assert_ptr_nonnull(strstr(strstr(out.data, "\"type\":\"policy\""), cite));
	ck_assert_int_eq(saqta_audit_verify(e, NULL, NULL, text_write, &out, &err), SAQTA_OK);
	(void)saqta_engine_close(e);
	text_done(&out);
	text_done(&used);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("policy use");
	TCase *c = tcase_create("versions");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(c, set_up, tear_down);
	tcase_set_timeout(c, 120);
	tcase_add_loop_test(c, a_file_that_changes_changes_nothing, 0, 4);
	tcase_add_test(c, it_holds_until_replaced);
	tcase_add_test(c, consents_name_their_version);
	tcase_add_test(c, a_new_consent_may_be_asked_for);
	tcase_add_test(c, the_sweep_after_a_switch_goes_by_the_new_terms);
	tcase_add_test(c, a_switch_that_was_stopped_is_finished_by_the_sweep);
	tcase_add_test(c, a_broken_pack_changes_nothing);
	tcase_add_test(c, deadlines_are_computed_when_the_calendar_comes);
	tcase_add_test(c, a_partner_who_goes_on_is_bound);
	tcase_add_test(c, entries_cite_the_version_that_decided);
	suite_add_tcase(s, c);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
