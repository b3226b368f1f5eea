/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "out.h"

#include "saqta/policy.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char *text_of(const json_t *object, const char *member)
{
	const char *text = json_string_value(json_object_get(object, member));

	return text ? text : "";
}

static void print_list(const json_t *list, const char *between)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		printf("%s", i ? between : "");
		out_text(stdout, json_string_value(item) ? json_string_value(item) : "", 0);
	}
}

/* "event=withdraw, channel=email" */
static void print_case(json_t *facts)
{
	const char *name, *between = "; example: ";
	json_t *value;

	json_object_foreach(facts, name, value)
	{
		printf("%s%s=", between, name);
		between = ", ";
		if (json_is_array(value))
			print_list(value, "+");
		else if (json_is_string(value))
			out_text(stdout, json_string_value(value), 0);
		else if (json_is_integer(value))
			printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
		else
			printf("%s", json_is_true(value) ? "yes" : json_is_false(value) ? "no" : "unknown");
	}
}

static void print_finding(const json_t *f)
{
	const char *severity = text_of(f, "severity");
	bool is_error = !strcmp(severity, "error");

	out_text(stdout, text_of(f, "file"), 0);
	printf(":%" JSON_INTEGER_FORMAT ": %s%s%s: %s: ", json_integer_value(json_object_get(f, "line")), is_error ? out_red() : "",
	       severity, is_error ? out_plain() : "", text_of(f, "kind"));
	out_text(stdout, text_of(f, "message"), 0);
	printf(" [");
	print_list(json_object_get(f, "clauses"), " ");
	printf("]");
	print_case(json_object_get(f, "case"));
	printf("\n");
}

/* JSON Lines into one array. */
static bool gather(const struct out_buf *b, json_t *ret)
{
	const char *at = b->data;

	while (at && *at) {
		size_t len = strcspn(at, "\n");

		if (json_array_append_new(ret, json_loadb(at, len, 0, NULL)))
			return false;
		at += len + (at[len] == '\n');
	}
	return true;
}

/* Findings or documents, each as text or all as one array. */
static int print_all(const struct out_buf *b, void (*print)(const json_t *))
{
	json_t *all = json_array(), *item;
	int code = all && gather(b, all) ? 0 : 74;
	size_t i;

	if (!code && globals.json) {
		if (json_dumpf(all, stdout, JSON_COMPACT))
			code = 74;
		printf("\n");
	} else if (!code) {
		json_array_foreach(all, i, item) print(item);
	}
	json_decref(all);
	return code;
}

/* ---- lint ---- */

static int run_lint(const struct opt_words *words)
{
	struct out_buf b = {0};
	int code = 0, printed;

	for (int i = 0; i < words->n; i++) {
		struct saqta_error err = {0};
		uint64_t errors = 0;
		int one = 0;

		if (saqta_policy_lint(words->at[i], NULL, out_write_problems, out_buf_write, &b, &errors, &err))
			one = out_error(words->at[i], &err);
		else if (errors)
			one = 1;
		code = one > code ? one : code;
	}
	printed = print_all(&b, print_finding);
	if (!globals.json && !b.len && !code)
		printf("nothing found\n");
	out_buf_done(&b);
	return printed ? printed : code;
}

/* ---- coverage ---- */

static const char *tests_dir;

static void print_document(const json_t *d)
{
	const json_t *rows = json_object_get(d, "rows"), *row;
	size_t i;

	printf("%s: %" JSON_INTEGER_FORMAT " carried, %" JSON_INTEGER_FORMAT " missing, %" JSON_INTEGER_FORMAT " not enforced\n",
	       text_of(d, "document"), json_integer_value(json_object_get(d, "carried")), json_integer_value(json_object_get(d, "missing")),
	       json_integer_value(json_object_get(d, "not_enforced")));
	json_array_foreach(rows, i, row)
	{
		printf("  ");
		out_text(stdout, text_of(row, "clause"), 18);
		printf(" ");
		out_text(stdout, text_of(row, "shown_by"), 14);
		printf(" needs %s\n", text_of(row, "missing"));
	}
}

static int run_coverage(const struct opt_words *words)
{
	struct saqta_error err = {0};
	struct out_buf b = {0};
	uint64_t missing = 0;
	int code;

	if (saqta_policy_coverage(words->at, (size_t)words->n, NULL, tests_dir, out_write_problems, out_buf_write, &b, &missing, &err))
		code = out_error("policy coverage", &err);
	else
		code = print_all(&b, print_document);
	out_buf_done(&b);
	return code ? code : missing > 0;
}

static const struct opt lint_opts[] = {{NULL, OPT_FLAG, NULL, NULL, NULL}};
static const struct opt coverage_opts[] = {
	{"tests", OPT_TEXT, &tests_dir, "DIR", "where the tests are that name clauses (default ./tests)"},
	{NULL, OPT_FLAG, NULL, NULL, NULL},
};

const struct command cmd_policy_lint = {
	.name = "policy lint",
	.summary = "Find what is valid in a pack but wrong",
	.usage = "PACK…",
	.examples = "  saqta policy lint ./policies/shop.xml\n"
		    "  saqta --json policy lint shop\n",
	.more = "Rules that never apply or contradict each other, what runs against the statute, what has no end, no ground or no anchor; "
		"each "
		"with the clauses and an example. No vault is needed. Exit 1 if an error was found.",
	.opts = lint_opts,
	.words_min = 1,
	.words_max = OPT_WORDS_MAX,
	.run = run_lint,
};

const struct command cmd_policy_coverage = {
	.name = "policy coverage",
	.summary = "Show whether every enforced clause is carried",
	.usage = "[PACK…]",
	.examples = "  saqta policy coverage\n"
		    "  saqta policy coverage --tests ./tests shop\n",
	.more = "Each row of clauses.tsv is carried in the way that its column shown-by says: by two scenarios, a finding of lint, the "
		"printed "
		"policy, a test. Without a PACK: every document of the table, and the statute. Exit 1 if a row is not carried.",
	.opts = coverage_opts,
	.words_min = 0,
	.words_max = OPT_WORDS_MAX,
	.run = run_coverage,
};
