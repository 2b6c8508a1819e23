/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/oci_devices.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "cgroup/device_bpf.h"

#define RULE(type, major, minor, access)                 \
	{                                                \
		true, (type), (major), (minor), (access) \
	}

/* Making a node of any kind is the business of CAP_MKNOD; using it is what counts. */
static const struct nk_device_rule always[] = {
	RULE('c', -1, -1, NK_DEV_MKNOD), RULE('b', -1, -1, NK_DEV_MKNOD),
	RULE('c', 1, 3, NK_DEV_ALL),	/* null */
	RULE('c', 1, 8, NK_DEV_ALL),	/* random */
	RULE('c', 1, 7, NK_DEV_ALL),	/* full */
	RULE('c', 5, 0, NK_DEV_ALL),	/* tty */
	RULE('c', 1, 5, NK_DEV_ALL),	/* zero */
	RULE('c', 1, 9, NK_DEV_ALL),	/* urandom */
	RULE('c', 5, 1, NK_DEV_ALL),	/* console */
	RULE('c', 136, -1, NK_DEV_ALL), /* pts/N */
	RULE('c', 5, 2, NK_DEV_ALL),	/* ptmx */
};

static void add_rule(struct nk_arena *a, struct nk_cg_devices *d, const struct nk_device_rule *r)
{
	/* For all devices: whatever was said before is void. */
	if (r->type == 'a') {
		d->allow = r->allow;
		d->rules.n = 0;
		return;
	}
	struct nk_device_rule *new = NK_PUSH(a, &d->rules);
	if (new)
		*new = *r;
}

int nk_cg_devices(struct nk_arena *a, const struct nk_oci_resources *r, struct nk_cg_devices *d,
		  struct nk_err *e)
{
	*d = (struct nk_cg_devices){0};
	for (size_t i = 0; i < r->devices.n; i++)
		add_rule(a, d, &r->devices.v[i]);
	for (size_t i = 0; i < NK_COUNT(always); i++)
		add_rule(a, d, &always[i]);
	return nk_arena_ok(a, e);
}

bool nk_cg_devices_free(const struct nk_cg_devices *d)
{
	for (size_t i = 0; i < d->rules.n; i++)
		if (!d->rules.v[i].allow)
			return false;
	return d->allow;
}

static bool covers(int64_t wide, int64_t narrow)
{
	return wide < 0 || wide == narrow;
}

static bool overlap(int64_t x, int64_t y)
{
	return x < 0 || y < 0 || x == y;
}

static const char *line_of(struct nk_arena *a, const struct nk_device_rule *r)
{
	return nk_fmt(a, "%c %s:%s %s%s%s", r->type, nk_device_number(a, r->major),
		      nk_device_number(a, r->minor), r->access & NK_DEV_READ ? "r" : "",
		      r->access & NK_DEV_WRITE ? "w" : "", r->access & NK_DEV_MKNOD ? "m" : "");
}

/*
 * A rule that goes back to the default takes its ways of use from the exceptions that it covers;
 * one that it covers in part only cannot be split.
 */
static int take_back(struct nk_arena *a, struct nk_cg_devices *out, const struct nk_device_rule *r,
		     struct nk_err *e)
{
	for (size_t i = 0; i < out->rules.n; i++) {
		struct nk_device_rule *x = &out->rules.v[i];

		if (x->type != r->type || !(x->access & r->access) ||
		    !overlap(x->major, r->major) || !overlap(x->minor, r->minor))
			continue;
		if (!covers(r->major, x->major) || !covers(r->minor, x->minor)) {
			nk_fail(e, 0,
				"linux.resources.devices: \"%s %s\" takes a part out of \"%s %s\", "
				"which cgroup v1 cannot do",
				r->allow ? "allow" : "deny", line_of(a, r),
				x->allow ? "allow" : "deny", line_of(a, x));
			return nk_hint(e, "write the rule for all devices, then what differs");
		}
		x->access &= ~r->access;
	}
	return 0;
}

int nk_cg_devices_v1(struct nk_arena *a, const struct nk_cg_devices *d, const struct nk_cg_group *g,
		     struct nk_cg_writes *writes, struct nk_err *e)
{
	struct nk_cg_devices out = {.allow = d->allow};

	for (size_t i = 0; i < d->rules.n; i++) {
		const struct nk_device_rule *r = &d->rules.v[i];
		int ret = 0;

		if (r->allow != d->allow)
			add_rule(a, &out, r);
		else
			ret = take_back(a, &out, r, e);
		if (ret < 0)
			return ret;
	}
	const char *files[] = {"devices.deny", "devices.allow"};
	struct nk_cg_write *w = NK_PUSH(a, writes);
	if (w)
		*w = (struct nk_cg_write){g,
					  files[d->allow],
					  "a",
					  d->allow ? "all devices but these:"
						   : "no device but these:",
					  "the group above allows less",
					  0};
	for (size_t i = 0; i < out.rules.n; i++) {
		w = out.rules.v[i].access ? NK_PUSH(a, writes) : NULL;
		if (w)
			*w = (struct nk_cg_write){g,
						  files[!d->allow],
						  line_of(a, &out.rules.v[i]),
						  d->allow ? "may not be used" : "may be used",
						  "the group above allows less",
						  0};
	}
	return nk_arena_ok(a, e);
}

static int access_bits(unsigned access)
{
	return nk_device_bpf_access(access & NK_DEV_READ, access & NK_DEV_WRITE,
				    access & NK_DEV_MKNOD);
}

enum { RULE_MAX = 9 };

/*
 * One rule, later ones before it: ACCESS has the ways that are still undecided. A rule that denies
 * one of them ends with no; one that allows takes its ways away, and when none is left, it is yes.
 */
static size_t rule_program(struct bpf_insn *out, const struct nk_device_rule *r)
{
	int bits = access_bits(r->access);
	size_t n = nk_device_bpf_match(out, r->type, r->major, r->minor);

	if (r->allow) {
		out[n++] = (struct bpf_insn)AND(ACCESS, 7 & ~bits);
		out[n++] = (struct bpf_insn)SKIP_UNLESS(ACCESS, 0);
	} else {
		out[n++] = (struct bpf_insn)MOV(REST, ACCESS);
		out[n++] = (struct bpf_insn)AND(REST, bits);
		out[n++] = (struct bpf_insn)SKIP_IF(REST, 0);
	}
	out[n++] = (struct bpf_insn)SET(BPF_REG_0, r->allow);
	out[n++] = (struct bpf_insn)EXIT;
	nk_device_bpf_mend(out, n);
	return n;
}

const struct bpf_insn *nk_cg_devices_program(struct nk_arena *a, const struct nk_cg_devices *d,
					     size_t *count)
{
	const struct bpf_insn tail[] = {SET(BPF_REG_0, d->allow), EXIT};
	size_t n = NK_COUNT(nk_device_bpf_head);
	struct bpf_insn *p = nk_alloc(a, (n + NK_COUNT(tail) + d->rules.n * RULE_MAX) * sizeof(*p));

	*count = 0;
	if (!p)
		return NULL;
	memcpy(p, nk_device_bpf_head, sizeof(nk_device_bpf_head));
	for (size_t i = d->rules.n; i-- > 0;)
		n += rule_program(p + n, &d->rules.v[i]);
	memcpy(p + n, tail, sizeof(tail));
	*count = n + NK_COUNT(tail);
	return p;
}
