/* SPDX-License-Identifier: Apache-2.0 */
/* Limits: what the cgroup shall hold the container to. */
#include <string.h>

#include "cli/run_set.h"
#include "cli/value.h"

static int not_size(struct nk_err *e)
{
	nk_fail(e, 0, "not a size");
	return nk_hint(e, "a number with b, k, m or g: 64m");
}

NK_SETTER(bytes)
{
	uint64_t n;

	if (nk_value_size(value, &n) < 0)
		return not_size(e);
	*NK_MEMBER(use, int64_t) = n ? (int64_t)n : NK_UNSET; /* 0: no limit, as Docker */
	return 0;
}

NK_SETTER(memory_swap)
{
	if (!strcmp(value, "-1")) {
		*NK_MEMBER(use, int64_t) = -1;
		return 0;
	}
	return nk_run_set_bytes(use, value, e);
}

NK_SETTER(cpus)
{
	struct nk_run_request *r = use->target;
	int64_t n;

	/* The kernel's smallest quota is a millisecond of a period of 100. */
	if (nk_value_decimal(value, strlen(value), 9, &n) < 0 || n < 0 || (n && n < 10000000) ||
	    n > INT64_MAX / 100000) {
		nk_fail(e, 0, "not a number of CPUs");
		return nk_hint(e, "a number from 0.01 on: 1.5");
	}
	r->cpus = n ? n : NK_UNSET;
	return 0;
}

NK_SETTER(cpu_time)
{
	bool quota = !strcmp(use->option->name, "cpu-quota");
	uint64_t n, least = 1000, most = quota ? INT64_MAX / 1000 : 1000000;

	if (quota && !strcmp(value, "-1")) {
		*NK_MEMBER(use, int64_t) = -1;
		return 0;
	}
	if (nk_value_number(value, strlen(value), most, &n) < 0 || n < least) {
		nk_fail(e, 0, "not a time in microseconds that the kernel takes");
		return nk_hint(e, quota ? "a number from 1000 on, or -1 for no limit"
					: "a number from 1000 to 1000000");
	}
	*NK_MEMBER(use, int64_t) = (int64_t)n;
	return 0;
}

static int ranged(const struct nk_option_use *use, const char *value, uint64_t least, uint64_t most,
		  struct nk_err *e)
{
	uint64_t n;

	if (nk_value_number(value, strlen(value), most, &n) < 0 || (n && n < least)) {
		nk_fail(e, 0, "out of range");
		return nk_hint(e, "a number from %llu to %llu, or 0 for the default",
			       (unsigned long long)least, (unsigned long long)most);
	}
	*NK_MEMBER(use, int64_t) = n ? (int64_t)n : NK_UNSET;
	return 0;
}

NK_SETTER(cpu_shares)
{
	return ranged(use, value, 2, 262144, e);
}

NK_SETTER(blkio_weight)
{
	return ranged(use, value, 10, 1000, e);
}

NK_SETTER(cpu_list)
{
	if (nk_value_cpu_list(value) < 0) {
		nk_fail(e, 0, "not a list of numbers");
		return nk_hint(e, "numbers and ranges: 0-3,7");
	}
	*NK_MEMBER(use, const char *) = value;
	return 0;
}

NK_SETTER(pids_limit)
{
	uint64_t n;

	if (!strcmp(value, "-1") || !strcmp(value, "0")) {
		*NK_MEMBER(use, int64_t) = -1;
		return 0;
	}
	/* PID_MAX_LIMIT of 64-bit kernels */
	if (nk_value_number(value, strlen(value), 4194304, &n) < 0) {
		nk_fail(e, 0, "not a number of processes");
		return nk_hint(e, "a number from 1 to 4194304, or -1 for no limit");
	}
	*NK_MEMBER(use, int64_t) = (int64_t)n;
	return 0;
}

NK_SETTER(device_bps)
{
	struct nk_run_request *r = use->target;
	const char *colon = strrchr(value, ':');
	uint64_t rate;

	if (value[0] != '/' || !colon || nk_value_size(colon + 1, &rate) < 0 || !rate) {
		nk_fail(e, 0, "not a device and its bytes per second");
		return nk_hint(e, "DEVICE:RATE, as /dev/vda:10m");
	}
	struct nk_blkio_device *d = !strcmp(use->option->name, "device-read-bps")
					    ? NK_PUSH(use->arena, &r->spec.resources.read_bps)
					    : NK_PUSH(use->arena, &r->spec.resources.write_bps);
	if (d) {
		d->path = nk_strndup(use->arena, value, (size_t)(colon - value));
		d->rate = rate;
	}
	return 0;
}

NK_SETTER(cgroup_parent)
{
	size_t n = strlen(value);

	/* ".." would lead out of the place that was meant. */
	for (const char *c = value; (c = strstr(c, "..")); c += 2)
		if ((c == value || c[-1] == '/') && (c[2] == '/' || !c[2])) {
			nk_fail(e, 0, "leads upwards");
			return nk_hint(e, "name the group from the top: /batch/tonight");
		}
	if (!n || strspn(value, "/") == n) {
		nk_fail(e, 0, "no group is named");
		return nk_hint(e, "name the group from the top: /batch/tonight");
	}
	if (n > 6 && !strcmp(value + n - 6, ".slice") && !strchr(value, '/')) {
		nk_fail(e, 0, "slices of systemd cannot be given yet");
		return nk_hint(e, "give a path: /batch/tonight");
	}
	*NK_MEMBER(use, const char *) = value;
	return 0;
}

int nk_run_finish_limits(struct nk_run_request *r, struct nk_err *e)
{
	struct nk_resources *l = &r->spec.resources;

	if (l->memory_swap != NK_UNSET && l->memory == NK_UNSET) {
		nk_fail(e, 0, "--memory-swap without --memory");
		return nk_hint(e, "it counts memory and swap together; add --memory");
	}
	if (l->memory_swap > 0 && l->memory_swap < l->memory) {
		nk_fail(e, 0, "--memory-swap is less than --memory");
		return nk_hint(e,
			       "it counts memory and swap together; the same number means no swap");
	}
	if (l->memory != NK_UNSET && l->memory_reservation > l->memory) {
		nk_fail(e, 0, "--memory-reservation is more than --memory");
		return nk_hint(e, "it is the part that is kept when memory gets short");
	}
	if (r->cpus == NK_UNSET)
		return 0;
	if (l->cpu_quota != NK_UNSET || l->cpu_period != NK_UNSET) {
		nk_fail(e, 0, "--cpus does not go with --cpu-period and --cpu-quota");
		return nk_hint(e, "--cpus 1.5 is --cpu-period 100000 --cpu-quota 150000");
	}
	l->cpu_period = 100000;
	l->cpu_quota = r->cpus / 10000;
	return 0;
}
