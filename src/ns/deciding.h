/* SPDX-License-Identifier: Apache-2.0 */
/* Between can_decide.c and can_process.c: a verdict in the making. */
#ifndef NK_NS_DECIDING_H
#define NK_NS_DECIDING_H

#include "ns/can.h"

struct nk_deciding {
	struct nk_arena *a;
	const struct nk_can_action *action;
	const struct nk_can_facts *f;
	struct nk_can_verdict *v;
};

/* "you have", "process 12 (sh) has". */
const char *nk_deciding_says(const struct nk_deciding *d, const char *you, const char *others);

/* How a capability in the namespace that the chain begins with is had, or why it is not. */
const char *nk_deciding_cap(const struct nk_deciding *d, const struct nk_userns_chain *chain,
			    enum nk_can_how how, const char *cap);

void nk_deciding_end(struct nk_deciding *d, bool may, const struct nk_userns_chain *chain, int cap,
		     const char *cap_name, const char *why);

bool nk_can_had(enum nk_can_how how);
/* who is in the target's namespace of this kind. */
bool nk_can_member(const struct nk_can_facts *f, enum nk_ns_kind k);

void nk_can_kill(struct nk_deciding *d);
void nk_can_trace(struct nk_deciding *d);
void nk_can_cgroup(struct nk_deciding *d);

#endif
