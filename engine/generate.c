/* SPDX-License-Identifier: Apache-2.0 */
/* Invented people and what they do: each a timeline drawn from a stream of its
 * own, sorted, and written as lines. */
#include "engine/generate.h"

#include <stdlib.h>
#include <string.h>

#define SUBJECTS_MAX UINT64_C(1000000000)
#define NEVER INT64_MAX
#define SETTLED (15 * 60) /* waking seconds from registration until the form is filled in */

/* Events at the same time keep the order in which they were added. */
enum what { WHAT_REGISTER, WHAT_CONSENT, WHAT_COLLECT, WHAT_VISIT, WHAT_STEP };
struct entry {
	int64_t at; /* waking seconds */
	enum what what;
	uint32_t index; /* of the collect or story; bits of consents */
	uint32_t step;
};

struct generator {
	struct plan *plan;
	struct gen_out *out;
	uint64_t seed, subjects;
	int32_t from_day, to_day;
	int64_t from, to;	      /* waking seconds; nothing at or after @to */
	int64_t idle;		      /* whoever was last seen before is overdue at @to */
	int64_t soon;		      /* whoever was last seen before, but not before @idle, is soon */
	uint64_t events;	      /* that have an id */
	uint32_t overdue, soon_share; /* of those who registered before @idle */

	/* the subject at hand */
	uint64_t subject;
	struct gen_rng rng;
	struct gen_person person;
	char external_id[32];
	enum plan_fate fate;
	int64_t registered, settled;
	int64_t seen; /* last visit */
	int64_t end;  /* no more visits and collections */
	int64_t consent_at[PLAN_MAX_CONSENTS];
	int64_t collected_at[PLAN_MAX_COLLECTS]; /* first time */
	struct entry entries[PLAN_MAX_ENTRIES];
	size_t n_entries;
};

static int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }

static int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }

static void add(struct generator *g, int64_t at, enum what what, uint32_t index, uint32_t step)
{
	size_t i = g->n_entries;

	/* The loader bounds what one subject can do; the check guards against a mistake there. */
	if (i >= PLAN_MAX_ENTRIES || at >= g->to)
		return;
	for (; i > 0 && g->entries[i - 1].at > at; i--)
		g->entries[i] = g->entries[i - 1];
	g->entries[i] = (struct entry){.at = at, .what = what, .index = index, .step = step};
	g->n_entries++;
}

/* --- lines --- */

static void write_event(struct generator *g, const char *event, bool id, int64_t at)
{
	struct gen_out *out = g->out;
	int32_t day = (int32_t)(at / WAKING_S);
	uint32_t second = (uint32_t)(at % WAKING_S) + WAKING_FROM_S;
	const struct plan_offset *offset = g->plan->offsets;

	while (day >= offset->until)
		offset++; /* the last holds for ever */
	gen_text(out, "{\"event\":\"");
	gen_string(out, event);
	if (id) {
		gen_text(out, "\",\"id\":\"e-");
		gen_number(out, ++g->events, 1);
	}
	gen_text(out, "\",\"subject\":\"");
	gen_text(out, g->external_id);
	gen_text(out, "\",\"at\":\"");
	gen_date(out, day);
	gen_text(out, "T");
	gen_number(out, second / 3600, 2);
	gen_text(out, ":");
	gen_number(out, second / 60 % 60, 2);
	gen_text(out, ":");
	gen_number(out, second % 60, 2);
	gen_text(out, offset->text);
	gen_text(out, "\"");
}

static void write_value(struct generator *g, const struct plan_value *value, int64_t at)
{
	gen_text(g->out, "\"");
	if (value->list)
		gen_string(g->out, value->list->items[gen_below(&g->rng, value->list->n)]);
	else
		value->fn(g->out, &g->rng, &g->person, (int32_t)(at / WAKING_S));
	gen_text(g->out, "\"");
}

static void write_register(struct generator *g, const struct entry *e)
{
	write_event(g, "register", false, e->at);
	gen_text(g->out, ",\"evidence\":");
	gen_text(g->out, g->plan->register_evidence);
	if (gen_chance(&g->rng, g->plan->birth_date)) {
		gen_text(g->out, ",\"birth_date\":\"");
		gen_date(g->out, g->person.birth);
		gen_text(g->out, "\"");
	}
}

static void write_consent(struct generator *g, const struct entry *e)
{
	const char *before = "\"";

	write_event(g, "consent", false, e->at);
	gen_text(g->out, ",\"consents\":[");
	for (unsigned i = 0; i < g->plan->n_consents; i++) {
		if (!(e->index >> i & 1))
			continue;
		gen_text(g->out, before);
		gen_string(g->out, g->plan->consents[i].id);
		before = "\",\"";
	}
	gen_text(g->out, "\"],\"evidence\":");
	gen_text(g->out, g->plan->consent_evidence);
}

static void write_collect(struct generator *g, const struct entry *e)
{
	const struct plan_collect *c = &g->plan->collects[e->index];
	int64_t picks = gen_between(&g->rng, c->pick.min, c->pick.max);
	uint64_t taken = 0;
	const char *before = "\"";

	write_event(g, "collect", false, e->at);
	gen_text(g->out, ",\"category\":\"");
	gen_string(g->out, c->category);
	gen_text(g->out, "\",\"value\":");
	write_value(g, &c->value, e->at);
	gen_text(g->out, ",\"source\":\"");
	gen_string(g->out, c->source);
	gen_text(g->out, "\",\"purposes\":[");
	while (picks-- > 0) {
		unsigned k = gen_below(&g->rng, c->n_purposes);
		int consent = c->purposes[k].consent;

		if (consent >= 0 && g->consent_at[consent] >= e->at)
			k = 0; /* needs no consent of its own */
		if (taken >> k & 1)
			continue;
		taken |= UINT64_C(1) << k;
		gen_text(g->out, before);
		gen_string(g->out, c->purposes[k].id);
		before = "\",\"";
	}
	gen_text(g->out, "\"]");
}

static void write_step(struct generator *g, const struct entry *e)
{
	const struct plan_step *step = &g->plan->stories[e->index].steps[e->step];

	write_event(g, step->event, step->id, e->at);
	for (unsigned i = 0; i < step->n_pieces; i++) {
		const struct plan_piece *piece = &step->pieces[i];

		if (piece->reference) {
			/* The same in all steps of the story. */
			gen_text(g->out, "\"");
			gen_string(g->out, piece->text);
			gen_text(g->out, "-");
			gen_number(g->out, g->subject + 1, 1);
			gen_text(g->out, "-");
			gen_number(g->out, e->index + 1, 1);
			gen_text(g->out, "\"");
		} else if (piece->text) {
			gen_text(g->out, piece->text);
		} else {
			write_value(g, &piece->value, e->at);
		}
	}
}

static void write_entry(struct generator *g, const struct entry *e)
{
	switch (e->what) {
	case WHAT_REGISTER:
		write_register(g, e);
		break;
	case WHAT_CONSENT:
		write_consent(g, e);
		break;
	case WHAT_COLLECT:
		write_collect(g, e);
		break;
	case WHAT_VISIT:
		write_event(g, "milestone", false, e->at);
		gen_text(g->out, ",\"milestone\":\"");
		gen_string(g->out, g->plan->visit);
		gen_text(g->out, "\"");
		break;
	case WHAT_STEP:
		write_step(g, e);
		break;
	}
	gen_text(g->out, "}\n");
	if (g->out->len > GEN_OUT_SIZE - GEN_OUT_LINE)
		gen_out_flush(g->out);
}

/* --- timelines --- */

static void draw_person(struct generator *g)
{
	static const char alphabet[] = "0123456789abcdefghijklmnopqrstuvwxyz";
	/* Subjects are spread evenly; the last two waking hours stay free for what follows a registration. */
	uint64_t span = (uint64_t)(g->to - g->from - 7200);
	uint64_t first = span * g->subject / g->subjects, next = span * (g->subject + 1) / g->subjects;
	uint64_t n = g->subject + 1;
	size_t width = 6;
	char *id = g->external_id;

	g->registered = g->from + gen_between(&g->rng, (int64_t)first, max64((int64_t)first, (int64_t)next - 1));
	g->settled = g->registered + SETTLED;
	gen_person_draw(&g->person, &g->rng, (int32_t)(g->registered / WAKING_S), g->plan->ages.min, g->plan->ages.max);

	for (uint64_t v = n / 1000000; v; v /= 10)
		width++;
	memcpy(id, "kz-", 3);
	for (size_t i = width; i > 0; i--, n /= 10)
		id[2 + i] = (char)('0' + n % 10);
	id += 3 + width;
	*id++ = '-';
	for (size_t i = 0; i < 5; i++)
		*id++ = alphabet[gen_below(&g->rng, 36)];
	*id = '\0';
}

static void draw_fate(struct generator *g)
{
	uint32_t draw = gen_below(&g->rng, SHARE_ALL);

	g->fate = FATE_ACTIVE;
	g->end = g->to;
	if (g->settled < g->idle && draw < g->overdue) {
		g->fate = FATE_OVERDUE;
		g->seen = gen_between(&g->rng, g->settled, g->idle - 1);
	} else if (g->settled < g->idle && draw < g->overdue + g->soon_share) {
		g->fate = FATE_SOON;
		g->seen = gen_between(&g->rng, g->idle, g->soon - 1);
	} else {
		/* Most come often, and were seen in the last quarter of a year. */
		int64_t recent = gen_below(&g->rng, 100) < 65 ? g->to - 90 * WAKING_S : g->soon;

		g->seen = gen_between(&g->rng, max64(g->settled, max64(recent, g->soon)), g->to - 1);
	}
}

static void draw_consents(struct generator *g)
{
	for (unsigned i = 0; i < g->plan->n_consents; i++) {
		const struct plan_consent *c = &g->plan->consents[i];

		g->consent_at[i] = NEVER;
		if (!gen_chance(&g->rng, c->share))
			continue;
		g->consent_at[i] = g->registered + 30;
		if (gen_chance(&g->rng, c->later))
			g->consent_at[i] = gen_between(&g->rng, g->settled, min64(g->settled + 200 * WAKING_S, g->seen));
	}
}

/* Consents are written when it is known how far the subject comes. */
static void add_consents(struct generator *g)
{
	uint32_t together = 0;

	for (unsigned i = 0; i < g->plan->n_consents; i++) {
		const struct plan_consent *c = &g->plan->consents[i];
		int64_t next;

		if (g->consent_at[i] >= g->end) {
			g->consent_at[i] = NEVER;
			continue;
		}
		if (g->consent_at[i] < g->settled)
			together |= 1u << i;
		else
			add(g, g->consent_at[i], WHAT_CONSENT, 1u << i, 0);
		for (unsigned k = 0; c->valid_days && k < PLAN_RENEWALS && gen_chance(&g->rng, c->renew); k++) {
			next = g->consent_at[i] + c->valid_days * WAKING_S + gen_between(&g->rng, 0, 40 * WAKING_S);
			if (next >= min64(g->seen, g->end))
				break;
			g->consent_at[i] = next;
			add(g, next, WHAT_CONSENT, 1u << i, 0);
		}
	}
	add(g, g->registered + 30, WHAT_CONSENT, together, 0);
}

static void add_visits(struct generator *g)
{
	int64_t visits = gen_between(&g->rng, g->plan->visits.min, g->plan->visits.max);

	while (visits-- > 1)
		add(g, gen_between(&g->rng, g->settled, g->seen), WHAT_VISIT, 0, 0);
	add(g, g->seen, WHAT_VISIT, 0, 0);
}

static void add_collects(struct generator *g)
{
	for (unsigned i = 0; i < g->plan->n_collects; i++) {
		const struct plan_collect *c = &g->plan->collects[i];
		int64_t times = gen_between(&g->rng, c->times.min, c->times.max);
		int64_t from = c->later ? g->settled : g->registered + 60;
		int64_t to = c->later ? g->seen : g->settled - 60;

		g->collected_at[i] = NEVER;
		if (!gen_chance(&g->rng, c->share))
			continue;
		if (c->consent >= 0) {
			int64_t given = g->consent_at[c->consent];
			int valid = g->plan->consents[c->consent].valid_days;

			if (given == NEVER)
				continue;
			from = max64(from, given + 1);
			if (valid)
				to = min64(to, given + valid * WAKING_S - 1);
		}
		while (times-- > 0 && from <= to) {
			int64_t at = gen_between(&g->rng, from, to);

			g->collected_at[i] = min64(g->collected_at[i], at);
			add(g, at, WHAT_COLLECT, i, 0);
		}
	}
}

/* When @story may begin at the earliest; NEVER if it cannot befall this subject. */
static int64_t story_from(const struct generator *g, const struct plan_story *story)
{
	int64_t from = max64(g->settled, g->plan->working_from * WAKING_S);

	for (unsigned i = 0; i < g->plan->n_consents; i++) {
		if (story->consents >> i & 1)
			from = max64(from, g->consent_at[i]);
	}
	for (unsigned i = 0; i < g->plan->n_collects; i++) {
		if (story->categories >> i & 1)
			from = max64(from, g->collected_at[i]);
	}
	if (story->fate != FATE_ACTIVE)
		from = max64(from, g->seen); /* they are not seen again */
	if (story->last_days.max)
		from = max64(from, g->to - story->last_days.max * WAKING_S);
	return from == NEVER ? NEVER : from + 1;
}

static void add_story(struct generator *g, uint32_t index)
{
	const struct plan_story *story = &g->plan->stories[index];
	int64_t last = min64(min64(g->end, g->to), g->plan->working_to * WAKING_S);
	int64_t from = story_from(g, story);
	int64_t to = last - story->last_days.min * WAKING_S - 1;
	int64_t at;

	if (story->fate != g->fate || from > to)
		return;
	at = gen_between(&g->rng, from, to);
	if (story->ends) {
		g->end = at;
		g->seen = min64(g->seen, at - 1);
	}
	for (unsigned i = 0; i < story->n_steps; i++) {
		at += 60 * gen_between(&g->rng, story->steps[i].after.min, story->steps[i].after.max);
		if (at >= last)
			break; /* still open when the time is over */
		add(g, at, WHAT_STEP, index, i);
	}
}

/* One draw a group, so that its shares add up and its stories exclude each other. */
static void add_stories(struct generator *g, bool ends)
{
	const char *group = "";
	uint32_t draw = 0;

	for (uint32_t i = 0; i < g->plan->n_stories; i++) {
		const struct plan_story *story = &g->plan->stories[i];

		if (story->ends != ends)
			continue;
		if (strcmp(story->group, group) != 0) {
			group = story->group;
			draw = gen_below(&g->rng, SHARE_ALL);
		}
		if (draw < story->share) {
			add_story(g, i);
			draw = UINT32_MAX;
		} else if (draw != UINT32_MAX) {
			draw -= story->share;
		}
	}
}

static void generate_subject(struct generator *g)
{
	gen_rng_seed(&g->rng, g->seed, g->subject);
	g->n_entries = 0;
	draw_person(g);
	draw_fate(g);
	draw_consents(g);
	add(g, g->registered, WHAT_REGISTER, 0, 0);
	add_stories(g, true);
	add_consents(g);
	add_visits(g);
	add_collects(g);
	add_stories(g, false);
	for (size_t i = 0; i < g->n_entries; i++)
		write_entry(g, &g->entries[i]);
}

/* --- the call --- */

/* @share of all subjects, as a share of those who registered early enough. */
static uint32_t share_of_early(const struct generator *g, uint32_t share)
{
	int64_t early = g->idle - g->from;

	if (early <= 0)
		return 0;
	return (uint32_t)min64((int64_t)SHARE_ALL, (int64_t)share * (g->to - g->from) / early);
}

static enum saqta_status set_period(struct generator *g, const struct saqta_generate_options *options, struct saqta_error *reterr)
{
	const struct plan *plan = g->plan;
	int y, m, d;

	if (!gen_day_parse(options->from ? options->from : "2022-01-01", &g->from_day))
		return err_set(reterr, SAQTA_ERR_ARGUMENT, 0, "generate: from: not a date of the form YYYY-MM-DD");
	if (!gen_day_parse(options->to ? options->to : "2026-11-01", &g->to_day))
		return err_set(reterr, SAQTA_ERR_ARGUMENT, 0, "generate: to: not a date of the form YYYY-MM-DD");
	if (g->from_day >= g->to_day)
		return err_set(reterr, SAQTA_ERR_ARGUMENT, 0, "generate: from: not before to");
	gen_civil(plan->earliest, &y, &m, &d);
	if (g->from_day < plan->earliest)
		return err_set(reterr, SAQTA_ERR_ARGUMENT, 0, "generate: from: before %04d-%02d-%02d", y, m, d);
	/* Deadlines in working days must fall into years that the calendar knows. */
	gen_civil(plan->working_to, &y, &m, &d);
	if (g->to_day > gen_day(y + 1, 1, 1))
		return err_set(reterr, SAQTA_ERR_ARGUMENT, 0, "generate: to: the calendar ends with the year %d", y);
	gen_civil(plan->working_from, &y, &m, &d);
	if (g->to_day <= plan->working_from)
		return err_set(reterr, SAQTA_ERR_ARGUMENT, 0, "generate: to: the calendar begins with the year %d", y);

	gen_civil(g->to_day, &y, &m, &d);
	m += 12 * y - 1 - plan->idle_months;
	g->from = g->from_day * WAKING_S;
	g->to = g->to_day * WAKING_S;
	g->idle = gen_day(m / 12, m % 12 + 1, d > 28 ? 28 : d) * WAKING_S;
	g->soon = min64(g->idle + plan->soon_days * WAKING_S, g->to - 1);
	g->overdue = share_of_early(g, plan->overdue);
	g->soon_share = share_of_early(g, plan->soon);
	return SAQTA_OK;
}

static enum saqta_status run(struct generator *g, struct saqta_error *reterr)
{
	for (g->subject = 0; g->subject < g->subjects && !g->out->cancelled; g->subject++)
		generate_subject(g);
	gen_out_flush(g->out);
	return g->out->cancelled ? err_set(reterr, SAQTA_ERR_CANCELLED, 0, "generate: cancelled") : SAQTA_OK;
}

enum saqta_status saqta_generate(const struct saqta_generate_options *options, saqta_write_fn write, void *user, struct saqta_error *reterr)
{
	struct generator *g;
	enum saqta_status status;

	if (!options || !write || options->size < sizeof(*options))
		return err_set(reterr, SAQTA_ERR_ARGUMENT, 0, "generate: no options, options too old, or nothing to write with");
	if (options->subjects > SUBJECTS_MAX)
		return err_set(reterr, SAQTA_ERR_ARGUMENT, 0, "generate: more than 1000000000 subjects");

	g = calloc(1, sizeof(*g));
	if (!g)
		return err_set(reterr, SAQTA_ERR_NOMEM, 0, "generate: out of memory");
	g->out = calloc(1, sizeof(*g->out));
	g->seed = options->seed;
	g->subjects = options->subjects;
	if (g->out) {
		g->out->write = write;
		g->out->user = user;
		status = plan_load(&g->plan, reterr);
	} else {
		status = err_set(reterr, SAQTA_ERR_NOMEM, 0, "generate: out of memory");
	}
	if (status == SAQTA_OK)
		status = set_period(g, options, reterr);
	if (status == SAQTA_OK)
		status = run(g, reterr);
	plan_free(g->plan);
	free(g->out);
	free(g);
	return status;
}
