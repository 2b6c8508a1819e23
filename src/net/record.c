/* SPDX-License-Identifier: Apache-2.0 */
/* A network's definition as JSON and back, with the names of fields that Podman's users know. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/json_out.h"
#include "data/json_in.h"
#include "net/store.h"
#include "oci/ip.h"

static const char *const drivers[] = {
	[NK_NET_BRIDGE] = "bridge",
	[NK_NET_MACVLAN] = "macvlan",
	[NK_NET_IPVLAN] = "ipvlan",
};
static const char *const ipams[] = {
	[NK_IPAM_HOST_LOCAL] = "host-local",
	[NK_IPAM_DHCP] = "dhcp",
	[NK_IPAM_NONE] = "none",
};

const char *nk_net_driver_name(enum nk_net_driver driver)
{
	return drivers[driver];
}

const char *nk_ipam_name(enum nk_ipam ipam)
{
	return ipams[ipam];
}

int nk_net_driver_by_name(const char *name, enum nk_net_driver *driver, struct nk_err *e)
{
	for (size_t i = 0; i < NK_COUNT(drivers); i++) {
		if (strcmp(drivers[i], name) != 0)
			continue;
		*driver = (enum nk_net_driver)i;
		return 0;
	}
	nk_fail(e, 0, "there is no network driver \"%.40s\"", name);
	return nk_hint(e, !strcmp(name, "overlay")
				  ? "nook's networks end at this machine; bridge, macvlan or ipvlan"
			  : !strcmp(name, "host") || !strcmp(name, "none")
				  ? "nook run --network host and --network none need no network"
				  : "bridge, macvlan or ipvlan");
}

int nk_ipam_by_name(const char *name, enum nk_ipam *ipam, struct nk_err *e)
{
	for (size_t i = 0; i < NK_COUNT(ipams); i++) {
		if (strcmp(ipams[i], name) != 0)
			continue;
		*ipam = (enum nk_ipam)i;
		return 0;
	}
	nk_fail(e, 0, "addresses do not come from \"%.40s\"", name);
	return nk_hint(e, "host-local (nook leases them), dhcp (a server on the LAN does) or none");
}

static void write_subnet(struct nk_json_out *j, const struct nk_subnet *s)
{
	char buf[NK_IP_TEXT];

	nk_json_open(j, NULL, '{');
	nk_json_str(j, "subnet", nk_ip_text(&s->net, true, buf));
	if (s->gateway.family)
		nk_json_str(j, "gateway", nk_ip_text(&s->gateway, false, buf));
	if (s->range.family) {
		struct nk_ip last = nk_ip_last(&s->range);

		nk_json_str(j, "ip_range", nk_ip_text(&s->range, true, buf));
		nk_json_open(j, "lease_range", '{');
		nk_json_str(j, "start_ip", nk_ip_text(&s->range, false, buf));
		nk_json_str(j, "end_ip", nk_ip_text(&last, false, buf));
		nk_json_close(j);
	}
	nk_json_close(j);
}

static void write_map(struct nk_json_out *j, const char *key, const struct nk_net_options *map)
{
	nk_json_open(j, key, '{');
	for (size_t i = 0; i < map->n; i++)
		nk_json_str(j, map->v[i].key, map->v[i].value);
	nk_json_close(j);
}

void nk_net_write(struct nk_json_out *j, const struct nk_network *n)
{
	char when[64];
	struct tm tm;
	time_t created = n->created;
	bool ipv6 = false;

	nk_json_str(j, "name", n->name);
	nk_json_str(j, "id", n->id);
	nk_json_str(j, "driver", drivers[n->driver]);
	nk_json_str(j, "network_interface", n->link ? n->link : "");
	if (n->parent)
		nk_json_str(j, "parent", n->parent);
	if (n->mode)
		nk_json_str(j, "mode", n->mode);
	gmtime_r(&created, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	nk_json_str(j, "created", when);
	nk_json_open(j, "subnets", '[');
	for (size_t i = 0; i < n->subnets.n; i++) {
		write_subnet(j, &n->subnets.v[i]);
		ipv6 |= n->subnets.v[i].net.family == AF_INET6;
	}
	nk_json_close(j);
	nk_json_bool(j, "ipv6_enabled", ipv6);
	nk_json_bool(j, "internal", n->internal);
	nk_json_bool(j, "isolate", n->isolate);
	nk_json_bool(j, "dns_enabled", n->dns);
	nk_json_uint(j, "mtu", n->mtu);
	write_map(j, "labels", &n->labels);
	write_map(j, "options", &n->options);
	nk_json_open(j, "ipam_options", '{');
	nk_json_str(j, "driver", ipams[n->ipam]);
	nk_json_close(j);
}

/* ---- back ---- */

static struct nk_ip get_ip(struct nk_json_in *in, struct json_object *o, const char *key)
{
	const char *text = nk_json_get_str(in, o, key, NULL);
	struct nk_ip ip = {0};
	struct nk_err ignored;

	if (text && !in->rc && nk_ip_parse(text, true, &ip, &ignored) < 0)
		nk_json_bad(in, key, "is not an address");
	return ip;
}

static void read_subnets(struct nk_json_in *in, struct json_object *o, struct nk_network *n)
{
	_json_at_ struct nk_json_at list = nk_json_enter(in, o, "subnets", json_type_array);

	for (size_t i = 0; i < nk_json_count(&list); i++) {
		_json_at_ struct nk_json_at at = nk_json_item(&list, i, json_type_object);
		struct nk_subnet *s = NK_PUSH(in->a, &n->subnets);

		if (!s)
			return;
		s->net = get_ip(in, at.o, "subnet");
		s->gateway = get_ip(in, at.o, "gateway");
		s->range = get_ip(in, at.o, "ip_range");
		if (s->gateway.family)
			s->gateway.prefix = s->net.prefix;
		if (!s->net.family)
			nk_json_bad(in, "subnet", "is missing");
	}
}

static void read_map(struct nk_json_in *in, struct json_object *o, const char *key,
		     struct nk_net_options *out)
{
	_json_at_ struct nk_json_at map = nk_json_enter(in, o, key, json_type_object);

	if (!map.o)
		return;
	json_object_object_foreach(map.o, name, value)
	{
		struct nk_net_option *to = NK_PUSH(in->a, out);
		const char *text = nk_json_as_str(in, value, name);

		if (!to || !text)
			return;
		to->key = nk_strdup(in->a, name);
		to->value = text;
	}
}

static void read_words(struct nk_json_in *in, struct json_object *o, struct nk_network *n)
{
	struct json_object *ipam = nk_json_get(in, o, "ipam_options", json_type_object);
	const char *driver = nk_json_get_str(in, o, "driver", "bridge");
	const char *way = ipam ? nk_json_get_str(in, ipam, "driver", "host-local") : "host-local";
	const char *created = nk_json_get_str(in, o, "created", "");
	struct tm tm = {0};
	struct nk_err ignored;

	if (in->rc)
		return;
	if (nk_net_driver_by_name(driver, &n->driver, &ignored) < 0)
		nk_json_bad(in, "driver", "has an unknown value");
	if (nk_ipam_by_name(way, &n->ipam, &ignored) < 0)
		nk_json_bad(in, "ipam_options", "has an unknown value");
	if (strptime(created, "%Y-%m-%dT%H:%M:%SZ", &tm))
		n->created = timegm(&tm);
}

int nk_net_read(struct nk_arena *a, const char *text, size_t size, struct nk_network *n,
		struct nk_err *e)
{
	_json_object_ struct json_object *o = NULL;
	struct nk_json_in in = {.a = a, .e = e};
	int rc = nk_json_parse(text, size, "the network's definition", &o, e);

	*n = (struct nk_network){0};
	if (rc < 0)
		return rc;
	if (!json_object_is_type(o, json_type_object))
		return nk_fail(e, 0, "the network's definition is not an object");
	n->name = nk_json_get_str(&in, o, "name", "");
	n->id = nk_json_get_str(&in, o, "id", "");
	n->link = nk_json_get_str(&in, o, "network_interface", "");
	n->parent = nk_json_get_str(&in, o, "parent", NULL);
	n->mode = nk_json_get_str(&in, o, "mode", NULL);
	n->internal = nk_json_get_bool(&in, o, "internal", false);
	n->isolate = nk_json_get_bool(&in, o, "isolate", false);
	n->dns = nk_json_get_bool(&in, o, "dns_enabled", false);
	n->mtu = (unsigned)nk_json_get_uint(&in, o, "mtu", 65535, 0);
	read_words(&in, o, n);
	read_subnets(&in, o, n);
	read_map(&in, o, "labels", &n->labels);
	read_map(&in, o, "options", &n->options);
	if (!in.rc && nk_net_check_name(n->name, e) < 0)
		return -EINVAL;
	return in.rc ? in.rc : nk_arena_ok(a, e);
}
