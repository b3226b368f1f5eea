/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/lint_case.h"
#include "policy/load.h"

#include <string.h>

/* Contract 3 as far as conditions see it: what each event can carry. */

#define E(name) (UINT32_C(1) << EVENT_##name)
#define ALL_EVENTS ((UINT32_C(1) << EVENT_KINDS) - 1)
#define NO_SUBJECT (E(AUTHORITY_NOTIFIED) | E(RECIPIENT_PARTICULARS) | E(PARTNER) | E(WORKER) | E(BREACH) | E(SWEEP))
#define OF_SUBJECT (ALL_EVENTS & ~NO_SUBJECT)
#define OF_PARTNER (E(REGISTER) | E(COLLECT) | E(MESSAGE) | E(PARTNER) | E(PARTNER_CONSENT) | E(WORKER))
#define NAMES_CATEGORIES (E(USE) | E(DISCLOSE) | E(REQUEST) | E(HOLD) | E(BREACH) | E(DEPERSONALISE) | E(DESTROY))
#define ANY "*"

/* Words, ids of a kind (words NULL), or any text at all. */
static const struct {
	unsigned text;
	uint32_t events;
	const char *words;
	enum id_kind kind;
} members[] = {
	/* Of operations the first of an event is the one that it means unless it names another. */
	{F_OPERATION, E(USE), "use", 0},
	{F_OPERATION, E(DISCLOSE), "provide", 0},
	{F_OPERATION, E(USE) | E(DISCLOSE), NULL, ID_OPERATION},
	{F_OPERATION, E(COLLECT), "collect", 0},
	{F_OPERATION, E(RECTIFY), "clarify", 0},
	{F_OPERATION, E(MERGE), "merge", 0},
	{F_OPERATION, E(DEPERSONALISE), "depersonalise", 0},
	{F_OPERATION, ALL_EVENTS & ~(E(USE) | E(DISCLOSE) | E(COLLECT) | E(RECTIFY) | E(MERGE) | E(DEPERSONALISE)), "record", 0},
	{F_PURPOSE, E(COLLECT) | E(USE) | E(DISCLOSE) | E(MERGE) | E(MILESTONE), NULL, ID_PURPOSE},
	{F_WITH, E(MERGE), NULL, ID_PURPOSE},
	{F_BASIS, E(USE) | E(DISCLOSE) | E(HOLD), NULL, ID_BASIS},
	{F_BASIS, ALL_EVENTS & ~(E(USE) | E(DISCLOSE) | E(HOLD)), "consent", 0},
	{F_RECIPIENT, E(DISCLOSE), NULL, ID_RECIPIENT},
	{F_COUNTRY, E(DISCLOSE) | E(AUTHORITY_NOTIFIED) | E(RECIPIENT_PARTICULARS), ANY, 0},
	{F_SOURCE, E(COLLECT), NULL, ID_SOURCE},
	{F_CHANNEL, E(WITHDRAW) | E(REQUEST), NULL, ID_REQUEST_CHANNEL},
	{F_CHANNEL, E(MESSAGE), NULL, ID_MESSAGE_CHANNEL},
	{F_FORM, E(WITHDRAW), "written oral", 0},
	{F_KIND, E(REQUEST), "access rectify erase block stop complaint objection authority", 0},
	{F_KIND, E(MESSAGE), "information advertising", 0},
	{F_BY, E(REQUEST), "subject representative authority", 0},
	{F_REASON, E(REQUEST), "inaccurate incomplete outdated unlawful unnecessary other", 0},
	{F_REASON, E(CLOSE), NULL, ID_REFUSAL_REASON},
	{F_REASON, E(HOLD) | E(EXTEND) | E(DEPERSONALISE) | E(DESTROY), ANY, 0},
	{F_RESULT, E(CLOSE), "confirmed not-confirmed answered refused", 0},
	{F_STATE, OF_SUBJECT & ~E(REGISTER), "active blocked stopped unknown depersonalised destroyed", 0},
	{F_STATE, E(REGISTER), "unknown", 0},
	{F_STATE, NO_SUBJECT | E(REQUEST) | E(EXTEND) | E(CLOSE), "none", 0},
	{F_MEMBER_STATE, E(OBLIGATION), "open closed", 0},
	{F_MEMBER_STATE, E(HOLD), "placed lifted", 0},
	{F_MEMBER_STATE, E(PARTNER), "joined ended", 0},
	{F_MATTER, E(AUTHORITY_NOTIFIED), "cross-border", 0},
	{F_MILESTONE, E(MILESTONE), NULL, ID_MILESTONE},
	{F_REQUEST_KIND, E(CLOSE) | E(EXTEND), "access rectify erase block stop complaint objection authority", 0},
	{F_REQUEST_REASON, E(CLOSE) | E(EXTEND), "inaccurate incomplete outdated unlawful unnecessary other", 0},
	{F_PARTNER_STATE, OF_PARTNER, "joined ended unknown", 0},
	{TEXT_CATEGORY, NAMES_CATEGORIES | E(COLLECT) | E(RECTIFY), NULL, ID_CATEGORY},
	{TEXT_CATEGORY_TOO, NAMES_CATEGORIES, NULL, ID_CATEGORY},
};

static bool lists(const char *words, const char *word)
{
	const char *item;
	size_t len;

	while (word_next(&words, &item, &len))
		if (word_is(item, len, word))
			return true;
	return false;
}

bool world_has(const struct policy *p, enum event_kind event, unsigned text, int32_t string)
{
	const char *word = string > 0 && string < p->n_strings ? p->strings[string] : NULL;

	/* These two are never missing. */
	if (text == F_EVENT)
		return word && !strcmp(word, event_name(event));
	if (string == 0)
		return text != F_STATE;
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		if (members[i].text != text || !(members[i].events >> event & 1))
			continue;
		if (members[i].words && !strcmp(members[i].words, ANY))
			return true;
		if (!word)
			continue;
		if (members[i].words ? lists(members[i].words, word) : policy_find(p, members[i].kind, word) >= 0)
			return true;
	}
	return false;
}

const char *world_operation(enum event_kind event)
{
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		if (members[i].text == F_OPERATION && members[i].words && members[i].events >> event & 1)
			return members[i].words;
	return "";
}

static const uint32_t flags[F_FLAGS] = {
	[F_DISCLOSURE] = ALL_EVENTS,
	[F_IDENTITY_CHECKED] = E(REQUEST),
	[F_OBLIGATIONS_OPEN] = OF_SUBJECT & ~E(REGISTER),
	[F_PURPOSE_DECLARED] = ALL_EVENTS,
	[F_CATEGORIES_DECLARED] = ALL_EVENTS,
	[F_AUTHORITY_NOTIFIED] = E(DISCLOSE) | E(AUTHORITY_NOTIFIED) | E(RECIPIENT_PARTICULARS),
	[F_PARTICULARS_OBTAINED] = E(DISCLOSE) | E(AUTHORITY_NOTIFIED) | E(RECIPIENT_PARTICULARS),
	[F_PARTNER_GIVEN] = OF_PARTNER,
	[F_WORKER_GIVEN] = E(REGISTER) | E(COLLECT) | E(WORKER),
	[F_WORKER_ASSURED] = E(REGISTER) | E(COLLECT) | E(WORKER),
	[F_ASSURANCE] = E(WORKER),
	[F_EVIDENCE_GIVEN] = E(REGISTER) | E(CONSENT),
	[F_RECORDS_HELD] = OF_SUBJECT & ~E(REGISTER),
};
static const uint32_t numbers[F_NUMBERS] = {
	[F_AGE] = OF_SUBJECT,
	[F_TEXT_LENGTH] = E(MESSAGE),
	[F_CATEGORY_COUNT] = ALL_EVENTS,
	[F_PARTNER_DELAYS] = OF_PARTNER,
};
static const uint32_t sets[F_SETS] = {
	[F_CONSENT] = OF_SUBJECT & ~E(REGISTER),
	[F_WITHDRAWN] = OF_SUBJECT & ~E(REGISTER),
	[F_LAPSED] = OF_SUBJECT & ~E(REGISTER),
	[F_PARTNER_CONSENT] = OF_PARTNER & OF_SUBJECT & ~E(REGISTER),
	[F_NAMED_CONSENT] = E(CONSENT) | E(WITHDRAW) | E(PARTNER_CONSENT),
	[F_ATTACHMENT] = E(MESSAGE),
	[F_ROLE] = E(REGISTER) | E(COLLECT) | E(WORKER),
	[F_REACHED] = OF_SUBJECT & ~E(REGISTER),
};

bool world_sets(enum event_kind event, unsigned var)
{
	uint32_t events;

	if (var < VAR_NUMBER)
		events = flags[var - VAR_FLAG];
	else if (var < VAR_BIT)
		events = numbers[var - VAR_NUMBER];
	else
		events = sets[(var - VAR_BIT) / POLICY_SET_BITS];
	return events >> event & 1;
}
