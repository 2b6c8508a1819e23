/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: seccomp, Landlock, AppArmor, and the device nodes that networks and images want. */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "host/doctor_parts.h"
#include "host/why.h"
#include "host/text.h"

static bool seccomp_knows(uint32_t action)
{
	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

static void seccomp_checks(struct nk_doctor *d)
{
	bool filter = seccomp_knows(SECCOMP_RET_ERRNO);
	bool notify = seccomp_knows(SECCOMP_RET_USER_NOTIF);
	int mode = prctl(PR_GET_SECCOMP, 0, 0, 0, 0);

	nk_doctor_add(d, "seccomp", filter ? NK_CHECK_OK : NK_CHECK_WARN,
		      "use a kernel with CONFIG_SECCOMP_FILTER=y; until then --security-opt "
		      "seccomp=unconfined",
		      "%s%s", filter ? "filters" : "no filters",
		      mode == 2 ? "; a filter is around this process already" : "");
	nk_doctor_add(d, "seccomp notify", notify ? NK_CHECK_OK : NK_CHECK_WARN,
		      "needs Linux 5.0; nothing in nook run does", "%s",
		      notify ? "calls can be answered by another process" : "not here");
}

static void landlock(struct nk_doctor *d)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	int err = abi < 0 ? errno : 0;

	nk_doctor_add(d, "landlock", err ? NK_CHECK_WARN : NK_CHECK_OK,
		      err == EOPNOTSUPP
			      ? "add landlock to lsm= on the kernel's command line"
			      : "use a kernel with CONFIG_SECURITY_LANDLOCK=y; nothing in "
				"nook run needs it yet",
		      "%s", err ? strerror(err) : nk_fmt(d->arena, "ABI %ld", abi));
}

static void apparmor(struct nk_doctor *d)
{
	bool on = nk_why_switch("/sys/module/apparmor/parameters/enabled") == 'Y';
	_free_ char *label = on ? nk_text_read("/proc/self/attr/apparmor/current", 4096) : NULL;

	if (label)
		label[strcspn(label, "\n")] = '\0';
	bool confined = label && strcmp(label, "unconfined") != 0;
	nk_doctor_add(
		d, "AppArmor", confined ? NK_CHECK_WARN : NK_CHECK_OK,
		"this profile may refuse mounts: start the outer container with --security-opt "
		"apparmor=unconfined",
		"%s%s", !on ? "not in use" : "in use, this process: ",
		!on	? ""
		: label ? label
			: "unconfined");
	int limit = nk_why_switch("/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
	if (limit == '1')
		nk_doctor_add(d, "AppArmor, users", NK_CHECK_WARN,
			      "give nook an AppArmor profile with `userns,`, or sysctl -w "
			      "kernel.apparmor_restrict_unprivileged_userns=0",
			      "user namespaces of ordinary users get no rights");
}

void nk_doctor_security(struct nk_doctor *d)
{
	d->group = "security";
	seccomp_checks(d);
	landlock(d);
	apparmor(d);
}

static void device(struct nk_doctor *d, const char *path, const char *good, const char *module)
{
	_close_ int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	int err = fd < 0 ? errno : 0;

	nk_doctor_add(d, path, err ? NK_CHECK_WARN : NK_CHECK_OK,
		      err == EACCES || err == EPERM
			      ? nk_fmt(d->arena, "chmod 0666 %s (as root; the usual mode)", path)
			      : nk_fmt(d->arena,
				       "modprobe %s (as root); inside another container add "
				       "--device %s there",
				       module, path),
		      "%s%s%s", good, err ? ": " : "", err ? strerror(err) : "");
}

void nk_doctor_devices(struct nk_doctor *d)
{
	d->group = "devices";
	device(d, "/dev/net/tun", "networks of ordinary users", "tun");
	device(d, "/dev/fuse", "file systems of ordinary users", "fuse");
}
