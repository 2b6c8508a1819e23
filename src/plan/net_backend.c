/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network of an ordinary user: pasta or slirp4netns, one for each container.
 *
 *   parent, with init's pid   COMPANION, READY, published ports, TELL CARDS
 *   init, after its mounts    AWAIT CARDS
 *   after                     DISMISS
 *
 * The program enters the container's user and network namespaces by init's pid, makes a tap card
 * there, and carries what goes through it by sockets of its own on the host. It runs under its own
 * sandbox and seccomp filter, and ends with nook (src/spawn/companion.c).
 *
 * Nothing of the host's loopback is reached from inside: both programs would lead there by default.
 */
#include <errno.h>
#include <string.h>

#include "oci/ip.h"
#include "plan/build.h"
#include "plan/net.h"

#define CARD "eth0"

const char *nk_net_backend_name(enum nk_net_backend backend)
{
	return backend == NK_NET_BACKEND_PASTA	 ? "pasta"
	       : backend == NK_NET_BACKEND_SLIRP ? "slirp4netns"
						 : "none";
}

static void push(struct nk_build *b, struct nk_strv *argv, const char *word)
{
	nk_strv_push(b->p->arena, argv, word);
}

static void push_option(struct nk_build *b, struct nk_strv *argv, const char *option,
			const char *value)
{
	push(b, argv, option);
	push(b, argv, value);
}

/* ADDRESS/FIRST-LAST:FIRST-LAST */
static const char *port_spec(struct nk_build *b, const struct nk_port *p)
{
	struct nk_arena *a = b->p->arena;
	char text[NK_IP_TEXT];
	const char *at = p->host.family ? nk_fmt(a, "%s/", nk_ip_text(&p->host, false, text)) : "";

	if (p->count < 2)
		return nk_fmt(a, "%s%u:%u", at, p->host_port, p->port);
	return nk_fmt(a, "%s%u-%u:%u-%u", at, p->host_port, p->host_port + p->count - 1, p->port,
		      p->port + p->count - 1);
}

static void pasta_ports(struct nk_build *b, struct nk_strv *argv, enum nk_proto proto,
			const char *option)
{
	const struct nk_ports *ports = &b->spec->net.ports;
	bool any = false;

	for (size_t i = 0; i < ports->n; i++)
		if (ports->v[i].proto == proto) {
			push_option(b, argv, option, port_spec(b, &ports->v[i]));
			any = true;
		}
	if (!any)
		push_option(b, argv, option, "none");
}

static void pasta(struct nk_build *b, struct nk_strv *argv)
{
	const struct nk_net_spec *net = &b->spec->net;

	/* Its own card has the addresses and routes of the host's. */
	push(b, argv, "-f");
	push(b, argv, "-q");
	push(b, argv, "--config-net");
	push_option(b, argv, "-I", CARD);
	/* Else the gateway's address, or others, would be the host's loopback. */
	push(b, argv, "--no-map-gw");
	if (net->backend_guest_maps) {
		push_option(b, argv, "--map-guest-addr", "none");
		push_option(b, argv, "--map-host-loopback", "none");
	}
	if (net->backend_dns)
		push_option(b, argv, "--dns-forward", net->backend_dns);
	pasta_ports(b, argv, NK_TCP, "-t");
	pasta_ports(b, argv, NK_UDP, "-u");
	/* Else what listens on the host's 127.0.0.1 would answer on the container's. */
	push_option(b, argv, "-T", "none");
	push_option(b, argv, "-U", "none");
	push_option(b, argv, "-P", "/dev/stdout");
	push(b, argv, "%d");
}

static void slirp(struct nk_build *b, struct nk_strv *argv)
{
	const struct nk_net_spec *net = &b->spec->net;

	push(b, argv, "-c");
	push_option(b, argv, "-r", "3");
	push_option(b, argv, "-m", "65520");
	if (net->backend_ip6)
		push(b, argv, "-6");
	push(b, argv, "--disable-host-loopback");
	push(b, argv, "--enable-sandbox");
	push(b, argv, "--enable-seccomp");
	if (net->backend_socket)
		push_option(b, argv, "-a", net->backend_socket);
	push(b, argv, "%d");
	push(b, argv, CARD);
}

static void publish(struct nk_build *b, const struct nk_port *port, unsigned k)
{
	struct nk_plan *p = b->p;
	const char *proto = port->proto == NK_UDP ? "udp" : "tcp";
	char text[NK_IP_TEXT] = "0.0.0.0";

	if (port->host.family)
		nk_ip_text(&port->host, false, text);
	struct nk_step *s = nk_plan_add(p, NK_OP_ASK, "port %u/%s of this machine leads to it",
					port->host_port + k, proto);
	s->fd[0] = NK_CWD;
	s->s[0] = b->spec->net.backend_socket;
	s->s[1] = nk_fmt(p->arena,
			 "{\"execute\":\"add_hostfwd\",\"arguments\":{\"proto\":\"%s\","
			 "\"host_addr\":\"%s\",\"host_port\":%u,\"guest_port\":%u}}",
			 proto, text, port->host_port + k, port->port + k);
	s->hint = "choose another port outside: -p OTHER:PORT";
}

static void publish_all(struct nk_build *b)
{
	const struct nk_net_spec *net = &b->spec->net;

	if (!net->backend_socket)
		return;
	for (size_t i = 0; i < net->ports.n; i++)
		for (unsigned k = 0; k < net->ports.v[i].count; k++)
			publish(b, &net->ports.v[i], k);
	/* Nobody else shall ask for more. */
	struct nk_step *s = nk_plan_add(b->p, NK_OP_UNLINKAT, "nobody asks %s for more",
					nk_net_backend_name(net->backend));
	s->fd[0] = NK_CWD;
	s->s[0] = net->backend_socket;
}

static void dismiss(struct nk_build *b, int companion, int made)
{
	struct nk_plan *p = b->p;

	struct nk_step *s;

	p->actor = NK_AFTER;
	/* Run last made first: behind the dismissal. It is there only where the start failed before
	 * publish_all() took it away. */
	if (b->spec->net.backend_socket) {
		s = nk_plan_add(p, NK_OP_UNLINKAT, "nor is there a socket to ask at");
		s->fd[0] = NK_CWD;
		s->s[0] = b->spec->net.backend_socket;
		s->undo_of = (int16_t)made;
		nk_tolerate(s, ENOENT, 0, 0);
	}
	s = nk_plan_add(p, NK_OP_DISMISS, "%s ends with the container",
			nk_net_backend_name(b->spec->net.backend));
	s->fd[0] = (int16_t)companion;
	s->undo_of = (int16_t)made;
	p->actor = NK_PARENT;
}

char *const *nk_net_backend_argv(struct nk_plan *p, const struct nk_net_spec *net)
{
	const struct nk_spec spec = {.net = *net};
	struct nk_build b = {.p = p, .spec = &spec};
	struct nk_strv argv = {0};

	push(&b, &argv, nk_net_backend_name(net->backend));
	if (net->backend == NK_NET_BACKEND_PASTA)
		pasta(&b, &argv);
	else
		slirp(&b, &argv);
	return (char *const *)argv.v;
}

int nk_net_backend_ready(enum nk_net_backend backend)
{
	return backend == NK_NET_BACKEND_PASTA ? 1 : 3;
}

void nk_part_net_backend(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	const struct nk_net_spec *net = &b->spec->net;

	if (net->backend == NK_NET_BACKEND_NONE)
		return;
	if (b->new_user && nk_b_own_single_map(b)) {
		nk_actor_topic(p, NK_INIT, NK_T_SYNC);
		nk_b_tell(p, NK_MSG_WANT_MAP, NK_NOFD, "its users are there to be joined");
		nk_actor_topic(p, NK_PARENT, NK_T_SYNC);
		nk_b_await(p, NK_MSG_WANT_MAP, NK_NOFD, "until its users are there");
	}
	nk_actor_topic(p, NK_PARENT, NK_T_NETWORK);
	const char *name = nk_net_backend_name(net->backend);
	int slot = nk_plan_slot(p, name);
	struct nk_step *s = nk_plan_add(p, NK_OP_COMPANION,
					"%s carries its traffic: no right of root is needed", name);
	s->s[0] = net->backend_path;
	s->p[0] = nk_net_backend_argv(p, net);
	s->fd[0] = NK_SLOT_PID;
	s->n[0] = (uint64_t)nk_net_backend_ready(net->backend);
	s->out = (int16_t)slot;
	dismiss(b, slot, (int)p->steps.n - 1);
	s = nk_plan_add(p, NK_OP_READY, "until %s has made its card", name);
	s->fd[0] = (int16_t)slot;
	s->hint = "--network none starts it without a network";
	publish_all(b);
	p->topic = NK_T_SYNC;
	nk_b_tell(p, NK_MSG_CARDS, NK_NOFD, "its card is there");
}

void nk_part_net_backend_inside(struct nk_build *b)
{
	if (b->spec->net.backend == NK_NET_BACKEND_NONE)
		return;
	nk_actor_topic(b->p, NK_INIT, NK_T_SYNC);
	nk_b_await(b->p, NK_MSG_CARDS, NK_NOFD, "until its card is there");
}
