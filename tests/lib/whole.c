/* SPDX-License-Identifier: Apache-2.0 */
#include "whole.h"

#include "saqta/audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int no_output(void *user, const char *data, size_t len)
{
	(void)user;
	(void)data;
	(void)len;
	return 0;
}

static uint64_t count_subjects(saqta_engine *e, whole_fail_fn fail)
{
	struct db_scan *scan = NULL;
	const uint8_t *key, *value;
	size_t key_len, value_len;
	struct saqta_error err = {0};
	struct subject s;
	uint64_t records = 0, subjects = 0;
	enum saqta_status r = db_scan_open(e->vault.db, VAULT_SUBJECT, "", 0, "", 0, &scan, &err);

	subject_init(&s);
	while (!r && !(r = db_scan_next(scan, &key, &key_len, &value, &value_len, &err))) {
		if (subjects == 0 || memcmp(key, s.id, SUBJECT_ID_SIZE) != 0) {
			uint8_t id[SUBJECT_ID_SIZE];

			if (subjects > 0 && s.n_records != records)
				fail("records", "a subject has other records than it counts");
			memcpy(id, key, SUBJECT_ID_SIZE);
			if (vault_load(&e->vault, id, &s, &err))
				fail("half a subject", err.message);
			records = 0;
			subjects++;
		}
		records += key[SUBJECT_ID_SIZE] == 'R';
	}
	if (subjects > 0 && s.n_records != records)
		fail("records", "the last subject has other records than it counts");
	if (r != SAQTA_ERR_MISSING)
		fail("scan", err.message);
	subject_done(&s);
	db_scan_close(scan);
	return subjects;
}

uint64_t whole_check(saqta_engine *e, whole_fail_fn fail)
{
	struct saqta_error err = {0};
	uint64_t subjects, lookups = 0, keys = 0, waiting = 0;

	if (saqta_audit_verify(e, NULL, NULL, no_output, NULL, &err))
		fail("the log", err.message);
	if (saqta_audit_reconcile(e, NULL, NULL, no_output, NULL, &err))
		fail("log and tables", err.message);
	subjects = count_subjects(e, fail);
	if (db_count(e->vault.db, VAULT_LOOKUP, &lookups, &err) || keystore_count(e->vault.keys, &keys, &err) ||
	    db_count(e->vault.db, VAULT_KEY_PENDING, &waiting, &err) || keystore_ledger(e->vault.keys, NULL, NULL, &(uint64_t){0}, &err))
		fail("count", err.message);
	/* The controller has a key and a row, and no name. */
	if (lookups + 1 != subjects || keys != subjects || waiting != 0)
		fail("half a subject", "rows, names and keys do not agree");
	return subjects - 1;
}

size_t whole_answers(saqta_engine *e, const char *text, whole_fail_fn fail)
{
	size_t n = 0;

	for (const char *end; (end = strchr(text, '\n')); text = end + 1) {
		const char *audit = memmem(text, (size_t)(end - text), "\"audit\":", 8);
		cleanup_(buf_done) struct buf entry = {0};
		struct saqta_error err = {0};
		uint64_t index;
		char want[64];

		n++;
		if (!audit)
			continue;
		index = strtoull(audit + 8, NULL, 10);
		if (audit_log_entry(e->log, index, &entry, &err))
			fail("an answered line is not in the log", err.message);
		(void)snprintf(want, sizeof(want), "\"seq\":%llu,", (unsigned long long)index);
		if (!memmem(entry.data, entry.len, want, strlen(want)))
			fail("an answered line", "its entry has another number");
	}
	return n;
}
