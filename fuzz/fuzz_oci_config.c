/* SPDX-License-Identifier: Apache-2.0 */
/* Input: config.json of a bundle, and the documents of exec --process and update --resources. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "oci/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One line of printable text: it goes to a terminal and into a log. */
static void check_line(const char *s)
{
	if (!s[0])
		abort();
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			abort();
}

static void check_absolute(const char *path)
{
	if (path && path[0] != '/')
		abort();
}

/* What the steps of a plan rely on. */
static void check_config(const struct nk_config *c)
{
	check_absolute(c->spec.rootfs);
	check_absolute(c->spec.cwd);
	for (int k = 0; k < NK_NS_COUNT; k++)
		check_absolute(c->spec.ns[k].path);
	for (size_t i = 0; i < c->mounts.n; i++) {
		check_absolute(c->mounts.v[i].destination);
		if (!c->mounts.v[i].type)
			abort();
		if (c->mounts.v[i].flags & NK_MNT_BIND)
			check_absolute(c->mounts.v[i].source);
	}
	for (int p = 0; p < NK_HOOK_COUNT; p++)
		for (size_t i = 0; i < c->hooks[p].n; i++)
			check_absolute(c->hooks[p].v[i].path);
	for (size_t i = 0; i < c->spec.masked_paths.n; i++)
		check_absolute(c->spec.masked_paths.v[i]);
	for (size_t i = 0; i < c->spec.readonly_paths.n; i++)
		check_absolute(c->spec.readonly_paths.v[i]);
	for (size_t i = 0; i < c->devices.n; i++)
		check_absolute(c->devices.v[i].path);
	/* They become paths below /proc/sys and in the group. */
	for (size_t i = 0; i < c->spec.sysctls.n; i++)
		if (strstr(c->spec.sysctls.v[i].key, "..") ||
		    strstr(c->spec.sysctls.v[i].key, "//"))
			abort();
	for (size_t i = 0; i < c->resources.unified.n; i++)
		if (strchr(c->resources.unified.v[i].key, '/'))
			abort();
	if (c->process.given && (!c->spec.args.n || !c->spec.cwd))
		abort();
	for (size_t i = 0; i < c->warnings.n; i++)
		check_line(c->warnings.v[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_arena_ struct nk_arena a = {0};
	struct nk_config c;
	struct nk_oci_resources r;
	struct nk_err e = {0};
	const char *text = (const char *)data;

	if (nk_config_read(&a, text, size, "/bundle", &c, &e) < 0) {
		check_line(e.msg);
		c = (struct nk_config){0};
	} else {
		check_config(&c);
	}
	if (nk_config_read_process(&a, text, size, &c, &e) < 0)
		check_line(e.msg);
	if (nk_resources_read(&a, text, size, &r, &e) < 0)
		check_line(e.msg);
	return 0;
}
