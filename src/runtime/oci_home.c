/* SPDX-License-Identifier: Apache-2.0 */
/* HOME, where the configuration does not say it: as runc and crun, from the container's passwd. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "data/passwd.h"
#include "runtime/oci.h"
#include "runtime/prepare.h"

static char **find_home(const struct nk_spec *s)
{
	for (size_t i = 0; i < s->env.n; i++)
		if (!strncmp(s->env.v[i], "HOME=", 5))
			return &s->env.v[i];
	return NULL;
}

/* An empty one says nothing: Docker's clients rely on that. */
static bool has_home(const struct nk_spec *s)
{
	char **home = find_home(s);

	return home && (*home)[5];
}

/* A file that cannot be read or understood is nobody's: then HOME is "/". */
static void from(struct nk_arena *a, struct nk_spec *s, const char *root, const char *path)
{
	const struct nk_strv none = {0};
	struct nk_text passwd = {.v = ""};
	struct nk_user user = {.home = "/"};
	struct nk_err ignored = {0};
	char id[16];

	_close_ int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	snprintf(id, sizeof(id), "%u", s->uid);
	if (fd >= 0 && nk_root_text(a, fd, path, &passwd, &ignored) == 0 &&
	    nk_user_resolve(&user, a, passwd, (struct nk_text){.v = ""}, id, &none, &ignored) < 0)
		user.home = "/";

	char *home = nk_fmt(a, "HOME=%s", user.home), **empty = find_home(s);

	if (empty)
		*empty = home;
	else
		nk_strv_push(a, &s->env, home);
}

void nk_oci_home(struct nk_arena *a, struct nk_config *c)
{
	const char *bound = NULL;

	if (!c->spec.rootfs || has_home(&c->spec))
		return;
	for (size_t i = 0; i < c->mounts.n; i++)
		if ((c->mounts.v[i].flags & NK_MNT_BIND) &&
		    !strcmp(c->mounts.v[i].destination, "/etc/passwd"))
			bound = c->mounts.v[i].source;
	if (bound)
		from(a, &c->spec, "/", bound + 1);
	else
		from(a, &c->spec, c->spec.rootfs, "etc/passwd");
}

void nk_oci_home_of(struct nk_arena *a, struct nk_config *c, pid_t pid)
{
	char root[32];

	snprintf(root, sizeof(root), "/proc/%d/root", (int)pid);
	if (!has_home(&c->spec))
		from(a, &c->spec, root, "etc/passwd");
}
