/* SPDX-License-Identifier: Apache-2.0 */
/* A lease over time: noted, renewed, given back. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "dhcp/dhcp.h"
#include "net/lease.h"
#include "oci/ip.h"

enum {
	SHORT_ASK_MS = 5000,  /* one round of questions while the lease is still good */
	LOOK_MS = 2000,	      /* at an owner that is no process */
	AGAIN_MS = 10000,     /* between rounds, at least */
	END_MS = 3000,	      /* the other process may take to say good-bye */
	LONGEST_MS = 86400000 /* one wait */
};

/* ---- the record ---- */

const char *nk_dhcp_file(const struct nk_dhcp *d, struct nk_arena *a)
{
	char *id = nk_strdup(a, d->id);

	/* "ns:/PATH" is an id, too. */
	for (char *c = id; *c; c++)
		if (*c == '/')
			*c = '_';
	return nk_fmt(a, "%s/dhcp-%s-%s", d->network, id, d->ifname);
}

int nk_dhcp_claim(struct nk_dhcp *d, struct nk_err *e)
{
	_arena_ struct nk_arena a = {0};
	const char *name = nk_dhcp_file(d, &a);

	if (mkdirat(d->store.state_fd, d->network, 0700) < 0 && errno != EEXIST)
		return nk_fail(e, errno, "%s/%s", d->state, d->network);
	d->file_fd =
		openat(d->store.state_fd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (d->file_fd < 0)
		return nk_fail(e, errno, "%s/%s", d->state, name);
	if (flock(d->file_fd, LOCK_EX | LOCK_NB) < 0)
		return nk_fail(e, EBUSY, "the DHCP lease of %s has a keeper already", d->ifname);
	return 0;
}

int nk_dhcp_note(struct nk_dhcp *d, struct nk_err *e)
{
	const struct nk_dhcp_answer *l = &d->lease;
	_arena_ struct nk_arena a = {0};
	char ip[NK_IP_TEXT], router[NK_IP_TEXT], server[NK_IP_TEXT];
	const char *text = nk_fmt(
		&a, "pid %d\naddress %s\nrouter %s\nserver %s\nseconds %u\nsince %lld\n",
		(int)getpid(), nk_ip_text(&l->ip, true, ip), nk_ip_text(&l->router, false, router),
		nk_ip_text(&l->server, false, server), l->seconds, (long long)time(NULL));
	struct nk_ips ips = {.v = &d->lease.ip, .n = 1};
	size_t n = strlen(text);

	if (pwrite(d->file_fd, text, n, 0) != (ssize_t)n || ftruncate(d->file_fd, (off_t)n) < 0)
		return nk_fail(e, errno, "note the lease of %s", d->ifname);
	/* A card of nobody's network has no line among its leases. */
	if (d->network[0] == '_')
		return 0;
	return nk_net_lease_ips(&d->store, &a, d->network, d->id, d->ifname, &ips, e);
}

/* ---- over time ---- */

struct watch {
	int owner_fd;  /* a pidfd, or -1: looked at from time to time */
	int signal_fd; /* SIGTERM */
};

static struct watch begin(struct nk_dhcp *d)
{
	struct watch w = {.owner_fd = -1};
	sigset_t set;
	int pid;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	w.signal_fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (sscanf(d->owner, "pid:%d:", &pid) == 1)
		w.owner_fd = pidfd_open(pid, 0);
	return w;
}

/* Until then, or the end: false. */
static bool rest(struct nk_dhcp *d, const struct watch *w, int64_t until)
{
	for (;;) {
		struct pollfd p[2] = {{.fd = w->signal_fd, .events = POLLIN},
				      {.fd = w->owner_fd, .events = POLLIN}};
		int64_t left = until - nk_dhcp_now();

		/* First the descriptor, then the look: its number may be another's by now. */
		if (!nk_net_owner_alive(d->owner))
			return false;
		if (left <= 0)
			return true;
		if (w->owner_fd < 0 && left > LOOK_MS)
			left = LOOK_MS;
		if (left > LONGEST_MS)
			left = LONGEST_MS;
		poll(p, 2, (int)left);
		if (p[0].revents)
			return false;
	}
}

static int64_t at(const struct nk_dhcp *d, uint32_t seconds)
{
	return seconds == UINT32_MAX ? INT64_MAX : d->since + (int64_t)seconds * 1000;
}

/* T1 and T2 come; from T2 on everybody is asked. What is left is halved (RFC 2131, 4.4.5). */
static int64_t next_try(const struct nk_dhcp *d)
{
	int64_t now = nk_dhcp_now(), t1 = at(d, d->lease.t1), t2 = at(d, d->lease.t2),
		end = at(d, d->lease.seconds), half;

	if (d->lease.seconds == UINT32_MAX)
		return INT64_MAX;
	if (now < t1)
		return t1;
	half = ((now < t2 ? t2 : end) - now) / 2;
	if (half < AGAIN_MS)
		half = AGAIN_MS;
	return now + half < end ? now + half : end;
}

/* One round. The card has what the lease says afterwards, or nothing when it is over. */
static void renew(struct nk_dhcp *d, bool *has)
{
	struct nk_dhcp_answer old = d->lease;
	struct nk_err e;
	int64_t end = at(d, d->lease.seconds), left = end - nk_dhcp_now();
	int rc = -ETIMEDOUT;

	if (*has && left > 0) {
		rc = nk_dhcp_extend(d, nk_dhcp_now() >= at(d, d->lease.t2),
				    left < SHORT_ASK_MS ? left : SHORT_ASK_MS, &e);
		if (rc < 0 && rc != -EACCES && nk_dhcp_now() < end)
			return;
	}
	if (rc < 0) {
		/* Over, or taken back: as at the beginning, with a word for the old address. */
		if (*has)
			nk_dhcp_take_off(d, &old);
		*has = false;
		rc = nk_dhcp_lease(d, &old.ip, SHORT_ASK_MS, &e);
	}
	if (rc < 0 || nk_dhcp_put(d, *has ? &old : NULL, &e) < 0)
		return;
	*has = true;
	nk_dhcp_note(d, &e);
}

void nk_dhcp_keep(struct nk_dhcp *d)
{
	const struct watch w = begin(d);
	_arena_ struct nk_arena a = {0};
	bool has = d->lease.seconds != 0;
	struct nk_err ignored;

	/* Without a filter it is what it was; without the lease the container has no network. */
	nk_dhcp_confine(d, &ignored);

	if (!has) {
		while (rest(d, &w, INT64_MAX))
			continue;
		unlinkat(d->store.state_fd, nk_dhcp_file(d, &a), 0);
		return;
	}
	while (rest(d, &w, has ? next_try(d) : nk_dhcp_now() + AGAIN_MS))
		renew(d, &has);
	if (has)
		nk_dhcp_release(d);
	unlinkat(d->store.state_fd, nk_dhcp_file(d, &a), 0);
}

/* ---- the end, from outside ---- */

int nk_dhcp_end(struct nk_dhcp *d, struct nk_err *e)
{
	_arena_ struct nk_arena a = {0};
	_close_ int fd =
		openat(d->store.state_fd, nk_dhcp_file(d, &a), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char text[64] = "";
	int pid = 0;

	if (fd < 0)
		return errno == ENOENT ? 0 : nk_fail(e, errno, "the lease of %s", d->ifname);
	if (flock(fd, LOCK_SH | LOCK_NB) == 0) { /* its keeper is dead */
		unlinkat(d->store.state_fd, nk_dhcp_file(d, &a), 0);
		return 0;
	}
	if (pread(fd, text, sizeof(text) - 1, 0) < 0 || sscanf(text, "pid %d", &pid) != 1)
		return nk_fail(e, EBADMSG, "the lease of %s", d->ifname);
	/* The lock is held, so that process lives; the pidfd keeps its number what it is. */
	_close_ int pidfd = pidfd_open(pid, 0);
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	if (pidfd < 0 || flock(fd, LOCK_SH | LOCK_NB) == 0)
		return 0;
	pidfd_send_signal(pidfd, SIGTERM, NULL, 0);
	if (poll(&p, 1, END_MS) == 0) {
		pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
		unlinkat(d->store.state_fd, nk_dhcp_file(d, &a), 0);
	}
	return 0;
}
