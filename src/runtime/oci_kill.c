/* SPDX-License-Identifier: Apache-2.0 */
/* kill: a signal to init, by a pidfd that was checked, or to all processes of the groups. */
#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cgroup/live.h"
#include "runtime/oci.h"

static int not_running(struct nk_err *e)
{
	nk_fail(e, 0, "container not running");
	e->err = ESRCH;
	return -ESRCH;
}

static int to_init(const struct nk_oci_record *r, int signal, struct nk_err *e)
{
	_close_ int pidfd = nk_oci_pidfd(r);

	if (pidfd < 0)
		return not_running(e);
	if (syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) < 0)
		return errno == ESRCH
			       ? not_running(e)
			       : nk_fail(e, errno, "signal %d to container %s", signal, r->id);
	return 0;
}

int nk_oci_kill(const char *root, const char *id, int signal, bool all, struct nk_err *e)
{
	_arena_ struct nk_arena a = {0};
	_oci_dir_ struct nk_oci_dir d = NK_OCI_DIR_CLOSED;
	struct nk_oci_record r;
	enum nk_oci_status status;
	int ret = nk_oci_find(&d, &a, root, id, &r, &status, e);

	if (ret < 0)
		return ret;
	if (all)
		ret = nk_oci_signal_all(&r, signal, e);
	else if (status == NK_OCI_STOPPED || !r.pid)
		ret = not_running(e);
	else
		ret = to_init(&r, signal, e);
	/* Version 1 delivers it when they are thawed, not before. */
	if (ret == 0 && signal == SIGKILL && status == NK_OCI_PAUSED)
		nk_oci_thaw(&r);
	return ret;
}
