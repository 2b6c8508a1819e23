/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's groups. On version 2 (and in a hybrid's unified hierarchy)
 * always one, if this user may make one: the container is born in it, and its
 * cgroup.kill and cgroup.procs serve kill and exec. On version 1 only in the
 * hierarchies of the limits that are asked for, since each attach costs; with
 * --cgroup-parent in all of them, since that group's own limits are meant; and
 * where the container has no PID namespace to end with, in one of them at least,
 * so that none of its processes outlives it.
 *
 * A group is named nook-ID and stands directly where groups may be made: a
 * directory shared by all containers could be removed by the one that ends
 * while another is about to use it. What --cgroup-parent names is made when
 * missing and stays.
 *
 * Controllers that had to be enabled above the container's group stay enabled
 * when it ends: another container may rely on them by then, and would silently
 * lose its limits. The exception is a delegated group that nook had for itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "cgroup/devices.h"
#include "cgroup/settings.h"
#include "plan/plan.h"

#define DELEGATE                                                                                   \
	"a group of your own comes from systemd: systemd-run --user --scope -p Delegate=yes nook " \
	"run …"
#define READONLY                                                                                  \
	"inside another container /sys/fs/cgroup is often read-only: leave limits out, or start " \
	"that "                                                                                   \
	"container with cgroups of its own that can be written"

/* A directory to take away at the end; the index of the step that made it. */
struct made {
	const char *path;
	int step;
};

struct ctx {
	struct nk_plan *p;
	const struct nk_plan_input *in;
	struct nk_plan_cgroup *cg;
	struct nk_cg_settings settings;
	unsigned wanted; /* controllers whose limits are set */
	char name[32];
	struct made made[NK_CG_COUNT + 2];
	int n_made;
	/* v2, when nook had to leave its own group free: how it gets back in */
	const char *home, *disable;
	int home_step;
	struct nk_err *e;
};

/* Context of the hierarchy at hand. */
struct at {
	const struct nk_cg_hierarchy *h;
	const char *dirs[NK_CG_DEPTH];
	const char *label; /* the last word of the mount's path: "memory" */
	int n;		   /* levels above the container's group */
	const char *group; /* its directory */
	int fd;		   /* slot: the directory */
	int file;	   /* slot: a file that is being written */
	unsigned wanted;   /* of the controllers here */
};

static int last_step(const struct ctx *x)
{
	return (int)x->p->steps.n - 1;
}

/* Open a file, write one or several values into it, close it. */
static struct nk_step *open_file(struct ctx *x, int dir, const char *path, int slot)
{
	struct nk_step *s = nk_plan_add(x->p, NK_OP_OPENAT2, "open %s", path);

	s->fd[0] = dir;
	s->s[0] = path;
	s->n[0] = O_WRONLY | O_CLOEXEC;
	s->out = slot;
	return s;
}

static struct nk_step *write_value(struct ctx *x, int slot, const char *value, const char *why)
{
	struct nk_step *s = nk_plan_add(x->p, NK_OP_WRITE, "%s", why);

	s->fd[0] = slot;
	s->s[0] = value;
	return s;
}

static void close_file(struct ctx *x, int slot, const char *why)
{
	nk_plan_add(x->p, NK_OP_CLOSE, "%s", why)->fd[0] = slot;
}

static void put(struct ctx *x, int slot, int dir, const char *path, const char *value,
		const char *why, const char *hint)
{
	open_file(x, dir, path, slot)->hint = hint;
	write_value(x, slot, value, why)->hint = hint;
	close_file(x, slot, "written");
}

static void make_dir(struct ctx *x, const char *path, bool keep, const char *why)
{
	struct nk_step *s = nk_plan_add(x->p, NK_OP_MKDIRAT, "%s", why);

	s->fd[0] = NK_CWD;
	s->s[0] = path;
	s->n[0] = 0755;
	s->hint = x->in->facts->euid ? DELEGATE : READONLY;
	if (keep) {
		s->soft[0] = EEXIST;
		return;
	}
	x->made[x->n_made++] = (struct made){path, last_step(x)};
}

/* "+memory +pids", in the order of enum nk_controller. */
static const char *signs(struct nk_arena *a, unsigned controllers, char sign)
{
	const char *list = "";

	for (int k = 0; k < NK_CG_COUNT; k++)
		if (controllers & NK_CG_BIT(k))
			list = nk_fmt(a, "%s%s%c%s", list, *list ? " " : "", sign,
				      nk_controller_name(k, true));
	return list;
}

/*
 * A group with controllers enabled for those below it must not have processes
 * itself, the kernel's root alone excepted. nook stands in its own delegated
 * group, so it moves into a leaf beside the container's before.
 */
static void leave_own_group(struct ctx *x, struct at *at, const char *own, unsigned missing)
{
	struct nk_arena *a = x->p->arena;
	const char *leaf = nk_fmt(a, "%s/%s.self", own, x->name);

	make_dir(x, leaf, false, "a leaf for nook itself, as only leaves may have processes");
	put(x, at->file, NK_CWD, nk_fmt(a, "%s/cgroup.procs", leaf), "0",
	    "nook moves into its leaf", DELEGATE);
	x->home = own;
	x->home_step = last_step(x) - 1;
	x->disable = signs(a, missing, '-');
}

static bool stands_in(struct nk_arena *a, const struct nk_cg_hierarchy *h, const char *dir)
{
	const char *own = nk_cg_dir(a, h, h->self);

	return own && strcmp(own, dir) == 0;
}

static void enable_controllers(struct ctx *x, struct at *at)
{
	struct nk_arena *a = x->p->arena;

	for (int i = 0; i < at->n; i++) {
		unsigned missing = at->wanted & ~at->h->enabled[i];
		bool top = i == 0 && strcmp(at->dirs[0], at->h->mount) == 0;

		if (i > 0)
			make_dir(x, at->dirs[i], true, "the group that --cgroup-parent names");
		if (!missing)
			continue;
		if (!(top && at->h->kernel_root) && stands_in(a, at->h, at->dirs[i]))
			leave_own_group(x, at, at->dirs[i], missing);
		put(x, at->file, NK_CWD, nk_fmt(a, "%s/cgroup.subtree_control", at->dirs[i]),
		    signs(a, missing, '+'), "controllers for the groups below",
		    "EBUSY: processes other than nook stand in this group; give nook a group of "
		    "its "
		    "own: systemd-run --user --scope -p Delegate=yes nook run …");
	}
}

/* v1: a group that was made has no CPU and no memory node until it is told, and takes no process.
 */
static void inherit_cpuset(struct ctx *x, struct at *at, const char *dir)
{
	const struct nk_cgroups *c = &x->in->facts->cgroups;
	struct nk_arena *a = x->p->arena;

	put(x, at->file, NK_CWD, nk_fmt(a, "%s/cpuset.cpus", dir), c->cpuset_cpus,
	    "the CPUs of the group above", NULL);
	put(x, at->file, NK_CWD, nk_fmt(a, "%s/cpuset.mems", dir), c->cpuset_mems,
	    "the memory nodes of the group above", NULL);
}

/* v1: the groups above the container's. */
static void make_parents(struct ctx *x, struct at *at)
{
	const struct nk_cgroups *c = &x->in->facts->cgroups;

	for (int i = 1; i < at->n; i++)
		make_dir(x, at->dirs[i], true, "the group that --cgroup-parent names");
	if (at->h->controllers & NK_CG_BIT(NK_CG_CPUSET))
		for (int i = (int)c->cpuset_ready; i < at->n; i++)
			inherit_cpuset(x, at, at->dirs[i]);
}

static void write_settings(struct ctx *x, struct at *at)
{
	for (size_t i = 0; i < x->settings.n; i++) {
		const struct nk_cg_setting *s = &x->settings.v[i];

		if (at->wanted & NK_CG_BIT(s->controller))
			put(x, at->file, at->fd, s->file, s->value, s->why, s->hint);
	}
}

static void v1_devices(struct ctx *x, struct at *at)
{
	struct nk_arena *a = x->p->arena;
	struct nk_cg_device_rules rules = {0};

	nk_cgroup_device_rules(a, x->in->spec, &rules);
	put(x, at->file, at->fd, "devices.deny", "a", "no device but these:", NULL);
	open_file(x, at->fd, "devices.allow", at->file);
	for (size_t i = 0; i < rules.n; i++)
		write_value(x, at->file, nk_cgroup_device_line(a, &rules.v[i]), "may be used")
			->hint = "the group above allows less";
	close_file(x, at->file, "written");
}

static void v2_devices(struct ctx *x, struct at *at)
{
	struct nk_arena *a = x->p->arena;
	struct nk_cg_device_rules rules = {0};
	const char *hint = "restricting a --device to less than rwm needs root (CAP_BPF or "
			   "CAP_SYS_ADMIN outside of any container); leave the access letters out";
	int prog = nk_plan_slot(x->p, "device_program");
	size_t n;

	nk_cgroup_device_rules(a, x->in->spec, &rules);
	struct nk_step *s = nk_plan_add(x->p, NK_OP_BPF_LOAD, "which devices may be used");
	s->p[0] = nk_cgroup_device_program(a, &rules, &n);
	s->n[0] = n;
	s->n[1] = BPF_PROG_TYPE_CGROUP_DEVICE;
	s->s[0] = "Apache-2.0";
	s->out = prog;
	s->hint = hint;
	s = nk_plan_add(x->p, NK_OP_BPF_ATTACH, "it answers for every open in this group");
	s->fd[0] = prog;
	s->fd[1] = at->fd;
	s->n[0] = BPF_CGROUP_DEVICE;
	s->n[1] = BPF_F_ALLOW_MULTI;
	s->hint = hint;
	nk_plan_add(x->p, NK_OP_CLOSE, "the group holds it")->fd[0] = prog;
}

static void make_group(struct ctx *x, struct at *at, bool devices)
{
	struct nk_arena *a = x->p->arena;

	make_dir(x, at->group, false,
		 at->wanted || devices ? "the group that carries the limits"
				       : "the group that the container is born in");
	struct nk_step *s = nk_plan_add(x->p, NK_OP_OPENAT2, "its directory");
	s->fd[0] = NK_CWD;
	s->s[0] = at->group;
	s->n[0] = (at->h->v2 ? O_RDONLY : O_PATH) | O_DIRECTORY | O_CLOEXEC;
	s->out = at->fd;
	x->cg->paths[x->cg->n_paths++] = at->group;

	if (!at->h->v2 && at->h->controllers & ~at->wanted & NK_CG_BIT(NK_CG_CPUSET))
		inherit_cpuset(x, at, at->group);
	write_settings(x, at);
	if (devices && at->h->v2)
		v2_devices(x, at);
	else if (devices)
		v1_devices(x, at);
	if (at->h->v2) {
		x->cg->v2_fd = at->fd;
		return;
	}
	int procs = nk_plan_slot(x->p, nk_fmt(a, "%s_procs", at->label));
	s = open_file(x, at->fd, "cgroup.procs", procs);
	s->why = "where the container's first process will be written";
	x->cg->v1_procs[x->cg->n_v1++] = procs;
	close_file(x, at->fd, "all limits are set");
}

static int plan_hierarchy(struct ctx *x, int index, bool devices)
{
	const struct nk_cgroups *c = &x->in->facts->cgroups;
	const char *parent = x->in->spec->cgroup_parent;
	struct nk_arena *a = x->p->arena;
	struct at at = {.h = &c->hierarchies.v[index]};

	at.wanted = x->wanted & at.h->controllers & ~NK_CG_BIT(NK_CG_DEVICES);
	at.n = nk_cg_chain(a, at.h, parent, at.dirs, x->e);
	if (at.n < 0)
		return at.n;
	if (!at.n || !at.h->writable) {
		/* On version 1 the parent may lie in those hierarchies that we can write to. */
		if (!at.wanted && !devices && (!parent || !at.h->v2))
			return 0;
		nk_fail(x->e, EACCES, "make a cgroup in %s",
			at.n ? at.dirs[at.n - 1] : at.h->mount);
		return nk_hint(x->e, "%s", x->in->facts->euid ? DELEGATE : READONLY);
	}
	at.group = nk_fmt(a, "%s/%s", at.dirs[at.n - 1], x->name);
	const char *slash = strrchr(at.h->mount, '/');
	at.label = slash ? slash + 1 : at.h->mount;
	at.fd = nk_plan_slot(x->p, at.h->v2 ? "cgroup" : nk_fmt(a, "%s_cgroup", at.label));
	at.file = nk_plan_slot(x->p, at.h->v2 ? "cgroup_file" : nk_fmt(a, "%s_file", at.label));
	if (at.h->v2) {
		enable_controllers(x, &at);
	} else {
		make_parents(x, &at);
	}
	make_group(x, &at, devices);
	return 0;
}

/* What was made goes away, last made first. */
static void plan_after(struct ctx *x)
{
	struct nk_arena *a = x->p->arena;
	int file = x->home ? nk_plan_slot(x->p, "home_file") : NK_NOFD;
	uint8_t actor = x->p->actor;

	x->p->actor = NK_AFTER;
	for (int i = x->n_made - 1; i >= 0; i--) {
		size_t from = x->p->steps.n;

		/* The leaf was made first: nook goes home before it is removed. */
		if (i == 0 && x->home) {
			put(x, file, NK_CWD, nk_fmt(a, "%s/cgroup.subtree_control", x->home),
			    x->disable, "no controllers below any more", NULL);
			put(x, file, NK_CWD, nk_fmt(a, "%s/cgroup.procs", x->home), "0",
			    "nook moves back where it came from", NULL);
		}
		for (size_t j = from; j < x->p->steps.n; j++) {
			x->p->steps.v[j].undo_of = (int16_t)x->home_step;
			x->p->steps.v[j].soft[0] = EBUSY; /* others have come to stand there */
			x->p->steps.v[j].soft[1] = ENOENT;
			x->p->steps.v[j].soft[2] = EBADF; /* not opened, then */
		}
		struct nk_step *s = nk_plan_add(x->p, NK_OP_UNLINKAT, "the group goes away again");
		s->fd[0] = NK_CWD;
		s->s[0] = x->made[i].path;
		s->n[0] = AT_REMOVEDIR;
		s->soft[0] = ENOENT;
		s->undo_of = (int16_t)x->made[i].step;
		s->hint = "processes that still live in it are listed in its cgroup.procs";
	}
	x->p->actor = actor;
}

/* The hierarchy for a rule over devices: v1's controller, or any v2 group. */
static int device_hierarchy(const struct nk_cgroups *c, struct nk_err *e)
{
	if (c->where[NK_CG_DEVICES] >= 0)
		return c->where[NK_CG_DEVICES];
	if (c->unified >= 0)
		return c->unified;
	return nk_cgroup_need(c, NK_CG_DEVICES, "--device with less than rwm", e);
}

/* --cgroup-parent is never without effect: it fails where no hierarchy can have it. */
static int no_parent(struct ctx *x)
{
	const char *parent = x->in->spec->cgroup_parent;

	if (!x->in->facts->cgroups.hierarchies.n) {
		nk_fail(x->e, 0, "--cgroup-parent %s: no cgroup file system is mounted", parent);
		return nk_hint(x->e, "mount -t cgroup2 none /sys/fs/cgroup");
	}
	nk_fail(x->e, EACCES, "make a cgroup below --cgroup-parent %s", parent);
	return nk_hint(x->e, "%s", x->in->facts->euid ? DELEGATE : READONLY);
}

static int plan_all(struct ctx *x)
{
	const struct nk_cgroups *c = &x->in->facts->cgroups;
	const struct nk_spec *spec = x->in->spec;
	int devices = -1;

	if (nk_cgroup_devices_needed(spec)) {
		devices = device_hierarchy(c, x->e);
		if (devices < 0)
			return devices;
	}
	if (c->unified >= 0) {
		int ret = plan_hierarchy(x, c->unified, devices == c->unified);
		if (ret < 0)
			return ret;
	}
	for (int i = 0; i < (int)c->hierarchies.n; i++) {
		const struct nk_cg_hierarchy *h = &c->hierarchies.v[i];

		if (i == c->unified || !h->controllers ||
		    (!(h->controllers & x->wanted) && i != devices && !spec->cgroup_parent))
			continue;
		int ret = plan_hierarchy(x, i, i == devices);
		if (ret < 0)
			return ret;
	}
	if (spec->cgroup_parent && !x->cg->n_paths)
		return no_parent(x);
	int holder = nk_cg_holder(c);
	if (spec->ns[NK_NS_PID].mode != NK_NS_NEW && !x->cg->n_paths && holder >= 0)
		return plan_hierarchy(x, holder, false);
	return 0;
}

int nk_plan_cgroup(struct nk_plan *p, const struct nk_plan_input *in, struct nk_plan_cgroup *cg,
		   struct nk_err *e)
{
	const struct nk_cgroups *c = &in->facts->cgroups;
	struct ctx x = {.p = p, .in = in, .cg = cg, .e = e};
	unsigned needed = nk_cgroup_wanted(in->spec);

	*cg = (struct nk_plan_cgroup){.v2_fd = NK_NOFD};
	if (needed & ~c->probed)
		return nk_fail(e, 0, "facts about cgroups were collected for other limits");
	snprintf(x.name, sizeof(x.name), "nook-%.12s", in->spec->id);
	int ret = nk_cgroup_settings(p->arena, &in->spec->resources, c, &x.settings, e);
	for (size_t i = 0; ret >= 0 && i < x.settings.n; i++)
		x.wanted |= NK_CG_BIT(x.settings.v[i].controller);
	p->actor = NK_PARENT;
	p->topic = NK_T_CGROUP;
	if (ret >= 0)
		ret = plan_all(&x);
	if (ret < 0)
		return ret;
	plan_after(&x);
	return nk_arena_ok(p->arena, e);
}
