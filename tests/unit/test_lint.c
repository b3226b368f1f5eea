/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/lint.h"
#include "policy/load.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define T "<title xml:lang=\"kk\">қ</title><title xml:lang=\"ru\">р</title><title xml:lang=\"en\">e</title>"
#define HEAD "<policy xmlns=\"urn:saqta:policy:1\" version=\"1\" calendar=\"plain\" zone=\"Asia/Almaty\" "

static char folder[64], policies[512];

static const char ground[] = HEAD
	"id=\"ground\" kind=\"statute\">\n"
	"<consent id=\"processing\" main=\"yes\" clause=\"1\">" T "</consent>\n"
	"<statement id=\"free\" clause=\"2\" shown-by=\"lint\">" T "<claim about=\"fee\" is=\"none\"/></statement>\n"
	"<statement id=\"old-act\" clause=\"3\" until=\"2023-01-01\" shown-by=\"lint\">" T "</statement>\n"
	"<statement id=\"new-act\" clause=\"3-new\" from=\"2023-01-01\" shown-by=\"lint\">" T "</statement>\n"
	"<forbid id=\"otherwise\" clause=\"1\" otherwise=\"yes\">" T "</forbid>\n"
	"<forbid id=\"blocked\" clause=\"4\" final=\"yes\" when=\"$state = 'blocked'\" unless=\"$operation = 'store'\">" T "</forbid>\n"
	"<forbid id=\"needs\" clause=\"1\" needs=\"processing\" unless=\"$basis = 'law'\">" T "</forbid>\n"
	"<on id=\"withdrawal\" clause=\"5\" event=\"withdraw\"><accept forms=\"written\"/>" T "</on>\n"
	"<on id=\"stop\" clause=\"6\" event=\"withdraw\" consents=\"processing\"><due within=\"15WD\"/>" T "</on>\n"
	"<on id=\"change\" clause=\"7\" event=\"request\" kinds=\"rectify\"><task kind=\"answer\" within=\"1WD\"/>" T "</on>\n"
	"<on id=\"by-default\" clause=\"7\" event=\"request\" kinds=\"access\"><task kind=\"answer\" within=\"1WD\" default=\"yes\"/>" T
	"</on>\n"
	"<retain id=\"purpose\" clause=\"8\" categories=\"contact technical identity\" until=\"purpose-achieved\" within=\"1WD\">" T
	"</retain>\n"
	"<retain id=\"books\" clause=\"9\" categories=\"payment\" at-least=\"P5Y\" since=\"service-rendered\">" T "</retain>\n"
	"<retain id=\"payments\" clause=\"8\" categories=\"payment\" until=\"purpose-achieved\" within=\"1WD\">" T "</retain>\n"
	"<retain id=\"biometrics\" clause=\"8\" categories=\"biometric\" at-most=\"P1Y\" since=\"collected\">" T "</retain>\n"
	"</policy>\n";

/* A sound pack; what is tried stands in its third line. */
#define TRIED_LINE 3
static const char *const tiny[] = {
	HEAD "id=\"tiny\" kind=\"policy\" extends=\"ground\">",
	"<declare purposes=\"contract\" categories=\"email card-number\" recipients=\"bank\"/>",
	"",
	"<permit id=\"use\" clause=\"1\" operations=\"collect store use clarify depersonalise provide\" unless=\"$category.video\">" T
	"</permit>",
	"<retain id=\"three-years\" clause=\"2\" categories=\"contact technical payment\" at-most=\"P3Y\" since=\"last-visit\">" T
	"</retain>",
	"</policy>",
};

#define RULE(head) head T
#define PERMIT(rest) "<permit id=\"x\" clause=\"9\" " rest ">" T "</permit>"
#define FORBID_TOO(rest) "<forbid id=\"y\" clause=\"9\" " rest ">" T "</forbid>"
#define FORBID(rest) "<forbid id=\"x\" clause=\"9\" " rest ">" T "</forbid>"
#define RETAIN(rest) "<retain id=\"x\" clause=\"9\" " rest ">" T "</retain>"
#define LIMIT(id, rest) "<limit id=\"" id "\" clause=\"9\" event=\"message\" " rest ">" T "</limit>"
#define ON(rest, acts) "<on id=\"x\" clause=\"9\" " rest ">" acts T "</on>"
#define SAYS(claim) "<statement id=\"x\" clause=\"9\" shown-by=\"lint\">" T claim "</statement>"

/* Each flaw once, and its neighbour that has it not. */
static const struct flaw {
	const char *kind, *flawed, *sound;
	const char *cites; /* besides tiny/9, or NULL */
	enum lint_severity severity;
} flaws[] = {
	/* what can never be */
	{"never-applies", FORBID("when=\"$age >= 18 and $age &lt; 18\""), FORBID("when=\"$age >= 18 and $age &lt; 19\""), NULL, LINT_ERROR},
	{"never-applies", FORBID("when=\"$age > 17 and $age &lt; 18\""), FORBID("when=\"$age > 16 and $age &lt; 18\""), NULL, LINT_ERROR},
	{"never-applies", FORBID("when=\"$state = 'active'\" unless=\"not($state = 'stopped')\""),
	 FORBID("when=\"$state = 'active'\" unless=\"$state = 'stopped'\""), NULL, LINT_ERROR},
	{"never-applies", FORBID("operations=\"use\" when=\"$operation = 'store'\""),
	 FORBID("operations=\"use\" when=\"$operation = 'use'\""), NULL, LINT_ERROR},
	{"never-applies", FORBID("when=\"$consent.messages and $withdrawn.messages\""),
	 FORBID("when=\"$consent.messages and $withdrawn.advertising\""), NULL, LINT_ERROR},
	{"never-applies", FORBID("when=\"$disclosure and $operation = 'store' and $recipient = ''\""),
	 FORBID("when=\"$disclosure and $operation = 'provide' and $recipient = ''\""), NULL, LINT_ERROR},
	{"never-applies", FORBID("categories=\"email\" with=\"email\""), FORBID("categories=\"email\" with=\"email phone\""), NULL,
	 LINT_ERROR},
	{"never-applies", ON("event=\"register\" when=\"$channel = 'email'\"", "<stop/>"),
	 ON("event=\"withdraw\" when=\"$channel = 'email' and $named-consent.processing\"", "<stop/>"), NULL, LINT_ERROR},
	{"never-applies", ON("event=\"request\" kinds=\"access\" when=\"$kind != 'access'\"", "<block/>"),
	 ON("event=\"request\" kinds=\"access block\" when=\"$kind != 'access'\"", "<block/>"), NULL, LINT_ERROR},
	{"never-applies", LIMIT("x", "channels=\"sms\" max-length=\"9\" when=\"$channel = 'push'\""),
	 LIMIT("x", "channels=\"sms\" max-length=\"9\" when=\"$kind = 'advertising'\""), NULL, LINT_ERROR},
	{"never-applies", SAYS("<claim operations=\"use\" when=\"false()\"/>"), SAYS("<claim operations=\"use\" when=\"true()\"/>"), NULL,
	 LINT_ERROR},
	{"never-follows", ON("event=\"request\" kinds=\"access\"", "<task kind=\"review\" within=\"1WD\" when=\"$kind = 'block'\"/>"),
	 ON("event=\"request\" kinds=\"access\"", "<task kind=\"review\" within=\"1WD\" when=\"$kind = 'access'\"/>"), NULL, LINT_ERROR},
	/* against the statute */
	{"looser-than-statute", PERMIT("operations=\"clarify\" when=\"$state = 'blocked'\""),
	 PERMIT("operations=\"store\" when=\"$state = 'blocked'\""), "ground/4", LINT_ERROR},
	{"looser-than-statute", SAYS("<claim operations=\"use\" when=\"$state = 'blocked'\"/>"),
	 SAYS("<claim operations=\"use\" when=\"$state = 'active'\"/>"), "ground/4", LINT_ERROR},
	{"against-statute", SAYS("<claim about=\"fee\" is=\"allowed\"/>"), SAYS("<claim about=\"fee\" is=\"none\"/>"), "ground/2",
	 LINT_ERROR},
	{"repealed", SAYS("<claim cites=\"ground/3\"/>"), SAYS("<claim cites=\"ground/3-new\"/>"), "ground/3", LINT_WARNING},
	{"narrower-than-statute", ON("event=\"withdraw\"", "<accept forms=\"written\" channels=\"courier\"/>"),
	 ON("event=\"withdraw\"",
	    "<accept forms=\"written\" channels=\"registered-letter courier email cabinet in-person authority-letter\"/>"),
	 "ground/5", LINT_ERROR},
	{"looser-deadline", ON("event=\"request\" kinds=\"rectify\"", "<task kind=\"answer\" within=\"P3D\"/>"),
	 ON("event=\"request\" kinds=\"rectify\"", "<task kind=\"answer\" within=\"PT8H\"/>"), "ground/7", LINT_ERROR},
	{"looser-deadline", ON("event=\"withdraw\" consents=\"processing\"", "<destroy what=\"everything\" within=\"16WD\"/>"),
	 ON("event=\"withdraw\" consents=\"processing\"", "<destroy what=\"everything\" within=\"15WD\"/>"), "ground/6", LINT_ERROR},
	{"looser-deadline", ON("event=\"request\" kinds=\"rectify\"", "<task kind=\"answer\" within=\"2WD\"/>"),
	 ON("event=\"request\" kinds=\"access\"", "<task kind=\"answer\" within=\"2WD\"/>"), "ground/7", LINT_ERROR},
	{"looser-than-statute", ON("event=\"withdraw\"", "<accept forms=\"written oral\"/>"),
	 ON("event=\"withdraw\"", "<accept forms=\"written\"/>"), "ground/5", LINT_ERROR},
	{"narrower-than-statute", ON("event=\"withdraw\"", "<accept forms=\"oral\"/>"), ON("event=\"withdraw\"", "<accept/>"), "ground/5",
	 LINT_ERROR},
	{"looser-deadline", RETAIN("categories=\"biometric\" at-most=\"P2Y\" since=\"collected\"") "<declare categories=\"biometric\"/>",
	 RETAIN("categories=\"biometric\" at-most=\"P1Y\" since=\"collected\"") "<declare categories=\"biometric\"/>", "ground/8",
	 LINT_ERROR},
	{"looser-deadline", RETAIN("categories=\"email\" until=\"purpose-achieved\" within=\"P1M\""),
	 RETAIN("categories=\"email\" until=\"purpose-achieved\" within=\"1WD\""), "ground/8", LINT_ERROR},
	{"unfounded", RETAIN("categories=\"email\" at-least=\"P1Y\" since=\"service-rendered\""),
	 RETAIN("categories=\"card-number\" at-least=\"P1Y\" since=\"service-rendered\""), "ground/8", LINT_WARNING},
	/* more than was asked */
	{"more-than-asked", ON("event=\"withdraw\" consents=\"advertising\"", "<destroy what=\"everything\" within=\"1WD\"/>"),
	 ON("event=\"withdraw\" consents=\"processing\"", "<destroy what=\"everything\" within=\"1WD\"/>"), "ground/5", LINT_ERROR},
	{"more-than-asked", ON("event=\"withdraw\"", "<stop/>"), ON("event=\"withdraw\"", "<stop when=\"$named-consent.processing\"/>"),
	 "ground/5", LINT_ERROR},
	{"more-than-asked", ON("event=\"withdraw\" consents=\"cookies\"", "<destroy categories=\"cookie\" within=\"1WD\"/>"),
	 ON("event=\"withdraw\" consents=\"cookies\"", "<destroy categories=\"cookie\" within=\"1WD\"/>")
		 FORBID_TOO("categories=\"cookie\" needs=\"cookies\""),
	 NULL, LINT_ERROR},
	{"more-than-asked", ON("event=\"withdraw\" consents=\"messages\"", "<end consents=\"messages cookies\"/>"),
	 ON("event=\"withdraw\" consents=\"messages\"", "<end consents=\"messages\"/>"), "ground/5", LINT_ERROR},
	/* contradictions */
	{"contradiction", FORBID("operations=\"collect store use clarify depersonalise provide\""), FORBID("operations=\"provide\""), NULL,
	 LINT_ERROR},
	{"contradiction", SAYS("<claim operations=\"distribute\"/>") FORBID_TOO("operations=\"distribute\""),
	 SAYS("<claim operations=\"distribute use\"/>") FORBID_TOO("operations=\"distribute\""), NULL, LINT_WARNING},
	{"contradiction", SAYS("<claim about=\"change\" is=\"by-one\"/><claim about=\"change\" is=\"by-both\"/>"),
	 SAYS("<claim about=\"change\" is=\"by-one\"/><claim about=\"changes\" is=\"by-both\"/>"), NULL, LINT_ERROR},
	{"contradiction", ON("event=\"request\" kinds=\"block\"", "<refuse/><block/>"),
	 ON("event=\"request\" kinds=\"block\"", "<refuse when=\"$by = 'authority'\"/><block/>"), NULL, LINT_ERROR},
	{"contradiction", ON("event=\"request\" kinds=\"block erase\"", "<block/><unblock when=\"$kind = 'block'\"/>"),
	 ON("event=\"request\" kinds=\"block erase\"", "<block when=\"$kind = 'block'\"/><unblock when=\"$kind = 'erase'\"/>"), NULL,
	 LINT_ERROR},
	{"contradiction", RETAIN("categories=\"email\" at-least=\"P4Y\" since=\"last-visit\""),
	 RETAIN("categories=\"email\" at-least=\"P2Y\" since=\"last-visit\""), "tiny/2", LINT_WARNING},
	{"contradiction", LIMIT("x", "channels=\"sms\" max-length=\"9\"") LIMIT("y", "channels=\"sms push\" min-length=\"10\""),
	 LIMIT("x", "channels=\"sms\" max-length=\"9\"") LIMIT("y", "channels=\"push\" min-length=\"10\""), NULL, LINT_ERROR},
	/* gaps */
	{"gap", SAYS("<claim operations=\"provide\" recipients=\"insurer\"/>"), SAYS("<claim operations=\"provide\" recipients=\"bank\"/>"),
	 NULL, LINT_WARNING},
	{"gap", ON("event=\"register\"", "<refuse when=\"$age &lt; 18\"/>"), ON("event=\"register\"", "<refuse unless=\"$age >= 18\"/>"),
	 NULL, LINT_NOTE},
	{"no-ground", "<declare purposes=\"surveys\"/>" FORBID("purposes=\"surveys\""),
	 "<declare purposes=\"surveys\"/>" FORBID("purposes=\"surveys\" unless=\"$basis = 'law'\""), NULL, LINT_ERROR},
	{"unused", "<declare categories=\"video\"/>", "<declare categories=\"phone\"/>", NULL, LINT_NOTE},
	{"no-retention", "<declare categories=\"video\"/>" PERMIT("operations=\"store\" categories=\"video\""),
	 "<declare categories=\"phone\"/>" PERMIT("operations=\"store\" categories=\"phone\""), NULL, LINT_ERROR},
	{"no-term", "<declare categories=\"iin\"/>" PERMIT("operations=\"store\" categories=\"iin\""),
	 "<declare categories=\"phone\"/>" PERMIT("operations=\"store\" categories=\"phone\""), NULL, LINT_WARNING},
	/* terms without anchor or end */
	{"no-anchor", RETAIN("categories=\"email\" at-most=\"P4Y\""), RETAIN("categories=\"email\" at-most=\"P4Y\" since=\"collected\""),
	 NULL, LINT_ERROR},
	{"no-anchor", ON("event=\"minor\"", "<task kind=\"review\" within=\"1WD\" from=\"detected\"/>"),
	 ON("event=\"breach\"", "<task kind=\"review\" within=\"1WD\" from=\"detected\"/>"), NULL, LINT_ERROR},
	{"no-anchor", ON("event=\"minor\"", "<due within=\"P3M\" from=\"request\"/>"),
	 ON("event=\"extend\"", "<due within=\"P3M\" from=\"request\"/>"), NULL, LINT_ERROR},
	{"no-deadline", ON("event=\"minor\"", "<task kind=\"review\"/>"), ON("event=\"minor\"", "<task kind=\"review\" within=\"1WD\"/>"),
	 NULL, LINT_NOTE},
	/* what has no say of its own */
	{"shadowed", FORBID("when=\"$state = 'blocked' and $operation = 'use'\""),
	 FORBID("when=\"$state = 'blocked' and $operation = 'store'\""), "ground/4", LINT_WARNING},
	{"overlap", PERMIT("operations=\"use\" purposes=\"contract\" categories=\"email\" unless=\"$category.video\""),
	 PERMIT("operations=\"extract\" purposes=\"contract\" categories=\"email\" unless=\"$category.video\""), "tiny/1", LINT_NOTE},
	{"unknown-matter", SAYS("<claim about=\"colour\" is=\"blue\"/>"), SAYS("<claim about=\"fee\" is=\"none\"/>"), NULL, LINT_NOTE},
};

/* ---- files ---- */

static void write_text(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	ck_assert_int_lt(snprintf(path, sizeof(path), "%s/%s", folder, name), (int)sizeof(path));
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

static void setup(void)
{
	const char *root = getenv("SAQTA_SOURCE_ROOT");
	char path[128];

	ck_assert_int_lt(snprintf(policies, sizeof(policies), "%s/policies", root ? root : "."), (int)sizeof(policies));
	ck_assert_int_lt(snprintf(folder, sizeof(folder), "/tmp/saqta-lint-XXXXXX"), (int)sizeof(folder));
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_lt(snprintf(path, sizeof(path), "%s/calendar", folder), (int)sizeof(path));
	ck_assert_int_eq(mkdir(path, 0700), 0);
	write_text("calendar/plain.xml", "<calendar xmlns=\"urn:saqta:calendar:1\" id=\"plain\" version=\"1\"><year value=\"2026\"/><year "
					 "value=\"2027\"/></calendar>");
	write_text("clauses.tsv", "document\tclause\tkind\n");
	write_text("statute.tsv", "article\tfrom\n1\t\n2\t\n3\t\n3-new\t\n4\t\n5\t\n6\t\n7\t\n8\t\n9\t\n");
	write_text("ground.xml", ground);
}

static void teardown(void)
{
	static const char *const names[] = {"calendar/plain.xml", "calendar", "clauses.tsv", "statute.tsv", "ground.xml", "tiny.xml", ""};
	char path[128];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		ck_assert_int_lt(snprintf(path, sizeof(path), "%s/%s", folder, names[i]), (int)sizeof(path));
		(void)remove(path);
	}
}

static struct policy *load(const char *pack)
{
	cleanup_(problems_done) struct problems problems = {0};
	struct saqta_error err = {0};
	struct policy *p = NULL;
	char dirs[700];

	ck_assert_int_lt(snprintf(dirs, sizeof(dirs), "%s:%s", folder, policies), (int)sizeof(dirs));
	ck_assert_msg(policy_load(pack, dirs, &p, &problems, &err) == SAQTA_OK, "%s: %s", pack,
		      problems.text.len ? (const char *)problems.text.data : err.message);
	return p;
}

static struct policy *load_tiny(const char *tried)
{
	cleanup_(buf_done) struct buf text = {0};

	for (unsigned i = 0; i < sizeof(tiny) / sizeof(*tiny); i++)
		buf_fmt(&text, "%s\n", i + 1 == TRIED_LINE ? tried : tiny[i]);
	write_text("tiny.xml", (const char *)text.data);
	return load("tiny");
}

static void lint(const struct policy *p, struct findings *ret)
{
	struct saqta_error err = {0};

	ck_assert_msg(policy_lint(p, ret, &err) == SAQTA_OK, "%s", err.message);
}

static const struct finding *find(const struct findings *f, const char *kind)
{
	for (unsigned i = 0; i < f->n; i++)
		if (!strcmp(f->items[i].kind, kind))
			return &f->items[i];
	return NULL;
}

static bool cites(const struct finding *f, const char *clause)
{
	cleanup_(buf_done) struct buf words = {0}, word = {0};

	buf_fmt(&words, " %s ", f->clauses.len ? (const char *)f->clauses.data : "");
	buf_fmt(&word, " %s ", clause);
	return strstr((const char *)words.data, (const char *)word.data);
}

/* ---- findings ---- */

START_TEST(test_a_sound_pack_has_none)
{
	cleanup_(policy_unrefp) struct policy *p = load_tiny("");
	cleanup_(findings_done) struct findings f = {0};

	lint(p, &f);
	ck_assert_msg(f.n == 0, "%s: %s", f.n ? f.items[0].kind : "", f.n ? (const char *)f.items[0].message.data : "");
}
END_TEST

START_TEST(test_flaw_is_found_and_its_neighbour_not)
{
	const struct flaw *flaw = &flaws[_i];
	cleanup_(policy_unrefp) struct policy *flawed = load_tiny(flaw->flawed), *sound = load_tiny(flaw->sound);
	cleanup_(findings_done) struct findings found = {0}, none = {0};
	const struct finding *f;

	lint(flawed, &found);
	f = find(&found, flaw->kind);
	ck_assert_msg(f, "not found: %s in %s", flaw->kind, flaw->flawed);
	ck_assert_msg(f->line == TRIED_LINE || !strcmp(flaw->kind, "contradiction"), "%s: line %u", flaw->kind, f->line);
	ck_assert_int_eq(f->severity, flaw->severity);
	if (flaw->cites)
		ck_assert_msg(cites(f, flaw->cites), "%s cites %s", flaw->kind, (const char *)f->clauses.data);
	lint(sound, &none);
	f = find(&none, flaw->kind);
	ck_assert_msg(!f, "found in %s: %s", flaw->sound, f ? (const char *)f->message.data : "");
	ck_assert_msg(!find(&none, "undecided") && !find(&found, "undecided"), "undecided");
}
END_TEST

START_TEST(test_json_has_all_members)
{
	cleanup_(policy_unrefp) struct policy *p = load_tiny(FORBID("when=\"$age >= 18 and $age &lt; 18\""));
	cleanup_(findings_done) struct findings f = {0};
	cleanup_(buf_done) struct buf json = {0};
	static const char *const wanted[] = {"\"line\":3",
					     "\"severity\":\"error\"",
					     "\"kind\":\"never-applies\"",
					     "\"rule\":\"tiny/x\"",
					     "[\"tiny/9\"]",
					     "\"message\":\"",
					     "/tiny.xml\"",
					     "\"case\":{",
					     "\"age\":18"};

	lint(p, &f);
	ck_assert_uint_ge(f.n, 1);
	finding_json(p, &f.items[0], &json);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		ck_assert_msg(strstr((const char *)json.data, wanted[i]), "%s in %s", wanted[i], (const char *)json.data);
}
END_TEST

/* ---- the packs that come with the project ---- */

static void packs_of_table(char names[16][64], unsigned *n, char *table)
{
	struct tsv tsv = {.at = table};

	*n = 0;
	while (tsv_next(&tsv)) {
		if (*n && !strcmp(names[*n - 1], tsv.field[0]))
			continue;
		ck_assert_uint_lt(*n, 16);
		ck_assert_int_lt(snprintf(names[(*n)++], 64, "%s", tsv.field[0]), 64);
	}
}

static void read_table(struct buf *ret)
{
	char path[600], bytes[4096];
	size_t n;
	FILE *f;

	ck_assert_int_lt(snprintf(path, sizeof(path), "%s/clauses.tsv", policies), (int)sizeof(path));
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	while ((n = fread(bytes, 1, sizeof(bytes), f)) > 0)
		buf_add(ret, bytes, n);
	ck_assert_int_eq(fclose(f), 0);
}

static struct policy *load_shipped(const char *pack)
{
	char path[700];

	ck_assert_int_lt(snprintf(path, sizeof(path), "%s/%s.xml", policies, pack), (int)sizeof(path));
	return load(path);
}

START_TEST(test_every_row_of_the_table_is_found)
{
	cleanup_(buf_done) struct buf table = {0};
	cleanup_(policy_unrefp) struct policy *p = NULL;
	cleanup_(findings_done) struct findings found = {0};
	struct tsv tsv = {0};
	char document[64] = "";
	unsigned rows = 0;

	read_table(&table);
	tsv.at = (char *)table.data;
	while (tsv_next(&tsv)) {
		char clause[128];
		bool is_found = false;

		if (!strstr(tsv.field[6], "lint"))
			continue;
		if (strcmp(document, tsv.field[0])) {
			ck_assert_int_lt(snprintf(document, sizeof(document), "%s", tsv.field[0]), (int)sizeof(document));
			findings_done(&found);
			p = policy_unref(p);
			p = load_shipped(document);
			lint(p, &found);
		}
		ck_assert_int_lt(snprintf(clause, sizeof(clause), "%s/%s", tsv.field[0], tsv.field[1]), (int)sizeof(clause));
		for (unsigned i = 0; i < found.n; i++)
			is_found |= cites(&found.items[i], clause) && found.items[i].severity != LINT_NOTE;
		ck_assert_msg(is_found, "no finding cites %s", clause);
		rows++;
	}
	ck_assert_uint_ge(rows, 15);
}
END_TEST

static bool has_action(const struct plan *plan, enum action_kind kind)
{
	for (unsigned i = 0; i < plan->n_actions; i++)
		if (plan->actions[i].kind == kind)
			return true;
	return false;
}

/* Asked or told of the example, the engine does what the finding says. */
static void reproduce(const struct policy *p, const struct finding *f)
{
	struct facts facts = f->example.facts;
	struct decision d;
	struct plan plan;

	if (LINT_QUESTIONS >> f->example.event & 1) {
		policy_decide(p, &facts, f->at_us, &d);
		ck_assert_msg(!d.permit, "%s is permitted: %s", (const char *)f->clauses.data, (const char *)f->message.data);
		return;
	}
	policy_plan(p, f->example.event, &facts, f->at_us, INSTANT_NONE, true, &plan);
	if (!strcmp(f->kind, "more-than-asked"))
		ck_assert_msg(has_action(&plan, ACT_DESTROY) || has_action(&plan, ACT_STOP) || has_action(&plan, ACT_END_CONSENT),
			      "nothing happens: %s", (const char *)f->message.data);
	else if (!strcmp(f->kind, "gap"))
		ck_assert_msg(!plan.refused, "refused: %s", (const char *)f->message.data);
	else if (strstr((const char *)f->message.data, "refused")) /* what the message says of the example */
		ck_assert_msg(plan.refused, "not refused: %s", (const char *)f->message.data);
	else
		ck_assert_msg(!plan.refused, "refused: %s", (const char *)f->message.data);
	if (!strcmp(f->kind, "narrower-than-statute") && !plan.refused)
		ck_assert_msg(plan.n_rules && p->rules[plan.rules[0]].pack > 0, "not taken by the base");
}

static bool is_reproducible(const struct finding *f)
{
	static const char *const kinds[] = {"looser-than-statute", "contradiction", "more-than-asked", "narrower-than-statute", "gap"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(f->kind, kinds[i]))
			return f->has_case && idset_empty(&f->example.facts.set[F_REACHED]) && f->example.event != EVENT_MESSAGE;
	return false;
}

START_TEST(test_examples_reproduce)
{
	cleanup_(buf_done) struct buf table = {0};
	char names[16][64];
	unsigned n, tried = 0;

	read_table(&table);
	packs_of_table(names, &n, (char *)table.data);
	for (unsigned i = 0; i < n; i++) {
		cleanup_(policy_unrefp) struct policy *p = load_shipped(names[i]);
		cleanup_(findings_done) struct findings found = {0};

		lint(p, &found);
		for (unsigned k = 0; k < found.n; k++) {
			ck_assert_msg(strcmp(found.items[k].kind, "undecided"), "%s", (const char *)found.items[k].message.data);
			if (!is_reproducible(&found.items[k]))
				continue;
			reproduce(p, &found.items[k]);
			tried++;
		}
	}
	ck_assert_uint_ge(tried, 15);
}
END_TEST

START_TEST(test_examples_of_flaws_reproduce)
{
	cleanup_(policy_unrefp) struct policy *p = load_tiny(flaws[_i].flawed);
	cleanup_(findings_done) struct findings found = {0};

	lint(p, &found);
	for (unsigned k = 0; k < found.n; k++)
		if (is_reproducible(&found.items[k]))
			reproduce(p, &found.items[k]);
}
END_TEST

/* The two deadlines of the example are those that the finding tells. */
START_TEST(test_looser_deadline_reproduces)
{
	cleanup_(policy_unrefp) struct policy *p =
		load_tiny(ON("event=\"request\" kinds=\"rectify\"", "<task kind=\"answer\" within=\"P3D\"/>"));
	cleanup_(findings_done) struct findings found = {0};
	const struct finding *f;
	int64_t own_us, base_us;

	lint(p, &found);
	f = find(&found, "looser-deadline");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(term_end((struct term){TERM_DAYS, 3}, f->at_us, p->zone, p->calendar, &own_us, NULL), 0);
	ck_assert_int_eq(term_end((struct term){TERM_WORKING_DAYS, 1}, f->at_us, p->zone, p->calendar, &base_us, NULL), 0);
	ck_assert_int_gt(own_us, base_us);
}
END_TEST

/* What is kept without a law is kept, though its purpose is achieved. */
START_TEST(test_unfounded_keeping_reproduces)
{
	cleanup_(policy_unrefp) struct policy *p = load_tiny(RETAIN("categories=\"email\" at-least=\"P1Y\" since=\"service-rendered\""));
	cleanup_(findings_done) struct findings found = {0};
	int64_t reached[POLICY_SET_BITS], achieved[POLICY_SET_BITS], now;
	struct retention_subject s = {.reached_us = reached};
	struct retention_record r = {.achieved_us = achieved};
	struct retention ret;
	const struct finding *f;

	lint(p, &found);
	f = find(&found, "unfounded");
	ck_assert_ptr_nonnull(f);
	now = f->at_us;
	for (int i = 0; i < POLICY_SET_BITS; i++) {
		reached[i] = idset_has(&f->example.facts.set[F_REACHED], i) ? now : INSTANT_NONE;
		achieved[i] = now;
	}
	s.registered_us = s.newest_collected_us = r.collected_us = now;
	r.category = idset_next(&f->example.facts.set[F_CATEGORY], -1);
	idset_add(&r.purposes, policy_find(p, ID_PURPOSE, "contract"));
	policy_retention(p, &s, &r, now, &ret);
	ck_assert(ret.has_end && ret.end_us - now < INT64_C(10) * 86400 * US_PER_S);
	ck_assert(ret.is_kept && ret.kept_until_us > ret.end_us);
}
END_TEST

/* ---- the search, against trying all ---- */

static uint32_t seed = 1;

static unsigned pick(unsigned n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 10) % n;
}

static void random_condition(struct buf *b, unsigned depth)
{
	static const char *const atoms[] = {
		"$age &lt; 18",
		"$age > 16",
		"$age = 17",
		"$age != 17",
		"$state = 'active'",
		"$state != 'stopped'",
		"$state = 'blocked'",
		"$obligations-open",
		"$records-held",
		"$consent.processing",
		"$withdrawn.processing",
		"$lapsed.processing",
		"$purpose = $with",
		"$purpose = 'contract'",
		"$with = 'contract'",
		"$with != 'surveys'",
		"$consent.advertising",
		"$withdrawn.advertising",
		"true()",
		"$age >= 18",
	};
	unsigned what = depth ? pick(4) : 3;

	if (what == 3) {
		buf_str(b, atoms[pick(sizeof(atoms) / sizeof(*atoms))]);
	} else if (what == 2) {
		buf_str(b, "not(");
		random_condition(b, depth - 1);
		buf_str(b, ")");
	} else {
		buf_str(b, "(");
		random_condition(b, depth - 1);
		buf_str(b, what ? " and " : " or ");
		random_condition(b, depth - 1);
		buf_str(b, ")");
	}
}

/* Does it hold under any values of all the facts that the atoms name? */
static bool holds_somewhere(const struct policy *p, const struct condition *c)
{
	static const char *const states[] = {"active", "blocked", "stopped"}, *const purposes[] = {"contract", "surveys", "delivery", ""};
	static const double ages[] = {15, 16, 17, 18, 19, NAN};
	const int main = policy_find(p, ID_CONSENT, "processing"), other = policy_find(p, ID_CONSENT, "advertising");

	for (unsigned i = 0; i < 3 * 4 * 4 * 6 * 4 * 4 * 3; i++) {
		unsigned rest = i, consent;
		struct facts f;

		facts_init(&f);
		f.string[F_STATE] = policy_string(p, states[rest % 3]);
		rest /= 3;
		f.string[F_PURPOSE] = policy_string(p, purposes[rest % 4]);
		rest /= 4;
		f.string[F_WITH] = policy_string(p, purposes[rest % 4]);
		rest /= 4;
		f.number[F_AGE] = ages[rest % 6];
		rest /= 6;
		f.flag[F_OBLIGATIONS_OPEN] = rest % 4 & 1;
		f.flag[F_RECORDS_HELD] = rest % 4 >> 1;
		rest /= 4;
		consent = rest % 4;
		if (consent < 3)
			idset_add(&f.set[consent == 0 ? F_CONSENT : consent == 1 ? F_WITHDRAWN : F_LAPSED], main);
		rest /= 4;
		if (rest < 2)
			idset_add(&f.set[rest ? F_CONSENT : F_WITHDRAWN], other);
		if (condition_holds(c, &f))
			return true;
	}
	return false;
}

START_TEST(test_search_agrees_with_trying_all)
{
	cleanup_(policy_unrefp) struct policy *p = load_tiny("");
	cleanup_(formula_done) struct formula f = {0};
	unsigned none = 0;

	for (unsigned i = 0; i < 3000; i++) {
		cleanup_(problems_done) struct problems problems = {0};
		cleanup_(condition_done) struct condition c = {0};
		cleanup_(buf_done) struct buf text = {0};
		struct lint_case found;
		enum found answer;

		random_condition(&text, 4);
		for (char *lt; (lt = strstr((char *)text.data, "&lt;"));)
			memcpy(lt, "<   ", 4);
		ck_assert_msg(condition_compile(p, (const char *)text.data, "t", 1, &c, &problems), "%s", (const char *)text.data);
		formula_start(&f, p);
		formula_condition(&f, &c);
		answer = case_find(&f, EVENT_MERGE, &found);
		ck_assert_msg(answer == FOUND_CASE || answer == FOUND_NONE, "%s", (const char *)text.data);
		ck_assert_msg((answer == FOUND_CASE) == holds_somewhere(p, &c), "%s: %d", (const char *)text.data, (int)answer);
		if (answer == FOUND_CASE)
			ck_assert_msg(condition_holds(&c, &found.facts), "%s", (const char *)text.data);
		none += answer == FOUND_NONE;
	}
	ck_assert_uint_gt(none, 50);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("lint");
	TCase *t = tcase_create("lint");
	SRunner *r;
	int failed;
	const int n_flaws = (int)(sizeof(flaws) / sizeof(*flaws));

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, test_a_sound_pack_has_none);
	tcase_add_loop_test(t, test_flaw_is_found_and_its_neighbour_not, 0, n_flaws);
	tcase_add_loop_test(t, test_examples_of_flaws_reproduce, 0, n_flaws);
	tcase_add_test(t, test_json_has_all_members);
	tcase_add_test(t, test_every_row_of_the_table_is_found);
	tcase_add_test(t, test_examples_reproduce);
	tcase_add_test(t, test_looser_deadline_reproduces);
	tcase_add_test(t, test_unfounded_keeping_reproduces);
	tcase_add_test(t, test_search_agrees_with_trying_all);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
