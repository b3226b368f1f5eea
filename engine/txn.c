/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"

#include <string.h>

int64_t hall_now(const struct saqta_engine *e) { return e->fixed_now_us != INSTANT_NONE ? e->fixed_now_us : instant_now(); }

enum saqta_status hall_begin(struct saqta_engine *e, struct saqta_error *err)
{
	if (e->is_broken)
		return err_set(err, SAQTA_ERR_CLOSED, 0,
			       "closed after a doubtful failure: run again, so that the vault is reopened and verified");
	if (e->is_reader)
		return err_set(err, SAQTA_ERR_ARGUMENT, 0, "the vault is open for reading only");
	return e->txn.db ? SAQTA_OK : db_txn_begin(&e->txn, e->vault.db, err);
}

static enum saqta_status flush_one(struct saqta_engine *e, struct subject *s, struct saqta_error *err)
{
	return s->is_dirty ? vault_save(&e->vault, &e->txn, s, err) : SAQTA_OK;
}

enum saqta_status hall_flush(struct saqta_engine *e, struct saqta_error *err)
{
	enum saqta_status r = SAQTA_OK;

	if (e->has_current)
		r = flush_one(e, &e->current, err);
	return r ? r : flush_one(e, &e->controller, err);
}

static void forget_current(struct saqta_engine *e)
{
	subject_done(&e->current);
	e->has_current = false;
}

void hall_abort(struct saqta_engine *e)
{
	struct saqta_error ignored;

	db_txn_end(&e->txn);
	keystore_cancel(e->vault.keys);
	forget_current(e);
	buf_clear(&e->answers);
	e->has_destroyed = false;
	/* What cannot be read again cannot be trusted: (10). */
	if (vault_reload(&e->vault, &ignored) || audit_log_reload(e->log, &ignored) ||
	    vault_load(&e->vault, vault_controller_id, &e->controller, &ignored))
		e->is_broken = true;
}

enum saqta_status hall_commit(struct saqta_engine *e, struct saqta_error *err)
{
	enum saqta_status r;

	if (!e->txn.db)
		return SAQTA_OK;
	r = hall_flush(e, err);
	/* A new subject's key is durable before the row that it sealed. */
	if (!r)
		r = keystore_flush(e->vault.keys, err);
	if (!r)
		r = db_txn_commit(&e->txn, err);
	if (r) {
		hall_abort(e);
		return r;
	}
	/* Destruction is reported only after the key is gone. */
	if (e->has_destroyed) {
		e->has_destroyed = false;
		r = vault_destroy_keys(&e->vault, err);
	}
	return r;
}

enum saqta_status hall_checkpoint(struct saqta_engine *e, struct saqta_error *err)
{
	cleanup_(buf_done) struct buf old = {0}, note = {0};
	struct audit_head head;
	enum saqta_status r;

	if (e->is_memory)
		return SAQTA_OK;
	audit_log_head(e->log, &head);
	r = audit_checkpoint_sign(&e->signer, &head, &note, err);
	if (r)
		return r;
	r = audit_guard_read(e->guard_path, &old, err);
	if (r && r != SAQTA_ERR_MISSING)
		return r;
	return audit_guard_write(e->guard_path, r == SAQTA_ERR_MISSING ? NULL : &old, &note, err);
}

/* ---- the subject at hand ---- */

enum saqta_status hall_subject_by_id(struct saqta_engine *e, const uint8_t id[SUBJECT_ID_SIZE], struct subject **ret,
				     struct saqta_error *err)
{
	enum saqta_status r;

	if (memcmp(id, vault_controller_id, SUBJECT_ID_SIZE) == 0) {
		*ret = &e->controller;
		return SAQTA_OK;
	}
	if (e->has_current && memcmp(e->current.id, id, SUBJECT_ID_SIZE) == 0) {
		*ret = &e->current;
		return SAQTA_OK;
	}
	if (e->has_current && e->current.is_dirty) {
		r = flush_one(e, &e->current, err);
		if (r)
			return r;
	}
	forget_current(e);
	r = vault_load(&e->vault, id, &e->current, err);
	if (r)
		return r;
	e->has_current = true;
	*ret = &e->current;
	return SAQTA_OK;
}

enum saqta_status hall_subject(struct saqta_engine *e, const char *external_id, struct subject **ret, struct saqta_error *err)
{
	uint8_t id[SUBJECT_ID_SIZE];
	enum saqta_status r;

	if (e->has_current && e->current.external_id && strcmp(e->current.external_id, external_id) == 0) {
		*ret = &e->current;
		return SAQTA_OK;
	}
	r = vault_find(&e->vault, external_id, id, err);
	if (r)
		return r;
	r = hall_subject_by_id(e, id, ret, err);
	if (r == SAQTA_ERR_MISSING)
		return err_set(err, SAQTA_ERR_TAMPERED, 0, "a look-up row leads to no subject");
	return r;
}

/* ---- when the sweep must look ---- */

void hall_reached(const struct saqta_engine *e, const struct subject *s, int64_t *reached, int64_t *achieved)
{
	const struct policy *p = e->policy;

	for (int i = 0; i < POLICY_SET_BITS; i++) {
		reached[i] = INSTANT_NONE;
		achieved[i] = INSTANT_NONE;
	}
	for (size_t i = 0; i < s->n_milestones; i++) {
		const struct milestone *m = &s->milestones[i];
		int id = policy_find(p, ID_MILESTONE, m->id);
		int purpose = m->purpose ? policy_find(p, ID_PURPOSE, m->purpose) : -1;

		if (id >= 0 && m->at_us > reached[id])
			reached[id] = m->at_us;
		if (purpose >= 0 && m->at_us > achieved[purpose])
			achieved[purpose] = m->at_us;
	}
}

static int64_t earliest_consent_end(const struct saqta_engine *e, const struct subject *s)
{
	int64_t earliest = INT64_MAX;

	for (size_t i = 0; i < s->n_consents; i++) {
		const struct consent_act *act = &s->consents[i];
		int id = policy_find(e->policy, ID_CONSENT, act->scope);
		int64_t end_us;

		if (id < 0 || (act->kind != CONSENT_GIVEN && act->kind != CONSENT_VOUCHED) || subject_consent(s, act->scope) != act)
			continue;
		end_us = policy_consent_end(e->policy, id, act->at_us);
		if (end_us != INSTANT_NONE && end_us < earliest)
			earliest = end_us;
	}
	return earliest;
}

enum saqta_status hall_schedule(struct saqta_engine *e, struct subject *s, bool is_exact, struct saqta_error *err)
{
	int64_t reached[POLICY_SET_BITS], achieved[POLICY_SET_BITS];
	struct retention_subject rs = {
		.registered_us = s->registered_us, .newest_collected_us = s->newest_collected_us, .reached_us = reached};
	struct retention_record whole = {.is_subject = true, .category = -1, .achieved_us = achieved};
	struct retention ret;
	int64_t at_us = s->records_check_us;

	if (s == &e->controller || s->is_depersonalised)
		return vault_set_check(&e->vault, &e->txn, s, INT64_MAX, err);
	hall_reached(e, s, reached, achieved);
	policy_retention(e->policy, &rs, &whole, hall_now(e), &ret);
	if (ret.has_end && ret.ripe_us < at_us)
		at_us = ret.ripe_us;
	if (s->is_stopped && s->stopped_us < at_us)
		at_us = s->stopped_us;
	if (s->partner_due_us < at_us)
		at_us = s->partner_due_us;
	for (size_t i = 0; i < s->n_orders; i++)
		if (s->orders[i].at_us < at_us)
			at_us = s->orders[i].at_us;
	if (earliest_consent_end(e, s) < at_us)
		at_us = earliest_consent_end(e, s);
	/* Looking early costs little and the sweep then moves on; looking late would miss a term. */
	if (!is_exact && s->check_at_us != INSTANT_NONE && at_us > s->check_at_us)
		return SAQTA_OK;
	return vault_set_check(&e->vault, &e->txn, s, at_us, err);
}
