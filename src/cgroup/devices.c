/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/devices.h"

#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "cgroup/device_bpf.h"
#include "cgroup/settings.h"

/*
 * The nodes of every container's /dev, and mknod of any kind of node: making
 * one is the business of CAP_MKNOD, using it is what counts.
 */
static const struct nk_cg_device_rule always[] = {
	{'c', -1, -1, "m"},    {'b', -1, -1, "m"}, {'c', 1, 3, "rwm"}, /* null */
	{'c', 1, 5, "rwm"},					       /* zero */
	{'c', 1, 7, "rwm"},					       /* full */
	{'c', 1, 8, "rwm"},					       /* random */
	{'c', 1, 9, "rwm"},					       /* urandom */
	{'c', 5, 0, "rwm"},					       /* tty */
	{'c', 5, 2, "rwm"},					       /* ptmx */
	{'c', 136, -1, "rwm"},					       /* pts/N, also as console */
};

bool nk_cgroup_devices_needed(const struct nk_spec *spec)
{
	return nk_cgroup_wanted(spec) & NK_CG_BIT(NK_CG_DEVICES);
}

void nk_cgroup_device_rules(struct nk_arena *a, const struct nk_spec *spec,
			    struct nk_cg_device_rules *rules)
{
	for (size_t i = 0; i < NK_COUNT(always); i++) {
		struct nk_cg_device_rule *r = NK_PUSH(a, rules);
		if (r)
			*r = always[i];
	}
	for (size_t i = 0; i < spec->devices.n; i++) {
		const struct nk_device_spec *d = &spec->devices.v[i];
		struct nk_cg_device_rule *r = NK_PUSH(a, rules);
		if (r)
			*r = (struct nk_cg_device_rule){S_ISBLK(d->type) ? 'b' : 'c', d->major,
							d->minor, d->access ? d->access : "rwm"};
	}
}

const char *nk_cgroup_device_line(struct nk_arena *a, const struct nk_cg_device_rule *r)
{
	return nk_fmt(a, "%c %s:%s %s", r->type, nk_device_number(a, r->major),
		      nk_device_number(a, r->minor), r->access);
}

static int access_bits(const char *access)
{
	return nk_device_bpf_access(strchr(access, 'r'), strchr(access, 'w'), strchr(access, 'm'));
}

/*
 * A rule: skip to the next unless type and numbers are equal and no other
 * access is wanted than the rule gives; else answer 1.
 */
static size_t rule_program(struct bpf_insn *out, const struct nk_cg_device_rule *r)
{
	size_t n = nk_device_bpf_match(out, r->type, r->major, r->minor);

	out[n++] = (struct bpf_insn)MOV(REST, ACCESS);
	out[n++] = (struct bpf_insn)AND(REST, 7 & ~access_bits(r->access));
	out[n++] = (struct bpf_insn)SKIP_UNLESS(REST, 0);
	out[n++] = (struct bpf_insn)SET(BPF_REG_0, 1);
	out[n++] = (struct bpf_insn)EXIT;
	nk_device_bpf_mend(out, n);
	return n;
}

const struct bpf_insn *
nk_cgroup_device_program(struct nk_arena *a, const struct nk_cg_device_rules *rules, size_t *count)
{
	static const struct bpf_insn tail[] = {SET(BPF_REG_0, 0), EXIT};
	const size_t rule_max = 8;
	struct bpf_insn *p =
		nk_alloc(a, (NK_COUNT(nk_device_bpf_head) + NK_COUNT(tail) + rules->n * rule_max) *
				    sizeof(*p));
	size_t n = NK_COUNT(nk_device_bpf_head);

	*count = 0;
	if (!p)
		return NULL;
	memcpy(p, nk_device_bpf_head, sizeof(nk_device_bpf_head));
	for (size_t i = 0; i < rules->n; i++)
		n += rule_program(p + n, &rules->v[i]);
	memcpy(p + n, tail, sizeof(tail));
	*count = n + NK_COUNT(tail);
	return p;
}
