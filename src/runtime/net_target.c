/* SPDX-License-Identifier: Apache-2.0 */
/* From a word to the network namespace that a card is put into. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "ns/held.h"
#include "runtime/net.h"
#include "state/process.h"

/* Of <linux/nsfs.h>, which clashes with older glibc headers. */
#define NS_GET_NSTYPE _IO(0xb7, 3)

void nk_net_target_done(struct nk_net_target *t)
{
	nk_cleanup_close(&t->ns_fd);
	nk_cleanup_close(&t->root_fd);
	t->ns_fd = t->root_fd = -EBADF;
}

static int own_network(const struct nk_net_target *t, struct nk_err *e)
{
	struct stat own, its;

	if (stat("/proc/self/ns/net", &own) < 0 || fstat(t->ns_fd, &its) < 0)
		return nk_fail(e, errno, "look at the network of %s", t->name);
	if (own.st_dev != its.st_dev || own.st_ino != its.st_ino)
		return 0;
	nk_fail(e, 0, "%s uses this machine's own network", t->name);
	return nk_hint(e, "cards are put into containers that have a network of their own");
}

static int open_path(struct nk_arena *a, const char *path, const char *word,
		     struct nk_net_target *t, struct nk_err *e)
{
	t->ns_fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (t->ns_fd < 0)
		return nk_fail(e, errno, "%s: open %s", word, path);
	if (ioctl(t->ns_fd, NS_GET_NSTYPE) != CLONE_NEWNET) {
		nk_fail(e, 0, "%s: %s is not a network namespace", word, path);
		return nk_hint(e, "as /run/netns/NAME or /proc/PID/ns/net");
	}
	t->id = t->name = nk_strdup(a, word);
	t->owner = nk_net_owner_ns(a, path, e);
	return t->owner ? 0 : -e->err;
}

static int by_name(const char *state, struct nk_arena *a, const char *word, struct nk_net_target *t,
		   struct nk_err *e)
{
	_held_ struct nk_ns_held h = NK_NS_HELD_INIT;
	const char *name = word + 3, *path = nk_netns_path(a, name);

	if (path)
		return open_path(a, path, word, t, e);
	if (nk_ns_held_find(a, state, name, &h, e) >= 0 && (h.alive >> NK_NS_NET & 1))
		return open_path(a, h.paths[NK_NS_NET], word, t, e);
	nk_fail(e, 0, "no network namespace is called \"%.80s\"", name);
	nk_hint(e, "nook ns hold net --name %.80s makes one; nook ns ls --type net shows all",
		name);
	e->err = ENOENT;
	return -ENOENT;
}

/* Made by nook, and nothing of the user's lies there. */
static bool own_resolv(const struct nk_spec *s)
{
	for (size_t i = 0; i < s->mounts.n; i++)
		if (!strcmp(s->mounts.v[i].target, "/etc/resolv.conf") ||
		    !strcmp(s->mounts.v[i].target, "/etc"))
			return false;
	return s->etc_resolv != NULL;
}

static int by_container(struct nk_state *st, struct nk_arena *a, const char *word,
			struct nk_net_target *t, struct nk_err *e)
{
	struct nk_state_record r;
	int rc = nk_state_find(st, a, word, &r, e);

	if (rc < 0) {
		if (rc == -ENOENT && nk_netns_path(a, word))
			nk_hint(e, "the network namespace of that name is ns:%.80s", word);
		return rc;
	}

	_close_ int pidfd = nk_state_pidfd(&r, e);

	if (pidfd < 0)
		return pidfd;
	t->ns_fd = open(nk_state_ns_path(a, &r, NK_NS_NET), O_RDONLY | O_CLOEXEC);
	if (t->ns_fd < 0)
		return nk_fail(e, errno, "the network of container \"%s\"", r.name);
	if (own_resolv(r.spec))
		t->root_fd = open(nk_fmt(a, "/proc/%d/root", (int)r.pid),
				  O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* The number was still its own when the file was opened. */
	if (nk_process_wait(pidfd, 0) == 0)
		return nk_fail(e, ESRCH, "container \"%s\" has ended", r.name);
	t->id = r.id;
	t->name = r.name;
	t->owner = nk_net_owner_process(a, r.owner, r.owner_start);
	t->pid = r.pid;
	return 0;
}

/* A path that `ip netns` has a name for: "ns:NAME", so that one namespace has one id. */
static const char *by_its_name(struct nk_arena *a, const char *word)
{
	static const char *const dirs[] = {"ns:/run/netns/", "ns:/var/run/netns/"};

	for (size_t i = 0; i < NK_COUNT(dirs); i++) {
		const char *name = word + strlen(dirs[i]);

		if (!strncmp(word, dirs[i], strlen(dirs[i])) && *name && !strchr(name, '/') &&
		    nk_netns_path(a, name))
			return nk_fmt(a, "ns:%s", name);
	}
	return word;
}

int nk_net_target(struct nk_state *st, const char *state, struct nk_arena *a, const char *word,
		  struct nk_net_target *t, struct nk_err *e)
{
	int rc;

	*t = (struct nk_net_target){.ns_fd = -EBADF, .root_fd = -EBADF};
	word = by_its_name(a, word);
	if (!strncmp(word, "ns:/", 4))
		rc = open_path(a, word + 3, word, t, e);
	else if (!strncmp(word, "ns:", 3))
		rc = by_name(state, a, word, t, e);
	else
		rc = by_container(st, a, word, t, e);
	return rc < 0 ? rc : own_network(t, e);
}
