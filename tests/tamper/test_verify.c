/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Somebody who can write every file of a published log, but holds none of its keys, changes it. The verifier refuses whatever he does and names
 * the first wrong entry. And what a holder of the keys can do, and what catches him. */

/* ---- what is whole ---- */

START_TEST(logs_of_any_size_hold)
{
	static const unsigned sizes[] = {0, 1, 2, 3, 40, 255, 256, 257, 300, 511, 512, 513, 600};
	char root[65], told_root[65];

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		write_log(sizes[i]);
		ck_holds();
		ck_assert_uint_eq(told.n_logs, 1);
		ck_assert_uint_eq(told.logs[0].story.n_entries, sizes[i]);
		ck_assert_uint_eq(told.logs[0].checkpoint.head.size, sizes[i]);
		published_root(&log_, sizes[i], root);
		hex_text(told.logs[0].checkpoint.head.root, HASH_SIZE, told_root);
		ck_assert_str_eq(root, told_root);
		published_remove(dir);
	}
}
END_TEST

START_TEST(what_the_entries_say_is_counted)
{
	struct story *s = &told.logs[0].story;

	write_log(SMALL);
	ck_holds();
	ck_assert_uint_eq(s->n_destroyed, 1);
	ck_assert_uint_eq(s->n_records_destroyed, 1);
	ck_assert_uint_eq(s->n_sweeps, 1);
	ck_assert_uint_eq(s->n_sweeps_cut, 0);
	ck_assert_uint_eq(s->n_policies, 1);
	ck_assert_uint_eq(s->n_clock_back, 0);
	ck_assert_str_eq(s->first_recorded, "2026-01-01T00:00:00Z");
	ck_assert_str_eq(s->last_recorded, "2026-01-01T00:00:39Z");
}
END_TEST

/* ---- bytes ---- */

static char files[64][96]; /* below the folder */
static unsigned n_files;

static int list_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	if (flag == FTW_F && n_files < 64)
		(void)snprintf(files[n_files++], sizeof(files[0]), "%s", path + strlen(dir) + 1);
	return 0;
}

static void list_files(void)
{
	n_files = 0;
	ck_assert_int_eq(nftw(dir, list_one, 16, FTW_PHYS), 0);
	ck_assert_uint_gt(n_files, 3);
}

/* The entry that byte @at of @file belongs to; -1: to none, or to all. */
static long owner(const char *file, size_t at)
{
	unsigned first = 0;

	if (strncmp(file, "tile/entries/", 13) == 0) {
		first = strncmp(file + 13, "001", 3) == 0 ? 256 : 0;
		for (size_t end = 0;; first++) {
			end += 2 + log_.entries[first].len;
			if (at < end)
				return first;
		}
	}
	if (strncmp(file, "tile/0/", 7) == 0)
		return (long)(at / HASH_SIZE) + (strncmp(file + 7, "001", 3) == 0 ? 256 : 0);
	return strncmp(file, "tile/1/", 7) == 0 ? (long)(at / HASH_SIZE * TILE_WIDTH) : -1;
}

static size_t flip_file(const char *file, uint8_t mask)
{
	char path[192];
	size_t len;
	uint8_t *bytes = published_get_file(dir, file, &len);
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, file);
	fd = open(path, O_WRONLY);
	ck_assert_int_ge(fd, 0);
	for (size_t i = 0; i < len; i++) {
		uint8_t changed = bytes[i] ^ mask;
		long entry = owner(file, i);

		ck_assert_int_eq(pwrite(fd, &changed, 1, (off_t)i), 1);
		if (entry >= 0)
			ck_broken_at((uint64_t)entry);
		else
			ck_assert_msg(verify() == VERDICT_BROKEN, "%s: byte %zu", file, i);
		ck_assert_uint_eq(told.n_logs, 0);
		ck_assert_int_eq(pwrite(fd, bytes + i, 1, (off_t)i), 1);
	}
	(void)close(fd);
	free(bytes);
	return len;
}

START_TEST(every_byte_of_a_small_log_counts)
{
	static const uint8_t masks[] = {0x01, 0x80};
	size_t n = 0;

	write_log(SMALL);
	list_files();
	ck_assert_uint_eq(n_files, 4);
	for (unsigned i = 0; i < n_files; i++)
		for (unsigned k = 0; k < sizeof(masks); k++)
			n += flip_file(files[i], masks[k]);
	ck_holds();
	printf("# %zu changes of a byte, each refused\n", n);
}
END_TEST

START_TEST(every_byte_of_a_log_with_full_tiles_counts)
{
	size_t n = 0;

	write_log(LARGE);
	list_files();
	ck_assert_uint_eq(n_files, 7);
	for (unsigned i = 0; i < n_files; i++)
		n += flip_file(files[i], 0x01);
	ck_holds();
	printf("# %zu changes of a byte, each refused\n", n);
}
END_TEST

START_TEST(no_file_may_be_longer_or_shorter_or_missing)
{
	write_log(LARGE);
	list_files();
	for (unsigned i = 0; i < n_files; i++) {
		size_t len;
		uint8_t *bytes = published_get_file(dir, files[i], &len);
		char path[192];

		for (size_t cut = 0; cut < len; cut += cut < 8 || cut + 8 >= len ? 1 : len / 16 + 1) {
			published_put_file(dir, files[i], bytes, cut);
			ck_assert_msg(verify() == VERDICT_BROKEN, "%s cut at %zu", files[i], cut);
		}
		bytes[len] = '\n';
		published_put_file(dir, files[i], bytes, len + 1);
		ck_assert_msg(verify() == VERDICT_BROKEN, "%s", files[i]);
		(void)snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		ck_assert_int_eq(unlink(path), 0);
		ck_assert_msg(verify() == VERDICT_BROKEN, "%s", files[i]);
		ck_assert_str_eq(fault.file, files[i]);
		published_put_file(dir, files[i], bytes, len);
		free(bytes);
	}
	ck_holds();
}
END_TEST

START_TEST(what_is_no_regular_file_is_not_read)
{
	char path[192], kept[192];

	write_log(LARGE);
	list_files();
	for (unsigned i = 0; i < n_files; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		(void)snprintf(kept, sizeof(kept), "%s/kept", place);
		ck_assert_int_eq(rename(path, kept), 0);
		ck_assert_int_eq(symlink(kept, path), 0);
		ck_assert_int_eq(verify(), VERDICT_BROKEN);
		ck_assert_int_eq(unlink(path), 0);
		ck_assert_int_eq(mkfifo(path, 0600), 0);
		ck_assert_int_eq(verify(), VERDICT_BROKEN);
		ck_assert_int_eq(unlink(path), 0);
		ck_assert_int_eq(mkdir(path, 0700), 0);
		ck_assert_int_eq(verify(), VERDICT_BROKEN);
		ck_assert_int_eq(rmdir(path), 0);
		ck_assert_int_eq(rename(kept, path), 0);
	}
	ck_holds();
	(void)snprintf(path, sizeof(path), "%s/tile", dir);
	ck_assert_int_eq(rename(path, kept), 0);
	ck_assert_int_eq(symlink(kept, path), 0);
	ck_assert_int_eq(verify(), VERDICT_BROKEN);
}
END_TEST

/* ---- entries ---- */

/* A bundle that holds what log_ has now, while tree and head stay. */
static void write_bundle(unsigned n)
{
	static uint8_t bundle[PUBLISHED_MAX * 1024];
	char name[32];
	size_t len = 0;

	for (unsigned i = 0; i < n; i++) {
		bundle[len++] = (uint8_t)(log_.entries[i].len >> 8);
		bundle[len++] = (uint8_t)log_.entries[i].len;
		memcpy(bundle + len, log_.entries[i].text, log_.entries[i].len);
		len += log_.entries[i].len;
	}
	(void)snprintf(name, sizeof(name), "tile/entries/000.p/%u", SMALL);
	published_put_file(dir, name, bundle, len);
}

static void move_up(unsigned to, unsigned from)
{
	memmove(&log_.entries[to], &log_.entries[from], (PUBLISHED_MAX - (to > from ? to : from)) * sizeof(log_.entries[0]));
}

START_TEST(an_entry_that_is_dropped_repeated_or_swapped_is_named)
{
	write_log(SMALL);
	for (unsigned i = 0; i < SMALL; i++) {
		struct published_entry kept;

		published_fill(&log_, SMALL);
		move_up(i, i + 1);
		write_bundle(SMALL - 1);
		ck_broken_at(i);
		published_fill(&log_, SMALL);
		move_up(i + 1, i);
		write_bundle(SMALL + 1);
		ck_broken_at(i + 1 < SMALL ? i + 1 : i); /* behind the last: something follows it */
		if (i + 1 == SMALL)
			break;
		published_fill(&log_, SMALL);
		kept = log_.entries[i];
		log_.entries[i] = log_.entries[i + 1];
		log_.entries[i + 1] = kept;
		write_bundle(SMALL);
		ck_broken_at(i);
	}
}
END_TEST

/* He tells the whole tree anew, as only the signature can then show; but numbers and form are looked at on the way. */
START_TEST(a_tree_told_anew_does_not_hide_it)
{
	size_t len;
	uint8_t *signed_head;

	write_log(SMALL);
	signed_head = published_get_file(dir, "checkpoint", &len);
	for (unsigned i = 1; i + 1 < SMALL; i++) {
		published_fill(&log_, SMALL);
		log_.entries[i] = log_.entries[i + 1];
		again();
		published_put_file(dir, "checkpoint", signed_head, len);
		ck_broken_at(i);
	}
	published_fill(&log_, SMALL);
	published_put(&log_, 12, "register", NULL);
	again();
	published_put_file(dir, "checkpoint", signed_head, len);
	ck_assert_int_eq(verify(), VERDICT_BROKEN);
	ck_assert_ptr_nonnull(strstr(fault.text, "not those that the head signs"));
	/* Its end cut off, with the tree that this has, under the head of before. */
	published_fill(&log_, SMALL - 1);
	again();
	published_put_file(dir, "checkpoint", signed_head, len);
	ck_assert_int_eq(verify(), VERDICT_BROKEN);
	ck_assert_ptr_nonnull(strstr(fault.text, "missing"));
	free(signed_head);
}
END_TEST

/* Who holds the key can write another history; only a head that somebody else kept tells. */
START_TEST(a_fork_under_the_right_key_is_caught_by_a_head_seen_before)
{
	struct checkpoint seen;
	struct key key;

	verify_crypt_init();
	key = key_of(ORIGIN, SEED_LOG);
	write_log(SMALL);
	ck_holds();
	seen = told.logs[0].checkpoint;
	ck_assert_int_eq(verify_with(&key, NULL, &seen), VERDICT_HOLDS);
	ck_assert(told.logs[0].is_seen);
	/* It grows. */
	published_fill(&log_, SMALL + 20);
	again();
	ck_assert_int_eq(verify_with(&key, NULL, &seen), VERDICT_HOLDS);
	/* Another entry 12, all of it signed. */
	published_put(&log_, 12, "register", NULL);
	again();
	ck_assert_int_eq(verify_with(&key, NULL, NULL), VERDICT_HOLDS);
	ck_assert_int_eq(verify_with(&key, NULL, &seen), VERDICT_BROKEN);
	ck_assert_ptr_nonnull(strstr(fault.text, "two histories"));
	/* Its end cut off, and signed. */
	published_fill(&log_, SMALL - 10);
	published_put(&log_, 29, "consent", NULL);
	again();
	ck_assert_int_eq(verify_with(&key, NULL, NULL), VERDICT_HOLDS);
	ck_assert_int_eq(verify_with(&key, NULL, &seen), VERDICT_BROKEN);
	ck_assert_ptr_nonnull(strstr(fault.text, "cut off"));
	/* Another log altogether. */
	(void)snprintf(seen.origin, sizeof(seen.origin), "saqta.local/vault/other");
	ck_assert_int_eq(verify_with(&key, NULL, &seen), VERDICT_BROKEN);
}
END_TEST

START_TEST(only_the_key_given_is_taken)
{
	struct key key, other;

	verify_crypt_init();
	key = key_of(ORIGIN, SEED_LOG);
	other = key_of(ORIGIN, SEED_OTHER);
	write_log(SMALL);
	ck_assert_int_eq(verify_with(&key, NULL, NULL), VERDICT_HOLDS);
	ck_assert(told.logs[0].is_pinned);
	ck_assert_int_eq(verify_with(&other, NULL, NULL), VERDICT_BROKEN);
	ck_assert_ptr_nonnull(strstr(fault.text, "not signed by the key given"));
	ck_holds();
	ck_assert(!told.logs[0].is_pinned);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verify");
	TCase *t = tcase_create("verify");
	SRunner *runner;
	int failed;

	tcase_set_timeout(t, 550);
	tcase_add_checked_fixture(t, verdict_setup, verdict_teardown);
	tcase_add_test(t, logs_of_any_size_hold);
	tcase_add_test(t, what_the_entries_say_is_counted);
	tcase_add_test(t, every_byte_of_a_small_log_counts);
	tcase_add_test(t, every_byte_of_a_log_with_full_tiles_counts);
	tcase_add_test(t, no_file_may_be_longer_or_shorter_or_missing);
	tcase_add_test(t, what_is_no_regular_file_is_not_read);
	tcase_add_test(t, an_entry_that_is_dropped_repeated_or_swapped_is_named);
	tcase_add_test(t, a_tree_told_anew_does_not_hide_it);
	tcase_add_test(t, a_fork_under_the_right_key_is_caught_by_a_head_seen_before);
	tcase_add_test(t, only_the_key_given_is_taken);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
