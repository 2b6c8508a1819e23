/* SPDX-License-Identifier: Apache-2.0 */
/* start: hooks inside, the word to init that waits, hooks outside. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "child/protocol.h"
#include "runtime/oci.h"
#include "spawn/message.h"
#include "state/process.h"

enum { STOP_MS = 5000 };

#define HAS_HOOKS(r, point) ((r)->hooks & (1u << (point)))

static int not_created(enum nk_oci_status s, struct nk_err *e)
{
	switch (s) {
	case NK_OCI_STOPPED:
		return nk_fail(e, 0, "cannot start a container that has stopped");
	case NK_OCI_RUNNING:
		return nk_fail(e, 0, "cannot start an already running container");
	default:
		return nk_fail(e, 0, "cannot start a container in the %s state",
			       nk_oci_status_name(s));
	}
}

/* The step that failed, in the words that create has left. */
static int failed(const struct nk_oci_record *r, const struct nk_message *m, struct nk_err *e)
{
	for (size_t i = 0; i < r->last_steps.n; i++) {
		const struct nk_oci_last_step *s = &r->last_steps.v[i];

		if (s->index != m->step)
			continue;
		if (!s->is_exec)
			return nk_fail(e, m->err, "step %d: %s", m->step + 1, s->words);
		int err = m->err == ENOENT && m->value ? m->value : m->err;
		nk_fail(e, err, "execute %s", r->command ? r->command : "the command");
		e->exit = err == ENOENT || err == ENOTDIR ? NK_EXIT_NOT_FOUND : NK_EXIT_CANNOT_EXEC;
		nk_oci_exec_words(r->command, e);
		return -e->err;
	}
	return nk_fail(e, m->err, "step %d", m->step + 1);
}

static int hear(int sock, const struct nk_oci_record *r, const struct nk_config *c,
		struct nk_err *e)
{
	struct nk_message m;
	int ret = 0, fd;

	while (ret == 0 && nk_message_receive(sock, &m, &fd)) {
		if (m.type == NK_MSG_ERROR)
			ret = failed(r, &m, e);
		else if (m.type == NK_MSG_LISTENER && fd >= 0)
			ret = nk_oci_tell_agent(c, r, NK_OCI_CREATED, r->pid, fd, e);
		if (fd >= 0)
			close(fd);
	}
	if (ret < 0)
		return ret;
	/* The end of file is execve's, or that of a process that did not get there. runc's words.
	 */
	return nk_process_never_executed(r->pid)
		       ? nk_fail(e, 0, "container process is already dead")
		       : 0;
}

static int go_on(struct nk_oci_dir *d, const struct nk_oci_record *r, const struct nk_config *c,
		 struct nk_err *e)
{
	struct nk_message go = {.type = NK_MSG_START};
	_close_ int sock = nk_oci_start_connect(d, e);

	if (sock < 0)
		return sock;
	if (send(sock, &go, sizeof(go), MSG_NOSIGNAL) != sizeof(go))
		return nk_fail(e, errno, "tell the first process of container %s to go on", d->id);
	return hear(sock, r, c, e);
}

/* A hook has failed: the specification wants it stopped. The rest is delete's. */
static void stop(const struct nk_oci_record *r)
{
	_close_ int pidfd = nk_oci_pidfd(r);

	if (pidfd >= 0 && !syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0))
		nk_process_wait(pidfd, STOP_MS);
}

/* What could not become the command ends by itself. Docker deletes at once, and only once. */
static void await_end(const struct nk_oci_record *r)
{
	_close_ int pidfd = nk_oci_pidfd(r);

	if (pidfd >= 0)
		nk_process_wait(pidfd, STOP_MS);
}

int nk_oci_start(const char *root, const char *id, const char *cache_dir,
		 int (*seal)(void *arg, struct nk_err *e), void *arg, struct nk_err *e)
{
	_arena_ struct nk_arena a = {0};
	_oci_dir_ struct nk_oci_dir d = NK_OCI_DIR_CLOSED;
	struct nk_oci_record r;
	struct nk_config c = {0};
	enum nk_oci_status status;
	int ret = nk_oci_open(&d, root, id, e);

	if (ret == 0)
		ret = nk_oci_lock(&d, NK_OCI_LOCK_MS, e);
	if (ret == 0)
		ret = nk_oci_find(&d, &a, root, id, &r, &status, e);
	if (ret < 0)
		return ret;
	if (status != NK_OCI_CREATED)
		return not_created(status, e);
	if (!r.command)
		return nk_fail(e, 0,
			       "cannot start a container without a process in its configuration");
	/* Before anything has been done: it may begin anew (CVE-2019-5736). */
	if (HAS_HOOKS(&r, NK_HOOK_START_CONTAINER))
		ret = seal(arg, e);
	if (ret == 0 && r.wants_config)
		ret = nk_oci_saved_config(&d, &a, &r, &c, e);
	if (ret == 0 && (ret = nk_oci_start_hooks(&a, &c, &r, cache_dir, e)) < 0)
		stop(&r);
	if (ret == 0 && (ret = go_on(&d, &r, &c, e)) < 0)
		await_end(&r);
	/* Others may work on it while the last hooks run. */
	nk_cleanup_close(&d.lock_fd);
	d.lock_fd = -EBADF;
	if (ret == 0 && HAS_HOOKS(&r, NK_HOOK_POSTSTART) &&
	    (ret = nk_oci_hooks(&c, NK_HOOK_POSTSTART, &r, NK_OCI_RUNNING, 0, false, e)) < 0)
		stop(&r);
	return ret;
}
