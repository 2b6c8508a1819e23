/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of /etc/hostname, /etc/hosts and /etc/resolv.conf inside. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/run_set.h"
#include "oci/ip.h"
#include "net/store.h"
#include "plan/net.h"

static bool is_address(const char *text)
{
	unsigned char buf[16];

	return inet_pton(AF_INET, text, buf) == 1 || inet_pton(AF_INET6, text, buf) == 1;
}

/* NAME:IP, NAME=IP, NAME:[IPv6] -> "IP\tNAME", a line of /etc/hosts. */
NK_SETTER(add_host)
{
	struct nk_run_request *r = use->target;
	const char *eq = strchr(value, '='), *at = eq ? eq : strchr(value, ':');
	char *ip = nk_strdup(use->arena, at ? at + 1 : "");
	size_t n = strlen(ip);

	if (n > 1 && ip[0] == '[' && ip[n - 1] == ']') {
		ip[n - 1] = 0;
		ip++;
	}
	bool gateway = !strcmp(ip, "host-gateway"); /* known when the networks are */
	if (!at || at == value || strcspn(value, " \t\n#") < (size_t)(at - value) ||
	    (!gateway && !is_address(ip))) {
		nk_fail(e, 0, "not a name with its address");
		return nk_hint(e, "NAME:IP, as db:10.0.0.5");
	}
	nk_strv_push(use->arena, &r->add_host,
		     nk_fmt(use->arena, "%s\t%.*s", ip, (int)(at - value), value));
	return 0;
}

NK_SETTER(dns)
{
	struct nk_run_request *r = use->target;

	if (!is_address(value)) {
		nk_fail(e, 0, "not an address");
		return nk_hint(e, "the IP address of a name server: 9.9.9.9");
	}
	nk_strv_push(use->arena, &r->dns, value);
	return 0;
}

NK_SETTER(dns_word)
{
	if (!value[0] || value[strcspn(value, " \t\n#;")]) {
		nk_fail(e, 0, "not one word");
		return nk_hint(e, "repeat the option for each");
	}
	return nk_set_list(use, value, e);
}

/* A file of the host's /etc; "" when it is not there. NULL: *e says why. */
static const char *host_file(struct nk_arena *a, const char *dir, const char *name,
			     struct nk_err *e)
{
	const char *path = nk_fmt(a, "%s/%s", dir, name);
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char buf[65536];
	size_t len = 0;

	if (fd < 0 && errno == ENOENT)
		return "";
	for (ssize_t n = fd < 0 ? -1 : 1; n != 0; len += (size_t)n) {
		n = fd < 0 ? -1 : read(fd, buf + len, sizeof(buf) - len);
		if (n < 0) {
			nk_fail(e, errno, "read %s of this machine", path);
			nk_hint(e, "--network none does not need it");
			return NULL;
		}
	}
	return nk_strndup(a, buf, len);
}

/* The gateway of a network, of that family (0: IPv4 before IPv6), or NULL. */
static const struct nk_ip *gateway_of(const struct nk_network *n, int family)
{
	const struct nk_ip *found = NULL;

	for (size_t i = 0; i < n->subnets.n; i++) {
		const struct nk_ip *ip = &n->subnets.v[i].gateway;
		if (ip->family == AF_INET && family != AF_INET6)
			return ip;
		if (ip->family && !found && (!family || ip->family == family))
			found = ip;
	}
	return found;
}

static const char *address_text(struct nk_arena *a, const struct nk_ip *ip)
{
	char text[NK_IP_TEXT];

	return nk_strdup(a, nk_ip_text(ip, false, text));
}

/* What host-gateway stands for, or NULL: there is no way to the host. */
static const char *host_gateway(struct nk_run_request *r, struct nk_arena *a)
{
	const struct nk_net_spec *net = &r->spec.net;

	if (r->spec.ns[NK_NS_NET].mode == NK_NS_HOST)
		return "127.0.0.1";
	for (size_t i = 0; i < net->cards.n; i++) {
		const struct nk_ip *ip = gateway_of(net->cards.v[i].network, 0);
		if (ip)
			return address_text(a, ip);
	}
	return NULL;
}

/* --add-host, a line each. */
static int add_hosts(struct nk_run_request *r, struct nk_arena *a, const char **text,
		     struct nk_err *e)
{
	for (size_t i = 0; i < r->add_host.n; i++) {
		const char *line = r->add_host.v[i];
		if (!strncmp(line, "host-gateway\t", 13)) {
			const char *ip = host_gateway(r, a);
			if (!ip) {
				nk_fail(e, 0,
					"--add-host %.80s:host-gateway: this network has no "
					"gateway",
					line + 13);
				return nk_hint(e, "it is this machine's address on a network of "
						  "nook: --network " NK_NET_DEFAULT);
			}
			line = nk_fmt(a, "%s\t%s", ip, line + 13);
		}
		*text = nk_fmt(a, "%s%s\n", *text, line);
	}
	return 0;
}

/* The container's own addresses, with its host name and its name. */
static const char *own_lines(struct nk_run_request *r, struct nk_arena *a, const char *text)
{
	const char *host = r->own_hostname, *name = r->spec.name;
	const char *names = !host			   ? name
			    : !name || !strcmp(host, name) ? host
							   : nk_fmt(a, "%s %s", host, name);

	for (size_t i = 0; i < r->spec.net.cards.n; i++)
		for (size_t k = 0; k < r->spec.net.cards.v[i].ips.n; k++)
			text = nk_fmt(a, "%s%s\t%s\n", text,
				      address_text(a, &r->spec.net.cards.v[i].ips.v[k]), names);
	return text;
}

static int make_hosts(struct nk_run_request *r, struct nk_arena *a, const struct nk_run_world *w,
		      struct nk_err *e)
{
	const char *text = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n";

	if (r->spec.ns[NK_NS_NET].mode == NK_NS_HOST) {
		text = host_file(a, w->etc, "hosts", e);
		if (!text)
			return -e->err;
		size_t n = strlen(text);
		if (n && text[n - 1] != '\n')
			text = nk_fmt(a, "%s\n", text);
	} else if (r->spec.net.cards.n) {
		text = own_lines(r, a, text);
	} else if (r->own_hostname) {
		text = nk_fmt(a, "%s127.0.0.1\t%s\n", text, r->own_hostname);
	}
	int rc = add_hosts(r, a, &text, e);
	r->spec.etc_hosts = text;
	return rc;
}

static const char *words(struct nk_arena *a, const char *text, const char *key,
			 const struct nk_strv *list)
{
	for (size_t i = 0; i < list->n; i++)
		text = nk_fmt(a, "%s%s%s", text, i ? " " : key, list->v[i]);
	return list->n ? nk_fmt(a, "%s\n", text) : text;
}

/* 127.0.0.53 and its like answer on the host only. */
static bool is_loopback(const char *address)
{
	return !strncmp(address, "127.", 4) || !strncmp(address, "::1", 3);
}

/* The host's lines, without those that the options replace, or whose server is out of reach. */
static const char *kept_lines(struct nk_run_request *r, struct nk_arena *a, const char *text,
			      bool servers, bool loopback)
{
	const char *out = "";

	while (*text) {
		size_t n = strcspn(text, "\n"), line = n + (text[n] == '\n');
		const char *address = text + 10 + strspn(text + (n > 10 ? 10 : n), " \t");
		bool server = !strncmp(text, "nameserver", 10);
		bool drop = (server && (!servers || (!loopback && is_loopback(address)))) ||
			    (r->dns_search.n &&
			     (!strncmp(text, "search", 6) || !strncmp(text, "domain", 6))) ||
			    (r->dns_option.n && !strncmp(text, "options", 7));
		if (!drop)
			out = nk_fmt(a, "%s%.*s\n", out, (int)n, text);
		text += line;
	}
	return out;
}

/* The resolvers of its networks, or NULL: there is none. IPv6 only where there is no IPv4. */
static const char *network_servers(struct nk_run_request *r, struct nk_arena *a)
{
	const char *text = NULL;

	for (size_t i = 0; i < r->spec.net.cards.n; i++) {
		const struct nk_network *n = r->spec.net.cards.v[i].network;
		const struct nk_ip *ip = n->dns ? gateway_of(n, 0) : NULL;
		if (ip)
			text = nk_fmt(a, "%snameserver %s\n", text ? text : "",
				      address_text(a, ip));
	}
	return text;
}

/* What the host's file says for this container, or NULL: *e. */
static const char *inherited(struct nk_run_request *r, struct nk_arena *a,
			     const struct nk_run_world *w, struct nk_err *e)
{
	bool cards = r->spec.net.cards.n, own = r->spec.ns[NK_NS_NET].mode == NK_NS_NEW;
	const char *resolver = r->spec.net.backend_dns, *text = "";
	const char *servers = r->dns.n	 ? NULL
			      : resolver ? nk_fmt(a, "nameserver %s\n", resolver)
					 : network_servers(r, a);

	/* Nobody else can be asked. */
	if (r->spec.net.egress_given)
		return nk_fmt(a, "nameserver %s\n", address_text(a, &nk_egress_resolver));
	if (own && !cards && r->spec.net.backend == NK_NET_BACKEND_NONE)
		return r->dns.n ? "" : "# no network: no name server\n";
	text = host_file(a, w->etc, "resolv.conf", e);
	if (!text)
		return NULL;
	text = kept_lines(r, a, text, !servers && !r->dns.n, !own);
	return servers ? nk_fmt(a, "%s%s", servers, text) : text;
}

/*
 * Names of one word are the network's: with a list of domains the C library would ask for
 * "web.DOMAIN" first, everybody upstream would hear of it, and who has *.DOMAIN would be taken for
 * the container. Options of the user's come later, and win.
 */
static const char *words_first(struct nk_run_request *r, struct nk_arena *a, const char *text)
{
	const char *line = text;

	if (!network_servers(r, a) || r->dns.n || r->spec.net.egress_given)
		return text;
	for (; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (!strncmp(line, "search", 6) || !strncmp(line, "domain", 6))
			return nk_fmt(a, "%soptions ndots:0\n", text);
	return text;
}

static int make_resolv(struct nk_run_request *r, struct nk_arena *a, const struct nk_run_world *w,
		       struct nk_err *e)
{
	const char *text = inherited(r, a, w, e);

	if (!text)
		return -e->err;
	for (size_t i = 0; i < r->dns.n; i++)
		text = nk_fmt(a, "%snameserver %s\n", text, r->dns.v[i]);
	/* "--dns-search ." takes the list away, as with Docker. */
	bool none = r->dns_search.n == 1 && !strcmp(r->dns_search.v[0], ".");
	if (!none)
		text = words(a, text, "search ", &r->dns_search);
	text = words_first(r, a, text);
	r->spec.etc_resolv = words(a, text, "options ", &r->dns_option);
	return 0;
}

int nk_run_finish_etc(struct nk_run_request *r, struct nk_arena *a, const struct nk_run_world *w,
		      struct nk_err *e)
{
	if (r->own_hostname && !r->no_hostname)
		r->spec.etc_hostname = nk_fmt(a, "%s\n", r->own_hostname);
	if (r->no_hosts && r->add_host.n) {
		nk_fail(e, 0, "--add-host does not go with --no-hosts");
		return nk_hint(e, "leave one of the two away");
	}
	int rc = r->no_hosts ? 0 : make_hosts(r, a, w, e);
	return rc < 0 ? rc : make_resolv(r, a, w, e);
}
