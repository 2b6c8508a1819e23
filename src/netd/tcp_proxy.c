/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netd.h: connections to a published port that the kernel's NAT does not turn ([::1]): each is
 * carried on to the container, both ways, by splice. A pipe is lent to a direction only while
 * bytes are on their way, so that a connection that is silent costs two descriptors.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netd/netd.h"

enum { CONNECT_MS = 15000, CHUNK = 65536, CHUNKS = 16 };

struct nk_tcp_port {
	struct nk_watch w;
	struct nk_netd *d;
	struct nk_tcp_port *next, **at;
	struct nk_owner *owner;
	union nk_address to;
	struct relay *relays;
	bool paused;
};

/* What is read from one socket, and written to the other. */
struct side {
	struct nk_watch w;
	struct relay *r;
	int pipe[2];
	size_t in_pipe;
	bool lent;  /* a pipe */
	bool ended; /* the end of what it sends has been read */
	bool shut;  /* and has been passed on */
};

struct relay {
	struct nk_tcp_port *port;
	struct relay *next, **at;
	struct side side[2]; /* the client, the container */
	bool connecting;
	int64_t until; /* for the connection to the container */
};

static bool lend(struct nk_netd *d, struct side *s)
{
	if (s->lent)
		return true;
	if (d->n_spare) {
		d->n_spare--;
		s->pipe[0] = d->spare[d->n_spare][0];
		s->pipe[1] = d->spare[d->n_spare][1];
	} else if (pipe2(s->pipe, O_CLOEXEC | O_NONBLOCK) < 0) {
		return false;
	}
	s->lent = true;
	return true;
}

static void give_back(struct nk_netd *d, struct side *s)
{
	if (!s->lent)
		return;
	s->lent = false;
	if (!s->in_pipe && d->n_spare < NK_SPARE_PIPES) {
		d->spare[d->n_spare][0] = s->pipe[0];
		d->spare[d->n_spare++][1] = s->pipe[1];
		return;
	}
	close(s->pipe[0]);
	close(s->pipe[1]);
}

static void pause_ports(struct nk_netd *d, bool paused)
{
	for (struct nk_tcp_port *p = d->tcp_ports; p; p = p->next)
		if (p->paused != paused || paused) { /* it may have rested meanwhile */
			p->paused = paused;
			nk_loop_change(&d->loop, &p->w, paused ? 0 : EPOLLIN);
		}
}

/* reset: both peers see that it was cut off, and did not end. */
static void drop(struct relay *r, bool reset)
{
	struct nk_netd *d = r->port->d;
	struct linger now = {.l_onoff = 1};

	for (int i = 0; i < 2; i++) {
		if (reset && r->side[i].w.fd >= 0)
			setsockopt(r->side[i].w.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		nk_loop_close(&d->loop, &r->side[i].w);
		give_back(d, &r->side[i]);
	}
	*r->at = r->next;
	if (r->next)
		r->next->at = r->at;
	d->n_relays--;
	d->n_dialling -= r->connecting;
	nk_loop_bury(&d->loop, r);
	if (d->n_relays < d->max_relays)
		pause_ports(d, false);
}

/* From one side to the other as much as goes without waiting. -1: cut off. */
static int pump(struct relay *r, int from)
{
	struct nk_netd *d = r->port->d;
	struct side *s = &r->side[from], *other = &r->side[!from];
	unsigned how = SPLICE_F_MOVE | SPLICE_F_NONBLOCK;

	for (int i = 0; i < CHUNKS && !s->shut; i++) {
		if (!s->in_pipe && !s->ended) {
			if (!lend(d, s))
				return -1;
			ssize_t n = splice(s->w.fd, NULL, s->pipe[1], NULL, CHUNK, how);
			if (n < 0 && errno != EAGAIN && errno != EINTR)
				return -1;
			s->in_pipe = n > 0 ? (size_t)n : 0;
			s->ended = n == 0;
			if (n < 0)
				break;
		}
		if (s->in_pipe) {
			ssize_t n = splice(s->pipe[0], NULL, other->w.fd, NULL, s->in_pipe, how);
			if (n < 0 && errno != EAGAIN && errno != EINTR)
				return -1;
			if (n < 0)
				break;
			s->in_pipe -= (size_t)n;
		}
		if (s->ended && !s->in_pipe) {
			shutdown(other->w.fd, SHUT_WR);
			s->shut = true;
		}
	}
	if (!s->in_pipe)
		give_back(d, s);
	return 0;
}

/* A hang-up cannot be masked: each side is told once, and again when there is something it waits
 * for. */
static void set_events(struct relay *r)
{
	for (int i = 0; i < 2; i++) {
		const struct side *s = &r->side[i], *other = &r->side[!i];
		bool in = !s->ended && !s->in_pipe, out = other->in_pipe > 0;
		uint32_t want = (in ? (uint32_t)EPOLLIN : 0) | (out ? (uint32_t)EPOLLOUT : 0);

		if (want)
			nk_loop_change(&r->port->d->loop, &r->side[i].w,
				       want | (uint32_t)EPOLLONESHOT);
	}
}

static void on_side(struct nk_watch *w, uint32_t events)
{
	struct side *s = NK_WATCHER(w, struct side, w);
	struct relay *r = s->r;
	int err = 0;
	socklen_t size = sizeof(err);

	if (r->connecting && s == &r->side[1] && !(events & (EPOLLOUT | EPOLLERR | EPOLLHUP)))
		return;
	if (events & EPOLLERR)
		getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &err, &size);
	/* The client hangs up before there is a container to tell it to. */
	if (err || (r->connecting && s == &r->side[0] && (events & EPOLLHUP))) {
		drop(r, true);
		return;
	}
	if (r->connecting && s == &r->side[0])
		return;
	r->port->d->n_dialling -= r->connecting;
	r->connecting = false;
	if (pump(r, 0) < 0 || pump(r, 1) < 0) {
		drop(r, true);
		return;
	}
	if (r->side[0].shut && r->side[1].shut) {
		drop(r, false);
		return;
	}
	/* Done with, both ways: it would report its hang-up for as long as the other one is slow.
	 */
	for (int i = 0; i < 2; i++)
		if (r->side[i].ended && r->side[!i].shut)
			nk_loop_close(&r->port->d->loop, &r->side[i].w);
	set_events(r);
}

static int dial(struct relay *r)
{
	const union nk_address *to = &r->port->to;
	int on = 1;
	int fd = socket(to->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	r->side[1].w.fd = fd;
	if (fd < 0)
		return -errno;
	for (int i = 0; i < 2; i++) {
		setsockopt(r->side[i].w.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		/* Peers that vanish do not keep their places. */
		setsockopt(r->side[i].w.fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	}
	if (connect(fd, &to->any, nk_address_size(to)) < 0 && errno != EINPROGRESS)
		return -errno;
	return 0;
}

static void on_accept(struct nk_watch *w, uint32_t events)
{
	struct nk_tcp_port *p = NK_WATCHER(w, struct nk_tcp_port, w);
	struct nk_netd *d = p->d;

	(void)events;
	if (d->n_relays >= d->max_relays) {
		pause_ports(d, true);
		return;
	}
	int fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct relay *r = fd < 0 ? NULL : calloc(1, sizeof(*r));
	if (!r) {
		if (fd >= 0)
			close(fd);
		else if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
			nk_loop_rest(&d->loop, w); /* no descriptors left */
		return;
	}
	*r = (struct relay){.port = p,
			    .next = p->relays,
			    .at = &p->relays,
			    .connecting = true,
			    .until = nk_now_ms() + CONNECT_MS};
	if (r->next)
		r->next->at = &r->next;
	p->relays = r;
	d->n_relays++;
	d->n_dialling++;
	for (int i = 0; i < 2; i++)
		r->side[i] = (struct side){.w = {.fd = i ? -1 : fd, .ready = on_side}, .r = r};
	/* Until the container answers, only a client that is gone is of interest. */
	if (dial(r) < 0 || nk_loop_add(&d->loop, &r->side[0].w, EPOLLONESHOT) < 0 ||
	    nk_loop_add(&d->loop, &r->side[1].w, EPOLLOUT | EPOLLONESHOT) < 0)
		drop(r, true);
}

int nk_tcp_port_new(struct nk_netd *d, int fd, const union nk_address *to, struct nk_owner *owner)
{
	struct nk_tcp_port *p = calloc(1, sizeof(*p));

	if (!p) {
		close(fd);
		nk_owner_put(d, owner);
		return -ENOMEM;
	}
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	*p = (struct nk_tcp_port){.w = {.fd = fd, .ready = on_accept},
				  .d = d,
				  .next = d->tcp_ports,
				  .at = &d->tcp_ports,
				  .owner = owner,
				  .to = *to};
	if (p->next)
		p->next->at = &p->next;
	d->tcp_ports = p;
	return nk_loop_add(&d->loop, &p->w, EPOLLIN);
}

void nk_tcp_ports_end(struct nk_netd *d, const struct nk_owner *owner)
{
	for (struct nk_tcp_port *p = d->tcp_ports, *next; p; p = next) {
		next = p->next;
		if (owner && p->owner != owner)
			continue;
		while (p->relays)
			drop(p->relays, true);
		nk_loop_close(&d->loop, &p->w);
		*p->at = p->next;
		if (p->next)
			p->next->at = p->at;
		nk_owner_put(d, p->owner);
		nk_loop_bury(&d->loop, p);
	}
}

void nk_tcp_ports_tick(struct nk_netd *d, int64_t now)
{
	for (struct nk_tcp_port *p = d->n_dialling ? d->tcp_ports : NULL; p; p = p->next)
		for (struct relay *r = p->relays, *next; r; r = next) {
			next = r->next;
			if (r->connecting && r->until <= now)
				drop(r, true);
		}
}
