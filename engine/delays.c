/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Tasks that a partner owes (`owed-by="partner"`): what is late counts as a delay of the partner who registered the subject. */

static enum saqta_status add_delay(struct saqta_engine *e, const char *partner, int64_t at_us, struct saqta_error *err)
{
	struct fact_row *row = subject_row(&e->controller, "delays", partner);
	char count[24];

	if (!row) {
		row = subject_add_row(&e->controller);
		if (!row)
			return err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
		row->kind = text_copy("delays");
		row->key = text_copy(partner);
	}
	(void)snprintf(count, sizeof(count), "%lu", (row->value ? strtoul(row->value, NULL, 10) : 0) + 1);
	free(row->value);
	row->value = text_copy(count);
	row->at_us = at_us;
	e->controller.is_dirty = true;
	return row->kind && row->key && row->value ? SAQTA_OK : err_set(err, SAQTA_ERR_NOMEM, 0, "out of memory");
}

/* One task: is it late, is it done with, or does its term still run? */
static enum saqta_status look_at(struct saqta_engine *e, struct subject *s, struct task *t, int64_t now_us, struct saqta_error *err)
{
	const bool is_closed = t->closed_us != INSTANT_NONE;
	const bool is_late = (is_closed ? t->closed_us : now_us) > t->due_us;
	cleanup_(answer_done) struct answer a;
	enum saqta_status r;

	answer_init(&a);
	if (!is_late && !is_closed) {
		if (t->due_us < s->partner_due_us)
			s->partner_due_us = t->due_us;
		return SAQTA_OK;
	}
	t->is_partners = false;
	r = vault_put_task(&e->vault, &e->txn, t, err);
	if (r || !is_late)
		return r;
	r = add_delay(e, s->partner, now_us, err);
	if (r)
		return r;
	a.task = t->number;
	return hall_record(e, "delay", now_us, &a, &(struct entry_extra){.subject = s, .kind = t->kind}, err);
}

enum saqta_status hall_count_delays(struct saqta_engine *e, struct subject *s, int64_t now_us, struct saqta_error *err)
{
	enum saqta_status r = SAQTA_OK;

	if (now_us < s->partner_due_us)
		return SAQTA_OK;
	s->partner_due_us = INT64_MAX;
	s->is_dirty = true;
	for (size_t i = 0; !r && i < s->n_tasks; i++) {
		struct task t;

		r = vault_get_task(&e->vault, s->tasks[i], &t, err);
		if (r == SAQTA_ERR_MISSING)
			r = SAQTA_OK;
		else if (!r && t.is_partners)
			r = look_at(e, s, &t, now_us, err);
	}
	return r;
}
