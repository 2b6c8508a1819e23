/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "runtime/oci.h"

int nk_oci_join_flags(pid_t pid, uint64_t *flags, struct nk_err *e)
{
	*flags = 0;
	for (int k = 0; k < NK_NS_COUNT; k++) {
		char path[48];
		struct stat own, its;

		snprintf(path, sizeof(path), "/proc/self/ns/%s", nk_ns_name((enum nk_ns_kind)k));
		if (stat(path, &own) < 0)
			continue; /* a kernel without this kind */
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid,
			 nk_ns_name((enum nk_ns_kind)k));
		if (stat(path, &its) < 0)
			return nk_fail(e, errno, "look at the namespaces of process %d", (int)pid);
		if (own.st_dev != its.st_dev || own.st_ino != its.st_ino)
			*flags |= nk_ns_clone_flag((enum nk_ns_kind)k);
	}
	return 0;
}
