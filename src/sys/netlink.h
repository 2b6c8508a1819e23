/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtnetlink(7), as much of it as nook needs: one request at a time, its answers handed to a
 * function one by one, and the kernel's own words when it refuses (extended acknowledgement).
 */
#ifndef NK_SYS_NETLINK_H
#define NK_SYS_NETLINK_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* A socket in the network namespace of the calling thread; stays there. */
int nk_nl_open(struct nk_err *e);

/* A request that is being put together: header, the family's own struct, attributes. */
struct nk_nl {
	union {
		struct nlmsghdr h;
		char space[2048];
	};
	bool overflow; /* too many attributes: nk_nl_call() refuses */
};

/* type: RTM_…, flags: NLM_F_… beside REQUEST and ACK; body: struct ifinfomsg and the like */
void nk_nl_begin(struct nk_nl *m, uint16_t type, uint16_t flags, const void *body, size_t size);
void nk_nl_attr(struct nk_nl *m, uint16_t type, const void *data, size_t size);
void nk_nl_attr_u32(struct nk_nl *m, uint16_t type, uint32_t value);
void nk_nl_attr_str(struct nk_nl *m, uint16_t type, const char *value); /* with its NUL */

/* Sees each message of the answer; anything but 0 ends the request with that. */
typedef int nk_nl_answer(void *arg, const struct nlmsghdr *h);

/*
 * Send, and read answers until the acknowledgement (or the end of a dump). 0, or -errno of the
 * kernel or of `answer`, with "what: words of the kernel" in *e. answer may be NULL.
 */
int nk_nl_call(int fd, struct nk_nl *m, nk_nl_answer *answer, void *arg, const char *what,
	       struct nk_err *e);

/* The refusal h (NLMSG_ERROR) as -err with "what: words of the kernel". */
int nk_nl_refused(const struct nlmsghdr *h, int err, const char *what, struct nk_err *e);

/* The attribute of that type behind a body of `size` bytes, or NULL. */
const struct rtattr *nk_nl_find(const struct nlmsghdr *h, size_t size, uint16_t type);
/* The attribute of that type within an attribute, or NULL; nest NULL: NULL. */
const struct rtattr *nk_nl_inside(const struct rtattr *nest, uint16_t type);

#endif
