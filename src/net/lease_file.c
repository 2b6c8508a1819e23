/* SPDX-License-Identifier: Apache-2.0 */
#include "net/lease_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "net/file.h"
#include "oci/ip.h"

enum { LOCK_TRIES = 100 };

/* What stands for itself in a field; other bytes are written as %XX. */
static bool plain(unsigned char c)
{
	return c > ' ' && c != 0x7f && c != ',' && c != '%';
}

static const char *escaped(struct nk_arena *a, const char *text)
{
	char *out, *to;

	if (!text || !*text)
		return "-";
	to = out = nk_alloc(a, 3 * strlen(text) + 1);
	if (!out)
		return "-";
	for (; *text; text++) {
		if (plain((unsigned char)*text))
			*to++ = *text;
		else
			to += sprintf(to, "%%%02x", (unsigned char)*text);
	}
	return out;
}

static const char *unescaped(struct nk_arena *a, const char *text, size_t len)
{
	char *out = nk_strndup(a, text, len), *to = out;

	if (!strcmp(out, "-"))
		return "";
	for (const char *at = out; *at; at++) {
		unsigned byte;

		if (*at == '%' && at[1] && sscanf(at + 1, "%2x", &byte) == 1) {
			*to++ = (char)byte;
			at += at[2] ? 2 : 1;
		} else {
			*to++ = *at;
		}
	}
	*to = '\0';
	return out;
}

static const char *port_text(struct nk_arena *a, const struct nk_port *p)
{
	char buf[NK_IP_TEXT];
	const char *host = p->host.family ? nk_ip_text(&p->host, false, buf) : "*";
	const char *proto = p->proto == NK_UDP ? "udp" : "tcp";
	bool six = p->host.family == AF_INET6;
	unsigned more = p->count > 1 ? p->count - 1u : 0;

	if (!more)
		return nk_fmt(a, "%s:%s%s%s:%u>%u", proto, six ? "[" : "", host, six ? "]" : "",
			      p->host_port, p->port);
	return nk_fmt(a, "%s:%s%s%s:%u-%u>%u-%u", proto, six ? "[" : "", host, six ? "]" : "",
		      p->host_port, p->host_port + more, p->port, p->port + more);
}

/* "8080" or "8000-8009" */
static int range(const char *text, uint16_t *first, uint16_t *count)
{
	unsigned a, b;
	char more;
	int n = sscanf(text, "%5u-%5u%c", &a, &b, &more);

	if (n == 1 && !strchr(text, '-'))
		b = a;
	else if (n != 2)
		return -EINVAL;
	if (b < a || b > 65535)
		return -EINVAL;
	*first = (uint16_t)a;
	*count = (uint16_t)(b - a + 1);
	return 0;
}

static int parse_port(struct nk_arena *a, char *text, struct nk_port *p)
{
	char *to = strchr(text, '>'), *host = strchr(text, ':'), *port;
	uint16_t inside;
	struct nk_err ignored;

	(void)a;
	if (!to || !host || host > to)
		return -EINVAL;
	*to++ = '\0';
	*host++ = '\0';
	port = strrchr(host, ':');
	if (!port)
		return -EINVAL;
	*port++ = '\0';
	p->proto = !strcmp(text, "udp") ? NK_UDP : NK_TCP;
	if (*host == '[') {
		host++;
		host[strcspn(host, "]")] = '\0';
	}
	if (strcmp(host, "*") != 0 && nk_ip_parse(host, false, &p->host, &ignored) < 0)
		return -EINVAL;
	if (range(port, &p->host_port, &p->count) < 0 || range(to, &p->port, &inside) < 0)
		return -EINVAL;
	return inside == p->count ? 0 : -EINVAL;
}

static const char *joined(struct nk_arena *a, const struct nk_strv *list)
{
	const char *text = "";

	for (size_t i = 0; i < list->n; i++)
		text = nk_fmt(a, "%s%s%s", text, i ? "," : "", escaped(a, list->v[i]));
	return *text ? text : "-";
}

const char *nk_net_lease_line(struct nk_arena *a, const struct nk_net_lease *l)
{
	char buf[NK_IP_TEXT], mac[18];
	const char *ips = "", *ports = "";

	for (size_t i = 0; i < l->ips.n; i++)
		ips = nk_fmt(a, "%s%s%s", ips, i ? "," : "", nk_ip_text(&l->ips.v[i], true, buf));
	for (size_t i = 0; i < l->ports.n; i++)
		ports = nk_fmt(a, "%s%s%s", ports, i ? "," : "", port_text(a, &l->ports.v[i]));
	return nk_fmt(a, "%s %s %s %s %s %s %s %s %s\n", *ips ? ips : "-", nk_mac_text(l->mac, mac),
		      escaped(a, l->ifname), escaped(a, l->host_ifname), escaped(a, l->id),
		      escaped(a, l->name), joined(a, &l->aliases), *ports ? ports : "-",
		      escaped(a, l->owner));
}

static int parse_ips(struct nk_arena *a, char *text, struct nk_ips *out)
{
	char *save = NULL;
	struct nk_err ignored;

	for (char *one = strtok_r(text, ",", &save); one; one = strtok_r(NULL, ",", &save)) {
		struct nk_ip *ip = NK_PUSH(a, out);

		if (!strcmp(one, "-"))
			out->n--;
		else if (!ip || nk_ip_parse(one, true, ip, &ignored) < 0)
			return -EINVAL;
	}
	return 0;
}

static int parse_ports(struct nk_arena *a, char *text, struct nk_ports *out)
{
	char *save = NULL;

	if (!strcmp(text, "-"))
		return 0;
	for (char *one = strtok_r(text, ",", &save); one; one = strtok_r(NULL, ",", &save)) {
		struct nk_port *port = NK_PUSH(a, out);

		if (!port || parse_port(a, one, port) < 0)
			return -EINVAL;
	}
	return 0;
}

int nk_net_lease_parse(struct nk_arena *a, const char *line, size_t len, struct nk_net_lease *l)
{
	enum { IPS, MAC, IFNAME, HOST, ID, NAME, ALIASES, PORTS, OWNER, FIELDS };
	char *text = nk_strndup(a, line, len), *save = NULL, *field[FIELDS];
	struct nk_err ignored;
	int n = 0;

	*l = (struct nk_net_lease){0};
	for (char *at = strtok_r(text, " ", &save); at && n < FIELDS;
	     at = strtok_r(NULL, " ", &save))
		field[n++] = at;
	if (n != FIELDS || parse_ips(a, field[IPS], &l->ips) < 0 ||
	    nk_mac_parse(field[MAC], l->mac, &ignored) < 0 ||
	    parse_ports(a, field[PORTS], &l->ports) < 0)
		return -EINVAL;
	l->ifname = unescaped(a, field[IFNAME], strlen(field[IFNAME]));
	l->host_ifname = unescaped(a, field[HOST], strlen(field[HOST]));
	l->id = unescaped(a, field[ID], strlen(field[ID]));
	l->name = unescaped(a, field[NAME], strlen(field[NAME]));
	l->owner = unescaped(a, field[OWNER], strlen(field[OWNER]));
	if (!strcmp(field[ALIASES], "-"))
		return 0;
	for (const char *at = field[ALIASES];; at++) {
		size_t part = strcspn(at, ",");

		nk_strv_push(a, &l->aliases, unescaped(a, at, part));
		at += part;
		if (!*at)
			return 0;
	}
}

int nk_net_lease_lock(struct nk_net_store *s, const char *network, struct nk_err *e)
{
	int rc = -ESTALE;

	/* Who removes the network takes the file away while others wait for it: theirs would be a
	 * lock that nobody else sees. */
	for (int i = 0; i < LOCK_TRIES && (rc == -ESTALE || rc == -ENOENT); i++) {
		if (mkdirat(s->state_fd, network, 0700) < 0 && errno != EEXIST)
			return nk_fail(e, errno, "make %s/%s", s->state, network);

		_close_ int dir = openat(s->state_fd, network, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		rc = dir < 0 ? nk_fail(e, errno, "%s/%s", s->state, network)
			     : nk_net_lock(dir, "lock", e);
	}
	return rc;
}

void nk_net_leases_remove(struct nk_net_store *s, const char *network)
{
	static const char *const files[] = {"leases",	     ".leases.new", "netd.sock",
					    "netd.sock.old", "netd.lock",   "lock"};
	_close_ int dir = openat(s->state_fd, network, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; dir >= 0 && i < NK_COUNT(files); i++)
		unlinkat(dir, files[i], 0);
	if (dir >= 0)
		unlinkat(s->state_fd, network, AT_REMOVEDIR);
}

int nk_net_leases_read(struct nk_net_store *s, struct nk_arena *a, const char *network,
		       struct nk_net_leases *alive, struct nk_net_leases *dead, struct nk_err *e)
{
	_close_ int dir = openat(s->state_fd, network, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char *text;
	size_t size;
	int rc = dir < 0 ? -errno : nk_net_file_read(dir, "leases", a, &text, &size, e);

	if (rc == -ENOENT)
		return 0;
	if (rc < 0)
		return dir < 0 ? nk_fail(e, -rc, "%s/%s", s->state, network) : rc;
	for (char *at = text, *end; *at; at = end + 1) {
		struct nk_net_lease l;

		end = strchrnul(at, '\n');
		/* A person may have written into it: what is no lease is nobody's address. */
		if (nk_net_lease_parse(a, at, (size_t)(end - at), &l) == 0) {
			struct nk_net_leases *to = nk_net_owner_alive(l.owner) ? alive : dead;
			struct nk_net_lease *line = to ? NK_PUSH(a, to) : NULL;

			if (line)
				*line = l;
		}
		if (!*end)
			break;
	}
	return nk_arena_ok(a, e);
}

int nk_net_leases_write(struct nk_net_store *s, struct nk_arena *a, const char *network,
			const struct nk_net_leases *leases, struct nk_err *e)
{
	_close_ int dir = openat(s->state_fd, network, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t size = 0, at = 0;
	char *text;

	if (dir < 0)
		return nk_fail(e, errno, "%s/%s", s->state, network);

	const char **lines = nk_alloc(a, (leases->n + 1) * sizeof(*lines));

	if (!lines)
		return nk_arena_ok(a, e);
	for (size_t i = 0; i < leases->n; i++) {
		lines[i] = nk_net_lease_line(a, &leases->v[i]);
		size += strlen(lines[i]);
	}
	text = nk_alloc(a, size + 1);
	if (nk_arena_ok(a, e) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < leases->n; i++)
		at = (size_t)(stpcpy(text + at, lines[i]) - text);
	return nk_net_file_write(dir, "leases", text, size, false, e);
}
