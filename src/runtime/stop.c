/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>

#include "base/cleanup.h"
#include "runtime/runtime.h"
#include "state/process.h"

enum {
	KILL_MS = 10000, /* a process in an uninterruptible call can outlive SIGKILL for long */
	TIDY_MS = 10000, /* what its nook may need to take everything away */
};

int nk_runtime_stop(struct nk_state *st, const struct nk_state_record *r, int ms, struct nk_err *e)
{
	_close_ int pidfd = nk_state_pidfd(r, e);
	struct nk_state_wait w;
	int exit_code;

	if (pidfd < 0)
		return pidfd;

	int rc = nk_state_wait_begin(st, r, &w, e);

	if (rc < 0)
		return rc == -ENOENT ? 0 : rc; /* ended while we looked */

	_close_ int lock = nk_take_fd(&w.lock_fd);

	rc = nk_runtime_kill(r, r->spec->stop_signal ? r->spec->stop_signal : SIGTERM, e);
	if (rc >= 0 && nk_process_wait(pidfd, ms) == -ETIMEDOUT) {
		rc = nk_runtime_kill(r, SIGKILL, e);
		if (rc >= 0 && nk_process_wait(pidfd, KILL_MS) == -ETIMEDOUT)
			return nk_fail(e, ETIMEDOUT, "container \"%s\" does not end", r->name);
	}
	if (rc < 0 && rc != -ESRCH)
		return rc;
	w.lock_fd = nk_take_fd(&lock);
	return nk_state_wait_end(st, r, &w, TIDY_MS, &exit_code, e);
}
