/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/model.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Interned strings of the tests. */
enum { S_EMPTY, S_WRITTEN, S_ORAL, S_LETTER, S_EMAIL, S_ERASE, S_UNLAWFUL, S_OTHER, S_MILESTONE, STRINGS };
enum { TASK_ANSWER, TASK_IDENTITY, TASKS };
#define RULES 40
#define ACTS 4

static char strings[STRINGS][12] = {"", "written", "oral", "letter", "email", "erase", "unlawful", "other", "visit"};
static char *string_table[STRINGS];
static struct vocab_id milestones[2], tasks[TASKS];
static char milestone_names[2][8] = {"service", "visit"};
static struct rule rules[RULES];
static struct act_def acts[RULES][ACTS];
static uint16_t ons[RULES];
static struct policy p;
static struct facts f;
static struct plan plan;
static int64_t now;

static struct cond_op evidence_op = {.code = COND_FLAG, .a = F_EVIDENCE_GIVEN};
static struct cond_op held_op = {.code = COND_FLAG, .a = F_RECORDS_HELD};
static const struct condition if_evidence = {.ops = &evidence_op, .n_ops = 1};
static const struct condition if_held = {.ops = &held_op, .n_ops = 1};

static int64_t at(const char *text)
{
	int64_t us;

	ck_assert(instant_parse(text, strlen(text), &us));
	return us;
}

/* A calendar that knows 2026 only. */
static void load_calendar(void)
{
	static const char text[] = "<calendar xmlns=\"urn:saqta:calendar:1\" id=\"t\" version=\"1\">"
				   "<year value=\"2026\"/></calendar>";
	char path[] = "/tmp/test_plan.XXXXXX";
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
	memset(acts, 0, sizeof(acts));
	for (int i = 0; i < STRINGS; i++)
		string_table[i] = strings[i];
	for (int i = 0; i < 2; i++)
		milestones[i].id = milestone_names[i];
	p.strings = string_table;
	p.n_strings = STRINGS;
	p.ids[ID_MILESTONE] = milestones;
	p.n_ids[ID_MILESTONE] = 2;
	p.ids[ID_TASK] = tasks;
	p.n_ids[ID_TASK] = TASKS;
	p.rules = rules;
	p.ons[EVENT_WITHDRAW] = p.ons[EVENT_CLOSE] = ons;
	ck_assert_int_eq(zone_load("Asia/Almaty", &p.zone, &err), SAQTA_OK);
	load_calendar();
	facts_init(&f);
	f.string[F_FORM] = S_WRITTEN;
	f.string[F_CHANNEL] = S_LETTER;
	now = at("2026-02-03T10:00:00+05:00");
}

static void teardown(void)
{
	calendar_free(p.calendar);
	zone_free(p.zone);
}

static struct rule *add(unsigned pack)
{
	struct rule *r = &rules[p.n_rules];

	r->kind = RULE_ON;
	r->pack = (uint8_t)pack;
	r->from_us = INT64_MIN;
	r->until_us = INT64_MAX;
	r->consents.any = r->milestones.any = r->roles.any = true;
	r->acts = acts[p.n_rules];
	ons[p.n_rules] = (uint16_t)p.n_rules;
	p.n_rules++;
	p.n_ons[EVENT_WITHDRAW] = p.n_ons[EVENT_CLOSE] = p.n_rules;
	return r;
}

/* Adds an action; @within may be NULL. */
static struct act_def *act(struct rule *r, enum action_kind kind, int id, const char *within)
{
	struct act_def *a = &r->acts[r->n_acts++];

	a->kind = kind;
	a->id = id;
	a->has_within = within != NULL;
	if (within)
		ck_assert(term_parse(within, strlen(within), &a->within));
	return a;
}

static struct act_def *accept_only(struct rule *r, int32_t form, int32_t channel)
{
	struct act_def *a = &r->acts[r->n_acts++];

	a->is_accept = true;
	a->forms.n = form != 0;
	a->forms.id[0] = form;
	a->channels.n = channel != 0;
	a->channels.id[0] = channel;
	return a;
}

static void make(void) { policy_plan(&p, EVENT_WITHDRAW, &f, now, INSTANT_NONE, false, &plan); }

static void assert_rules(unsigned n, int first, int second)
{
	ck_assert_uint_eq(plan.n_rules, n);
	if (n > 0)
		ck_assert_int_eq(plan.rules[0], first);
	if (n > 1)
		ck_assert_int_eq(plan.rules[1], second);
}

static void assert_action(unsigned i, enum action_kind kind, unsigned rule)
{
	ck_assert_uint_lt(i, plan.n_actions);
	ck_assert_uint_eq(plan.actions[i].kind, kind);
	ck_assert_uint_eq(plan.actions[i].rule, rule);
}

static void assert_refused(unsigned n, int first, int second)
{
	ck_assert(plan.refused && !plan.deferred && !plan.waits);
	ck_assert_uint_eq(plan.n_actions, 0);
	assert_rules(n, first, second);
}

START_TEST(test_nothing_follows)
{
	make();
	ck_assert(!plan.refused && !plan.deferred && !plan.waits && !plan.has_due);
	ck_assert_uint_eq(plan.n_actions + plan.n_rules, 0);
}
END_TEST

START_TEST(test_actions_in_order)
{
	struct rule *r = add(0);

	act(r, ACT_STOP, -1, NULL);
	idset_add(&act(r, ACT_DESTROY, -1, "P1M")->set, 3);
	r->acts[1].is_ordered = true;
	act(add(1), ACT_DUE, -1, "3WD");
	add(1); /* matches, but nothing follows from it */
	make();
	ck_assert_uint_eq(plan.n_actions, 3);
	assert_action(0, ACT_STOP, 0);
	assert_action(1, ACT_DESTROY, 0);
	assert_action(2, ACT_DUE, 1);
	ck_assert(!plan.actions[0].has_due);
	ck_assert(plan.actions[1].is_ordered && idset_has(&plan.actions[1].set, 3));
	ck_assert_int_eq(plan.actions[1].due_us, at("2026-03-04T00:00:00+05:00"));
	assert_rules(2, 0, 1);
	ck_assert(plan.has_due); /* the shortest */
	ck_assert_int_eq(plan.due_us, at("2026-02-07T00:00:00+05:00"));
}
END_TEST

/* Each string selector looks at its own fact. */
START_TEST(test_string_selectors)
{
	static const struct {
		size_t list;
		enum fact_string fact;
		enum event_kind event;
	} rows[] = {
		{offsetof(struct rule, kinds), F_KIND, EVENT_WITHDRAW},
		{offsetof(struct rule, kinds), F_REQUEST_KIND, EVENT_CLOSE},
		{offsetof(struct rule, reasons), F_REASON, EVENT_WITHDRAW},
		{offsetof(struct rule, reasons), F_REQUEST_REASON, EVENT_CLOSE},
		{offsetof(struct rule, results), F_RESULT, EVENT_CLOSE},
		{offsetof(struct rule, by), F_BY, EVENT_WITHDRAW},
		{offsetof(struct rule, states), F_MEMBER_STATE, EVENT_WITHDRAW},
		{offsetof(struct rule, channels), F_CHANNEL, EVENT_WITHDRAW},
		{offsetof(struct rule, forms), F_FORM, EVENT_WITHDRAW},
		{offsetof(struct rule, sources), F_SOURCE, EVENT_WITHDRAW},
	};
	struct rule *r = add(0);

	act(r, ACT_STOP, -1, NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct string_list *list = (struct string_list *)(void *)((char *)r + rows[i].list);

		*list = (struct string_list){.n = 2, .id = {S_ERASE, S_UNLAWFUL}};
		for (unsigned k = 0; k < F_STRINGS; k++)
			f.string[k] = k == (unsigned)rows[i].fact ? S_OTHER : S_UNLAWFUL;
		policy_plan(&p, rows[i].event, &f, now, INSTANT_NONE, false, &plan);
		ck_assert_uint_eq(plan.n_actions, 0);
		for (unsigned k = 0; k < F_STRINGS; k++)
			f.string[k] = k == (unsigned)rows[i].fact ? S_UNLAWFUL : S_OTHER;
		policy_plan(&p, rows[i].event, &f, now, INSTANT_NONE, false, &plan);
		ck_assert_uint_eq(plan.n_actions, 1);
		f.string[rows[i].fact] = -1;
		policy_plan(&p, rows[i].event, &f, now, INSTANT_NONE, false, &plan);
		ck_assert_uint_eq(plan.n_actions, 0);
		*list = (struct string_list){0};
	}
}
END_TEST

START_TEST(test_set_selectors)
{
	struct rule *r = add(0);

	act(r, ACT_STOP, -1, NULL);
	r->consents = (struct selector){.set.w = {2}};
	make();
	ck_assert_uint_eq(plan.n_actions, 0);
	f.set[F_NAMED_CONSENT].w[0] = 3; /* any of them */
	make();
	ck_assert_uint_eq(plan.n_actions, 1);
	r->roles = (struct selector){.set.w = {4}};
	make();
	ck_assert_uint_eq(plan.n_actions, 0);
	f.set[F_ROLE].w[0] = 4;
	make();
	ck_assert_uint_eq(plan.n_actions, 1);
	r->milestones = (struct selector){.set.w = {2}};
	make();
	ck_assert_uint_eq(plan.n_actions, 0);
	f.string[F_MILESTONE] = S_OTHER;
	make();
	ck_assert_uint_eq(plan.n_actions, 0);
	f.string[F_MILESTONE] = -1;
	make();
	ck_assert_uint_eq(plan.n_actions, 0);
	f.string[F_MILESTONE] = S_MILESTONE;
	make();
	ck_assert_uint_eq(plan.n_actions, 1);
}
END_TEST

START_TEST(test_dates_and_conditions)
{
	struct rule *r = add(0);

	act(r, ACT_STOP, -1, NULL)->when = if_held;
	act(r, ACT_CLOSE_ACCOUNT, -1, NULL)->unless = if_held;
	r->when = if_evidence;
	make();
	ck_assert_uint_eq(plan.n_actions, 0);
	f.flag[F_EVIDENCE_GIVEN] = true;
	make();
	ck_assert_uint_eq(plan.n_actions, 1);
	assert_action(0, ACT_CLOSE_ACCOUNT, 0);
	f.flag[F_RECORDS_HELD] = true;
	make();
	ck_assert_uint_eq(plan.n_actions, 1);
	assert_action(0, ACT_STOP, 0);
	r->until_us = now;
	make();
	ck_assert_uint_eq(plan.n_actions, 0);
	r->until_us = now + 1;
	r->from_us = now;
	make();
	ck_assert_uint_eq(plan.n_actions, 1);
	r->from_us = now + 1;
	make();
	ck_assert_uint_eq(plan.n_actions, 0);
}
END_TEST

/* A form that is not accepted: denied, with every rule that does not take it. */
START_TEST(test_form_not_accepted)
{
	act(add(0), ACT_STOP, -1, NULL);
	accept_only(&rules[0], S_WRITTEN, S_LETTER);
	accept_only(add(1), S_WRITTEN, 0);
	f.string[F_FORM] = S_ORAL;
	make();
	assert_refused(2, 0, 1);
	rules[0].acts[1].forms.n = 0; /* it fails by the channel only, and the base takes nothing either */
	f.string[F_CHANNEL] = S_EMAIL;
	make();
	assert_refused(2, 1, 0);
}
END_TEST

START_TEST(test_accepted)
{
	accept_only(add(0), S_WRITTEN, S_LETTER);
	accept_only(add(1), S_WRITTEN, 0);
	make();
	ck_assert(!plan.refused);
	assert_rules(2, 0, 1);
}
END_TEST

/* The statute where it orders: a channel that the base takes is taken, citing the base first; the policy's actions follow. */
START_TEST(test_channel_accepted_by_base)
{
	struct rule *r = add(0);

	accept_only(r, S_WRITTEN, S_LETTER);
	act(r, ACT_STOP, -1, NULL);
	f.string[F_CHANNEL] = S_EMAIL;
	make();
	assert_refused(1, 0, -1);
	accept_only(add(0), 0, 0); /* a rule of the same pack does not help */
	make();
	assert_refused(1, 0, -1);
	accept_only(add(1), S_WRITTEN, 0);
	make();
	ck_assert(!plan.refused);
	ck_assert_uint_eq(plan.n_actions, 1);
	assert_action(0, ACT_STOP, 0);
	assert_rules(3, 2, 0);
	ck_assert_int_eq(plan.rules[2], 1);
	rules[2].acts[0].when = if_evidence; /* an accept that is not in force */
	make();
	assert_refused(1, 0, -1);
}
END_TEST

START_TEST(test_refuse)
{
	struct rule *r = add(0);

	act(r, ACT_STOP, -1, NULL);
	act(add(0), ACT_REFUSE, -1, NULL)->when = if_evidence;
	make();
	ck_assert(!plan.refused);
	assert_rules(1, 0, -1);
	f.flag[F_EVIDENCE_GIVEN] = true;
	make();
	assert_refused(1, 1, -1);
}
END_TEST

/* Incomplete: only what completes it is opened. */
START_TEST(test_defer)
{
	struct rule *r = add(0);

	act(r, ACT_STOP, -1, NULL);
	act(r, ACT_TASK, TASK_ANSWER, "3WD");
	r = add(1);
	act(r, ACT_DEFER, -1, NULL)->unless = if_evidence;
	act(r, ACT_TASK, TASK_IDENTITY, "P1M")->unless = if_evidence;
	act(r, ACT_BLOCK, -1, NULL);
	make();
	ck_assert(plan.deferred && !plan.waits && !plan.refused);
	ck_assert_uint_eq(plan.n_actions, 1);
	assert_action(0, ACT_TASK, 1);
	ck_assert_int_eq(plan.actions[0].id, TASK_IDENTITY);
	assert_rules(1, 1, -1);
	ck_assert_int_eq(plan.due_us, at("2026-03-04T00:00:00+05:00"));
	f.flag[F_EVIDENCE_GIVEN] = true;
	make();
	ck_assert(!plan.deferred);
	ck_assert_uint_eq(plan.n_actions, 3);
	assert_rules(2, 0, 1);
}
END_TEST

/* Nothing else of any rule until the condition holds; the shortest of the answers' deadlines. */
START_TEST(test_wait)
{
	struct rule *r = add(0);

	act(r, ACT_STOP, -1, NULL);
	act(r, ACT_WAIT, TASK_ANSWER, "5WD")->until = if_evidence;
	r = add(1);
	act(r, ACT_WAIT, TASK_ANSWER, "3WD")->until = if_evidence;
	act(r, ACT_DESTROY, -1, "P1M");
	act(add(1), ACT_BLOCK, -1, NULL);
	make();
	ck_assert(plan.waits && plan.deferred && !plan.refused);
	ck_assert_uint_eq(plan.n_actions, 3);
	assert_action(0, ACT_WAIT, 0);
	assert_action(1, ACT_TASK, 1);
	ck_assert_int_eq(plan.actions[1].id, TASK_ANSWER);
	assert_action(2, ACT_WAIT, 1);
	assert_rules(2, 0, 1);
	ck_assert_int_eq(plan.due_us, at("2026-02-07T00:00:00+05:00"));
	ck_assert(!policy_wait_over(&p, 0, &f));
	ck_assert(policy_wait_over(&p, 2, &f));
	policy_plan(&p, EVENT_WITHDRAW, &f, now, INSTANT_NONE, true, &plan);
	ck_assert(!plan.waits && !plan.deferred);
	ck_assert_uint_eq(plan.n_actions, 3);
	assert_action(0, ACT_STOP, 0);
	f.flag[F_EVIDENCE_GIVEN] = true;
	ck_assert(policy_wait_over(&p, 0, &f));
	make();
	ck_assert(!plan.waits);
	ck_assert_uint_eq(plan.n_actions, 3);
}
END_TEST

START_TEST(test_only_unmet_waits_are_cited)
{
	act(add(0), ACT_WAIT, -1, "3WD")->until = if_evidence;
	act(add(0), ACT_WAIT, -1, NULL)->until = if_held;
	f.flag[F_RECORDS_HELD] = true;
	make();
	ck_assert(plan.waits);
	assert_rules(1, 0, -1);
	ck_assert_uint_eq(plan.n_actions, 1);
	ck_assert(plan.actions[0].has_due);  /* no task to carry it */
	rules[0].acts[0].when = if_evidence; /* a wait that is not in force */
	make();
	ck_assert(!plan.waits);
	assert_rules(0, -1, -1);
	ck_assert(policy_wait_over(&p, 0, &f));
}
END_TEST

START_TEST(test_refusal_before_defer_before_wait)
{
	act(add(0), ACT_WAIT, -1, NULL)->until = if_evidence;
	act(add(0), ACT_DEFER, -1, NULL)->unless = if_held;
	act(add(0), ACT_REFUSE, -1, NULL)->unless = if_held;
	make();
	assert_refused(1, 2, -1);
	rules[2].n_acts = 0;
	make();
	ck_assert(plan.deferred && !plan.waits);
	assert_rules(1, 1, -1);
}
END_TEST

START_TEST(test_default_task)
{
	act(add(0), ACT_TASK, TASK_ANSWER, "1WD")->is_default = true;
	make();
	ck_assert_uint_eq(plan.n_actions, 1);
	act(add(1), ACT_TASK, TASK_IDENTITY, "5WD");
	make();
	ck_assert_uint_eq(plan.n_actions, 2); /* of another kind */
	rules[1].acts[0].id = TASK_ANSWER;
	make();
	ck_assert_uint_eq(plan.n_actions, 1); /* though its term is shorter */
	assert_action(0, ACT_TASK, 1);
	assert_rules(1, 1, -1);
	act(&rules[0], ACT_BLOCK, -1, NULL);
	make();
	assert_rules(2, 0, 1);		     /* has another action */
	rules[1].acts[0].when = if_evidence; /* not in force: does not replace it */
	make();
	ck_assert_uint_eq(plan.n_actions, 2);
	assert_action(0, ACT_TASK, 0);
}
END_TEST

/* Of two deadlines the shorter; both rules are owed it. */
START_TEST(test_shortest_task)
{
	act(add(0), ACT_TASK, TASK_ANSWER, NULL);
	act(add(0), ACT_TASK, TASK_ANSWER, "5WD");
	act(add(1), ACT_TASK, TASK_ANSWER, "3WD");
	act(add(1), ACT_TASK, TASK_ANSWER, "400WD");
	make();
	ck_assert_uint_eq(plan.n_actions, 1);
	assert_action(0, ACT_TASK, 2);
	ck_assert_int_eq(plan.due_us, at("2026-02-07T00:00:00+05:00"));
	ck_assert_uint_eq(plan.n_rules, 4);
}
END_TEST

START_TEST(test_due_from_detected)
{
	act(add(0), ACT_DUE, -1, "1WD")->from_detected = true;
	policy_plan(&p, EVENT_WITHDRAW, &f, now, at("2026-02-02T23:00:00+05:00"), false, &plan);
	ck_assert_int_eq(plan.due_us, at("2026-02-04T00:00:00+05:00"));
	make(); /* none told: from the event */
	ck_assert_int_eq(plan.due_us, at("2026-02-05T00:00:00+05:00"));
}
END_TEST

START_TEST(test_unknown_year)
{
	act(add(0), ACT_DESTROY, -1, "3WD");
	now = at("2026-12-30T10:00:00+05:00");
	make();
	ck_assert_uint_eq(plan.n_actions, 1); /* done all the same */
	ck_assert(!plan.actions[0].has_due && !plan.has_due);
	ck_assert_int_eq(plan.actions[0].unknown_year, 2027);
	ck_assert_int_eq(plan.unknown_year, 2027);
}
END_TEST

START_TEST(test_as_another_event)
{
	struct act_def *a = act(add(0), ACT_AS, EVENT_WITHDRAW, NULL);

	idset_add(&a->set, 1);
	policy_plan(&p, EVENT_CLOSE, &f, now, INSTANT_NONE, false, &plan);
	assert_action(0, ACT_AS, 0);
	ck_assert_int_eq(plan.actions[0].id, EVENT_WITHDRAW);
	ck_assert(idset_has(&plan.actions[0].set, 1));
}
END_TEST

/* Whole or not at all. */
START_TEST(test_too_many_actions)
{
	for (unsigned i = 0; i < ACTIONS_MAX; i++)
		act(add(0), ACT_BLOCK, -1, NULL);
	make();
	ck_assert(!plan.refused);
	ck_assert_uint_eq(plan.n_actions, ACTIONS_MAX);
	ck_assert_uint_eq(plan.n_rules, ACTIONS_MAX);
	act(add(0), ACT_BLOCK, -1, NULL);
	accept_only(add(0), 0, 0);
	make();
	assert_refused(1, ACTIONS_MAX, -1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("plan");
	TCase *t = tcase_create("plan");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_nothing_follows);
	tcase_add_test(t, test_actions_in_order);
	tcase_add_test(t, test_string_selectors);
	tcase_add_test(t, test_set_selectors);
	tcase_add_test(t, test_dates_and_conditions);
	tcase_add_test(t, test_form_not_accepted);
	tcase_add_test(t, test_accepted);
	tcase_add_test(t, test_channel_accepted_by_base);
	tcase_add_test(t, test_refuse);
	tcase_add_test(t, test_defer);
	tcase_add_test(t, test_wait);
	tcase_add_test(t, test_only_unmet_waits_are_cited);
	tcase_add_test(t, test_refusal_before_defer_before_wait);
	tcase_add_test(t, test_default_task);
	tcase_add_test(t, test_shortest_task);
	tcase_add_test(t, test_due_from_detected);
	tcase_add_test(t, test_unknown_year);
	tcase_add_test(t, test_as_another_event);
	tcase_add_test(t, test_too_many_actions);
	suite_add_tcase(s, t);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
