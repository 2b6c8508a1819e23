/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run_options.h"

#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/run_set.h"
#include "host/facts.h"
#include "host/owner.h"

void nk_run_request_init(struct nk_run_request *r)
{
	memset(r, 0, sizeof(*r));
	nk_resources_init(&r->spec.resources);
	r->cpus = NK_UNSET;
	r->spec.shm_size = 64 << 20;
}

/* The name by which the inside calls itself: ours to choose only in a new UTS namespace. */
static int finish_hostname(struct nk_run_request *r, struct nk_arena *a,
			   const struct nk_run_world *w, const char **hostname, struct nk_err *e)
{
	struct nk_spec *s = &r->spec;
	bool given = s->hostname || s->domainname;

	*hostname = NULL;
	if (s->ns[NK_NS_UTS].mode == NK_NS_NEW) {
		if (!s->hostname)
			s->hostname = nk_strndup(a, s->id, 12);
		*hostname = s->hostname;
		return 0;
	}
	if (given) {
		nk_fail(e, 0,
			"--%s would change a host name that is not the container's own (--uts)",
			s->hostname ? "hostname" : "domainname");
		return nk_hint(e, "leave it away, or --uts private");
	}
	if (s->ns[NK_NS_UTS].mode == NK_NS_HOST)
		*hostname = w->hostname;
	return 0;
}

/* Said here and not by a step: a plan for a directory that is not there explains nothing. */
static int check_rootfs(const struct nk_run_request *r, struct nk_err *e)
{
	struct stat st;

	if (!r->rootfs)
		return 0;
	if (stat(r->rootfs, &st) < 0) {
		nk_fail(e, errno, "root file system %.200s", r->rootfs);
		return nk_hint(e, "--rootfs takes a directory with a root file system in it, "
				  "as debootstrap makes");
	}
	if (S_ISDIR(st.st_mode))
		return 0;
	nk_fail(e, ENOTDIR, "root file system %.200s", r->rootfs);
	return nk_hint(e, "unpack it into a directory first");
}

/* Beside the usual ones, which are put where nobody has named any (runtime/prepare.c). */
static void finish_masks(struct nk_run_request *r, struct nk_arena *a)
{
	for (size_t i = 0; r->mask.n && !r->spec.privileged && nk_default_masked[i]; i++)
		nk_strv_push(a, &r->spec.masked_paths, nk_default_masked[i]);
	for (size_t i = 0; i < r->mask.n; i++)
		nk_strv_push(a, &r->spec.masked_paths, r->mask.v[i]);
}

int nk_run_finish(struct nk_run_request *r, struct nk_arena *a, const struct nk_run_world *w,
		  int n_words, char **words, struct nk_err *e)
{
	int rc = nk_run_finish_command(r, a, w, n_words, words, e);

	if (rc == 0)
		rc = check_rootfs(r, e);
	if (rc == 0)
		rc = nk_run_identity(r, a, e);
	if (rc == 0)
		rc = nk_run_default_network(r, a, w, e);
	if (rc == 0)
		rc = nk_run_finish_namespaces(r, w->euid, e);
	if (rc == 0)
		rc = nk_run_finish_backend(r, w->euid, e);
	if (rc == 0)
		rc = nk_run_finish_network(r, a, e);
	if (rc == 0)
		rc = nk_run_finish_firewall(r, a, e);
	if (rc == 0)
		rc = nk_run_finish_sysctls(r, e);
	if (rc == 0)
		rc = nk_run_finish_limits(r, e);
	if (rc == 0)
		rc = nk_run_finish_volumes(r, e);
	if (rc == 0)
		rc = finish_hostname(r, a, w, &r->own_hostname, e);
	if (rc == 0 && !r->spec.net.cards.n && !r->rootless_net)
		rc = nk_run_finish_etc(r, a, w, e);
	if (rc == 0)
		rc = nk_run_finish_env(r, a, r->own_hostname, w->term, e);
	if (rc == 0)
		finish_masks(r, a);
	return rc < 0 ? rc : nk_arena_ok(a, e);
}

/*
 * A program of ours is beside nook (a build tree), in the libexec that was installed with it,
 * wherever that is now (DESTDIR, a tree that was moved), or where the build was told.
 */
const char *nk_run_find_program(struct nk_arena *a, const char *name)
{
	const char *built = nk_fmt(a, NOOK_HELPER_DIR "/%s", name);
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n > 0) {
		self[n] = 0;
		char *slash = strrchr(self, '/');
		static const char *const places[] = {"", "../libexec/nook/"};
		for (size_t i = 0; i < NK_COUNT(places); i++) {
			const char *path =
				nk_fmt(a, "%.*s/%s%s", (int)(slash - self), self, places[i], name);
			if (access(path, X_OK) == 0)
				return path;
		}
	}
	return access(built, X_OK) == 0 ? built : NULL;
}

/* In most containers the settings of the network are read-only, whatever root has. */
static bool makes_links(void)
{
	return (nk_own_caps() >> CAP_NET_ADMIN & 1) && nk_ns_own_network() &&
	       access("/proc/sys/net/ipv4/conf/all/route_localnet", W_OK) == 0;
}

int nk_run_world_read(struct nk_run_world *w, struct nk_arena *a, struct nk_err *e)
{
	struct utsname u;

	if (uname(&u) < 0)
		return nk_fail(e, errno, "ask for this machine's name");
	*w = (struct nk_run_world){
		.euid = geteuid(),
		.hostname = nk_strdup(a, u.nodename),
		.etc = "/etc",
		.term = getenv("TERM"),
		.stdin_is_terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO),
		.bash = access("/bin/bash", X_OK) == 0,
		.network = getenv("NOOK_NETWORK"),
		.makes_links = makes_links,
		.init_path = nk_run_find_program(a, "nook-init"),
	};
	return 0;
}
