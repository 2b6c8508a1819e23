/* SPDX-License-Identifier: Apache-2.0 */
/* From a command line of `nook run` to its spec, and the words for each fault. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/run_options.h"

struct fixture {
	struct nk_arena a;
	struct nk_run_request r;
	struct nk_run_world w;
	struct nk_err e;
	int result;
};

static char etc[] = "/tmp/nook-test-etc.XXXXXX";

/* Parse a line; words are parted by '~' where it has one, else by blanks. */
static void parse(struct fixture *f, const char *line)
{
	char *argv[64] = {(char *)"run"};
	int argc = 1;

	nk_arena_done(&f->a);
	struct nk_run_world w = f->w;
	*f = (struct fixture){.w = w};
	const char *by = strchr(line, '~') ? "~" : " ";
	for (char *s = strtok(nk_strdup(&f->a, line), by); s; s = strtok(NULL, by))
		argv[argc++] = s;
	nk_run_request_init(&f->r);
	f->result = nk_options_parse(nk_run_table, &f->a, argc, argv, &f->r, &f->e);
	if (f->result >= 0)
		f->result = nk_run_finish(&f->r, &f->a, &f->w, argc - f->result, argv + f->result,
					  &f->e);
}

static void good(struct fixture *f, const char *line)
{
	parse(f, line);
	if (f->result < 0)
		fail_msg("%s: %s", line, f->e.msg);
}

static void bad(struct fixture *f, const char *line, const char *message)
{
	parse(f, line);
	if (f->result >= 0)
		fail_msg("%s was taken", line);
	if (strcmp(f->e.msg, message))
		fail_msg("%s: \"%s\", not \"%s\"", line, f->e.msg, message);
	if (!f->e.hint[0])
		fail_msg("%s: no hint", line);
}

static int begin(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->w = (struct nk_run_world){.euid = 0, .hostname = "machine", .etc = etc, .bash = true};
	*state = f;
	return 0;
}

static int end(void **state)
{
	struct fixture *f = *state;

	nk_arena_done(&f->a);
	free(f);
	return 0;
}

static const char *env_of(const struct nk_spec *s, const char *key)
{
	for (size_t i = 0; i < s->env.n; i++)
		if (!strncmp(s->env.v[i], key, strlen(key)) && s->env.v[i][strlen(key)] == '=')
			return s->env.v[i] + strlen(key) + 1;
	return NULL;
}

static void reference_and_command(void **state)
{
	struct fixture *f = *state;

	good(f, "");
	assert_string_equal(f->r.reference, "host");
	assert_true(f->r.spec.rootfs_host);
	assert_string_equal(f->r.spec.args.v[0], "/bin/bash");
	good(f, "host ls -l");
	assert_int_equal(f->r.spec.args.n, 2);
	assert_string_equal(f->r.spec.args.v[1], "-l");
	assert_false(f->r.spec.terminal);
	good(f, "--rootfs / host -x");
	assert_null(f->r.reference);
	assert_string_equal(f->r.spec.rootfs, "/");
	assert_false(f->r.spec.rootfs_host);
	assert_string_equal(f->r.spec.args.v[0], "host");
	good(f, "--entrypoint nice host -n5 ls");
	assert_string_equal(f->r.spec.args.v[0], "nice");
	assert_string_equal(f->r.spec.args.v[1], "-n5");
	good(f, "--entrypoint~[\"nice\",\"-n 5\"]~host~ls");
	assert_string_equal(f->r.spec.args.v[1], "-n 5");
	assert_string_equal(f->r.spec.args.v[2], "ls");
	bad(f, "--entrypoint [3] host", "--entrypoint [3]: not a list of words");
	bad(f, "host --memory 5m ls", "--memory stands behind host, where the command should be");
	bad(f, "alpine ls", "alpine: images come in a later version of nook");
	bad(f, "--rootfs /nowhere ls", "root file system /nowhere: No such file or directory");
	bad(f, "--rootfs /etc/passwd ls", "root file system /etc/passwd: Not a directory");
	bad(f, "--init host ls", "--init: nook-init is not there");
	f->w.init_path = "/x/nook-init";
	good(f, "--init host ls");
	assert_string_equal(f->r.spec.init_path, "/x/nook-init");
}

static void a_shell_talks_to_a_terminal(void **state)
{
	struct fixture *f = *state;

	f->w.stdin_is_terminal = true;
	good(f, "");
	assert_true(f->r.spec.terminal && f->r.spec.interactive);
	assert_string_equal(env_of(&f->r.spec, "TERM"), "xterm");
	f->w.term = "foot";
	good(f, "host bash"); /* asked for without -t: no terminal of its own */
	assert_null(env_of(&f->r.spec, "debian_chroot"));
	good(f, "-t host bash");
	assert_string_equal(env_of(&f->r.spec, "TERM"), "foot");
	assert_string_equal(env_of(&f->r.spec, "debian_chroot"), "nook");
	assert_null(env_of(&f->r.spec, "PS1"));
	good(f, "-t host /bin/sh");
	assert_string_equal(env_of(&f->r.spec, "PS1"), "(nook) \\$ ");
	good(f, "-t --rootfs / sh");
	assert_string_equal(env_of(&f->r.spec, "TERM"), "xterm");
	assert_null(env_of(&f->r.spec, "PS1"));
	good(f, "host");
	assert_true(f->r.spec.terminal);
	good(f, "host ls");
	assert_false(f->r.spec.terminal);
	assert_null(env_of(&f->r.spec, "TERM"));
	good(f, "-i host");
	assert_false(f->r.spec.terminal);
	good(f, "-t=false host");
	assert_false(f->r.spec.terminal);
}

static void rootfs_suffixes(void **state)
{
	struct fixture *f = *state;

	good(f, "--rootfs /tmp:O true");
	assert_string_equal(f->r.spec.rootfs, "/tmp");
	assert_true(f->r.spec.rootfs_overlay);
	good(f, "--rootfs /tmp:idmap:O true");
	assert_true(f->r.spec.rootfs_overlay && f->r.spec.rootfs_idmap);
	good(f, "--rootfs . true");
	assert_int_equal(f->r.spec.rootfs[0], '/');
	good(f, "--rootfs /tmp:O --storage-opt size=9m true");
	assert_int_equal(f->r.spec.overlay_size, 9 << 20);
	bad(f, "--rootfs /tmp --storage-opt size=9m true",
	    "--storage-opt size= without a throw-away layer");
	bad(f, "--storage-opt size=0 host", "--storage-opt size=0: not a storage option");
}

static void identity(void **state)
{
	struct fixture *f = *state;
	char id[65];

	good(f, "host true");
	assert_int_equal(strlen(f->r.spec.id), 64);
	assert_int_equal(strspn(f->r.spec.id, "0123456789abcdef"), 64);
	snprintf(id, sizeof(id), "%s", f->r.spec.id);
	assert_int_equal(strlen(f->r.spec.hostname), 12);
	assert_memory_equal(f->r.spec.hostname, f->r.spec.id, 12);
	assert_string_equal(env_of(&f->r.spec, "HOSTNAME"), f->r.spec.hostname);
	assert_non_null(strchr(f->r.spec.name, '_'));
	good(f, "host true");
	assert_string_not_equal(id, f->r.spec.id);
	good(f, "--name web-1 --hostname Db.example host");
	assert_string_equal(f->r.spec.name, "web-1");
	assert_string_equal(f->r.spec.hostname, "Db.example");
	bad(f, "--name -x host", "--name -x: not a name for a container");
	bad(f, "--name a/b host", "--name a/b: not a name for a container");
	bad(f, "--hostname a..b host", "--hostname a..b: not a host name");
	bad(f, "--uts host --hostname x host",
	    "--hostname would change a host name that is not the container's own (--uts)");
	good(f, "--uts host host");
	assert_null(f->r.spec.hostname);
	assert_string_equal(f->r.spec.etc_hostname, "machine\n");
}

static void default_namespaces(void **state)
{
	struct fixture *f = *state;

	good(f, "--rootfs / true");
	for (int k = 0; k < NK_NS_COUNT; k++)
		assert_int_equal(f->r.spec.ns[k].mode,
				 k == NK_NS_USER || k == NK_NS_TIME ? NK_NS_HOST : NK_NS_NEW);
	good(f, "host true"); /* root's too: files of the host's root stay unread */
	assert_int_equal(f->r.spec.ns[NK_NS_USER].mode, NK_NS_NEW);
	f->w.euid = 1000;
	good(f, "--rootfs / true");
	assert_int_equal(f->r.spec.ns[NK_NS_USER].mode, NK_NS_NEW);
	good(f, "--userns host --rootfs / true");
	assert_int_equal(f->r.spec.ns[NK_NS_USER].mode, NK_NS_HOST);
}

static void chosen_namespaces(void **state)
{
	static const struct {
		const char *option;
		enum nk_ns_kind kind;
	} kinds[] = {{"uts", NK_NS_UTS},	 {"ipc", NK_NS_IPC},	 {"pid", NK_NS_PID},
		     {"cgroupns", NK_NS_CGROUP}, {"userns", NK_NS_USER}, {"network", NK_NS_NET},
		     {"net", NK_NS_NET},	 {"time", NK_NS_TIME}};
	struct fixture *f = *state;
	char line[80], message[200];

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		struct nk_ns_spec *ns = &f->r.spec.ns[kinds[i].kind];
		snprintf(line, sizeof(line), "--%s host host", kinds[i].option);
		good(f, line);
		assert_int_equal(ns->mode, NK_NS_HOST);
		snprintf(line, sizeof(line), "--%s private --rootfs / true", kinds[i].option);
		good(f, line);
		assert_int_equal(ns->mode, NK_NS_NEW);
		snprintf(line, sizeof(line), "--%s ns:/run/x host", kinds[i].option);
		good(f, line);
		assert_int_equal(ns->mode, NK_NS_JOIN);
		assert_string_equal(ns->path, "/run/x");
		snprintf(line, sizeof(line), "--%s=container:web host", kinds[i].option);
		good(f, line);
		assert_int_equal(ns->mode, NK_NS_JOIN);
		assert_string_equal(ns->path, "container:web");
		snprintf(line, sizeof(line), "--%s container: host", kinds[i].option);
		snprintf(message, sizeof(message), "--%s container:: which container?",
			 kinds[i].option);
		bad(f, line, message);
		snprintf(line, sizeof(line), "--%s ns:relative host", kinds[i].option);
		parse(f, line);
		assert_true(f->result < 0);
		/* That is a network by name (test_cli_network). */
		snprintf(line, sizeof(line), "--%s nonsense host", kinds[i].option);
		parse(f, line);
		assert_true(f->result < 0 || !strncmp(kinds[i].option, "net", 3));
	}
	good(f, "--network none host");
	assert_int_equal(f->r.spec.ns[NK_NS_NET].mode, NK_NS_NEW);
}

static void id_maps(void **state)
{
	struct fixture *f = *state;

	good(f, "--userns map --uidmap 0:1000:1 --uidmap 1:100000:65536 --rootfs / true");
	assert_int_equal(f->r.spec.uid_maps.n, 2);
	assert_int_equal(f->r.spec.uid_maps.v[1].outside, 100000);
	assert_int_equal(f->r.spec.gid_maps.n, 2);
	assert_int_equal(f->r.spec.ns[NK_NS_USER].mode, NK_NS_NEW);
	good(f, "--uidmap 0:7 --gidmap 0:8:2 --rootfs / true");
	assert_int_equal(f->r.spec.uid_maps.v[0].count, 1);
	assert_int_equal(f->r.spec.gid_maps.v[0].count, 2);
	assert_int_equal(f->r.spec.ns[NK_NS_USER].mode, NK_NS_NEW);
	good(f, "--uidmap 0:0:4294967295 host");
	bad(f, "--uidmap 0:1:4294967295 host", "--uidmap 0:1:4294967295: ids end at 4294967294");
	bad(f, "--uidmap 4294967295:0:1 host", "--uidmap 4294967295:0:1: ids end at 4294967294");
	bad(f, "--uidmap 0 host", "--uidmap 0: not an id map");
	bad(f, "--uidmap 0:1:2:3 host", "--uidmap 0:1:2:3: not an id map");
	bad(f, "--uidmap 0:1:0 host", "--uidmap 0:1:0: not an id map");
	bad(f, "--uidmap 0:-1:2 host", "--uidmap 0:-1:2: not an id map");
	bad(f, "--uidmap 0:x:2 host", "--uidmap 0:x:2: not an id map");
	bad(f, "--uidmap 0:100:10 --uidmap 9:200:1 host",
	    "--uidmap 9:200:1 overlaps 0:100:10 inside");
	bad(f, "--uidmap 0:100:10 --uidmap 20:109:1 host",
	    "--uidmap 20:109:1 overlaps 0:100:10 outside");
	bad(f, "--userns map host", "--userns map without a map");
	bad(f, "--userns host --gidmap 0:1:2 host", "--gidmap does not go with --userns host");
}

static void time_offsets(void **state)
{
	struct fixture *f = *state;

	good(f, "--time-offset monotonic=1h,boottime=-1.5 host");
	assert_true(f->r.spec.has_time_offset);
	assert_true(f->r.spec.monotonic_ns == 3600000000000);
	assert_true(f->r.spec.boottime_ns == -1500000000);
	assert_int_equal(f->r.spec.ns[NK_NS_TIME].mode, NK_NS_NEW);
	bad(f, "--time-offset monotonic=x host", "--time-offset monotonic=x: not a time");
	bad(f, "--time-offset realtime=1 host",
	    "--time-offset realtime=1: not a clock with a time");
	bad(f, "--time-offset monotonic host", "--time-offset monotonic: not a clock with a time");
	bad(f, "--time host --time-offset boottime=1 host",
	    "--time-offset needs a clock of its own, and --time says otherwise");
}

static void sysctls(void **state)
{
	struct fixture *f = *state;

	good(f, "--sysctl net.ipv4.ip_forward=1 --sysctl kernel/shmmax=5 host");
	assert_string_equal(f->r.spec.sysctls.v[0].key, "net.ipv4.ip_forward");
	assert_string_equal(f->r.spec.sysctls.v[1].key, "kernel.shmmax");
	assert_string_equal(f->r.spec.sysctls.v[1].value, "5");
	bad(f, "--sysctl kernel.panic=1 host",
	    "--sysctl kernel.panic: belongs to no namespace, so it "
	    "would change the whole machine");
	bad(f, "--network host --sysctl net.core.somaxconn=1 host",
	    "--sysctl net.core.somaxconn: the container does not have its own (--network)");
	bad(f, "--ipc host --sysctl fs.mqueue.msg_max=1 host",
	    "--sysctl fs.mqueue.msg_max: the container does not have its own (--ipc)");
	bad(f, "--sysctl net..core=1 host",
	    "--sysctl net..core=1: not the name of a kernel setting");
	bad(f, "--sysctl net/../../x=1 host",
	    "--sysctl net/../../x=1: not the name of a kernel setting");
	bad(f, "--sysctl net.ipv4 host", "--sysctl net.ipv4: not a kernel setting");
}

static void volumes(void **state)
{
	struct fixture *f = *state;
	const struct nk_mount_spec *m;

	good(f,
	     "-v /a:/b -v /c:/d//e/../f:ro,noexec,rslave,idmap -v ./x:/x/y/z:exec,bind,dev,O host");
	m = f->r.spec.mounts.v;
	assert_int_equal(f->r.spec.mounts.n, 3);
	assert_int_equal(m[0].kind, NK_MOUNT_BIND);
	assert_true(m[0].recursive && m[0].must_exist);
	assert_int_equal(m[0].attr_set, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	assert_string_equal(m[1].target, "/d/f");
	assert_int_equal(m[1].attr_set, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_RDONLY |
						MOUNT_ATTR_NOEXEC);
	assert_true(m[1].recursive_attr && m[1].idmap);
	assert_int_equal(m[1].propagation, MS_SLAVE);
	assert_int_equal(m[2].kind, NK_MOUNT_OVERLAY);
	assert_int_equal(m[2].source[0], '/');
	assert_int_equal(m[2].attr_clear, MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV);
	assert_int_equal(m[2].attr_set, MOUNT_ATTR_NOSUID);
	bad(f, "-v data:/x host", "--volume data:/x: named volumes come with images");
	bad(f, "-v /x host", "--volume /x: where shall it be seen inside?");
	bad(f, "-v /x:y host", "--volume /x:y: the place inside is not an absolute path");
	bad(f, "-v /x:/ host", "--volume /x:/: the place inside is the root itself");
	bad(f, "-v /x:/y/..:ro host", "--volume /x:/y/..:ro: the place inside is the root itself");
	bad(f, "-v /x:/y:rx host", "--volume /x:/y:rx: rx: no such mount option here");
	bad(f, "-v /x:/y:ro, host", "--volume /x:/y:ro,: : no such mount option here");
	bad(f, "-v /x:/y:Z host", "--volume /x:/y:Z: Z: SELinux labels cannot be set yet");
	bad(f, "-v /x:/y:size=3 host", "--volume /x:/y:size=3: size=3: no such mount option here");
	bad(f, "-v /x:/y --tmpfs /y/ host", "/y is given twice by -v, --mount or --tmpfs");
}

static void mounts(void **state)
{
	struct fixture *f = *state;
	const struct nk_mount_spec *m;

	good(f, "--mount type=bind,source=/a,target=/b,readonly "
		"--mount type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=755,exec "
		"--mount type=overlay,src=/o,destination=/p "
		"--mount \"src=/w,1\",dst=/q,bind-propagation=rshared,readonly=false host");
	m = f->r.spec.mounts.v;
	assert_int_equal(f->r.spec.mounts.n, 4);
	assert_true(m[0].attr_set & MOUNT_ATTR_RDONLY);
	assert_int_equal(m[1].kind, NK_MOUNT_TMPFS);
	assert_int_equal(m[1].size, 1 << 20);
	assert_int_equal(m[1].mode, 0755);
	assert_false(m[1].attr_set & MOUNT_ATTR_NOEXEC);
	assert_int_equal(m[2].kind, NK_MOUNT_OVERLAY);
	assert_string_equal(m[2].source, "/o");
	assert_string_equal(m[3].source, "/w,1");
	assert_int_equal(m[3].propagation, MS_SHARED);
	assert_int_equal(m[3].attr_clear, MOUNT_ATTR_RDONLY);
	bad(f, "--mount type=volume,source=x,target=/b host",
	    "--mount type=volume,source=x,target=/b: no such type of mount");
	bad(f, "--mount source=/x host", "--mount source=/x: where shall it be seen inside?");
	bad(f, "--mount target=/x host", "--mount target=/x: no source is given");
	bad(f, "--mount type=tmpfs,src=/y,dst=/x host",
	    "--mount type=tmpfs,src=/y,dst=/x: a tmpfs has no source");
	bad(f, "--mount src=/a,dst=/b,readonly=maybe host",
	    "--mount src=/a,dst=/b,readonly=maybe: readonly=maybe: neither true nor false");
	bad(f, "--mount \"src=/a,dst=/b host", "--mount \"src=/a,dst=/b: a quote is not closed");
	bad(f, "--mount src=/a,dst=/b,frob host",
	    "--mount src=/a,dst=/b,frob: frob: no such mount option here");
}

static void tmpfs_and_devices(void **state)
{
	struct fixture *f = *state;

	good(f, "--tmpfs /t:size=64k,mode=1700,uid=5,gid=6 --tmpfs /u --shm-size 1m "
		"--device /dev/fuse --device /dev/null:/dev/x:r --device /dev/zero:rm host");
	const struct nk_mount_spec *m = f->r.spec.mounts.v;
	assert_int_equal(m[0].size, 65536);
	assert_int_equal(m[0].mode, 01700);
	assert_string_equal(m[0].fs_options, "uid=5,gid=6");
	assert_int_equal(m[1].mode, -1);
	assert_true(m[1].attr_set & MOUNT_ATTR_NOEXEC);
	assert_int_equal(f->r.spec.shm_size, 1 << 20);
	const struct nk_device_spec *d = f->r.spec.devices.v;
	assert_string_equal(d[0].target, "/dev/fuse");
	assert_string_equal(d[0].access, "rwm");
	assert_string_equal(d[1].target, "/dev/x");
	assert_string_equal(d[1].access, "r");
	assert_string_equal(d[2].target, "/dev/zero");
	assert_string_equal(d[2].access, "rm");
	bad(f, "--tmpfs /t:mode=8 host", "--tmpfs /t:mode=8: mode=8: not a file mode");
	bad(f, "--tmpfs /t:mode=77777 host", "--tmpfs /t:mode=77777: mode=77777: not a file mode");
	bad(f, "--tmpfs /t:uid=-1 host", "--tmpfs /t:uid=-1: uid=-1: not a number");
	bad(f, "--tmpfs /t:rbind host", "--tmpfs /t:rbind: rbind: no such mount option here");
	bad(f, "--tmpfs t host", "--tmpfs t: the place inside is not an absolute path");
	bad(f, "--device fuse host", "--device fuse: not a device");
	bad(f, "--device /dev/a:/dev/b:rwx host", "--device /dev/a:/dev/b:rwx: not a device");
	bad(f, "--shm-size 0 host", "--shm-size 0: not a size");
}

static void limits(void **state)
{
	struct fixture *f = *state;
	const struct nk_resources *l = &f->r.spec.resources;

	good(f, "host");
	assert_false(nk_resources_any(l));
	good(f, "-m 64m --memory-swap -1 --memory-reservation 32m --cpus 1.5 -c 512 "
		"--cpuset-cpus 0-1 --cpuset-mems 0 --pids-limit 7 --blkio-weight 20 "
		"--device-read-bps /dev/a:1m --device-write-bps /dev/b:2k host");
	assert_true(l->memory == 64 << 20 && l->memory_swap == -1 &&
		    l->memory_reservation == 32 << 20);
	assert_int_equal(l->cpu_period, 100000);
	assert_int_equal(l->cpu_quota, 150000);
	assert_int_equal(l->cpu_shares, 512);
	assert_string_equal(l->cpuset_cpus, "0-1");
	assert_int_equal(l->pids, 7);
	assert_int_equal(l->blkio_weight, 20);
	assert_string_equal(l->read_bps.v[0].path, "/dev/a");
	assert_int_equal(l->read_bps.v[0].rate, 1 << 20);
	assert_int_equal(l->write_bps.v[0].rate, 2048);
	good(f, "--pids-limit 0 --memory 0 host");
	assert_int_equal(l->pids, -1);
	assert_true(l->memory == NK_UNSET);
	good(f, "--cpus 0.01 host");
	assert_int_equal(l->cpu_quota, 1000);
	good(f, "--cpu-quota 20000 --cpu-period 50000 host");
	assert_int_equal(l->cpu_quota, 20000);
	bad(f, "--memory 12x host", "--memory 12x: not a size");
	bad(f, "--memory -1 host", "--memory -1: not a size");
	bad(f, "--cpus 0.001 host", "--cpus 0.001: not a number of CPUs");
	bad(f, "--cpus -1 host", "--cpus -1: not a number of CPUs");
	bad(f, "--cpus 1 --cpu-quota 5000 host",
	    "--cpus does not go with --cpu-period and --cpu-quota");
	bad(f, "--cpu-shares 1 host", "--cpu-shares 1: out of range");
	bad(f, "--blkio-weight 1001 host", "--blkio-weight 1001: out of range");
	bad(f, "--pids-limit -2 host", "--pids-limit -2: not a number of processes");
	bad(f, "--cpuset-cpus 3-1 host", "--cpuset-cpus 3-1: not a list of numbers");
	bad(f, "--memory-swap 1g host", "--memory-swap without --memory");
	bad(f, "-m 2g --memory-swap 1g host", "--memory-swap is less than --memory");
	bad(f, "-m 1g --memory-reservation 2g host", "--memory-reservation is more than --memory");
	bad(f, "--device-read-bps vda:1m host",
	    "--device-read-bps vda:1m: not a device and its bytes per second");
	bad(f, "--cgroup-parent /a/../b host", "--cgroup-parent /a/../b: leads upwards");
	bad(f, "--cgroup-parent / host", "--cgroup-parent /: no group is named");
	good(f, "--cgroup-parent /a..b/c host");
	assert_string_equal(f->r.spec.cgroup_parent, "/a..b/c");
}

static void ulimits_and_security(void **state)
{
	struct fixture *f = *state;
	const struct nk_rlimit *u;

	good(f, "--ulimit nofile=8 --ulimit core=-1:unlimited --ulimit nofile=9:10 host");
	u = f->r.spec.rlimits.v;
	assert_int_equal(f->r.spec.rlimits.n, 2);
	assert_int_equal(u[0].resource, RLIMIT_NOFILE);
	assert_int_equal(u[0].soft, 9);
	assert_int_equal(u[0].hard, 10);
	assert_true(u[1].soft == RLIM_INFINITY);
	bad(f, "--ulimit nofile=10:9 host",
	    "--ulimit nofile=10:9: the soft limit is above the hard one");
	bad(f, "--ulimit nofiles=1 host", "--ulimit nofiles=1: not a limit of processes");
	bad(f, "--ulimit nofile=x host", "--ulimit nofile=x: not a limit of processes");
	bad(f, "--ulimit nofile host", "--ulimit nofile: not a limit of processes");
	bad(f, "--ulimit nofile=1:2:3 host", "--ulimit nofile=1:2:3: not a limit of processes");
	good(f, "--security-opt no-new-privileges --security-opt seccomp=/p.json host");
	assert_true(f->r.spec.no_new_privs);
	assert_int_equal(f->r.spec.seccomp, NK_SECCOMP_FILE);
	assert_string_equal(f->r.spec.seccomp_file, "/p.json");
	good(f, "--security-opt no-new-privileges:false --security-opt seccomp:unconfined host");
	assert_false(f->r.spec.no_new_privs);
	assert_int_equal(f->r.spec.seccomp, NK_SECCOMP_UNCONFINED);
	bad(f, "--security-opt seccomp= host", "--security-opt seccomp=: no such security option");
	bad(f, "--security-opt frob host", "--security-opt frob: no such security option");
	bad(f, "--security-opt label=disable host",
	    "--security-opt label=disable: labels of AppArmor and SELinux cannot be chosen yet");
	parse(f, "--preserve-fds 900 host");
	assert_true(f->result < 0);
	assert_non_null(strstr(f->e.msg, "is not open"));
}

static void environment(void **state)
{
	struct fixture *f = *state;
	char path[64], line[200];

	setenv("NOOK_TEST_OWN", "mine", 1);
	unsetenv("NOOK_TEST_NONE");
	snprintf(path, sizeof(path), "%s/env", etc);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs("# comment\n\nA=1\n  B=two words \nNOOK_TEST_OWN\nNOOK_TEST_NONE\nPATH=/x", file);
	fclose(file);
	snprintf(line, sizeof(line), "-e A=9 --env-file %s -e NOOK_TEST_NONE -e C= host", path);
	good(f, line);
	assert_string_equal(env_of(&f->r.spec, "A"), "9"); /* -e after files, wherever it stands */
	assert_string_equal(env_of(&f->r.spec, "B"), "two words ");
	assert_string_equal(env_of(&f->r.spec, "C"), "");
	assert_string_equal(env_of(&f->r.spec, "NOOK_TEST_OWN"), "mine");
	assert_string_equal(env_of(&f->r.spec, "PATH"), "/x");
	assert_null(env_of(&f->r.spec, "NOOK_TEST_NONE"));
	bad(f, "-e =x host", "--env =x: a variable has a name");
	bad(f, "--env-file /nowhere host", "--env-file /nowhere: No such file or directory");
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("A=1\nB C=2\n", file);
	fclose(file);
	snprintf(line, sizeof(line), "--env-file %s host", path);
	parse(f, line);
	assert_true(f->result < 0);
	assert_non_null(strstr(f->e.msg, "line 2: white space in the name of a variable"));
	unlink(path);
}

static void etc_files(void **state)
{
	struct fixture *f = *state;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/resolv.conf", etc);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("nameserver 1.2.3.4\nsearch home\noptions ndots:3", file);
	fclose(file);
	good(f, "--hostname web --add-host db:10.0.0.5 --add-host v6=[::1] host");
	assert_string_equal(f->r.spec.etc_hostname, "web\n");
	assert_string_equal(f->r.spec.etc_hosts,
			    "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
			    "127.0.0.1\tweb\n10.0.0.5\tdb\n::1\tv6\n");
	assert_string_equal(f->r.spec.etc_resolv, "# no network: no name server\n");
	good(f, "--network host host");
	assert_string_equal(f->r.spec.etc_hosts, "");
	assert_string_equal(f->r.spec.etc_resolv,
			    "nameserver 1.2.3.4\nsearch home\noptions ndots:3\n");
	good(f,
	     "--network host --dns 9.9.9.9 --dns-search a --dns-search b --dns-option edns0 host");
	assert_string_equal(f->r.spec.etc_resolv,
			    "nameserver 9.9.9.9\nsearch a b\noptions edns0\n");
	good(f, "--network host --dns-search . host");
	assert_string_equal(f->r.spec.etc_resolv, "nameserver 1.2.3.4\noptions ndots:3\n");
	good(f, "--no-hosts --no-hostname host");
	assert_null(f->r.spec.etc_hosts);
	assert_null(f->r.spec.etc_hostname);
	bad(f, "--add-host db host", "--add-host db: not a name with its address");
	bad(f, "--add-host db:10.0.0 host", "--add-host db:10.0.0: not a name with its address");
	bad(f, "--add-host~a b:1.2.3.4~host",
	    "--add-host a b:1.2.3.4: not a name with its address");
	bad(f, "--dns x host", "--dns x: not an address");
	bad(f, "--dns-search~a b~host", "--dns-search a b: not one word");
	bad(f, "--no-hosts --add-host a:1.2.3.4 host", "--add-host does not go with --no-hosts");
	unlink(path);
}

static void others(void **state)
{
	struct fixture *f = *state;

	good(f, "-w /a/../b --explain=c --timeout 9 --cap-add NET_ADMIN --cap-drop ALL -u 5:6 "
		"--group-add 7 --debug --rm --privileged --read-only host");
	assert_string_equal(f->r.spec.cwd, "/b");
	assert_int_equal(f->r.explain, NK_EXPLAIN_C);
	assert_int_equal(f->r.timeout, 9);
	assert_string_equal(f->r.cap_add.v[0], "NET_ADMIN");
	assert_true(f->r.debug && f->r.rm && f->r.spec.privileged && f->r.spec.read_only);
	assert_int_equal(nk_run_user(&f->r, &f->a, NULL, 0, NULL, 0, &f->e), 0);
	assert_int_equal(f->r.spec.uid, 5);
	assert_int_equal(f->r.spec.gid, 6);
	assert_int_equal(f->r.spec.groups.v[0], 7);
	assert_string_equal(env_of(&f->r.spec, "HOME"), "/");
	good(f, "-u nobody -e HOME=/h host");
	assert_true(nk_run_user(&f->r, &f->a, NULL, 0, NULL, 0, &f->e) < 0);
	assert_string_equal(f->e.msg, "who runs the command: no user \"nobody\" in the command's "
				      "/etc/passwd");
	good(f, "--explain host true");
	assert_int_equal(f->r.explain, NK_EXPLAIN_WORDS);
	bad(f, "--explain=x host", "--explain x: no such way to explain");
	bad(f, "-w b host", "--workdir b: not an absolute path");
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(reference_and_command),
		T(a_shell_talks_to_a_terminal),
		T(rootfs_suffixes),
		T(identity),
		T(default_namespaces),
		T(chosen_namespaces),
		T(id_maps),
		T(time_offsets),
		T(sysctls),
		T(volumes),
		T(mounts),
		T(tmpfs_and_devices),
		T(limits),
		T(ulimits_and_security),
		T(environment),
		T(etc_files),
		T(others),
	};

	if (!mkdtemp(etc))
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(etc);
	return failed;
}
