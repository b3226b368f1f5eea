/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct published log_;
char place[64], dir[80];
struct fault fault;
struct told told;

static void hear(void *user, const struct log_report *log)
{
	(void)user;
	if (told.n_logs < 3)
		told.logs[told.n_logs] = *log;
	told.n_logs++;
}

static void hear_withheld(void *user, const struct past_named *past, uint64_t incarnation)
{
	(void)user;
	ck_assert(past->is_named);
	told.n_withheld++;
	told.withheld = incarnation;
}

enum verdict verify_with(const struct key *pin, struct witness_policy *witnesses, const struct checkpoint *seen)
{
	struct archive_options o = {.pin = pin, .witnesses = witnesses, .seen = seen, .report = hear, .withheld = hear_withheld};
	int fd = open(dir, O_RDONLY | O_DIRECTORY);
	enum verdict v;

	ck_assert_int_ge(fd, 0);
	told.n_logs = told.n_withheld = 0;
	memset(&fault, 0, sizeof(fault));
	verify_crypt_init();
	v = archive_verify(fd, &o, &fault);
	(void)close(fd);
	return v;
}

enum verdict verify(void) { return verify_with(NULL, NULL, NULL); }

void ck_holds(void)
{
	enum verdict v = verify();

	ck_assert_msg(v == VERDICT_HOLDS, "%s: entry %lld: %s", fault.file, fault.has_entry ? (long long)fault.entry : -1, fault.text);
}

void ck_broken_at(uint64_t entry)
{
	ck_assert_int_eq(verify(), VERDICT_BROKEN);
	ck_assert_msg(fault.has_entry, "%s: %s", fault.file, fault.text);
	ck_assert_msg(fault.entry == entry, "entry %llu instead of %llu: %s", (unsigned long long)fault.entry, (unsigned long long)entry,
		      fault.text);
}

struct key key_of(const char *name, uint8_t seed)
{
	char text[PUBLISHED_TEXT];
	struct key key;

	published_key(name, seed, false, text);
	ck_assert(key_parse((struct span){text, strlen(text)}, &key));
	return key;
}

void write_log(unsigned n)
{
	published_fill(&log_, n);
	published_write(&log_, dir, ORIGIN, SEED_LOG);
}

void again(void)
{
	published_remove(dir);
	published_write(&log_, dir, ORIGIN, SEED_LOG);
}

void verdict_setup(void)
{
	published_place(place);
	(void)snprintf(dir, sizeof(dir), "%s/log", place);
}

void verdict_teardown(void) { published_remove(place); }
