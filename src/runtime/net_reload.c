/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of all networks that are up, and of all living leases, in one transaction; and the
 * resolvers of networks that have lost theirs. */
#include <errno.h>
#include <linux/netlink.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "net/file.h"
#include "net/netd.h"
#include "runtime/net.h"
#include "sys/netlink.h"
#include "sys/nft.h"
#include "sys/rtnl.h"

int nk_net_bridge(int fd, struct nk_arena *a, const struct nk_network *n, struct nk_rt_link *link,
		  struct nk_err *e)
{
	int rc;

	if (n->driver != NK_NET_BRIDGE || !n->link)
		return 0;
	rc = nk_rt_link(fd, a, n->link, link, e);
	if (rc < 0)
		return rc == -ENODEV ? 0 : nk_ctx(e, "network %s", n->name);
	return link->kind && !strcmp(link->kind, "bridge");
}

/* A network's elements and those of its containers' ports. */
static int add_network(struct nk_net_store *s, struct nk_arena *a, struct nk_batch *b,
		       const struct nk_network *n, struct nk_err *e)
{
	struct nk_net_leases alive = {0};
	int rc = nk_net_leases(s, a, n->name, &alive, NULL, NULL, e);

	if (rc < 0)
		return rc;
	nk_rules_network(b, n, true);
	for (size_t i = 0; i < alive.n; i++)
		if (alive.v[i].ports.n)
			nk_rules_ports(b, &alive.v[i].ports, &alive.v[i].ips, true);
	return 0;
}

struct locks {
	NK_VEC(int);
};

static void unlock(struct locks *l)
{
	for (size_t i = 0; i < l->n; i++)
		close(l->v[i]);
}

/*
 * A start writes its lease first and its elements then. With all leases held still, one whose
 * elements come later is among those that are read: nothing that it adds is thrown away.
 */
static int lock_all(struct nk_net_store *s, struct nk_arena *a, const struct nk_networks *all,
		    struct locks *l, struct nk_err *e)
{
	for (size_t i = 0; i < all->n; i++) {
		int fd = nk_net_lease_lock(s, all->v[i].name, e), *to;

		if (fd < 0)
			return fd;
		to = NK_PUSH(a, l);
		if (to)
			*to = fd;
		else
			close(fd);
	}
	return nk_arena_ok(a, e);
}

static int write_all(struct nk_net_store *s, struct nk_arena *a, const struct nk_networks *all,
		     struct nk_err *e)
{
	_close_ int route = nk_nl_open(e);
	_close_ int filter = route < 0 ? route : nk_nft_open(e);
	struct nk_batch b;
	bool any = false;

	if (filter < 0)
		return filter;
	nk_batch_init(&b, a, NETLINK_NETFILTER);
	nk_nft_begin(&b);
	nk_rules_table(&b);
	for (size_t i = 0; i < all->n; i++) {
		struct nk_rt_link link;
		int rc = nk_net_bridge(route, a, &all->v[i], &link, e);

		if (rc > 0)
			rc = add_network(s, a, &b, &all->v[i], e);
		else if (rc == 0)
			continue;
		if (rc < 0)
			return rc;
		any = true;
	}
	nk_nft_end(&b);
	if (nk_arena_ok(a, e) < 0)
		return -ENOMEM;
	if (!any)
		return 0;
	/* The rules would be without it, as if its containers were not there. */
	if (all->broken.n) {
		nk_fail(e, 0, "%s", all->broken.v[0]);
		return nk_hint(e, "mend that file, or delete it");
	}
	return nk_batch_send(filter, &b, 0, "the rules of nook's networks", e);
}

int nk_net_reload(struct nk_net_store *s, struct nk_arena *a, struct nk_err *e)
{
	__attribute__((cleanup(unlock))) struct locks locks = {0};
	_close_ int lock = nk_net_lock(s->state_fd, ".rules.lock", e);
	struct nk_networks all = {0};
	int rc = lock < 0 ? lock : nk_net_list(s, a, &all, e);

	if (rc >= 0)
		rc = lock_all(s, a, &all, &locks, e);
	return rc < 0 ? rc : write_all(s, a, &all, e);
}

/* ---- nook-netd ---- */

static int begin_resolver(struct nk_net_store *s, struct nk_arena *a, const char *program,
			  const char *network, struct nk_err *e)
{
	static char *const env[] = {(char *)"LC_ALL=C", NULL};
	const char *const words[] = {program, "--root", s->root, "--state", s->state};
	/* In the holder of a user's networks (runtime/lan.h). */
	const char *servers = nk_fmt(a, "%s/resolv.conf", s->state);
	struct nk_strv argv = {0};
	int status = -1;
	pid_t pid;

	for (size_t i = 0; i < NK_COUNT(words); i++)
		nk_strv_push(a, &argv, words[i]);
	if (access(servers, R_OK) == 0) {
		nk_strv_push(a, &argv, "--resolv-conf");
		nk_strv_push(a, &argv, servers);
	}
	nk_strv_push(a, &argv, network);
	if (nk_arena_ok(a, e) < 0)
		return -ENOMEM;
	int ret = posix_spawn(&pid, program, NULL, NULL, (char *const *)argv.v, env);
	if (ret)
		return nk_fail(e, ret, "execute %s", program);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	/* It has said why. */
	return status ? nk_fail(e, 0, "network %s: its nook-netd did not begin", network) : 0;
}

int nk_net_resolvers_back(struct nk_net_store *s, struct nk_arena *a, const char *program,
			  struct nk_strv *told, struct nk_err *e)
{
	struct nk_networks all = {0};
	int rc = program ? nk_net_list(s, a, &all, e) : 0;

	for (size_t i = 0; rc >= 0 && i < all.n; i++) {
		const struct nk_network *n = &all.v[i];
		struct nk_net_leases alive = {0};

		if (n->driver != NK_NET_BRIDGE || !n->dns || nk_netd_answers(s, n->name) == 1)
			continue;
		rc = nk_net_leases(s, a, n->name, &alive, NULL, NULL, e);
		if (rc < 0 || !alive.n)
			continue;
		rc = begin_resolver(s, a, program, n->name, e);
		if (rc >= 0)
			nk_strv_push(a, told,
				     nk_fmt(a,
					    "network %s: its resolver (nook-netd) was gone and "
					    "answers again",
					    n->name));
	}
	return rc < 0 ? rc : nk_arena_ok(a, e);
}
