/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/verify.h"

#include <string.h>

/* What the entries say must fit together, one after the other. What is kept of them does not grow with the log. */

typedef unsigned long long ull;

/* ---- bodies that are not there ---- */

static void add_pruned(struct story *s, uint64_t index)
{
	struct gap *last = s->n_gaps > 0 ? &s->gaps[s->n_gaps - 1] : NULL;

	s->n_pruned++;
	s->pruned_end = index + 1;
	s->sweep_is_whole = false;
	s->last_is_key = false;
	/* Where there is no room, two gaps become one, and the reason must then name what is between them too. */
	if (last && (last->to == index || s->n_gaps == GAPS_MAX))
		last->to = index + 1;
	else
		s->gaps[s->n_gaps++] = (struct gap){index, index + 1};
}

/* An entry says that the bodies from @from up to @to were pruned. */
static void cover_gaps(struct story *s, uint64_t from, uint64_t to)
{
	struct gap left[GAPS_MAX + 1]; /* a range cuts at most one gap in two */
	unsigned n = 0;

	for (unsigned i = 0; i < s->n_gaps; i++) {
		struct gap g = s->gaps[i];

		if (g.to <= from || g.from >= to) {
			left[n++] = g;
			continue;
		}
		if (g.from < from)
			left[n++] = (struct gap){g.from, from};
		if (g.to > to)
			left[n++] = (struct gap){to, g.to};
	}
	/* Again two may become one. */
	if (n > GAPS_MAX) {
		left[GAPS_MAX - 1].to = left[GAPS_MAX].to;
		n = GAPS_MAX;
	}
	memcpy(s->gaps, left, n * sizeof(*left));
	s->n_gaps = n;
}

/* Which entries those are, it tells by their digest: the newest of them for all that went so far. */
static bool take_which(struct story *s, const struct entry *e)
{
	struct span which = json_member(e->more, "which");

	s->has_which = which.at != NULL;
	s->pruned_by = e->seq;
	return !s->has_which || (json_plain(which, &which) && span_hex(which, s->which, sizeof(s->which)) &&
				 span_number(json_member(e->more, "empty"), &s->n_empty));
}

static enum verdict take_pruned(struct story *s, const struct entry *e, struct fault *f)
{
	uint64_t from, to;

	if (!span_number(json_member(e->more, "from"), &from) || !span_number(json_member(e->more, "to"), &to) || from >= to ||
	    to > e->seq || !take_which(s, e))
		return fault_entry(f, e->seq, "it does not say which entries before it were pruned");
	cover_gaps(s, from, to);
	return VERDICT_HOLDS;
}

/* ---- the policy in force ---- */

static enum verdict check_policy(struct story *s, const struct entry *e, struct fault *f)
{
	if (strcmp(e->type, "policy") == 0) {
		if (e->policy != e->seq)
			return fault_entry(f, e->seq, "it puts a policy in force, but does not name itself");
		s->n_policies++;
		s->policy = e->seq;
		return VERDICT_HOLDS;
	}
	/* A log that begins anew names the entry that follows. */
	if (e->seq == 0 && strcmp(e->type, "incarnation") == 0 && e->policy == 1) {
		s->policy = 1;
		return VERDICT_HOLDS;
	}
	/* The entry that is named may have lost its body. */
	if (e->policy > s->policy && e->policy < s->pruned_end)
		s->policy = e->policy;
	if (e->policy != s->policy || e->policy >= e->seq)
		return fault_entry(f, e->seq, "it refers to entry %llu for its policy, but %llu put the newest in force", (ull)e->policy,
				   (ull)s->policy);
	if (s->n_policies == 0 && s->n_pruned == 0)
		return fault_entry(f, e->seq, "no policy was in force");
	return VERDICT_HOLDS;
}

/* ---- sweeps ---- */

static enum verdict compare(const struct entry *e, const char *name, uint64_t counted, struct fault *f)
{
	uint64_t said;

	if (!span_number(json_member(e->more, name), &said))
		return fault_entry(f, e->seq, "it ends a sweep without the number `%s`", name);
	if (said != counted)
		return fault_entry(f, e->seq, "it says `%s` %llu, but %llu entries of its sweep say so", name, (ull)said, (ull)counted);
	return VERDICT_HOLDS;
}

static enum verdict end_sweep(struct story *s, const struct entry *e, struct fault *f)
{
	bool was_open = s->sweep_is_open, is_whole = s->sweep_is_whole;
	enum verdict v;

	s->sweep_is_open = false;
	s->n_sweeps++;
	/* With pruned bodies since the last start, nothing can be counted; the start may be one of them. */
	if (!is_whole && s->n_pruned > 0)
		return VERDICT_HOLDS;
	if (!was_open)
		return fault_entry(f, e->seq, "it ends a sweep that never began");
	v = compare(e, "destroyed", s->sweep_destroyed, f);
	if (!v)
		v = compare(e, "lapsed", s->sweep_lapsed, f);
	return v ? v : compare(e, "stopped", s->sweep_stopped, f);
}

static void begin_sweep(struct story *s)
{
	s->n_sweeps_cut += s->sweep_is_open;
	s->sweep_is_open = true;
	s->sweep_is_whole = true;
	s->sweep_destroyed = s->sweep_lapsed = s->sweep_stopped = 0;
}

/* ---- what went before ---- */

static bool take_head(struct span object, char origin[NAME_MAX_BYTES + 1], struct head *ret)
{
	struct span name, root;

	if (!json_plain(json_member(object, "origin"), &name) || name.len == 0 || name.len > NAME_MAX_BYTES ||
	    !json_plain(json_member(object, "root"), &root) || !span_hex(root, ret->root, HASH_SIZE) ||
	    !span_number(json_member(object, "size"), &ret->size))
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (name.at[i] <= 0x20 || name.at[i] >= 0x7f)
			return false;
	memcpy(origin, name.at, name.len);
	origin[name.len] = 0;
	return true;
}

static enum verdict take_incarnation(struct story *s, const struct entry *e, struct fault *f)
{
	struct past_named *p = &s->past;
	struct span lost = json_member(json_member(e->more, "what"), "lost");

	if (e->seq != 0)
		return fault_entry(f, e->seq, "a log begins anew, but only its first entry can say so");
	if (!span_number(json_member(e->more, "incarnation"), &p->incarnation) || p->incarnation < 2 ||
	    !take_head(json_member(e->more, "past"), p->origin, &p->head))
		return fault_entry(f, e->seq, "it does not say which log went before");
	p->is_named = true;
	p->has_lost = lost.at != NULL;
	if (p->has_lost && !take_head(lost, p->lost_origin, &p->lost))
		return fault_entry(f, e->seq, "it does not say which log was lost");
	return VERDICT_HOLDS;
}

static enum verdict take_key(struct story *s, const struct entry *e, struct fault *f)
{
	struct span next;

	if (!json_plain(json_member(e->more, "next"), &next) || next.len == 0 || next.len >= sizeof(s->next_key))
		return fault_entry(f, e->seq, "it does not name the key that signs from now on");
	s->last_is_key = true;
	memcpy(s->next_key, next.at, next.len);
	s->next_key[next.len] = 0;
	return VERDICT_HOLDS;
}

/* ---- an entry ---- */

static void keep_time(struct story *s, const struct entry *e)
{
	const size_t len = e->recorded.len;

	if (!s->first_recorded[0]) {
		memcpy(s->first_recorded, e->recorded.at, len);
		s->first_recorded[len] = 0;
	} else if (e->recorded_us < s->last_us) {
		/* The engine takes facts under any clock: the order is that of the numbers. */
		if (s->n_clock_back++ == 0)
			s->clock_back_at = e->seq;
	}
	memcpy(s->last_recorded, e->recorded.at, len);
	s->last_recorded[len] = 0;
	s->last_us = e->recorded_us;
}

static enum verdict take_type(struct story *s, const struct entry *e, struct fault *f)
{
	const char *type = e->type;

	if (strcmp(type, "destroyed") == 0) {
		if (json_member(e->more, "replayed").at)
			s->n_replayed++;
		else
			s->n_destroyed++;
		s->sweep_destroyed++;
	} else if (strcmp(type, "record-destroyed") == 0) {
		if (json_member(e->more, "replayed").at)
			s->n_replayed++;
		else
			s->n_records_destroyed++;
	} else if (strcmp(type, "lapsed") == 0) {
		s->sweep_lapsed++;
	} else if (strcmp(type, "stopped") == 0) {
		s->sweep_stopped++;
	} else if (strcmp(type, "sweep-start") == 0) {
		begin_sweep(s);
	} else if (strcmp(type, "sweep-end") == 0) {
		return end_sweep(s, e, f);
	} else if (strcmp(type, "pruned") == 0) {
		return take_pruned(s, e, f);
	} else if (strcmp(type, "incarnation") == 0) {
		return take_incarnation(s, e, f);
	} else if (strcmp(type, "log-key") == 0) {
		return take_key(s, e, f);
	}
	return VERDICT_HOLDS;
}

enum verdict story_entry(struct story *s, uint64_t index, struct span bytes, struct fault *f)
{
	struct entry e;
	const char *why;
	enum verdict v;

	s->n_entries++;
	if (bytes.len == 0) {
		add_pruned(s, index);
		return VERDICT_HOLDS;
	}
	s->last_is_key = false;
	why = entry_scan(bytes, &e);
	if (why)
		return fault_entry(f, index, "%s", why);
	if (e.seq != index)
		return fault_entry(f, index, "it says that it is entry %llu: entries were dropped, repeated or moved", (ull)e.seq);
	if (index == 1 && s->past.is_named && strcmp(e.type, "policy") != 0)
		return fault_entry(f, index, "a log that begins anew must put its policy in force");
	keep_time(s, &e);
	v = check_policy(s, &e, f);
	return v ? v : take_type(s, &e, f);
}

/* A folder that was begun before a pruning may hold bodies that the vault no longer has: fewer are gone than is said, never more or others. */
static bool is_which(const struct story *s, const uint8_t pruned[HASH_SIZE])
{
	return !s->has_which || s->n_pruned < s->n_empty || (s->n_pruned == s->n_empty && memcmp(s->which, pruned, HASH_SIZE) == 0);
}

enum verdict story_end(const struct story *s, const uint8_t pruned[HASH_SIZE], struct fault *f)
{
	if (s->n_gaps > 0)
		return fault_entry(f, s->gaps[0].from, "its body is not there, and no later entry says that it was pruned");
	if (!is_which(s, pruned))
		return fault_entry(f, s->pruned_by, "the entries without a body are not those that it says were pruned");
	return VERDICT_HOLDS;
}
