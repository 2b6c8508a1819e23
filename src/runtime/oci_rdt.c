/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/oci_rdt.h"

#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/text.h"

static const char *find_root(struct nk_arena *a)
{
	FILE *f = setmntent("/proc/self/mounts", "re");
	const char *root = NULL;

	for (struct mntent *m; f && !root && (m = getmntent(f));)
		if (!strcmp(m->mnt_type, "resctrl"))
			root = nk_strdup(a, m->mnt_dir);
	if (f)
		endmntent(f);
	return root;
}

/* The lines that were asked for. memBwSchema counts, not what l3CacheSchema says of it. */
static struct nk_strv lines_of(struct nk_arena *a, const struct nk_oci_rdt *want)
{
	struct nk_strv lines = {0};

	for (const char *s = want->l3; s && *s;) {
		size_t n = strcspn(s, "\n");

		if (n && strncmp(s, "MB:", 3) != 0)
			nk_strv_push(a, &lines, nk_strndup(a, s, n));
		s += n + (s[n] == '\n');
	}
	if (want->mb)
		nk_strv_push(a, &lines, want->mb);
	for (size_t i = 0; i < want->schemata.n; i++)
		nk_strv_push(a, &lines, want->schemata.v[i]);
	return lines;
}

/* The kernel puts blanks before a line. */
static bool has_line(const char *text, const char *line)
{
	size_t len = strlen(line);

	for (const char *s = text; *s; s += strcspn(s, "\n"), s += *s == '\n') {
		s += strspn(s, " \t");
		if (!strncmp(s, line, len) && (s[len] == '\n' || !s[len]))
			return true;
	}
	return false;
}

static int compare(struct nk_arena *a, const struct nk_rdt *r, const struct nk_strv *lines,
		   struct nk_err *e)
{
	_free_ char *text = nk_text_read(nk_fmt(a, "%s/schemata", r->dir), 65536);

	if (!text)
		return nk_fail(e, errno, "linux.intelRdt: read %s/schemata", r->dir);
	for (size_t i = 0; i < lines->n; i++)
		if (!has_line(text, lines->v[i]))
			return nk_fail(e, 0,
				       "linux.intelRdt: the class %s is there and does not have "
				       "\"%.80s\"",
				       r->dir, lines->v[i]);
	return 0;
}

int nk_rdt_place(struct nk_arena *a, const struct nk_oci_rdt *want, const char *id,
		 const char *root, struct nk_rdt *out, struct nk_err *e)
{
	*out = (struct nk_rdt){0};
	if (!want->given)
		return 0;
	if (!root)
		root = find_root(a);
	if (!root) {
		nk_fail(e, 0, "linux.intelRdt: there is no resctrl file system");
		return nk_hint(e, "on a processor that has it: mount -t resctrl none "
				  "/sys/fs/resctrl");
	}
	struct nk_strv lines = lines_of(a, want);

	out->dir = nk_fmt(a, "%s/%s", root, want->clos_id ? want->clos_id : id);
	out->exists = access(out->dir, F_OK) == 0;
	if (want->monitoring)
		out->mon = nk_fmt(a, "%s/mon_groups/%s", out->dir, id);
	out->gone = want->clos_id ? out->mon : out->dir;
	if (!want->clos_id && out->exists)
		return nk_fail(e, EEXIST, "linux.intelRdt: %s", out->dir);
	if (want->clos_id && !lines.n && !out->exists)
		return nk_fail(e, 0, "linux.intelRdt.closID: there is no class %s", out->dir);
	return out->exists ? compare(a, out, &lines, e) : 0;
}

static int write_text(struct nk_arena *a, const char *dir, const char *file, const char *text,
		      struct nk_err *e)
{
	const char *path = nk_fmt(a, "%s/%s", dir, file);
	_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return nk_fail(e, errno, "linux.intelRdt: open %s", path);
	if (write(fd, text, strlen(text)) < 0)
		return nk_fail(e, errno, "linux.intelRdt: write \"%.*s\" to %s",
			       (int)strcspn(text, "\n"), text, path);
	return 0;
}

int nk_rdt_make(struct nk_arena *a, const struct nk_rdt *r, const struct nk_oci_rdt *want,
		struct nk_err *e)
{
	struct nk_strv lines = lines_of(a, want);
	const char *text = "";
	int ret = 0;

	if (!r->dir)
		return 0;
	if (!r->exists && mkdir(r->dir, 0755) < 0) {
		nk_fail(e, errno, "linux.intelRdt: make the class %s", r->dir);
		return nk_hint(e, "a processor has few of them: ls %.*s",
			       (int)(strrchr(r->dir, '/') - r->dir), r->dir);
	}
	/* schemata last, as the specification has it */
	for (size_t i = 0; i < lines.n; i++)
		text = nk_fmt(a, "%s%s\n", text, lines.v[i]);
	if (!r->exists && lines.n)
		ret = write_text(a, r->dir, "schemata", text, e);
	if (ret == 0 && r->mon && mkdir(r->mon, 0755) < 0)
		ret = nk_fail(e, errno, "linux.intelRdt: make %s", r->mon);
	if (ret < 0 && !r->exists)
		rmdir(r->dir);
	return ret;
}

int nk_rdt_enter(struct nk_arena *a, const struct nk_rdt *r, pid_t pid, struct nk_err *e)
{
	const char *text = nk_fmt(a, "%d\n", (int)pid);
	int ret = r->dir ? write_text(a, r->dir, "tasks", text, e) : 0;

	return ret == 0 && r->mon ? write_text(a, r->mon, "tasks", text, e) : ret;
}
