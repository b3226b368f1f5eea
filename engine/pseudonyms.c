/* SPDX-License-Identifier: Apache-2.0 */
#include "pseudonyms.h"

#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 1024

void pseudonyms_done(struct pseudonyms *p)
{
	free(p->slots);
	*p = (struct pseudonyms){0};
}

static struct pseudonym_slot *slot(struct pseudonym_slot *slots, size_t cap, const uint8_t name[PSEUDONYM_SIZE])
{
	size_t at;

	memcpy(&at, name, sizeof(at));
	for (at &= cap - 1; slots[at].is_used && memcmp(slots[at].name, name, PSEUDONYM_SIZE) != 0;)
		at = (at + 1) & (cap - 1);
	return &slots[at];
}

static bool grow(struct pseudonyms *p)
{
	size_t cap = p->cap ? p->cap * 2 : FIRST_CAP;
	struct pseudonym_slot *slots = calloc(cap, sizeof(*slots));

	if (!slots)
		return false;
	for (size_t i = 0; i < p->cap; i++)
		if (p->slots[i].is_used)
			*slot(slots, cap, p->slots[i].name) = p->slots[i];
	free(p->slots);
	p->slots = slots;
	p->cap = cap;
	return true;
}

uint64_t *pseudonyms_put(struct pseudonyms *p, const uint8_t name[PSEUDONYM_SIZE])
{
	struct pseudonym_slot *s;

	if (p->n * 2 >= p->cap && !grow(p))
		return NULL;
	s = slot(p->slots, p->cap, name);
	if (!s->is_used) {
		memcpy(s->name, name, PSEUDONYM_SIZE);
		s->is_used = true;
		p->n++;
	}
	return &s->value;
}

uint64_t *pseudonyms_get(const struct pseudonyms *p, const uint8_t name[PSEUDONYM_SIZE])
{
	struct pseudonym_slot *s = p->n > 0 ? slot(p->slots, p->cap, name) : NULL;

	return s && s->is_used ? &s->value : NULL;
}

bool pseudonym_of(const json_t *entry, uint8_t ret[PSEUDONYM_SIZE])
{
	const char *hex = json_string_value(json_object_get(entry, "subject"));

	return hex && strlen(hex) == (size_t)2 * PSEUDONYM_SIZE && hex_decode(hex, (size_t)2 * PSEUDONYM_SIZE, ret);
}
