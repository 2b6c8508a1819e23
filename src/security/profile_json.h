/* SPDX-License-Identifier: Apache-2.0 */
/* Seccomp profiles in JSON: Docker's format and the runtime-spec's linux.seccomp. */
#ifndef NK_SECURITY_PROFILE_JSON_H
#define NK_SECURITY_PROFILE_JSON_H

#include "security/rules.h"

#define NK_PROFILE_MAX_BYTES (1024 * 1024)

/* What the conditions (includes, excludes) of a profile are held against. */
struct nk_profile_host {
	uint64_t caps; /* the container's bounding set */
	uint32_t arch; /* SCMP_ARCH_… */
	unsigned kernel_major, kernel_minor;
};

/*
 * Read a profile of n bytes. Every key is checked, those of rules that do not
 * apply here too; errors name the key: "syscalls[3].args[0].op: …".
 */
int nk_profile_parse(struct nk_arena *a, const char *text, size_t n,
		     const struct nk_profile_host *host, struct nk_rules *out, struct nk_err *e);

#endif
