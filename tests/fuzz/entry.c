/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "saqta/audit.h"

/* An entry of the log as it is read back: by reconcile, the report, the lists and the log's own face. Each refuses it or gives JSON. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct saqta_report_options o = {
		.size = sizeof(o), .from = "2020-01-01T00:00:00Z", .to = "2030-01-01T00:00:00Z", .format = "json", .lang = "en"};
	struct saqta_engine *e = fuzz_engine();
	struct saqta_error err = {0};
	uint64_t index;

	fuzz_must(!hall_begin(e, &err));
	if (!audit_log_append(e->log, &e->txn, data, size, &index, &err)) {
		(void)!saqta_audit_reconcile(e, NULL, NULL, fuzz_take_lines, NULL, &err);
		(void)!saqta_engine_report(e, &o, fuzz_take_lines, NULL, &err);
		(void)!saqta_engine_subject_list(e, "destroyed", fuzz_take_lines, NULL, &err);
		(void)!saqta_audit_show(e, index, NULL, fuzz_drop, NULL, &err);
	}
	hall_abort(e);
	fuzz_must(!e->is_broken);
	return 0;
}
