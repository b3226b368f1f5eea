/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"
#include "place.h"
#include "saqta/tool.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What holds for every sequence of events: (a) the same input gives the same answers and the same state; (b) so it does in two runs, wherever it
 * is cut; (c) what is refused or invalid changes nothing. Sequences are drawn from the policy's own vocabulary. SAQTA_SEED=N begins with seed N. */

#define SEQUENCES 100u
#define LINES 40u
#define LINES_MAX (2 * LINES)
#define PEOPLE 4u
#define NOW "2027-01-05T12:00:00+05:00"
#define FIRST "2026-01-05T09:00:00+05:00"

static const char *const packs[] = {"mycar", "mycar-partner"};

struct sequence {
	char *line[LINES_MAX];
	unsigned n;
};

static struct place place;
static uint64_t seed, drawn;

static void set_up(void) { place_make(&place); }
static void tear_down(void) { place_remove(&place); }

static void sequence_done(struct sequence *s)
{
	for (unsigned i = 0; i < s->n; i++)
		free(s->line[i]);
	s->n = 0;
}

static int64_t instant(const char *text)
{
	int64_t us = 0;

	ck_assert(instant_parse(text, strlen(text), &us));
	return us;
}

/* ---- drawing ---- */

static uint64_t draw(uint64_t below) /* splitmix64 */
{
	uint64_t z = drawn += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (z ^ (z >> 31)) % below;
}

static bool one_in(uint64_t n) { return draw(n) == 0; }

#define ONE_OF(...) one_of((const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))
static const char *one_of(const char *const *words, size_t n) { return words[draw(n)]; }

/* Mostly one that the policy declares, where it declares any. */
static const char *some(const struct policy *p, enum id_kind kind)
{
	const uint64_t n = (uint64_t)policy_id_count(p, kind);
	int id = (int)draw(n);

	for (unsigned tries = 0; tries < 50 && !policy_declares(p, kind, id) && !one_in(8); tries++)
		id = (int)draw(n);
	return policy_name(p, kind, id);
}

static void add(struct text *t, const char *fmt, ...) printf_(2, 3);
static void add(struct text *t, const char *fmt, ...)
{
	char part[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(part, sizeof(part), fmt, ap);
	va_end(ap);
	ck_assert(n >= 0 && (size_t)n < sizeof(part));
	(void)text_write(t, part, (size_t)n);
}

static void add_list(struct text *t, const struct policy *p, const char *name, enum id_kind kind)
{
	add(t, ",\"%s\":[\"%s\"", name, some(p, kind));
	while (one_in(3))
		add(t, ",\"%s\"", some(p, kind));
	add(t, "]");
}

static void add_purpose(struct text *t, const struct policy *p)
{
	add(t, ",\"purpose\":\"%s\"", some(p, ID_PURPOSE));
	add_list(t, p, "categories", ID_CATEGORY);
	if (one_in(4))
		add(t, ",\"operation\":\"%s\"", some(p, ID_OPERATION));
	if (one_in(4))
		add(t, ",\"basis\":\"%s\"", some(p, ID_BASIS));
}

static void add_source(struct text *t)
{
	if (one_in(3))
		add(t, ",\"partner\":\"dealer-%d\"", (int)draw(2));
	if (one_in(6))
		add(t, ",\"worker\":\"worker-%d\"", (int)draw(2));
}

/* Events that have no subject. */
static bool add_common_event(struct text *t, const struct policy *p, unsigned kind)
{
	switch (kind) {
	case EVENT_AUTHORITY_NOTIFIED:
		add(t, ",\"matter\":\"cross-border\",\"country\":\"%s\"", ONE_OF("DE", "CN"));
		return true;
	case EVENT_RECIPIENT_PARTICULARS:
		add(t, ",\"recipient_name\":\"far-%d\",\"country\":\"%s\"", (int)draw(2), ONE_OF("DE", "CN"));
		return true;
	case EVENT_PARTNER:
		add(t, ",\"partner\":\"dealer-%d\",\"state\":\"%s\"", (int)draw(2), ONE_OF("joined", "joined", "ended"));
		return true;
	case EVENT_WORKER:
		add(t, ",\"partner\":\"dealer-%d\",\"worker\":\"worker-%d\",\"roles\":[\"%s\"],\"assurance\":%s", (int)draw(2),
		    (int)draw(2), ONE_OF("master", "manager"), ONE_OF("true", "true", "false"));
		return true;
	case EVENT_BREACH:
		add_list(t, p, "categories", ID_CATEGORY);
		add(t, ",\"detected\":\"" FIRST "\",\"description\":\"d\",%s", ONE_OF("\"all\":true", "\"subjects\":[\"p-1\"]"));
		return true;
	default:
		return false;
	}
}

static void add_request(struct text *t, const struct policy *p, unsigned kind)
{
	add(t, ",\"request\":\"r-%d\"", (int)draw(5));
	if (kind == EVENT_EXTEND)
		add(t, ",\"until\":\"2026-12-%02dT12:00:00+05:00\",\"reason\":\"late\"", 1 + (int)draw(28));
	if (kind == EVENT_CLOSE)
		add(t, ",\"result\":\"%s\"", ONE_OF("confirmed", "not-confirmed", "answered", "refused"));
	if (kind != EVENT_REQUEST)
		return;
	add(t, ",\"kind\":\"%s\",\"channel\":\"%s\"", ONE_OF("access", "rectify", "erase", "block", "stop", "complaint", "objection"),
	    some(p, ID_REQUEST_CHANNEL));
	add(t, ",\"by\":\"%s\"", ONE_OF("subject", "subject", "representative", "authority"));
	if (!one_in(3))
		add(t, ",\"identity_checked\":%s", ONE_OF("true", "true", "false"));
	if (one_in(2))
		add(t, ",\"reason\":\"%s\"", ONE_OF("inaccurate", "incomplete", "unlawful", "unnecessary"));
}

static void add_circumstance(struct text *t, const struct policy *p, unsigned kind)
{
	const char *id;

	switch (kind) {
	case EVENT_MILESTONE:
		id = some(p, ID_MILESTONE);
		add(t, ",\"milestone\":\"%s\"", id);
		if (one_in(8) != (strcmp(id, "purpose-achieved") == 0)) /* mostly as it should be */
			add(t, ",\"purpose\":\"%s\"", some(p, ID_PURPOSE));
		break;
	case EVENT_OBLIGATION:
		add(t, ",\"obligation\":\"o-%d\",\"state\":\"%s\"", (int)draw(2), ONE_OF("open", "closed"));
		break;
	case EVENT_HOLD:
		add(t, ",\"hold\":\"h-%d\",\"state\":\"%s\",\"basis\":\"%s\",\"reason\":\"case\"", (int)draw(2),
		    ONE_OF("placed", "lifted", "lifted"), some(p, ID_BASIS));
		break;
	case EVENT_MESSAGE:
		add(t, ",\"channel\":\"%s\",\"kind\":\"%s\",\"text\":\"%.*s\"", some(p, ID_MESSAGE_CHANNEL),
		    ONE_OF("information", "advertising"), (int)draw(120),
		    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
		    "01234567890123456789");
		add_source(t);
		break;
	case EVENT_MERGE:
		add(t, ",\"with\":\"%s\",\"purpose\":\"%s\"", some(p, ID_PURPOSE), some(p, ID_PURPOSE));
		break;
	default:
		add(t, ",\"reason\":\"order\""); /* depersonalise, destroy */
		if (one_in(2))
			add_list(t, p, "categories", ID_CATEGORY);
		break;
	}
}

static void add_own_event(struct text *t, const struct policy *p, unsigned kind)
{
	switch (kind) {
	case EVENT_REGISTER:
		add(t, ",\"evidence\":{\"act\":\"%s\"}", ONE_OF("registration-form", "form"));
		if (one_in(2))
			add(t, ",\"birth_date\":\"%d-03-01\"", 1960 + (int)draw(55));
		add_source(t);
		break;
	case EVENT_COLLECT:
		add(t, ",\"category\":\"%s\",\"value\":\"v%d\",\"source\":\"%s\"", some(p, ID_CATEGORY), (int)draw(1000),
		    some(p, ID_SOURCE));
		add_list(t, p, "purposes", ID_PURPOSE);
		add_source(t);
		break;
	case EVENT_RECTIFY:
		add(t, ",\"category\":\"%s\",\"value\":\"w%d\"", some(p, ID_CATEGORY), (int)draw(1000));
		break;
	case EVENT_CONSENT:
		add_list(t, p, "consents", ID_CONSENT);
		add(t, ",\"evidence\":{\"act\":\"%s\"}", ONE_OF("button:next", "button:other"));
		break;
	case EVENT_PARTNER_CONSENT:
		add(t, ",\"partner\":\"dealer-%d\",\"consents\":[\"processing\",\"third-party\",\"messages\"],\"copy\":\"c\"",
		    (int)draw(2));
		break;
	case EVENT_WITHDRAW:
		add_list(t, p, "consents", ID_CONSENT);
		add(t, ",\"channel\":\"%s\",\"form\":\"%s\"", some(p, ID_REQUEST_CHANNEL), ONE_OF("written", "written", "oral"));
		break;
	case EVENT_REQUEST:
	case EVENT_EXTEND:
	case EVENT_CLOSE:
		add_request(t, p, kind);
		break;
	case EVENT_USE:
		add_purpose(t, p);
		break;
	case EVENT_DISCLOSE:
		add(t, ",\"recipient\":\"%s\"", some(p, ID_RECIPIENT));
		add_purpose(t, p);
		if (one_in(3))
			add(t, ",\"recipient_name\":\"far-%d\",\"country\":\"%s\"", (int)draw(2), ONE_OF("DE", "CN"));
		break;
	case EVENT_MINOR:
		break;
	default:
		add_circumstance(t, p, kind);
		break;
	}
}

static char *draw_event(const struct policy *p, unsigned kind, unsigned person, int64_t at_us)
{
	struct text t = {0};
	char at[INSTANT_TEXT_SIZE];

	instant_format(at_us, NULL, at);
	add(&t, "{\"event\":\"%s\",\"at\":\"%s\"", event_name((enum event_kind)kind), at);
	if (one_in(12))
		add(&t, ",\"id\":\"e-%d\"", (int)draw(3));
	if (!add_common_event(&t, p, kind)) {
		add(&t, ",\"subject\":\"p-%u\"", person);
		add_own_event(&t, p, kind);
	}
	add(&t, "}");
	return t.data;
}

/* Rare are those after which little can happen. */
static unsigned draw_kind(void)
{
	unsigned kind;

	do
		kind = (unsigned)draw(EVENT_SWEEP);
	while ((kind == EVENT_MINOR || kind == EVENT_DESTROY || kind == EVENT_DEPERSONALISE || kind == EVENT_WITHDRAW) && !one_in(5));
	return one_in(4) ? EVENT_COLLECT : kind;
}

static void draw_sequence(const struct policy *p, struct sequence *ret)
{
	int64_t at_us = instant(FIRST);

	ret->n = 0;
	for (unsigned i = 0; i < PEOPLE; i++) {
		ret->line[ret->n++] = draw_event(p, EVENT_REGISTER, i, at_us);
		if (!one_in(4))
			ret->line[ret->n++] = draw_event(p, EVENT_CONSENT, i, at_us);
		if (!one_in(4)) {
			struct text t = {0};

			add(&t,
			    "{\"event\":\"consent\",\"at\":\"" FIRST
			    "\",\"subject\":\"p-%u\",\"consents\":[\"processing\"],\"evidence\":{\"act\":\"button:next\"}}",
			    i);
			ret->line[ret->n++] = t.data;
		}
	}
	while (ret->n < LINES) {
		at_us += (int64_t)draw(10 * 86400) * US_PER_S - (one_in(10) ? 20 * 86400 * US_PER_S : 0);
		ret->line[ret->n++] = draw_event(p, draw_kind(), (unsigned)draw(PEOPLE), at_us);
	}
}

/* ---- running ---- */

/* What is random in every vault, or counts the log's entries: `"name":value` becomes `"name":#`. */
static void mask(struct text *t, const char *name)
{
	char key[64];
	struct text out = {0};
	const char *at = t->data, *hit;

	(void)snprintf(key, sizeof(key), "\"%s\":", name);
	while (at && (hit = strstr(at, key))) {
		const char *value = hit + strlen(key);

		(void)text_write(&out, at, (size_t)(value - at));
		(void)text_write(&out, "#", 1);
		at = *value == '"' ? strchr(value + 1, '"') + 1 : value + strcspn(value, ",}]");
	}
	if (at)
		(void)text_write(&out, at, strlen(at));
	text_done(t);
	*t = out;
}

/* Submit the lines [from, to) of @s, in transactions of @batch lines; answers are added to @ret. */
static void run(saqta_engine *e, const struct sequence *s, unsigned from, unsigned to, unsigned batch, struct sequence *ret)
{
	struct saqta_error err = {0};
	struct text out = {0};

	for (unsigned i = from; i < to; i++) {
		ck_assert_msg(saqta_engine_submit(e, i + 1, s->line[i], strlen(s->line[i]), &err) == SAQTA_OK, "seed %llu: line %u: %s",
			      (unsigned long long)seed, i + 1, err.message);
		if ((i + 1 - from) % batch == 0 || i + 1 == to)
			ck_assert_msg(saqta_engine_commit(e, text_write, &out, &err) == SAQTA_OK, "seed %llu: commit: %s",
				      (unsigned long long)seed, err.message);
	}
	ck_assert(saqta_engine_finish(e, &err) == SAQTA_OK);
	mask(&out, "receipt");
	for (char *at = out.data; at && *at;) {
		size_t len = strcspn(at, "\n");

		ck_assert_uint_lt(ret->n, LINES_MAX);
		ret->line[ret->n++] = strndup(at, len);
		at += len + 1;
	}
	text_done(&out);
}

static void add_state(saqta_engine *e, struct text *ret)
{
	struct saqta_error err = {0};
	char name[16];

	for (unsigned i = 0; i < PEOPLE; i++) {
		(void)snprintf(name, sizeof(name), "p-%u", i);
		if (saqta_engine_subject_show(e, name, policy_name(e->policy, ID_PURPOSE, 0), text_write, ret, &err))
			add(ret, "%s: %d\n", name, err.status);
	}
	ck_assert(saqta_engine_task_list(e, text_write, ret, &err) == SAQTA_OK);
	ck_assert(saqta_engine_request_list(e, NULL, text_write, ret, &err) == SAQTA_OK);
	ck_assert(saqta_engine_status(e, text_write, ret, &err) == SAQTA_OK);
}

/* The state now, and what sweeps make of it at once, after a year and after seven: what is not to be seen now would come out then. Closes @e. */
static void state_of(saqta_engine *e, struct text *ret)
{
	static const char *const masked[] = {"receipt", "pseudonym", "log_root", "log_entries", "vault_bytes", "audit"};
	static const char *const sweeps[] = {NOW, "2028-01-10T12:00:00+05:00", "2034-01-10T12:00:00+05:00"};
	struct saqta_sweep_options o = {.size = sizeof(o), .unguarded = true};
	struct saqta_error err = {0};
	struct audit_head head;

	add_state(e, ret);
	for (size_t i = 0; i < sizeof(sweeps) / sizeof(sweeps[0]); i++) {
		e->fixed_now_us = instant(sweeps[i]);
		ck_assert_msg(saqta_engine_sweep(e, &o, text_write, ret, &err) == SAQTA_OK, "seed %llu: sweep: %s",
			      (unsigned long long)seed, err.message);
		add_state(e, ret);
	}
	ck_assert(audit_log_verify(e->log, NULL, NULL, &head, &err) == SAQTA_OK);
	(void)saqta_engine_close(e);
	for (size_t i = 0; i < sizeof(masked) / sizeof(masked[0]); i++)
		mask(ret, masked[i]);
}

static saqta_engine *open_memory(const char *pack)
{
	struct saqta_error err = {0};
	saqta_engine *e = NULL;

	ck_assert_msg(hall_open_memory(pack, place.packs, instant(NOW), &e, NULL, &err) == SAQTA_OK, "%s", err.message);
	return e;
}

static void run_in_memory(const char *pack, const struct sequence *s, unsigned batch, struct sequence *ret_answers, struct text *ret_state)
{
	saqta_engine *e = open_memory(pack);

	run(e, s, 0, s->n, batch, ret_answers);
	state_of(e, ret_state);
}

static const char *first_difference(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return a;
}

static void same_text(const char *what, const char *a, const char *b)
{
	ck_assert_msg(strcmp(a, b) == 0, "SAQTA_SEED=%llu: %s differs: %.200s\ninstead of: %.200s", (unsigned long long)seed, what,
		      first_difference(a, b), first_difference(b, a));
}

/* Without line numbers and entry numbers where @is_shifted. */
static void same_answer(const char *a, const char *b, bool is_shifted)
{
	struct text x = {0}, y = {0};

	(void)text_write(&x, a, strlen(a));
	(void)text_write(&y, b, strlen(b));
	if (is_shifted) {
		mask(&x, "line");
		mask(&y, "line");
		mask(&x, "audit");
		mask(&y, "audit");
	}
	same_text("an answer", x.data, y.data);
	text_done(&x);
	text_done(&y);
}

static void same_answers(const struct sequence *a, const struct sequence *b, bool is_shifted)
{
	ck_assert_msg(a->n == b->n, "SAQTA_SEED=%llu: %u answers, not %u", (unsigned long long)seed, a->n, b->n);
	for (unsigned i = 0; i < a->n; i++)
		same_answer(a->line[i], b->line[i], is_shifted);
}

static bool is_outcome(const char *answer, const char *outcome)
{
	char text[40];

	(void)snprintf(text, sizeof(text), "\"outcome\":\"%s\"", outcome);
	return strstr(answer, text) != NULL;
}

/* ---- what holds ---- */

static unsigned n_outcome[5];

static void count(const struct sequence *answers)
{
	static const char *const outcomes[] = {"applied", "denied", "deferred", "duplicate", "invalid"};

	for (unsigned i = 0; i < answers->n; i++)
		for (size_t k = 0; k < sizeof(outcomes) / sizeof(outcomes[0]); k++)
			n_outcome[k] += is_outcome(answers->line[i], outcomes[k]);
}

/* (a), whatever the size of the transactions. */
static void same_twice(const char *pack, const struct sequence *s, const struct sequence *answers, const char *state)
{
	struct sequence again = {0};
	struct text t = {0};

	run_in_memory(pack, s, 1 + (unsigned)draw(7), &again, &t);
	same_answers(answers, &again, false);
	same_text("the state", state, t.data);
	sequence_done(&again);
	text_done(&t);
}

static saqta_engine *open_on_disk(const char *pack)
{
	(void)snprintf(place.vault, sizeof(place.vault), "%s/vault-%llu", place.dir, (unsigned long long)seed);
	place_init(&place, pack, NOW);
	return place_open(&place, NOW);
}

/* (b) On the disk the second run opens the vault anew; as that waits for the disk, most vaults are in memory. The first run's count of invalid lines
 * is an entry, so the numbers of entries move. */
static void same_when_cut(const char *pack, const struct sequence *s, const struct sequence *answers, const char *state)
{
	struct sequence again = {0};
	struct text t = {0};
	unsigned cut = 1 + (unsigned)draw(s->n - 1);
	const bool is_on_disk = seed % 10 == 0;
	saqta_engine *e = is_on_disk ? open_on_disk(pack) : open_memory(pack);

	run(e, s, 0, cut, LINES_MAX, &again);
	if (is_on_disk) {
		(void)saqta_engine_close(e);
		e = place_open(&place, NOW);
	}
	run(e, s, cut, s->n, LINES_MAX, &again);
	state_of(e, &t);
	same_answers(answers, &again, true);
	same_text("the state", state, t.data);
	sequence_done(&again);
	text_done(&t);
}

static char *draw_nonsense(const char *line)
{
	struct text t = {0};

	switch (draw(5)) {
	case 0: /* cut */
		(void)text_write(&t, line, 1 + (size_t)draw(strlen(line) - 1));
		break;
	case 1: /* a member too many */
		add(&t, "{\"surplus\":1,");
		(void)text_write(&t, line + 1, strlen(line + 1));
		break;
	case 2: /* another time */
		add(&t, "{\"at\":\"yesterday\",\"event\":\"minor\",\"subject\":\"p-%u\"}", (unsigned)draw(PEOPLE));
		break;
	case 3: /* a member twice */
		add(&t, "{\"event\":\"minor\",");
		(void)text_write(&t, line + 1, strlen(line + 1));
		break;
	default:
		add(&t, "{\"event\":\"destroy\",\"subject\":\"p-%u\",\"reason\":\"order\",\"categories\":[\"no-such\"]}",
		    (unsigned)draw(PEOPLE));
		break;
	}
	return t.data;
}

/* (c) Lines that nobody understands, put between the others: each is invalid, and of the others nothing changes. */
static void nonsense_changes_nothing(const char *pack, const struct sequence *s, const struct sequence *answers, const char *state)
{
	struct sequence mixed = {0}, again = {0};
	struct text t = {0};
	unsigned from[LINES_MAX] = {0};

	for (unsigned i = 0; i < s->n; i++) {
		if (mixed.n + s->n - i < LINES_MAX && one_in(3)) {
			from[mixed.n] = UINT32_MAX;
			mixed.line[mixed.n++] = draw_nonsense(s->line[i]);
		}
		from[mixed.n] = i;
		mixed.line[mixed.n++] = strdup(s->line[i]);
	}
	run_in_memory(pack, &mixed, LINES_MAX, &again, &t);
	ck_assert_uint_eq(again.n, mixed.n);
	for (unsigned i = 0; i < again.n; i++)
		if (from[i] == UINT32_MAX)
			ck_assert_msg(is_outcome(again.line[i], "invalid"), "SAQTA_SEED=%llu: taken: %s", (unsigned long long)seed,
				      mixed.line[i]);
		else
			same_answer(answers->line[from[i]], again.line[i], true);
	same_text("the state", state, t.data);
	sequence_done(&mixed);
	sequence_done(&again);
	text_done(&t);
}

static bool is_refused(const char *answer)
{
	return is_outcome(answer, "denied") || is_outcome(answer, "invalid") || is_outcome(answer, "duplicate");
}

/* (c) Without the lines that were refused, invalid or known already, all else is as it was. */
static void refused_changes_nothing(const char *pack, const struct sequence *s, const struct sequence *answers, const char *state)
{
	struct sequence rest = {0}, again = {0};
	struct text t = {0};
	unsigned n = 0;

	for (unsigned i = 0; i < s->n; i++)
		if (!is_refused(answers->line[i]))
			rest.line[rest.n++] = strdup(s->line[i]);
	run_in_memory(pack, &rest, LINES_MAX, &again, &t);
	for (unsigned i = 0; i < s->n; i++)
		if (!is_refused(answers->line[i]))
			same_answer(answers->line[i], again.line[n++], true);
	same_text("the state", state, t.data);
	sequence_done(&rest);
	sequence_done(&again);
	text_done(&t);
}

START_TEST(sequences)
{
	const char *pack = packs[_i], *from = getenv("SAQTA_SEED");
	const uint64_t first = from ? strtoull(from, NULL, 10) : 1000 * (uint64_t)_i;
	saqta_engine *e = open_memory(pack);

	for (seed = first; seed < first + SEQUENCES; seed++) {
		struct sequence s = {0}, answers = {0};
		struct text state = {0};

		drawn = seed;
		draw_sequence(e->policy, &s);
		run_in_memory(pack, &s, LINES_MAX, &answers, &state);
		count(&answers);
		same_twice(pack, &s, &answers, state.data);
		same_when_cut(pack, &s, &answers, state.data);
		nonsense_changes_nothing(pack, &s, &answers, state.data);
		refused_changes_nothing(pack, &s, &answers, state.data);
		sequence_done(&s);
		sequence_done(&answers);
		text_done(&state);
	}
	(void)saqta_engine_close(e);
	for (size_t i = 0; i < sizeof(n_outcome) / sizeof(n_outcome[0]); i++)
		ck_assert_msg(n_outcome[i] >= SEQUENCES / 10, "only %u answers of outcome %zu: little was tried", n_outcome[i], i);
	(void)printf("%s: %u sequences; applied %u, denied %u, deferred %u, duplicate %u, invalid %u\n", pack, SEQUENCES, n_outcome[0],
		     n_outcome[1], n_outcome[2], n_outcome[3], n_outcome[4]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("property");
	TCase *tc = tcase_create("property");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 300);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, sequences, 0, (int)(sizeof(packs) / sizeof(packs[0])));
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0;
}
