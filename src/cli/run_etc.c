/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of /etc/hostname, /etc/hosts and /etc/resolv.conf inside. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/run_set.h"

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
	if (!strcmp(ip, "host-gateway")) {
		nk_fail(e, 0, "host-gateway needs a network between host and container");
		return nk_hint(e, "such networks come later; with --network host it is 127.0.0.1");
	}
	if (!at || at == value || strcspn(value, " \t\n#") < (size_t)(at - value) ||
	    !is_address(ip)) {
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

static int make_hosts(struct nk_run_request *r, struct nk_arena *a, const struct nk_run_world *w,
		      const char *hostname, struct nk_err *e)
{
	const char *text = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n";

	if (r->spec.ns[NK_NS_NET].mode == NK_NS_HOST) {
		text = host_file(a, w->etc, "hosts", e);
		if (!text)
			return -e->err;
		size_t n = strlen(text);
		if (n && text[n - 1] != '\n')
			text = nk_fmt(a, "%s\n", text);
	} else if (hostname) {
		text = nk_fmt(a, "%s127.0.0.1\t%s\n", text, hostname);
	}
	for (size_t i = 0; i < r->add_host.n; i++)
		text = nk_fmt(a, "%s%s\n", text, r->add_host.v[i]);
	r->spec.etc_hosts = text;
	return 0;
}

static const char *words(struct nk_arena *a, const char *text, const char *key,
			 const struct nk_strv *list)
{
	for (size_t i = 0; i < list->n; i++)
		text = nk_fmt(a, "%s%s%s", text, i ? " " : key, list->v[i]);
	return list->n ? nk_fmt(a, "%s\n", text) : text;
}

/* The host's lines, without those that the options replace. */
static const char *kept_lines(struct nk_run_request *r, struct nk_arena *a, const char *text)
{
	const char *out = "";

	while (*text) {
		size_t n = strcspn(text, "\n"), line = n + (text[n] == '\n');
		bool drop = (r->dns.n && !strncmp(text, "nameserver", 10)) ||
			    (r->dns_search.n &&
			     (!strncmp(text, "search", 6) || !strncmp(text, "domain", 6))) ||
			    (r->dns_option.n && !strncmp(text, "options", 7));
		if (!drop)
			out = nk_fmt(a, "%s%.*s\n", out, (int)n, text);
		text += line;
	}
	return out;
}

static int make_resolv(struct nk_run_request *r, struct nk_arena *a, const struct nk_run_world *w,
		       struct nk_err *e)
{
	const char *text = "";

	if (r->spec.ns[NK_NS_NET].mode != NK_NS_NEW) {
		text = host_file(a, w->etc, "resolv.conf", e);
		if (!text)
			return -e->err;
		text = kept_lines(r, a, text);
	} else if (!r->dns.n) {
		text = "# no network: no name server\n";
	}
	for (size_t i = 0; i < r->dns.n; i++)
		text = nk_fmt(a, "%snameserver %s\n", text, r->dns.v[i]);
	/* "--dns-search ." takes the list away, as with Docker. */
	bool none = r->dns_search.n == 1 && !strcmp(r->dns_search.v[0], ".");
	if (!none)
		text = words(a, text, "search ", &r->dns_search);
	r->spec.etc_resolv = words(a, text, "options ", &r->dns_option);
	return 0;
}

int nk_run_finish_etc(struct nk_run_request *r, struct nk_arena *a, const struct nk_run_world *w,
		      const char *hostname, struct nk_err *e)
{
	if (hostname && !r->no_hostname)
		r->spec.etc_hostname = nk_fmt(a, "%s\n", hostname);
	if (r->no_hosts && r->add_host.n) {
		nk_fail(e, 0, "--add-host does not go with --no-hosts");
		return nk_hint(e, "leave one of the two away");
	}
	int rc = r->no_hosts ? 0 : make_hosts(r, a, w, hostname, e);
	return rc < 0 ? rc : make_resolv(r, a, w, e);
}
