/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/nft_image.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "sys/netlink.h"

struct reading {
	struct nk_arena *a;
	const char *table;
	struct nk_nft_image *out;
	const uint16_t *keep; /* attributes, ended by 0 */
	uint16_t of;	      /* that which names the table */
};

static void put(struct reading *r, const void *data, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t *at = NK_PUSH(r->a, r->out);
		if (!at)
			return;
		*at = ((const uint8_t *)data)[i];
	}
}

static int take(void *arg, const struct nlmsghdr *h)
{
	struct reading *r = arg;
	const size_t body = sizeof(struct nfgenmsg);
	const struct rtattr *table;

	if (h->nlmsg_len < NLMSG_SPACE(body))
		return 0;
	table = nk_nl_find(h, body, r->of);
	/* The dump is of all tables: kernels before 6.3 take no filter for chains. */
	if (!table || strnlen(RTA_DATA(table), RTA_PAYLOAD(table)) != strlen(r->table) ||
	    memcmp(RTA_DATA(table), r->table, strlen(r->table)))
		return 0;
	for (const uint16_t *type = r->keep; *type; type++) {
		const struct rtattr *attr = nk_nl_find(h, body, *type);

		put(r, type, sizeof(*type));
		if (attr) {
			uint16_t n = (uint16_t)RTA_PAYLOAD(attr);
			put(r, &n, sizeof(n));
			put(r, RTA_DATA(attr), n);
		}
	}
	return 0;
}

static int dump(int fd, uint16_t message, struct reading *r, struct nk_err *e)
{
	const struct nfgenmsg body = {.nfgen_family = NFPROTO_INET};
	struct nk_nl m;

	nk_nl_begin(&m, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | message), NLM_F_DUMP, &body,
		    sizeof(body));
	return nk_nl_call(fd, &m, take, r, "read rules of nftables", e);
}

int nk_nft_image(int fd, struct nk_arena *a, const char *table, struct nk_nft_image *out,
		 struct nk_err *e)
{
	static const uint16_t chain[] = {NFTA_CHAIN_NAME, NFTA_CHAIN_HOOK, NFTA_CHAIN_POLICY,
					 NFTA_CHAIN_TYPE, 0};
	static const uint16_t rule[] = {NFTA_RULE_CHAIN, NFTA_RULE_EXPRESSIONS, 0};
	struct reading r = {a, table, out, chain, NFTA_CHAIN_TABLE};
	int rc = dump(fd, NFT_MSG_GETCHAIN, &r, e);

	r.keep = rule;
	r.of = NFTA_RULE_TABLE;
	if (rc >= 0)
		rc = dump(fd, NFT_MSG_GETRULE, &r, e);
	return rc < 0 ? rc : nk_arena_ok(a, e);
}
