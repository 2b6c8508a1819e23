/* SPDX-License-Identifier: Apache-2.0 */
/* --network NAME, and what belongs to a card on it. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "cli/run_set.h"
#include "cli/value.h"
#include "oci/ip.h"
#include "net/store.h"

/* What Docker and Podman call the network that is there by itself. */
static const char *own_name(const char *name)
{
	static const char *const theirs[] = {"bridge", "default"};

	for (size_t i = 0; i < NK_COUNT(theirs); i++)
		if (!strcmp(name, theirs[i]))
			return NK_NET_DEFAULT;
	return name;
}

int nk_run_check_ifname(const char *name, struct nk_err *e)
{
	size_t n = strlen(name);
	bool good = n && n < 16 && strcmp(name, ".") && strcmp(name, "..");

	for (size_t i = 0; good && i < n; i++)
		good = name[i] > ' ' && name[i] < 0x7f && !strchr("/:,%", name[i]);
	if (!good) {
		nk_fail(e, 0,
			n >= 16 ? "the card's name \"%.40s\" has %zu characters, not 1 to 15"
				: "\"%.40s\" (%zu characters) is no name for a card",
			name, n);
		return nk_hint(e, "as eth1: at most 15 characters, no blank, \"/\", \":\", \"%%\"");
	}
	/* Names of directories in /proc/sys/net beside those of cards, and the one that is there.
	 */
	if (!strcmp(name, "lo") || !strcmp(name, "all") || !strcmp(name, "default")) {
		nk_fail(e, EEXIST, "the card's name %s", name);
		return nk_hint(e, "lo, all and default mean something else: eth1");
	}
	return 0;
}

static bool no_mac(const uint8_t mac[6])
{
	static const uint8_t none[6] = {0};

	return !memcmp(mac, none, sizeof(none));
}

static int read_mac(const char *value, uint8_t mac[6], struct nk_err *e)
{
	if (nk_mac_parse(value, mac, e) < 0)
		return -EINVAL;
	if (!no_mac(mac))
		return 0;
	nk_fail(e, 0, "%s is no card's address", value);
	return nk_hint(e, "as 02:42:0a:59:00:05, or leave it away");
}

static int add_ip(struct nk_arena *a, struct nk_net_card *c, const char *value, int family,
		  struct nk_err *e)
{
	struct nk_ip ip, *to;

	if (nk_ip_parse(value, false, &ip, e) < 0)
		return -EINVAL;
	if (family && ip.family != family) {
		nk_fail(e, 0, "%s is not an IPv%d address", value, family == AF_INET ? 4 : 6);
		return nk_hint(e, "ip= and --ip take IPv4, ip6= and --ip6 take IPv6");
	}
	for (size_t i = 0; i < c->ips.n; i++)
		if (c->ips.v[i].family == ip.family) {
			nk_fail(e, 0, "a second IPv%d address: %s", ip.family == AF_INET ? 4 : 6,
				value);
			return nk_hint(e, "one address of each family on a network");
		}
	to = NK_PUSH(a, &c->ips);
	if (to)
		*to = ip;
	return 0;
}

static int add_alias(struct nk_arena *a, struct nk_net_card *c, const char *value, struct nk_err *e)
{
	size_t n = strlen(value);
	bool good = n && n <= 63 && value[0] != '-' && value[0] != '.';

	for (size_t i = 0; good && i < n; i++)
		good = (value[i] >= 'a' && value[i] <= 'z') ||
		       (value[i] >= 'A' && value[i] <= 'Z') ||
		       (value[i] >= '0' && value[i] <= '9') || strchr("-_.", value[i]);
	if (!good) {
		nk_fail(e, 0, "\"%.80s\" is no name for the resolver", value);
		return nk_hint(e, "letters, digits, '-', '_' and '.', at most 63");
	}
	nk_strv_push(a, &c->aliases, value);
	return 0;
}

/* One KEY=VALUE. Podman's words and Docker's. */
static int card_word(struct nk_arena *a, struct nk_net_card *c, char *word, struct nk_err *e)
{
	char *eq = strchr(word, '=');
	const char *value = eq ? eq + 1 : "";

	if (!eq) {
		nk_fail(e, 0, "\"%.80s\" is not KEY=VALUE", word);
		return nk_hint(e, "NAME:ip=10.0.0.5,mac=02:…,ifname=eth1,alias=www");
	}
	*eq = '\0';
	if (!strcmp(word, "ip"))
		return add_ip(a, c, value, 0, e);
	if (!strcmp(word, "ip6"))
		return add_ip(a, c, value, AF_INET6, e);
	if (!strcmp(word, "mac") || !strcmp(word, "mac-address"))
		return read_mac(value, c->mac, e);
	if (!strcmp(word, "alias"))
		return add_alias(a, c, value, e);
	if (!strcmp(word, "ifname") || !strcmp(word, "interface_name")) {
		c->ifname = value;
		return nk_run_check_ifname(value, e);
	}
	nk_fail(e, 0, "a card has no \"%.80s\"", word);
	return nk_hint(e, "ip=, ip6=, mac=, ifname= and alias= can be given");
}

/* By name only; the rest is looked up when the machine is looked at. */
static int name_card(struct nk_arena *a, struct nk_net_card *c, const char *name, struct nk_err *e)
{
	struct nk_network *n = NK_NEW(a, struct nk_network);

	if (n)
		n->name = own_name(name);
	c->network = n;
	if (*name)
		return 0;
	nk_fail(e, 0, "which network?");
	return nk_hint(e, "`nook network ls` lists them; none, host, ns:PATH, container:NAME");
}

/* NAME, NAME:KEY=VALUE,…; name=NAME,KEY=VALUE,… as Docker spells it. */
int nk_run_card_words(struct nk_arena *a, struct nk_net_card *c, const char *value,
		      struct nk_err *e)
{
	bool docker = !strncmp(value, "name=", 5);
	const char *rest = docker ? value + 5 : value;
	char *name = nk_value_part(a, &rest, docker ? ',' : ':');
	int rc = name_card(a, c, name, e);

	for (char *word; rc >= 0 && (word = nk_value_part(a, &rest, ','));)
		rc = card_word(a, c, word, e);
	return rc;
}

int nk_run_add_card(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	struct nk_run_request *r = use->target;
	struct nk_net_card card = {0};
	int rc = nk_run_card_words(use->arena, &card, value, e);
	struct nk_net_card *to = rc < 0 ? NULL : NK_PUSH(use->arena, &r->spec.net.cards);

	if (to)
		*to = card;
	return rc;
}

NK_SETTER(card_ip)
{
	struct nk_run_request *r = use->target;

	return add_ip(use->arena, &r->card, value,
		      strcmp(use->option->name, "ip6") ? AF_INET : AF_INET6, e);
}

NK_SETTER(card_mac)
{
	return read_mac(value, ((struct nk_run_request *)use->target)->card.mac, e);
}

NK_SETTER(card_alias)
{
	return add_alias(use->arena, &((struct nk_run_request *)use->target)->card, value, e);
}

/* --ip and its like say something about the only card. */
static const char *card_option(const struct nk_net_card *c)
{
	if (c->ips.n)
		return c->ips.v[0].family == AF_INET ? "ip" : "ip6";
	if (!no_mac(c->mac))
		return "mac-address";
	return c->aliases.n ? "network-alias" : NULL;
}

static int put_ip(struct nk_arena *a, struct nk_net_card *c, const struct nk_ip *ip,
		  struct nk_err *e)
{
	char text[NK_IP_TEXT];
	struct nk_ip *to;

	for (size_t i = 0; i < c->ips.n; i++)
		if (c->ips.v[i].family == ip->family) {
			nk_fail(e, 0, "--network %s has an IPv%d address already: --ip%s %s",
				c->network->name, ip->family == AF_INET ? 4 : 6,
				ip->family == AF_INET ? "" : "6", nk_ip_text(ip, false, text));
			return nk_hint(e, "give it once");
		}
	to = NK_PUSH(a, &c->ips);
	if (to)
		*to = *ip;
	return 0;
}

static int put_options(struct nk_run_request *r, struct nk_arena *a, struct nk_err *e)
{
	struct nk_net_spec *net = &r->spec.net;
	const char *option = card_option(&r->card);

	if (!option)
		return 0;
	if (net->cards.n > 1) {
		nk_fail(e, 0, "--%s with %zu networks: which one?", option, net->cards.n);
		return nk_hint(e, "say it with the network: --network %s:%s…",
			       net->cards.v[0].network->name,
			       *option == 'i'	? "ip="
			       : *option == 'm' ? "mac="
						: "alias=");
	}
	for (size_t i = 0; i < r->card.ips.n; i++)
		if (put_ip(a, &net->cards.v[0], &r->card.ips.v[i], e) < 0)
			return -EINVAL;
	if (!no_mac(r->card.mac))
		memcpy(net->cards.v[0].mac, r->card.mac, 6);
	for (size_t i = 0; i < r->card.aliases.n; i++)
		nk_strv_push(a, &net->cards.v[0].aliases, r->card.aliases.v[i]);
	return 0;
}

/* eth0, eth1, … where nothing was asked for; nobody has the same name, or is on one twice. */
static int name_cards(struct nk_run_request *r, struct nk_arena *a, struct nk_err *e)
{
	struct nk_net_spec *net = &r->spec.net;
	unsigned next = 0;

	for (size_t i = 0; i < net->cards.n; i++) {
		struct nk_net_card *c = &net->cards.v[i];
		for (size_t k = 0; k < i; k++)
			if (!strcmp(c->network->name, net->cards.v[k].network->name)) {
				nk_fail(e, EEXIST, "--network %s is given twice", c->network->name);
				return nk_hint(e, "one card on each network");
			}
		for (size_t k = 0; c->ifname && k < i; k++)
			if (net->cards.v[k].ifname && !strcmp(c->ifname, net->cards.v[k].ifname)) {
				nk_fail(e, EEXIST, "two cards with the name %s", c->ifname);
				return nk_hint(e, "choose another ifname= for network %s",
					       c->network->name);
			}
	}
	for (size_t i = 0; i < net->cards.n; i++) {
		struct nk_net_card *c = &net->cards.v[i];
		for (bool taken = true; !c->ifname && taken;) {
			const char *name = nk_fmt(a, "eth%u", next++);
			taken = false;
			for (size_t k = 0; k < net->cards.n; k++)
				taken |= net->cards.v[k].ifname &&
					 !strcmp(net->cards.v[k].ifname, name);
			if (!taken)
				c->ifname = name;
		}
	}
	return 0;
}

/*
 * Nothing was said: what NOOK_NETWORK says, or for root the network that is there by itself. Before
 * the namespaces are chosen. (Ordinary users: run_backend.c.)
 */
int nk_run_default_network(struct nk_run_request *r, struct nk_arena *a,
			   const struct nk_run_world *w, struct nk_err *e)
{
	static const struct nk_option option = {.name = "network"};
	const struct nk_option_use use = {.option = &option, .target = r, .arena = a};
	const char *word = w->network && *w->network ? w->network : NULL;
	bool wants = r->spec.net.ports.n || r->publish_all || card_option(&r->card);

	if (r->ns[NK_NS_NET].given || r->network_word || r->spec.net.cards.n)
		return 0;
	/* Ports and addresses say that it shall be a network, whatever the habit is. */
	if (wants && word && !strcmp(word, "none"))
		word = NULL;
	if (!word && w->euid == 0 && (wants || (w->makes_links && w->makes_links())))
		word = NK_NET_DEFAULT;
	r->no_network = w->euid == 0 && !word;
	if (!word || nk_run_set_network(&use, word, e) >= 0)
		return 0;
	return nk_ctx(e, "NOOK_NETWORK %.80s", word);
}

int nk_run_finish_network(struct nk_run_request *r, struct nk_arena *a, struct nk_err *e)
{
	struct nk_net_spec *net = &r->spec.net;
	const char *option = card_option(&r->card);

	if (!option)
		option = net->ports.n ? "publish" : r->publish_all ? "publish-all" : NULL;
	if (r->rootless_net && !option)
		return 0;
	if (r->rootless_net && card_option(&r->card)) {
		nk_fail(e, 0, "--%s needs a network by name", option);
		return nk_hint(e, "--network " NK_NET_DEFAULT " --%s …", option);
	}
	if (r->rootless_net)
		return nk_run_finish_ports(r, a, e);
	if (r->network_word && net->cards.n) {
		nk_fail(e, 0, "--network %.80s does not go with --network %s", r->network_word,
			net->cards.v[0].network->name);
		return nk_hint(e, "networks by name, or one of none, host, ns: and container:");
	}
	if (r->network_word && option) {
		nk_fail(e, 0, "--%s does not go with --network %.80s", option, r->network_word);
		return nk_hint(e,
			       "it needs a card on a network of nook: --network " NK_NET_DEFAULT);
	}
	if (!r->network_word && !net->cards.n && option) {
		struct nk_net_card *c = NK_PUSH(a, &net->cards);
		if (c)
			name_card(a, c, NK_NET_DEFAULT, e);
	}
	if (!net->cards.n)
		return 0;
	r->spec.ns[NK_NS_NET] = (struct nk_ns_spec){.mode = NK_NS_NEW};
	int rc = put_options(r, a, e);
	if (rc >= 0)
		rc = name_cards(r, a, e);
	return rc < 0 ? rc : nk_run_finish_ports(r, a, e);
}
