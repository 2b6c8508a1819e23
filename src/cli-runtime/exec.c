/* SPDX-License-Identifier: Apache-2.0 */
/* nook-runtime exec: one more process in a container. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli-runtime/create.h"
#include "cli-runtime/exec.h"
#include "oci/cap_names.h"

/* What runc answers where there is no exit code of a command. */
enum { EXIT_EXEC_FAULT = 255 };

extern const struct nk_rt_command nk_rt_command_exec;

struct exec {
	struct nk_rt *rt;
	const struct nk_rt_exec_options *o;
	struct nk_oci_dir dir;
	struct nk_oci_record record;
	struct nk_config config;
	struct nk_oci_exec x;
	pid_t pid; /* of the command */
};

/* clang-format off */
#define AT(member) .offset = offsetof(struct nk_rt_exec_options, member)
static const struct nk_option options[] = {
	{"process", .letter = 'p', .metavar = "FILE", .values = "@file",
	 .help = "the specification's process object as JSON, instead of a command",
	 .set = nk_set_string, AT(process)},
	{"console-socket", .metavar = "FILE", .values = "@file",
	 .help = "send the master of the terminal to this Unix socket",
	 .set = nk_set_string, AT(console_socket)},
	{"pidfd-socket", .metavar = "FILE", .values = "@file",
	 .help = "send a descriptor of the process to this Unix socket",
	 .set = nk_set_string, AT(pidfd_socket)},
	{"cwd", .letter = 'w', .metavar = "DIR", .help = "its working directory",
	 .set = nk_set_string, AT(cwd)},
	{"env", .letter = 'e', .metavar = "NAME=VALUE", .help = "one more variable",
	 .set = nk_set_list, AT(env)},
	{"tty", .letter = 't', .help = "a terminal of its own", .set = nk_set_flag, AT(tty)},
	{"user", .letter = 'u', .metavar = "UID[:GID]", .help = "its user, by number",
	 .set = nk_rt_set_user, AT(user)},
	{"additional-gids", .letter = 'g', .metavar = "GID", .help = "one more group",
	 .set = nk_rt_set_gid, AT(gids)},
	{"detach", .letter = 'd', .help = "do not wait for its end", .set = nk_set_flag, AT(detach)},
	{"pid-file", .metavar = "FILE", .values = "@file", .help = "write its number there",
	 .set = nk_set_string, AT(pid_file)},
	{"process-label", .metavar = "LABEL", .help = "its SELinux label",
	 .set = nk_set_string, AT(selinux)},
	{"apparmor", .metavar = "PROFILE", .help = "its AppArmor profile",
	 .set = nk_set_string, AT(apparmor)},
	{"no-new-privs", .help = "no program gives it more rights", .set = nk_set_flag,
	 AT(no_new_privs)},
	{"cap", .letter = 'c', .metavar = "CAP", .help = "one more capability",
	 .set = nk_set_list, AT(caps)},
	{"preserve-fds", .metavar = "N", .help = "hand on N descriptors, from 3 up",
	 .set = nk_set_unsigned, AT(preserve_fds)},
	{"cgroup", .metavar = "[CONTROLLER[,…]:]PATH",
	 .help = "into this group below the container's own", .set = nk_set_list, AT(cgroups)},
	{"ignore-paused", .help = "also into a container that is paused: it runs when that goes on",
	 .set = nk_set_flag, AT(ignore_paused)},
	{"explain", .metavar = "FORM", .optional = true, .hidden = true, .values = "words json c sh",
	 .help = "print each step and run nothing", .set = nk_rt_set_explain, AT(explain)},
	{"no-subreaper", .hidden = true, .help = "runc's; there is none here", .set = nk_set_flag,
	 AT(no_subreaper)},
	{0},
};
/* clang-format on */

static int check_terminal(const struct nk_rt_exec_options *o, bool terminal, struct nk_err *e)
{
	bool socket = o->console_socket && *o->console_socket;

	if (o->detach && terminal && !socket)
		return nk_fail(e, 0,
			       "cannot allocate tty if runc will detach without setting "
			       "console socket");
	if (socket && (!terminal || !o->detach))
		return nk_fail(e, 0,
			       "cannot use console socket if runc will not detach or "
			       "allocate tty");
	for (unsigned i = 0; i < o->preserve_fds; i++)
		if (fcntl((int)i + 3, F_GETFD) < 0)
			return nk_fail(e, 0, "please check that preserved-fd %u (of %u) is present",
				       i, o->preserve_fds);
	return 0;
}

static int find(struct exec *x, const char *id, struct nk_err *e)
{
	enum nk_oci_status status;
	int ret = nk_oci_find(&x->dir, &x->rt->arena, x->rt->root, id, &x->record, &status, e);

	if (ret < 0)
		return ret;
	if (status == NK_OCI_STOPPED)
		return nk_fail(e, 0, "cannot exec in a stopped container");
	if (status == NK_OCI_CREATING)
		return nk_fail(e, 0, "cannot exec in a container that is being created");
	if (status == NK_OCI_PAUSED && !x->o->ignore_paused)
		return nk_fail(e, 0,
			       "cannot exec in a paused container (use --ignore-paused to "
			       "override)");
	return nk_oci_saved_config(&x->dir, &x->rt->arena, &x->record, &x->config, e);
}

static int on_started(void *arg, pid_t pid, struct nk_err *e)
{
	struct exec *x = arg;
	int ret = nk_oci_exec_started(&x->x, pid, e);

	x->pid = pid;
	return ret < 0 ? ret : nk_oci_announce(x->o->pid_file, x->o->pidfd_socket, pid, e);
}

static int on_message(void *arg, enum nk_msg m, int fd, struct nk_err *e)
{
	struct exec *x = arg;

	if (m == NK_MSG_TERMINAL)
		return nk_oci_give_terminal(&x->x.config, x->o->console_socket, fd, e);
	if (m != NK_MSG_LISTENER)
		return 1;

	int ret = nk_oci_tell_agent(&x->x.config, &x->record, NK_OCI_RUNNING, x->pid, fd, e);

	if (ret == 0)
		close(fd);
	return ret;
}

static int spawn(struct exec *x, struct nk_result *result, struct nk_err *e)
{
	const struct nk_spawn_options o = {
		.interactive = true,
		.started = on_started,
		.message = on_message,
		.step = x->rt->debug ? nk_rt_debug_step : NULL,
		.detach = x->o->detach,
		.until_exec = x->o->detach,
		.slow_fd = x->rt->sealed_fd,
		.arg = x,
	};
	const struct nk_spec *s = &x->x.config.spec;
	nk_oci_own_stdio(s);

	int ret = nk_spawn(&x->x.plan, &o, result, e);

	if (ret < 0) {
		nk_oci_exec_failed(&x->x, e);
		nk_oci_exec_words(s->args.n ? s->args.v[0] : NULL, e);
	}
	return ret;
}

static int plan(struct exec *x, int argc, char **argv, struct nk_err *e)
{
	struct nk_arena *a = &x->rt->arena;
	int ret = find(x, argv[0], e);

	if (ret == 0)
		ret = nk_oci_exec_open(&x->x, a, &x->record, &x->config, e);
	if (ret == 0)
		ret = nk_rt_exec_process(a, x->o, argc - 1, argv + 1, &x->x.config, e);
	if (ret == 0)
		ret = nk_rt_exec_cgroups(a, x->o, &x->x.in.cgroups, e);
	if (ret == 0)
		ret = check_terminal(x->o, x->x.config.spec.terminal, e);
	if (ret == 0)
		nk_oci_home_of(a, &x->x.config, x->record.pid);
	return ret < 0 ? ret : nk_oci_exec_plan(&x->x, nk_rt_cache_dir(x->rt), e);
}

static int run(struct nk_rt *rt, int argc, char **argv)
{
	struct nk_rt_exec_options o = {0};
	struct exec x = {.rt = rt, .o = &o, .dir = NK_OCI_DIR_CLOSED, .x.pidfd = -EBADF};
	struct nk_result result = {0};
	struct nk_err e = {0};
	int code, first = nk_rt_options(rt, &nk_rt_command_exec, argc, argv, &o, &code);

	if (first < 0)
		return code;

	int ret = plan(&x, argc - first, argv + first, &e);

	if (ret == 0 && o.explain)
		ret = nk_rt_explain(&x.x.plan, o.explain, &e);
	else if (ret == 0)
		ret = spawn(&x, &result, &e);
	nk_oci_exec_close(&x.x);
	nk_oci_dir_close(&x.dir);
	if (ret == 0)
		return result.exit_code;
	nk_ctx(&e, "exec failed");
	nk_rt_error(rt, &e);
	return EXIT_EXEC_FAULT;
}

const struct nk_rt_command nk_rt_command_exec = {
	.name = "exec",
	.usage = "[OPTIONS] CONTAINER COMMAND [ARG...]",
	.summary = "run one more command in a container",
	.about = "In every namespace and cgroup of the container, with its process's user,\n"
		 "capabilities and filter where no option says otherwise. The exit code is the\n"
		 "command's, 128+N when it was ended by signal N, 255 where there was none.",
	.options = options,
	.min_words = 1,
	.max_words = -1,
	.own_words = true,
	.run = run,
};
