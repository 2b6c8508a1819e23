/* SPDX-License-Identifier: Apache-2.0 */
/* The facts of a question, and the try. */
#include "ns/can.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "host/cgroups.h"
#include "host/text.h"
#include "ns/visit.h"

static int small_number(const char *path, int otherwise)
{
	_free_ char *text = nk_text_read(path, 64);

	return text ? atoi(text) : otherwise;
}

static void who(struct nk_arena *a, const struct nk_ns_subject *s, bool caller,
		struct nk_can_who *w)
{
	const char *text = nk_ns_subject_text(a, s, "status", NULL);
	const char *groups = text ? strstr(text, "\nGroups:") : NULL;

	/* user_namespaces(7), "Unmapped user and group IDs" */
	w->nobody = s->ours[NK_NS_USER] == NK_USERNS_FIRST
			    ? (uid_t)-1
			    : (uid_t)small_number("/proc/sys/kernel/overflowuid", 65534);
	w->caller = caller;
	w->pid = s->pid;
	w->what = caller ? "you" : s->what;
	w->status = s->status;
	memcpy(w->ns, s->inode, sizeof(w->ns));
	if (groups) {
		groups += strlen("\nGroups:");
		w->groups = nk_strndup(a, groups, strcspn(groups, "\n"));
	}
}

/* Does the PID namespace fd lie in that of inode, or is it that one? */
static bool below(int fd, uint64_t inode)
{
	_close_ int at = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : -1;

	for (int i = 0; at >= 0 && i < NK_NSPID_LEVELS; i++) {
		if (nk_ns_inode(at) == inode)
			return true;
		int up = ioctl(at, NS_GET_PARENT);
		close(at);
		at = up;
	}
	return false;
}

static bool is_ancestor(pid_t pid, const struct nk_ns_status *of)
{
	struct nk_ns_status st = *of;
	struct nk_err ignored;

	while (st.ppid > 0) {
		if (st.ppid == pid)
			return true;
		if (nk_ns_status_read(&st, st.ppid, &ignored) < 0)
			return false;
	}
	return false;
}

/* proc_pid(5): the directory of a process that may not be traced by its user is root's. */
static bool dumpable(const struct nk_ns_subject *s)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d", (int)s->pid);
	return stat(path, &st) || st.st_uid == s->status.uid[1];
}

static int low_port(struct nk_arena *a, const struct nk_ns_subject *s)
{
	struct nk_visit visit;
	struct nk_err ignored;

	if (!s->inode[NK_NS_NET] || nk_visit(a, s, 1u << NK_VISIT_LOW_PORT, &visit, &ignored) < 0 ||
	    visit.part[NK_VISIT_LOW_PORT].err)
		return -1;
	return atoi(visit.part[NK_VISIT_LOW_PORT].data);
}

/* The group of a hierarchy in the text of /proc/PID/cgroup: version 2, or the one with "pids". */
static const char *group_of(struct nk_arena *a, const char *text, bool v2)
{
	const char *line;
	size_t n;

	while ((line = nk_text_line(&text, &n))) {
		struct nk_field f[3];
		struct nk_field names[16];
		if (nk_text_split(line, n, ':', f, 3) < 3)
			continue;
		size_t count = nk_text_split(f[1].s, f[1].n, ',', names, 16);
		bool found = v2 && nk_field_is(f[0], "0");
		for (size_t i = 0; !v2 && i < count && i < 16; i++)
			found |= nk_field_is(names[i], "pids");
		if (found)
			return nk_strndup(a, f[2].s, n - (size_t)(f[2].s - line));
	}
	return NULL;
}

static void cgroup(struct nk_arena *a, const struct nk_ns_subject *s, struct nk_can_facts *f)
{
	const char *text = nk_ns_subject_text(a, s, "cgroup", NULL), *group, *dir;
	struct nk_cgroups c = {0};
	struct nk_err ignored;
	struct stat st;
	int at;

	if (!text || nk_cgroups_detect(a, &c, &ignored) < 0)
		return;
	at = c.where[NK_CG_PIDS] >= 0 ? c.where[NK_CG_PIDS] : c.unified;
	if (at < 0)
		return;
	group = group_of(a, text, c.hierarchies.v[at].v2);
	dir = group ? nk_cg_dir(a, &c.hierarchies.v[at], group) : NULL;
	if (!dir)
		return;
	dir = nk_fmt(a, "%s/cgroup.procs", dir);
	if (stat(dir, &st))
		return;
	f->cgroup = dir;
	f->cgroup_uid = st.st_uid;
	f->cgroup_gid = st.st_gid;
	f->cgroup_mode = st.st_mode & 0777;
}

/* Actions on a process need one; those in a namespace need one of its kind. */
static int fits(const struct nk_can_action *action, const struct nk_can_facts *f, struct nk_err *e)
{
	bool by_ids = action->rule == NK_CAN_KILL || action->rule == NK_CAN_CGROUP;

	bool process = action->rule == NK_CAN_KILL || action->rule == NK_CAN_PTRACE ||
		       action->rule == NK_CAN_CGROUP;

	if (process && !f->process) {
		nk_fail(e, 0, "%s: %.200s is no process", action->name, f->what);
		return nk_hint(e, "nook ns ls tells which processes are in it");
	}
	/* What we may not see, we may not join either; of another process that says nothing. */
	if (!f->who.caller && f->hidden && !by_ids) {
		nk_fail(e, 0, "the namespaces of %.200s are not visible", f->what);
		return nk_hint(e, "%s", f->hidden);
	}
	if (action->rule == NK_CAN_ENTER && !(f->wanted & f->has)) {
		nk_fail(e, 0, "enter: %.200s has no namespace of that type", f->what);
		return nk_hint(e, "without --type every one that it has counts");
	}
	if ((action->rule == NK_CAN_THERE || action->rule == NK_CAN_USER) &&
	    !(f->has >> action->kind & 1)) {
		nk_fail(e, 0, "%s: %.200s has no %s namespace", action->name, f->what,
			nk_ns_name(action->kind));
		return nk_hint(e, "name a process, or a namespace of type %s",
			       nk_ns_name(action->kind));
	}
	return 0;
}

int nk_can_collect(struct nk_arena *a, const struct nk_can_action *action,
		   const struct nk_ns_subject *target, const struct nk_ns_subject *w, bool caller,
		   struct nk_can_facts *f, struct nk_err *e)
{
	f->process = target->named;
	f->pid = target->named ? target->pid : 0;
	f->what = target->what;
	f->status = target->status;
	f->low_port = -1;
	who(a, w, caller, &f->who);
	memcpy(f->ns, target->inode, sizeof(f->ns));
	for (int k = 0; k < NK_NS_COUNT; k++) {
		nk_userns_owner(a, target->fd[k], k == NK_NS_USER, &f->owner[k]);
		if (target->err[k] != ENOENT)
			f->has |= 1u << k;
		if (!f->hidden && target->err[k] && target->err[k] != ENOENT)
			f->hidden = nk_ns_subject_hidden(a, target, (enum nk_ns_kind)k);
	}
	f->wanted = f->wanted ? f->wanted & f->has : f->has;
	/* What our /proc shows lies in our own PID namespace. */
	f->below_pid = (caller && target->pid) || below(target->fd[NK_NS_PID], w->inode[NK_NS_PID]);
	f->dumpable = !target->pid || dumpable(target);
	f->yama = small_number("/proc/sys/kernel/yama/ptrace_scope", 0);
	f->ancestor = target->pid && is_ancestor(w->pid, &target->status);
	if (!strcmp(action->name, "bind-low-port"))
		f->low_port = low_port(a, target);
	if (action->rule == NK_CAN_CGROUP)
		cgroup(a, target, f);
	return fits(action, f, e);
}

static void overrule(struct nk_arena *a, struct nk_can_verdict *v, int err, const char *call)
{
	bool may = !err;

	v->tried = err;
	if (v->may == may)
		return;
	v->may = may;
	v->why = may ? nk_fmt(a, "%s works, though by the rules: %s", call, v->why)
		     : nk_fmt(a,
			      "By the rules: %s But %s says: %s (a seccomp filter or a security "
			      "module around this process?)",
			      v->why, call, strerror(err));
}

static int try_join(struct nk_arena *a, const struct nk_ns_subject *target, unsigned kinds,
		    struct nk_can_verdict *v, struct nk_err *e)
{
	int result[NK_NS_COUNT], worst = 0, rc;
	unsigned differ = 0;

	for (unsigned k = 0; k < NK_NS_COUNT; k++)
		if (kinds >> k & 1 && target->inode[k] && target->inode[k] != target->ours[k])
			differ |= 1u << k;
	if (!differ)
		return 0;
	rc = nk_visit_try(target, differ, true, result, e);
	if (rc < 0)
		return rc;
	for (unsigned k = 0; k < NK_NS_COUNT; k++)
		if (differ >> k & 1 && !worst)
			worst = result[k];
	for (size_t i = 0; i < v->kinds.n; i++)
		if (differ >> v->kinds.v[i].kind & 1) {
			v->kinds.v[i].tried = result[v->kinds.v[i].kind];
			v->kinds.v[i].may = !result[v->kinds.v[i].kind];
		}
	/* Of an action inside, joining is only the first half. */
	if (v->kinds.n || (v->may && worst))
		overrule(a, v, worst, "setns");
	else
		v->tried = worst;
	return 0;
}

/* The memory is not read: the kernel asks at the opening. */
static int try_memory(pid_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? errno : 0;
}

int nk_can_try(struct nk_arena *a, const struct nk_can_action *action,
	       const struct nk_ns_subject *target, const struct nk_can_facts *f,
	       struct nk_can_verdict *v, struct nk_err *e)
{
	int pidfd = target->target->pidfd;

	if (action->rule == NK_CAN_ENTER)
		return try_join(a, target, f->wanted, v, e);
	if (action->rule == NK_CAN_THERE)
		return try_join(a, target, 1u << action->kind, v, e);
	if (action->rule == NK_CAN_KILL)
		overrule(a, v, syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) ? errno : 0,
			 "kill with signal 0");
	if (action->rule == NK_CAN_PTRACE && f->pid != f->who.pid)
		overrule(a, v, try_memory(f->pid), "opening its memory");
	if (action->rule == NK_CAN_CGROUP && f->cgroup)
		overrule(a, v, faccessat(AT_FDCWD, f->cgroup, W_OK, AT_EACCESS) ? errno : 0,
			 "access(2)");
	return 0;
}
