/* SPDX-License-Identifier: Apache-2.0 */
/* --firewall and --egress: what may come to a container, and where it may go. */
#include <linux/capability.h>
#include <string.h>
#include <strings.h>

#include "cli/run_set.h"
#include "cli/value.h"
#include "net/egress.h"
#include "net/rule.h"

NK_SETTER(firewall)
{
	struct nk_run_request *r = use->target;
	struct nk_fw_rule rule;
	int rc = nk_rule_parse(use->arena, value, &rule, e);

	if (rc < 0)
		return rc;
	struct nk_fw_rule *kept = NK_PUSH(use->arena, &r->spec.net.firewall);
	if (kept)
		*kept = rule;
	r->spec.net.firewall_given = true;
	return 0;
}

NK_SETTER(egress)
{
	struct nk_run_request *r = use->target;
	const char *rest = value + 6;

	if (strncmp(value, "allow=", 6) != 0 || !*rest) {
		nk_fail(e, 0, "not a list of what may be reached");
		return nk_hint(e, "allow=HOST,... as allow=api.example.org,*.debian.org");
	}
	for (char *part; (part = nk_value_part(use->arena, &rest, ','));) {
		struct nk_egress_word word;
		int rc = nk_egress_read(use->arena, part, &word, e);

		if (rc < 0)
			return rc;
		nk_strv_push(use->arena, &r->spec.net.egress, part);
	}
	r->spec.net.egress_given = true;
	return 0;
}

static const char *option(const struct nk_run_request *r)
{
	return r->spec.net.firewall_given ? "firewall" : r->spec.net.egress_given ? "egress" : NULL;
}

/* Ping without raw sockets: a group that may, which a new network namespace has none of. */
static void allow_ping(struct nk_run_request *r, struct nk_arena *a)
{
	static const char key[] = "net.ipv4.ping_group_range";

	for (size_t i = 0; i < r->spec.sysctls.n; i++)
		if (!strcmp(r->spec.sysctls.v[i].key, key))
			return;
	struct nk_keyval *kv = NK_PUSH(a, &r->spec.sysctls);
	if (kv)
		*kv = (struct nk_keyval){key, "0 0"};
}

int nk_run_finish_firewall(struct nk_run_request *r, struct nk_arena *a, struct nk_err *e)
{
	const struct nk_net_spec *net = &r->spec.net;
	const char *name = option(r);

	if (!name)
		return 0;
	if (r->spec.ns[NK_NS_NET].mode != NK_NS_NEW) {
		nk_fail(e, 0, "--%s does not go with --network %.80s", name,
			r->network_word ? r->network_word : "host");
		return nk_hint(e, "that network is not the container's own: its rules would be "
				  "those of others, too");
	}
	if (net->egress_given && r->network_word && !strcmp(r->network_word, "none")) {
		nk_fail(e, 0, "--egress does not go with --network none: nothing can be reached");
		return nk_hint(e, "leave one of the two away");
	}
	if (net->egress_given && r->dns.n) {
		nk_fail(e, 0, "--egress does not go with --dns %s", r->dns.v[0]);
		return nk_hint(e, "with --egress nook's own resolver is the only one that can be "
				  "asked");
	}
	allow_ping(r, a);
	return nk_rule_check_order(&net->firewall, e);
}

static bool asked_for(const struct nk_run_request *r, const char *cap)
{
	for (size_t i = 0; i < r->cap_add.n; i++) {
		const char *word = r->cap_add.v[i];

		word += !strncasecmp(word, "CAP_", 4) ? 4 : 0;
		if (!strcasecmp(word, cap) || !strcasecmp(word, "ALL"))
			return true;
	}
	return r->spec.privileged;
}

/*
 * The rules are in the container's own network namespace: CAP_NET_ADMIN could take them away, and
 * frames of CAP_NET_RAW (packet(7)) pass by them.
 */
int nk_run_firewall_caps(struct nk_run_request *r, struct nk_err *e)
{
	static const struct {
		unsigned cap;
		const char *name, *why;
	} rights[] = {
		{CAP_NET_ADMIN, "NET_ADMIN", "the container's root could change the rules"},
		{CAP_NET_RAW, "NET_RAW", "raw frames pass the rules by"},
	};
	struct nk_caps *c = &r->spec.caps;
	const char *name = option(r);

	for (size_t i = 0; name && i < sizeof(rights) / sizeof(rights[0]); i++) {
		uint64_t bit = 1ULL << rights[i].cap;

		if (!(c->bounding & bit))
			continue;
		if (asked_for(r, rights[i].name)) {
			nk_fail(e, 0, "--%s does not go with %s%s: %s", name,
				r->spec.privileged ? "--privileged" : "--cap-add ",
				r->spec.privileged ? "" : rights[i].name, rights[i].why);
			return nk_hint(e, "leave one of the two away%s",
				       rights[i].cap == CAP_NET_RAW
					       ? "; ping does without, and so does what uses "
						 "ping(7) sockets"
					       : "");
		}
		c->bounding &= ~bit;
		c->permitted &= ~bit;
		c->effective &= ~bit;
		c->inheritable &= ~bit;
		c->ambient &= ~bit;
	}
	return 0;
}
