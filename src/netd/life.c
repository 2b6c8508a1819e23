/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netd.h: the files that a network's nook-netd lives by, and when it ends.
 *
 * It ends when no owner is left. A container that starts just then must not be left without: nook
 * leases first and looks for the lock then; we give the lock back first and look for leases then.
 * Whichever comes first, one of the two sees the other.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "net/netd.h"
#include "netd/netd.h"

enum { DEFINITION_MAX = 1 << 20, AGAIN_MS = 500 };

/* Of the open file: it goes into the background with the process. */
static int take_lock(struct nk_netd *d, off_t byte)
{
	struct flock it = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};

	return fcntl(d->lock_fd, F_OFD_SETLK, &it) < 0 ? -errno : 0;
}

int nk_life_answers(struct nk_netd *d)
{
	return take_lock(d, NK_NETD_ANSWERS);
}

static void drop_lock(struct nk_netd *d)
{
	struct flock all = {.l_type = F_UNLCK, .l_whence = SEEK_SET};

	fcntl(d->lock_fd, F_OFD_SETLK, &all);
}

int nk_life_definition(struct nk_netd *d, const char *name, struct nk_arena *a,
		       struct nk_network *n, struct nk_err *e)
{
	char file[NAME_MAX + 8];
	struct stat st;
	size_t size = 0;

	snprintf(file, sizeof(file), "%.*s.json", NAME_MAX, name);
	_close_ int fd = openat(d->store.fd, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0)
		return nk_fail(e, errno, "network %s", name);
	if (st.st_size > DEFINITION_MAX)
		return nk_fail(e, EFBIG, "network %s", name);
	char *text = nk_alloc(a, (size_t)st.st_size + 1);
	while (text && size < (size_t)st.st_size) {
		ssize_t more = read(fd, text + size, (size_t)st.st_size - size);
		if (more <= 0)
			break;
		size += (size_t)more;
	}
	if (!text)
		return nk_fail(e, ENOMEM, "network %s", name);
	return nk_net_read(a, text, size, n, e) < 0 ? nk_ctx(e, "network %s", name) : 0;
}

static int read_definition(struct nk_netd *d, struct nk_err *e)
{
	_arena_ struct nk_arena a = {0};
	struct nk_network n;
	int r = nk_life_definition(d, d->name, &a, &n, e);

	if (r < 0)
		return r;
	nk_arena_done(&d->network_arena);
	d->network_arena = a;
	d->network = n;
	a = (struct nk_arena){0};
	return 0;
}

static void put_owners(struct nk_netd *d, struct nk_owner **list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		nk_owner_put(d, list[i]);
	free(list);
}

/* Each lease has its owner, whose end is seen; the new ones are held before the old ones go. */
static int hold_owners(struct nk_netd *d, const struct nk_net_leases *alive)
{
	struct nk_owner **list = calloc(alive->n + 1, sizeof(struct nk_owner *));

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < alive->n; i++)
		list[i] = nk_owner_get(d, alive->v[i].owner);
	put_owners(d, d->lease_owners, d->n_lease_owners);
	d->lease_owners = list;
	d->n_lease_owners = alive->n;
	return 0;
}

static int read_leases(struct nk_netd *d, struct nk_err *e)
{
	_arena_ struct nk_arena a = {0};
	struct nk_net_leases alive = {0}, dead = {0};

	d->leases_changed = false;
	if (d->alone)
		return 0;
	int r = nk_net_leases(&d->store, &a, d->name, &alive, &dead, NULL, e);
	if (r < 0)
		return r;
	if (hold_owners(d, &alive) < 0 || nk_names_set(&d->names, &a, &alive) < 0)
		return nk_fail(e, ENOMEM, "leases of %s", d->name);
	return 0;
}

static void read_changes(struct nk_netd *d)
{
	union {
		struct inotify_event event;
		char space[4096];
	} buf;
	char definition[NAME_MAX + 1];

	snprintf(definition, sizeof(definition), "%s.json", d->name);
	for (;;) {
		ssize_t n = read(d->inotify.fd, &buf, sizeof(buf));
		if (n <= 0)
			return;
		for (char *at = buf.space; at < buf.space + n;) {
			const struct inotify_event *event = (const void *)at;
			at += sizeof(*event) + event->len;
			d->read_again = 0;
			if (event->mask & (IN_Q_OVERFLOW | IN_IGNORED))
				d->leases_changed = true;
			if (!event->len)
				continue;
			if (event->wd != d->definitions)
				d->leases_changed |= strcmp(event->name, "leases") == 0;
			else if (strcmp(event->name, definition) == 0)
				d->definition_changed = true;
		}
	}
}

static void on_change(struct nk_watch *w, uint32_t events)
{
	(void)events;
	nk_life_leases(NK_WATCHER(w, struct nk_netd, inotify));
}

void nk_life_leases(struct nk_netd *d)
{
	struct nk_err e = {0};
	int r = 0;

	read_changes(d);
	if (!d->leases_changed && !d->definition_changed)
		return;
	int64_t now = nk_now_ms();
	if (now < d->read_again)
		return;
	if (d->definition_changed)
		r = read_definition(d, &e);
	/* Gone: its containers will be, too. */
	d->definition_changed = r < 0 && r != -ENOENT;
	r = d->leases_changed ? read_leases(d, &e) : 0;
	/* A file that cannot be read is not believed to be empty: the names stay as they were, and
	 * it is read again soon; it may be for descriptors that we have too many of just now. */
	d->leases_changed |= r < 0;
	d->read_again = d->leases_changed || d->definition_changed ? now + AGAIN_MS : 0;
}

static int watch(struct nk_netd *d, int fd, uint32_t mask, struct nk_err *e)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int wd = inotify_add_watch(d->inotify.fd, path, mask);
	return wd < 0 ? nk_fail(e, errno, "watch the directories of network %s", d->name) : wd;
}

static int begin_watching(struct nk_netd *d, struct nk_err *e)
{
	const uint32_t files = IN_MOVED_TO | IN_MOVED_FROM | IN_CLOSE_WRITE | IN_DELETE;

	d->inotify = (struct nk_watch){.fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK),
				       .ready = on_change};
	if (d->inotify.fd < 0)
		return nk_fail(e, errno, "make an inotify descriptor");
	int r = watch(d, d->dir_fd, files | IN_DELETE_SELF, e);
	if (r >= 0 && !d->alone)
		d->definitions = r = watch(d, d->store.fd, files, e);
	if (r >= 0 && nk_loop_add(&d->loop, &d->inotify, EPOLLIN) < 0)
		r = nk_fail(e, ENOMEM, "watch");
	return r < 0 ? r : 0;
}

static int open_dir(int at, const char *path, struct nk_err *e)
{
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? nk_fail(e, errno, "open %s", path) : fd;
}

int nk_life_begin(struct nk_netd *d, struct nk_err *e)
{
	d->definitions = -1;
	d->store.state_fd = open_dir(AT_FDCWD, d->store.state, e);
	if (d->store.state_fd < 0)
		return d->store.state_fd;
	d->store.fd = d->alone ? -1 : open_dir(AT_FDCWD, d->store.root, e);
	if (!d->alone && d->store.fd < 0)
		return d->store.fd;
	if (mkdirat(d->store.state_fd, d->name, 0700) < 0 && errno != EEXIST)
		return nk_fail(e, errno, "make %s/%s", d->store.state, d->name);
	d->dir_fd = open_dir(d->store.state_fd, d->name, e);
	if (d->dir_fd < 0)
		return d->dir_fd;
	d->lock_fd =
		openat(d->dir_fd, "netd.lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (d->lock_fd < 0)
		return nk_fail(e, errno, "open %s/%s/netd.lock", d->store.state, d->name);
	int r = take_lock(d, NK_NETD_LIVES);
	if (r == -EAGAIN || r == -EACCES)
		return 1;
	if (r < 0)
		return nk_fail(e, -r, "lock %s/%s/netd.lock", d->store.state, d->name);
	if (!d->alone)
		r = read_definition(d, e);
	/* First watched, then read: no change is missed. */
	if (r >= 0)
		r = begin_watching(d, e);
	return r < 0 ? r : read_leases(d, e);
}

/* Whoever has connected, or said that it will, is waited for. */
static bool wanted(const struct nk_netd *d)
{
	return d->owners || d->controls || (d->expected && nk_now_ms() < d->waits_until);
}

bool nk_life_over(struct nk_netd *d)
{
	struct nk_err e = {0};

	nk_life_leases(d);
	if (wanted(d))
		return false;
	nk_control_hide(d);
	nk_control_accept(d);
	if (!wanted(d)) {
		/* Behind the lock it could be another one's. */
		nk_control_forget(d);
		drop_lock(d);
		int r = read_leases(d, &e);
		if (!d->owners && r != -EMFILE && r != -ENFILE && r != -ENOMEM)
			return true;
		/* Somebody has come meanwhile. Having found no lock, that one starts another of us.
		 */
		if (take_lock(d, NK_NETD_LIVES) < 0 || nk_life_answers(d) < 0)
			return true;
	}
	return nk_control_show(d, &e) < 0;
}
