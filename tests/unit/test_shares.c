/* SPDX-License-Identifier: Apache-2.0 */
#include "vault/shares.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct saqta_error err;

#define ok(call) ck_assert_msg((call) == SAQTA_OK, "%s", err.message)

START_TEST(the_draft_s_vector)
{
	/* draft-mcgrew-tss-03, section 9 */
	static const uint8_t indexes[] = {1, 2};
	static const uint8_t shares[] = {0xb9, 0xfa, 0x07, 0xe1, 0x85, 0xf5, 0x40, 0x9b, 0x45, 0x11};
	static const uint8_t want[] = {0x74, 0x65, 0x73, 0x74, 0x00};
	uint8_t have[5];

	ok(shares_combine(indexes, shares, 2, 5, have, &err));
	ck_assert_mem_eq(have, want, 5);
}
END_TEST

/* FIPS 197, 4.2: {57} x {83} = {c1} and {57} x {13} = {fe}, seen through a line of slope {57}: its value at x is c ^ {57} x. */
START_TEST(the_field_is_that_of_aes)
{
	static const struct {
		uint8_t x, product;
	} cases[] = {{0x83, 0xc1}, {0x13, 0xfe}, {0x02, 0xae}, {0x04, 0x47}, {0x08, 0x8e}, {0x10, 0x07}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t indexes[] = {1, cases[i].x}, shares[] = {0x33 ^ 0x57, (uint8_t)(0x33 ^ cases[i].product)}, secret = 0;

		ok(shares_combine(indexes, shares, 2, 1, &secret, &err));
		ck_assert_uint_eq(secret, 0x33);
	}
}
END_TEST

START_TEST(any_three_of_five_and_no_two)
{
	uint8_t secret[KEY_SIZE], shares[5 * KEY_SIZE], back[KEY_SIZE];

	for (unsigned i = 0; i < KEY_SIZE; i++)
		secret[i] = (uint8_t)(i * 37);
	ok(shares_split(secret, KEY_SIZE, 5, 3, shares, &err));
	for (uint8_t a = 1; a <= 5; a++)
		for (uint8_t b = 1; b <= 5; b++)
			for (uint8_t c = 1; c <= 5; c++) {
				uint8_t indexes[] = {a, b, c}, three[3 * KEY_SIZE];

				for (int k = 0; k < 3; k++)
					memcpy(three + k * KEY_SIZE, shares + (indexes[k] - 1) * KEY_SIZE, KEY_SIZE);
				if (a == b || b == c || a == c) {
					ck_assert_int_eq(shares_combine(indexes, three, 3, KEY_SIZE, back, &err), SAQTA_ERR_INPUT);
					continue;
				}
				ok(shares_combine(indexes, three, 3, KEY_SIZE, back, &err));
				ck_assert_mem_eq(back, secret, KEY_SIZE);
				ok(shares_combine(indexes, three, 2, KEY_SIZE, back, &err));
				ck_assert_mem_ne(back, secret, KEY_SIZE);
			}
}
END_TEST

/* With one share fewer than the threshold every secret is as likely: over all random choices, the shares are spread evenly. */
START_TEST(fewer_shares_say_nothing)
{
	unsigned count[2][256] = {{0}};

	for (int which = 0; which < 2; which++)
		for (int i = 0; i < 51200; i++) {
			uint8_t secret = which ? 0xff : 0x00, shares[2];

			ok(shares_split(&secret, 1, 2, 2, shares, &err));
			count[which][shares[0]]++;
		}
	for (int which = 0; which < 2; which++) {
		double chi = 0;

		for (int i = 0; i < 256; i++)
			chi += (count[which][i] - 200.0) * (count[which][i] - 200.0) / 200.0;
		ck_assert_msg(chi < 380, "chi %f", chi); /* 255 degrees of freedom: passed 999,999 times in a million */
	}
}
END_TEST

START_TEST(sizes_are_checked)
{
	uint8_t secret = 5, shares[300], back = 0, all[255];

	ck_assert_int_eq(shares_split(&secret, 1, 5, 1, shares, &err), SAQTA_ERR_ARGUMENT);
	ck_assert_int_eq(shares_split(&secret, 1, 2, 3, shares, &err), SAQTA_ERR_ARGUMENT);
	ck_assert_int_eq(shares_split(&secret, 1, 256, 3, shares, &err), SAQTA_ERR_ARGUMENT);
	ok(shares_split(&secret, 1, 255, 255, shares, &err));
	for (unsigned i = 0; i < 255; i++)
		all[i] = (uint8_t)(i + 1);
	ok(shares_combine(all, shares, 255, 1, &back, &err));
	ck_assert_uint_eq(back, 5);
	all[7] = 0;
	ck_assert_int_eq(shares_combine(all, shares, 255, 1, &back, &err), SAQTA_ERR_INPUT);
}
END_TEST

START_TEST(a_line_is_read_back_and_a_slip_is_seen)
{
	cleanup_(buf_done) struct buf line = {0};
	struct share s = {.set = {1, 2, 3, 4}, .threshold = 3, .index = 5}, back;

	memset(s.bytes, 0xa5, sizeof(s.bytes));
	share_format(&s, &line);
	ck_assert(share_parse((const char *)line.data, line.len, &back));
	ck_assert(share_parse((const char *)line.data, line.len - 1, &back)); /* without its end */
	ck_assert_mem_eq(&back, &s, sizeof(s));
	for (size_t i = 0; i < line.len - 1; i++) {
		uint8_t was = line.data[i];

		line.data[i] = was == '1' ? '2' : '1';
		ck_assert_msg(!share_parse((const char *)line.data, line.len, &back), "at %zu", i);
		line.data[i] = was;
		ck_assert(!share_parse((const char *)line.data, i, &back));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shares");
	TCase *t = tcase_create("shares");
	SRunner *runner;
	int failed;

	tcase_add_test(t, the_draft_s_vector);
	tcase_add_test(t, the_field_is_that_of_aes);
	tcase_add_test(t, any_three_of_five_and_no_two);
	tcase_add_test(t, fewer_shares_say_nothing);
	tcase_add_test(t, sizes_are_checked);
	tcase_add_test(t, a_line_is_read_back_and_a_slip_is_seen);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
