/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets of another network namespace. A socket belongs to the namespace in which it was opened,
 * whoever uses it: so nothing of ours has to stay there.
 */
#ifndef NK_NET_INSIDE_H
#define NK_NET_INSIDE_H

#include <stdint.h>

#include "oci/net_spec.h"

struct nk_inside_socket {
	int family, type, protocol; /* socket(2); closed on exec in any case */
	struct nk_ip bind;	    /* family 0: not bound */
	uint16_t port;
	bool listen; /* bound and listening */
};

enum { NK_INSIDE_MAX = 8 };

/* Namespaces, open: network, and the users that it belongs to. Given back by _done. */
struct nk_inside {
	int net_fd, user_fd; /* user_fd -1: our own users */
};
#define NK_INSIDE_NONE ((struct nk_inside){-EBADF, -EBADF})
void nk_inside_done(struct nk_inside *in);
#define _inside_ __attribute__((cleanup(nk_inside_done)))

/* Those of a process. -ESRCH, -EPERM, … */
int nk_inside_of(int pid, struct nk_inside *in, struct nk_err *e);

/*
 * Open n sockets there -> fds. Root goes there and comes back; who needs the rights of the other
 * users first does it in a child, which sends them. 0 or -errno: none is open.
 */
int nk_inside_sockets(const struct nk_inside *in, const struct nk_inside_socket *want, size_t n,
		      int *fds, struct nk_err *e);

/* The same in a new, empty network namespace, which lives as long as they. */
int nk_inside_new(const struct nk_inside_socket *want, size_t n, int *fds, struct nk_err *e);

#endif
