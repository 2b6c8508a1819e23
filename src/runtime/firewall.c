/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/firewall.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "net/rule.h"
#include "state/record.h"
#include "sys/nft.h"
#include "sys/nft_image.h"

enum { FILE_LARGEST = 1 << 20 };

static const char FILE_NAME[] = "firewall", FILE_NEW[] = "firewall.new";

void nk_firewall_close(struct nk_firewall *f)
{
	nk_inside_done(&f->inside);
	nk_cleanup_close(&f->dir_fd);
	f->dir_fd = -EBADF;
}

bool nk_firewall_leaks(const struct nk_firewall *f)
{
	return f->record->spec->caps.bounding >> CAP_NET_RAW & 1;
}

static int refuse(const struct nk_state_record *r, struct nk_err *e)
{
	if (r->spec->ns[NK_NS_NET].mode != NK_NS_NEW) {
		nk_fail(e, 0, "container %s has no network of its own", r->name);
		return nk_hint(e, "its network is that of %s: rules would hold for others, too",
			       r->spec->ns[NK_NS_NET].mode == NK_NS_HOST ? "this machine"
									 : "somebody else");
	}
	if (!(r->spec->caps.bounding >> CAP_NET_ADMIN & 1))
		return 0;
	nk_fail(e, 0, "container %s runs with NET_ADMIN: its root could change the rules", r->name);
	return nk_hint(e, "start it without --cap-add NET_ADMIN and --privileged");
}

/* The directory, and the lock for whoever changes or compares. */
static int lock(struct nk_state *st, struct nk_arena *a, const struct nk_state_record *r,
		struct nk_firewall *f, struct nk_err *e)
{
	struct nk_state_record now;

	f->dir_fd = openat(st->fd, r->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	while (f->dir_fd >= 0 && flock(f->dir_fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return nk_fail(e, errno, "lock the firewall of %s", r->name);
	/* It may have ended, and another have its name. */
	if (f->dir_fd < 0 || nk_record_load(a, f->dir_fd, &now, e) < 0 || strcmp(now.id, r->id))
		return nk_fail(e, ESRCH, "container %s", r->name);
	return 0;
}

/* "default in drop" */
static int read_default(const char *words, struct nk_firewall *f)
{
	bool in = !strncmp(words, "in ", 3);
	const char *action = words + (in ? 3 : 4);

	if ((!in && strncmp(words, "out ", 4) != 0) ||
	    (strcmp(action, "drop") != 0 && strcmp(action, "accept") != 0))
		return -EINVAL;
	*(in ? &f->policy.in_drop : &f->policy.out_drop) = *action == 'd';
	return 0;
}

static int read_lines(struct nk_arena *a, char *text, struct nk_firewall *f, struct nk_err *e)
{
	for (char *line, *next = text; (line = strsep(&next, "\n"));) {
		int rc = 0;

		if (!*line)
			continue;
		if (!strncmp(line, "default ", 8)) {
			rc = read_default(line + 8, f);
		} else {
			struct nk_fw_rule *rule = NK_PUSH(a, &f->rules);
			rc = rule ? nk_rule_parse(a, line, rule, e) : nk_arena_ok(a, e);
		}
		if (rc < 0)
			return nk_fail(e, EBADMSG, "its file \"firewall\": %.80s", line);
	}
	f->any = true;
	return 0;
}

static int read_file(struct nk_arena *a, struct nk_firewall *f, struct nk_err *e)
{
	_close_ int fd = openat(f->dir_fd, FILE_NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return errno == ENOENT ? -ENOENT : nk_fail(e, errno, "its file \"firewall\"");
	if (fstat(fd, &st) < 0 || st.st_size > FILE_LARGEST)
		return nk_fail(e, EFBIG, "its file \"firewall\"");
	char *text = nk_alloc(a, (size_t)st.st_size + 1);
	if (!text)
		return nk_arena_ok(a, e);
	if (read(fd, text, (size_t)st.st_size) != st.st_size)
		return nk_fail(e, EIO, "its file \"firewall\"");
	return read_lines(a, text, f, e);
}

int nk_firewall_open(struct nk_state *st, struct nk_arena *a, const struct nk_state_record *r,
		     struct nk_firewall *f, struct nk_err *e)
{
	const struct nk_net_spec *net = &r->spec->net;
	int rc;

	*f = (struct nk_firewall){.record = r, .inside = NK_INSIDE_NONE, .dir_fd = -EBADF};
	if ((rc = refuse(r, e)) < 0 || (rc = lock(st, a, r, f, e)) < 0)
		return rc;
	if (r->status != NK_STATE_RUNNING) {
		nk_fail(e, EAGAIN, "container %s is still being started", r->name);
		return -EAGAIN;
	}
	rc = read_file(a, f, e);
	if (rc == -ENOENT) {
		f->rules = net->firewall;
		f->rules.cap = f->rules.n; /* what is added goes into memory of its own */
		f->any = net->firewall_given || net->egress_given;
	} else if (rc < 0) {
		return nk_ctx(e, "container %s", r->name);
	}
	f->policy.egress = net->egress_given;
	f->policy.resolver = nk_egress_resolver;
	/* Its pidfd says that it is this container's process, and still there. */
	_close_ int pidfd = nk_state_pidfd(r, e);
	if (pidfd < 0)
		return pidfd;
	return nk_inside_of(r->pid, &f->inside, e);
}

/* ---- change ---- */

/* The new words beside the old ones: what can go wrong on disk goes wrong before the kernel is
 * asked. */
static int write_new(struct nk_arena *a, const struct nk_firewall *f, struct nk_err *e)
{
	const char *text =
		nk_fmt(a, "default in %s\ndefault out %s\n", f->policy.in_drop ? "drop" : "accept",
		       f->policy.out_drop ? "drop" : "accept");

	for (size_t i = 0; i < f->rules.n; i++)
		text = nk_fmt(a, "%s%s\n", text, f->rules.v[i].words);
	if (nk_arena_ok(a, e) < 0)
		return -ENOMEM;

	_close_ int fd = openat(f->dir_fd, FILE_NEW,
				O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	size_t n = strlen(text);

	if (fd >= 0 && write(fd, text, n) == (ssize_t)n)
		return 0;
	int err = errno;
	unlinkat(f->dir_fd, FILE_NEW, 0);
	return nk_fail(e, err, "keep the rules of %s", f->record->name);
}

static void make_batch(struct nk_arena *a, struct nk_batch *b, const struct nk_firewall *f)
{
	nk_batch_init(b, a, NETLINK_NETFILTER);
	nk_nft_begin(b);
	nk_firewall_table(b, &f->rules, &f->policy);
	nk_nft_end(b);
}

static const struct nk_inside_socket nft_socket = {
	.family = AF_NETLINK, .type = SOCK_RAW, .protocol = NETLINK_NETFILTER};

static int apply(struct nk_arena *a, const struct nk_firewall *f, struct nk_err *e)
{
	_close_ int fd = -EBADF;
	struct nk_batch b;
	int rc = nk_inside_sockets(&f->inside, &nft_socket, 1, &fd, e);

	if (rc < 0)
		return rc;
	make_batch(a, &b, f);
	if (nk_arena_ok(a, e) < 0)
		return -ENOMEM;
	return nk_batch_send(fd, &b, 0, "the rules", e);
}

int nk_firewall_commit(struct nk_arena *a, struct nk_firewall *f, struct nk_err *e)
{
	int rc = write_new(a, f, e);

	if (rc < 0)
		return rc;
	rc = apply(a, f, e);
	if (rc < 0) {
		unlinkat(f->dir_fd, FILE_NEW, 0);
		return nk_ctx(e, "container %s", f->record->name);
	}
	if (renameat(f->dir_fd, FILE_NEW, f->dir_fd, FILE_NAME) < 0)
		return nk_fail(e, errno, "keep the rules of %s", f->record->name);
	f->any = true;
	return 0;
}

/* ---- compare ---- */

/* What the kernel has, as bytes that are the same for the same rules. */
int nk_firewall_check(struct nk_arena *a, const struct nk_firewall *f, struct nk_err *e)
{
	_close_ int there = -EBADF, empty = -EBADF;
	struct nk_nft_image is = {0}, should = {0};
	struct nk_batch b;
	int rc = nk_inside_sockets(&f->inside, &nft_socket, 1, &there, e);

	if (rc < 0 || (rc = nk_inside_new(&nft_socket, 1, &empty, e)) < 0)
		return rc;
	if (f->any) {
		make_batch(a, &b, f);
		if ((rc = nk_arena_ok(a, e)) < 0 ||
		    (rc = nk_batch_send(empty, &b, 0, "the rules, to compare", e)) < 0)
			return rc;
	}
	if ((rc = nk_nft_image(there, a, NK_NFT_TABLE, &is, e)) < 0 ||
	    (rc = nk_nft_image(empty, a, NK_NFT_TABLE, &should, e)) < 0)
		return rc;
	if (is.n == should.n && (!is.n || !memcmp(is.v, should.v, is.n)))
		return 0;
	nk_fail(e, 0, "container %s: the kernel has %s", f->record->name,
		is.n ? "other rules than these" : "none of these rules");
	return nk_hint(e,
		       "somebody changed table inet " NK_NFT_TABLE
		       " of its network; any change puts ours back: nook firewall default %s in %s",
		       f->record->name, f->policy.in_drop ? "drop" : "accept");
}
