/* SPDX-License-Identifier: Apache-2.0 */
/* Published ports: free ones, who has one that is taken, and what nook-netd serves. */
#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "net/netd.h"
#include "ns/sockets.h"
#include "oci/ip.h"
#include "runtime/net.h"

union address {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
};

static uint16_t port_of(const union address *at)
{
	return ntohs(at->any.sa_family == AF_INET ? at->four.sin_port : at->six.sin6_port);
}

static const char *proto_name(bool udp)
{
	return udp ? "udp" : "tcp";
}

/* ---- free ones ---- */

/* Bound to a port that the kernel chooses; both families at once where both are wanted. */
static int bind_free(const struct nk_port *p, bool ip6, uint16_t *port, struct nk_err *e)
{
	bool six = p->host.family ? p->host.family == AF_INET6 : ip6;
	union address at = {.any.sa_family = six ? AF_INET6 : AF_INET};
	socklen_t size = six ? sizeof(at.six) : sizeof(at.four);
	char text[NK_IP_TEXT];
	int off = 0;

	if (six)
		memcpy(&at.six.sin6_addr, p->host.a, 16);
	else
		memcpy(&at.four.sin_addr, p->host.a, 4);
	_close_ int fd = socket(at.any.sa_family,
				(p->proto == NK_UDP ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
	if (fd >= 0 && six && !p->host.family)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (fd < 0 || bind(fd, &at.any, size) < 0 || getsockname(fd, &at.any, &size) < 0) {
		nk_fail(e, errno, "find a free port%s%s", p->host.family ? " at " : "",
			p->host.family ? nk_ip_text(&p->host, false, text) : "");
		return nk_hint(e, e->err == EADDRNOTAVAIL
					  ? "this machine does not have that address: `ip addr`"
					  : "name one: -p HOSTPORT:PORT");
	}
	*port = port_of(&at);
	return nk_take_fd(&fd);
}

int nk_net_choose_ports(struct nk_ports *ports, bool ip6, struct nk_err *e)
{
	int *held = calloc(ports->n + 1, sizeof(*held));
	size_t n = 0;
	int rc = 0;

	if (!held)
		return nk_fail(e, ENOMEM, "choose ports");
	/* Held until all are chosen: or the kernel would name one twice. */
	for (size_t i = 0; rc >= 0 && i < ports->n; i++)
		if (!ports->v[i].host_port) {
			rc = bind_free(&ports->v[i], ip6, &ports->v[i].host_port, e);
			if (rc >= 0)
				held[n++] = rc;
		}
	while (n)
		close(held[--n]);
	free(held);
	return rc < 0 ? rc : 0;
}

/* ---- [::1] ---- */

/* To IPv4 where there is it: a server that listens on 0.0.0.0 alone is usual. */
static const struct nk_ip *target(const struct nk_spec *spec)
{
	const struct nk_net_card *c = nk_net_published_card(&spec->net);
	const struct nk_ip *found = NULL;

	for (size_t k = 0; c && k < c->ips.n; k++)
		if (!found || c->ips.v[k].family == AF_INET)
			found = &c->ips.v[k];
	return found;
}

static int inner_port(const struct nk_ports *ports, uint16_t number, bool udp, int but)
{
	for (size_t i = 0; i < ports->n; i++) {
		const struct nk_port *p = &ports->v[i];
		if ((!but || p->host.family != but) && (p->proto == NK_UDP) == udp &&
		    number >= p->host_port && number < (unsigned)p->host_port + p->count)
			return p->port + (number - p->host_port);
	}
	return -1;
}

static bool is_udp(int fd)
{
	int type = 0;
	socklen_t size = sizeof(type);

	getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size);
	return type == SOCK_DGRAM;
}

static int hand_over(struct nk_net_store *s, struct nk_arena *a, const struct nk_spec *spec,
		     const union address *at, int fd, bool own, struct nk_err *e)
{
	const struct nk_net_card *c = nk_net_published_card(&spec->net);
	const struct nk_ip *to = target(spec);
	char text[NK_IP_TEXT];
	bool udp = is_udp(fd);
	/* What rules of the kernel's lead to it is not for nook-netd, in our own network. */
	int port = inner_port(&spec->net.ports, port_of(at), udp, own ? AF_INET : 0);

	if (!c || !to || port < 0)
		return 0;
	int rc = nk_netd_ask(s, c->network->name,
			     nk_fmt(a, "port %s %s %d %s", proto_name(udp),
				    nk_ip_text(to, false, text), port, spec->net.owner),
			     &fd, 1, e);
	return rc < 0 ? nk_ctx(e, "port %u/%s at [::1]", port_of(at), proto_name(udp)) : 0;
}

int nk_net_hand_ports(struct nk_net_store *s, struct nk_arena *a, const struct nk_spec *spec,
		      const struct nk_plan *p, const int *slots, struct nk_err *e)
{
	if (!spec->net.netd_path)
		return 0;
	for (size_t i = 0; i < p->steps.n; i++) {
		const struct nk_step *step = &p->steps.v[i];
		const union address *at = step->p[0];

		if (step->op != NK_OP_BIND || at->any.sa_family != AF_INET6 ||
		    (!IN6_IS_ADDR_UNSPECIFIED(&at->six.sin6_addr) &&
		     !IN6_IS_ADDR_LOOPBACK(&at->six.sin6_addr)))
			continue;
		int rc = hand_over(s, a, spec, at, slots[step->fd[0]], true, e);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int nk_net_hand_sockets(struct nk_net_store *s, struct nk_arena *a, const struct nk_spec *spec,
			const int *fds, size_t n, struct nk_err *e)
{
	if (!n || !spec->net.netd_path)
		return 0;
	for (size_t i = 0; i < n; i++) {
		union address at = {0};
		socklen_t size = sizeof(at);

		if (getsockname(fds[i], &at.any, &size) < 0)
			return nk_fail(e, errno, "a published port");
		int rc = hand_over(s, a, spec, &at, fds[i], false, e);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* ---- taken ---- */

static const char *read_all(struct nk_arena *a, const char *path)
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t n = 0, cap = 1 << 22;
	char *text = fd < 0 ? NULL : malloc(cap);
	const char *copy = "";

	for (ssize_t got = 1; text && got > 0 && n < cap; n += (size_t)(got > 0 ? got : 0))
		got = read(fd, text + n, cap - n);
	if (text)
		copy = nk_strndup(a, text, n);
	free(text);
	return copy;
}

static bool is_all(const char *address)
{
	return !strcmp(address, "0.0.0.0") || !strcmp(address, "::");
}

/* The socket that has the port, of those that can be in the way of this address. */
static uint64_t taker(struct nk_arena *a, const union address *at, const char *text, bool udp)
{
	const char *const protos[] = {udp ? "udp" : "tcp", udp ? "udp6" : "tcp6"};

	for (size_t i = 0; i < NK_COUNT(protos); i++) {
		struct nk_ns_sockets all = {0};

		nk_ns_sockets_parse(a, protos[i],
				    read_all(a, nk_fmt(a, "/proc/self/net/%s", protos[i])), &all);
		for (size_t k = 0; k < all.n; k++)
			if (all.v[k].port == port_of(at) &&
			    (is_all(text) || is_all(all.v[k].address) ||
			     !strcmp(all.v[k].address, text)))
				return all.v[k].inode;
	}
	return 0;
}

static bool has_socket(pid_t pid, const char *link)
{
	char path[64], to[64];

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	_closedir_ DIR *d = opendir(path);
	for (struct dirent *ent; d && (ent = readdir(d));) {
		ssize_t n = readlinkat(dirfd(d), ent->d_name, to, sizeof(to) - 1);

		if (n > 0 && (size_t)n == strlen(link) && !memcmp(to, link, (size_t)n))
			return true;
	}
	return false;
}

static pid_t holder(uint64_t inode)
{
	_closedir_ DIR *d = opendir("/proc");
	char link[40];

	snprintf(link, sizeof(link), "socket:[%llu]", (unsigned long long)inode);
	for (struct dirent *ent; d && (ent = readdir(d));) {
		pid_t pid = isdigit((unsigned char)ent->d_name[0]) ? atoi(ent->d_name) : 0;

		if (pid > 0 && pid != getpid() && has_socket(pid, link))
			return pid;
	}
	return 0;
}

/* "container web", "nginx (process 4711)", or what is known. */
static const char *who(struct nk_state *st, struct nk_arena *a, uint64_t inode)
{
	struct nk_state_list list = {0};
	struct nk_err ignored;
	pid_t pid = inode ? holder(inode) : 0;

	if (!pid)
		return inode ? "a process that this user may not see" : "somebody";
	nk_state_list(st, a, &list, &ignored);
	for (size_t i = 0; i < list.n; i++)
		if (list.v[i].owner == pid)
			return nk_fmt(a, "container \"%s\"", list.v[i].name);
	const char *name = read_all(a, nk_fmt(a, "/proc/%d/comm", (int)pid));
	return nk_fmt(a, "%.*s (process %d)", (int)strcspn(name, "\n"), name, (int)pid);
}

/* The step that bound a socket: of one that is to listen, too. */
static const struct nk_step *bound(const struct nk_plan *p, int number)
{
	const struct nk_step *s =
		number > 0 && (size_t)number <= p->steps.n ? &p->steps.v[number - 1] : NULL;

	if (!s || s->op != NK_OP_LISTEN)
		return s && s->op == NK_OP_BIND ? s : NULL;
	for (size_t i = 0; i < p->steps.n; i++)
		if (p->steps.v[i].op == NK_OP_BIND && p->steps.v[i].fd[0] == s->fd[0])
			return &p->steps.v[i];
	return NULL;
}

void nk_net_explain_port(struct nk_state *st, struct nk_arena *a, const struct nk_plan *p,
			 struct nk_err *e)
{
	const struct nk_step *s = bound(p, e->step);

	if (!s || (e->err != EADDRINUSE && e->err != EADDRNOTAVAIL))
		return;
	const union address *at = s->p[0];
	char text[INET6_ADDRSTRLEN] = "";
	bool udp = strstr(s->why, "/udp") != NULL;
	int step = e->step;

	inet_ntop(at->any.sa_family,
		  at->any.sa_family == AF_INET ? (const void *)&at->four.sin_addr
					       : (const void *)&at->six.sin6_addr,
		  text, sizeof(text));
	if (e->err == EADDRNOTAVAIL) {
		nk_fail(e, EADDRNOTAVAIL, "publish a port at %s", text);
		nk_hint(e, "this machine does not have that address: `ip addr` lists its own");
	} else {
		const char *name = who(st, a, taker(a, at, text, udp));
		nk_fail(e, EADDRINUSE, "port %u/%s of this machine belongs to %s", port_of(at),
			proto_name(udp), name);
		nk_hint(e, "choose another port outside (-p OTHER:PORT), or end that one");
	}
	e->step = step;
}
