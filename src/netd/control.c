/* SPDX-License-Identifier: Apache-2.0 */
/* netd.h: what nook asks for (net/netd.h has the words). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "netd/egress.h"
#include "netd/netd.h"

enum {
	CONTROLS = 32,
	BACKLOG = 1024,
	IDLE_MS = 10000,
	CROWDED_MS = 2000,
	EXPECT_MS = 10000,
	REQUEST_MAX = 65536,
	FDS = 3,
	WORDS = 6
};

struct nk_control {
	struct nk_watch w;
	struct nk_netd *d;
	struct nk_control *next, **at;
	int64_t until;
};

struct request {
	char text[REQUEST_MAX];
	char *words[WORDS];
	size_t n;
	int fds[FDS];
	size_t n_fds;
};

static int take(struct request *q, size_t i)
{
	return nk_take_fd(&q->fds[i]);
}

static bool is_socket(int fd, int type)
{
	int have = 0;
	socklen_t size = sizeof(have);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &have, &size) == 0 && have == type;
}

/* port tcp|udp ADDRESS PORT OWNER */
static int do_port(struct nk_netd *d, struct request *q, struct nk_err *e)
{
	struct nk_ip ip;
	union nk_address to;
	char *end;

	if (q->n != 5 || q->n_fds != 1)
		return nk_fail(e, EINVAL, "port tcp|udp ADDRESS PORT OWNER, with one socket");
	bool tcp = strcmp(q->words[1], "tcp") == 0;
	if (!tcp && strcmp(q->words[1], "udp") != 0)
		return nk_fail(e, EINVAL, "port %s", q->words[1]);
	unsigned long port = strtoul(q->words[3], &end, 10);
	int r = nk_ip_parse(q->words[2], false, &ip, e);
	if (r < 0)
		return r;
	if (*end || port == 0 || port > 65535)
		return nk_fail(e, EINVAL, "port '%s'", q->words[3]);
	if (!is_socket(q->fds[0], tcp ? SOCK_STREAM : SOCK_DGRAM))
		return nk_fail(e, EINVAL, "port: not a socket for %s", q->words[1]);
	struct nk_owner *owner = nk_owner_get(d, q->words[4]);
	if (!owner)
		return nk_fail(e, errno, "owner %s", q->words[4]);
	nk_address_set(&to, &ip, (uint16_t)port);
	r = tcp ? nk_tcp_port_new(d, take(q, 0), &to, owner)
		: nk_udp_port_new(d, take(q, 0), &to, owner);
	return r < 0 ? nk_fail(e, -r, "port %lu", port) : 0;
}

static void end_view(struct nk_netd *d, const char *id)
{
	for (struct nk_view **at = &d->views, *v; (v = *at); at = &v->next) {
		if (strcmp(v->id, id) != 0)
			continue;
		*at = v->next;
		nk_view_close(v);
		nk_owner_put(d, v->owner);
		nk_loop_bury(&d->loop, v);
		return;
	}
}

/* egress ID OWNER RESOLVER NAME,…: sockets for UDP, TCP, netfilter */
static int do_egress(struct nk_netd *d, struct request *q, struct nk_err *e)
{
	struct nk_egress *egress;

	if ((q->n != 5 && q->n != 4) || q->n_fds != 3)
		return nk_fail(e, EINVAL, "egress ID OWNER RESOLVER NAME,…, with three sockets");
	if (!is_socket(q->fds[0], SOCK_DGRAM) || !is_socket(q->fds[1], SOCK_STREAM) ||
	    !is_socket(q->fds[2], SOCK_RAW))
		return nk_fail(e, EINVAL, "egress: sockets for UDP, TCP and netfilter");
	int r = nk_egress_new(q->n == 5 ? q->words[4] : "", take(q, 2), &egress, e);
	if (r < 0)
		return r;
	struct nk_view *v = calloc(1, sizeof(*v));
	if (v)
		*v = (struct nk_view){.d = d,
				      .egress = egress,
				      .id = strdup(q->words[1]),
				      .owner = nk_owner_get(d, q->words[2])};
	if (!v || !v->id || !v->owner) {
		int err = v && v->id ? errno : ENOMEM;
		nk_egress_free(egress);
		if (v)
			nk_owner_put(d, v->owner);
		if (v)
			free(v->id);
		free(v);
		return nk_fail(e, err, "egress of %s", q->words[1]);
	}
	d->expected -= d->expected > 0;
	end_view(d, v->id);
	v->next = d->views;
	d->views = v;
	for (size_t i = 0; i < 2; i++) {
		fcntl(q->fds[i], F_SETFL, fcntl(q->fds[i], F_GETFL) | O_NONBLOCK);
		r = nk_view_listen(v, take(q, i), i == 1);
		if (r < 0) {
			nk_fail(e, -r, "egress of %s: listen", v->id);
			end_view(d, v->id);
			return r;
		}
	}
	return 0;
}

void nk_control_expect(struct nk_netd *d)
{
	d->expected++;
	d->waits_until = nk_now_ms() + EXPECT_MS;
}

static int serve(struct nk_netd *d, struct request *q, struct nk_err *e)
{
	char *save = NULL;

	for (char *w = strtok_r(q->text, " \n", &save); w; w = strtok_r(NULL, " \n", &save)) {
		if (q->n == WORDS)
			return nk_fail(e, E2BIG, "too many words");
		q->words[q->n++] = w;
	}
	if (q->n && strcmp(q->words[0], "port") == 0)
		return do_port(d, q, e);
	if (q->n && strcmp(q->words[0], "egress") == 0)
		return do_egress(d, q, e);
	if (q->n == 1 && strcmp(q->words[0], "expect") == 0) {
		nk_control_expect(d);
		return 0;
	}
	if (q->n == 2 && strcmp(q->words[0], "end") == 0) {
		nk_owner_end(d, q->words[1]);
		return 0;
	}
	return nk_fail(e, EINVAL, "port, egress or end, not '%s'", q->n ? q->words[0] : "");
}

static void drop(struct nk_control *c)
{
	nk_loop_close(&c->d->loop, &c->w);
	*c->at = c->next;
	if (c->next)
		c->next->at = c->at;
	/* The next one's turn. */
	if (c->d->n_controls-- == CONTROLS)
		nk_loop_change(&c->d->loop, &c->d->control, EPOLLIN);
	nk_loop_bury(&c->d->loop, c);
}

/* Descriptors of a message -> q; what is too many or cut off is closed. */
static void take_fds(struct request *q, struct msghdr *m)
{
	for (struct cmsghdr *h = CMSG_FIRSTHDR(m); h; h = CMSG_NXTHDR(m, h)) {
		if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
			continue;
		size_t n = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(h) + i * sizeof(int), sizeof(fd));
			if (q->n_fds < FDS)
				q->fds[q->n_fds++] = fd;
			else
				close(fd);
		}
	}
}

static void on_request(struct nk_watch *w, uint32_t events)
{
	struct nk_control *c = NK_WATCHER(w, struct nk_control, w);
	static struct request q;
	union {
		struct cmsghdr h;
		char space[CMSG_SPACE(sizeof(int) * (FDS + 1))];
	} control;
	struct iovec io = {q.text, sizeof(q.text) - 1};
	struct msghdr m = {.msg_iov = &io,
			   .msg_iovlen = 1,
			   .msg_control = &control,
			   .msg_controllen = sizeof(control)};
	struct nk_err e = {0};

	(void)events;
	ssize_t n = recvmsg(w->fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		drop(c);
		return;
	}
	q.text[n] = '\0';
	q.n = q.n_fds = 0;
	take_fds(&q, &m);
	int r = m.msg_flags & (MSG_TRUNC | MSG_CTRUNC) ? nk_fail(&e, E2BIG, "request")
						       : serve(c->d, &q, &e);
	for (size_t i = 0; i < q.n_fds; i++)
		if (q.fds[i] >= 0)
			close(q.fds[i]);
	char answer[sizeof(e.msg) + 16];
	int len = r < 0 ? snprintf(answer, sizeof(answer), "error: %s", e.msg)
			: snprintf(answer, sizeof(answer), "ok");
	send(w->fd, answer, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL);
	c->until = nk_now_ms() + IDLE_MS;
}

static void begin(struct nk_netd *d, int fd)
{
	struct ucred who = {0};
	socklen_t size = sizeof(who);
	struct nk_control *c = calloc(1, sizeof(*c));

	/* The directory lets nobody else in; this is the second lock. */
	if (!c || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0 ||
	    who.uid != geteuid()) {
		free(c);
		close(fd);
		return;
	}
	*c = (struct nk_control){.w = {.fd = fd, .ready = on_request},
				 .d = d,
				 .next = d->controls,
				 .at = &d->controls,
				 .until = nk_now_ms() + IDLE_MS};
	if (c->next)
		c->next->at = &c->next;
	d->controls = c;
	d->n_controls++;
	if (nk_loop_add(&d->loop, &c->w, EPOLLIN) < 0)
		drop(c);
}

void nk_control_accept(struct nk_netd *d)
{
	while (d->n_controls < CONTROLS) {
		int fd = accept4(d->control.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0) {
			if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
				nk_loop_rest(&d->loop, &d->control);
			return;
		}
		begin(d, fd);
	}
	/* The others wait until one of these is done. */
	nk_loop_change(&d->loop, &d->control, 0);
}

static void on_connect(struct nk_watch *w, uint32_t events)
{
	(void)events;
	nk_control_accept(NK_WATCHER(w, struct nk_netd, control));
}

/* Who looks for it under its name does not find it; who has connected already stays in its queue.
 */
static const char SOCKET[] = "netd.sock", ASIDE[] = "netd.sock.old";

void nk_control_hide(struct nk_netd *d)
{
	renameat(d->dir_fd, SOCKET, d->dir_fd, ASIDE);
}

int nk_control_show(struct nk_netd *d, struct nk_err *e)
{
	return renameat(d->dir_fd, ASIDE, d->dir_fd, SOCKET) == 0 ? 0 : nk_control_listen(d, e);
}

void nk_control_forget(struct nk_netd *d)
{
	unlinkat(d->dir_fd, ASIDE, 0);
}

int nk_control_listen(struct nk_netd *d, struct nk_err *e)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	/* Through the descriptor: the path may be longer than such an address. */
	snprintf(name.sun_path, sizeof(name.sun_path), "/proc/self/fd/%d/netd.sock", d->dir_fd);
	unlinkat(d->dir_fd, SOCKET, 0);
	nk_control_forget(d);
	if (fd < 0 || bind(fd, (struct sockaddr *)&name, sizeof(name)) < 0 ||
	    listen(fd, BACKLOG) < 0)
		return nk_fail(e, errno, "listen on %s/%s/netd.sock", d->store.state, d->name);
	nk_loop_close(&d->loop, &d->control);
	d->control = (struct nk_watch){.fd = nk_take_fd(&fd), .ready = on_connect};
	int r = nk_loop_add(&d->loop, &d->control, EPOLLIN);
	return r < 0 ? nk_fail(e, -r, "listen") : 0;
}

void nk_control_tick(struct nk_netd *d, int64_t now)
{
	/* Who says nothing waits for less while others stand in the queue. */
	int64_t patience = d->n_controls == CONTROLS ? IDLE_MS - CROWDED_MS : 0;

	for (struct nk_control *c = d->controls, *next; c; c = next) {
		next = c->next;
		if (c->until - patience <= now)
			drop(c);
	}
}
