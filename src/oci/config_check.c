/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of config.json that need a namespace of the container's own, or exclude each other. */
#include <string.h>

#include "oci/config_read.h"

static bool lacks(const struct nk_config *c, enum nk_ns_kind kind)
{
	return c->spec.ns[kind].mode == NK_NS_HOST;
}

static void check_user(struct nk_json_in *in, const struct nk_config *c)
{
	const struct nk_spec *s = &c->spec;
	const char *missing = !s->uid_maps.n   ? "linux.uidMappings"
			      : !s->gid_maps.n ? "linux.gidMappings"
					       : NULL;

	if (lacks(c, NK_NS_USER) && (s->uid_maps.n || s->gid_maps.n))
		nk_json_bad(in, s->uid_maps.n ? "linux.uidMappings" : "linux.gidMappings",
			    "there is no user namespace in linux.namespaces");
	if (s->ns[NK_NS_USER].mode == NK_NS_NEW && missing)
		nk_json_bad(in, missing, "missing: the user namespace is new");
	for (size_t i = 0; i < c->mounts.n; i++) {
		const struct nk_oci_mount *m = &c->mounts.v[i];

		if ((m->flags & NK_MNT_IDMAP) && !m->uid_maps.n && lacks(c, NK_NS_USER))
			nk_json_bad(in, nk_fmt(in->a, "mounts[%zu].options", i),
				    "idmap needs uidMappings or a user namespace");
	}
}

static void check_time(struct nk_json_in *in, const struct nk_config *c)
{
	if (!c->spec.has_time_offset)
		return;
	if (lacks(c, NK_NS_TIME))
		nk_json_bad(in, "linux.timeOffsets",
			    "there is no time namespace in linux.namespaces");
	else if (c->spec.ns[NK_NS_TIME].mode == NK_NS_JOIN)
		nk_json_bad(in, "linux.timeOffsets",
			    "the clocks of a namespace that exists cannot be set");
}

void nk_config_check(struct nk_json_in *in, struct nk_config *c)
{
	const struct nk_spec *s = &c->spec;

	if ((s->hostname || s->domainname) && lacks(c, NK_NS_UTS))
		nk_json_bad(in, s->hostname ? "hostname" : "domainname",
			    "unable to set hostname without a private UTS namespace");
	if (s->masked_paths.n && lacks(c, NK_NS_MOUNT))
		nk_json_bad(in, "linux.maskedPaths",
			    "unable to restrict sys entries without a private MNT namespace");
	if (s->readonly_paths.n && lacks(c, NK_NS_MOUNT))
		nk_json_bad(in, "linux.readonlyPaths",
			    "unable to restrict sys entries without a private MNT namespace");
	if (c->net_devices.n && lacks(c, NK_NS_NET))
		nk_json_bad(in, "linux.netDevices",
			    "unable to move network devices without a NET namespace");
	if ((c->process.height || c->process.width) && !s->terminal)
		nk_config_warn(in, c, "process.consoleSize: there is no terminal");
	if (c->resources.kernel != NK_UNSET)
		nk_config_warn(in, c,
			       "linux.resources.memory.kernel: Linux has no such limit any more, "
			       "it is left out");
	check_user(in, c);
	check_time(in, c);
}

/* Settings of /proc/sys that belong to a namespace; the rest is the whole machine's. */
static const struct {
	const char *name; /* with * at the end: what begins so */
	enum nk_ns_kind kind;
} owners[] = {
	{"fs.mqueue.*", NK_NS_IPC},
	{"kernel.msgmax", NK_NS_IPC},
	{"kernel.msgmnb", NK_NS_IPC},
	{"kernel.msgmni", NK_NS_IPC},
	{"kernel.sem", NK_NS_IPC},
	{"kernel.shmall", NK_NS_IPC},
	{"kernel.shmmax", NK_NS_IPC},
	{"kernel.shmmni", NK_NS_IPC},
	{"kernel.shm_rmid_forced", NK_NS_IPC},
	{"kernel.domainname", NK_NS_UTS},
	{"net.*", NK_NS_NET},
};

static bool matches(const char *pattern, const char *key)
{
	size_t n = strlen(pattern);

	return pattern[n - 1] == '*' ? !strncmp(pattern, key, n - 1) : !strcmp(pattern, key);
}

/*
 * sysctl(8) has two spellings: a.b.c, where a '/' stands for a point in a name (a device eth0.1),
 * and a/b/c, where points are points. Whichever comes first tells. Kept as a.b.c.
 */
static char *dotted(struct nk_arena *a, const char *key)
{
	char *out = nk_strdup(a, key);
	size_t first = strcspn(key, "./");

	if (key[first] == '/')
		for (char *c = out; *c; c++)
			*c = *c == '/' ? '.' : *c == '.' ? '/' : *c;
	return out;
}

/* It becomes a path below /proc/sys: nothing in it may lead out. */
static bool is_name(const char *key)
{
	for (const char *c = key; *c; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f || (*c == '.' && c[1] == '.') ||
		    (*c == '/' && c[1] == '/'))
			return false;
	return key[0] != '.' && key[0] != '/' && key[strlen(key) - 1] != '.';
}

static void check_sysctl(struct nk_json_in *in, const struct nk_config *c, const char *key)
{
	size_t k = 0;

	if (!is_name(key)) {
		nk_json_badf(in, "linux.sysctl", "\"%.80s\" is not the name of a setting", key);
		return;
	}
	if (!strcmp(key, "kernel.hostname")) {
		nk_json_bad(in, "linux.sysctl", "kernel.hostname: use the field hostname");
		return;
	}
	while (k < NK_COUNT(owners) && !matches(owners[k].name, key))
		k++;
	if (k == NK_COUNT(owners))
		nk_json_badf(in, "linux.sysctl", "%.80s belongs to no namespace", key);
	else if (lacks(c, owners[k].kind))
		nk_json_badf(in, "linux.sysctl",
			     "%.80s: there is no %s namespace in linux.namespaces", key,
			     owners[k].kind == NK_NS_IPC   ? "ipc"
			     : owners[k].kind == NK_NS_UTS ? "uts"
							   : "network");
}

void nk_config_check_sysctls(struct nk_json_in *in, struct nk_config *c)
{
	for (size_t i = 0; i < c->spec.sysctls.n && !in->rc; i++) {
		struct nk_keyval *kv = &c->spec.sysctls.v[i];

		kv->key = dotted(in->a, kv->key);
		check_sysctl(in, c, kv->key);
		for (size_t j = 0; j < i; j++)
			if (!strcmp(c->spec.sysctls.v[j].key, kv->key))
				nk_json_badf(in, "linux.sysctl", "%.80s is there twice", kv->key);
	}
}
