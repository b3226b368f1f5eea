/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "doc.h"
#include "out.h"

#include "saqta/policy.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char *pack, *lang, *subject, *purpose, *category, *operation, *recipient, *basis, *country;
static bool retention;

/* ---- a clause ---- */

/* Without --pack: the policy in force of the vault that is named, else the pack that the clause is of. */
static int explain_clause(const char *clause)
{
	struct saqta_policy_from from = {.size = sizeof(from), .pack = pack, .problems = out_write_problems};
	const bool has_vault = globals.vault && globals.vault[0];
	struct saqta_error err = {0};
	struct out_buf b = {0};
	char own[256];
	int code = 0;

	if (!pack && !has_vault && !strchr(clause, '/'))
		return out_usage("policy explain", "whose clause %s? Write PACK/%s, or name the pack with --pack", clause, clause);
	(void)snprintf(own, sizeof(own), "%.*s", (int)strcspn(clause, "/"), clause);
	if (!pack)
		from.pack = has_vault ? "in-force" : own;
	if (has_vault)
		code = cli_open(true, &from.engine);
	if (code)
		return code;
	code = doc_end(clause, saqta_policy_explain_clause(&from, clause, doc_language(lang), out_buf_write, &b, &err), &err, &b);
	(void)saqta_engine_close(from.engine);
	return code;
}

/* ---- a decision ---- */

static void add_text(json_t *to, const char *name, const char *value)
{
	if (value)
		json_object_set_new(to, name, json_string(value));
}

static char *question(void)
{
	json_t *root = json_object(), *categories = json_array();
	char *text;

	add_text(root, "subject", subject);
	add_text(root, "purpose", purpose);
	add_text(root, "operation", operation);
	add_text(root, "recipient", recipient);
	add_text(root, "basis", basis);
	add_text(root, "country", country);
	for (const char *at = category; at && *at;) {
		size_t len = strcspn(at, ",");

		json_array_append_new(categories, json_stringn(at, len));
		at += len + (at[len] == ',');
	}
	json_object_set_new(root, "categories", categories);
	text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	return text;
}

static int explain_decision(void)
{
	struct saqta_error err = {0};
	struct out_buf b = {0};
	saqta_engine *engine = NULL;
	char *text = question();
	int code;

	if (!text)
		return out_usage("policy explain", "the question cannot be written as UTF-8");
	code = cli_open(false, &engine);
	if (!code)
		code = doc_end("policy explain",
			       saqta_policy_explain_decision(engine, text, strlen(text), doc_language(lang), out_buf_write, &b, &err), &err,
			       &b);
	(void)saqta_engine_close(engine);
	free(text);
	return code;
}

/* ---- retention ---- */

static int explain_retention(void)
{
	struct saqta_error err = {0};
	struct out_buf b = {0};
	saqta_engine *engine = NULL;
	int code = cli_open(false, &engine);

	if (!code)
		code = doc_end("policy explain",
			       saqta_policy_explain_retention(engine, subject, doc_language(lang), out_buf_write, &b, &err), &err, &b);
	(void)saqta_engine_close(engine);
	return code;
}

static int run(const struct opt_words *words)
{
	const bool asks = purpose || category || operation || recipient || basis || country;

	if (words->n > 0 && (subject || asks || retention))
		return out_usage("policy explain", "either a clause, or --subject with a question or --retention");
	if (words->n > 0)
		return explain_clause(words->at[0]);
	if (!subject)
		return out_usage("policy explain", "what? Name a clause, or a subject with --subject ID");
	if (pack)
		return out_usage("policy explain", "a subject stands under the policy in force: --pack does not go with --subject");
	if (retention)
		return asks ? out_usage("policy explain", "--retention goes without a question") : explain_retention();
	if (!purpose || !category)
		return out_usage("policy explain", "a question has --purpose and --category; or ask for --retention");
	return explain_decision();
}

static const struct opt opts[] = {
	{"lang", OPT_TEXT, &lang, "L", "kk, ru or en; default that of the environment"},
	{"pack", OPT_TEXT, &pack, "PACK", "of a clause: under this pack, or with a vault digest:HEX"},
	{"subject", OPT_TEXT, &subject, "ID", "why this subject's data may be used, or are still here"},
	{"purpose", OPT_TEXT, &purpose, "P", "what for"},
	{"category", OPT_TEXT, &category, "C[,C…]", "which data"},
	{"operation", OPT_TEXT, &operation, "O", "default use, or provide with a recipient"},
	{"recipient", OPT_TEXT, &recipient, "R", "to whom"},
	{"basis", OPT_TEXT, &basis, "B", "on what ground; default consent"},
	{"country", OPT_TEXT, &country, "CC", "into which country; default KZ"},
	{"retention", OPT_FLAG, &retention, NULL, "why each record is still here, and until when"},
	{NULL, OPT_FLAG, NULL, NULL, NULL},
};

const struct command cmd_policy_explain = {
	.name = "policy explain",
	.summary = "What follows from a clause; why a decision; why data are still here",
	.usage = "CLAUSE [--pack PACK] | --subject ID (--purpose P --category C … | --retention)",
	.examples = "  saqta policy explain shop/8.1 --lang ru\n"
		    "  saqta --vault /srv/vault policy explain --subject u-17 --purpose support --category phone\n"
		    "  saqta --vault /srv/vault policy explain --subject u-17 --purpose offers --category email --recipient bank\n"
		    "  saqta --vault /srv/vault policy explain --subject u-17 --retention\n",
	.more = "On a denial it says what would have to change, tried out before it is told. No value of personal data is shown.\n"
		"Explaining about a subject is recorded in the log, as any reading.",
	.opts = opts,
	.words_max = 1,
	.run = run,
};
