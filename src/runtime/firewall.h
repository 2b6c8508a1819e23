/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The firewall of a running container: its words are kept beside its state, in
 * STATE/containers/NAME/firewall, one a line, from the first change on (until then they are those
 * of its spec); the kernel has them as table inet nook of the container's network namespace. Both
 * change under a lock of that directory, the kernel in one transaction.
 */
#ifndef NK_RUNTIME_FIREWALL_H
#define NK_RUNTIME_FIREWALL_H

#include "net/inside.h"
#include "plan/net.h"
#include "state/state.h"

struct nk_firewall {
	struct nk_fw_rules rules;
	struct nk_fw_policy policy;
	bool any; /* there is a table: a rule was given, a default changed, or --egress */

	const struct nk_state_record *record;
	struct nk_inside inside;
	int dir_fd; /* the container's state directory, locked */
};
void nk_firewall_close(struct nk_firewall *f);
#define _firewall_ __attribute__((cleanup(nk_firewall_close)))

/*
 * The words of container r; locked until closed, against other changes. Refused where the network
 * is not the container's own, or where it may change the rules itself (CAP_NET_ADMIN).
 */
int nk_firewall_open(struct nk_state *st, struct nk_arena *a, const struct nk_state_record *r,
		     struct nk_firewall *f, struct nk_err *e);

/* Put them into the kernel and on disk. When it fails both are as before. */
int nk_firewall_commit(struct nk_arena *a, struct nk_firewall *f, struct nk_err *e);

/*
 * Has the kernel what the words say? Read back and compared with what the same words become in
 * an empty namespace. 0 or -errno with what is wrong.
 */
int nk_firewall_check(struct nk_arena *a, const struct nk_firewall *f, struct nk_err *e);

/* Whether raw frames pass by the rules: the container has CAP_NET_RAW. */
bool nk_firewall_leaks(const struct nk_firewall *f);

#endif
