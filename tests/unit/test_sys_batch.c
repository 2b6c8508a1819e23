/* SPDX-License-Identifier: Apache-2.0 */
/* Several netlink messages as one block: what stands in it, and what comes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/if_link.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "child/child.h"
#include "oci/ip.h"
#include "sys/netlink.h"
#include "sys/nft.h"
#include "sys/rtnl.h"

static struct nk_ip ip(const char *text)
{
	struct nk_err e = {0};
	struct nk_ip out;

	if (nk_ip_parse(text, strchr(text, '/') != NULL, &out, &e) < 0)
		fail_msg("%s", e.msg);
	return out;
}

static const struct nlmsghdr *message(const struct nk_batch *b, unsigned n)
{
	const struct nlmsghdr *h = (const void *)b->bytes.v;
	size_t left = b->bytes.n;

	for (; n > 1; n--) {
		assert_true(NLMSG_OK(h, left));
		h = NLMSG_NEXT(h, left);
	}
	assert_true(NLMSG_OK(h, left));
	return h;
}

static void words_are(const struct nk_batch *b, const char *want)
{
	assert_int_equal(b->words.n, strlen(want));
	assert_memory_equal(b->words.v, want, b->words.n);
}

static void test_messages(void **state)
{
	struct nk_arena a _arena_ = {0};
	const struct nk_ip four = ip("10.1.2.3/24"), six = ip("fd00::7/64");
	struct nk_batch b;

	(void)state;
	nk_batch_init(&b, &a, NETLINK_ROUTE);
	assert_int_equal(b.ack, 0);
	nk_rt_up(&b, 1, "lo");
	nk_rt_addr(&b, 7, "eth0", &four);
	nk_rt_addr(&b, 7, "eth0", &six);
	assert_int_equal(b.n, 3);
	assert_int_equal(b.ack, 3);
	assert_int_equal(b.bytes.n % 4, 0);
	/* One after the other, and only the last one is answered when all goes well. */
	for (unsigned i = 1; i <= 3; i++) {
		const struct nlmsghdr *h = message(&b, i);
		assert_int_equal(h->nlmsg_seq, i);
		assert_int_equal(h->nlmsg_flags & NLM_F_ACK, i == 3 ? NLM_F_ACK : 0);
		assert_true(h->nlmsg_flags & NLM_F_REQUEST);
	}
	const struct nlmsghdr *h = message(&b, 2);
	const struct ifaddrmsg *body = NLMSG_DATA(h);
	assert_int_equal(body->ifa_prefixlen, 24);
	assert_int_equal(body->ifa_index, 7);
	const struct rtattr *attr = nk_nl_find(h, sizeof(*body), IFA_BROADCAST);
	assert_non_null(attr);
	assert_memory_equal(RTA_DATA(attr), "\x0a\x01\x02\xff", 4);
	attr = nk_nl_find(message(&b, 3), sizeof(*body), IFA_LOCAL);
	assert_int_equal(RTA_PAYLOAD(attr), 16);
	words_are(&b, "link set dev lo up\n"
		      "address add 10.1.2.3/24 broadcast + dev eth0\n"
		      "address add fd00::7/64 dev eth0 nodad\n");
}

static const struct rtattr *inside(const struct rtattr *nest, size_t body, uint16_t type)
{
	unsigned left = (unsigned)(RTA_PAYLOAD(nest) - body);

	for (const struct rtattr *r = (const void *)((const char *)RTA_DATA(nest) + body);
	     RTA_OK(r, left); r = RTA_NEXT(r, left))
		if ((r->rta_type & NLA_TYPE_MASK) == type)
			return r;
	fail_msg("no attribute %u", type);
	return NULL;
}

static void test_patch(void **state)
{
	struct nk_arena a _arena_ = {0};
	const struct nk_rt_card card = {.name = "eth0", .index = 2, .ns_fd = NK_RT_NS_PID};
	uint32_t index;
	struct nk_batch b;

	(void)state;
	nk_batch_init(&b, &a, NETLINK_ROUTE);
	nk_rt_veth(&b, "nk1", 5, &card);
	assert_int_not_equal(b.patch, 0);
	memcpy(b.bytes.v + b.patch, &(uint32_t){4711}, 4);
	const struct nlmsghdr *h = message(&b, 1);
	const struct ifinfomsg *host = NLMSG_DATA(h);
	/* The other end has the index that it is given only where this one has one. */
	assert_int_not_equal(host->ifi_index, 0);
	const struct rtattr *at = nk_nl_find(h, sizeof(*host), IFLA_LINKINFO);
	at = inside(inside(at, 0, IFLA_INFO_DATA), 0, 1 /* VETH_INFO_PEER */);
	const struct ifinfomsg *peer = RTA_DATA(at);
	assert_int_equal(peer->ifi_index, 2);
	at = inside(at, sizeof(*peer), IFLA_NET_NS_PID);
	memcpy(&index, RTA_DATA(at), 4);
	assert_int_equal(index, 4711);
	char want[160];
	snprintf(want, sizeof(want),
		 "link add name nk1 index %d master if5 up type veth peer name eth0 index 2 netns "
		 "$pid\n",
		 host->ifi_index);
	words_are(&b, want);
}

static void test_transaction(void **state)
{
	struct nk_arena a _arena_ = {0};
	const struct nk_nft_set set = {
		.table = "t", .name = "s", .key = {NK_NFT_IP4}, .interval = true};
	const struct nk_ip net = ip("10.2.0.0/16"), end = ip("255.255.0.0/16");
	struct nk_batch b;

	(void)state;
	/* Nothing to do is nothing to send: no answer would come. */
	nk_batch_init(&b, &a, NETLINK_NETFILTER);
	nk_nft_begin(&b);
	nk_nft_end(&b);
	assert_int_equal(b.bytes.n, 0);
	assert_int_equal(b.ack, 0);
	nk_nft_begin(&b);
	nk_nft_table(&b, "t");
	nk_nft_set(&b, &set);
	nk_nft_subnet(&b, &set, &net, true);
	nk_nft_subnet(&b, &set, &end, true);
	nk_nft_end(&b);
	assert_int_equal(b.n, 6);
	/* The end is not answered before Linux 6.10: the message before it is. */
	assert_int_equal(b.ack, 5);
	assert_int_equal(message(&b, 1)->nlmsg_flags & NLM_F_ACK, 0);
	assert_int_equal(message(&b, 5)->nlmsg_flags & NLM_F_ACK, NLM_F_ACK);
	assert_int_equal(message(&b, 6)->nlmsg_flags & NLM_F_ACK, 0);
	assert_int_equal(message(&b, 6)->nlmsg_type, NFNL_MSG_BATCH_END);
	/* Two elements of the kernel: where it begins, and what is first behind it. */
	const struct rtattr *list =
		nk_nl_find(message(&b, 4), sizeof(struct nfgenmsg), NFTA_SET_ELEM_LIST_ELEMENTS);
	const struct rtattr *first = RTA_DATA(list);
	const struct rtattr *key = inside(inside(first, 0, NFTA_SET_ELEM_KEY), 0, NFTA_DATA_VALUE);
	assert_memory_equal(RTA_DATA(key), "\x0a\x02\0\0", 4);
	first = (const void *)((const char *)first + RTA_ALIGN(first->rta_len));
	key = inside(inside(first, 0, NFTA_SET_ELEM_KEY), 0, NFTA_DATA_VALUE);
	assert_memory_equal(RTA_DATA(key), "\x0a\x03\0\0", 4);
	/* Behind the last address there is none. */
	list = nk_nl_find(message(&b, 5), sizeof(struct nfgenmsg), NFTA_SET_ELEM_LIST_ELEMENTS);
	first = RTA_DATA(list);
	assert_int_equal(RTA_PAYLOAD(list), RTA_ALIGN(first->rta_len));
	words_are(&b, "add table inet t\n"
		      "add set inet t s { type ipv4_addr; flags interval; }\n"
		      "add element inet t s { 10.2.0.0/16 }\n"
		      "add element inet t s { 255.255.0.0/16 }\n");
}

/* One step that sends a batch, as an actor of a plan does it. */
static long run(int fd, const struct nk_batch *b)
{
	int slots[] = {fd};
	const struct nk_step step = {
		.op = NK_OP_NETLINK, .out = NK_NOFD, .fd = {0, NK_NOFD}, .p = {b}, .undo_of = -1};
	struct nk_run r = {.steps = &step, .n = 1, .slots = slots};

	return nk_step_run(&r, 0);
}

/* The machine's own network is never touched. */
static bool alone;

static void test_kernel(void **state)
{
	struct nk_arena a _arena_ = {0};
	const struct nk_ip one = ip("10.1.1.1/32"), two = ip("10.1.1.2/32");
	struct nk_batch first, again, other, none;
	struct nk_rt_addresses seen;
	struct nk_err e = {0};

	(void)state;
	if (unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0) {
		print_message("skipped: no network namespace of its own\n");
		skip();
	}
	alone = true;
	int fd = nk_nl_open(&e);
	assert_true(fd >= 0);
	nk_batch_init(&first, &a, NETLINK_ROUTE);
	nk_rt_up(&first, 1, "lo");
	nk_rt_addr(&first, 1, "lo", &one);
	assert_int_equal(run(fd, &first), 0);
	/* Refused in the middle: told, and what comes behind is done. */
	nk_batch_init(&again, &a, NETLINK_ROUTE);
	nk_rt_addr(&again, 1, "lo", &one);
	nk_rt_addr(&again, 99, "no", &one);
	nk_rt_addr(&again, 1, "lo", &two);
	assert_int_equal(run(fd, &again), -EEXIST);
	assert_int_equal(nk_rt_addresses(fd, &a, &seen, &e), 0);
	bool found = false;
	for (size_t i = 0; i < seen.n; i++)
		found |= nk_ip_equal(&seen.v[i].ip, &two);
	assert_true(found);
	/* The next one on the socket does not take an old answer for its own. */
	nk_batch_init(&other, &a, NETLINK_ROUTE);
	nk_rt_del_addr(&other, 1, "lo", &one);
	nk_rt_del_addr(&other, 1, "lo", &two);
	assert_int_equal(run(fd, &other), 0);
	assert_int_equal(nk_batch_send(fd, &other, 0, "again", &e), -EADDRNOTAVAIL);
	assert_non_null(strstr(e.msg, "again: "));
	assert_int_equal(nk_batch_send(fd, &first, 0, "first", &e), 0);
	nk_batch_init(&none, &a, NETLINK_ROUTE);
	assert_int_equal(run(fd, &none), 0);
	assert_int_equal(nk_batch_send(fd, &none, 0, "none", &e), 0);
	close(fd);
}

static void test_nft_kernel(void **state)
{
	struct nk_arena a _arena_ = {0};
	const struct nk_nft_set set = {.table = "t", .name = "s", .key = {NK_NFT_IP4}};
	const struct nk_nft_elem elem = {.key = "\x0a\0\0\x01"};
	struct nk_batch make, bad, large;
	struct nk_nft_seen seen;
	struct nk_err e = {0};

	(void)state;
	if (!alone)
		skip();
	int fd = nk_nft_open(&e);
	assert_true(fd >= 0);
	nk_batch_init(&make, &a, NETLINK_NETFILTER);
	nk_nft_begin(&make);
	nk_nft_table(&make, "t");
	nk_nft_set(&make, &set);
	nk_nft_end(&make);
	long ret = run(fd, &make);
	if (ret == -EPERM || ret == -EPROTONOSUPPORT) {
		close(fd);
		print_message("skipped: no nftables\n");
		skip();
	}
	assert_int_equal(ret, 0);
	/* All or nothing. */
	nk_batch_init(&bad, &a, NETLINK_NETFILTER);
	nk_nft_begin(&bad);
	nk_nft_add_elem(&bad, &set, &elem);
	nk_nft_del_table(&bad, "absent");
	nk_nft_end(&bad);
	assert_int_equal(run(fd, &bad), -ENOENT);
	assert_int_equal(nk_nft_elements(fd, &a, &set, &seen, &e), 0);
	assert_int_equal(seen.n, 0);
	/* More than a socket takes unless it is told. */
	nk_batch_init(&large, &a, NETLINK_NETFILTER);
	nk_nft_begin(&large);
	for (uint32_t i = 0; i < 3000; i++) {
		const struct nk_nft_elem one = {.key = &i};
		nk_nft_add_elem(&large, &set, &one);
	}
	nk_nft_end(&large);
	assert_true(large.bytes.n > NK_BATCH_SEND_MAX);
	if (geteuid() == 0) {
		assert_int_equal(run(fd, &large), 0);
		assert_int_equal(nk_nft_elements(fd, &a, &set, &seen, &e), 0);
		assert_int_equal(seen.n, 3000);
	}
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages),    cmocka_unit_test(test_patch),
		cmocka_unit_test(test_transaction), cmocka_unit_test(test_kernel),
		cmocka_unit_test(test_nft_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
