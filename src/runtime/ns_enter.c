/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/ns_enter.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "data/passwd.h"
#include "host/text.h"
#include "host/visible.h"
#include "runtime/prepare.h"

enum { TEXT_MAX = 1 << 20, MOUNTS_MAX = 64 << 20 };

int nk_ns_enter_open(struct nk_ns_enter *x, struct nk_arena *a, const struct nk_ns_target *target,
		     unsigned kinds, struct nk_err *e)
{
	const unsigned user = 1u << NK_NS_USER;
	unsigned differing;

	*x = (struct nk_ns_enter){.a = a, .target = target};
	nk_facts_self(&x->facts);
	if (kinds & ~target->kinds) {
		nk_fail(e, 0, "%s: no %s namespace to enter", target->what,
			nk_ns_kinds_words(a, kinds & ~target->kinds));
		return nk_hint(e, "it has: %s", nk_ns_kinds_words(a, target->kinds));
	}

	struct nk_ns_target asked = *target;

	asked.kinds = kinds ? kinds : target->kinds;

	int rc = nk_ns_target_differing(&asked, &differing, e);

	if (rc < 0)
		return rc;
	if ((kinds & user) && !(differing & user)) {
		nk_fail(e, 0, "the user namespace of %s is the one you are in", target->what);
		return nk_hint(e, "the kernel does not let anybody join it twice: leave user away "
				  "from --type");
	}
	x->in = (struct nk_ns_enter_input){
		.spec = &x->spec,
		.facts = &x->facts,
		.what = target->what,
		.pid = target->pid,
		.kinds = differing,
		.ids = differing & user ? NK_IDS_ROOT : NK_IDS_KEEP,
		.setgroups_denied = x->facts.setgroups_denied,
	};
	memcpy(x->in.paths, target->paths, sizeof(x->in.paths));
	if (differing & user) {
		_free_ char *word =
			target->pid ? nk_text_read(
					      nk_fmt(a, "/proc/%d/setgroups", (int)target->pid), 64)
				    : NULL;

		x->in.setgroups_denied = word && !strncmp(word, "deny", 4);
		x->spec.ns[NK_NS_USER].mode = NK_NS_JOIN;
	}
	return 0;
}

static int needs_process(const struct nk_ns_enter *x, const char *what, struct nk_err *e)
{
	nk_fail(e, 0, "%s has no process whose %s could be taken", x->target->what, what);
	return nk_hint(e, "name a process or a container as the target");
}

/* A file of the process' directory in /proc. NULL with *e, also when it has ended meanwhile. */
static char *proc_text(struct nk_ns_enter *x, const char *name, struct nk_err *e)
{
	_free_ char *text =
		nk_text_read(nk_fmt(x->a, "/proc/%d/%s", (int)x->target->pid, name), TEXT_MAX);
	int err = errno;

	if (!nk_ns_target_lives(x->target)) {
		nk_ns_target_ended(x->target, e);
		return NULL;
	}
	if (text)
		return nk_strdup(x->a, text);
	nk_fail(e, err, "read %s of %s", name, x->target->what);
	nk_hint(e, "only root and its owner may");
	return NULL;
}

/* Inside's name of an id that is called so out here; -1: none. */
static int64_t translate(const char *map, uint32_t id)
{
	const char *line;
	size_t n;

	while ((line = nk_text_line(&map, &n))) {
		unsigned inside, outside, count;

		if (sscanf(line, "%u %u %u", &inside, &outside, &count) == 3 && id >= outside &&
		    id - outside < count)
			return (int64_t)inside + (id - outside);
	}
	return -1;
}

static bool has_root(const char *map)
{
	const char *line;
	size_t n;

	while ((line = nk_text_line(&map, &n))) {
		unsigned inside, outside, count;

		if (sscanf(line, "%u %u %u", &inside, &outside, &count) == 3 && !inside && count)
			return true;
	}
	return false;
}

/* "Uid:\t0\t0\t0\t0": the numbers behind the n-th word. */
static const char *status_line(const char *status, const char *key)
{
	const char *at = strstr(status, key);

	return at ? at + strlen(key) : "";
}

static int mapped(struct nk_ns_enter *x, const char *map, uint32_t id, const char *what,
		  uint32_t *to, struct nk_err *e)
{
	int64_t inside = map ? translate(map, id) : id;

	if (inside < 0) {
		nk_fail(e, 0, "%s %u of %s is not mapped in its user namespace", what, id,
			x->target->what);
		return nk_hint(e, "choose one by number with -u");
	}
	*to = (uint32_t)inside;
	return 0;
}

int nk_ns_enter_its_ids(struct nk_ns_enter *x, struct nk_err *e)
{
	bool user = x->in.kinds >> NK_NS_USER & 1;
	unsigned ruid, euid, rgid, egid;

	if (!x->target->pid)
		return needs_process(x, "ids", e);

	const char *status = proc_text(x, "status", e);
	const char *uids = status && user ? proc_text(x, "uid_map", e) : NULL;
	const char *gids = uids ? proc_text(x, "gid_map", e) : NULL;

	if (!status || (user && !gids))
		return e->err ? -e->err : -EINVAL;
	if (sscanf(status_line(status, "\nUid:"), "%u %u", &ruid, &euid) != 2 ||
	    sscanf(status_line(status, "\nGid:"), "%u %u", &rgid, &egid) != 2)
		return nk_fail(e, EIO, "read the ids of %s", x->target->what);

	int rc = mapped(x, uids, euid, "user", &x->spec.uid, e);

	if (rc == 0)
		rc = mapped(x, gids, egid, "group", &x->spec.gid, e);
	if (rc < 0)
		return rc;

	const char *at = status_line(status, "\nGroups:");
	char *end;

	/* Groups that are not mapped cannot be given by anybody. */
	for (;; at = end) {
		at += strspn(at, " \t");

		unsigned long group = strtoul(at, &end, 10);

		if (end == at || *at == '\n')
			break;

		int64_t inside = gids ? translate(gids, (uint32_t)group) : (int64_t)group;
		gid_t *to = inside >= 0 ? NK_PUSH(x->a, &x->spec.groups) : NULL;

		if (to)
			*to = (gid_t)inside;
	}
	x->in.ids = NK_IDS_GIVEN;
	return nk_arena_ok(x->a, e);
}

int nk_ns_enter_user(struct nk_ns_enter *x, const char *user, const char **home, struct nk_err *e)
{
	bool inside = x->in.kinds >> NK_NS_MOUNT & 1 || x->in.root;
	bool numbers = user[strspn(user, "0123456789:")] == '\0';
	struct nk_text passwd = {0}, group = {0};
	struct nk_user u;
	int rc = 0;

	*home = NULL;
	if (inside && !x->target->pid && !numbers) {
		nk_fail(e, 0, "-u %.80s: names cannot be looked up in %s", user, x->target->what);
		return nk_hint(e, "give numbers: -u 1000:1000");
	}
	if (!inside || x->target->pid) {
		const char *path =
			inside ? nk_fmt(x->a, "/proc/%d/root", (int)x->target->pid) : "/";
		_close_ int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		int err = errno;

		if (!nk_ns_target_lives(x->target))
			return nk_ns_target_ended(x->target, e);
		if (root < 0)
			return nk_fail(e, err, "open the root directory of %s", x->target->what);
		rc = nk_root_text(x->a, root, "etc/passwd", &passwd, e);
		if (rc >= 0)
			rc = nk_root_text(x->a, root, "etc/group", &group, e);
	}
	if (rc >= 0)
		rc = nk_user_resolve(&u, x->a, passwd, group, user, NULL, e);
	if (rc < 0)
		return rc;
	x->spec.uid = u.uid;
	x->spec.gid = u.gid;
	x->spec.groups.v = u.groups.v;
	x->spec.groups.n = u.groups.n;
	x->spec.groups.cap = u.groups.cap;
	x->in.ids = NK_IDS_GIVEN;
	*home = u.name ? u.home : NULL;
	return 0;
}

int nk_ns_enter_its_env(struct nk_ns_enter *x, struct nk_err *e)
{
	if (!x->target->pid)
		return needs_process(x, "environment", e);

	char *text = nk_alloc(x->a, TEXT_MAX + 1);
	_close_ int fd =
		open(nk_fmt(x->a, "/proc/%d/environ", (int)x->target->pid), O_RDONLY | O_CLOEXEC);
	ssize_t n = 0, got = 0;

	while (fd >= 0 && text && got < TEXT_MAX &&
	       (n = read(fd, text + got, (size_t)(TEXT_MAX - got))) > 0)
		got += n;

	int err = errno;

	if (!nk_ns_target_lives(x->target))
		return nk_ns_target_ended(x->target, e);
	if (fd < 0 || n < 0) {
		nk_fail(e, err, "read the environment of %s", x->target->what);
		return nk_hint(e, "only root and its owner may");
	}
	x->spec.env = (struct nk_strv){0};
	for (ssize_t at = 0; at < got; at += (ssize_t)strlen(text + at) + 1)
		if (text[at])
			nk_strv_push(x->a, &x->spec.env, text + at);
	return nk_arena_ok(x->a, e);
}

int nk_ns_enter_its_cgroups(struct nk_ns_enter *x, struct nk_err *e)
{
	struct nk_cgroups its = {0}, own = {0};

	if (!x->target->pid)
		return needs_process(x, "cgroups", e);

	_free_ char *mounts = nk_text_read("/proc/self/mountinfo", MOUNTS_MAX);
	_free_ char *self = nk_text_read("/proc/self/cgroup", TEXT_MAX);
	const char *text = proc_text(x, "cgroup", e);

	if (!text)
		return e->err ? -e->err : -EINVAL;
	if (!mounts || !self)
		return nk_fail(e, errno, "read /proc/self/cgroup");
	nk_cgroups_parse(x->a, &its, mounts, text);
	nk_cgroups_parse(x->a, &own, mounts, self);
	for (size_t i = 0; i < its.hierarchies.n && i < own.hierarchies.n; i++) {
		const struct nk_cg_hierarchy *h = &its.hierarchies.v[i];
		const char *ours = own.hierarchies.v[i].self;
		const char *dir = h->self ? nk_cg_dir(x->a, h, h->self) : NULL;

		if (h->self && ours && !strcmp(h->self, ours))
			continue;
		if (!dir || strstr(dir, "/..")) {
			nk_fail(e, 0, "a cgroup of %s is not below %s", x->target->what, h->mount);
			return nk_hint(e, "what is mounted there shows only a part of the groups");
		}
		nk_strv_push(x->a, &x->in.cgroups, dir);
	}
	return nk_arena_ok(x->a, e);
}

/* Who enters users becomes root there or, where that is not mapped, stays who it is: if it is. */
static int check_mapped(struct nk_ns_enter *x, struct nk_err *e)
{
	static const char *const maps[] = {"uid_map", "gid_map"};
	const uint32_t own[] = {x->facts.euid, x->facts.egid};

	/* What a file leads to has no map that could be read: root or nobody. */
	if (x->in.ids != NK_IDS_ROOT || !x->target->pid)
		return 0;
	for (int i = 0; i < 2; i++) {
		const char *map = proc_text(x, maps[i], e);

		if (!map)
			return e->err ? -e->err : -EINVAL;
		if (translate(map, own[i]) >= 0 || has_root(map))
			continue;
		nk_fail(e, 0, "neither root nor %s %u of outside is mapped in the users of %s",
			i ? "group" : "user", own[i], x->target->what);
		return nk_hint(e, "choose one that is: nook ns enter -u UID:GID …; --ids: its own");
	}
	x->in.stays = true;
	return 0;
}

static int etc_files(struct nk_ns_enter *x, const char *dir_path, struct nk_err *e)
{
	_closedir_ DIR *dir = opendir(dir_path);
	struct dirent *d;

	if (!dir)
		return errno == ENOENT || errno == ENOTDIR ? 0
							   : nk_fail(e, errno, "read %s", dir_path);
	while ((errno = 0, d = readdir(dir))) {
		const char *target = nk_fmt(x->a, "/etc/%s", d->d_name);
		struct stat st;

		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
			continue;
		if (stat(target, &st) < 0) {
			nk_strv_push(x->a, &x->notices,
				     nk_fmt(x->a,
					    "%s/%s is not seen: there is no %s to lay it over",
					    dir_path, d->d_name, target));
			continue;
		}

		struct nk_etc_file *f = NK_PUSH(x->a, &x->in.etc);

		if (f)
			*f = (struct nk_etc_file){nk_fmt(x->a, "%s/%s", dir_path, d->d_name),
						  target};
	}
	if (errno)
		return nk_fail(e, errno, "read %s", dir_path);
	return nk_arena_ok(x->a, e);
}

int nk_ns_enter_netns(struct nk_ns_enter *x, struct nk_err *e)
{
	const unsigned user = 1u << NK_NS_USER, mount = 1u << NK_NS_MOUNT, net = 1u << NK_NS_NET;
	unsigned kinds = x->in.kinds;

	/* With mounts of others, /etc and /sys are theirs. */
	if (!x->target->name || x->target->from == NK_TARGET_CONTAINER || !(kinds & net) ||
	    (kinds & mount))
		return 0;
	if (!x->facts.sys_admin && !(kinds & user))
		return 0; /* joining is refused with better words */
	x->in.netns_files = x->in.sysfs = true;
	if (kinds & user) {
		_free_ char *mounts = nk_text_read("/proc/self/mountinfo", MOUNTS_MAX);

		x->in.sysfs = mounts && !nk_mounts_cover(x->a, mounts, "sysfs", NULL);
	}
	return etc_files(x, nk_fmt(x->a, "/etc/netns/%s", x->target->name), e);
}

int nk_ns_enter_plan(struct nk_ns_enter *x, struct nk_plan *p, struct nk_err *e)
{
	if (x->in.root && !x->target->pid)
		return needs_process(x, "root directory", e);
	if (x->in.cwd && !x->target->pid)
		return needs_process(x, "working directory", e);

	int rc = check_mapped(x, e);

	return rc < 0 ? rc : nk_plan_ns_enter(p, &x->in, e);
}

/* The plan names the process by its number: while it lives, that is no other's. */
int nk_ns_enter_started(void *arg, pid_t pid, struct nk_err *e)
{
	const struct nk_ns_enter *x = arg;

	(void)pid;
	return nk_ns_target_lives(x->target) ? 0 : nk_ns_target_ended(x->target, e);
}
