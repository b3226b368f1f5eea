/* SPDX-License-Identifier: Apache-2.0 */
#include "disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEYS_MAX 64
#define PATHS 8
#define PATH_SIZE 320

static char folder[64], trying[128];
static const char *program, *shim;
static struct {
	uint8_t id[SUBJECT_ID_SIZE], sealed[128];
	size_t len;
	bool is_found;
} keys[KEYS_MAX];
static unsigned n_keys;

void disk_fail(const char *what, const char *why)
{
	(void)fprintf(stderr, "FAILED: %s: %s\nat SAQTA_POWER_ONLY=%s (kept: %s)\n", what, why, trying, folder);
	exit(1);
}

void disk_trying(const char *act, const char *mode, unsigned at, unsigned seed)
{
	(void)snprintf(trying, sizeof(trying), "%s:%s:%u:%u", act, mode, at, seed);
}

/* ---- files ---- */

static const char *path_of(const char *name, const char *path)
{
	static char paths[PATHS][PATH_SIZE];
	static unsigned next;
	char *ret = paths[next++ % PATHS];

	if (snprintf(ret, PATH_SIZE, "%s/%s%s%s", folder, name, *path ? "/" : "", path) >= PATH_SIZE)
		disk_fail(path, "the path is too long");
	return ret;
}

const char *disk_path(const char *path) { return path_of("work", path); }
bool disk_has(const char *path) { return access(disk_path(path), F_OK) == 0; }

static void tool(const char *name, const char *option, const char *a, const char *b)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		(void)execlp(name, name, option, a, b, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		disk_fail(name, a);
}

void disk_remove(const char *path) { tool("rm", "-rf", disk_path(path), NULL); }

void disk_clear(void)
{
	disk_remove("");
	if (mkdir(disk_path(""), 0700) != 0)
		disk_fail("mkdir", strerror(errno));
}

void disk_keep(const char *name)
{
	tool("rm", "-rf", path_of(name, ""), NULL);
	tool("cp", "-a", disk_path(""), path_of(name, ""));
}

void disk_take(const char *name)
{
	disk_remove("");
	tool("cp", "-a", path_of(name, ""), disk_path(""));
}

void disk_remove_leftovers(const char *path)
{
	static const char *const ends[] = {".part", ".vault", ".vault-wal", ".keystore", ".keystore-wal"};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		char name[64];

		(void)snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		(void)unlink(disk_path(name));
	}
}

static void read_file(const char *path, struct buf *ret)
{
	uint8_t chunk[65536];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	while (fd >= 0 && (n = read(fd, chunk, sizeof(chunk))) > 0)
		buf_add(ret, chunk, (size_t)n);
	if (fd >= 0)
		(void)close(fd);
}

void disk_sql(const char *path, const char *sql)
{
	sqlite3 *db = NULL;

	if (sqlite3_open(disk_path(path), &db) != SQLITE_OK || sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_close(db) != SQLITE_OK)
		disk_fail(path, sqlite3_errmsg(db));
}

const char *disk_phrase(const char *text)
{
	static char path[PATH_SIZE];
	int fd;

	(void)snprintf(path, sizeof(path), "%s", path_of("phrase", ""));
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		disk_fail(path, strerror(errno));
	(void)close(fd);
	return path;
}

void disk_begin(const char *saqta, const char *shim_path)
{
	program = saqta;
	shim = shim_path;
	(void)signal(SIGPIPE, SIG_IGN);
	(void)snprintf(folder, sizeof(folder), "/tmp/saqta-power.XXXXXX");
	if (!mkdtemp(folder))
		disk_fail("mkdtemp", strerror(errno));
}

void disk_end(void) { tool("rm", "-rf", folder, NULL); }

/* ---- the program ---- */

static void become(const struct disk_run *run, int in, int out)
{
	const char *argv[16] = {program, "--vault", disk_path("v"), "--now", run->now, "--json"};
	char set[PATH_SIZE + 64];
	int said = open(path_of("said", ""), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	for (unsigned i = 0; run->args[i]; i++)
		argv[6 + i] = run->args[i];
	(void)snprintf(set, sizeof(set), "%s:%u:%u:%s", run->mode ? run->mode : "off", run->at, run->seed, disk_path(""));
	(void)dup2(in, STDIN_FILENO);
	(void)dup2(out, STDOUT_FILENO);
	(void)dup2(said, STDERR_FILENO);
	if (run->mode) {
		(void)setenv("SAQTA_POWER", set, 1);
		(void)setenv("SAQTA_POWER_LOG", path_of("calls", ""), 1);
		(void)setenv("LD_PRELOAD", shim, 1);
		/* The program has the sanitizer in itself and not in a library. */
		(void)setenv("ASAN_OPTIONS", "verify_asan_link_order=0:detect_leaks=0", 1);
	}
	(void)execv(program, (char *const *)(uintptr_t)argv);
	_exit(127);
}

static size_t count_lines(const struct buf *text)
{
	size_t n = 0;

	for (size_t i = 0; i < text->len; i++)
		n += text->data[i] == '\n';
	return n;
}

/* Until so many lines came, or the end. */
static bool listen_to(int fd, size_t lines, struct buf *ret)
{
	char chunk[4096];
	ssize_t n = 1;

	while (count_lines(ret) < lines && (n = read(fd, chunk, sizeof(chunk))) > 0)
		buf_add(ret, chunk, (size_t)n);
	return n > 0;
}

static void talk(const struct disk_run *run, int in, int out, struct buf *ret)
{
	size_t sent = 0;

	for (const char *at = run->input; at && *at;) {
		const char *end = at;

		for (unsigned i = 0; *end && (run->chunk == 0 || i < run->chunk); i++, sent++)
			end = strchr(end, '\n') + 1;
		if (write(in, at, (size_t)(end - at)) != end - at || !listen_to(out, sent, ret))
			break;
		at = end;
	}
	(void)close(in);
	(void)listen_to(out, SIZE_MAX, ret);
}

static bool was_reached(const struct disk_run *run, int status)
{
	cleanup_(buf_done) struct buf calls = {0};

	if (!run->mode || WIFSIGNALED(status))
		return WIFSIGNALED(status);
	read_file(path_of("calls", ""), &calls);
	return memmem(calls.data, calls.len, " fails ", 7) != NULL;
}

static void hold_code(const struct disk_run *run, int status, int code)
{
	cleanup_(buf_done) struct buf said = {0};
	int got = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

	read_file(path_of("said", ""), &said);
	buf_u8(&said, 0);
	if (code >= 0 ? got != code : got == -1 && WTERMSIG(status) != SIGKILL)
		disk_fail(run->args[0], (const char *)said.data);
	/* A disk that fails is told as such: cannot create, input or output. Nothing else went wrong. */
	if (code < 0 && got > 0 && got != 73 && got != 74)
		disk_fail(run->args[0], (const char *)said.data);
	if (code < 0 && got > 0 && strncmp((const char *)said.data, "saqta: ", 7) != 0 && !strstr((const char *)said.data, "\nsaqta: "))
		disk_fail(run->args[0], "it failed without a word");
}

struct disk_ran disk_run(const struct disk_run *run, int code)
{
	cleanup_(buf_done) struct buf out = {0};
	struct disk_ran ran = {0};
	int to[2], from[2], status = 0;
	pid_t pid;

	if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0)
		disk_fail("pipe", strerror(errno));
	pid = fork();
	if (pid == 0)
		become(run, to[0], from[1]);
	(void)close(to[0]);
	(void)close(from[1]);
	talk(run, to[1], from[0], &out);
	(void)close(from[0]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		disk_fail("fork", strerror(errno));
	hold_code(run, status, code);
	buf_u8(&out, 0);
	ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	ran.is_reached = was_reached(run, status);
	ran.has_power = !run->mode || strcmp(run->mode, "full") == 0 || strcmp(run->mode, "kill") == 0;
	ran.out = strdup((const char *)out.data);
	return ran;
}

void disk_do(const struct disk_run *run)
{
	struct disk_ran ran = disk_run(run, 0);

	disk_ran_done(&ran);
}

void disk_ran_done(struct disk_ran *ran)
{
	free(ran->out);
	*ran = (struct disk_ran){0};
}

/* ---- in this process ---- */

saqta_engine *disk_open(const char *now)
{
	struct saqta_options o = {.size = sizeof(o), .vault_dir = disk_path("v"), .now = now, .wait_s = 5};
	struct saqta_error err = {0};
	saqta_engine *e = NULL;

	if (saqta_engine_open(&o, &e, &err))
		disk_fail("open", err.message);
	return e;
}

int disk_fork(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid != 0 && (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0))
		disk_fail("fork", "the child failed");
	return pid == 0 ? 0 : 1;
}

/* ---- what must not be in the keep ---- */

static bool keep_holds(const void *what, size_t len)
{
	DIR *d = opendir(disk_path("v.keep"));
	bool is_found = false;

	for (struct dirent *f; d && (f = readdir(d));) {
		cleanup_(buf_done) struct buf data = {0};
		char name[300];

		(void)snprintf(name, sizeof(name), "v.keep/%s", f->d_name);
		read_file(disk_path(name), &data);
		is_found = is_found || (data.len > 0 && memmem(data.data, data.len, what, len) != NULL);
	}
	if (d)
		(void)closedir(d);
	return is_found;
}

static void load_keys(const char *name)
{
	sqlite3_stmt *s = NULL;
	sqlite3 *db = NULL;

	tool("rm", "-rf", path_of("look", ""), NULL);
	tool("cp", "-a", path_of(name, "v.keep"), path_of("look", "")); /* with its write-ahead log, which looking empties */
	n_keys = 0;
	if (sqlite3_open(path_of("look", "keystore.db"), &db) != SQLITE_OK ||
	    sqlite3_prepare_v2(db, "SELECT k,v FROM \"key\"", -1, &s, NULL) != SQLITE_OK)
		disk_fail("the kept keystore", sqlite3_errmsg(db));
	while (sqlite3_step(s) == SQLITE_ROW && n_keys < KEYS_MAX) {
		keys[n_keys].len = (size_t)sqlite3_column_bytes(s, 1);
		if (sqlite3_column_bytes(s, 0) != SUBJECT_ID_SIZE || keys[n_keys].len > sizeof(keys[0].sealed))
			disk_fail("the kept keystore", "a row has another form");
		memcpy(keys[n_keys].id, sqlite3_column_blob(s, 0), SUBJECT_ID_SIZE);
		memcpy(keys[n_keys].sealed, sqlite3_column_blob(s, 1), keys[n_keys].len);
		n_keys++;
	}
	(void)sqlite3_finalize(s);
	(void)sqlite3_close(db);
	if (n_keys == 0 || n_keys == KEYS_MAX)
		disk_fail("the kept keystore", "none, or too many keys");
}

void disk_seek_keys(const char *name)
{
	load_keys(name);
	for (unsigned i = 0; i < n_keys; i++)
		keys[i].is_found = keep_holds(keys[i].sealed, keys[i].len);
}

void disk_no_keys(struct keystore *living)
{
	struct saqta_error err;
	uint8_t key[KEY_SIZE];

	for (unsigned i = 0; i < n_keys; i++)
		if (keys[i].is_found && (!living || keystore_get(living, keys[i].id, key, &err) != SAQTA_OK))
			disk_fail("the keep", "a key that is told to be gone stands in a file");
	crypt_wipe(key, sizeof(key));
}

void disk_no_master_of(const char *name)
{
	cleanup_(buf_done) struct buf text = {0};

	read_file(path_of(name, "v.keep/master.key"), &text);
	if (text.len < 64 || keep_holds(text.data, 64))
		disk_fail("the keep", "the old master key stands in a file");
}
