/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"
#include "saqta/keys.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* (7) Forensics. Marked values for 1,000 people, copies of the vault at many times, 100 of them destroyed. Then, with every file, the present
 * keystore and the present master key: not one of the 100 can be opened from any copy, all others can, and no marked value stands in clear in
 * any file, nor in the memory of the process that destroyed them. This shows kz-94v/1-destroy: neither copies nor indexes bring anything back. */

#define PEOPLE 1000u
#define GONE 100u
#define COPIES 5u
#define VALUE "MARKVALUE"
#define NAME "MARKNAME"
#define PROOF "MARKPROOF"

static char folder[128], vault_dir[160], copies[COPIES][192];
static uint8_t ids[PEOPLE][SUBJECT_ID_SIZE];

static void die(const char *what, const char *why)
{
	(void)fprintf(stderr, "FAILED: %s: %s (kept: %s)\n", what, why, folder);
	exit(1);
}

static struct saqta_error err;

#define must(call)                               \
	do {                                     \
		if ((call) != SAQTA_OK)          \
			die(#call, err.message); \
	} while (0)

static int no_output(void *user, const char *data, size_t len)
{
	(void)user;
	(void)data;
	(void)len;
	return 0;
}

static saqta_engine *open_vault(const char *now)
{
	struct saqta_options o = {.size = sizeof(o), .vault_dir = vault_dir, .now = now, .wait_s = 5};
	saqta_engine *e = NULL;

	must(saqta_engine_open(&o, &e, &err));
	return e;
}

static void submit(saqta_engine *e, const char *line) { must(saqta_engine_submit(e, 1, line, strlen(line), &err)); }

static bool is_gone(unsigned i) { return i % (PEOPLE / GONE) == 3; }

static void add_people(saqta_engine *e, unsigned from, unsigned to)
{
	char line[400];

	for (unsigned i = from; i < to; i++) {
		(void)snprintf(line, sizeof(line),
			       "{\"event\":\"register\",\"subject\":\"" NAME
			       "%u\",\"at\":\"2026-01-02T10:00:00+05:00\",\"evidence\":{\"ip\":\"" PROOF "%u\"}}",
			       i, i);
		submit(e, line);
		(void)snprintf(line, sizeof(line),
			       "{\"event\":\"consent\",\"subject\":\"" NAME
			       "%u\",\"at\":\"2026-01-02T10:00:00+05:00\",\"consents\":[\"processing\"],\"evidence\":{\"ip\":\"" PROOF
			       "%u\"}}",
			       i, i);
		submit(e, line);
		for (int k = 0; k < 2; k++) {
			(void)snprintf(line, sizeof(line),
				       "{\"event\":\"collect\",\"subject\":\"" NAME
				       "%u\",\"at\":\"2026-01-02T10:00:00+05:00\",\"category\":\"%s\",\"value\":\"" VALUE
				       "%u\",\"source\":\"subject\",\"purposes\":[\"contract\"]}",
				       i, k ? "phone" : "full-name", i);
			submit(e, line);
		}
	}
	must(saqta_engine_commit(e, no_output, NULL, &err));
	must(saqta_engine_finish(e, &err));
}

static void note_ids(saqta_engine *e)
{
	char name[64];

	for (unsigned i = 0; i < PEOPLE; i++) {
		(void)snprintf(name, sizeof(name), NAME "%u", i);
		must(vault_find(&e->vault, name, ids[i], &err));
	}
}

static void copy_vault(saqta_engine *e, unsigned n)
{
	(void)snprintf(copies[n], sizeof(copies[n]), "%s/copy%u", folder, n);
	must(db_backup(e->vault.db, copies[n], NULL, NULL, &err));
}

/* ---- nothing in clear ---- */

static const char *const marks[] = {VALUE, NAME, PROOF};

static bool holds_mark(const uint8_t *data, size_t len)
{
	for (size_t m = 0; m < sizeof(marks) / sizeof(marks[0]); m++)
		if (memmem(data, len, marks[m], strlen(marks[m])))
			return true;
	return false;
}

static unsigned scan_file(const char *path)
{
	uint8_t *all;
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) != 0)
		die(path, strerror(errno));
	all = malloc((size_t)st.st_size + 1);
	if (!all || read(fd, all, (size_t)st.st_size) != st.st_size)
		die(path, "cannot be read");
	if (holds_mark(all, (size_t)st.st_size))
		die(path, "a marked value stands in clear");
	free(all);
	(void)close(fd);
	return 1;
}

static unsigned scan_folder(const char *path)
{
	DIR *d = opendir(path);
	unsigned n = 0;
	struct dirent *entry;

	if (!d)
		die(path, strerror(errno));
	while ((entry = readdir(d))) {
		char name[512];
		struct stat st;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		(void)snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		if (stat(name, &st) != 0)
			die(name, strerror(errno));
		n += S_ISDIR(st.st_mode) ? scan_folder(name) : scan_file(name);
	}
	(void)closedir(d);
	return n;
}

/* ---- memory ---- */

/* The marks are searched for turned, so that what searches does not find itself. */
static size_t find_turned(const uint8_t *data, size_t len, const char *mark, uint8_t turn)
{
	size_t found = 0, n = strlen(mark);

	for (size_t i = 0; n > 0 && i + n <= len; i++) {
		size_t k = 0;

		while (k < n && data[i + k] == ((uint8_t)mark[k] ^ turn))
			k++;
		found += k == n;
	}
	return found;
}

/* How often any of the values of the destroyed stands in our own writable memory. */
static size_t scan_memory(void)
{
	static const uint8_t turned[] = {'M' ^ 0x5a, 'A' ^ 0x5a, 'R' ^ 0x5a, 'K' ^ 0x5a, 'V' ^ 0x5a, 'A' ^ 0x5a, 'L' ^ 0x5a, 'U' ^ 0x5a, 0};
	FILE *maps = fopen("/proc/self/maps", "re");
	int mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	const size_t window = (size_t)1 << 20;
	uint8_t *chunk = malloc(window);
	size_t found = 0;
	char line[512];

	if (!maps || mem < 0 || !chunk)
		die("memory", "cannot be looked at");
	while (fgets(line, sizeof(line), maps)) {
		unsigned long long from, to;
		char flags[8];

		if (sscanf(line, "%llx-%llx %7s", &from, &to, flags) != 3 || flags[1] != 'w' ||
		    to - from > (1ull << 30) || /* a sanitizer's own book-keeping */
		    (from <= (uintptr_t)chunk && (uintptr_t)chunk < to && to - from <= 2 * window))
			continue;
		for (unsigned long long at = from; at < to; at += window) {
			ssize_t n = pread(mem, chunk, to - at < window ? (size_t)(to - at) : window, (off_t)at);

			if (n > 0)
				found += find_turned(chunk, (size_t)n, (const char *)turned, 0x5a);
		}
	}
	explicit_bzero(chunk, window);
	free(chunk);
	(void)close(mem);
	(void)fclose(maps);
	return found;
}

/* A process that only sweeps: it read the 100 in order to destroy them. */
static void sweep_apart(void)
{
	struct saqta_sweep_options o = {.size = sizeof(o)};
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		saqta_engine *e = open_vault("2026-01-06T10:00:00+05:00");
		char *control = strdup(VALUE);
		size_t found = control ? scan_memory() : 0;

		if (found == 0) {
			(void)fprintf(stderr, "FAILED: the search of the memory does not find what is there\n");
			_exit(4);
		}
		explicit_bzero(control, strlen(VALUE));
		free(control);

		must(saqta_engine_sweep(e, &o, no_output, NULL, &err));
		found = scan_memory();
		if (found > 0) {
			(void)fprintf(stderr, "FAILED: %zu marked values are left in the memory of the process that destroyed them\n",
				      found);
			_exit(2);
		}
		if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
			_exit(3); /* a crash would write a core */
		(void)saqta_engine_close(e);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		die("sweep", "failed");
}

/* ---- opening what the copies hold ---- */

static uint8_t (*all_keys)[KEY_SIZE];
static size_t n_keys;

static void add_key(const uint8_t *key) { memcpy(all_keys[n_keys++], key, KEY_SIZE); }

/* Every key that there is: of all living subjects, the branches, the master key and what derives from it. */
static void collect_keys(saqta_engine *e)
{
	static const char *const branches[] = {"lookup", "event-id", "log-signing", "ledger", "backup", "audit"};
	uint8_t id[SUBJECT_ID_SIZE] = {0}, key[KEY_SIZE];
	struct secret *s = NULL;
	char path[200];

	all_keys = calloc(PEOPLE + 32, KEY_SIZE);
	if (!all_keys)
		die("memory", "none");
	for (unsigned i = 0; i < PEOPLE; i++) {
		enum saqta_status r = keystore_get(e->vault.keys, ids[i], key, &err);

		if (is_gone(i) ? r != SAQTA_ERR_MISSING : r != SAQTA_OK)
			die("the keystore", is_gone(i) ? "still has a destroyed subject's key" : "lost a living subject's key");
		if (!r)
			add_key(key);
	}
	must(keystore_get(e->vault.keys, id, key, &err)); /* the controller's */
	add_key(key);
	for (size_t b = 0; b < sizeof(branches) / sizeof(branches[0]); b++) {
		must(keystore_branch(e->vault.keys, branches[b], &s, &err));
		add_key(secret_key(s));
		s = secret_free(s);
	}
	(void)snprintf(path, sizeof(path), "%s.keep/master.key", vault_dir);
	must(keyfile_read(path, &s, &err));
	add_key(secret_key(s));
	crypt_hkdf(secret_key(s), KEY_SIZE, NULL, 0, "saqta master 1", key, KEY_SIZE);
	add_key(key);
	s = secret_free(s);
}

static int index_of(const uint8_t *id)
{
	for (unsigned i = 0; i < PEOPLE; i++)
		if (memcmp(ids[i], id, SUBJECT_ID_SIZE) == 0)
			return (int)i;
	return -1;
}

static bool opens(const saqta_engine *e, const uint8_t *with, const uint8_t *key, size_t key_len, const uint8_t *sealed, size_t len,
		  struct buf *ret)
{
	uint8_t aad[16 + 64];
	struct saqta_error ignored;

	memcpy(aad, e->vault.id, 16);
	memcpy(aad + 16, key, key_len);
	buf_clear(ret);
	return crypt_open(with, aad, 16 + key_len, sealed, len, ret, &ignored) == SAQTA_OK;
}

struct tally {
	unsigned rows_gone, rows_living, tries;
};

static void try_copy(saqta_engine *e, const char *path, struct tally *t)
{
	cleanup_(buf_done) struct buf plain = {0};
	struct db_scan *scan = NULL;
	const uint8_t *key, *value;
	size_t key_len, len;
	struct db *db = NULL;
	enum saqta_status r;

	must(db_open(path, DB_OPEN, &vault_schema, &db, &err));
	must(db_scan_open(db, VAULT_SUBJECT, "", 0, "", 0, &scan, &err));
	while (!(r = db_scan_next(scan, &key, &key_len, &value, &len, &err))) {
		int i = index_of(key);
		uint8_t own[KEY_SIZE];

		if (i < 0)
			continue; /* the controller */
		if (is_gone((unsigned)i)) {
			t->rows_gone++;
			for (size_t k = 0; k < n_keys; k++, t->tries++)
				if (opens(e, all_keys[k], key, key_len, value, len, &plain))
					die("a destroyed subject", "opens with a key that is there");
			continue;
		}
		t->rows_living++;
		must(keystore_get(e->vault.keys, key, own, &err));
		if (!opens(e, own, key, key_len, value, len, &plain) || !holds_mark(plain.data, plain.len))
			die("a living subject", "does not open from a copy");
	}
	if (r != SAQTA_ERR_MISSING)
		die(path, err.message);
	db_scan_close(scan);
	db_close(db);
}

static void make_and_copy(void)
{
	struct saqta_options o = {.size = sizeof(o), .vault_dir = vault_dir, .now = "2026-01-01T00:00:00+05:00"};
	const char *pack = getenv("SAQTA_TEST_PACK");
	saqta_engine *e;
	char line[200];

	must(saqta_engine_init(&o, pack ? pack : "mycar", no_output, NULL, &err));
	e = open_vault("2026-01-03T00:00:00+05:00");
	for (unsigned n = 0; n < COPIES - 1; n++) {
		add_people(e, n * PEOPLE / (COPIES - 1), (n + 1) * PEOPLE / (COPIES - 1));
		copy_vault(e, n);
	}
	note_ids(e);
	(void)scan_folder(folder); /* with write-ahead logs and shared memory as they are in the middle of work */
	for (unsigned i = 0; i < PEOPLE; i++) {
		if (!is_gone(i))
			continue;
		(void)snprintf(
			line, sizeof(line),
			"{\"event\":\"destroy\",\"subject\":\"" NAME "%u\",\"reason\":\"order\",\"at\":\"2026-01-03T00:00:00+05:00\"}", i);
		submit(e, line);
	}
	must(saqta_engine_commit(e, no_output, NULL, &err));
	must(saqta_engine_finish(e, &err));
	copy_vault(e, COPIES - 1); /* ordered, and not yet destroyed */
	(void)saqta_engine_close(e);
}

int main(void)
{
	struct saqta_backup_options b = {.size = sizeof(b)};
	const char *root = getenv("SAQTA_SOURCE_ROOT");
	struct tally t = {0};
	char path[200];
	saqta_engine *e;
	unsigned files;

	if (root && chdir(root) != 0)
		die("chdir", strerror(errno));
	(void)snprintf(folder, sizeof(folder), "/tmp/saqta-forget-XXXXXX");
	if (!mkdtemp(folder))
		die("mkdtemp", strerror(errno));
	(void)setenv("TMPDIR", folder, 1); /* whatever is written for a moment is written here */
	(void)snprintf(vault_dir, sizeof(vault_dir), "%s/vault", folder);
	/* The vault is filled by a process of its own: what a process was given to take is in its memory, and is not the question. */
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		make_and_copy();
		(void)snprintf(path, sizeof(path), "%s/ids", folder);
		int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

		_exit(fd >= 0 && write(fd, ids, sizeof(ids)) == (ssize_t)sizeof(ids) ? 0 : 1);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		die("filling", "failed");
	(void)snprintf(path, sizeof(path), "%s/ids", folder);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, ids, sizeof(ids)) != (ssize_t)sizeof(ids))
		die("ids", "cannot be read");
	(void)close(fd);
	for (unsigned n = 0; n < COPIES; n++)
		(void)snprintf(copies[n], sizeof(copies[n]), "%s/copy%u", folder, n);
	sweep_apart();
	e = open_vault("2026-01-07T00:00:00+05:00");
	(void)snprintf(path, sizeof(path), "%s/sealed", folder);
	must(saqta_backup(e, path, &b, no_output, NULL, &err));
	collect_keys(e);
	for (unsigned n = 0; n < COPIES; n++)
		try_copy(e, copies[n], &t);
	/* 3 rows a person; the copies hold 250, 500, 750, 1,000 and 1,000 people. */
	if (t.rows_gone != 3500 * 3 / (PEOPLE / GONE) || t.rows_living != 3500 * 3 - t.rows_gone)
		die("the copies", "hold other rows than were made");
	files = scan_folder(folder);
	(void)saqta_engine_close(e);
	files += scan_folder(folder);
	(void)printf(
		"%u rows of %u destroyed people in %u copies: none opens with any of %zu keys (%u tries); all %u rows of the living open; "
		"no marked value in %u files, none in the sweeping process\n",
		t.rows_gone, GONE, COPIES, n_keys, t.tries, t.rows_living, files);
	pid = fork();
	if (pid == 0) {
		(void)execlp("rm", "rm", "-rf", folder, (char *)NULL);
		_exit(1);
	}
	(void)waitpid(pid, NULL, 0);
	return 0;
}
