/* SPDX-License-Identifier: Apache-2.0 */
/* One more process in a container: for exec, and for the hooks that are the container's own. */
#include "plan/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "runtime/oci.h"
#include "security/oci_seccomp.h"
#include "state/process.h"

enum { ENDING_MS = 1000 };

int nk_oci_saved_config(struct nk_oci_dir *d, struct nk_arena *a, const struct nk_oci_record *r,
			struct nk_config *c, struct nk_err *e)
{
	char *text;
	size_t n;
	int ret = nk_oci_read_file(d, a, "config.json", &text, &n, e);

	return ret < 0 ? ret : nk_config_read(a, text, n, r->bundle, c, e);
}

static int ended(struct nk_err *e)
{
	nk_fail(e, 0, "cannot exec in a stopped container");
	e->err = ESRCH;
	return -ESRCH;
}

static bool setgroups_denied(pid_t pid)
{
	char path[48], word[8] = "";

	snprintf(path, sizeof(path), "/proc/%d/setgroups", (int)pid);

	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd >= 0 && read(fd, word, sizeof(word) - 1) > 0 && strncmp(word, "deny", 4) == 0;
}

int nk_oci_exec_open(struct nk_oci_exec *x, struct nk_arena *a, const struct nk_oci_record *r,
		     const struct nk_config *c, struct nk_err *e)
{
	*x = (struct nk_oci_exec){.a = a, .record = r, .config = *c, .pidfd = nk_oci_pidfd(r)};
	if (x->pidfd < 0)
		return ended(e);
	nk_facts_self(&x->facts);
	x->config.spec.interactive = true; /* standard input is the caller's */
	x->in = (struct nk_exec_input){
		.spec = &x->config.spec,
		.facts = &x->facts,
		.pid = r->pid,
		.cgroups = r->cgroups,
	};

	int ret = nk_oci_join_flags(r->pid, &x->in.join, e);

	/* It leaves its namespaces a moment before it has ended. */
	if (ret < 0)
		return nk_process_wait(x->pidfd, ENDING_MS) == 0 ? ended(e) : ret;
	x->in.setgroups_denied = setgroups_denied(r->pid);
	return 0;
}

void nk_oci_exec_close(struct nk_oci_exec *x)
{
	nk_cleanup_close(&x->pidfd);
	x->pidfd = -EBADF;
}

/* Which of the groups is of version 2. The CPUs that the process has on its way to its groups count
 * before it is there: then it cannot be born in one. */
static void how_to_enter(struct nk_oci_exec *x)
{
	const char *initial = x->config.process.affinity_initial;
	struct statfs fs;

	struct nk_strv groups = {0};

	x->in.by_itself = !(initial && *initial);
	for (size_t i = 0; i < x->in.cgroups.n; i++) {
		const char *dir = x->in.cgroups.v[i];
		bool v2 = !statfs(dir, &fs) && fs.f_type == CGROUP2_SUPER_MAGIC;

		/* Not where --cgroup names one. */
		if (v2 && i < x->record->cgroups.n && !strcmp(dir, x->record->cgroups.v[i]))
			dir = nk_oci_own_group(x->a, x->record, dir);
		if (v2 && x->in.by_itself)
			x->in.born_in = dir;
		nk_strv_push(x->a, &groups, dir);
	}
	x->in.cgroups = groups;
}

int nk_oci_exec_plan(struct nk_oci_exec *x, const char *cache_dir, struct nk_err *e)
{
	size_t told = x->config.warnings.n;

	if (!(x->in.join & CLONE_NEWUSER))
		nk_config_limit_caps(x->a, &x->config, nk_own_caps());
	for (; told < x->config.warnings.n; told++)
		nk_log(NK_LOG_WARN, "%s", x->config.warnings.v[told]);

	int ret = nk_oci_seccomp_filter(x->a, &x->config, cache_dir, &x->oci.filter,
					&x->oci.listener, e);

	if (ret == 0)
		ret = nk_lsm_check(&x->config, &x->lsm, e);
	if (ret < 0)
		return ret;
	x->oci.config = &x->config;
	x->oci.facts = &x->facts;
	x->oci.rootless = geteuid() != 0 || !x->facts.initial_userns;
	x->in.oci = &x->oci;
	x->in.apparmor = x->lsm.apparmor;
	x->in.selinux = x->lsm.selinux;
	how_to_enter(x);
	nk_plan_init(&x->plan, x->a);
	return nk_plan_exec(&x->plan, &x->in, e);
}

/* Its class of service holds for this process, too: that is no child of the container's. */
static int enter_class(const struct nk_oci_exec *x, pid_t pid, struct nk_err *e)
{
	struct nk_rdt r = {.dir = x->record->rdt_class, .mon = x->record->rdt_mon};

	return nk_rdt_enter(x->a, &r, pid, e);
}

int nk_oci_exec_started(const struct nk_oci_exec *x, pid_t pid, struct nk_err *e)
{
	return nk_process_wait(x->pidfd, 0) == -ETIMEDOUT ? enter_class(x, pid, e) : ended(e);
}

void nk_oci_exec_failed(const struct nk_oci_exec *x, struct nk_err *e)
{
	/* setns: its namespaces go a moment before it has ended */
	if (!e->exit && nk_process_wait(x->pidfd, e->err == ESRCH ? ENDING_MS : 0) == 0)
		ended(e);
}

/* ---- startContainer ---- */

static int hook_started(void *arg, pid_t pid, struct nk_err *e)
{
	return nk_oci_exec_started(arg, pid, e);
}

/* Standard input of this process, for as long as the hook runs. */
static int with_stdin(int fd, const struct nk_plan *p, const struct nk_spawn_options *o,
		      struct nk_result *result, struct nk_err *e)
{
	_close_ int saved = fcntl(0, F_DUPFD_CLOEXEC, 3);

	if (dup2(fd, 0) < 0)
		return nk_fail(e, errno, "the state on standard input");

	int ret = nk_spawn(p, o, result, e);

	if (saved >= 0)
		dup2(saved, 0);
	return ret;
}

static int run_hook(struct nk_arena *a, const struct nk_config *c, const struct nk_oci_record *r,
		    const struct nk_hook *h, const char *cache_dir, struct nk_err *e)
{
	_oci_exec_ struct nk_oci_exec x = {.pidfd = -EBADF};
	_json_ struct nk_json_out state = {0};
	struct nk_result result;
	int ret = nk_oci_exec_open(&x, a, r, c, e);

	if (ret < 0)
		return ret;
	x.config.spec.args = h->args;
	if (!h->args.n)
		nk_strv_push(a, &x.config.spec.args, h->path);
	x.config.spec.program = h->path;
	x.config.spec.env = h->env;
	x.config.spec.terminal = false;
	x.config.spec.preserve_fds = 0;
	if ((ret = nk_oci_exec_plan(&x, cache_dir, e)) < 0)
		return ret;
	nk_oci_state_json(&state, r, NK_OCI_CREATED, false);

	_close_ int in = memfd_create("state", MFD_CLOEXEC);
	const struct nk_spawn_options o = {
		.timeout_ms = (uint64_t)h->timeout_s * 1000,
		.started = hook_started,
		.arg = &x,
	};

	if (state.failed || in < 0 || write(in, state.buf, state.n) != (ssize_t)state.n ||
	    lseek(in, 0, SEEK_SET) < 0)
		return nk_fail(e, ENOMEM, "the state for a hook");
	ret = with_stdin(in, &x.plan, &o, &result, e);
	e->exit =
		ret < 0 ? 0 : e->exit; /* that no such hook is there says nothing of the command */
	if (ret < 0)
		return ret;
	if (result.timed_out)
		return nk_fail(e, 0, "hook ran past specified timeout of %us", h->timeout_s);
	return result.exit_code ? nk_fail(e, 0, "exit status %d", result.exit_code) : 0;
}

int nk_oci_start_hooks(struct nk_arena *a, const struct nk_config *c, const struct nk_oci_record *r,
		       const char *cache_dir, struct nk_err *e)
{
	for (size_t i = 0; i < c->hooks[NK_HOOK_START_CONTAINER].n; i++) {
		int ret = run_hook(a, c, r, &c->hooks[NK_HOOK_START_CONTAINER].v[i], cache_dir, e);
		if (ret < 0)
			return nk_ctx(e, "error running startContainer hook #%zu", i);
	}
	return 0;
}
