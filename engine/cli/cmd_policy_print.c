/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "doc.h"
#include "papers.h"

#include "saqta/policy.h"

#include <stdlib.h>
#include <string.h>

static const char *lang, *format, *output;

static int page(const char *pack, const struct saqta_policy_from *from)
{
	struct papers_file file = {0};
	struct saqta_error err = {0};
	enum saqta_status r;
	int code = output ? papers_create(output, "", &file) : 0;

	if (code)
		return code;
	r = output ? saqta_policy_page(from, format, doc_language(lang), globals.now, papers_write, file.file, &err)
		   : saqta_policy_page(from, format, doc_language(lang), globals.now, out_write_whole, NULL, &err);
	code = r ? out_error(pack, &err) : 0;
	if (!code && output)
		code = papers_close(&file);
	papers_drop(&file, code != 0);
	return code;
}

static int run(const struct opt_words *words)
{
	const bool has_vault = globals.vault && globals.vault[0];
	struct saqta_policy_from from = {.size = sizeof(from), .pack = words->at[0], .problems = out_write_problems};
	struct saqta_error err = {0};
	struct out_buf b = {0};
	int code;

	if (!format && output)
		return out_usage("policy print", "--output is for a page: --format html, pdf or xml");
	if (format && !output && out_is_terminal() && !strcmp(format, "pdf"))
		return out_usage("policy print", "pdf is not for a terminal: name a file with --output");
	code = has_vault ? cli_open(true, &from.engine) : 0;
	if (code)
		return code;
	if (format)
		code = page(words->at[0], &from);
	else
		code = doc_end(words->at[0], saqta_policy_print(&from, doc_language(lang), globals.now, out_buf_write, &b, &err), &err, &b);
	(void)saqta_engine_close(from.engine);
	return code;
}

static const struct opt opts[] = {
	{"format", OPT_TEXT, &format, "F", "html, pdf or xml: a page for publication; default: text"},
	{"output", OPT_TEXT, &output, "FILE", "a new file (0600); default stdout"},
	{"lang", OPT_TEXT, &lang, "L", "kk, ru or en; default that of the environment"},
	{NULL, OPT_FLAG, NULL, NULL, NULL},
};

const struct command cmd_policy_print = {
	.name = "policy print",
	.summary = "The policy in plain sentences, for publication",
	.usage = "PACK [--format F [--output FILE]] [--lang L]",
	.examples = "  saqta policy print shop --lang kk > site/policy.txt\n"
		    "  saqta policy print shop --lang ru --format html > site/policy.html\n"
		    "  saqta --vault /srv/vault policy print in-force --lang ru\n",
	.more = "Each sentence has the clauses that it carries out in brackets. What is collected for which purpose, what goes to whom and "
		"on\n"
		"what grounds is asked of the rules themselves, as of --now. Rules that have ended are left out.",
	.opts = opts,
	.words_min = 1,
	.words_max = 1,
	.run = run,
};
