/* SPDX-License-Identifier: Apache-2.0 */
#include "security/profile.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/cleanup.h"

#define BIT(cap) (UINT64_C(1) << (cap))

enum { always = -1 };

struct group {
	int cap;
	const char *calls;
};

static const struct group groups[] = {
#define CALLS(need, names) {need, names},
#include "security/profile.def"
#undef CALLS
};

/*
 * Stricter than Docker's, per call and in every ABI:
 * AF_ALG and AF_VSOCK reach the host's kernel crypto and the hypervisor past all
 * namespaces. 32-bit socketcall(SYS_SOCKET) hides the family behind a pointer, so
 * it goes altogether (Podman 2026-123876); socket() itself works in 32 bits.
 * TIOCSTI and TIOCLINUX type into the terminal that nook was called from
 * (bubblewrap CVE-2017-5226, LXC CVE-2016-10124).
 */
static const struct nk_guard guards[] = {
	{"socket", 0, AF_ALG}, {"socket", 0, AF_VSOCK}, {"socketcall", 0, 1 /* SYS_SOCKET */},
	{"ioctl", 1, TIOCSTI}, {"ioctl", 1, TIOCLINUX},
};

/* personality(2): Linux, 32-bit, UNAME26, both, and asking. */
static const uint32_t personalities[] = {0, 0x8, 0x20000, 0x20008, 0xffffffff};

#define NAMESPACES                                                                             \
	((uint64_t)(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | \
		    CLONE_NEWNET | CLONE_NEWCGROUP))

uint64_t nk_profile_conditions(uint64_t caps)
{
	uint64_t matter = 0;

	for (size_t i = 0; i < NK_COUNT(groups); i++)
		if (groups[i].cap != always)
			matter |= BIT(groups[i].cap);
	return caps & matter;
}

static void add_group(struct nk_arena *a, struct nk_rules *r, const char *calls)
{
	char *words = nk_strdup(a, calls), *save = NULL;

	for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save))
		nk_rules_add(a, r, w);
}

/* The kernel reads 32 bits of these arguments, so only those are compared. */
static void add_masked(struct nk_arena *a, struct nk_rules *r, const char *call, uint64_t mask,
		       uint64_t value)
{
	struct nk_rule *rule = nk_rules_add(a, r, call);

	if (!rule)
		return;
	rule->n_args = 1;
	rule->args[0] = (struct scmp_arg_cmp){
		.arg = 0, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
}

int nk_profile_rules(struct nk_arena *a, uint64_t caps, uint32_t arch, struct nk_rules *out,
		     struct nk_err *e)
{
	*out = (struct nk_rules){
		.default_action = SCMP_ACT_ERRNO(EPERM), .native = arch, .new_is_enosys = true};
	out->n_compat = nk_arch_compat(arch, out->compat);
	for (size_t i = 0; i < NK_COUNT(groups); i++)
		if (groups[i].cap == always || (caps & BIT(groups[i].cap)))
			add_group(a, out, groups[i].calls);
	for (size_t i = 0; i < NK_COUNT(personalities); i++)
		add_masked(a, out, "personality", UINT32_MAX, personalities[i]);
	if (!(caps & BIT(CAP_SYS_ADMIN))) {
		add_masked(a, out, "clone", NAMESPACES, 0);
		/* Its flags are behind a pointer; glibc falls back to clone on ENOSYS. */
		struct nk_rule *clone3 = nk_rules_add(a, out, "clone3");
		if (clone3)
			clone3->action = SCMP_ACT_ERRNO(ENOSYS);
	}
	for (size_t i = 0; i < NK_COUNT(guards); i++) {
		struct nk_guard *g = NK_PUSH(a, &out->guards);
		if (g)
			*g = guards[i];
	}
	return nk_arena_ok(a, e);
}

void nk_profile_digest(struct nk_sha256 *h)
{
	for (size_t i = 0; i < NK_COUNT(groups); i++) {
		nk_sha256_add(h, &groups[i].cap, sizeof(groups[i].cap));
		nk_sha256_add_string(h, groups[i].calls);
	}
	for (size_t i = 0; i < NK_COUNT(guards); i++) {
		nk_sha256_add_string(h, guards[i].call);
		nk_sha256_add(h, &guards[i].arg, sizeof(guards[i].arg));
		nk_sha256_add(h, &guards[i].value, sizeof(guards[i].value));
	}
	nk_sha256_add(h, personalities, sizeof(personalities));
}
