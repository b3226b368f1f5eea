/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "out.h"
#include "phrase.h"

#include <jansson.h>

static const char *pack;
static bool with_passphrase;
static struct phrase fresh = {.prompt = "New passphrase of the key file", .is_new = true};

static int run(const struct opt_words *words)
{
	struct saqta_error err = {0};
	struct saqta_options options;
	enum saqta_status r;

	(void)words;
	if (!pack)
		return out_usage("init", "name the policy with --policy PACK");
	if (!cli_options(&options))
		return 2;
	if (with_passphrase) {
		fresh.file = globals.passphrase_file;
		options.key_under_passphrase = true;
		options.passphrase_user = &fresh;
	}
	r = saqta_engine_init(&options, pack, out_write_problems, NULL, &err);
	if (r)
		return out_error(r == SAQTA_ERR_POLICY ? pack : globals.vault, &err);
	if (globals.json) {
		json_t *done = json_pack("{s:s, s:s}", "vault", globals.vault, "policy", pack);

		if (done && json_dumpf(done, stdout, JSON_COMPACT) == 0)
			printf("\n");
		json_decref(done);
	} else {
		printf("%s: a vault under %s\n", globals.vault, pack);
		printf("Its keys are in %s%s: without them nothing can be read, and a backup of the vault must not hold them.\n",
		       options.keep_dir ? options.keep_dir : globals.vault, options.keep_dir ? "" : ".keep");
	}
	return 0;
}

static const struct opt opts[] = {
	{"policy", OPT_TEXT, &pack, "PACK", "a pack's file, or its name (SAQTA_POLICY_PATH, ./policies, installed)"},
	{"passphrase", OPT_FLAG, &with_passphrase, NULL, "seal the new key file under a passphrase (--passphrase-file, else asked)"},
	{NULL, OPT_FLAG, NULL, NULL, NULL},
};

const struct command cmd_init = {
	.name = "init",
	.summary = "Make a vault under a policy",
	.usage = "--policy PACK [--passphrase]",
	.examples = "  saqta --vault /srv/vault --keep /mnt/keys/vault init --policy ./policies/shop.xml\n",
	.more = "Makes the key file too if there is none (mode 0600).",
	.opts = opts,
	.run = run,
};
