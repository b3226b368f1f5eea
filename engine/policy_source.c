/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"

#include <stdlib.h>
#include <string.h>

/* Where a policy comes from: a pack, the policy in force, a version that the vault keeps. */

#define IN_FORCE "in-force"
#define DIGEST "digest:"

static enum saqta_status load_pack(const struct saqta_policy_from *from, struct policy **ret, struct saqta_error *err)
{
	cleanup_(problems_done) struct problems problems = {0};
	char *built_in = from->engine || from->policy_dirs ? NULL : hall_policy_dirs();
	const char *dirs = from->engine ? from->engine->policy_dirs : from->policy_dirs;
	enum saqta_status r;

	if (!dirs && !built_in)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	r = policy_load(from->pack, dirs ? dirs : built_in, ret, &problems, err);
	free(built_in);
	if (problems.text.len > 0 && from->problems)
		(void)from->problems(from->user, (const char *)problems.text.data, problems.text.len);
	return r;
}

static enum saqta_status load_version(const struct saqta_policy_from *from, struct policy **ret, struct saqta_error *err)
{
	const char *hex = from->pack + strlen(DIGEST);
	uint8_t digest[HASH_SIZE];
	enum saqta_status r;

	if (strlen(hex) != sizeof(digest) * 2 || !hex_decode(hex, strlen(hex), digest))
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, DIGEST " is followed by the %zu hex digits of a version", sizeof(digest) * 2);
	r = hall_load_stored(from->engine, digest, ret, err);
	return r == SAQTA_ERR_MISSING ? err_set(err, r, 0, "the vault keeps no version of this digest") : r;
}

enum saqta_status hall_policy_from(const struct saqta_policy_from *from, struct policy **ret, struct saqta_error *err)
{
	const bool is_in_force = strcmp(from->pack, IN_FORCE) == 0, is_version = strncmp(from->pack, DIGEST, strlen(DIGEST)) == 0;

	if (!is_in_force && !is_version)
		return load_pack(from, ret, err);
	if (!from->engine)
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, "%s is a policy of a vault: name it with --vault DIR", from->pack);
	if (is_version)
		return load_version(from, ret, err);
	*ret = policy_ref(from->engine->policy);
	return SAQTA_OK;
}
