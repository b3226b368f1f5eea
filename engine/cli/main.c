/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "opt.h"
#include "out.h"

#include <locale.h>
#include <stdlib.h>

/* One a line, in the order of the help. */
/* clang-format off */
const struct command *const commands[] = {
	&cmd_init,
	&cmd_apply,
	&cmd_decide,
	&cmd_sweep,
	&cmd_subject_show,
	&cmd_export,
	&cmd_report,
	&cmd_letter,
	&cmd_consent_receipt,
	&cmd_act,
	&cmd_breach_notice,
	&cmd_document_open,
	&cmd_document_verify,
	&cmd_subject_list,
	&cmd_request_list,
	&cmd_request_register,
	&cmd_task_list,
	&cmd_task_close,
	&cmd_policy_check,
	&cmd_policy_diff,
	&cmd_policy_explain,
	&cmd_policy_print,
	&cmd_policy_test,
	&cmd_policy_use,
	&cmd_policy_lint,
	&cmd_policy_coverage,
	&cmd_scenario,
	&cmd_audit_verify,
	&cmd_audit_checkpoint,
	&cmd_audit_show,
	&cmd_audit_open,
	&cmd_audit_prune,
	&cmd_audit_heartbeat,
	&cmd_audit_incarnate,
	&cmd_audit_reconcile,
	&cmd_audit_replay,
	&cmd_audit_export,
	&cmd_audit_prove,
	&cmd_audit_witness,
	&cmd_receipt,
	&cmd_backup,
	&cmd_restore,
	&cmd_key_status,
	&cmd_key_rotate,
	&cmd_key_renew,
	&cmd_key_export,
	&cmd_key_recover,
	&cmd_status,
	&cmd_generate,
	NULL,
};
/* clang-format on */

int main(int argc, char **argv)
{
	struct opt_words words = {0};
	const struct command *command;
	int code = 2;

	(void)signal(SIGPIPE, SIG_IGN); /* a reader that went away is an error of stdout: 74 */
	words.at = calloc((size_t)argc + 1, sizeof(*words.at));
	if (!words.at)
		return 74;
	command = opt_parse(argc, argv, &words, &code);
	if (command)
		code = command->run(&words);
	free(words.at);
	return out_end(code);
}
