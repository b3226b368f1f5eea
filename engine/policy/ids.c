/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/load.h"

#include <stdlib.h>
#include <string.h>

/* ---- sets ---- */

bool idset_empty(const struct idset *s) { return !(s->w[0] | s->w[1] | s->w[2] | s->w[3]); }

bool idset_meets(const struct idset *a, const struct idset *b)
{
	return (a->w[0] & b->w[0]) | (a->w[1] & b->w[1]) | (a->w[2] & b->w[2]) | (a->w[3] & b->w[3]);
}

bool idset_within(const struct idset *a, const struct idset *b)
{
	return !((a->w[0] & ~b->w[0]) | (a->w[1] & ~b->w[1]) | (a->w[2] & ~b->w[2]) | (a->w[3] & ~b->w[3]));
}

void idset_union(struct idset *a, const struct idset *b)
{
	for (size_t i = 0; i < POLICY_SET_BITS / 64; i++)
		a->w[i] |= b->w[i];
}

void idset_minus(struct idset *a, const struct idset *b)
{
	for (size_t i = 0; i < POLICY_SET_BITS / 64; i++)
		a->w[i] &= ~b->w[i];
}

int idset_count(const struct idset *s)
{
	int n = 0;

	for (size_t i = 0; i < POLICY_SET_BITS / 64; i++)
		n += __builtin_popcountll(s->w[i]);
	return n;
}

int idset_next(const struct idset *s, int after)
{
	int id = after + 1;

	while (id < POLICY_SET_BITS) {
		uint64_t rest = s->w[id >> 6] >> (id & 63);

		if (rest)
			return id + __builtin_ctzll(rest);
		id = (id | 63) + 1;
	}
	return -1;
}

/* ---- ids ---- */

static const char *const kind_names[ID_KINDS] = {
	[ID_OPERATION] = "operation",
	[ID_CATEGORY] = "category",
	[ID_PURPOSE] = "purpose",
	[ID_BASIS] = "basis",
	[ID_CONSENT] = "consent",
	[ID_RECIPIENT] = "recipient",
	[ID_REQUEST_CHANNEL] = "request-channel",
	[ID_MESSAGE_CHANNEL] = "message-channel",
	[ID_SOURCE] = "source",
	[ID_MILESTONE] = "milestone",
	[ID_REFUSAL_REASON] = "refusal-reason",
	[ID_TASK] = "task",
	[ID_ROLE] = "role",
};

const char *id_kind_name(enum id_kind kind) { return kind_names[kind]; }

int id_kind_of(const char *name)
{
	for (int k = 0; k < ID_KINDS; k++)
		if (!strcmp(kind_names[k], name))
			return k;
	return -1;
}

int policy_find_n(const struct policy *p, enum id_kind kind, const char *id, size_t len)
{
	for (int i = 0; i < p->n_ids[kind]; i++)
		if (word_is(id, len, p->ids[kind][i].id))
			return i;
	return -1;
}

int policy_find(const struct policy *p, enum id_kind kind, const char *id) { return id ? policy_find_n(p, kind, id, strlen(id)) : -1; }

int policy_add_id(struct policy *p, enum id_kind kind, const char *id, int parent)
{
	int n = p->n_ids[kind];
	struct vocab_id *ids = realloc(p->ids[kind], ((size_t)n + 1) * sizeof(*ids));

	if (!ids)
		return -1;
	p->ids[kind] = ids;
	ids[n] = (struct vocab_id){.id = strdup(id), .parent = parent};
	if (!ids[n].id)
		return -1;
	p->n_ids[kind]++;
	/* A parent always stands before its children, so the way up ends. */
	for (int up = n; up >= 0; up = ids[up].parent)
		idset_add(&ids[up].members, n);
	return n;
}

void near_ids(struct near_word *n, const struct policy *p, enum id_kind kind)
{
	for (int i = 0; i < p->n_ids[kind]; i++)
		near_offer(n, p->ids[kind][i].id);
}

const char *policy_name(const struct policy *p, enum id_kind kind, int id)
{
	return id >= 0 && id < p->n_ids[kind] ? p->ids[kind][id].id : "";
}

int policy_id_count(const struct policy *p, enum id_kind kind) { return p->n_ids[kind]; }

const struct idset *policy_members(const struct policy *p, enum id_kind kind, int id)
{
	static const struct idset nothing;

	return id >= 0 && id < p->n_ids[kind] ? &p->ids[kind][id].members : &nothing;
}

bool policy_declares(const struct policy *p, enum id_kind kind, int id) { return idset_has(&p->declared[kind], id); }

/* ---- interned strings ---- */

static uint32_t hash_of(const char *text, size_t len)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < len; i++)
		h = (h ^ (uint8_t)text[i]) * 16777619u;
	return h;
}

/* The slot that holds @text, or the empty one where it would go. */
static uint32_t slot_of(const struct policy *p, const char *text, size_t len)
{
	uint32_t slot = hash_of(text, len) & p->string_mask;

	while (p->string_hash[slot] >= 0 && !word_is(text, len, p->strings[p->string_hash[slot]]))
		slot = (slot + 1) & p->string_mask;
	return slot;
}

static bool strings_grow(struct policy *p)
{
	uint32_t size = p->string_hash ? (p->string_mask + 1) * 2 : 512;
	int32_t *hash = malloc(size * sizeof(*hash));
	char **strings = realloc(p->strings, size * sizeof(*strings));

	if (strings)
		p->strings = strings;
	if (!hash || !strings) {
		free(hash);
		return false;
	}
	memset(hash, 0xff, size * sizeof(*hash));
	free(p->string_hash);
	p->string_hash = hash;
	p->string_mask = size - 1;
	for (int32_t i = 0; i < p->n_strings; i++)
		hash[slot_of(p, p->strings[i], strlen(p->strings[i]))] = i;
	return true;
}

int32_t policy_intern_n(struct policy *p, const char *text, size_t len)
{
	uint32_t slot;

	if ((!p->string_hash || (uint32_t)p->n_strings * 2 >= p->string_mask) && !strings_grow(p))
		return -1;
	/* 0 is the empty string by promise, so it goes in before anything else. */
	if (!p->n_strings && len && policy_intern_n(p, "", 0) < 0)
		return -1;
	slot = slot_of(p, text, len);
	if (p->string_hash[slot] < 0) {
		char *copy = strndup(text, len);

		if (!copy)
			return -1;
		p->strings[p->n_strings] = copy;
		p->string_hash[slot] = p->n_strings++;
	}
	return p->string_hash[slot];
}

int32_t policy_intern(struct policy *p, const char *text) { return policy_intern_n(p, text, strlen(text)); }

int32_t policy_string(const struct policy *p, const char *text)
{
	return text && *text ? p->string_hash[slot_of(p, text, strlen(text))] : 0;
}

/* ---- events and the values of their members ---- */

static const char *const event_names[EVENT_KINDS + 1] = {
	"register",
	"collect",
	"consent",
	"withdraw",
	"milestone",
	"obligation",
	"hold",
	"request",
	"extend",
	"close",
	"rectify",
	"use",
	"disclose",
	"authority-notified",
	"recipient-particulars",
	"message",
	"partner",
	"partner-consent",
	"worker",
	"minor",
	"breach",
	"merge",
	"depersonalise",
	"destroy",
	"sweep",
	NULL,
};

int event_kind_of(const char *name)
{
	for (int e = 0; e < EVENT_KINDS; e++)
		if (!strcmp(event_names[e], name))
			return e;
	return -1;
}

const char *event_name(enum event_kind kind) { return event_names[kind]; }

#define REQUEST_KINDS "access", "rectify", "erase", "block", "stop", "complaint", "objection", "authority"
#define REQUEST_REASONS "inaccurate", "incomplete", "outdated", "unlawful", "unnecessary", "other"

static const char *const form_words[] = {"written", "oral", NULL};
static const char *const kind_words[] = {REQUEST_KINDS, "information", "advertising", NULL};
static const char *const request_kind_words[] = {REQUEST_KINDS, NULL};
static const char *const by_words[] = {"subject", "representative", "authority", NULL};
static const char *const request_reason_words[] = {REQUEST_REASONS, NULL};
static const char *const result_words[] = {"confirmed", "not-confirmed", "answered", "refused", NULL};
static const char *const state_words[] = {"unknown", "active", "blocked", "stopped", "depersonalised", "destroyed", "none", NULL};
static const char *const member_state_words[] = {"open", "closed", "placed", "lifted", "joined", "ended", NULL};
static const char *const matter_words[] = {"cross-border", NULL};
static const char *const partner_state_words[] = {"joined", "ended", "unknown", NULL};
static const char *const attachment_words[] = {
	[ATTACHMENT_LINK] = "link",
	[ATTACHMENT_PICTURE] = "picture",
	[ATTACHMENT_FILE] = "file",
	NULL,
};

/* A domain is fixed words, ids of up to two kinds, or both. */
static const struct {
	const char *name;
	const char *const *words;
	unsigned n_kinds;
	enum id_kind kinds[2];
} domains[DOMAINS] = {
	[DOMAIN_FREE] = {"text", NULL, 0, {0}},
	[DOMAIN_EVENT] = {"event", event_names, 0, {0}},
	[DOMAIN_OPERATION] = {"operation", NULL, 1, {ID_OPERATION}},
	[DOMAIN_PURPOSE] = {"purpose", NULL, 1, {ID_PURPOSE}},
	[DOMAIN_BASIS] = {"basis", NULL, 1, {ID_BASIS}},
	[DOMAIN_RECIPIENT] = {"recipient", NULL, 1, {ID_RECIPIENT}},
	[DOMAIN_SOURCE] = {"source", NULL, 1, {ID_SOURCE}},
	[DOMAIN_CHANNEL] = {"channel", NULL, 2, {ID_REQUEST_CHANNEL, ID_MESSAGE_CHANNEL}},
	[DOMAIN_FORM] = {"form", form_words, 0, {0}},
	[DOMAIN_KIND] = {"kind of request or message", kind_words, 0, {0}},
	[DOMAIN_BY] = {"sender of a request", by_words, 0, {0}},
	[DOMAIN_REASON] = {"reason", request_reason_words, 1, {ID_REFUSAL_REASON}},
	[DOMAIN_RESULT] = {"result", result_words, 0, {0}},
	[DOMAIN_STATE] = {"state of a subject", state_words, 0, {0}},
	[DOMAIN_MEMBER_STATE] = {"state of an event", member_state_words, 0, {0}},
	[DOMAIN_MATTER] = {"matter", matter_words, 0, {0}},
	[DOMAIN_MILESTONE] = {"milestone", NULL, 1, {ID_MILESTONE}},
	[DOMAIN_REQUEST_KIND] = {"kind of request", request_kind_words, 0, {0}},
	[DOMAIN_REQUEST_REASON] = {"reason of a request", request_reason_words, 0, {0}},
	[DOMAIN_PARTNER_STATE] = {"state of a partner", partner_state_words, 0, {0}},
};

const char *domain_name(enum domain d) { return domains[d].name; }

bool domain_has(const struct policy *p, enum domain d, const char *word, size_t len)
{
	if (d == DOMAIN_FREE)
		return true;
	for (const char *const *w = domains[d].words; w && *w; w++)
		if (word_is(word, len, *w))
			return true;
	for (unsigned i = 0; i < domains[d].n_kinds; i++)
		if (policy_find_n(p, domains[d].kinds[i], word, len) >= 0)
			return true;
	return false;
}

void near_domain(struct near_word *n, const struct policy *p, enum domain d)
{
	for (const char *const *w = domains[d].words; w && *w; w++)
		near_offer(n, *w);
	for (unsigned i = 0; i < domains[d].n_kinds; i++)
		near_ids(n, p, domains[d].kinds[i]);
}

int attachment_of(const char *word, size_t len)
{
	for (int i = 0; i < ATTACHMENTS; i++)
		if (word_is(word, len, attachment_words[i]))
			return i;
	return -1;
}

bool policy_intern_all(struct policy *p)
{
	bool ok = policy_intern(p, "") == 0;

	for (int k = 0; k < ID_KINDS; k++)
		for (int i = 0; i < p->n_ids[k]; i++)
			ok = ok && policy_intern(p, p->ids[k][i].id) > 0;
	for (int d = 0; d < DOMAINS; d++)
		for (const char *const *w = domains[d].words; w && *w; w++)
			ok = ok && policy_intern(p, *w) > 0;
	for (int i = 0; i < ATTACHMENTS; i++)
		ok = ok && policy_intern(p, attachment_words[i]) > 0;
	return ok;
}

/* ---- the policy and its rules, as others see them ---- */

const char *policy_id(const struct policy *p) { return p->packs[PACK_SELF].id; }

const char *policy_version(const struct policy *p) { return p->packs[PACK_SELF].version; }

const uint8_t *policy_digest(const struct policy *p) { return p->digest; }

const struct zone *policy_zone(const struct policy *p) { return p->zone; }

const struct calendar *policy_calendar(const struct policy *p) { return p->calendar; }

const struct policy_file *policy_files(const struct policy *p, unsigned *ret_n)
{
	*ret_n = p->n_files;
	return p->files;
}

char *policy_folder(const struct policy *p)
{
	const char *path = p->packs[PACK_SELF].path, *slash = path ? strrchr(path, '/') : NULL;

	return slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
}

const struct consent_terms *policy_consent(const struct policy *p, int consent)
{
	static const struct consent_terms nothing = {.lapse_rule = UINT16_MAX};

	return consent >= 0 && consent < p->n_ids[ID_CONSENT] ? &p->consents[consent] : &nothing;
}

int policy_main_consent(const struct policy *p) { return p->main_consent; }

unsigned policy_rule_count(const struct policy *p) { return p->n_rules; }

const char *rule_id(const struct policy *p, unsigned rule) { return p->rules[rule].id; }

const char *const *rule_clauses(const struct policy *p, unsigned rule) { return (const char *const *)p->rules[rule].clauses; }

const char *rule_title(const struct policy *p, unsigned rule, const char *lang)
{
	char *const *title = p->rules[rule].title;

	if (!strcmp(lang, "kk"))
		return title[LANG_KK];
	return title[!strcmp(lang, "ru") ? LANG_RU : LANG_EN];
}

const char *rule_shown_by(const struct policy *p, unsigned rule) { return p->rules[rule].shown_by; }

bool rule_is_statute(const struct policy *p, unsigned rule) { return p->rules[rule].is_statute; }

bool rule_is_about(const struct policy *p, unsigned rule, enum rule_topic topic, int64_t at_us)
{
	const struct rule *r = &p->rules[rule];
	int store = policy_find(p, ID_OPERATION, "store");
	struct idset only = {0};

	if (at_us < r->from_us || at_us >= r->until_us)
		return false;
	switch (topic) {
	case TOPIC_STORAGE:
		idset_add(&only, store);
		return r->kind == RULE_FORBID && !r->operations.any && idset_has(&r->operations.set, store) &&
		       idset_within(&r->operations.set, &only);
	case TOPIC_RETENTION:
		return r->kind == RULE_RETAIN;
	case TOPIC_WITHDRAWAL:
		return r->kind == RULE_ON && r->events & 1u << EVENT_WITHDRAW;
	case TOPIC_RIGHTS:
		return r->kind == RULE_ON && r->events & 1u << EVENT_REQUEST && !(r->events & 1u << EVENT_WITHDRAW);
	}
	return false;
}

int policy_rule_find(const struct policy *p, const char *qualified_id)
{
	for (unsigned i = 0; i < p->n_rules; i++)
		if (!strcmp(p->rules[i].id, qualified_id))
			return (int)i;
	return -1;
}

const struct idset *rule_needs(const struct policy *p, unsigned rule) { return &p->rules[rule].needs; }

static const char *or_empty(const char *text) { return text ? text : ""; }
const char *policy_controller(const struct policy *p) { return or_empty(p->packs[0].controller); }

const char *policy_country(const struct policy *p)
{
	for (unsigned i = 0; i < p->n_packs; i++)
		if (p->packs[i].country)
			return p->packs[i].country;
	return "";
}

int64_t policy_closing(const struct policy *p, int64_t due_us)
{
	const char *closing = NULL; /* "18:00" by the schema */
	day_t next;

	for (unsigned i = 0; i < p->n_packs && !closing; i++)
		closing = p->packs[i].closing;
	if (!closing || due_us == INSTANT_NONE)
		return INSTANT_NONE;
	next = zone_day(p->zone, due_us);
	if (zone_day_start(p->zone, next) != due_us)
		return INSTANT_NONE;
	return zone_day_start(p->zone, next - 1) + (strtol(closing, NULL, 10) * 60 + strtol(closing + 3, NULL, 10)) * 60 * US_PER_S;
}

const char *policy_controller_bin(const struct policy *p) { return or_empty(p->packs[0].bin); }

const char *rule_condition(const struct policy *p, unsigned rule)
{
	const struct rule *r = &p->rules[rule];

	/* A rule with an exception only is explained by its exception. */
	return r->when.text ? r->when.text : r->unless.text;
}
