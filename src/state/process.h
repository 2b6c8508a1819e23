/* SPDX-License-Identifier: Apache-2.0 */
/* A process that is known by more than its number: a number is given out again, its start is not.
 */
#ifndef NK_STATE_PROCESS_H
#define NK_STATE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Field 22 of /proc/PID/stat (clock ticks since boot); 0 when there is no such process. */
uint64_t nk_process_start(pid_t pid);

/* Is it still what was forked, or has it ended as that? The kernel knows it of one that has ended,
 * too, until somebody has waited for it; then the answer is false (proc_pid_stat(5), flags). */
bool nk_process_never_executed(pid_t pid);

/*
 * Which run of the kernel this is: 36 characters, "" where it cannot be read. Pids and starts
 * begin anew with each, so that a record on a disk could fit a process of the next one.
 */
enum { NK_BOOT_ID_LEN = 36 };
void nk_boot_id(char id[NK_BOOT_ID_LEN + 1]);

/*
 * A pidfd of the process pid that started at start. -ESRCH when that process is
 * gone, also when its number belongs to another one by now.
 */
int nk_process_pidfd(pid_t pid, uint64_t start);

/* Wait until the process of a pidfd has ended. 0, -ETIMEDOUT. ms -1: for ever. */
int nk_process_wait(int pidfd, int ms);

#endif
