/* SPDX-License-Identifier: Apache-2.0 */
/* The limits that few ask for: disks, huge pages, network, RDMA, and files by their names. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "cgroup/oci_list.h"

/* blkio's 10..1000 as io.weight's 1..10000; BFQ's own file takes them as they are. */
static int64_t io_weight(const char *file, int64_t weight)
{
	if (strcmp(file, "io.weight") != 0 || weight < 10)
		return weight;
	return 1 + (weight - 10) * 9999 / 990;
}

static int add_weights(struct nk_cg_list *l, const struct nk_oci_resources *r,
		       const struct nk_cg_group *g)
{
	bool leaf = r->leaf_weight != NK_UNSET && r->leaf_weight;

	for (size_t i = 0; i < r->weights.n; i++)
		leaf |= r->weights.v[i].leaf_weight != 0;
	if (leaf && g->v2)
		return nk_fail(l->e, 0, "linux.resources.blockIO.leafWeight: cgroup v2 has none");
	const char *file = g->weight_file ? g->weight_file : g->v2 ? "io.weight" : "blkio.weight";
	if (r->weight != NK_UNSET && r->weight) {
		nk_cg_list_add(l, g, file, nk_cg_list_number(l, io_weight(file, r->weight)),
			       "its weight at the disks", 0);
		nk_cg_list_hint(l,
				"weights need the disk scheduler bfq (modprobe bfq), or on cgroup "
				"v2 io.cost");
	}
	if (r->leaf_weight != NK_UNSET && r->leaf_weight)
		nk_cg_list_add(l, g, "blkio.leaf_weight", nk_cg_list_number(l, r->leaf_weight),
			       "the weight of its own processes", 0);
	const char *device = g->v2 ? file : nk_fmt(l->a, "%s_device", file);
	for (size_t i = 0; i < r->weights.n; i++) {
		const struct nk_blkio_weight *w = &r->weights.v[i];

		if (w->weight)
			nk_cg_list_add(l, g, device,
				       nk_fmt(l->a, "%" PRId64 ":%" PRId64 " %" PRId64, w->major,
					      w->minor, io_weight(file, w->weight)),
				       "its weight at this disk", 0);
		if (w->leaf_weight)
			nk_cg_list_add(l, g, "blkio.leaf_weight_device",
				       nk_fmt(l->a, "%" PRId64 ":%" PRId64 " %u", w->major,
					      w->minor, w->leaf_weight),
				       "the weight of its own processes at this disk", 0);
	}
	return 0;
}

static void add_rates(struct nk_cg_list *l, const struct nk_cg_group *g,
		      const struct nk_blkio_rate *v, size_t n, const char *v1, const char *key)
{
	for (size_t i = 0; i < n; i++) {
		const char *rate =
			v[i].rate ? nk_fmt(l->a, "%" PRIu64, v[i].rate) : (g->v2 ? "max" : "0");

		nk_cg_list_add(l, g, g->v2 ? "io.max" : v1,
			       nk_fmt(l->a, "%" PRId64 ":%" PRId64 " %s%s%s", v[i].major,
				      v[i].minor, g->v2 ? key : "", g->v2 ? "=" : "", rate),
			       "at most so much a second at this disk", 0);
		nk_cg_list_hint(l, "only a whole disk can be throttled: /dev/sda, not /dev/sda1");
	}
}

int nk_cg_list_blkio(struct nk_cg_list *l, const struct nk_oci_resources *r)
{
	bool any = (r->weight != NK_UNSET && r->weight) ||
		   (r->leaf_weight != NK_UNSET && r->leaf_weight) || r->weights.n ||
		   r->read_bps.n || r->write_bps.n || r->read_iops.n || r->write_iops.n;
	const struct nk_cg_group *g = any ? nk_cg_list_need(l, "blkio", "io") : NULL;

	if (!g)
		return any ? -EINVAL : 0;
	int ret = add_weights(l, r, g);
	if (ret < 0)
		return ret;
	add_rates(l, g, r->read_bps.v, r->read_bps.n, "blkio.throttle.read_bps_device", "rbps");
	add_rates(l, g, r->write_bps.v, r->write_bps.n, "blkio.throttle.write_bps_device", "wbps");
	add_rates(l, g, r->read_iops.v, r->read_iops.n, "blkio.throttle.read_iops_device", "riops");
	add_rates(l, g, r->write_iops.v, r->write_iops.n, "blkio.throttle.write_iops_device",
		  "wiops");
	return 0;
}

int nk_cg_list_hugepages(struct nk_cg_list *l, const struct nk_oci_resources *r)
{
	const struct nk_cg_group *g =
		r->hugepages.n ? nk_cg_list_need(l, "hugetlb", "hugetlb") : NULL;

	if (!g)
		return r->hugepages.n ? -EINVAL : 0;
	for (size_t i = 0; i < r->hugepages.n; i++) {
		const struct nk_hugepage *h = &r->hugepages.v[i];
		const char *limit = nk_fmt(l->a, "%" PRIu64, h->limit);

		if (strchr(h->size, '/'))
			return nk_fail(l->e, 0, "invalid hugepage size %s", h->size);
		const char *end = g->v2 ? "max" : "limit_in_bytes";
		nk_cg_list_add(l, g, nk_fmt(l->a, "hugetlb.%s.%s", h->size, end), limit,
			       "at most so much in huge pages", 0);
		nk_cg_list_hint(l, "ls /sys/kernel/mm/hugepages shows which sizes are there");
		/* The same for those reserved: kernels before 5.7 have none. */
		nk_cg_list_add(l, g, nk_fmt(l->a, "hugetlb.%s.rsvd.%s", h->size, end), limit,
			       "and reserved", ENOENT);
	}
	return 0;
}

int nk_cg_list_network(struct nk_cg_list *l, const struct nk_oci_resources *r)
{
	bool class = r->class_id != NK_UNSET && r->class_id;

	if (class) {
		const struct nk_cg_group *g = nk_cg_list_need(l, "net_cls", NULL);
		if (!g)
			return -EINVAL;
		nk_cg_list_add(l, g, "net_cls.classid", nk_cg_list_number(l, r->class_id),
			       "the class of its packets", 0);
	}
	if (!r->net_prios.n)
		return 0;
	const struct nk_cg_group *g = nk_cg_list_need(l, "net_prio", NULL);
	for (size_t i = 0; g && i < r->net_prios.n; i++) {
		nk_cg_list_add(
			l, g, "net_prio.ifpriomap",
			nk_fmt(l->a, "%s %u", r->net_prios.v[i].name, r->net_prios.v[i].priority),
			"the priority of its packets there", 0);
		nk_cg_list_hint(l, "such a link must be there");
	}
	return g ? 0 : -EINVAL;
}

int nk_cg_list_rdma(struct nk_cg_list *l, const struct nk_oci_resources *r)
{
	const struct nk_cg_group *g = r->rdma.n ? nk_cg_list_need(l, "rdma", "rdma") : NULL;

	if (!g)
		return r->rdma.n ? -EINVAL : 0;
	for (size_t i = 0; i < r->rdma.n; i++) {
		const struct nk_rdma *d = &r->rdma.v[i];
		const char *text = d->device;

		if (d->handles != NK_UNSET)
			text = nk_fmt(l->a, "%s hca_handle=%" PRId64, text, d->handles);
		if (d->objects != NK_UNSET)
			text = nk_fmt(l->a, "%s hca_object=%" PRId64, text, d->objects);
		nk_cg_list_add(l, g, "rdma.max", text, "what it may have of this RDMA device", 0);
	}
	return 0;
}

/* Files of version 2 by their names: of the kernel's own, and of controllers that are there. */
static int check_key(struct nk_cg_list *l, const struct nk_cg_group *g, const char *key)
{
	const char *dot = strchr(key, '.');

	if (strchr(key, '/'))
		return nk_fail(l->e, 0, "unified resource \"%s\" must be a file name (no slashes)",
			       key);
	if (!dot || dot == key)
		return nk_fail(l->e, 0,
			       "unified resource \"%s\" must be in the form CONTROLLER.PARAMETER",
			       key);
	const char *controller = nk_strndup(l->a, key, (size_t)(dot - key));
	if (strcmp(controller, "cgroup") != 0 && !nk_cg_has(g, controller))
		return nk_fail(l->e, 0,
			       "unified resource \"%s\" can't be set: controller \"%s\" not "
			       "available",
			       key, controller);
	return 0;
}

int nk_cg_list_unified(struct nk_cg_list *l, const struct nk_oci_resources *r)
{
	if (!r->unified.n)
		return 0;
	if (!l->groups->n)
		return nk_cg_list_need(l, "unified", NULL) ? 0 : -EINVAL;
	if (!nk_cg_pure_v2(l->groups))
		return nk_fail(l->e, 0, "invalid configuration: cannot use unified on cgroup v1");
	const struct nk_cg_group *g = &l->groups->v[0];
	for (size_t i = 0; i < r->unified.n; i++) {
		const struct nk_keyval *u = &r->unified.v[i];
		int ret = check_key(l, g, u->key);

		if (ret < 0)
			return ret;
		/* A kernel file takes one line at a time. */
		for (const char *s = u->value; *s;) {
			size_t n = strcspn(s, "\n");

			nk_cg_list_add(l, g, u->key, nk_strndup(l->a, s, n), "as asked for by name",
				       0);
			s += n + (s[n] == '\n');
		}
	}
	return 0;
}
