/* SPDX-License-Identifier: Apache-2.0 */
#include "place.h"
#include "saqta/tool.h"

#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What changes between two policies, and what it would do to a vault. The packs are edited copies; the former ones are kept beside. */

#define NOW "2026-11-02T09:00:00+05:00"

static struct place place;
static char before[256];

static void set_up(void)
{
	place_make(&place);
	place_keep(&place, "before");
	(void)snprintf(before, sizeof(before), "%s/before/mycar.xml", place.dir);
}

static void tear_down(void) { place_remove(&place); }

static json_t *parse(const struct text *t)
{
	json_t *ret = json_loadb(t->data ? t->data : "", t->len, JSON_DISABLE_EOF_CHECK, NULL);

	ck_assert_msg(ret != NULL, "no JSON: %s", t->data ? t->data : "");
	return ret;
}

static json_t *diff_in(saqta_engine *e, const char *was, const char *is, const char *lang)
{
	const struct saqta_policy_from from = {.size = sizeof(from), .pack = was, .engine = e, .policy_dirs = place.packs};
	struct saqta_policy_from to = from;
	const struct saqta_policy_diff_options o = {.size = sizeof(o), .lang = lang, .with_vault = e != NULL};
	struct text out = {0};
	struct saqta_error err = {0};
	json_t *ret;

	to.pack = is;
	ck_assert_msg(saqta_policy_diff(&from, &to, &o, text_write, &out, &err) == SAQTA_OK, "diff: %s", err.message);
	ret = parse(&out);
	text_done(&out);
	return ret;
}

static json_t *diff(const char *lang) { return diff_in(NULL, before, "mycar", lang); }

static json_int_t number(const json_t *doc, const char *name)
{
	json_t *n = json_object_get(doc, name);

	ck_assert_msg(json_is_integer(n), "%s is missing", name);
	return json_integer_value(n);
}

static json_int_t effect(const json_t *doc, const char *name) { return number(json_object_get(doc, "effects"), name); }

/* The item about @rule. */
static json_t *about(const json_t *doc, const char *rule)
{
	json_t *section, *item;
	size_t i, k;

	json_array_foreach(json_object_get(doc, "sections"), i, section)
	{
		json_array_foreach(json_object_get(section, "items"), k, item)
		{
			const char *id = json_string_value(json_object_get(item, "rule"));

			if (id && strcmp(id, rule) == 0)
				return item;
		}
	}
	return NULL;
}

static const char *change(const json_t *doc, const char *rule)
{
	json_t *item = about(doc, rule);

	return item ? json_string_value(json_object_get(item, "change")) : "none";
}

static bool says(const json_t *doc, const char *part)
{
	char *text = json_dumps(doc, JSON_COMPACT);
	bool ret = strstr(text, part) != NULL;

	free(text);
	return ret;
}

START_TEST(a_policy_does_not_differ_from_itself)
{
	static const char *const packs[] = {"mycar", "mycar-group", "mycar-partner", "lets-car", "autocheck", "kz-94v"};
	json_t *doc = diff_in(NULL, packs[_i], packs[_i], "en");

	ck_assert_int_eq(number(doc, "rules_changed"), 0);
	ck_assert_int_eq(number(doc, "others_changed"), 0);
	json_decref(doc);
}
END_TEST

/* Edits of the pack, and the one rule that each changes. */
static const struct {
	const char *name, *from, *to, *rule, *change, *says;
} edits[] = {
	{"a term", "at-most=\"P3Y\"", "at-most=\"P2Y\"", "mycar/three-years", "changed", "is: At most: 2 years"},
	{"a consent's term", "lapses=\"P13M\"", "lapses=\"P6M\"", "mycar/cookies", "changed", "is: It lapses after: 6 months"},
	{"a consent that is needed", "needs=\"cookies\"", "needs=\"biometric\"", "mycar/cookie-consent", "changed", "was: Where one of"},
	{"a clause", "clause=\"9.7\"", "clause=\"9.7 8.1\"", "mycar/minor", "changed", "is: Clauses: mycar/9.7 mycar/8.1"},
	{"a condition", "$age &lt; 18", "$age &lt; 21", "mycar/age", "changed", "the age is less than 21"},
	{"a channel", "<accept forms=\"written\" channels=\"registered-letter courier\"/>\n    <wait",
	 "<accept forms=\"written\"/>\n    <wait", "mycar/withdrawal", "changed", "was: Taken through: registered letter, courier"},
	{"a recipient", "recipients=\"public\" unless", "recipients=\"public bank\" unless", "mycar/distribution", "changed",
	 "banks and financial institutions, the public"},
	{"a date", "<forbid id=\"ip-link\"", "<forbid id=\"ip-link\" from=\"2027-01-01\"", "mycar/ip-link", "changed",
	 "is: Holds from: 2027-01-01"},
	{"an id", "<forbid id=\"ip-link\"", "<forbid id=\"ip-links\"", "mycar/ip-links", "added", "\"mycar/ip-link\""},
	{"a claim", "about=\"access-fee\" is=\"allowed\"", "about=\"access-fee\" is=\"none\"", "mycar/fee", "changed",
	 "is: The text says: access-fee: none"},
	{"wording in another language", "Тіркелу нысаны келісімнің дәлелі ретінде", "Тіркеу нысаны келісімнің дәлелі ретінде",
	 "mycar/registration", "changed", "changed in another"},
};

START_TEST(an_edit_is_told)
{
	json_t *doc;

	place_edit(&place, "mycar.xml", edits[_i].from, edits[_i].to);
	doc = diff("en");
	ck_assert_msg(strcmp(change(doc, edits[_i].rule), edits[_i].change) == 0, "%s: %s", edits[_i].name, change(doc, edits[_i].rule));
	ck_assert_msg(says(doc, edits[_i].says), "%s: does not say %s", edits[_i].name, edits[_i].says);
	ck_assert_int_eq(number(doc, "rules_changed"), strcmp(edits[_i].change, "added") ? 1 : 2);
	ck_assert_int_eq(number(doc, "others_changed"), 0);
	json_decref(doc);
}
END_TEST

/* A definition of the base changes each rule that rests on it, and no other. */
START_TEST(a_definition_reaches_the_rules_that_rest_on_it)
{
	json_t *doc;

	place_edit(&place, "kz-94v.xml", "test=\"($basis = 'law' or $basis = 'justice') and", "test=\"$basis = 'law' and");
	doc = diff("ru");
	ck_assert_str_eq(change(doc, "kz-94v/law"), "changed");
	ck_assert_str_eq(change(doc, "mycar/other-operations"), "changed");
	ck_assert_str_eq(change(doc, "mycar/three-years"), "none");
	ck_assert_str_eq(change(doc, "mycar/withdrawal"), "none");
	json_decref(doc);
}
END_TEST

START_TEST(declarations_and_versions_are_told)
{
	json_t *doc;

	place_version(&place, "mycar.xml", "2027-01");
	place_edit(&place, "mycar.xml", "<controller name=\"MyCar Group\"", "<controller name=\"MyCar Holding\"");
	place_edit(&place, "mycar.xml",
		   "recipients=\"affiliate manufacturer seller bank insurer site-owner advertiser telecom contractor assignee",
		   "recipients=\"manufacturer seller bank insurer site-owner advertiser telecom contractor assignee");
	place_edit(&place, "calendar/kz.xml", "<off date=\"2026-12-16\"", "<off date=\"2026-12-17\"");
	doc = diff("en");
	ck_assert(says(doc, "Version: 2026-01 → 2027-01") && says(doc, "Controller: MyCar Group → MyCar Holding"));
	ck_assert(says(doc, "Recipients no longer declared: affiliates") && says(doc, "Changed file: calendar/kz.xml"));
	ck_assert_int_eq(number(doc, "others_changed"), 4);
	json_decref(doc);
}
END_TEST

/* ---- with a vault ---- */

static saqta_engine *generated(void)
{
	const struct saqta_generate_options o = {.size = sizeof(o), .subjects = 260, .seed = 11};
	struct text events = {0};
	struct saqta_error err = {0};
	saqta_engine *e;

	ck_assert_int_eq(saqta_generate(&o, text_write, &events, &err), SAQTA_OK);
	place_init(&place, "mycar", NOW);
	e = place_open(&place, NOW);
	place_apply(e, events.data, NULL);
	text_done(&events);
	return e;
}

static json_int_t sweep_destroys(saqta_engine *e)
{
	struct text out = {0};
	json_t *report;
	json_int_t ret;

	place_sweep(e, &out);
	report = parse(&out);
	ret = number(report, "destroyed");
	json_decref(report);
	text_done(&out);
	return ret;
}

/* What is told to become due is what the sweep destroys after the switch. */
START_TEST(newly_due_is_what_the_sweep_then_destroys)
{
	saqta_engine *e = generated();
	struct saqta_error err = {0};
	struct text out = {0};
	json_int_t newly;
	json_t *doc;

	(void)sweep_destroys(e); /* what is due already goes first */
	place_version(&place, "mycar.xml", "2026-02");
	place_edit(&place, "mycar.xml", "at-most=\"P3Y\"", "at-most=\"P1Y\"");
	doc = diff_in(e, "in-force", "mycar", "en");
	newly = effect(doc, "newly_due_subjects");
	ck_assert_int_gt(newly, 0);
	ck_assert_int_gt(effect(doc, "newly_due_records"), newly);
	ck_assert_int_eq(effect(doc, "no_longer_due_subjects"), 0);
	ck_assert_int_eq(effect(doc, "decisions_to_deny") + effect(doc, "decisions_to_permit"), 0);
	ck_assert_int_eq(number(about(doc, "mycar/three-years"), "records"), effect(doc, "records"));
	ck_assert_int_gt(effect(doc, "consents_outdated"), 0);
	json_decref(doc);
	ck_assert_int_eq(saqta_policy_use(e, "mycar", NULL, NULL, NULL, text_write, &out, &err), SAQTA_OK);
	ck_assert_int_eq(sweep_destroys(e), newly);
	(void)saqta_engine_close(e);
	text_done(&out);
}
END_TEST

#define AT "\"at\":\"2026-09-05T09:00:00+05:00\""
#define PERSON                                                                                                                      \
	"{\"event\":\"register\",\"subject\":\"a\"," AT ",\"evidence\":{\"act\":\"form\"}}\n"                                       \
	"{\"event\":\"consent\",\"subject\":\"a\"," AT ",\"consents\":[\"processing\",\"advertising\"],\"evidence\":{\"a\":1}}\n"   \
	"{\"event\":\"collect\",\"subject\":\"a\"," AT ",\"category\":\"phone\",\"value\":\"+77015550101\",\"source\":\"subject\"," \
	"\"purposes\":[\"support\"]}\n"

static bool permits(saqta_engine *e, const char *purpose)
{
	struct text out = {0};
	struct saqta_error err = {0};
	char question[256];
	bool ret;

	(void)snprintf(question, sizeof(question), "{\"subject\":\"a\",\"purpose\":\"%s\",\"categories\":[\"phone\"]}", purpose);
	ck_assert_int_eq(saqta_engine_decide(e, question, strlen(question), text_write, &out, &err), SAQTA_OK);
	ret = strstr(out.data, "\"effect\":\"permit\"") != NULL;
	text_done(&out);
	return ret;
}

/* Decisions that are told to change do, and cite the rule that changed. */
START_TEST(decisions_that_are_told_to_change_do)
{
	static const char *const purposes[] = {"offers", "advertising", "targeted-advertising", "support", "contract", "surveys"};
	bool was[6];
	int changed = 0;
	struct saqta_error err = {0};
	struct text out = {0};
	saqta_engine *e;
	json_t *doc;

	place_init(&place, "mycar", NOW);
	e = place_open(&place, NOW);
	place_apply(e, PERSON, NULL);
	place_edit(&place, "mycar.xml", "needs=\"advertising\" unless=\"$free\"", "needs=\"biometric\" unless=\"$free\"");
	doc = diff_in(e, "in-force", "mycar", "en");
	for (int i = 0; i < 6; i++)
		was[i] = permits(e, purposes[i]);
	ck_assert_int_eq(saqta_policy_use(e, "mycar", NULL, NULL, NULL, text_write, &out, &err), SAQTA_OK);
	for (int i = 0; i < 6; i++)
		changed += was[i] && !permits(e, purposes[i]);
	ck_assert_int_eq(changed, 3);
	ck_assert_int_eq(effect(doc, "decisions_to_deny"), changed);
	ck_assert_int_eq(effect(doc, "decided_subjects"), 1);
	ck_assert_int_eq(number(about(doc, "mycar/advertising"), "decisions"), changed);
	ck_assert_int_eq(number(about(doc, "mycar/advertising"), "subjects"), 1);
	json_decref(doc);
	(void)saqta_engine_close(e);
	text_done(&out);
}
END_TEST

static int stop(void *user, uint64_t done, uint64_t total)
{
	(void)user;
	(void)total;
	return done > 0;
}

START_TEST(comparing_changes_nothing)
{
	saqta_engine *e = generated();
	const struct saqta_policy_from in_force = {.size = sizeof(in_force), .pack = "in-force", .engine = e},
				       mycar = {.pack = "mycar", .engine = e};
	struct saqta_policy_diff_options o = {.size = sizeof(o), .lang = "en", .with_vault = true, .progress = stop};
	struct text first = {0}, second = {0};
	struct saqta_error err = {0};

	ck_assert_int_eq(saqta_engine_status(e, text_write, &first, &err), SAQTA_OK);
	place_edit(&place, "mycar.xml", "at-most=\"P3Y\"", "at-most=\"P1Y\"");
	json_decref(diff_in(e, "in-force", "mycar", "kk"));
	ck_assert_int_eq(saqta_policy_diff(&in_force, &mycar, &o, text_write, &second, &err), SAQTA_ERR_CANCELLED);
	text_done(&second);
	ck_assert_int_eq(saqta_engine_status(e, text_write, &second, &err), SAQTA_OK);
	ck_assert_str_eq(first.data, second.data);
	(void)saqta_engine_close(e);
	text_done(&first);
	text_done(&second);
}
END_TEST

START_TEST(kept_versions_can_be_compared)
{
	struct text used = {0};
	struct saqta_error err = {0};
	char version[96];
	saqta_engine *e;
	json_t *doc, *report;

	place_init(&place, "mycar", NOW);
	e = place_open(&place, NOW);
	ck_assert_int_eq(saqta_policy_use(e, "mycar", NULL, NULL, NULL, text_write, &used, &err), SAQTA_OK);
	report = parse(&used);
	(void)snprintf(version, sizeof(version), "digest:%s", json_string_value(json_object_get(report, "digest")));
	json_decref(report);
	text_done(&used);
	place_edit(&place, "mycar.xml", "at-most=\"P3Y\"", "at-most=\"P1Y\"");
	ck_assert_int_eq(saqta_policy_use(e, "mycar", NULL, NULL, NULL, text_write, &used, &err), SAQTA_OK);
	doc = diff_in(e, version, "in-force", "en");
	ck_assert_str_eq(change(doc, "mycar/three-years"), "changed");
	ck_assert_int_eq(number(doc, "rules_changed"), 1);
	json_decref(doc);
	(void)saqta_engine_close(e);
	text_done(&used);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("policy diff");
	TCase *c = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(c, set_up, tear_down);
	tcase_set_timeout(c, 240);
	tcase_add_loop_test(c, a_policy_does_not_differ_from_itself, 0, 6);
	tcase_add_loop_test(c, an_edit_is_told, 0, (int)(sizeof(edits) / sizeof(*edits)));
	tcase_add_test(c, a_definition_reaches_the_rules_that_rest_on_it);
	tcase_add_test(c, declarations_and_versions_are_told);
	tcase_add_test(c, newly_due_is_what_the_sweep_then_destroys);
	tcase_add_test(c, decisions_that_are_told_to_change_do);
	tcase_add_test(c, comparing_changes_nothing);
	tcase_add_test(c, kept_versions_can_be_compared);
	suite_add_tcase(s, c);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
