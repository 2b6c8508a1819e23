/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delete, and what a create that failed does: nothing of the container is left. In this order, so
 * that whoever is killed meanwhile leaves a state that names what is still there: processes,
 * groups, scope, hooks, state.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "cgroup/live.h"
#include "cgroup/oci_live.h"
#include "cgroup/oci_scope.h"
#include "runtime/oci.h"
#include "state/process.h"

enum { KILL_MS = 10000, UNUSED_MS = 2000 };

/* As runc: what others have frozen it does not thaw; but that is said. */
static int still_there(const struct nk_oci_record *r, struct nk_err *e)
{
	_arena_ struct nk_arena a = {0};
	const char *frozen = nk_cg_frozen_around(&a, r->pid);

	if (!frozen) {
		nk_fail(e, 0, "container init still running");
	} else {
		nk_fail(e, 0, "container init still running: it is in the frozen cgroup %s",
			frozen);
		nk_hint(e, "echo THAWED > %s/freezer.state", frozen);
	}
	e->err = ETIMEDOUT;
	return -ETIMEDOUT;
}

static int kill_init(const struct nk_oci_record *r, struct nk_err *e)
{
	_close_ int pidfd = nk_oci_pidfd(r);

	if (pidfd < 0)
		return 0;
	syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
	if (nk_oci_frozen(r))
		nk_oci_thaw(r);
	return nk_process_wait(pidfd, KILL_MS) == -ETIMEDOUT ? still_there(r, e) : 0;
}

bool nk_oci_keeps(const struct nk_oci_record *r, const char *dir)
{
	for (size_t i = 0; i < r->kept.n; i++)
		if (!strcmp(r->kept.v[i], dir))
			return true;
	return false;
}

/*
 * No process is known that was started in them, so those that are there belong to somebody else:
 * they are not ended. A create that was killed behind its clone has an init that ends by itself.
 */
static int remove_unused(const struct nk_oci_record *r)
{
	const struct timespec nap = {.tv_nsec = 10000000};

	for (size_t i = r->cgroups.n; i-- > 0;) {
		const char *dir = r->cgroups.v[i];
		if (nk_oci_keeps(r, dir))
			continue;
		int tries = UNUSED_MS / 10, err = 0;
		while (rmdir(dir) < 0 && (err = errno) == EBUSY && tries-- > 0)
			nanosleep(&nap, NULL);
		if (err && err != ENOENT && !access(dir, F_OK))
			nk_log(NK_LOG_WARN, "cgroup %s is left: %s", dir, strerror(err));
	}
	return 0;
}

/* Most often they are empty, and then that is one call each. Deepest last in the list. */
static int remove_groups(const struct nk_oci_record *r, struct nk_err *e)
{
	if (!r->pid || r->unclaimed)
		return remove_unused(r);
	if (!r->own_pids)
		for (size_t i = 0; i < r->cgroups.n; i++) {
			int ret = nk_cgroup_kill(r->cgroups.v[i], e);
			if (ret < 0)
				return ret;
		}
	for (size_t i = r->cgroups.n; i-- > 0;) {
		const char *dir = r->cgroups.v[i];
		if (nk_oci_keeps(r, dir) || rmdir(dir) == 0 || errno == ENOENT)
			continue;
		int ret = nk_cgroup_kill(dir, e);
		if (ret == 0)
			ret = nk_cgroup_remove(dir, e);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static void poststop(struct nk_oci_dir *d, const struct nk_oci_record *r,
		     const struct nk_config *config)
{
	_arena_ struct nk_arena a = {0};
	struct nk_config saved = {0};
	struct nk_err e = {0};

	if (!(r->hooks & (1u << NK_HOOK_POSTSTOP)))
		return;
	if (!config && nk_oci_saved_config(d, &a, r, &saved, &e) < 0) {
		nk_log(NK_LOG_WARN, "no poststop hooks: %s", e.msg);
		return;
	}
	if (nk_oci_hooks(config ? config : &saved, NK_HOOK_POSTSTOP, r, NK_OCI_STOPPED, 0, true,
			 &e) < 0)
		nk_log(NK_LOG_WARN, "%s", e.msg);
}

int nk_oci_destroy(struct nk_oci_dir *d, const struct nk_oci_record *r,
		   const struct nk_config *config, struct nk_err *e)
{
	int ret = kill_init(r, e);

	if (ret == 0)
		ret = remove_groups(r, e);
	if (ret < 0)
		return ret;
	nk_oci_remove_host_mounts(r);
	/* Without processes it is about to end by itself; here systemd forgets its name, too. */
	struct nk_err told = {0};
	if (r->scope && nk_cg_scope_stop(r->scope, r->user_bus, &told) < 0)
		nk_log(NK_LOG_WARN, "%s", told.msg);
	if (r->rdt && rmdir(r->rdt) < 0 && errno != ENOENT)
		nk_log(NK_LOG_WARN, "remove %s: %s", r->rdt, strerror(errno));
	poststop(d, r, config);
	return nk_oci_remove(d, e);
}

/* Under the lock: what it is now may have changed since somebody looked. */
static int delete_locked(struct nk_oci_dir *d, const char *root, bool force, struct nk_err *e)
{
	_arena_ struct nk_arena a = {0};
	struct nk_oci_record r;
	enum nk_oci_status status;
	int ret = nk_oci_find(d, &a, root, d->id, &r, &status, e);

	/* A create that was killed before its first word, or a delete before its last. */
	if (ret == -ENOENT) {
		struct nk_err ignored;
		nk_oci_remove(d, &ignored);
		return ret;
	}
	if (ret < 0 && force)
		return nk_oci_destroy_unread(d, e, e);
	if (ret < 0)
		return nk_hint(e, "delete --force removes its directory, and what of it is still "
				  "known; a newer nook-runtime may know it all");
	if (!force && status != NK_OCI_STOPPED && status != NK_OCI_CREATED)
		return nk_fail(e, 0, "cannot delete container %s that is not stopped: %s", d->id,
			       nk_oci_status_name(status));
	return nk_oci_destroy(d, &r, NULL, e);
}

/* Who is about to create or start it notices that its init is dead, and lets go. */
static void hurry(struct nk_oci_dir *d)
{
	_arena_ struct nk_arena a = {0};
	struct nk_oci_record r;
	struct nk_err ignored;

	if (nk_oci_load(d, &a, &r, &ignored) == 0)
		kill_init(&r, &ignored);
}

int nk_oci_delete(const char *root, const char *id, bool force, struct nk_err *e)
{
	_oci_dir_ struct nk_oci_dir d = NK_OCI_DIR_CLOSED;
	int ret = nk_oci_open(&d, root, id, e);

	if (ret == 0)
		ret = nk_oci_lock(&d, 0, e);
	if (ret == -EAGAIN && force) {
		hurry(&d);
		ret = nk_oci_lock(&d, NK_OCI_LOCK_MS, e);
	} else if (ret == -EAGAIN) {
		ret = nk_oci_lock(&d, NK_OCI_LOCK_MS, e);
	}
	/* Of a create that was killed between its first two calls. Others are not empty. */
	if (ret == -ENOENT)
		unlinkat(d.root_fd, id, AT_REMOVEDIR);
	if (ret == 0)
		ret = delete_locked(&d, root, force, e);
	return ret == -ENOENT && force ? 0 : ret;
}
