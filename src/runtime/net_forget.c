/* SPDX-License-Identifier: Apache-2.0 */
/* UDP knows no end of a connection: the kernel goes on as it began, whoever has the port now. */
#include <sys/socket.h>

#include "base/cleanup.h"
#include "runtime/net.h"
#include "sys/conntrack.h"
#include "sys/nft.h"

static bool any_udp(const struct nk_ports *ports)
{
	for (size_t i = 0; i < ports->n; i++)
		if (ports->v[i].proto == NK_UDP)
			return true;
	return false;
}

void nk_net_forget_waiting(struct nk_arena *a, const struct nk_ports *ports)
{
	struct nk_err ignored;

	if (!any_udp(ports))
		return;
	_close_ int fd = nk_nft_open(&ignored);
	for (size_t i = 0; fd >= 0 && i < ports->n; i++) {
		const struct nk_port *p = &ports->v[i];
		uint16_t last = (uint16_t)(p->host_port + p->count - 1);

		if (p->proto != NK_UDP)
			continue;
		if (p->host.family != AF_INET6)
			nk_ct_forget_ports(fd, a, AF_INET, p->host_port, last, &ignored);
		if (p->host.family != AF_INET)
			nk_ct_forget_ports(fd, a, AF_INET6, p->host_port, last, &ignored);
	}
}

void nk_net_forget_answers(struct nk_arena *a, const struct nk_ports *ports,
			   const struct nk_ips *ips)
{
	struct nk_err ignored;

	if (!any_udp(ports))
		return;
	_close_ int fd = nk_nft_open(&ignored);
	for (size_t i = 0; fd >= 0 && i < ips->n; i++)
		nk_ct_forget_answers(fd, a, &ips->v[i], &ignored);
}
