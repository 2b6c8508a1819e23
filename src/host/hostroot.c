/* SPDX-License-Identifier: Apache-2.0 */
#include "host/hostroot.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/text.h"

static const char *const names[] = {"usr",   "bin",    "sbin",	  "lib", "lib32",
				    "lib64", "libx32", "libexec", "etc", "opt"};

/* Is anything mounted below this directory? The fifth field of a line of mountinfo is
 * the mount point. */
static bool mounts_below(const char *mountinfo, const char *dir)
{
	size_t len = strlen(dir), n;

	for (const char *cursor = mountinfo, *line; (line = nk_text_line(&cursor, &n));) {
		struct nk_field f[6];
		if (nk_text_split(line, n, ' ', f, 5) < 5)
			continue;
		if (f[4].n > len && !strncmp(f[4].s, dir, len) && f[4].s[len] == '/')
			return true;
	}
	return false;
}

int nk_facts_host_dirs(struct nk_arena *a, struct nk_facts *f, struct nk_err *e)
{
	_free_ char *mountinfo = nk_text_read("/proc/self/mountinfo", (size_t)64 << 20);

	if (!mountinfo)
		return nk_fail(e, errno, "read /proc/self/mountinfo");
	for (size_t i = 0; i < NK_COUNT(names); i++) {
		char path[16] = "/", link[PATH_MAX];
		struct stat st;

		strcat(path, names[i]);
		if (lstat(path, &st))
			continue;
		struct nk_host_dir d = {.name = names[i]};
		if (S_ISLNK(st.st_mode)) {
			ssize_t n = readlink(path, link, sizeof(link));
			if (n <= 0)
				continue;
			d.link = nk_strndup(a, link, (size_t)n);
		} else if (!S_ISDIR(st.st_mode)) {
			continue;
		}
		d.covered = mounts_below(mountinfo, path);
		struct nk_host_dir *out = NK_PUSH(a, &f->host_dirs);
		if (out)
			*out = d;
	}
	return nk_arena_ok(a, e);
}
