/* SPDX-License-Identifier: Apache-2.0 */
/* The built-in seccomp profile (profile.def) as rules. */
#ifndef NK_SECURITY_PROFILE_H
#define NK_SECURITY_PROFILE_H

#include "base/sha256.h"
#include "security/rules.h"

/* The capabilities of a set on which the profile depends: equal answers, equal filters. */
uint64_t nk_profile_conditions(uint64_t caps);

/* The profile for these capabilities on a machine of architecture arch (SCMP_ARCH_…). */
int nk_profile_rules(struct nk_arena *a, uint64_t caps, uint32_t arch, struct nk_rules *out,
		     struct nk_err *e);

/* Everything that the built-in filters are made of goes into h. */
void nk_profile_digest(struct nk_sha256 *h);

/* Filters compiled when nook was built (the generator's output). */
struct nk_builtin_filter {
	uint64_t conditions;
	const struct sock_filter *insns;
	size_t n;
};
extern const struct nk_builtin_filter nk_builtin_filters[];
extern const size_t nk_builtin_filter_count;

#endif
