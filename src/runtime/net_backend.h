/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network of an ordinary user (plan/net_backend.c): which program carries it, what that
 * program knows, and whether it can work here.
 */
#ifndef NK_RUNTIME_NET_BACKEND_H
#define NK_RUNTIME_NET_BACKEND_H

#include "oci/spec.h"
#include "state/state.h"
#include "plan/net.h"

/*
 * Choose spec->net.backend and fill what belongs to it. want: NK_NET_BACKEND_NONE lets nook choose
 * (pasta, slirp4netns, or nothing, which is told in *notices), else that one or an error with a
 * hint. Free host ports are chosen, taken and forbidden ones refused. state: STATE/net, where the
 * facts about pasta are kept (made when missing). st tells who has a port. 0 or -errno.
 */
int nk_net_backend_choose(struct nk_state *st, struct nk_arena *a, const char *state,
			  struct nk_spec *spec, enum nk_net_backend want, struct nk_strv *notices,
			  struct nk_err *e);

/* Why /dev/net/tun cannot be opened by this user, or NULL; *mend: what to do about it. */
const char *nk_net_tun_fault(const char **mend);

/* What a program says of itself (stdout and stderr), at most size - 1 bytes. 0 or -errno. */
int nk_net_program_says(const char *path, const char *option, char *buf, size_t size);

/*
 * Sockets bound to each of these ports of this machine, listening where they are TCP, in *fds
 * (as many as nk_net_ports_sockets()), or closed again with fds NULL. Who has one that is taken and
 * which this user may not have is told. 0 or -errno.
 */
int nk_net_bind_ports(struct nk_state *st, struct nk_arena *a, const struct nk_ports *ports,
		      bool ip6, int *fds, struct nk_err *e);
size_t nk_net_ports_sockets(const struct nk_ports *ports, bool ip6);

#endif
