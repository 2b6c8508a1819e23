/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netd.h: owners of leases, ports and resolvers. The end of a process is seen at once (pidfd);
 * that of a named network namespace by looking, from time to time.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "netd/netd.h"
#include "state/process.h"

enum { LOOK_MS = 2000 };

static void end(struct nk_netd *d, struct nk_owner *o)
{
	nk_tcp_ports_end(d, o);
	nk_udp_ports_end(d, o);
	for (struct nk_view **at = &d->views, *v; (v = *at);) {
		if (v->owner != o) {
			at = &v->next;
			continue;
		}
		*at = v->next;
		nk_view_close(v);
		nk_owner_put(d, o);
		nk_loop_bury(&d->loop, v);
	}
}

static void gone(struct nk_netd *d, struct nk_owner *o)
{
	o->uses++;
	nk_loop_close(&d->loop, &o->w);
	end(d, o);
	d->leases_changed = true;
	nk_owner_put(d, o);
}

static void on_end(struct nk_watch *w, uint32_t events)
{
	struct nk_owner *o = NK_WATCHER(w, struct nk_owner, w);

	(void)events;
	gone(o->d, o);
}

/* -ESRCH: it has ended. Without a descriptor it is looked after by the clock. */
static int watch_end(struct nk_owner *o)
{
	unsigned long long start;
	int pid;

	if (sscanf(o->words, "pid:%d:%llu:", &pid, &start) != 2)
		return 0;
	int fd = nk_process_pidfd(pid, start);
	o->w.fd = fd < 0 ? -1 : fd;
	if (fd >= 0 && nk_loop_add(&o->d->loop, &o->w, EPOLLIN) < 0)
		nk_loop_close(&o->d->loop, &o->w);
	return fd < 0 ? fd : 0;
}

struct nk_owner *nk_owner_get(struct nk_netd *d, const char *words)
{
	size_t n = strlen(words) + 1;

	for (struct nk_owner *o = d->owners; o; o = o->next)
		if (strcmp(o->words, words) == 0) {
			o->uses++;
			return o;
		}
	if (!nk_net_owner_alive(words)) {
		errno = ESRCH;
		return NULL;
	}
	struct nk_owner *o = calloc(1, sizeof(*o) + n);
	if (!o)
		return NULL;
	o->w = (struct nk_watch){.fd = -1, .ready = on_end};
	o->d = d;
	o->uses = 1;
	memcpy(o->words, words, n);
	if (watch_end(o) == -ESRCH) {
		free(o);
		errno = ESRCH;
		return NULL;
	}
	o->next = d->owners;
	d->owners = o;
	return o;
}

void nk_owner_put(struct nk_netd *d, struct nk_owner *o)
{
	if (!o || --o->uses)
		return;
	struct nk_owner **at = &d->owners;
	while (*at != o)
		at = &(*at)->next;
	*at = o->next;
	nk_loop_close(&d->loop, &o->w);
	nk_loop_bury(&d->loop, o);
}

unsigned nk_owner_end(struct nk_netd *d, const char *words)
{
	for (struct nk_owner *o = d->owners; o; o = o->next)
		if (strcmp(o->words, words) == 0) {
			unsigned before = o->uses++;
			end(d, o);
			unsigned ended = before + 1 - o->uses;
			nk_owner_put(d, o);
			return ended;
		}
	return 0;
}

void nk_owners_tick(struct nk_netd *d, int64_t now)
{
	if (now < d->look_again)
		return;
	d->look_again = now + LOOK_MS;
	for (struct nk_owner *o = d->owners, *next; o; o = next) {
		next = o->next;
		/* Its uses may all end with it, and another owner's never: `next` stays. */
		if (o->w.fd < 0 && (!nk_net_owner_alive(o->words) || watch_end(o) == -ESRCH))
			gone(d, o);
	}
}
