/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

START_TEST(appends_grow_and_end_with_nul)
{
	cleanup_(buf_done) struct buf b = {0};

	for (int i = 0; i < 1000; i++)
		buf_fmt(&b, "%03d,", i);
	buf_str(&b, "end");
	buf_add(&b, NULL, 0);
	ck_assert(!b.failed);
	ck_assert_uint_eq(b.len, 4003);
	ck_assert_str_eq((char *)b.data + 3996, "999,end");
	buf_clear(&b);
	ck_assert_uint_eq(b.len, 0);
	ck_assert_str_eq((char *)b.data, "");
}
END_TEST

START_TEST(never_holds_more_than_its_bound)
{
	cleanup_(buf_done) struct buf b = {0};
	static const uint8_t block[1 << 20];

	for (int i = 0; i < 64; i++)
		buf_add(&b, block, sizeof(block));
	ck_assert(!b.failed);
	ck_assert_uint_eq(b.len, BUF_MAX);
	buf_u8(&b, 1);
	ck_assert(b.failed);
	ck_assert_uint_eq(b.len, BUF_MAX);
	buf_add(&b, "", 0);
	ck_assert(b.failed);
	buf_clear(&b);
	buf_u8(&b, 1);
	ck_assert(!b.failed);
	buf_add(&b, block, SIZE_MAX);
	ck_assert(b.failed);
	ck_assert_uint_eq(b.len, 1);
}
END_TEST

START_TEST(fields_come_back)
{
	cleanup_(buf_done) struct buf b = {0};
	struct cursor c;
	const uint8_t *bytes;
	char *text;
	size_t len;

	buf_u8(&b, 0xfe);
	buf_u16(&b, 0xfedc);
	buf_u32(&b, 0xfedcba98);
	buf_i64(&b, INT64_MIN);
	buf_i64(&b, -2);
	buf_bytes(&b, "\0\1", 2);
	buf_string(&b, "Әл");
	buf_string(&b, NULL);
	ck_assert_int_eq(b.data[1], 0xdc);
	c = (struct cursor){.data = b.data, .len = b.len};
	ck_assert_uint_eq(cursor_u8(&c), 0xfe);
	ck_assert_uint_eq(cursor_u16(&c), 0xfedc);
	ck_assert_uint_eq(cursor_u32(&c), 0xfedcba98);
	ck_assert(cursor_i64(&c) == INT64_MIN);
	ck_assert(cursor_i64(&c) == -2);
	bytes = cursor_bytes(&c, &len);
	ck_assert_uint_eq(len, 2);
	ck_assert_mem_eq(bytes, "\0\1", 2);
	text = cursor_string(&c);
	ck_assert_str_eq(text, "Әл");
	free(text);
	text = cursor_string(&c);
	ck_assert_str_eq(text, "");
	free(text);
	ck_assert(!c.failed);
	ck_assert_uint_eq(c.pos, c.len);
}
END_TEST

START_TEST(short_reads_stay_failed)
{
	static const uint8_t data[] = {9, 0, 0, 0, 'a', 'b'}, nul[] = {3, 0, 0, 0, 'a', 0, 'b'};
	struct cursor c = {.data = data, .len = sizeof(data)};
	size_t len = 7;

	ck_assert_ptr_nonnull(cursor_bytes(&c, &len));
	ck_assert_uint_eq(len, 0);
	ck_assert(c.failed);
	ck_assert_uint_eq(cursor_u8(&c), 0);
	ck_assert_ptr_null(cursor_raw(&c, 1));
	ck_assert_ptr_null(cursor_string(&c));
	c = (struct cursor){0};
	ck_assert_ptr_nonnull(cursor_raw(&c, 0));
	ck_assert(cursor_i64(&c) == 0);
	ck_assert(c.failed);
	c = (struct cursor){.data = nul, .len = sizeof(nul)};
	ck_assert_ptr_null(cursor_string(&c));
	ck_assert(c.failed);
}
END_TEST

START_TEST(hex_both_ways)
{
	static const uint8_t data[] = {0x00, 0x9f, 0xff};
	uint8_t back[3];
	char text[7];

	hex_encode(data, 3, text);
	ck_assert_str_eq(text, "009fff");
	ck_assert(hex_decode("009fFF", 6, back));
	ck_assert_mem_eq(back, data, 3);
	ck_assert(!hex_decode("009", 3, back));
	ck_assert(!hex_decode("0g", 2, back));
	ck_assert(!hex_decode("0 ", 2, back));
}
END_TEST

static const struct {
	const char *name, *text, *data;
} base64_good[] = {
	/* RFC 4648 10 */
	{"empty", "", ""},
	{"one byte", "Zg==", "f"},
	{"two bytes", "Zm8=", "fo"},
	{"three bytes", "Zm9v", "foo"},
	{"four bytes", "Zm9vYg==", "foob"},
	{"six bytes", "Zm9vYmFy", "foobar"},
	{"both special digits", "+/+/", "\xfb\xff\xbf"},
};

START_TEST(base64_vectors)
{
	size_t len = 0, expected = strlen(base64_good[_i].data);
	char *text = base64_encode((const uint8_t *)base64_good[_i].data, expected);
	uint8_t *data = base64_decode(base64_good[_i].text, strlen(base64_good[_i].text), &len);

	ck_assert_msg(text && !strcmp(text, base64_good[_i].text), "%s: %s", base64_good[_i].name, text);
	ck_assert_msg(data && len == expected && !memcmp(data, base64_good[_i].data, len), "%s", base64_good[_i].name);
	free(text);
	free(data);
}
END_TEST

static const struct {
	const char *name, *text;
} base64_bad[] = {
	{"no padding", "Zg"},
	{"short padding", "Zg="},
	{"only padding", "===="},
	{"one digit", "Z==="},
	{"padding inside", "Zg==Zg=="},
	{"padding before a digit", "Zg=v"},
	{"left-over bits after one byte", "Zh=="},
	{"left-over bits after two bytes", "Zm9="},
	{"space", "Zm 9"},
	{"line end", "Zm9v\n"},
	{"URL digits", "-_-_"},
};

START_TEST(base64_refuses)
{
	size_t len;

	ck_assert_msg(!base64_decode(base64_bad[_i].text, strlen(base64_bad[_i].text), &len), "%s", base64_bad[_i].name);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("buf");
	TCase *tc = tcase_create("buf");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, appends_grow_and_end_with_nul);
	tcase_add_test(tc, never_holds_more_than_its_bound);
	tcase_add_test(tc, fields_come_back);
	tcase_add_test(tc, short_reads_stay_failed);
	tcase_add_test(tc, hex_both_ways);
	tcase_add_loop_test(tc, base64_vectors, 0, sizeof(base64_good) / sizeof(*base64_good));
	tcase_add_loop_test(tc, base64_refuses, 0, sizeof(base64_bad) / sizeof(*base64_bad));
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
