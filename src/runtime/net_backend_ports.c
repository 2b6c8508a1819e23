/* SPDX-License-Identifier: Apache-2.0 */
/* Ports of the host that are published without rules of the kernel's. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runtime/net.h"
#include "runtime/net_backend.h"

union address {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
};

static unsigned first_free(void)
{
	_fclose_ FILE *f = fopen("/proc/sys/net/ipv4/ip_unprivileged_port_start", "re");
	unsigned n;

	return f && fscanf(f, "%u", &n) == 1 ? n : 1024;
}

static int told(struct nk_state *st, struct nk_arena *a, const union address *at, unsigned port,
		const char *proto, int err, struct nk_err *e)
{
	struct nk_step step = {.op = NK_OP_BIND,
			       .why = nk_fmt(a, "port %u/%s of this machine", port, proto),
			       .p = {at}};
	const struct nk_plan plan = {.steps = {.v = &step, .n = 1}};

	nk_fail(e, err, "%s", step.why);
	if (err == EACCES) {
		unsigned start = first_free();
		return nk_hint(e,
			       "ports below %u are root's: -p %u:…, or as root: sysctl "
			       "net.ipv4.ip_unprivileged_port_start=%u",
			       start, port < 1024 ? port + 8000 : start, port);
	}
	/* As the words of a step that binds in a plan. */
	e->step = 1;
	nk_net_explain_port(st, a, &plan, e);
	e->step = 0;
	return -e->err;
}

static int bind_one(struct nk_state *st, struct nk_arena *a, const struct nk_port *p,
		    unsigned number, int family, struct nk_err *e)
{
	const char *proto = p->proto == NK_UDP ? "udp" : "tcp";
	union address at = {.any.sa_family = (sa_family_t)family};
	socklen_t size = family == AF_INET ? sizeof(at.four) : sizeof(at.six);
	int one = 1;

	if (family == AF_INET) {
		at.four.sin_port = htons((uint16_t)number);
		memcpy(&at.four.sin_addr, p->host.a, 4);
	} else {
		at.six.sin6_port = htons((uint16_t)number);
		memcpy(&at.six.sin6_addr, p->host.a, 16);
	}
	_close_ int fd =
		socket(family, (p->proto == NK_UDP ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return nk_fail(e, errno, "a socket for port %u/%s", number, proto);
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (p->proto == NK_TCP)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, &at.any, size) || (p->proto == NK_TCP && listen(fd, SOMAXCONN)))
		return told(st, a, &at, number, proto, errno, e);
	return nk_take_fd(&fd);
}

static bool wants(const struct nk_port *p, int family, bool ip6)
{
	if (p->host.family)
		return p->host.family == family;
	return family == AF_INET || ip6;
}

size_t nk_net_ports_sockets(const struct nk_ports *ports, bool ip6)
{
	size_t n = 0;

	for (size_t i = 0; i < ports->n; i++)
		n += ports->v[i].count * ((size_t)wants(&ports->v[i], AF_INET, ip6) +
					  (size_t)wants(&ports->v[i], AF_INET6, ip6));
	return n;
}

int nk_net_bind_ports(struct nk_state *st, struct nk_arena *a, const struct nk_ports *ports,
		      bool ip6, int *fds, struct nk_err *e)
{
	static const int families[] = {AF_INET, AF_INET6};
	size_t n = 0;

	for (size_t i = 0; i < ports->n; i++)
		for (unsigned k = 0; k < ports->v[i].count * NK_COUNT(families); k++) {
			const struct nk_port *p = &ports->v[i];
			int family = families[k % NK_COUNT(families)];

			if (!wants(p, family, ip6))
				continue;
			int fd = bind_one(st, a, p, p->host_port + k / NK_COUNT(families), family,
					  e);
			if (fd < 0) {
				while (fds && n)
					close(fds[--n]);
				return fd;
			}
			if (fds)
				fds[n++] = fd;
			else
				close(fd);
		}
	return 0;
}
