/* SPDX-License-Identifier: Apache-2.0 */
#include "ns/subject.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "host/text.h"
#include "ns/userns.h"

/* Tables of routes and sockets can be long; half of one would be a lie. */
#define TEXT_MAX ((size_t)8 << 20)

void nk_ns_subject_done(struct nk_ns_subject *s)
{
	for (int k = 0; k < NK_NS_COUNT; k++)
		nk_cleanup_close(&s->fd[k]);
}

static uint64_t inode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : st.st_ino;
}

static void open_files(struct nk_ns_subject *s)
{
	char path[64];

	for (int k = 0; k < NK_NS_COUNT; k++) {
		snprintf(path, sizeof(path), "/proc/self/ns/%s", nk_ns_name((enum nk_ns_kind)k));
		s->ours[k] = inode_of(path);
		s->err[k] = ENOENT;
		if (!(s->target->kinds >> k & 1) || !s->target->paths[k])
			continue;
		s->fd[k] = open(s->target->paths[k], O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		s->err[k] = s->fd[k] < 0 ? errno : 0;
		/* What stands at a path may be another file by now. */
		if (s->fd[k] >= 0 && nk_ns_kind_of(s->fd[k]) != k) {
			close(s->fd[k]);
			s->fd[k] = -EBADF;
			s->err[k] = EINVAL;
		}
		s->inode[k] = nk_ns_inode(s->fd[k]);
	}
}

static void children(struct nk_ns_subject *s)
{
	static const struct {
		const char *name;
		enum nk_ns_kind kind;
	} links[] = {{"pid_for_children", NK_NS_PID}, {"time_for_children", NK_NS_TIME}};
	char path[64];

	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)s->pid, links[i].name);
		uint64_t inode = inode_of(path);
		if (inode && inode != s->inode[links[i].kind])
			s->for_children[i] = inode;
	}
}

static void name(struct nk_ns_subject *s, struct nk_arena *a)
{
	size_t n;
	const char *text = nk_ns_subject_text(a, s, "comm", &n);

	if (text && n && text[n - 1] == '\n')
		n--;
	s->command = text ? nk_strndup(a, text, n) : "";
}

int nk_ns_subject_open(struct nk_ns_subject *s, struct nk_arena *a, const struct nk_ns_target *t,
		       struct nk_err *e)
{
	int r;

	s->target = t;
	s->what = t->what;
	s->pid = t->pid;
	s->named = t->pid && (t->from == NK_TARGET_PROCESS || t->from == NK_TARGET_CONTAINER);
	open_files(s);
	if (!t->pid)
		return 0;
	r = nk_ns_status_read(&s->status, t->pid, e);
	if (r < 0)
		return r == -ESRCH ? nk_ns_target_ended(t, e) : r;
	children(s);
	name(s, a);
	return nk_ns_target_lives(t) ? 0 : nk_ns_target_ended(t, e);
}

bool nk_ns_subject_ours(const struct nk_ns_subject *s, enum nk_ns_kind k)
{
	return s->inode[k] && s->inode[k] == s->ours[k];
}

/* Who is told to get CAP_SYS_PTRACE should not have it already. */
static bool have_ptrace(void)
{
	struct nk_ns_status own;
	struct nk_err ignored;

	return nk_ns_status_read(&own, getpid(), &ignored) == 0 &&
	       own.effective >> CAP_SYS_PTRACE & 1;
}

const char *nk_ns_subject_hidden(struct nk_arena *a, const struct nk_ns_subject *s,
				 enum nk_ns_kind k)
{
	if (s->inode[k])
		return NULL;
	if ((s->err[k] == EACCES || s->err[k] == EPERM) && have_ptrace())
		return nk_fmt(a,
			      "CAP_SYS_PTRACE from here does not count for process %d: its user "
			      "namespace lies outside, or a security module forbids it",
			      (int)s->pid);
	if (s->err[k] == EACCES || s->err[k] == EPERM)
		return nk_fmt(a,
			      "needs the right to look into process %d: its user's, or "
			      "CAP_SYS_PTRACE in its user namespace",
			      (int)s->pid);
	if (s->err[k] == ENOENT)
		return s->pid ? "this kernel has none" : "no part of it";
	return strerror(s->err[k]);
}

const char *nk_ns_subject_text(struct nk_arena *a, const struct nk_ns_subject *s, const char *file,
			       size_t *n)
{
	char path[80];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)s->pid, file);
	_free_ char *text = nk_text_read(path, TEXT_MAX);

	if (n)
		*n = text ? strlen(text) : 0;
	return text ? nk_strdup(a, text) : NULL;
}
