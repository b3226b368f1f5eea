/* SPDX-License-Identifier: Apache-2.0 */
#undef _FILE_OFFSET_BITS /* open and open64 are two names here */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Preloaded into the program under test: a disk that loses power, and a disk that fails.
 *
 * Calls that change files below one folder are passed on, so that the program reads what it wrote, and noted until they are synced. A file's bytes
 * are durable once the file was synced, a name once its folder was: nothing else is promised by POSIX. At the cut the folder is made what a disk may
 * hold: all that is durable, and of the rest some.
 *
 * SAQTA_POWER=MODE:OPERATION:SEED:FOLDER, modes:
 *   cut    the power fails at the OPERATION-th call, or at the end of the program
 *   kill   the program is killed there; what it wrote stays
 *   full   the disk is full: from there on (odd seeds) or once (even ones)
 *   error  the disk fails likewise, and what was to be synced then may be lost for ever; the power fails when the program ends
 * SAQTA_POWER_LOG=FILE: what was called, and what became of it.
 *
 * What SQLite maps into memory (-shm) is no durable state and is lost. */

#define PUBLIC __attribute__((visibility("default")))
#define SECTOR 512
#define FDS 1024
#define NAMES 256

enum mode { MODE_OFF, MODE_CUT, MODE_KILL, MODE_FULL, MODE_ERROR };
static const char *const modes[] = {"off", "cut", "kill", "full", "error"};

/* A write, or a new length (data NULL), that is not yet durable. */
struct change {
	struct change *next;
	unsigned number; /* of the call */
	off_t at;
	size_t len;
	uint8_t *data;
};
/* A file or folder, whatever its name. */
struct node {
	struct node *next;
	dev_t dev;
	ino_t ino;
	mode_t mode;
	uint8_t *durable;
	size_t size;
	struct change *changes, **end;
	bool is_done;
};
struct name {
	char *path;
	struct node *durable, *now; /* NULL: there is none */
};
/* A name that means something else since, and not yet durably. Those of one call come to be together. */
struct turn {
	struct turn *next;
	unsigned number;
	struct name *name;
	struct node *node;
};

static enum mode mode;
static unsigned long fails_at, seed;
static unsigned count;
static bool is_inside, has_failed;
static char root[512];
static size_t root_len;
static FILE *note;
static struct node *nodes, *open_nodes[FDS];
static struct name names[NAMES], *open_names[FDS];
static unsigned n_names;
static struct turn *turns, **turns_end = &turns;

/* ---- the real calls ---- */

static uintptr_t real(const char *name)
{
	void *f = dlsym(RTLD_NEXT, name);

	if (!f)
		abort();
	return (uintptr_t)f; /* ISO C turns no object's pointer into a function's */
}

#define REAL(type, name, ...) ((type(*)(__VA_ARGS__))real(name))
static int real_open(const char *path, int flags, mode_t m) { return REAL(int, "open64", const char *, int, mode_t)(path, flags, m); }
static ssize_t real_pwrite(int fd, const void *d, size_t n, off_t at)
{
	return REAL(ssize_t, "pwrite64", int, const void *, size_t, off_t)(fd, d, n, at);
}
static int real_unlink(const char *path) { return REAL(int, "unlink", const char *)(path); }

/* ---- chance ---- */

static unsigned chance(unsigned n)
{
	static uint64_t x;

	if (!x)
		x = 88172645463325252ULL + seed * 2654435761ULL + fails_at * 40503ULL;
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (unsigned)((x >> 16) % n);
}

/* What becomes of a call that is not durable. By seed: nothing is kept; all is; each call for itself; all up to one. */
static unsigned kept_until;
static bool is_kept(unsigned number)
{
	switch (seed % 4) {
	case 0:
		return false;
	case 1:
		return true;
	case 2:
		return chance(2) != 0;
	default:
		return number < kept_until;
	}
}

static void say(const char *what, const char *path, long a, long b)
{
	if (note)
		(void)fprintf(note, "%u %s %s %ld %ld\n", count, what, path ? path : "", a, b);
}

/* ---- files and their names ---- */

static bool is_ours(const char *path)
{
	size_t len = strlen(path);

	if (mode == MODE_OFF || is_inside || strncmp(path, root, root_len) != 0 || (path[root_len] != '/' && path[root_len] != 0))
		return false;
	return len < 4 || strcmp(path + len - 4, "-shm") != 0;
}

static struct name *name_of(const char *path)
{
	for (unsigned i = 0; i < n_names; i++)
		if (strcmp(names[i].path, path) == 0)
			return &names[i];
	if (n_names == NAMES)
		abort();
	names[n_names].path = strdup(path);
	return &names[n_names++];
}

/* The node behind @fd, as it stands on the disk now: what was there before the program began is durable. One that was just made has its number
 * from one that is gone, perhaps. */
static struct node *node_of(int fd, bool is_new)
{
	struct node *n;
	struct stat st;

	if (fstat(fd, &st) != 0)
		abort();
	for (n = nodes; n; n = n->next) {
		if (n->dev != st.st_dev || n->ino != st.st_ino)
			continue;
		if (!is_new)
			return n;
		n->ino = 0;
	}
	n = calloc(1, sizeof(*n));
	if (!n)
		abort();
	*n = (struct node){.next = nodes, .dev = st.st_dev, .ino = st.st_ino, .mode = st.st_mode};
	n->end = &n->changes;
	nodes = n;
	if (!is_new && S_ISREG(st.st_mode) && st.st_size > 0) {
		n->size = (size_t)st.st_size;
		n->durable = malloc(n->size);
		if (!n->durable || pread(fd, n->durable, n->size, 0) != st.st_size)
			abort();
	}
	return n;
}

/* Make @path known, with what it names before the call that will change it. */
static struct name *look_at(const char *path)
{
	unsigned before = n_names;
	struct name *name = name_of(path);
	int fd = before < n_names ? real_open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0) : -1;

	if (fd >= 0) {
		name->durable = name->now = node_of(fd, false);
		(void)REAL(int, "close", int)(fd);
	}
	return name;
}

static void turn(struct name *name, struct node *node)
{
	struct turn *t = calloc(1, sizeof(*t));

	if (!t)
		abort();
	*t = (struct turn){.number = count, .name = name, .node = node};
	name->now = node;
	*turns_end = t;
	turns_end = &t->next;
}

static void change(struct node *n, const void *data, size_t len, off_t at)
{
	struct change *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	*c = (struct change){.number = count, .at = at, .len = len};
	if (data) {
		c->data = malloc(len + 1);
		if (!c->data)
			abort();
		memcpy(c->data, data, len);
	}
	*n->end = c;
	n->end = &c->next;
}

/* ---- what is on the disk ---- */

static void resize(struct node *n, size_t size)
{
	uint8_t *grown = realloc(n->durable, size + 1);

	if (!grown)
		abort();
	if (size > n->size)
		memset(grown + n->size, 0, size - n->size);
	n->durable = grown;
	n->size = size;
}

static void put(struct node *n, const struct change *c, size_t from, size_t len)
{
	size_t at = (size_t)c->at + from;

	if (at + len > n->size)
		resize(n, at + len);
	memcpy(n->durable + at, c->data + from, len);
}

/* Sector by sector, each there or not. */
static void tear(struct node *n, const struct change *c)
{
	for (size_t from = 0, len; from < c->len; from += len) {
		len = SECTOR - ((size_t)c->at + from) % SECTOR;
		if (len > c->len - from)
			len = c->len - from;
		if (chance(2))
			put(n, c, from, len);
	}
}

/* Its changes come to the disk, all (a sync) or some (a cut, a sync that failed). */
static void settle(struct node *n, bool is_synced)
{
	for (struct change *c = n->changes, *next; c; c = next) {
		bool keep = is_synced || is_kept(c->number), is_torn = !is_synced && seed % 4 >= 2 && chance(3) == 0;

		next = c->next;
		if (!is_synced)
			say(is_torn ? "torn" : keep ? "kept" : "lost", c->data ? "write" : "length", (long)c->number, (long)c->at);
		if (!c->data && keep)
			resize(n, (size_t)c->at);
		else if (c->data && is_torn)
			tear(n, c);
		else if (c->data && keep)
			put(n, c, 0, c->len);
		free(c->data);
		free(c);
	}
	n->changes = NULL;
	n->end = &n->changes;
}

static bool is_in(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return strncmp(path, folder, len) == 0 && path[len] == '/' && !strchr(path + len + 1, '/');
}

/* The names in @folder (NULL: in all) come to the disk. */
static void settle_names(const char *folder, bool is_synced)
{
	unsigned number = 0;
	bool keep = false;

	for (struct turn **at = &turns, *t; (t = *at);) {
		if (folder && !is_in(t->name->path, folder)) {
			at = &t->next;
			continue;
		}
		if (t->number != number)
			keep = is_synced || is_kept(t->number);
		number = t->number;
		if (!is_synced)
			say(keep ? "kept" : "lost", t->name->path, (long)t->number, t->node != NULL);
		if (keep)
			t->name->durable = t->node;
		*at = t->next;
		free(t);
	}
	turns_end = &turns;
	while (*turns_end)
		turns_end = &(*turns_end)->next;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void write_out(const struct name *name)
{
	struct node *n = name->durable;
	int fd;

	if (name->now && S_ISDIR(name->now->mode)) {
		if (!n)
			(void)nftw(name->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
		return;
	}
	(void)real_unlink(name->path);
	if (!n)
		return;
	if (!n->is_done)
		settle(n, false);
	n->is_done = true;
	fd = real_open(name->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, n->mode & 0777);
	/* No folder: it is lost too. */
	if (fd >= 0 && real_pwrite(fd, n->durable, n->size, 0) != (ssize_t)n->size)
		abort();
	if (fd >= 0)
		(void)REAL(int, "close", int)(fd);
}

static int remove_maps(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	size_t len = strlen(path);

	(void)st;
	(void)type;
	(void)ftw;
	return len > 4 && strcmp(path + len - 4, "-shm") == 0 ? real_unlink(path) : 0;
}

static void cut(void)
{
	is_inside = true;
	kept_until = count - chance(count / 4 + 4) % (count + 1);
	settle_names(NULL, false);
	for (unsigned i = 0; i < n_names; i++)
		if (!names[i].now || !S_ISDIR(names[i].now->mode))
			write_out(&names[i]);
	for (unsigned i = 0; i < n_names; i++)
		if (names[i].now && S_ISDIR(names[i].now->mode))
			write_out(&names[i]);
	(void)nftw(root, remove_maps, 8, FTW_PHYS);
	if (note)
		(void)fclose(note);
	note = NULL;
	mode = MODE_OFF;
}

/* ---- the failure ---- */

/* One more call that changes something, which has been noted: does it come back, and with what? 0, or an errno. */
static int counted(const char *what, const char *path, bool takes_room)
{
	bool is_due;

	count++;
	say(what, path, 0, 0);
	if (mode == MODE_KILL && count == fails_at)
		(void)kill(getpid(), SIGKILL);
	is_due = count == fails_at || (count > fails_at && (seed % 2 == 1 || !has_failed));
	if ((mode != MODE_FULL && mode != MODE_ERROR) || !is_due || (mode == MODE_FULL && !takes_room))
		return 0;
	has_failed = true;
	say("fails", path, 0, 0);
	return mode == MODE_FULL ? ENOSPC : EIO;
}

/* The call was noted and done: has the power failed at it? */
static void after(void)
{
	if (mode != MODE_CUT || count != fails_at)
		return;
	cut();
	(void)kill(getpid(), SIGKILL);
}

static int failed(int why)
{
	errno = why;
	return -1;
}

__attribute__((constructor)) static void begin(void)
{
	const char *set = getenv("SAQTA_POWER"), *log = getenv("SAQTA_POWER_LOG");
	char name[8] = "";

	if (!set || sscanf(set, "%7[a-z]:%lu:%lu:%511s", name, &fails_at, &seed, root) != 4)
		return;
	root_len = strlen(root);
	note = log ? fopen(log, "we") : NULL;
	for (unsigned i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(modes[i], name) == 0)
			mode = (enum mode)i;
}

__attribute__((destructor)) static void end(void)
{
	if (mode == MODE_CUT || mode == MODE_ERROR)
		cut();
	if (note)
		(void)fclose(note);
}

/* ---- the calls ---- */

static int open_ours(const char *path, int flags, mode_t m)
{
	struct name *name = look_at(path);
	bool is_new = !name->now && (flags & O_CREAT), is_cut = name->now && (flags & O_TRUNC);
	int fd, why = is_new || is_cut ? counted("open", path, true) : 0;

	if (why)
		return failed(why);
	fd = real_open(path, flags, m);
	if (fd < 0 || fd >= FDS)
		return fd;
	if (is_new)
		turn(name, node_of(fd, true));
	if (is_cut)
		change(name->now, NULL, 0, 0);
	open_nodes[fd] = name->now;
	open_names[fd] = name;
	if (is_new || is_cut)
		after();
	return fd;
}

static int open_any(const char *path, int flags, mode_t m)
{
	int fd;

	if (is_ours(path))
		return open_ours(path, flags, m);
	fd = real_open(path, flags, m);
	if (fd >= 0 && fd < FDS)
		open_nodes[fd] = NULL;
	return fd;
}

#define OPEN(name)                                        \
	PUBLIC int name(const char *path, int flags, ...) \
	{                                                 \
		mode_t m = 0;                             \
		va_list ap;                               \
                                                          \
		va_start(ap, flags);                      \
		if (flags & O_CREAT)                      \
			m = (mode_t)va_arg(ap, unsigned); \
		va_end(ap);                               \
		return open_any(path, flags, m);          \
	}
OPEN(open)
OPEN(open64)
PUBLIC int __open_2(const char *path, int flags);
PUBLIC int __open_2(const char *path, int flags) { return open_any(path, flags, 0); }
PUBLIC int __open64_2(const char *path, int flags);
PUBLIC int __open64_2(const char *path, int flags) { return open_any(path, flags, 0); }

static struct node *behind(int fd) { return mode != MODE_OFF && !is_inside && fd >= 0 && fd < FDS ? open_nodes[fd] : NULL; }

PUBLIC int close(int fd)
{
	if (fd >= 0 && fd < FDS)
		open_nodes[fd] = NULL;
	return REAL(int, "close", int)(fd);
}

static ssize_t write_at(int fd, const void *data, size_t len, off_t at, bool moves)
{
	struct node *n = open_nodes[fd];
	int why = counted("write", open_names[fd]->path, true);
	ssize_t done;

	if (why && len > 1 && seed % 4 >= 2) { /* a disk fills, or fails, in the middle of a write */
		len /= 2;
		has_failed = false;
		why = 0;
	}
	if (why)
		return failed(why);
	done = moves ? REAL(ssize_t, "write", int, const void *, size_t)(fd, data, len) : real_pwrite(fd, data, len, at);
	if (done > 0)
		change(n, data, (size_t)done, at);
	after();
	return done;
}

PUBLIC ssize_t pwrite64(int fd, const void *data, size_t len, off_t at)
{
	return behind(fd) ? write_at(fd, data, len, at, false) : real_pwrite(fd, data, len, at);
}
PUBLIC ssize_t pwrite(int fd, const void *data, size_t len, off_t at) { return pwrite64(fd, data, len, at); }

PUBLIC ssize_t write(int fd, const void *data, size_t len)
{
	return behind(fd) ? write_at(fd, data, len, lseek(fd, 0, SEEK_CUR), true)
			  : REAL(ssize_t, "write", int, const void *, size_t)(fd, data, len);
}

PUBLIC int ftruncate64(int fd, off_t len)
{
	struct node *n = behind(fd);
	int why = n ? counted("length", open_names[fd]->path, false) : 0, r;

	if (why)
		return failed(why);
	r = REAL(int, "ftruncate64", int, off_t)(fd, len);
	if (n && r == 0) {
		change(n, NULL, 0, len);
		after();
	}
	return r;
}
PUBLIC int ftruncate(int fd, off_t len) { return ftruncate64(fd, len); }

/* The real sync is left out: the disk is this file. */
static int sync_of(int fd)
{
	struct node *n = open_nodes[fd];
	int why = counted("sync", open_names[fd]->path, true);

	after();
	if (S_ISDIR(n->mode)) {
		if (!why)
			settle_names(open_names[fd]->path, true);
	} else if (!why || mode == MODE_ERROR) {
		settle(n, !why); /* after a failure the pages count as clean: no later sync brings them */
	}
	return why ? failed(why) : 0;
}

PUBLIC int fsync(int fd) { return behind(fd) ? sync_of(fd) : REAL(int, "fsync", int)(fd); }
PUBLIC int fdatasync(int fd) { return behind(fd) ? sync_of(fd) : REAL(int, "fdatasync", int)(fd); }

PUBLIC int unlink(const char *path)
{
	struct name *name = is_ours(path) ? look_at(path) : NULL;
	int why, r;

	if (!name || !name->now)
		return real_unlink(path);
	why = counted("unlink", path, false);
	if (why && seed % 2 == 0) /* on a disk that fails for good nobody could tidy up */
		return failed(why);
	r = real_unlink(path);
	if (r == 0) {
		turn(name, NULL);
		after();
	}
	return r;
}

PUBLIC int rename(const char *from, const char *to)
{
	struct name *a = is_ours(from) ? look_at(from) : NULL, *b = is_ours(to) ? look_at(to) : NULL;
	int why = a && b && a->now ? counted("rename", to, true) : 0, r;
	struct node *moved = a ? a->now : NULL;

	if (why)
		return failed(why);
	r = REAL(int, "rename", const char *, const char *)(from, to);
	if (r == 0 && a && b) {
		turn(a, NULL);
		turn(b, moved);
		after();
	}
	return r;
}

PUBLIC int mkdir(const char *path, mode_t m)
{
	struct name *name = is_ours(path) ? look_at(path) : NULL;
	int why = name && !name->now ? counted("mkdir", path, true) : 0, r, fd;

	if (why)
		return failed(why);
	r = REAL(int, "mkdir", const char *, mode_t)(path, m);
	if (r == 0 && name) {
		fd = real_open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
		turn(name, node_of(fd, true));
		(void)REAL(int, "close", int)(fd);
		after();
	}
	return r;
}
