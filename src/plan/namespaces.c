/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From nook to a process in its namespaces.
 *
 * One clone3 is enough where everything is new. A process in between (middle)
 * is needed where something is joined or where a clock offset is set:
 *
 *   - a joined PID namespace is entered only by children of the one who joins;
 *   - offsets have to be written between unshare(CLONE_NEWTIME) and the clone;
 *   - a namespace that belongs to an outer user namespace has to be joined
 *     before a new user namespace takes the rights away.
 *
 * The middle clones init with CLONE_PARENT, so that init is nook's own child.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>

#include "plan/build.h"

static const char *const titles[NK_NS_COUNT] = {
	[NK_NS_USER] = "users and their ids",
	[NK_NS_MOUNT] = "mounts",
	[NK_NS_UTS] = "host name",
	[NK_NS_IPC] = "IPC",
	[NK_NS_PID] = "process numbers",
	[NK_NS_NET] = "network",
	[NK_NS_CGROUP] = "cgroups",
	[NK_NS_TIME] = "clocks",
};

static bool is_new(const struct nk_build *b, enum nk_ns_kind k)
{
	return b->spec->ns[k].mode == NK_NS_NEW;
}

static bool is_joined(const struct nk_build *b, enum nk_ns_kind k)
{
	return b->spec->ns[k].mode == NK_NS_JOIN;
}

/* Does anything have to happen between nook and init? */
static bool needs_middle(const struct nk_build *b)
{
	if (is_joined(b, NK_NS_USER) || is_joined(b, NK_NS_PID) || b->spec->has_time_offset)
		return true;
	for (int k = 0; k < NK_NS_COUNT; k++)
		if (is_joined(b, (enum nk_ns_kind)k) && is_new(b, NK_NS_USER))
			return true;
	return false;
}

/*
 * A network and its lo take the kernel as long as all other namespaces: where nook has something
 * to do meanwhile, init makes it.
 */
static uint64_t own_flags(const struct nk_build *b)
{
	static const enum nk_ns_kind kinds[] = {NK_NS_NET, NK_NS_IPC};
	uint64_t flags = 0;

	for (size_t i = 0; b->cg.meanwhile && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (is_new(b, kinds[i]))
			flags |= nk_ns_clone_flag(kinds[i]);
	return flags;
}

/* The flags of the clone that makes init. The cgroup namespace comes later, when
 * init sits in its group (a bare command stays in the caller's); the middle makes the user
 * namespace where there is one. */
static uint64_t clone_flags(const struct nk_build *b)
{
	uint64_t flags = b->bare || b->oci ? 0 : CLONE_NEWNS;

	for (int k = 0; k < NK_NS_COUNT; k++)
		if (is_new(b, (enum nk_ns_kind)k) && (b->bare || k != NK_NS_CGROUP) &&
		    !(k == NK_NS_USER && b->middle) &&
		    !(k == NK_NS_TIME && b->spec->has_time_offset))
			flags |= nk_ns_clone_flag((enum nk_ns_kind)k);
	return flags & ~own_flags(b);
}

void nk_part_begin(struct nk_build *b)
{
	struct nk_plan *p = b->p;

	b->trees = b->facts->sys_admin && !b->facts->foreign_mounts ? NK_PARENT : NK_INIT;
	b->middle = needs_middle(b);
	b->new_user = b->spec->ns[NK_NS_USER].mode != NK_NS_HOST;
	nk_actor_topic(p, NK_PARENT, NK_T_SYNC);
	nk_b_socketpair(p);
}

/* Open what is joined while the paths still mean what the caller meant. */
static void open_joined(struct nk_build *b, int *fds)
{
	struct nk_plan *p = b->p;

	nk_actor_topic(p, NK_PARENT, NK_T_NAMESPACES);
	for (int k = 0; k < NK_NS_COUNT; k++) {
		fds[k] = NK_NOFD;
		if (!is_joined(b, (enum nk_ns_kind)k))
			continue;
		fds[k] = nk_b_open(p, NK_CWD, b->spec->ns[k].path, O_RDONLY, 0,
				   nk_fmt(p->arena, "ns_%s", nk_ns_name((enum nk_ns_kind)k)),
				   nk_fmt(p->arena, "the namespace to join: %s", titles[k]));
		nk_plan_last(p)->hint = "the namespace has to be alive: a process in it, which an "
					"ordinary user must own, or a file bound to it, as `ip "
					"netns add` makes one";
	}
}

static void join(struct nk_build *b, const int *fds, enum nk_ns_kind k)
{
	if (fds[k] == NK_NOFD)
		return;
	struct nk_step *s = nk_plan_add(b->p, NK_OP_SETNS, "join: %s", titles[k]);
	s->fd[0] = (int16_t)fds[k];
	s->n[0] = nk_ns_clone_flag(k);
	s->hint =
		"the file must be a namespace of that kind, and joining it needs CAP_SYS_ADMIN in "
		"the user namespace that owns it: join that one too (--userns ns:PATH)";
}

static void join_all_but_user(struct nk_build *b, const int *fds)
{
	for (int k = 0; k < NK_NS_COUNT; k++)
		if (k != NK_NS_USER && k != NK_NS_MOUNT)
			join(b, fds, (enum nk_ns_kind)k);
	/* Last: paths mean something else in it. */
	if (b->oci)
		join(b, fds, NK_NS_MOUNT);
}

const char *nk_b_map_text(struct nk_build *b, const struct nk_idmaps *maps)
{
	const char *text = "";

	for (size_t i = 0; i < maps->n; i++)
		text = nk_fmt(b->p->arena, "%s%u %u %u\n", text, maps->v[i].inside,
			      maps->v[i].outside, maps->v[i].count);
	return text;
}

bool nk_b_own_single_map(const struct nk_build *b)
{
	const struct nk_idmaps *u = &b->spec->uid_maps, *g = &b->spec->gid_maps;

	if (!b->oci)
		return b->facts->single_id;
	/* What the configuration says, and needs nobody's help. */
	return !b->facts->maps_ids && !b->facts->sys_admin && u->n == 1 && g->n == 1 &&
	       u->v[0].count == 1 && g->v[0].count == 1 && u->v[0].outside == b->facts->euid &&
	       g->v[0].outside == b->facts->egid;
}

struct nk_step *nk_b_write_proc(struct nk_build *b, const char *path, int pid_slot,
				const char *text, const char *slot, const char *why)
{
	struct nk_plan *p = b->p;
	int fd = nk_b_open(p, NK_CWD, path, O_WRONLY, 0, slot, why);

	if (pid_slot >= 0)
		nk_plan_last(p)->fd[1] = (int16_t)pid_slot;
	struct nk_step *s = nk_plan_add(p, NK_OP_WRITE, "%s", why);
	s->fd[0] = (int16_t)fd;
	s->s[0] = text;
	s->hint =
		"an id map may name only ids that the caller may use, each once: see `nook doctor`";
	nk_plan_add(p, NK_OP_CLOSE, "written")->fd[0] = (int16_t)fd;
	return p->steps.n > 1 ? &p->steps.v[p->steps.n - 2] : nk_plan_last(p);
}

/* newuidmap PID inside outside count … */
static void helper_map(struct nk_build *b, const char *program, const struct nk_idmaps *maps,
		       int pid_slot, const char *why)
{
	struct nk_plan *p = b->p;
	struct nk_strv argv = {0};
	struct nk_step *s = nk_plan_add(p, NK_OP_HELPER, "%s", why);

	nk_strv_push(p->arena, &argv, program);
	nk_strv_push(p->arena, &argv, "%d");
	for (size_t i = 0; i < maps->n; i++) {
		nk_strv_push(p->arena, &argv, nk_fmt(p->arena, "%u", maps->v[i].inside));
		nk_strv_push(p->arena, &argv, nk_fmt(p->arena, "%u", maps->v[i].outside));
		nk_strv_push(p->arena, &argv, nk_fmt(p->arena, "%u", maps->v[i].count));
	}
	s->s[0] = program;
	s->p[0] = argv.v;
	s->fd[0] = (int16_t)pid_slot;
	s->hint =
		"newuidmap and newgidmap allow what /etc/subuid and /etc/subgid list for this user";
}

/* The parent's part: who is who in the new user namespace. */
static void write_maps(struct nk_build *b, int pid_slot)
{
	struct nk_plan *p = b->p;

	nk_actor_topic(p, NK_PARENT, NK_T_IDS);
	if (b->facts->maps_ids || b->facts->sys_admin) {
		nk_b_write_proc(b, "/proc/%d/uid_map", pid_slot,
				nk_b_map_text(b, &b->spec->uid_maps), "uid_map",
				"which user inside is which outside");
		nk_b_write_proc(b, "/proc/%d/gid_map", pid_slot,
				nk_b_map_text(b, &b->spec->gid_maps), "gid_map",
				"which group inside is which outside");
	} else {
		helper_map(b, b->facts->newuidmap_path, &b->spec->uid_maps, pid_slot,
			   "which user inside is which outside");
		helper_map(b, b->facts->newgidmap_path, &b->spec->gid_maps, pid_slot,
			   "which group inside is which outside");
	}
}

/* Mounts that show the ids of the new user namespace, before it may use them. */
static void idmap_trees(struct nk_build *b, int pid_slot)
{
	struct nk_plan *p = b->p;
	int userns = NK_NOFD;

	for (size_t i = 0; i < b->n_idmapped; i++) {
		if (userns == NK_NOFD) {
			userns = nk_b_open(p, NK_CWD, "/proc/%d/ns/user", O_RDONLY, 0, "userns",
					   "the new user namespace");
			nk_plan_last(p)->fd[1] = (int16_t)pid_slot;
		}
		struct nk_step *s =
			nk_b_setattr(p, b->idmapped[i], !b->idmap_flat[i], MOUNT_ATTR_IDMAP, 0, 0,
				     "owners of files as the new user namespace counts");
		s->fd[1] = (int16_t)userns;
		s->hint = "this file system cannot be idmapped: leave `idmap` away, or give the "
			  "files to the mapped ids";
	}
}

const char *nk_b_kinds_in_words(struct nk_build *b, uint64_t flags)
{
	const char *text = "";

	for (int k = 0; k < NK_NS_COUNT; k++)
		if (flags & nk_ns_clone_flag((enum nk_ns_kind)k))
			text = nk_fmt(b->p->arena, "%s%s%s", text, *text ? ", " : "", titles[k]);
	return text;
}

static const char clone_hint[] =
	"this user may not make namespaces here: `nook doctor` says what is missing";

static void clone_init(struct nk_build *b, enum nk_actor by, uint64_t flags)
{
	struct nk_step *s = nk_plan_add(b->p, NK_OP_CLONE3, "a process %s%s",
					flags ? "with its own " : "that becomes the command",
					nk_b_kinds_in_words(b, flags));

	s->n[0] = flags | (by == NK_MIDDLE ? CLONE_PARENT : CLONE_PIDFD);
	s->n[1] = NK_INIT;
	s->out = NK_SLOT_PID;
	if (by == NK_PARENT)
		s->fd[1] = NK_SLOT_PIDFD;
	if (by == NK_PARENT && b->cg.v2_fd >= 0) {
		s->n[0] |= CLONE_INTO_CGROUP;
		s->fd[0] = (int16_t)b->cg.v2_fd;
	}
	/* pid_namespaces(7): without its first process no other can be made there. */
	s->hint = is_joined(b, NK_NS_PID)
			  ? "\"Cannot allocate memory\" means: the first process of the joined "
			    "PID namespace has ended, and nothing can start in it any more"
			  : clone_hint;
}

void nk_part_time_offsets(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	const struct nk_spec *spec = b->spec;
	const int64_t second = 1000000000;
	/* The kernel wants nanoseconds in 0 … 999,999,999 also for negative offsets. */
	int64_t ns[2] = {spec->monotonic_ns, spec->boottime_ns}, sec[2];

	for (int i = 0; i < 2; i++) {
		sec[i] = ns[i] / second;
		ns[i] %= second;
		if (ns[i] < 0) {
			ns[i] += second;
			sec[i]--;
		}
	}
	p->topic = NK_T_TIME;
	struct nk_step *s = nk_plan_add(p, NK_OP_UNSHARE, "own clocks, for children only");
	s->n[0] = CLONE_NEWTIME;
	s->hint = clone_hint;
	nk_b_write_proc(b, "/proc/self/timens_offsets", NK_NOFD,
			nk_fmt(p->arena, "monotonic %lld %lld\nboottime %lld %lld\n",
			       (long long)sec[0], (long long)ns[0], (long long)sec[1],
			       (long long)ns[1]),
			"timens_offsets", "how far they are from the host's");
	if (p->steps.n < 2)
		return;
	p->steps.v[p->steps.n - 2].hint =
		"the clocks inside may not become negative, and the offset "
		"has a limit of about 146 years";
}

/* The process in between. */
static void middle_steps(struct nk_build *b, const int *fds)
{
	struct nk_plan *p = b->p;
	struct nk_step *s;
	/* Root may join anything and does so first; an ordinary user gets the right
	 * to join from the user namespace that owns the others. */
	bool user_last = b->facts->sys_admin;

	nk_actor_topic(p, NK_MIDDLE, NK_T_SYNC);
	nk_b_close_peer(p, "so that nook's death is seen");
	p->topic = NK_T_NAMESPACES;
	/* Elsewhere nobody is there yet, and /proc/self has to stay ours. */
	if (is_joined(b, NK_NS_PID) || is_joined(b, NK_NS_USER)) {
		s = nk_plan_add(p, NK_OP_PRCTL,
				"nobody inside may trace this process (CVE-2016-9962)");
		s->n[0] = PR_SET_DUMPABLE;
	}
	if (user_last) {
		join_all_but_user(b, fds);
		nk_part_joined_mounts(b);
		/* The users to be joined may forbid it once this process is among them. */
		if (is_joined(b, NK_NS_USER)) {
			p->topic = NK_T_IDS;
			s = nk_plan_add(p, NK_OP_SETGROUPS, "no groups of the host");
			s->n[0] = 0;
			p->topic = NK_T_NAMESPACES;
		}
	}
	join(b, fds, NK_NS_USER);
	if (!user_last)
		join_all_but_user(b, fds);
	if (is_new(b, NK_NS_USER)) {
		s = nk_plan_add(p, NK_OP_UNSHARE, "own %s", titles[NK_NS_USER]);
		s->n[0] = CLONE_NEWUSER;
		s->hint = clone_hint;
		if (nk_b_own_single_map(b)) {
			nk_part_own_map(b);
		} else {
			p->topic = NK_T_SYNC;
			nk_b_tell(p, NK_MSG_WANT_MAP, NK_NOFD, "ask nook for the id maps");
			nk_b_await(p, NK_MSG_MAPPED, NK_NOFD, "until they are written");
		}
	}
	if (b->spec->has_time_offset)
		nk_part_time_offsets(b);
	if (b->new_user && !b->keeps_ids)
		nk_b_become_root(b, is_joined(b, NK_NS_USER));
	p->topic = NK_T_NAMESPACES;
	clone_init(b, NK_MIDDLE, clone_flags(b));
	p->topic = NK_T_SYNC;
	nk_b_tell(p, NK_MSG_PID, NK_SLOT_PID, "its number");
	nk_plan_add(p, NK_OP_EXIT, "the work in between is done");
}

/* An ordinary user without subordinate ids: one id, mapped by the process itself. */
void nk_part_own_map(struct nk_build *b)
{
	b->p->topic = NK_T_IDS;
	nk_b_write_proc(b, "/proc/self/setgroups", NK_NOFD, "deny", "setgroups",
			"groups cannot be dropped any more (the kernel wants it so)");
	nk_b_write_proc(b, "/proc/self/uid_map", NK_NOFD, nk_b_map_text(b, &b->spec->uid_maps),
			"uid_map", "which user inside is which outside");
	nk_b_write_proc(b, "/proc/self/gid_map", NK_NOFD, nk_b_map_text(b, &b->spec->gid_maps),
			"gid_map", "which group inside is which outside");
}

/* Version 1 cgroups: init is moved by nook while it sets up its mounts. */
static void place(struct nk_build *b)
{
	struct nk_plan *p = b->p;

	p->topic = NK_T_CGROUP;
	for (int i = 0; i < b->cg.n_v1 && !b->cg.by_itself; i++) {
		struct nk_step *s = nk_plan_add(p, NK_OP_WRITE, "into its cgroup");
		s->fd[0] = (int16_t)b->cg.v1_procs[i];
		s->fd[1] = NK_SLOT_PID;
	}
}

/* Does init have to wait for its parent before it makes a cgroup namespace? */
static bool waits_for_place(const struct nk_build *b)
{
	/* Also with a middle: init may not run on unless nook knows its pid. */
	return (b->cg.n_v1 > 0 && !b->cg.by_itself) || b->cg.meanwhile || b->middle || b->holds ||
	       (b->oci && b->oci->unit && b->oci->unit->name);
}

static void parent_after_clone(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	int pid = b->middle ? NK_SLOT_MIDDLE_PID : NK_SLOT_PID;
	bool maps = is_new(b, NK_NS_USER) && !nk_b_own_single_map(b);

	nk_actor_topic(p, NK_PARENT, NK_T_SYNC);
	nk_b_close_peer(p, "so that the other's end is noticed");
	if (maps) {
		if (b->middle)
			nk_b_await(p, NK_MSG_WANT_MAP, NK_NOFD, "until the user namespace is made");
		write_maps(b, pid);
		idmap_trees(b, pid);
		p->topic = NK_T_SYNC;
		nk_b_tell(p, NK_MSG_MAPPED, NK_NOFD, "the id maps are written");
	}
	if (b->middle) {
		p->topic = NK_T_SYNC;
		nk_b_await(p, NK_MSG_PID, NK_SLOT_PID,
			   "the number of the container's first process");
		struct nk_step *s = nk_plan_add(p, NK_OP_PIDFD_OPEN, "a hold on it");
		s->fd[0] = NK_SLOT_PID;
		s->out = NK_SLOT_PIDFD;
	}
	if (b->oci && b->oci->unit && b->oci->unit->name)
		nk_part_oci_scope(b);
	if (b->cg.meanwhile)
		nk_part_oci_groups(b);
	place(b);
	if (b->oci)
		nk_part_oci_oom(b, NK_SLOT_PID);
	if (waits_for_place(b)) {
		p->topic = NK_T_SYNC;
		nk_b_tell(p, NK_MSG_PLACED, NK_NOFD, "it is where it belongs");
	}
}

void nk_part_clone(struct nk_build *b)
{
	struct nk_plan *p = b->p;
	uint64_t flags = clone_flags(b);
	int fds[NK_NS_COUNT];

	open_joined(b, fds);
	nk_actor_topic(p, NK_PARENT, NK_T_NAMESPACES);
	if (b->middle) {
		struct nk_step *s = nk_plan_add(p, NK_OP_CLONE3, "a process in between");
		s->n[0] = CLONE_PIDFD | (b->cg.v2_fd >= 0 ? CLONE_INTO_CGROUP : 0);
		s->n[1] = NK_MIDDLE;
		s->out = NK_SLOT_MIDDLE_PID;
		s->fd[1] = NK_SLOT_MIDDLE_PIDFD;
		s->fd[0] = (int16_t)b->cg.v2_fd;
		s->hint = clone_hint;
		middle_steps(b, fds);
	} else {
		clone_init(b, NK_PARENT, flags);
	}
	parent_after_clone(b);

	nk_actor_topic(p, NK_INIT, NK_T_SYNC);
	if (!b->middle) {
		nk_b_close_peer(p, "so that nook's death is seen");
		if (is_new(b, NK_NS_USER) && nk_b_own_single_map(b)) {
			nk_part_own_map(b);
		} else if (is_new(b, NK_NS_USER)) {
			nk_b_await(p, NK_MSG_MAPPED, NK_NOFD, "until the id maps are written");
		}
		if (b->new_user && !b->keeps_ids)
			nk_b_become_root(b, is_joined(b, NK_NS_USER));
		p->topic = NK_T_NAMESPACES;
		join_all_but_user(b, fds);
		if (own_flags(b)) {
			struct nk_step *s = nk_plan_add(p, NK_OP_UNSHARE, "its own %s",
							nk_b_kinds_in_words(b, own_flags(b)));
			s->n[0] = own_flags(b);
			s->hint = clone_hint;
		}
	}
	if (waits_for_place(b))
		b->wait_place = true;
}

/*
 * A task that moves itself, and only itself ("tasks", not "cgroup.procs"), needs none of the locks
 * that the kernel takes to keep a process from changing meanwhile, and whose first use after a
 * while of rest is a grace period of 5 to 15 ms. (Since Linux 5.5: "cgroup: Optimize single thread
 * migration".) Who opened the files counts for the rights, and that was nook.
 */
void nk_b_enter_groups(struct nk_plan *p, const int *tasks, int n)
{
	p->topic = NK_T_CGROUP;
	for (int i = 0; i < n; i++) {
		struct nk_step *s = nk_plan_add(p, NK_OP_WRITE, "into its cgroup, by itself");
		s->fd[0] = (int16_t)tasks[i];
		s->s[0] = "0";
	}
}

/* init: wait for the parent's placing, then see only the own part of the cgroups. */
void nk_part_cgroup_namespace(struct nk_build *b)
{
	struct nk_plan *p = b->p;

	nk_actor_topic(p, NK_INIT, NK_T_SYNC);
	if (b->cg.by_itself && !b->cg.meanwhile)
		nk_b_enter_groups(p, b->cg.v1_procs, b->cg.n_v1);
	p->topic = NK_T_SYNC;
	if (b->wait_place)
		nk_b_await(p, NK_MSG_PLACED, NK_NOFD,
			   b->cg.meanwhile ? "until nook has made the container's groups"
					   : "until nook has put this process where it belongs");
	if (b->cg.meanwhile)
		nk_part_oci_enter_groups(b);
	p->topic = NK_T_CGROUP;
	if (is_new(b, NK_NS_CGROUP) && !b->bare) {
		struct nk_step *s = nk_plan_add(p, NK_OP_UNSHARE,
						"its own cgroup is the top, seen from inside");
		s->n[0] = CLONE_NEWCGROUP;
	}
}
