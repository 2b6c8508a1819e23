/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clocks: the seconds of the monotonic, the boot-time and the wall clock, on one line.
 * clocks set: try to set the wall clock one hour forward; says why not.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

int main(int argc, char **argv)
{
	struct timespec mono, boot, real;

	clock_gettime(CLOCK_MONOTONIC, &mono);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	clock_gettime(CLOCK_REALTIME, &real);
	if (argc > 1 && !strcmp(argv[1], "set")) {
		real.tv_sec += 3600;
		int err = clock_settime(CLOCK_REALTIME, &real) ? errno : 0;
		printf("%s\n", err ? strerror(err) : "set");
		return err ? 1 : 0;
	}
	printf("%lld %lld %lld\n", (long long)mono.tv_sec, (long long)boot.tv_sec,
	       (long long)real.tv_sec);
	return 0;
}
