/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "out.h"

#include "saqta/policy.h"

#include <stdlib.h>
#include <string.h>

static int check_one(const char *pack)
{
	struct saqta_error err = {0};
	struct out_buf b = {0};
	enum saqta_status r = saqta_policy_check(pack, NULL, out_write_problems, out_buf_write, &b, &err);
	int code = r ? out_error(pack, &err) : 0;

	if (!r && globals.json)
		(void)out_write_whole(NULL, b.data ? b.data : "", b.len);
	else if (!r)
		out_object(b.data ? b.data : "", b.len);
	out_buf_done(&b);
	return code;
}

static int run_check(const struct opt_words *words)
{
	int code = 0;

	for (int i = 0; i < words->n; i++) {
		int one = check_one(words->at[i]);

		if (i + 1 < words->n && !one && !globals.json)
			printf("\n");
		code = one > code ? one : code;
	}
	return code;
}

static const struct opt opts[] = {{NULL, OPT_FLAG, NULL, NULL, NULL}};

const struct command cmd_policy_check = {
	.name = "policy check",
	.summary = "Load a pack and say all that is wrong with it",
	.usage = "PACK…",
	.examples = "  saqta policy check ./policies/shop.xml\n",
	.more = "A PACK is a file's path, or a name looked up in SAQTA_POLICY_PATH, ./policies and the installed folder. No vault is "
		"needed.",
	.opts = opts,
	.words_min = 1,
	.words_max = OPT_WORDS_MAX,
	.run = run_check,
};
