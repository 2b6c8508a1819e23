/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netd.h: questions to upstreams. Each goes out from a socket of its own, connected (the kernel
 * chooses a random port and passes on only what comes from that server), with a random id. Equal
 * questions share one: many of them at a time would make a forged answer likely to fit. A server
 * that does not answer in time, refuses or fails is followed by the next one.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "netd/netd.h"

enum {
	TRY_MS = 1200,
	TCP_TRY_MS = 3000,
	ALL_MS = 7000,
	ROUNDS = 2,
	EDE_UNREACHABLE = 22,
	AT_ONCE = 32
};

struct waiter {
	struct waiter *next;
	struct nk_client client;
	struct nk_query query;
};

struct nk_flight {
	struct nk_watch w;
	struct nk_netd *d;
	struct nk_flight *next, **at;
	struct waiter *waiters;
	struct nk_query query; /* of the first of them */
	uint16_t id;
	bool edns, tcp;
	unsigned kind;	  /* of d->asking */
	unsigned tried;	  /* bits of d->upstreams */
	uint32_t version; /* of d->upstreams */
	int round, upstream;
	int64_t try_until, until;
	uint8_t *out, *in; /* by TCP: with the length before it */
	size_t out_n, sent, have;
	uint8_t *last; /* the answer of a server that has failed */
	size_t last_n;
};

static void next_server(struct nk_flight *f);

static void close_try(struct nk_flight *f)
{
	nk_loop_close(&f->d->loop, &f->w);
	free(f->out);
	free(f->in);
	f->out = f->in = NULL;
	f->have = f->sent = f->out_n = 0;
}

/*
 * By UDP anybody can ask in the name of another; by TCP nobody can. So the two are counted apart,
 * and whoever is one too many by UDP is told to come by TCP (dns.c).
 */
static struct nk_asking *asking(struct nk_netd *d, const struct nk_client *c)
{
	return &d->asking[c->conn != NULL];
}

static void free_waiter(struct nk_netd *d, struct waiter *w)
{
	struct nk_asking *a = asking(d, &w->client);

	a->n_waiters--;
	a->waiting[w->client.share]--;
	free(w);
}

static void land(struct nk_flight *f)
{
	struct nk_netd *d = f->d;

	close_try(f);
	*f->at = f->next;
	if (f->next)
		f->next->at = f->at;
	d->n_flights--;
	d->asking[f->kind].n_flights--;
	free(f->last);
	f->last = NULL;
	nk_loop_bury(&d->loop, f);
}

/* The answer, or NULL, to everybody who waits for it. */
static void deliver(struct nk_flight *f, const uint8_t *data, size_t n)
{
	struct nk_netd *d = f->d;

	for (struct waiter *w = f->waiters, *next; w; w = next) {
		_pkt_ ldns_pkt *pkt = NULL;
		next = w->next;
		f->waiters = next;
		if (!data || ldns_wire2pkt(&pkt, data, n) != LDNS_STATUS_OK)
			pkt = NULL;
		nk_dns_give(d, &w->client, &w->query, pkt, false, pkt ? -1 : EDE_UNREACHABLE);
		if (w->client.conn)
			nk_dns_conn_waits(w->client.conn, -1);
		free_waiter(d, w);
	}
	land(f);
}

/* The server is passed over for a while, unless it is the only one that has not failed. */
static void failed(struct nk_flight *f)
{
	struct nk_upstreams *u = &f->d->upstreams;

	if (f->version == u->version)
		u->v[f->upstream].rests_until = nk_now_ms() + NK_UPSTREAM_REST_MS;
	next_server(f);
}

static bool is_own(const struct nk_netd *d, const union nk_address *a)
{
	struct nk_ip ip = nk_address_ip(a);

	for (size_t i = 0; !d->alone && i < d->network.subnets.n; i++)
		if (nk_ip_equal(&d->network.subnets.v[i].gateway, &ip))
			return true;
	return false;
}

/* An answer that is one to this question. True: that was it. */
static bool judge(struct nk_flight *f, ldns_pkt *pkt, const uint8_t *data, size_t n)
{
	int rcode = ldns_pkt_get_rcode(pkt);
	uint32_t ttl;

	if (rcode == LDNS_RCODE_NOERROR || rcode == LDNS_RCODE_NXDOMAIN) {
		if (f->version == f->d->upstreams.version)
			f->d->upstreams.v[f->upstream].rests_until = 0;
		ttl = nk_answer_ttl(pkt);
		/* Of servers that are asked no more: for who waits for it, not for others. */
		if (ttl && f->version == f->d->upstreams.version)
			nk_cache_keep(&f->d->cache, &f->query, data, n, ttl, nk_now_ms());
		deliver(f, data, n);
		return true;
	}
	free(f->last);
	f->last = malloc(n);
	f->last_n = f->last ? n : 0;
	if (f->last)
		memcpy(f->last, data, n);
	return false;
}

static int send_question(struct nk_flight *f);

static void on_answer(struct nk_watch *w, uint32_t events)
{
	struct nk_flight *f = NK_WATCHER(w, struct nk_flight, w);
	uint8_t data[4096];

	(void)events;
	/* The others have their turn, whoever sends what. */
	for (int i = 0; i < AT_ONCE && w->fd >= 0; i++) {
		_pkt_ ldns_pkt *pkt = NULL;
		ssize_t n = recv(w->fd, data, sizeof(data), MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) { /* nobody listens there */
			failed(f);
			return;
		}
		/* What is no answer to us is no reason to stop waiting for one. */
		if (nk_answer_read(data, (size_t)n, &f->query.q, f->id, &pkt) < 0)
			continue;
		if (f->edns && ldns_pkt_get_rcode(pkt) == LDNS_RCODE_FORMERR &&
		    !ldns_pkt_edns(pkt)) {
			f->edns = false;
		} else if (ldns_pkt_tc(pkt)) {
			f->tcp = true;
		} else {
			if (!judge(f, pkt, data, (size_t)n))
				next_server(f);
			return;
		}
		close_try(f);
		if (f->version != f->d->upstreams.version || send_question(f) < 0)
			failed(f);
		return;
	}
}

/* 1: all of it is there; 0: more to come; -1: it has failed */
static int read_stream(struct nk_flight *f)
{
	for (;;) {
		size_t want = f->have < 2 ? 2 : 2 + (size_t)(f->in[0] << 8 | f->in[1]);
		if (f->have >= 2 && f->have == want)
			return 1;
		ssize_t n = recv(f->w.fd, f->in + f->have, want - f->have, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n <= 0)
			return -1;
		f->have += (size_t)n;
	}
}

static void on_stream(struct nk_watch *w, uint32_t events)
{
	struct nk_flight *f = NK_WATCHER(w, struct nk_flight, w);
	_pkt_ ldns_pkt *pkt = NULL;

	if (f->sent < f->out_n) {
		ssize_t n = send(w->fd, f->out + f->sent, f->out_n - f->sent,
				 MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN && errno != EINTR) {
			failed(f);
			return;
		}
		f->sent += n > 0 ? (size_t)n : 0;
		if (f->sent == f->out_n)
			nk_loop_change(&f->d->loop, w, EPOLLIN);
		return;
	}
	if (!(events & (EPOLLIN | EPOLLERR | EPOLLHUP)))
		return;
	int r = read_stream(f);
	if (r == 0)
		return;
	if (r < 0 || nk_answer_read(f->in + 2, f->have - 2, &f->query.q, f->id, &pkt) < 0) {
		failed(f);
		return;
	}
	/* The buffer outlives the try: deliver() closes it. */
	_free_ uint8_t *in = f->in;
	size_t n = f->have - 2;
	f->in = NULL;
	if (!judge(f, pkt, in + 2, n))
		next_server(f);
}

static int send_question(struct nk_flight *f)
{
	const union nk_address *to = &f->d->upstreams.v[f->upstream].address;
	_free_ uint8_t *data = NULL;
	size_t n;

	while (getrandom(&f->id, sizeof(f->id), 0) != sizeof(f->id))
		;
	if (nk_ask_write(&f->query, f->id, f->edns, &data, &n) < 0)
		return -ENOMEM;
	f->w = (struct nk_watch){
		.fd = socket(to->any.sa_family,
			     (f->tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
		.ready = f->tcp ? on_stream : on_answer};
	f->try_until = nk_now_ms() + (f->tcp ? TCP_TRY_MS : TRY_MS);
	if (f->w.fd < 0 ||
	    (connect(f->w.fd, &to->any, nk_address_size(to)) < 0 && errno != EINPROGRESS))
		return -errno;
	if (nk_loop_add(&f->d->loop, &f->w, f->tcp ? EPOLLOUT : EPOLLIN) < 0)
		return -ENOMEM;
	if (!f->tcp)
		return send(f->w.fd, data, n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
	f->out = malloc(n + 2);
	f->in = malloc(2 + UINT16_MAX);
	if (!f->out || !f->in)
		return -ENOMEM;
	f->out[0] = (uint8_t)(n >> 8);
	f->out[1] = (uint8_t)n;
	memcpy(f->out + 2, data, n);
	f->out_n = n + 2;
	return 0;
}

/* Ask the next one; when all have been asked often enough, that is the answer. */
static void next_server(struct nk_flight *f)
{
	struct nk_upstreams *u = &f->d->upstreams;

	for (;;) {
		int64_t now = nk_now_ms();
		close_try(f);
		if (f->version != u->version) {
			f->version = u->version;
			f->tried = 0;
		}
		int i = nk_upstreams_pick(u, f->tried, now);
		/* Whoever has answered, if only that it cannot, is not asked once more. */
		if (now >= f->until || (i < 0 && (f->last || ++f->round == ROUNDS))) {
			deliver(f, f->last, f->last_n);
			return;
		}
		if (i < 0) {
			f->tried = 0;
			continue;
		}
		f->tried |= 1u << i;
		f->upstream = i;
		f->edns = true;
		f->tcp = false;
		if (is_own(f->d, &u->v[i].address))
			continue;
		int r = send_question(f);
		if (r == 0)
			return;
		/* Without descriptors or memory it is not the server's fault. */
		if (r != -EMFILE && r != -ENFILE && r != -ENOMEM)
			u->v[i].rests_until = now + NK_UPSTREAM_REST_MS;
	}
}

static bool fits(const struct nk_flight *f, const struct nk_query *q)
{
	const struct nk_query *own = &f->query;

	return f->version == f->d->upstreams.version && own->q.type == q->q.type &&
	       own->q.class == q->q.class && own->rd == q->rd && own->cd == q->cd &&
	       own->dnssec_ok == q->dnssec_ok && own->q.name_len == q->q.name_len &&
	       memcmp(own->q.name, q->q.name, q->q.name_len) == 0;
}

static struct nk_flight *new_flight(struct nk_netd *d, struct nk_asking *a,
				    const struct nk_query *q)
{
	struct nk_flight *f = a->n_flights < NK_FLIGHTS ? calloc(1, sizeof(*f)) : NULL;

	if (!f)
		return NULL;
	*f = (struct nk_flight){.w = {.fd = -1},
				.d = d,
				.next = d->flights,
				.at = &d->flights,
				.query = *q,
				.kind = (unsigned)(a - d->asking),
				.version = d->upstreams.version,
				.until = nk_now_ms() + ALL_MS};
	if (f->next)
		f->next->at = &f->next;
	d->flights = f;
	d->n_flights++;
	a->n_flights++;
	return f;
}

int nk_forward(struct nk_netd *d, const struct nk_client *c, const struct nk_query *q)
{
	struct nk_flight *f = d->flights;
	struct nk_asking *a = asking(d, c);
	bool fresh = false;

	/* The fuller it is, the less one address may have: a few that ask without end leave room.
	 */
	unsigned share = a->n_flights < NK_FLIGHTS / 2 ? NK_SHARE_WAITERS : NK_SHARE_WAITERS / 8;
	if (a->n_waiters >= NK_WAITERS || a->waiting[c->share] >= share)
		return -EBUSY;
	if (nk_upstreams_look(&d->upstreams))
		nk_cache_clear(&d->cache);
	struct waiter *w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	while (f && !fits(f, q))
		f = f->next;
	if (!f) {
		f = new_flight(d, a, q);
		fresh = true;
	}
	if (!f) {
		free(w);
		return -EBUSY;
	}
	*w = (struct waiter){.next = f->waiters, .client = *c, .query = *q};
	f->waiters = w;
	a->n_waiters++;
	a->waiting[c->share]++;
	if (c->conn)
		nk_dns_conn_waits(c->conn, 1);
	if (fresh)
		next_server(f);
	return 0;
}

void nk_flights_tick(struct nk_netd *d, int64_t now)
{
	for (struct nk_flight *f = d->flights, *next; f; f = next) {
		next = f->next;
		if (f->try_until <= now || f->until <= now)
			failed(f);
	}
}

void nk_flights_forget(struct nk_netd *d, const struct nk_dns_conn *conn,
		       const struct nk_view *view)
{
	for (struct nk_flight *f = d->flights; f; f = f->next)
		for (struct waiter **at = &f->waiters; *at;) {
			struct waiter *w = *at;
			bool gone = (conn && w->client.conn == conn) ||
				    (view && w->client.view == view);
			if (!gone) {
				at = &w->next;
				continue;
			}
			*at = w->next;
			free_waiter(d, w);
		}
}
