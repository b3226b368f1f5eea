/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "papers.h"

/* The documents: answer, report, letter, receipt, act. */

static const char *request, *from, *to, *day, *folder;

/* ---- export ---- */

static enum saqta_status call_export(saqta_engine *engine, saqta_write_fn write, void *user, const void *args, struct saqta_error *reterr)
{
	struct saqta_export_options o = {.size = sizeof(o),
					 .subject = args,
					 .format = papers.format,
					 .lang = papers.lang,
					 .sign = papers_sign(),
					 .request = request};

	return saqta_engine_export(engine, &o, write, user, reterr);
}

static int run_export(const struct opt_words *words) { return papers_give("export", true, call_export, words->at[0]); }

static const struct opt opts_export[] = {
	{"request", OPT_TEXT, &request, "R", "the request that this answers: it is closed in the same transaction"},
	PAPERS_OPTIONS,
};

const struct command cmd_export = {
	.name = "export",
	.summary = "The answer to a subject who asks what is held",
	.usage = "ID [--request R] " PAPERS_USAGE,
	.examples = "  saqta --vault /srv/vault export u-17 --format pdf --lang kk --output u-17.pdf\n"
		    "  saqta --vault /srv/vault export u-17 --request r-204 --format html --output u-17.html\n"
		    "  saqta --vault /srv/vault export u-17 --format jsonld --output u-17.jsonld\n",
	.more = "All that is held, why, from where, who had it, and until when. Recorded in the log and with the subject. As jsonld it is "
		"for "
		"another\n"
		"controller to read: its members and ids in terms of W3C's Data Privacy Vocabulary, with the context in the file.",
	.opts = opts_export,
	.words_min = 1,
	.words_max = 1,
	.run = run_export,
};

/* ---- report ---- */

static enum saqta_status call_report(saqta_engine *engine, saqta_write_fn write, void *user, const void *args, struct saqta_error *reterr)
{
	struct saqta_report_options o = {
		.size = sizeof(o), .from = from, .to = to, .format = papers.format, .lang = papers.lang, .sign = papers_sign()};

	(void)args;
	return saqta_engine_report(engine, &o, write, user, reterr);
}

static enum saqta_status call_folder(saqta_engine *engine, saqta_write_fn write, void *user, const void *args, struct saqta_error *reterr)
{
	struct saqta_report_options o = {.size = sizeof(o), .from = from, .to = to, .lang = papers.lang};
	struct out_progress progress = {.what = "exporting the log"};
	enum saqta_status r = saqta_engine_report_folder(engine, &o, args, out_progress, &progress, write, user, reterr);

	out_progress_end(&progress);
	return r;
}

static int run_report(const struct opt_words *words)
{
	(void)words;
	if (!from || !to)
		return out_usage("report", "which period? --from TIME --to TIME");
	if (folder && (papers.format || papers.output || papers.seal || papers.seal_file))
		return out_usage("report", "--folder writes every form by itself: no --format, --output or --seal");
	if (folder)
		return cli_show("report", false, CLI_OBJECT, NULL, call_folder, folder);
	return papers_give("report", false, call_report, NULL);
}

static const struct opt opts_report[] = {
	{"from", OPT_TEXT, &from, "TIME", "begin of the period, RFC 3339"},
	{"to", OPT_TEXT, &to, "TIME", "its end; this instant is no longer in it"},
	{"folder", OPT_TEXT, &folder, "DIR", "a new folder: every form, signed, with the log beside it"},
	PAPERS_OPTIONS,
};

const struct command cmd_report = {
	.name = "report",
	.summary = "The regulator's report on a period",
	.usage = "--from TIME --to TIME [--folder DIR | [--format F] [--output FILE [--sign] [--seal]]] [--lang L]",
	.examples =
		"  saqta --vault /srv/vault report --from 2026-01-01T00:00:00+05:00 --to 2027-01-01T00:00:00+05:00 --format pdf "
		"--output 2026.pdf\n"
		"  saqta --vault /srv/vault report --from 2026-01-01T00:00:00+05:00 --to 2027-01-01T00:00:00+05:00 --folder report-2026\n",
	.more = "It names nobody: subjects appear under the pseudonyms of the log. The log is verified first. --folder is for taking away: "
		"json,\n"
		"xml, html and pdf, each with .sig and .proof, the key in log.vkey, and the log itself in log/. Whoever has it needs no "
		"vault:\n"
		"`saqta document verify DIR/report.pdf`, `saqta-verify DIR/log`.",
	.opts = opts_report,
	.run = run_report,
};

/* ---- register of requests ---- */

static enum saqta_status call_register(saqta_engine *engine, saqta_write_fn write, void *user, const void *args, struct saqta_error *reterr)
{
	struct saqta_report_options o = {
		.size = sizeof(o), .from = from, .to = to, .format = papers.format, .lang = papers.lang, .sign = papers_sign()};

	(void)args;
	return saqta_engine_request_register(engine, &o, write, user, reterr);
}

static const struct opt opts_register[] = {
	{"from", OPT_TEXT, &from, "TIME", "requests from this time on, RFC 3339; default all"},
	{"to", OPT_TEXT, &to, "TIME", "and before this one"},
	PAPERS_OPTIONS,
};

static int run_register(const struct opt_words *words)
{
	(void)words;
	return papers_give("request register", false, call_register, NULL);
}

const struct command cmd_request_register = {
	.name = "request register",
	.summary = "The register of requests as a document",
	.usage = "[--from TIME] [--to TIME] " PAPERS_USAGE,
	.examples = "  saqta --vault /srv/vault request register --format pdf --lang ru --output requests.pdf\n"
		    "  saqta --vault /srv/vault request register --from 2026-01-01T00:00:00+05:00 --format csv --output requests.zip\n",
	.more = "What was asked, when, by whom, until when it had to be answered and by which clause, and what became of it. It names "
		"nobody:\n"
		"subjects appear under the pseudonyms of the log.",
	.opts = opts_register,
	.run = run_register,
};

/* ---- letter, consent receipt ---- */

static enum saqta_status call_letter(saqta_engine *engine, saqta_write_fn write, void *user, const void *args, struct saqta_error *reterr)
{
	const struct opt_words *words = args;
	struct saqta_letter_options o = {.size = sizeof(o),
					 .subject = words->at[0],
					 .request = words->at[1],
					 .format = papers.format,
					 .lang = papers.lang,
					 .sign = papers_sign()};

	return saqta_engine_letter(engine, &o, write, user, reterr);
}

static int run_letter(const struct opt_words *words) { return papers_give("letter", true, call_letter, words); }

static const struct opt opts_form[] = {PAPERS_OPTIONS};

const struct command cmd_letter = {
	.name = "letter",
	.summary = "A letter to the subject on a request",
	.usage = "ID REQUEST " PAPERS_USAGE,
	.examples = "  saqta --vault /srv/vault letter u-17 r-204 --format pdf --output r-204.pdf\n",
	.more = "Received, answered, done, or refused with the reason: the state of the request says which. A refusal names for every "
		"record why it\n"
		"stays and until when. Recorded in the log and with the subject.",
	.opts = opts_form,
	.words_min = 2,
	.words_max = 2,
	.run = run_letter,
};

static enum saqta_status call_receipt(saqta_engine *engine, saqta_write_fn write, void *user, const void *args, struct saqta_error *reterr)
{
	struct saqta_letter_options o = {
		.size = sizeof(o), .subject = args, .format = papers.format, .lang = papers.lang, .sign = papers_sign()};

	return saqta_engine_consent_receipt(engine, &o, write, user, reterr);
}

static int run_receipt(const struct opt_words *words) { return papers_give("consent-receipt", true, call_receipt, words->at[0]); }

const struct command cmd_consent_receipt = {
	.name = "consent-receipt",
	.summary = "What a subject has consented to, and what not",
	.usage = "ID " PAPERS_USAGE,
	.examples = "  saqta --vault /srv/vault consent-receipt u-17 --format html --output u-17.html\n",
	.more = "Recorded in the log and with the subject.",
	.opts = opts_form,
	.words_min = 1,
	.words_max = 1,
	.run = run_receipt,
};

/* ---- notice of a breach ---- */

static struct opt_number breach;
static const char *subject, *contact, *measures, *causes, *harm, *reach;

static enum saqta_status call_breach(saqta_engine *engine, saqta_write_fn write, void *user, const void *args, struct saqta_error *reterr)
{
	struct saqta_breach_options o = {.size = sizeof(o),
					 .number = breach.n,
					 .subject = subject,
					 .contact = contact,
					 .measures = measures,
					 .causes = causes,
					 .harm = harm,
					 .reach = reach,
					 .format = papers.format,
					 .lang = papers.lang,
					 .sign = papers_sign()};

	(void)args;
	return saqta_engine_breach_notice(engine, &o, write, user, reterr);
}

static int run_breach(const struct opt_words *words)
{
	(void)words;
	if (!contact || !measures)
		return out_usage("breach-notice",
				 "a notice names who answers for personal data, and what was done: --contact and --measures");
	if (subject && reach)
		return out_usage("breach-notice", "--reach is for the authorised body: no other subject's data go to a subject");
	return papers_give("breach-notice", true, call_breach, NULL);
}

static const struct opt opts_breach[] = {
	{"contact", OPT_TEXT, &contact, "TEXT", "the person who answers for personal data, and how to reach them"},
	{"measures", OPT_TEXT, &measures, "TEXT", "what was done"},
	{"causes", OPT_TEXT, &causes, "TEXT", "presumed causes"},
	{"harm", OPT_TEXT, &harm, "TEXT", "presumed harm"},
	{"reach", OPT_TEXT, &reach, "CATEGORIES", "list the subjects by these data, so that they can be told"},
	{"subject", OPT_TEXT, &subject, "ID", "the notice to this subject; default: to the authorised body"},
	{"number", OPT_NUMBER, &breach, "N", "which breach, in the order of the events; default the newest"},
	PAPERS_OPTIONS,
};

const struct command cmd_breach_notice = {
	.name = "breach-notice",
	.summary = "The notice of a breach, to the authorised body or to a subject",
	.usage = "--contact TEXT --measures TEXT [--causes TEXT] [--harm TEXT] [--reach CATEGORIES | --subject ID]\n"
		 "       [--number N] " PAPERS_USAGE,
	.examples = "  saqta --vault /srv/vault breach-notice --contact 'A. Serikov, +7 727 000 00 00' --measures 'access closed, keys "
		    "changed' "
		    "\\\n"
		    "    --reach full-name,iin,phone --format pdf --output breach.pdf --seal\n",
	.more = "Of a breach that an event `breach` reported; the day until which the authorised body must have the notice stands in it. "
		"Recorded "
		"in the\n"
		"log; each subject listed by --reach has the reading noted.",
	.opts = opts_breach,
	.run = run_breach,
};

/* ---- act of destruction ---- */

static enum saqta_status call_act(saqta_engine *engine, saqta_write_fn write, void *user, const void *args, struct saqta_error *reterr)
{
	struct saqta_act_options o = {.size = sizeof(o), .day = day, .format = papers.format, .lang = papers.lang, .sign = papers_sign()};

	(void)args;
	return saqta_engine_act(engine, &o, write, user, reterr);
}

static int run_act(const struct opt_words *words)
{
	(void)words;
	if (!day)
		return out_usage("act", "of which day? --day 2026-11-02");
	return papers_give("act", false, call_act, NULL);
}

static const struct opt opts_act[] = {
	{"day", OPT_TEXT, &day, "DAY", "such as 2026-11-02, in the policy's zone"},
	PAPERS_OPTIONS,
};

const struct command cmd_act = {
	.name = "act",
	.summary = "The act of destruction of one day",
	.usage = "--day DAY " PAPERS_USAGE,
	.examples = "  saqta --vault /srv/vault act --day 2026-11-02 --format pdf --output act.pdf\n",
	.more = "What was destroyed and why, by pseudonym, each with the entry of the log that proves it.",
	.opts = opts_act,
	.run = run_act,
};
