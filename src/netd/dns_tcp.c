/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netd.h: questions by TCP. Each message has its length before it (RFC 7766). A connection may
 * have several questions under way; it is closed when nothing has come to an end for a while, so
 * that nobody keeps a place by trickling bytes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "netd/netd.h"

enum { IDLE_MS = 10000, WAITING_MAX = 16, OUT_MAX = 256 << 10 };

struct nk_dns_conn {
	struct nk_watch w;
	struct nk_view *view;
	struct nk_dns_conn *next, **at;
	union nk_address from;
	unsigned share;
	int waiting; /* answers that are to come */
	bool end;    /* nothing more will be asked */
	int64_t until;
	size_t have, out_n;
	uint8_t *out;
	uint8_t in[2 + NK_QUERY_MAX];
};

static void drop(struct nk_dns_conn *c)
{
	struct nk_netd *d = c->view->d;

	nk_flights_forget(d, c, NULL);
	nk_loop_close(&d->loop, &c->w);
	*c->at = c->next;
	if (c->next)
		c->next->at = c->at;
	d->n_conns--;
	d->connected[c->share]--;
	free(c->out);
	c->out = NULL;
	nk_loop_bury(&d->loop, c);
}

static void set_events(struct nk_dns_conn *c)
{
	bool ask = !c->end && c->waiting < WAITING_MAX && c->out_n < OUT_MAX / 2;

	nk_loop_change(&c->view->d->loop, &c->w,
		       (ask ? EPOLLIN | EPOLLRDHUP : 0u) | (c->out_n ? (uint32_t)EPOLLOUT : 0u));
}

/* False: the connection is gone. */
static bool flush(struct nk_dns_conn *c)
{
	ssize_t n = send(c->w.fd, c->out, c->out_n, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		drop(c);
		return false;
	}
	if (n > 0) {
		c->out_n -= (size_t)n;
		memmove(c->out, c->out + n, c->out_n);
		c->until = nk_now_ms() + IDLE_MS;
	}
	if (c->end && !c->out_n && !c->waiting) {
		drop(c);
		return false;
	}
	set_events(c);
	return true;
}

void nk_dns_conn_send(struct nk_dns_conn *c, const uint8_t *data, size_t n)
{
	uint16_t length = htons((uint16_t)n);

	if (c->w.fd < 0 || n > UINT16_MAX)
		return;
	/* Who asks and does not read is not kept. */
	uint8_t *more = c->out_n + n > OUT_MAX ? NULL : realloc(c->out, c->out_n + n + 2);
	if (!more) {
		shutdown(c->w.fd, SHUT_RDWR);
		return;
	}
	c->out = more;
	memcpy(c->out + c->out_n, &length, 2);
	memcpy(c->out + c->out_n + 2, data, n);
	c->out_n += n + 2;
	/* It is written when the socket takes it, not here: the caller may be in its midst. */
	set_events(c);
}

void nk_dns_conn_waits(struct nk_dns_conn *c, int more)
{
	c->waiting += more;
	c->until = nk_now_ms() + IDLE_MS;
	set_events(c);
}

/* All whole messages that are there; false: one that is too long. */
static bool take(struct nk_dns_conn *c)
{
	struct nk_client client = {.view = c->view, .conn = c, .from = c->from, .share = c->share};
	size_t at = 0;

	while (c->have - at >= 2 && c->waiting < WAITING_MAX && c->out_n < OUT_MAX / 2) {
		size_t n = (size_t)(c->in[at] << 8 | c->in[at + 1]);
		if (n > NK_QUERY_MAX || n < 12)
			return false;
		if (c->have - at < n + 2)
			break;
		c->until = nk_now_ms() + IDLE_MS;
		nk_dns_question(c->view->d, &client, c->in + at + 2, n);
		at += n + 2;
	}
	c->have -= at;
	memmove(c->in, c->in + at, c->have);
	return true;
}

static void on_conn(struct nk_watch *w, uint32_t events)
{
	struct nk_dns_conn *c = NK_WATCHER(w, struct nk_dns_conn, w);

	nk_life_leases(c->view->d);
	if (events & (EPOLLERR | EPOLLHUP)) {
		drop(c);
		return;
	}
	if (c->have < sizeof(c->in) && (events & (EPOLLIN | EPOLLRDHUP))) {
		ssize_t n = recv(w->fd, c->in + c->have, sizeof(c->in) - c->have, MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN && errno != EINTR) {
			drop(c);
			return;
		}
		c->end |= n == 0;
		c->have += n > 0 ? (size_t)n : 0;
	}
	/* Also what came earlier and had to wait for answers to go. */
	if (!take(c)) {
		drop(c);
		return;
	}
	flush(c);
}

/* No descriptors left: the connection that was made first goes, or we would be told again and again
 * of one that cannot be taken. */
static void make_room(struct nk_netd *d, struct nk_listener *l)
{
	struct nk_dns_conn *oldest = d->conns;

	while (oldest && oldest->next)
		oldest = oldest->next;
	if (oldest)
		drop(oldest);
	else
		nk_loop_rest(&d->loop, &l->w);
}

void nk_dns_accept(struct nk_listener *l)
{
	struct nk_netd *d = l->view->d;
	union nk_address from;
	socklen_t size = sizeof(from);
	unsigned share;
	int fd = accept4(l->w.fd, &from.any, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE)
			make_room(d, l);
		else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			nk_loop_rest(&d->loop, &l->w);
		return;
	}
	if (!nk_view_admits(l->view, &from, &share) || d->n_conns >= NK_DNS_CONNS ||
	    d->connected[share] >= NK_SHARE_CONNS) {
		close(fd);
		return;
	}
	struct nk_dns_conn *c = calloc(1, sizeof(*c));
	if (!c) {
		close(fd);
		return;
	}
	c->w = (struct nk_watch){.fd = fd, .ready = on_conn};
	c->view = l->view;
	c->from = from;
	c->share = share;
	c->until = nk_now_ms() + IDLE_MS;
	c->next = d->conns;
	c->at = &d->conns;
	if (c->next)
		c->next->at = &c->next;
	d->conns = c;
	d->n_conns++;
	d->connected[share]++;
	if (nk_loop_add(&d->loop, &c->w, EPOLLIN | EPOLLRDHUP) < 0)
		drop(c);
}

void nk_dns_conns_tick(struct nk_netd *d, int64_t now)
{
	for (struct nk_dns_conn *c = d->conns, *next; c; c = next) {
		next = c->next;
		/* Those that wait for an upstream have its time-out. */
		if (c->until <= now && !c->waiting) {
			drop(c);
			continue;
		}
		if (c->have >= 2 && c->waiting < WAITING_MAX && take(c))
			set_events(c);
	}
}

void nk_dns_conns_drop(struct nk_netd *d, const struct nk_view *v)
{
	for (struct nk_dns_conn *c = d->conns, *next; c; c = next) {
		next = c->next;
		if (c->view == v)
			drop(c);
	}
}
