/* SPDX-License-Identifier: Apache-2.0 */
/* process.scheduler, ioPriority and execCPUAffinity. */
#include <linux/sched.h>

#include "oci/config_read.h"

/* clang-format off */
static const struct nk_word policies[] = {
	{"SCHED_OTHER", SCHED_NORMAL}, {"SCHED_FIFO", SCHED_FIFO}, {"SCHED_RR", SCHED_RR},
	{"SCHED_BATCH", SCHED_BATCH}, {"SCHED_ISO", 4 /* reserved, in no kernel yet */},
	{"SCHED_IDLE", SCHED_IDLE}, {"SCHED_DEADLINE", SCHED_DEADLINE},
	{},
};
static const struct nk_word flags[] = {
	{"SCHED_FLAG_RESET_ON_FORK", 0x01}, {"SCHED_FLAG_RECLAIM", 0x02},
	{"SCHED_FLAG_DL_OVERRUN", 0x04}, {"SCHED_FLAG_KEEP_POLICY", 0x08},
	{"SCHED_FLAG_KEEP_PARAMS", 0x10}, {"SCHED_FLAG_UTIL_CLAMP_MIN", 0x20},
	{"SCHED_FLAG_UTIL_CLAMP_MAX", 0x40},
	{},
};
static const struct nk_word io_classes[] = {
	{"IOPRIO_CLASS_RT", 1}, {"IOPRIO_CLASS_BE", 2}, {"IOPRIO_CLASS_IDLE", 3},
	{},
};
/* clang-format on */

static void check(struct nk_json_in *in, const struct nk_oci_scheduler *s)
{
	bool realtime = s->policy == SCHED_FIFO || s->policy == SCHED_RR;

	if (s->policy == 4)
		nk_json_bad(in, "policy", "SCHED_ISO: Linux has never had this policy");
	if (s->priority && !realtime)
		nk_json_bad(in, "priority", "only SCHED_FIFO and SCHED_RR have one");
	if (realtime && s->priority < 1)
		nk_json_bad(in, "priority", "SCHED_FIFO and SCHED_RR need one from 1 to 99");
	if (s->policy != SCHED_DEADLINE && (s->runtime || s->deadline || s->period))
		nk_json_bad(in, "runtime", "runtime, deadline and period belong to SCHED_DEADLINE");
	if (s->policy == SCHED_DEADLINE &&
	    (s->runtime > s->deadline || (s->period && s->deadline > s->period)))
		nk_json_bad(in, "runtime", "SCHED_DEADLINE needs runtime <= deadline <= period");
	if (s->flags & 0x60)
		nk_json_bad(in, "flags", "there is no field for the values of a utilization clamp");
}

static void read_scheduler(struct nk_json_in *in, struct json_object *p, struct nk_oci_scheduler *s)
{
	_json_at_ struct nk_json_at o = nk_json_enter(in, p, "scheduler", json_type_object);
	uint64_t policy = 0;

	if (!o.o)
		return;
	s->set = true;
	if (nk_config_need_word(in, o.o, "policy", policies, &policy))
		s->policy = (uint32_t)policy;
	s->nice = (int32_t)nk_json_get_int(in, o.o, "nice", -20, 19, 0);
	s->priority = (int32_t)nk_json_get_int(in, o.o, "priority", 0, 99, 0);
	s->flags = nk_config_flags(in, o.o, "flags", flags);
	s->runtime = nk_json_get_uint(in, o.o, "runtime", INT64_MAX, 0);
	s->deadline = nk_json_get_uint(in, o.o, "deadline", INT64_MAX, 0);
	s->period = nk_json_get_uint(in, o.o, "period", INT64_MAX, 0);
	check(in, s);
}

static void read_io(struct nk_json_in *in, struct json_object *p, struct nk_oci_process *to)
{
	_json_at_ struct nk_json_at o = nk_json_enter(in, p, "ioPriority", json_type_object);
	uint64_t class = 0;

	if (!o.o)
		return;
	nk_config_need_word(in, o.o, "class", io_classes, &class);
	to->has_ioprio = true;
	to->ioprio = (int)(class << 13) | (int)nk_json_get_int(in, o.o, "priority", 0, 7, 0);
}

void nk_config_sched(struct nk_json_in *in, struct json_object *p, struct nk_config *c)
{
	read_scheduler(in, p, &c->process.scheduler);
	read_io(in, p, &c->process);

	_json_at_ struct nk_json_at o = nk_json_enter(in, p, "execCPUAffinity", json_type_object);

	c->process.affinity_initial = nk_config_cpulist(in, o.o, "initial", NK_MASK_MAX);
	c->process.affinity_final = nk_config_cpulist(in, o.o, "final", NK_MASK_MAX);
}
