/* SPDX-License-Identifier: Apache-2.0 */
/* linux: what is not a topic of its own. */
#include <linux/mempolicy.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>

#include "oci/config_read.h"

/* clang-format off */
static const struct nk_word propagations[] = {
	{"private", MS_PRIVATE}, {"rprivate", MS_PRIVATE | MS_REC},
	{"slave", MS_SLAVE}, {"rslave", MS_SLAVE | MS_REC},
	{"shared", MS_SHARED}, {"rshared", MS_SHARED | MS_REC},
	{"unbindable", MS_UNBINDABLE}, {"runbindable", MS_UNBINDABLE | MS_REC},
	{},
};
static const struct nk_word domains[] = {
	{"LINUX", PER_LINUX}, {"LINUX32", PER_LINUX32},
	{},
};
static const struct nk_word memory_modes[] = {
	{"MPOL_DEFAULT", MPOL_DEFAULT}, {"MPOL_PREFERRED", MPOL_PREFERRED},
	{"MPOL_BIND", MPOL_BIND}, {"MPOL_INTERLEAVE", MPOL_INTERLEAVE},
	{"MPOL_LOCAL", MPOL_LOCAL}, {"MPOL_PREFERRED_MANY", MPOL_PREFERRED_MANY},
	{"MPOL_WEIGHTED_INTERLEAVE", MPOL_PREFERRED_MANY + 1 /* Linux 6.9 */},
	{},
};
static const struct nk_word memory_flags[] = {
	{"MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES},
	{"MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES},
	{"MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING},
	{},
};
/* clang-format on */

static void read_personality(struct nk_json_in *in, struct json_object *o, struct nk_config *c)
{
	_json_at_ struct nk_json_at p = nk_json_enter(in, o, "personality", json_type_object);
	struct nk_strv flags = {0};
	uint64_t domain = 0;

	if (!p.o)
		return;
	nk_config_need_word(in, p.o, "domain", domains, &domain);
	nk_json_get_strv(in, p.o, "flags", &flags);
	if (flags.n)
		nk_json_bad(in, "flags", "the specification has none yet");
	c->has_personality = true;
	c->personality = (unsigned long)domain;
}

/* "L3:…" is a line of resctrl's schemata file; so is each string of schemata. */
static void one_line(struct nk_json_in *in, const char *key, const char *line, const char *start)
{
	if (line && strchr(line, '\n'))
		nk_json_bad(in, key, "has a line break in it");
	if (line && start && strncmp(line, start, strlen(start)) != 0)
		nk_json_badf(in, key, "has to begin with %s", start);
}

static void read_rdt(struct nk_json_in *in, struct json_object *o, struct nk_oci_rdt *r)
{
	_json_at_ struct nk_json_at rdt = nk_json_enter(in, o, "intelRdt", json_type_object);

	if (!rdt.o)
		return;
	r->given = true;
	r->clos_id = nk_config_text(in, rdt.o, "closID");
	if (r->clos_id &&
	    (strchr(r->clos_id, '/') || !strcmp(r->clos_id, ".") || !strcmp(r->clos_id, "..")))
		nk_json_bad(in, "closID", "not the name of a directory");
	r->l3 = nk_config_text(in, rdt.o, "l3CacheSchema");
	r->mb = nk_config_text(in, rdt.o, "memBwSchema");
	one_line(in, "memBwSchema", r->mb, "MB:");
	nk_json_get_strv(in, rdt.o, "schemata", &r->schemata);
	for (size_t i = 0; i < r->schemata.n; i++)
		one_line(in, "schemata", r->schemata.v[i], NULL);
	r->monitoring = nk_json_get_bool(in, rdt.o, "enableMonitoring", false);
}

static void read_mempolicy(struct nk_json_in *in, struct json_object *o, struct nk_oci_mempolicy *m)
{
	_json_at_ struct nk_json_at p = nk_json_enter(in, o, "memoryPolicy", json_type_object);
	uint64_t mode = 0;

	if (!p.o)
		return;
	m->given = true;
	nk_config_need_word(in, p.o, "mode", memory_modes, &mode);
	m->mode = (int)mode;
	m->flags = (uint32_t)nk_config_flags(in, p.o, "flags", memory_flags);
	m->nodes = nk_config_cpulist(in, p.o, "nodes", NK_MASK_MAX);
	if ((mode == MPOL_DEFAULT || mode == MPOL_LOCAL) && (m->nodes || m->flags))
		nk_json_bad(in, "nodes",
			    "MPOL_DEFAULT and MPOL_LOCAL take neither nodes nor flags");
	if (mode != MPOL_DEFAULT && mode != MPOL_LOCAL && mode != MPOL_PREFERRED && !m->nodes)
		nk_json_bad(in, "nodes", "missing");
	if ((m->flags & MPOL_F_STATIC_NODES) && (m->flags & MPOL_F_RELATIVE_NODES))
		nk_json_bad(in, "flags",
			    "MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other");
}

static void read_paths(struct nk_json_in *in, struct json_object *o, const char *key,
		       struct nk_strv *to)
{
	nk_json_get_strv(in, o, key, to);
	for (size_t i = 0; i < to->n && !in->rc; i++)
		if (to->v[i][0] != '/')
			nk_json_badf(in, nk_fmt(in->a, "%s[%zu]", key, i),
				     "\"%.80s\" is not an absolute path", to->v[i]);
		else if (!strcmp(nk_config_tidy_path(in->a, to->v[i]), "/"))
			nk_json_bad(in, nk_fmt(in->a, "%s[%zu]", key, i),
				    "the whole root: root.readonly is for that");
}

/* The names of a link, as the kernel takes them. */
static bool is_link_name(const char *s)
{
	size_t n = strlen(s);

	return n && n < 16 && !strpbrk(s, "/: \t\n\v\f\r") && strcmp(s, ".") != 0 &&
	       strcmp(s, "..") != 0;
}

static void read_net_devices(struct nk_json_in *in, struct json_object *o, struct nk_config *c)
{
	_json_at_ struct nk_json_at map = nk_json_enter(in, o, "netDevices", json_type_object);

	if (!map.o)
		return;
	json_object_object_foreach(map.o, key, value)
	{
		(void)value;
		_json_at_ struct nk_json_at one = nk_json_enter(in, map.o, key, json_type_object);
		const char *name = nk_config_text(in, one.o, "name");
		struct nk_oci_net_device *d = NK_PUSH(in->a, &c->net_devices);

		if (!d || in->rc)
			return;
		d->host_name = nk_strdup(in->a, key);
		d->name = name ? name : d->host_name;
		if (!is_link_name(d->host_name))
			nk_json_bad(in, NULL, "not the name of a network device");
		if (!is_link_name(d->name))
			nk_json_badf(in, "name", "\"%.40s\" is not a name for a network device",
				     d->name);
		for (size_t i = 0; i + 1 < c->net_devices.n; i++)
			if (!strcmp(c->net_devices.v[i].name, d->name))
				nk_json_badf(in, "name", "\"%s\" is there twice", d->name);
	}
}

void nk_config_linux(struct nk_json_in *in, struct json_object *o, struct nk_config *c)
{
	_json_at_ struct nk_json_at l = nk_json_enter(in, o, "linux", json_type_object);
	struct nk_keyvals sysctls = {0};

	if (!l.o)
		return;
	nk_config_namespaces(in, l.o, c);
	nk_config_devices(in, l.o, c);
	read_net_devices(in, l.o, c);
	c->cgroups_path = nk_config_text(in, l.o, "cgroupsPath");
	{
		_json_at_ struct nk_json_at r =
			nk_json_enter(in, l.o, "resources", json_type_object);
		if (r.o)
			nk_config_resources(in, r.o, &c->resources);
	}
	nk_config_word(in, l.o, "rootfsPropagation", propagations, &c->rootfs_propagation);
	nk_config_seccomp(in, l.o, c);
	nk_config_pairs(in, l.o, "sysctl", &sysctls);
	c->spec.sysctls.v = sysctls.v;
	c->spec.sysctls.n = sysctls.n;
	c->spec.sysctls.cap = sysctls.cap;
	read_paths(in, l.o, "maskedPaths", &c->spec.masked_paths);
	read_paths(in, l.o, "readonlyPaths", &c->spec.readonly_paths);
	c->mount_label = nk_config_text(in, l.o, "mountLabel");
	read_rdt(in, l.o, &c->rdt);
	read_mempolicy(in, l.o, &c->mempolicy);
	read_personality(in, l.o, c);
}
