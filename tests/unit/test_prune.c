/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"
#include "place.h"
#include "saqta/audit.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Only what an entry of the log says was pruned may be empty, in this log and in those before it. */

static struct place place;
static saqta_engine *e;
static struct saqta_error err;
static struct text said;

#define ok(call) ck_assert_msg((call) == SAQTA_OK, "%s", err.message)
#define NOW "2026-01-05T10:00:00+05:00"
#define REGISTER(id) "{\"event\":\"register\",\"subject\":\"" id "\",\"evidence\":{\"act\":\"form\"}}\n"
#define CONSENT "{\"event\":\"consent\",\"subject\":\"a\",\"consents\":[\"processing\"],\"evidence\":{\"act\":\"button\"}}\n"
#define USE(id) "{\"event\":\"use\",\"subject\":\"" id "\",\"purpose\":\"contract\",\"categories\":[\"phone\"]}\n"
#define FIRST_USE 4u /* after the policy, two registrations and a consent */
#define LAST_USE 6u

static void reopen(void)
{
	saqta_engine_close(e);
	e = place_open(&place, NOW);
}

static void set_up(void)
{
	place_make(&place);
	place_init(&place, "mycar", "2026-01-05T09:00:00+05:00");
	e = place_open(&place, NOW);
	place_apply(e, REGISTER("a") REGISTER("b") CONSENT USE("a") USE("a") USE("b"), NULL);
}

static void tear_down(void)
{
	saqta_engine_close(e);
	text_done(&said);
	place_remove(&place);
}

static void prune(uint64_t to)
{
	struct saqta_prune_options o = {.size = sizeof(o), .has_to = true, .to = to, .reason = "test"};

	text_done(&said);
	ok(saqta_audit_prune(e, &o, text_write, &said, &err));
}

static void says(const char *what) { ck_assert_msg(strstr(said.data, what), "%s is not in %s", what, said.data); }

static enum saqta_status verify(void)
{
	enum saqta_status r = saqta_audit_verify(e, NULL, NULL, text_write, &said, &err);

	text_done(&said);
	return r;
}

static void fails(const char *why)
{
	ck_assert_int_eq(verify(), SAQTA_ERR_TAMPERED);
	ck_assert_msg(strstr(err.message, why), "%s is not in %s", why, err.message);
}

/* Beside the log: the store is told that there was a record. */
static void commit(void)
{
	e->txn.records++;
	ok(db_txn_commit(&e->txn, &err));
}

static void blank(uint64_t entry)
{
	ok(hall_begin(e, &err));
	ok(db_blank_n(&e->txn, VAULT_ENTRY, entry, &err));
	commit();
}

static void put_meta(const struct buf *row)
{
	ok(hall_begin(e, &err));
	if (row)
		ok(db_put(&e->txn, VAULT_META, "pruned", strlen("pruned"), row->data, row->len, &err));
	else
		ok(db_delete(&e->txn, VAULT_META, "pruned", strlen("pruned"), &err));
	commit();
}

START_TEST(questions_of_the_living_go_and_nothing_else)
{
	cleanup_(buf_done) struct buf body = {0};

	prune(LAST_USE + 1);
	says("\"pruned\":3,\"kept\":4,");
	ok(verify());
	reopen();
	ok(verify());
	for (uint64_t i = 0; i <= LAST_USE; i++) {
		buf_clear(&body);
		ok(audit_log_entry(e->log, i, &body, &err));
		ck_assert_int_eq(body.len == 0, i >= FIRST_USE);
	}
	prune(LAST_USE + 1);
	says("\"pruned\":0,");
}
END_TEST

START_TEST(a_body_taken_away_without_a_word)
{
	cleanup_(buf_done) struct buf body = {0};

	blank(1);
	fails("entry 1 is not what was recorded");
	ck_assert_int_eq(audit_log_entry(e->log, 1, &body, &err), SAQTA_ERR_TAMPERED);
	reopen();
	fails("entry 1 is not what was recorded");
}
END_TEST

START_TEST(a_body_taken_away_among_those_pruned)
{
	prune(LAST_USE);
	ok(verify());
	blank(1);
	fails("the entries below 6 that are empty are not those that entry 7 pruned");
}
END_TEST

START_TEST(the_row_that_names_the_entry)
{
	cleanup_(buf_done) struct buf row = {0};
	struct saqta_options o = {.size = sizeof(o), .vault_dir = place.vault, .policy_dirs = place.packs, .now = NOW, .wait_s = 5};

	prune(LAST_USE + 1);
	put_meta(NULL);
	reopen();
	fails("entry 4 is not what was recorded");
	buf_i64(&row, 2);
	put_meta(&row);
	e = saqta_engine_close(e);
	ck_assert_int_eq(saqta_engine_open(&o, &e, &err), SAQTA_ERR_TAMPERED);
	ck_assert_ptr_nonnull(strstr(err.message, "entry 2 does not say what was pruned"));
}
END_TEST

/* ---- in a log that is past ---- */

static void past_key(uint8_t seq, uint8_t ret[12])
{
	memset(ret, 0, 12);
	ret[3] = 1;
	ret[11] = seq;
}

static void begin_anew(void)
{
	prune(LAST_USE + 1);
	text_done(&said);
	ok(saqta_audit_incarnate(e, "test", NULL, NULL, text_write, &said, &err));
	ok(verify());
	reopen();
	ok(verify());
}

START_TEST(the_past_keeps_what_was_pruned_of_it)
{
	begin_anew();
	place_apply(e, USE("a") USE("a"), NULL);
	prune(4); /* the new log's own; the first says in which state the subject is */
	says("\"pruned\":1,");
	ok(verify());
}
END_TEST

START_TEST(a_past_body_taken_away)
{
	cleanup_(buf_done) struct buf body = {0};
	uint8_t key[12], leaf[HASH_SIZE];

	begin_anew();
	past_key(2, key);
	ok(db_get(e->vault.db, VAULT_PAST, key, sizeof(key), &body, &err));
	audit_leaf_hash(body.data, body.len, leaf);
	ok(hall_begin(e, &err));
	ok(db_put(&e->txn, VAULT_PAST, key, sizeof(key), leaf, sizeof(leaf), &err));
	commit();
	fails("past 1 that are empty are not those that were pruned");
	ok(hall_begin(e, &err));
	ok(db_put(&e->txn, VAULT_PAST, key, sizeof(key), "", 0, &err));
	commit();
	fails("entry 2 of the log's past 1 is missing");
}
END_TEST

START_TEST(another_hash_in_the_past)
{
	cleanup_(buf_done) struct buf body = {0};
	uint8_t key[12];

	begin_anew();
	past_key(FIRST_USE, key);
	ok(db_get(e->vault.db, VAULT_PAST, key, sizeof(key), &body, &err));
	ck_assert_uint_eq(body.len, HASH_SIZE);
	body.data[7] ^= 1;
	ok(hall_begin(e, &err));
	ok(db_put(&e->txn, VAULT_PAST, key, sizeof(key), body.data, body.len, &err));
	commit();
	fails("is not what its successor's first entry names");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("prune");
	TCase *t = tcase_create("prune");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, questions_of_the_living_go_and_nothing_else);
	tcase_add_test(t, a_body_taken_away_without_a_word);
	tcase_add_test(t, a_body_taken_away_among_those_pruned);
	tcase_add_test(t, the_row_that_names_the_entry);
	tcase_add_test(t, the_past_keeps_what_was_pruned_of_it);
	tcase_add_test(t, a_past_body_taken_away);
	tcase_add_test(t, another_hash_in_the_past);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
