/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the verifier holds against each other in a published log: keys and their successors, logs and those before them, pruned bodies and their
 * reasons, entries, witnesses; and proofs. */

/* ---- keys that follow each other ---- */

static void next_key(unsigned at, uint8_t seed)
{
	char more[PUBLISHED_TEXT + 16], key[PUBLISHED_TEXT];

	published_key(ORIGIN, seed, false, key);
	(void)snprintf(more, sizeof(more), "{\"next\":\"%s\"}", key);
	published_put(&log_, at, "log-key", more);
}

/* Three keys: to entry 9, to entry 19, from there on. */
static void write_epochs(void)
{
	published_remove(dir);
	published_fill(&log_, SMALL);
	next_key(9, SEED_NEXT);
	next_key(19, SEED_LAST);
	published_write(&log_, dir, ORIGIN, SEED_LAST);
	published_epoch(&log_, 10, dir, 1, ORIGIN, SEED_LOG);
	published_epoch(&log_, 20, dir, 2, ORIGIN, SEED_NEXT);
}

static void flip_epochs(void)
{
	static const char *const files[] = {"epoch/1/log.vkey", "epoch/1/checkpoint", "epoch/2/log.vkey", "epoch/2/checkpoint"};

	for (unsigned i = 0; i < 4; i++) {
		size_t len;
		uint8_t *bytes = published_get_file(dir, files[i], &len);

		for (size_t k = 0; k < len; k++) {
			bytes[k] ^= 1;
			published_put_file(dir, files[i], bytes, len);
			ck_assert_msg(verify() == VERDICT_BROKEN, "%s: byte %zu", files[i], k);
			bytes[k] ^= 1;
		}
		published_put_file(dir, files[i], bytes, len);
		free(bytes);
	}
}

START_TEST(keys_lead_to_each_other)
{
	static const enum seed seeds[] = {SEED_LOG, SEED_NEXT, SEED_LAST};
	struct key key;
	char path[160];

	verify_crypt_init();
	write_epochs();
	ck_holds();
	ck_assert_uint_eq(told.logs[0].n_epochs, 2);
	for (unsigned i = 0; i < 3; i++) {
		key = key_of(ORIGIN, (uint8_t)seeds[i]);
		ck_assert_int_eq(verify_with(&key, NULL, NULL), VERDICT_HOLDS);
	}
	key = key_of(ORIGIN, SEED_OTHER);
	ck_assert_int_eq(verify_with(&key, NULL, NULL), VERDICT_BROKEN);
	flip_epochs();
	/* Heads outside the time of their key. */
	published_epoch(&log_, 11, dir, 1, ORIGIN, SEED_LOG);
	ck_broken_at(9);
	published_epoch(&log_, 9, dir, 1, ORIGIN, SEED_LOG);
	ck_broken_at(8);
	published_epoch(&log_, 10, dir, 1, ORIGIN, SEED_LOG);
	published_epoch(&log_, 10, dir, 2, ORIGIN, SEED_NEXT);
	ck_assert_int_eq(verify(), VERDICT_BROKEN);
	/* A key that nobody named. */
	published_epoch(&log_, 20, dir, 2, ORIGIN, SEED_OTHER);
	ck_broken_at(9);
	published_remove(dir);
	published_write(&log_, dir, ORIGIN, SEED_OTHER);
	published_epoch(&log_, 10, dir, 1, ORIGIN, SEED_LOG);
	published_epoch(&log_, 20, dir, 2, ORIGIN, SEED_NEXT);
	ck_broken_at(19);
	/* Former keys that are not shown. */
	write_epochs();
	(void)snprintf(path, sizeof(path), "%s/epoch/2", dir);
	published_remove(path);
	ck_broken_at(9);
	(void)snprintf(path, sizeof(path), "%s/epoch", dir);
	published_remove(path);
	ck_broken_at(9);
}
END_TEST

START_TEST(an_epoch_ends_once_and_where_a_key_is_named)
{
	published_fill(&log_, SMALL);
	next_key(9, SEED_NEXT);
	published_write(&log_, dir, ORIGIN, SEED_NEXT);
	published_epoch(&log_, 10, dir, 1, ORIGIN, SEED_LOG);
	ck_holds();
	published_epoch(&log_, 5, dir, 2, ORIGIN, SEED_NEXT);
	ck_assert_int_eq(verify(), VERDICT_BROKEN);
	published_epoch(&log_, 20, dir, 2, ORIGIN, SEED_NEXT);
	ck_broken_at(19);
	published_epoch(&log_, SMALL, dir, 2, ORIGIN, SEED_NEXT);
	ck_broken_at(SMALL - 1);
}
END_TEST

START_TEST(a_head_under_another_name_is_not_taken)
{
	write_log(SMALL);
	published_sign_as(&log_, SMALL, dir, ORIGIN, ORIGIN, SEED_LOG);
	ck_holds();
	published_sign_as(&log_, SMALL, dir, ORIGIN "/2", ORIGIN, SEED_LOG);
	ck_assert_int_eq(verify(), VERDICT_BROKEN);
	ck_assert_str_eq(fault.file, "checkpoint");
}
END_TEST

START_TEST(a_key_cannot_follow_itself_into_another_history)
{
	write_epochs();
	/* The thief of the last key tells the beginning anew; what the first key signed does not follow. */
	published_put(&log_, 3, "register", NULL);
	published_remove(dir);
	published_write(&log_, dir, ORIGIN, SEED_LAST);
	{
		static struct published true_log;

		published_fill(&true_log, SMALL);
		true_log.entries[9] = log_.entries[9];
		true_log.entries[19] = log_.entries[19];
		published_epoch(&true_log, 10, dir, 1, ORIGIN, SEED_LOG);
		published_epoch(&true_log, 20, dir, 2, ORIGIN, SEED_NEXT);
	}
	ck_broken_at(9);
}
END_TEST

/* ---- logs that began anew ---- */

static void name_past(unsigned incarnation, const char *origin, unsigned size)
{
	char more[512], root[65], text[1024];

	published_root(&log_, size, root);
	(void)snprintf(more, sizeof(more),
		       "{\"incarnation\":%u,\"past\":{\"origin\":\"%s\",\"root\":\"%s\",\"size\":%u},\"reason\":\"test\"}", incarnation,
		       origin, root, size);
	published_fill(&log_, 10);
	(void)snprintf(
		text, sizeof(text),
		"{\"at\":\"2026-01-01T00:00:00Z\",\"more\":%s,\"outcome\":\"applied\",\"policy\":1,\"recorded\":\"2026-01-01T00:00:00Z\","
		"\"seq\":0,\"type\":\"incarnation\",\"v\":1}",
		more);
	published_put_text(&log_, 0, text);
	for (unsigned i = 1; i < 10; i++) {
		(void)snprintf(
			text, sizeof(text),
			"{\"at\":\"2026-01-01T00:00:00Z\",\"outcome\":\"applied\",\"policy\":1,\"recorded\":\"2026-01-01T00:00:00Z\","
			"\"seq\":%u,\"type\":\"%s\",\"v\":1}",
			i, i == 1 ? "policy" : "consent");
		published_put_text(&log_, i, text);
	}
}

static char past[3][96];

/* Incarnation 5 after 2 after 1: what lay between was lost in a restore. */
static void write_past(void)
{
	char parent[96];

	published_remove(dir);
	ck_assert_int_eq(mkdir(dir, 0777), 0);
	(void)snprintf(parent, sizeof(parent), "%s/past", dir);
	ck_assert_int_eq(mkdir(parent, 0777), 0);
	for (unsigned i = 1; i <= 2; i++)
		(void)snprintf(past[i], sizeof(past[i]), "%s/past/%u", dir, i);
	published_fill(&log_, SMALL);
	published_write(&log_, past[1], ORIGIN, SEED_PAST);
	name_past(2, ORIGIN, SMALL);
	published_write(&log_, past[2], ORIGIN "/2", SEED_NEXT);
	name_past(5, ORIGIN "/2", 10);
	/* The folder of the newest is there already, as are the pasts: its own files come by another one. */
	{
		char newest[96], from[128], to[128];
		static const char *const names[] = {"checkpoint", "log.vkey", "tile"};

		(void)snprintf(newest, sizeof(newest), "%s/newest", place);
		published_write(&log_, newest, ORIGIN "/5", SEED_LOG);
		for (unsigned i = 0; i < 3; i++) {
			(void)snprintf(from, sizeof(from), "%s/%s", newest, names[i]);
			(void)snprintf(to, sizeof(to), "%s/%s", dir, names[i]);
			ck_assert_int_eq(rename(from, to), 0);
		}
		ck_assert_int_eq(rmdir(newest), 0);
	}
}

START_TEST(logs_before_are_held_against_what_their_successor_names)
{
	char path[160];

	write_past();
	ck_holds();
	ck_assert_uint_eq(told.n_logs, 3);
	ck_assert_uint_eq(told.logs[0].incarnation, 5);
	ck_assert_uint_eq(told.logs[1].incarnation, 2);
	ck_assert_uint_eq(told.logs[2].incarnation, 1);
	ck_assert_uint_eq(told.logs[2].story.n_destroyed, 1);
	ck_assert_uint_eq(told.n_withheld, 0);
	/* Another past under the right key. */
	published_remove(past[1]);
	published_fill(&log_, SMALL);
	published_put(&log_, 5, "register", NULL);
	published_write(&log_, past[1], ORIGIN, SEED_PAST);
	ck_assert_int_eq(verify(), VERDICT_BROKEN);
	ck_assert_str_eq(fault.file, "past/1/checkpoint");
	/* One that is not there. */
	published_remove(past[1]);
	ck_holds();
	ck_assert_uint_eq(told.n_logs, 2);
	ck_assert_uint_eq(told.n_withheld, 1);
	ck_assert_uint_eq(told.withheld, 1);
	published_remove(past[2]);
	ck_holds();
	ck_assert_uint_eq(told.withheld, 2);
	/* A byte of one is a byte of the whole. */
	write_past();
	published_put_file(dir, "past/1/tile/entries/000.p/40", "x", 1);
	ck_broken_at(0);
	ck_assert_str_eq(fault.file, "past/1/tile/entries/000.p/40");
	/* A past of a log that has none. */
	published_remove(dir);
	write_log(SMALL);
	(void)snprintf(path, sizeof(path), "%s/past", dir);
	ck_assert_int_eq(mkdir(path, 0777), 0);
	ck_assert_int_eq(verify(), VERDICT_BROKEN);
}
END_TEST

START_TEST(a_log_that_began_anew_says_after_which)
{
	static const struct {
		const char *name, *origin, *past;
		unsigned incarnation;
		bool is_good;
	} cases[] = {
		{"as it is", ORIGIN "/2", ORIGIN, 2, true},
		{"another number", ORIGIN "/3", ORIGIN, 2, false},
		{"no number", ORIGIN, ORIGIN, 2, false},
		{"itself", ORIGIN "/2", ORIGIN "/2", 2, false},
		{"one to come", ORIGIN "/2", ORIGIN "/3", 2, false},
		{"one of another vault", ORIGIN "/2", "saqta.local/vault/other", 2, false},
		{"the first", ORIGIN "/1", ORIGIN, 1, false},
		{"a number in another spelling", ORIGIN "/12", ORIGIN "/02", 12, false},
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		enum verdict v;

		published_remove(dir);
		published_fill(&log_, SMALL);
		name_past(cases[i].incarnation, cases[i].past, SMALL);
		published_write(&log_, dir, cases[i].origin, SEED_LOG);
		v = verify();
		ck_assert_msg(v == (cases[i].is_good ? VERDICT_HOLDS : VERDICT_BROKEN), "%s: %s", cases[i].name, fault.text);
		ck_assert_uint_eq(told.n_withheld, cases[i].is_good);
	}
}
END_TEST

/* ---- pruned bodies ---- */

START_TEST(a_body_is_gone_only_with_its_reason)
{
	published_fill(&log_, LARGE);
	for (unsigned i = 10; i < 30; i++)
		log_.entries[i].is_pruned = true;
	published_put(&log_, 200, "pruned", "{\"from\":10,\"to\":30}");
	published_write(&log_, dir, ORIGIN, SEED_LOG);
	ck_holds();
	ck_assert_uint_eq(told.logs[0].story.n_pruned, 20);
	/* Others than it says. */
	log_.entries[30].is_pruned = true;
	again();
	ck_broken_at(30);
	log_.entries[30].is_pruned = false;
	log_.entries[9].is_pruned = true;
	again();
	ck_broken_at(9);
	/* Two reasons, and one in the middle of a gap. */
	published_put(&log_, 210, "pruned", "{\"from\":0,\"to\":12}");
	again();
	ck_holds();
	published_put(&log_, 200, "pruned", "{\"from\":14,\"to\":20}");
	again();
	ck_broken_at(12);
	published_put(&log_, 220, "pruned", "{\"from\":12,\"to\":200}");
	again();
	ck_holds();
	/* A sweep without its beginning is not counted. */
	published_put(&log_, 200, "consent", NULL);
	published_put(&log_, 220, "pruned", "{\"from\":0,\"to\":200}");
	log_.entries[30].is_pruned = true;
	again();
	ck_holds();
	/* A reason for what comes later is none. */
	published_put(&log_, 220, "pruned", "{\"from\":0,\"to\":221}");
	again();
	ck_broken_at(220);
	/* A policy whose entry lost its body is still the one in force. */
	published_put(&log_, 220, "pruned", "{\"from\":0,\"to\":200}");
	log_.entries[0].is_pruned = true;
	again();
	ck_holds();
}
END_TEST

static void put_under(unsigned i, const char *type, unsigned policy)
{
	char text[256];

	(void)snprintf(
		text, sizeof(text),
		"{\"at\":\"2026-01-01T00:00:00Z\",\"outcome\":\"applied\",\"policy\":%u,\"recorded\":\"2026-01-01T00:00:00Z\",\"seq\":%u,"
		"\"type\":\"%s\",\"v\":1}",
		policy, i, type);
	published_put_text(&log_, i, text);
}

/* The newest policy decides, whose entry may have lost its body; an entry that stands there is a policy's or none. */
/* The entry tells by a digest which they are: none more, and no others. */
START_TEST(no_other_body_is_gone_than_is_said)
{
	const unsigned gone[] = {3, 4, 9};
	uint8_t numbers[3][8] = {{0}}, which[HASH_SIZE];
	char hex[2 * HASH_SIZE + 1], more[256];

	verify_crypt_init();
	for (unsigned i = 0; i < 3; i++)
		numbers[i][7] = (uint8_t)gone[i];
	verify_sha256(numbers, sizeof(numbers), which);
	hex_text(which, sizeof(which), hex);
	(void)snprintf(more, sizeof(more), "{\"empty\":3,\"from\":0,\"n\":3,\"to\":15,\"which\":\"%s\"}", hex);
	published_fill(&log_, SMALL);
	published_put(&log_, 20, "pruned", more);
	for (unsigned i = 0; i < 3; i++)
		log_.entries[gone[i]].is_pruned = true;
	again();
	ck_holds();
	log_.entries[11].is_pruned = true;
	again();
	ck_broken_at(20);
	log_.entries[9].is_pruned = false;
	again();
	ck_broken_at(20);
	/* A body that is still there, from an export of before. */
	log_.entries[11].is_pruned = false;
	again();
	ck_holds();
	ck_assert_uint_eq(told.logs[0].story.n_pruned, 2);
	published_put(&log_, 20, "pruned", "{\"empty\":3,\"from\":0,\"to\":15,\"which\":\"00\"}");
	again();
	ck_broken_at(20);
}
END_TEST

START_TEST(a_pruned_policy_stays_the_one_in_force)
{
	published_fill(&log_, 20);
	put_under(5, "policy", 5);
	for (unsigned i = 6; i < 20; i++)
		put_under(i, "consent", 5);
	published_put_text(&log_, 15,
			   "{\"at\":\"2026-01-01T00:00:00Z\",\"more\":{\"from\":5,\"to\":8},\"outcome\":\"applied\",\"policy\":5,"
			   "\"recorded\":\"2026-01-01T00:00:00Z\",\"seq\":15,\"type\":\"pruned\",\"v\":1}");
	again();
	ck_holds();
	log_.entries[5].is_pruned = log_.entries[6].is_pruned = log_.entries[7].is_pruned = true;
	again();
	ck_holds();
	put_under(9, "consent", 0);
	again();
	ck_broken_at(9);
	put_under(9, "consent", 8);
	again();
	ck_broken_at(9);
}
END_TEST

/* ---- what entries say of each other ---- */

START_TEST(entries_fit_together)
{
	static const struct {
		const char *name;
		unsigned at;
		const char *type, *more;
		unsigned wrong; /* 0: none */
	} cases[] = {
		{"one more destroyed than the sweep says", 33, "destroyed", NULL, 34},
		{"one less", 32, "consent", NULL, 34},
		{"one more lapsed", 33, "lapsed", NULL, 34},
		{"one more stopped", 33, "stopped", NULL, 34},
		{"a sweep that ends without a number", 34, "sweep-end", "{\"destroyed\":1,\"lapsed\":1}", 34},
		{"a sweep that never began", 30, "consent", NULL, 34},
		{"a sweep that ends twice", 36, "sweep-end", "{\"destroyed\":0,\"lapsed\":0,\"stopped\":0}", 36},
		{"a sweep that was cut off", 25, "sweep-start", NULL, 0},
		{"a log that begins anew in its middle", 20, "incarnation", NULL, 20},
		{"a pruning of nothing", 20, "pruned", "{\"from\":5,\"to\":5}", 20},
		{"a key without its name", 20, "log-key", "{\"next\":7}", 20},
		{"a policy that names another", 20, "policy", NULL, 20},
		{"a log that begins without a policy", 0, "consent", NULL, 0 + 1000},
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		published_fill(&log_, SMALL);
		published_put(&log_, cases[i].at, cases[i].type, cases[i].more);
		again();
		if (cases[i].wrong)
			ck_broken_at(cases[i].wrong % 1000);
		else
			ck_holds();
	}
	published_fill(&log_, SMALL);
	published_put_text(&log_, 20,
			   "{\"at\":\"2026-01-01T00:00:00Z\",\"outcome\":\"applied\",\"policy\":5,\"recorded\":\"2026-01-01T00:00:20Z\","
			   "\"seq\":20,\"type\":\"consent\",\"v\":1}");
	again();
	ck_broken_at(20);
	/* The clock is told of, and no fault of the log. */
	published_put_text(&log_, 20,
			   "{\"at\":\"2026-01-01T00:00:00Z\",\"outcome\":\"applied\",\"policy\":0,\"recorded\":\"2025-01-01T00:00:20Z\","
			   "\"seq\":20,\"type\":\"consent\",\"v\":1}");
	again();
	ck_holds();
	ck_assert_uint_eq(told.logs[0].story.n_clock_back, 1);
	ck_assert_uint_eq(told.logs[0].story.clock_back_at, 20);
}
END_TEST

/* ---- witnesses ---- */

START_TEST(a_quorum_of_witnesses_is_enough)
{
	static struct witness_policy policy;
	char log[PUBLISHED_TEXT], keys[3][PUBLISHED_TEXT], text[3000];
	static const char *const names[] = {"witness.example/a", "witness.example/b", "witness.example/c"};
	static const struct {
		const char *quorum;
		unsigned signers; /* a bit each */
		bool is_good;
	} cases[] = {
		{"none", 0, true}, {"A", 0, false},	{"A", 1, true},	    {"A", 2, false},   {"two", 1, false},  {"two", 3, true},
		{"two", 5, true},  {"whole", 3, false}, {"whole", 7, true}, {"some", 4, true}, {"some", 0, false},
	};

	verify_crypt_init();
	published_key(ORIGIN, SEED_LOG, false, log);
	for (unsigned i = 0; i < 3; i++)
		published_key(names[i], (uint8_t)(SEED_WITNESS + i), true, keys[i]);
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *group = strcmp(cases[i].quorum, "two") == 0	    ? "group two 2 A B C\n"
				    : strcmp(cases[i].quorum, "whole") == 0 ? "group whole all A B C\n"
				    : strcmp(cases[i].quorum, "some") == 0  ? "group some any A B C\n"
									    : "";
		int len = snprintf(text, sizeof(text),
				   "# ours\nlog %s\nwitness A %s\nwitness B %s https://b.example/\nwitness C %s\n%squorum %s\n", log,
				   keys[0], keys[1], keys[2], group, cases[i].quorum);
		enum verdict v;

		published_remove(dir);
		write_log(SMALL);
		for (unsigned k = 0; k < 3; k++)
			if (cases[i].signers >> k & 1)
				published_cosign(dir, names[k], (uint8_t)(SEED_WITNESS + k), 1767139200 + k);
		ck_assert_int_eq(witness_policy_parse((struct span){text, (size_t)len}, &policy, &fault), VERDICT_HOLDS);
		v = verify_with(NULL, &policy, NULL);
		ck_assert_msg(v == (cases[i].is_good ? VERDICT_HOLDS : VERDICT_BROKEN), "case %u: %s", i, fault.text);
		if (cases[i].signers & 1)
			ck_assert_uint_eq(policy.names[0].signed_s, 1767139200);
	}
	/* A line under the name of a witness, but another key, is nobody's. */
	published_cosign(dir, names[0], SEED_OTHER, 7);
	ck_assert_int_eq(verify_with(NULL, &policy, NULL), VERDICT_BROKEN);
	ck_assert(!policy.names[0].has_signed);
	/* One bad signature of somebody who is known spoils the note, whatever the quorum. */
	published_remove(dir);
	write_log(SMALL);
	published_cosign(dir, names[0], SEED_WITNESS, 1767139200);
	{
		size_t len;
		uint8_t *note = published_get_file(dir, "checkpoint", &len);

		note[len - 12] = note[len - 12] == 'A' ? 'B' : 'A';
		published_put_file(dir, "checkpoint", note, len);
		free(note);
	}
	policy.needs_nobody = true;
	ck_assert_int_eq(verify_with(NULL, &policy, NULL), VERDICT_BROKEN);
	ck_holds(); /* who knows no witness ignores them */
	/* A log that the policy does not list. */
	published_remove(dir);
	published_write(&log_, dir, ORIGIN, SEED_OTHER);
	ck_assert_int_eq(verify_with(NULL, &policy, NULL), VERDICT_BROKEN);
}
END_TEST

/* ---- proofs ---- */

START_TEST(a_proof_holds_and_no_byte_of_it_is_spare)
{
	static struct proof proof;
	uint8_t number[RECEIPT_SIZE];
	struct key key;

	verify_crypt_init();
	key = key_of(ORIGIN, SEED_LOG);
	published_fill(&log_, LARGE);
	for (unsigned i = 0; i < LARGE; i += 7) {
		char *text = published_proof(&log_, i, LARGE, ORIGIN, SEED_LOG);

		ck_assert_int_eq(proof_check((struct span){text, strlen(text)}, &proof, &fault), VERDICT_HOLDS);
		ck_assert_int_eq(proof_signed(&proof, &key, &fault), VERDICT_HOLDS);
		ck_assert_uint_eq(proof.index, i);
		free(text);
	}
	{
		char *text = published_proof(&log_, 32, LARGE, ORIGIN, SEED_LOG);
		struct span all = {text, strlen(text)};
		struct key other = key_of(ORIGIN, SEED_OTHER);

		for (size_t i = 0; i < all.len; i++) {
			text[i] ^= 1;
			ck_assert_msg(proof_check(all, &proof, &fault) || proof_signed(&proof, &key, &fault), "byte %zu", i);
			text[i] ^= 1;
			ck_assert_msg(proof_check((struct span){text, i}, &proof, &fault) || proof_signed(&proof, &key, &fault),
				      "cut at %zu", i);
		}
		ck_assert_int_eq(proof_check(all, &proof, &fault), VERDICT_HOLDS);
		ck_assert_int_eq(proof_signed(&proof, &other, &fault), VERDICT_BROKEN);
		memset(number, 7, sizeof(number));
		ck_assert_int_eq(proof_receipt(&proof, number, &fault), VERDICT_HOLDS);
		number[15]++;
		ck_assert_int_eq(proof_receipt(&proof, number, &fault), VERDICT_BROKEN);
		free(text);
		text = published_proof(&log_, 31, LARGE, ORIGIN, SEED_LOG);
		ck_assert_int_eq(proof_check((struct span){text, strlen(text)}, &proof, &fault), VERDICT_HOLDS);
		number[15]--;
		ck_assert_int_eq(proof_receipt(&proof, number, &fault), VERDICT_BROKEN);
		free(text);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verify_story");
	TCase *t = tcase_create("verify_story");
	SRunner *runner;
	int failed;

	tcase_set_timeout(t, 550);
	tcase_add_checked_fixture(t, verdict_setup, verdict_teardown);
	tcase_add_test(t, keys_lead_to_each_other);
	tcase_add_test(t, an_epoch_ends_once_and_where_a_key_is_named);
	tcase_add_test(t, a_head_under_another_name_is_not_taken);
	tcase_add_test(t, a_key_cannot_follow_itself_into_another_history);
	tcase_add_test(t, logs_before_are_held_against_what_their_successor_names);
	tcase_add_test(t, a_log_that_began_anew_says_after_which);
	tcase_add_test(t, a_body_is_gone_only_with_its_reason);
	tcase_add_test(t, no_other_body_is_gone_than_is_said);
	tcase_add_test(t, a_pruned_policy_stays_the_one_in_force);
	tcase_add_test(t, entries_fit_together);
	tcase_add_test(t, a_quorum_of_witnesses_is_enough);
	tcase_add_test(t, a_proof_holds_and_no_byte_of_it_is_spare);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
