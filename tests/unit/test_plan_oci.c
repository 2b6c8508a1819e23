/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan of nook-runtime: golden files (data/plan/oci-NAME) for configurations on machines made
 * by hand, and rules that hold for each configuration on each machine: all actors run to their
 * end, the rootfs is never left before pivot_root, and behind the filter there is nothing but the
 * command. UPDATE_GOLDEN=1 writes the files anew.
 */
#include "plan/exec.h"
#include "plan_golden.h"
#include "plan_matrix.h"
#include "plan_rules.h"

enum { WAITS = 1, HOOKS = 2, NO_PIVOT = 4, LISTENER = 8, PROFILE = 16, MASKED = 32, UNIT = 64 };

struct oci_cell {
	const char *name;
	enum who who;
	enum groups groups;
	const char *ns; /* as in plan_matrix.h */
	unsigned how;
	const char *process, *linux_, *mounts, *rest; /* members of the document, with a comma */
};

#define MOUNT(destination, type, source, options)                                         \
	"{\"destination\":\"" destination "\",\"type\":\"" type "\",\"source\":\"" source \
	"\",\"options\":[" options "]}"
#define USUAL                                                                                                                                                              \
	MOUNT("/proc", "proc", "proc", "")                                                                                                                                 \
	"," MOUNT("/dev", "tmpfs", "tmpfs", "\"nosuid\",\"mode=755\"") "," MOUNT("/dev/pts", "devpts", "devpts", "\"newinstance\",\"ptmxmode=0666\",\"gid=5\"") "," MOUNT( \
		"/sys", "sysfs", "sysfs",                                                                                                                                  \
		"\"nosuid\",\"ro\"") "," MOUNT("/sys/fs/cgroup", "cgroup", "cgroup",                                                                                       \
					       "\"nosuid\",\"ro\"") "," MOUNT("/dev/mqueue",                                                                               \
									      "mqueue", "mqueue",                                                                          \
									      "")
#define CAPS_KILL                                                                     \
	"\"capabilities\":{\"bounding\":[\"CAP_KILL\"],\"effective\":[\"CAP_KILL\"]," \
	"\"permitted\":[\"CAP_KILL\"],\"inheritable\":[\"CAP_KILL\"],\"ambient\":[\"CAP_KILL\"]},"
#define BIND(options) "," MOUNT("/data/in", "bind", "/srv/data", options)
#define DEVICES                                                                           \
	"\"devices\":[{\"path\":\"/dev/fuse\",\"type\":\"c\",\"major\":10,\"minor\":229," \
	"\"fileMode\":432,\"uid\":3,\"gid\":4},{\"path\":\"/run/queue\",\"type\":\"p\"}," \
	"{\"path\":\"/dev/null\",\"type\":\"c\",\"major\":1,\"minor\":3}],"

static const struct oci_cell cells[] = {
	{"plain", ROOT, NONE, "hnnnnnhh", 0, "", "", USUAL, ""}, /* the others are told from it */
	{"create", ROOT, V2, "hnnnnnnh", WAITS | MASKED, CAPS_KILL, "", USUAL,
	 "\"hostname\":\"web\","},
	{"create-v1", ROOT, V1, "hnnnnnnh", WAITS, "", "", USUAL, ""},
	{"create-hybrid-no-cgroupns", ROOT, HYBRID, "hnnnnnhh", WAITS, "", "", USUAL, ""},
	{"systemd", ROOT, V2, "hnnnnnnh", WAITS | UNIT, "", "", USUAL, ""},
	{"userns", ROOT, V2, "nnnnnnnh", WAITS | MASKED,
	 "\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":9,\"hard\":9}]," CAPS_KILL, DEVICES,
	 USUAL, ""},
	{"rootless", USER, NONE, "nnnnnnhh", WAITS | MASKED, "\"oomScoreAdj\":-5,", "", USUAL, ""},
	{"rootless-single", SINGLE, NONE, "nnnnnnnh", 0, "", "", USUAL, ""},
	{"podman-rootless", FOREIGN, V2, "hnnnnnnh", WAITS, "\"oomScoreAdj\":100,", "", USUAL, ""},
	{"pod", ROOT, V2, "hnjjjjnh", WAITS, CAPS_KILL, "", USUAL, ""},
	{"pod-userns", ROOT, V2, "jnjjnjnh", WAITS, "", "", USUAL, ""},
	{"host-namespaces", ROOT, V1, "hnhhhhhh", 0, "", "", USUAL, ""},
	{"no-mount-namespace", ROOT, NONE, "hhnnnnhh", 0, "", "", "", ""},
	{"mounts-of-the-host", ROOT, NONE, "hhnnnnhh", 0, "", "", USUAL, ""},
	{"joined-mount-namespace", ROOT, NONE, "hjnnnnhh", 0, "", "", USUAL, ""},
	{"clocks", ROOT, NONE, "hnnnnnhn", 0, "",
	 "\"timeOffsets\":{\"boottime\":{\"secs\":5,\"nanosecs\":7}},", USUAL, ""},
	{"terminal", ROOT, NONE, "hnnnnnhh", WAITS,
	 "\"terminal\":true,\"consoleSize\":{\"height\":30,\"width\":90},\"user\":{\"uid\":7,"
	 "\"gid\":8,\"additionalGids\":[9]},",
	 "", USUAL, ""},
	{"hooks", ROOT, NONE, "hnnnnnhh", WAITS | HOOKS, "", "", USUAL, ""},
	{"no-pivot", ROOT, NONE, "hnnnnnhh", NO_PIVOT, "", "", USUAL, ""},
	{"hooks-no-pivot", ROOT, NONE, "hnnnnnhh", HOOKS | NO_PIVOT, "", "", USUAL, ""},
	{"filter", ROOT, NONE, "hnnnnnhh", WAITS | PROFILE,
	 "\"user\":{\"uid\":7,\"gid\":8}," CAPS_KILL, "", USUAL, ""},
	{"filter-no-new-privs", ROOT, NONE, "hnnnnnhh", WAITS | PROFILE | LISTENER,
	 "\"noNewPrivileges\":true,\"user\":{\"uid\":7,\"gid\":8}," CAPS_KILL, "", USUAL, ""},
	{"process", ROOT, NONE, "hnnnnnhh", 0,
	 "\"scheduler\":{\"policy\":\"SCHED_BATCH\",\"nice\":5},\"ioPriority\":{\"class\":"
	 "\"IOPRIO_CLASS_IDLE\",\"priority\":0},\"oomScoreAdj\":300,\"rlimits\":[{\"type\":"
	 "\"RLIMIT_NOFILE\",\"soft\":10,\"hard\":20}],",
	 "\"memoryPolicy\":{\"mode\":\"MPOL_INTERLEAVE\",\"nodes\":\"0\"},\"personality\":{"
	 "\"domain\":\"LINUX32\"},\"sysctl\":{\"net.ipv4.ip_forward\":\"1\"},",
	 USUAL, ""},
	{"devices", ROOT, V2, "hnnnnnhh", 0, "", DEVICES, USUAL, ""},
	{"devices-of-the-rootfs", ROOT, NONE, "hnnnnnhh", MASKED, "", DEVICES,
	 MOUNT("/proc", "proc", "proc", ""), ""},
	{"devices-of-the-host", ROOT, NONE, "hnnnnnhh", 0, "\"terminal\":true,", DEVICES,
	 MOUNT("/dev", "bind", "/dev", "\"rbind\""), ""},
	{"volumes", ROOT, NONE, "hnnnnnhh", 0, "", "",
	 USUAL BIND("\"rbind\",\"ro\",\"rnosuid\",\"rshared\"") "," MOUNT("/etc/motd", "bind", "/etc/motd", "\"bind\",\"private\"") "," MOUNT(
		 "/c/../cache", "tmpfs", "tmpfs",
		 "\"ro\",\"size=1m\",\"tmpcopyup\"") "," MOUNT("/t", "tmpfs", "tmpfs",
							       "") "," MOUNT("/disk", "ext4",
									     "/dev/sdz1",
									     "\"ro\",\"sync\","
									     "\"errors=remount-"
									     "ro\""),
	 ""},
	{"volumes-rootless", USER, NONE, "nnnnnnhh", 0, "", "",
	 USUAL BIND("\"rbind\",\"ro\",\"exec\""), ""},
	{"read-only", ROOT, NONE, "hnnnnnhh", MASKED, "\"cwd\":\"/var/www\",", "", USUAL,
	 "\"root\":{\"path\":\"/srv/debian\",\"readonly\":true},"},
	{"shared-root", ROOT, NONE, "hnnnnnhh", 0, "", "\"rootfsPropagation\":\"rshared\",",
	 USUAL BIND("\"rbind\""), ""},
	{"shared-root-rootless", USER, NONE, "nnnnnnhh", 0, "", "\"rootfsPropagation\":\"shared\",",
	 USUAL BIND("\"rbind\""), ""},
	{"masked-in-the-rootfs", ROOT, NONE, "hnnnnnhh", MASKED, "",
	 "\"maskedPaths\":[\"/proc/kcore\",\"/opt/secret\"],\"readonlyPaths\":[\"/opt/fixed\"],",
	 USUAL, ""},
	{"idmap", ROOT, NONE, "nnnnnnhh", 0, "", "",
	 USUAL BIND(
		 "\"rbind\",\"ridmap\"") ",{\"destination\":\"/own\",\"type\":\"bind\",\"source\":"
					 "\"/srv\",\"options\":[\"bind\",\"idmap\"],"
					 "\"uidMappings\":[{\"containerID\":0,\"hostID\":5,"
					 "\"size\":1}],"
					 "\"gidMappings\":[{\"containerID\":0,\"hostID\":5,"
					 "\"size\":1}]}",
	 ""},
};

/* -- the document -- */

static const char *namespaces(struct made *m, const char *ns)
{
	static const char *const names[] = {"user", "mount",   "uts",	 "ipc",
					    "pid",  "network", "cgroup", "time"};
	const char *text = "";

	for (int k = 0; k < NK_NS_COUNT; k++) {
		if (ns[k] == 'h')
			continue;
		text = nk_fmt(&m->arena, "%s%s{\"type\":\"%s\"%s}", text, *text ? "," : "",
			      names[k],
			      ns[k] == 'n' ? ""
					   : nk_fmt(&m->arena, ",\"path\":\"/proc/4711/ns/%s\"",
						    nk_ns_name((enum nk_ns_kind)k)));
	}
	return text;
}

static const char *id_maps(struct made *m, const struct oci_cell *c)
{
	const char *map = c->who == SINGLE ? "{\"containerID\":0,\"hostID\":1000,\"size\":1}"
			  : c->who == USER ? "{\"containerID\":0,\"hostID\":1000,\"size\":1},"
					     "{\"containerID\":1,\"hostID\":100000,\"size\":65536}"
					   : "{\"containerID\":0,\"hostID\":200000,\"size\":65536}";

	if (c->ns[NK_NS_USER] != 'n')
		return "";
	return nk_fmt(&m->arena, "\"uidMappings\":[%s],\"gidMappings\":[%s],", map, map);
}

static const char *document(struct made *m, const struct oci_cell *c)
{
	const char *masks = "\"maskedPaths\":[\"/proc/kcore\",\"/sys/firmware\",\"/proc/gone\"],"
			    "\"readonlyPaths\":[\"/proc/sys\"],";

	return nk_fmt(&m->arena,
		      "{\"ociVersion\":\"1.2.0\",%s%s\"mounts\":[%s],"
		      "\"process\":{%s%s\"args\":[\"sh\",\"-c\",\"true\"],\"env\":[\"PATH=/usr/"
		      "bin:/bin\"]},"
		      "\"linux\":{%s%s%s\"namespaces\":[%s]}}",
		      c->rest,
		      strstr(c->rest, "\"root\"") ? "" : "\"root\":{\"path\":\"/srv/debian\"},",
		      c->mounts, c->process, strstr(c->process, "\"cwd\"") ? "" : "\"cwd\":\"/\",",
		      c->linux_, c->how & MASKED && !strstr(c->linux_, "maskedPaths") ? masks : "",
		      id_maps(m, c), namespaces(m, c->ns));
}

/* -- the plan -- */

struct oci_made {
	struct made m;
	struct nk_config config;
	struct nk_cg_groups groups;
	struct nk_cg_unit unit;
	struct nk_oci_input in;
};

static void oci_done(struct oci_made *o)
{
	nk_arena_done(&o->m.arena);
}
#define _oci_made_ __attribute__((cleanup(oci_done)))

static void mask_facts(struct oci_made *o)
{
	const struct nk_strv *masked = &o->config.spec.masked_paths;
	enum nk_mask_kind *kinds = nk_alloc(&o->m.arena, (masked->n + 1) * sizeof(*kinds));

	for (size_t i = 0; kinds && i < masked->n; i++)
		kinds[i] = strstr(masked->v[i], "gone")	   ? NK_MASK_MISSING
			   : strstr(masked->v[i], "firm")  ? NK_MASK_DIR
			   : strstr(masked->v[i], "/opt/") ? NK_MASK_INSIDE
							   : NK_MASK_FILE;
	o->m.facts.mask_kinds = kinds;
}

static void group_facts(struct oci_made *o, const struct oci_cell *c)
{
	const struct nk_cgroups *cg = &o->m.facts.cgroups;

	for (size_t i = 0; c->groups != NONE && i < cg->hierarchies.n; i++) {
		const struct nk_cg_hierarchy *h = &cg->hierarchies.v[i];
		struct nk_cg_group *g = NK_PUSH(&o->m.arena, &o->groups);

		if (g)
			*g = (struct nk_cg_group){
				.dir = nk_fmt(&o->m.arena, "%s/pod/web", h->mount),
				.mount = h->mount,
				.v2 = h->v2,
				.name = h->name,
			};
	}
	if (c->how & UNIT)
		o->unit = (struct nk_cg_unit){.slice = "machine.slice", .name = "web.scope"};
}

static void source_facts(struct nk_config *c)
{
	for (size_t i = 0; i < c->mounts.n; i++)
		if (c->mounts.v[i].flags & NK_MNT_BIND)
			c->mounts.v[i].source_is_dir = !strstr(c->mounts.v[i].source, "motd");
}

static int make(struct oci_made *o, const struct oci_cell *c)
{
	static const struct sock_filter insns[] = {{.code = 6, .k = 0x7fff0000}};
	const struct cell facts = {.who = c->who, .groups = c->groups};
	const char *text = document(&o->m, c);

	make_facts(&o->m, &facts);
	/* Here the configuration says the maps, not the machine. */
	o->m.facts.single_id = NULL;
	if (nk_config_read(&o->m.arena, text, strlen(text), "/bundle", &o->config, &o->m.e) < 0)
		fail_msg("%s: %s\n%s", said, o->m.e.msg, text);
	o->config.spec.id = "web";
	for (int k = 0; k < NK_NS_COUNT; k++)
		if (c->ns[k] == 'J')
			o->m.facts.foreign_ns |= 1u << k;
	mask_facts(o);
	group_facts(o, c);
	source_facts(&o->config);
	o->in = (struct nk_oci_input){
		.config = &o->config,
		.facts = &o->m.facts,
		.groups = &o->groups,
		.unit = c->how & UNIT ? &o->unit : NULL,
		.waits = c->how & WAITS,
		.hooks = c->how & HOOKS,
		.no_pivot = c->how & NO_PIVOT,
		.listener = c->how & LISTENER,
		.rootless = c->who == USER || c->who == SINGLE || c->who == FOREIGN,
	};
	if (c->how & PROFILE)
		o->in.filter = (struct nk_bpf){insns, 1, 0};
	nk_plan_init(&o->m.plan, &o->m.arena);
	return nk_plan_create(&o->m.plan, &o->in, &o->m.e);
}

/* -- rules -- */

static size_t find(const struct nk_plan *p, enum nk_actor actor, enum nk_op op, uint64_t n0)
{
	for (size_t i = 0; i < p->steps.n; i++)
		if (p->steps.v[i].actor == actor && p->steps.v[i].op == op &&
		    (n0 == UINT64_MAX || p->steps.v[i].n[0] == n0))
			return i + 1;
	return 0;
}

/* Until the rootfs is "/": found by openat2 that cannot leave it, changed by one name, never
 * through a link. */
static void rule_inside(const struct nk_plan *p)
{
	bool inside[NK_SLOT_MAX] = {false};

	for (size_t i = 0; i < p->steps.n; i++) {
		const struct nk_step *s = &p->steps.v[i];
		if (s->op == NK_OP_PIVOT_ROOT || s->op == NK_OP_CHROOT)
			return;
		if (s->out >= 0)
			inside[s->out] = !strcmp(p->slot_name[s->out], "rootfs");
		bool in0 = s->fd[0] >= 0 && inside[s->fd[0]];
		if (s->op == NK_OP_MOVE_MOUNT && s->fd[1] >= 0 && inside[s->fd[1]])
			RULE(p, i,
			     (!*s->s[0] || one_word(s->s[0])) && !(s->n[0] & MOVE_MOUNT_T_SYMLINKS),
			     "mounts by path in the rootfs");
		if (!in0)
			continue;
		switch ((enum nk_op)s->op) {
		case NK_OP_PLACE:
			inside[s->out] = true;
			break;
		case NK_OP_OPENAT2:
			RULE(p, i,
			     s->n[2] & (RESOLVE_IN_ROOT | RESOLVE_BENEATH) ||
				     (one_word(s->s[0]) &&
				      (s->n[0] & O_NOFOLLOW || s->n[2] & RESOLVE_NO_SYMLINKS)),
			     "may leave the rootfs");
			inside[s->out] = true;
			break;
		case NK_OP_MKDIRAT:
		case NK_OP_MKNODAT:
		case NK_OP_UNLINKAT:
			RULE(p, i, one_word(s->s[0]), "walks through the rootfs");
			break;
		case NK_OP_SYMLINKAT:
			RULE(p, i, one_word(s->s[1]), "walks through the rootfs to make a link");
			break;
		case NK_OP_FCHOWNAT:
			RULE(p, i, one_word(s->s[0]) && s->n[2] & AT_SYMLINK_NOFOLLOW,
			     "gives away what a link leads to");
			break;
		case NK_OP_OPEN_TREE:
			RULE(p, i, !*s->s[0], "copies a mount by path in the rootfs");
			break;
		default:
			RULE(p, i,
			     s->op == NK_OP_MOVE_MOUNT || s->op == NK_OP_MOUNT_SETATTR ||
				     s->op == NK_OP_FCHDIR || s->op == NK_OP_MODE ||
				     s->op == NK_OP_IS_DEVICE || s->op == NK_OP_IS_FS ||
				     s->op == NK_OP_COPY_TREE || s->op == NK_OP_CLOSE ||
				     !strcmp(p->slot_name[s->fd[0]], "master"),
			     "an unexpected use of the rootfs");
		}
	}
}

/* Where nook has the capability to raise them, nook sets limits of users who have not. */
static void rule_limits(const struct oci_made *o, bool rootless)
{
	const struct nk_plan *p = &o->m.plan;
	size_t own = 0, given = 0;

	for (size_t i = 0; i < p->steps.n; i++) {
		own += p->steps.v[i].op == NK_OP_PRLIMIT && p->steps.v[i].actor == NK_INIT;
		given += p->steps.v[i].op == NK_OP_PRLIMIT_OF && p->steps.v[i].actor == NK_PARENT;
	}
	bool by_nook = o->config.spec.ns[NK_NS_USER].mode != NK_NS_HOST && !rootless;
	if (own != (by_nook ? 0 : o->config.spec.rlimits.n) ||
	    given != (by_nook ? o->config.spec.rlimits.n : 0))
		fail_msg("%s\n  %zu limits by init, %zu by nook", said, own, given);
}

/* A node that may have been there before is looked at before it is used for anything. */
static void rule_devices(const struct nk_plan *p)
{
	for (size_t i = 0; i < p->steps.n; i++) {
		const struct nk_step *s = &p->steps.v[i];
		bool node = s->op == NK_OP_MKNODAT && !S_ISREG(s->n[0]);

		if (node && tolerates(s, EEXIST))
			RULE(p, i,
			     i + 2 < p->steps.n && s[1].op == NK_OP_OPENAT2 &&
				     s[1].n[0] & O_NOFOLLOW && s[2].op == NK_OP_IS_DEVICE &&
				     s[2].n[1] == s->n[1] &&
				     s[2].n[0] == (s->n[0] & (uint64_t)S_IFMT),
			     "trusts a device that was there");
	}
}

/* READY, GO, START, then capabilities for the filter, the filter, capabilities, the command. */
static void rule_last(const struct oci_made *o, const struct oci_cell *c)
{
	const struct nk_plan *p = &o->m.plan;
	const struct nk_spec *spec = &o->config.spec;
	size_t ready = find(p, NK_INIT, NK_OP_TELL, NK_MSG_READY),
	       start = find(p, NK_INIT, NK_OP_WAIT_START, UINT64_MAX),
	       uid = last_of(p, NK_OP_SETRESUID, UINT64_MAX),
	       exec = last_of(p, NK_OP_EXECVE, UINT64_MAX),
	       filter = find(p, NK_INIT, NK_OP_SECCOMP, UINT64_MAX),
	       caps = last_of(p, NK_OP_CAPSET, UINT64_MAX),
	       look = find(p, NK_INIT, NK_OP_FACCESSAT, UINT64_MAX);

	RULE(p, 0, ready && uid && exec && caps && look, "a part is missing");
	RULE(p, ready - 1, uid < look && look < ready, "looked for with other rights, or too late");
	RULE(p, 0, !start == !(c->how & WAITS) && (!start || start > ready), "the wait for start");
	RULE(p, 0, !filter == !(c->how & PROFILE), "the filter");
	for (size_t i = ready; i < p->steps.n; i++) {
		const struct nk_step *s = &p->steps.v[i];
		if (s->actor != NK_INIT)
			continue;
		RULE(p, i,
		     (s->op == NK_OP_AWAIT && s->n[0] == NK_MSG_GO) || s->op == NK_OP_CLOSE ||
			     s->op == NK_OP_WAIT_START || s->op == NK_OP_SECCOMP ||
			     s->op == NK_OP_CAPSET || s->op == NK_OP_EXECVE ||
			     (s->op == NK_OP_TELL && s->n[0] == NK_MSG_LISTENER) ||
			     (s->op == NK_OP_PRCTL && s->n[0] == PR_CAP_AMBIENT),
		     "comes after READY and can fail");
		if (filter && i >= filter)
			RULE(p, i,
			     (s->op != NK_OP_CLOSE ||
			      !strcmp(p->slot_name[s->fd[0]], "listener")) &&
				     s->op != NK_OP_WAIT_START,
			     "the filter has to allow it");
	}
	/* What the command gets is what the configuration says, whatever the filter needed. */
	const struct nk_step *last = &p->steps.v[caps - 1];
	RULE(p, caps - 1,
	     last->n[0] == spec->caps.effective && last->n[1] == spec->caps.permitted &&
		     last->n[2] == spec->caps.inheritable,
	     "other capabilities than asked for");
	if (filter && !spec->no_new_privs)
		RULE(p, filter - 1, caps > filter, "the filter needs CAP_SYS_ADMIN");
}

/* No descriptor but 0, 1, 2, the socket, and what `start` needs. */
static void rule_descriptors(const struct nk_plan *p, bool waits)
{
	size_t low = find(p, NK_INIT, NK_OP_CLOSE_RANGE, 3);
	const struct nk_step *s = &p->steps.v[low ? low - 1 : 0];

	RULE(p, 0, low, "nothing is closed");
	RULE(p, low - 1,
	     s[1].op == NK_OP_CLOSE_RANGE && s[1].n[0] == s->n[1] + (waits ? 4 : 2) &&
		     s[1].n[1] == UINT32_MAX && !s->n[2] && !s[1].n[2],
	     "descriptors of the host");
}

static void oci_rules(const struct oci_made *o, const struct oci_cell *c)
{
	const struct nk_plan *p = &o->m.plan;

	rule_play(p);
	rule_inside(p);
	rule_devices(p);
	rule_limits(o, !o->m.facts.sys_admin);
	rule_last(o, c);
	rule_descriptors(p, c->how & WAITS);
	rule_namespaces(p, &o->config.spec);
	for (size_t i = 0; i < p->steps.n; i++)
		RULE(p, i, p->steps.v[i].actor != NK_AFTER, "delete takes away, not create");
}

/* -- tests -- */

static void golden(void **state)
{
	_free_ char *plain = NULL;

	(void)state;
	for (size_t i = 0; i < NK_COUNT(cells); i++) {
		const struct oci_cell *c = &cells[i];
		_oci_made_ struct oci_made o = {0};
		_free_ char *name = NULL;

		said = c->name;
		assert_true(asprintf(&name, "oci-%s", c->name) > 0);
		if (make(&o, c) < 0)
			fail_msg("%s: %s", c->name, o.m.e.msg);
		oci_rules(&o, c);
		_free_ char *text = print(&o.m.plan);
		if (!plain) {
			compare(name, text);
			plain = text;
			text = NULL;
			continue;
		}
		_free_ char *folded = fold(text, plain);
		compare(name, folded);
	}
}

/* Every configuration on every machine: refused with words, or a plan that keeps the rules. */
static void everywhere(void **state)
{
	unsigned planned = 0, refusals = 0;

	(void)state;
	for (size_t i = 0; i < NK_COUNT(cells); i++)
		for (int who = 0; who < N_WHO; who++)
			for (int groups = 0; groups < N_GROUPS; groups++)
				for (unsigned how = 0; how < 2 * UNIT; how += WAITS) {
					struct oci_cell c = cells[i];
					_oci_made_ struct oci_made o = {0};
					char words[128];

					/* The maps of an ordinary user belong to a user namespace.
					 */
					c.who = (enum who)who;
					c.groups = (enum groups)groups;
					c.how = how;
					if (how & LISTENER && !(how & PROFILE))
						continue;
					if (how & MASKED && c.ns[NK_NS_MOUNT] == 'h')
						continue;
					snprintf(words, sizeof(words),
						 "%s, who %d, groups %d, how %u", c.name, who,
						 groups, how);
					said = words;
					if (make(&o, &c) < 0) {
						assert_true(o.m.e.msg[0]);
						refusals++;
						continue;
					}
					oci_rules(&o, &c);
					planned++;
				}
	print_message("%u planned, %u refused\n", planned, refusals);
	/* Most refusals: ordinary users without a user namespace of their own. */
	assert_true(planned > refusals);
}

/* -- one more process -- */

static int make_exec(struct oci_made *o, const struct oci_cell *c)
{
	struct nk_exec_input in;

	if (make(o, c) < 0)
		fail_msg("%s: %s", said, o->m.e.msg);
	in = (struct nk_exec_input){
		.spec = &o->config.spec,
		.facts = &o->m.facts,
		.pid = 4711,
		.join = CLONE_NEWNS | CLONE_NEWPID | (c->ns[NK_NS_USER] == 'n' ? CLONE_NEWUSER : 0),
		.oci = &o->in,
		.apparmor = c->how & PROFILE ? "guarded" : NULL,
	};
	for (size_t i = 0; i < o->groups.n; i++)
		nk_strv_push(&o->m.arena, &in.cgroups, o->groups.v[i].dir);
	nk_plan_init(&o->m.plan, &o->m.arena);
	return nk_plan_exec(&o->m.plan, &in, &o->m.e);
}

/* Joined only when nobody inside can trace it; the label before anything of inside is trusted. */
static void rule_exec(const struct nk_plan *p)
{
	size_t traced = find(p, NK_MIDDLE, NK_OP_PRCTL, PR_SET_DUMPABLE),
	       join = find(p, NK_MIDDLE, NK_OP_SETNS, UINT64_MAX),
	       proc = find(p, NK_MIDDLE, NK_OP_IS_FS, UINT64_MAX);

	RULE(p, 0, traced && join && traced < join && !p->steps.v[traced - 1].n[1],
	     "can be traced from inside");
	RULE(p, 0, !proc || proc < join, "asks the container's procfs");
	for (size_t i = 0; i < p->steps.n; i++)
		RULE(p, i,
		     p->steps.v[i].op != NK_OP_PLACE && p->steps.v[i].op != NK_OP_MKDIRAT &&
			     !(p->steps.v[i].op == NK_OP_PRCTL &&
			       p->steps.v[i].n[0] == PR_SET_PDEATHSIG),
		     "no part of exec");
}

static void exec_golden(void **state)
{
	static const struct oci_cell execs[] = {
		{"exec", ROOT, V1, "hnnnnnnh", 0, CAPS_KILL, "", USUAL, ""},
		{"exec-userns", ROOT, V2, "nnnnnnnh", PROFILE,
		 "\"terminal\":true,\"user\":{\"uid\":7,\"gid\":8,\"umask\":63}," CAPS_KILL, "",
		 USUAL, ""},
		{"exec-process", ROOT, NONE, "hnnnnnhh", PROFILE | LISTENER,
		 "\"noNewPrivileges\":true,\"oomScoreAdj\":7,\"cwd\":\"/srv\",\"execCPUAffinity\":{"
		 "\"initial\":\"0-1\",\"final\":\"3\"},\"ioPriority\":{\"class\":"
		 "\"IOPRIO_CLASS_BE\",\"priority\":4},",
		 "", USUAL, ""},
		{"exec-rootless", USER, NONE, "nnnnnnhh", 0, "\"oomScoreAdj\":7,", "", USUAL, ""},
	};

	(void)state;
	for (size_t i = 0; i < NK_COUNT(execs); i++) {
		_oci_made_ struct oci_made o = {0};
		_free_ char *name = NULL;

		said = execs[i].name;
		assert_true(asprintf(&name, "oci-%s", execs[i].name) > 0);
		if (make_exec(&o, &execs[i]) < 0)
			fail_msg("%s: %s", said, o.m.e.msg);
		rule_play(&o.m.plan);
		rule_exec(&o.m.plan);
		rule_last(&o, &execs[i]);
		rule_descriptors(&o.m.plan, false);
		_free_ char *text = print(&o.m.plan);
		compare(name, text);
	}
}

static void refuse(const char *mounts, const char *linux_, const char *ns, enum who who,
		   const char *want)
{
	const struct oci_cell c = {"refused", who, NONE, ns, 0, "", linux_, mounts, ""};
	_oci_made_ struct oci_made o = {0};

	said = want;
	assert_true(make(&o, &c) < 0);
	if (!strstr(o.m.e.msg, want))
		fail_msg("\"%s\" is not in \"%s\"", want, o.m.e.msg);
}

static void refusals(void **state)
{
	(void)state;
	refuse(MOUNT("/proc/self", "tmpfs", "tmpfs", ""), "", "hnnnnnhh", ROOT,
	       "\"/proc/self\" cannot be mounted because it is inside /proc");
	refuse(MOUNT("/x/../proc/./1", "bind", "/tmp", "\"bind\""), "", "hnnnnnhh", ROOT,
	       "inside /proc");
	refuse(MOUNT("/proc", "tmpfs", "tmpfs", ""), "", "hnnnnnhh", ROOT, "only a procfs");
	refuse(MOUNT("/..", "tmpfs", "tmpfs", ""), "", "hnnnnnhh", ROOT, "over \"/\" itself");
	refuse(USUAL, "", "hnnnnnhh", USER, "requires user namespaces");
	refuse(USUAL BIND("\"bind\",\"idmap\""), "", "nnnnnnhh", USER, "only root");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden),
		cmocka_unit_test(everywhere),
		cmocka_unit_test(exec_golden),
		cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
