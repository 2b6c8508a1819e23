/* SPDX-License-Identifier: Apache-2.0 */
/* The file of leases, line by line. Inside src/net only. */
#ifndef NK_NET_LEASE_FILE_H
#define NK_NET_LEASE_FILE_H

#include "net/lease.h"

/* All lines, by whether their owner lives; dead may be NULL. Without a lock: the file is whole. */
int nk_net_leases_read(struct nk_net_store *s, struct nk_arena *a, const char *network,
		       struct nk_net_leases *alive, struct nk_net_leases *dead, struct nk_err *e);
/* With the lock. */
int nk_net_leases_write(struct nk_net_store *s, struct nk_arena *a, const char *network,
			const struct nk_net_leases *leases, struct nk_err *e);

/* All that STATE/net keeps of a network, for one that is no longer defined. With the lock. */
void nk_net_leases_remove(struct nk_net_store *s, const char *network);

/* One line (with its newline) and back: 0, -EINVAL when it is none. */
const char *nk_net_lease_line(struct nk_arena *a, const struct nk_net_lease *l);
int nk_net_lease_parse(struct nk_arena *a, const char *line, size_t len, struct nk_net_lease *l);

#endif
