/* SPDX-License-Identifier: Apache-2.0 */
/* nook-runtime spec: a config.json to begin with. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli-runtime/runtime_cli.h"
#include "oci/config.h"

extern const struct nk_rt_command nk_rt_command_spec;

struct spec_options {
	const char *bundle;
	bool rootless;
};

/* clang-format off */
static const struct nk_option options[] = {
	{"bundle", .letter = 'b', .metavar = "DIR", .values = "@dir",
	 .help = "write into DIR instead of here",
	 .set = nk_set_string, .offset = offsetof(struct spec_options, bundle)},
	{"rootless", .help = "for an ordinary user: with a user namespace and without limits",
	 .set = nk_set_flag, .offset = offsetof(struct spec_options, rootless)},
	{0},
};
/* clang-format on */

static int write_file(const char *dir, const struct nk_json_out *j, struct nk_err *e)
{
	_close_ int at = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (at < 0)
		return nk_fail(e, errno, "open the bundle %s", dir);

	_close_ int fd = openat(at, "config.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	if (fd < 0 && errno == EEXIST)
		return nk_fail(e, 0, "File config.json exists. Remove it first");
	if (fd < 0)
		return nk_fail(e, errno, "make config.json");
	for (size_t done = 0; done < j->n;) {
		ssize_t n = write(fd, j->buf + done, j->n - done);

		if (n < 0 && errno != EINTR)
			return nk_fail(e, errno, "write config.json");
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int run(struct nk_rt *rt, int argc, char **argv)
{
	struct spec_options o = {.bundle = "."};
	_json_ struct nk_json_out j = {.indent = 4};
	struct statfs cgroups;
	struct nk_err e = {0};
	int code;

	if (nk_rt_options(rt, &nk_rt_command_spec, argc, argv, &o, &code) < 0)
		return code;
	bool v2 = !statfs("/sys/fs/cgroup", &cgroups) && cgroups.f_type == CGROUP2_SUPER_MAGIC;
	nk_config_default(&j, o.rootless, v2, geteuid(), getegid());
	if (j.failed) {
		nk_fail(&e, ENOMEM, "write config.json");
		return nk_rt_error(rt, &e);
	}
	return write_file(o.bundle, &j, &e) < 0 ? nk_rt_error(rt, &e) : 0;
}

const struct nk_rt_command nk_rt_command_spec = {
	.name = "spec",
	.usage = "[OPTIONS]",
	.summary = "write a config.json to begin with",
	.about = "Write config.json into the current directory. It describes a container that runs "
		 "sh\n"
		 "in the directory rootfs beside it; edit it to what you need.",
	.options = options,
	.no_root = true,
	.run = run,
};
