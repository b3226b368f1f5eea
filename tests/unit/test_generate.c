/* SPDX-License-Identifier: Apache-2.0 */
/* The generator: the same bytes for the same seed, and people who satisfy the
 * policy but cannot exist. */
#include "base/error.h"
#include "saqta/tool.h"

#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct text {
	char *data;
	size_t len, cap;
	size_t calls, cancel_at;
};

static int collect_text(void *user, const char *data, size_t len)
{
	struct text *t = user;

	if (++t->calls == t->cancel_at)
		return 1;
	if (t->len + len + 1 > t->cap) {
		t->cap = (t->len + len + 1) * 2;
		t->data = realloc(t->data, t->cap);
		ck_assert_ptr_nonnull(t->data);
	}
	memcpy(t->data + t->len, data, len);
	t->len += len;
	t->data[t->len] = '\0';
	return 0;
}

static enum saqta_status generate(struct text *t, uint64_t subjects, uint64_t seed, const char *from, const char *to,
				  struct saqta_error *err)
{
	struct saqta_generate_options o = {.size = sizeof(o), .subjects = subjects, .seed = seed, .from = from, .to = to};

	return saqta_generate(&o, collect_text, t, err);
}

static void use_policies(void)
{
	const char *root = getenv("SAQTA_SOURCE_ROOT");
	char path[4096];
	int n = snprintf(path, sizeof(path), "%s/policies", root ? root : ".");

	ck_assert(n > 0 && (size_t)n < sizeof(path));
	ck_assert_int_eq(setenv("SAQTA_POLICY_PATH", path, 1), 0);
}

START_TEST(same_seed_same_bytes)
{
	struct text a = {0}, b = {0}, c = {0};

	ck_assert_int_eq(generate(&a, 300, 42, NULL, NULL, NULL), SAQTA_OK);
	ck_assert_int_eq(generate(&b, 300, 42, "2022-01-01", "2026-11-01", NULL), SAQTA_OK);
	ck_assert_int_eq(generate(&c, 300, 43, NULL, NULL, NULL), SAQTA_OK);
	ck_assert_uint_eq(a.len, b.len);
	ck_assert(memcmp(a.data, b.data, a.len) == 0);
	ck_assert(a.len != c.len || memcmp(a.data, c.data, a.len) != 0);
	free(a.data);
	free(b.data);
	free(c.data);
}
END_TEST

START_TEST(nobody_is_nothing)
{
	struct text t = {0};

	ck_assert_int_eq(generate(&t, 0, 1, NULL, NULL, NULL), SAQTA_OK);
	ck_assert_uint_eq(t.len, 0);
	ck_assert_uint_eq(t.calls, 0);
}
END_TEST

START_TEST(cancelled)
{
	struct text t = {.cancel_at = 2};
	struct saqta_error err = {0};

	ck_assert_int_eq(generate(&t, 5000, 1, NULL, NULL, &err), SAQTA_ERR_CANCELLED);
	ck_assert_int_eq(err.status, SAQTA_ERR_CANCELLED);
	ck_assert_uint_eq(t.calls, 2);
	free(t.data);
}
END_TEST

static const struct {
	const char *from, *to, *says;
} bad_dates[] = {
	{"2022-02-30", NULL, "from: not a date"},
	{"2022-1-01", NULL, "from: not a date"},
	{"", NULL, "from: not a date"},
	{NULL, "yesterday", "to: not a date"},
	{NULL, "2026-11-01T", "to: not a date"},
	{"2025-01-01", "2025-01-01", "not before to"},
	{"2026-01-01", "2025-01-01", "not before to"},
	{"1999-01-01", NULL, "from: before"},
	{NULL, "2027-01-02", "ends with the year"},
	{NULL, "2023-06-01", "begins with the year"},
};

START_TEST(bad_dates_are_refused)
{
	struct text t = {0};
	struct saqta_error err = {0};

	ck_assert_int_eq(generate(&t, 3, 1, bad_dates[_i].from, bad_dates[_i].to, &err), SAQTA_ERR_ARGUMENT);
	ck_assert_msg(strstr(err.message, bad_dates[_i].says), "%s", err.message);
	ck_assert_uint_eq(t.len, 0);
}
END_TEST

START_TEST(bad_calls_are_refused)
{
	struct saqta_generate_options o = {.size = sizeof(o) - 1};
	struct text t = {0};

	ck_assert_int_eq(saqta_generate(NULL, collect_text, &t, NULL), SAQTA_ERR_ARGUMENT);
	ck_assert_int_eq(saqta_generate(&o, collect_text, &t, NULL), SAQTA_ERR_ARGUMENT);
	o.size = sizeof(o);
	ck_assert_int_eq(saqta_generate(&o, NULL, &t, NULL), SAQTA_ERR_ARGUMENT);
	ck_assert_int_eq(generate(&t, UINT64_C(1000000001), 1, NULL, NULL, NULL), SAQTA_ERR_ARGUMENT);
}
END_TEST

/* --- every line --- */

static const struct {
	const char *event;
	const char *members; /* besides event, at, subject; those that must be there first, then "|" and the rest */
} shapes[] = {
	{"register", " evidence | birth_date "},
	{"collect", " category value source purposes | "},
	{"consent", " consents evidence | "},
	{"withdraw", " id consents channel form | "},
	{"milestone", " milestone | purpose "},
	{"obligation", " id obligation state | "},
	{"hold", " id hold state | basis reason reference "},
	{"request", " id request kind channel by | identity_checked categories reason "},
	{"close", " id request result | reason "},
	{"rectify", " category value | "},
	{"use", " purpose categories | "},
	{"disclose", " recipient purpose categories basis | recipient_name "},
	{"message", " channel kind text | "},
};

struct census {
	char subject[64], at[40], last[40];
	char (*ids)[16];
	size_t subjects, records, events, withdrawn, recent, overdue, held, requests, n_ids;
	size_t per_event[sizeof(shapes) / sizeof(shapes[0])];
	bool processing, advertising, biometric, ended;
	char cookies[40], birth[16], registered[40];
};

static bool has_word(const char *words, const char *word)
{
	char spaced[64];

	(void)snprintf(spaced, sizeof(spaced), " %s ", word);
	return strstr(words, spaced) != NULL;
}

static const char *member(json_t *line, const char *key) { return json_string_value(json_object_get(line, key)); }

static bool holds(json_t *line, const char *list, const char *id)
{
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(line, list), i, item)
	{
		if (strcmp(json_string_value(item), id) == 0)
			return true;
	}
	return false;
}

/* Digits weighted as the law says; -1 where no number is issued. */
static int iin_check_digit(const char *iin)
{
	int one = 0, two = 0;

	for (int i = 0; i < 11; i++) {
		one += (iin[i] - '0') * (i + 1);
		two += (iin[i] - '0') * (i < 9 ? i + 3 : i - 8);
	}
	return one % 11 < 10 ? one % 11 : two % 11 < 10 ? two % 11 : -1;
}

static bool luhn_holds(const char *card)
{
	int sum = 0;

	for (size_t i = strlen(card), k = 0; i-- > 0; k++) {
		int d = (card[i] - '0') * (k % 2 ? 2 : 1);

		sum += d / 10 + d % 10;
	}
	return sum % 10 == 0;
}

static bool iban_holds(const char *iban)
{
	unsigned rest = 0;

	for (size_t i = 0; i < 20; i++) {
		char c = iban[(i + 4) % 20];

		rest = c <= '9' ? (rest * 10 + (unsigned)(c - '0')) % 97 : (rest * 100 + (unsigned)(c - 'A') + 10) % 97;
	}
	return rest == 1;
}

static void check_value(const struct census *c, const char *category, const char *value)
{
	if (strcmp(category, "iin") == 0) {
		ck_assert_uint_eq(strspn(value, "0123456789"), 12);
		ck_assert_int_ne(value[11] - '0', iin_check_digit(value));
		if (*c->birth) {
			ck_assert(memcmp(value, c->birth + 2, 2) == 0 && memcmp(value + 2, c->birth + 5, 2) == 0);
			ck_assert(memcmp(value + 4, c->birth + 8, 2) == 0);
			ck_assert_int_eq((value[6] - '0' + 1) / 2, c->birth[0] == '1' ? 2 : 3);
		}
	} else if (strcmp(category, "card-number") == 0) {
		ck_assert_uint_eq(strspn(value, "0123456789"), 16);
		ck_assert(!luhn_holds(value));
	} else if (strcmp(category, "bank-account") == 0) {
		ck_assert_uint_eq(strlen(value), 20);
		ck_assert(!iban_holds(value));
	} else if (strcmp(category, "phone") == 0) {
		ck_assert(strncmp(value, "+779", 4) == 0 && strlen(value) == 12);
	} else if (strcmp(category, "email") == 0) {
		ck_assert_ptr_nonnull(strstr(value, "example."));
	} else if (strcmp(category, "ip-address") == 0) {
		ck_assert(strncmp(value, "192.0.2.", 8) == 0 || strncmp(value, "198.51.100.", 11) == 0 ||
			  strncmp(value, "203.0.113.", 10) == 0);
	}
}

static int number(const char *digits) { return (int)strtol(digits, NULL, 10); }

/* Whole years and months of @a and @b as YYYY-MM-DD: is @b at least @months after @a? */
static bool months_between(const char *a, const char *b, int months)
{
	int m = (number(b) - number(a)) * 12 + number(b + 5) - number(a + 5);

	return m > months || (m == months && number(b + 8) >= number(a + 8));
}

static void check_collect(struct census *c, json_t *line)
{
	const char *category = member(line, "category");

	c->records++;
	ck_assert(c->processing && !c->ended);
	ck_assert(strcmp(member(line, "source"), "subject") == 0 || strcmp(member(line, "source"), "automatic") == 0);
	ck_assert_uint_ge(json_array_size(json_object_get(line, "purposes")), 1);
	ck_assert(!holds(line, "purposes", "statistics"));
	if (!c->advertising)
		ck_assert(!holds(line, "purposes", "advertising") && !holds(line, "purposes", "targeted-advertising") &&
			  !holds(line, "purposes", "offers"));
	if (strcmp(category, "cookie") == 0)
		ck_assert(*c->cookies && !months_between(c->cookies, c->at, 13));
	if (strcmp(category, "biometric") == 0)
		ck_assert(c->biometric);
	check_value(c, category, member(line, "value"));
}

static void end_subject(struct census *c)
{
	if (*c->last && months_between(c->last, "2026-10-31", 36))
		c->overdue++;
}

static void check_event(struct census *c, json_t *line, const char *event)
{
	if (strcmp(event, "register") == 0) {
		const char *birth = member(line, "birth_date");

		end_subject(c);
		c->processing = c->advertising = c->biometric = c->ended = false;
		*c->cookies = *c->last = *c->birth = '\0';
		c->subjects++;
		(void)snprintf(c->subject, sizeof(c->subject), "%s", member(line, "subject"));
		ck_assert(strcmp(c->registered, c->at) <= 0);
		(void)snprintf(c->registered, sizeof(c->registered), "%s", c->at);
		if (birth) {
			ck_assert(months_between(birth, c->at, 18 * 12));
			(void)snprintf(c->birth, sizeof(c->birth), "%s", birth);
		}
	} else if (strcmp(event, "consent") == 0) {
		c->processing |= holds(line, "consents", "processing");
		c->advertising |= holds(line, "consents", "advertising");
		c->biometric |= holds(line, "consents", "biometric");
		if (holds(line, "consents", "cookies"))
			(void)snprintf(c->cookies, sizeof(c->cookies), "%s", c->at);
	} else if (strcmp(event, "collect") == 0) {
		check_collect(c, line);
	} else if (strcmp(event, "milestone") == 0) {
		if (strcmp(member(line, "milestone"), "last-visit") == 0)
			(void)snprintf(c->last, sizeof(c->last), "%s", c->at);
	} else if (strcmp(event, "withdraw") == 0) {
		c->ended = true;
		c->withdrawn++;
		c->recent += strcmp(c->at, "2026-10-29") >= 0;
	} else if (strcmp(event, "hold") == 0) {
		c->held += strcmp(member(line, "state"), "placed") == 0;
	} else if (strcmp(event, "request") == 0) {
		c->requests++;
	}
}

static void check_members(struct census *c, json_t *line, const char *event)
{
	size_t s = 0, required = 0;
	const char *key, *rest;
	json_t *value;

	while (s < sizeof(shapes) / sizeof(shapes[0]) && strcmp(shapes[s].event, event) != 0)
		s++;
	ck_assert_msg(s < sizeof(shapes) / sizeof(shapes[0]), "unknown event %s", event);
	c->per_event[s]++;
	rest = strchr(shapes[s].members, '|');
	json_object_foreach(line, key, value)
	{
		const char *at = has_word(" event at subject ", key) ? NULL : strstr(shapes[s].members, key);

		ck_assert_msg(has_word(" event at subject ", key) || has_word(shapes[s].members, key), "%s: member %s", event, key);
		required += at && at < rest;
	}
	for (const char *p = shapes[s].members; p < rest; p++)
		required -= p[0] == ' ' && p[1] != '|' ? 1 : 0;
	ck_assert_msg(required == 0, "%s: a member is missing", event);
}

static int by_text(const void *a, const void *b) { return strcmp(a, b); }

static void check_line(struct census *c, const char *text, size_t len)
{
	json_t *line = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	const char *event, *at, *id;

	ck_assert_msg(line != NULL, "not JSON: %.*s", (int)len, text);
	event = member(line, "event");
	at = member(line, "at");
	check_members(c, line, event);
	ck_assert_uint_eq(strlen(at), 25);
	ck_assert_str_lt(at, "2026-11-01");
	ck_assert_str_ge(at, "2022-01-01");
	/* The offset that Almaty had then: with it, order of the text is order in time, but for the one hour repeated at night. */
	ck_assert_str_eq(at + 19, strcmp(at, "2024-03-01") < 0 ? "+06:00" : "+05:00");
	if (strcmp(event, "register") != 0) {
		ck_assert_str_eq(member(line, "subject"), c->subject);
		ck_assert_msg(strcmp(c->at, at) <= 0, "%s after %s", at, c->at);
	}
	(void)snprintf(c->at, sizeof(c->at), "%s", at);
	if (has_word(" withdraw request close ", event))
		ck_assert(strcmp(at, "2024-01-01") > 0);
	check_event(c, line, event);
	id = member(line, "id");
	if (id) {
		(void)snprintf(c->ids[c->n_ids++], sizeof(c->ids[0]), "%s", id);
		ck_assert_int_eq(strncmp(id, "e-", 2), 0);
	}
	c->events++;
	json_decref(line);
}

static void between(const char *what, size_t n, size_t min, size_t max)
{
	ck_assert_msg(n >= min && n <= max, "%s: %zu is not between %zu and %zu", what, n, min, max);
}

START_TEST(people_are_as_promised)
{
	struct text t = {0};
	struct census c = {.ids = calloc(20000, sizeof(c.ids[0]))};
	const char *line, *end;

	ck_assert_ptr_nonnull(c.ids);
	ck_assert_int_eq(generate(&t, 2000, 20260901, NULL, NULL, NULL), SAQTA_OK);
	for (line = t.data; (end = strchr(line, '\n')); line = end + 1)
		check_line(&c, line, (size_t)(end - line));
	ck_assert(*line == '\0');
	end_subject(&c);

	ck_assert_uint_eq(c.subjects, 2000);
	between("records", c.records, 18500, 21500);
	between("overdue", c.overdue, 50, 120);
	between("withdrawals", c.withdrawn, 45, 110);
	between("withdrawals of the last days", c.recent, 15, 60);
	between("holds", c.held, 8, 40);
	between("requests", c.requests, 50, 160);
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		ck_assert_msg(c.per_event[i] > 0, "no event %s", shapes[i].event);
	qsort(c.ids, c.n_ids, sizeof(c.ids[0]), by_text);
	for (size_t i = 1; i < c.n_ids; i++)
		ck_assert_str_ne(c.ids[i - 1], c.ids[i]);
	free(c.ids);
	free(t.data);
}
END_TEST

START_TEST(short_periods)
{
	static const char *const days[][2] = {
		{"2026-03-01", "2026-03-02"}, {"2024-02-29", "2024-03-02"}, {"2026-12-30", "2027-01-01"},
		{"2014-01-01", "2026-11-01"}, {"2024-01-01", "2024-01-02"},
	};

	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
		struct text t = {0};

		ck_assert_int_eq(generate(&t, 500, 9, days[i][0], days[i][1], NULL), SAQTA_OK);
		for (const char *at = t.data; (at = strstr(at, "\"at\":\"")); at++) {
			ck_assert(strncmp(at + 6, days[i][0], 10) >= 0);
			ck_assert(strncmp(at + 6, days[i][1], 10) < 0);
		}
		free(t.data);
	}
}
END_TEST

/* --- the data file --- */

static enum saqta_status with_data_file(const char *text, struct saqta_error *err)
{
	char dir[] = "/tmp/saqta-generate-XXXXXX", path[64];
	struct text t = {0};
	enum saqta_status status;
	FILE *file;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/generate.json", dir);
	file = fopen(path, "we");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(setenv("SAQTA_POLICY_PATH", dir, 1), 0);
	status = generate(&t, 3, 1, NULL, NULL, err);
	(void)remove(path);
	(void)remove(dir);
	free(t.data);
	return status;
}

/* One thing wrong in an otherwise good file: the first @from is replaced by @to. */
static const struct {
	const char *from, *to, *says;
} mistakes[] = {
	{"{", "[", ""},
	{"\"visit\":", "\"visits2\":", "member"},
	{"\"value\": \"iin\"", "\"value\": \"nonsense\"", "unknown kind of value"},
	{"\"list:browsers\"", "\"list:nonsense\"", "unknown list"},
	{"\"needs\": \"cookies\"", "\"needs\": \"cakes\"", "unknown consent"},
	{"\"has\": [\"phone\"]", "\"has\": [\"telex\"]", "unknown category"},
	{"\"share\": 72000", "\"share\": 172000", "share"},
	{"\"2024-03-01\"", "\"2024-03-41\"", "not a date"},
	{"\"visits\": [2, 6]", "\"visits\": [6, 2]", "range"},
	{"\"visits\": [2, 6]", "\"visits\": 6", "range"},
	{"\"fate\": \"overdue\"", "\"fate\": \"sealed\"", "unknown fate"},
	{"\"purposes\": [\"identification\", \"contract\"", "\"purposes\": [\"offers\", \"contract\"", "first purpose"},
	{"{\"id\": \"processing\"}", "{\"id\": \"processing\", \"share\": 5}", "first consent"},
	{"\"with\": {\"consents\"", "\"without\": {\"consents\"", "step"},
};

START_TEST(mistakes_in_the_data_file)
{
	char path[4096], *good, *bad = NULL, *at;
	const char *root = getenv("SAQTA_SOURCE_ROOT");
	struct saqta_error err = {0};
	size_t n;
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/policies/generate.json", root ? root : ".");
	file = fopen(path, "re");
	ck_assert_ptr_nonnull(file);
	good = calloc(1, 200000);
	ck_assert_ptr_nonnull(good);
	n = fread(good, 1, 199999, file);
	ck_assert_uint_lt(n, 199999);
	(void)fclose(file);
	at = strstr(good, mistakes[_i].from);
	ck_assert_msg(at != NULL, "%s", mistakes[_i].from);
	ck_assert_int_ge(asprintf(&bad, "%.*s%s%s", (int)(at - good), good, mistakes[_i].to, at + strlen(mistakes[_i].from)), 0);
	ck_assert_int_eq(with_data_file(bad, &err), SAQTA_ERR_POLICY);
	ck_assert_msg(strstr(err.message, mistakes[_i].says), "%s", err.message);
	ck_assert(strncmp(err.message, "generate.json: ", 15) == 0);
	free(good);
	free(bad);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("generate");
	TCase *tcase = tcase_create("generate");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, use_policies, NULL);
	tcase_add_test(tcase, same_seed_same_bytes);
	tcase_add_test(tcase, nobody_is_nothing);
	tcase_add_test(tcase, cancelled);
	tcase_add_loop_test(tcase, bad_dates_are_refused, 0, (int)(sizeof(bad_dates) / sizeof(bad_dates[0])));
	tcase_add_test(tcase, bad_calls_are_refused);
	tcase_add_test(tcase, people_are_as_promised);
	tcase_add_test(tcase, short_periods);
	tcase_add_loop_test(tcase, mistakes_in_the_data_file, 0, (int)(sizeof(mistakes) / sizeof(mistakes[0])));
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
