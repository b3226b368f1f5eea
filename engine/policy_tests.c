/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"
#include "saqta/tool.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The scenarios that stand beside a pack, in tests/PACK. */

static int is_scenario(const struct dirent *entry)
{
	const size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 6 && strcmp(entry->d_name + len - 6, ".jsonl") == 0;
}

static enum saqta_status list(const char *dir, struct json_out *j, struct saqta_error *err)
{
	struct dirent **names = NULL;
	int n = scandir(dir, &names, is_scenario, alphasort);

	if (n < 0)
		return err_set(err, SAQTA_ERR_MISSING, 0, "%s: %s", dir, strerror(errno));
	json_open(j, "scenarios", '[');
	for (int i = 0; i < n; i++) {
		cleanup_(buf_done) struct buf path = {0};

		buf_fmt(&path, "%s/%s", dir, names[i]->d_name);
		j->out->failed |= path.failed;
		json_text(j, NULL, path.failed ? NULL : (const char *)path.data);
		free(names[i]);
	}
	free(names);
	json_shut(j, ']');
	return n > 0 ? SAQTA_OK : err_set(err, SAQTA_ERR_MISSING, 0, "%s: no scenario (*.jsonl) is there", dir);
}

enum saqta_status saqta_policy_tests(const struct saqta_policy_from *from, saqta_write_fn write, void *user, struct saqta_error *err)
{
	cleanup_(policy_unrefp) struct policy *p = NULL;
	cleanup_(buf_done) struct buf json = {0}, dir = {0}, dirs = {0};
	struct json_out j = {.out = &json};
	char *folder, *built_in;
	enum saqta_status r = hall_policy_from(from, &p, err);

	if (r)
		return r;
	folder = policy_folder(p);
	built_in = from->policy_dirs ? strdup(from->policy_dirs) : hall_policy_dirs();
	buf_fmt(&dir, "%s/tests/%s", folder ? folder : "", policy_id(p));
	buf_fmt(&dirs, "%s:%s", folder ? folder : "", built_in ? built_in : "");
	dirs.failed |= !folder || !built_in;
	free(folder);
	free(built_in);
	if (dir.failed || dirs.failed)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	json_open(&j, NULL, '{');
	json_text(&j, "policy", policy_id(p));
	json_text(&j, "dirs", (const char *)dirs.data);
	r = list((const char *)dir.data, &j, err);
	json_shut(&j, '}');
	return r ? r : hall_give(write, user, &json, err);
}
