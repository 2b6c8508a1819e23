/* SPDX-License-Identifier: Apache-2.0 */
/* nook-runtime ps: the processes of a container, by their numbers or as ps(1) shows them. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli-runtime/live.h"

extern const struct nk_rt_command nk_rt_command_ps;
struct ps {
	bool json;
};

static int set_format(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	if (strcmp(value, "json") != 0 && strcmp(value, "table") != 0)
		return nk_fail(e, 0, "invalid format option (table, json)");
	*NK_MEMBER(use, bool) = value[0] == 'j';
	return 0;
}

/* clang-format off */
static const struct nk_option options[] = {
	{"format", .letter = 'f', .metavar = "FORMAT", .values = "table json",
	 .help = "table (default): as ps(1) shows them; json: their numbers",
	 .set = set_format, .offset = offsetof(struct ps, json)},
	{0},
};
/* clang-format on */

static int print_numbers(const struct nk_cg_pids *pids)
{
	_json_ struct nk_json_out j = {0};

	nk_json_open(&j, NULL, '[');
	for (size_t i = 0; i < pids->n; i++)
		nk_json_int(&j, NULL, pids->v[i]);
	nk_json_close(&j);
	printf("%s\n", j.buf ? j.buf : "");
	return j.failed || fflush(stdout) ? 1 : 0;
}

/* The column with this title; -1: none. */
static int column(const char *line, const char *title)
{
	size_t len = strlen(title);

	for (int i = 0; *(line += strspn(line, " \t\n")); i++) {
		size_t n = strcspn(line, " \t\n");

		if (n == len && memcmp(line, title, n) == 0)
			return i;
		line += n;
	}
	return -1;
}

static long number_at(const char *line, int at)
{
	for (; *(line += strspn(line, " \t\n")); at--, line += strcspn(line, " \t\n"))
		if (at == 0)
			return strtol(line, NULL, 10);
	return -1;
}

/* Of ps's lines the first, and those whose PID is one of ours. */
static int print_lines(FILE *f, const struct nk_cg_pids *pids, struct nk_err *e)
{
	_free_ char *line = NULL;
	size_t size = 0;

	if (getline(&line, &size, f) < 0)
		return nk_fail(e, 0, "ps has printed nothing");
	int at = column(line, "PID");
	if (at < 0)
		return nk_fail(e, 0, "couldn't find PID field in ps output");
	fputs(line, stdout);
	while (getline(&line, &size, f) >= 0) {
		long pid = number_at(line, at);

		for (size_t i = 0; i < pids->n; i++)
			if (pids->v[i] == pid)
				fputs(line, stdout);
	}
	return fflush(stdout) ? nk_fail(e, errno, "write the table") : 0;
}

static int print_table(const struct nk_cg_pids *pids, char **words, int n, struct nk_err *e)
{
	char *usual[] = {(char *)"ps", (char *)"-ef", NULL}, **args = usual;
	_free_ char **own = NULL;
	posix_spawn_file_actions_t actions;
	int pipes[2], status;
	pid_t pid;

	if (n > 0) {
		own = calloc((size_t)n + 2, sizeof(*own));
		if (!own)
			return nk_fail(e, ENOMEM, "run ps");
		own[0] = usual[0];
		memcpy(own + 1, words, (size_t)n * sizeof(*words));
		args = own;
	}
	if (pipe2(pipes, O_CLOEXEC) < 0)
		return nk_fail(e, errno, "make a pipe");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipes[1], STDOUT_FILENO);
	int ret = posix_spawnp(&pid, "ps", &actions, NULL, args, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(pipes[1]);
	_fclose_ FILE *f = fdopen(pipes[0], "r");
	if (ret)
		return nk_fail(e, ret, "run ps");
	ret = f ? print_lines(f, pids, e) : nk_fail(e, errno, "read what ps says");
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return ret;
}

static int run(struct nk_rt *rt, int argc, char **argv)
{
	struct ps mine = {0};
	struct nk_rt_live l;
	struct nk_cg_pids pids = {0};
	struct nk_err e = {0};
	int code, first = nk_rt_options(rt, &nk_rt_command_ps, argc, argv, &mine, &code);

	if (first < 0)
		return code;
	int ret = nk_rt_live(rt, argv[first], &l, &e);
	/* A stopped one has none, which is no fault; its group may be another's by now. */
	if (ret == 0 && l.status != NK_OCI_STOPPED)
		ret = nk_cg_pids(&rt->arena, &l.groups, &pids, &e);
	if (ret == 0 && mine.json)
		return print_numbers(&pids);
	char **words = argv + first + 1;
	int n = argc - first - 1;
	if (n > 0 && !strcmp(words[0], "--")) {
		words++;
		n--;
	}
	if (ret == 0)
		ret = print_table(&pids, words, n, &e);
	return ret < 0 ? nk_rt_error(rt, &e) : 0;
}

const struct nk_rt_command nk_rt_command_ps = {
	.name = "ps",
	.usage = "[OPTIONS] CONTAINER [PS-OPTIONS]",
	.summary = "list the processes of a container",
	.about = "Lists the processes of a container: by their numbers (json), or as ps(1) shows\n"
		 "them, with its own options behind the container's name (default: -ef).",
	.options = options,
	.min_words = 1,
	.max_words = -1,
	.own_words = true,
	.run = run,
};
