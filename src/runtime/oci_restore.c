/* SPDX-License-Identifier: Apache-2.0 */
/* A container from the files of a checkpoint. CRIU makes its processes, namespaces and mounts; the
 * groups, the state and the hooks are ours. */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/weaken.h"
#include "cgroup/live.h"
#include "host/text.h"
#include "runtime/oci_criu.h"
#include "state/process.h"

struct restoring {
	struct nk_oci_create c;
	struct nk_oci_criu_call call;
	const char *place; /* where the root is mounted for criu, in our own mount namespace */
};

/*
 * A mount namespace that nobody but criu and this process sees. Before any directory is opened:
 * criu mounts in them, which the kernel allows in its own namespace only.
 */
static int own_mounts(struct nk_err *e)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
		return nk_fail(e, errno, "make a mount namespace for criu");
	return 0;
}

/* CRIU wants the root as a mount of its own; whose slave it is it gives on to the container's. */
static int mount_root(struct restoring *r, struct nk_err *e)
{
	const char *root = r->c.config.spec.rootfs;
	const char *place = nk_fmt(r->c.a, "%s/%s/criu-root", r->c.request->root, r->c.request->id);

	if (mkdir(place, 0700) < 0 || mount(root, place, NULL, MS_BIND | MS_REC, NULL) < 0)
		return nk_fail(e, errno, "mount %s for criu", root);
	r->place = place;
	nk_pb_text(&r->call.criu.options, NK_CRIU_ROOT, place);
	return 0;
}

/* "pipe:[NUMBER]": anything else that a checkpoint says is hostile (crun 2026-115520). */
static bool is_pipe(const char *name)
{
	return !strncmp(name, "pipe:[", 6) && name[6] != ']' &&
	       !strcmp(name + 6 + strspn(name + 6, "0123456789"), "]");
}

/* Pipes of those that were checkpointed are ours now. */
static int inherit_stdio(struct restoring *r, struct nk_err *e)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d/descriptors.json", r->call.images);
	_free_ char *text = nk_text_read(path, 65536);
	if (!text)
		return nk_fail(e, errno, "read descriptors.json of the checkpoint");
	struct json_object *list = json_tokener_parse(text);
	for (int i = 0; list && json_object_is_type(list, json_type_array) && i < 3; i++) {
		const char *name =
			json_object_get_string(json_object_array_get_idx(list, (size_t)i));
		struct nk_pb inherit = {.a = r->c.a};

		if (!name || (!is_pipe(name) && !nk_weak("crun-2026-115520")))
			continue;
		nk_pb_text(&inherit, 1, name);
		nk_pb_number(&inherit, 2, i);
		nk_pb_message(&r->call.criu.options, NK_CRIU_INHERIT_FD, &inherit);
	}
	json_object_put(list);
	return 0;
}

/* As create's plan makes them, and nothing else of it. */
static int make_groups(struct restoring *r, struct nk_err *e)
{
	const struct nk_spawn_options o = {.detach = true};
	struct nk_result none;
	struct nk_plan plan;

	nk_plan_init(&plan, r->c.a);
	int ret = nk_plan_groups(&plan, &r->c.in, e);
	if (ret == 0)
		ret = nk_spawn(&plan, &o, &none, e);
	if (ret < 0)
		nk_oci_lost_group(&r->c, &plan, e);
	return ret;
}

/* CRIU goes into the container's groups, and tells them from those of the dump. */
static int on_started(void *arg, pid_t criu, struct nk_err *e)
{
	struct restoring *r = arg;
	char path[64];

	/* Until there is a first process, this is whom to end. */
	r->c.record.pid = criu;
	r->c.record.pid_start = nk_process_start(criu);
	int ret = nk_oci_save(&r->c.dir, &r->c.record, e);
	for (size_t i = 0; ret == 0 && i < r->c.groups.n; i++)
		ret = nk_cgroup_attach(r->c.groups.v[i].dir, criu, e);
	if (ret == 0)
		ret = nk_oci_alone(&r->c, criu, e);
	if (ret < 0)
		return ret;
	snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)criu);
	_free_ char *text = nk_text_read(path, 65536);
	const char *cursor = text, *line;
	size_t n;
	while (text && (line = nk_text_line(&cursor, &n))) {
		struct nk_field f[3];
		struct nk_pb root = {.a = r->c.a};

		if (nk_text_split(line, n, ':', f, 3) != 3)
			continue;
		nk_pb_text(&root, 1, nk_strndup(root.a, f[1].s, f[1].n));
		nk_pb_text(&root, 2, nk_strndup(root.a, f[2].s, f[2].n));
		nk_pb_message(&r->call.criu.options, NK_CRIU_CG_ROOT, &root);
	}
	return 0;
}

static int hooks(struct restoring *r, pid_t pid, struct nk_err *e)
{
	static const enum nk_hook_point points[] = {NK_HOOK_PRESTART, NK_HOOK_CREATE_RUNTIME};

	r->c.record.pid = pid;
	r->c.record.pid_start = nk_process_start(pid);
	for (size_t i = 0; i < NK_COUNT(points); i++) {
		int ret = nk_oci_hooks(&r->c.config, points[i], &r->c.record, NK_OCI_CREATING, 0,
				       false, e);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static int on_notify(void *arg, const struct nk_criu_answer *n, int fd, struct nk_err *e)
{
	struct restoring *r = arg;

	if (!strcmp(n->script, "setup-namespaces"))
		return hooks(r, n->pid, e);
	if (!strcmp(n->script, "orphan-pts-master") && fd >= 0) {
		const char *socket = r->c.request->console_socket;

		if (!socket || !*socket)
			return nk_fail(e, 0,
				       "the checkpoint has a terminal: give --console-socket");

		int master = fcntl(fd, F_DUPFD_CLOEXEC, 3);

		if (master < 0)
			return nk_fail(e, errno, "the terminal of the checkpoint");

		int ret = nk_oci_give_terminal(&r->c.config, socket, master, e);

		if (ret != 0)
			close(master);
		return ret;
	}
	return 0;
}

static int call_criu(struct restoring *r, const struct nk_oci_criu *o, struct nk_err *e)
{
	struct nk_pb *m = &r->call.criu.options;
	pid_t pid = 0;
	int ret = own_mounts(e);

	if (ret == 0)
		ret = nk_oci_criu_begin(&r->call, r->c.a, o, NK_CRIU_RESTORE, e);
	if (ret == 0)
		ret = mount_root(r, e);
	if (ret == 0)
		ret = inherit_stdio(r, e);
	if (ret == 0)
		ret = nk_oci_criu_namespaces(&r->call, &r->c.config, true, e);
	if (ret < 0)
		return ret;
	nk_oci_criu_mounts(&r->call, &r->c.config, true);
	if (r->c.config.spec.masked_paths.n) /* of masked files, see oci_checkpoint.c */
		nk_pb_text(m, NK_CRIU_EXTERNAL, "mnt[/dev/null]:/dev/null");
	nk_pb_number(m, NK_CRIU_NOTIFY_SCRIPTS, 1);
	nk_pb_number(m, NK_CRIU_RST_SIBLING, 1);
	r->call.criu.started = on_started;
	r->call.criu.notify = on_notify;
	r->call.criu.arg = r;
	ret = nk_criu_call(&r->call.criu, &pid, e);
	if (ret < 0)
		return ret;
	r->c.record.pid = pid;
	r->c.record.pid_start = nk_process_start(pid);
	r->c.record.creating = false;
	return nk_oci_save(&r->c.dir, &r->c.record, e);
}

static int wait_for(struct restoring *r, struct nk_result *result, struct nk_err *e)
{
	int status;

	while (waitpid(r->c.record.pid, &status, 0) < 0)
		if (errno != EINTR)
			return nk_fail(e, errno, "wait for the container");
	result->pid = r->c.record.pid;
	result->signaled = WIFSIGNALED(status);
	result->exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return 0;
}

static int finish(struct restoring *r, struct nk_result *result, struct nk_err *e)
{
	const struct nk_oci_request *q = r->c.request;
	struct nk_err told = {0};
	int ret = nk_oci_announce(q->pid_file, q->pidfd_socket, r->c.record.pid, e);

	if (ret == 0 && nk_oci_hooks(&r->c.config, NK_HOOK_POSTSTART, &r->c.record, NK_OCI_RUNNING,
				     0, true, &told) < 0)
		nk_log(NK_LOG_WARN, "%s", told.msg);
	if (ret < 0 || q->detach)
		return ret;
	/* Others may work on what runs now. */
	close(r->c.dir.lock_fd);
	r->c.dir.lock_fd = -EBADF;
	return wait_for(r, result, e);
}

int nk_oci_restore(struct nk_arena *a, const struct nk_oci_request *request,
		   const struct nk_oci_criu *o, struct nk_result *result, struct nk_err *e)
{
	struct restoring r = {.call = {.images = -EBADF, .work = -EBADF}};
	int ret = nk_oci_prepare(&r.c, a, request, e);

	if (ret == 0 && r.c.unit.name)
		ret = nk_fail(e, 0,
			      "restore: not into a scope of systemd: leave --systemd-cgroup away");
	if (ret == 0 && r.c.config.spec.terminal && !request->console_socket)
		ret = nk_fail(e, 0, "restore: a container with a terminal needs --console-socket");
	if (ret == 0)
		ret = nk_oci_enter(&r.c, e);
	if (ret == 0)
		ret = make_groups(&r, e);
	if (ret == 0)
		ret = call_criu(&r, o, e);
	/* Else its directory could not be taken away. */
	if (r.place)
		umount2(r.place, MNT_DETACH);
	if (ret == 0)
		ret = finish(&r, result, e);
	if (ret < 0 || !request->detach)
		nk_oci_take_away(&r.c);
	nk_oci_criu_end(&r.call);
	nk_oci_dir_close(&r.c.dir);
	return ret;
}
