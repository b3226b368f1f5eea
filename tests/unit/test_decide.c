/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/model.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { OP_STORE, OP_USE, OP_PROVIDE, OPS };
enum { PU_CONTRACT, PU_OFFERS, PU_UNDECLARED, PUS };
enum { CA_NAME, CA_PHONE, CA_IP, CA_UNDECLARED, CAS };
enum { RE_PARTNER, RE_COURT, RE_UNDECLARED, RES };
enum { CO_MAIN, CO_OFFERS, COS };
#define RULES 200

static char op_names[OPS][16] = {"store", "use", "provide"};
static struct vocab_id ops[OPS], purposes[PUS], categories[CAS], recipients[RES], consents[COS];
static struct rule rules[RULES];
static uint16_t limit_rules[RULES];
static struct policy p;
static struct facts f;
static struct decision d;

/* A flag that stands for a condition: F_EVIDENCE_GIVEN is set by the tests that need it. */
static struct cond_op flag_op = {.code = COND_FLAG, .a = F_EVIDENCE_GIVEN};
static const struct condition flag_holds = {.ops = &flag_op, .n_ops = 1};

static void setup(void)
{
	memset(&p, 0, sizeof(p));
	memset(rules, 0, sizeof(rules));
	for (int i = 0; i < OPS; i++)
		ops[i].id = op_names[i];
	p.ids[ID_OPERATION] = ops;
	p.ids[ID_PURPOSE] = purposes;
	p.ids[ID_CATEGORY] = categories;
	p.ids[ID_RECIPIENT] = recipients;
	p.ids[ID_CONSENT] = consents;
	p.n_ids[ID_OPERATION] = OPS;
	p.n_ids[ID_PURPOSE] = PUS;
	p.n_ids[ID_CATEGORY] = CAS;
	p.n_ids[ID_RECIPIENT] = RES;
	p.n_ids[ID_CONSENT] = COS;
	p.declared[ID_PURPOSE].w[0] = 1 << PU_CONTRACT | 1 << PU_OFFERS;
	p.declared[ID_CATEGORY].w[0] = 1 << CA_NAME | 1 << CA_PHONE | 1 << CA_IP;
	p.declared[ID_RECIPIENT].w[0] = 1 << RE_PARTNER | 1 << RE_COURT;
	p.rules = rules;
	p.limits[EVENT_MESSAGE] = limit_rules;
	rules[0].kind = RULE_FORBID; /* rule 0 is the one to cite otherwise; it is never evaluated */
	rules[0].is_otherwise = true;
	rules[0].operations.any = rules[0].purposes.any = rules[0].categories.any = rules[0].recipients.any = true;
	rules[0].until_us = INT64_MAX;
	p.n_rules = 1;
	facts_init(&f);
	f.operation = OP_USE;
	f.purpose = PU_CONTRACT;
	f.set[F_CATEGORY].w[0] = 1 << CA_NAME;
}

static void teardown(void) { decide_done(&p); }

static struct rule *add(enum rule_kind kind)
{
	struct rule *r = &rules[p.n_rules];

	if (kind == RULE_LIMIT)
		limit_rules[p.n_limits[EVENT_MESSAGE]++] = (uint16_t)p.n_rules;
	p.n_rules++;
	r->kind = kind;
	r->from_us = INT64_MIN;
	r->until_us = INT64_MAX;
	r->operations.any = r->purposes.any = r->categories.any = r->recipients.any = true;
	return r;
}

static struct selector only(int id)
{
	struct selector s = {.any = false};

	idset_add(&s.set, id);
	return s;
}

static void decide(void)
{
	ck_assert(decide_prepare(&p));
	policy_decide(&p, &f, 1000, &d);
}

static void assert_says(unsigned i, unsigned rule, enum say_why why)
{
	ck_assert_uint_lt(i, d.n);
	ck_assert_uint_eq(d.says[i].rule, rule);
	ck_assert_uint_eq(d.says[i].why, why);
}

static void assert_otherwise(void)
{
	ck_assert(!d.permit);
	ck_assert_uint_eq(d.n, 1);
	assert_says(0, 0, SAY_NOTHING_PERMITS);
	ck_assert_int_eq(d.says[0].consent, -1);
}

START_TEST(test_facts_are_empty)
{
	facts_init(&f);
	ck_assert_int_eq(f.operation, -1);
	ck_assert_int_eq(f.purpose, -1);
	ck_assert_int_eq(f.recipient, -1);
	for (unsigned i = 0; i < F_NUMBERS; i++)
		ck_assert(isnan(f.number[i]));
	for (unsigned i = 0; i < F_STRINGS; i++)
		ck_assert_int_eq(f.string[i], 0);
}
END_TEST

START_TEST(test_derived_facts)
{
	add(RULE_PERMIT);
	f.set[F_CATEGORY].w[0] = 1 << CA_NAME | 1 << CA_IP;
	decide();
	ck_assert(!f.flag[F_DISCLOSURE]);
	ck_assert(f.flag[F_PURPOSE_DECLARED]);
	ck_assert(f.flag[F_CATEGORIES_DECLARED]);
	ck_assert(f.number[F_CATEGORY_COUNT] >= 2 && f.number[F_CATEGORY_COUNT] <= 2);
	f.recipient = RE_COURT;
	decide();
	ck_assert(f.flag[F_DISCLOSURE]);
	f.recipient = -1;
	f.operation = OP_PROVIDE;
	f.purpose = PU_UNDECLARED;
	f.set[F_CATEGORY].w[0] |= 1 << CA_UNDECLARED;
	decide();
	ck_assert(f.flag[F_DISCLOSURE]);
	ck_assert(!f.flag[F_PURPOSE_DECLARED]);
	ck_assert(!f.flag[F_CATEGORIES_DECLARED]);
}
END_TEST

START_TEST(test_nothing_is_permitted_by_no_rule)
{
	decide();
	assert_otherwise();
}
END_TEST

START_TEST(test_permit)
{
	add(RULE_PERMIT);
	decide();
	ck_assert(d.permit);
	ck_assert_uint_eq(d.n, 1);
	assert_says(0, 1, SAY_PERMITS);
}
END_TEST

/* What a permit's selectors leave out is not permitted. */
START_TEST(test_permit_selectors)
{
	struct rule *r = add(RULE_PERMIT);

	r->operations = only(OP_STORE);
	decide();
	assert_otherwise();
	r->operations = only(OP_USE);
	r->purposes = only(PU_OFFERS);
	decide();
	assert_otherwise();
	r->purposes = only(PU_CONTRACT);
	r->categories = only(CA_PHONE);
	decide();
	assert_otherwise();
	r->categories = only(CA_NAME);
	decide();
	ck_assert(d.permit);
	f.operation = -1;
	decide();
	assert_otherwise();
}
END_TEST

START_TEST(test_permit_any_is_what_is_declared)
{
	add(RULE_PERMIT);
	f.purpose = PU_UNDECLARED;
	decide();
	assert_otherwise();
	f.purpose = PU_CONTRACT;
	f.set[F_CATEGORY].w[0] = 1 << CA_UNDECLARED;
	decide();
	assert_otherwise();
	f.set[F_CATEGORY].w[0] = 1 << CA_NAME;
	f.recipient = RE_UNDECLARED;
	decide();
	assert_otherwise();
	f.recipient = RE_PARTNER;
	decide();
	ck_assert(d.permit);
}
END_TEST

START_TEST(test_permit_recipients)
{
	struct rule *r = add(RULE_PERMIT);

	r->recipients = only(RE_COURT);
	decide();
	ck_assert(d.permit); /* none named */
	f.recipient = RE_PARTNER;
	decide();
	assert_otherwise();
	f.recipient = RE_COURT;
	decide();
	ck_assert(d.permit);
}
END_TEST

/* A name that the policy does not know is not the same as no name. */
START_TEST(test_unknown_is_never_permitted)
{
	add(RULE_PERMIT);
	f.string[F_RECIPIENT] = -1;
	decide();
	assert_otherwise();
	f.string[F_RECIPIENT] = 0;
	f.purpose = -1;
	f.string[F_PURPOSE] = -1;
	decide();
	assert_otherwise();
	f.string[F_PURPOSE] = 0;
	decide();
	ck_assert(d.permit); /* names none, and the permit has no list */
	add(RULE_FORBID);
	f.string[F_PURPOSE] = -1;
	decide();
	ck_assert(!d.permit);
	assert_says(0, 2, SAY_FORBIDS);
}
END_TEST

START_TEST(test_permits_cover_together)
{
	add(RULE_PERMIT)->categories = only(CA_NAME);
	add(RULE_PERMIT)->categories = only(CA_IP); /* covers nothing that is asked */
	f.set[F_CATEGORY].w[0] = 1 << CA_NAME | 1 << CA_PHONE;
	decide();
	assert_otherwise(); /* one is uncovered */
	add(RULE_PERMIT)->categories = only(CA_PHONE);
	decide();
	ck_assert(d.permit);
	ck_assert_uint_eq(d.n, 2);
	assert_says(0, 1, SAY_PERMITS);
	assert_says(1, 3, SAY_PERMITS);
}
END_TEST

START_TEST(test_permit_without_categories)
{
	struct rule *r = add(RULE_PERMIT);

	f.set[F_CATEGORY].w[0] = 0;
	decide();
	ck_assert(d.permit);
	r->categories = only(CA_NAME);
	decide();
	assert_otherwise();
}
END_TEST

START_TEST(test_conditions_and_dates)
{
	struct rule *r = add(RULE_PERMIT);

	r->when = flag_holds;
	decide();
	assert_otherwise();
	f.flag[F_EVIDENCE_GIVEN] = true;
	decide();
	ck_assert(d.permit);
	r->when = (struct condition){0};
	r->unless = flag_holds;
	decide();
	assert_otherwise();
	f.flag[F_EVIDENCE_GIVEN] = false;
	r->from_us = 1000;
	decide();
	ck_assert(d.permit); /* from: included */
	r->from_us = 1001;
	decide();
	assert_otherwise();
	r->from_us = INT64_MIN;
	r->until_us = 1000;
	decide();
	assert_otherwise(); /* until: excluded */
	r->until_us = 1001;
	decide();
	ck_assert(d.permit);
}
END_TEST

/* Forbid beats permit wherever it stands; all that hold are listed in the order of the rules, and no permit. */
START_TEST(test_forbid_beats_permit)
{
	add(RULE_PERMIT);
	add(RULE_FORBID);
	add(RULE_FORBID)->when = flag_holds;
	add(RULE_FORBID)->cites_stop = true;
	add(RULE_PERMIT);
	decide();
	ck_assert(!d.permit);
	ck_assert_uint_eq(d.n, 2);
	assert_says(0, 2, SAY_FORBIDS);
	assert_says(1, 4, SAY_FORBIDS);
	ck_assert(!d.says[0].cites_stop);
	ck_assert(d.says[1].cites_stop);
	ck_assert_int_eq(d.says[0].consent, -1);
}
END_TEST

START_TEST(test_forbid_without_permit_is_listed_alone)
{
	add(RULE_FORBID);
	decide();
	ck_assert_uint_eq(d.n, 1);
	assert_says(0, 1, SAY_FORBIDS);
}
END_TEST

/* A statute's forbid stands after the policy's rules and beats their permits all the same. */
START_TEST(test_statute_beats_policy)
{
	add(RULE_PERMIT);
	struct rule *r = add(RULE_FORBID);

	r->pack = 1;
	r->is_statute = true;
	decide();
	ck_assert(!d.permit);
	assert_says(0, 2, SAY_FORBIDS);
}
END_TEST

START_TEST(test_policy_may_be_stricter)
{
	add(RULE_FORBID);
	struct rule *r = add(RULE_PERMIT);

	r->pack = 1;
	r->is_statute = true;
	decide();
	ck_assert(!d.permit);
	assert_says(0, 1, SAY_FORBIDS);
}
END_TEST

START_TEST(test_forbid_selectors)
{
	struct rule *r;

	add(RULE_PERMIT);
	r = add(RULE_FORBID);
	r->operations = only(OP_STORE);
	decide();
	ck_assert(d.permit);
	r->operations = only(OP_USE);
	r->purposes = only(PU_OFFERS);
	decide();
	ck_assert(d.permit);
	r->purposes = only(PU_CONTRACT);
	r->categories = only(CA_PHONE);
	decide();
	ck_assert(d.permit);
	f.set[F_CATEGORY].w[0] |= 1 << CA_PHONE; /* any requested one is enough */
	decide();
	ck_assert(!d.permit);
	r->recipients = only(RE_COURT);
	decide();
	ck_assert(d.permit); /* the request must name one of them */
	f.recipient = RE_PARTNER;
	decide();
	ck_assert(d.permit);
	f.recipient = RE_COURT;
	decide();
	ck_assert(!d.permit);
}
END_TEST

/* "*" in a forbid is everything: the undeclared too, and no category at all. */
START_TEST(test_forbid_any_is_everything)
{
	add(RULE_PERMIT);
	add(RULE_FORBID);
	f.purpose = PU_UNDECLARED;
	f.recipient = RE_UNDECLARED;
	f.set[F_CATEGORY].w[0] = 1 << CA_UNDECLARED;
	decide();
	assert_says(0, 2, SAY_FORBIDS);
	f.set[F_CATEGORY].w[0] = 0;
	decide();
	assert_says(0, 2, SAY_FORBIDS);
	f.operation = -1;
	decide();
	assert_says(0, 2, SAY_FORBIDS);
	rules[2].categories = only(CA_NAME);
	f.purpose = PU_CONTRACT;
	f.recipient = -1;
	f.operation = OP_USE;
	decide();
	ck_assert(d.permit);
}
END_TEST

START_TEST(test_forbid_with)
{
	struct rule *r;

	add(RULE_PERMIT);
	r = add(RULE_FORBID);
	r->categories = only(CA_IP);
	r->has_with = true;
	idset_add(&r->with, CA_NAME);
	idset_add(&r->with, CA_IP);
	f.set[F_CATEGORY].w[0] = 1 << CA_IP; /* in both lists, but there is no other */
	decide();
	ck_assert(d.permit);
	f.set[F_CATEGORY].w[0] = 1 << CA_IP | 1 << CA_PHONE;
	decide();
	ck_assert(d.permit);
	f.set[F_CATEGORY].w[0] = 1 << CA_NAME | 1 << CA_PHONE;
	decide();
	ck_assert(d.permit);
	f.set[F_CATEGORY].w[0] = 1 << CA_IP | 1 << CA_NAME;
	decide();
	ck_assert(!d.permit);
	r->categories.any = true;
	f.set[F_CATEGORY].w[0] = 1 << CA_NAME;
	decide();
	ck_assert(d.permit);
	f.set[F_CATEGORY].w[0] = 1 << CA_NAME | 1 << CA_PHONE;
	decide();
	ck_assert(!d.permit);
	f.set[F_CATEGORY].w[0] = 0;
	decide();
	ck_assert(d.permit);
}
END_TEST

START_TEST(test_needs_consent)
{
	struct rule *r;

	add(RULE_PERMIT);
	r = add(RULE_FORBID);
	r->needs.w[0] = 1 << CO_MAIN | 1 << CO_OFFERS;
	decide();
	ck_assert(!d.permit);
	assert_says(0, 2, SAY_NEEDS_CONSENT);
	ck_assert_int_eq(d.says[0].consent, CO_MAIN);
	idset_add(&f.set[F_CONSENT], CO_MAIN);
	decide();
	assert_says(0, 2, SAY_NEEDS_CONSENT);
	ck_assert_int_eq(d.says[0].consent, CO_OFFERS);
	idset_add(&f.set[F_CONSENT], CO_OFFERS);
	decide();
	ck_assert(d.permit);
	f.set[F_CONSENT].w[0] = 0;
	r->unless = flag_holds;
	f.flag[F_EVIDENCE_GIVEN] = true;
	decide();
	ck_assert(d.permit); /* e.g. where the law replaces the consent */
}
END_TEST

/* A final forbid is cited alone, whatever stands before it. */
START_TEST(test_final_ends_the_search)
{
	add(RULE_FORBID);
	struct rule *r = add(RULE_FORBID);

	r->is_final = true;
	r->when = flag_holds;
	add(RULE_FORBID)->is_final = true;
	rules[3].operations = only(OP_STORE);
	add(RULE_FORBID)->is_final = true;
	f.flag[F_EVIDENCE_GIVEN] = true;
	decide();
	ck_assert_uint_eq(d.n, 1);
	assert_says(0, 2, SAY_FORBIDS);
	f.flag[F_EVIDENCE_GIVEN] = false;
	decide();
	ck_assert_uint_eq(d.n, 1);
	assert_says(0, 4, SAY_FORBIDS); /* the next in order that holds */
	rules[4].is_final = false;
	decide();
	ck_assert_uint_eq(d.n, 2);
	assert_says(0, 1, SAY_FORBIDS);
	assert_says(1, 4, SAY_FORBIDS);
}
END_TEST

/* More says than fit: told, and the answer is right nevertheless. */
START_TEST(test_truncated)
{
	for (unsigned i = 0; i < SAYS_MAX; i++)
		add(RULE_PERMIT)->categories = only(CA_NAME);
	decide();
	ck_assert(d.permit && !d.truncated);
	add(RULE_PERMIT)->categories.any = true;
	f.set[F_CATEGORY].w[0] = 1 << CA_NAME | 1 << CA_IP;
	decide();
	ck_assert(d.permit && d.truncated);
	ck_assert_uint_eq(d.n, SAYS_MAX);
	f.set[F_CATEGORY].w[0] |= 1 << CA_UNDECLARED;
	decide();
	assert_otherwise();
	ck_assert(!d.truncated);
	while (p.n_rules < RULES)
		add(RULE_FORBID);
	decide();
	ck_assert(!d.permit && d.truncated);
	ck_assert_uint_eq(d.n, SAYS_MAX);
	assert_says(0, SAYS_MAX + 2, SAY_FORBIDS);
}
END_TEST

/* ---- against all rules in order ---- */

static bool by_hand(const struct selector *s, int id, bool is_permit, const struct idset *declared)
{
	return s->any ? !is_permit || !declared || idset_has(declared, id) : idset_has(&s->set, id);
}

static bool is_about(const struct rule *r)
{
	const bool is_permit = r->kind == RULE_PERMIT;
	bool is_any = false;

	for (int id = 0; id < CAS; id++)
		is_any |= idset_has(&f.set[F_CATEGORY], id) && by_hand(&r->categories, id, is_permit, &p.declared[ID_CATEGORY]);
	return is_any && by_hand(&r->operations, f.operation, is_permit, NULL) &&
	       by_hand(&r->purposes, f.purpose, is_permit, &p.declared[ID_PURPOSE]) &&
	       (f.recipient < 0 ? is_permit || r->recipients.any
				: by_hand(&r->recipients, f.recipient, is_permit, &p.declared[ID_RECIPIENT]));
}

static void assert_as_by_hand(void)
{
	unsigned n_forbids = 0;
	bool is_ended = false;
	struct idset open = f.set[F_CATEGORY];

	for (unsigned i = 1; i < p.n_rules; i++) {
		const struct rule *r = &rules[i];

		if (!is_about(r))
			continue;
		is_ended |= r->is_final;
		n_forbids += r->kind == RULE_FORBID && !r->is_final;
		if (r->kind == RULE_PERMIT)
			open.w[0] &= ~(r->categories.any ? p.declared[ID_CATEGORY].w[0] : r->categories.set.w[0]);
	}
	decide();
	ck_assert(d.permit == (!is_ended && n_forbids == 0 && open.w[0] == 0));
	if (is_ended || n_forbids)
		ck_assert_uint_eq(d.n, is_ended ? 1 : n_forbids);
}

/* Few rules are about each question, and they stand in any word of a row. */
START_TEST(test_index_agrees_with_rules_in_order)
{
	unsigned n_permits = 0;

	srandom((unsigned)_i);
	while (p.n_rules < RULES) {
		struct rule *r = add(random() % 3 ? RULE_PERMIT : RULE_FORBID);

		r->operations = only((int)(random() % OPS));
		r->is_final = r->kind == RULE_FORBID && random() % 8 == 0;
		if (random() % 4 || r->kind == RULE_FORBID)
			r->purposes = only((int)(random() % PUS));
		if (random() % 4 || r->kind == RULE_FORBID)
			r->categories = only((int)(random() % CAS));
		if (random() % 2 || r->kind == RULE_FORBID)
			r->recipients = only((int)(random() % RES));
		if (random() % 4)
			r->operations.set = (struct idset){{0}}; /* most are about nothing */
	}
	for (unsigned n = 0; n < 500; n++) {
		facts_init(&f);
		f.operation = (int)(random() % OPS);
		f.purpose = (int)(random() % PUS);
		f.recipient = (int)(random() % (RES + 1)) - 1;
		f.set[F_CATEGORY].w[0] = 1 + (uint64_t)random() % ((1 << CAS) - 1);
		assert_as_by_hand();
		n_permits += d.permit;
	}
	ck_assert(n_permits > 10 && n_permits < 490);
}
END_TEST

START_TEST(test_limits)
{
	struct rule *r;

	add(RULE_PERMIT);
	r = add(RULE_LIMIT);
	r->has_max_length = r->has_min_length = r->has_attachments = true;
	r->max_length = 70;
	r->min_length = 2;
	idset_add(&r->attachments, ATTACHMENT_LINK);
	r->channels = (struct string_list){.n = 1, .id = {7}};
	decide();
	f.string[F_CHANNEL] = 7;
	ck_assert_uint_eq(policy_limits(&p, EVENT_MESSAGE, &f, 1000, &d), 0); /* the length is not known */
	f.number[F_TEXT_LENGTH] = 70;
	idset_add(&f.set[F_ATTACHMENT], ATTACHMENT_LINK);
	ck_assert_uint_eq(policy_limits(&p, EVENT_MESSAGE, &f, 1000, &d), 0);
	ck_assert(d.permit);
	f.number[F_TEXT_LENGTH] = 71;
	ck_assert_uint_eq(policy_limits(&p, EVENT_USE, &f, 1000, &d), 0);
	f.string[F_CHANNEL] = 8;
	ck_assert_uint_eq(policy_limits(&p, EVENT_MESSAGE, &f, 1000, &d), 0);
	f.string[F_CHANNEL] = 7;
	ck_assert_uint_eq(policy_limits(&p, EVENT_MESSAGE, &f, 1000, &d), 1);
	ck_assert(!d.permit);
	ck_assert_uint_eq(d.n, 1); /* the permit has no say any more */
	assert_says(0, 2, SAY_FORBIDS);
	f.number[F_TEXT_LENGTH] = 1;
	ck_assert_uint_eq(policy_limits(&p, EVENT_MESSAGE, &f, 1000, &d), 1);
	ck_assert_uint_eq(d.n, 2); /* joins a denial */
	f.number[F_TEXT_LENGTH] = 2;
	idset_add(&f.set[F_ATTACHMENT], ATTACHMENT_FILE);
	ck_assert_uint_eq(policy_limits(&p, EVENT_MESSAGE, &f, 1000, &d), 1);
	r->categories = only(CA_PHONE);
	ck_assert_uint_eq(policy_limits(&p, EVENT_MESSAGE, &f, 1000, &d), 0);
	idset_add(&f.set[F_CATEGORY], CA_PHONE);
	ck_assert_uint_eq(policy_limits(&p, EVENT_MESSAGE, &f, 1000, &d), 1);
	r->until_us = 1000;
	ck_assert_uint_eq(policy_limits(&p, EVENT_MESSAGE, &f, 1000, &d), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("decide");
	TCase *t = tcase_create("decide");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_facts_are_empty);
	tcase_add_test(t, test_derived_facts);
	tcase_add_test(t, test_nothing_is_permitted_by_no_rule);
	tcase_add_test(t, test_permit);
	tcase_add_test(t, test_permit_selectors);
	tcase_add_test(t, test_permit_any_is_what_is_declared);
	tcase_add_test(t, test_permit_recipients);
	tcase_add_test(t, test_unknown_is_never_permitted);
	tcase_add_test(t, test_permits_cover_together);
	tcase_add_test(t, test_permit_without_categories);
	tcase_add_test(t, test_conditions_and_dates);
	tcase_add_test(t, test_forbid_beats_permit);
	tcase_add_test(t, test_forbid_without_permit_is_listed_alone);
	tcase_add_test(t, test_statute_beats_policy);
	tcase_add_test(t, test_policy_may_be_stricter);
	tcase_add_test(t, test_forbid_selectors);
	tcase_add_test(t, test_forbid_any_is_everything);
	tcase_add_test(t, test_forbid_with);
	tcase_add_test(t, test_needs_consent);
	tcase_add_test(t, test_final_ends_the_search);
	tcase_add_test(t, test_truncated);
	tcase_add_loop_test(t, test_index_agrees_with_rules_in_order, 0, 10);
	tcase_add_test(t, test_limits);
	suite_add_tcase(s, t);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
