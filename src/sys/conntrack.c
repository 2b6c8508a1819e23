/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/conntrack.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "sys/batch.h"
#include "sys/netlink.h"

enum { BODY = sizeof(struct nfgenmsg) };

/* Which parts of a tuple are compared (Linux 5.8; the kernel has no header that names them). */
enum { IP_SRC = 1 << 0, PROTO_NUM = 1 << 3, PROTO_DST_PORT = 1 << 5 };

struct filter {
	int family;
	const struct nk_ip *answers; /* source of the answers, or NULL */
	uint16_t first, last;	     /* destination of what was sent, or 0 */
	struct nk_batch del;
};

static uint16_t type_of(int message)
{
	return (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | message);
}

static struct nfgenmsg body_of(int family)
{
	return (struct nfgenmsg){.nfgen_family = (uint8_t)family, .version = NFNETLINK_V0};
}

/* ---- the question ---- */

/* CTA_TUPLE_ORIG with protocol and port, or CTA_TUPLE_REPLY with protocol and address. */
static void tuple(struct nk_batch *b, const struct filter *f)
{
	size_t whole = nk_batch_nest(b, f->answers ? CTA_TUPLE_REPLY : CTA_TUPLE_ORIG);
	const uint8_t port[2] = {(uint8_t)(f->first >> 8), (uint8_t)f->first};
	bool four = f->family == AF_INET;

	size_t ip = nk_batch_nest(b, CTA_TUPLE_IP);
	if (f->answers)
		nk_batch_attr(b, four ? CTA_IP_V4_SRC : CTA_IP_V6_SRC, f->answers->a,
			      four ? 4 : 16);
	nk_batch_nest_end(b, ip);
	size_t proto = nk_batch_nest(b, CTA_TUPLE_PROTO);
	nk_batch_attr_u8(b, CTA_PROTO_NUM, IPPROTO_UDP);
	if (!f->answers && f->first == f->last)
		nk_batch_attr(b, CTA_PROTO_DST_PORT, port, sizeof(port));
	nk_batch_nest_end(b, proto);
	nk_batch_nest_end(b, whole);
}

static void question(struct nk_batch *b, const struct filter *f)
{
	const struct nfgenmsg body = body_of(f->family);
	uint32_t port = f->first == f->last ? PROTO_DST_PORT : 0;

	nk_batch_message(b, type_of(IPCTNL_MSG_CT_GET), NLM_F_DUMP, &body, sizeof(body));
	tuple(b, f);
	size_t nest = nk_batch_nest(b, CTA_FILTER);
	nk_batch_attr_u32(b, CTA_FILTER_ORIG_FLAGS, f->answers ? 0 : (uint32_t)PROTO_NUM | port);
	nk_batch_attr_u32(b, CTA_FILTER_REPLY_FLAGS, f->answers ? (uint32_t)PROTO_NUM | IP_SRC : 0);
	nk_batch_nest_end(b, nest);
}

/* ---- the answers ---- */

static bool is(const struct rtattr *attr, const void *data, size_t size)
{
	return attr && RTA_PAYLOAD(attr) >= size && !memcmp(RTA_DATA(attr), data, size);
}

/* What the kernel has left out is not taken on trust: a forgotten connection may be anybody's. */
static bool meant(const struct filter *f, const struct nlmsghdr *h)
{
	const struct rtattr *t = nk_nl_find(h, BODY, f->answers ? CTA_TUPLE_REPLY : CTA_TUPLE_ORIG);
	const struct rtattr *ip = nk_nl_inside(t, CTA_TUPLE_IP),
			    *proto = nk_nl_inside(t, CTA_TUPLE_PROTO);
	const struct rtattr *to = nk_nl_inside(proto, CTA_PROTO_DST_PORT);
	const uint8_t udp = IPPROTO_UDP;

	if (!is(nk_nl_inside(proto, CTA_PROTO_NUM), &udp, 1))
		return false;
	if (!f->answers) {
		const uint8_t *bytes = to && RTA_PAYLOAD(to) >= 2 ? RTA_DATA(to) : NULL;
		unsigned port = bytes ? (unsigned)(bytes[0] << 8 | bytes[1]) : 0;
		return bytes && port >= f->first && port <= f->last;
	}
	return f->family == AF_INET ? is(nk_nl_inside(ip, CTA_IP_V4_SRC), f->answers->a, 4)
				    : is(nk_nl_inside(ip, CTA_IP_V6_SRC), f->answers->a, 16);
}

static int forget(void *arg, const struct nlmsghdr *h)
{
	struct filter *f = arg;
	const struct rtattr *orig = nk_nl_find(h, BODY, CTA_TUPLE_ORIG);
	const struct rtattr *zone = nk_nl_find(h, BODY, CTA_ZONE);
	const struct rtattr *id = nk_nl_find(h, BODY, CTA_ID);
	const struct nfgenmsg body = body_of(f->family);

	if (!orig || !meant(f, h))
		return 0;
	nk_batch_message(&f->del, type_of(IPCTNL_MSG_CT_DELETE), 0, &body, sizeof(body));
	nk_batch_attr(&f->del, CTA_TUPLE_ORIG | NLA_F_NESTED, RTA_DATA(orig), RTA_PAYLOAD(orig));
	if (zone)
		nk_batch_attr(&f->del, CTA_ZONE, RTA_DATA(zone), RTA_PAYLOAD(zone));
	if (id)
		nk_batch_attr(&f->del, CTA_ID, RTA_DATA(id), RTA_PAYLOAD(id));
	return 0;
}

static int ask(int fd, struct nk_arena *a, struct filter *f, struct nk_err *e)
{
	struct nk_batch b;
	struct nk_nl m;

	nk_batch_init(&b, a, NETLINK_NETFILTER);
	nk_batch_init(&f->del, a, NETLINK_NETFILTER);
	question(&b, f);
	if (nk_arena_ok(a, e) < 0)
		return -ENOMEM;
	memset(&m, 0, sizeof(m));
	memcpy(m.space, b.bytes.v, b.bytes.n);
	int ret = nk_nl_call(fd, &m, forget, f, "look for connections of a published port", e);
	/* One that has ended meanwhile is no fault. */
	if (ret == 0)
		ret = nk_batch_send(fd, &f->del, 0, "forget connections of a published port", e);
	return ret == -ENOENT ? 0 : ret;
}

int nk_ct_forget_answers(int fd, struct nk_arena *a, const struct nk_ip *ip, struct nk_err *e)
{
	struct filter f = {.family = ip->family, .answers = ip};

	return ask(fd, a, &f, e);
}

int nk_ct_forget_ports(int fd, struct nk_arena *a, int family, uint16_t first, uint16_t last,
		       struct nk_err *e)
{
	struct filter f = {.family = family, .first = first, .last = last};

	return ask(fd, a, &f, e);
}
