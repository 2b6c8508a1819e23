/* SPDX-License-Identifier: Apache-2.0 */
/* nook-runtime features: what this build understands, as the specification's features.md has it. */
#include <seccomp.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/json_out.h"
#include "cli-runtime/runtime_cli.h"
#include "cli-runtime/version_commit.h"
#include "oci/cap_names.h"
#include "oci/config.h"
#include "oci/mount_words.h"
#include "oci/words.h"

extern const struct nk_rt_command nk_rt_command_features;

static void enabled(struct nk_json_out *j, const char *key)
{
	nk_json_open(j, key, '{');
	nk_json_bool(j, "enabled", true);
	nk_json_close(j);
}

static void words(struct nk_json_out *j, const char *key, const struct nk_word *w)
{
	nk_json_open(j, key, '[');
	for (; w->name; w++)
		nk_json_str(j, NULL, w->name);
	nk_json_close(j);
}

static void cgroup(struct nk_json_out *j)
{
	static const char *const kinds[] = {"v1", "v2", "systemd", "systemdUser", "rdma"};

	nk_json_open(j, "cgroup", '{');
	for (size_t i = 0; i < NK_COUNT(kinds); i++)
		nk_json_bool(j, kinds[i], true);
	nk_json_close(j);
}

static void seccomp(struct nk_json_out *j)
{
	nk_json_open(j, "seccomp", '{');
	nk_json_bool(j, "enabled", true);
	words(j, "actions", nk_seccomp_actions);
	words(j, "operators", nk_seccomp_operators);
	words(j, "archs", nk_seccomp_archs);
	words(j, "knownFlags", nk_seccomp_flags);
	words(j, "supportedFlags", nk_seccomp_flags);
	nk_json_close(j);
}

static void linux_part(struct nk_json_out *j)
{
	static const char *const namespaces[] = {"cgroup", "ipc",  "mount", "network",
						 "pid",	   "time", "user",  "uts"};

	nk_json_open(j, "linux", '{');
	nk_json_open(j, "namespaces", '[');
	for (size_t i = 0; i < NK_COUNT(namespaces); i++)
		nk_json_str(j, NULL, namespaces[i]);
	nk_json_close(j);
	nk_json_open(j, "capabilities", '[');
	for (unsigned i = 0; nk_cap_name(i); i++)
		nk_json_str(j, NULL, nk_cap_name(i));
	nk_json_close(j);
	cgroup(j);
	seccomp(j);
	enabled(j, "apparmor");
	enabled(j, "selinux");
	enabled(j, "intelRdt");
	nk_json_open(j, "mountExtensions", '{');
	enabled(j, "idmap");
	nk_json_close(j);
	enabled(j, "netDevices");
	nk_json_close(j);
}

static void annotations(struct nk_json_out *j)
{
	const struct scmp_version *s = seccomp_version();
	char text[48];

	nk_json_open(j, "annotations", '{');
	if (s) {
		snprintf(text, sizeof(text), "%u.%u.%u", s->major, s->minor, s->micro);
		nk_json_str(j, "io.github.seccomp.libseccomp.version", text);
	}
	/* Docker looks at this one before it offers checkpoints. */
	nk_json_str(j, "org.opencontainers.runc.checkpoint.enabled", "true");
	nk_json_str(j, "nook.version", NOOK_VERSION);
	nk_json_str(j, "nook.commit", NOOK_COMMIT);
	nk_json_close(j);

	/* Annotations of config.json that change what is done. */
	nk_json_open(j, "potentiallyUnsafeConfigAnnotations", '[');
	nk_json_str(j, NULL, "org.systemd.property.");
	nk_json_close(j);
}

static int run(struct nk_rt *rt, int argc, char **argv)
{
	_json_ struct nk_json_out j = {.indent = 4};
	int code;

	if (nk_rt_options(rt, &nk_rt_command_features, argc, argv, NULL, &code) < 0)
		return code;
	nk_json_open(&j, NULL, '{');
	nk_json_str(&j, "ociVersionMin", "1.0.0");
	nk_json_str(&j, "ociVersionMax", "1.3.0");
	nk_json_open(&j, "hooks", '[');
	for (int p = 0; p < NK_HOOK_COUNT; p++)
		nk_json_str(&j, NULL, nk_hook_point_name((enum nk_hook_point)p));
	nk_json_close(&j);
	nk_json_open(&j, "mountOptions", '[');
	for (unsigned i = 0; nk_oci_mount_word(i); i++)
		nk_json_str(&j, NULL, nk_oci_mount_word(i));
	nk_json_close(&j);
	linux_part(&j);
	annotations(&j);
	nk_json_close(&j);
	puts(j.buf ? j.buf : "");
	return j.failed || fflush(stdout) || ferror(stdout) ? 1 : 0;
}

const struct nk_rt_command nk_rt_command_features = {
	.name = "features",
	.usage = "",
	.summary = "tell what of the specification is understood, as JSON",
	.no_root = true,
	.run = run,
};
