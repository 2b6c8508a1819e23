/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses that somebody else leases (DHCP), noted where all are. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "net/lease_file.h"

int nk_net_lease_ips(struct nk_net_store *s, struct nk_arena *a, const char *network,
		     const char *id, const char *ifname, const struct nk_ips *ips, struct nk_err *e)
{
	struct nk_net_leases lines = {0};
	_close_ int lock = nk_net_lease_lock(s, network, e);
	int rc = lock < 0 ? lock : nk_net_leases_read(s, a, network, &lines, &lines, e);

	for (size_t i = 0; rc >= 0 && i < lines.n; i++)
		if (!strcmp(lines.v[i].id, id) && !strcmp(lines.v[i].ifname, ifname))
			lines.v[i].ips = *ips;
	return rc < 0 ? rc : nk_net_leases_write(s, a, network, &lines, e);
}
