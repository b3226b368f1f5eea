/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "opt.h"

extern const struct command cmd_init;
extern const struct command cmd_apply;
extern const struct command cmd_decide;
extern const struct command cmd_sweep;
extern const struct command cmd_export;
extern const struct command cmd_report;
extern const struct command cmd_letter;
extern const struct command cmd_consent_receipt;
extern const struct command cmd_act;
extern const struct command cmd_breach_notice;
extern const struct command cmd_document_open;
extern const struct command cmd_document_verify;
extern const struct command cmd_subject_show;
extern const struct command cmd_subject_list;
extern const struct command cmd_request_list;
extern const struct command cmd_request_register;
extern const struct command cmd_task_list;
extern const struct command cmd_task_close;
extern const struct command cmd_policy_check;
extern const struct command cmd_policy_diff;
extern const struct command cmd_policy_explain;
extern const struct command cmd_policy_print;
extern const struct command cmd_policy_test;
extern const struct command cmd_policy_use;
extern const struct command cmd_policy_lint;
extern const struct command cmd_policy_coverage;
extern const struct command cmd_scenario;
extern const struct command cmd_audit_verify;
extern const struct command cmd_audit_checkpoint;
extern const struct command cmd_audit_show;
extern const struct command cmd_audit_open;
extern const struct command cmd_audit_prune;
extern const struct command cmd_audit_heartbeat;
extern const struct command cmd_audit_incarnate;
extern const struct command cmd_audit_reconcile;
extern const struct command cmd_audit_export;
extern const struct command cmd_audit_witness;
extern const struct command cmd_audit_prove;
extern const struct command cmd_receipt;
extern const struct command cmd_audit_replay;
extern const struct command cmd_backup;
extern const struct command cmd_restore;
extern const struct command cmd_key_status;
extern const struct command cmd_key_rotate;
extern const struct command cmd_key_renew;
extern const struct command cmd_key_export;
extern const struct command cmd_key_recover;
extern const struct command cmd_status;
extern const struct command cmd_generate;

#endif
