/* SPDX-License-Identifier: Apache-2.0 */
/* The map as a tree that fits 80 columns. */
#include <linux/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/network_map.h"
#include "cli/plain.h"
#include "oci/ip.h"

enum { NAME = 24 };

/* A line and those below it. */
struct node {
	const char *text;
	const char *colour;
	NK_VEC(struct node *) below;
};

struct map {
	struct nk_arena *a;
	const struct nk_net_map *m;
	struct node root;
};

#define BOLD "\033[1m"
#define GREEN "\033[32m"
#define YELLOW "\033[33m"

static struct node *add(struct map *x, struct node *to, const char *colour, const char *text)
{
	static struct node lost; /* out of memory: the arena knows */
	struct node *n = NK_NEW(x->a, struct node), **place = n ? NK_PUSH(x->a, &to->below) : NULL;

	if (!place)
		return &lost;
	n->text = nk_cli_plain(x->a, text);
	n->colour = colour;
	*place = n;
	return n;
}

/* Words with ", " between them, in as many lines as they need. */
static void add_list(struct map *x, struct node *to, const char *title, const struct nk_strv *words)
{
	enum { ROOM = 64 };
	const char *line = title;
	bool first = true;

	for (size_t i = 0; i < words->n; i++) {
		const char *more = nk_fmt(x->a, "%s%s%s", line, first ? "" : ", ", words->v[i]);

		if (!first && nk_cli_columns(more) > ROOM) {
			add(x, to, NULL, nk_fmt(x->a, "%s,", line));
			line = nk_fmt(x->a, "%*s%s", nk_cli_columns(title), "", words->v[i]);
		} else {
			line = more;
		}
		first = false;
	}
	if (words->n)
		add(x, to, NULL, line);
}

/* ---- cards of containers ---- */

static const char *port_words(struct nk_arena *a, const struct nk_port *p)
{
	char buf[NK_IP_TEXT];
	const char *host = p->host.family ? nk_ip_text(&p->host, false, buf) : "";
	bool six = p->host.family == AF_INET6;
	const char *proto = p->proto == NK_UDP ? "udp" : "tcp";
	unsigned more = p->count > 1 ? p->count - 1u : 0;

	host = nk_fmt(a, "%s%s%s%s", six ? "[" : "", host, six ? "]" : "", *host ? ":" : "");
	if (more)
		return nk_fmt(a, "%s%u-%u/%s -> %u-%u", host, p->host_port, p->host_port + more,
			      proto, p->port, p->port + more);
	return nk_fmt(a, "%s%u/%s -> %u", host, p->host_port, proto, p->port);
}

static void add_card(struct map *x, struct node *to, const struct nk_net_map_card *c)
{
	const struct nk_net_lease *l = c->lease;
	struct nk_strv ports = {0}, ips = {0};
	char buf[NK_IP_TEXT], mac[18];
	struct node *n;

	for (size_t i = 0; i < l->ips.n; i++)
		nk_strv_push(x->a, &ips, nk_strdup(x->a, nk_ip_text(&l->ips.v[i], true, buf)));
	for (size_t i = 0; i < l->ports.n; i++)
		nk_strv_push(x->a, &ports, port_words(x->a, &l->ports.v[i]));
	n = add(x, to, BOLD,
		nk_fmt(x->a, "%s: %s", nk_cli_cut(x->a, nk_cli_plain(x->a, l->name), NAME),
		       l->ifname));
	add_list(x, n, "", &ips);
	add(x, n, NULL,
	    nk_fmt(x->a, "%s%s%s", nk_mac_text(l->mac, mac), *l->host_ifname ? ", outside " : "",
		   l->host_ifname));
	add_list(x, n, "names ", &l->aliases);
	add_list(x, n, "ports ", &ports);
	for (size_t i = 0; i < c->firewall.n; i++)
		add(x, n, NULL, nk_fmt(x->a, "firewall: %s", c->firewall.v[i]));
}

/* ---- networks ---- */

static const char *kind(struct nk_arena *a, const struct nk_network *n)
{
	const char *flags =
		nk_fmt(a, "%s%s", n->internal ? ", internal" : "", n->isolate ? ", isolated" : "");

	if (n->driver == NK_NET_BRIDGE && !n->parent)
		return nk_fmt(a, "bridge %s%s", n->link, flags);
	return nk_fmt(a, "%s%s%s on %s%s", nk_net_driver_name(n->driver),
		      n->driver == NK_NET_BRIDGE ? " " : "",
		      n->driver == NK_NET_BRIDGE ? n->link : "", n->parent, flags);
}

static void add_network(struct map *x, const struct nk_net_map_network *net)
{
	const struct nk_network *n = net->network;
	bool up = net->bridge && (net->bridge->flags & IFF_UP);
	struct node *to;
	char buf[NK_IP_TEXT], via[NK_IP_TEXT];

	to = add(x, &x->root, BOLD,
		 nk_fmt(x->a, "network %s: %s%s", nk_cli_cut(x->a, n->name, NAME), kind(x->a, n),
			n->driver != NK_NET_BRIDGE ? ""
			: up			   ? ", up"
			: net->bridge		   ? ", down"
						   : ", made when a container starts"));
	for (size_t i = 0; i < n->subnets.n; i++)
		add(x, to, NULL,
		    nk_fmt(x->a, "%s, gateway %s", nk_ip_text(&n->subnets.v[i].net, true, buf),
			   nk_ip_text(&n->subnets.v[i].gateway, false, via)));
	for (size_t i = 0; i < net->cards.n; i++)
		add_card(x, to, &net->cards.v[i]);
}

/* ---- this machine ---- */

static void add_link(struct map *x, const struct nk_rt_link *l)
{
	struct nk_strv ips = {0};
	char buf[NK_IP_TEXT];
	const char *master = l->master ? nk_net_map_link(x->m, l->master) : NULL;
	struct node *n;

	if (l->flags & IFF_LOOPBACK)
		return;
	for (size_t i = 0; i < x->m->addresses.n; i++)
		if (x->m->addresses.v[i].index == l->index)
			nk_strv_push(
				x->a, &ips,
				nk_strdup(x->a, nk_ip_text(&x->m->addresses.v[i].ip, true, buf)));
	n = add(x, &x->root, l->flags & IFF_UP ? GREEN : NULL,
		nk_fmt(x->a, "card %s%s%s, %s%s%s", l->name, l->kind ? ": " : "",
		       l->kind ? l->kind : "", l->flags & IFF_UP ? "up" : "down",
		       master ? ", on " : "", master ? master : ""));
	add_list(x, n, "", &ips);
}

/* Other people's virtual cards on bridges of theirs: how many is enough. */
static bool of_others(const struct nk_rt_link *l)
{
	return l->master && l->kind && !strcmp(l->kind, "veth");
}

static void add_links(struct map *x)
{
	size_t others = 0;

	for (size_t i = 0; i < x->m->links.n; i++) {
		if (of_others(&x->m->links.v[i]))
			others++;
		else
			add_link(x, &x->m->links.v[i]);
	}
	if (others)
		add(x, &x->root, NULL,
		    nk_fmt(x->a, "%zu virtual card%s of others", others, others > 1 ? "s" : ""));
}

static void add_routes(struct map *x)
{
	struct node *to = add(x, &x->root, NULL, "routes");
	char net[NK_IP_TEXT], via[NK_IP_TEXT];

	for (size_t i = 0; i < x->m->routes.n; i++) {
		const struct nk_rt_route_seen *r = &x->m->routes.v[i];
		bool all = !r->to.family || !r->to.prefix;

		add(x, to, NULL,
		    nk_fmt(x->a, "%s%s%s over %s", all ? "default" : nk_ip_text(&r->to, true, net),
			   r->via.family ? " by " : "", nk_ip_text(&r->via, false, via),
			   nk_net_map_link(x->m, r->index)));
	}
	if (!x->m->routes.n)
		add(x, to, NULL, "none");
}

static void add_firewall(struct map *x)
{
	const struct nk_net_map *m = x->m;
	struct node *to = add(x, &x->root, NULL, "firewall");
	bool any = false;

	for (size_t i = 0; i < m->networks.n; i++)
		any |= m->networks.v[i].bridge != NULL;
	add(x, to, NULL,
	    nk_fmt(x->a, "forwarding: IPv4 %s, IPv6 %s", m->forward4 ? "on" : "off",
		   m->forward6 ? "on" : "off"));
	if (m->rules > 0)
		add(x, to, GREEN, "nook's rules stand (nftables table inet nook)");
	else if (m->rules == 0 && any)
		add(x, to, YELLOW, "nook's rules are gone: nook network reload");
	else if (m->rules == 0)
		add(x, to, NULL, "no rules of nook's: no network is up");
	else
		add(x, to, NULL, "only root can look at the rules");
	for (size_t i = 0; i < m->foreign.n; i++) {
		const char *command = strstr(m->foreign.v[i], "; this permits it: ");
		struct node *who;

		if (!command)
			continue;
		who = add(x, to, YELLOW,
			  nk_strndup(x->a, m->foreign.v[i], (size_t)(command - m->foreign.v[i])));
		for (const char *at = command + strlen("; this permits it: "), *end; *at;
		     at = *end ? end + 2 : end) {
			end = strstr(at, "; ");
			end = end ? end : at + strlen(at);
			add(x, who, NULL, nk_strndup(x->a, at, (size_t)(end - at)));
		}
	}
}

/* ---- print ---- */

static void print(struct nk_cli *cli, const struct node *n, const char *indent, bool utf8,
		  bool colour, int width)
{
	struct nk_arena *a = &cli->arena;

	for (size_t i = 0; i < n->below.n; i++) {
		const struct node *at = n->below.v[i];
		bool more = i + 1 < n->below.n;
		const char *branch = utf8 ? more ? "├─ " : "└─ " : more ? "|- " : "`- ";
		const char *below = utf8 ? more ? "│  " : "   " : more ? "|  " : "   ";
		int room = width - nk_cli_columns(indent) - 3;
		bool lit = colour && at->colour;

		printf("%s%s%s%s%s\n", indent, branch, lit ? at->colour : "",
		       width ? nk_cli_cut(a, at->text, room > 8 ? room : 8) : at->text,
		       lit ? "\033[0m" : "");
		print(cli, at, nk_fmt(a, "%s%s", indent, below), utf8, colour, width);
	}
}

void nk_cli_map_text(struct nk_cli *cli, const struct nk_net_map *m)
{
	struct map x = {.a = &cli->arena, .m = m};
	int width = nk_cli_width(STDOUT_FILENO);

	add_links(&x);
	for (size_t i = 0; i < m->networks.n; i++)
		add_network(&x, &m->networks.v[i]);
	add_routes(&x);
	add_firewall(&x);
	puts("this machine");
	print(cli, &x.root, "", nk_cli_utf8(), nk_cli_colour(cli, STDOUT_FILENO), width);
}
