/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The groups of an OCI container: made in every hierarchy that nk_cg_place() found, with all of
 * their limits, before there is a process. Version 2's is the one that it is born in; into those of
 * version 1 it writes itself (enter_groups() in namespaces.c), since to be written there by another
 * process costs milliseconds after a while of rest.
 *
 * A dozen directories of version 1 take as long as all mounts: where init can open their files
 * itself (meanwhile()), the parent makes them behind the clone, while init mounts.
 *
 * With --systemd-cgroup the group is a scope, and systemd makes it around a process that is there
 * already: so all of it comes behind the clone (nk_part_oci_scope), while init waits.
 *
 * Nothing is taken away here: `delete` does it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <string.h>

#include "cgroup/oci_devices.h"
#include "plan/build.h"

static const char *label_of(struct nk_arena *a, const struct nk_cg_group *g)
{
	const char *slash = strrchr(g->mount, '/');

	return g->v2 ? "cgroup" : nk_fmt(a, "%s_cgroup", slash ? slash + 1 : g->mount);
}

static struct nk_step *open_file(struct nk_build *b, int dir, const char *path, int slot)
{
	struct nk_step *s = nk_plan_add(b->p, NK_OP_OPENAT2, "open %s", path);

	s->fd[0] = (int16_t)dir;
	s->s[0] = path;
	s->n[0] = O_WRONLY | O_CLOEXEC;
	s->out = (int16_t)slot;
	return s;
}

static struct nk_step *write_text(struct nk_build *b, int slot, const char *value, const char *why)
{
	struct nk_step *s = nk_plan_add(b->p, NK_OP_WRITE, "%s", why);

	s->fd[0] = (int16_t)slot;
	s->s[0] = value;
	return s;
}

static void close_slot(struct nk_build *b, int slot, const char *why)
{
	nk_plan_add(b->p, NK_OP_CLOSE, "%s", why)->fd[0] = (int16_t)slot;
}

/* The container's own (not one above) must not be there: then somebody else has made it since
 * nk_cg_place() looked, and it is theirs. */
static void make_dir(struct nk_build *b, const char *path, bool own, const char *why)
{
	struct nk_step *s = nk_plan_add(b->p, NK_OP_MKDIRAT, "%s", why);

	s->fd[0] = NK_CWD;
	s->s[0] = path;
	s->n[0] = 0755;
	s->soft[0] = own ? 0 : EEXIST;
	s->hint = b->oci->rootless
			  ? "leave linux.cgroupsPath away, use --systemd-cgroup, or get a group of "
			    "your own: systemd-run --user --scope -p Delegate=yes …"
			  : "the directory above must be a cgroup that may have groups below it";
}

/* A group of v1's cpuset has no CPU and no memory node until it is told, and takes no process. */
static void inherit_cpuset(struct nk_build *b, const struct nk_cg_group *g, const char *dir,
			   int slot)
{
	static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};

	for (int i = 0; i < 2; i++) {
		open_file(b, NK_CWD, nk_fmt(b->p->arena, "%s/%s", dir, files[i]), slot);
		write_text(b, slot, i ? g->mems : g->cpus,
			   i ? "the memory nodes of the group above"
			     : "the CPUs of the group above");
		close_slot(b, slot, "written");
	}
}

/*
 * v2: what the group above has is given on. Each for itself where one fails, all others at once:
 * a limit that needs a controller that could not be enabled fails when it is written.
 */
static void enable(struct nk_build *b, const struct nk_cg_level *l, int slot)
{
	open_file(b, NK_CWD, nk_fmt(b->p->arena, "%s/cgroup.subtree_control", l->dir), slot);

	for (const char *at = l->enable; *at; at += strspn(at, " ")) {
		size_t n = strcspn(at, " ");

		struct nk_step *s = write_text(b, slot, nk_strndup(b->p->arena, at, n),
					       "a controller for the groups below");
		nk_tolerate(s, EBUSY, EINVAL, ENOENT);
		at += n;
	}
	close_slot(b, slot, "written");
}

static void make_levels(struct nk_build *b, const struct nk_cg_group *g, int slot)
{
	for (size_t i = 0; i < g->levels.n; i++) {
		const struct nk_cg_level *l = &g->levels.v[i];

		if (!l->exists)
			make_dir(b, l->dir, false, "a group above the container's");
		if (l->bare && g->cpus)
			inherit_cpuset(b, g, l->dir, slot);
		if (l->enable)
			enable(b, l, slot);
	}
}

/* enable() tolerates that a controller cannot be had: it is the limit that misses its file. */
static const char *hint_of(const struct nk_cg_write *w)
{
	if (w->hint || !w->group->v2)
		return w->hint;
	return "\"No such file\" means: the controller could not be enabled here; the group above "
	       "must have no processes of its own";
}

static void write_settings(struct nk_build *b, const struct nk_cg_group *g, int dir, int slot,
			   const struct nk_cg_writes *writes)
{
	const char *open = NULL;

	for (size_t i = 0; i < writes->n; i++) {
		const struct nk_cg_write *w = &writes->v[i];
		struct nk_step *s;

		if (w->group != g)
			continue;
		if (!open || strcmp(open, w->file) != 0) {
			if (open)
				close_slot(b, slot, "written");
			s = open_file(b, dir,
				      dir == NK_CWD ? nk_fmt(b->p->arena, "%s/%s", g->dir, w->file)
						    : w->file,
				      slot);
			nk_tolerate(s, w->soft, 0, 0);
			s->hint = hint_of(w);
		}
		open = w->file;
		s = write_text(b, slot, w->value,
			       nk_fmt(b->p->arena, "%s %s: %s", w->file, w->value, w->why));
		/* Not opened, then: the file was not there, and that is no failure. */
		nk_tolerate(s, w->soft, w->soft ? EBADF : 0, 0);
		s->hint = w->hint;
	}
	if (open)
		nk_tolerate((close_slot(b, slot, "written"), nk_plan_last(b->p)), EBADF, 0, 0);
}

static int open_dir(struct nk_build *b, const struct nk_cg_group *g, const char *label)
{
	struct nk_step *s = nk_plan_add(b->p, NK_OP_OPENAT2, "its directory");
	int dir = nk_plan_slot(b->p, label);

	s->fd[0] = NK_CWD;
	s->s[0] = g->dir;
	s->n[0] = (g->v2 ? O_RDONLY : O_PATH) | O_DIRECTORY | O_CLOEXEC;
	s->out = (int16_t)dir;
	return dir;
}

/*
 * The group with its limits; its directory is in the slot that is answered. Not those that are made
 * meanwhile: most have one limit or none, and then it is less to write by path (NK_CWD).
 */
static int make_group(struct nk_build *b, const struct nk_cg_group *g,
		      const struct nk_cg_writes *writes, bool by_systemd)
{
	struct nk_plan *p = b->p;
	const char *label = label_of(p->arena, g);
	int slot = nk_plan_slot(p, nk_fmt(p->arena, "%s_file", label)), dir = NK_CWD;

	if (!by_systemd) {
		make_levels(b, g, slot);
		if (!g->existed)
			make_dir(b, g->dir, true, "the container's group");
	}
	if (g->v2 || !b->cg.meanwhile)
		dir = open_dir(b, g, label);
	if (!g->v2 && g->cpus && !g->existed)
		inherit_cpuset(b, g, g->dir, slot);
	write_settings(b, g, dir, slot, writes);
	if (b->cg.n_paths < (int)(sizeof(b->cg.paths) / sizeof(b->cg.paths[0])))
		b->cg.paths[b->cg.n_paths++] = g->dir;
	return dir;
}

/* Of a group of version 1: where the container's first process writes itself (namespaces.c), or,
 * in a scope of systemd's, is written by the parent. */
static int open_procs(struct nk_build *b, const struct nk_cg_group *g, int dir)
{
	int procs = nk_plan_slot(b->p, nk_fmt(b->p->arena, "%s_procs", label_of(b->p->arena, g)));

	open_file(b, dir, b->cg.by_itself ? "tasks" : "cgroup.procs", procs)->why =
		"where the container's first process will be written";
	close_slot(b, dir, "all limits are set");
	return procs;
}

/* v2: a program answers for every open and mknod in this group. */
static void load_devices(struct nk_build *b, const struct nk_cg_devices *d, int dir)
{
	struct nk_plan *p = b->p;
	const char *hint = "this kernel needs CONFIG_CGROUP_BPF for rules over devices";
	int prog = nk_plan_slot(p, "device_program");
	size_t n;
	struct nk_step *s = nk_plan_add(p, NK_OP_BPF_LOAD, "which devices may be used");

	s->p[0] = nk_cg_devices_program(p->arena, d, &n);
	s->n[0] = n;
	s->n[1] = BPF_PROG_TYPE_CGROUP_DEVICE;
	s->s[0] = "Apache-2.0";
	s->out = (int16_t)prog;
	s->hint = hint;
	s = nk_plan_add(p, NK_OP_BPF_ATTACH, "it answers for every open in this group");
	s->fd[0] = (int16_t)prog;
	s->fd[1] = (int16_t)dir;
	s->n[0] = BPF_CGROUP_DEVICE;
	s->n[1] = BPF_F_ALLOW_MULTI;
	s->hint = hint;
	close_slot(b, prog, "the group holds it");
}

/*
 * Who may not make rules over devices may not make device nodes either: nothing is lost where an
 * ordinary user's container has none.
 */
static int device_rules(struct nk_build *b, struct nk_cg_devices *d, struct nk_cg_writes *writes,
			struct nk_err *e)
{
	const struct nk_cg_groups *groups = b->oci->groups;
	const struct nk_cg_group *v1 = nk_cg_of(groups, "devices");

	*d = (struct nk_cg_devices){.allow = true};
	if (b->oci->rootless || !groups->n)
		return 0;
	int ret = nk_cg_devices(b->p->arena, &b->oci->config->resources, d, e);
	if (ret < 0 || !v1 || (nk_cg_devices_free(d) && !v1->existed))
		return ret;
	return nk_cg_devices_v1(b->p->arena, d, v1, writes, e);
}

static int settings(struct nk_build *b, struct nk_cg_devices *devices, struct nk_cg_writes *writes,
		    struct nk_err *e)
{
	const struct nk_oci_input *oci = b->oci;
	int ret =
		nk_cg_resources(b->p->arena, &oci->config->resources, oci->groups, NULL, writes, e);

	return ret < 0 ? ret : device_rules(b, devices, writes, e);
}

/*
 * May the groups of version 1 come behind the clone? Init opens their files by the host's paths
 * and with the host's rights. Not with hooks of the container: whom nk_oci_destroy() finds in a
 * group of a container that was never ready is not the container's.
 */
static bool meanwhile(const struct nk_build *b)
{
	const struct nk_spec *spec = b->spec;

	return b->clones && !b->middle && !b->new_user && b->facts->sys_admin &&
	       spec->ns[NK_NS_MOUNT].mode != NK_NS_JOIN &&
	       !b->oci->config->hooks[NK_HOOK_START_CONTAINER].n;
}

static void group_steps(struct nk_build *b, const struct nk_cg_devices *devices,
			const struct nk_cg_writes *writes, const struct nk_cg_group *g)
{
	bool scope = b->oci->unit && b->oci->unit->name;
	int dir = make_group(b, g, writes, scope && g->v2);

	if (g->v2 && !nk_cg_of(b->oci->groups, "devices") && !nk_cg_devices_free(devices))
		load_devices(b, devices, dir);
	if (g->v2 && scope)
		close_slot(b, dir, "all limits are set");
	else if (g->v2)
		b->cg.v2_fd = dir;
	else if (!b->cg.meanwhile)
		b->cg.v1_procs[b->cg.n_v1++] = open_procs(b, g, dir);
}

static bool has_v1(const struct nk_cg_groups *groups)
{
	for (size_t i = 0; i < groups->n; i++)
		if (!groups->v[i].v2)
			return true;
	return false;
}

int nk_part_oci_cgroup(struct nk_build *b, struct nk_err *e)
{
	const struct nk_cg_groups *groups = b->oci->groups;
	struct nk_cg_writes writes = {0};
	struct nk_cg_devices devices;

	b->cg = (struct nk_plan_cgroup){.v2_fd = NK_NOFD};
	if (!groups)
		return 0;
	if (groups->n > NK_CG_GROUPS_MAX)
		return nk_fail(e, E2BIG, "%zu hierarchies of cgroups", groups->n);
	int ret = settings(b, &devices, &writes, e);
	if (ret < 0 || (b->oci->unit && b->oci->unit->name))
		return ret;
	nk_actor_topic(b->p, NK_PARENT, NK_T_CGROUP);
	b->cg.by_itself = true;
	b->cg.meanwhile = meanwhile(b) && has_v1(groups);
	for (size_t i = 0; i < groups->n; i++)
		if (groups->v[i].v2 || !b->cg.meanwhile)
			group_steps(b, &devices, &writes, &groups->v[i]);
	return 0;
}

void nk_part_oci_groups(struct nk_build *b)
{
	const struct nk_cg_groups *groups = b->oci->groups;
	struct nk_cg_writes writes = {0};
	struct nk_cg_devices devices;
	struct nk_err checked = {0};

	/* nk_part_oci_cgroup() has seen that it can be done. */
	if (settings(b, &devices, &writes, &checked) < 0)
		return;
	nk_actor_topic(b->p, NK_PARENT, NK_T_CGROUP);
	for (size_t i = 0; i < groups->n; i++)
		if (!groups->v[i].v2)
			group_steps(b, &devices, &writes, &groups->v[i]);
}

void nk_part_oci_enter_groups(struct nk_build *b)
{
	const struct nk_cg_groups *groups = b->oci->groups;
	struct nk_arena *a = b->p->arena;
	int tasks = nk_plan_slot(b->p, "tasks");

	b->p->topic = NK_T_CGROUP;
	for (size_t i = 0; i < groups->n; i++) {
		if (groups->v[i].v2)
			continue;
		open_file(b, NK_CWD, nk_fmt(a, "%s/tasks", groups->v[i].dir), tasks)->why =
			"where this process is written";
		nk_b_enter_groups(b->p, &tasks, 1);
		close_slot(b, tasks, "it is in it");
	}
}

void nk_part_oci_placed(struct nk_build *b)
{
	if (!b->cg.meanwhile || b->cg.placed)
		return;
	b->cg.placed = true;
	nk_part_cgroup_namespace(b);
}

/* nook-systemd start [--user] UNIT SLICE PID [PROPERTY=VALUE…] */
static void start_scope(struct nk_build *b, const struct nk_cg_unit *unit)
{
	struct nk_arena *a = b->p->arena;
	struct nk_strv argv = {0};
	struct nk_step *s =
		nk_plan_add(b->p, NK_OP_HELPER, "systemd makes %s around it", unit->name);

	nk_strv_push(a, &argv, "nook-systemd");
	nk_strv_push(a, &argv, "start");
	if (unit->user)
		nk_strv_push(a, &argv, "--user");
	nk_strv_push(a, &argv, unit->name);
	nk_strv_push(a, &argv, unit->slice);
	nk_strv_push(a, &argv, "%d");
	for (size_t i = 0; i < unit->properties.n; i++)
		nk_strv_push(a, &argv, unit->properties.v[i]);
	s->s[0] = unit->program;
	s->p[0] = argv.v;
	s->fd[0] = NK_SLOT_PID;
	s->hint = "leave --systemd-cgroup away where systemd is not running";
}

void nk_part_oci_scope(struct nk_build *b)
{
	const struct nk_cg_groups *groups = b->oci->groups;
	struct nk_cg_writes writes = {0};
	struct nk_cg_devices devices;
	struct nk_err checked = {0};

	/* nk_part_oci_cgroup() has seen that it can be done. */
	if (!groups || settings(b, &devices, &writes, &checked) < 0)
		return;
	nk_actor_topic(b->p, NK_PARENT, NK_T_CGROUP);
	start_scope(b, b->oci->unit);
	for (size_t i = 0; i < groups->n; i++)
		group_steps(b, &devices, &writes, &groups->v[i]);
}
