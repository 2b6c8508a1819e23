/* SPDX-License-Identifier: Apache-2.0 */
#include "netd/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { AT_ONCE = 64, REST_MS = 200 };

int nk_loop_open(struct nk_loop *l, struct nk_err *e)
{
	*l = (struct nk_loop){.fd = epoll_create1(EPOLL_CLOEXEC)};
	return l->fd < 0 ? nk_fail(e, errno, "make an epoll descriptor") : 0;
}

int nk_loop_add(struct nk_loop *l, struct nk_watch *w, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = w};

	return epoll_ctl(l->fd, EPOLL_CTL_ADD, w->fd, &event) < 0 ? -errno : 0;
}

void nk_loop_change(struct nk_loop *l, struct nk_watch *w, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = w};

	if (w->fd >= 0)
		epoll_ctl(l->fd, EPOLL_CTL_MOD, w->fd, &event);
}

void nk_loop_rest(struct nk_loop *l, struct nk_watch *w)
{
	nk_loop_change(l, w, 0);
	if (w->fd < 0 || w->rests)
		return;
	if (!l->resting)
		l->rest_until = nk_now_ms() + REST_MS;
	w->rests = true;
	w->next_resting = l->resting;
	l->resting = w;
}

static void wake(struct nk_loop *l)
{
	while (l->resting) {
		struct nk_watch *w = l->resting;
		l->resting = w->next_resting;
		w->rests = false;
		nk_loop_change(l, w, EPOLLIN);
	}
}

void nk_loop_close(struct nk_loop *l, struct nk_watch *w)
{
	if (w->fd < 0)
		return;
	for (struct nk_watch **at = &l->resting; w->rests && *at; at = &(*at)->next_resting)
		if (*at == w) {
			*at = w->next_resting;
			w->rests = false;
			break;
		}
	l->rest_until = 0;
	/* Not left to close(): another process may share the open file (sockets that were given).
	 */
	epoll_ctl(l->fd, EPOLL_CTL_DEL, w->fd, NULL);
	close(w->fd);
	w->fd = -1;
}

void nk_loop_bury(struct nk_loop *l, void *object)
{
	if (l->n_buried == l->cap_buried) {
		unsigned cap = l->cap_buried ? l->cap_buried * 2 : 64;
		void **more = realloc(l->buried, cap * sizeof(*more));
		if (!more)
			return; /* lost, but never used again */
		l->buried = more;
		l->cap_buried = cap;
	}
	l->buried[l->n_buried++] = object;
}

void nk_loop_turn(struct nk_loop *l, int ms)
{
	struct epoll_event events[AT_ONCE];

	if (l->resting) {
		int64_t left = l->rest_until - nk_now_ms();
		if (left <= 0)
			wake(l);
		else if (ms < 0 || left < ms)
			ms = (int)left;
	}
	int n = epoll_wait(l->fd, events, AT_ONCE, ms);

	for (int i = 0; i < n; i++) {
		struct nk_watch *w = events[i].data.ptr;
		if (w->fd >= 0)
			w->ready(w, events[i].events);
	}
	while (l->n_buried)
		free(l->buried[--l->n_buried]);
}

int64_t nk_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
