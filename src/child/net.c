/* SPDX-License-Identifier: Apache-2.0 */
/* Steps on sockets that are more than a pair: netlink, and ports that are held. */
#include <errno.h>
#include <linux/netlink.h>
#include <stddef.h>
#include <sys/socket.h>

#include "child/child.h"
#include "child/raw.h"
#include "sys/batch.h"

static int slot(const struct nk_run *run, int index)
{
	return index >= 0 ? run->slots[index] : -1;
}

/* The kernel's answer to one message; what it quotes of the request is cut off. */
struct answer {
	struct nlmsghdr h;
	struct nlmsgerr err;
};

/*
 * All answers wait when the kernel has taken the messages. They are read to the end, also behind
 * a refusal: the next batch on this socket must not find them.
 */
static long answers(int fd, uint32_t last)
{
	long first = 0;

	for (;;) {
		struct sockaddr_nl from = {0};
		socklen_t len = sizeof(from);
		struct answer a;
		long got = nk_raw(SYS_recvfrom, fd, NK_ARG(&a), sizeof(a), MSG_DONTWAIT,
				  NK_ARG(&from), NK_ARG(&len));

		if (got == -EINTR)
			continue;
		if (got < 0)
			return first ? first : got == -EAGAIN ? -EIO : got;
		if (from.nl_pid || got < (long)sizeof(a.h) + (long)sizeof(a.err.error) ||
		    a.h.nlmsg_type != NLMSG_ERROR)
			continue; /* 0 is the kernel */
		if (!first)
			first = a.err.error;
		if (a.h.nlmsg_seq == last)
			return first;
	}
}

static long send_batch(const struct nk_run *run, const struct nk_step *s)
{
	const struct nk_batch *b = s->p[0];
	int fd = slot(run, s->fd[0]), size = (int)b->bytes.n * 2;
	uint32_t value = (uint32_t)slot(run, s->fd[1]);

	if (!b->ack)
		return 0;
	if (b->patch && s->fd[1] >= 0)
		for (int i = 0; i < 4; i++) /* host order */
			b->bytes.v[b->patch + (uint32_t)i] = (uint8_t)(value >> (8 * i));
	if (b->bytes.n > NK_BATCH_SEND_MAX)
		nk_raw5(SYS_setsockopt, fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	long ret = nk_raw(SYS_sendto, fd, NK_ARG(b->bytes.v), NK_ARG(b->bytes.n), 0, 0, 0);
	return ret < 0 ? ret : answers(fd, b->ack);
}

long nk_step_net(const struct nk_run *run, const struct nk_step *s)
{
	int fd0 = slot(run, s->fd[0]);

	switch ((enum nk_op)s->op) {
	case NK_OP_NETLINK:
		return send_batch(run, s);
	case NK_OP_BIND:
		return nk_raw3(SYS_bind, fd0, s->p[0], s->n[0]);
	case NK_OP_LISTEN:
		return nk_raw2(SYS_listen, fd0, s->n[0]);
	case NK_OP_SETSOCKOPT: {
		int value = (int)s->n[2];
		return nk_raw5(SYS_setsockopt, fd0, s->n[0], s->n[1], &value, sizeof(value));
	}
	default:
		return -ENOSYS;
	}
}
