/* SPDX-License-Identifier: Apache-2.0 */
/* A definition's faults, each with what would be right. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "net/define.h"
#include "oci/ip.h"

enum { NAME_MAX_LEN = 64, MTU_MIN = 68, MTU_MIN_IPV6 = 1280, MTU_MAX = 65535 };

int nk_net_check_name(const char *name, struct nk_err *e)
{
	/* What --network understands otherwise, here or with Docker and Podman. */
	static const char *const words[] = {"none",	   "host",    "container", "ns",
					    "bridge",	   "default", "private",   "pasta",
					    "slirp4netns", "auto"};
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_.-";

	for (size_t i = 0; i < NK_COUNT(words); i++) {
		if (strcmp(words[i], name) != 0)
			continue;
		nk_fail(e, 0, "no network can be called \"%s\"", name);
		return nk_hint(e, "nook run --network %s means something else", name);
	}
	if (*name && strlen(name) <= NAME_MAX_LEN && strspn(name, letters) == strlen(name) &&
	    !strchr("_.-", *name))
		return 0;
	nk_fail(e, 0, "\"%.80s\" cannot be the name of a network", name);
	return nk_hint(e, "a letter or digit, then letters, digits, _ . and -; at most %d",
		       NAME_MAX_LEN);
}

/* ---- --opt ---- */

static int not_mtu(const char *value, struct nk_err *e)
{
	nk_fail(e, 0, "an MTU of \"%.20s\" is out of range", value);
	return nk_hint(e, "%d to %d bytes", MTU_MIN, MTU_MAX);
}

static int set_mtu(struct nk_network *n, const char *value, struct nk_err *e)
{
	char *end;
	unsigned long mtu = strtoul(value, &end, 10);

	if (!*value || *end || *value == '-' || mtu > MTU_MAX)
		return not_mtu(value, e);
	n->mtu = (unsigned)mtu;
	return 0;
}

static int truth(const char *value, bool *out, struct nk_err *e)
{
	*out = !strcmp(value, "true") || !strcmp(value, "1");
	return *out || !strcmp(value, "false") || !strcmp(value, "0")
		       ? 0
		       : nk_fail(e, 0, "\"%.20s\" is neither true nor false", value);
}

static int set_isolate(struct nk_network *n, const char *value, struct nk_err *e)
{
	/* Podman's third word, of networks that talk to others that are not isolated: nook's way */
	if (!strcmp(value, "strict"))
		return n->isolate = true, 0;
	return truth(value, &n->isolate, e);
}

static int set_mode(struct nk_network *n, const char *value, struct nk_err *e)
{
	(void)e;
	n->mode = value;
	return 0;
}

static int set_parent(struct nk_network *n, const char *value, struct nk_err *e)
{
	if (n->parent && strcmp(n->parent, value) != 0)
		return nk_fail(e, 0, "two parents: %.20s and %.20s", n->parent, value);
	n->parent = value;
	return 0;
}

static int set_link(struct nk_network *n, const char *value, struct nk_err *e)
{
	if (!*value || strlen(value) >= IFNAMSIZ || strpbrk(value, "/:%, \t\n\v\f\r") ||
	    !strcmp(value, ".") || !strcmp(value, "..")) {
		nk_fail(e, 0, "\"%.40s\" cannot be the name of a bridge", value);
		return nk_hint(e, "at most %d characters, no blanks, /, :, %% or comma",
			       IFNAMSIZ - 1);
	}
	n->link = value;
	return 0;
}

static const struct {
	const char *key;
	int (*set)(struct nk_network *n, const char *value, struct nk_err *e);
} known[] = {
	{"mtu", set_mtu},
	{"com.docker.network.driver.mtu", set_mtu},
	{"isolate", set_isolate},
	{"mode", set_mode},
	{"macvlan_mode", set_mode},
	{"ipvlan_mode", set_mode},
	{"parent", set_parent},
	{"bridge.name", set_link},
	{"com.docker.network.bridge.name", set_link},
};

int nk_net_options(struct nk_network *n, struct nk_err *e)
{
	for (size_t i = 0; i < n->options.n; i++) {
		const struct nk_net_option *o = &n->options.v[i];
		size_t k = 0;

		while (k < NK_COUNT(known) && strcmp(known[k].key, o->key) != 0)
			k++;
		if (k == NK_COUNT(known)) {
			nk_fail(e, 0, "networks have no option \"%.60s\"", o->key);
			return nk_hint(e, "mtu, isolate, mode, parent and bridge.name; the network "
					  "is masqueraded unless it is --internal");
		}
		if (known[k].set(n, o->value, e) < 0)
			return nk_ctx(e, "--opt %.60s", o->key);
	}
	/* The members say it from now on. */
	n->options = (struct nk_net_options){0};
	return 0;
}

/* ---- what goes together ---- */

static int check_mode(const struct nk_network *n, struct nk_err *e)
{
	static const char *const macvlan[] = {"bridge", "private", "vepa", "passthru", NULL};
	static const char *const ipvlan[] = {"l2", "l3", "l3s", NULL};
	const char *const *words = n->driver == NK_NET_MACVLAN ? macvlan : ipvlan;

	if (!n->mode)
		return 0;
	if (n->driver == NK_NET_BRIDGE) {
		nk_fail(e, 0, "a bridge has no mode \"%.20s\"", n->mode);
		return nk_hint(e, "modes are for --driver macvlan and --driver ipvlan");
	}
	for (size_t i = 0; words[i]; i++)
		if (!strcmp(words[i], n->mode))
			return 0;
	nk_fail(e, 0, "%s has no mode \"%.20s\"", nk_net_driver_name(n->driver), n->mode);
	return nk_hint(e, n->driver == NK_NET_MACVLAN ? "bridge, private, vepa or passthru"
						      : "l2, l3 or l3s");
}

static int check_driver(const struct nk_network *n, struct nk_err *e)
{
	const char *driver = nk_net_driver_name(n->driver);

	if (n->driver == NK_NET_BRIDGE && n->parent && (n->internal || n->isolate || n->dns)) {
		nk_fail(e, 0, "a network on the LAN of %.20s cannot be --%s", n->parent,
			n->internal  ? "internal"
			: n->isolate ? "isolate"
				     : "dns on");
		return nk_hint(e, "its router and names are those of that LAN");
	}
	if (n->driver == NK_NET_BRIDGE)
		return 0;
	if (!n->parent) {
		nk_fail(e, 0, "driver %s needs a card of this machine", driver);
		return nk_hint(e, "--parent eth0; ip link shows which there are");
	}
	if (n->link && *n->link)
		return nk_fail(e, 0, "driver %s has no bridge that could be called %s", driver,
			       n->link);
	if (n->isolate) {
		nk_fail(e, 0, "a network of driver %s cannot be isolated by nook", driver);
		return nk_hint(e,
			       "its packets pass this machine's firewall by; --opt mode=private");
	}
	if (n->dns) {
		nk_fail(e, 0, "a network of driver %s has no resolver of names", driver);
		return nk_hint(e, "its containers cannot reach this machine: leave --dns on away");
	}
	if (n->driver == NK_NET_IPVLAN && n->ipam == NK_IPAM_DHCP) {
		nk_fail(e, 0, "addresses of an ipvlan cannot come by DHCP");
		return nk_hint(e, "all of its cards have the parent's hardware address; --subnet "
				  "gives it addresses");
	}
	return 0;
}

static int check_mtu(const struct nk_network *n, struct nk_err *e)
{
	bool ipv6 = false;

	for (size_t i = 0; i < n->subnets.n; i++)
		ipv6 |= n->subnets.v[i].net.family == AF_INET6;
	if (!n->mtu || (n->mtu >= (ipv6 ? MTU_MIN_IPV6 : MTU_MIN) && n->mtu <= MTU_MAX))
		return 0;
	nk_fail(e, 0, "an MTU of %u is out of range", n->mtu);
	return nk_hint(e, "%d (with IPv6: %d) to %d bytes", MTU_MIN, MTU_MIN_IPV6, MTU_MAX);
}

int nk_net_check(const struct nk_network *n, struct nk_err *e)
{
	int rc = nk_net_check_name(n->name, e);

	if (rc >= 0)
		rc = check_driver(n, e);
	if (rc >= 0)
		rc = check_mode(n, e);
	if (rc >= 0)
		rc = check_mtu(n, e);
	if (rc < 0)
		return rc;
	if (n->ipam == NK_IPAM_HOST_LOCAL)
		return 0;
	if (n->subnets.n) {
		nk_fail(e, 0, "--ipam %s and --subnet exclude each other", nk_ipam_name(n->ipam));
		return nk_hint(e, "nook gives no addresses to the cards of such a network");
	}
	if (n->dns) {
		nk_fail(e, 0, "a network with --ipam %s has no resolver of names",
			nk_ipam_name(n->ipam));
		return nk_hint(e, "nook has no address on it to answer from");
	}
	return 0;
}
