/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The networks of this nook: ROOT/networks/NAME.json, one file each, written atomically; made,
 * listed and removed under the lock ROOT/networks/.lock, which is never held while a container
 * starts. What dies with a reboot lies in STATE/net (src/net/lease.h).
 */
#ifndef NK_NET_STORE_H
#define NK_NET_STORE_H

#include "oci/net_spec.h"

#define NK_NET_DEFAULT "nook" /* made when first used */

struct nk_net_store {
	const char *root;  /* ROOT/networks */
	const char *state; /* STATE/net */
	int fd, state_fd;  /* both open */
	int starts_fd;	   /* nk_net_starts_lock(), or -1 */
	bool dry; /* nothing is written: a network that would be made is told as it would be */
};

/* root, state: nook's own directories (struct nk_cli's). Makes what is missing, 0700. */
int nk_net_store_open(struct nk_net_store *s, struct nk_arena *a, const char *root,
		      const char *state, struct nk_err *e);
void nk_net_store_close(struct nk_net_store *s);
#define _net_store_ __attribute__((cleanup(nk_net_store_close)))

/*
 * Between what a start finds of bridges and rules and what it makes of it, nobody takes them away,
 * and nobody else makes them: starts share STATE/net/starts.lock, who makes or takes away has it
 * alone (a second call changes which). Until nk_net_starts_done() or the store is closed.
 */
int nk_net_starts_lock(struct nk_net_store *s, bool alone, struct nk_err *e);
void nk_net_starts_done(struct nk_net_store *s);

/* 0, or -EINVAL with the rule in the hint. */
int nk_net_check_name(const char *name, struct nk_err *e);

/*
 * By name or unique beginning of the id. The default network is made when it is asked for and
 * not there yet. -ENOENT with a hint.
 */
int nk_net_find(struct nk_net_store *s, struct nk_arena *a, const char *name, struct nk_network *n,
		struct nk_err *e);
/* Is there a definition of that name? False with errno. */
bool nk_net_is_defined(const struct nk_net_store *s, struct nk_arena *a, const char *name);
/* Those that can be read; the rest is told in list->broken and keeps nobody from the others. */
int nk_net_list(struct nk_net_store *s, struct nk_arena *a, struct nk_networks *list,
		struct nk_err *e);

/* --opt k=v with the keys of Docker's and Podman's drivers -> members of *n; unknown ones are
 * refused. */
int nk_net_options(struct nk_network *n, struct nk_err *e);

/*
 * Complete *n (id, bridge's name, what its options say, subnets where none are given: free ones,
 * which collide with no route, address or other network of this machine), check it and keep it.
 * Every fault of the definition is told here: overlap (with what), gateway or range outside, mtu,
 * name taken. ipv6: a subnet of IPv6 is wanted as well.
 */
int nk_net_create(struct nk_net_store *s, struct nk_arena *a, struct nk_network *n, bool ipv6,
		  struct nk_err *e);
/* -EBUSY while a container has a card on it: who, in the message. */
int nk_net_check_unused(struct nk_net_store *s, struct nk_arena *a, const struct nk_network *n,
			struct nk_err *e);
/* The same, unless force, and away with it. The kernel's objects are the caller's
 * (src/runtime/net.h), and go first: who is killed half way leaves nothing that nobody knows. */
int nk_net_remove(struct nk_net_store *s, struct nk_arena *a, const struct nk_network *n,
		  bool force, struct nk_err *e);

/* "bridge", "macvlan", "ipvlan"; "host-local", "dhcp", "none". */
const char *nk_net_driver_name(enum nk_net_driver driver);
const char *nk_ipam_name(enum nk_ipam ipam);
int nk_net_driver_by_name(const char *name, enum nk_net_driver *driver, struct nk_err *e);
int nk_ipam_by_name(const char *name, enum nk_ipam *ipam, struct nk_err *e);

/*
 * As JSON, for the file and for `nook network inspect` (the fields of Podman): the members of an
 * object that is open.
 */
struct nk_json_out;
void nk_net_write(struct nk_json_out *out, const struct nk_network *n);
int nk_net_read(struct nk_arena *a, const char *text, size_t size, struct nk_network *n,
		struct nk_err *e);

#endif
