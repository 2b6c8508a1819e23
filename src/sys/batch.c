/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/batch.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "sys/netlink.h"

enum { ALIGN = 4 };

void nk_batch_init(struct nk_batch *b, struct nk_arena *a, int protocol)
{
	*b = (struct nk_batch){.arena = a, .protocol = protocol};
}

static size_t aligned(size_t size)
{
	return (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

/* Zeroed room for size bytes at the end, or NULL: the arena remembers it. */
static uint8_t *room(struct nk_batch *b, size_t size)
{
	size_t want = b->bytes.n + aligned(size);

	if (want > b->bytes.cap) {
		size_t cap = b->bytes.cap ? 2 * b->bytes.cap : 512;
		while (cap < want)
			cap *= 2;
		uint8_t *v = nk_alloc(b->arena, cap);
		if (!v)
			return NULL;
		if (b->bytes.n)
			memcpy(v, b->bytes.v, b->bytes.n);
		b->bytes.v = v;
		b->bytes.cap = cap;
	}
	uint8_t *at = b->bytes.v + b->bytes.n;
	b->bytes.n = want;
	return at;
}

static struct nlmsghdr *header(const struct nk_batch *b)
{
	return (struct nlmsghdr *)(void *)(b->bytes.v + b->last);
}

static void append(struct nk_batch *b, const void *data, size_t size)
{
	uint8_t *at = room(b, size);

	if (!at)
		return;
	if (size)
		memcpy(at, data, size);
	header(b)->nlmsg_len = (uint32_t)(b->bytes.n - b->last);
}

/* The end of a transaction is answered by newer kernels only: the message before it is asked. */
static bool is_asked(const struct nk_batch *b, uint16_t type)
{
	return b->protocol != NETLINK_NETFILTER || type != NFNL_MSG_BATCH_END;
}

void nk_batch_message(struct nk_batch *b, uint16_t type, uint16_t flags, const void *body,
		      size_t size)
{
	size_t begin = b->bytes.n;
	uint8_t *at = room(b, sizeof(struct nlmsghdr));

	if (!at)
		return;
	if (is_asked(b, type)) {
		if (b->n)
			header(b)->nlmsg_flags &= (uint16_t)~NLM_F_ACK;
		flags |= NLM_F_ACK;
		b->ack = b->n + 1;
	}
	b->last = begin;
	*header(b) = (struct nlmsghdr){
		.nlmsg_len = sizeof(struct nlmsghdr),
		.nlmsg_type = type,
		.nlmsg_flags = NLM_F_REQUEST | flags,
		.nlmsg_seq = ++b->n,
	};
	append(b, body, size);
}

void nk_batch_attr(struct nk_batch *b, uint16_t type, const void *data, size_t size)
{
	const struct rtattr attr = {.rta_len = (uint16_t)RTA_LENGTH(size), .rta_type = type};

	append(b, &attr, sizeof(attr));
	append(b, data, size);
}

void nk_batch_attr_u8(struct nk_batch *b, uint16_t type, uint8_t v)
{
	nk_batch_attr(b, type, &v, sizeof(v));
}

void nk_batch_attr_u16(struct nk_batch *b, uint16_t type, uint16_t v)
{
	nk_batch_attr(b, type, &v, sizeof(v));
}

void nk_batch_attr_u32(struct nk_batch *b, uint16_t type, uint32_t v)
{
	nk_batch_attr(b, type, &v, sizeof(v));
}

void nk_batch_attr_be32(struct nk_batch *b, uint16_t type, uint32_t v)
{
	v = __builtin_bswap32(v); /* both machines that nook knows are little-endian */
	nk_batch_attr(b, type, &v, sizeof(v));
}

void nk_batch_attr_be64(struct nk_batch *b, uint16_t type, uint64_t v)
{
	v = __builtin_bswap64(v);
	nk_batch_attr(b, type, &v, sizeof(v));
}

void nk_batch_attr_str(struct nk_batch *b, uint16_t type, const char *v)
{
	nk_batch_attr(b, type, v, strlen(v) + 1);
}

size_t nk_batch_nest(struct nk_batch *b, uint16_t type)
{
	size_t at = b->bytes.n;

	nk_batch_attr(b, (uint16_t)(type | NLA_F_NESTED), NULL, 0);
	return at;
}

void nk_batch_nest_end(struct nk_batch *b, size_t nest)
{
	if (nest + sizeof(struct rtattr) > b->bytes.n)
		return; /* out of memory */
	struct rtattr *attr = (struct rtattr *)(void *)(b->bytes.v + nest);
	attr->rta_len = (uint16_t)(b->bytes.n - nest);
}

void nk_batch_words(struct nk_batch *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	const char *text = nk_vfmt(b->arena, fmt, ap);
	va_end(ap);
	for (;; text++) {
		char *c = NK_PUSH(b->arena, &b->words);
		if (!c)
			return;
		*c = *text ? *text : '\n';
		if (!*text)
			return;
	}
}

/* What the kernel has said about one of the batch's messages. 1: the last one is acknowledged. */
static int look(const struct nk_batch *b, const struct nlmsghdr *h, const char *what,
		struct nk_err *e)
{
	const struct nlmsgerr *err = NLMSG_DATA(h);

	if (h->nlmsg_type != NLMSG_ERROR || !h->nlmsg_seq || h->nlmsg_seq > b->n)
		return 0;
	if (err->error)
		return nk_nl_refused(h, -err->error, what, e);
	return h->nlmsg_seq == b->ack;
}

/*
 * The kernel has done its work, and all of its answers wait, when send() returns. They are read to
 * the end, also behind a refusal: the next batch must not find them.
 */
static int answers(int fd, const struct nk_batch *b, const char *what, struct nk_err *e)
{
	union {
		struct nlmsghdr h;
		char space[8192];
	} buf;
	struct nk_err later;
	int ret = 0;
	bool last = false;

	while (!last) {
		struct sockaddr_nl from = {0};
		socklen_t len = sizeof(from);
		ssize_t got = recvfrom(fd, buf.space, sizeof(buf.space), MSG_DONTWAIT,
				       (struct sockaddr *)&from, &len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && ret < 0)
			return ret;
		if (got < 0)
			return nk_fail(e, errno == EAGAIN ? EIO : errno, "%s", what);
		int left = (int)got;
		if (from.nl_pid || !NLMSG_OK(&buf.h, left))
			continue; /* 0 is the kernel */
		int r = look(b, &buf.h, what, ret < 0 ? &later : e);
		ret = ret < 0 ? ret : r < 0 ? r : 0;
		last = buf.h.nlmsg_seq == b->ack && buf.h.nlmsg_type == NLMSG_ERROR;
	}
	return ret;
}

int nk_batch_send(int fd, const struct nk_batch *b, uint32_t patch_value, const char *what,
		  struct nk_err *e)
{
	int on = 1, size = (int)b->bytes.n * 2;

	if (nk_arena_ok(b->arena, e) < 0)
		return -ENOMEM;
	if (!b->ack)
		return 0;
	if (b->patch)
		memcpy(b->bytes.v + b->patch, &patch_value, sizeof(patch_value));
	/* Words with refusals, but not the whole message again. */
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	if (b->bytes.n > NK_BATCH_SEND_MAX)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	if (send(fd, b->bytes.v, b->bytes.n, 0) < 0)
		return nk_fail(e, errno, "%s", what);
	return answers(fd, b, what, e);
}
