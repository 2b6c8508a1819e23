/* SPDX-License-Identifier: Apache-2.0 */
/* mounts: one entry after the other; the words of their options are in mount_words.c. */
#include <string.h>
#include <sys/mount.h>

#include "oci/config_read.h"

static void read_options(struct nk_json_in *in, struct json_object *o, struct nk_oci_mount *m)
{
	_json_at_ struct nk_json_at list = nk_json_enter(in, o, "options", json_type_array);

	for (size_t i = 0; i < nk_json_count(&list); i++) {
		_json_at_ struct nk_json_at item = nk_json_item(&list, i, json_type_string);
		const char *word = item.o ? nk_json_as_str(in, item.o, NULL) : NULL;
		struct nk_err e = {0};

		if (word && nk_oci_mount_option(in->a, m, word, &e) < 0)
			nk_json_bad(in, NULL, e.msg);
	}
}

static void check_type(struct nk_json_in *in, struct nk_oci_mount *m)
{
	if (m->type && !strcmp(m->type, "bind"))
		m->flags |= NK_MNT_BIND;
	if (m->flags & NK_MNT_BIND)
		m->type = "bind";
	else if (!m->type || !strcmp(m->type, "none"))
		nk_json_bad(in, "type", "missing, and no option says bind or rbind");
}

static void read_mount(struct nk_json_in *in, struct json_object *o, struct nk_config *c)
{
	struct nk_oci_mount *m = o ? NK_PUSH(in->a, &c->mounts) : NULL;
	struct nk_err e = {0};

	if (!m)
		return;
	const char *destination = nk_config_text(in, o, "destination");

	if (!destination) {
		nk_json_bad(in, "destination", "missing");
		return;
	}
	if (destination[0] != '/')
		nk_config_warn(in, c,
			       "mounts: the destination \"%s\" is relative: taken as "
			       "relative to /",
			       destination);
	m->destination = nk_config_tidy_path(in->a, destination);
	m->type = nk_config_text(in, o, "type");
	m->source = nk_config_text(in, o, "source");
	read_options(in, o, m);
	check_type(in, m);
	nk_config_maps(in, o, "uidMappings", &m->uid_maps);
	nk_config_maps(in, o, "gidMappings", &m->gid_maps);
	if (!in->rc && nk_oci_mount_finish(in->a, m, c->bundle, &e) < 0)
		nk_json_bad(in, NULL, e.msg);
	/* mount(2) takes these, and does nothing. */
	if ((m->flags & NK_MNT_BIND) &&
	    (m->sync || m->dirsync || m->lazytime || m->mand || m->iversion))
		nk_config_warn(in, c,
			       "%s: sync, dirsync, lazytime, mand and iversion belong to a file "
			       "system: a bind mount leaves them as they are",
			       in->path);
}

/* A file system that shall be writable in the end is not made read-only first: a remount reaches
 * the mount, not what lies below it. */
static void look_back(struct nk_config *c)
{
	const struct nk_oci_mount *m = c->mounts.n ? &c->mounts.v[c->mounts.n - 1] : NULL;

	if (!m || !(m->flags & NK_MNT_REMOUNT) || !(m->attr_clear & MOUNT_ATTR_RDONLY))
		return;
	for (size_t i = 0; i + 1 < c->mounts.n; i++)
		if (!strcmp(c->mounts.v[i].destination, m->destination))
			c->mounts.v[i].sb_rdonly = false;
}

void nk_config_mounts(struct nk_json_in *in, struct json_object *o, struct nk_config *c)
{
	_json_at_ struct nk_json_at list = nk_json_enter(in, o, "mounts", json_type_array);

	for (size_t i = 0; i < nk_json_count(&list); i++) {
		_json_at_ struct nk_json_at item = nk_json_item(&list, i, json_type_object);
		read_mount(in, item.o, c);
		if (!in->rc)
			look_back(c);
	}
}
