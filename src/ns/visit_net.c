/* SPDX-License-Identifier: Apache-2.0 */
/* A dump of rtnetlink(7), as bytes. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "ns/visitor.h"

/* The kernel's answers are at most 32 KiB each, or the buffer of the first read. */
enum { PACKET = 65536, TRIES = 5 };

static int ask(int fd, int type)
{
	struct {
		struct nlmsghdr head;
		union {
			struct ifinfomsg link;
			struct ifaddrmsg address;
			struct rtmsg route;
		};
	} q = {.head = {.nlmsg_type = (uint16_t)type,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
			.nlmsg_seq = 1}};

	q.head.nlmsg_len = NLMSG_LENGTH(type == RTM_GETLINK   ? sizeof(q.link)
					: type == RTM_GETADDR ? sizeof(q.address)
							      : sizeof(q.route));
	return send(fd, &q, q.head.nlmsg_len, 0) < 0 ? -errno : 0;
}

/* 1: the last packet of the dump; 0: more to come; -errno: EINTR when the list changed meanwhile.
 */
static int look(const char *packet, size_t n)
{
	while (n >= NLMSG_HDRLEN) {
		struct nlmsghdr h;
		memcpy(&h, packet, sizeof(h));
		if (h.nlmsg_len < NLMSG_HDRLEN || h.nlmsg_len > n)
			return -EBADMSG;
		if (h.nlmsg_flags & NLM_F_DUMP_INTR)
			return -EINTR;
		if (h.nlmsg_type == NLMSG_ERROR) {
			int err = 0;
			if (h.nlmsg_len >= NLMSG_LENGTH(sizeof(err)))
				memcpy(&err, packet + NLMSG_HDRLEN, sizeof(err));
			return err < 0 ? err : -EBADMSG;
		}
		if (h.nlmsg_type == NLMSG_DONE)
			return 1;
		if (NLMSG_ALIGN(h.nlmsg_len) >= n)
			return 0;
		packet += NLMSG_ALIGN(h.nlmsg_len);
		n -= NLMSG_ALIGN(h.nlmsg_len);
	}
	return 0;
}

static ssize_t dump_once(int type, char **data)
{
	_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	_free_ char *buf = NULL;
	size_t n = 0;
	int r = fd < 0 ? -errno : ask(fd, type);

	while (!r) {
		char *more = n + PACKET <= NK_VISIT_MAX ? realloc(buf, n + PACKET) : NULL;
		if (!more)
			return -EFBIG;
		buf = more;
		ssize_t got = recv(fd, buf + n, PACKET, MSG_TRUNC);
		if (got < 0)
			return -errno;
		if (got > PACKET)
			return -EMSGSIZE;
		r = look(buf + n, (size_t)got);
		n += (size_t)got;
	}
	if (r < 0)
		return r;
	*data = buf;
	buf = NULL;
	return (ssize_t)n;
}

ssize_t nk_visitor_dump(int type, char **data)
{
	ssize_t n = -EINTR;

	for (int i = 0; i < TRIES && n == -EINTR; i++)
		n = dump_once(type, data);
	return n;
}
