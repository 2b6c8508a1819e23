/* SPDX-License-Identifier: Apache-2.0 */
/* nook-runtime version: in runc's form, of which containerd and Docker read the lines. */
#include <seccomp.h>
#include <stdio.h>

#include "cli-runtime/runtime_cli.h"
#include "cli-runtime/version_commit.h"

extern const struct nk_rt_command nk_rt_command_version;

static int run(struct nk_rt *rt, int argc, char **argv)
{
	int code;

	if (nk_rt_options(rt, &nk_rt_command_version, argc, argv, NULL, &code) < 0)
		return code;

	const struct scmp_version *s = seccomp_version();

	printf("nook-runtime version %s\n", NOOK_VERSION);
	if (NOOK_COMMIT[0])
		printf("commit: %s\n", NOOK_COMMIT);
	printf("spec: 1.3.0\n");
	if (s)
		printf("libseccomp: %u.%u.%u\n", s->major, s->minor, s->micro);
	return fflush(stdout) ? 1 : 0;
}

const struct nk_rt_command nk_rt_command_version = {
	.name = "version",
	.usage = "",
	.summary = "print the version",
	.no_root = true,
	.run = run,
};
