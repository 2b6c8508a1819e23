/* SPDX-License-Identifier: Apache-2.0 */
/* nook-runtime: the options before the command, and the command. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli-runtime/runtime_cli.h"
#include "cli-runtime/sealed.h"

static int set_level(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	int level = nk_log_level_by_name(value);

	if (!strcmp(value, "warning"))
		level = NK_LOG_WARN;
	if (!strcmp(value, "trace"))
		level = NK_LOG_DEBUG;
	if (!strcmp(value, "fatal") || !strcmp(value, "panic"))
		level = NK_LOG_ERROR;
	if (level < 0)
		return nk_fail(e, 0, "no such level (error, warn, info, debug)");
	*NK_MEMBER(use, enum nk_log_level) = (enum nk_log_level)level;
	return 0;
}

static int set_format(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	if (strcmp(value, "json") != 0 && strcmp(value, "text") != 0)
		return nk_fail(e, 0, "no such format (text, json)");
	*NK_MEMBER(use, bool) = !strcmp(value, "json");
	return 0;
}

static int set_manager(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	static const char *const names[] = {
		[NK_CG_CGROUPFS] = "cgroupfs",
		[NK_CG_SYSTEMD] = "systemd",
		[NK_CG_DISABLED] = "disabled",
	};

	for (size_t i = 0; i < NK_COUNT(names); i++)
		if (!strcmp(value, names[i])) {
			*NK_MEMBER(use, enum nk_cg_manager) = (enum nk_cg_manager)i;
			return 0;
		}
	return nk_fail(e, 0, "no such manager (cgroupfs, systemd, disabled)");
}

/* clang-format off */
#define AT(member) .offset = offsetof(struct nk_rt, member)
const struct nk_option nk_rt_global_options[] = {
	{"root", .metavar = "DIR", .group = "Options before the command", .values = "@dir",
	 .help = "where the state of containers is: /run/nook-runtime, or $XDG_RUNTIME_DIR/nook-runtime",
	 .set = nk_set_string, AT(root)},
	{"log", .metavar = "FILE", .values = "@file", .help = "append errors and notices to FILE",
	 .set = nk_set_string, AT(log)},
	{"log-format", .metavar = "FORMAT", .values = "text json",
	 .help = "how they look there: text (default) or json", .set = set_format, AT(json)},
	{"log-level", .metavar = "LEVEL", .values = "error warn info debug",
	 .help = "what to tell: error, warn, info (default) or debug", .set = set_level, AT(log_level)},
	{"debug", .help = "also tell each step and how long it took", .set = nk_set_flag, AT(debug)},
	{"systemd-cgroup", .help = "cgroups as scopes of systemd: cgroupsPath is slice:prefix:name",
	 .set = nk_set_flag, AT(systemd)},
	{"cgroup-manager", .metavar = "NAME", .values = "cgroupfs systemd disabled",
	 .help = "who makes cgroups: cgroupfs (default), systemd or disabled", .set = set_manager, AT(manager)},
	{"rootless", .metavar = "WORD", .values = "true false auto",
	 .help = "do without what only root may in cgroups: true, false or auto (default)",
	 .set = nk_set_string, AT(rootless_word)},
	{"criu", .metavar = "FILE", .hidden = true, .values = "@file",
	 .help = "the criu program", .set = nk_set_string, AT(criu)},
	{"man", .hidden = true, .help = "print nook-runtime(1) in scdoc", .set = nk_set_flag,
	 AT(want_manual)},
	{"version", .letter = 'v', .help = "print the version", .set = nk_set_flag, AT(want_version)},
	{0},
};
/* clang-format on */

static const struct nk_rt_command *find(const char *name)
{
	for (size_t i = 0; nk_rt_commands[i]; i++)
		if (!strcmp(nk_rt_commands[i]->name, name))
			return nk_rt_commands[i];
	return NULL;
}

static int no_command(struct nk_rt *rt, const char *word)
{
	struct nk_nearest near;
	struct nk_err e = {0};

	nk_nearest_init(&near, word, strlen(word));
	for (size_t i = 0; nk_rt_commands[i]; i++)
		nk_nearest_offer(&near, nk_rt_commands[i]->name);
	nk_fail(&e, 0, "No help topic for '%.60s'", word); /* in runc's words */
	if (near.best)
		nk_hint(&e, "did you mean %s?", near.best);
	else
		nk_hint(&e, "nook-runtime --help lists the commands");
	return nk_rt_error(rt, &e);
}

/* Nobody of a user namespace is root of the machine: PROC_USER_INIT_INO of the kernel. */
static bool is_root(void)
{
	static const char initial[] = "user:[4026531837]";
	char ns[64];
	ssize_t n = readlink("/proc/self/ns/user", ns, sizeof(ns));

	return geteuid() == 0 && n == (ssize_t)strlen(initial) && !memcmp(ns, initial, (size_t)n);
}

static int find_out_rootless(struct nk_rt *rt, struct nk_err *e)
{
	const char *word = rt->rootless_word ? rt->rootless_word : "auto";

	if (!strcmp(word, "true") || !strcmp(word, "false"))
		rt->rootless = word[0] == 't';
	else if (!strcmp(word, "auto"))
		rt->rootless = !is_root();
	else
		return nk_fail(e, 0, "--rootless %.40s: neither true, false nor auto", word);
	return 0;
}

/* In /tmp anybody can make it first; what is written in it says what delete kills and executes. */
static int check_in_tmp(const char *root, struct nk_err *e)
{
	struct stat st;

	if (mkdir(root, 0700) < 0 && errno != EEXIST)
		return nk_fail(e, errno, "make the state directory %s", root);
	if (lstat(root, &st) < 0)
		return nk_fail(e, errno, "state directory %s", root);
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 0022)) {
		nk_fail(e, 0, "state directory %s: others can write in it", root);
		return nk_hint(e, "set XDG_RUNTIME_DIR, or give one by --root");
	}
	return 0;
}

static int find_root(struct nk_rt *rt, struct nk_err *e)
{
	const char *run = getenv("XDG_RUNTIME_DIR");
	bool given = rt->root && *rt->root;
	char cwd[4096];

	if (!rt->root || !*rt->root)
		rt->root = geteuid() != 0 || (rt->rootless && run && *run)
				   ? (run && *run ? nk_fmt(&rt->arena, "%s/nook-runtime", run)
						  : nk_fmt(&rt->arena, "/tmp/nook-runtime-%u",
							   (unsigned)geteuid()))
				   : "/run/nook-runtime";
	if (!given && !strncmp(rt->root, "/tmp/nook-runtime-", 18))
		return check_in_tmp(rt->root, e);
	if (rt->root[0] == '/')
		return 0;
	if (!getcwd(cwd, sizeof(cwd)))
		return nk_fail(e, errno, "find the current directory");
	rt->root = nk_fmt(&rt->arena, "%s/%s", cwd, rt->root);
	return 0;
}

static int run(struct nk_rt *rt, int argc, char **argv)
{
	struct nk_err e = {0};
	int first = nk_options_parse(nk_rt_global_options, &rt->arena, argc, argv, rt, &e);

	if (first == -ECANCELED && !e.msg[0]) {
		nk_rt_help_program(stdout);
		return fflush(stdout) ? 1 : 0;
	}
	if (first < 0)
		return nk_rt_error(rt, &e);
	if (rt->debug)
		rt->log_level = NK_LOG_DEBUG;
	if (rt->systemd)
		rt->manager = NK_CG_SYSTEMD;
	if (nk_rt_log_start(rt, &e) < 0)
		return nk_rt_error(rt, &e);
	if (rt->want_manual) {
		nk_rt_manual(stdout);
		return fflush(stdout) ? 1 : 0;
	}
	if (rt->want_version)
		return find("version")->run(rt, 1, (char *[]){(char *)"version", NULL});
	if (first == argc || !strcmp(argv[first], "help")) {
		nk_rt_help_program(stdout);
		return fflush(stdout) ? 1 : 0;
	}

	const struct nk_rt_command *cmd = find(argv[first]);

	if (!cmd)
		return no_command(rt, argv[first]);
	if (!cmd->no_root && (find_out_rootless(rt, &e) < 0 || find_root(rt, &e) < 0))
		return nk_rt_error(rt, &e);
	return cmd->run(rt, argc - first, argv + first);
}

/* A number of 0 to 2 that is closed would be given to the next file that is opened. */
static void hold_standard_streams(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv)
{
	struct nk_rt rt = {.log_level = NK_LOG_INFO, .log_fd = -1, .words = argv};
	struct nk_err e = {0};

	rt.sealed_fd = nk_sealed_fd();
	hold_standard_streams();
	/* A caller's RLIMIT_FSIZE ends a write with EFBIG and words, not this program without
	 * any. The plan gives the command the usual action again, as for all ignored signals. */
	signal(SIGXFSZ, SIG_IGN);
	if (nk_sealed_self(argc, argv, &e) < 0)
		return nk_rt_error(&rt, &e);

	int code = run(&rt, argc, argv);

	nk_arena_done(&rt.arena);
	return code;
}
