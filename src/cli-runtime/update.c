/* SPDX-License-Identifier: Apache-2.0 */
/* nook-runtime update: other limits for a container that is there. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cgroup/oci_scope.h"
#include "cli-runtime/live.h"
#include "cli/value.h"
#include "host/text.h"

extern const struct nk_rt_command nk_rt_command_update;

struct update {
	struct nk_oci_resources r;
	const char *file;
	const char *l3, *mb; /* intelRdt */
	bool flags;	     /* a limit is given as an option */
};

/* Bytes; -1 is no limit. */
static int set_size(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	struct update *u = use->target;
	uint64_t n;

	u->flags = true;
	if (!strcmp(value, "-1")) {
		*NK_MEMBER(use, int64_t) = -1;
		return 0;
	}
	if (nk_value_size(value, &n) < 0 || n > INT64_MAX)
		return nk_fail(e, 0, "invalid value for %s: no size like 64m", use->option->name);
	*NK_MEMBER(use, int64_t) = (int64_t)n;
	return 0;
}

static int set_number(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	struct update *u = use->target;
	const char *digits = value + (*value == '-');
	uint64_t n;

	u->flags = true;
	if (nk_value_number(digits, strlen(digits), INT64_MAX, &n) < 0)
		return nk_fail(e, 0, "invalid value for %s: no number", use->option->name);
	*NK_MEMBER(use, int64_t) = *value == '-' ? -(int64_t)n : (int64_t)n;
	return 0;
}

static int set_list(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	struct update *u = use->target;

	u->flags = true;
	if (*value && nk_value_cpu_list(value) < 0)
		return nk_fail(e, 0, "invalid value for %s: no list like 0-3,7", use->option->name);
	*NK_MEMBER(use, const char *) = value;
	return 0;
}

/* clang-format off */
#define AT(member) .offset = offsetof(struct update, member)
static const struct nk_option options[] = {
	{"resources", .letter = 'r', .metavar = "FILE", .values = "@file",
	 .help = "read linux.resources as JSON from FILE, - is standard input",
	 .set = nk_set_string, AT(file)},
	{"memory", .metavar = "BYTES", .help = "at most so much memory, -1: any amount",
	 .set = set_size, AT(r.memory)},
	{"memory-reservation", .metavar = "BYTES", .help = "its own when memory is short",
	 .set = set_size, AT(r.reservation)},
	{"memory-swap", .metavar = "BYTES", .help = "memory and swap together, -1: any amount",
	 .set = set_size, AT(r.swap)},
	{"kernel-memory", .metavar = "BYTES", .hidden = true,
	 .help = "no effect: the kernel has no such limit any more", .set = set_size, AT(r.kernel)},
	{"kernel-memory-tcp", .metavar = "BYTES", .hidden = true,
	 .help = "at most so much for TCP buffers (cgroup v1)", .set = set_size, AT(r.kernel_tcp)},
	{"cpu-quota", .metavar = "US", .help = "microseconds of CPU time in each period, -1: any",
	 .set = set_number, AT(r.quota)},
	{"cpu-period", .metavar = "US", .help = "how long a period is, in microseconds",
	 .set = set_number, AT(r.period)},
	{"cpu-burst", .metavar = "US", .help = "quota that may be saved up, in microseconds",
	 .set = set_number, AT(r.burst)},
	{"cpu-share", .metavar = "N", .help = "weight when the CPUs are short, 2 to 262144",
	 .set = set_number, AT(r.shares)},
	{"cpu-shares", .metavar = "N", .hidden = true, .help = "the same",
	 .set = set_number, AT(r.shares)},
	{"cpu-idle", .metavar = "0|1", .help = "1: run only when nobody else wants to",
	 .set = set_number, AT(r.idle)},
	{"cpu-rt-period", .metavar = "US", .help = "the period of real-time processes (cgroup v1)",
	 .set = set_number, AT(r.rt_period)},
	{"cpu-rt-runtime", .metavar = "US", .help = "how long they run in it (cgroup v1)",
	 .set = set_number, AT(r.rt_runtime)},
	{"cpuset-cpus", .metavar = "LIST", .help = "only on these CPUs, like 0-3,7",
	 .set = set_list, AT(r.cpus)},
	{"cpuset-mems", .metavar = "LIST", .help = "only memory of these nodes",
	 .set = set_list, AT(r.mems)},
	{"pids-limit", .metavar = "N", .help = "at most so many processes, -1: any number",
	 .set = set_number, AT(r.pids)},
	{"blkio-weight", .metavar = "N", .help = "weight at the disks, 10 to 1000",
	 .set = set_number, AT(r.weight)},
	{"l3-cache-schema", .metavar = "TEXT", .help = "shares of the cache (intelRdt)",
	 .set = nk_set_string, AT(l3)},
	{"mem-bw-schema", .metavar = "TEXT", .help = "shares of the memory's bandwidth (intelRdt)",
	 .set = nk_set_string, AT(mb)},
	{0},
};
/* clang-format on */

enum { DOCUMENT_MAX = 1 << 20 };

static int read_document(struct nk_rt *rt, struct update *u, struct nk_err *e)
{
	const char *path = strcmp(u->file, "-") ? u->file : "/dev/stdin";
	_free_ char *text = nk_text_read(path, DOCUMENT_MAX);

	if (!text)
		return nk_fail(e, errno, "read %s", u->file);
	return nk_resources_read(&rt->arena, text, strlen(text), &u->r, e);
}

/* First, since it writes what it knows of into the same files. */
static int tell_systemd(struct nk_rt *rt, const struct nk_rt_live *l, const struct update *u,
			struct nk_err *e)
{
	struct nk_strv properties = {0};
	int ret = nk_cg_scope_limits(&rt->arena, &u->r, nk_cg_pure_v2(&l->groups), &properties, e);

	return ret < 0 ? ret : nk_cg_scope_set(l->record.scope, l->record.user_bus, &properties, e);
}

static int apply(struct nk_rt *rt, const struct nk_rt_live *l, const struct update *u,
		 struct nk_err *e)
{
	struct nk_cg_writes writes = {0};
	struct nk_cg_now now;

	nk_cg_now(&rt->arena, &l->groups, &now);
	int ret = nk_cg_resources(&rt->arena, &u->r, &l->groups, &now, &writes, e);
	if (ret == 0 && l->record.scope)
		ret = tell_systemd(rt, l, u, e);
	return ret < 0 ? ret : nk_cg_apply(&writes, e);
}

/* Into the container's own class of the resctrl file system. */
static int set_schema(struct nk_rt *rt, const struct nk_rt_live *l, const char *text,
		      struct nk_err *e)
{
	if (!text || !*text)
		return 0;
	if (!l->record.rdt)
		return nk_fail(e, 0, "the container has no class of its own in resctrl (intelRdt)");
	_close_ int fd =
		open(nk_fmt(&rt->arena, "%s/schemata", l->record.rdt), O_WRONLY | O_CLOEXEC);
	const char *line = nk_fmt(&rt->arena, "%s\n", text);
	if (fd < 0 || write(fd, line, strlen(line)) < 0)
		return nk_fail(e, errno, "write %s to %s/schemata", text, l->record.rdt);
	return 0;
}

static int run(struct nk_rt *rt, int argc, char **argv)
{
	_oci_dir_ struct nk_oci_dir d = NK_OCI_DIR_CLOSED;
	struct update mine = {0};
	struct nk_rt_live l;
	struct nk_err e = {0};
	int code;

	nk_oci_resources_init(&mine.r);
	int first = nk_rt_options(rt, &nk_rt_command_update, argc, argv, &mine, &code);
	if (first < 0)
		return code;
	int ret = nk_rt_live_locked(rt, argv[first], &d, &l, &e);
	if (ret == 0 && l.status == NK_OCI_STOPPED)
		ret = nk_fail(&e, 0, "container not running");
	if (ret == 0 && mine.file && mine.flags)
		ret = nk_fail(&e, 0, "--resources and options for limits: give one of them");
	if (ret == 0 && mine.file)
		ret = read_document(rt, &mine, &e);
	if (ret == 0)
		ret = apply(rt, &l, &mine, &e);
	if (ret == 0)
		ret = set_schema(rt, &l, mine.l3, &e);
	if (ret == 0)
		ret = set_schema(rt, &l, mine.mb, &e);
	return ret < 0 ? nk_rt_error(rt, &e) : 0;
}

const struct nk_rt_command nk_rt_command_update = {
	.name = "update",
	.usage = "[OPTIONS] CONTAINER",
	.summary = "change the limits of a container",
	.about =
		"Changes the limits of a container that is there, from options or from a document\n"
		"like linux.resources; what is not given stays as it is. Rules over devices stay,\n"
		"too. When the kernel refuses one of them, those before are taken back.",
	.options = options,
	.min_words = 1,
	.max_words = 1,
	.run = run,
};
