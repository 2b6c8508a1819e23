/* SPDX-License-Identifier: Apache-2.0 */
#include "host/why.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/text.h"

int nk_why_switch(const char *path)
{
	_free_ char *text = nk_text_read(path, 4096);

	return text && *text ? (unsigned char)*text : -1;
}

bool nk_why_filtered(void)
{
	return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == SECCOMP_MODE_FILTER;
}

bool nk_why_chroot(void)
{
	struct statx st;

	return !statx(AT_FDCWD, "/", 0, STATX_BASIC_STATS, &st) &&
	       st.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT &&
	       !(st.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

const char *nk_why_userns(int err)
{
	if (nk_why_switch("/proc/sys/user/max_user_namespaces") == '0')
		return "sysctl -w user.max_user_namespaces=28633 (and a line in /etc/sysctl.d)";
	if (nk_why_switch("/proc/sys/kernel/unprivileged_userns_clone") == '0')
		return "sysctl -w kernel.unprivileged_userns_clone=1 (and a line in /etc/sysctl.d)";
	if (nk_why_switch("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == '1')
		return "give nook an AppArmor profile with `userns,`, or sysctl -w "
		       "kernel.apparmor_restrict_unprivileged_userns=0";
	if (err == ENOSPC || err == EUSERS)
		return "too many user namespaces, or too deep in each other (at most 32): end "
		       "some, "
		       "or raise the sysctl user.max_user_namespaces";
	if (err == EPERM && nk_why_chroot())
		return "in a chroot the kernel makes no user namespace: leave it, and enter the "
		       "tree with `nook run --rootfs DIR`";
	if (err == EPERM && !nk_why_filtered() && (geteuid() == 65534 || getegid() == 65534))
		return "this user and its group both have to be mapped in the user namespace "
		       "around "
		       "nook, and one shows as nobody";
	if (err == EINVAL || (err == ENOSYS && !nk_why_filtered()))
		return "use a kernel with CONFIG_USER_NS=y";
	return "the container or sandbox around this process forbids it: run the outer one with "
	       "--security-opt seccomp=unconfined, or as root with --privileged";
}
