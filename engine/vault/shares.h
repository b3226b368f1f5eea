/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VAULT_SHARES_H
#define VAULT_SHARES_H

#include "base/crypt.h"

/* Shamir's secret sharing, byte by byte over GF(2^8) with the polynomial of AES (draft-mcgrew-tss): any @threshold of the shares give the secret
 * back, fewer say nothing about it. No table is looked up at a place that depends on a secret. */

#define SHARES_MAX 255u

/** @rets: @n shares of @len bytes, one after the other; that of index i (from 1) begins at (i - 1) * @len. 2 <= threshold <= n <= 255. */
enum saqta_status shares_split(const uint8_t *secret, size_t len, unsigned n, unsigned threshold, uint8_t *rets,
			       struct saqta_error *err) must_check_;
/** The secret from exactly as many shares as the threshold was; @indexes are distinct and not 0. */
enum saqta_status shares_combine(const uint8_t *indexes, const uint8_t *shares, unsigned n, size_t len, uint8_t *ret,
				 struct saqta_error *err) must_check_;

/** One share of a key as a line of text: "saqta-share 1 <set> <threshold> <index> <share> <sum>", hex; the set tells shares of one splitting, the
 *  sum tells a slip of the pen. */
struct share {
	uint8_t set[4];
	uint8_t threshold, index;
	uint8_t bytes[KEY_SIZE];
};
void share_format(const struct share *s, struct buf *ret);
bool share_parse(const char *text, size_t len, struct share *ret);

#endif
