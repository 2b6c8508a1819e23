/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/netlink.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

enum { ANSWER_MAX = 32768 /* what the kernel puts into one part of a dump at most */ };

int nk_nl_open(struct nk_err *e)
{
	_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int on = 1;

	if (fd < 0)
		return nk_fail(e, errno, "open a netlink socket");
	/* Both are help only: words with errors, and dumps of the one link that is asked for. */
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	return nk_take_fd(&fd);
}

void nk_nl_begin(struct nk_nl *m, uint16_t type, uint16_t flags, const void *body, size_t size)
{
	memset(m, 0, sizeof(*m));
	m->h.nlmsg_type = type;
	m->h.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	m->h.nlmsg_len = (uint32_t)NLMSG_SPACE(size);
	memcpy(m->space + NLMSG_HDRLEN, body, size);
}

void nk_nl_attr(struct nk_nl *m, uint16_t type, const void *data, size_t size)
{
	size_t at = NLMSG_ALIGN(m->h.nlmsg_len);
	struct rtattr attr = {.rta_len = (uint16_t)RTA_LENGTH(size), .rta_type = type};

	if (at + RTA_SPACE(size) > sizeof(m->space)) {
		m->overflow = true;
		return;
	}
	memcpy(m->space + at, &attr, sizeof(attr));
	memcpy(m->space + at + RTA_LENGTH(0), data, size);
	m->h.nlmsg_len = (uint32_t)(at + RTA_SPACE(size));
}

void nk_nl_attr_u32(struct nk_nl *m, uint16_t type, uint32_t value)
{
	nk_nl_attr(m, type, &value, sizeof(value));
}

void nk_nl_attr_str(struct nk_nl *m, uint16_t type, const char *value)
{
	nk_nl_attr(m, type, value, strlen(value) + 1);
}

const struct rtattr *nk_nl_find(const struct nlmsghdr *h, size_t size, uint16_t type)
{
	int left = (int)h->nlmsg_len - (int)NLMSG_SPACE(size);
	const struct rtattr *a = (const struct rtattr *)(const void *)((const char *)NLMSG_DATA(h) +
								       NLMSG_ALIGN(size));

	for (; RTA_OK(a, left); a = RTA_NEXT(a, left))
		if ((a->rta_type & NLA_TYPE_MASK) == type)
			return a;
	return NULL;
}

const struct rtattr *nk_nl_inside(const struct rtattr *nest, uint16_t type)
{
	/* Signed: what RTA_NEXT takes away is padded, and may be more than there is. */
	int left = nest ? (int)RTA_PAYLOAD(nest) : 0;

	for (const struct rtattr *a = nest ? RTA_DATA(nest) : NULL; RTA_OK(a, left);
	     a = RTA_NEXT(a, left))
		if ((a->rta_type & NLA_TYPE_MASK) == type)
			return a;
	return NULL;
}

/* The kernel's own words behind an error, or NULL. */
static const char *words(const struct nlmsghdr *h)
{
	const struct nlmsgerr *err = NLMSG_DATA(h);
	size_t body = sizeof(*err);

	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
		return NULL;
	if (!(h->nlmsg_flags & NLM_F_CAPPED))
		body += err->msg.nlmsg_len - sizeof(err->msg);
	if (h->nlmsg_len < NLMSG_SPACE(body))
		return NULL;
	const struct rtattr *a = nk_nl_find(h, body, NLMSGERR_ATTR_MSG);
	if (!a || RTA_PAYLOAD(a) < 1 || ((const char *)RTA_DATA(a))[RTA_PAYLOAD(a) - 1])
		return NULL;
	return RTA_DATA(a);
}

int nk_nl_refused(const struct nlmsghdr *h, int err, const char *what, struct nk_err *e)
{
	const char *text = words(h);

	return text ? nk_fail(e, err, "%s: %s", what, text) : nk_fail(e, err, "%s", what);
}

/* One message of the answer. 1 = the last one. */
static int look(const struct nlmsghdr *h, const struct nk_nl *m, nk_nl_answer *answer, void *arg,
		const char *what, struct nk_err *e)
{
	const struct nlmsgerr *err = NLMSG_DATA(h);

	if (h->nlmsg_seq != m->h.nlmsg_seq)
		return 0;
	if (h->nlmsg_type == NLMSG_ERROR)
		return err->error ? nk_nl_refused(h, -err->error, what, e) : 1;
	if (h->nlmsg_type == NLMSG_DONE)
		return 1;
	int r = answer ? answer(arg, h) : 0;
	return r < 0 ? nk_fail(e, -r, "%s", what) : 0;
}

int nk_nl_call(int fd, struct nk_nl *m, nk_nl_answer *answer, void *arg, const char *what,
	       struct nk_err *e)
{
	static uint32_t sequence;
	union {
		struct nlmsghdr h;
		char space[ANSWER_MAX];
	} buf;

	if (m->overflow)
		return nk_fail(e, EMSGSIZE, "%s", what);
	m->h.nlmsg_seq = ++sequence;
	if (send(fd, m->space, m->h.nlmsg_len, 0) < 0)
		return nk_fail(e, errno, "%s", what);
	for (;;) {
		struct sockaddr_nl from = {0};
		socklen_t len = sizeof(from);
		ssize_t got = recvfrom(fd, buf.space, sizeof(buf.space), 0,
				       (struct sockaddr *)&from, &len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return nk_fail(e, errno, "%s", what);
		/* 0 is the kernel: root of the container's namespace can speak to us, too. */
		if (from.nl_pid)
			continue;
		int left = (int)got;
		for (const struct nlmsghdr *h = &buf.h; NLMSG_OK(h, left);
		     h = NLMSG_NEXT(h, left)) {
			int r = look(h, m, answer, arg, what, e);
			if (r)
				return r < 0 ? r : 0;
		}
	}
}
