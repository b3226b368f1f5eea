/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "out.h"

#include "saqta/audit.h"

#include <errno.h>
#include <stdlib.h>

/* The log for somebody else's eyes: as tiles, and the proof of one entry. */

static enum saqta_status call_export(saqta_engine *engine, saqta_write_fn write, void *user, const void *args, struct saqta_error *reterr)
{
	struct out_progress progress = {.what = "exporting"};
	enum saqta_status r = saqta_audit_export(engine, args, out_progress, &progress, write, user, reterr);

	out_progress_end(&progress);
	return r;
}

static int run_export(const struct opt_words *words) { return cli_show("audit export", true, CLI_OBJECT, NULL, call_export, words->at[0]); }

static enum saqta_status call_prove(saqta_engine *engine, saqta_write_fn write, void *user, const void *args, struct saqta_error *reterr)
{
	return saqta_audit_prove(engine, *(const uint64_t *)args, write, user, reterr);
}

static int run_prove(const struct opt_words *words)
{
	const char *text = words->at[0];
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno || end == text || *end || *text < '0' || *text > '9')
		return out_usage("audit prove", "`%s` is not the number of an entry", text);
	return cli_show("audit prove", true, CLI_OBJECT, NULL, call_prove, &(uint64_t){n});
}

static enum saqta_status call_receipt(saqta_engine *engine, saqta_write_fn write, void *user, const void *args, struct saqta_error *reterr)
{
	return saqta_receipt(engine, args, write, user, reterr);
}

static int run_receipt(const struct opt_words *words) { return cli_show("receipt", true, CLI_OBJECT, NULL, call_receipt, words->at[0]); }

static const struct opt opts[] = {{NULL, OPT_FLAG, NULL, NULL, NULL}};

const struct command cmd_audit_export = {
	.name = "audit export",
	.summary = "Write the log as a folder that anybody can verify without the vault",
	.usage = "DIR",
	.examples = "  saqta --vault /srv/vault audit export /srv/published\n"
		    "  saqta-verify /srv/published\n",
	.more = "The folder is a C2SP tlog-tiles log: entries, tree and signed head as plain files, with the key in log.vkey, and the logs "
		"before\n"
		"`audit incarnate` or a restore in past/1, past/2 and so on. It reaches to the newest signed head; run again, it adds what "
		"is\n"
		"new, and refuses a log that is not the one it wrote before. An export that was cut off stays valid as it was.",
	.opts = opts,
	.words_min = 1,
	.words_max = 1,
	.run = run_export,
};

const struct command cmd_audit_prove = {
	.name = "audit prove",
	.summary = "The proof that an entry stands in the log, as a file to keep",
	.usage = "N",
	.examples = "  saqta --vault /srv/vault audit prove 1042 >entry-1042.proof\n"
		    "  saqta-verify --proof entry-1042.proof --key log.vkey\n",
	.more = "A C2SP tlog-proof; its extra data are the entry.",
	.opts = opts,
	.words_min = 1,
	.words_max = 1,
	.run = run_prove,
};

const struct command cmd_receipt = {
	.name = "receipt",
	.summary = "The proof that the destruction with this receipt took place",
	.usage = "NUMBER",
	.examples = "  saqta --vault /srv/vault receipt 3f2a90b15c77de0841a6c9e2b8d4f013 >destroyed.proof\n"
		    "  saqta-verify --proof destroyed.proof --receipt 3f2a90b15c77de0841a6c9e2b8d4f013 --key log.vkey\n",
	.more = "The number was given when the destruction became due. The proof is for the former subject to keep: whoever has both, and "
		"the log's\n"
		"key, can check years later that the data of this receipt were destroyed and when, with no access to the vault. Nothing "
		"in\n"
		"the vault leads from the number to a person.",
	.opts = opts,
	.words_min = 1,
	.words_max = 1,
	.run = run_receipt,
};
