/* SPDX-License-Identifier: Apache-2.0 */
#include "ns/hold.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "ns/hold_dir.h"
#include "ns/holder.h"
#include "ns/target.h"
#include "state/process.h"

struct holding {
	const struct nk_ns_keep *h;
	struct nk_ns_store store;
	struct nk_ns_held held;
	struct nk_ns_maker maker;
	const char *dir; /* ".new-…" until it is through */
	int fd;
	pid_t source; /* the process in them */
	bool stays;   /* a holder is needed */
};

static int taken(const char *name, const char *by, struct nk_err *e)
{
	nk_fail(e, 0, "the name \"%s\" is taken by %s", name, by);
	nk_hint(e, "nook ns rm %s lets it go", name);
	e->err = EEXIST;
	return -EEXIST;
}

static int check_free(struct holding *x, struct nk_err *e)
{
	struct stat st;

	if (fstatat(x->store.fd, x->h->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return taken(x->h->name, "namespaces that are held", e);
	if (x->h->mounts && (x->h->kinds >> NK_NS_NET & 1) && nk_netns_path(x->store.a, x->h->name))
		return taken(x->h->name, "a network namespace in " NK_NETNS_DIR, e);
	return 0;
}

static int directory(struct holding *x, struct nk_err *e)
{
	x->dir = nk_ns_store_new_name(&x->store, "new");
	if (x->store.a->failed)
		return nk_arena_ok(x->store.a, e);
	if (mkdirat(x->store.fd, x->dir, 0700) < 0)
		return nk_fail(e, errno, "make %s/%s", x->store.path, x->dir);
	x->fd = openat(x->store.fd, x->dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return x->fd < 0 ? nk_fail(e, errno, "open %s/%s", x->store.path, x->dir) : 0;
}

/* The process whose namespaces they are: there already, or made. */
static int source(struct holding *x, struct nk_err *e)
{
	const struct nk_ns_keep *h = x->h;
	int rc;

	x->stays = !h->mounts || (!h->pid && (h->kinds >> NK_NS_PID & 1));
	if (x->stays && !h->init_path) {
		nk_fail(e, 0, "nook-init, which is the holder, is not installed");
		return nk_hint(e, "it is installed beside nook; `make` builds it");
	}
	if (h->pid && h->mounts) {
		x->source = h->pid;
		return 0;
	}
	rc = nk_ns_maker_start(&x->maker, h, e);
	/* The maker may not be looked at once it has joined another's. */
	x->source = h->pid ? h->pid : x->maker.pid;
	return rc;
}

static int record(struct holding *x, struct nk_err *e)
{
	struct nk_ns_held *d = &x->held;
	char *boot = nk_alloc(x->store.a, NK_BOOT_ID_LEN + 1);
	struct stat st;

	if (!boot)
		return nk_arena_ok(x->store.a, e);
	nk_boot_id(boot);
	d->name = x->h->name;
	d->kinds = x->h->kinds;
	d->mounts = x->h->mounts;
	d->boot_id = boot;
	if (stat("/proc/self/ns/mnt", &st) == 0)
		d->place = st.st_ino;
	if (x->stays) {
		d->pid = x->maker.pid;
		d->start = nk_process_start(d->pid);
		if (!d->start)
			return nk_fail(e, ESRCH, "look at the holder, process %d", (int)d->pid);
	}
	for (int k = 0; k < NK_NS_COUNT; k++) {
		char path[48];

		if (!(d->kinds >> k & 1))
			continue;
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)x->source,
			 nk_ns_name((enum nk_ns_kind)k));
		if (stat(path, &st) < 0) {
			nk_fail(e, errno, "look at the namespaces of process %d", (int)x->source);
			return nk_hint(e, "only root and its owner may");
		}
		d->inodes[k] = st.st_ino;
	}
	return nk_ns_held_write(x->fd, d, e);
}

static int bind_one(struct holding *x, enum nk_ns_kind k, struct nk_err *e)
{
	const char *name = nk_ns_name(k);
	const char *to = nk_fmt(x->store.a, "%s/%s/%s", x->store.path, x->dir, name);
	char from[48];
	_close_ int fd =
		openat(x->fd, name, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);

	if (fd < 0)
		return nk_fail(e, errno, "make %s", to);
	snprintf(from, sizeof(from), "/proc/%d/ns/%s", (int)x->source, name);
	if (mount(from, to, "none", MS_BIND, NULL) == 0)
		return 0;

	/*
	 * Namespaces could keep each other alive for ever, so the kernel wants the mount namespace
	 * of the file to be younger than ours. From 6.18 on it goes by numbers that each CPU gives
	 * out from a stock of its own, and refuses some that are. A process keeps those.
	 */
	if (k == NK_NS_MOUNT && errno == EINVAL && x->h->init_path) {
		unlinkat(x->fd, name, 0);
		x->stays = true;
		return 0;
	}
	nk_fail(e, errno, "bind the %s namespace over a file", name);
	return nk_hint(e, "nook doctor says what this user may");
}

static int bind_all(struct holding *x, struct nk_err *e)
{
	int rc = 0;

	for (int k = 0; x->h->mounts && k < NK_NS_COUNT && rc == 0; k++)
		if (x->h->kinds >> k & 1)
			rc = bind_one(x, (enum nk_ns_kind)k, e);
	if (rc < 0 || !x->stays || x->held.pid)
		return rc;
	/* A process is needed after all. */
	if (!x->maker.pid)
		rc = nk_ns_maker_start(&x->maker, x->h, e);
	return rc < 0 ? rc : record(x, e);
}

/* What was named by its number was that process all the time, while it lives. */
static int still_lives(const struct holding *x, struct nk_err *e)
{
	const struct nk_ns_keep *h = x->h;

	if (!h->pid || nk_process_wait(h->pidfd, 0) == -ETIMEDOUT)
		return 0;
	nk_fail(e, 0, "process %d has ended", (int)h->pid);
	return nk_hint(e, "name one that lives as long as this takes");
}

static int all(struct holding *x, struct nk_err *e)
{
	const struct nk_ns_keep *h = x->h;
	int rc;

	if ((rc = check_free(x, e)) < 0 ||
	    (h->mounts && (rc = nk_ns_store_private(&x->store, e)) < 0) ||
	    (rc = directory(x, e)) < 0 || (rc = source(x, e)) < 0 || (rc = record(x, e)) < 0 ||
	    (rc = bind_all(x, e)) < 0 || (rc = still_lives(x, e)) < 0 ||
	    (x->stays && (rc = nk_ns_maker_hold(&x->maker, e)) < 0))
		return rc;
	if (h->mounts && (h->kinds >> NK_NS_NET & 1) &&
	    (rc = nk_netns_bind(h->name, x->source, e)) < 0) {
		struct nk_err ignored;

		/* It is somebody else's: ip netns add may be about to bind there. */
		if (rc == -EEXIST) {
			x->held.inodes[NK_NS_NET] = 0;
			nk_ns_held_write(x->fd, &x->held, &ignored);
		}
		return rc;
	}
	if (renameat(x->store.fd, x->dir, x->store.fd, h->name) < 0)
		return nk_fail(e, errno, "give the name \"%s\"", h->name);
	x->dir = NULL;
	return 0;
}

int nk_ns_hold(struct nk_arena *a, const struct nk_ns_keep *h, pid_t *holder, struct nk_err *e)
{
	_store_ struct nk_ns_store store = NK_NS_STORE_INIT;
	struct holding x = {.h = h, .maker = NK_NS_MAKER_INIT, .fd = -EBADF};
	struct nk_err ignored;
	int rc = nk_ns_check_name(h->name, e);

	if (rc == 0)
		rc = nk_ns_store_open(&store, a, h->state, true, e);
	if (rc < 0)
		return rc;
	x.store = store;
	rc = all(&x, e);
	store = x.store;
	nk_ns_maker_done(&x.maker);
	nk_cleanup_close(&x.fd);
	if (x.dir)
		nk_ns_store_dispose(&store, x.dir, &ignored);
	*holder = rc == 0 && x.stays ? x.held.pid : 0;
	return rc;
}

int nk_ns_release(struct nk_arena *a, const char *state, const char *name, struct nk_err *e)
{
	_store_ struct nk_ns_store store = NK_NS_STORE_INIT;
	struct nk_err ignored;
	struct stat st;
	int rc = nk_ns_store_open(&store, a, state, false, e);

	if (rc < 0 && rc != -ENOENT)
		return rc;
	if (rc == 0 && nk_ns_check_name(name, &ignored) == 0 &&
	    fstatat(store.fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return nk_ns_store_drop(&store, name, e);
	if (nk_netns_path(a, name)) {
		rc = nk_netns_unbind(name, 0, false, e);
		return rc < 0 ? nk_hint(e, "only root may, as with ip netns delete") : 0;
	}
	nk_fail(e, 0, "there is no namespace named \"%.140s\"", name);
	for (char *c = e->msg; *c; c++) /* it goes to a terminal */
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	nk_hint(e, "nook ns ls shows names");
	e->err = ENOENT;
	return -ENOENT;
}
