/* SPDX-License-Identifier: Apache-2.0 */
/* -p and --expose: [hostip:][hostport]:port[/tcp|udp], with ranges. */
#include <errno.h>
#include <string.h>

#include "cli/run_set.h"
#include "cli/value.h"
#include "oci/ip.h"

struct range {
	uint16_t first, count;
};

static const char port_form[] = "[HOSTIP:][HOSTPORT]:PORT[/tcp|udp], as 8080:80, "
				"127.0.0.1:8080:80/udp, [::1]:8000-8009:80-89";

/* "80", "80-89"; "" is none (count 0). */
static int read_range(const char *text, size_t len, struct range *r, struct nk_err *e)
{
	const char *dash = memchr(text, '-', len);
	size_t n = dash ? (size_t)(dash - text) : len;
	uint64_t first = 0, last = 0;

	*r = (struct range){0};
	if (!len)
		return 0;
	bool good = !nk_value_number(text, n, 65535, &first);
	last = first;
	if (good && dash)
		good = !nk_value_number(dash + 1, len - n - 1, 65535, &last);
	if (!good || last < first || (!first && last)) {
		nk_fail(e, 0, "\"%.*s\" is no port", (int)(len < 40 ? len : 40), text);
		return nk_hint(e, "a number from 1 to 65535, or a range of them: 8000-8009");
	}
	*r = (struct range){.first = (uint16_t)first, .count = (uint16_t)(last - first + 1)};
	return 0;
}

static int read_proto(const char *text, enum nk_proto *p, struct nk_err *e)
{
	*p = NK_TCP;
	if (!text || !strcmp(text, "tcp"))
		return 0;
	*p = NK_UDP;
	if (!strcmp(text, "udp"))
		return 0;
	nk_fail(e, 0, "\"%.20s\" cannot be published", text);
	return nk_hint(e, "/tcp (default) or /udp");
}

/* The host's address in front; *rest is what stands behind it. */
static int read_host(struct nk_arena *a, const char *value, const char **rest, struct nk_ip *ip,
		     struct nk_err *e)
{
	const char *end, *begin = value;

	*rest = value;
	if (value[0] == '[') {
		end = strchr(++begin, ']');
		if (!end || end[1] != ':') {
			nk_fail(e, 0, "an IPv6 address stands in brackets, with a colon behind");
			return nk_hint(e, "%s", port_form);
		}
		*rest = end + 2;
	} else {
		const char *colon = strchr(value, ':'), *last = strrchr(value, ':');
		if (colon == last)
			return 0;
		end = colon;
		*rest = colon + 1;
		if (strchr(colon + 1, ':') != last) {
			nk_fail(e, 0, "not a port to publish");
			return nk_hint(e, "%s", port_form);
		}
	}
	if (nk_ip_parse(nk_strndup(a, begin, (size_t)(end - begin)), false, ip, e) < 0)
		return nk_hint(e, "%s", port_form);
	return 0;
}

static void push(struct nk_arena *a, struct nk_ports *ports, struct nk_port p)
{
	struct nk_port *to = NK_PUSH(a, ports);

	if (to)
		*to = p;
}

/* A free port is chosen for each alone. */
static void push_free(struct nk_arena *a, struct nk_ports *ports, struct nk_port p)
{
	unsigned count = p.count;

	p.count = 1;
	p.host_port = 0;
	for (unsigned i = 0; i < count; i++, p.port++)
		push(a, ports, p);
}

NK_SETTER(publish)
{
	struct nk_run_request *r = use->target;
	struct nk_port p = {0};
	struct range host = {0}, inside;
	const char *rest;

	if (read_host(use->arena, value, &rest, &p.host, e) < 0)
		return -EINVAL;
	const char *slash = strchr(rest, '/'), *colon = strchr(rest, ':');
	const char *port = colon ? colon + 1 : rest;
	size_t len = slash ? (size_t)(slash - port) : strlen(port);
	if (slash && slash < port) {
		nk_fail(e, 0, "not a port to publish");
		return nk_hint(e, "%s", port_form);
	}
	if (read_proto(slash ? slash + 1 : NULL, &p.proto, e) < 0 ||
	    (colon && read_range(rest, (size_t)(colon - rest), &host, e) < 0) ||
	    read_range(port, len, &inside, e) < 0)
		return -EINVAL;
	if (!inside.first) {
		nk_fail(e, 0, "which port of the container?");
		return nk_hint(e, "%s", port_form);
	}
	if (host.first && host.count != inside.count) {
		nk_fail(e, 0, "%u ports outside and %u inside", host.count, inside.count);
		return nk_hint(e, "two ranges of one length: 8000-8009:80-89");
	}
	p.host_port = host.first;
	p.port = inside.first;
	p.count = inside.count;
	if (host.first)
		push(use->arena, &r->spec.net.ports, p);
	else
		push_free(use->arena, &r->spec.net.ports, p);
	return 0;
}

NK_SETTER(expose)
{
	struct nk_run_request *r = use->target;
	const char *slash = strchr(value, '/');
	struct nk_port p = {0};
	struct range inside;

	if (read_proto(slash ? slash + 1 : NULL, &p.proto, e) < 0 ||
	    read_range(value, slash ? (size_t)(slash - value) : strlen(value), &inside, e) < 0)
		return -EINVAL;
	if (!inside.first) {
		nk_fail(e, 0, "which port?");
		return nk_hint(e, "PORT[-PORT][/tcp|udp], as 80 or 5000-5010/udp");
	}
	p.port = inside.first;
	p.count = inside.count;
	push(use->arena, &r->spec.net.exposed, p);
	return 0;
}

static bool same_address(const struct nk_port *a, const struct nk_port *b)
{
	static const struct nk_ip any = {0};
	bool all_a = !a->host.family || !memcmp(a->host.a, any.a, sizeof(any.a));
	bool all_b = !b->host.family || !memcmp(b->host.a, any.a, sizeof(any.a));

	if (a->host.family && b->host.family && a->host.family != b->host.family)
		return false;
	return all_a || all_b || nk_ip_equal(&a->host, &b->host);
}

static int check_twice(const struct nk_ports *ports, struct nk_err *e)
{
	for (size_t i = 0; i < ports->n; i++)
		for (size_t k = 0; k < i; k++) {
			const struct nk_port *a = &ports->v[i], *b = &ports->v[k];
			unsigned first = a->host_port > b->host_port ? a->host_port : b->host_port;
			if (!a->host_port || !b->host_port || a->proto != b->proto ||
			    first >= (unsigned)a->host_port + a->count ||
			    first >= (unsigned)b->host_port + b->count || !same_address(a, b))
				continue;
			nk_fail(e, EADDRINUSE, "port %u/%s of the host is published twice", first,
				a->proto == NK_UDP ? "udp" : "tcp");
			return nk_hint(e, "one of them needs another port outside");
		}
	return 0;
}

static bool is_published(const struct nk_ports *ports, const struct nk_port *p, unsigned port)
{
	for (size_t i = 0; i < ports->n; i++)
		if (ports->v[i].proto == p->proto && port >= ports->v[i].port &&
		    port < (unsigned)ports->v[i].port + ports->v[i].count)
			return true;
	return false;
}

int nk_run_finish_ports(struct nk_run_request *r, struct nk_arena *a, struct nk_err *e)
{
	struct nk_net_spec *net = &r->spec.net;

	for (size_t i = 0; r->publish_all && i < net->exposed.n; i++)
		for (unsigned k = 0; k < net->exposed.v[i].count; k++) {
			struct nk_port p = net->exposed.v[i];
			p.port = (uint16_t)(p.port + k);
			p.count = 1;
			if (!is_published(&net->ports, &p, p.port))
				push(a, &net->ports, p);
		}
	return check_twice(&net->ports, e);
}
