/* SPDX-License-Identifier: Apache-2.0 */
#include "host/program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *beside(struct nk_arena *a, const char *dir, int len, const char *name)
{
	static const char *const places[] = {"", "../libexec/nook/"};

	for (int i = 0; i < 2; i++) {
		const char *path = nk_fmt(a, "%.*s/%s%s", len, dir, places[i], name);

		if (access(path, X_OK) == 0)
			return path;
	}
	return NULL;
}

const char *nk_host_program(struct nk_arena *a, const char *name)
{
	const char *self = program_invocation_name, *slash = strrchr(self, '/'), *found = NULL;
	const char *path = getenv("PATH");

	if (slash)
		found = beside(a, self, (int)(slash - self), name);
	for (const char *p = slash ? NULL : path; p && *p && !found; p += *p == ':') {
		int n = (int)strcspn(p, ":");

		if (n && *p == '/' && access(nk_fmt(a, "%.*s/%s", n, p, self), X_OK) == 0)
			found = beside(a, p, n, name);
		p += n;
	}
	return found ? found : nk_fmt(a, "%s/%s", NOOK_HELPER_DIR, name);
}
