/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/oci_listener.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/json_out.h"
#include "runtime/oci.h"

/* The specification's "The Container Process State" (config-linux.md). */
static void describe(struct nk_json_out *j, const struct nk_config *c, const char *state, pid_t pid)
{
	nk_json_open(j, NULL, '{');
	nk_json_str(j, "ociVersion", c->version);
	nk_json_open(j, "fds", '[');
	nk_json_str(j, NULL, "seccompFd");
	nk_json_close(j);
	nk_json_int(j, "pid", pid);
	if (c->seccomp.listener_metadata)
		nk_json_str(j, "metadata", c->seccomp.listener_metadata);
	nk_json_raw(j, "state", state);
	nk_json_close(j);
}

int nk_oci_listener_send(const struct nk_config *c, const char *state, pid_t pid, int fd,
			 struct nk_err *e)
{
	const char *path = c->seccomp.listener_path;
	_json_ struct nk_json_out j = {0};

	_close_ int agent = nk_oci_connect(path, SOCK_STREAM);
	if (agent < 0) {
		nk_fail(e, -agent,
			"failed to connect with seccomp agent specified in the seccomp profile: "
			"%s",
			path);
		return nk_hint(e, "listenerPath names a socket on which somebody listens who "
				  "answers the calls of the profile");
	}
	describe(&j, c, state, pid);
	if (j.failed)
		return nk_fail(e, ENOMEM, "describe the process to the seccomp agent");
	int ret = nk_oci_send(agent, j.buf, j.n, fd);
	return ret < 0 ? nk_fail(e, -ret, "send the seccomp descriptor to %s", path) : 0;
}
