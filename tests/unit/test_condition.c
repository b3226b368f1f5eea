/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crypt.h"
#include "policy/model.h"

#include <check.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A policy without files: ids as the tests need them, through the loader's own functions. */
#include "policy/load.h"

static struct policy *policy_new(void)
{
	struct policy *p = calloc(1, sizeof(*p));
	int contact;

	ck_assert_ptr_nonnull(p);
	p->refs = 1;
	contact = policy_add_id(p, ID_CATEGORY, "contact", -1);
	ck_assert_int_eq(contact, 0);
	ck_assert_int_eq(policy_add_id(p, ID_CATEGORY, "email", contact), 1);
	ck_assert_int_eq(policy_add_id(p, ID_CATEGORY, "phone", contact), 2);
	ck_assert_int_eq(policy_add_id(p, ID_CATEGORY, "cookie", -1), 3);
	ck_assert_int_eq(policy_add_id(p, ID_CONSENT, "processing", -1), 0);
	ck_assert_int_eq(policy_add_id(p, ID_CONSENT, "third-party", -1), 1);
	ck_assert_int_eq(policy_add_id(p, ID_PURPOSE, "contract", -1), 0);
	ck_assert_int_eq(policy_add_id(p, ID_PURPOSE, "support", -1), 1);
	ck_assert_int_eq(policy_add_id(p, ID_MILESTONE, "last-visit", -1), 0);
	ck_assert(policy_intern_all(p));
	return p;
}

static bool compile(struct policy *p, const char *text, struct condition *ret, struct problems *problems)
{
	return condition_compile(p, text, "test.xml", 7, ret, problems);
}

static void facts_clear(struct facts *f)
{
	memset(f, 0, sizeof(*f));
	for (int i = 0; i < F_NUMBERS; i++)
		f->number[i] = NAN;
}

/* state active, purpose contract, country KZ unknown to the policy, age 17, disclosure, consent processing, category phone */
static const struct {
	const char *text;
	bool value;
} values[] = {
	{"true()", true},
	{"false()", false},
	{"not(false())", true},
	{"not(not(true()))", true},
	{"$purpose = 'contract'", true},
	{"'contract' = $purpose", true},
	{"$purpose = \"support\"", false},
	{"$purpose != 'support'", true},
	{"$purpose != 'contract'", false},
	{"$basis = ''", true},
	{"$basis != ''", false},
	{"$state = 'active'", true},
	{"$purpose = $with", false},
	{"$purpose != $with", true},
	{"$basis = $form", true},
	{"$age < 18", true},
	{"18 > $age", true},
	{"$age >= 17", true},
	{"$age > 17", false},
	{"$age = 17", true},
	{"$age != 17", false},
	{"$age <= 16.5", false},
	{"17.0 = $age", true},
	{"16.99 < $age", true},
	{"$age=17.", true},
	{".5 < $age", true},
	{"$text-length = 0", false},
	{"$text-length != 0", true},
	{"$text-length < 1", false},
	{"0 <= $text-length", false},
	{"not($text-length >= 0)", true},
	{"$disclosure", true},
	{"$disclosure = true()", true},
	{"$disclosure != true()", false},
	{"$disclosure = false()", false},
	{"$assurance = $disclosure", false},
	{"$assurance != $disclosure", true},
	{"not($assurance) = $disclosure", true},
	{"$consent.processing", true},
	{"$consent.third-party", false},
	{"$withdrawn.processing", false},
	{"$category.phone", true},
	{"$category.contact", true},
	{"$category.email", false},
	{"$category.cookie", false},
	{"$reached.last-visit", false},
	{"$attachment.file", true},
	{"$attachment.link", false},
	{"true() or false() and false()", true},
	{"(true() or false()) and false()", false},
	{"false() and true() or true()", true},
	{"$age = 17 and $purpose = 'contract' or false()", true},
	{"$age = 17 = true()", true},
	{"true() = ($age > 18)", false},
	{"$age < 18 = ($age > 18)", false},
	{"  ( ( $disclosure ) )\n", true},
	{"$adult", false},
	{"not($adult) and $disclosure", true},
	{"$adult = $adult", true},
	{"$disclosure!=$adult", true},
};

START_TEST(conditions_have_their_values)
{
	cleanup_(policy_unrefp) struct policy *p = policy_new();
	cleanup_(problems_done) struct problems problems = {0};
	cleanup_(condition_done) struct condition c = {0};
	struct facts f;

	p->defines = calloc(1, sizeof(*p->defines));
	ck_assert_ptr_nonnull(p->defines);
	p->n_defines = 1;
	p->defines[0].name = strdup("adult");
	p->defines[0].test = strdup("$age >= 18");
	ck_assert(compile(p, "$age >= 18", &p->defines[0].condition, &problems));
	facts_clear(&f);
	f.string[F_PURPOSE] = policy_string(p, "contract");
	f.string[F_WITH] = policy_string(p, "support");
	f.string[F_STATE] = policy_string(p, "active");
	f.number[F_AGE] = 17;
	f.flag[F_DISCLOSURE] = true;
	idset_add(&f.set[F_CONSENT], 0);
	idset_add(&f.set[F_CATEGORY], 2);
	idset_add(&f.set[F_ATTACHMENT], ATTACHMENT_FILE);
	ck_assert_msg(compile(p, values[_i].text, &c, &problems), "%s: %s", values[_i].text, (char *)problems.text.data);
	ck_assert_str_eq(c.text, values[_i].text);
	ck_assert_msg(condition_holds(&c, &f) == values[_i].value, "%s", values[_i].text);
}
END_TEST

static const struct {
	const char *text;
	const char *reason;
} refused[] = {
	{"", "it ends where a value should stand"},
	{"$age <", "it ends where a value"},
	{"($disclosure", "')' should stand"},
	{"$disclosure)", "'and' or 'or' should stand where ')' stands"},
	{"$disclosure $assurance", "'and' or 'or' should stand"},
	{"and", "a value should stand where 'and'"},
	{"not $disclosure", "'(' should stand"},
	{"true", "'(' should stand"},
	{"contains($purpose, 'x')", "'contains' is no word of conditions"},
	{"$age + 1 = 2", "'+' stands"},
	{"-1 < $age", "'-' stands"},
	{"$purpose = 'contract", "a value should stand"},
	{"$age = 1.2.3", "should stand"},
	{"$age ! 3", "'!' stands"},
	{"$age", "a number stands alone"},
	{"$purpose and $disclosure", "a text stands beside 'and'"},
	{"not($age)", "a number stands in not"},
	{"$age = '17'", "a number is compared with a text"},
	{"$purpose = 17", "a text is compared with a number"},
	{"$disclosure = 'yes'", "a true-or-false value is compared with a text"},
	{"$purpose < 'b'", "only numbers can"},
	{"1 < $age < 3", "a true-or-false value cannot be less"},
	{"$age = $text-length", "with a fixed number only"},
	{"'a' = 'a'", "two fixed values"},
	{"1 = 1", "two fixed values"},
	{"$colour", "neither a fact nor defined"},
	{"$purpos = 'contract'", "did you mean 'purpose'"},
	{"$consent.procesing", "no known consent (did you mean 'processing'?)"},
	{"$category.mobile", "'mobile' is no known category"},
	{"$consents.processing", "did you mean 'consent'"},
	{"$attachment.film", "no known attachment"},
	{"$role.boss", "cannot ask about roles"},
	{"$state = 'activ'", "did you mean 'active'"},
	{"$purpose = 'contrct'", "did you mean 'contract'"},
	{"$event = 'withdrew'", "did you mean 'withdraw'"},
	{"$ age = 1", "'$' stands"},
	{"((((((((((((((((((((((((((((((((($disclosure)))))))))))))))))))))))))))))))))", "nested too deep"},
};

START_TEST(conditions_outside_the_language_are_refused)
{
	cleanup_(policy_unrefp) struct policy *p = policy_new();
	cleanup_(problems_done) struct problems problems = {0};
	cleanup_(condition_done) struct condition c = {0};

	ck_assert(!compile(p, refused[_i].text, &c, &problems));
	ck_assert_uint_eq(c.n_ops, 0);
	ck_assert_uint_eq(problems.count, 1);
	ck_assert_uint_eq(problems.first.line, 7);
	ck_assert_msg(strstr((char *)problems.text.data, refused[_i].reason) != NULL, "%s: %s", refused[_i].text,
		      (char *)problems.text.data);
}
END_TEST

START_TEST(too_long_a_condition_is_refused)
{
	cleanup_(policy_unrefp) struct policy *p = policy_new();
	cleanup_(problems_done) struct problems problems = {0};
	cleanup_(condition_done) struct condition c = {0};
	cleanup_(buf_done) struct buf text = {0};

	buf_str(&text, "$disclosure");
	for (int i = 0; i < COND_OPS_MAX / 2; i++)
		buf_str(&text, " or $disclosure");
	ck_assert(!compile(p, (char *)text.data, &c, &problems));
	ck_assert_ptr_nonnull(strstr((char *)problems.text.data, "too long"));
}
END_TEST

START_TEST(an_empty_condition_holds)
{
	const struct condition c = {0};
	struct facts f;

	facts_clear(&f);
	ck_assert(condition_holds(&c, &f));
}
END_TEST

/* ---- against the XPath of libxml2 ---- */

static const char *const string_names[] = {"purpose", "with", "basis", "reason", "country", "member-state"};
static const int string_ids[] = {F_PURPOSE, F_WITH, F_BASIS, F_REASON, F_COUNTRY, F_MEMBER_STATE};
static const char *const words[] = {"", "contract", "support", "open", "closed"};
static const char *const number_names[] = {"age", "text-length", "partner-delays"};
static const int number_ids[] = {F_AGE, F_TEXT_LENGTH, F_PARTNER_DELAYS};
static const char *const flag_names[] = {"disclosure",	       "identity-checked",    "assurance",
					 "consent.processing", "consent.third-party", "lapsed.processing",
					 "category.contact",   "category.phone",      "category.cookie"};
#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static uint64_t seed;
static unsigned draw(unsigned n)
{
	seed ^= seed << 13; /* xorshift64 */
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)((seed >> 32) % n);
}

static void add_number(struct buf *b) { buf_fmt(b, draw(2) ? "%u" : "%u.5", draw(4)); }

static void add_comparison(struct buf *b)
{
	static const char *const signs[] = {"=", "!=", "<", "<=", ">", ">="};
	unsigned name = draw(COUNT(string_names));

	switch (draw(4)) {
	case 0:
		buf_fmt(b, "$%s %s ", number_names[draw(COUNT(number_names))], signs[draw(6)]);
		add_number(b);
		break;
	case 1:
		add_number(b);
		buf_fmt(b, " %s $%s", signs[draw(6)], number_names[draw(COUNT(number_names))]);
		break;
	case 2:
		buf_fmt(b, "$%s%s$%s", string_names[name], signs[draw(2)], string_names[draw(COUNT(string_names))]);
		break;
	default:
		/* each fact with words that it may have */
		buf_fmt(b, draw(2) ? "$%s %s '%s'" : "$%s%s\"%s\"", string_names[name], signs[draw(2)],
			name < 2    ? words[draw(3)]
			: name == 2 ? ""
			: name == 5 ? words[draw(2) * 3]
				    : words[draw(COUNT(words))]);
	}
}

static void add_condition(struct buf *b, unsigned depth)
{
	static const char *const joins[] = {" and ", " or ", " = ", " != "};
	unsigned n;

	switch (depth ? draw(8) : draw(3)) {
	case 0:
		buf_fmt(b, "$%s", flag_names[draw(COUNT(flag_names))]);
		break;
	case 1:
		add_comparison(b);
		break;
	case 2:
		buf_str(b, draw(2) ? "true()" : "false()");
		break;
	case 3:
		buf_str(b, "not(");
		add_condition(b, depth - 1);
		buf_str(b, ")");
		break;
	case 4:
		/* '=' between true-or-false values binds tighter than all but brackets around both sides */
		buf_str(b, "(");
		add_condition(b, depth - 1);
		buf_fmt(b, ")%s(", joins[2 + draw(2)]);
		add_condition(b, depth - 1);
		buf_str(b, ")");
		break;
	case 5:
		buf_str(b, "(");
		add_condition(b, depth - 1);
		buf_str(b, ")");
		break;
	default:
		/* no brackets: 'and' before 'or' must come from the grammar */
		n = 2 + draw(2);
		add_condition(b, depth - 1);
		for (unsigned i = 1; i < n; i++) {
			buf_str(b, joins[draw(2)]);
			add_condition(b, depth - 1);
		}
	}
}

static void set_variable(xmlXPathContextPtr x, const char *name, xmlXPathObjectPtr value)
{
	ck_assert_int_eq(xmlXPathRegisterVariable(x, (const xmlChar *)name, value), 0);
}

static bool draw_in_set(struct facts *f, int set, int id)
{
	bool is_in = draw(2);

	if (is_in)
		idset_add(&f->set[set], id);
	return is_in;
}

static void draw_facts(const struct policy *p, struct facts *f, xmlXPathContextPtr x)
{
	bool phone, email;

	facts_clear(f);
	for (size_t i = 0; i < COUNT(string_names); i++) {
		const char *word = words[draw(COUNT(words))];

		f->string[string_ids[i]] = policy_string(p, word);
		set_variable(x, string_names[i], xmlXPathNewCString(word));
	}
	for (size_t i = 0; i < COUNT(number_names); i++) {
		if (draw(3))
			f->number[number_ids[i]] = draw(8) / 2.0;
		set_variable(x, number_names[i], xmlXPathNewFloat(f->number[number_ids[i]]));
	}
	for (int i = 0; i < 3; i++) {
		static const int ids[] = {F_DISCLOSURE, F_IDENTITY_CHECKED, F_ASSURANCE};

		f->flag[ids[i]] = draw(2);
		set_variable(x, flag_names[i], xmlXPathNewBoolean(f->flag[ids[i]]));
	}
	set_variable(x, "consent.processing", xmlXPathNewBoolean(draw_in_set(f, F_CONSENT, 0)));
	set_variable(x, "consent.third-party", xmlXPathNewBoolean(draw_in_set(f, F_CONSENT, 1)));
	set_variable(x, "lapsed.processing", xmlXPathNewBoolean(draw_in_set(f, F_LAPSED, 0)));
	email = draw_in_set(f, F_CATEGORY, 1);
	phone = draw_in_set(f, F_CATEGORY, 2);
	set_variable(x, "category.phone", xmlXPathNewBoolean(phone));
	set_variable(x, "category.contact", xmlXPathNewBoolean(phone || email));
	set_variable(x, "category.cookie", xmlXPathNewBoolean(draw_in_set(f, F_CATEGORY, 3)));
}

#define CONDITIONS 20000
START_TEST(random_conditions_agree_with_xpath)
{
	cleanup_(policy_unrefp) struct policy *p = policy_new();
	xmlDocPtr doc = xmlNewDoc((const xmlChar *)"1.0");
	xmlXPathContextPtr x = xmlXPathNewContext(doc);
	unsigned n = 0, n_true = 0;

	ck_assert_ptr_nonnull(x);
	ck_assert_int_ge(policy_add_id(p, ID_BASIS, "contract", -1), 0);
	seed = 0x5eed0000u + (unsigned)_i;
	while (n < CONDITIONS) {
		cleanup_(problems_done) struct problems problems = {0};
		cleanup_(condition_done) struct condition c = {0};
		cleanup_(buf_done) struct buf text = {0};

		add_condition(&text, 3);
		ck_assert(!text.failed);
		if (!compile(p, (char *)text.data, &c, &problems)) {
			ck_assert_msg(strstr((char *)problems.text.data, "too long") != NULL, "%s", (char *)problems.text.data);
			continue;
		}
		for (int i = 0; i < 4; i++) {
			xmlXPathObjectPtr value;
			struct facts f;

			draw_facts(p, &f, x);
			value = xmlXPathEval((xmlChar *)text.data, x);
			ck_assert_ptr_nonnull(value);
			ck_assert_int_eq(value->type, XPATH_BOOLEAN);
			ck_assert_msg(condition_holds(&c, &f) == (value->boolval != 0), "%s", (char *)text.data);
			n_true += value->boolval != 0;
			xmlXPathFreeObject(value);
		}
		n++;
	}
	/* Neither value is rare, or the agreement would say little. */
	ck_assert_uint_gt(n_true, CONDITIONS);
	ck_assert_uint_lt(n_true, 3 * CONDITIONS);
	xmlXPathFreeContext(x);
	xmlFreeDoc(doc);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("condition");
	TCase *tc = tcase_create("condition");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, conditions_have_their_values, 0, (int)COUNT(values));
	tcase_add_loop_test(tc, conditions_outside_the_language_are_refused, 0, (int)COUNT(refused));
	tcase_add_test(tc, too_long_a_condition_is_refused);
	tcase_add_test(tc, an_empty_condition_holds);
	tcase_add_loop_test(tc, random_conditions_agree_with_xpath, 1, 3);
	tcase_set_timeout(tc, 120);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
