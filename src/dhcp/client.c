/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "dhcp/dhcp.h"
#include "sys/netlink.h"

enum { FIRST_WAIT_MS = 1000, LONGEST_WAIT_MS = 16000 };

static const uint8_t everybody_mac[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

int64_t nk_dhcp_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static uint32_t random32(void)
{
	uint32_t v = (uint32_t)nk_dhcp_now();

	if (getrandom(&v, sizeof(v), GRND_NONBLOCK) < 0)
		v = v * 2654435761u ^ (uint32_t)getpid();
	return v;
}

/* ---- sockets ---- */

/* Only UDP to port 68 wakes us: a LAN has much else to say. */
static int filter(int fd)
{
	static struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 6),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 6),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x1fff, 4, 0),
		BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, 2),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 68, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0xffff),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog prog = {NK_COUNT(code), code};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog));
}

static int open_packet(struct nk_dhcp *d, struct nk_err *e)
{
	const struct sockaddr_ll at = {.sll_family = AF_PACKET,
				       .sll_protocol = htons(ETH_P_IP),
				       .sll_ifindex = (int)d->index};

	/* Without IP's own sockets: the card has no address yet, and its firewall is not asked. */
	d->packet_fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (d->packet_fd < 0 || filter(d->packet_fd) < 0 ||
	    bind(d->packet_fd, (const struct sockaddr *)&at, sizeof(at)) < 0)
		return nk_fail(e, errno, "a packet socket on %s", d->ifname);
	return 0;
}

int nk_dhcp_open(struct nk_dhcp *d, struct nk_err *e)
{
	struct ifreq r = {0};

	d->route_fd = nk_nl_open(e);
	if (d->route_fd < 0)
		return d->route_fd;
	_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	strncpy(r.ifr_name, d->ifname, sizeof(r.ifr_name) - 1);
	if (fd < 0 || ioctl(fd, SIOCGIFINDEX, &r) < 0)
		return nk_fail(e, errno, "the card %s", d->ifname);
	d->index = (uint32_t)r.ifr_ifindex;
	if (ioctl(fd, SIOCGIFHWADDR, &r) < 0)
		return nk_fail(e, errno, "the hardware address of %s", d->ifname);
	if (r.ifr_hwaddr.sa_family != ARPHRD_ETHER)
		return nk_fail(e, EAFNOSUPPORT, "DHCP on %s, which is no Ethernet card", d->ifname);
	memcpy(d->mac, r.ifr_hwaddr.sa_data, 6);
	if (ioctl(fd, SIOCGIFFLAGS, &r) < 0)
		return nk_fail(e, errno, "the card %s", d->ifname);
	r.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &r) < 0)
		return nk_fail(e, errno, "switch %s on", d->ifname);
	return open_packet(d, e);
}

/* ---- one question ---- */

static int say(struct nk_dhcp *d, const struct nk_dhcp_request *q, const uint8_t to[6])
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET,
				 .sll_protocol = htons(ETH_P_IP),
				 .sll_ifindex = (int)d->index,
				 .sll_halen = 6};
	uint8_t frame[NK_DHCP_FRAME];
	size_t n = nk_dhcp_write(q, frame);

	memcpy(at.sll_addr, to, 6);
	return sendto(d->packet_fd, frame, n, 0, (struct sockaddr *)&at, sizeof(at)) < 0 ? -errno
											 : 0;
}

/* The next answer of one of two types, until then (ms). -ETIMEDOUT */
static int hear(struct nk_dhcp *d, uint32_t xid, int type, int or_type, int64_t until,
		struct nk_dhcp_answer *a, uint8_t from_mac[6])
{
	for (;;) {
		struct pollfd p = {.fd = d->packet_fd, .events = POLLIN};
		int64_t left = until - nk_dhcp_now();
		struct sockaddr_ll from = {0};
		socklen_t size = sizeof(from);
		uint8_t frame[NK_DHCP_FRAME];

		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&p, 1, (int)left) < 0 && errno != EINTR)
			return -errno;
		if (!p.revents)
			continue;
		ssize_t n = recvfrom(d->packet_fd, frame, sizeof(frame), MSG_DONTWAIT,
				     (struct sockaddr *)&from, &size);
		/* The card may go down and come up again meanwhile. */
		if (n < 0 && errno != EAGAIN && errno != EINTR && errno != ENETDOWN)
			return -errno;
		if (n <= 0 || nk_dhcp_read(frame, (size_t)n, xid, d->mac, a) < 0)
			continue;
		if (a->type != (enum nk_dhcp_type)type && a->type != (enum nk_dhcp_type)or_type)
			continue;
		memcpy(from_mac, from.sll_addr, 6);
		return 0;
	}
}

/* Ask again and again, each time waiting twice as long. */
static int ask(struct nk_dhcp *d, struct nk_dhcp_request *q, const uint8_t to[6], int type,
	       int or_type, int64_t begun, int64_t until, struct nk_dhcp_answer *a,
	       uint8_t from_mac[6])
{
	int64_t wait = FIRST_WAIT_MS;
	int rc = -ETIMEDOUT;

	while (rc == -ETIMEDOUT && nk_dhcp_now() < until) {
		int64_t elapsed = (nk_dhcp_now() - begun) / 1000, end;

		q->elapsed = (uint16_t)(elapsed > UINT16_MAX ? UINT16_MAX : elapsed);
		rc = say(d, q, to);
		/* A card without a carrier yet: the next try. */
		if (rc < 0 && rc != -ENETDOWN && rc != -ENOBUFS && rc != -EAGAIN)
			return rc;
		end = nk_dhcp_now() + wait;
		rc = hear(d, q->xid, type, or_type, end < until ? end : until, a, from_mac);
		wait = wait * 2 > LONGEST_WAIT_MS ? LONGEST_WAIT_MS : wait * 2;
	}
	return rc;
}

static struct nk_dhcp_request request(const struct nk_dhcp *d, enum nk_dhcp_type type, uint32_t xid)
{
	struct nk_dhcp_request q = {.type = type, .xid = xid, .hostname = d->hostname};

	memcpy(q.mac, d->mac, 6);
	return q;
}

/* ---- conversations ---- */

static int no_answer(const struct nk_dhcp *d, const char *what, int rc, int64_t ms,
		     struct nk_err *e)
{
	if (rc != -ETIMEDOUT)
		return nk_fail(e, -rc, "DHCP on card %s", d->ifname);
	if (d->network[0] == '_')
		nk_fail(e, ETIMEDOUT, "%s the LAN of card %s within %lld s", what, d->ifname,
			(long long)(ms / 1000));
	else
		nk_fail(e, ETIMEDOUT, "%s network %s (card %s) within %lld s", what, d->network,
			d->ifname, (long long)(ms / 1000));
	return nk_hint(e, "does a DHCP server run on that LAN? without one nook leases addresses "
			  "itself: --ipam host-local");
}

int nk_dhcp_lease(struct nk_dhcp *d, const struct nk_ip *wanted, int64_t patience, struct nk_err *e)
{
	int64_t begun = nk_dhcp_now(), until = begun + patience;

	for (;;) {
		struct nk_dhcp_request q = request(d, NK_DHCP_DISCOVER, random32());
		struct nk_dhcp_answer offer, a;
		uint8_t from[6];

		if (wanted && wanted->family)
			q.wanted = *wanted;
		int rc = ask(d, &q, everybody_mac, NK_DHCP_OFFER, -1, begun, until, &offer, from);
		if (rc < 0)
			return no_answer(d, "no DHCP server answered on", rc, patience, e);
		q.type = NK_DHCP_REQUEST;
		q.wanted = offer.ip;
		q.server = offer.server;
		d->since = nk_dhcp_now();
		rc = ask(d, &q, everybody_mac, NK_DHCP_ACK, NK_DHCP_NAK, begun, until, &a, from);
		if (rc < 0)
			return no_answer(
				d, "the DHCP server offered an address and then fell silent on", rc,
				patience, e);
		if (a.type == NK_DHCP_NAK)
			continue; /* it has changed its mind: from the start */
		d->lease = a;
		memcpy(d->server_mac, from, 6);
		return 0;
	}
}

int nk_dhcp_extend(struct nk_dhcp *d, bool everybody, int64_t patience, struct nk_err *e)
{
	struct nk_dhcp_request q = request(d, NK_DHCP_REQUEST, random32());
	struct nk_dhcp_answer a;
	int64_t begun = nk_dhcp_now();
	uint8_t from[6];

	q.own = q.from = d->lease.ip;
	if (!everybody)
		q.dest = d->lease.server;
	int rc = ask(d, &q, everybody ? everybody_mac : d->server_mac, NK_DHCP_ACK, NK_DHCP_NAK,
		     begun, begun + patience, &a, from);
	if (rc < 0)
		return no_answer(d, "the lease was not renewed on", rc, patience, e), rc;
	if (a.type == NK_DHCP_NAK)
		return nk_fail(e, EACCES, "the DHCP server takes the address of %s back",
			       d->ifname);
	d->lease = a;
	d->since = begun;
	memcpy(d->server_mac, from, 6);
	return 0;
}

void nk_dhcp_release(struct nk_dhcp *d)
{
	struct nk_dhcp_request q = request(d, NK_DHCP_RELEASE, random32());

	q.own = q.from = d->lease.ip;
	q.server = q.dest = d->lease.server;
	say(d, &q, d->server_mac);
}
