/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in nftables already. */
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/netlink.h"
#include "sys/nft.h"

enum { BODY = sizeof(struct nfgenmsg) };

int nk_nft_open(struct nk_err *e)
{
	_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	int on = 1;

	if (fd < 0)
		return nk_fail(e, errno, "open a socket to nftables");
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	return nk_take_fd(&fd);
}

static void begin(struct nk_nl *m, uint16_t type, uint16_t flags)
{
	const struct nfgenmsg body = {.nfgen_family = NFPROTO_INET, .version = NFNETLINK_V0};

	nk_nl_begin(m, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), flags, &body, sizeof(body));
}

int nk_nft_has_chain(int fd, const char *table, const char *chain, struct nk_err *e)
{
	struct nk_err other = {0};
	struct nk_nl m;

	begin(&m, NFT_MSG_GETCHAIN, 0);
	nk_nl_attr_str(&m, NFTA_CHAIN_TABLE, table);
	nk_nl_attr_str(&m, NFTA_CHAIN_NAME, chain);
	int ret = nk_nl_call(fd, &m, NULL, NULL, "look for nook's rules in nftables", &other);
	if (ret == -ENOENT)
		return 0;
	if (ret < 0)
		*e = other;
	return ret < 0 ? ret : 1;
}

struct dump {
	struct nk_arena *a;
	struct nk_nft_seen *out;
};

/* NFTA_DATA_VALUE of a key or a value, in the arena. */
static const void *bytes(struct nk_arena *a, const struct rtattr *elem, uint16_t type)
{
	const struct rtattr *data = nk_nl_inside(elem, type);
	const struct rtattr *v = data ? nk_nl_inside(data, NFTA_DATA_VALUE) : NULL;

	void *copy = v ? nk_alloc(a, RTA_PAYLOAD(v)) : NULL;

	return copy ? memcpy(copy, RTA_DATA(v), RTA_PAYLOAD(v)) : NULL;
}

static int one_element(struct dump *d, const struct rtattr *elem)
{
	const struct rtattr *flags = nk_nl_inside(elem, NFTA_SET_ELEM_FLAGS);
	const struct rtattr *timeout = nk_nl_inside(elem, NFTA_SET_ELEM_TIMEOUT);
	const void *key = bytes(d->a, elem, NFTA_SET_ELEM_KEY);
	uint64_t ms = 0;

	/* The kernel tells where a subnet ends before or behind where it begins: both are kept. */
	struct nk_nft_elem *out = NK_PUSH(d->a, d->out);
	if (!out)
		return -ENOMEM;
	if (timeout && RTA_PAYLOAD(timeout) >= sizeof(ms))
		memcpy(&ms, RTA_DATA(timeout), sizeof(ms));
	out->timeout_ms = __builtin_bswap64(ms);
	out->data = bytes(d->a, elem, NFTA_SET_ELEM_DATA);
	if (flags && RTA_PAYLOAD(flags) >= 4 &&
	    (((const uint8_t *)RTA_DATA(flags))[3] & NFT_SET_ELEM_INTERVAL_END))
		out->end = key;
	else
		out->key = key;
	return 0;
}

static int elements(void *arg, const struct nlmsghdr *h)
{
	const struct rtattr *list = nk_nl_find(h, BODY, NFTA_SET_ELEM_LIST_ELEMENTS);
	struct dump *d = arg;

	if (!list)
		return 0;
	int left = (int)RTA_PAYLOAD(list);
	for (const struct rtattr *r = RTA_DATA(list); RTA_OK(r, left); r = RTA_NEXT(r, left)) {
		int ret = one_element(d, r);
		if (ret < 0)
			return ret;
	}
	return 0;
}

int nk_nft_elements(int fd, struct nk_arena *a, const struct nk_nft_set *set,
		    struct nk_nft_seen *out, struct nk_err *e)
{
	struct dump d = {a, out};
	struct nk_nl m;

	*out = (struct nk_nft_seen){0};
	begin(&m, NFT_MSG_GETSETELEM, NLM_F_DUMP);
	nk_nl_attr_str(&m, NFTA_SET_ELEM_LIST_TABLE, set->table);
	nk_nl_attr_str(&m, NFTA_SET_ELEM_LIST_SET, set->name);
	return nk_nl_call(fd, &m, elements, &d, "list the elements of nook's rules", e);
}
