/* SPDX-License-Identifier: Apache-2.0 */
#include "disk.h"
#include "whole.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The power fails, the program is killed, the disk is full, the disk fails: at each call that changes a file, in every act that changes a vault. Then
 * the plain program opens what is left: the log verifies and agrees with the tables and the guard, every answered line is in (6), no subject is half
 * there (1, 7), who is destroyed stays destroyed, and what was told to be gone is gone from the files.
 *
 * power_shim.c is the disk. It is preloaded into the program itself and not built into a VFS of SQLite, because then one mechanism holds for all files:
 * the stores, the guard, the key file, the backup, and the order among them.
 *
 * SAQTA_POWER_STRIDE: every so many-th call (default 6); SAQTA_POWER_SEEDS: how often each (default 1), SAQTA_POWER_ONLY=ACT[:MODE[:OPERATION:SEED]]:
 * one alone. script/fault-power runs them all. */

#define NOW_MADE "2026-01-01T00:00:00+05:00"
#define NOW_PEOPLE "2026-01-03T00:00:00+05:00"
#define NOW_ORDERS "2026-01-04T10:00:00+05:00"
#define NOW_SWEEP "2026-01-06T10:00:00+05:00"
#define NOW_LATER "2026-01-07T10:00:00+05:00"
#define NOW_ACT "2026-01-08T10:00:00+05:00"
#define NOW_AFTER "2026-01-08T12:00:00+05:00"

#define PEOPLE 12
#define CHUNK 4 /* lines that are sent before their answers are awaited */

/* ---- lines ---- */

static void person(struct buf *ret, int n)
{
	buf_fmt(ret,
		"{\"event\":\"register\",\"subject\":\"u-%d\",\"evidence\":{\"form\":\"%d\"}}\n"
		"{\"event\":\"consent\",\"subject\":\"u-%d\",\"consents\":[\"processing\"],\"evidence\":{\"form\":\"%d\"}}\n"
		"{\"event\":\"collect\",\"subject\":\"u-%d\",\"category\":\"phone\",\"value\":\"+7701000%04d\",\"source\":\"subject\","
		"\"purposes\":[\"contract\"]}\n",
		n, n, n, n, n, n);
}

static void order(struct buf *ret, int n) { buf_fmt(ret, "{\"event\":\"destroy\",\"subject\":\"u-%d\",\"reason\":\"order\"}\n", n); }

static void lines_of(struct buf *ret, int from, int to, void (*line)(struct buf *, int))
{
	for (int i = from; i < to; i++)
		line(ret, i);
	buf_u8(ret, 0);
}

/* ---- the folders that the acts begin with ---- */

static const char *phrase_path; /* of the passphrase's file */

static void applied(const char *now, int from, int to, void (*line)(struct buf *, int))
{
	cleanup_(buf_done) struct buf text = {0};

	lines_of(&text, from, to, line);
	disk_do(&(struct disk_run){.now = now, .args = {"apply", "-"}, .input = (const char *)text.data});
}

static void destroyed(int from, int to)
{
	applied(NOW_ORDERS, from, to, order);
	disk_do(&(struct disk_run){.now = NOW_SWEEP, .args = {"sweep"}});
}

/* Who died before closing leaves his write-ahead logs, with a page in which the key of a later destroyed one stands. */
static void die_with_log(void)
{
	cleanup_(buf_done) struct buf text = {0};
	struct saqta_error err = {0};

	if (disk_fork() != 0)
		return;
	saqta_engine *e = disk_open(NOW_LATER);

	lines_of(&text, PEOPLE, PEOPLE + 2, person);
	text.len--;
	lines_of(&text, PEOPLE, PEOPLE + 1, order);
	for (const char *at = (const char *)text.data, *end; (end = strchr(at, '\n')); at = end + 1)
		if (saqta_engine_submit(e, 1, at, (size_t)(end - at), &err))
			disk_fail("submit", err.message);
	if (hall_commit(e, &err) || hall_checkpoint(e, &err))
		disk_fail("commit", err.message);
	_exit(0);
}

static void make_bases(void)
{
	const char *pack = getenv("SAQTA_TEST_PACK");

	disk_clear();
	disk_keep("nothing");
	disk_do(&(struct disk_run){.now = NOW_MADE, .args = {"init", "--policy", pack ? pack : "mycar"}});
	applied(NOW_PEOPLE, 0, PEOPLE, person);
	destroyed(0, 3);
	disk_keep("people");
	applied(NOW_LATER, 3, 7, order);
	die_with_log();
	disk_keep("due");
	/* As the first version of the layout had it: no past of the log. */
	disk_take("people");
	disk_sql("v/vault.db", "DROP TABLE past; PRAGMA user_version=1");
	disk_keep("older");
	disk_take("people");
	disk_do(&(struct disk_run){.now = NOW_LATER, .args = {"backup", disk_path("copy")}});
	destroyed(3, 6);
	disk_remove("v");
	disk_keep("lost");
	disk_take("people");
	disk_do(&(struct disk_run){.now = NOW_LATER, .args = {"backup", "--with-keys", "--recovery-file", phrase_path, disk_path("copy")}});
	disk_remove("v");
	disk_remove("v.keep");
	disk_keep("all-lost");
}

/* ---- what must hold after each act ---- */

static void whole(const char *answers, unsigned n_gone)
{
	saqta_engine *e = disk_open(NOW_AFTER);
	uint8_t id[SUBJECT_ID_SIZE];
	char name[16];
	struct saqta_error err;

	(void)whole_check(e, disk_fail);
	(void)whole_answers(e, answers, disk_fail);
	for (unsigned i = 0; i < n_gone; i++) {
		(void)snprintf(name, sizeof(name), "u-%u", i);
		if (vault_find(&e->vault, name, id, &err) != SAQTA_ERR_MISSING)
			disk_fail("a destroyed subject is there again", name);
	}
	(void)saqta_engine_close(e);
}

static void check_whole(const struct disk_ran *ran) { whole(ran->out, 3); }

/* Brought up by this one or the next, once. */
static void check_migrated(const struct disk_ran *ran)
{
	struct disk_ran log;
	const char *at;

	whole("", 3);
	log = disk_run(&(struct disk_run){.now = NOW_AFTER, .args = {"audit", "show"}}, 0);
	at = strstr(log.out, "\"type\":\"migrated\"");
	if (!at || strstr(at + 1, "\"type\":\"migrated\""))
		disk_fail("migrate", "the log does not say once that the vault was brought up");
	(void)ran;
	disk_ran_done(&log);
}

/* What was not answered is sent again; then all are in. */
static void check_apply(const struct disk_ran *ran)
{
	cleanup_(buf_done) struct buf text = {0};
	struct disk_ran again;
	const char *rest;
	size_t answered = 0;

	for (const char *at = ran->out, *end; (end = strchr(at, '\n')); at = end + 1)
		answered++;
	whole(ran->out, 3);
	lines_of(&text, PEOPLE, PEOPLE + 4, person);
	text.len--;
	lines_of(&text, 3, 6, order);
	rest = (const char *)text.data;
	for (size_t i = 0; i < answered; i++)
		rest = strchr(rest, '\n') + 1;
	again = disk_run(&(struct disk_run){.now = NOW_AFTER, .args = {"apply", "-"}, .input = rest}, 0);
	saqta_engine *e = disk_open(NOW_AFTER);

	if (whole_check(e, disk_fail) != PEOPLE - 3 + 4)
		disk_fail("apply", "there are other people than were registered");
	(void)whole_answers(e, again.out, disk_fail);
	(void)saqta_engine_close(e);
	disk_ran_done(&again);
}

static void check_sweep(const struct disk_ran *ran)
{
	bool is_reported = strstr(ran->out, "\"destroyed\":5") != NULL;

	disk_seek_keys("due");
	whole("", 3);
	disk_do(&(struct disk_run){.now = NOW_AFTER, .args = {"sweep"}});
	saqta_engine *e = disk_open(NOW_AFTER);

	/* It is reported only after the keys are gone: from the files too. */
	if (is_reported)
		disk_no_keys(e->vault.keys);
	disk_seek_keys("due");
	disk_no_keys(e->vault.keys);
	if (whole_check(e, disk_fail) != PEOPLE - 7 + 1)
		disk_fail("sweep", "other people were destroyed than were due");
	(void)saqta_engine_close(e);
	whole("", 7);
}

static void check_rotate(const struct disk_ran *ran)
{
	if (ran->code == 0)
		disk_no_master_of("people");
	whole("", 3);
	disk_do(&(struct disk_run){.now = NOW_AFTER, .args = {"key", "rotate"}});
	disk_no_master_of("people");
	whole("", 3);
}

static void check_renew(const struct disk_ran *ran)
{
	if (ran->code == 0) {
		disk_seek_keys("people");
		disk_no_keys(NULL);
	}
	whole("", 3);
	disk_do(&(struct disk_run){.now = NOW_AFTER, .args = {"key", "renew"}});
	disk_seek_keys("people");
	disk_no_keys(NULL);
	whole("", 3);
}

/* What has the backup's name is a whole backup. */
static void check_backup(const struct disk_ran *ran)
{
	whole("", 3);
	if (ran->has_power && ran->code > 0 &&
	    (disk_has("copy.part") || disk_has("copy.vault") || disk_has("copy.keystore") || disk_has("copy")))
		disk_fail("backup", "it failed and left something");
	if (ran->code == 0 && !disk_has("copy"))
		disk_fail("backup", "it was made, and is not there");
	if (!disk_has("copy"))
		disk_do(&(struct disk_run){.now = NOW_AFTER, .args = {"backup", disk_path("copy")}});
	if (disk_has("copy.part") || disk_has("copy.vault"))
		disk_remove_leftovers("copy");
	disk_remove("v");
	disk_do(&(struct disk_run){.now = NOW_AFTER, .args = {"restore", disk_path("copy")}});
	whole("", 3);
}

static void check_restored(const struct disk_ran *ran, const char *with, const char *phrase, unsigned n_gone)
{
	if (!disk_has("v/vault.db")) {
		if (ran->code == 0)
			disk_fail("restore", "it was done, and there is no vault");
		disk_do(&(struct disk_run){.now = NOW_AFTER, .args = {"restore", disk_path("copy"), with, phrase}});
	}
	whole("", n_gone);
}

static void check_restore(const struct disk_ran *ran) { check_restored(ran, NULL, NULL, 6); }
static void check_restore_keys(const struct disk_ran *ran) { check_restored(ran, "--recovery-file", phrase_path, 3); }

/* A vault that was not made to its end holds nothing: it is made again. One that was, stays. */
static void check_init(const struct disk_ran *ran)
{
	if (ran->code != 0)
		return;
	if (!disk_has("v/log.vkey"))
		disk_fail("init", "it was done, and the log's public key is not there");
	whole("", 0);
}

/* ---- the acts ---- */

struct deed {
	const char *name, *base;
	const char *args[6];
	void (*check)(const struct disk_ran *ran);
	unsigned coarse; /* so much fewer: where a passphrase takes a second each, or much is written before anything is promised */
};

static const struct deed deeds[] = {
	{"apply", "people", {"apply", "-"}, check_apply, 1},
	{"sweep", "due", {"sweep", "--confirm", "5"}, check_sweep, 1},
	{"rotate", "people", {"key", "rotate"}, check_rotate, 1},
	{"renew", "people", {"key", "renew"}, check_renew, 1},
	{"backup", "people", {"backup", "COPY"}, check_backup, 1},
	{"restore", "lost", {"restore", "COPY"}, check_restore, 1},
	{"restore-keys", "all-lost", {"restore", "COPY", "--recovery-file", "PHRASE"}, check_restore_keys, 12},
	{"incarnate", "people", {"audit", "incarnate", "--reason", "a drill"}, check_whole, 1},
	{"migrate", "older", {"subject", "show", "u-5"}, check_migrated, 1},
	{"init", "nothing", {"init", "--policy", "PACK"}, check_init, 4},
};
static const char *const modes[] = {"cut", "kill", "full", "error"};

/* Returns whether the @at-th call was reached. */
static bool try_one(const struct deed *act, const char *mode, unsigned at, unsigned seed)
{
	cleanup_(buf_done) struct buf text = {0};
	struct disk_run run = {.now = NOW_ACT, .mode = mode, .at = at, .seed = seed, .chunk = CHUNK};
	const char *pack = getenv("SAQTA_TEST_PACK");
	struct disk_ran ran;
	bool is_reached;

	disk_take(act->base);
	disk_trying(act->name, mode, at, seed);
	for (unsigned i = 0; act->args[i]; i++)
		run.args[i] = strcmp(act->args[i], "COPY") == 0	    ? disk_path("copy")
			      : strcmp(act->args[i], "PHRASE") == 0 ? phrase_path
			      : strcmp(act->args[i], "PACK") == 0   ? (pack ? pack : "mycar")
								    : act->args[i];
	if (act->check == check_apply) {
		lines_of(&text, PEOPLE, PEOPLE + 4, person);
		text.len--;
		lines_of(&text, 3, 6, order);
		run.input = (const char *)text.data;
	}
	ran = disk_run(&run, -1);
	is_reached = ran.is_reached;
	act->check(&ran);
	disk_ran_done(&ran);
	return is_reached;
}

static unsigned number(const char *name, unsigned otherwise)
{
	const char *text = getenv(name);

	return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

static void try_all(const struct deed *act, unsigned m, unsigned stride, unsigned seeds, unsigned n[])
{
	/* The cut is what this is for; the others go coarser. */
	unsigned step = stride * (m == 0 ? 1 : 3) * act->coarse, at = 1 + m % step;
	bool is_reached = true;

	for (; is_reached; at += step)
		for (unsigned s = 0; s < seeds; s++) {
			/* Neighbours get another fate: all lost, all kept, some, all up to one. */
			bool hit = try_one(act, modes[m], at, seeds >= 4 ? s : s + at / step);

			n[m] += hit;
			is_reached = s == 0 ? hit : is_reached || hit;
		}
	/* The power fails as soon as the program has ended: what it said must hold. */
	for (unsigned s = 0; m == 0 && s < (act->coarse > 4 ? 1 : 4); s++)
		(void)try_one(act, modes[0], 100000, s);
}

int main(int argc, char **argv)
{
	unsigned stride = number("SAQTA_POWER_STRIDE", 6), seeds = number("SAQTA_POWER_SEEDS", 1), n[4] = {0}, at = 0, seed = 0;
	const char *only = getenv("SAQTA_POWER_ONLY");
	char act[32] = "", mode[16] = "";

	if (argc != 3)
		return 2;
	if (only)
		(void)sscanf(only, "%31[a-z-]:%15[a-z]:%u:%u", act, mode, &at, &seed);
	disk_begin(argv[1], argv[2]);
	phrase_path = disk_phrase("correct horse battery\n");
	make_bases();
	for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++)
		for (unsigned m = 0; m < 4; m++) {
			if ((*act && strcmp(act, deeds[i].name) != 0) || (*mode && strcmp(mode, modes[m]) != 0))
				continue;
			if (at > 0)
				(void)try_one(&deeds[i], modes[m], at, seed);
			else
				try_all(&deeds[i], m, stride > 0 ? stride : 1, seeds, n);
		}
	(void)printf(
		"the power failed %u times, the program was killed %u times, the disk was full %u times and failed %u times: each time "
		"log, tables, keys and guard agreed afterwards, and what was answered was there\n",
		n[0], n[1], n[2], n[3]);
	disk_end();
	return 0;
}
