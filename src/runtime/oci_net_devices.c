/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/oci_net_devices.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "sys/netlink.h"

/* A network namespace and a socket that speaks there. */
struct side {
	int ns, sock;
};

struct address {
	struct ifaddrmsg head;
	uint32_t flags;
	uint8_t local[16], peer[16], broadcast[4];
	uint8_t n_local, n_peer, n_broadcast; /* bytes, 0 = not given */
};

struct device {
	int index;
	bool up;    /* at home */
	bool moved; /* whatever failed afterwards */
	char name[IFNAMSIZ];
	struct nk_arena *a;
	NK_VEC(struct address) addresses;
};

static void close_side(struct side *s)
{
	nk_cleanup_close(&s->sock);
	nk_cleanup_close(&s->ns);
}
#define _side_ __attribute__((cleanup(close_side)))

/* ---- what a link is, and where ---- */

static int see_link(void *arg, const struct nlmsghdr *h)
{
	const struct ifinfomsg *info = NLMSG_DATA(h);
	struct device *d = arg;
	const struct rtattr *name = nk_nl_find(h, sizeof(*info), IFLA_IFNAME);

	if (h->nlmsg_type != RTM_NEWLINK)
		return 0;
	d->index = info->ifi_index;
	d->up = info->ifi_flags & IFF_UP;
	if (name)
		snprintf(d->name, sizeof(d->name), "%.*s", (int)RTA_PAYLOAD(name),
			 (const char *)RTA_DATA(name));
	return 0;
}

static int find_link(int sock, const char *name, struct device *d, struct nk_err *e)
{
	struct ifinfomsg info = {.ifi_family = AF_UNSPEC};
	struct nk_nl m;

	nk_nl_begin(&m, RTM_GETLINK, 0, &info, sizeof(info));
	nk_nl_attr_str(&m, IFLA_IFNAME, name);
	return nk_nl_call(sock, &m, see_link, d, "look for it", e);
}

/* The number is free there: the link keeps it. Otherwise one that is. */
static int free_index(int sock, int index)
{
	struct ifinfomsg info = {.ifi_family = AF_UNSPEC, .ifi_index = index};
	struct nk_err e = {0};
	struct nk_nl m;

	for (int i = 0; i < 4096; i++, info.ifi_index += 1000) {
		nk_nl_begin(&m, RTM_GETLINK, 0, &info, sizeof(info));
		if (nk_nl_call(sock, &m, NULL, NULL, "", &e) == -ENODEV)
			return info.ifi_index;
	}
	return 0;
}

static uint8_t copy(const struct rtattr *a, uint8_t *to, size_t max)
{
	if (!a || RTA_PAYLOAD(a) > max)
		return 0;
	memcpy(to, RTA_DATA(a), RTA_PAYLOAD(a));
	return (uint8_t)RTA_PAYLOAD(a);
}

/* The specification's choice: permanent ones of global scope. */
static int see_address(void *arg, const struct nlmsghdr *h)
{
	const struct ifaddrmsg *head = NLMSG_DATA(h);
	struct device *d = arg;
	const struct rtattr *flags = nk_nl_find(h, sizeof(*head), IFA_FLAGS);
	uint32_t bits = head->ifa_flags;

	if (flags && RTA_PAYLOAD(flags) == sizeof(bits))
		memcpy(&bits, RTA_DATA(flags), sizeof(bits));
	if (h->nlmsg_type != RTM_NEWADDR || (int)head->ifa_index != d->index ||
	    !(bits & IFA_F_PERMANENT) || head->ifa_scope != RT_SCOPE_UNIVERSE)
		return 0;
	struct address *to = NK_PUSH(d->a, &d->addresses);
	if (!to)
		return -ENOMEM;
	to->head = *head;
	to->flags = bits & (IFA_F_NODAD | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE |
			    IFA_F_MCAUTOJOIN | IFA_F_HOMEADDRESS);
	to->n_local = copy(nk_nl_find(h, sizeof(*head), IFA_LOCAL), to->local, 16);
	to->n_peer = copy(nk_nl_find(h, sizeof(*head), IFA_ADDRESS), to->peer, 16);
	to->n_broadcast = copy(nk_nl_find(h, sizeof(*head), IFA_BROADCAST), to->broadcast, 4);
	return 0;
}

static int find_addresses(int sock, struct device *d, struct nk_err *e)
{
	struct ifaddrmsg head = {.ifa_family = AF_UNSPEC};
	struct nk_nl m;

	d->addresses.n = 0;
	nk_nl_begin(&m, RTM_GETADDR, NLM_F_DUMP, &head, sizeof(head));
	return nk_nl_call(sock, &m, see_address, d, "read its addresses", e);
}

/* ---- there ---- */

static int set_up(int sock, int index, struct nk_err *e)
{
	struct ifinfomsg info = {.ifi_family = AF_UNSPEC,
				 .ifi_index = index,
				 .ifi_flags = IFF_UP,
				 .ifi_change = IFF_UP};
	struct nk_nl m;

	nk_nl_begin(&m, RTM_NEWLINK, 0, &info, sizeof(info));
	return nk_nl_call(sock, &m, NULL, NULL, "set it up", e);
}

static int add_address(int sock, int index, const struct address *from, struct nk_err *e)
{
	struct ifaddrmsg head = {
		.ifa_family = from->head.ifa_family,
		.ifa_prefixlen = from->head.ifa_prefixlen,
		.ifa_scope = from->head.ifa_scope,
		.ifa_index = (uint32_t)index,
	};
	struct nk_nl m;

	nk_nl_begin(&m, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &head, sizeof(head));
	if (from->n_local)
		nk_nl_attr(&m, IFA_LOCAL, from->local, from->n_local);
	if (from->n_peer)
		nk_nl_attr(&m, IFA_ADDRESS, from->peer, from->n_peer);
	if (from->n_broadcast)
		nk_nl_attr(&m, IFA_BROADCAST, from->broadcast, from->n_broadcast);
	nk_nl_attr_u32(&m, IFA_FLAGS, from->flags);
	return nk_nl_call(sock, &m, NULL, NULL, "give it its address", e);
}

/* Move and rename are one call of the kernel, so no other name is seen in between. */
static int move(const struct side *from, const struct side *to, struct device *d, const char *name,
		bool up, struct nk_err *e)
{
	struct ifinfomsg info = {.ifi_family = AF_UNSPEC, .ifi_index = d->index};
	int index = free_index(to->sock, d->index);
	struct nk_nl m;

	nk_nl_begin(&m, RTM_NEWLINK, 0, &info, sizeof(info));
	nk_nl_attr_u32(&m, IFLA_NET_NS_FD, (uint32_t)to->ns);
	nk_nl_attr_str(&m, IFLA_IFNAME, name);
	nk_nl_attr_u32(&m, IFLA_NEW_IFINDEX, (uint32_t)index);
	int r = nk_nl_call(from->sock, &m, NULL, NULL, "move it", e);
	if (r < 0)
		return r;
	d->index = index;
	d->moved = true;
	if (up && (r = set_up(to->sock, index, e)) < 0)
		return r;
	for (size_t i = 0; i < d->addresses.n; i++)
		if ((r = add_address(to->sock, index, &d->addresses.v[i], e)) < 0)
			return r;
	return 0;
}

/* ---- all of them ---- */

static int open_host(struct side *s, struct nk_err *e)
{
	s->ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (s->ns < 0)
		return nk_fail(e, errno, "open the host's network namespace");
	s->sock = nk_nl_open(e);
	return s->sock < 0 ? s->sock : 0;
}

struct visit {
	struct side *side;
	struct nk_err *e;
	int ret;
};

static int visit(void *arg)
{
	struct visit *v = arg;

	if (setns(v->side->ns, CLONE_NEWNET) < 0)
		v->ret = nk_fail(v->e, errno, "enter the container's network namespace");
	else
		v->ret = v->side->sock = nk_nl_open(v->e);
	return 0;
}

/*
 * A socket belongs to the namespace in which it was made. A process that shares our memory and
 * descriptors goes there and ends: this one never leaves its own, and so cannot fail to come back.
 */
static int open_socket(struct side *s, struct nk_err *e)
{
	enum { STACK = 64 << 10 };
	struct visit v = {s, e, -EIO};
	_free_ char *stack = malloc(STACK);
	int pid =
		stack ? clone(visit, stack + STACK, CLONE_VM | CLONE_VFORK | CLONE_FILES, &v) : -1;

	if (pid < 0)
		return nk_fail(e, errno, "a process in the container's network namespace");
	while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
		;
	return v.ret < 0 ? v.ret : 0;
}

static int open_inside(struct side *s, const struct side *host, pid_t pid, struct nk_err *e)
{
	char path[64];
	struct stat here, there;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	s->ns = open(path, O_RDONLY | O_CLOEXEC);
	if (s->ns < 0 || fstat(s->ns, &there) < 0 || fstat(host->ns, &here) < 0)
		return nk_fail(e, errno, "open the container's network namespace");
	if (here.st_ino == there.st_ino && here.st_dev == there.st_dev)
		return nk_fail(e, 0, "unable to move network devices without a NET namespace");
	return open_socket(s, e);
}

static int move_one(const struct side *host, const struct side *inside,
		    const struct nk_oci_net_device *want, struct device *d, struct nk_err *e)
{
	const char *name = want->name && *want->name ? want->name : want->host_name;
	struct device taken = {0};
	struct nk_err ignored = {0};

	int r = find_link(host->sock, want->host_name, d, e);
	if (r < 0)
		return r;
	if (!strchr(name, '%') && find_link(inside->sock, name, &taken, &ignored) == 0)
		return nk_fail(e, EEXIST, "the container has a link named %s", name);
	if ((r = find_addresses(host->sock, d, e)) < 0)
		return r;
	return move(host, inside, d, name, true, e);
}

/* A link that was moved is the host's again, as it was. What fails now is told no more. */
static void move_back(const struct side *host, const struct side *inside, struct device *d,
		      const char *name)
{
	struct nk_err ignored = {0};

	move(inside, host, d, name, d->up, &ignored);
}

int nk_oci_net_devices_move(const struct nk_config *c, pid_t pid, struct nk_err *e)
{
	_side_ struct side host = {-EBADF, -EBADF}, inside = {-EBADF, -EBADF};
	_arena_ struct nk_arena a = {0};
	struct device *d;
	size_t done = 0;
	int r;

	if (!c->net_devices.n)
		return 0;
	d = nk_alloc(&a, c->net_devices.n * sizeof(*d));
	if (!d)
		return nk_arena_ok(&a, e);
	if ((r = open_host(&host, e)) < 0 || (r = open_inside(&inside, &host, pid, e)) < 0)
		return r;
	for (; done < c->net_devices.n; done++) {
		d[done].a = &a;
		r = move_one(&host, &inside, &c->net_devices.v[done], &d[done], e);
		if (r < 0)
			break;
	}
	if (done == c->net_devices.n)
		return 0;
	nk_ctx(e, "network device %s", c->net_devices.v[done].host_name);
	/* the one that failed, too: it may be there already */
	for (size_t i = done + 1; i-- > 0;)
		if (d[i].moved)
			move_back(&host, &inside, &d[i], c->net_devices.v[i].host_name);
	return r;
}

static int check_name(const char *name, struct nk_err *e)
{
	size_t n = strlen(name);

	if (!n || n >= IFNAMSIZ || strchr(name, '/') || strpbrk(name, " \t\n:") ||
	    strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return nk_fail(e, 0, "invalid network device name \"%.60s\"", name);
	return 0;
}

int nk_oci_net_devices_check(const struct nk_config *c, struct nk_err *e)
{
	_close_ int sock = -EBADF;
	int r;

	if (!c->net_devices.n)
		return 0;
	if (c->spec.ns[NK_NS_NET].mode == NK_NS_HOST)
		return nk_fail(e, 0, "unable to move network devices without a NET namespace");
	sock = nk_nl_open(e);
	if (sock < 0)
		return sock;
	for (size_t i = 0; i < c->net_devices.n; i++) {
		const struct nk_oci_net_device *want = &c->net_devices.v[i];
		struct device d = {0};
		if ((r = check_name(want->host_name, e)) < 0 ||
		    (want->name && *want->name && (r = check_name(want->name, e)) < 0))
			return r;
		if (find_link(sock, want->host_name, &d, e) < 0)
			return nk_ctx(e, "network device %s", want->host_name);
	}
	return 0;
}
