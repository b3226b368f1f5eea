/* SPDX-License-Identifier: Apache-2.0 */
#include "doc_check.h"
#include "hall.h"
#include "place.h"
#include "policy/explain.h"
#include "saqta/audit.h"

#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What follows from clauses, why decisions are as they are, why data are still here. */

#define NOW "2026-03-02T09:00:00+05:00"
#define AT "\"at\":\"2026-01-05T09:00:00+05:00\""

static const char *const packs[] = {"mycar", "mycar-group", "mycar-partner", "lets-car", "autocheck", "kz-94v"};
static const char *const langs[] = {"kk", "ru", "en"};
#define N(a) (int)(sizeof(a) / sizeof(*(a)))

static struct place place;
static struct policy *policy;
static struct words *words[LANGS];

static void load(const char *pack)
{
	struct saqta_error err = {0};

	ck_assert_msg(policy_load(pack, getenv("SAQTA_POLICY_PATH"), &policy, NULL, &err) == SAQTA_OK, "%s: %s", pack, err.message);
	for (int i = 0; i < LANGS; i++)
		ck_assert_msg(words_load(policy, langs[i], &words[i], &err) == SAQTA_OK, "%s", err.message);
}

static void unload(void)
{
	for (int i = 0; i < LANGS; i++)
		words_free(words[i]);
	policy = policy_unref(policy);
}

static json_t *parse(const char *data, size_t len)
{
	json_t *ret = json_loadb(data, len, JSON_DISABLE_EOF_CHECK, NULL);

	ck_assert_msg(ret != NULL, "no JSON: %.200s", data);
	return ret;
}

/* ---- words ---- */

START_TEST(every_id_has_a_name_in_each_language)
{
	load(packs[_i]);
	for (int lang = 0; lang < LANGS; lang++)
		for (int kind = 0; kind < ID_KINDS; kind++)
			for (int id = 0; id < policy_id_count(policy, (enum id_kind)kind); id++) {
				const char *name = words_id(words[lang], (enum id_kind)kind, id);

				ck_assert_msg(name != policy_name(policy, (enum id_kind)kind, id), "%s has no name in %s", name,
					      langs[lang]);
			}
	unload();
}
END_TEST

/* docs/policy-language.md tells every fact that a condition may ask; of roles only the selector can ask. */
START_TEST(every_fact_stands_in_the_table)
{
	static const struct {
		enum cond_code code;
		unsigned n;
	} kinds[] = {{COND_STRING_EQ, F_STRINGS}, {COND_FLAG, F_FLAGS}, {COND_NUMBER_EQ, F_NUMBERS}, {COND_IN_SET, F_SETS}};
	char path[512], want[128], *text = calloc(1, 1 << 20);
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/docs/policy-language.md", getenv("SAQTA_SOURCE_ROOT"));
	f = fopen(path, "r");
	ck_assert_msg(f && text, "%s", path);
	ck_assert_uint_gt(fread(text, 1, (1 << 20) - 1, f), 1000);
	(void)fclose(f);
	for (int k = 0; k < 4; k++)
		for (unsigned i = 0; i < kinds[k].n; i++) {
			if (kinds[k].code == COND_IN_SET && i == F_ROLE)
				continue;
			(void)snprintf(want, sizeof(want), k == 3 ? "`$%s.X`" : "`$%s`", condition_fact_name(kinds[k].code, i));
			ck_assert_msg(strstr(text, want) != NULL, "%s is not in the table", want);
		}
	free(text);
}
END_TEST

/* Rules are compared as they are told (policy diff): what differs must be told differently. */
START_TEST(no_two_ids_of_a_kind_have_one_name)
{
	load(packs[_i]);
	for (int lang = 0; lang < LANGS; lang++)
		for (int kind = 0; kind < ID_KINDS; kind++)
			for (int id = 0; id < policy_id_count(policy, (enum id_kind)kind); id++)
				for (int other = 0; other < id; other++)
					ck_assert_str_ne(words_id(words[lang], (enum id_kind)kind, id),
							 words_id(words[lang], (enum id_kind)kind, other));
	unload();
}
END_TEST

static const struct {
	const char *term, *kk, *ru, *en;
} terms[] = {
	{"1WD", "1 жұмыс күні", "1 рабочий день", "1 working day"},
	{"2WD", "2 жұмыс күні", "2 рабочих дня", "2 working days"},
	{"5WD", "5 жұмыс күні", "5 рабочих дней", "5 working days"},
	{"11WD", "11 жұмыс күні", "11 рабочих дней", "11 working days"},
	{"21WD", "21 жұмыс күні", "21 рабочий день", "21 working days"},
	{"112BD", "112 банк күні", "112 банковских дней", "112 banking days"},
	{"P1D", "1 күнтізбелік күн", "1 календарный день", "1 calendar day"},
	{"P1Y", "1 жыл", "1 год", "1 year"},
	{"P3Y", "3 жыл", "3 года", "3 years"},
	{"P5Y", "5 жыл", "5 лет", "5 years"},
	{"P13M", "13 ай", "13 месяцев", "13 months"},
	{"P24M", "2 жыл", "2 года", "2 years"},
	{"PT1H", "1 сағат", "1 час", "1 hour"},
	{"PT90M", "90 минут", "90 минут", "90 minutes"},
	{"PT61S", "61 секунд", "61 секунда", "61 seconds"},
};

START_TEST(terms_are_inflected)
{
	const char *const want[LANGS] = {terms[_i].kk, terms[_i].ru, terms[_i].en};

	load("mycar");
	for (int lang = 0; lang < LANGS; lang++) {
		cleanup_(buf_done) struct buf b = {0};
		struct term term;

		ck_assert(term_parse(terms[_i].term, strlen(terms[_i].term), &term));
		words_term(words[lang], &b, term);
		ck_assert_str_eq((const char *)b.data, want[lang]);
	}
	unload();
}
END_TEST

START_TEST(another_language_is_refused)
{
	struct words *w = NULL;
	struct saqta_error err = {0};

	load("mycar");
	ck_assert_int_eq(words_load(policy, "de", &w, &err), SAQTA_ERR_ARGUMENT);
	ck_assert_ptr_null(w);
	unload();
}
END_TEST

/* ---- clauses ---- */

START_TEST(every_clause_that_a_rule_cites_is_explained)
{
	struct saqta_error err = {0};
	unsigned n = 0;

	load(packs[_i]);
	for (unsigned rule = 0; rule < policy_rule_count(policy); rule++)
		for (const char *const *c = rule_clauses(policy, rule); *c; c++, n++) {
			cleanup_(buf_done) struct buf b = {0};
			json_t *doc;

			ck_assert_msg(policy_explain_clause(words[n % LANGS], *c, &b, &err) == SAQTA_OK, "%s: %s", *c, err.message);
			doc = parse((const char *)b.data, b.len);
			ck_assert_uint_ge(doc_check(doc), 2);
			ck_assert_int_ge(json_integer_value(json_object_get(doc, "rules")), 1);
			ck_assert_msg(strstr((const char *)b.data, rule_id(policy, rule)) != NULL, "%s: %s is missing", *c,
				      rule_id(policy, rule));
			json_decref(doc);
		}
	ck_assert_uint_gt(n, 20);
	unload();
}
END_TEST

static json_t *explain(const char *clause, int lang)
{
	cleanup_(buf_done) struct buf b = {0};
	struct saqta_error err = {0};

	ck_assert_msg(policy_explain_clause(words[lang], clause, &b, &err) == SAQTA_OK, "%s: %s", clause, err.message);
	return parse((const char *)b.data, b.len);
}

START_TEST(a_clause_tells_terms_effects_and_conditions)
{
	cleanup_(buf_done) struct buf b = {0};
	struct saqta_error err = {0};
	json_t *doc;
	char *text;

	load("mycar");
	doc = explain("8.1", LANG_EN); /* of the pack itself */
	text = json_dumps(doc, 0);
	ck_assert_str_eq(json_string_value(json_object_get(doc, "clause")), "mycar/8.1");
	ck_assert_ptr_nonnull(strstr(text, "\"mycar/withdrawal\""));
	ck_assert_ptr_nonnull(strstr(text, "registered letter, courier"));
	ck_assert_ptr_nonnull(strstr(text, "Term: 1 working day"));
	ck_assert_ptr_nonnull(strstr(text, "no obligation is open"));
	free(text);
	json_decref(doc);
	doc = explain("3.1.1-ip-link", LANG_RU);
	text = json_dumps(doc, 0);
	ck_assert_ptr_nonnull(strstr(text, "\"condition\": \"$basis = 'law' or $basis = 'justice'\""));
	ck_assert_ptr_nonnull(strstr(text, "основание — «закон» или основание — «правосудие»"));
	free(text);
	json_decref(doc);
	/* an action's own clause */
	doc = explain("kz-94v/25-2-7", LANG_EN);
	text = json_dumps(doc, 0);
	ck_assert_ptr_nonnull(strstr(text, "\"kz-94v/outstanding-obligation\""));
	free(text);
	json_decref(doc);
	/* known to the table only */
	doc = explain("mycar/6.5", LANG_EN);
	ck_assert_int_eq(json_integer_value(json_object_get(doc, "rules")), 0);
	ck_assert(json_is_false(json_object_get(doc, "enforced")));
	json_decref(doc);
	ck_assert_int_eq(policy_explain_clause(words[0], "mycar/99", &b, &err), SAQTA_ERR_MISSING);
	unload();
}
END_TEST

/* ---- conditions ---- */

static unsigned seed = 7;

static unsigned next(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

/* Facts over the strings and ids that the policy knows. */
static void draw_facts(struct facts *f)
{
	facts_init(f);
	for (int i = 0; i < F_STRINGS; i++)
		f->string[i] = (int32_t)next((unsigned)policy->n_strings);
	for (int i = 0; i < F_FLAGS; i++)
		f->flag[i] = next(2);
	for (int i = 0; i < F_SETS; i++)
		f->set[i].w[0] = (uint64_t)next(1 << 16) << 16 | next(1 << 16);
	f->number[F_AGE] = next(40);
}

struct forced {
	const struct condition *c;
	struct facts f;
	unsigned n;
	bool value[COND_OPS_MAX];
	const struct cond_op *op[COND_OPS_MAX];
};

static void note(void *user, const struct cond_op *op, bool holds)
{
	struct forced *x = user;

	x->op[x->n] = op;
	x->value[x->n++] = holds;
}

static bool same_op(const struct cond_op *a, const struct cond_op *b) { return a->code == b->code && a->a == b->a && a->b == b->b; }

/* With the comparisons that are told as they are, and all others turned round: the condition must come out the same. */
static bool value_with(const struct forced *x, unsigned node, const struct cond_tree *t)
{
	const struct cond_op *op = &t->c->ops[node];

	if (op->code == COND_NOT)
		return !value_with(x, t->kid[node][0], t);
	if (op->code == COND_AND)
		return value_with(x, t->kid[node][0], t) && value_with(x, t->kid[node][1], t);
	if (op->code == COND_OR)
		return value_with(x, t->kid[node][0], t) || value_with(x, t->kid[node][1], t);
	for (unsigned i = 0; i < x->n; i++)
		if (same_op(x->op[i], op))
			return x->value[i];
	return !t->holds[node];
}

START_TEST(what_is_told_of_a_condition_decides_it)
{
	unsigned tried = 0;

	load(packs[_i]);
	for (unsigned rule = 0; rule < policy->n_rules; rule++)
		for (int k = 0; k < 40; k++) {
			const struct rule *r = &policy->rules[rule];
			struct forced x = {.c = k & 1 ? &r->when : &r->unless};
			struct cond_tree t;

			if (x.c->n_ops == 0)
				continue;
			draw_facts(&x.f);
			cond_tree_make(x.c, &x.f, &t);
			ck_assert_int_eq(t.holds[x.c->n_ops - 1], condition_holds(x.c, &x.f));
			condition_because(x.c, &x.f, note, &x);
			ck_assert_uint_gt(x.n, 0);
			ck_assert_msg(value_with(&x, x.c->n_ops - 1, &t) == t.holds[x.c->n_ops - 1], "%s: %s", r->id, x.c->text);
			tried++;
		}
	ck_assert_uint_gt(tried, 100);
	unload();
}
END_TEST

/* ---- decisions ---- */

static void set_up(void)
{
	place_make(&place);
	place_init(&place, "mycar", NOW);
}

static void tear_down(void) { place_remove(&place); }

#define PEOPLE                                                                                                                       \
	"{\"event\":\"register\",\"subject\":\"secret-id\"," AT ",\"evidence\":{\"act\":\"form\"},\"birth_date\":\"1989-02-03\"}\n"  \
	"{\"event\":\"consent\",\"subject\":\"secret-id\"," AT ",\"consents\":[\"processing\"],\"evidence\":{\"act\":\"button\"}}\n" \
	"{\"event\":\"collect\",\"subject\":\"secret-id\"," AT                                                                       \
	",\"category\":\"phone\",\"value\":\"+77015550101\",\"source\":\"subject\","                                                 \
	"\"purposes\":[\"support\"]}\n"                                                                                              \
	"{\"event\":\"milestone\",\"subject\":\"secret-id\",\"milestone\":\"last-visit\",\"at\":\"2026-01-10T09:00:00+05:00\"}\n"

static json_t *why(saqta_engine *e, const char *members, const char *lang)
{
	struct text out = {0};
	struct saqta_error err = {0};
	char question[512];
	json_t *doc;

	(void)snprintf(question, sizeof(question), "{\"subject\":\"secret-id\",%s}", members);
	ck_assert_msg(saqta_policy_explain_decision(e, question, strlen(question), lang, text_write, &out, &err) == SAQTA_OK, "%s",
		      err.message);
	ck_assert_ptr_null(strstr(out.data, "secret-id"));
	ck_assert_ptr_null(strstr(out.data, "7015550101"));
	ck_assert_ptr_null(strstr(out.data, "1989"));
	doc = parse(out.data, out.len);
	ck_assert_uint_gt(doc_check(doc), 0);
	text_done(&out);
	return doc;
}

static const char *effect(const json_t *doc) { return json_string_value(json_object_get(doc, "effect")); }

static bool says(const json_t *doc, const char *part)
{
	char *text = json_dumps(doc, JSON_COMPACT);
	bool ret = strstr(text, part) != NULL;

	free(text);
	return ret;
}

START_TEST(a_denial_tells_what_would_have_it_permitted_and_it_would)
{
	const char *offer = "\"purpose\":\"offers\",\"categories\":[\"phone\"],\"recipient\":\"bank\"";
	saqta_engine *e = place_open(&place, NOW);
	json_t *doc;

	place_apply(e, PEOPLE, NULL);
	for (int i = 0; i < N(langs); i++) {
		doc = why(e, offer, langs[i]);
		ck_assert_str_eq(effect(doc), "deny");
		ck_assert(json_is_true(json_object_get(doc, "would_permit")));
		ck_assert(says(doc, "\"fact\":\"consent.advertising\"") && says(doc, "\"fact\":\"consent.third-party\""));
		ck_assert(says(doc, "\"why\":\"needs-consent\"") && says(doc, "kz-94v/7-3"));
		json_decref(doc);
	}
	place_apply(e,
		    "{\"event\":\"consent\",\"subject\":\"secret-id\",\"consents\":[\"advertising\",\"third-party\"],"
		    "\"evidence\":{\"act\":\"button\"}}\n",
		    NULL);
	doc = why(e, offer, "en");
	ck_assert_str_eq(effect(doc), "permit");
	json_decref(doc);
	(void)saqta_engine_close(e);
}
END_TEST

START_TEST(a_denial_may_be_lifted_by_asking_for_less)
{
	saqta_engine *e = place_open(&place, NOW);
	json_t *doc;

	place_apply(e, PEOPLE, NULL);
	doc = why(e, "\"purpose\":\"support\",\"categories\":[\"phone\",\"ip-address\"],\"recipient\":\"bank\"", "en");
	ck_assert(json_is_true(json_object_get(doc, "would_permit")));
	ck_assert(says(doc, "“IP address” is not asked about") && !says(doc, "\"wanted\":\"law\",\"value\":\"consent\"}"));
	json_decref(doc);
	(void)saqta_engine_close(e);
}
END_TEST

START_TEST(a_denial_that_no_fact_lifts_says_so)
{
	saqta_engine *e = place_open(&place, NOW);
	json_t *doc;

	place_apply(e, PEOPLE, NULL);
	doc = why(e, "\"purpose\":\"delivery\",\"categories\":[\"phone\"]", "ru");
	ck_assert_str_eq(effect(doc), "deny");
	ck_assert(json_is_false(json_object_get(doc, "would_permit")));
	ck_assert(says(doc, "mycar/other-purposes"));
	json_decref(doc);
	/* nobody is known under another id: the rules say what then */
	(void)saqta_engine_close(e);
}
END_TEST

START_TEST(conditions_are_told_with_value_and_wanted)
{
	saqta_engine *e = place_open(&place, NOW);
	json_t *doc;

	place_apply(e, PEOPLE, NULL);
	doc = why(e, "\"purpose\":\"contract\",\"categories\":[\"phone\"],\"basis\":\"contract\"", "en");
	ck_assert(says(doc, "\"fact\":\"basis\",\"sign\":\"=\",\"wanted\":\"law\",\"value\":\"contract\",\"held\":false"));
	ck_assert(says(doc, "the ground is “consent”"));
	json_decref(doc);
	(void)saqta_engine_close(e);
}
END_TEST

START_TEST(explaining_a_decision_is_recorded_as_a_reading)
{
	saqta_engine *e = place_open(&place, NOW);
	struct text out = {0};
	struct saqta_error err = {0};

	place_apply(e, PEOPLE, NULL);
	json_decref(why(e, "\"purpose\":\"support\",\"categories\":[\"phone\"]", "en"));
	ck_assert_int_eq(saqta_audit_show(e, 5, NULL, text_write, &out, &err), SAQTA_OK);
	ck_assert_ptr_nonnull(strstr(out.data, "\"kind\":\"masked\""));
	ck_assert_ptr_null(strchr(out.data, '\n')[1] ? out.data : NULL); /* one entry, and nothing else */
	(void)saqta_engine_close(e);
	text_done(&out);
}
END_TEST

/* ---- retention ---- */

static json_t *stay(saqta_engine *e, const char *lang)
{
	struct text out = {0};
	struct saqta_error err = {0};
	json_t *doc;

	ck_assert_msg(saqta_policy_explain_retention(e, "secret-id", lang, text_write, &out, &err) == SAQTA_OK, "%s", err.message);
	ck_assert_ptr_null(strstr(out.data, "secret-id"));
	ck_assert_ptr_null(strstr(out.data, "7015550101"));
	doc = parse(out.data, out.len);
	ck_assert_uint_gt(doc_check(doc), 0);
	text_done(&out);
	return doc;
}

static json_t *item_of(json_t *doc, size_t section)
{
	return json_array_get(json_object_get(json_array_get(json_object_get(doc, "sections"), section), "items"), 0);
}

static const char *until(json_t *doc) { return json_string_value(json_object_get(item_of(doc, 2), "until")); }

static json_int_t swept(const char *now)
{
	saqta_engine *e = place_open(&place, now);
	struct text out = {0};
	json_t *report;
	json_int_t n;

	place_sweep(e, &out);
	report = parse(out.data, out.len);
	n = json_integer_value(json_object_get(report, "destroyed"));
	json_decref(report);
	(void)saqta_engine_close(e);
	text_done(&out);
	return n;
}

START_TEST(what_is_told_to_go_goes_then_and_not_before)
{
	saqta_engine *e = place_open(&place, NOW);

	place_apply(e, PEOPLE, NULL);
	for (int i = 0; i < N(langs); i++) {
		json_t *doc = stay(e, langs[i]);

		ck_assert_str_eq(until(doc), "2029-01-10T00:00:00+05:00");
		ck_assert(says(doc, "\"milestone\":\"last-visit\",\"anchor\":\"2026-01-10T09:00:00+05:00\""));
		ck_assert(says(doc, "mycar/9.1"));
		json_decref(doc);
	}
	(void)saqta_engine_close(e);
	ck_assert_int_eq(swept("2029-01-09T23:00:00+05:00"), 0);
	ck_assert_int_eq(swept("2029-01-10T00:00:00+05:00"), 1);
}
END_TEST

START_TEST(what_keeps_data_is_told)
{
	saqta_engine *e = place_open(&place, NOW);
	json_t *doc;

	place_apply(
		e,
		PEOPLE
		"{\"event\":\"hold\",\"subject\":\"secret-id\",\"hold\":\"h\",\"state\":\"placed\",\"basis\":\"law\",\"reason\":\"x\"}\n"
		"{\"event\":\"request\",\"subject\":\"secret-id\",\"request\":\"r\",\"kind\":\"access\",\"channel\":\"email\",\"by\":"
		"\"subject\",\"identity_checked\":true}\n"
		"{\"event\":\"withdraw\",\"subject\":\"secret-id\",\"consents\":[\"processing\"],\"channel\":\"courier\",\"form\":"
		"\"written\"}\n",
		NULL);
	doc = stay(e, "en");
	ck_assert(json_is_true(json_object_get(item_of(doc, 2), "due")));
	ck_assert(json_is_true(json_object_get(item_of(doc, 2), "held")));
	ck_assert(says(doc, "\"by\":\"hold\"") && says(doc, "\"by\":\"request\"") && says(doc, "It is due, and held."));
	ck_assert(says(doc, "Processing stopped on"));
	json_decref(doc);
	(void)saqta_engine_close(e);
	ck_assert_int_eq(swept(NOW), 0);
}
END_TEST

START_TEST(telling_why_data_stay_is_recorded)
{
	saqta_engine *e = place_open(&place, NOW);
	struct text out = {0};
	struct saqta_error err = {0};

	place_apply(e, PEOPLE, NULL);
	json_decref(stay(e, "en"));
	ck_assert_int_eq(saqta_audit_show(e, 5, NULL, text_write, &out, &err), SAQTA_OK);
	ck_assert_ptr_nonnull(strstr(out.data, "\"type\":\"read\""));
	ck_assert_int_eq(saqta_policy_explain_retention(e, "nobody", "en", text_write, &out, &err), SAQTA_ERR_MISSING);
	(void)saqta_engine_close(e);
	text_done(&out);
}
END_TEST

static void add_pure(Suite *s)
{
	TCase *c = tcase_create("words and clauses");

	tcase_set_timeout(c, 120);
	tcase_add_loop_test(c, every_id_has_a_name_in_each_language, 0, N(packs));
	tcase_add_test(c, every_fact_stands_in_the_table);
	tcase_add_loop_test(c, no_two_ids_of_a_kind_have_one_name, 0, N(packs));
	tcase_add_loop_test(c, terms_are_inflected, 0, N(terms));
	tcase_add_test(c, another_language_is_refused);
	tcase_add_loop_test(c, every_clause_that_a_rule_cites_is_explained, 0, N(packs));
	tcase_add_test(c, a_clause_tells_terms_effects_and_conditions);
	tcase_add_loop_test(c, what_is_told_of_a_condition_decides_it, 0, N(packs));
	suite_add_tcase(s, c);
}

int main(void)
{
	Suite *s = suite_create("explain");
	TCase *c = tcase_create("subjects");
	SRunner *runner;
	int failed;

	add_pure(s);
	tcase_add_checked_fixture(c, set_up, tear_down);
	tcase_set_timeout(c, 120);
	tcase_add_test(c, a_denial_tells_what_would_have_it_permitted_and_it_would);
	tcase_add_test(c, a_denial_may_be_lifted_by_asking_for_less);
	tcase_add_test(c, a_denial_that_no_fact_lifts_says_so);
	tcase_add_test(c, conditions_are_told_with_value_and_wanted);
	tcase_add_test(c, explaining_a_decision_is_recorded_as_a_reading);
	tcase_add_test(c, what_is_told_to_go_goes_then_and_not_before);
	tcase_add_test(c, what_keeps_data_is_told);
	tcase_add_test(c, telling_why_data_stay_is_recorded);
	suite_add_tcase(s, c);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
