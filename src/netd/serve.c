/* SPDX-License-Identifier: Apache-2.0 */
/* netd.h: the sockets of a resolver, and whom it answers. */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "netd/egress.h"
#include "netd/netd.h"

enum { AT_ONCE = 32, BACKLOG = 64 };

bool nk_view_admits(const struct nk_view *v, const union nk_address *from, unsigned *share)
{
	struct nk_netd *d = v->d;
	struct nk_zone zone = {&d->names, d->alone ? NULL : &d->network};
	struct nk_ip ip = nk_address_ip(from);
	size_t size = ip.family == AF_INET ? 4 : 16;

	/* In a container's own namespace only it can ask; all of its addresses are one asker. A
	 * network's resolver answers its subnets and nobody else: whoever else reaches this
	 * address (it is the machine's) would make it a tool against third parties. */
	if (v->egress) {
		*share = (unsigned)((uintptr_t)v / 64 % NK_SHARES);
		return true;
	}
	if (!nk_zone_inside(&zone, &ip))
		return false;
	/* Addresses that nobody has leased share one place: a container can make up many. */
	*share = 0;
	if (!nk_names_whose(&d->names, &ip))
		return true;
	if (!d->share_seed && getrandom(&d->share_seed, sizeof(d->share_seed), GRND_NONBLOCK) < 0)
		d->share_seed = 1;
	uint32_t h = 2166136261u ^ d->share_seed;
	for (size_t i = 0; i < size; i++)
		h = (h ^ ip.a[i]) * 16777619u;
	*share = 1 + (h ^ h >> 15) % (NK_SHARES - 1);
	return true;
}

static void on_question(struct nk_watch *w, uint32_t events)
{
	struct nk_listener *l = NK_WATCHER(w, struct nk_listener, w);
	struct nk_view *v = l->view;
	uint8_t data[NK_QUERY_MAX];

	(void)events;
	nk_life_leases(v->d);
	for (int i = 0; i < AT_ONCE && w->fd >= 0; i++) {
		struct nk_client c = {.view = v, .udp = l};
		socklen_t size = sizeof(c.from);
		ssize_t n = recvfrom(w->fd, data, sizeof(data), MSG_DONTWAIT | MSG_TRUNC,
				     &c.from.any, &size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return;
		if ((size_t)n <= sizeof(data) && nk_view_admits(v, &c.from, &c.share))
			nk_dns_question(v->d, &c, data, (size_t)n);
	}
}

static void on_connection(struct nk_watch *w, uint32_t events)
{
	struct nk_listener *l = NK_WATCHER(w, struct nk_listener, w);

	(void)events;
	nk_life_leases(l->view->d);
	nk_dns_accept(l);
}

int nk_view_listen(struct nk_view *v, int fd, bool tcp)
{
	if (v->n == NK_LISTENERS || (tcp && listen(fd, BACKLOG) < 0)) {
		int err = v->n == NK_LISTENERS ? E2BIG : errno;
		close(fd);
		return -err;
	}
	struct nk_listener *l = &v->listeners[v->n++];
	*l = (struct nk_listener){.w = {.fd = fd, .ready = tcp ? on_connection : on_question},
				  .view = v};
	return nk_loop_add(&v->d->loop, &l->w, EPOLLIN);
}

void nk_view_close(struct nk_view *v)
{
	struct nk_netd *d = v->d;

	nk_flights_forget(d, NULL, v);
	nk_dns_conns_drop(d, v);
	for (size_t i = 0; i < v->n; i++)
		nk_loop_close(&d->loop, &v->listeners[i].w);
	v->n = 0;
	nk_egress_free(v->egress);
	v->egress = NULL;
	free(v->id);
	v->id = NULL;
}
