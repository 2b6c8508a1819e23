/* SPDX-License-Identifier: Apache-2.0 */
/* owner FILE...: the user namespace that owns each namespace, as "user:[INODE]" (ioctl_ns(2)). */
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct stat st;
		int fd = open(argv[i], O_RDONLY | O_CLOEXEC);
		int owner = fd < 0 ? -1 : ioctl(fd, NS_GET_USERNS);

		if (owner < 0 || fstat(owner, &st)) {
			perror(argv[i]);
			return 1;
		}
		printf("user:[%llu]\n", (unsigned long long)st.st_ino);
		close(owner);
		close(fd);
	}
	return 0;
}
