/* SPDX-License-Identifier: Apache-2.0 */
#include "doc_check.h"
#include "place.h"

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The policy for publication: every clause that is shown by it stands in it, in each language. */

#define NOW "2026-11-02T09:00:00+05:00"

static const char *const packs[] = {"mycar", "mycar-group", "mycar-partner", "lets-car", "autocheck", "kz-94v"};
static const char *const langs[] = {"kk", "ru", "en"};
#define N(a) (int)(sizeof(a) / sizeof(*(a)))

static json_t *print(const char *pack, const char *lang, const char *now)
{
	const struct saqta_policy_from from = {.size = sizeof(from), .pack = pack, .policy_dirs = getenv("SAQTA_POLICY_PATH")};
	struct text out = {0}, again = {0};
	struct saqta_error err = {0};
	json_t *doc;

	ck_assert_msg(saqta_policy_print(&from, lang, now, text_write, &out, &err) == SAQTA_OK, "%s: %s", pack, err.message);
	ck_assert_int_eq(saqta_policy_print(&from, lang, now, text_write, &again, &err), SAQTA_OK);
	ck_assert_str_eq(out.data, again.data);
	doc = json_loadb(out.data, out.len, JSON_DISABLE_EOF_CHECK, NULL);
	ck_assert_ptr_nonnull(doc);
	text_done(&out);
	text_done(&again);
	return doc;
}

static bool has(const json_t *doc, const char *part)
{
	char *text = json_dumps(doc, JSON_COMPACT);
	bool ret = strstr(text, part) != NULL;

	free(text);
	return ret;
}

START_TEST(every_pack_is_printed_in_every_language)
{
	for (int i = 0; i < N(langs); i++) {
		json_t *doc = print(packs[_i], langs[i], NOW);

		ck_assert_uint_gt(doc_check(doc), 60);
		ck_assert_str_eq(json_string_value(json_object_get(doc, "policy")), packs[_i]);
		ck_assert_str_eq(json_string_value(json_object_get(doc, "lang")), langs[i]);
		ck_assert(has(doc, "\"clauses\":["));
		json_decref(doc);
	}
}
END_TEST

/* "document clause kind enforced demands parameters shown-by": the last one lists print. */
static bool next_shown_by_print(FILE *f, const char *pack, char *ret, size_t size)
{
	char line[8192];

	while (fgets(line, sizeof(line), f)) {
		char *field[7] = {line};
		int n = 1;

		for (char *at = line; *at && n < 7; at++)
			if (*at == '\t') {
				*at = 0;
				field[n++] = at + 1;
			}
		if (n < 7 || strcmp(field[0], pack) != 0 || !strstr(field[6], "print"))
			continue;
		(void)snprintf(ret, size, "\"%.60s/%.60s\"", field[0], field[1]);
		return true;
	}
	return false;
}

START_TEST(what_is_shown_by_print_stands_in_it)
{
	char path[512], clause[256];
	json_t *doc = print(packs[_i], langs[_i % 3], NOW);
	unsigned n = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/clauses.tsv", getenv("SAQTA_POLICY_PATH"));
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	for (; next_shown_by_print(f, packs[_i], clause, sizeof(clause)); n++)
		ck_assert_msg(has(doc, clause), "%s is not printed", clause);
	(void)fclose(f);
	ck_assert(n > 0 || strcmp(packs[_i], "kz-94v") == 0);
	json_decref(doc);
}
END_TEST

/* What is printed is what is done: asked of the rules, not read off them. */
START_TEST(data_grounds_and_terms_are_told)
{
	json_t *doc = print("mycar", "en", NOW);

	ck_assert(has(doc, "The controller is MyCar Group, BIN 191140031171"));
	ck_assert(has(doc, "For these purposes no personal data are collected by consent: statistics and research"));
	ck_assert(has(doc, "These are no grounds: contract, legitimate interest"));
	ck_assert(has(doc, "At most: 3 years; counted from: last visit"));
	ck_assert(has(doc, "Task: answer. Term: 3 working days"));
	ck_assert(has(doc, "It lapses after: 13 months"));
	ck_assert(has(doc, "Recipients: affiliates"));
	json_decref(doc);
	doc = print("mycar", "ru", NOW);
	ck_assert(has(doc, "Срок: 1 рабочий день") && has(doc, "Срок: 3 рабочих дня") && has(doc, "Срок: 15 рабочих дней"));
	json_decref(doc);
	doc = print("mycar", "kk", NOW);
	ck_assert(has(doc, "Мерзімі: 3 жұмыс күні"));
	json_decref(doc);
}
END_TEST

/* autocheck/9.12, mycar-partner/11.3: the Russian text prevails, and each language says so. */
START_TEST(which_text_prevails_is_told)
{
	for (int i = 0; i < N(langs); i++) {
		json_t *doc = print("autocheck", langs[i], NOW);

		ck_assert(has(doc, "\"autocheck/9.12\""));
		json_decref(doc);
		doc = print("mycar-partner", langs[i], NOW);
		ck_assert(has(doc, "\"mycar-partner/11.3\""));
		json_decref(doc);
	}
}
END_TEST

/* Remarks for the author of a pack are not for the public; what is to come is told with its day. */
START_TEST(remarks_and_history_are_left_out)
{
	json_t *doc = print("mycar", "en", "2026-01-05T09:00:00+05:00");

	ck_assert(!has(doc, "\"mycar/fee\"") && !has(doc, "\"mycar/licence\""));
	ck_assert(!has(doc, "\"kz-94v/old-decree\"")); /* ended in 2023 */
	ck_assert(has(doc, "Holds from: 2026-01-18\""));
	json_decref(doc);
}
END_TEST

START_TEST(a_wrong_time_or_language_is_refused)
{
	const struct saqta_policy_from from = {.size = sizeof(from), .pack = "mycar", .policy_dirs = getenv("SAQTA_POLICY_PATH")};
	struct text out = {0};
	struct saqta_error err = {0};

	ck_assert_int_eq(saqta_policy_print(&from, "en", "yesterday", text_write, &out, &err), SAQTA_ERR_ARGUMENT);
	ck_assert_int_eq(saqta_policy_print(&from, "fr", NULL, text_write, &out, &err), SAQTA_ERR_ARGUMENT);
	ck_assert_ptr_null(out.data);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("policy print");
	TCase *c = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_set_timeout(c, 120);
	tcase_add_loop_test(c, every_pack_is_printed_in_every_language, 0, N(packs));
	tcase_add_loop_test(c, what_is_shown_by_print_stands_in_it, 0, N(packs));
	tcase_add_test(c, data_grounds_and_terms_are_told);
	tcase_add_test(c, which_text_prevails_is_told);
	tcase_add_test(c, remarks_and_history_are_left_out);
	tcase_add_test(c, a_wrong_time_or_language_is_refused);
	suite_add_tcase(s, c);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
