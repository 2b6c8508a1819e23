/* SPDX-License-Identifier: Apache-2.0 */
/*
 * swap A B: exchange two files again and again, until killed: for whoever looks a path up, it is
 * now one and now the other. Ends by itself after four minutes, should nobody kill it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <time.h>

int main(int argc, char **argv)
{
	time_t end = time(NULL) + 240;

	if (argc != 3) {
		fputs("usage: swap A B\n", stderr);
		return 2;
	}
	while (time(NULL) < end) {
		if (renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE)) {
			perror("renameat2");
			return 1;
		}
	}
	return 0;
}
