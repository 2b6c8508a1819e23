/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets that others can reach: listening ones and, for UDP, bound ones. */
#ifndef NK_NS_SOCKETS_H
#define NK_NS_SOCKETS_H

#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"

struct nk_ns_socket {
	const char *proto;   /* "tcp", "tcp6", "udp", "udp6", "unix" */
	const char *address; /* "0.0.0.0", "::"; unix: a path, "@name" for an abstract one */
	uint16_t port;	     /* 0 for unix */
	uid_t uid;	     /* its user, as our user namespace sees it; not for unix */
	uint64_t inode;
};
struct nk_ns_sockets {
	NK_VEC(struct nk_ns_socket);
};

/* The text of /proc/PID/net/PROTO, PROTO being one of the five. Wrong lines are left out. */
void nk_ns_sockets_parse(struct nk_arena *a, const char *proto, const char *text,
			 struct nk_ns_sockets *out);

/* "10.0.0.1:80", "[::]:80", the name of a unix one. */
const char *nk_ns_socket_words(struct nk_arena *a, const struct nk_ns_socket *s);

#endif
