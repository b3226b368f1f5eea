/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Who may do what. The keep's file `roles` gives each user of the system a role; without it, whoever can read the key is the owner. A program
 * that serves others names the role of whom it serves (saqta_options). What this keeps apart is what callers of this library may ask for: whoever
 * can read key and vault with another program is not held by it (docs/threat-model.md). */

#define ROLES_MAX 65536u
#define A(act) (1u << (act))

static const struct {
	const char *name;
	unsigned acts;
} roles[] = {
	[ROLE_OWNER] = {"owner", ~0u},
	[ROLE_OFFICER] = {"officer", A(ACT_APPLY) | A(ACT_DECIDE) | A(ACT_SWEEP) | A(ACT_READ) | A(ACT_LIST) | A(ACT_REGISTERS) |
					     A(ACT_CLOSE_TASK) | A(ACT_LOG) | A(ACT_STATUS) | A(ACT_POLICY) | A(ACT_KEY_STATUS) |
					     A(ACT_PRUNE)},
	[ROLE_OPERATOR] = {"operator", A(ACT_SWEEP) | A(ACT_REGISTERS) | A(ACT_LOG) | A(ACT_STATUS) | A(ACT_KEY_STATUS) | A(ACT_RENEW) |
					       A(ACT_BACKUP) | A(ACT_RESTORE)},
	[ROLE_APPLICATION] = {"application", A(ACT_APPLY) | A(ACT_DECIDE)},
	[ROLE_AUDITOR] = {"auditor", A(ACT_LIST) | A(ACT_REGISTERS) | A(ACT_LOG) | A(ACT_STATUS) | A(ACT_KEY_STATUS)},
};
#define N_ROLES (sizeof(roles) / sizeof(roles[0]))

static const char *const acts[] = {[ACT_APPLY] = "apply",
				   [ACT_DECIDE] = "decide",
				   [ACT_SWEEP] = "sweep",
				   [ACT_READ] = "subject show",
				   [ACT_LIST] = "subject list",
				   [ACT_REGISTERS] = "registers",
				   [ACT_CLOSE_TASK] = "task close",
				   [ACT_LOG] = "audit",
				   [ACT_STATUS] = "status",
				   [ACT_POLICY] = "policy use",
				   [ACT_KEY_STATUS] = "key status",
				   [ACT_RENEW] = "key renew",
				   [ACT_KEYS] = "key",
				   [ACT_BACKUP] = "backup",
				   [ACT_BACKUP_KEYS] = "backup --with-keys",
				   [ACT_RESTORE] = "restore",
				   [ACT_PRUNE] = "audit prune"};

const char *hall_role_name(enum role role) { return roles[role].name; }

static int role_of(const char *name, size_t len)
{
	for (size_t i = 0; i < N_ROLES; i++)
		if (strlen(roles[i].name) == len && memcmp(roles[i].name, name, len) == 0)
			return (int)i;
	return -1;
}

/* That somebody asked for what is not theirs is on record, where a record can be made. */
static void record_refusal(struct saqta_engine *e, enum act act)
{
	cleanup_(answer_done) struct answer a;
	struct saqta_error ignored;
	char more[64];

	answer_init(&a);
	if (!e->vault.db || e->is_reader || e->is_memory || e->is_broken || e->txn.db)
		return;
	a.outcome = OUTCOME_DENIED;
	(void)snprintf(more, sizeof(more), "{\"role\":\"%s\"}", roles[e->role].name);
	if (hall_begin(e, &ignored) ||
	    hall_record(e, "refused", hall_now(e), &a, &(struct entry_extra){.kind = acts[act], .json = more}, &ignored) ||
	    hall_commit(e, &ignored) || hall_checkpoint(e, &ignored))
		hall_abort(e); /* the refusal stands in any case */
}

enum saqta_status hall_allows(struct saqta_engine *e, enum act act, struct saqta_error *err)
{
	if (roles[e->role].acts & A(act))
		return SAQTA_OK;
	record_refusal(e, act);
	return err_set(err, SAQTA_ERR_RIGHT, 0, "the role %s may not: %s", roles[e->role].name, acts[act]);
}

/* ---- the file: lines `USER ROLE`; # begins a comment ---- */

static enum saqta_status wrong(const char *path, unsigned line, const char *why, struct saqta_error *err)
{
	return err_set(err, SAQTA_ERR_POLICY, 0, "%s:%u: %s", path, line, why);
}

static enum saqta_status find_user(const char *path, char *text, const char *user, int *ret, struct saqta_error *err)
{
	unsigned number = 0;
	char *rest = text;

	*ret = -1;
	for (char *line; (line = strsep(&rest, "\n"));) {
		char *name = line + strspn(line, " \t"), *role;
		size_t name_len;
		int found;

		number++;
		line[strcspn(line, "#\r")] = 0;
		name_len = strcspn(name, " \t");
		if (name_len == 0)
			continue;
		role = name + name_len + strspn(name + name_len, " \t");
		found = role_of(role, strcspn(role, " \t"));
		if (found < 0 || role[strcspn(role, " \t") + strspn(role + strcspn(role, " \t"), " \t")])
			return wrong(path, number, "a line is USER ROLE; the roles are owner, officer, operator, application, auditor",
				     err);
		if (strlen(user) != name_len || memcmp(name, user, name_len) != 0)
			continue;
		if (*ret >= 0)
			return wrong(path, number, "this user has a role already: one each", err);
		*ret = found;
	}
	return SAQTA_OK;
}

/* Empty in *@ret if there is no such file. */
static enum saqta_status read_roles(const char *path, char **ret, struct saqta_error *err)
{
	struct stat st;
	ssize_t n = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	*ret = NULL;
	if (fd < 0)
		return errno == ENOENT ? SAQTA_OK : err_set(err, SAQTA_ERR_POLICY, 0, "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && !(st.st_mode & 022) && (st.st_uid == 0 || st.st_uid == geteuid())) {
		*ret = calloc(1, ROLES_MAX + 1);
		n = *ret ? read(fd, *ret, ROLES_MAX) : -1;
	}
	(void)close(fd);
	if (n >= 0 && n < (ssize_t)ROLES_MAX)
		return SAQTA_OK;
	free(*ret);
	*ret = NULL;
	return err_set(err, SAQTA_ERR_POLICY, 0, "%s: must be a plain file of at most 64 KiB that only its owner can write: chmod 600 %s",
		       path, path);
}

/* With roles, who calls is who the system says; a name given besides is put behind it. */
static enum saqta_status name_actor(struct saqta_engine *e, const char *user, const char *given, struct saqta_error *err)
{
	char *actor = NULL;

	if (asprintf(&actor, given ? "%s/%s" : "%s", user, given ? given : "") < 0)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	free(e->actor);
	e->actor = actor;
	return SAQTA_OK;
}

enum saqta_status hall_take_role(struct saqta_engine *e, const struct saqta_options *o, const char *keep_dir, struct saqta_error *err)
{
	const struct passwd *pw = getpwuid(getuid());
	char *path = NULL, *text = NULL;
	int role = -1;
	enum saqta_status r;

	e->role = ROLE_OWNER;
	if (o->role) {
		role = role_of(o->role, strlen(o->role));
		e->role = role >= 0 ? (enum role)role : ROLE_AUDITOR;
		return role >= 0 ? SAQTA_OK
				 : err_set(err, SAQTA_ERR_ARGUMENT, 0,
					   "unknown role: the roles are owner, officer, operator, application, auditor");
	}
	if (asprintf(&path, "%s/roles", keep_dir) < 0)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
	r = read_roles(path, &text, err);
	if (!r && text) {
		r = find_user(path, text, pw ? pw->pw_name : "", &role, err);
		if (!r && (role < 0 || !pw))
			r = err_set(err, SAQTA_ERR_RIGHT, 0, "%s: the user %s has no role in this vault", path, pw ? pw->pw_name : "?");
		if (!r) {
			e->role = (enum role)role;
			r = name_actor(e, pw->pw_name, o->actor, err);
		}
	}
	free(text);
	free(path);
	return r;
}
