/* SPDX-License-Identifier: Apache-2.0 */
/*
 * create and run: the state directory, the spawn, and what is done between two of its messages.
 *
 *   state "creating" with the groups that are going to be made
 *   clone; state with the pid, before init is let go on
 *   HOOKS    prestart, createRuntime, createContainer
 *   READY    state "created", pid file; run: startContainer
 *   execve   run: poststart
 *
 * Whenever this process is killed, what the state names is all there is.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "runtime/oci.h"
#include "runtime/oci_net_devices.h"
#include "state/process.h"

/* What `start` will need to say of a step that fails after it. */
static void note_last_steps(struct nk_oci_create *c)
{
	const struct nk_plan *p = &c->plan;
	bool waited = false;

	for (size_t i = 0; i < p->steps.n; i++) {
		const struct nk_step *s = &p->steps.v[i];

		if (s->actor != NK_INIT)
			continue;
		if (waited) {
			struct nk_oci_last_step *l = NK_PUSH(c->a, &c->record.last_steps);
			if (!l)
				return;
			*l = (struct nk_oci_last_step){(int)i, s->why, s->op == NK_OP_EXECVE};
		}
		if (s->op == NK_OP_WAIT_START)
			waited = true;
	}
}

/* Does its process come first, and then its groups (plan/oci_cgroup.c)? */
static bool groups_come_later(const struct nk_plan *p)
{
	bool cloned = false;

	for (size_t i = 0; i < p->steps.n; i++) {
		const struct nk_step *s = &p->steps.v[i];

		cloned = cloned || s->op == NK_OP_CLONE3;
		if (cloned && s->actor == NK_PARENT && s->op == NK_OP_MKDIRAT)
			return true;
	}
	return false;
}

static void add_freezer(struct nk_oci_create *c, const struct nk_cg_group *g)
{
	const char *file = g->v2				       ? "cgroup.freeze"
			   : g->controllers & NK_CG_BIT(NK_CG_FREEZER) ? "freezer.state"
								       : NULL;

	if (file)
		nk_strv_push(c->a, &c->record.freezers, nk_fmt(c->a, "%s/%s", g->dir, file));
}

static void fill_record(struct nk_oci_create *c)
{
	const struct nk_config *config = &c->config;
	struct nk_oci_record *r = &c->record;
	char *boot_id = nk_alloc(c->a, NK_BOOT_ID_LEN + 1);

	*r = (struct nk_oci_record){
		.id = c->request->id,
		.bundle = c->request->bundle,
		.rootfs = config->spec.rootfs,
		.version = config->version,
		.creating = true,
		.unclaimed = groups_come_later(&c->plan),
		.owner = geteuid(),
		.own_pids = config->spec.ns[NK_NS_PID].mode == NK_NS_NEW,
		.command = config->spec.args.n ? config->spec.args.v[0] : NULL,
	};
	if (boot_id)
		nk_boot_id(boot_id);
	r->boot_id = boot_id;
	clock_gettime(CLOCK_REALTIME, &r->created);
	for (size_t i = 0; i < c->groups.n; i++) {
		nk_strv_push(c->a, &r->cgroups, c->groups.v[i].dir);
		if (c->groups.v[i].existed)
			nk_strv_push(c->a, &r->kept, c->groups.v[i].dir);
		add_freezer(c, &c->groups.v[i]);
	}
	r->rdt = c->rdt.gone;
	r->rdt_class = c->rdt.dir;
	r->rdt_mon = c->rdt.mon;
	if (c->in.unit) {
		r->scope = c->unit.name;
		r->user_bus = c->unit.user;
	}
	for (unsigned p = 0; p < NK_HOOK_COUNT; p++)
		if (config->hooks[p].n)
			r->hooks |= 1u << p;
	r->annotations.v = config->annotations.v;
	r->annotations.n = config->annotations.n;
	r->wants_config = c->in.listener || config->hooks[NK_HOOK_START_CONTAINER].n ||
			  config->hooks[NK_HOOK_POSTSTART].n;
	nk_oci_note_host_mounts(r, config);
	note_last_steps(c);
}

/* The file whose lock tells that init waits: the lock goes with the descriptor into init. */
static int lock_waiting(struct nk_oci_create *c, struct nk_err *e)
{
	c->waiting_fd =
		openat(c->dir.fd, "waiting", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (c->waiting_fd < 0 || flock(c->waiting_fd, LOCK_EX | LOCK_NB) < 0)
		return nk_fail(e, errno, "state of container %s: waiting", c->request->id);
	return 0;
}

/* From here on there is something to take away. */
int nk_oci_enter(struct nk_oci_create *c, struct nk_err *e)
{
	int ret = nk_oci_new(&c->dir, c->request->root, c->request->id, e);

	if (ret < 0)
		return ret;
	fill_record(c);
	/* The configuration first: who finds a state finds the hooks that belong to it, too. */
	ret = nk_oci_write_file(&c->dir, "config.json", c->text, c->text_len, e);
	if (ret == 0)
		ret = nk_oci_save(&c->dir, &c->record, e);
	if (ret == 0 && c->request->waits)
		ret = lock_waiting(c, e);
	if (ret == 0 && c->request->waits)
		ret = c->start_fd = nk_oci_start_listen(&c->dir, e);
	return ret < 0 ? ret : 0;
}

static int on_started(void *arg, pid_t pid, struct nk_err *e)
{
	struct nk_oci_create *c = arg;

	c->record.pid = pid;
	c->record.pid_start = nk_process_start(pid);

	int ret = nk_oci_save(&c->dir, &c->record, e);

	if (ret == 0)
		ret = nk_rdt_make(c->a, &c->rdt, &c->config.rdt, e);
	return ret < 0 ? ret : nk_rdt_enter(c->a, &c->rdt, pid, e);
}

static int on_hooks(struct nk_oci_create *c, struct nk_err *e)
{
	static const enum nk_hook_point points[] = {NK_HOOK_PRESTART, NK_HOOK_CREATE_RUNTIME,
						    NK_HOOK_CREATE_CONTAINER};

	if (c->config.net_devices.n) {
		int ret = nk_oci_net_devices_move(&c->config, c->record.pid, e);
		if (ret < 0)
			return ret;
	}
	for (size_t i = 0; i < NK_COUNT(points); i++) {
		pid_t join = points[i] == NK_HOOK_CREATE_CONTAINER ? c->record.pid : 0;
		int ret = nk_oci_hooks(&c->config, points[i], &c->record, NK_OCI_CREATING, join,
				       false, e);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* Written beside and renamed: who waits for it never reads half a number. The name beside it can
 * be foreseen, so it is made anew: no link that somebody has put there is followed. */
static int write_pid_file(const char *path, pid_t pid, struct nk_err *e)
{
	const char *slash = strrchr(path, '/');
	char beside[4200], text[16];
	int n = snprintf(text, sizeof(text), "%d", (int)pid);

	if (strlen(path) >= PATH_MAX)
		return nk_fail(e, ENAMETOOLONG, "--pid-file %.200s", path);
	snprintf(beside, sizeof(beside), "%.*s.%s", slash ? (int)(slash - path) + 1 : 0, path,
		 slash ? slash + 1 : path);

	unlink(beside);

	_close_ int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0)
		return nk_fail(e, errno, "--pid-file %.200s", path);
	if (write(fd, text, (size_t)n) != n || rename(beside, path) < 0) {
		int err = errno;
		unlink(beside);
		return nk_fail(e, err, "--pid-file %.200s", path);
	}
	return 0;
}

int nk_oci_announce(const char *pid_file, const char *pidfd_socket, pid_t pid, struct nk_err *e)
{
	int ret = 0;

	if (pidfd_socket && *pidfd_socket) {
		_close_ int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
		ret = pidfd < 0 ? nk_fail(e, errno, "a descriptor of process %d", (int)pid)
				: nk_oci_send_fd(pidfd_socket, "pidfd", pidfd, e);
	}
	if (ret == 0 && pid_file && *pid_file)
		ret = write_pid_file(pid_file, pid, e);
	return ret;
}

/* What is going to be true when init is ready, written while it mounts. */
static void on_idle(void *arg)
{
	struct nk_oci_create *c = arg;
	struct nk_oci_record r = c->record;
	struct nk_err ignored;

	r.creating = r.unclaimed = false;
	c->saved = nk_oci_save_begin(&c->dir, &r, &ignored) == 0;
}

static int on_ready(struct nk_oci_create *c, struct nk_err *e)
{
	const struct nk_oci_request *r = c->request;
	int ret = nk_oci_alone(c, c->record.pid, e);

	if (ret == 0)
		ret = nk_oci_announce(r->pid_file, r->pidfd_socket, c->record.pid, e);
	if (ret == 0 && !r->waits)
		ret = nk_oci_start_hooks(c->a, &c->config, &c->record, r->cache_dir, e);
	if (ret < 0)
		return ret;
	c->record.creating = c->record.unclaimed = false;
	ret = c->saved ? nk_oci_save_end(&c->dir, e) : nk_oci_save(&c->dir, &c->record, e);
	/* Others may work on what runs now. */
	if (ret == 0 && !r->detach) {
		close(c->dir.lock_fd);
		c->dir.lock_fd = -EBADF;
	}
	return ret;
}

int nk_oci_give_terminal(const struct nk_config *c, const char *socket, int master,
			 struct nk_err *e)
{
	struct winsize size = {
		.ws_col = (unsigned short)c->process.width,
		.ws_row = (unsigned short)c->process.height,
	};

	if (c->process.width || c->process.height)
		ioctl(master, TIOCSWINSZ, &size);
	if (!socket || !*socket)
		return 1; /* the driver relays it */

	int ret = nk_oci_send_fd(socket, "/dev/ptmx", master, e);

	if (ret == 0)
		close(master);
	return ret;
}

static int on_message(void *arg, enum nk_msg m, int fd, struct nk_err *e)
{
	struct nk_oci_create *c = arg;
	int ret;

	switch (m) {
	case NK_MSG_HOOKS:
		return on_hooks(c, e);
	case NK_MSG_READY:
		return on_ready(c, e);
	case NK_MSG_TERMINAL:
		return nk_oci_give_terminal(&c->config, c->request->console_socket, fd, e);
	case NK_MSG_LISTENER:
		ret = nk_oci_tell_agent(&c->config, &c->record, NK_OCI_CREATED, c->record.pid, fd,
					e);
		if (ret == 0)
			close(fd);
		return ret;
	default:
		return 1;
	}
}

static int on_executed(void *arg, struct nk_err *e)
{
	struct nk_oci_create *c = arg;

	return c->request->waits ? 0
				 : nk_oci_hooks(&c->config, NK_HOOK_POSTSTART, &c->record,
						NK_OCI_RUNNING, 0, false, e);
}

static void on_step(void *arg, const struct nk_plan *p, size_t index, const struct nk_trace *t)
{
	const struct nk_oci_create *c = arg;

	c->request->step(NULL, p, index, t);
}

/* Callers look for these words (Docker and Podman make 126 and 127 of them). */
void nk_oci_exec_words(const char *command, struct nk_err *e)
{
	int err = e->err;

	if (!command || (e->exit != NK_EXIT_NOT_FOUND && e->exit != NK_EXIT_CANNOT_EXEC))
		return;
	if (e->exit == NK_EXIT_NOT_FOUND && !strchr(command, '/'))
		nk_fail(e, 0, "exec: \"%.200s\": executable file not found in $PATH", command);
	else if (e->exit == NK_EXIT_NOT_FOUND)
		nk_fail(e, err, "exec: \"%.200s\": stat %.200s", command, command);
	else
		nk_fail(e, err, "exec: \"%.200s\"", command);
	/* As Go spells it: callers compare with small letters. */
	char *last = strrchr(e->msg, ':');
	if (last && last[1] == ' ' && last[2] >= 'A' && last[2] <= 'Z')
		last[2] = (char)(last[2] + 'a' - 'A');
	nk_ctx(e, "unable to start container process");
}

static int spawn(struct nk_oci_create *c, struct nk_result *result, struct nk_err *e)
{
	const struct nk_oci_request *r = c->request;
	const struct nk_spawn_options o = {
		.interactive = true,
		.groups = (const char *const *)c->record.cgroups.v,
		.n_groups = (int)c->record.cgroups.n,
		.no_verdict = true,
		.started = on_started,
		.idle = on_idle,
		.message = on_message,
		.executed = on_executed,
		.step = r->step ? on_step : NULL,
		.start_fd = c->start_fd,
		.waiting_fd = c->waiting_fd,
		.slow_fd = r->slow_fd,
		.detach = r->detach,
		.until_exec = r->detach && !r->waits,
		.arg = c,
		.fault_step = r->fault_step,
		.fault_after = r->fault_after,
		.fault_action = r->fault_action,
	};
	nk_oci_own_stdio(&c->config.spec);

	int ret = nk_spawn(&c->plan, &o, result, e);

	if (ret < 0)
		nk_oci_lost_group(c, &c->plan, e);
	if (ret < 0)
		nk_oci_exec_words(c->record.command, e);
	return ret;
}

/* What went wrong keeps its words: what is said while it is taken away is secondary. */
void nk_oci_take_away(struct nk_oci_create *c)
{
	struct nk_err e = {0};

	if (c->dir.fd < 0)
		return;
	/* Of `run`: somebody may have deleted it meanwhile. */
	if (c->dir.lock_fd < 0 && nk_oci_lock(&c->dir, NK_OCI_LOCK_MS, &e) < 0) {
		if (e.err != ENOENT)
			nk_log(NK_LOG_WARN, "%s", e.msg);
		return;
	}
	if (nk_oci_destroy(&c->dir, &c->record, &c->config, &e) < 0)
		nk_log(NK_LOG_WARN, "%s", e.msg);
}

static void let_go(struct nk_oci_create *c)
{
	nk_cleanup_close(&c->start_fd);
	nk_cleanup_close(&c->waiting_fd);
	c->start_fd = c->waiting_fd = -1;
}

int nk_oci_create(struct nk_oci_create *c, struct nk_result *result, struct nk_err *e)
{
	int ret = nk_oci_enter(c, e);

	if (ret == 0)
		ret = spawn(c, result, e);
	let_go(c);
	if (ret < 0 || (!c->request->detach && !c->request->keep))
		nk_oci_take_away(c);
	nk_oci_dir_close(&c->dir);
	return ret;
}
