/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"
#include "saqta/tool.h"
#include "whole.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Kill -9 at random moments of apply and of the sweep. After each kill the vault must open, its log must verify, every line that was answered
 * must be in the log (6), and every subject must be whole or gone: rows, look-up, key (1, 7).
 * SAQTA_KILLS: how many (default 60); SAQTA_SUBJECTS: how many people (default 600). Prints what was killed where. */

#define NOW_APPLY "2026-11-01T20:00:00+05:00"
#define NOW_SWEEP "2026-11-02T02:30:00+05:00"
#define BATCH 97

static char folder[256], vault_dir[300], answers_path[300];
static char *events; /* all lines */
static size_t events_len;
static char **lines;
static size_t n_lines;

static void die(const char *what, const char *why)
{
	(void)fprintf(stderr, "FAILED: %s: %s (kept: %s)\n", what, why, folder);
	exit(1);
}

static int collect_events(void *user, const char *data, size_t len)
{
	(void)user;
	events = realloc(events, events_len + len + 1);
	if (!events)
		return 1;
	memcpy(events + events_len, data, len);
	events_len += len;
	events[events_len] = 0;
	return 0;
}

static void split_events(void)
{
	for (char *at = events; *at;) {
		char *end = strchr(at, '\n');

		lines = realloc(lines, (n_lines + 1) * sizeof(*lines));
		lines[n_lines++] = at;
		*end = 0;
		at = end + 1;
	}
}

static int no_output(void *user, const char *data, size_t len)
{
	(void)user;
	(void)data;
	(void)len;
	return 0;
}

/* ---- the victims ---- */

static int write_answers(void *user, const char *data, size_t len)
{
	int fd = *(int *)user;

	return write(fd, data, len) == (ssize_t)len ? 0 : 1;
}

static saqta_engine *open_vault(const char *now)
{
	struct saqta_options o = {.size = sizeof(o), .vault_dir = vault_dir, .now = now, .wait_s = 5};
	struct saqta_error err = {0};
	saqta_engine *e = NULL;

	if (saqta_engine_open(&o, &e, &err))
		die("open", err.message);
	return e;
}

static void apply_from(size_t first)
{
	saqta_engine *e = open_vault(NOW_APPLY);
	struct saqta_error err = {0};
	int fd = open(answers_path, O_WRONLY | O_CREAT | O_APPEND, 0600);

	for (size_t i = first; i < n_lines; i++) {
		if (saqta_engine_submit(e, (unsigned)(i + 1), lines[i], strlen(lines[i]), &err))
			die("submit", err.message);
		if ((i + 1) % BATCH == 0 && saqta_engine_commit(e, write_answers, &fd, &err))
			die("commit", err.message);
	}
	if (saqta_engine_commit(e, write_answers, &fd, &err) || saqta_engine_finish(e, &err))
		die("finish", err.message);
	(void)saqta_engine_close(e);
	_exit(0);
}

static void sweep_all(void)
{
	struct saqta_sweep_options o = {.size = sizeof(o), .has_confirm = true, .confirm = 1000000};
	saqta_engine *e = open_vault(NOW_SWEEP);
	struct saqta_error err = {0};

	if (saqta_engine_sweep(e, &o, no_output, NULL, &err))
		die("sweep", err.message);
	(void)saqta_engine_close(e);
	_exit(0);
}

/* ---- what must hold afterwards ---- */

static void check_all(size_t *ret_answered)
{
	saqta_engine *e = open_vault(NOW_SWEEP);
	cleanup_(buf_done) struct buf answers = {0};
	FILE *f = fopen(answers_path, "re");
	char chunk[65536];
	size_t n;

	while (f && (n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(&answers, chunk, n);
	if (f)
		(void)fclose(f);
	buf_u8(&answers, 0);
	(void)whole_check(e, die);
	*ret_answered = whole_answers(e, (const char *)answers.data, die);
	(void)saqta_engine_close(e);
}

/* ---- the killer ---- */

static uint64_t seed = 88172645463325252ULL;

static unsigned random_below(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed % n);
}

static bool kill_one(bool is_sweep, size_t first, unsigned max_us)
{
	struct timespec nap = {.tv_nsec = (long)random_below(max_us) * 1000};
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (is_sweep)
			sweep_all();
		apply_from(first);
	}
	(void)nanosleep(&nap, NULL);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
		die("child", "ended with an error");
	return WIFSIGNALED(status);
}

static void make_vault(unsigned subjects)
{
	struct saqta_options o = {.size = sizeof(o), .vault_dir = vault_dir, .now = "2026-11-01T19:00:00+05:00"};
	struct saqta_generate_options g = {.size = sizeof(g), .subjects = subjects, .seed = 7};
	struct saqta_error err = {0};
	const char *pack = getenv("SAQTA_TEST_PACK");

	if (saqta_engine_init(&o, pack ? pack : "mycar", no_output, NULL, &err))
		die("init", err.message);
	if (!events && saqta_generate(&g, collect_events, NULL, &err))
		die("generate", err.message);
	if (!lines)
		split_events();
}

static unsigned env_number(const char *name, unsigned otherwise)
{
	const char *text = getenv(name);

	return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

static void remove_folder(void)
{
	char command[600];
	pid_t pid = fork();

	(void)snprintf(command, sizeof(command), "%s", folder);
	if (pid == 0) {
		(void)execlp("rm", "rm", "-rf", command, (char *)NULL);
		_exit(1);
	}
	(void)waitpid(pid, NULL, 0);
}

int main(void)
{
	unsigned kills = env_number("SAQTA_KILLS", 60), killed_apply = 0, killed_sweep = 0, finished = 0, n = 0;
	const char *root = getenv("SAQTA_SOURCE_ROOT");
	size_t answered = 0;

	if (root && chdir(root) != 0)
		die("chdir", strerror(errno));
	(void)snprintf(folder, sizeof(folder), "/tmp/saqta-kill-XXXXXX");
	if (!mkdtemp(folder))
		die("mkdtemp", strerror(errno));
	(void)snprintf(vault_dir, sizeof(vault_dir), "%s/vault", folder);
	(void)snprintf(answers_path, sizeof(answers_path), "%s/answers", folder);
	make_vault(env_number("SAQTA_SUBJECTS", 600));
	while (killed_apply < kills / 2 || killed_sweep < kills - kills / 2) {
		if (++n > 20 * kills)
			die("the killer", "too few kills hit: raise SAQTA_SUBJECTS");
		if (killed_apply < kills / 2) {
			bool hit = kill_one(false, answered, 120000);

			check_all(&answered);
			killed_apply += hit;
			if (!hit || answered >= n_lines) { /* all in: begin again with a fresh vault */
				finished++;
				remove_folder();
				(void)mkdir(folder, 0700);
				make_vault(0);
				answered = 0;
			}
		} else {
			if (answered < n_lines) { /* let the load end, then sweep */
				pid_t pid = fork();

				if (pid == 0)
					apply_from(answered);
				(void)waitpid(pid, NULL, 0);
				check_all(&answered);
				if (answered < n_lines)
					die("load", "did not end");
			}
			if (kill_one(true, 0, 60000)) {
				killed_sweep++;
				check_all(&answered);
			} else { /* swept to the end: load again */
				check_all(&answered);
				finished++;
				remove_folder();
				(void)mkdir(folder, 0700);
				make_vault(0);
				answered = 0;
			}
		}
	}
	(void)printf("killed %u times in apply, %u times in the sweep, %u runs ended before the kill; the log verified each time, every "
		     "answered line was "
		     "there, no subject was half there\n",
		     killed_apply, killed_sweep, finished);
	remove_folder();
	return 0;
}
