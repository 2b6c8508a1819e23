/* SPDX-License-Identifier: Apache-2.0 */
#include "security/lsm.h"

#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "host/why.h"

bool nk_lsm_has_apparmor(void)
{
	/* The parameter says that it was built in and started, the file that this kernel has it as
	 * an LSM of this process. */
	return nk_why_switch("/sys/module/apparmor/parameters/enabled") == 'Y' &&
	       access("/proc/self/attr/apparmor/exec", F_OK) == 0;
}

bool nk_lsm_has_selinux(void)
{
	struct statfs fs;

	return statfs("/sys/fs/selinux", &fs) == 0 && (unsigned long)fs.f_type == SELINUX_MAGIC;
}

static const char *given(const char *s)
{
	return s && *s ? s : NULL;
}

/* It becomes one write to procfs: nothing in it may end that or begin another word. */
static bool clean(const char *s)
{
	for (; s && *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return true;
}

int nk_lsm_check(const struct nk_config *c, struct nk_lsm *out, struct nk_err *e)
{
	*out = (struct nk_lsm){
		.apparmor = given(c->process.apparmor),
		.selinux = given(c->process.selinux),
		.mount = given(c->mount_label),
	};
	if (!clean(out->apparmor) || !clean(out->selinux) || !clean(out->mount))
		return nk_fail(e, 0, "a control character in a profile or label");
	if (out->apparmor && !nk_lsm_has_apparmor()) {
		nk_fail(e, 0, "unable to apply apparmor profile: apparmor is not enabled");
		return nk_hint(e,
			       "process.apparmorProfile asks for \"%.60s\", and this kernel has "
			       "no AppArmor: leave it away",
			       out->apparmor);
	}
	if ((out->selinux || out->mount) && !nk_lsm_has_selinux())
		return nk_fail(e, 0,
			       "selinux label is specified in config, but selinux is disabled "
			       "or not supported");
	return 0;
}
