/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/net_json.h"

#include <string.h>
#include <sys/socket.h>

#include "oci/ip.h"

static const char *proto(const struct nk_port *p)
{
	return p->proto == NK_UDP ? "udp" : "tcp";
}

static const char *ip_words(struct nk_arena *a, const struct nk_ip *ip)
{
	char text[NK_IP_TEXT];

	return ip ? nk_strdup(a, nk_ip_text(ip, false, text)) : "";
}

static const struct nk_ip *of_family(const struct nk_ips *ips, int family)
{
	for (size_t i = 0; i < ips->n; i++)
		if (ips->v[i].family == family)
			return &ips->v[i];
	return NULL;
}

static const struct nk_ip *gateway(const struct nk_network *n, int family)
{
	for (size_t i = 0; i < n->subnets.n; i++)
		if (n->subnets.v[i].gateway.family == family)
			return &n->subnets.v[i].gateway;
	return NULL;
}

/* What is the same of a container's first card, and of each. */
static void addresses(struct nk_json_out *j, struct nk_arena *a, const struct nk_net_seat *seat)
{
	const struct nk_ip *four = seat ? of_family(&seat->lease->ips, AF_INET) : NULL;
	const struct nk_ip *six = seat ? of_family(&seat->lease->ips, AF_INET6) : NULL;
	char mac[18];

	nk_json_str(j, "Gateway", four ? ip_words(a, gateway(seat->network, AF_INET)) : "");
	nk_json_str(j, "IPAddress", ip_words(a, four));
	nk_json_int(j, "IPPrefixLen", four ? four->prefix : 0);
	nk_json_str(j, "IPv6Gateway", six ? ip_words(a, gateway(seat->network, AF_INET6)) : "");
	nk_json_str(j, "GlobalIPv6Address", ip_words(a, six));
	nk_json_int(j, "GlobalIPv6PrefixLen", six ? six->prefix : 0);
	nk_json_str(j, "MacAddress", seat ? nk_mac_text(seat->lease->mac, mac) : "");
}

static void binding(struct nk_json_out *j, struct nk_arena *a, const char *ip, unsigned port)
{
	nk_json_open(j, NULL, '{');
	nk_json_str(j, "HostIp", ip);
	nk_json_str(j, "HostPort", nk_fmt(a, "%u", port));
	nk_json_close(j);
}

static bool same_inside(const struct nk_port *p, unsigned port, const struct nk_port *q)
{
	return p->proto == q->proto && port >= q->port && port < (unsigned)q->port + q->count;
}

/* Did an earlier -p lead to this port as well? Then it has been written with that. */
static bool seen_before(const struct nk_ports *ports, size_t i, unsigned port)
{
	for (size_t k = 0; k < i; k++)
		if (same_inside(&ports->v[i], port, &ports->v[k]))
			return true;
	return false;
}

/* "80/tcp": [{HostIp, HostPort}, …]; real: both families where nothing was said. */
static void port_map(struct nk_json_out *j, struct nk_arena *a, const struct nk_ports *ports,
		     bool real)
{
	for (size_t i = 0; i < ports->n; i++)
		for (unsigned n = 0; n < ports->v[i].count; n++) {
			unsigned port = ports->v[i].port + n;
			if (seen_before(ports, i, port))
				continue;
			nk_json_open(j, nk_fmt(a, "%u/%s", port, proto(&ports->v[i])), '[');
			for (size_t k = i; k < ports->n; k++) {
				const struct nk_port *q = &ports->v[k];
				unsigned host = q->host_port + port - q->port;
				if (!same_inside(&ports->v[i], port, q))
					continue;
				if (q->host.family || !real)
					binding(j, a, q->host.family ? ip_words(a, &q->host) : "",
						host);
				else
					binding(j, a, "0.0.0.0", host), binding(j, a, "::", host);
			}
			nk_json_close(j);
		}
}

static bool is_published(const struct nk_ports *ports, const struct nk_port *p, unsigned port)
{
	for (size_t i = 0; i < ports->n; i++)
		if (same_inside(p, port, &ports->v[i]))
			return true;
	return false;
}

void nk_inspect_exposed(struct nk_json_out *j, struct nk_arena *a, const struct nk_spec *s)
{
	const struct nk_ports *lists[] = {&s->net.ports, &s->net.exposed};

	nk_json_open(j, "ExposedPorts", '{');
	for (int l = 0; l < 2; l++)
		for (size_t i = 0; i < lists[l]->n; i++)
			for (unsigned n = 0; n < lists[l]->v[i].count; n++) {
				const struct nk_port *p = &lists[l]->v[i];
				unsigned port = p->port + n;
				if (seen_before(lists[l], i, port) ||
				    (l && is_published(lists[0], p, port)))
					continue;
				nk_json_open(j, nk_fmt(a, "%u/%s", port, proto(p)), '{');
				nk_json_close(j);
			}
	nk_json_close(j);
}

void nk_inspect_bindings(struct nk_json_out *j, struct nk_arena *a, const struct nk_spec *s)
{
	nk_json_open(j, "PortBindings", '{');
	port_map(j, a, &s->net.ports, false);
	nk_json_close(j);
}

void nk_inspect_networks(struct nk_json_out *j, struct nk_arena *a, const struct nk_spec *s,
			 const struct nk_net_seats *seats)
{
	nk_json_open(j, "Ports", '{');
	port_map(j, a, &s->net.ports, true);
	for (size_t i = 0; i < s->net.exposed.n; i++)
		for (unsigned n = 0; n < s->net.exposed.v[i].count; n++) {
			const struct nk_port *p = &s->net.exposed.v[i];
			if (!is_published(&s->net.ports, p, p->port + n) &&
			    !seen_before(&s->net.exposed, i, p->port + n))
				nk_json_null(j, nk_fmt(a, "%u/%s", p->port + n, proto(p)));
		}
	nk_json_close(j);
	addresses(j, a, seats->n ? &seats->v[0] : NULL);
	nk_json_open(j, "Networks", '{');
	for (size_t i = 0; i < seats->n; i++) {
		const struct nk_net_seat *seat = &seats->v[i];

		nk_json_open(j, seat->network->name, '{');
		nk_json_str(j, "NetworkID", seat->network->id);
		addresses(j, a, seat);
		nk_json_strv(j, "Aliases", &seat->lease->aliases);
		nk_json_str(j, "InterfaceName", seat->lease->ifname);
		nk_json_close(j);
	}
	nk_json_close(j);
}

static const char *range(struct nk_arena *a, unsigned first, unsigned count)
{
	return count > 1 ? nk_fmt(a, "%u-%u", first, first + count - 1) : nk_fmt(a, "%u", first);
}

const char *nk_ports_words(struct nk_arena *a, const struct nk_spec *s)
{
	const char *text = "";

	for (size_t i = 0; i < s->net.ports.n; i++) {
		const struct nk_port *p = &s->net.ports.v[i];
		const char *to = nk_fmt(a, "%s->%s/%s", range(a, p->host_port, p->count),
					range(a, p->port, p->count), proto(p));

		if (p->host.family != AF_INET6)
			text = nk_fmt(a, "%s%s%s:%s", text, *text ? ", " : "",
				      p->host.family ? ip_words(a, &p->host) : "0.0.0.0", to);
		if (p->host.family != AF_INET)
			text = nk_fmt(a, "%s%s[%s]:%s", text, *text ? ", " : "",
				      p->host.family ? ip_words(a, &p->host) : "::", to);
	}
	return text;
}

void nk_ps_networks(struct nk_json_out *j, struct nk_arena *a, const struct nk_spec *s,
		    const struct nk_net_seats *seats)
{
	nk_json_open(j, "Ports", '[');
	for (size_t i = 0; i < s->net.ports.n; i++) {
		const struct nk_port *p = &s->net.ports.v[i];

		nk_json_open(j, NULL, '{');
		nk_json_str(j, "host_ip", p->host.family ? ip_words(a, &p->host) : "");
		nk_json_uint(j, "container_port", p->port);
		nk_json_uint(j, "host_port", p->host_port);
		nk_json_uint(j, "range", p->count);
		nk_json_str(j, "protocol", proto(p));
		nk_json_close(j);
	}
	nk_json_close(j);
	nk_json_open(j, "Networks", '[');
	for (size_t i = 0; i < seats->n; i++)
		nk_json_str(j, NULL, seats->v[i].network->name);
	nk_json_close(j);
}
