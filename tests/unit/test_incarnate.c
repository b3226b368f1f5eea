/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"
#include "saqta/audit.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A log that begins anew: what its first entry says, that its past is kept and verified, and that a crash in the middle is finished. */

static char folder[64], vault_dir[128];
static struct saqta_error err;

#define ok(call) ck_assert_msg((call) == SAQTA_OK, "%s", err.message)

static int no_output(void *user, const char *data, size_t len)
{
	(void)user;
	(void)data;
	(void)len;
	return 0;
}

static void run(const char *program, const char *a, const char *b, const char *c)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		(void)execlp(program, program, a, b, c, (char *)NULL);
		_exit(127);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

static struct saqta_options options(void) { return (struct saqta_options){.size = sizeof(struct saqta_options), .vault_dir = vault_dir}; }

static void set_up(void)
{
	const char *pack = getenv("SAQTA_TEST_PACK");
	struct saqta_options o;

	(void)snprintf(folder, sizeof(folder), "/tmp/test_incarnate.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	(void)snprintf(vault_dir, sizeof(vault_dir), "%s/vault", folder);
	o = options();
	ok(saqta_engine_init(&o, pack ? pack : "mycar", no_output, NULL, &err));
}

static void tear_down(void) { run("rm", "-rf", folder, NULL); }

static saqta_engine *open_vault(void)
{
	struct saqta_options o = options();
	saqta_engine *e = NULL;

	ok(saqta_engine_open(&o, &e, &err));
	return e;
}

static void in_folder(const char *name, char ret[160]) { (void)snprintf(ret, 160, "%s%s", vault_dir, name); }

static void first_entry_is(saqta_engine *e, unsigned incarnation, uint64_t past)
{
	cleanup_(buf_done) struct buf b = {0};
	char want[64];

	ok(audit_log_entry(e->log, 0, &b, &err));
	(void)snprintf(want, sizeof(want), "\"more\":{\"incarnation\":%u,\"past\":{\"origin\":\"", incarnation);
	ck_assert_ptr_nonnull(strstr((const char *)b.data, want));
	(void)snprintf(want, sizeof(want), "\"size\":%llu},\"reason\":\"test\",\"what\":{\"x\":1}}", (unsigned long long)past);
	ck_assert_ptr_nonnull(strstr((const char *)b.data, want));
	ck_assert_ptr_nonnull(strstr((const char *)b.data, "\"policy\":1,"));
	ck_assert_ptr_nonnull(strstr((const char *)b.data, "\"type\":\"incarnation\""));
	buf_clear(&b);
	ok(audit_log_entry(e->log, 1, &b, &err));
	ck_assert_ptr_nonnull(strstr((const char *)b.data, "\"type\":\"policy\""));
}

static enum saqta_status count_past(saqta_engine *e, void *user, uint32_t incarnation, uint64_t seq, const uint8_t *entry, size_t len,
				    struct saqta_error *error)
{
	(void)e;
	(void)incarnation;
	(void)seq;
	(void)entry;
	(void)len;
	(void)error;
	++*(unsigned *)user;
	return SAQTA_OK;
}

START_TEST(the_log_begins_anew_and_keeps_its_past)
{
	saqta_engine *e = open_vault();
	unsigned n = 0;

	ck_assert_uint_eq(e->incarnation, 1);
	for (unsigned i = 2; i <= 4; i++) {
		uint64_t past = audit_log_size(e->log);
		char origin[300];

		(void)snprintf(origin, sizeof(origin), "%s", e->signer.verifier.name);
		ok(hall_incarnate(e, "test", "{\"x\":1}", &err));
		ok(hall_incarnate_commit(e, &err));
		ck_assert_str_ne(origin, e->signer.verifier.name);
		first_entry_is(e, i, past);
		e = saqta_engine_close(e);
		e = open_vault();
		ck_assert_uint_eq(e->incarnation, i);
		first_entry_is(e, i, past);
		ok(saqta_audit_verify(e, NULL, NULL, no_output, NULL, &err));
	}
	ok(hall_each_past(e, count_past, &n, &err));
	ck_assert_uint_eq(n, 1 + 2 + 2);
	saqta_engine_close(e);
}
END_TEST

START_TEST(a_changed_past_is_seen)
{
	saqta_engine *e = open_vault();
	const uint8_t key[12] = {0, 0, 0, 1};

	ok(hall_incarnate(e, "test", NULL, &err));
	ok(hall_incarnate_commit(e, &err));
	ok(hall_begin(e, &err));
	ok(db_put(&e->txn, VAULT_PAST, key, sizeof(key), "{}", 2, &err));
	e->txn.records++;
	ok(hall_commit(e, &err));
	ck_assert_int_eq(saqta_audit_verify(e, NULL, NULL, no_output, NULL, &err), SAQTA_ERR_TAMPERED);
	ck_assert_ptr_nonnull(strstr(err.message, "past 1"));
	ok(hall_begin(e, &err));
	ok(db_clear(&e->txn, VAULT_PAST, &err));
	e->txn.records++;
	ok(hall_commit(e, &err));
	ck_assert_int_eq(saqta_audit_verify(e, NULL, NULL, no_output, NULL, &err), SAQTA_ERR_TAMPERED);
	ck_assert_ptr_nonnull(strstr(err.message, "missing"));
	saqta_engine_close(e);
}
END_TEST

START_TEST(a_crash_before_the_guard_turns_is_finished)
{
	char next[160];
	saqta_engine *e = open_vault();

	in_folder(".keep/guard.next", next);
	ok(hall_incarnate(e, "test", NULL, &err));
	ok(hall_flush(e, &err));
	ok(hall_guard_prepare(e, &err));
	ok(hall_commit(e, &err));
	saqta_engine_close(e); /* here the power went */
	ck_assert_int_eq(access(next, F_OK), 0);
	e = open_vault();
	ck_assert_uint_eq(e->incarnation, 2);
	ck_assert_int_ne(access(next, F_OK), 0);
	saqta_engine_close(e);
	saqta_engine_close(open_vault());
}
END_TEST

START_TEST(a_crash_before_the_commit_changed_nothing)
{
	saqta_engine *e = open_vault();

	ok(hall_incarnate(e, "test", NULL, &err));
	ok(hall_guard_prepare(e, &err));
	saqta_engine_close(e);
	e = open_vault();
	ck_assert_uint_eq(e->incarnation, 1);
	ok(saqta_audit_verify(e, NULL, NULL, no_output, NULL, &err));
	ok(hall_incarnate(e, "test", NULL, &err));
	ok(hall_incarnate_commit(e, &err));
	saqta_engine_close(e);
	saqta_engine_close(open_vault());
}
END_TEST

START_TEST(a_vault_of_a_former_incarnation_is_refused)
{
	char vault[160], old[160];
	struct saqta_options o = options();
	saqta_engine *e = NULL;

	in_folder("/vault.db", vault);
	in_folder("/old.db", old);
	run("cp", vault, old, NULL);
	e = open_vault();
	ok(hall_incarnate(e, "test", NULL, &err));
	ok(hall_incarnate_commit(e, &err));
	e = saqta_engine_close(e);
	run("cp", old, vault, NULL);
	ck_assert_int_eq(saqta_engine_open(&o, &e, &err), SAQTA_ERR_TAMPERED);
	ck_assert_ptr_nonnull(strstr(err.message, "rolled back"));
	ck_assert_ptr_nonnull(strstr(err.message, "restore"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("incarnate");
	TCase *t = tcase_create("incarnate");
	const char *root = getenv("SAQTA_SOURCE_ROOT");
	SRunner *runner;
	int failed;

	if (root && chdir(root) != 0)
		return EXIT_FAILURE;
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, the_log_begins_anew_and_keeps_its_past);
	tcase_add_test(t, a_changed_past_is_seen);
	tcase_add_test(t, a_crash_before_the_guard_turns_is_finished);
	tcase_add_test(t, a_crash_before_the_commit_changed_nothing);
	tcase_add_test(t, a_vault_of_a_former_incarnation_is_refused);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
