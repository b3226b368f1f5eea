/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "out.h"

#include <string.h>

static const char *from, *to, *format, *output, *lang;

static enum saqta_status call_report(saqta_engine *engine, saqta_write_fn write, void *user, const void *args, struct saqta_error *reterr)
{
	struct saqta_report_options o = {.size = sizeof(o), .from = from, .to = to, .format = format ? format : "json", .lang = lang};

	(void)args;
	return saqta_engine_report(engine, &o, write, user, reterr);
}

static int run_report(const struct opt_words *words)
{
	struct saqta_error err = {0};
	saqta_engine *engine = NULL;
	enum saqta_status r;
	int code;

	(void)words;
	if (!from || !to)
		return out_usage("report", "which period? --from TIME --to TIME");
	if (!output && out_is_terminal() && format && (!strcmp(format, "pdf") || !strcmp(format, "csv")))
		return out_usage("report", "%s is not for a terminal: name a file with --output", format);
	code = cli_open(true, &engine);
	if (code)
		return code;
	if (output) {
		code = cli_document(output, call_report, engine, NULL, &err);
	} else {
		r = call_report(engine, out_write_whole, NULL, NULL, &err);
		code = r ? out_error("report", &err) : 0;
	}
	(void)saqta_engine_close(engine);
	return code;
}

static const struct opt opts_report[] = {
	{"from", OPT_TEXT, &from, "TIME", "begin of the period, RFC 3339"},
	{"to", OPT_TEXT, &to, "TIME", "its end; this instant is no longer in it"},
	{"format", OPT_TEXT, &format, "F", "json (default), xml, csv (a zip), html or pdf"},
	{"output", OPT_TEXT, &output, "FILE", "a new file (0600); default stdout"},
	{"lang", OPT_TEXT, &lang, "L", "kk, ru (default) or en"},
	{NULL, OPT_FLAG, NULL, NULL, NULL},
};

const struct command cmd_report = {
	.name = "report",
	.summary = "The regulator's report on a period",
	.usage = "--from TIME --to TIME [--format F] [--output FILE] [--lang L]",
	.examples = "  saqta --vault /srv/vault report --from 2026-01-01T00:00:00+05:00 --to 2027-01-01T00:00:00+05:00 --format pdf "
		    "--output 2026.pdf\n",
	.more = "It names nobody: subjects appear under the pseudonyms of the log. The log is verified first.",
	.opts = opts_report,
	.run = run_report,
};
