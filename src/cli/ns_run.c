/* SPDX-License-Identifier: Apache-2.0 */
/* nook ns run: a command in new namespaces, and in nothing else. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/explain.h"
#include "cli/ns.h"
#include "cli/ns_run.h"
#include "host/text.h"
#include "ns/hold.h"
#include "plan/ns_run.h"
#include "runtime/runtime.h"
#include "state/process.h"

struct start {
	struct nk_cli *cli;
	struct nk_ns_request *request;
	struct nk_facts facts;
	struct nk_lease lease;
	struct nk_plan plan;
	const char *init_path; /* of nook-init, once it was looked for */
	bool kept;
};

/* Where the command is; NULL: nowhere. As execvp(3) looks for it. */
static const char *find_command(struct nk_arena *a, const char *name)
{
	const char *rest = getenv("PATH");

	if (strchr(name, '/'))
		return access(name, F_OK) ? NULL : name;
	for (rest = rest ? rest : "/usr/local/bin:/usr/bin:/bin"; *rest;) {
		size_t n = strcspn(rest, ":");
		const char *path = nk_fmt(a, "%.*s/%s", (int)n, rest, name);

		if (n && !access(path, F_OK))
			return path;
		rest += n + (rest[n] == ':');
	}
	return NULL;
}

/* The command is executed by nook-init, which has no hints: what is not there is said here. */
static int under_init(struct start *s, struct nk_strv *args, struct nk_err *e)
{
	struct nk_arena *a = &s->cli->arena;
	struct nk_strv all = {0};

	if (!find_command(a, args->v[0])) {
		nk_fail(e, ENOENT, "execute %.200s", args->v[0]);
		e->exit = NK_EXIT_NOT_FOUND;
		return nk_hint(e, "there is no such command (looked in PATH)");
	}
	if (!s->init_path) {
		nk_fail(e, 0, "--pid: nook-init, which is process 1 there, is not installed");
		return nk_hint(e, "--no-init makes the command process 1");
	}
	nk_strv_push(a, &all, s->init_path);
	nk_strv_push(a, &all, "-g");
	nk_strv_push(a, &all, "--");
	for (size_t i = 0; i < args->n; i++)
		nk_strv_push(a, &all, args->v[i]);
	*args = all;
	return 0;
}

static int command(struct start *s, int n_words, char **words, struct nk_err *e)
{
	struct nk_arena *a = &s->cli->arena;
	struct nk_spec *spec = &s->request->run.spec;
	const char *shell = getenv("SHELL");
	struct nk_run_world w;

	for (int i = 0; i < n_words; i++)
		nk_strv_push(a, &spec->args, words[i]);
	if (!n_words)
		nk_strv_push(a, &spec->args, shell && shell[0] == '/' ? shell : "/bin/sh");
	if (n_words && !words[0][0]) {
		nk_fail(e, 0, "the command is an empty word");
		return nk_hint(e, "name a program");
	}
	for (char **v = environ; *v; v++)
		nk_strv_push(a, &spec->env, *v);
	if (nk_run_world_read(&w, a, e) < 0)
		return e->err ? -e->err : -EINVAL;
	s->init_path = w.init_path;
	if (spec->ns[NK_NS_PID].mode != NK_NS_NEW || s->request->in_place || s->request->no_init)
		return 0;
	return under_init(s, &spec->args, e);
}

/* -u: names are this machine's, since its files are what is seen inside. */
static int user(struct start *s, struct nk_err *e)
{
	struct nk_arena *a = &s->cli->arena;
	struct nk_ns_request *r = s->request;
	_free_ char *passwd = NULL, *group = NULL;

	if (!r->run.user)
		return 0;
	passwd = nk_text_read("/etc/passwd", (size_t)16 << 20);
	group = nk_text_read("/etc/group", (size_t)16 << 20);
	r->changes_user = true;
	return nk_run_user(&r->run, a, passwd ? passwd : "", passwd ? strlen(passwd) : 0,
			   group ? group : "", group ? strlen(group) : 0, e);
}

/* Refused here, while nothing has been made. */
static int check_proc(const struct start *s, struct nk_err *e)
{
	const struct nk_facts *f = &s->facts;
	bool users = s->request->kinds[NK_NS_USER] || !f->initial_userns;
	struct stat st = {.st_mode = S_IFDIR};

	if (!s->request->proc)
		return 0;
	if (stat(s->request->proc, &st) || !S_ISDIR(st.st_mode)) {
		nk_fail(e, S_ISDIR(st.st_mode) ? errno : ENOTDIR, "--mount-proc=%.200s",
			s->request->proc);
		return nk_hint(e, "it names a directory that is there");
	}
	if (!users || !f->proc_covered)
		return 0;
	nk_fail(e, EPERM, "--mount-proc: the kernel allows no new procfs where %s",
		f->proc_covered_by ? f->proc_covered_by : "parts of /proc are hidden");
	return nk_hint(e, "leave it away, or start the outer container with --privileged or an "
			  "unmasked /proc");
}

/* --map auto: the ids of dead nooks are free to be leased, but what they left may still run. */
static int ids(struct start *s, struct nk_err *e)
{
	const struct nk_ns_request *r = s->request;
	_state_ struct nk_state st = {.fd = -EBADF};
	struct nk_err ignored;

	if (r->kinds[NK_NS_USER] && (!r->map_word || !strcmp(r->map_word, "auto")) &&
	    !r->run.spec.uid_maps.n && s->facts.maps_ids &&
	    nk_runtime_open(&st, s->cli->state, &ignored) == 0)
		s->lease.st = &st;

	int rc = nk_ns_run_ids(s->request, &s->cli->arena, &s->facts, &s->lease, e);

	s->lease.st = NULL;
	return rc;
}

/* Since 6.2 execve moves who has unshared its clocks. */
static bool old_clocks(const struct nk_facts *f)
{
	return f->kernel_major < 6 || (f->kernel_major == 6 && f->kernel_minor < 2);
}

/* A shell that starts programs by vfork() could start none: "Cannot fork". */
static int check_clocks(const struct start *s, struct nk_err *e)
{
	const struct nk_ns_request *r = s->request;

	if (!r->in_place || !r->kinds[NK_NS_TIME] || r->as_is || !old_clocks(&s->facts))
		return 0;
	nk_fail(e, 0,
		"--unshare --time: before Linux 6.2 no process moves into new clocks, only its "
		"children are born with them");
	return nk_hint(e, "leave --unshare away: nook starts one there. Or add --as-is, and CMD "
			  "starts others by fork() only");
}

static int make_plan(struct start *s, int n_words, char **words, struct nk_err *e)
{
	struct nk_ns_request *r = s->request;
	struct nk_arena *a = &s->cli->arena;
	struct nk_spec *spec = &r->run.spec;
	int rc;

	if ((rc = command(s, n_words, words, e)) < 0 || (rc = user(s, e)) < 0 ||
	    (rc = nk_facts_collect(a, spec, &s->facts, e)) < 0 || (rc = ids(s, e)) < 0 ||
	    (rc = check_proc(s, e)) < 0 || (rc = check_clocks(s, e)) < 0)
		return rc;

	const struct nk_ns_run_input in = {
		.spec = spec,
		.facts = &s->facts,
		.proc = r->proc,
		.in_place = r->in_place,
		.holds = r->keep,
		.changes_user = r->changes_user,
	};
	nk_plan_init(&s->plan, a);
	return nk_plan_ns_run(&s->plan, &in, e);
}

static void tell(void *arg)
{
	const struct start *s = arg;
	const struct nk_ns_request *r = s->request;
	const struct nk_facts *f = &s->facts;

	for (size_t i = 0; i < f->notices.n; i++)
		nk_log(NK_LOG_WARN, "%s", f->notices.v[i]);
	if (r->keep && r->kinds[NK_NS_PID])
		nk_log(NK_LOG_WARN, "--keep: not the PID namespace, which ends with its process 1");
	if (r->keep && s->lease.fd >= 0)
		nk_log(NK_LOG_WARN,
		       "--keep with --map auto: when the command has ended, its ids (from %u on) "
		       "may be given to others; --map 0:OUTSIDE:COUNT gives it ids of your choice",
		       s->lease.ids.outside);
	if (r->in_place && r->kinds[NK_NS_PID])
		nk_log(NK_LOG_WARN,
		       "--as-is: %s stays in its PID namespace, its first child is process 1 of "
		       "the "
		       "new one, and when that has ended no other can be started",
		       r->run.spec.args.v[0]);
	if (r->in_place && r->kinds[NK_NS_TIME] && old_clocks(f))
		nk_log(NK_LOG_WARN,
		       "--as-is: %s keeps its clocks, only its children have the new ones, and "
		       "vfork() fails in it",
		       r->run.spec.args.v[0]);
}

/* A single id is mapped by the process itself, gid_map last, while nook goes on: wait for it. */
static void await_map(pid_t pid, int pidfd)
{
	const struct timespec millisecond = {.tv_nsec = 1000000};
	char path[40], byte;

	snprintf(path, sizeof(path), "/proc/%d/gid_map", (int)pid);
	while (nk_process_wait(pidfd, 0) == -ETIMEDOUT) {
		_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || read(fd, &byte, 1) != 0)
			return;
		nanosleep(&millisecond, NULL);
	}
}

/* --keep: while the command still waits. */
static int keep(void *arg, pid_t pid, struct nk_err *e)
{
	struct start *s = arg;
	_close_ int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	const struct nk_ns_keep h = {
		.state = s->cli->state,
		.name = s->request->keep,
		.kinds = nk_ns_run_kept(s->request),
		.pid = pid,
		.pidfd = pidfd,
		.mounts = s->facts.sys_admin && !s->facts.foreign_mounts &&
			  (!s->request->kinds[NK_NS_NET] || !access("/run", W_OK)),
		.init_path = s->init_path,
	};
	_state_ struct nk_state st = {.fd = -EBADF};
	pid_t holder;

	if (pidfd < 0)
		return nk_fail(e, errno, "hold the command's process");
	if (s->request->kinds[NK_NS_USER])
		await_map(pid, pidfd);
	int rc = nk_runtime_open(&st, s->cli->state, e); /* makes the directory */

	if (rc == 0)
		rc = nk_ns_hold(&s->cli->arena, &h, &holder, e);
	s->kept = rc == 0;
	return rc < 0 ? nk_ctx(e, "--keep") : 0;
}

/* A shell inside takes the terminal for its jobs. In a PID namespace it cannot name who had it
 * before, to give it back. */
static void foreground_back(bool mine)
{
	sigset_t set, before;

	if (!mine || tcgetpgrp(STDIN_FILENO) == getpgrp())
		return;
	sigemptyset(&set);
	sigaddset(&set, SIGTTOU);
	sigprocmask(SIG_BLOCK, &set, &before);
	tcsetpgrp(STDIN_FILENO, getpgrp());
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static int carry_out(struct start *s, struct nk_err *e)
{
	const struct nk_run_request *r = &s->request->run;
	const struct nk_spawn_options o = {
		.shares_terminal = true,
		.under_init = r->spec.args.v[0] == s->init_path,
		.placed = s->request->keep ? keep : NULL,
		.alive = tell,
		.step = r->debug ? nk_cli_debug_step : NULL,
		.arg = s,
		.fault_step = r->fault_step,
		.fault_after = r->fault_after,
		.fault_action = r->fault_action,
	};
	bool foreground = tcgetpgrp(STDIN_FILENO) == getpgrp();
	struct nk_result result = {0};

	if (s->request->in_place)
		tell(s);
	int rc = nk_spawn(&s->plan, &o, &result, e);
	foreground_back(foreground);
	if (rc < 0 && s->kept)
		nk_ns_release(&s->cli->arena, s->cli->state, s->request->keep, &(struct nk_err){0});
	return rc < 0 ? rc : result.exit_code;
}

int nk_ns_run_start(struct nk_cli *cli, struct nk_ns_request *r, int n_words, char **words)
{
	struct start s = {
		.cli = cli,
		.request = r,
		.lease = {.dir = cli->leases, .fd = -1},
	};
	struct nk_err e = {0};
	int rc = make_plan(&s, n_words, words, &e);

	if (rc == 0 && r->run.explain != NK_EXPLAIN_NO) {
		tell(&s);
		rc = nk_cli_explain(cli, &s.plan, r->run.explain);
	} else if (rc == 0) {
		rc = carry_out(&s, &e);
	}
	if (s.lease.fd >= 0)
		close(s.lease.fd);
	return rc < 0 ? nk_cli_error(cli, &e) : rc;
}

static int run(struct nk_cli *cli, int argc, char **argv)
{
	struct nk_ns_request r = {0};
	struct nk_err e = {0};
	int code;

	nk_run_request_init(&r.run);
	int first = nk_cli_options(cli, &nk_command_ns_run, argc, argv, &r, &code);
	if (first < 0)
		return code;
	if (nk_ns_run_finish(&r, &e) < 0)
		return nk_cli_error(cli, &e);
	return nk_ns_run_start(cli, &r, argc - first, argv + first);
}

const struct nk_command nk_command_ns_run = {
	.name = "ns run",
	.usage = "[OPTIONS] [--] [COMMAND [ARG...]]",
	.summary = "run a command in new namespaces",
	.about = "Run COMMAND (default: $SHELL) in new namespaces of the kinds that are named. It "
		 "is "
		 "no container: files, environment, working directory, descriptors and limits "
		 "stay the caller's; nothing is filtered or dropped. Who is not root needs --user, "
		 "in which root makes the others.\n"
		 "With --pid a small process 1 runs COMMAND, reaps orphans and forwards signals, "
		 "and "
		 "when COMMAND ends everything there ends. The exit code is COMMAND's; 125: nook's "
		 "own fault, 126: cannot be executed, 127: not found, 128+N: ended by signal N.",
	.examples = "nook ns run --user --pid --mount-proc ps ax\talone, as an ordinary user\n"
		    "nook ns run --all --mount-proc\ta shell in all eight\n"
		    "nook ns run --user --net ip link\ta network with nothing but lo\n"
		    "nook ns run --user --hostname web bash\tanother host name\n"
		    "nook ns run --user --time-offset boottime=7d uptime\tup for a week more\n"
		    "nook ns run --user --net --explain=c true\tthe C program that does it",
	.options = nk_ns_run_table,
	.run = run,
};
