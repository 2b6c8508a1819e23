/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nook-netd --egress PID --state STATE/net --network NAME --id ID --owner OWNER --resolver IP
 *           --allow NAME,…
 *
 * Not a nook-netd but who asks one: a step of `nook run --egress`. It makes the three sockets of a
 * container's resolver in the network namespace of process PID and hands them to the nook-netd of
 * that network (net/netd.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "net/inside.h"
#include "oci/ip.h"
#include "net/netd.h"
#include "netd/netd.h"

enum { DNS_PORT = 53 };

struct asking {
	const char *pid, *state, *network, *id, *owner, *resolver, *allow;
};

static int arguments(int argc, char **argv, struct asking *q, struct nk_err *e)
{
	static const struct option options[] = {
		{"egress", required_argument, NULL, 0},	 {"state", required_argument, NULL, 1},
		{"network", required_argument, NULL, 2}, {"id", required_argument, NULL, 3},
		{"owner", required_argument, NULL, 4},	 {"resolver", required_argument, NULL, 5},
		{"allow", required_argument, NULL, 6},	 {0}};
	const char **to[] = {&q->pid,	&q->state,    &q->network, &q->id,
			     &q->owner, &q->resolver, &q->allow};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0 && option < 7)
		*to[option] = optarg;
	if (option >= 7 || optind < argc || !q->pid || !q->state || !q->network || !q->id ||
	    !q->owner || !q->resolver || !q->allow) {
		nk_fail(e, EINVAL, "arguments of --egress");
		return -EINVAL;
	}
	return 0;
}

static int hand_over(const struct asking *q, struct nk_err *e)
{
	_arena_ struct nk_arena a = {0};
	_inside_ struct nk_inside in = NK_INSIDE_NONE;
	struct nk_net_store store = {.fd = -EBADF, .state = q->state};
	struct nk_inside_socket want[] = {
		{.family = AF_INET, .type = SOCK_DGRAM, .port = DNS_PORT},
		{.family = AF_INET, .type = SOCK_STREAM, .port = DNS_PORT},
		{.family = AF_NETLINK, .type = SOCK_RAW, .protocol = NETLINK_NETFILTER},
	};
	int fds[NK_COUNT(want)], rc;

	if ((rc = nk_ip_parse(q->resolver, false, &want[0].bind, e)) < 0 ||
	    (rc = nk_inside_of(atoi(q->pid), &in, e)) < 0)
		return rc;
	want[1].bind = want[0].bind;
	rc = nk_inside_sockets(&in, want, NK_COUNT(want), fds, e);
	if (rc < 0)
		return rc;
	_close_ int dir = open(q->state, O_PATH | O_DIRECTORY | O_CLOEXEC);
	store.state_fd = dir;
	rc = nk_netd_ask(&store, q->network,
			 nk_fmt(&a, "egress %s %s %s %s", q->id, q->owner, q->resolver, q->allow),
			 fds, NK_COUNT(fds), e);
	for (size_t i = 0; i < NK_COUNT(fds); i++)
		close(fds[i]);
	return rc;
}

int nk_netd_ask_egress(int argc, char **argv, struct nk_err *e)
{
	struct asking q = {0};

	int rc = arguments(argc, argv, &q, e);

	return rc < 0 ? rc : hand_over(&q, e);
}
