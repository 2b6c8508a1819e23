/* SPDX-License-Identifier: Apache-2.0 */
/* What is inside: cards, routes, sockets and IPC objects. */
#include "base/cleanup.h"
#include "ns/reading.h"

static void net_from_files(struct nk_reading *r, const char *why)
{
	struct nk_cards_files f = {
		.dev = nk_ns_subject_text(r->a, r->s, "net/dev", NULL),
		.if_inet6 = nk_ns_subject_text(r->a, r->s, "net/if_inet6", NULL),
		.fib_trie = nk_ns_subject_text(r->a, r->s, "net/fib_trie", NULL),
		.route = nk_ns_subject_text(r->a, r->s, "net/route", NULL),
		.ipv6_route = nk_ns_subject_text(r->a, r->s, "net/ipv6_route", NULL),
	};

	if (!f.dev) {
		r->in->hidden[NK_INSIDE_CARDS] = r->in->hidden[NK_INSIDE_ROUTES] = why;
		return;
	}
	nk_cards_parse_files(r->a, &f, &r->in->net);
	r->in->less[NK_INSIDE_CARDS] = nk_fmt(r->a, "their state: %s", why);
	r->in->less[NK_INSIDE_ROUTES] = nk_fmt(r->a, "their source addresses: %s", why);
}

void nk_reading_net(struct nk_reading *r)
{
	const struct nk_visit_result *links = &r->visit.part[NK_VISIT_LINKS],
				     *addresses = &r->visit.part[NK_VISIT_ADDRESSES],
				     *routes = &r->visit.part[NK_VISIT_ROUTES];

	if (links->err || addresses->err) {
		enum nk_visit_part p = links->err ? NK_VISIT_LINKS : NK_VISIT_ADDRESSES;
		if (r->s->pid)
			net_from_files(r, nk_reading_refusal(r, p));
		else
			r->in->hidden[NK_INSIDE_CARDS] = r->in->hidden[NK_INSIDE_ROUTES] =
				nk_reading_refusal(r, p);
		return;
	}
	nk_cards_parse_links(r->a, links->data, links->n, &r->in->net);
	nk_cards_parse_addresses(r->a, addresses->data, addresses->n, &r->in->net);
	if (routes->err)
		r->in->hidden[NK_INSIDE_ROUTES] = nk_reading_refusal(r, NK_VISIT_ROUTES);
	else
		nk_cards_parse_routes(r->a, routes->data, routes->n, &r->in->net);
}

void nk_reading_sockets(struct nk_reading *r)
{
	static const struct {
		const char *proto, *file;
		enum nk_visit_part part;
	} tables[] = {
		{"tcp", "net/tcp", NK_VISIT_TCP},    {"tcp6", "net/tcp6", NK_VISIT_TCP6},
		{"udp", "net/udp", NK_VISIT_UDP},    {"udp6", "net/udp6", NK_VISIT_UDP6},
		{"unix", "net/unix", NK_VISIT_UNIX},
	};

	for (size_t i = 0; i < NK_COUNT(tables); i++) {
		bool six = tables[i].proto[3] == '6';
		const char *lines =
			nk_reading_text(r, tables[i].file, tables[i].part, NK_INSIDE_SOCKETS);
		if (lines)
			nk_ns_sockets_parse(r->a, tables[i].proto, lines, &r->in->sockets);
		else if (six) /* a kernel may be without IPv6 */
			r->in->hidden[NK_INSIDE_SOCKETS] = NULL;
	}
}

void nk_reading_ipc(struct nk_reading *r)
{
	static const struct {
		enum nk_ipc_kind kind;
		enum nk_visit_part part;
	} tables[] = {
		{NK_IPC_MSG, NK_VISIT_MSG}, {NK_IPC_SEM, NK_VISIT_SEM}, {NK_IPC_SHM, NK_VISIT_SHM}};
	const struct nk_visit_result *queues = &r->visit.part[NK_VISIT_MQUEUE];

	for (size_t i = 0; i < NK_COUNT(tables); i++) {
		const char *lines = nk_reading_visited(r, tables[i].part, NK_INSIDE_IPC);
		if (lines)
			nk_ipc_parse_sysv(r->a, tables[i].kind, lines, &r->in->ipc);
	}
	if (!queues->err)
		nk_ipc_parse_mqueue(r->a, queues->data, queues->n, &r->in->ipc);
	else if (!r->in->hidden[NK_INSIDE_IPC])
		r->in->less[NK_INSIDE_IPC] = nk_fmt(r->a, "POSIX message queues: %s",
						    nk_reading_refusal(r, NK_VISIT_MQUEUE));
}
