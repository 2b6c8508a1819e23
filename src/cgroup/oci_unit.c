/* SPDX-License-Identifier: Apache-2.0 */
/* Names of systemd's units: slices lie in slices by their names (systemd.slice(5)). */
#include <errno.h>
#include <string.h>

#include "cgroup/oci.h"

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n > m && strcmp(s + n - m, end) == 0;
}

/* What a unit's name may be made of; a "/" would lead out of the slice. */
static bool unit_word(const char *s)
{
	return *s && strlen(s) < 240 &&
	       !s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@"
			    "+")];
}

int nk_cg_unit_names(struct nk_arena *a, const char *cgroups_path, const char *id, bool user,
		     struct nk_cg_unit *unit, struct nk_err *e)
{
	const char *slice = user ? "user.slice" : "system.slice", *prefix = "nook-runtime";
	const char *name = id;

	if (cgroups_path && *cgroups_path) {
		const char *first = strchr(cgroups_path, ':');
		const char *second = first ? strchr(first + 1, ':') : NULL;

		if (!second || strchr(second + 1, ':')) {
			nk_fail(e, EINVAL,
				"expected cgroupsPath to be of format \"slice:prefix:name\" for "
				"systemd cgroups, got \"%s\" instead",
				cgroups_path);
			return nk_hint(e, "leave --systemd-cgroup away, or write "
					  "system.slice:nook:NAME");
		}
		if (first > cgroups_path)
			slice = nk_strndup(a, cgroups_path, (size_t)(first - cgroups_path));
		prefix = nk_strndup(a, first + 1, (size_t)(second - first - 1));
		name = second + 1;
	}
	unit->slice = strcmp(slice, "/") == 0 ? "-.slice" : slice;
	if (ends_with(name, ".slice")) {
		nk_fail(e, EINVAL,
			"cgroupsPath %s: a slice cannot hold the processes of a container",
			cgroups_path ? cgroups_path : id);
		return nk_hint(e, "name a scope: slice:prefix:name");
	}
	unit->name = nk_fmt(a, "%s%s%s.scope", prefix, *prefix ? "-" : "", name);
	if (!*name || !unit_word(unit->name))
		return nk_fail(e, EINVAL, "cgroupsPath %s: no name of a unit of systemd",
			       cgroups_path ? cgroups_path : id);
	return 0;
}

/* a-b-c.slice lies in a-b.slice, which lies in a.slice. */
int nk_cg_unit_path(struct nk_arena *a, const struct nk_cg_unit *unit, const char **path,
		    struct nk_err *e)
{
	const char *slice = unit->slice, *at = "";
	size_t len = strlen(slice);

	if (!ends_with(slice, ".slice") || !unit_word(slice) || strstr(slice, "..") ||
	    (strcmp(slice, "-.slice") != 0 &&
	     (slice[0] == '-' || slice[len - 7] == '-' || strstr(slice, "--"))))
		return nk_fail(e, EINVAL, "invalid slice name: %s", slice);
	if (strcmp(slice, "-.slice") != 0) {
		for (size_t i = 1; i <= len - 6; i++)
			if (slice[i] == '-' || i == len - 6)
				at = nk_fmt(a, "%s/%.*s.slice", at, (int)i, slice);
	}
	*path = nk_fmt(a, "%s/%s", at, unit->name);
	return 0;
}
