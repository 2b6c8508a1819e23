/* SPDX-License-Identifier: Apache-2.0 */
#include "step/step.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#define FIRST_STEPS 384
#define FIRST_SLOTS 128

static struct nk_step spare; /* where writes go once memory has run out */

void nk_plan_init(struct nk_plan *p, struct nk_arena *arena)
{
	*p = (struct nk_plan){.arena = arena, .n_slots = NK_SLOT_FIRST_FREE};
	/* Room for a whole start at once: growing would copy it several times. */
	p->steps.v = nk_alloc(arena, FIRST_STEPS * sizeof(*p->steps.v));
	p->steps.cap = p->steps.v ? FIRST_STEPS : 0;
	p->slot_name = nk_alloc(arena, FIRST_SLOTS * sizeof(*p->slot_name));
	p->slots_cap = p->slot_name ? FIRST_SLOTS : 0;
	if (!p->slot_name)
		return;
	p->slot_name[NK_SLOT_SOCKET] = "socket";
	p->slot_name[NK_SLOT_PID] = "init_pid";
	p->slot_name[NK_SLOT_PIDFD] = "init_pidfd";
	p->slot_name[NK_SLOT_MIDDLE_PID] = "middle_pid";
	p->slot_name[NK_SLOT_MIDDLE_PIDFD] = "middle_pidfd";
	p->slot_name[NK_SLOT_PEER] = "peer";
	p->slot_name[NK_SLOT_START] = "start";
	p->slot_name[NK_SLOT_WAITING] = "waiting";
}

static bool more_slots(struct nk_plan *p)
{
	int cap = p->slots_cap * 2;
	const char **names = nk_alloc(p->arena, (size_t)cap * sizeof(*names));

	if (!names || !p->slots_cap)
		return false;
	memcpy(names, p->slot_name, (size_t)p->n_slots * sizeof(*names));
	p->slot_name = names;
	p->slots_cap = cap;
	return true;
}

int nk_plan_slot(struct nk_plan *p, const char *name)
{
	if (p->n_slots >= NK_SLOT_MAX || (p->n_slots >= p->slots_cap && !more_slots(p))) {
		p->arena->failed = true;
		return p->n_slots - 1;
	}
	p->slot_name[p->n_slots] = nk_strdup(p->arena, name);
	return p->n_slots++;
}

/* Most words are fixed, or made by the caller already: those are not copied again. */
static const char *words(struct nk_arena *a, const char *fmt, va_list ap)
{
	if (fmt[0] == '%' && fmt[1] == 's' && !fmt[2])
		return va_arg(ap, const char *);
	return strchr(fmt, '%') ? nk_vfmt(a, fmt, ap) : fmt;
}

struct nk_step *nk_plan_add(struct nk_plan *p, enum nk_op op, const char *why_fmt, ...)
{
	struct nk_step *s = NK_PUSH(p->arena, &p->steps);
	va_list ap;

	if (!s)
		s = &spare;
	va_start(ap, why_fmt);
	*s = (struct nk_step){
		.op = op,
		.actor = p->actor,
		.topic = p->topic,
		.out = NK_NOFD,
		.fd = {NK_NOFD, NK_NOFD},
		.undo_of = -1,
		.why = words(p->arena, why_fmt, ap),
	};
	va_end(ap);
	return s;
}

struct nk_step *nk_plan_last(struct nk_plan *p)
{
	return p->steps.n ? &p->steps.v[p->steps.n - 1] : &spare;
}
