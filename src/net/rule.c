/* SPDX-License-Identifier: Apache-2.0 */
#include "net/rule.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "oci/ip.h"

static const char GRAMMAR[] =
	"in|out accept|drop [tcp|udp [PORT[-PORT]] | icmp] [from|to ADDRESS[/PREFIX]]";

/* A rule that is being read: the word at `at`, of `len` bytes; len 0 at the end. */
struct reader {
	const char *text, *at;
	size_t len;
	struct nk_err *e;
};

static const char blank[] = " \t";

static void next(struct reader *r)
{
	r->at += r->len;
	r->at += strspn(r->at, blank);
	r->len = strcspn(r->at, blank);
}

static bool is(const struct reader *r, const char *word)
{
	return strlen(word) == r->len && !strncmp(r->at, word, r->len);
}

/* "column 4: "acept" is not WHAT" */
static int bad(const struct reader *r, const char *what, const char *hint)
{
	int len = r->len > 40 ? 40 : (int)r->len;

	if (r->len)
		nk_fail(r->e, 0, "column %zu: \"%.*s\" is not %s", (size_t)(r->at - r->text) + 1,
			len, r->at, what);
	else
		nk_fail(r->e, 0, "column %zu: the rule ends where %s should be",
			(size_t)(r->at - r->text) + 1, what);
	return nk_hint(r->e, "%s", hint ? hint : GRAMMAR);
}

static int read_start(struct reader *r, struct nk_fw_rule *rule)
{
	if (!is(r, "in") && !is(r, "out"))
		return bad(r, "\"in\" or \"out\"", NULL);
	rule->out = is(r, "out");
	next(r);
	if (!is(r, "accept") && !is(r, "drop"))
		return bad(r, "\"accept\" or \"drop\"", NULL);
	rule->accept = is(r, "accept");
	next(r);
	return 0;
}

/* One port of the word, up to `end`; 0 when it is none. */
static uint16_t port(const char **at, const char *end)
{
	const char *begin = *at;
	uint32_t n = 0;

	for (; *at < end && **at >= '0' && **at <= '9' && *at - begin < 6; (*at)++)
		n = n * 10 + (uint32_t)(**at - '0');
	return n <= UINT16_MAX ? (uint16_t)n : 0;
}

static int read_ports(struct reader *r, struct nk_fw_rule *rule)
{
	const char *at = r->at, *end = r->at + r->len;

	if (memchr(r->at, ',', r->len))
		return bad(r, "one port or one range", "write a rule for each of them");
	rule->port_first = rule->port_last = port(&at, end);
	if (rule->port_first && at < end && *at == '-') {
		at++;
		rule->port_last = port(&at, end);
	}
	if (!rule->port_first || !rule->port_last || at != end)
		return bad(r, "a port or a range of ports",
			   "ports go from 1 to 65535: 80 or 8000-8100");
	if (rule->port_last < rule->port_first)
		return bad(r, "a range of ports", "the lower port comes first: 8000-8100");
	next(r);
	return 0;
}

static int read_proto(struct reader *r, struct nk_fw_rule *rule)
{
	rule->any_proto = false;
	if (is(r, "tcp"))
		rule->proto = IPPROTO_TCP;
	else if (is(r, "udp"))
		rule->proto = IPPROTO_UDP;
	else if (is(r, "icmp"))
		rule->proto = IPPROTO_ICMP;
	else
		return rule->any_proto = true, 0;
	next(r);
	if (!r->len || *r->at < '0' || *r->at > '9')
		return 0;
	if (rule->proto == IPPROTO_ICMP)
		return bad(r, "what follows icmp", "only tcp and udp have ports");
	return read_ports(r, rule);
}

static int read_peer(struct reader *r, struct nk_fw_rule *rule)
{
	const char *word = rule->out ? "to" : "from";
	char text[NK_IP_TEXT] = "", net[NK_IP_TEXT];
	struct nk_err ignored;
	struct nk_ip first;

	if (!r->len)
		return 0;
	if (is(r, rule->out ? "from" : "to"))
		return bad(r, rule->out ? "\"to\"" : "\"from\"",
			   "in … from ADDRESS is what comes, out … to ADDRESS what goes");
	if (!is(r, word))
		return bad(r, rule->any_proto ? "a protocol or an address" : "an address", NULL);
	next(r);
	if (r->len < sizeof(text))
		memcpy(text, r->at, r->len);
	if (nk_ip_parse(text, true, &rule->peer, &ignored) < 0)
		return bad(r, "an address or a subnet",
			   "as 192.168.0.2, 10.89.0.0/24, fd00::2 or fd00::/64; names are for "
			   "--egress");
	first = nk_ip_first(&rule->peer);
	if (!nk_ip_equal(&first, &rule->peer)) {
		nk_fail(r->e, 0, "column %zu: %s is an address inside the subnet %s",
			(size_t)(r->at - r->text) + 1, text, nk_ip_text(&first, true, net));
		return nk_hint(r->e, "the address alone, or %s for the whole subnet", net);
	}
	next(r);
	return r->len ? bad(r, "the end of the rule", NULL) : 0;
}

int nk_rule_parse(struct nk_arena *a, const char *text, struct nk_fw_rule *rule, struct nk_err *e)
{
	struct reader r = {.text = text, .at = text, .e = e};
	char words[NK_RULE_TEXT];
	int rc;

	*rule = (struct nk_fw_rule){0};
	next(&r);
	if ((rc = read_start(&r, rule)) < 0 || (rc = read_proto(&r, rule)) < 0 ||
	    (rc = read_peer(&r, rule)) < 0)
		return rc;
	rule->words = nk_strdup(a, nk_rule_text(rule, words));
	return 0;
}

static const char *proto_name(const struct nk_fw_rule *r)
{
	return r->any_proto		 ? ""
	       : r->proto == IPPROTO_TCP ? " tcp"
	       : r->proto == IPPROTO_UDP ? " udp"
					 : " icmp";
}

const char *nk_rule_text(const struct nk_fw_rule *r, char buf[NK_RULE_TEXT])
{
	char ports[16] = "", peer[NK_IP_TEXT] = "";

	if (r->port_first && r->port_first == r->port_last)
		snprintf(ports, sizeof(ports), " %u", r->port_first);
	else if (r->port_first)
		snprintf(ports, sizeof(ports), " %u-%u", r->port_first, r->port_last);
	if (r->peer.family)
		nk_ip_text(&r->peer, r->peer.prefix != (r->peer.family == AF_INET ? 32 : 128),
			   peer);
	snprintf(buf, NK_RULE_TEXT, "%s %s%s%s%s%s", r->out ? "out" : "in",
		 r->accept ? "accept" : "drop", proto_name(r), ports,
		 !*peer	  ? ""
		 : r->out ? " to "
			  : " from ",
		 peer);
	return buf;
}

int nk_rule_shadow(const struct nk_fw_rules *rules, size_t at)
{
	for (size_t i = 0; i < at && i < rules->n; i++) {
		const struct nk_fw_rule *r = &rules->v[i];

		if (r->out == rules->v[at].out && r->any_proto && !r->peer.family)
			return (int)i;
	}
	return -1;
}

int nk_rule_check_order(const struct nk_fw_rules *rules, struct nk_err *e)
{
	for (size_t i = 0; i < rules->n; i++) {
		int by = nk_rule_shadow(rules, i);

		if (by < 0)
			continue;
		nk_fail(e, 0,
			"rule %zu, \"%s\", is never reached: rule %d, \"%s\", takes everything",
			i + 1, rules->v[i].words, by + 1, rules->v[by].words);
		return nk_hint(e, "the first rule that fits decides: put it before rule %d",
			       by + 1);
	}
	return 0;
}
