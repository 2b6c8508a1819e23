/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process sees of itself and around it, as JSON, one thing a line, so
 * that two of these can be compared with diff. Numbers that differ from start
 * to start by nature (process numbers, outside ids, inodes) are left out.
 *
 *     probe [FILE]    FILE holds lines "NAME LINK" of the namespaces outside
 *     probe --outside prints such lines
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

extern char **environ;
static const char *const kinds[] = {"user", "mnt", "uts", "ipc", "pid", "net", "cgroup", "time"};
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void put(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			putchar('\\');
		if ((unsigned char)*s < 0x20)
			printf("\\u%04x", (unsigned char)*s);
		else
			putchar(*s);
	}
	putchar('"');
}

/* The next key; the first opens the object. */
static void key_of(const char *key)
{
	static int any;

	printf(any++ ? ",\n " : "{\n ");
	put(key);
	printf(": ");
}

static void line(const char *key, const char *value)
{
	key_of(key);
	put(value);
}

static void number(const char *key, long value)
{
	key_of(key);
	printf("%ld", value);
}

static char *ns_link(const char *kind, char *buf, size_t size)
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/ns/%s", kind);
	n = readlink(path, buf, size - 1);
	buf[n < 0 ? 0 : n] = '\0';
	return buf;
}

static void namespaces(const char *outside)
{
	FILE *f = outside ? fopen(outside, "r") : NULL;
	char name[32], link[64], own[64], key[64];

	while (f && fscanf(f, "%31s %63s", name, link) == 2) {
		snprintf(key, sizeof(key), "namespace %s", name);
		line(key, strcmp(ns_link(name, own, sizeof(own)), link) ? "new" : "outside");
	}
	if (f)
		fclose(f);
}

static void identity(void)
{
	uid_t r, e, s;
	gid_t groups[256];
	char buf[64];
	int n = getgroups(256, groups);

	getresuid(&r, &e, &s);
	snprintf(buf, sizeof(buf), "%u %u %u", r, e, s);
	line("uids", buf);
	getresgid(&r, &e, &s);
	snprintf(buf, sizeof(buf), "%u %u %u", r, e, s);
	line("gids", buf);
	for (int i = 0; i < n; i++) {
		snprintf(buf, sizeof(buf), "group %u", groups[i]);
		line(buf, "yes");
	}
	number("sessions own", getsid(0) == getpid());
	number("parent outside", getppid() == 0);
	mode_t mask = umask(0);
	number("umask", mask);
	umask(mask);
	int sig = 0;
	prctl(PR_GET_PDEATHSIG, &sig);
	number("parent death signal", sig);
	number("dumpable", prctl(PR_GET_DUMPABLE));
}

static void status(void)
{
	static const char *const wanted[] = {"CapInh",	   "CapPrm",  "CapEff", "CapBnd", "CapAmb",
					     "NoNewPrivs", "Seccomp", "SigBlk", "SigIgn"};
	FILE *f = fopen("/proc/self/status", "r");
	char name[64], value[256], text[512];

	while (f && fgets(text, sizeof(text), f)) {
		if (sscanf(text, "%63[^:]: %255s", name, value) != 2)
			continue;
		for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
			if (!strcmp(name, wanted[i]))
				line(name, value);
	}
	if (f)
		fclose(f);
}

/* What the file system says of itself, less paths and sizes that differ by nature. */
static void super_options(const char *all, char *out)
{
	char *copy = strdup(all), *save = NULL;

	*out = '\0';
	for (char *o = strtok_r(copy, ",", &save); o; o = strtok_r(NULL, ",", &save)) {
		/* a random range of ids outside */
		bool outside = !strncmp(o, "gid=", 4) && strtoul(o + 4, NULL, 10) > 65535;

		if (strstr(o, "dir=") || outside || !strncmp(o, "uid=", 4) ||
		    !strncmp(o, "nr_inodes", 9))
			continue;
		strcat(out, o);
		strcat(out, " ");
	}
	free(copy);
}

static void mounts(void)
{
	FILE *f = fopen("/proc/self/mountinfo", "r");
	char text[8192];

	while (f && fgets(text, sizeof(text), f)) {
		char root[4096], where[4096], options[1024], rest[4096], type[64], super[2048];
		char shown[2048], value[8192], key[4200];
		char *dash = strstr(text, " - ");

		if (!dash ||
		    sscanf(text, "%*d %*d %*s %4095s %4095s %1023s %4095[^\n]", root, where,
			   options, rest) != 4 ||
		    sscanf(dash, " - %63s %*s %2047s", type, super) != 2)
			continue;
		super_options(super, shown);
		snprintf(key, sizeof(key), "mount %s", where);
		/* "shared:12" and "master:12" stand between the options and the dash */
		snprintf(value, sizeof(value), "%s %s %s%s%s", type, options,
			 strstr(rest, "shared:") ? "shared " : "",
			 strstr(rest, "master:") ? "slave " : "", shown);
		line(key, value);
	}
	if (f)
		fclose(f);
}

static void limits(void)
{
	struct rlimit r;
	char key[32], value[64];

	for (int i = 0; i < RLIM_NLIMITS; i++) {
		if (getrlimit(i, &r) < 0)
			continue;
		snprintf(key, sizeof(key), "limit %d", i);
		snprintf(value, sizeof(value), "%llu %llu", (unsigned long long)r.rlim_cur,
			 (unsigned long long)r.rlim_max);
		line(key, value);
	}
}

static void descriptors(void)
{
	char key[32];

	for (int fd = 0; fd < 256; fd++) {
		struct stat st;

		if (fstat(fd, &st) < 0)
			continue;
		snprintf(key, sizeof(key), "descriptor %d", fd);
		number(key, S_ISCHR(st.st_mode) ? (long)st.st_rdev : 0);
	}
}

static void directory(const char *path)
{
	struct dirent **names;
	int n = scandir(path, &names, NULL, alphasort);
	char key[512], value[128];

	for (int i = 0; i < n; i++) {
		struct stat st;

		if (names[i]->d_name[0] == '.')
			continue;
		snprintf(key, sizeof(key), "%s/%s", path, names[i]->d_name);
		if (lstat(key, &st) < 0)
			continue;
		/* Nodes of the host are the host's: who owns them is the same in all three. */
		snprintf(value, sizeof(value), "%o %u:%u %u,%u", st.st_mode, st.st_uid, st.st_gid,
			 major(st.st_rdev), minor(st.st_rdev));
		line(key, value);
	}
}

static void file(const char *path, int fields)
{
	FILE *f = fopen(path, "r");
	char text[512], a[128], b[128], c[128], key[256];

	for (int i = 0; f && fgets(text, sizeof(text), f); i++) {
		snprintf(key, sizeof(key), "%s %d", path, i);
		text[strcspn(text, "\n")] = '\0';
		/* an id map: where outside it begins differs */
		if (fields == 2 && sscanf(text, "%127s %127s %127s", a, b, c) == 3)
			snprintf(text, sizeof(text), "%s %s", a, c);
		line(key, text);
	}
	if (f)
		fclose(f);
}

static void links(void)
{
	struct if_nameindex *all = if_nameindex();
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char key[64];

	for (struct if_nameindex *i = all; i && i->if_name; i++) {
		struct ifreq req = {0};

		strncpy(req.ifr_name, i->if_name, IFNAMSIZ - 1);
		ioctl(sock, SIOCGIFFLAGS, &req);
		snprintf(key, sizeof(key), "link %s up", i->if_name);
		number(key, !!(req.ifr_flags & IFF_UP));
	}
	if (all)
		if_freenameindex(all);
	close(sock);
}

/* What is masked says nothing, what is read-only cannot be opened for writing. */
static void masks(void)
{
	static const char *const paths[] = {
		"/proc/kcore",	 "/proc/keys",		"/proc/timer_list",
		"/sys/firmware", "/proc/sysrq-trigger", "/proc/sys/kernel/pid_max",
		"/proc/irq",	 "/proc/acpi",		"/proc/scsi"};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		char key[128], byte;
		int fd = open(paths[i], O_RDONLY | O_CLOEXEC | O_NONBLOCK);

		snprintf(key, sizeof(key), "read %s", paths[i]);
		number(key, fd < 0 ? -errno : read(fd, &byte, 1) < 0 ? -errno : byte != 0);
		close(fd);
		snprintf(key, sizeof(key), "write %s", paths[i]);
		fd = open(paths[i], O_WRONLY | O_CLOEXEC);
		number(key, fd < 0 ? -errno : 0);
		close(fd);
	}
}

int main(int argc, char **argv)
{
	struct utsname uts;
	char buf[4096], key[32];

	if (argc > 1 && !strcmp(argv[1], "--outside")) {
		for (size_t i = 0; i < N_KINDS; i++)
			printf("%s %s\n", kinds[i], ns_link(kinds[i], buf, sizeof(buf)));
		return 0;
	}
	uname(&uts);
	descriptors(); /* first: nothing of our own is open yet */
	line("hostname", uts.nodename);
	line("domainname", uts.domainname);
	line("cwd", getcwd(buf, sizeof(buf)) ? buf : strerror(errno));
	namespaces(argc > 1 ? argv[1] : NULL);
	identity();
	status();
	mounts();
	limits();
	for (int i = 0; environ[i]; i++) {
		snprintf(key, sizeof(key), "env %d", i);
		line(key, environ[i]);
	}
	for (int i = 0; argv[i]; i++) {
		snprintf(key, sizeof(key), "arg %d", i);
		line(key, argv[i]);
	}
	file("/proc/self/uid_map", 2);
	file("/proc/self/gid_map", 2);
	file("/proc/self/setgroups", 1);
	file("/proc/self/timens_offsets", 1);
	file("/etc/hosts", 1);
	file("/etc/hostname", 1);
	file("/etc/resolv.conf", 1);
	directory("/");
	directory("/dev");
	directory("/tmp");
	links();
	masks();
	printf("\n}\n");
	return 0;
}
