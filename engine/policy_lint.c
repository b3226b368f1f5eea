/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"

#include "policy/lint.h"
#include "saqta/policy.h"

#include <stdlib.h>

static enum saqta_status lint(const char *pack, const char *dirs, struct problems *problems, struct buf *ret_lines, uint64_t *ret_errors,
			      struct saqta_error *err)
{
	cleanup_(policy_unrefp) struct policy *p = NULL;
	cleanup_(findings_done) struct findings found = {0};
	enum saqta_status r = policy_load(pack, dirs, &p, problems, err);

	if (!r)
		r = policy_lint(p, &found, err);
	for (unsigned i = 0; !r && i < found.n; i++) {
		finding_json(p, &found.items[i], ret_lines);
		buf_str(ret_lines, "\n");
		*ret_errors += found.items[i].severity == LINT_ERROR;
	}
	return r;
}

enum saqta_status saqta_policy_lint(const char *pack, const char *dirs, saqta_write_fn problems_to, saqta_write_fn write, void *user,
				    uint64_t *ret_errors, struct saqta_error *err)
{
	cleanup_(problems_done) struct problems problems = {0};
	cleanup_(buf_done) struct buf lines = {0};
	char *built_in = dirs ? NULL : hall_policy_dirs();
	enum saqta_status r;

	*ret_errors = 0;
	if (!dirs && !built_in)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	r = lint(pack, dirs ? dirs : built_in, &problems, &lines, ret_errors, err);
	free(built_in);
	if (problems.text.len > 0 && problems_to)
		(void)problems_to(user, (const char *)problems.text.data, problems.text.len);
	return r ? r : hall_give(write, user, &lines, err);
}
