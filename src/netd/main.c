/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nook-netd --root ROOT/networks --state STATE/net [--resolv-conf FILE] NETWORK
 * nook-netd --alone --state STATE/net [--resolv-conf FILE] NAME
 *
 * The resolver of a network, and what NAT cannot do (net/netd.h). Ends with 0 when it answers, in
 * the background, or when another one does; one line on stderr and exit code 1 when it cannot.
 * --alone: no network, only what is asked for on STATE/net/NAME/netd.sock (containers with --egress
 * that are on no network of ours). --foreground: stays, for tests.
 *
 * nook-netd --egress PID --state STATE/net --network NETWORK --id ID --owner OWNER
 *           --resolver ADDRESS --allow NAME,…
 *
 * asks the one that runs for such a resolver, with sockets inside PID's network namespace.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "net/netd.h"
#include "netd/netd.h"

enum {
	DNS_PORT = 53,
	BIND_TRIES = 40,
	BIND_WAIT_MS = 50,
	ANSWER_TRIES = 500, /* longer than another one may take to bind all its sockets */
	ANSWER_WAIT_MS = 20,
	LOOK_MS = 2000,
	SESSION_LOOK_MS = 10000, /* packets' peers are forgotten after 90 s */
	OTHER_FDS = 2200,
	SESSIONS = 1024,
	RECEIVE_BUFFER = 1 << 20
};

static struct nk_netd d;

static int say(const struct nk_err *e)
{
	fprintf(stderr, "nook-netd: %s\n", e->msg);
	if (e->hint[0])
		fprintf(stderr, "hint: %s\n", e->hint);
	return 1;
}

/* ROOT/networks and STATE/net as they are from "/", where we go. */
static int whole(const char *path, const char **real, struct nk_err *e)
{
	if (!path)
		return nk_fail(e, EINVAL, "--root or --state is missing");
	*real = realpath(path, NULL);
	return *real ? 0 : nk_fail(e, errno, "%s", path);
}

struct arguments {
	const char *root, *state;
	bool foreground;
};

static int read_arguments(int argc, char **argv, struct arguments *a, struct nk_err *e)
{
	/* clang-format off */
	static const struct option options[] = {
		{"root", required_argument, NULL, 'r'},
		{"state", required_argument, NULL, 's'},
		{"resolv-conf", required_argument, NULL, 'c'},
		{"alone", no_argument, NULL, 'a'},
		{"foreground", no_argument, NULL, 'f'},
		{0},
	};
	const struct { int option; const char **to; } words[] = {
		{'r', &a->root}, {'s', &a->state}, {'c', &d.upstreams.path},
	};
	/* clang-format on */
	int option;

	d.upstreams.path = "/etc/resolv.conf";
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		d.alone |= option == 'a';
		a->foreground |= option == 'f';
		if (option == '?')
			return nk_fail(e, EINVAL, "arguments");
		for (size_t i = 0; i < NK_COUNT(words); i++)
			if (words[i].option == option)
				*words[i].to = optarg;
	}
	d.name = optind == argc - 1 ? argv[optind] : NULL;
	return 0;
}

static int check_arguments(const struct arguments *a, struct nk_err *e)
{
	if (!d.name || !*d.name || strchr(d.name, '/') || d.name[0] == '.')
		return nk_fail(e, EINVAL, "one NETWORK is wanted");
	if (d.upstreams.path[0] != '/')
		return nk_fail(e, EINVAL, "--resolv-conf %s: not from /", d.upstreams.path);
	d.store = (struct nk_net_store){.fd = -1, .state_fd = -1};
	int r = whole(a->state, &d.store.state, e);
	return r < 0 || d.alone ? r : whole(a->root, &d.store.root, e);
}

/* Every limit that costs descriptors fits into what we may open. */
static void share_descriptors(void)
{
	struct rlimit files;
	size_t all = getrlimit(RLIMIT_NOFILE, &files) < 0 ? 1024 : (size_t)files.rlim_cur;
	size_t rest = all > 65536 ? 65536 : all;

	rest = rest > 2 * OTHER_FDS ? rest - OTHER_FDS : rest / 2;
	d.max_sessions = rest / 8 < SESSIONS ? rest / 8 : SESSIONS;
	/* Two sockets each, and two pipes at times. */
	d.max_relays = (rest - d.max_sessions) / 6;
}

static int bind_one(const struct nk_ip *gateway, bool tcp, struct nk_err *e)
{
	union nk_address own;
	char text[NK_IP_TEXT];
	int on = 1, buffer = RECEIVE_BUFFER;
	bool six = gateway->family == AF_INET6;
	_close_ int fd = socket(gateway->family,
				(tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return nk_fail(e, errno, "make a socket");
	nk_address_set(&own, gateway, DNS_PORT);
	if (tcp)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (six)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	/* Before the bridge has the address, and while it comes and goes. */
	setsockopt(fd, six ? IPPROTO_IPV6 : IPPROTO_IP, six ? IPV6_FREEBIND : IP_FREEBIND, &on,
		   sizeof(on));
	/* Room for a burst: one container's must not push out another's single question. */
	if (!tcp && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	/* One of us that is just ending may have it for a moment. */
	int r = 0;
	for (int i = 0; bind(fd, &own.any, nk_address_size(&own)) < 0; i++) {
		r = errno;
		if (r != EADDRINUSE || i == BIND_TRIES)
			break;
		nanosleep(&(struct timespec){.tv_nsec = BIND_WAIT_MS * 1000000L}, NULL);
		r = 0;
	}
	if (r) {
		nk_fail(e, r, "port 53 of %s, for the names of network %s",
			nk_ip_text(gateway, false, text), d.name);
		return r != EADDRINUSE
			       ? -r
			       : nk_hint(e, "a DNS server of this machine has it on all "
					    "addresses (ss -lunp sport = :53): let that one "
					    "name its own, or use a network that was "
					    "created with --dns off");
	}
	r = nk_view_listen(&d.own, nk_take_fd(&fd), tcp);
	return r < 0 ? nk_fail(e, -r, "listen on port 53") : 0;
}

static int bind_all(struct nk_err *e)
{
	int r = 0;

	d.own.d = &d;
	for (size_t i = 0; !d.alone && d.network.dns && i < d.network.subnets.n; i++) {
		const struct nk_ip *gateway = &d.network.subnets.v[i].gateway;
		for (int tcp = 0; gateway->family && tcp < 2; tcp++) {
			r = bind_one(gateway, tcp, e);
			if (r < 0)
				return r;
		}
	}
	return nk_control_listen(&d, e);
}

/* Another one has the lock: is it one that answers? */
static bool another_answers(struct nk_err *e)
{
	return d.alone ? nk_netd_ask(&d.store, d.name, "expect", NULL, 0, e) == 0
		       : nk_netd_answers(&d.store, d.name) == 1;
}

static int begin(struct nk_err *e)
{
	int r = nk_netd_forget_caller(e);

	if (r < 0)
		return r;
	share_descriptors();
	d.dir_fd = d.lock_fd = d.control.fd = d.inotify.fd = -1;
	r = nk_loop_open(&d.loop, e);
	for (int i = 0; r >= 0 && i < ANSWER_TRIES; i++) {
		r = nk_life_begin(&d, e);
		/* No lease says that somebody will come: that one is waited for. */
		if (r == 0 && d.alone)
			nk_control_expect(&d);
		if (r == 0)
			return bind_all(e);
		if (r < 0 || another_answers(e))
			return r;
		/* It has only begun, and may fail yet; or it is just about to end. */
		close(d.lock_fd);
		close(d.dir_fd);
		close(d.store.state_fd);
		if (!d.alone)
			close(d.store.fd);
		nanosleep(&(struct timespec){.tv_nsec = ANSWER_WAIT_MS * 1000000L}, NULL);
	}
	return r < 0 ? r
		     : nk_fail(e, EAGAIN, "the nook-netd of %s does not begin to answer", d.name);
}

/* The child goes on; the parent ends when that is ready, with its exit code. */
static void to_background(void)
{
	int ready[2], null;
	char byte;

	if (pipe2(ready, O_CLOEXEC) < 0)
		_exit(1);
	pid_t pid = fork();
	if (pid < 0)
		_exit(1);
	if (pid > 0) {
		close(ready[1]);
		_exit(read(ready[0], &byte, 1) == 1 ? 0 : 1);
	}
	setsid();
	struct nk_err e = {0};
	if (nk_netd_confine(&d, &e) < 0) {
		say(&e);
		_exit(1);
	}
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; null >= 0 && fd < 3; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
	if (nk_life_answers(&d) < 0 || write(ready[1], "", 1) != 1)
		_exit(1);
	close(ready[0]);
	close(ready[1]);
}

/* -1: nothing has a time. */
static int patience(void)
{
	if (d.flights || d.conns || d.controls || d.n_dialling || d.leases_changed ||
	    d.definition_changed)
		return NK_TICK_MS;
	for (const struct nk_owner *o = d.owners; o; o = o->next)
		if (o->w.fd < 0)
			return LOOK_MS;
	if (d.expected && nk_now_ms() < d.waits_until)
		return LOOK_MS;
	return d.n_sessions ? SESSION_LOOK_MS : -1;
}

static void turn(void)
{
	static int64_t ticked;

	nk_loop_turn(&d.loop, patience());
	int64_t now = nk_now_ms();
	if (now < ticked + NK_TICK_MS)
		return;
	ticked = now;
	nk_flights_tick(&d, now);
	nk_dns_conns_tick(&d, now);
	nk_control_tick(&d, now);
	nk_tcp_ports_tick(&d, now);
	nk_udp_ports_tick(&d, now);
	nk_owners_tick(&d, now);
}

static int serve(const struct arguments *a, struct nk_err *e)
{
	umask(0077);
	int r = begin(e);
	if (r == 1)
		return 0; /* another one answers already */
	if (r < 0)
		return r;
	if (chdir("/") < 0)
		return nk_fail(e, errno, "/");
	if (!a->foreground)
		to_background();
	else if ((r = nk_netd_confine(&d, e)) < 0 || (r = nk_life_answers(&d)) < 0)
		return r;
	while (!nk_life_over(&d))
		turn();
	return 0;
}

int main(int argc, char **argv)
{
	struct nk_err e = {0};
	struct arguments a = {0};

	if (argc > 1 && strcmp(argv[1], "--egress") == 0)
		return nk_netd_ask_egress(argc, argv, &e) < 0 ? say(&e) : 0;

	int r = read_arguments(argc, argv, &a, &e);
	if (r >= 0)
		r = check_arguments(&a, &e);
	if (r >= 0)
		r = serve(&a, &e);
	return r < 0 ? say(&e) : 0;
}
