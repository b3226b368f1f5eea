/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_GENERATE_H
#define ENGINE_GENERATE_H

#include "base/error.h"
#include "saqta/tool.h"

#include <jansson.h>

/* The parts of the generator: names (tables), value (one datum of an invented
 * person), plan (the data file), generate (who does what, and when).
 *
 * People are awake from 07:00 to 23:00. All times are counted in *waking
 * seconds*, 57,600 a local day, from 1970-01-01: arithmetic on them never
 * lands at night, so it also never lands in the hour that a change of the
 * zone's offset repeats, and order is kept across that change. */
#define WAKING_S INT64_C(57600)
#define WAKING_FROM_S 25200
#define SHARE_ALL 100000u /* shares are counted in 100,000ths */

/* --- tables --- */

struct gen_given {
	const char *name;
	const char *latin;
};
struct gen_surname {
	const char *male;
	const char *female;
	const char *latin_male;
	const char *latin_female;
};
struct gen_patronymic {
	const char *male;
	const char *female;
};
#define GEN_STREETS 8
struct gen_city {
	const char *name;
	const char *streets[GEN_STREETS];
	int latitude; /* in 10,000ths of a degree */
	int longitude;
	unsigned weight;
};
#define GEN_GIVEN 32
#define GEN_SURNAMES 40
#define GEN_FATHERS 28
#define GEN_CITIES 8
extern const struct gen_given gen_kazakh_given[2][GEN_GIVEN]; /* [0] men, [1] women */
extern const struct gen_given gen_russian_given[2][GEN_GIVEN];
extern const struct gen_surname gen_kazakh_surnames[GEN_SURNAMES];
extern const struct gen_surname gen_russian_surnames[GEN_SURNAMES];
extern const char *const gen_kazakh_fathers[GEN_FATHERS]; /* takes -ұлы or -қызы */
extern const struct gen_patronymic gen_russian_patronymics[GEN_FATHERS];
extern const struct gen_city gen_cities[GEN_CITIES];

/* --- randomness: xoshiro256**, integers only --- */

struct gen_rng {
	uint64_t s[4];
};
void gen_rng_seed(struct gen_rng *rng, uint64_t seed, uint64_t stream);
uint64_t gen_rng_next(struct gen_rng *rng);
/** 0 .. @n - 1; @n from 1 to 2^32. */
uint32_t gen_below(struct gen_rng *rng, uint64_t n);
/** @min .. @max, both included; @min if the range is empty. */
int64_t gen_between(struct gen_rng *rng, int64_t min, int64_t max);
bool gen_chance(struct gen_rng *rng, uint32_t share);

/* --- dates --- */

int32_t gen_day(int year, int month, int day);
void gen_civil(int32_t day, int *ret_year, int *ret_month, int *ret_day);
bool gen_day_parse(const char *text, int32_t *ret);

/* --- output --- */

#define GEN_OUT_SIZE ((size_t)128 << 10)
#define GEN_OUT_LINE ((size_t)32 << 10) /* room kept for one line */
struct gen_out {
	saqta_write_fn write;
	void *user;
	size_t len;
	bool cancelled;
	char data[GEN_OUT_SIZE];
};
void gen_out_flush(struct gen_out *out);
void gen_raw(struct gen_out *out, const char *text, size_t len);
void gen_text(struct gen_out *out, const char *text);	/* as is */
void gen_string(struct gen_out *out, const char *text); /* inside of a JSON string */
void gen_number(struct gen_out *out, uint64_t v, unsigned width);
void gen_date(struct gen_out *out, int32_t day);

/* --- people --- */

struct gen_person {
	unsigned sex; /* 0 man, 1 woman */
	bool kazakh;
	const struct gen_given *given;
	const struct gen_surname *surname;
	unsigned father; /* GEN_FATHERS: no patronymic */
	const struct gen_city *city;
	int32_t birth;
};
/** An adult of @min_age or more on @day. */
void gen_person_draw(struct gen_person *person, struct gen_rng *rng, int32_t day, int min_age, int max_age);

/** Writes the inside of a JSON string. @now: the local day. */
typedef void (*gen_value_fn)(struct gen_out *out, struct gen_rng *rng, const struct gen_person *person, int32_t now);
gen_value_fn gen_value_find(const char *kind); /* NULL if there is no such kind */

/* --- the data file --- */

#define PLAN_MAX_LIST 64
#define PLAN_MAX_LISTS 32
#define PLAN_MAX_CONSENTS 16
#define PLAN_MAX_COLLECTS 64
#define PLAN_MAX_STORIES 48
#define PLAN_MAX_STEPS 8
#define PLAN_MAX_PIECES 16
#define PLAN_MAX_OFFSETS 8
#define PLAN_MAX_ENTRIES 1024 /* events of one subject */
#define PLAN_RENEWALS 8	      /* of one consent */

/* Strings are borrowed from the parsed file unless said otherwise. */
struct plan_list {
	const char *name;
	const char *items[PLAN_MAX_LIST];
	unsigned n;
};

struct plan_offset {
	int32_t until; /* local day from which it holds no more */
	const char *text;
};

struct plan_range {
	int min;
	int max;
};

struct plan_consent {
	const char *id;
	uint32_t share;
	uint32_t later; /* of those: given apart from the registration */
	uint32_t renew; /* of those whose validity ended */
	int valid_days; /* 0: for ever */
};

struct plan_purpose {
	const char *id;
	int consent; /* index, or -1 */
};

/* A value: a kind of gen_value_find(), or one item of a list. */
struct plan_value {
	gen_value_fn fn;
	const struct plan_list *list;
};

struct plan_collect {
	const char *category;
	const char *source;
	struct plan_value value;
	uint32_t share;
	bool later; /* on some visit, not with the registration */
	struct plan_range times;
	struct plan_range pick; /* how many purposes */
	int consent;		/* needed, index or -1 */
	struct plan_purpose purposes[PLAN_MAX_LIST];
	unsigned n_purposes;
};

/* A line is written piece by piece: text as is, or something drawn. */
struct plan_piece {
	char *text; /* owned; raw JSON, or the prefix of a reference */
	bool reference;
	struct plan_value value;
};

struct plan_step {
	const char *event;
	bool id;
	struct plan_range after; /* waking minutes after the step before */
	struct plan_piece pieces[PLAN_MAX_PIECES];
	unsigned n_pieces;
};

enum plan_fate { FATE_ACTIVE, FATE_OVERDUE, FATE_SOON };

struct plan_story {
	const char *group; /* at most one story of a group befalls a subject */
	uint32_t share;
	bool ends; /* no visit and no collection after it began */
	enum plan_fate fate;
	struct plan_range last_days; /* before the end; max 0: any time */
	uint32_t consents;	     /* needed, bit by index */
	uint64_t categories;	     /* needed, bit by index of collect */
	struct plan_step steps[PLAN_MAX_STEPS];
	unsigned n_steps;
};

struct plan {
	json_t *root; /* owned */
	struct plan_list lists[PLAN_MAX_LISTS];
	unsigned n_lists;
	struct plan_offset offsets[PLAN_MAX_OFFSETS];
	unsigned n_offsets;
	int32_t earliest;
	int32_t working_from, working_to;	    /* where working days are known */
	char *register_evidence, *consent_evidence; /* owned; JSON */
	uint32_t birth_date;
	struct plan_range ages;
	const char *visit; /* milestone */
	struct plan_range visits;
	int idle_months; /* without a visit */
	uint32_t overdue, soon;
	int soon_days;
	struct plan_consent consents[PLAN_MAX_CONSENTS]; /* the first is given always */
	unsigned n_consents;
	struct plan_collect collects[PLAN_MAX_COLLECTS];
	unsigned n_collects;
	struct plan_story stories[PLAN_MAX_STORIES];
	unsigned n_stories;
};

/** Find, read and check the data file. *@ret is owned by the caller. */
enum saqta_status plan_load(struct plan **ret, struct saqta_error *reterr) must_check_;
struct plan *plan_free(struct plan *plan); /* NULL allowed; returns NULL */
void plan_freep(struct plan **plan);

#endif
