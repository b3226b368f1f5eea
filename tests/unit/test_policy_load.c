/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crypt.h"
#include "policy/model.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define T "<title xml:lang=\"kk\">қ</title><title xml:lang=\"ru\">р</title><title xml:lang=\"en\">an  E\tnglish one</title>"
#define HEAD "<policy xmlns=\"urn:saqta:policy:1\" version=\"1\" "

static char folder[64], policies[512];

static const char *const tiny[] = {
	/* 1 */ HEAD "id=\"tiny\" kind=\"policy\" extends=\"ground\" calendar=\"plain\" zone=\"Asia/Almaty\">",
	/* 2 */ T,
	/* 3 */ "<controller name=\"Tiny\" bin=\"123456789012\"/>",
	/* 4 */ "<declare purposes=\"contract support\" categories=\"technical email\" recipients=\"bank\"/>",
	/* 5 */ "<term kind=\"category\" id=\"plate\" parent=\"technical\"/>",
	/* 6 */ "<define name=\"adult\" test=\"$age >= 18\"/>",
	/* 7 */ "<consent id=\"advertising\" clause=\"1\" lapses=\"P13M\">" T "</consent>",
	/* 8 */ "<statement id=\"who\" clause=\"2\" shown-by=\"print\"/>",
	/* 9 */
	"<permit id=\"p1\" clause=\"3\" operations=\"use store\" purposes=\"contract\" categories=\"contact\""
	" recipients=\"bank\">" T "</permit>",
	/* 10 */ "<forbid id=\"f1\" clause=\"other/1 4\" from=\"2026-01-01\" needs=\"advertising\" unless=\"$adult\">" T "</forbid>",
	/* 11 */ "<retain id=\"r1\" clause=\"5\" at-most=\"P3Y\" since=\"last-visit\">" T "</retain>",
	/* 12 */ "<retain id=\"r2\" clause=\"5\" until=\"purpose-achieved\" within=\"P1D\">" T "</retain>",
	/* 13 */ "<on id=\"o1\" clause=\"6\" event=\"withdraw\" consents=\"processing\">" T,
	/* 14 */ "<wait until=\"not($obligations-open)\" task=\"answer\" within=\"3WD\" clause=\"ground/8-2\"/>",
	/* 15 */ "<destroy what=\"everything\" within=\"15WD\"/>",
	/* 16 */ "<accept forms=\"written\" channels=\"email\"/></on>",
	/* 17 */ "<limit id=\"l1\" clause=\"7\" event=\"message\" channels=\"sms\" max-length=\"70\" attachments=\"\">" T "</limit>",
	/* 18 */ "</policy>",
};
static const char *const ground[] = {
	/* 1 */ HEAD "id=\"ground\" kind=\"statute\" calendar=\"plain\" zone=\"Asia/Almaty\">",
	/* 2 */ "<declare purposes=\"legal-duty\"/>",
	/* 3 */ "<define name=\"lawful\" test=\"$basis = 'law'\"/>",
	/* 4 */ "<consent id=\"processing\" main=\"yes\" clause=\"8-1\">" T "</consent>",
	/* 5 */ "<forbid id=\"nothing\" clause=\"8-1\" otherwise=\"yes\">" T "</forbid>",
	/* 6 */ "<forbid id=\"unknown\" clause=\"8-2\" final=\"yes\" when=\"$state = 'unknown'\">" T "</forbid>",
	/* 7 */ "</policy>",
};
#define LINES(a) (unsigned)(sizeof(a) / sizeof(*(a)))

static void write_file(const char *name, const char *const *lines, unsigned n, unsigned replaced, const char *by)
{
	char path[128];
	FILE *f;

	ck_assert_int_lt(snprintf(path, sizeof(path), "%s/%s", folder, name), (int)sizeof(path));
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	for (unsigned i = 0; i < n; i++)
		fprintf(f, "%s\n", i + 1 == replaced ? by : lines[i]);
	ck_assert_int_eq(fclose(f), 0);
}

static void copy_vocabulary(void)
{
	char from[600], to[128], bytes[4096];
	size_t n;
	FILE *in, *out;

	ck_assert_int_lt(snprintf(from, sizeof(from), "%s/vocabulary.tsv", policies), (int)sizeof(from));
	ck_assert_int_lt(snprintf(to, sizeof(to), "%s/vocabulary.tsv", folder), (int)sizeof(to));
	in = fopen(from, "r");
	out = fopen(to, "w");
	ck_assert_ptr_nonnull(in);
	ck_assert_ptr_nonnull(out);
	while ((n = fread(bytes, 1, sizeof(bytes), in)) > 0)
		ck_assert_uint_eq(fwrite(bytes, 1, n, out), n);
	ck_assert_int_eq(fclose(in), 0);
	ck_assert_int_eq(fclose(out), 0);
}

static void setup(void)
{
	static const char *const calendar[] = {
		"<calendar xmlns=\"urn:saqta:calendar:1\" id=\"plain\" version=\"1\"><year value=\"2026\"/></calendar>",
	};
	static const char *const clauses[] = {"document\tclause\tkind", "other\t1\t", "other\t2.1\t"};
	static const char *const statute[] = {"article\tfrom", "8-1\t2013-11-25", "8-2\t2013-11-25"};
	const char *root = getenv("SAQTA_SOURCE_ROOT");
	char path[128];

	ck_assert_int_lt(snprintf(policies, sizeof(policies), "%s/policies", root ? root : "."), (int)sizeof(policies));
	ck_assert_int_lt(snprintf(folder, sizeof(folder), "/tmp/saqta-load-XXXXXX"), (int)sizeof(folder));
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_lt(snprintf(path, sizeof(path), "%s/calendar", folder), (int)sizeof(path));
	ck_assert_int_eq(mkdir(path, 0700), 0);
	write_file("calendar/plain.xml", calendar, 1, 0, NULL);
	write_file("clauses.tsv", clauses, 3, 0, NULL);
	write_file("statute.tsv", statute, 3, 0, NULL);
	write_file("tiny.xml", tiny, LINES(tiny), 0, NULL);
	write_file("ground.xml", ground, LINES(ground), 0, NULL);
	copy_vocabulary();
}

static void teardown(void)
{
	static const char *const names[] = {"calendar/plain.xml", "calendar", "clauses.tsv",
					    "statute.tsv",	  "tiny.xml", "ground.xml",
					    "vocabulary.tsv",	  "twig.xml", "."};
	char path[128];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		ck_assert_int_lt(snprintf(path, sizeof(path), "%s/%s", folder, names[i]), (int)sizeof(path));
		(void)remove(strcmp(names[i], ".") ? path : folder); /* some tests write fewer */
	}
}

static enum saqta_status load(const char *name, struct policy **ret, struct problems *problems, struct saqta_error *err)
{
	char dirs[700];

	ck_assert_int_lt(snprintf(dirs, sizeof(dirs), "%s:%s", folder, policies), (int)sizeof(dirs));
	return policy_load(name, dirs, ret, problems, err);
}

static struct policy *load_good(void)
{
	struct policy *p = NULL;
	cleanup_(problems_done) struct problems problems = {0};
	struct saqta_error err = {0};
	enum saqta_status r = load("tiny", &p, &problems, &err);

	ck_assert_msg(r == SAQTA_OK, "%s\n%s", err.message, problems.text.data ? (char *)problems.text.data : "");
	return p;
}

START_TEST(pack_is_loaded_with_its_base)
{
	cleanup_(policy_unrefp) struct policy *p = load_good();
	int technical = policy_find(p, ID_CATEGORY, "technical"), plate = policy_find(p, ID_CATEGORY, "plate");
	int rule = policy_rule_find(p, "tiny/f1"), advertising = policy_find(p, ID_CONSENT, "advertising");

	ck_assert_str_eq(policy_id(p), "tiny");
	ck_assert_str_eq(policy_version(p), "1");
	ck_assert_uint_eq(policy_rule_count(p), 11);
	ck_assert_str_eq(rule_id(p, 0), "tiny/advertising");
	ck_assert_str_eq(rule_id(p, 8), "ground/processing");
	ck_assert_str_eq(rule_clauses(p, (unsigned)rule)[0], "other/1");
	ck_assert_str_eq(rule_clauses(p, (unsigned)rule)[1], "tiny/4");
	ck_assert_ptr_null(rule_clauses(p, (unsigned)rule)[2]);
	ck_assert_str_eq(rule_title(p, (unsigned)rule, "en"), "an E nglish one");
	ck_assert_str_eq(rule_condition(p, (unsigned)rule), "$adult");
	ck_assert(!rule_is_statute(p, (unsigned)rule) && rule_is_statute(p, 9));
	ck_assert(idset_has(policy_members(p, ID_CATEGORY, technical), plate));
	ck_assert_int_eq(idset_count(policy_members(p, ID_CATEGORY, plate)), 1);
	ck_assert(policy_declares(p, ID_CATEGORY, plate) && policy_declares(p, ID_PURPOSE, policy_find(p, ID_PURPOSE, "legal-duty")));
	ck_assert(!policy_declares(p, ID_PURPOSE, policy_find(p, ID_PURPOSE, "advertising")));
	ck_assert_int_eq(policy_main_consent(p), policy_find(p, ID_CONSENT, "processing"));
	ck_assert_int_eq(policy_consent(p, advertising)->lapses.count, 13);
	ck_assert_uint_eq(policy_consent(p, advertising)->lapse_rule, 0);
	ck_assert_int_eq(policy_find(p, ID_TASK, "no-such"), -1);
}
END_TEST

START_TEST(rules_stand_in_the_indexes)
{
	cleanup_(policy_unrefp) struct policy *p = load_good();
	int use = policy_find(p, ID_OPERATION, "use"), merge = policy_find(p, ID_OPERATION, "merge");
	const struct rule *on;

	ck_assert_uint_eq(p->n_finals, 1);
	ck_assert_str_eq(rule_id(p, p->finals[0]), "ground/unknown");
	ck_assert_uint_eq(p->n_permits[use], 1);
	ck_assert_uint_eq(p->n_permits[merge], 0);
	ck_assert_uint_eq(p->n_forbids[merge], 1);
	ck_assert_uint_eq(p->n_retains, 2);
	ck_assert_uint_eq(p->n_ons[EVENT_WITHDRAW], 1);
	ck_assert_uint_eq(p->n_limits[EVENT_MESSAGE], 1);
	ck_assert_str_eq(rule_id(p, (unsigned)p->otherwise_rule), "ground/nothing");
	on = &p->rules[p->ons[EVENT_WITHDRAW][0]];
	ck_assert_uint_eq(on->n_acts, 3);
	ck_assert_int_eq(on->acts[0].kind, ACT_WAIT);
	ck_assert_str_eq(on->acts[0].clauses[0], "ground/8-2");
	ck_assert(on->acts[2].is_accept && on->acts[2].forms.n == 1);
	ck_assert(idset_empty(&on->acts[1].set) && on->acts[1].has_within && on->acts[1].within.unit == TERM_WORKING_DAYS);
}
END_TEST

START_TEST(dates_are_of_the_zone)
{
	cleanup_(policy_unrefp) struct policy *p = load_good();
	const struct rule *r = &p->rules[policy_rule_find(p, "tiny/f1")];
	int64_t us;

	ck_assert(instant_parse("2026-01-01T00:00:00+05:00", 25, &us));
	ck_assert_int_eq(r->from_us, us);
	ck_assert_int_eq(r->until_us, INT64_MAX);
	r = &p->rules[policy_rule_find(p, "tiny/r2")];
	ck_assert(r->until_achieved && r->covers_all && r->until_us == INT64_MAX);
}
END_TEST

START_TEST(strings_are_known)
{
	cleanup_(policy_unrefp) struct policy *p = load_good();

	ck_assert_int_eq(policy_string(p, NULL), 0);
	ck_assert_int_eq(policy_string(p, ""), 0);
	ck_assert_int_eq(policy_string(p, "no such word"), -1);
	ck_assert_int_gt(policy_string(p, "withdraw"), 0);
	ck_assert_int_gt(policy_string(p, "written"), 0);
	ck_assert_int_gt(policy_string(p, "plate"), 0);
	ck_assert_int_gt(policy_string(p, "depersonalised"), 0);
	for (int e = 0; e < EVENT_KINDS; e++)
		ck_assert_int_eq(event_kind_of(event_name((enum event_kind)e)), e);
}
END_TEST

START_TEST(digest_covers_every_file)
{
	static const char *const names[] = {"tiny.xml", "ground.xml", "vocabulary.tsv", "calendar/plain.xml"};
	cleanup_(policy_unrefp) struct policy *a = load_good();
	cleanup_(policy_unrefp) struct policy *b = load_good();

	ck_assert_mem_eq(policy_digest(a), policy_digest(b), 32);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		cleanup_(policy_unrefp) struct policy *c = NULL;
		char path[128];
		FILE *f;

		ck_assert_int_lt(snprintf(path, sizeof(path), "%s/%s", folder, names[i]), (int)sizeof(path));
		f = fopen(path, "a");
		ck_assert_ptr_nonnull(f);
		fputc('\n', f);
		ck_assert_int_eq(fclose(f), 0);
		c = load_good();
		ck_assert_mem_ne(policy_digest(b), policy_digest(c), 32);
		b = policy_unref(b);
		b = policy_ref(c);
	}
}
END_TEST

/* Is there a problem of this file and line that says this? */
static bool is_told(const struct problems *problems, const char *file, unsigned line, const char *fragment)
{
	char where[64];
	const char *at = problems->text.data ? (const char *)problems->text.data : "";

	ck_assert_int_lt(snprintf(where, sizeof(where), "/%s.xml:%u: ", file, line), (int)sizeof(where));
	while ((at = strstr(at, where))) {
		const char *end = strchr(at, '\n'), *found = strstr(at, fragment);

		if (found && found < end)
			return true;
		at = end;
	}
	return false;
}

#define RULE(x) x T "</forbid>"
static const struct {
	const char *file;
	unsigned line;
	const char *by;
	const char *fragment;
} broken[] = {
	/* the schema */
	{"tiny", 3, "<owner/>", "the element 'owner' does not belong here"},
	{"tiny", 11, "<retain id=\"r1\" clause=\"5\" at-most=\"P3Y\" sinc=\"last-visit\">" T "</retain>",
	 "'sinc' is no attribute of 'retain' (did you mean 'since'?); leave it out"},
	{"tiny", 12, "<retain id=\"r2\" clause=\"5\" until=\"purpose-achieved\" then=\"burn\">" T "</retain>",
	 "'burn' in 'then' of 'retain' is unknown; write one of 'destroy', 'depersonalise'"},
	{"tiny", 15, "<destroy what=\"everything\" slowly=\"yes\"/>", "'slowly' is no attribute of 'destroy'; leave it out"},
	{"tiny", 8, "<statement id=\"who\" clause=\"2\" shown-by=\"prnt\"/>",
	 "'prnt' in 'shown-by' of 'statement' is unknown; write one of 'print'"},
	{"tiny", 3, "<controller>",
	 "<controller> of line 3 is not closed where </policy> stands (tag mismatch); write </controller> before it"},
	{"tiny", 3, "<controler name=\"x\"/>", "the element 'controler' does not belong here (did you mean 'controller'?)"},
	{"tiny", 3, "<controller/>", "'controller' needs the attribute 'name'"},
	{"tiny", 3, "<controller name=\"x\" bin=\"12\"/>", "'12' in 'bin' of 'controller' is not written as it may be"},
	{"tiny", 3, "<controller name=\"x\" name=\"y\"/>", "the attribute 'name' is given twice in one element; leave one out"},
	{"tiny", 3, "<controller name=\"Bread & Co\"/>", "'&' stands alone; write &amp; for it"},
	{"tiny", 6, "<define name=\"young\" test=\"$age < 18\"/>", "'<' stands in an attribute; write &lt; for it"},
	{"tiny", 9, RULE("<forbid id=\"P 1\" clause=\"3\">"), "'P 1' in 'id' of 'forbid' is not written as it may be"},
	{"tiny", 9, RULE("<forbid id=\"p1\" clause=\"3\" when=\"\">"), "'when' of 'forbid' is empty"},
	{"tiny", 14, "<due within=\"P3M\" from=\"birth\"/>", "'birth' in 'from' of 'due' is unknown; write one of 'detected', 'request'"},
	/* ids */
	{"tiny", 4, "<declare purposes=\"contrakt\"/>", "'contrakt' in 'purposes' is no known purpose (did you mean 'contract'?)"},
	{"tiny", 9, RULE("<forbid id=\"p1\" clause=\"3\" categories=\"emial\">"), "is no known category (did you mean 'email'?)"},
	{"tiny", 9, RULE("<forbid id=\"p1\" clause=\"3\" operations=\"sell\">"),
	 "'sell' in 'operations' is no known operation; vocabulary.tsv holds those that are, and a <term> adds one"},
	{"tiny", 9, RULE("<forbid id=\"p1\" clause=\"3\" recipients=\"banc\">"), "no known recipient (did you mean 'bank'?)"},
	{"tiny", 9, RULE("<forbid id=\"p1\" clause=\"3\" needs=\"adverts\">"),
	 "'adverts' in 'needs' is no known consent; vocabulary.tsv holds those that are"},
	{"tiny", 9, RULE("<forbid id=\"p1\" clause=\"3\" with=\"\">"), "'with' is empty"},
	{"tiny", 11, "<retain id=\"r1\" clause=\"5\" at-most=\"P3Y\" since=\"last-visits\">" T "</retain>",
	 "no known milestone (did you mean 'last-visit'?)"},
	{"tiny", 7, "<consent id=\"adverts\" clause=\"1\">" T "</consent>", "'adverts' is no known consent"},
	{"tiny", 5, "<term kind=\"category\" id=\"email\"/>", "the category 'email' is there already"},
	{"tiny", 5, "<term kind=\"colour\" id=\"red\"/>",
	 "a term cannot be of kind 'colour'; it is of one of the kinds that vocabulary.tsv holds"},
	{"tiny", 5, "<term kind=\"category\" id=\"plate\" parent=\"plate\"/>", "a parent must stand above"},
	{"tiny", 5, "<term kind=\"category\" id=\"plate\"/><term kind=\"category\" id=\"plate\"/>", "'plate' is there already"},
	/* events and actions */
	{"tiny", 13, "<on id=\"o1\" clause=\"6\" event=\"withdrawn\">" T, "no known event (did you mean 'withdraw'?)"},
	{"tiny", 13, "<on id=\"o1\" clause=\"6\">" T, "'on' without 'event'"},
	{"tiny", 13, "<on id=\"o1\" clause=\"6\" event=\"withdraw\" forms=\"writen\">" T, "no known form (did you mean 'written'?)"},
	{"tiny", 13, "<on id=\"o1\" clause=\"6\" event=\"request\" kinds=\"acces\">" T, "did you mean 'access'"},
	{"tiny", 13, "<on id=\"o1\" clause=\"6\" event=\"withdraw\" channels=\"pigeon\">" T, "'pigeon' in 'channels' is no known channel"},
	{"tiny", 13, "<on id=\"o1\" clause=\"6\" event=\"withdraw\" roles=\"boss\">" T, "'roles'"},
	{"tiny", 14, "<wait task=\"answer\"/>", "'wait' without 'until'"},
	{"tiny", 14, "<task kind=\"anser\"/>", "no known task (did you mean 'answer'?)"},
	{"tiny", 14, "<due/>", "'due' without 'within': say by when, as in within="},
	{"tiny", 14, "<as event=\"withdrawal\" consents=\"processing\"/>", "did you mean 'withdraw'"},
	{"tiny", 15, "<destroy within=\"P1D\"/>", "'destroy' says either"},
	{"tiny", 16, "</on><on id=\"o2\" clause=\"6\" event=\"collect\">" T "<accept forms=\"written\"/></on>",
	 "only of withdraw or request"},
	{"tiny", 17, "<on id=\"l1\" clause=\"7\" event=\"message\">" T "</on>", "without an action"},
	/* terms and dates */
	{"tiny", 11, "<retain id=\"r1\" clause=\"5\" at-most=\"P3\" since=\"last-visit\">" T "</retain>", "needs a unit"},
	{"tiny", 11, "<retain id=\"r1\" clause=\"5\" at-most=\"3D\" since=\"last-visit\">" T "</retain>", "write P before"},
	{"tiny", 7, "<consent id=\"advertising\" clause=\"1\" lapses=\"one year\">" T "</consent>", "'one year' in 'lapses' is no term"},
	{"tiny", 8, "<statement id=\"who\" clause=\"2\" shown-by=\"lint\"><claim about=\"fee\"/></statement>", "a claim says one thing"},
	{"tiny", 8, "<statement id=\"who\" clause=\"2\" shown-by=\"lint\"><claim cites=\"other/3\"/></statement>",
	 "no clause '3' in 'other'"},
	{"tiny", 11, "<retain id=\"r1\" clause=\"5\">" T "</retain>", "says how long"},
	{"tiny", 11, "<retain id=\"r1\" clause=\"5\" until=\"last-visit\">" T "</retain>", "a date or purpose-achieved"},
	{"tiny", 11, "<retain id=\"r1\" clause=\"5\" at-most=\"P1Y\" at-least=\"P13M\" since=\"last-visit\">" T "</retain>",
	 "is longer than at-most 'P1Y'"},
	{"tiny", 10, RULE("<forbid id=\"f1\" clause=\"4\" from=\"2026-02-30\">"), "'2026-02-30' in 'from' is no date"},
	{"tiny", 10, RULE("<forbid id=\"f1\" clause=\"4\" from=\"2026-02-01\" until=\"2026-02-01\">"), "the rule never holds"},
	/* clauses, titles, names */
	{"tiny", 10, RULE("<forbid id=\"f1\">"), "'f1' without 'clause': no rule may stand on nothing; name the clauses"},
	{"tiny", 10, RULE("<forbid id=\"f1\" clause=\"other/2.2\">"), "no clause '2.2' in 'other' (did you mean '2.1'?)"},
	{"tiny", 10, RULE("<forbid id=\"f1\" clause=\"ground/8-3\">"), "no clause '8-3' in 'ground'"},
	{"tiny", 10, RULE("<forbid id=\"f1\" clause=\"othr/1\">"), "no document 'othr' (did you mean 'other'?)"},
	{"ground", 6, RULE("<forbid id=\"unknown\" clause=\"1-1\">"), "no clause '1-1' in 'ground'"},
	{"tiny", 10, RULE("<forbid id=\"p1\" clause=\"4\">"), "'p1' is given twice; it stands in line 9"},
	{"tiny", 10, "<forbid id=\"f1\" clause=\"4\"><title xml:lang=\"en\">x</title><title xml:lang=\"ru\">x</title></forbid>",
	 "'f1' has no title in 'kk'; write <title xml:lang=\"kk\">"},
	{"tiny", 10, RULE("<forbid id=\"f1\" clause=\"4\"><title xml:lang=\"en\">x</title>"),
	 "'f1' has a second title in 'en'; leave one out"},
	{"tiny", 2, "<title xml:lang=\"de\">x</title>", "one of kk, ru, en; not de"},
	{"tiny", 9, "<permit id=\"p1\" clause=\"3\" purposes=\"advertising\">" T "</permit>",
	 "'advertising' is permitted but not declared by the pack or its base; add it to <declare purposes>"},
	/* definitions and conditions */
	{"tiny", 6, "<define name=\"lawful\" test=\"$age >= 18\"/>", "'lawful' is defined already"},
	{"tiny", 6, "<define name=\"age\" test=\"$age >= 18\"/>", "a fact of the language"},
	{"tiny", 5, "<define name=\"early\" test=\"$adult\"/>", "'$adult' is used before its definition"},
	{"tiny", 6, "<define name=\"adult\" test=\"$agee >= 18\"/>", "'$agee' is neither a fact nor defined (did you mean 'age'?)"},
	{"tiny", 10, RULE("<forbid id=\"f1\" clause=\"4\" when=\"$purpose = 3\">"),
	 "a text is compared with a number; both sides must be of one kind"},
	{"tiny", 10, RULE("<forbid id=\"f1\" clause=\"4\" when=\"$purpose = 'suport'\">"), "did you mean 'support'"},
	{"tiny", 15, "<destroy what=\"everything\" when=\"$consent.cookie\"/>", "no known consent (did you mean 'cookies'?)"},
	/* limits */
	{"tiny", 17, "<limit id=\"l1\" clause=\"7\" event=\"message\" max-length=\"many\">" T "</limit>", "'many' in 'max-length'"},
	{"tiny", 17, "<limit id=\"l1\" clause=\"7\" event=\"message\" attachments=\"film\">" T "</limit>", "'film' is no known attachment"},
	{"tiny", 17, "<limit id=\"l1\" clause=\"7\" event=\"message\">" T "</limit>", "says what is limited"},
	{"tiny", 17, "<limit id=\"l1\" clause=\"7\" event=\"message\" max-length=\"1\" min-length=\"2\">" T "</limit>",
	 "min-length is more"},
};

START_TEST(broken_pack_is_refused_with_its_line)
{
	struct policy *p = NULL;
	cleanup_(problems_done) struct problems problems = {0};
	struct saqta_error err = {0};
	bool is_base = !strcmp(broken[_i].file, "ground");

	write_file(is_base ? "ground.xml" : "tiny.xml", is_base ? ground : tiny, is_base ? LINES(ground) : LINES(tiny), broken[_i].line,
		   broken[_i].by);
	ck_assert_int_eq(load("tiny", &p, &problems, &err), SAQTA_ERR_POLICY);
	ck_assert_ptr_null(p);
	ck_assert_uint_gt(strlen(err.message), 0);
	/* A tag that is not closed is told where the next one closes. */
	ck_assert_msg(is_told(&problems, broken[_i].file, broken[_i].line, broken[_i].fragment) ||
			      (strstr(broken[_i].fragment, "mismatch") && strstr((char *)problems.text.data, broken[_i].fragment)),
		      "expected %s.xml:%u: …%s…, got:\n%s", broken[_i].file, broken[_i].line, broken[_i].fragment,
		      (char *)problems.text.data);
}
END_TEST

static const struct {
	const char *file;
	unsigned line;
	const char *by;
	unsigned told; /* line of the problem */
	const char *fragment;
} broken_together[] = {
	{"tiny", 1, HEAD "id=\"tyni\" kind=\"policy\" extends=\"ground\">", 1,
	 "the pack's id is 'tyni', but its file is called 'tiny.xml'"},
	{"tiny", 1, HEAD "id=\"tiny\" kind=\"policy\" extends=\"grund\">", 1, "no policy pack 'grund'"},
	{"tiny", 1, HEAD "id=\"tiny\" kind=\"policy\" extends=\"ground\" calendar=\"moon\">", 1, "no calendar 'moon'"},
	{"tiny", 1, HEAD "id=\"tiny\" kind=\"policy\" extends=\"ground\" zone=\"Asia/Atlantis\">", 1, "zone 'Asia/Atlantis'"},
	{"tiny", 7, "<consent id=\"advertising\" main=\"yes\" clause=\"1\">" T "</consent>", 1, "two main consents"},
	{"tiny", 10, RULE("<forbid id=\"f1\" clause=\"4\" otherwise=\"yes\">"), 10, "two rules say otherwise"},
	{"tiny", 4, "who reads this", 1, "text stands in 'policy', where only elements can"},
	{"ground", 5, "", 1, "no forbid says otherwise=\"yes\""},
};

START_TEST(packs_that_do_not_fit_together_are_refused)
{
	struct policy *p = NULL;
	cleanup_(problems_done) struct problems problems = {0};
	bool is_base = !strcmp(broken_together[_i].file, "ground");

	write_file(is_base ? "ground.xml" : "tiny.xml", is_base ? ground : tiny, is_base ? LINES(ground) : LINES(tiny),
		   broken_together[_i].line, broken_together[_i].by);
	ck_assert_int_eq(load("tiny", &p, &problems, NULL), SAQTA_ERR_POLICY);
	ck_assert_msg(is_told(&problems, "tiny", broken_together[_i].told, broken_together[_i].fragment), "expected …%s…, got:\n%s",
		      broken_together[_i].fragment, (char *)problems.text.data);
}
END_TEST

START_TEST(base_of_a_base_is_refused)
{
	static const char *const twig[] = {HEAD "id=\"twig\" kind=\"policy\" extends=\"tiny\">", "</policy>"};
	struct policy *p = NULL;
	cleanup_(problems_done) struct problems problems = {0};

	write_file("twig.xml", twig, 2, 0, NULL);
	ck_assert_int_eq(load("twig", &p, &problems, NULL), SAQTA_ERR_POLICY);
	ck_assert(is_told(&problems, "tiny", 1, "a base cannot have a base"));
}
END_TEST

START_TEST(all_is_told_at_once)
{
	struct policy *p = NULL;
	cleanup_(problems_done) struct problems problems = {0};

	write_file("tiny.xml", tiny, LINES(tiny), 9,
		   RULE("<forbid id=\"p1\" clause=\"other/9\" colour=\"red\" operations=\"sell\" when=\"$x and $y and 'z'\">"));
	ck_assert_int_eq(load("tiny", &p, &problems, NULL), SAQTA_ERR_POLICY);
	ck_assert_uint_eq(problems.count, 6);
	ck_assert(strstr((char *)problems.text.data, "colour") < strstr((char *)problems.text.data, "sell"));
	ck_assert(is_told(&problems, "tiny", 9, "'$x'") && is_told(&problems, "tiny", 9, "'$y'") &&
		  is_told(&problems, "tiny", 9, "a text stands"));
}
END_TEST

START_TEST(too_many_rules_are_refused)
{
	struct policy *p = NULL;
	cleanup_(problems_done) struct problems problems = {0};
	cleanup_(buf_done) struct buf rules = {0};

	for (int i = 0; i < 4096; i++)
		buf_fmt(&rules, "<forbid id=\"many-%d\" clause=\"1\"/>", i);
	ck_assert(!rules.failed);
	write_file("tiny.xml", tiny, LINES(tiny), 8, (char *)rules.data);
	ck_assert_int_eq(load("tiny", &p, &problems, NULL), SAQTA_ERR_POLICY);
	ck_assert(is_told(&problems, "tiny", 1, "no policy may have more than 4096"));
}
END_TEST

START_TEST(missing_files_are_told)
{
	struct policy *p = NULL;
	struct saqta_error err = {0};

	ck_assert_int_eq(load("nothing", &p, NULL, &err), SAQTA_ERR_MISSING);
	ck_assert_ptr_nonnull(strstr(err.message, "no policy pack 'nothing' in "));
	ck_assert_int_eq(load("./nothing.xml", &p, NULL, &err), SAQTA_ERR_MISSING);
	ck_assert_int_eq(policy_load("tiny", folder, &p, NULL, &err), SAQTA_ERR_MISSING);
	ck_assert_ptr_nonnull(strstr(err.message, "policy.xsd"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy load");
	TCase *tc = tcase_create("load");
	SRunner *runner;
	int failed;

	if (crypt_init(NULL))
		return 1;
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, pack_is_loaded_with_its_base);
	tcase_add_test(tc, rules_stand_in_the_indexes);
	tcase_add_test(tc, dates_are_of_the_zone);
	tcase_add_test(tc, strings_are_known);
	tcase_add_test(tc, digest_covers_every_file);
	tcase_add_loop_test(tc, broken_pack_is_refused_with_its_line, 0, (int)LINES(broken));
	tcase_add_loop_test(tc, packs_that_do_not_fit_together_are_refused, 0, (int)LINES(broken_together));
	tcase_add_test(tc, base_of_a_base_is_refused);
	tcase_add_test(tc, all_is_told_at_once);
	tcase_add_test(tc, too_many_rules_are_refused);
	tcase_add_test(tc, missing_files_are_told);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
