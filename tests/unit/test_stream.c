/* SPDX-License-Identifier: Apache-2.0 */
#include "base/stream.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint8_t key[KEY_SIZE] = "a key of nearly 32 bytes";
static char path[64];
static struct saqta_error err;

#define ok(call) ck_assert_msg((call) == SAQTA_OK, "%s", err.message)
#define CHUNK 65536u

static void set_up(void)
{
	(void)snprintf(path, sizeof(path), "/tmp/test_stream.XXXXXX");
	(void)close(mkstemp(path));
	(void)unlink(path);
	ok(crypt_init(&err));
}

static void tear_down(void) { (void)unlink(path); }

static uint8_t byte_at(size_t i) { return (uint8_t)(i * 31 + i / 256); }

static void make(size_t len)
{
	cleanup_(stream_closep) struct stream *s = NULL;
	cleanup_(buf_done) struct buf header = {0};

	buf_str(&header, "{\"x\":1}");
	ok(stream_create(path, key, &header, &s, &err));
	for (size_t at = 0; at < len;) {
		uint8_t piece[7001];
		size_t n = len - at < sizeof(piece) ? len - at : sizeof(piece);

		for (size_t i = 0; i < n; i++)
			piece[i] = byte_at(at + i);
		ok(stream_write(s, piece, n, &err));
		at += n;
	}
	ok(stream_finish(s, &err));
}

static enum saqta_status take(size_t len)
{
	cleanup_(stream_closep) struct stream *s = NULL;
	cleanup_(buf_done) struct buf header = {0};
	uint8_t *back = malloc(len + 1);
	enum saqta_status r = stream_open(path, &s, &header, &err);

	if (!r)
		r = stream_unlock(s, key, &err);
	if (!r)
		r = len > 0 ? stream_read(s, back, len, &err) : stream_read(s, back, 0, &err);
	if (!r && len == 0) /* an empty stream has one empty chunk */
		r = stream_read(s, back, 1, &err) == SAQTA_ERR_TAMPERED ? SAQTA_OK : SAQTA_ERR_STORE;
	if (!r)
		r = stream_end(s, &err);
	for (size_t i = 0; !r && i < len; i++)
		ck_assert_uint_eq(back[i], byte_at(i));
	free(back);
	return r;
}

START_TEST(what_was_written_is_read)
{
	static const size_t sizes[] = {0, 1, 1000, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 17};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		make(sizes[i]);
		ck_assert_msg(take(sizes[i]) == SAQTA_OK, "%zu bytes: %s", sizes[i], err.message);
		if (sizes[i] > 1)
			ck_assert_int_eq(take(sizes[i] - 1), SAQTA_ERR_TAMPERED); /* something follows */
		if (sizes[i] > 0)
			ck_assert_int_eq(take(sizes[i] + 1), SAQTA_ERR_TAMPERED); /* it ends before */
		ck_assert_int_eq(unlink(path), 0);
	}
}
END_TEST

static off_t size_of(void)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_size;
}

START_TEST(a_cut_file_does_not_open)
{
	off_t full;

	make(2 * CHUNK + 100);
	full = size_of();
	/* At every place near an edge, chunk ends among them: a stream cut there has only whole chunks. */
	for (off_t cut = full - 1; cut > 0; cut -= cut > full - 200 || cut < 400 ? 1 : 97) {
		ck_assert_int_eq(truncate(path, cut), 0);
		ck_assert_msg(take(2 * CHUNK + 100) != SAQTA_OK, "cut to %ld", (long)cut);
	}
}
END_TEST

START_TEST(a_file_cut_after_a_whole_chunk_is_seen)
{
	off_t head;

	make(3 * CHUNK);
	head = size_of() - 3 * (off_t)(CHUNK + SEAL_OVERHEAD);
	ck_assert_int_eq(truncate(path, head + 2 * (off_t)(CHUNK + SEAL_OVERHEAD)), 0);
	ck_assert_int_eq(take(2 * CHUNK), SAQTA_ERR_TAMPERED);
	ck_assert_int_eq(take(3 * CHUNK), SAQTA_ERR_TAMPERED);
}
END_TEST

START_TEST(no_flipped_bit_passes)
{
	off_t full;
	int fd;

	make(CHUNK + 50);
	full = size_of();
	fd = open(path, O_RDWR | O_CLOEXEC);
	for (off_t at = 0; at < full; at += at < 400 || at > full - 200 ? 1 : 501) {
		uint8_t was, is;

		ck_assert_int_eq(pread(fd, &was, 1, at), 1);
		for (unsigned bit = 0x04; bit <= 0x20; bit <<= 3) { /* the second makes a letter a capital */
			is = (uint8_t)(was ^ bit);
			ck_assert_int_eq(pwrite(fd, &is, 1, at), 1);
			ck_assert_msg(take(CHUNK + 50) != SAQTA_OK, "byte %ld, bit %02x", (long)at, bit);
		}
		ck_assert_int_eq(pwrite(fd, &was, 1, at), 1);
	}
	ok(take(CHUNK + 50));
	(void)close(fd);
}
END_TEST

START_TEST(swapped_repeated_and_added_chunks_are_seen)
{
	const size_t one = CHUNK + SEAL_OVERHEAD;
	uint8_t *a = malloc(one), *b = malloc(one);
	off_t head;
	int fd;

	make(3 * CHUNK);
	head = size_of() - 3 * (off_t)one;
	fd = open(path, O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(pread(fd, a, one, head), (ssize_t)one);
	ck_assert_int_eq(pread(fd, b, one, head + (off_t)one), (ssize_t)one);
	ck_assert_int_eq(pwrite(fd, b, one, head), (ssize_t)one);
	ck_assert_int_eq(take(3 * CHUNK), SAQTA_ERR_TAMPERED); /* repeated */
	ck_assert_int_eq(pwrite(fd, a, one, head + (off_t)one), (ssize_t)one);
	ck_assert_int_eq(take(3 * CHUNK), SAQTA_ERR_TAMPERED); /* swapped */
	ck_assert_int_eq(pwrite(fd, a, one, head), (ssize_t)one);
	ck_assert_int_eq(pwrite(fd, b, one, head + (off_t)one), (ssize_t)one);
	ok(take(3 * CHUNK));
	ck_assert_int_eq(pwrite(fd, a, one, head + 3 * (off_t)one), (ssize_t)one);
	ck_assert_int_eq(take(3 * CHUNK), SAQTA_ERR_TAMPERED); /* added */
	(void)close(fd);
	free(a);
	free(b);
}
END_TEST

START_TEST(another_key_and_an_unfinished_file_do_not_open)
{
	cleanup_(stream_closep) struct stream *s = NULL;
	cleanup_(buf_done) struct buf header = {0};
	uint8_t other[KEY_SIZE] = {1};

	make(10);
	ok(stream_open(path, &s, &header, &err));
	ck_assert_str_eq((const char *)header.data, "{\"x\":1}");
	ck_assert_int_eq(stream_unlock(s, other, &err), SAQTA_ERR_KEY);
	s = stream_close(s);
	ck_assert_int_eq(stream_create(path, key, &header, &s, &err), SAQTA_ERR_CREATE);
	(void)unlink(path);
	ck_assert_int_eq(stream_open(path, &s, &header, &err), SAQTA_ERR_MISSING);
	ok(stream_create(path, key, &header, &s, &err));
	ok(stream_write(s, "0123456789", 10, &err));
	s = stream_close(s);
	ck_assert_int_eq(take(10), SAQTA_ERR_TAMPERED);
}
END_TEST

START_TEST(a_file_of_one_kind_does_not_open_as_another)
{
	cleanup_(stream_closep) struct stream *s = NULL;
	cleanup_(buf_done) struct buf header = {0}, rest = {0};
	int fd;

	buf_str(&header, "{}");
	(void)unlink(path);
	ok(stream_create_as(STREAM_DOCUMENT, path, key, &header, &s, &err));
	ok(stream_write(s, "0123456789", 10, &err));
	ok(stream_finish(s, &err));
	s = stream_close(s);
	ck_assert_int_eq(stream_open(path, &s, &header, &err), SAQTA_ERR_INPUT);
	ok(stream_open_as(STREAM_DOCUMENT, path, &s, &header, &err));
	ok(stream_unlock(s, key, &err));
	ok(stream_read_rest(s, &rest, &err));
	ok(stream_end(s, &err));
	ck_assert_str_eq((const char *)rest.data, "0123456789");
	s = stream_close(s);
	/* under the other first line its header does not hold */
	fd = open(path, O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(pwrite(fd, "saqta-documenu", 14, 0), 14);
	(void)close(fd);
	ck_assert_int_eq(stream_open_as("documenu", path, &s, &header, &err), SAQTA_OK);
	ck_assert_int_eq(stream_unlock(s, key, &err), SAQTA_ERR_KEY);
}
END_TEST

START_TEST(the_same_bytes_are_sealed_otherwise_each_time)
{
	uint8_t a[600], b[600];
	int fd;

	for (int i = 0; i < 2; i++) {
		make(300);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		ck_assert_int_gt(read(fd, i ? b : a, 600), 400);
		(void)close(fd);
		(void)unlink(path);
	}
	ck_assert_int_ne(memcmp(a + 160, b + 160, 240), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stream");
	TCase *t = tcase_create("stream");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, what_was_written_is_read);
	tcase_add_test(t, a_cut_file_does_not_open);
	tcase_add_test(t, a_file_cut_after_a_whole_chunk_is_seen);
	tcase_add_test(t, no_flipped_bit_passes);
	tcase_add_test(t, swapped_repeated_and_added_chunks_are_seen);
	tcase_add_test(t, another_key_and_an_unfinished_file_do_not_open);
	tcase_add_test(t, a_file_of_one_kind_does_not_open_as_another);
	tcase_add_test(t, the_same_bytes_are_sealed_otherwise_each_time);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
