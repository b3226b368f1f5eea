/* SPDX-License-Identifier: Apache-2.0 */
#include "base/instant.h"

#include <glib.h>

#include <stdlib.h>
#include <string.h>

#define DAY_S INT64_C(86400)
#define DAY_US (DAY_S * US_PER_S)
#define ZONE_NAME_MAX 64
#define ZONE_SPANS_MAX 4096

/* The offset that holds from @start_us until the next span begins; the first span begins at INT64_MIN. */
struct span {
	int64_t start_us;
	int32_t offset_s;
};

/* The whole history is laid out once, so that a look-up is a binary search without a call to GLib, and threads may share it. */
struct zone {
	char name[ZONE_NAME_MAX + 1];
	size_t n;
	size_t cap;
	struct span *spans;
};

static bool add_span(struct zone *z, int64_t start_us, int32_t offset_s)
{
	/* A change of name or of the summer time flag alone moves no clock. */
	if (z->n && z->spans[z->n - 1].offset_s == offset_s)
		return true;
	if (z->n == z->cap) {
		size_t cap = z->cap ? z->cap * 2 : 64;
		struct span *spans = cap > ZONE_SPANS_MAX ? NULL : realloc(z->spans, cap * sizeof(*spans));

		if (!spans)
			return false;
		z->spans = spans;
		z->cap = cap;
	}
	z->spans[z->n++] = (struct span){start_us, offset_s};
	return true;
}

/* GLib does not list its transitions, but numbers the intervals between them:
 * halve the range until each change of number is found. */
static bool add_changes(struct zone *z, GTimeZone *tz, int64_t low_s, int64_t high_s)
{
	int to = g_time_zone_find_interval(tz, G_TIME_TYPE_UNIVERSAL, high_s);

	for (;;) {
		int at = g_time_zone_find_interval(tz, G_TIME_TYPE_UNIVERSAL, low_s);
		int64_t same = low_s, other = high_s;

		if (at == to)
			return true;
		while (other - same > 1) {
			int64_t middle = same + (other - same) / 2;

			if (g_time_zone_find_interval(tz, G_TIME_TYPE_UNIVERSAL, middle) == at)
				same = middle;
			else
				other = middle;
		}
		low_s = other;
		at = g_time_zone_find_interval(tz, G_TIME_TYPE_UNIVERSAL, low_s);
		if (!add_span(z, low_s * US_PER_S, g_time_zone_get_offset(tz, at)))
			return false;
	}
}

/* GLib also takes POSIX rules ("ABC5"), offsets and paths of files; a pack may name a place of the tz database only. */
static bool is_tz_name(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
	size_t len = strlen(name);

	if (!strcmp(name, "UTC"))
		return true;
	return len && len <= ZONE_NAME_MAX && strspn(name, allowed) == len && g_ascii_isalpha(name[0]) && strchr(name, '/');
}

enum saqta_status zone_load(const char *name, struct zone **ret, struct saqta_error *err)
{
	cleanup_(zone_freep) struct zone *z = NULL;
	int64_t first_s = day_from_civil(1, 1, 1) * DAY_S, last_s = day_from_civil(10000, 1, 1) * DAY_S;
	GTimeZone *tz = is_tz_name(name) ? g_time_zone_new_identifier(name) : NULL;
	bool is_complete;
	int first;

	if (!tz)
		return err_set(err, SAQTA_ERR_POLICY, 0, "unknown time zone \"%.*s\"", ZONE_NAME_MAX, name);
	z = calloc(1, sizeof(*z));
	first = g_time_zone_find_interval(tz, G_TIME_TYPE_UNIVERSAL, first_s);
	is_complete = z && add_span(z, INT64_MIN, g_time_zone_get_offset(tz, first)) && add_changes(z, tz, first_s, last_s);
	g_time_zone_unref(tz);
	if (!is_complete)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory for time zone \"%s\"", name);
	memcpy(z->name, name, strlen(name) + 1);
	*ret = z;
	z = NULL;
	return SAQTA_OK;
}

struct zone *zone_free(struct zone *zone)
{
	if (zone)
		free(zone->spans);
	free(zone);
	return NULL;
}

void zone_freep(struct zone **zone) { *zone = zone_free(*zone); }

const char *zone_name(const struct zone *zone) { return zone->name; }

static size_t span_at(const struct zone *z, int64_t us)
{
	size_t low = 0, high = z->n - 1;

	/* Nearly all that is asked is later than the zone's last change. */
	if (us >= z->spans[high].start_us)
		return high;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (z->spans[middle].start_us <= us)
			low = middle;
		else
			high = middle;
	}
	return low;
}

int32_t zone_offset_s(const struct zone *zone, int64_t us) { return zone->spans[span_at(zone, us)].offset_s; }

day_t zone_day(const struct zone *zone, int64_t us)
{
	int64_t seconds = us / US_PER_S - (us % US_PER_S < 0) + zone_offset_s(zone, us);

	return (day_t)(seconds / DAY_S - (seconds % DAY_S < 0));
}

int64_t zone_day_start(const struct zone *zone, day_t day)
{
	int64_t midnight = day * DAY_US;
	/* Offsets are under 26 hours, so no span before this one can hold the midnight. */
	size_t i = span_at(zone, midnight - 26 * 3600 * US_PER_S);

	for (;; i++) {
		const struct span *s = &zone->spans[i];
		int64_t at = midnight - s->offset_s * US_PER_S;

		/* Later than midnight here means that a gap has swallowed it: the span's first instant is the first of the date. */
		if (at < s->start_us)
			at = s->start_us;
		if (i + 1 == zone->n || at < zone->spans[i + 1].start_us)
			return at;
	}
}
