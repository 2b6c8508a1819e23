/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/paths.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

const char *nk_absolute(struct nk_arena *a, const char *path, struct nk_err *e)
{
	char cwd[PATH_MAX];

	if (path[0] == '/')
		return path;
	if (!getcwd(cwd, sizeof(cwd)) || cwd[0] != '/') {
		nk_fail(e, errno, "where is %s? The current directory is gone", path);
		nk_hint(e, "give an absolute path, or cd to a directory that exists");
		return NULL;
	}
	return nk_fmt(a, "%s/%s", cwd[1] ? cwd : "", path);
}

/* Environment variables that name directories count only when absolute (XDG's rule). */
static const char *env_dir(const char *name)
{
	const char *v = getenv(name);

	return v && v[0] == '/' ? v : NULL;
}

/*
 * The machine's root has the machine's directories. Root of a user namespace alone
 * (unshare -r) is an ordinary user there, and so are its places.
 */
static bool owns_system(void)
{
	return geteuid() == 0 && access("/run", W_OK) == 0;
}

/* Who we are outside of a user namespace that maps one id: each such root its own place. */
static unsigned id_outside(void)
{
	_fclose_ FILE *map = fopen("/proc/self/uid_map", "re");
	unsigned inside, outside;

	if (geteuid() == 0 && map && fscanf(map, "%u %u", &inside, &outside) == 2 && inside == 0)
		return outside;
	return geteuid();
}

/* In /tmp anybody can be first: take nothing that is not certainly ours. */
static int private_dir(const char *path, struct nk_err *e)
{
	struct stat st;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return nk_fail(e, errno, "make the state directory %s", path);
	if (lstat(path, &st) < 0)
		return nk_fail(e, errno, "look at the state directory %s", path);
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077)) {
		nk_fail(e, 0, "%s is not a directory that only you can enter", path);
		return nk_hint(e, "remove it, or name another with --state DIR or NOOK_STATE");
	}
	return 0;
}

/* Where things go that die with a reboot. Nothing is made yet. */
static const char *runtime_dir(struct nk_cli *cli, bool *in_tmp)
{
	const char *runtime = env_dir("XDG_RUNTIME_DIR");

	*in_tmp = false;
	if (owns_system())
		return "/run/nook";
	if (runtime && access(runtime, W_OK | X_OK) == 0)
		return nk_fmt(&cli->arena, "%s/nook", runtime);
	*in_tmp = true;
	return nk_fmt(&cli->arena, "/tmp/nook-%u", id_outside());
}

static int default_root(struct nk_cli *cli, struct nk_err *e)
{
	const char *data = env_dir("XDG_DATA_HOME"), *home = env_dir("HOME");

	if (owns_system()) {
		cli->root = "/var/lib/nook";
	} else if (data) {
		cli->root = nk_fmt(&cli->arena, "%s/nook", data);
	} else if (home) {
		cli->root = nk_fmt(&cli->arena, "%s/.local/share/nook", home);
	} else {
		nk_fail(e, 0, "where shall nook keep its things? HOME is not set");
		return nk_hint(e, "--root DIR or NOOK_ROOT names the place");
	}
	return 0;
}

static int named(struct nk_cli *cli, const char **dir, const char *option, const char *env,
		 struct nk_err *e)
{
	if (!*dir)
		*dir = getenv(env);
	if (!*dir)
		return 0;
	if (!**dir) {
		nk_fail(e, 0, "%s is empty", option);
		return nk_hint(e, "give a directory, or leave %s and %s away", option, env);
	}
	*dir = nk_absolute(&cli->arena, *dir, e);
	return *dir ? 1 : -EINVAL;
}

int nk_cli_paths(struct nk_cli *cli, struct nk_err *e)
{
	bool in_tmp;
	int r = named(cli, &cli->root, "--root", "NOOK_ROOT", e);

	if (r == 0)
		r = default_root(cli, e);
	if (r < 0)
		return r;
	r = named(cli, &cli->state, "--state", "NOOK_STATE", e);
	if (r < 0)
		return r;
	cli->leases = runtime_dir(cli, &in_tmp);
	if (r == 0) {
		cli->state = cli->leases;
		r = in_tmp ? private_dir(cli->state, e) : 0;
	}
	return r < 0 ? r : nk_arena_ok(&cli->arena, e);
}
