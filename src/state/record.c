/* SPDX-License-Identifier: Apache-2.0 */
#include "state/record.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "data/json_in.h"
#include "oci/spec_json.h"
#include "state/text.h"

/*
 * By hand, because gmtime_r() reads /etc/localtime (eight system calls on every start).
 * Days count from 0000-03-01, so that a leap day is the last of its year; 146,097 days
 * are 400 years, 36,524 are 100, 1,461 are 4; 153 days are any five months from March.
 */
const char *nk_time_text(char buf[96], const struct timespec *t)
{
	long days = t->tv_sec / 86400, second = t->tv_sec % 86400;
	long day = days + 719468;
	long era = day / 146097, in_era = day % 146097;
	long year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	long in_year = in_era - (365 * year + year / 4 - year / 100);
	long month = (5 * in_year + 2) / 153; /* 0 is March */
	long of_month = in_year - (153 * month + 2) / 5 + 1;

	year += era * 400 + (month >= 10);
	month = month < 10 ? month + 3 : month - 9;
	snprintf(buf, 96, "%04ld-%02ld-%02ldT%02ld:%02ld:%02ld.%09ldZ", year, month, of_month,
		 second / 3600, second / 60 % 60, second % 60, t->tv_nsec);
	return buf;
}

int nk_time_parse(const char *text, struct timespec *t)
{
	struct tm tm = {0};
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	long ns = 0;

	if (!rest || *rest++ != '.')
		return -EINVAL;
	for (int i = 0; i < 9; i++, rest++) {
		if (*rest < '0' || *rest > '9')
			return -EINVAL;
		ns = ns * 10 + (*rest - '0');
	}
	if (strcmp(rest, "Z") != 0)
		return -EINVAL;
	*t = (struct timespec){.tv_sec = timegm(&tm), .tv_nsec = ns};
	return t->tv_sec >= 0 ? 0 : -EINVAL;
}

void nk_record_write(struct nk_json_out *j, const struct nk_state_record *r)
{
	char when[96];

	nk_json_open(j, NULL, '{');
	nk_json_uint(j, "version", NK_STATE_VERSION);
	nk_json_str(j, "id", r->id);
	nk_json_str(j, "name", r->name);
	nk_json_str(j, "status", r->status == NK_STATE_RUNNING ? "running" : "creating");
	nk_json_int(j, "pid", r->pid);
	nk_json_uint(j, "pidStart", r->pid_start);
	nk_json_int(j, "owner", r->owner);
	nk_json_uint(j, "ownerStart", r->owner_start);
	if (r->boot_id)
		nk_json_str(j, "bootID", r->boot_id);
	nk_json_str(j, "created", nk_time_text(when, &r->created));
	if (r->reference)
		nk_json_str(j, "reference", r->reference);
	nk_json_strv(j, "cgroups", &r->cgroups);
	if (r->lease.count) {
		nk_json_open(j, "lease", '{');
		nk_json_uint(j, "hostID", r->lease.outside);
		nk_json_uint(j, "size", r->lease.count);
		nk_json_close(j);
	}
	if (r->spec_json)
		nk_json_raw(j, "spec", r->spec_json);
	else
		nk_spec_write(j, "spec", r->spec);
	nk_json_close(j);
}

static int read_fields(struct nk_json_in *in, struct json_object *o, struct nk_state_record *r)
{
	const char *status = nk_json_get_str(in, o, "status", "");
	const char *created = nk_json_get_str(in, o, "created", "");

	r->id = nk_json_get_str(in, o, "id", "");
	r->name = nk_json_get_str(in, o, "name", "");
	r->pid = (pid_t)nk_json_get_int(in, o, "pid", 0, INT_MAX, 0);
	r->pid_start = nk_json_get_uint(in, o, "pidStart", UINT64_MAX, 0);
	r->owner = (pid_t)nk_json_get_int(in, o, "owner", 0, INT_MAX, 0);
	r->owner_start = nk_json_get_uint(in, o, "ownerStart", UINT64_MAX, 0);
	r->boot_id = nk_json_get_str(in, o, "bootID", NULL);
	r->reference = nk_json_get_str(in, o, "reference", NULL);
	nk_json_get_strv(in, o, "cgroups", &r->cgroups);

	struct json_object *lease = nk_json_get(in, o, "lease", json_type_object);

	r->lease.outside = (uint32_t)nk_json_get_uint(in, lease, "hostID", UINT32_MAX, 0);
	r->lease.count = (uint32_t)nk_json_get_uint(in, lease, "size", UINT32_MAX, 0);
	if (in->rc)
		return in->rc;

	if (strcmp(status, "running") == 0)
		r->status = NK_STATE_RUNNING;
	else if (strcmp(status, "creating") == 0)
		r->status = NK_STATE_CREATING;
	else
		return nk_json_bad(in, "status", "is neither \"creating\" nor \"running\"");
	if (r->status == NK_STATE_RUNNING && (r->pid <= 0 || !r->pid_start))
		return nk_json_bad(in, "pid", "is missing");
	if (nk_time_parse(created, &r->created) < 0)
		return nk_json_bad(in, "created", "is not a time");
	if (strlen(r->id) != NK_STATE_ID_LEN ||
	    strspn(r->id, "0123456789abcdef") != NK_STATE_ID_LEN)
		return nk_json_bad(in, "id", "is not 64 hex digits");
	/* These are going to be killed and removed when their nook has died. */
	for (size_t i = 0; i < r->cgroups.n; i++)
		if (r->cgroups.v[i][0] != '/' || strstr(r->cgroups.v[i], "/.."))
			return nk_json_bad(in, "cgroups", "has a path that is not plain");
	return nk_state_check_name(r->name, in->e);
}

int nk_record_parse(struct nk_arena *a, const char *text, size_t len, struct nk_state_record *r,
		    struct nk_err *e)
{
	_json_object_ struct json_object *o = NULL;
	struct nk_json_in in = {.a = a, .e = e};

	*r = (struct nk_state_record){0};
	if (nk_json_parse(text, len, "state.json", &o, e) < 0)
		return -EINVAL;
	if (!json_object_is_type(o, json_type_object))
		return nk_fail(e, 0, "state.json is not an object");

	int64_t version = nk_json_get_int(&in, o, "version", 1, INT_MAX, 0);

	if (in.rc)
		return in.rc;
	if (version > NK_STATE_VERSION) {
		nk_fail(e, 0, "its state is of version %d, this nook knows version %d",
			(int)version, NK_STATE_VERSION);
		nk_hint(e, "a newer nook runs it: use that one");
		return -ENOTSUP;
	}
	if (version != NK_STATE_VERSION)
		return nk_json_bad(&in, "version", "is missing");
	if (read_fields(&in, o, r) < 0)
		return in.rc ? in.rc : -EINVAL;

	struct json_object *spec = nk_json_need(&in, o, "spec", json_type_object);

	r->spec = NK_NEW(a, struct nk_spec);
	if (in.rc || !r->spec)
		return in.rc ? in.rc : nk_arena_ok(a, e);
	r->spec->id = r->id;
	r->spec->name = r->name;
	if (nk_spec_read(a, spec, r->spec, e) < 0)
		return nk_ctx(e, "spec");
	return nk_arena_ok(a, e);
}

int nk_record_load(struct nk_arena *a, int dir_fd, struct nk_state_record *r, struct nk_err *e)
{
	char *text;
	size_t n;
	int ret = nk_state_text(a, dir_fd, "state.json", NK_STATE_FILE_MAX, &text, &n);

	if (ret == -EFBIG)
		return nk_fail(e, 0, "state.json is not a file of a reasonable size");
	if (ret < 0)
		return nk_fail(e, -ret, "state.json");
	return nk_record_parse(a, text, n, r, e);
}
