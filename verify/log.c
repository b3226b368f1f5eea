/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/verify.h"

#include <stdlib.h>
#include <string.h>

/* The whole of an exported folder: its log under its keys, then the logs before it, newest first, each by the head that its successor names. */

typedef unsigned long long ull;

struct signed_head {
	struct key key;
	struct note note;
	struct checkpoint checkpoint;
	uint8_t bytes[NOTE_MAX]; /* of the note */
};

/* One log, while it is read. */
struct reading {
	int dir;
	const struct archive_options *o;
	struct log_report *report;
	struct signed_head head;
	struct signed_head epoch; /* the next key that ends */
	bool has_epoch;
	struct digest *pruned; /* of the numbers of the entries without a body; owned */
};

static enum verdict in_file(struct fault *f, const char *path, const char *why)
{
	(void)snprintf(f->file, sizeof(f->file), "%s", path);
	return fault_set(f, VERDICT_BROKEN, "%s", why);
}

/* ---- signed heads ---- */

static enum verdict read_key(int dir, const char *path, struct key *ret, struct fault *f)
{
	char text[VKEY_MAX + 1];
	struct span rest = {.at = text}, vkey;
	enum verdict v = file_read(dir, path, text, sizeof(text), &rest.len, f);

	if (v)
		return v;
	if (!span_until(&rest, '\n', &vkey) || rest.len > 0 || !key_parse(vkey, ret) || ret->type != KEY_ED25519)
		return in_file(f, path, "it is no key of a log");
	return VERDICT_HOLDS;
}

/* The folder @at ("", "epoch/1/") with its key and the head that this signed. */
static enum verdict read_head(int dir, const char *at, struct signed_head *ret, struct fault *f)
{
	char path[64];
	struct span bytes = {.at = (const char *)ret->bytes};
	const char *why;
	enum verdict v;

	(void)snprintf(path, sizeof(path), "%slog.vkey", at);
	v = read_key(dir, path, &ret->key, f);
	(void)snprintf(path, sizeof(path), "%scheckpoint", at);
	if (!v)
		v = file_read(dir, path, ret->bytes, sizeof(ret->bytes), &bytes.len, f);
	if (v)
		return v;
	why = note_parse(bytes, &ret->note);
	if (!why)
		why = checkpoint_parse(ret->note.text, &ret->checkpoint);
	if (!why && strcmp(ret->checkpoint.origin, ret->key.name) != 0)
		why = "its origin is not the name of the key in log.vkey";
	if (!why && note_seal(&ret->note, &ret->key, NULL) != SEAL_HOLDS)
		why = "the key in log.vkey did not sign it";
	return why ? in_file(f, path, why) : VERDICT_HOLDS;
}

/* ---- keys that follow each other ---- */

static void epoch_name(uint64_t n, char ret[32]) { (void)snprintf(ret, 32, "epoch/%llu", (ull)n); }

/* The next epoch, if there is one. */
static enum verdict read_epoch(struct reading *r, uint64_t after, struct fault *f)
{
	char path[32];
	enum verdict v;

	epoch_name(r->report->n_epochs + 1, path);
	r->has_epoch = file_is_there(r->dir, path);
	if (!r->has_epoch)
		return VERDICT_HOLDS;
	(void)strncat(path, "/", sizeof(path) - strlen(path) - 1);
	v = read_head(r->dir, path, &r->epoch, f);
	if (v)
		return v;
	if (strcmp(r->epoch.key.name, r->head.key.name) != 0)
		return in_file(f, path, "its key is one of another log");
	if (r->epoch.checkpoint.head.size <= after || r->epoch.checkpoint.head.size > r->head.checkpoint.head.size)
		return in_file(f, path, "its head lies outside the time of its key");
	return VERDICT_HOLDS;
}

/* A key ends where its last head lies: there the newest entry names its successor. */
static enum verdict end_epoch(struct reading *r, const struct edge *edge, struct fault *f)
{
	const struct story *s = &r->report->story;
	uint8_t root[HASH_SIZE];
	enum verdict v;

	edge_root(edge, root);
	if (memcmp(root, r->epoch.checkpoint.head.root, HASH_SIZE) != 0)
		return fault_entry(f, edge->size - 1, "the entries up to it are not those that the key before signed (epoch %llu)",
				   (ull)r->report->n_epochs + 1);
	if (!s->last_is_key)
		return fault_entry(f, edge->size - 1, "a key ends here, but the entry does not name the next (epoch %llu)",
				   (ull)r->report->n_epochs + 1);
	r->report->n_epochs++;
	v = read_epoch(r, edge->size, f);
	if (v)
		return v;
	if (strcmp(s->next_key, r->has_epoch ? r->epoch.key.text : r->head.key.text) != 0)
		return fault_entry(f, edge->size - 1, "it names another key than the one that signs from there on");
	return VERDICT_HOLDS;
}

static enum verdict grown(void *user, const struct edge *edge, struct fault *f)
{
	struct reading *r = user;
	const struct checkpoint *seen = r->o->seen;
	uint8_t root[HASH_SIZE];

	if (seen && edge->size == seen->head.size && strcmp(seen->origin, r->head.checkpoint.origin) == 0) {
		edge_root(edge, root);
		if (memcmp(root, seen->head.root, HASH_SIZE) != 0)
			return fault_set(f, VERDICT_BROKEN,
					 "its first %llu entries are not those of the head seen before: there are two histories",
					 (ull)edge->size);
		r->report->is_seen = true;
	}
	if (r->has_epoch && edge->size == r->epoch.checkpoint.head.size)
		return end_epoch(r, edge, f);
	if (r->report->story.last_is_key)
		return fault_entry(f, edge->size - 1, "it names a new key, but the last head of the key before is not there");
	return VERDICT_HOLDS;
}

static enum verdict take_entry(void *user, uint64_t index, struct span bytes, struct fault *f)
{
	struct reading *r = user;
	uint8_t number[8];

	for (unsigned i = 0; i < sizeof(number); i++)
		number[i] = (uint8_t)(index >> (56 - 8 * i));
	if (bytes.len == 0)
		verify_digest_add(r->pruned, number, sizeof(number));
	return story_entry(&r->report->story, index, bytes, f);
}

/* ---- whom the reader trusts ---- */

static bool is_listed(const struct witness_policy *p, const struct key *key)
{
	for (unsigned i = 0; i < p->n_logs; i++)
		if (key_same(&p->logs[i], key))
			return true;
	return false;
}

/* Any key of the log will do: the entries lead from each to the next. */
static enum verdict check_trust(struct reading *r, struct fault *f)
{
	const struct archive_options *o = r->o;
	const bool has_list = o->witnesses && o->witnesses->n_logs > 0;
	struct key key = r->head.key;
	bool is_pin = false, is_in_list = false;

	for (uint64_t n = 1;; n++) {
		char path[48];

		is_pin |= o->pin && key_same(&key, o->pin);
		is_in_list |= has_list && is_listed(o->witnesses, &key);
		(void)snprintf(path, sizeof(path), "epoch/%llu/log.vkey", (ull)n);
		if (!file_is_there(r->dir, path))
			break;
		if (read_key(r->dir, path, &key, f))
			return VERDICT_BROKEN;
	}
	if (o->pin && !is_pin)
		return fault_set(f, VERDICT_BROKEN, "it was not signed by the key given, but by %s", r->head.key.text);
	if (has_list && !is_in_list)
		return fault_set(f, VERDICT_BROKEN, "the policy of witnesses does not list its key %s", r->head.key.text);
	r->report->is_pinned = o->pin || has_list;
	return o->witnesses ? witness_policy_hold(o->witnesses, &r->head.note, f) : VERDICT_HOLDS;
}

/* ---- one log ---- */

static enum verdict check_seen(const struct reading *r, struct fault *f)
{
	const struct checkpoint *seen = r->o->seen, *now = &r->head.checkpoint;

	if (!seen || strcmp(seen->origin, now->origin) != 0 || seen->head.size <= now->head.size)
		return VERDICT_HOLDS;
	return fault_set(f, VERDICT_BROKEN, "the head seen before has %llu entries, this log %llu: its end was cut off",
			 (ull)seen->head.size, (ull)now->head.size);
}

static enum verdict read_log(struct reading *r, struct fault *f)
{
	const struct pass_calls calls = {.user = r, .entry = take_entry, .grown = grown};
	const struct head *signed_head = &r->head.checkpoint.head;
	uint8_t pruned[HASH_SIZE];
	struct head head;
	enum verdict v = read_head(r->dir, "", &r->head, f);

	if (!v && !r->report->is_past)
		v = check_trust(r, f);
	if (!v)
		v = check_seen(r, f);
	if (!v)
		v = read_epoch(r, 0, f);
	if (!v)
		v = tiles_pass(r->dir, signed_head->size, &calls, &head, f);
	if (v)
		return v;
	if (memcmp(head.root, signed_head->root, HASH_SIZE) != 0)
		return fault_set(f, VERDICT_BROKEN,
				 "its %llu entries and their tree are not those that the head signs; no hash tells which", (ull)head.size);
	r->report->checkpoint = r->head.checkpoint;
	r->report->key = r->head.key;
	verify_digest_end(r->pruned, pruned);
	r->pruned = NULL;
	return story_end(&r->report->story, pruned, f);
}

static enum verdict read_folder(const struct archive_options *o, int dir, struct log_report *report, struct fault *f)
{
	struct reading *r = calloc(1, sizeof(*r));
	enum verdict v;

	if (!r)
		return fault_set(f, VERDICT_IO, "out of memory");
	r->dir = dir;
	r->o = o;
	r->report = report;
	r->pruned = verify_digest_new();
	v = r->pruned ? read_log(r, f) : fault_set(f, VERDICT_IO, "out of memory");
	if (r->pruned)
		verify_digest_end(r->pruned, NULL);
	free(r);
	return v;
}

/* ---- the logs before ---- */

/* The number in @origin of an incarnation of the log whose first bore the @len bytes of @base; 0: it is none. */
static uint64_t number_of(const char *origin, const char *base, size_t len)
{
	struct span rest = {origin + len, strlen(origin) < len ? 0 : strlen(origin) - len};
	uint64_t n;

	if (strncmp(origin, base, len) != 0)
		return 0;
	if (rest.len == 0)
		return 1;
	rest.at++;
	rest.len--;
	return origin[len] == '/' && span_number(rest, &n) && n > 1 ? n : 0;
}

/* Which log the one in @report follows; 0: none. */
static enum verdict past_of(const struct log_report *report, uint64_t *ret, struct fault *f)
{
	const char *origin = report->checkpoint.origin;
	const struct past_named *past = &report->story.past;
	char suffix[32];
	size_t len = strlen(origin), n;

	*ret = 0;
	if (!past->is_named)
		return VERDICT_HOLDS;
	n = (size_t)snprintf(suffix, sizeof(suffix), "/%llu", (ull)past->incarnation);
	if (len <= n || strcmp(origin + len - n, suffix) != 0)
		return fault_entry(f, 0, "it says that this is incarnation %llu, but the log is called %s", (ull)past->incarnation, origin);
	*ret = number_of(past->origin, origin, len - n);
	if (*ret == 0 || *ret >= past->incarnation)
		return fault_entry(f, 0, "it names a log that cannot have gone before: %s", past->origin);
	return VERDICT_HOLDS;
}

static enum verdict check_link(const struct past_named *past, uint64_t number, const struct log_report *report, struct fault *f)
{
	const struct checkpoint *c = &report->checkpoint;

	if (strcmp(past->origin, c->origin) != 0)
		return in_file(f, "checkpoint", "it is the log of another name than its successor says");
	if (past->head.size != c->head.size || memcmp(past->head.root, c->head.root, HASH_SIZE) != 0)
		return in_file(f, "checkpoint", "it is not the head that its successor's first entry names");
	if ((number == 1) == report->story.past.is_named && report->story.n_pruned == 0)
		return fault_entry(f, 0, "it does not say the same number of incarnations as the log's name");
	return VERDICT_HOLDS;
}

static enum verdict read_past(int dir, const struct archive_options *o, uint64_t number, const struct past_named *past,
			      struct log_report *report, struct fault *f)
{
	char path[48], file[sizeof(f->file)];
	cleanup_(fd_closep) int fd = -1;
	enum verdict v;

	(void)snprintf(path, sizeof(path), "past/%llu", (ull)number);
	*report = (struct log_report){.is_past = true, .incarnation = number};
	v = folder_open(dir, path, &fd, f);
	if (v)
		return v;
	v = read_folder(o, fd, report, f);
	if (!v)
		v = check_link(past, number, report, f);
	if (v) {
		(void)snprintf(file, sizeof(file), "%s/%.100s", path, f->file);
		memcpy(f->file, file, sizeof(file));
	}
	return v;
}

static enum verdict read_all(int dir, const struct archive_options *o, struct log_report *report, struct fault *f)
{
	struct past_named past;
	uint64_t number;
	bool is_seen;
	enum verdict v = read_folder(o, dir, report, f);

	if (v)
		return v;
	report->incarnation = report->story.past.is_named ? report->story.past.incarnation : 1;
	is_seen = report->is_seen;
	o->report(o->user, report);
	v = past_of(report, &number, f);
	if (!v && number == 0 && report->story.n_pruned == 0 && file_is_there(dir, "past"))
		return in_file(f, "past", "the log's first entry does not say that anything went before");
	while (!v && number > 0) {
		char path[48];

		past = report->story.past;
		(void)snprintf(path, sizeof(path), "past/%llu", (ull)number);
		if (!file_is_there(dir, path)) {
			o->withheld(o->user, &past, number);
			break;
		}
		v = read_past(dir, o, number, &past, report, f);
		if (v)
			break;
		is_seen |= report->is_seen;
		o->report(o->user, report);
		v = past_of(report, &number, f);
	}
	if (!v && o->seen && !is_seen)
		v = fault_set(f, VERDICT_BROKEN, "the head seen before is of a log that is not here: %s", o->seen->origin);
	return v;
}

enum verdict archive_verify(int dir, const struct archive_options *o, struct fault *f)
{
	struct log_report *report = calloc(1, sizeof(*report));
	enum verdict v = report ? read_all(dir, o, report, f) : fault_set(f, VERDICT_IO, "out of memory");

	free(report);
	return v;
}
