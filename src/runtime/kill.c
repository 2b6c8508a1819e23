/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runtime/runtime.h"

int nk_runtime_kill(const struct nk_state_record *r, int signal, struct nk_err *e)
{
	_close_ int pidfd = nk_state_pidfd(r, e);

	if (pidfd < 0)
		return pidfd;
	if (syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) < 0)
		return nk_fail(e, errno, "signal %d to container \"%s\"", signal, r->name);
	return 0;
}
