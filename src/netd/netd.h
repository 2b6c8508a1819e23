/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nook-netd: everything that one process has. Who speaks to whom:
 *
 *	containers ──▶ serve.c, dns_tcp.c ──▶ dns.c ──▶ names.c	     names of the network
 *						│   ├─▶ neighbours.c  of others that the asker is on
 *						│   └─▶ cache.c	     what was asked before
 *						└─▶ forward.c ──▶ upstreams of the host
 *	nook ────────▶ control.c ──▶ tcp_proxy.c, udp_proxy.c	     ports
 *			    └─────▶ egress.c (a resolver that knows a few names only)
 *	leases, definitions, ends of owners ──▶ life.c
 *
 * One thread, one loop (loop.h), nothing in it waits. What a container can make it keep is
 * bounded: in all, and for each address that asks.
 */
#ifndef NK_NETD_NETD_H
#define NK_NETD_NETD_H

#include "net/lease.h"
#include "net/store.h"
#include "netd/cache.h"
#include "netd/loop.h"
#include "netd/names.h"
#include "netd/upstream.h"

enum {
	NK_LISTENERS = 16,
	NK_SHARES = 512,       /* addresses that ask are counted in so many places */
	NK_FLIGHTS = 512,      /* questions that are with an upstream; each by UDP and by TCP */
	NK_WAITERS = 1024,     /* clients that wait for them; each, too */
	NK_SHARE_WAITERS = 64, /* of one address */
	NK_DNS_CONNS = 256,    /* clients by TCP */
	NK_SHARE_CONNS = 16,   /* of one address */
	NK_TICK_MS = 200,      /* how exact time-outs are */
	NK_SPARE_PIPES = 32,
};

/* Who ends what has been asked for (net/lease.h's words). */
struct nk_owner {
	struct nk_watch w; /* a pidfd, where it is a process */
	struct nk_netd *d;
	struct nk_owner *next;
	unsigned uses;
	char words[];
};

struct nk_view;
struct nk_listener {
	struct nk_watch w;
	struct nk_view *view;
};

/* A resolver: that of the network, or that of a container with --egress. */
struct nk_view {
	struct nk_view *next;
	struct nk_netd *d;
	struct nk_owner *owner;	  /* NULL: the network's own */
	struct nk_egress *egress; /* NULL: no limit */
	char *id;		  /* of the container */
	struct nk_listener listeners[NK_LISTENERS];
	size_t n;
};

/* Where an answer goes. */
struct nk_client {
	struct nk_view *view;
	struct nk_listener *udp;  /* by UDP: the socket; else */
	struct nk_dns_conn *conn; /* by TCP */
	union nk_address from;
	unsigned share;
};

/* Those who wait for upstreams, by UDP or by TCP. */
struct nk_asking {
	size_t n_flights, n_waiters;
	uint16_t waiting[NK_SHARES];
};

struct nk_netd {
	struct nk_loop loop;
	struct nk_net_store store;
	struct nk_arena arena; /* lives as long as the process */
	const char *name;
	bool alone; /* no network: egress resolvers of containers that have none */
	bool ending;

	struct nk_arena network_arena;
	struct nk_network network;
	struct nk_names names;
	struct nk_view own;
	struct nk_view *views; /* of containers */
	struct nk_owner *owners;
	struct nk_owner **lease_owners; /* one for each lease in names */
	size_t n_lease_owners;

	struct nk_neighbour *neighbours;

	struct nk_cache cache;
	struct nk_upstreams upstreams;
	struct nk_flight *flights;
	size_t n_flights;
	struct nk_asking asking[2]; /* by UDP; by TCP */
	struct nk_dns_conn *conns;
	size_t n_conns;
	uint16_t connected[NK_SHARES];
	uint32_t share_seed;

	struct nk_control *controls; /* connections of nook's */
	size_t n_controls;
	struct nk_tcp_port *tcp_ports;
	struct nk_udp_port *udp_ports;
	size_t n_relays, max_relays;	 /* connections through tcp_ports */
	size_t n_dialling;		 /* of them: not yet with the container */
	size_t n_sessions, max_sessions; /* peers of udp_ports */

	struct nk_watch control, inotify;
	int dir_fd; /* STATE/net/NAME */
	int lock_fd;
	int definitions;     /* the watch of ROOT/networks */
	int64_t waits_until; /* for what has been announced: */
	unsigned expected;   /* so many requests */
	int64_t look_again;  /* at owners that cannot be waited for */
	bool leases_changed, definition_changed;
	int64_t read_again;	      /* those, when they could not be read */
	int spare[NK_SPARE_PIPES][2]; /* empty pipes of tcp_proxy.c */
	size_t n_spare;
};

/* ---- serve.c, dns_tcp.c: sockets of a resolver ---- */

/* fd is the view's from here on. 0 or -errno. */
int nk_view_listen(struct nk_view *v, int fd, bool tcp);
void nk_view_close(struct nk_view *v);
/* Does the resolver answer this address? Its place in the counts -> *share. */
bool nk_view_admits(const struct nk_view *v, const union nk_address *from, unsigned *share);
void nk_dns_accept(struct nk_listener *l);
void nk_dns_conn_send(struct nk_dns_conn *c, const uint8_t *data, size_t n);
void nk_dns_conn_waits(struct nk_dns_conn *c, int more); /* answers that are to come */
void nk_dns_conns_tick(struct nk_netd *d, int64_t now);
void nk_dns_conns_drop(struct nk_netd *d, const struct nk_view *v);

/* ---- dns.c: what is answered ---- */

void nk_dns_question(struct nk_netd *d, const struct nk_client *c, const uint8_t *data, size_t n);
/* pkt may be NULL: SERVFAIL with that extended error. own: from our own names. Frees nothing. */
void nk_dns_give(struct nk_netd *d, const struct nk_client *c, const struct nk_query *q,
		 ldns_pkt *pkt, bool own, int ede);

/* ---- neighbours.c: names of the other networks that an asker is on ---- */

/* NULL: no such name there. */
ldns_pkt *nk_neighbours_answer(struct nk_netd *d, const struct nk_client *c,
			       const struct nk_question *q);

/* ---- forward.c: questions to upstreams ---- */

/* The answer goes to c through nk_dns_give(). -EBUSY: too many wait already. */
int nk_forward(struct nk_netd *d, const struct nk_client *c, const struct nk_query *q);
void nk_flights_tick(struct nk_netd *d, int64_t now);
/* Nobody waits there any more: a connection (or NULL), or all of a view. */
void nk_flights_forget(struct nk_netd *d, const struct nk_dns_conn *conn,
		       const struct nk_view *view);

/* ---- tcp_proxy.c, udp_proxy.c ---- */

/* fd, address and owner are the port's from here on, also when it fails. */
int nk_tcp_port_new(struct nk_netd *d, int fd, const union nk_address *to, struct nk_owner *owner);
int nk_udp_port_new(struct nk_netd *d, int fd, const union nk_address *to, struct nk_owner *owner);
void nk_tcp_ports_tick(struct nk_netd *d, int64_t now);
void nk_udp_ports_tick(struct nk_netd *d, int64_t now);
/* Give up what is an owner's; NULL: everybody's. */
void nk_tcp_ports_end(struct nk_netd *d, const struct nk_owner *owner);
void nk_udp_ports_end(struct nk_netd *d, const struct nk_owner *owner);

/* ---- control.c ---- */

int nk_control_listen(struct nk_netd *d, struct nk_err *e);
/* All who have connected. */
void nk_control_accept(struct nk_netd *d);
/*
 * Before the end: hidden, nobody finds it any more. Then it is shown again, with those in its queue
 * who had connected before; or what was hidden is removed (while the lock is still held).
 */
void nk_control_hide(struct nk_netd *d);
int nk_control_show(struct nk_netd *d, struct nk_err *e);
void nk_control_forget(struct nk_netd *d);
void nk_control_tick(struct nk_netd *d, int64_t now);
/* One more request is to come soon; it does not end before. */
void nk_control_expect(struct nk_netd *d);

/* ---- owner.c ---- */

/* Counted: put it back. NULL: gone already (ESRCH in errno), or no memory. */
struct nk_owner *nk_owner_get(struct nk_netd *d, const char *words);
void nk_owner_put(struct nk_netd *d, struct nk_owner *o);
/* What an owner has asked for ends; 0: it had nothing. */
unsigned nk_owner_end(struct nk_netd *d, const char *words);
/* Look after those that are no process, from time to time. */
void nk_owners_tick(struct nk_netd *d, int64_t now);

/* ---- life.c: definition and leases as they change, and the end ---- */

/*
 * Directories, lock, definition, leases. d->store has the paths. 1: another process has the lock.
 */
int nk_life_begin(struct nk_netd *d, struct nk_err *e);
/* Say to who looks that the sockets are there, and served. 0 or -errno. */
int nk_life_answers(struct nk_netd *d);
/* The definition of a network as it stands on disk now. */
int nk_life_definition(struct nk_netd *d, const char *name, struct nk_arena *a,
		       struct nk_network *n, struct nk_err *e);
/* Read what has changed; what cannot be read (no descriptors) is read later. */
void nk_life_leases(struct nk_netd *d);
/* Nobody is left: true when the process is to end (its lock is given back then). */
bool nk_life_over(struct nk_netd *d);

/* ---- ask.c: a step of `nook run --egress` asks another nook-netd ---- */

int nk_netd_ask_egress(int argc, char **argv, struct nk_err *e);

/* ---- sandbox.c ---- */

/* Nothing of the caller's stays: descriptors above 2, signals, directory. */
int nk_netd_forget_caller(struct nk_err *e);
/* Gives up capabilities but NET_ADMIN, new privileges, files other than those it reads and its
 * directory (where the kernel has Landlock), and system calls that it has no use for. */
int nk_netd_confine(const struct nk_netd *d, struct nk_err *e);

#endif
