/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netd.h: packets to a published port that the kernel's NAT does not turn ([::1]). Each peer has a
 * socket towards the container for as long as there is traffic; answers go back from the address
 * that the peer had written to.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netd/netd.h"

enum { IDLE_MS = 90000, PORT_SESSIONS = 256, AT_ONCE = 32, PACKET_MAX = 65536 };

struct nk_udp_port {
	struct nk_watch w;
	struct nk_netd *d;
	struct nk_udp_port *next, **at;
	struct nk_owner *owner;
	union nk_address to;
	struct session *newest, *oldest; /* by use */
	size_t n;
};

/* The address of ours that a packet came to. */
union local {
	struct in_pktinfo four;
	struct in6_pktinfo six;
};

struct session {
	struct nk_watch w; /* towards the container */
	struct nk_udp_port *port;
	struct session *newer, *older;
	union nk_address peer;
	union local local;
	int64_t until;
};

static uint8_t packet[PACKET_MAX];

static void unlink_use(struct session *s)
{
	*(s->newer ? &s->newer->older : &s->port->newest) = s->older;
	*(s->older ? &s->older->newer : &s->port->oldest) = s->newer;
}

static void link_use(struct session *s)
{
	struct nk_udp_port *p = s->port;

	s->newer = NULL;
	s->older = p->newest;
	*(p->newest ? &p->newest->newer : &p->oldest) = s;
	p->newest = s;
	s->until = nk_now_ms() + IDLE_MS;
}

static void drop(struct session *s)
{
	struct nk_netd *d = s->port->d;

	unlink_use(s);
	s->port->n--;
	d->n_sessions--;
	nk_loop_close(&d->loop, &s->w);
	nk_loop_bury(&d->loop, s);
}

/* With the address that it is to come from. */
static void answer(struct session *s, size_t n)
{
	bool four = s->peer.any.sa_family == AF_INET;
	union {
		struct cmsghdr h;
		char space[CMSG_SPACE(sizeof(union local))];
	} control = {0};
	size_t size = four ? sizeof(s->local.four) : sizeof(s->local.six);
	struct iovec io = {packet, n};
	struct msghdr m = {.msg_name = &s->peer,
			   .msg_namelen = nk_address_size(&s->peer),
			   .msg_iov = &io,
			   .msg_iovlen = 1,
			   .msg_control = &control,
			   .msg_controllen = CMSG_SPACE(size)};

	control.h.cmsg_level = four ? IPPROTO_IP : IPPROTO_IPV6;
	control.h.cmsg_type = four ? IP_PKTINFO : IPV6_PKTINFO;
	control.h.cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(&control.h), &s->local, size);
	sendmsg(s->port->w.fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void on_answer(struct nk_watch *w, uint32_t events)
{
	struct session *s = NK_WATCHER(w, struct session, w);

	(void)events;
	for (int i = 0; i < AT_ONCE; i++) {
		ssize_t n = recv(w->fd, packet, sizeof(packet), MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		/* Nobody listens there (yet): recv has taken that error from the socket. */
		if (n < 0)
			return;
		unlink_use(s);
		link_use(s);
		answer(s, (size_t)n);
	}
}

static bool same(const struct session *s, const union nk_address *peer, const union local *local)
{
	if (!nk_address_equal(&s->peer, peer))
		return false;
	return peer->any.sa_family == AF_INET
		       ? s->local.four.ipi_spec_dst.s_addr == local->four.ipi_spec_dst.s_addr
		       : memcmp(&s->local.six.ipi6_addr, &local->six.ipi6_addr, 16) == 0;
}

/* Room for one more of p: at the cost of the port that has the most of them. */
static void make_room(struct nk_udp_port *p)
{
	struct nk_udp_port *most = p;

	if (p->n < PORT_SESSIONS && p->d->n_sessions < p->d->max_sessions)
		return;
	for (struct nk_udp_port *o = p->n < PORT_SESSIONS ? p->d->udp_ports : NULL; o; o = o->next)
		if (o->n > most->n)
			most = o;
	if (most->oldest)
		drop(most->oldest);
}

static struct session *session_of(struct nk_udp_port *p, const union nk_address *peer,
				  const union local *local)
{
	struct nk_netd *d = p->d;

	for (struct session *s = p->newest; s; s = s->older)
		if (same(s, peer, local)) {
			unlink_use(s);
			link_use(s);
			return s;
		}
	make_room(p);
	struct session *s = d->n_sessions < d->max_sessions ? calloc(1, sizeof(*s)) : NULL;
	if (!s)
		return NULL;
	int fd = socket(p->to.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	*s = (struct session){
		.w = {.fd = fd, .ready = on_answer}, .port = p, .peer = *peer, .local = *local};
	if (fd < 0 || connect(fd, &p->to.any, nk_address_size(&p->to)) < 0 ||
	    nk_loop_add(&d->loop, &s->w, EPOLLIN) < 0) {
		if (fd >= 0)
			close(fd);
		free(s);
		return NULL;
	}
	link_use(s);
	p->n++;
	d->n_sessions++;
	return s;
}

static void find_local(struct msghdr *m, union local *local)
{
	for (struct cmsghdr *h = CMSG_FIRSTHDR(m); h; h = CMSG_NXTHDR(m, h)) {
		if (h->cmsg_level == IPPROTO_IP && h->cmsg_type == IP_PKTINFO) {
			memcpy(&local->four, CMSG_DATA(h), sizeof(local->four));
			/* The card is the kernel's choice again on the way back. */
			local->four.ipi_ifindex = 0;
		} else if (h->cmsg_level == IPPROTO_IPV6 && h->cmsg_type == IPV6_PKTINFO) {
			memcpy(&local->six, CMSG_DATA(h), sizeof(local->six));
			if (!IN6_IS_ADDR_LINKLOCAL(&local->six.ipi6_addr))
				local->six.ipi6_ifindex = 0;
		}
	}
}

static void on_packet(struct nk_watch *w, uint32_t events)
{
	struct nk_udp_port *p = NK_WATCHER(w, struct nk_udp_port, w);

	(void)events;
	for (int i = 0; i < AT_ONCE; i++) {
		union {
			struct cmsghdr h;
			char space[128];
		} control;
		union nk_address peer;
		union local local = {0};
		struct iovec io = {packet, sizeof(packet)};
		struct msghdr m = {.msg_name = &peer,
				   .msg_namelen = sizeof(peer),
				   .msg_iov = &io,
				   .msg_iovlen = 1,
				   .msg_control = &control,
				   .msg_controllen = sizeof(control)};
		ssize_t n = recvmsg(w->fd, &m, MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return;
		find_local(&m, &local);
		struct session *s = session_of(p, &peer, &local);
		/* Twice: the first takes the error of an earlier packet that nobody listened for.
		 */
		if (s && send(s->w.fd, packet, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			send(s->w.fd, packet, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
	}
}

int nk_udp_port_new(struct nk_netd *d, int fd, const union nk_address *to, struct nk_owner *owner)
{
	struct nk_udp_port *p = calloc(1, sizeof(*p));
	union nk_address own = {0};
	socklen_t size = sizeof(own);
	int on = 1;

	if (!p) {
		close(fd);
		nk_owner_put(d, owner);
		return -ENOMEM;
	}
	getsockname(fd, &own.any, &size);
	if (own.any.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
	else
		setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
	*p = (struct nk_udp_port){.w = {.fd = fd, .ready = on_packet},
				  .d = d,
				  .next = d->udp_ports,
				  .at = &d->udp_ports,
				  .owner = owner,
				  .to = *to};
	if (p->next)
		p->next->at = &p->next;
	d->udp_ports = p;
	return nk_loop_add(&d->loop, &p->w, EPOLLIN);
}

void nk_udp_ports_end(struct nk_netd *d, const struct nk_owner *owner)
{
	for (struct nk_udp_port *p = d->udp_ports, *next; p; p = next) {
		next = p->next;
		if (owner && p->owner != owner)
			continue;
		while (p->oldest)
			drop(p->oldest);
		nk_loop_close(&d->loop, &p->w);
		*p->at = p->next;
		if (p->next)
			p->next->at = p->at;
		nk_owner_put(d, p->owner);
		nk_loop_bury(&d->loop, p);
	}
}

void nk_udp_ports_tick(struct nk_netd *d, int64_t now)
{
	for (struct nk_udp_port *p = d->udp_ports; p; p = p->next)
		while (p->oldest && p->oldest->until <= now)
			drop(p->oldest);
}
