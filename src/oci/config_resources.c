/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.resources. As runc has it, a 0 where only a limit makes sense says "not given": clients
 * in Go cannot leave such a number away.
 */
#include <string.h>

#include "oci/config_read.h"

void nk_oci_resources_init(struct nk_oci_resources *r)
{
	*r = (struct nk_oci_resources){
		.memory = NK_UNSET,
		.swap = NK_UNSET,
		.reservation = NK_UNSET,
		.kernel = NK_UNSET,
		.kernel_tcp = NK_UNSET,
		.swappiness = NK_UNSET,
		.disable_oom_killer = -1,
		.use_hierarchy = -1,
		.check_before_update = -1,
		.shares = NK_UNSET,
		.quota = NK_UNSET,
		.period = NK_UNSET,
		.burst = NK_UNSET,
		.idle = NK_UNSET,
		.rt_runtime = NK_UNSET,
		.rt_period = NK_UNSET,
		.pids = NK_UNSET,
		.weight = NK_UNSET,
		.leaf_weight = NK_UNSET,
		.class_id = NK_UNSET,
	};
}

static int64_t number(struct nk_json_in *in, struct json_object *o, const char *key, int64_t min)
{
	return nk_json_get_int(in, o, key, min, INT64_MAX, NK_UNSET);
}

/* A limit: -1 unlimited, 0 not given. */
static int64_t limit(struct nk_json_in *in, struct json_object *o, const char *key, int64_t min)
{
	int64_t n = number(in, o, key, min);

	return n == 0 ? NK_UNSET : n;
}

static int yes_no(struct nk_json_in *in, struct json_object *o, const char *key)
{
	if (!nk_json_get(in, o, key, json_type_boolean))
		return -1;
	return nk_json_get_bool(in, o, key, false);
}

static void read_memory(struct nk_json_in *in, struct json_object *o, struct nk_oci_resources *r)
{
	_json_at_ struct nk_json_at m = nk_json_enter(in, o, "memory", json_type_object);

	r->memory = limit(in, m.o, "limit", -1);
	r->swap = limit(in, m.o, "swap", -1);
	r->reservation = limit(in, m.o, "reservation", -1);
	r->kernel = limit(in, m.o, "kernel", -1);
	r->kernel_tcp = limit(in, m.o, "kernelTCP", -1);
	r->swappiness = nk_json_get_int(in, m.o, "swappiness", 0, 100, NK_UNSET);
	r->disable_oom_killer = yes_no(in, m.o, "disableOOMKiller");
	r->use_hierarchy = yes_no(in, m.o, "useHierarchy");
	r->check_before_update = yes_no(in, m.o, "checkBeforeUpdate");
	if (r->swap > 0 && r->memory > r->swap)
		nk_json_bad(in, "swap", "below the limit: it counts memory and swap together");
}

static void read_cpu(struct nk_json_in *in, struct json_object *o, struct nk_oci_resources *r)
{
	_json_at_ struct nk_json_at c = nk_json_enter(in, o, "cpu", json_type_object);

	r->shares = limit(in, c.o, "shares", 0);
	r->quota = limit(in, c.o, "quota", -1);
	r->period = limit(in, c.o, "period", 0);
	r->burst = number(in, c.o, "burst", 0);
	r->idle = nk_json_get_int(in, c.o, "idle", 0, 1, NK_UNSET);
	r->rt_runtime = limit(in, c.o, "realtimeRuntime", -1);
	r->rt_period = limit(in, c.o, "realtimePeriod", 0);
	r->cpus = nk_config_cpulist(in, c.o, "cpus", NK_LIST_MAX);
	r->mems = nk_config_cpulist(in, c.o, "mems", NK_LIST_MAX);
}

static void read_hugepages(struct nk_json_in *in, struct json_object *o, struct nk_oci_resources *r)
{
	_json_at_ struct nk_json_at list = nk_json_enter(in, o, "hugepageLimits", json_type_array);

	for (size_t i = 0; i < nk_json_count(&list); i++) {
		_json_at_ struct nk_json_at item = nk_json_item(&list, i, json_type_object);
		const char *size = nk_json_get_str(in, item.o, "pageSize", NULL);
		struct nk_hugepage *h = NK_PUSH(in->a, &r->hugepages);
		size_t digits = size ? strspn(size, "0123456789") : 0;

		if (!size)
			nk_json_bad(in, "pageSize", "missing");
		else if (!digits || size[0] == '0' || !size[digits] ||
			 !strchr("KMG", size[digits]) || strcmp(size + digits + 1, "B") != 0)
			nk_json_badf(in, "pageSize", "\"%.40s\" is not a size such as 2MB", size);
		nk_json_need(in, item.o, "limit", json_type_int);
		if (h)
			*h = (struct nk_hugepage){
				size, nk_json_get_uint(in, item.o, "limit", UINT64_MAX, 0)};
	}
}

static void read_network(struct nk_json_in *in, struct json_object *o, struct nk_oci_resources *r)
{
	_json_at_ struct nk_json_at n = nk_json_enter(in, o, "network", json_type_object);

	r->class_id = nk_json_get_int(in, n.o, "classID", 0, UINT32_MAX, NK_UNSET);

	_json_at_ struct nk_json_at list = nk_json_enter(in, n.o, "priorities", json_type_array);

	for (size_t i = 0; i < nk_json_count(&list); i++) {
		_json_at_ struct nk_json_at item = nk_json_item(&list, i, json_type_object);
		struct nk_net_prio *p = item.o ? NK_PUSH(in->a, &r->net_prios) : NULL;

		if (!p)
			return;
		p->name = nk_config_text(in, item.o, "name");
		if (!p->name)
			nk_json_bad(in, "name", "missing");
		else if (strpbrk(p->name, " \t\n"))
			nk_json_bad(in, "name", "not the name of a network device");
		p->priority = (uint32_t)nk_config_need_int(in, item.o, "priority", 0, UINT32_MAX);
	}
}

static void read_rdma(struct nk_json_in *in, struct json_object *o, struct nk_oci_resources *r)
{
	_json_at_ struct nk_json_at map = nk_json_enter(in, o, "rdma", json_type_object);

	if (!map.o)
		return;
	json_object_object_foreach(map.o, name, value)
	{
		(void)value;
		_json_at_ struct nk_json_at at = nk_json_enter(in, map.o, name, json_type_object);
		struct nk_rdma *d = at.o ? NK_PUSH(in->a, &r->rdma) : NULL;

		if (!d)
			return;
		d->device = nk_strdup(in->a, name);
		if (!name[0] || strpbrk(name, " \t\n"))
			nk_json_bad(in, NULL, "not the name of a device");
		d->handles = nk_json_get_int(in, at.o, "hcaHandles", 0, UINT32_MAX, NK_UNSET);
		d->objects = nk_json_get_int(in, at.o, "hcaObjects", 0, UINT32_MAX, NK_UNSET);
	}
}

/* The names of files in the group, so no way out of it. */
static void read_unified(struct nk_json_in *in, struct json_object *o, struct nk_oci_resources *r)
{
	struct nk_keyvals pairs = {0};

	nk_config_pairs(in, o, "unified", &pairs);
	for (size_t i = 0; i < pairs.n; i++)
		if (strchr(pairs.v[i].key, '/') || pairs.v[i].key[0] == '.')
			nk_json_badf(in, "unified", "\"%.60s\" is not the name of a file",
				     pairs.v[i].key);
	r->unified.v = pairs.v;
	r->unified.n = pairs.n;
	r->unified.cap = pairs.cap;
}

static void read_rule(struct nk_json_in *in, struct json_object *o, struct nk_device_rule *d)
{
	const char *type = nk_config_text(in, o, "type");
	const char *access = nk_config_text(in, o, "access");

	nk_json_need(in, o, "allow", json_type_boolean);
	d->allow = nk_json_get_bool(in, o, "allow", false);
	d->type = type ? type[0] : 'a';
	if (type && (type[1] || !strchr("acb", type[0])))
		nk_json_badf(in, "type", "unknown value \"%.60s\"", type);
	d->major = nk_json_get_int(in, o, "major", -1, 0xfff, -1);
	d->minor = nk_json_get_int(in, o, "minor", -1, 0xfffff, -1);
	d->access = access ? 0 : NK_DEV_ALL;
	for (; access && *access; access++) {
		if (*access == 'a') /* devices.allow knows it as a type; runc passes over it here */
			continue;
		if (!strchr("rwm", *access))
			nk_json_badf(in, "access", "'%c' is none of r, w, m", *access);
		d->access |= *access == 'r'   ? NK_DEV_READ
			     : *access == 'w' ? NK_DEV_WRITE
					      : NK_DEV_MKNOD;
	}
	/* 'a' is everything, to the kernel too: numbers beside it do not narrow it. */
	if (d->type == 'a')
		d->major = d->minor = -1;
}

static void read_rules(struct nk_json_in *in, struct json_object *o, struct nk_oci_resources *r)
{
	_json_at_ struct nk_json_at list = nk_json_enter(in, o, "devices", json_type_array);

	for (size_t i = 0; i < nk_json_count(&list); i++) {
		_json_at_ struct nk_json_at item = nk_json_item(&list, i, json_type_object);
		struct nk_device_rule *d = item.o ? NK_PUSH(in->a, &r->devices) : NULL;

		if (d)
			read_rule(in, item.o, d);
	}
}

void nk_config_resources(struct nk_json_in *in, struct json_object *o, struct nk_oci_resources *r)
{
	r->given = true;
	read_memory(in, o, r);
	read_cpu(in, o, r);
	{
		_json_at_ struct nk_json_at p = nk_json_enter(in, o, "pids", json_type_object);

		if (p.o)
			r->pids = nk_config_need_int(in, p.o, "limit", -1, INT64_MAX);
	}
	nk_config_block_io(in, o, r);
	read_hugepages(in, o, r);
	read_network(in, o, r);
	read_rdma(in, o, r);
	read_unified(in, o, r);
	read_rules(in, o, r);
}
