/* SPDX-License-Identifier: Apache-2.0 */
/* mqueue make|see|remove /NAME: a POSIX message queue, by the system call, without a mount. */
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	struct mq_attr attr = {.mq_maxmsg = 1, .mq_msgsize = 1};

	if (argc != 3)
		return 2;
	if (!strcmp(argv[1], "remove"))
		return mq_unlink(argv[2]) ? 1 : 0;
	int flags = !strcmp(argv[1], "make") ? O_RDWR | O_CREAT | O_EXCL : O_RDONLY;
	mqd_t q = mq_open(argv[2], flags, 0666, &attr);
	if (q == (mqd_t)-1) {
		perror(argv[2]);
		return 1;
	}
	printf("%s is there\n", argv[2]);
	return 0;
}
