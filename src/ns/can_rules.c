/* SPDX-License-Identifier: Apache-2.0 */
/* What needs which capability where, and the kernel's rule for having one. */
#include <linux/capability.h>
#include <string.h>

#include "ns/can.h"

#define CAP(name) name, #name

const struct nk_can_action nk_can_actions[] = {
	{"enter", NK_CAN_ENTER, NK_NS_USER, CAP(CAP_SYS_ADMIN), "join its namespaces", NULL},
	{"kill", NK_CAN_KILL, NK_NS_USER, CAP(CAP_KILL), "send it signals", NULL},
	{"ptrace", NK_CAN_PTRACE, NK_NS_USER, CAP(CAP_SYS_PTRACE), "trace it and read its memory",
	 NULL},
	{"mount", NK_CAN_THERE, NK_NS_MOUNT, CAP(CAP_SYS_ADMIN), "mount and unmount there",
	 "Mounts that came from a more privileged namespace stay locked."},
	{"hostname", NK_CAN_THERE, NK_NS_UTS, CAP(CAP_SYS_ADMIN), "set the host name there", NULL},
	{"network", NK_CAN_THERE, NK_NS_NET, CAP(CAP_NET_ADMIN),
	 "configure cards, addresses, routes and the firewall there", NULL},
	{"bind-low-port", NK_CAN_THERE, NK_NS_NET, CAP(CAP_NET_BIND_SERVICE),
	 "bind ports that are reserved there", NULL},
	{"raw-socket", NK_CAN_THERE, NK_NS_NET, CAP(CAP_NET_RAW),
	 "send and capture raw packets there", NULL},
	{"ipc", NK_CAN_THERE, NK_NS_IPC, CAP(CAP_IPC_OWNER), "use IPC objects of all users there",
	 NULL},
	{"reboot", NK_CAN_THERE, NK_NS_PID, CAP(CAP_SYS_BOOT),
	 "reboot there: in a PID namespace that ends its PID 1", NULL},
	{"setuid", NK_CAN_USER, NK_NS_USER, CAP(CAP_SETUID), "become any user there",
	 "Only ids that are mapped there can be had."},
	{"setgid", NK_CAN_USER, NK_NS_USER, CAP(CAP_SETGID), "take any group there",
	 "Only ids that are mapped there can be had; setgroups may be denied as well."},
	{"chown", NK_CAN_USER, NK_NS_USER, CAP(CAP_CHOWN), "give files to others there",
	 "Only files whose owners, old and new, are mapped there."},
	{"chroot", NK_CAN_USER, NK_NS_USER, CAP(CAP_SYS_CHROOT), "change the root directory there",
	 NULL},
	{"mknod", NK_CAN_FIRST, NK_NS_MOUNT, CAP(CAP_MKNOD), "make device files there",
	 "On a nodev mount they open nothing."},
	{"set-clock", NK_CAN_FIRST, NK_NS_TIME, CAP(CAP_SYS_TIME), "set the wall clock",
	 "There is one for the machine; time namespaces shift only the other clocks."},
	{"load-module", NK_CAN_FIRST, NK_NS_USER, CAP(CAP_SYS_MODULE), "load kernel modules", NULL},
	{"cgroup", NK_CAN_CGROUP, NK_NS_CGROUP, CAP(CAP_DAC_OVERRIDE),
	 "move processes into its cgroup", NULL},
	{0},
};

const struct nk_can_action *nk_can_find(const char *name)
{
	for (const struct nk_can_action *a = nk_can_actions; a->name; a++)
		if (!strcmp(a->name, name))
			return a;
	return NULL;
}

bool nk_can_same_id(const struct nk_can_who *who, uid_t a, uid_t b)
{
	return a == b && a != who->nobody;
}

enum nk_can_how nk_can_cap(const struct nk_userns_chain *chain, const struct nk_can_who *who,
			   int cap)
{
	if (!chain->n || !who->ns[NK_NS_USER])
		return NK_CAN_UNKNOWN;
	for (size_t i = 0; i < chain->n; i++) {
		const struct nk_userns_level *at = &chain->v[i];

		if (at->inode == who->ns[NK_NS_USER])
			return who->status.effective >> cap & 1 ? NK_CAN_HAS : NK_CAN_LACKS;
		/* Who made it is its master, as long as he is where he made it. */
		if (i + 1 < chain->n && chain->v[i + 1].inode == who->ns[NK_NS_USER] &&
		    at->creator_known && nk_can_same_id(who, at->creator, who->status.uid[1]))
			return NK_CAN_CREATOR;
	}
	/* The rest of the way up is not ours to see: it may lie there. */
	return chain->whole ? NK_CAN_OUTSIDE : NK_CAN_UNKNOWN;
}
