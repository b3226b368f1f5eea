/* SPDX-License-Identifier: Apache-2.0 */
#include "event.h"

#include <stdlib.h>
#include <string.h>

/* What a member may be. The table below is contract 3; whatever is not in it is invalid. */
enum member_type { M_TEXT, M_LONG_TEXT, M_BOOL, M_TRUE, M_TIME, M_DATE, M_OBJECT, M_COUNTRY, M_WORDS, M_ONE_OF, M_ID, M_IDS, M_SUBJECTS };
struct member {
	const char *name;
	enum member_type type;
	bool is_required;
	enum id_kind ids;   /* M_ID, M_IDS */
	const char *one_of; /* M_ONE_OF: the words; M_WORDS: the words allowed, or NULL */
};
#define NEEDED true
#define MAY false
/* clang-format off */
#define END {.name = NULL}
#define CHANNELS(n) {n, M_ID, NEEDED, ID_REQUEST_CHANNEL, NULL}
/* clang-format on */

static const struct member register_members[] = {{"evidence", M_OBJECT, NEEDED, 0, NULL},
						 {"birth_date", M_DATE, MAY, 0, NULL},
						 {"partner", M_TEXT, MAY, 0, NULL},
						 {"worker", M_TEXT, MAY, 0, NULL},
						 END};
static const struct member collect_members[] = {{"category", M_ID, NEEDED, ID_CATEGORY, NULL},
						{"value", M_LONG_TEXT, MAY, 0, NULL},
						{"value_base64", M_LONG_TEXT, MAY, 0, NULL},
						{"source", M_ID, NEEDED, ID_SOURCE, NULL},
						{"purposes", M_IDS, NEEDED, ID_PURPOSE, NULL},
						{"record", M_TEXT, MAY, 0, NULL},
						{"others", M_BOOL, MAY, 0, NULL},
						{"partner", M_TEXT, MAY, 0, NULL},
						{"worker", M_TEXT, MAY, 0, NULL},
						END};
static const struct member consent_members[] = {{"consents", M_IDS, NEEDED, ID_CONSENT, NULL},
						{"evidence", M_OBJECT, NEEDED, 0, NULL},
						{"version", M_TEXT, MAY, 0, NULL},
						{"notice", M_TEXT, MAY, 0, NULL},
						END};
static const struct member withdraw_members[] = {
	{"consents", M_IDS, NEEDED, ID_CONSENT, NULL}, CHANNELS("channel"), {"form", M_ONE_OF, NEEDED, 0, "written oral"}, END};
static const struct member milestone_members[] = {
	{"milestone", M_ID, NEEDED, ID_MILESTONE, NULL}, {"purpose", M_ID, MAY, ID_PURPOSE, NULL}, END};
static const struct member obligation_members[] = {
	{"obligation", M_TEXT, NEEDED, 0, NULL}, {"state", M_ONE_OF, NEEDED, 0, "open closed"}, END};
static const struct member hold_members[] = {{"hold", M_TEXT, NEEDED, 0, NULL},
					     {"state", M_ONE_OF, NEEDED, 0, "placed lifted"},
					     {"basis", M_ID, MAY, ID_BASIS, NULL},
					     {"reason", M_TEXT, MAY, 0, NULL},
					     {"authority", M_TEXT, MAY, 0, NULL},
					     {"reference", M_TEXT, MAY, 0, NULL},
					     {"categories", M_IDS, MAY, ID_CATEGORY, NULL},
					     {"records", M_WORDS, MAY, 0, NULL},
					     END};
static const struct member request_members[] = {
	{"request", M_TEXT, NEEDED, 0, NULL},
	{"kind", M_ONE_OF, NEEDED, 0, "access rectify erase block stop complaint objection authority"},
	CHANNELS("channel"),
	{"by", M_ONE_OF, NEEDED, 0, "subject representative authority"},
	{"identity_checked", M_BOOL, MAY, 0, NULL},
	{"categories", M_IDS, MAY, ID_CATEGORY, NULL},
	{"reason", M_ONE_OF, MAY, 0, "inaccurate incomplete outdated unlawful unnecessary other"},
	END};
static const struct member extend_members[] = {
	{"request", M_TEXT, NEEDED, 0, NULL}, {"until", M_TIME, NEEDED, 0, NULL}, {"reason", M_TEXT, NEEDED, 0, NULL}, END};
static const struct member close_members[] = {{"request", M_TEXT, NEEDED, 0, NULL},
					      {"result", M_ONE_OF, NEEDED, 0, "confirmed not-confirmed answered refused"},
					      {"reason", M_ID, MAY, ID_REFUSAL_REASON, NULL},
					      END};
static const struct member rectify_members[] = {
	{"category", M_ID, NEEDED, ID_CATEGORY, NULL}, {"value", M_LONG_TEXT, NEEDED, 0, NULL}, {"record", M_TEXT, MAY, 0, NULL}, END};
static const struct member use_members[] = {{"purpose", M_ID, NEEDED, ID_PURPOSE, NULL},
					    {"categories", M_IDS, NEEDED, ID_CATEGORY, NULL},
					    {"operation", M_ID, MAY, ID_OPERATION, NULL},
					    {"basis", M_ID, MAY, ID_BASIS, NULL},
					    END};
static const struct member disclose_members[] = {{"recipient", M_ID, NEEDED, ID_RECIPIENT, NULL},
						 {"purpose", M_ID, NEEDED, ID_PURPOSE, NULL},
						 {"categories", M_IDS, NEEDED, ID_CATEGORY, NULL},
						 {"operation", M_ID, MAY, ID_OPERATION, NULL},
						 {"recipient_name", M_TEXT, MAY, 0, NULL},
						 {"country", M_COUNTRY, MAY, 0, NULL},
						 {"basis", M_ID, MAY, ID_BASIS, NULL},
						 END};
static const struct member notified_members[] = {
	{"matter", M_ONE_OF, NEEDED, 0, "cross-border"}, {"country", M_COUNTRY, NEEDED, 0, NULL}, END};
static const struct member particulars_members[] = {
	{"recipient_name", M_TEXT, NEEDED, 0, NULL}, {"country", M_COUNTRY, NEEDED, 0, NULL}, END};
static const struct member message_members[] = {{"channel", M_ID, NEEDED, ID_MESSAGE_CHANNEL, NULL},
						{"kind", M_ONE_OF, NEEDED, 0, "information advertising"},
						{"text", M_LONG_TEXT, NEEDED, 0, NULL},
						{"attachments", M_WORDS, MAY, 0, "link picture file"},
						{"partner", M_TEXT, MAY, 0, NULL},
						END};
static const struct member partner_members[] = {{"partner", M_TEXT, NEEDED, 0, NULL}, {"state", M_ONE_OF, NEEDED, 0, "joined ended"}, END};
static const struct member partner_consent_members[] = {
	{"partner", M_TEXT, NEEDED, 0, NULL}, {"consents", M_IDS, NEEDED, ID_CONSENT, NULL}, {"copy", M_TEXT, NEEDED, 0, NULL}, END};
static const struct member worker_members[] = {{"partner", M_TEXT, NEEDED, 0, NULL},
					       {"worker", M_TEXT, NEEDED, 0, NULL},
					       {"roles", M_WORDS, NEEDED, 0, NULL},
					       {"assurance", M_BOOL, NEEDED, 0, NULL},
					       END};
static const struct member minor_members[] = {END};
static const struct member breach_members[] = {{"subjects", M_SUBJECTS, MAY, 0, NULL},		 {"all", M_TRUE, MAY, 0, NULL},
					       {"categories", M_IDS, NEEDED, ID_CATEGORY, NULL}, {"detected", M_TIME, NEEDED, 0, NULL},
					       {"description", M_TEXT, NEEDED, 0, NULL},	 END};
static const struct member merge_members[] = {{"with", M_ID, NEEDED, ID_PURPOSE, NULL}, {"purpose", M_ID, NEEDED, ID_PURPOSE, NULL}, END};
static const struct member order_members[] = {{"reason", M_TEXT, NEEDED, 0, NULL}, {"categories", M_IDS, MAY, ID_CATEGORY, NULL}, END};

/* Contract 3: which events have a subject. */
enum has_subject { SUBJECT_NEEDED, SUBJECT_NONE, SUBJECT_DEPENDS };
static const struct {
	const struct member *members;
	enum has_subject subject;
} events[EVENT_KINDS] = {
	[EVENT_REGISTER] = {register_members, SUBJECT_NEEDED},
	[EVENT_COLLECT] = {collect_members, SUBJECT_NEEDED},
	[EVENT_CONSENT] = {consent_members, SUBJECT_NEEDED},
	[EVENT_WITHDRAW] = {withdraw_members, SUBJECT_NEEDED},
	[EVENT_MILESTONE] = {milestone_members, SUBJECT_NEEDED},
	[EVENT_OBLIGATION] = {obligation_members, SUBJECT_NEEDED},
	[EVENT_HOLD] = {hold_members, SUBJECT_NEEDED},
	[EVENT_REQUEST] = {request_members, SUBJECT_DEPENDS},
	[EVENT_EXTEND] = {extend_members, SUBJECT_DEPENDS},
	[EVENT_CLOSE] = {close_members, SUBJECT_DEPENDS},
	[EVENT_RECTIFY] = {rectify_members, SUBJECT_NEEDED},
	[EVENT_USE] = {use_members, SUBJECT_NEEDED},
	[EVENT_DISCLOSE] = {disclose_members, SUBJECT_NEEDED},
	[EVENT_AUTHORITY_NOTIFIED] = {notified_members, SUBJECT_NONE},
	[EVENT_RECIPIENT_PARTICULARS] = {particulars_members, SUBJECT_NONE},
	[EVENT_MESSAGE] = {message_members, SUBJECT_NEEDED},
	[EVENT_PARTNER] = {partner_members, SUBJECT_NONE},
	[EVENT_PARTNER_CONSENT] = {partner_consent_members, SUBJECT_NEEDED},
	[EVENT_WORKER] = {worker_members, SUBJECT_NONE},
	[EVENT_MINOR] = {minor_members, SUBJECT_NEEDED},
	[EVENT_BREACH] = {breach_members, SUBJECT_NONE},
	[EVENT_MERGE] = {merge_members, SUBJECT_NEEDED},
	[EVENT_DEPERSONALISE] = {order_members, SUBJECT_NEEDED},
	[EVENT_DESTROY] = {order_members, SUBJECT_NEEDED},
	[EVENT_SWEEP] = {minor_members, SUBJECT_NONE},
};

/* ---- checking one member ---- */

static enum saqta_status bad(struct saqta_error *why, const char *member, const char *what)
{
	return err_set(why, SAQTA_ERR_INPUT, 0, "%s: %s", member, what);
}

static bool word_in(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; *at;) {
		const char *end = strchrnul(at, ' ');

		if (len > 0 && (size_t)(end - at) == len && memcmp(at, word, len) == 0)
			return true;
		at = *end ? end + 1 : end;
	}
	return false;
}

#define SHORT_TEXT_MAX 4096

static enum saqta_status check_text(const struct member *m, const json_t *v, struct saqta_error *why)
{
	size_t len;

	if (!json_is_string(v))
		return bad(why, m->name, "must be a string");
	len = json_string_length(v);
	if (strlen(json_string_value(v)) != len)
		return bad(why, m->name, "must not contain a NUL character");
	if (m->type == M_TEXT && len == 0)
		return bad(why, m->name, "must not be empty");
	if (m->type == M_TEXT && len > SHORT_TEXT_MAX)
		return bad(why, m->name, "is longer than 4,096 bytes");
	return SAQTA_OK;
}

static enum saqta_status check_id(const struct policy *p, const struct member *m, const json_t *v, int *ret, struct saqta_error *why)
{
	static const char *const what[ID_KINDS] = {[ID_OPERATION] = "unknown operation",
						   [ID_CATEGORY] = "unknown category",
						   [ID_PURPOSE] = "unknown purpose",
						   [ID_BASIS] = "unknown basis",
						   [ID_CONSENT] = "unknown consent",
						   [ID_RECIPIENT] = "unknown recipient",
						   [ID_REQUEST_CHANNEL] = "unknown request channel",
						   [ID_MESSAGE_CHANNEL] = "unknown message channel",
						   [ID_SOURCE] = "unknown source",
						   [ID_MILESTONE] = "unknown milestone",
						   [ID_REFUSAL_REASON] = "unknown reason for a refusal",
						   [ID_TASK] = "unknown task",
						   [ID_ROLE] = "unknown role"};

	if (!json_is_string(v))
		return bad(why, m->name, "must be a string, or a list of strings where the contract says so");
	*ret = policy_find(p, m->ids, json_string_value(v));
	return *ret < 0 ? bad(why, m->name, what[m->ids]) : SAQTA_OK;
}

static enum saqta_status check_time(const struct member *m, const json_t *v, struct saqta_error *why)
{
	int64_t us;
	day_t day;

	if (json_is_string(v)) {
		if (m->type == M_TIME && instant_parse(json_string_value(v), json_string_length(v), &us))
			return SAQTA_OK;
		if (m->type == M_DATE && day_parse(json_string_value(v), json_string_length(v), &day))
			return SAQTA_OK;
	}
	return bad(why, m->name,
		   m->type == M_TIME ? "must be an RFC 3339 time with an offset, like 2026-01-05T09:00:00+05:00"
				     : "must be a date, like 1990-05-17");
}

static enum saqta_status check_list(const struct policy *p, const struct member *m, const json_t *v, struct idset *ids,
				    struct saqta_error *why)
{
	size_t i;
	json_t *item;

	if (!json_is_array(v))
		return bad(why, m->name, "must be a list");
	if (json_array_size(v) == 0)
		return bad(why, m->name, "must not be empty");
	if (json_array_size(v) > 10000)
		return bad(why, m->name, "has more than 10,000 items");
	json_array_foreach(v, i, item)
	{
		if (m->type == M_IDS) {
			int id;
			enum saqta_status r = check_id(p, m, item, &id, why);

			if (r)
				return r;
			idset_add(ids, id);
			continue;
		}
		if (!json_is_string(item) || json_string_length(item) == 0 || json_string_length(item) > EXTERNAL_ID_MAX ||
		    strlen(json_string_value(item)) != json_string_length(item))
			return bad(why, m->name, "must list non-empty strings of at most 256 bytes");
		if (m->type == M_WORDS && strchr(json_string_value(item), ' '))
			return bad(why, m->name, "an item must not contain a space");
		if (m->one_of && !word_in(m->one_of, json_string_value(item)))
			return err_set(why, SAQTA_ERR_INPUT, 0, "%s: must be among: %s", m->name, m->one_of);
	}
	return SAQTA_OK;
}

static bool is_country(const json_t *v)
{
	const char *t = json_string_value(v);

	return t && strlen(t) == 2 && t[0] >= 'A' && t[0] <= 'Z' && t[1] >= 'A' && t[1] <= 'Z';
}

static struct idset *ids_of(struct event *ev, enum id_kind kind, struct idset *other)
{
	switch (kind) {
	case ID_CATEGORY:
		return &ev->categories;
	case ID_PURPOSE:
		return &ev->purposes;
	case ID_CONSENT:
		return &ev->consents;
	case ID_OPERATION:
	case ID_BASIS:
	case ID_RECIPIENT:
	case ID_REQUEST_CHANNEL:
	case ID_MESSAGE_CHANNEL:
	case ID_SOURCE:
	case ID_MILESTONE:
	case ID_REFUSAL_REASON:
	case ID_TASK:
	case ID_ROLE:
	case ID_KINDS:
		break;
	}
	return other;
}

static enum saqta_status check_member(const struct policy *p, struct event *ev, const struct member *m, const json_t *v,
				      struct saqta_error *why)
{
	struct idset other = {{0}};
	int id;

	switch (m->type) {
	case M_TEXT:
	case M_LONG_TEXT:
		return check_text(m, v, why);
	case M_BOOL:
		return json_is_boolean(v) ? SAQTA_OK : bad(why, m->name, "must be true or false");
	case M_TRUE:
		return json_is_true(v) ? SAQTA_OK : bad(why, m->name, "must be true");
	case M_TIME:
	case M_DATE:
		return check_time(m, v, why);
	case M_OBJECT:
		return json_is_object(v) && json_object_size(v) > 0 ? SAQTA_OK
								    : bad(why, m->name, "must be an object with at least one member");
	case M_COUNTRY:
		return is_country(v) ? SAQTA_OK : bad(why, m->name, "must be an ISO 3166 code of two capital letters");
	case M_ONE_OF:
		if (json_is_string(v) && word_in(m->one_of, json_string_value(v)))
			return SAQTA_OK;
		return err_set(why, SAQTA_ERR_INPUT, 0, "%s: must be one of: %s", m->name, m->one_of);
	case M_ID: {
		enum saqta_status r = check_id(p, m, v, &id, why);

		if (!r)
			idset_add(ids_of(ev, m->ids, &other), id);
		return r;
	}
	case M_SUBJECTS:
		if (json_is_string(v) && strcmp(json_string_value(v), "all") == 0)
			return SAQTA_OK;
		return check_list(p, m, v, &other, why);
	case M_WORDS:
	case M_IDS:
		return check_list(p, m, v, ids_of(ev, m->ids, &other), why);
	}
	return bad(why, m->name, "cannot be understood");
}

/* ---- the whole event ---- */

static const struct member *find_member(const struct member *members, const char *name)
{
	for (; members->name; members++)
		if (strcmp(members->name, name) == 0)
			return members;
	return NULL;
}

/* A member's name goes into a message only if it is a plain word: a typo in a name, not a value in the wrong place. */
static enum saqta_status unknown_member(const struct event *ev, const char *name, struct saqta_error *why)
{
	bool is_plain = strlen(name) <= 32 && strspn(name, "abcdefghijklmnopqrstuvwxyz_-") == strlen(name);

	return err_set(why, SAQTA_ERR_INPUT, 0, "%s: unknown member of the event %s", is_plain ? name : "(a member)", event_name(ev->kind));
}

static bool is_common(const char *name)
{
	return strcmp(name, "event") == 0 || strcmp(name, "at") == 0 || strcmp(name, "subject") == 0 || strcmp(name, "id") == 0;
}

static bool is_expectation(const char *name)
{
	return strcmp(name, "expect") == 0 || strcmp(name, "effect") == 0 || strcmp(name, "clauses") == 0 || strcmp(name, "without") == 0;
}

static enum saqta_status check_members(const struct policy *p, enum event_use use, struct event *ev, struct saqta_error *why)
{
	const struct member *members = events[ev->kind].members;
	const char *name;
	json_t *v;
	enum saqta_status r;

	json_object_foreach(ev->root, name, v)
	{
		const struct member *m = find_member(members, name);

		if (is_common(name) || (use == EVENT_FOR_SCENARIO && is_expectation(name)))
			continue;
		if (!m)
			return unknown_member(ev, name, why);
		r = check_member(p, ev, m, v, why);
		if (r)
			return r;
	}
	for (; members->name; members++) {
		/* A question may leave the recipient of a disclosure open. */
		bool is_needed = members->is_required && (use == EVENT_FOR_APPLY || strcmp(members->name, "recipient") != 0);

		if (is_needed && !json_object_get(ev->root, members->name))
			return bad(why, members->name, "is missing");
	}
	return SAQTA_OK;
}

static enum saqta_status check_subject(struct event *ev, struct saqta_error *why)
{
	const json_t *v = json_object_get(ev->root, "subject");
	enum has_subject has = events[ev->kind].subject;

	if (ev->kind == EVENT_REQUEST) {
		const char *kind = event_text(ev, "kind");

		has = kind && strcmp(kind, "authority") == 0 ? SUBJECT_NONE : SUBJECT_NEEDED;
	}
	if (!v)
		return has == SUBJECT_NEEDED ? bad(why, "subject", "is missing") : SAQTA_OK;
	if (has == SUBJECT_NONE)
		return bad(why, "subject", "this event has no subject");
	if (!json_is_string(v) || json_string_length(v) == 0 || strlen(json_string_value(v)) != json_string_length(v))
		return bad(why, "subject", "must be a non-empty string");
	if (json_string_length(v) > EXTERNAL_ID_MAX)
		return bad(why, "subject", "is longer than 256 bytes");
	ev->subject = json_string_value(v);
	return SAQTA_OK;
}

static enum saqta_status check_common(struct event *ev, int64_t default_at_us, struct saqta_error *why)
{
	const json_t *at = json_object_get(ev->root, "at"), *id = json_object_get(ev->root, "id");

	ev->at_us = default_at_us;
	if (at && (!json_is_string(at) || !instant_parse(json_string_value(at), json_string_length(at), &ev->at_us)))
		return bad(why, "at", "must be an RFC 3339 time with an offset, like 2026-01-05T09:00:00+05:00");
	if (id && (!json_is_string(id) || json_string_length(id) == 0 || json_string_length(id) > EXTERNAL_ID_MAX))
		return bad(why, "id", "must be a non-empty string of at most 256 bytes");
	ev->id = id ? json_string_value(id) : NULL;
	return check_subject(ev, why);
}

/* What a table of single members cannot say. */
static enum saqta_status check_together(const struct event *ev, struct saqta_error *why)
{
	const json_t *root = ev->root;

	if (ev->kind == EVENT_COLLECT) {
		const json_t *encoded = json_object_get(root, "value_base64");
		size_t len;
		uint8_t *raw;

		if ((json_object_get(root, "value") != NULL) == (encoded != NULL))
			return bad(why, "value", "give either value or value_base64");
		if (encoded) {
			raw = base64_decode(json_string_value(encoded), json_string_length(encoded), &len);
			if (!raw)
				return bad(why, "value_base64", "is not standard base64 with padding");
			explicit_bzero(raw, len);
			free(raw);
		}
	}
	if (ev->kind == EVENT_MILESTONE &&
	    (json_object_get(root, "purpose") != NULL) != (strcmp(event_text(ev, "milestone"), "purpose-achieved") == 0))
		return bad(why, "purpose", "belongs to the milestone purpose-achieved, and only to it");
	if (ev->kind == EVENT_HOLD && strcmp(event_text(ev, "state"), "placed") == 0) {
		if (!json_object_get(root, "basis"))
			return bad(why, "basis", "is missing");
		if (!json_object_get(root, "reason"))
			return bad(why, "reason", "is missing");
	}
	if (ev->kind == EVENT_BREACH && (json_object_get(root, "subjects") != NULL) == (json_object_get(root, "all") != NULL))
		return bad(why, "subjects", "give either a list of subjects or all");
	return SAQTA_OK;
}

/* A question names the members of use or disclose; which of them tells the kind. */
static int question_kind(const json_t *root)
{
	const char *name = json_string_value(json_object_get(root, "event"));

	if (name)
		return event_kind_of(name);
	return json_object_get(root, "recipient") || json_object_get(root, "country") || json_object_get(root, "recipient_name")
		       ? EVENT_DISCLOSE
		       : EVENT_USE;
}

enum saqta_status event_from_json(const struct policy *p, enum event_use use, json_t *root, int64_t default_at_us, struct event *ret,
				  struct saqta_error *why)
{
	struct event ev = {.root = root};
	const json_t *name = json_object_get(root, "event");
	int kind;
	enum saqta_status r;

	if (!json_is_object(root))
		return err_set(why, SAQTA_ERR_INPUT, 0, "a line must be one JSON object");
	if (use == EVENT_FOR_APPLY) {
		if (!json_is_string(name))
			return bad(why, "event", name ? "must be a string" : "is missing");
		kind = event_kind_of(json_string_value(name));
		if (kind < 0 || kind == EVENT_SWEEP)
			return bad(why, "event", "unknown event");
	} else {
		kind = question_kind(root);
		if (kind != EVENT_USE && kind != EVENT_DISCLOSE)
			return bad(why, "event", "a question is of the kind use or disclose");
	}
	ev.kind = (enum event_kind)kind;
	r = check_members(p, use, &ev, why);
	if (!r)
		r = check_common(&ev, default_at_us, why);
	if (!r)
		r = check_together(&ev, why);
	if (r)
		return r;
	ev.root = json_incref(root);
	*ret = ev;
	return SAQTA_OK;
}

enum saqta_status event_parse(const struct policy *p, enum event_use use, const char *line, size_t len, int64_t default_at_us,
			      struct event *ret, struct saqta_error *why)
{
	json_error_t je;
	json_t *root;
	enum saqta_status r;

	if (len > EVENT_BYTES_MAX)
		return err_set(why, SAQTA_ERR_INPUT, 0, "the line is longer than 4 MiB: split the value or send it another way");
	root = json_loadb(line, len, JSON_REJECT_DUPLICATES, &je);
	if (!root) {
		const char *what = "is not valid JSON";

		switch (json_error_code(&je)) {
		case json_error_duplicate_key:
			what = "names a member twice";
			break;
		case json_error_invalid_utf8:
			what = "is not valid UTF-8";
			break;
		default:
			break;
		}
		return err_set(why, SAQTA_ERR_INPUT, 0, "the line %s (column %d)", what, je.column);
	}
	r = event_from_json(p, use, root, default_at_us, ret, why);
	json_decref(root);
	return r;
}

void event_done(struct event *ev)
{
	json_decref(ev->root);
	memset(ev, 0, sizeof(*ev));
}

const char *event_text(const struct event *ev, const char *member) { return json_string_value(json_object_get(ev->root, member)); }

bool event_flag(const struct event *ev, const char *member) { return json_is_true(json_object_get(ev->root, member)); }

int64_t event_time(const struct event *ev, const char *member)
{
	const json_t *v = json_object_get(ev->root, member);
	int64_t us;

	return v && instant_parse(json_string_value(v), json_string_length(v), &us) ? us : INSTANT_NONE;
}

char *event_words(const struct event *ev, const char *member)
{
	cleanup_(buf_done) struct buf b = {0};
	const json_t *list = json_object_get(ev->root, member);
	size_t i;
	json_t *item;

	json_array_foreach(list, i, item)
	{
		if (i > 0)
			buf_str(&b, " ");
		buf_str(&b, json_string_value(item));
	}
	return b.len > 0 && !b.failed ? strdup((const char *)b.data) : NULL;
}
