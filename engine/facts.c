/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"

#include <stdlib.h>
#include <string.h>

/* What rules may ask, from the subject's state, the event and the controller's registers. */

static void set_text(const struct policy *p, struct facts *f, enum fact_string fact, const char *text)
{
	if (text)
		f->string[fact] = policy_string(p, text);
}

/* The newest act on each scope counts; one that was given may have run out since. */
static void consent_facts(const struct policy *p, const struct subject *s, int64_t at_us, struct facts *f)
{
	struct idset seen = {{0}};

	for (size_t i = s->n_consents; i-- > 0;) {
		const struct consent_act *act = &s->consents[i];
		int id = policy_find(p, ID_CONSENT, act->scope);
		int64_t end_us;

		if (id < 0 || idset_has(&seen, id))
			continue;
		idset_add(&seen, id);
		switch (act->kind) {
		case CONSENT_GIVEN:
		case CONSENT_VOUCHED:
			end_us = policy_consent_end(p, id, act->at_us);
			if (end_us != INSTANT_NONE && at_us >= end_us)
				idset_add(&f->set[F_LAPSED], id);
			else
				idset_add(&f->set[F_CONSENT], id);
			if (idset_has(&f->set[F_CONSENT], id) && act->version && strcmp(act->version, policy_version(p)) == 0)
				idset_add(&f->set[F_CURRENT_CONSENT], id);
			break;
		case CONSENT_WITHDRAWN:
		case CONSENT_ENDED:
			idset_add(&f->set[F_WITHDRAWN], id);
			break;
		case CONSENT_LAPSED:
			idset_add(&f->set[F_LAPSED], id);
			break;
		}
	}
}

/* A partner's word for a scope holds until that scope is withdrawn or lapses. */
static void partner_consent_facts(const struct policy *p, const struct subject *s, const char *partner, int64_t at_us, struct facts *f)
{
	struct idset over = {{0}};

	for (size_t i = s->n_consents; i-- > 0;) {
		const struct consent_act *act = &s->consents[i];
		int id = policy_find(p, ID_CONSENT, act->scope);

		if (id < 0 || idset_has(&over, id))
			continue;
		if (act->kind == CONSENT_VOUCHED && act->partner && strcmp(act->partner, partner) == 0) {
			int64_t end_us = policy_consent_end(p, id, act->at_us);

			if (end_us == INSTANT_NONE || at_us < end_us)
				idset_add(&f->set[F_PARTNER_CONSENT], id);
		} else if (act->kind != CONSENT_GIVEN && act->kind != CONSENT_VOUCHED) {
			idset_add(&over, id);
		}
	}
}

void hall_subject_facts(const struct saqta_engine *e, const struct subject *s, int64_t at_us, struct facts *f)
{
	const struct policy *p = e->policy;

	set_text(p, f, F_STATE, subject_state(s));
	consent_facts(p, s, at_us, f);
	f->flag[F_OBLIGATIONS_OPEN] = subject_has_open_obligation(s);
	f->flag[F_RECORDS_HELD] = s->n_records > 0;
	if (s->has_birth)
		f->number[F_AGE] = day_years_between(s->birth, zone_day(policy_zone(p), at_us));
	for (size_t i = 0; i < s->n_milestones; i++) {
		int id = policy_find(p, ID_MILESTONE, s->milestones[i].id);

		if (id >= 0)
			idset_add(&f->set[F_REACHED], id);
	}
}

static size_t code_points(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static bool row_key_text(struct buf *b, const char *a, const char *c)
{
	buf_clear(b);
	buf_str(b, a);
	buf_str(b, "/");
	buf_str(b, c);
	return !b->failed;
}

/* The row is the partner's word, `assured` or `unassured`, and then the roles. Roles that no rule knows say nothing. */
static void worker_facts(const struct policy *p, const struct fact_row *row, struct facts *f)
{
	const char *roles = row ? strchr(row->value, ' ') : NULL;

	f->flag[F_WORKER_ASSURED] = roles && strncmp(row->value, "assured ", strlen("assured ")) == 0;
	for (int id = 0; roles && id < policy_id_count(p, ID_ROLE); id++)
		if (text_lists(roles + 1, policy_name(p, ID_ROLE, id)))
			idset_add(&f->set[F_ROLE], id);
}

static void partner_facts(struct saqta_engine *e, const struct event *ev, const struct subject *s, struct facts *f)
{
	const char *partner = event_text(ev, "partner"), *worker = event_text(ev, "worker");
	cleanup_(buf_done) struct buf key = {0};
	const struct fact_row *row;

	f->flag[F_PARTNER_GIVEN] = partner != NULL;
	f->flag[F_WORKER_GIVEN] = worker != NULL;
	f->flag[F_ASSURANCE] = event_flag(ev, "assurance");
	if (!partner)
		return;
	row = subject_row(&e->controller, "partner", partner);
	set_text(e->policy, f, F_PARTNER_STATE, row ? row->value : "unknown");
	row = subject_row(&e->controller, "delays", partner);
	f->number[F_PARTNER_DELAYS] = row ? strtod(row->value, NULL) : 0;
	if (s)
		partner_consent_facts(e->policy, s, partner, ev->at_us, f);
	if (worker && row_key_text(&key, partner, worker)) {
		row = subject_row(&e->controller, "worker", (const char *)key.data);
		worker_facts(e->policy, row, f);
	}
}

static void disclosure_facts(struct saqta_engine *e, const struct event *ev, struct facts *f)
{
	const char *country = event_text(ev, "country"), *name = event_text(ev, "recipient_name");
	cleanup_(buf_done) struct buf key = {0};

	if (!country)
		return;
	f->flag[F_AUTHORITY_NOTIFIED] = subject_row(&e->controller, "notified", country) != NULL;
	if (name && row_key_text(&key, country, name))
		f->flag[F_PARTICULARS_OBTAINED] = subject_row(&e->controller, "particulars", (const char *)key.data) != NULL;
}

static void attachment_facts(const struct event *ev, struct facts *f)
{
	static const char *const names[] = {"link", "picture", "file"};
	const json_t *list = json_object_get(ev->root, "attachments");
	size_t i;
	json_t *item;

	json_array_foreach(list, i, item) for (int k = 0; k < 3; k++) if (strcmp(json_string_value(item), names[k]) == 0)
		idset_add(&f->set[F_ATTACHMENT], k);
}

/* Members that are facts under their own name. */
static const struct {
	const char *member;
	enum fact_string fact;
} strings[] = {
	{"operation", F_OPERATION}, {"purpose", F_PURPOSE},    {"with", F_WITH},     {"basis", F_BASIS},
	{"recipient", F_RECIPIENT}, {"country", F_COUNTRY},    {"source", F_SOURCE}, {"channel", F_CHANNEL},
	{"form", F_FORM},	    {"kind", F_KIND},	       {"by", F_BY},	     {"reason", F_REASON},
	{"result", F_RESULT},	    {"state", F_MEMBER_STATE}, {"matter", F_MATTER}, {"milestone", F_MILESTONE},
};

/* The operation that an event asks for, where it does not name one. */
static const char *default_operation(enum event_kind kind)
{
	switch (kind) {
	case EVENT_COLLECT:
		return "collect";
	case EVENT_RECTIFY:
		return "clarify";
	case EVENT_USE:
		return "use";
	case EVENT_DISCLOSE:
		return "provide";
	case EVENT_MERGE:
		return "merge";
	case EVENT_DEPERSONALISE:
		return "depersonalise";
	default:
		return "record";
	}
}

static void set_operation(const struct policy *p, const struct event *ev, struct facts *f)
{
	const char *operation = event_text(ev, "operation");

	if (!operation)
		operation = default_operation(ev->kind);
	f->operation = policy_find(p, ID_OPERATION, operation);
	set_text(p, f, F_OPERATION, operation);
	if (event_text(ev, "purpose"))
		f->purpose = policy_find(p, ID_PURPOSE, event_text(ev, "purpose"));
	if (event_text(ev, "recipient"))
		f->recipient = policy_find(p, ID_RECIPIENT, event_text(ev, "recipient"));
	if (ev->kind == EVENT_DISCLOSE && !event_text(ev, "country"))
		set_text(p, f, F_COUNTRY, policy_country(p));
	if (!event_text(ev, "basis"))
		set_text(p, f, F_BASIS, "consent");
}

void hall_facts(struct saqta_engine *e, const struct event *ev, const struct subject *s, struct facts *f)
{
	const struct policy *p = e->policy;
	day_t birth;

	facts_init(f);
	set_text(p, f, F_EVENT, event_name(ev->kind));
	set_text(p, f, F_STATE, ev->subject ? "unknown" : "none");
	if (s)
		hall_subject_facts(e, s, ev->at_us, f);
	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		set_text(p, f, strings[i].fact, event_text(ev, strings[i].member));
	set_operation(p, ev, f);
	f->flag[F_IDENTITY_CHECKED] = event_flag(ev, "identity_checked");
	f->flag[F_EVIDENCE_GIVEN] = json_object_get(ev->root, "evidence") != NULL;
	f->set[F_CATEGORY] = ev->categories;
	f->set[F_NAMED_CONSENT] = ev->consents;
	if (event_text(ev, "text"))
		f->number[F_TEXT_LENGTH] = (double)code_points(event_text(ev, "text"));
	if (event_text(ev, "birth_date") && day_parse(event_text(ev, "birth_date"), strlen(event_text(ev, "birth_date")), &birth))
		f->number[F_AGE] = day_years_between(birth, zone_day(policy_zone(p), ev->at_us));
	partner_facts(e, ev, s, f);
	disclosure_facts(e, ev, f);
	attachment_facts(ev, f);
}

/* By what the missing consent ended, if it ever was. */
static void cite_consent(const struct saqta_engine *e, const struct subject *s, int consent, int64_t at_us, struct answer *a)
{
	const struct consent_act *act = subject_consent(s, policy_name(e->policy, ID_CONSENT, consent));

	if (!act)
		return;
	if (act->kind == CONSENT_GIVEN || act->kind == CONSENT_VOUCHED) {
		int64_t end_us = policy_consent_end(e->policy, consent, act->at_us);

		if (end_us != INSTANT_NONE && at_us >= end_us)
			answer_rule(a, e->policy, policy_consent(e->policy, consent)->lapse_rule);
		return;
	}
	answer_clauses(a, act->clauses);
}

bool hall_decide(struct saqta_engine *e, const struct subject *s, struct facts *f, int64_t at_us, struct answer *a, struct decision *d)
{
	policy_decide(e->policy, f, at_us, d);
	for (unsigned i = 0; i < d->n; i++) {
		const struct say *say = &d->says[i];

		if (say->cites_stop && s)
			answer_clauses(a, s->stop_clauses);
		answer_rule(a, e->policy, say->rule);
		if (say->why == SAY_NEEDS_CONSENT && s)
			cite_consent(e, s, say->consent, at_us, a);
	}
	return d->permit;
}
