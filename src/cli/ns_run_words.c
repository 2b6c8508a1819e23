/* SPDX-License-Identifier: Apache-2.0 */
/* The options of `nook ns run`, what they imply and what does not go together. */
#include <string.h>

#include "base/cleanup.h"
#include "cli/ns_run.h"
#include "cli/run_set.h"
#include "ns/held.h"

#define AT(member) .offset = offsetof(struct nk_ns_request, member)
#define KIND(k) .set = nk_set_flag, AT(kinds[NK_NS_##k])
#define SET(name) .set = nk_run_set_##name

/* root, auto, current; or a range of ids, for users and groups alike. */
static int set_map(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	static const char *const words[] = {"root", "auto", "current"};
	struct nk_ns_request *r = use->target;

	for (size_t i = 0; i < NK_COUNT(words); i++) {
		if (strcmp(value, words[i]) != 0)
			continue;
		if (r->map_word && strcmp(r->map_word, value) != 0) {
			nk_fail(e, 0, "it is %s already", r->map_word);
			return nk_hint(e, "one of root, auto and current");
		}
		r->map_word = words[i];
		return 0;
	}
	r->map_ranges = true;
	if (nk_run_set_uidmap(use, value, e) < 0 || nk_run_set_gidmap(use, value, e) < 0)
		return value[0] >= '0' && value[0] <= '9'
			       ? -EINVAL
			       : nk_hint(e, "root, auto, current, or INSIDE:OUTSIDE:LENGTH in "
					    "numbers, as 0:100000:65536");
	return 0;
}

static int set_mount_proc(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	struct nk_ns_request *r = use->target;

	r->proc = value ? value : "/proc";
	r->mount_proc = true;
	return *r->proc ? 0 : nk_fail(e, 0, "which directory?");
}

/* clang-format off: the table is read in columns */
const struct nk_option nk_ns_run_table[] = {
	{"all", .group = "New namespaces", .help = "all eight", .set = nk_set_flag, AT(all)},
	{"user", .help = "users and capabilities: needed by who is not root", KIND(USER)},
	{"mount", .help = "mounts: those that are made inside stay inside", KIND(MOUNT)},
	{"uts", .help = "host name", KIND(UTS)},
	{"ipc", .help = "message queues, semaphores and shared memory", KIND(IPC)},
	{"pid", .help = "process numbers, with a process 1 that reaps", KIND(PID)},
	{"net", .help = "network: a loopback of its own, up, and nothing else", KIND(NET)},
	{"cgroup", .help = "view of control groups: the caller's is the top", KIND(CGROUP)},
	{"time", .help = "monotonic and boot-time clocks", KIND(TIME)},

	{"map", .metavar = "MAP", .group = "Users", .values = "root auto current",
	 .help = "who is who: root (default), auto, current or INSIDE:OUTSIDE:LENGTH; implies "
		 "--user",
	 .more = "*root*: root inside is the caller outside, and nobody else is there. *current*: "
		 "the "
		 "caller has the same number inside, and no capabilities once the command runs. "
		 "*auto*: "
		 "root inside is the caller and from 1 on come the subordinate ids; for root it is "
		 "a "
		 "range that nobody else has, as with *nook run*. Ranges may be repeated and hold "
		 "for users and groups.",
	 .set = set_map},
	{"uidmap", .metavar = "INSIDE:OUTSIDE:LENGTH",
	 .help = "a range of user ids (default for groups too)", SET(uidmap)},
	{"gidmap", .metavar = "INSIDE:OUTSIDE:LENGTH",
	 .help = "a range of group ids (default: as --uidmap)", SET(gidmap)},
	{"run-as", 'u', .metavar = "USER[:GROUP]",
	 .help = "who runs the command at last: names of this machine, or numbers inside",
	 .set = nk_set_string, AT(run.user)},

	{"hostname", .metavar = "NAME", .group = "In them",
	 .help = "the host name inside; implies --uts", SET(hostname), AT(run.spec.hostname)},
	{"domainname", .metavar = "NAME", .help = "the NIS domain name inside; implies --uts",
	 SET(hostname), AT(run.spec.domainname)},
	{"mount-proc", .optional = true, .metavar = "DIR", .values = "@dir",
	 .help = "a /proc (or DIR) of the new PID namespace; implies --pid --mount",
	 .set = set_mount_proc},
	{"time-offset", .metavar = "CLOCK=TIME,...", .values = "monotonic= boottime=",
	 .help = "shift monotonic and boottime: monotonic=1h,boottime=7d; implies --time",
	 SET(time_offset)},

	{"unshare", .group = "How", .help = "no new process: nook itself moves, then becomes CMD",
	 .more = "As unshare(2): the user namespace of *--user* has the caller alone, and of "
		 "*--pid* "
		 "the kernel lets only children be members.",
	 .set = nk_set_flag, AT(in_place)},
	{"as-is", .help = "with --unshare --pid: only the children of CMD are to enter it",
	 .more = "The first child is process 1 there, and once it has ended no other can be "
		 "started: "
		 "\"Cannot allocate memory\".",
	 .set = nk_set_flag, AT(as_is)},
	{"no-init", .help = "with --pid CMD itself is process 1", .set = nk_set_flag, AT(no_init)},
	{"keep", .metavar = "NAME",
	 .help = "the namespaces outlive CMD: nook ns enter NAME; nook ns rm NAME",
	 .set = nk_set_string, AT(keep)},

	{"explain", .optional = true, .metavar = "FORMAT", .group = "See it",
	 .values = "words json c sh",
	 .help = "print each step and run nothing; FORMAT: words (default), json, c, sh",
	 SET(explain)},
	{"debug", .help = "show each step as it is done, with its time", .set = nk_set_flag,
	 AT(run.debug)},
#ifdef NOOK_FAULT
	{"fault", .hidden = true, .metavar = "STEP:before|after:fail|kill",
	 .help = "let a step go wrong (tests)", SET(fault)},
#endif
	{0},
};
/* clang-format on */

static void imply(struct nk_ns_request *r)
{
	struct nk_spec *s = &r->run.spec;

	for (int k = 0; k < NK_NS_COUNT; k++)
		r->kinds[k] |= r->all;
	r->kinds[NK_NS_USER] |= r->map_word || s->uid_maps.n || s->gid_maps.n;
	r->kinds[NK_NS_UTS] |= s->hostname || s->domainname;
	r->kinds[NK_NS_TIME] |= s->has_time_offset;
	r->kinds[NK_NS_PID] |= r->mount_proc;
	r->kinds[NK_NS_MOUNT] |= r->mount_proc;
	for (int k = 0; k < NK_NS_COUNT; k++)
		s->ns[k].mode = r->kinds[k] ? NK_NS_NEW : NK_NS_HOST;
}

static int finish_maps(struct nk_ns_request *r, struct nk_err *e)
{
	struct nk_spec *s = &r->run.spec;
	int rc = nk_run_check_maps(&s->uid_maps, r->map_ranges ? "map" : "uidmap", e);

	if (rc == 0)
		rc = nk_run_check_maps(&s->gid_maps, "gidmap", e);
	if (rc < 0)
		return rc;
	if (r->map_word && (s->uid_maps.n || s->gid_maps.n)) {
		nk_fail(e, 0, "--map %s does not go with ranges of ids", r->map_word);
		return nk_hint(e, "one or the other");
	}
	if (s->uid_maps.n && !s->gid_maps.n)
		s->gid_maps = s->uid_maps;
	if (s->gid_maps.n && !s->uid_maps.n)
		s->uid_maps = s->gid_maps;
	if (r->kinds[NK_NS_USER] && !r->map_word && !s->uid_maps.n)
		r->map_word = "root";
	return 0;
}

/* unshare(2) moves one process and makes none. */
static int finish_in_place(const struct nk_ns_request *r, struct nk_err *e)
{
	if (r->mount_proc) {
		nk_fail(e, 0, "--mount-proc does not go with --unshare");
		return nk_hint(e, "a procfs shows the PID namespace of the process that mounts it, "
				  "and --unshare moves nobody into the new one: leave it away");
	}
	if (r->kinds[NK_NS_PID] && !r->as_is) {
		nk_fail(e, 0,
			"--unshare --pid: no process moves into a new PID namespace, only "
			"its children are born there");
		return nk_hint(e,
			       "leave --unshare away: nook starts one there. Or add --as-is: when "
			       "CMD's first child has ended, CMD cannot start another (\"Cannot "
			       "allocate memory\")");
	}
	if (r->map_word && !strcmp(r->map_word, "auto")) {
		nk_fail(e, 0, "--unshare --map auto: nobody stays outside to write the map");
		return nk_hint(e, "leave --unshare away, or --map root");
	}
	if (r->keep || r->run.debug) {
		nk_fail(e, 0, "%s does not go with --unshare: nook becomes the command",
			r->keep ? "--keep" : "--debug");
		return nk_hint(e, r->keep ? "leave --unshare away, or `nook ns hold` from outside"
					  : "--explain shows the steps");
	}
	return 0;
}

unsigned nk_ns_run_kept(const struct nk_ns_request *r)
{
	unsigned kinds = 0;

	for (int k = 0; k < NK_NS_COUNT; k++)
		if (r->kinds[k] && k != NK_NS_PID)
			kinds |= 1U << k;
	return r->keep ? kinds : 0;
}

int nk_ns_run_finish(struct nk_ns_request *r, struct nk_err *e)
{
	bool any = false;

	imply(r);
	for (int k = 0; k < NK_NS_COUNT; k++)
		any |= r->kinds[k];
	if (!any) {
		nk_fail(e, 0, "which namespaces shall be new?");
		return nk_hint(e, "name some, as --net --uts, or --all; nook ns run --help lists "
				  "them");
	}
	if (r->keep && nk_ns_check_name(r->keep, e) < 0)
		return nk_ctx(e, "--keep");
	if (r->keep && !nk_ns_run_kept(r)) {
		nk_fail(e, 0, "--keep: a PID namespace ends with its process 1");
		return nk_hint(e, "nook ns hold pid --name %s keeps one, with a process for it",
			       r->keep);
	}
	if (r->as_is && !(r->in_place && (r->kinds[NK_NS_PID] || r->kinds[NK_NS_TIME]))) {
		nk_fail(e, 0, "--as-is is about --unshare --pid and --time");
		return nk_hint(e, "leave it away");
	}
	if (r->no_init && (r->in_place || !r->kinds[NK_NS_PID])) {
		nk_fail(e, 0, "--no-init without a process 1");
		return nk_hint(e, r->in_place ? "--unshare starts none: leave it away"
					      : "add --pid, or leave it away");
	}
	int rc = finish_maps(r, e);
	if (rc == 0 && r->in_place)
		rc = finish_in_place(r, e);
	return rc;
}
