/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Firewall rules in words, read and printed back. Pure.
 *
 *	in|out accept|drop [tcp|udp [PORT[-PORT]] | icmp] [from|to ADDRESS[/PREFIX]]
 *
 * `in` is what comes to the container (from), `out` what it sends itself (to); ports are those of
 * the destination; icmp is that of both families. A rule without protocol and address is about
 * everything that is left. The first rule that fits decides.
 */
#ifndef NK_NET_RULE_H
#define NK_NET_RULE_H

#include "oci/net_spec.h"

#define NK_RULE_TEXT 160

/*
 * text -> *r, with r->words in the arena as nk_rule_text() says them. -EINVAL, *e: "column N: …",
 * counted from 1 in bytes, and a hint.
 */
int nk_rule_parse(struct nk_arena *a, const char *text, struct nk_fw_rule *r, struct nk_err *e);

/* The words that read back to the same rule; answers buf. */
const char *nk_rule_text(const struct nk_fw_rule *r, char buf[NK_RULE_TEXT]);

/*
 * Whether rule `at` can never decide, because an earlier one of the same direction takes
 * everything: the index of that one, else -1.
 */
int nk_rule_shadow(const struct nk_fw_rules *rules, size_t at);

/* -EINVAL when one of them can never decide; the hint says how to order them. */
int nk_rule_check_order(const struct nk_fw_rules *rules, struct nk_err *e);

#endif
