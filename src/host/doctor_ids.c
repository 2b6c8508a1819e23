/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: id maps, and which cgroup controllers this user may use. */
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "host/doctor_parts.h"
#include "host/idrange.h"
#include "host/subids.h"

static bool privileged_program(const char *path)
{
	struct stat st;

	return (!stat(path, &st) && st.st_mode & S_ISUID && st.st_uid == 0) ||
	       getxattr(path, "security.capability", NULL, 0) > 0;
}

static void helpers(struct nk_doctor *d)
{
	const struct nk_facts *f = d->facts;

	if (!f->newuidmap)
		nk_doctor_add(d, "newuidmap", NK_CHECK_WARN, "apt-get install uidmap",
			      "not installed: containers have one user, you");
	else if (!privileged_program(f->newuidmap_path) || !privileged_program(f->newgidmap_path))
		nk_doctor_add(d, "newuidmap", NK_CHECK_WARN,
			      nk_fmt(d->arena, "chmod u+s %s %s (as root)", f->newuidmap_path,
				     f->newgidmap_path),
			      "%s is neither setuid root nor has file capabilities",
			      f->newuidmap_path);
	else
		nk_doctor_add(d, "newuidmap", NK_CHECK_OK, NULL, "%s, %s", f->newuidmap_path,
			      f->newgidmap_path);
}

static void user_ranges(struct nk_doctor *d)
{
	const struct nk_facts *f = d->facts;
	uint64_t uids = nk_subids_total(&f->subuids), gids = nk_subids_total(&f->subgids);
	bool enough = uids >= 65536 && gids >= 65536;
	const char *name = f->user_name ? f->user_name : nk_fmt(d->arena, "%u", f->euid);

	const char *add =
		f->user_name
			? nk_fmt(d->arena,
				 "usermod --add-subuids 100000-165535 --add-subgids "
				 "100000-165535 %s",
				 name)
			: nk_fmt(d->arena, "echo %s:100000:65536 | tee -a /etc/subuid /etc/subgid",
				 name);
	nk_doctor_add(
		d, "subordinate ids", enough ? NK_CHECK_OK : NK_CHECK_WARN,
		nk_fmt(d->arena, "%s (as root; a range that /etc/subuid does not show yet)", add),
		"%s has %llu users in /etc/subuid and %llu groups in /etc/subgid%s", name,
		(unsigned long long)uids, (unsigned long long)gids,
		!uids || !gids ? ": containers have one user, you" : "");
}

void nk_doctor_ids(struct nk_doctor *d)
{
	const struct nk_facts *f = d->facts;

	d->group = "id maps";
	if (f->euid != 0) {
		helpers(d);
		user_ranges(d);
		return;
	}
	uint32_t most = nk_idrange_max(f);
	const char *from = !f->initial_userns		  ? "ids of the namespace that nook is in"
			   : f->subuids.n && f->subgids.n ? "/etc/subuid and /etc/subgid"
							  : "nook's own range, 0x70000000 and up";
	nk_doctor_add(d, "ids of containers", most < 65536 ? NK_CHECK_WARN : NK_CHECK_OK,
		      "give the outer container more ids (podman run --userns …), or use --userns "
		      "host here",
		      "%u each, from %s", most, from);
}

static void controller(struct nk_doctor *d, enum nk_controller k)
{
	const struct nk_cgroups *c = &d->facts->cgroups;
	int at = c->where[k];
	const char *name = nk_controller_name(k, at < 0 || c->hierarchies.v[at].v2);

	if (at < 0) {
		nk_doctor_add(d, name, NK_CHECK_WARN,
			      k == NK_CG_HUGETLB
				      ? "nothing in nook run needs it"
				      : "boot with the controller on (cgroup_enable=memory, no "
					"cgroup_disable=); as a user, let systemd delegate it: "
					"Delegate=yes in a drop-in of user@.service",
			      "not on this machine, or not given to this user");
		return;
	}
	const struct nk_cg_hierarchy *h = &c->hierarchies.v[at];
	nk_doctor_add(d, name, h->writable ? NK_CHECK_OK : NK_CHECK_WARN,
		      h->v2 ? "run nook in a delegated group: systemd-run --user --scope "
			      "-p Delegate=yes nook run …"
			    : "limits in cgroup v1 need root",
		      "cgroup v%d at %s%s", h->v2 ? 2 : 1, h->mount,
		      h->writable ? "" : ", not writable for this user");
}

void nk_doctor_limits(struct nk_doctor *d)
{
	const struct nk_facts *f = d->facts;
	const struct nk_cgroups *c = &f->cgroups;
	size_t v1 = 0;

	d->group = "limits";
	for (size_t i = 0; i < c->hierarchies.n; i++)
		v1 += !c->hierarchies.v[i].v2;
	const char *layout = c->unified >= 0 && v1 ? "hybrid: controllers on version 1, "
						     "version 2 beside it"
			     : c->unified >= 0	   ? "version 2"
			     : v1		   ? "version 1"
						   : "no cgroup file system is mounted";
	nk_doctor_add(d, "cgroups", c->hierarchies.n ? NK_CHECK_OK : NK_CHECK_WARN,
		      "mount -t cgroup2 cgroup2 /sys/fs/cgroup (as root)", "%s", layout);
	/* devices and freezer have no controller of their own in version 2. */
	for (enum nk_controller k = 0; k < NK_CG_COUNT; k++)
		if (c->where[k] >= 0 || (k != NK_CG_DEVICES && k != NK_CG_FREEZER))
			controller(d, k);
	/* cgroup.kill: since 5.14, in every group of version 2 but the topmost. */
	bool kills = c->unified >= 0 &&
		     (f->kernel_major > 5 || (f->kernel_major == 5 && f->kernel_minor >= 14));
	nk_doctor_add(d, "cgroup.kill", kills ? NK_CHECK_OK : NK_CHECK_WARN,
		      "needs cgroup version 2 and Linux 5.14; until then nook kills by the PID "
		      "namespace",
		      kills ? "a whole group ends at once" : "not here");
	bool raise = f->caps >> CAP_SYS_RESOURCE & 1;
	nk_doctor_add(d, "ulimits", raise ? NK_CHECK_OK : NK_CHECK_WARN,
		      "raise the hard limit of the shell (ulimit -Hn, limits.conf) before nook is "
		      "started, or run as root with CAP_SYS_RESOURCE",
		      raise ? "may be raised and lowered"
			    : "can only be lowered (no CAP_SYS_RESOURCE); open files: at most %llu",
		      (unsigned long long)f->nofile.hard);
}
