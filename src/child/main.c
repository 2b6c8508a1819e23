/* SPDX-License-Identifier: Apache-2.0 */
/* The loop of a child: its steps in order, and one message when one fails. */
#include <errno.h>
#include <sys/socket.h>
#include <time.h>

#include "child/child.h"
#include "child/protocol.h"
#include "child/raw.h"

/* Times go to a page shared with the parent: the clock is read by the vDSO, so
 * that --debug adds no system call. */
static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

void nk_trace_begin(struct nk_run *run, size_t index)
{
	if (run->trace && index < NK_TRACE_MAX)
		run->trace->begin_ns[index] = now();
}

void nk_trace_end(struct nk_run *run, size_t index, long result)
{
	if (run->trace && index < NK_TRACE_MAX) {
		run->trace->result[index] = (int32_t)result;
		__atomic_store_n(&run->trace->end_ns[index], now(), __ATOMIC_RELEASE);
	}
}

static void report(const struct nk_run *run, size_t index, long err)
{
	struct nk_message m = {
		.type = NK_MSG_ERROR,
		.step = (int32_t)index,
		.err = (int32_t)err,
		.value = run->soft_errno,
	};

	nk_raw5(SYS_sendto, run->slots[NK_SLOT_SOCKET], &m, sizeof(m), MSG_NOSIGNAL, 0);
}

void nk_child_main(struct nk_run *run, enum nk_actor actor, size_t first)
{
	for (size_t i = first; i < run->n; i++) {
		const struct nk_step *s = &run->steps[i];

		if (s->actor != actor)
			continue;
		long ret = nk_step_run(run, i);
		if (ret < 0 && !nk_step_tolerates(s, -ret)) {
			report(run, i, -ret);
			break;
		}
		if (ret < 0 && (s->op == NK_OP_EXECVE || s->op == NK_OP_FACCESSAT) &&
		    ret != -ENOENT && ret != -ENOTDIR)
			run->soft_errno = (int32_t)-ret;
		if (s->op == NK_OP_CLONE3 && ret == 0)
			actor = (enum nk_actor)s->n[1];
	}
	for (;;)
		nk_raw1(SYS_exit_group, 125);
}
