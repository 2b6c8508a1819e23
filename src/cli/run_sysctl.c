/* SPDX-License-Identifier: Apache-2.0 */
/* --sysctl: only what belongs to a namespace that the container has for itself. */
#include <string.h>

#include "base/cleanup.h"
#include "cli/run_set.h"
#include "cli/value.h"

static const struct {
	const char *name; /* ending in '.' or '*': whatever begins so */
	enum nk_ns_kind kind;
	const char *option;
} owners[] = {
	{"kernel.shm*", NK_NS_IPC, "ipc"},     {"kernel.msg*", NK_NS_IPC, "ipc"},
	{"kernel.sem", NK_NS_IPC, "ipc"},      {"kernel.auto_msgmni", NK_NS_IPC, "ipc"},
	{"fs.mqueue.*", NK_NS_IPC, "ipc"},     {"net.*", NK_NS_NET, "network"},
	{"kernel.hostname", NK_NS_UTS, "uts"}, {"kernel.domainname", NK_NS_UTS, "uts"},
};

NK_SETTER(sysctl)
{
	struct nk_run_request *r = use->target;
	const char *eq = strchr(value, '=');

	if (!eq || eq == value) {
		nk_fail(e, 0, "not a kernel setting");
		return nk_hint(e, "KEY=VALUE, as net.ipv4.ip_forward=1");
	}
	char *key = nk_strndup(use->arena, value, (size_t)(eq - value));
	/* Both spellings of sysctl(8): with points, or with slashes. */
	if (!strchr(key, '.'))
		for (char *c = key; *c; c++)
			if (*c == '/')
				*c = '.';
	for (const char *c = key; *c; c++) {
		bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
			     (*c >= '0' && *c <= '9') || strchr("_-./", *c);
		/* "a..b" and "a/../b" would become a path that leads elsewhere. */
		if (!plain || (*c == '.' && c[1] == '.') || *key == '.' || *key == '/') {
			nk_fail(e, 0, "not the name of a kernel setting");
			return nk_hint(e, "KEY=VALUE, as net.ipv4.ip_forward=1");
		}
	}
	struct nk_keyval *kv = NK_PUSH(use->arena, &r->spec.sysctls);
	if (kv)
		*kv = (struct nk_keyval){key, eq + 1};
	return 0;
}

static bool matches(const char *pattern, const char *key)
{
	size_t n = strlen(pattern);

	return pattern[n - 1] == '*' ? !strncmp(pattern, key, n - 1) : !strcmp(pattern, key);
}

int nk_run_finish_sysctls(struct nk_run_request *r, struct nk_err *e)
{
	for (size_t i = 0; i < r->spec.sysctls.n; i++) {
		const char *key = r->spec.sysctls.v[i].key;
		size_t k = 0;
		while (k < NK_COUNT(owners) && !matches(owners[k].name, key))
			k++;
		if (k == NK_COUNT(owners)) {
			nk_fail(e, 0,
				"--sysctl %.80s: belongs to no namespace, so it would change "
				"the whole machine",
				key);
			return nk_hint(
				e, "net.*, kernel.shm*, kernel.msg*, kernel.sem and fs.mqueue.* "
				   "can be set for a container");
		}
		if (r->spec.ns[owners[k].kind].mode != NK_NS_NEW) {
			nk_fail(e, 0, "--sysctl %.80s: the container does not have its own (--%s)",
				key, owners[k].option);
			return nk_hint(e, "--%s private, or set it outside", owners[k].option);
		}
	}
	return 0;
}
