/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/cap_names.h"

#include <linux/capability.h>
#include <strings.h>

#include "base/cleanup.h"

/* In the order of their numbers, see capabilities(7). */
/* clang-format off */
static const char *const names[] = {
	"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID",
	"CAP_KILL", "CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW",
	"CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE",
	"CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE",
	"CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE",
	"CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ",
	"CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
};
/* clang-format on */
_Static_assert(NK_COUNT(names) == CAP_CHECKPOINT_RESTORE + 1, "one name for each capability");

static const char *without_prefix(const char *name)
{
	return strncasecmp(name, "CAP_", 4) == 0 ? name + 4 : name;
}

int nk_cap_by_name(const char *name)
{
	const char *bare = without_prefix(name);

	for (unsigned i = 0; i < NK_COUNT(names); i++)
		if (strcasecmp(bare, names[i] + 4) == 0)
			return (int)i;
	return -1;
}

const char *nk_cap_name(unsigned cap)
{
	return cap < NK_COUNT(names) ? names[cap] : NULL;
}
