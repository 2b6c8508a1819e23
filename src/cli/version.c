/* SPDX-License-Identifier: Apache-2.0 */
/* nook version: what somebody who looks into a fault wants to know first. */
#include <json-c/json_c_version.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "base/json_out.h"
#include "cli/cli.h"
#include "cli/version_commit.h"

struct version_options {
	bool json;
};

static const struct nk_option options[] = {
	{"format", .metavar = "FORMAT", .help = "text (default) or json", .values = "text json",
	 .set = nk_set_json, .offset = offsetof(struct version_options, json)},
	{0},
};

static int run(struct nk_cli *cli, int argc, char **argv)
{
	struct version_options o = {0};
	struct utsname u = {0};
	char seccomp[32] = "";
	int code;

	if (nk_cli_options(cli, &nk_command_version, argc, argv, &o, &code) < 0)
		return code;
	uname(&u);
	const struct scmp_version *s = seccomp_version();
	if (s)
		snprintf(seccomp, sizeof(seccomp), "%u.%u.%u", s->major, s->minor, s->micro);
	if (!o.json) {
		printf("nook %s%s%s%s\nkernel %s %s %s\njson-c %s\nlibseccomp %s\n", NOOK_VERSION,
		       NOOK_COMMIT[0] ? " (" : "", NOOK_COMMIT, NOOK_COMMIT[0] ? ")" : "",
		       u.sysname, u.release, u.machine, json_c_version(), seccomp);
		return fflush(stdout) ? NK_EXIT_FAULT : 0;
	}
	_json_ struct nk_json_out j = {.indent = 2};
	nk_json_open(&j, NULL, '{');
	nk_json_str(&j, "version", NOOK_VERSION);
	nk_json_str(&j, "commit", NOOK_COMMIT[0] ? NOOK_COMMIT : NULL);
	nk_json_str(&j, "kernel", u.release);
	nk_json_str(&j, "machine", u.machine);
	nk_json_open(&j, "libraries", '{');
	nk_json_str(&j, "json-c", json_c_version());
	nk_json_str(&j, "libseccomp", seccomp);
	nk_json_close(&j);
	nk_json_close(&j);
	printf("%s\n", j.buf ? j.buf : "");
	return j.failed || fflush(stdout) ? NK_EXIT_FAULT : 0;
}

const struct nk_command nk_command_version = {
	.name = "version",
	.usage = "[OPTIONS]",
	.summary = "print the version of nook, the kernel and the libraries",
	.options = options,
	.no_state = true,
	.run = run,
};
