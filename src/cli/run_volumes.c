/* SPDX-License-Identifier: Apache-2.0 */
/* What is seen inside: the root, volumes, temporary file systems, devices. */
#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#include "cli/mount_options.h"
#include "cli/paths.h"
#include "cli/run_set.h"
#include "cli/value.h"

#define SAFE (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

static int target(struct nk_mount_spec *m, struct nk_arena *a, const char *path, struct nk_err *e)
{
	if (!path || path[0] != '/') {
		nk_fail(e, 0, "the place inside is not an absolute path");
		return nk_hint(e, "it begins with '/': /data");
	}
	m->target = nk_value_clean_path(a, path);
	if (m->target[1])
		return 0;
	nk_fail(e, 0, "the place inside is the root itself");
	return nk_hint(e, "--rootfs DIR gives the container another root");
}

/* A source is a path: a bare word would be the name of a volume. */
static int source(struct nk_mount_spec *m, struct nk_arena *a, const char *path, struct nk_err *e)
{
	if (path[0] != '/' && path[0] != '.') {
		nk_fail(e, 0, path[0] ? "named volumes come with images" : "no source is given");
		return nk_hint(e, "use a path: ./%s or /…", path[0] ? path : "data");
	}
	m->source = nk_absolute(a, path, e);
	return m->source ? 0 : -EINVAL;
}

/* Restrictions go for the mounts below too; without it "ro" would protect only the top. */
static void add(const struct nk_option_use *use, const struct nk_mount_spec *m)
{
	struct nk_run_request *r = use->target;
	struct nk_mount_spec *new = NK_PUSH(use->arena, &r->spec.mounts);

	if (!new)
		return;
	*new = *m;
	if (m->kind == NK_MOUNT_BIND && m->recursive && m->attr_set)
		new->recursive_attr = true;
}

NK_SETTER(volume)
{
	struct nk_mount_spec m = {.kind = NK_MOUNT_BIND,
				  .recursive = true,
				  .must_exist = true,
				  .attr_set = SAFE,
				  .mode = -1};
	const char *rest = value;
	const char *from = nk_value_part(use->arena, &rest, ':');
	const char *to = nk_value_part(use->arena, &rest, ':');

	if (!to) {
		nk_fail(e, 0, "where shall it be seen inside?");
		return nk_hint(e,
			       "SOURCE:TARGET, as ./data:/data:ro; --tmpfs %.80s for an empty one",
			       from[0] == '/' ? from : "/data");
	}
	int r = source(&m, use->arena, from, e);
	if (r == 0)
		r = target(&m, use->arena, to, e);
	if (r == 0 && rest)
		r = nk_mount_option_list(&m, use->arena, rest, e);
	if (r == 0)
		add(use, &m);
	return r;
}

NK_SETTER(tmpfs)
{
	struct nk_mount_spec m = {
		.kind = NK_MOUNT_TMPFS, .attr_set = SAFE | MOUNT_ATTR_NOEXEC, .mode = -1};
	const char *rest = value;
	int r = target(&m, use->arena, nk_value_part(use->arena, &rest, ':'), e);

	if (r == 0 && rest)
		r = nk_mount_option_list(&m, use->arena, rest, e);
	if (r == 0)
		add(use, &m);
	return r;
}

/*
 * The next field of a line of comma-separated values, as Docker reads --mount:
 * a field in double quotes may hold commas, "" in it is a quote.
 */
static char *csv_field(struct nk_arena *a, const char **rest, struct nk_err *e)
{
	const char *s = *rest;
	char *out = nk_alloc(a, strlen(s) + 1), *to = out;

	if (!out || *s != '"')
		return nk_value_part(a, rest, ',');
	for (s++; *s && !(*s == '"' && s[1] != '"'); s++) {
		s += *s == '"';
		*to++ = *s;
	}
	if (*s != '"' || (s[1] && s[1] != ',')) {
		nk_fail(e, 0, "a quote is not closed");
		nk_hint(e, "quotes stand around a whole field: '\"source=/a,b\",target=/c'");
		return NULL;
	}
	*rest = s[1] ? s + 2 : NULL;
	return out;
}

/* The keys that need a look before the plain words. */
struct mount_fields {
	const char *type, *source, *target;
};

static const char *is_key(const char *field, const char *a, const char *b, const char *c)
{
	const char *names[] = {a, b, c};

	for (int i = 0; i < 3; i++) {
		size_t n = names[i] ? strlen(names[i]) : 0;
		if (n && !strncmp(field, names[i], n) && field[n] == '=')
			return field + n + 1;
	}
	return NULL;
}

/* "readonly=true", "bind-propagation=rslave", …: Docker's keys in our words. */
static int mount_key(struct nk_mount_spec *m, struct nk_arena *a, const char *field,
		     struct nk_err *e)
{
	const char *v;
	bool yes;

	if ((v = is_key(field, "readonly", "ro", "rw"))) {
		if (nk_value_bool(v, &yes) < 0) {
			nk_fail(e, 0, "%.80s: neither true nor false", field);
			return nk_hint(e, "readonly, or readonly=true");
		}
		return nk_mount_option(
			m, a, yes == (field[0] == 'r' && field[1] != 'w') ? "ro" : "rw", e);
	}
	if (m->kind == NK_MOUNT_TMPFS && (v = is_key(field, "tmpfs-size", "size", NULL)))
		return nk_mount_option(m, a, nk_fmt(a, "size=%s", v), e);
	if (m->kind == NK_MOUNT_TMPFS && (v = is_key(field, "tmpfs-mode", "mode", NULL)))
		return nk_mount_option(m, a, nk_fmt(a, "mode=%s", v), e);
	if (m->kind == NK_MOUNT_BIND && (v = is_key(field, "bind-propagation", NULL, NULL)))
		return nk_mount_option(m, a, v, e);
	if (m->kind == NK_MOUNT_BIND && !strcmp(field, "bind-nonrecursive"))
		return nk_mount_option(m, a, "bind", e);
	if (m->kind == NK_MOUNT_BIND && (v = is_key(field, "bind-nonrecursive", NULL, NULL)) &&
	    nk_value_bool(v, &yes) == 0)
		return nk_mount_option(m, a, yes ? "bind" : "rbind", e);
	return nk_mount_option(m, a, field, e);
}

static int mount_kind(struct nk_mount_spec *m, const struct mount_fields *f, struct nk_err *e)
{
	const char *type = f->type;

	*m = (struct nk_mount_spec){.attr_set = SAFE, .mode = -1};
	if (!strcmp(type, "bind")) {
		m->kind = NK_MOUNT_BIND;
		m->recursive = m->must_exist = true;
	} else if (!strcmp(type, "tmpfs")) {
		m->kind = NK_MOUNT_TMPFS;
		m->attr_set |= MOUNT_ATTR_NOEXEC;
	} else if (!strcmp(type, "overlay")) {
		m->kind = NK_MOUNT_OVERLAY;
		m->must_exist = true;
	} else {
		nk_fail(e, 0, "no such type of mount");
		return nk_hint(e, "type=bind, tmpfs or overlay%s",
			       strcmp(type, "volume") != 0 ? ""
							   : "; named volumes come with images");
	}
	if (!f->target) {
		nk_fail(e, 0, "where shall it be seen inside?");
		return nk_hint(e, "add target=/data");
	}
	if (!f->source != (m->kind == NK_MOUNT_TMPFS)) {
		nk_fail(e, 0, f->source ? "a tmpfs has no source" : "no source is given");
		return nk_hint(e, f->source ? "leave source away" : "add source=/path");
	}
	return 0;
}

NK_SETTER(mount)
{
	struct mount_fields f = {.type = "bind"};
	struct nk_strv others = {0};
	struct nk_mount_spec m;
	const char *rest = value, *v;

	while (rest) {
		char *field = csv_field(use->arena, &rest, e);
		if (!field)
			return -EINVAL;
		if ((v = is_key(field, "type", NULL, NULL)))
			f.type = v;
		else if ((v = is_key(field, "source", "src", NULL)))
			f.source = v;
		else if ((v = is_key(field, "target", "dst", "destination")))
			f.target = v;
		else
			nk_strv_push(use->arena, &others, field);
	}
	int r = mount_kind(&m, &f, e);
	if (r == 0 && f.source)
		r = source(&m, use->arena, f.source, e);
	if (r == 0)
		r = target(&m, use->arena, f.target, e);
	for (size_t i = 0; r == 0 && i < others.n; i++)
		r = mount_key(&m, use->arena, others.v[i], e);
	if (r == 0)
		add(use, &m);
	return r;
}

NK_SETTER(rootfs)
{
	struct nk_run_request *r = use->target;
	size_t n = strlen(value);

	r->spec.rootfs_overlay = r->spec.rootfs_idmap = false;
	for (;;) {
		if (n >= 2 && !memcmp(value + n - 2, ":O", 2)) {
			r->spec.rootfs_overlay = true;
			n -= 2;
		} else if (n >= 6 && !memcmp(value + n - 6, ":idmap", 6)) {
			r->spec.rootfs_idmap = true;
			n -= 6;
		} else {
			break;
		}
	}
	if (!n) {
		nk_fail(e, 0, "no directory is given");
		return nk_hint(e, "a directory with a root file system: ./debian");
	}
	r->rootfs = nk_absolute(use->arena, nk_strndup(use->arena, value, n), e);
	return r->rootfs ? 0 : -EINVAL;
}

static bool access_word(const char *s)
{
	return *s && strspn(s, "rwm") == strlen(s) && strlen(s) <= 3;
}

NK_SETTER(device)
{
	struct nk_run_request *r = use->target;
	const char *rest = value;
	const char *from = nk_value_part(use->arena, &rest, ':');
	const char *to = nk_value_part(use->arena, &rest, ':');
	const char *mode = nk_value_part(use->arena, &rest, ':');

	if (to && !mode && access_word(to)) { /* SOURCE:rwm */
		mode = to;
		to = NULL;
	}
	to = to ? to : from;
	mode = mode ? mode : "rwm";
	if (rest || from[0] != '/' || to[0] != '/' || !access_word(mode)) {
		nk_fail(e, 0, "not a device");
		return nk_hint(e, "SOURCE[:TARGET[:rwm]], as /dev/fuse or /dev/sdb:/dev/disk:r");
	}
	struct nk_device_spec *d = NK_PUSH(use->arena, &r->spec.devices);
	if (d)
		*d = (struct nk_device_spec){.source = from,
					     .access = mode,
					     .target = nk_value_clean_path(use->arena, to)};
	return 0;
}

NK_SETTER(storage_opt)
{
	struct nk_run_request *r = use->target;

	if (!strncmp(value, "size=", 5) && nk_value_size(value + 5, &r->spec.overlay_size) == 0 &&
	    r->spec.overlay_size)
		return 0;
	nk_fail(e, 0, "not a storage option");
	return nk_hint(e, "size=SIZE, how much the throw-away layer may hold: size=256m");
}

NK_SETTER(shm_size)
{
	struct nk_run_request *r = use->target;

	if (nk_value_size(value, &r->spec.shm_size) == 0 && r->spec.shm_size)
		return 0;
	nk_fail(e, 0, "not a size");
	return nk_hint(e, "a number with b, k, m or g: 64m");
}

static unsigned depth(const char *path)
{
	unsigned n = 0;

	for (; *path; path++)
		n += *path == '/';
	return n;
}

/* /a before /a/b, in whatever order they were given: the other way round the first would hide
 * the second. Docker and Podman do the same. */
static void outer_first(struct nk_mount_specs *m)
{
	for (size_t i = 1; i < m->n; i++)
		for (size_t j = i; j > 0 && depth(m->v[j].target) < depth(m->v[j - 1].target);
		     j--) {
			struct nk_mount_spec swap = m->v[j];
			m->v[j] = m->v[j - 1];
			m->v[j - 1] = swap;
		}
}

int nk_run_finish_volumes(struct nk_run_request *r, struct nk_err *e)
{
	struct nk_mount_specs *m = &r->spec.mounts;

	outer_first(m);
	for (size_t i = 0; i < m->n; i++)
		for (size_t j = 0; j < i; j++)
			if (!strcmp(m->v[i].target, m->v[j].target)) {
				nk_fail(e, 0, "%.200s is given twice by -v, --mount or --tmpfs",
					m->v[i].target);
				return nk_hint(e, "leave one of the two away");
			}
	r->spec.rootfs = r->rootfs;
	r->spec.rootfs_host = !r->rootfs;
	if (r->spec.overlay_size && r->rootfs && !r->spec.rootfs_overlay) {
		nk_fail(e, 0, "--storage-opt size= without a throw-away layer");
		return nk_hint(e, "--rootfs %.200s:O puts one over the directory", r->rootfs);
	}
	return 0;
}
