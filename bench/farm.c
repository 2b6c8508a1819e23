/* SPDX-License-Identifier: Apache-2.0 */
/*
 * farm SETS PROCESSES: many processes in many namespaces, for what lists them. Each set is a new
 * mount, UTS, IPC, PID, network and cgroup namespace with that many processes in it. Writes a line
 * when all are there, and ends them all at the end of its standard input.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KINDS \
	(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP | CLONE_NEWPID)

static void die(const char *what)
{
	perror(what);
	_exit(1);
}

/* PID 1 of a set: with it all others end, and it ends with the farm. */
static void first_of_set(int processes, int ready)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 1; i < processes; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("farm: fork");
		if (!pid)
			for (;;)
				pause();
	}
	if (write(ready, "r", 1) != 1)
		die("farm: write");
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	int sets = argc > 1 ? atoi(argv[1]) : 50, processes = argc > 2 ? atoi(argv[2]) : 60;
	int ready[2];
	char byte;

	if (pipe(ready))
		die("farm: pipe");
	for (int i = 0; i < sets; i++) {
		pid_t pid = (pid_t)syscall(SYS_clone, KINDS | SIGCHLD, NULL, NULL, NULL, NULL);

		if (pid < 0)
			die("farm: clone");
		if (!pid)
			first_of_set(processes, ready[1]);
		if (read(ready[0], &byte, 1) != 1)
			die("farm: read");
	}
	puts("ready");
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	return 0; /* each set's PID 1 has asked to be killed now */
}
