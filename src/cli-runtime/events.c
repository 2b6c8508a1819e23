/* SPDX-License-Identifier: Apache-2.0 */
/* nook-runtime events: what a container uses, now or every few seconds, and when memory ran out. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "cgroup/oci_oom.h"
#include "cli-runtime/live.h"
#include "cli-runtime/stats_json.h"
#include "cli/value.h"

extern const struct nk_rt_command nk_rt_command_events;

struct events {
	bool stats;
	int64_t interval; /* ns */
};

static int set_interval(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	int64_t ns;

	if (nk_value_duration(value, strlen(value), &ns) < 0)
		return nk_fail(e, 0, "invalid duration (like 5s)");
	if (ns <= 0)
		return nk_fail(e, 0, "duration interval must be greater than 0");
	*NK_MEMBER(use, int64_t) = ns;
	return 0;
}

/* clang-format off */
#define AT(member) .offset = offsetof(struct events, member)
static const struct nk_option options[] = {
	{"stats", .help = "print what the container uses, once", .set = nk_set_flag, AT(stats)},
	{"interval", .metavar = "TIME", .help = "how often it is printed otherwise (default 5s)",
	 .set = set_interval, AT(interval)},
	{0},
};
/* clang-format on */

static int print(struct nk_json_out *j, struct nk_err *e)
{
	if (j->failed)
		return nk_fail(e, ENOMEM, "write an event");
	if (printf("%s\n", j->buf) < 0 || fflush(stdout) != 0)
		return nk_fail(e, errno, "write an event");
	return 0;
}

static int print_stats(const struct nk_rt_live *l, struct nk_err *e)
{
	_arena_ struct nk_arena a = {0};
	_json_ struct nk_json_out j = {0};
	struct nk_cg_stats s;
	int ret = nk_cg_stats(&a, &l->groups, &s, e);

	if (ret < 0)
		return ret;
	nk_rt_stats_json(&j, l->record.id, &s);
	return print(&j, e);
}

static int print_oom(const struct nk_rt_live *l, struct nk_err *e)
{
	_json_ struct nk_json_out j = {0};

	nk_json_open(&j, NULL, '{');
	nk_json_str(&j, "type", "oom");
	nk_json_str(&j, "id", l->record.id);
	nk_json_close(&j);
	return print(&j, e);
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* Until the container ends. */
static int watch(const struct nk_rt_live *l, int64_t interval, struct nk_err *e)
{
	_close_ int pidfd = nk_oci_pidfd(&l->record);
	_cg_oom_ struct nk_cg_oom oom = {.fd = -1};
	int64_t next = now_ns() + interval;
	int ret = nk_cg_oom_open(&oom, &l->groups, e);

	while (ret == 0 && pidfd >= 0) {
		struct pollfd fds[] = {{.fd = pidfd, .events = POLLIN},
				       {.fd = oom.fd, .events = POLLIN}};
		int64_t left = next - now_ns();
		struct timespec t = {.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};

		if (left < 0)
			t = (struct timespec){0};
		if (ppoll(fds, 2, &t, NULL) < 0 && errno != EINTR)
			return nk_fail(e, errno, "wait for events");
		if (oom.fd >= 0 && nk_cg_oom_happened(&oom))
			ret = print_oom(l, e);
		if (fds[0].revents)
			break;
		if (ret == 0 && now_ns() >= next) {
			ret = print_stats(l, e);
			next += interval;
		}
	}
	return ret;
}

static int run(struct nk_rt *rt, int argc, char **argv)
{
	struct events mine = {.interval = INT64_C(5000000000)};
	struct nk_rt_live l;
	struct nk_err e = {0};
	int code, first = nk_rt_options(rt, &nk_rt_command_events, argc, argv, &mine, &code);

	if (first < 0)
		return code;
	int ret = nk_rt_live(rt, argv[first], &l, &e);
	if (ret == 0 && l.status == NK_OCI_STOPPED)
		ret = nk_fail(&e, 0, "container with id %s is not running", l.record.id);
	if (ret == 0)
		ret = mine.stats ? print_stats(&l, &e) : watch(&l, mine.interval, &e);
	return ret < 0 ? nk_rt_error(rt, &e) : 0;
}

const struct nk_rt_command nk_rt_command_events = {
	.name = "events",
	.usage = "[OPTIONS] CONTAINER",
	.summary = "tell what a container uses, and when memory runs out",
	.about =
		"Prints one JSON document a line: what the container uses, every few seconds, and\n"
		"an event when the kernel kills one of its processes for want of memory. Ends "
		"with\n"
		"the container.",
	.options = options,
	.min_words = 1,
	.max_words = 1,
	.run = run,
};
