/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/calendar.h"

#include "policy/xml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CALENDAR_NS "urn:saqta:calendar:1"
#define YEAR_FIRST 1991
#define YEAR_LAST 2199
#define YEAR_WORDS 6 /* 366 bits */

struct year {
	bool is_known;
	day_t first; /* 1 January */
	int length;
	uint64_t working[YEAR_WORDS];
	uint64_t named[YEAR_WORDS]; /* while loading: days that the file has spoken of */
};

struct calendar {
	char *id;
	char *version;
	struct year years[YEAR_LAST - YEAR_FIRST + 1];
};

static bool bit_get(const uint64_t *words, int bit) { return words[bit / 64] >> (bit % 64) & 1; }

static void bit_set(uint64_t *words, int bit, bool value)
{
	uint64_t mask = UINT64_C(1) << (bit % 64);

	words[bit / 64] = value ? words[bit / 64] | mask : words[bit / 64] & ~mask;
}

static bool is_weekend(day_t day)
{
	int weekday = (int)((((int64_t)day + 3) % 7 + 7) % 7); /* 1970-01-01 was a Thursday; Monday is 0 */

	return weekday >= 5;
}

static const struct year *year_of(const struct calendar *c, day_t day)
{
	int y, m, d;

	day_to_civil(day, &y, &m, &d);
	if (!c || y < YEAR_FIRST || y > YEAR_LAST || !c->years[y - YEAR_FIRST].is_known)
		return NULL;
	return &c->years[y - YEAR_FIRST];
}

static void year_init(struct year *y, int value)
{
	y->is_known = true;
	y->first = day_from_civil(value, 1, 1);
	y->length = day_from_civil(value + 1, 1, 1) - y->first;
	for (int i = 0; i < y->length; i++)
		bit_set(y->working, i, !is_weekend(y->first + i));
}

/* The schema may be absent, and a calendar is taken whole or not at all: so what it does not expect is refused here as well. */
static void check_attributes(const struct xml_node *node, const char *const *names, const char *path, struct problems *problems)
{
	for (size_t i = 0; i < node->n_attributes; i++) {
		const char *const *name = names;

		while (*name && strcmp(*name, node->attributes[i].name))
			name++;
		if (!*name)
			problems_add(problems, path, node->line, "unknown attribute '%s' of '%s'", node->attributes[i].name, node->name);
	}
	for (; *names; names++) {
		const char *value = xml_attr(node, *names);

		if (!value || !*value)
			problems_add(problems, path, node->line, "'%s' needs the attribute '%s'", node->name, *names);
	}
}

static void add_day(struct year *year, const struct xml_node *node, const char *path, struct problems *problems)
{
	static const char *const names[] = {"date", "name", NULL};
	const char *date = xml_attr(node, "date");
	bool is_work = !strcmp(node->name, "work");
	day_t day;

	if (!is_work && strcmp(node->name, "off")) {
		problems_add(problems, path, node->line, "unknown element '%s'", node->name);
		return;
	}
	check_attributes(node, names, path, problems);
	if (!date)
		return;
	if (!day_parse(date, strlen(date), &day))
		problems_add(problems, path, node->line, "'%s' is not a date", date);
	else if (day < year->first || day >= year->first + year->length)
		problems_add(problems, path, node->line, "%s is not a day of its year", date);
	else if (bit_get(year->named, day - year->first))
		problems_add(problems, path, node->line, "%s is given twice", date);
	else if (is_work && !is_weekend(day))
		problems_add(problems, path, node->line, "%s is no Saturday or Sunday, so it is worked unless it is off", date);
	else {
		bit_set(year->named, day - year->first, true);
		bit_set(year->working, day - year->first, is_work);
	}
}

static void add_year(struct calendar *c, const struct xml_node *node, const char *path, struct problems *problems)
{
	static const char *const names[] = {"value", NULL};
	const char *value = xml_attr(node, "value");
	char first_day[16] = "";
	struct year *year;
	int y, m, d;
	day_t first;

	if (strcmp(node->name, "year")) {
		problems_add(problems, path, node->line, "unknown element '%s'", node->name);
		return;
	}
	check_attributes(node, names, path, problems);
	if (!value)
		return;
	if (snprintf(first_day, sizeof(first_day), "%s-01-01", value) != 10 || !day_parse(first_day, 10, &first)) {
		problems_add(problems, path, node->line, "'%s' is not a year", value);
		return;
	}
	day_to_civil(first, &y, &m, &d);
	if (y < YEAR_FIRST || y > YEAR_LAST) {
		problems_add(problems, path, node->line, "the year %d is not between %d and %d", y, YEAR_FIRST, YEAR_LAST);
		return;
	}
	year = &c->years[y - YEAR_FIRST];
	if (year->is_known) {
		problems_add(problems, path, node->line, "the year %d is given twice", y);
		return;
	}
	year_init(year, y);
	for (size_t i = 0; i < node->n_children; i++)
		add_day(year, node->children[i], path, problems);
}

static void add_all(struct calendar *c, const struct xml_node *root, const char *path, struct problems *problems)
{
	static const char *const names[] = {"id", "version", NULL};

	if (strcmp(root->name, "calendar")) {
		problems_add(problems, path, root->line, "the root element is '%s', not 'calendar'", root->name);
		return;
	}
	check_attributes(root, names, path, problems);
	if (!root->n_children)
		problems_add(problems, path, root->line, "a calendar needs a year");
	for (size_t i = 0; i < root->n_children; i++)
		add_year(c, root->children[i], path, problems);
}

static void calendar_freep(struct calendar **c) { *c = calendar_free(*c); }

/* "DIR/../schema/calendar.xsd" for "DIR/kz.xml". */
static void schema_path_for(const char *path, struct buf *ret)
{
	const char *slash = strrchr(path, '/');

	if (slash)
		buf_add(ret, path, (size_t)(slash - path) + 1);
	buf_str(ret, "../schema/calendar.xsd");
}

enum saqta_status calendar_load(const char *path, struct calendar **ret, struct saqta_error *err)
{
	cleanup_(problems_done) struct problems problems = {0};
	cleanup_(xml_node_freep) struct xml_node *root = NULL;
	cleanup_(calendar_freep) struct calendar *c = calloc(1, sizeof(*c));
	cleanup_(buf_done) struct buf schema = {0};
	enum saqta_status r;

	schema_path_for(path, &schema);
	if (!c || schema.failed)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory for %s", path);
	r = xml_load(path, CALENDAR_NS, access((char *)schema.data, F_OK) ? NULL : (char *)schema.data, &problems, &root, err);
	if (r)
		return r;
	add_all(c, root, path, &problems);
	r = problems_status(&problems, err);
	if (r)
		return r;
	c->id = strdup(xml_attr(root, "id"));
	c->version = strdup(xml_attr(root, "version"));
	if (!c->id || !c->version)
		return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory for %s", path);
	*ret = c;
	c = NULL;
	return SAQTA_OK;
}

struct calendar *calendar_free(struct calendar *c)
{
	if (c) {
		free(c->id);
		free(c->version);
	}
	free(c);
	return NULL;
}

const char *calendar_id(const struct calendar *c) { return c->id; }

const char *calendar_version(const struct calendar *c) { return c->version; }

bool calendar_knows(const struct calendar *c, day_t day) { return year_of(c, day); }

bool calendar_is_working(const struct calendar *c, day_t day)
{
	const struct year *y = year_of(c, day);

	return y && bit_get(y->working, day - y->first);
}

static int civil_year(day_t day)
{
	int y, m, d;

	day_to_civil(day, &y, &m, &d);
	return y;
}

/* The last day whose 24:00 can still be written as an instant in every zone; nothing ends later. */
static day_t day_last(void) { return day_from_civil(9999, 12, 30); }

static day_t add_months(day_t from, int32_t months)
{
	int y, m, d;
	day_t first, next;

	day_to_civil(from, &y, &m, &d);
	m += months % 12 - 1;
	y += months / 12 + m / 12;
	m %= 12;
	if (y > 9999)
		return day_last();
	first = day_from_civil(y, m + 1, 1);
	next = m == 11 ? day_from_civil(y + 1, 1, 1) : day_from_civil(y, m + 2, 1);
	return first + d - 1 < next ? first + d - 1 : next - 1;
}

/* The next working day, @day itself included; 0, or the year that is not known. */
static int find_working(const struct calendar *c, day_t day, day_t *ret)
{
	for (;; day++) {
		if (!calendar_knows(c, day))
			return civil_year(day);
		if (calendar_is_working(c, day)) {
			*ret = day;
			return 0;
		}
	}
}

static int add_working(const struct calendar *c, day_t day, int32_t count, day_t *ret)
{
	for (; count > 0; count--) {
		int unknown = find_working(c, day + 1, &day);

		if (unknown)
			return unknown;
	}
	*ret = day;
	return 0;
}

static int last_day_of(struct term term, day_t from, const struct calendar *calendar, day_t *ret)
{
	switch (term.unit) {
	case TERM_CALENDAR:
		*ret = add_months(from, term.count);
		return 0;
	case TERM_DAYS:
		return find_working(calendar, from + term.count, ret);
	case TERM_WORKING_DAYS:
	case TERM_BANKING_DAYS:
		return add_working(calendar, from, term.count, ret);
	case TERM_NONE:
	case TERM_SECONDS:
		break;
	}
	*ret = from;
	return 0;
}

int term_end(struct term term, int64_t from_us, const struct zone *zone, const struct calendar *calendar, int64_t *ret_us,
	     day_t *ret_last_day)
{
	bool is_moment = term.unit == TERM_SECONDS || term.unit == TERM_NONE;
	int64_t moment = from_us + (is_moment ? term.count * US_PER_S : 0);
	day_t last;
	int unknown;

	if (moment > INSTANT_MAX)
		moment = INSTANT_MAX;
	unknown = last_day_of(term, zone_day(zone, moment), calendar, &last);
	if (unknown)
		return unknown;
	if (last > day_last())
		last = day_last();
	*ret_us = is_moment ? moment : zone_day_start(zone, last + 1);
	if (ret_last_day)
		*ret_last_day = last;
	return 0;
}
