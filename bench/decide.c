/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/explain.h"
#include "policy/load.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What a decision costs: policies of 10, 100 and 1,000 generated rules, and the packs named, are asked so many different questions; without a trace
 * (which rules had a say) and with all of it (contract 5: id, clauses, condition, three sentences, and which of its parts decided). Beside it, in
 * turns within one run: as many reads by primary key of a row of 200 bytes from SQLite in memory, and the same questions put to every rule in order.
 * Two kinds of generated rules: `elsewhere`, where all but 32 are about purposes that nobody asks for, and `everywhere`.
 * Usage: decide [FOLDER [PACK…]]; the vocabulary and schema are found by SAQTA_POLICY_PATH. */

#define QUESTIONS 4096u
#define TURNS 5
#define PASSES 20 /* of all questions in a turn */
#define NEAR 32	  /* rules about what is asked, of the kind `elsewhere` */
#define ROWS 100000
#define ROW_SIZE 200

static struct facts questions[QUESTIONS];
static uint64_t seed, sum; /* what is found goes into the sum, so that nothing is left out */
static int64_t now_us;

static void die(const char *what)
{
	(void)fprintf(stderr, "decide: %s\n", what);
	exit(1);
}

/* Rates are of the core's own time, so that neighbours do not count; single answers need the quicker clock. */
static double now_s(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static unsigned draw(unsigned n)
{
	seed ^= seed << 13; /* xorshift64 */
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)((seed >> 32) % n);
}

/* ---- rules ---- */

static const char *const operations[] = {"collect", "record", "store", "use", "extract", "provide", "give-access"};
static const char *const near_purposes[] = {"contract", "support",	"advertising", "statistics",
					    "delivery", "verification", "offers",      "surveys"};
static const char *const far_purposes[] = {"promotion", "cooperation", "fault-repair", "site-database", "new-services", "device-linking"};
static const char *const categories[] = {"full-name",	 "birth-date", "iin",	    "phone",  "email",	   "card-number",
					 "bank-account", "portrait",   "location",  "cookie", "page-view", "browser",
					 "device",	 "ip-address", "biometric", "bonus"};
static const char *const recipients[] = {"bank", "insurer", "seller", "contractor", "authority", "court"};
static const char *const consents[] = {"processing", "advertising", "cookies", "third-party", "biometric"};
static const char *const bases[] = {"consent", "contract", "law", "justice"};
static const char *const conditions[] = {
	"$basis = 'consent' and $consent.processing",
	"$age >= 18 and not($withdrawn.advertising)",
	"($basis = 'law' or $basis = 'justice') and (not($disclosure) or $recipient = 'authority')",
	"$state = 'active' and ($consent.third-party or not($disclosure))",
	"not($category.biometric) or $consent.biometric",
	"$basis != 'contract' or $purpose = 'contract'",
};
#define COUNT(a) ((unsigned)(sizeof(a) / sizeof(*(a))))

static void add_list(struct buf *b, const char *name, const char *const *from, unsigned n_from, unsigned n)
{
	buf_fmt(b, " %s=\"", name);
	for (unsigned i = 0; i < n; i++)
		buf_fmt(b, "%s%s", i ? " " : "", from[draw(n_from)]);
	buf_str(b, "\"");
}

static void add_rule(struct buf *b, unsigned i, bool is_far)
{
	const bool is_permit = draw(10) < 7;

	buf_fmt(b, "<%s id=\"r%u\" clause=\"c%u\"", is_permit ? "permit" : "forbid", i, i);
	add_list(b, "operations", operations, COUNT(operations), 1 + draw(3));
	add_list(b, "purposes", is_far ? far_purposes : near_purposes, is_far ? COUNT(far_purposes) : COUNT(near_purposes), 1 + draw(2));
	add_list(b, "categories", categories, COUNT(categories), 1 + draw(is_permit ? 8 : 2));
	if (draw(3) == 0)
		add_list(b, "recipients", recipients, COUNT(recipients), 1 + draw(2));
	if (!is_permit && draw(2))
		add_list(b, "needs", consents, COUNT(consents), 1);
	else
		buf_fmt(b, " %s=\"%s\"", is_permit ? "when" : "unless", conditions[draw(COUNT(conditions))]);
	buf_fmt(b, "><title xml:lang=\"kk\">K %u</title><title xml:lang=\"ru\">R %u</title><title xml:lang=\"en\">E %u</title></%s>\n", i,
		i, i, is_permit ? "permit" : "forbid");
}

static void write_pack(const char *path, unsigned n, bool is_far)
{
	cleanup_(buf_done) struct buf b = {0};
	FILE *f = fopen(path, "w");

	buf_str(&b,
		"<policy xmlns=\"urn:saqta:policy:1\" id=\"drawn\" version=\"1\" kind=\"policy\" calendar=\"kz\" zone=\"Asia/Almaty\">\n"
		"<title xml:lang=\"en\">Drawn</title><declare purposes=\"*\" categories=\"*\" recipients=\"*\"/>\n"
		"<forbid id=\"nothing\" clause=\"c\" otherwise=\"yes\"><title xml:lang=\"kk\">K</title><title xml:lang=\"ru\">R</title>"
		"<title xml:lang=\"en\">E</title></forbid>\n");
	for (unsigned i = 1; i < n; i++)
		add_rule(&b, i, is_far && i > NEAR);
	buf_str(&b, "</policy>\n");
	if (!f || b.failed || fwrite(b.data, 1, b.len, f) != b.len || fclose(f))
		die("the pack cannot be written");
}

static struct policy *load(const char *pack)
{
	cleanup_(problems_done) struct problems problems = {0};
	struct saqta_error err = {0};
	struct policy *p = NULL;

	if (policy_load(pack, getenv("SAQTA_POLICY_PATH"), &p, &problems, &err))
		die(problems.text.len ? (const char *)problems.text.data : err.message);
	return p;
}

/* ---- questions ---- */

static void set_name(const struct policy *p, struct facts *f, enum fact_string fact, const char *name)
{
	f->string[fact] = policy_string(p, name);
}

static void draw_question(const struct policy *p, struct facts *f)
{
	const char *operation = operations[draw(COUNT(operations))], *purpose = near_purposes[draw(COUNT(near_purposes))];
	const bool is_disclosure = !strcmp(operation, "provide") || !strcmp(operation, "give-access");

	facts_init(f);
	set_name(p, f, F_EVENT, is_disclosure ? "disclose" : "use");
	set_name(p, f, F_OPERATION, operation);
	set_name(p, f, F_PURPOSE, purpose);
	set_name(p, f, F_BASIS, bases[draw(COUNT(bases))]);
	set_name(p, f, F_STATE, "active");
	f->operation = policy_find(p, ID_OPERATION, operation);
	f->purpose = policy_find(p, ID_PURPOSE, purpose);
	if (is_disclosure) {
		const char *recipient = recipients[draw(COUNT(recipients))];

		set_name(p, f, F_RECIPIENT, recipient);
		set_name(p, f, F_COUNTRY, policy_country(p));
		f->recipient = policy_find(p, ID_RECIPIENT, recipient);
	}
	for (unsigned i = 1 + draw(3); i; i--)
		idset_add(&f->set[F_CATEGORY], policy_find(p, ID_CATEGORY, categories[draw(COUNT(categories))]));
	for (unsigned i = 0; i < COUNT(consents); i++)
		if (draw(3))
			idset_add(&f->set[F_CONSENT], policy_find(p, ID_CONSENT, consents[i]));
	f->number[F_AGE] = 14 + draw(60);
}

static bool is_new(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (!memcmp(&questions[i], &questions[n], sizeof(*questions)))
			return false;
	return true;
}

static void draw_questions(const struct policy *p)
{
	seed = 20260105;
	for (unsigned i = 0; i < QUESTIONS; i++)
		do
			draw_question(p, &questions[i]);
		while (!is_new(i));
}

/* ---- the ways to answer ---- */

static void answer_bare(const struct policy *p, struct facts *f)
{
	struct decision d;

	policy_decide(p, f, now_us, &d);
	sum += d.permit + d.n;
}

static void take_atom(void *user, const struct cond_op *op, bool holds)
{
	(void)user;
	sum += op->a + holds;
}

static void answer_traced(const struct policy *p, struct facts *f)
{
	static const char *const langs[] = {"kk", "ru", "en"};
	struct decision d;

	policy_decide(p, f, now_us, &d);
	for (unsigned i = 0; i < d.n; i++) {
		const struct rule *r = &p->rules[d.says[i].rule];
		const char *condition = rule_condition(p, d.says[i].rule);

		sum += (uint8_t)*rule_id(p, d.says[i].rule) + (condition ? (uint8_t)*condition : 0u);
		for (const char *const *c = rule_clauses(p, d.says[i].rule); *c; c++)
			sum += (uint8_t) * *c;
		for (unsigned k = 0; k < COUNT(langs); k++)
			sum += (uint8_t)*rule_title(p, d.says[i].rule, langs[k]);
		condition_because(&r->when, f, take_atom, NULL);
		condition_because(&r->unless, f, take_atom, NULL);
	}
	sum += d.permit;
}

static bool takes(const struct policy *p, const struct selector *s, enum id_kind kind, int id, bool is_permit)
{
	if (!s->any)
		return idset_has(&s->set, id);
	return !is_permit || kind == ID_OPERATION || idset_has(&p->declared[kind], id);
}

/* Every rule in order, without an index; for the generated rules, which have no `final` and no `with`. */
static bool decide_naively(const struct policy *p, const struct facts *f)
{
	struct idset open = f->set[F_CATEGORY];
	bool is_denied = false, is_taken = false;

	for (unsigned i = 0; i < p->n_rules; i++) {
		const struct rule *r = &p->rules[i];
		const bool is_permit = r->kind == RULE_PERMIT;

		if ((!is_permit && r->kind != RULE_FORBID) || r->is_otherwise ||
		    !takes(p, &r->operations, ID_OPERATION, f->operation, is_permit) ||
		    !takes(p, &r->purposes, ID_PURPOSE, f->purpose, is_permit))
			continue;
		if (!(is_permit && f->recipient < 0) && !(r->recipients.any && !is_permit) &&
		    !takes(p, &r->recipients, ID_RECIPIENT, f->recipient, is_permit))
			continue;
		if ((!r->categories.any && !idset_meets(&r->categories.set, &f->set[F_CATEGORY])) || !rule_holds(r, f, now_us))
			continue;
		if (!is_permit) {
			is_denied |= idset_empty(&r->needs) || !idset_within(&r->needs, &f->set[F_CONSENT]);
			continue;
		}
		is_taken = true;
		for (unsigned w = 0; w < POLICY_SET_BITS / 64; w++)
			open.w[w] &= ~(r->categories.any ? p->declared[ID_CATEGORY].w[w] : r->categories.set.w[w]);
	}
	return is_taken && !is_denied && idset_empty(&open);
}

static void answer_naively(const struct policy *p, struct facts *f) { sum += decide_naively(p, f); }

static void compare_answers(const struct policy *p)
{
	unsigned n_permits = 0;

	for (unsigned i = 0; i < QUESTIONS; i++) {
		struct decision d;

		policy_decide(p, &questions[i], now_us, &d);
		if (d.permit != decide_naively(p, &questions[i]))
			die("the index and the rules in order disagree");
		n_permits += d.permit;
	}
	printf(" (%u of %u permitted, as by all rules in order)", n_permits, QUESTIONS);
}

/* ---- SQLite ---- */

static sqlite3_stmt *reader;

static void must_sqlite(sqlite3 *db, int rc)
{
	if (rc != SQLITE_OK && rc != SQLITE_DONE)
		die(sqlite3_errmsg(db));
}

static sqlite3 *fill_rows(void)
{
	char row[ROW_SIZE] = "";
	sqlite3_stmt *insert;
	sqlite3 *db = NULL;

	must_sqlite(db, sqlite3_open(":memory:", &db));
	must_sqlite(db, sqlite3_exec(db, "CREATE TABLE t(id INTEGER PRIMARY KEY, value BLOB); BEGIN", NULL, NULL, NULL));
	must_sqlite(db, sqlite3_prepare_v2(db, "INSERT INTO t VALUES(?, ?)", -1, &insert, NULL));
	for (int i = 0; i < ROWS; i++) {
		must_sqlite(db, sqlite3_bind_int(insert, 1, i));
		must_sqlite(db, sqlite3_bind_blob(insert, 2, row, sizeof(row), SQLITE_STATIC));
		must_sqlite(db, sqlite3_step(insert));
		must_sqlite(db, sqlite3_reset(insert));
	}
	must_sqlite(db, sqlite3_finalize(insert));
	must_sqlite(db, sqlite3_exec(db, "COMMIT", NULL, NULL, NULL));
	must_sqlite(db, sqlite3_prepare_v2(db, "SELECT value FROM t WHERE id = ?", -1, &reader, NULL));
	return db;
}

static void read_row(const struct policy *p, struct facts *f)
{
	(void)p;
	(void)f;
	(void)sqlite3_bind_int(reader, 1, (int)draw(ROWS));
	if (sqlite3_step(reader) != SQLITE_ROW)
		die("a row is missing");
	sum += ((const uint8_t *)sqlite3_column_blob(reader, 0))[ROW_SIZE - 1];
	(void)sqlite3_reset(reader);
}

/* ---- measuring ---- */

typedef void (*answer_fn)(const struct policy *p, struct facts *f);
static const struct way {
	const char *name;
	answer_fn answer;
	unsigned passes;
} ways[] = {{"decided", answer_bare, PASSES},
	    {"with full trace", answer_traced, PASSES},
	    {"every rule in order", answer_naively, 2},
	    {"SQLite read, 200 bytes", read_row, PASSES}};
#define WAYS COUNT(ways)
#define TRACED 1
#define NAIVE 2
#define SQLITE 3

static double rate(const struct policy *p, const struct way *w)
{
	const double start = now_s(CLOCK_PROCESS_CPUTIME_ID);

	for (unsigned pass = 0; pass < w->passes; pass++)
		for (unsigned i = 0; i < QUESTIONS; i++)
			w->answer(p, &questions[i]);
	return w->passes * QUESTIONS / (now_s(CLOCK_PROCESS_CPUTIME_ID) - start);
}

static int compare_doubles(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Of single answers, each timed; what the clock itself takes is in it. */
static void latency(const struct policy *p, answer_fn answer, double *ret_p50_ns, double *ret_p99_ns)
{
	static double ns[PASSES * QUESTIONS];
	unsigned n = 0;

	for (unsigned pass = 0; pass < PASSES; pass++)
		for (unsigned i = 0; i < QUESTIONS; i++) {
			const double start = now_s(CLOCK_MONOTONIC);

			answer(p, &questions[i]);
			ns[n++] = (now_s(CLOCK_MONOTONIC) - start) * 1e9;
		}
	qsort(ns, n, sizeof(*ns), compare_doubles);
	*ret_p50_ns = ns[n / 2];
	*ret_p99_ns = ns[n / 100 * 99];
}

/* @is_drawn: the rules in order are a fair comparison only for generated ones. */
static void measure(const struct policy *p, bool is_drawn)
{
	double rates[WAYS][TURNS], sqlite;
	uint64_t n_says = 0;

	for (unsigned t = 0; t < TURNS; t++)
		for (unsigned w = 0; w < WAYS; w++)
			rates[w][t] = w != NAIVE || is_drawn ? rate(p, &ways[w]) : 0;
	for (unsigned w = 0; w < WAYS; w++)
		qsort(rates[w], TURNS, sizeof(double), compare_doubles);
	for (unsigned i = 0; i < QUESTIONS; i++) {
		struct decision d;

		policy_decide(p, &questions[i], now_us, &d);
		n_says += d.n;
	}
	printf(", %.1f rules have a say\n", (double)n_says / QUESTIONS);
	sqlite = rates[SQLITE][TURNS / 2];
	for (unsigned w = 0; w < WAYS; w++) {
		double p50, p99;

		if (w == NAIVE && !is_drawn)
			continue;
		latency(p, ways[w].answer, &p50, &p99);
		printf("  %-24s %10.0f/s  %5.2f of SQLite  p50 %6.0f ns  p99 %6.0f ns\n", ways[w].name, rates[w][TURNS / 2],
		       rates[w][TURNS / 2] / sqlite, p50, p99);
	}
}

static void measure_drawn(const char *folder, unsigned n, bool is_far)
{
	cleanup_(policy_unrefp) struct policy *p = NULL;
	char path[480];

	(void)snprintf(path, sizeof(path), "%s/drawn.xml", folder);
	seed = n;
	write_pack(path, n, is_far);
	p = load(path);
	(void)unlink(path);
	draw_questions(p);
	printf("%u rules, %s", n, is_far ? "elsewhere" : "everywhere");
	compare_answers(p);
	measure(p, true);
}

int main(int argc, char **argv)
{
	static const unsigned sizes[] = {10, 100, 1000};
	sqlite3 *db = fill_rows();

	if (!instant_parse("2026-01-05T09:00:00+05:00", 25, &now_us))
		die("the time");
	printf("%u different questions, median of %d turns\n", QUESTIONS, TURNS);
	for (unsigned far = 0; far < 2; far++)
		for (unsigned i = 0; i < COUNT(sizes); i++)
			measure_drawn(argc > 1 ? argv[1] : ".", sizes[i], !far);
	for (int i = 2; i < argc; i++) {
		cleanup_(policy_unrefp) struct policy *p = load(argv[i]);

		draw_questions(p);
		printf("the pack %s, %u rules", argv[i], policy_rule_count(p));
		measure(p, false);
	}
	(void)sqlite3_finalize(reader);
	(void)sqlite3_close(db);
	return sum == 0; /* never; but nobody can tell */
}
