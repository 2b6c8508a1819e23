/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Version 2: a group whose controllers are handed on to groups below it takes no process. A
 * container that has made such groups itself (systemd in it) has its init in one of them, and
 * there exec goes, too.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/text.h"
#include "runtime/oci.h"

static bool hands_on(const char *dir)
{
	char path[4200], c;

	if (snprintf(path, sizeof(path), "%s/cgroup.subtree_control", dir) >= (int)sizeof(path))
		return false;

	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd >= 0 && read(fd, &c, 1) == 1 && c != '\n';
}

/* What follows in the path of init behind the part with which dir ends: "/init.scope" of
 * "/a/b/init.scope" for "/sys/fs/cgroup/a/b". NULL: it is not below dir. */
static const char *below(const char *dir, const char *path)
{
	size_t whole = strlen(dir);

	for (size_t n = strlen(path); n > 1; n--)
		if ((path[n] == '/' || !path[n]) && n <= whole && !memcmp(dir + whole - n, path, n))
			return path + n;
	return NULL;
}

const char *nk_oci_own_group(struct nk_arena *a, const struct nk_oci_record *r, const char *dir)
{
	char file[32];

	if (!hands_on(dir))
		return dir;
	snprintf(file, sizeof(file), "/proc/%d/cgroup", (int)r->pid);

	_free_ char *text = nk_text_read(file, (size_t)1 << 16);
	char *line = !text ? NULL : !strncmp(text, "0::", 3) ? text : strstr(text, "\n0::");

	if (!line)
		return dir;
	line = strchr(line, '/');
	if (line)
		line[strcspn(line, "\n")] = '\0';
	const char *rest = line ? below(dir, line) : NULL;
	return rest ? nk_fmt(a, "%s%s", dir, rest) : dir;
}
