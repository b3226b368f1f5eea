/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"
#include "place.h"
#include "saqta/audit.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rows that were changed beside the log: each is told by what the log says. */

static struct place place;
static saqta_engine *e;
static struct saqta_error err;
static struct text said;

#define ok(call) ck_assert_msg((call) == SAQTA_OK, "%s", err.message)
#define REGISTER(id) "{\"event\":\"register\",\"subject\":\"" id "\",\"evidence\":{\"act\":\"form\"}}\n"
#define CONSENT(id) "{\"event\":\"consent\",\"subject\":\"" id "\",\"consents\":[\"processing\"],\"evidence\":{\"act\":\"button\"}}\n"
#define COLLECT(id)                                                                                                               \
	"{\"event\":\"collect\",\"subject\":\"" id "\",\"category\":\"phone\",\"value\":\"+77015550101\",\"source\":\"subject\"," \
	"\"purposes\":[\"contract\"]}\n"
#define REQUEST(id)                                                                                                         \
	"{\"event\":\"request\",\"subject\":\"" id "\",\"request\":\"r-" id "\",\"kind\":\"access\",\"channel\":\"email\"," \
	"\"by\":\"subject\",\"identity_checked\":true}\n"
#define WITHDRAW(id) \
	"{\"event\":\"withdraw\",\"subject\":\"" id "\",\"consents\":[\"processing\"],\"channel\":\"email\",\"form\":\"written\"}\n"
#define PERSON(id) REGISTER(id) CONSENT(id) COLLECT(id) COLLECT(id) REQUEST(id)

static void set_up(void)
{
	place_make(&place);
	place_init(&place, "mycar", "2026-01-05T09:00:00+05:00");
	e = place_open(&place, "2026-01-05T10:00:00+05:00");
	place_apply(e, PERSON("a") PERSON("b") PERSON("c"), NULL);
}

static void tear_down(void)
{
	saqta_engine_close(e);
	text_done(&said);
	place_remove(&place);
}

static void reconcile(enum saqta_status want)
{
	enum saqta_status r;

	text_done(&said);
	r = saqta_audit_reconcile(e, NULL, NULL, text_write, &said, &err);
	ck_assert_msg(r == want, "%d, not %d: %s %s", r, want, r ? err.message : "", said.data ? said.data : "");
	ck_assert_ptr_nonnull(strstr(said.data, want ? "\"agrees\":false" : "\"agrees\":true"));
}

/* One difference, and it says so much. */
static void one_difference(const char *what)
{
	reconcile(SAQTA_ERR_TAMPERED);
	ck_assert_msg(strstr(said.data, "\"n_differences\":1,"), "%s", said.data);
	ck_assert_msg(strstr(said.data, what), "%s is not in %s", what, said.data);
}

/* Somebody's row of @kind, and its key. */
static void find_row(char kind, struct buf *ret_key, struct buf *ret_value)
{
	cleanup_(db_scan_closep) struct db_scan *scan = NULL;
	const uint8_t *key, *value;
	size_t key_len, len;

	ok(db_scan_open(e->vault.db, VAULT_SUBJECT, "", 0, "", 0, &scan, &err));
	do {
		ok(db_scan_next(scan, &key, &key_len, &value, &len, &err));
	} while (key[SUBJECT_ID_SIZE] != (uint8_t)kind || memcmp(key, vault_controller_id, SUBJECT_ID_SIZE) == 0);
	buf_add(ret_key, key, key_len);
	buf_add(ret_value, value, len);
}

/* Beside the log: the store is told that there was a record. */
static void commit(void)
{
	e->txn.records++;
	ok(db_txn_commit(&e->txn, &err));
	saqta_engine_close(e);
	e = place_open(&place, "2026-01-05T10:00:00+05:00");
}

START_TEST(what_is_done_by_the_engine_agrees)
{
	struct saqta_error why = {0};

	reconcile(SAQTA_OK);
	ck_assert_ptr_nonnull(strstr(said.data, "\"subjects\":3,\"records\":6,\"tasks\":3,"));
	place_apply(e, WITHDRAW("a") "{\"event\":\"destroy\",\"subject\":\"b\",\"reason\":\"order\"}\n", NULL);
	reconcile(SAQTA_OK);
	saqta_engine_close(e);
	e = place_open(&place, "2026-02-05T10:00:00+05:00");
	text_done(&said);
	place_sweep(e, &said);
	ck_assert_ptr_nonnull(strstr(said.data, "\"destroyed\":2"));
	reconcile(SAQTA_OK);
	ck_assert_ptr_nonnull(strstr(said.data, "\"subjects\":1,\"records\":2,"));
	ck_assert_msg(saqta_audit_incarnate(e, "test", NULL, NULL, text_write, &said, &why) == SAQTA_OK, "%s", why.message);
	place_apply(e, REGISTER("d") CONSENT("d") COLLECT("d"), NULL);
	reconcile(SAQTA_OK);
	ck_assert_ptr_nonnull(strstr(said.data, "\"subjects\":2,\"records\":3,"));
}
END_TEST

START_TEST(a_record_taken_out)
{
	cleanup_(buf_done) struct buf key = {0}, value = {0};

	find_row('R', &key, &value);
	ok(hall_begin(e, &err));
	ok(db_delete(&e->txn, VAULT_SUBJECT, key.data, key.len, &err));
	commit();
	one_difference("has 1 records and says 2; by the log 2");
}
END_TEST

START_TEST(a_subject_taken_out)
{
	char lookup[] = "c";
	uint8_t id[SUBJECT_ID_SIZE];

	ok(vault_find(&e->vault, lookup, id, &err));
	ok(hall_begin(e, &err));
	ok(db_delete_prefix(&e->txn, VAULT_SUBJECT, id, sizeof(id), NULL, &err));
	commit();
	reconcile(SAQTA_ERR_TAMPERED);
	ck_assert_ptr_nonnull(strstr(said.data, "is not in the vault; entry 15 is the last about it"));
	ck_assert_ptr_nonnull(strstr(said.data, "3 look-up rows for 2 subjects"));
}
END_TEST

START_TEST(an_older_row_put_back)
{
	cleanup_(buf_done) struct buf key = {0}, value = {0};

	find_row('S', &key, &value);
	place_apply(e, WITHDRAW("a") WITHDRAW("b") WITHDRAW("c"), NULL);
	ok(hall_begin(e, &err));
	ok(db_put(&e->txn, VAULT_SUBJECT, key.data, key.len, value.data, value.len, &err));
	commit();
	one_difference("is active; by entry 16 stopped");
}
END_TEST

START_TEST(a_look_up_row_taken_out)
{
	cleanup_(buf_done) struct buf key = {0};

	ok(db_last(e->vault.db, VAULT_LOOKUP, &key, &err));
	ok(hall_begin(e, &err));
	ok(db_delete(&e->txn, VAULT_LOOKUP, key.data, key.len, &err));
	commit();
	reconcile(SAQTA_ERR_TAMPERED);
	ck_assert_ptr_nonnull(strstr(said.data, "its look-up row is missing"));
}
END_TEST

START_TEST(tasks_taken_out_and_opened_again)
{
	static const uint8_t first[8] = {0, 0, 0, 0, 0, 0, 0, 1};
	cleanup_(buf_done) struct buf row = {0};

	ok(db_get(e->vault.db, VAULT_TASK, first, sizeof(first), &row, &err));
	ok(saqta_engine_task_close(e, 1, text_write, &said, &err));
	reconcile(SAQTA_OK);
	ok(hall_begin(e, &err));
	ok(db_put(&e->txn, VAULT_TASK, first, sizeof(first), row.data, row.len, &err));
	commit();
	one_difference("task 1: is open; by the log it was closed");
	ok(hall_begin(e, &err));
	ok(db_delete(&e->txn, VAULT_TASK, first, sizeof(first), &err));
	commit();
	reconcile(SAQTA_ERR_TAMPERED);
	ck_assert_ptr_nonnull(strstr(said.data, "task 1: is not in the vault"));
}
END_TEST

START_TEST(a_record_changed)
{
	cleanup_(buf_done) struct buf key = {0}, value = {0};

	find_row('R', &key, &value);
	value.data[value.len - 1] ^= 1;
	ok(hall_begin(e, &err));
	ok(db_put(&e->txn, VAULT_SUBJECT, key.data, key.len, value.data, value.len, &err));
	commit();
	text_done(&said);
	ck_assert_int_eq(saqta_audit_reconcile(e, NULL, NULL, text_write, &said, &err), SAQTA_ERR_TAMPERED);
	ck_assert_ptr_null(said.data);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("reconcile");
	TCase *t = tcase_create("reconcile");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, what_is_done_by_the_engine_agrees);
	tcase_add_test(t, a_record_taken_out);
	tcase_add_test(t, a_subject_taken_out);
	tcase_add_test(t, an_older_row_put_back);
	tcase_add_test(t, a_look_up_row_taken_out);
	tcase_add_test(t, tasks_taken_out_and_opened_again);
	tcase_add_test(t, a_record_changed);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
