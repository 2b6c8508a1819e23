/* SPDX-License-Identifier: Apache-2.0 */
/*
 * swarm MARK SLEEPERS CHAINS: leave processes behind that listen to no signal but KILL. A sleeper
 * waits; a chain forks and ends, over and over, so that its number is another one at every look.
 * Says "up" and ends when all are there. MARK is how a test finds them. They end by themselves
 * after LIFE seconds, so that a test that fails does not keep them.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { LIFE = 40 };

static void sleeper(void)
{
	alarm(LIFE);
	for (;;)
		pause();
}

static void chain(void)
{
	time_t end = time(NULL) + LIFE;

	while (time(NULL) < end) {
		pid_t pid = fork();

		/* Where there may be no more processes this one goes on trying. */
		if (pid > 0)
			_exit(0);
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	int sleepers = argc > 2 ? atoi(argv[2]) : 1, chains = argc > 3 ? atoi(argv[3]) : 0;

	for (int sig = 1; sig < 32; sig++)
		if (sig != SIGALRM && sig != SIGCHLD)
			signal(sig, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	for (int i = 0; i < sleepers + chains; i++) {
		pid_t pid = fork();

		if (pid < 0) {
			perror("fork");
			return 1;
		}
		if (pid > 0)
			continue;
		/* Nobody shall wait for the end of our output. */
		close(0);
		close(1);
		close(2);
		i < sleepers ? sleeper() : chain();
	}
	puts("up");
	return 0;
}
