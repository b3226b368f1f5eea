/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "out.h"
#include "phrase.h"

#include "saqta/keys.h"

static bool with_keys;
static struct phrase recovery = {.prompt = "Recovery passphrase"};
static struct out_progress progress;

/* A deliberate act says what it means, before it is done. */
static const char meaning[] =
	"This backup holds a copy of every key. Whoever has it and its passphrase can read everyone who is in the vault now,\n"
	"also those whose data are destroyed later: for them, destruction is whole only when this file is gone too.\n"
	"Keep it apart from other backups, and destroy it after the days that your policy prints for copies of keys.\n";

static enum saqta_status call_backup(saqta_engine *engine, saqta_write_fn write, void *user, const void *args, struct saqta_error *reterr)
{
	struct saqta_backup_options o = {.size = sizeof(o),
					 .with_keys = with_keys,
					 .passphrase = phrase_ask,
					 .passphrase_user = &recovery,
					 .progress = out_progress};
	enum saqta_status r;

	progress.what = "copying";
	o.progress_user = &progress;
	r = saqta_backup(engine, args, &o, write, user, reterr);
	out_progress_end(&progress);
	return r;
}

static int run_backup(const struct opt_words *words)
{
	recovery.is_new = true;
	if (!with_keys && recovery.file)
		return out_usage("backup", "--recovery-file is for --with-keys: other backups open with the vault's own keys");
	if (with_keys)
		fprintf(stderr, "%s", meaning);
	return cli_show(words->at[0], !with_keys, CLI_OBJECT, NULL, call_backup, words->at[0]);
}

static int run_restore(const struct opt_words *words)
{
	struct saqta_restore_options ro = {
		.size = sizeof(ro), .passphrase = phrase_ask, .passphrase_user = &recovery, .progress = out_progress};
	struct saqta_error err = {0};
	struct saqta_options options;
	struct out_buf report = {0};
	enum saqta_status r;

	if (!cli_options(&options))
		return 2;
	progress.what = "restoring";
	ro.progress_user = &progress;
	out_catch_signals();
	r = saqta_restore(&options, words->at[0], &ro, out_buf_write, &report, &err);
	out_progress_end(&progress);
	if (!r && globals.json)
		(void)out_write_whole(NULL, report.data, report.len);
	else if (!r)
		out_object(report.data, report.len);
	out_buf_done(&report);
	if (r)
		return out_error(words->at[0], &err);
	fprintf(stderr, "What was recorded after the backup is lost except for the destructions: let the applications send it again.\n"
			"The log has a new name and key: give the new log.vkey to whoever verifies it.\n");
	return 0;
}

static const struct opt opts_backup[] = {
	{"with-keys", OPT_FLAG, &with_keys, NULL, "with a copy of the keys, under a recovery passphrase: read `backup --help`"},
	{"recovery-file", OPT_TEXT, &recovery.file, "FILE", "the recovery passphrase, first line of FILE; default: ask"},
	{NULL, OPT_FLAG, NULL, NULL, NULL},
};
static const struct opt opts_restore[] = {
	{"recovery-file", OPT_TEXT, &recovery.file, "FILE", "the recovery passphrase of a backup with keys; default: ask"},
	{NULL, OPT_FLAG, NULL, NULL, NULL},
};

const struct command cmd_backup = {
	.name = "backup",
	.summary = "A whole copy of the vault, sealed, while others write",
	.usage = "FILE [--with-keys [--recovery-file FILE]]",
	.examples = "  saqta --vault /srv/vault backup /mnt/copies/vault-2026-01-05.saqta\n"
		    "  saqta --vault /srv/vault backup --with-keys /mnt/safe/recovery.saqta\n",
	.more = "A backup holds no keys: it opens only with the keep of its vault, and whatever is destroyed later is destroyed in it "
		"too.\n"
		"With --with-keys it holds a copy of every key under a passphrase, for the loss of the keep: whoever has both reads "
		"everyone\n"
		"who is in the vault now, also those who are destroyed later. It is recorded in the log.",
	.opts = opts_backup,
	.words_min = 1,
	.words_max = 1,
	.run = run_backup,
};

const struct command cmd_restore = {
	.name = "restore",
	.summary = "Put a backup in the place of a lost vault, with every destruction since replayed",
	.usage = "FILE [--recovery-file FILE]",
	.examples = "  saqta --vault /srv/vault --keep /mnt/keys/vault restore /mnt/copies/vault-2026-01-05.saqta\n",
	.more = "Verifies the whole backup first and replaces no vault: move a damaged one away. Begins a new incarnation of the log, "
		"which\n"
		"says what was lost; nothing is served before all that is done.",
	.opts = opts_restore,
	.words_min = 1,
	.words_max = 1,
	.run = run_restore,
};
