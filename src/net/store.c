/* SPDX-License-Identifier: Apache-2.0 */
#include "net/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/json_out.h"
#include "net/define.h"
#include "net/file.h"
#include "net/lease_file.h"
#include "state/state.h"

#define LOCK ".lock"

int nk_net_store_open(struct nk_net_store *s, struct nk_arena *a, const char *root,
		      const char *state, struct nk_err *e)
{
	*s = (struct nk_net_store){.root = nk_fmt(a, "%s/networks", root),
				   .state = nk_fmt(a, "%s/net", state),
				   .fd = -EBADF,
				   .state_fd = -EBADF,
				   .starts_fd = -EBADF};
	s->fd = nk_net_dir(s->root, e);
	if (s->fd >= 0)
		s->state_fd = nk_net_dir(s->state, e);
	return s->fd < 0 ? s->fd : s->state_fd < 0 ? s->state_fd : nk_arena_ok(a, e);
}

int nk_net_starts_lock(struct nk_net_store *s, bool alone, struct nk_err *e)
{
	if (s->starts_fd < 0)
		s->starts_fd = openat(s->state_fd, "starts.lock",
				      O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (s->starts_fd < 0)
		return nk_fail(e, errno, "open %s/starts.lock", s->state);
	return nk_net_flock(s->starts_fd, alone, e);
}

void nk_net_starts_done(struct nk_net_store *s)
{
	if (s->starts_fd < 0)
		return;
	/* By name too, not by close alone: a child in the making has the descriptor as well. */
	flock(s->starts_fd, LOCK_UN);
	close(s->starts_fd);
	s->starts_fd = -EBADF;
}

void nk_net_store_close(struct nk_net_store *s)
{
	if (s->fd >= 0)
		nk_net_starts_done(s);
	nk_cleanup_close(&s->fd);
	nk_cleanup_close(&s->state_fd);
	s->fd = s->state_fd = -EBADF;
}

static const char *file_of(struct nk_arena *a, const char *name)
{
	return nk_fmt(a, "%s.json", name);
}

bool nk_net_is_defined(const struct nk_net_store *s, struct nk_arena *a, const char *name)
{
	return faccessat(s->fd, file_of(a, name), F_OK, 0) == 0;
}

/* -ENOENT without a message. */
static int load(struct nk_net_store *s, struct nk_arena *a, const char *name, struct nk_network *n,
		struct nk_err *e)
{
	char *text;
	size_t size;
	int rc = nk_net_file_read(s->fd, file_of(a, name), a, &text, &size, e);

	if (rc == 0) {
		rc = nk_net_read(a, text, size, n, e);
		if (rc < 0) {
			nk_ctx(e, "%s/%s.json", s->root, name);
			nk_hint(e, "mend that file, or delete it");
		}
	}
	return rc;
}

static int by_name(const void *x, const void *y)
{
	return strcmp(((const struct nk_network *)x)->name, ((const struct nk_network *)y)->name);
}

int nk_net_list(struct nk_net_store *s, struct nk_arena *a, struct nk_networks *list,
		struct nk_err *e)
{
	int fd = openat(s->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_closedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	if (!dir) {
		nk_fail(e, errno, "read %s", s->root);
		if (fd >= 0)
			close(fd);
		return -e->err;
	}
	while ((errno = 0, d = readdir(dir))) {
		size_t len = strlen(d->d_name);
		struct nk_network n;

		if (d->d_name[0] == '.' || len <= 5 || strcmp(d->d_name + len - 5, ".json") != 0)
			continue;

		int rc = load(s, a, nk_strndup(a, d->d_name, len - 5), &n, e);

		if (rc == -ENOENT)
			continue; /* removed meanwhile */
		if (rc < 0) {
			nk_strv_push(a, &list->broken, nk_strdup(a, e->msg));
			*e = (struct nk_err){0};
			continue;
		}

		struct nk_network *to = NK_PUSH(a, list);

		if (to)
			*to = n;
	}
	if (errno)
		return nk_fail(e, errno, "read %s", s->root);
	if (list->n)
		qsort(list->v, list->n, sizeof(*list->v), by_name);
	return nk_arena_ok(a, e);
}

static int none(const char *name, struct nk_err *e)
{
	nk_fail(e, 0, "there is no network \"%.80s\"", name);
	nk_hint(e, "nook network create %.80s makes it; nook network ls shows all", name);
	e->err = ENOENT;
	return -ENOENT;
}

static int by_id(struct nk_net_store *s, struct nk_arena *a, const char *id, struct nk_network *n,
		 struct nk_err *e)
{
	struct nk_networks list = {0};
	size_t len = strlen(id), found = 0;

	if (!len || len > NK_STATE_ID_LEN || strspn(id, "0123456789abcdef") != len)
		return none(id, e);

	int rc = nk_net_list(s, a, &list, e);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < list.n; i++) {
		if (strncmp(list.v[i].id, id, len) != 0)
			continue;
		*n = list.v[i];
		found++;
	}
	if (!found)
		return none(id, e);
	if (found == 1)
		return 0;
	nk_fail(e, 0, "%zu networks have an id that begins with %s", found, id);
	nk_hint(e, "give more digits of it, or the name: nook network ls");
	e->err = EEXIST;
	return -EEXIST;
}

static bool has_ipv6(void)
{
	return access("/proc/sys/net/ipv6", F_OK) == 0;
}

int nk_net_find(struct nk_net_store *s, struct nk_arena *a, const char *name, struct nk_network *n,
		struct nk_err *e)
{
	struct nk_err ignored;
	int rc = nk_net_check_name(name, &ignored) < 0 ? -ENOENT : load(s, a, name, n, e);

	if (rc != -ENOENT)
		return rc;
	if (strcmp(name, NK_NET_DEFAULT) != 0)
		return by_id(s, a, name, n, e);
	*n = (struct nk_network){.name = NK_NET_DEFAULT, .dns = true};
	rc = nk_net_create(s, a, n, has_ipv6(), e);
	/* Somebody was faster. */
	return rc == -EEXIST ? load(s, a, name, n, e) : rc;
}

/* ---- create ---- */

static bool has_family(const struct nk_network *n, int family)
{
	for (size_t i = 0; i < n->subnets.n; i++)
		if (n->subnets.v[i].net.family == family)
			return true;
	return false;
}

static int add_subnets(struct nk_arena *a, struct nk_network *n, bool ipv6,
		       const struct nk_net_taken *t, struct nk_err *e)
{
	struct nk_ip net;
	struct nk_subnet *to;
	int rc = 0;

	if (n->ipam != NK_IPAM_HOST_LOCAL)
		return 0;
	if (!n->subnets.n && n->parent) {
		nk_fail(e, 0, "which addresses are nook's on the LAN of %.20s?", n->parent);
		return nk_hint(e,
			       "--subnet 192.168.0.0/24 --ip-range 192.168.0.192/26 (a part that "
			       "no other gives away), or --ipam dhcp");
	}
	if (!n->subnets.n) {
		rc = nk_net_choose4(t, &net, e);
		to = rc < 0 ? NULL : NK_PUSH(a, &n->subnets);
		if (to)
			to->net = net;
	}
	if (rc == 0 && ipv6 && !has_family(n, AF_INET6)) {
		rc = nk_net_choose6(t, n->id, &net, e);
		to = rc < 0 ? NULL : NK_PUSH(a, &n->subnets);
		if (to)
			to->net = net;
	}
	return rc < 0 ? rc : nk_arena_ok(a, e);
}

static int check_parent(const struct nk_network *n, const struct nk_net_taken *t, struct nk_err *e)
{
	if (!n->parent)
		return 0;
	for (size_t i = 0; i < t->links.n; i++)
		if (!strcmp(t->links.v[i], n->parent))
			return 0;
	nk_fail(e, 0, "there is no card \"%.40s\" on this machine", n->parent);
	return nk_hint(e, "ip link shows which there are");
}

static int check_link(const struct nk_network *n, const struct nk_net_taken *t, struct nk_err *e)
{
	for (size_t i = 0; i < t->links.n; i++) {
		if (strcmp(t->links.v[i], n->link) != 0)
			continue;
		nk_fail(e, 0, "the name %s belongs to another card of this machine", n->link);
		return nk_hint(e, "without --opt bridge.name a free name is chosen");
	}
	return 0;
}

/* With the lock held. */
static int define(struct nk_net_store *s, struct nk_arena *a, struct nk_network *n, bool ipv6,
		  struct nk_err *e)
{
	struct nk_networks others = {0};
	struct nk_net_taken taken = {0};
	struct nk_network there;
	int rc = load(s, a, n->name, &there, e);

	if (rc == 0) {
		nk_fail(e, 0, "there is a network \"%s\" already", n->name);
		nk_hint(e, "nook network inspect %s shows it", n->name);
		e->err = EEXIST;
		return -EEXIST;
	}
	if (rc != -ENOENT)
		return rc;
	rc = nk_net_list(s, a, &others, e);
	if (rc >= 0)
		rc = nk_net_taken_read(a, &taken, e);
	if (rc >= 0)
		rc = check_parent(n, &taken, e);
	if (rc < 0)
		return rc;
	nk_net_taken_networks(a, &taken, &others);
	n->id = nk_state_new_id(a);
	n->created = time(NULL);
	rc = add_subnets(a, n, ipv6, &taken, e);
	if (rc >= 0)
		rc = nk_net_check_subnets(n, &taken, e);
	if (rc < 0)
		return rc;
	if (n->driver != NK_NET_BRIDGE)
		n->link = NULL;
	else if (n->link)
		rc = check_link(n, &taken, e);
	else
		n->link = nk_net_choose_link(a, n, &taken);
	/* Again: IPv6 may have been added, which wants a larger MTU. */
	return rc < 0 ? rc : nk_net_check(n, e);
}

int nk_net_create(struct nk_net_store *s, struct nk_arena *a, struct nk_network *n, bool ipv6,
		  struct nk_err *e)
{
	_json_ struct nk_json_out j = {.indent = 2};
	int rc = nk_net_options(n, e);

	if (rc >= 0)
		rc = nk_net_check(n, e);
	if (rc < 0)
		return rc;

	_close_ int lock = s->dry ? -EBADF : nk_net_lock(s->fd, LOCK, e);

	rc = lock < 0 && !s->dry ? lock : define(s, a, n, ipv6, e);
	if (rc < 0 || s->dry)
		return rc;
	nk_json_open(&j, NULL, '{');
	nk_net_write(&j, n);
	nk_json_close(&j);
	if (j.failed || nk_arena_ok(a, e) < 0)
		return nk_fail(e, ENOMEM, "write the network");
	rc = nk_net_file_write(s->fd, file_of(a, n->name), j.buf, j.n, true, e);
	return rc < 0 ? nk_ctx(e, "keep network \"%s\"", n->name) : 0;
}

/* ---- remove ---- */

static int in_use(const struct nk_network *n, const struct nk_net_leases *l, struct nk_err *e)
{
	char who[200] = "";

	for (size_t i = 0; i < l->n && strlen(who) < 120; i++)
		snprintf(who + strlen(who), sizeof(who) - strlen(who), "%s%.40s", i ? ", " : "",
			 l->v[i].name);
	nk_fail(e, 0, "network \"%s\" is in use by %s", n->name, who);
	nk_hint(e, "nook network disconnect %s %s, or nook network rm --force %s", n->name,
		l->v[0].name, n->name);
	e->err = EBUSY;
	return -EBUSY;
}

int nk_net_check_unused(struct nk_net_store *s, struct nk_arena *a, const struct nk_network *n,
			struct nk_err *e)
{
	struct nk_net_leases alive = {0};
	int rc = nk_net_leases_read(s, a, n->name, &alive, NULL, e);

	return rc >= 0 && alive.n ? in_use(n, &alive, e) : rc;
}

int nk_net_remove(struct nk_net_store *s, struct nk_arena *a, const struct nk_network *n,
		  bool force, struct nk_err *e)
{
	struct nk_net_leases alive = {0};
	_close_ int lock = nk_net_lock(s->fd, LOCK, e);
	/* Who waits for it to lease an address sees then that the network is gone. */
	_close_ int leases = lock < 0 ? lock : nk_net_lease_lock(s, n->name, e);
	int rc = leases;

	if (rc >= 0 && !force)
		rc = nk_net_leases_read(s, a, n->name, &alive, NULL, e);
	if (rc < 0)
		return rc;
	if (alive.n)
		return in_use(n, &alive, e);
	if (unlinkat(s->fd, file_of(a, n->name), 0) < 0 && errno != ENOENT)
		return nk_fail(e, errno, "remove network \"%s\"", n->name);
	nk_net_leases_remove(s, n->name);
	return 0;
}
