/* SPDX-License-Identifier: Apache-2.0 */
/* The options of `nook run`, by topic. */
#include "cli/run_set.h"

#define AT(member) .offset = offsetof(struct nk_run_request, member)
#define SPEC(member) AT(spec.member)
#define LIMIT(member) AT(spec.resources.member)
#define SET(name) .set = nk_run_set_##name

/* -t and -i, given either way, say that the person has decided about the terminal. */
static int set_tty(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	((struct nk_run_request *)use->target)->tty_given = true;
	return nk_set_flag(use, value, e);
}

#define NS_WORDS "private host ns: container:"

const struct nk_option nk_run_table[] = {
	{"rootfs", .metavar = "DIR[:O][:idmap]", .group = "Root file system", .values = "@dir",
	 .help = "run in this directory's files; with :O changes are thrown away",
	 .more = "Without it the first word is the reference: *host*, this machine's own programs "
		 "below throw-away layers. With *:idmap* the files' owners are shown through the "
		 "container's user namespace. With *:O* in a user namespace (an ordinary user's, "
		 "or "
		 "*--userns auto*) a directory of DIR that has files cannot be removed before "
		 "Linux 6.6: *rm -r* answers EIO, since tmpfs has no user xattrs there; *nook "
		 "doctor* tells.",
	 SET(rootfs)},
	{"read-only", .help = "nothing in the root can be written", .set = nk_set_flag,
	 SPEC(read_only)},
	{"storage-opt", .metavar = "size=SIZE", .help = "how much the throw-away layer may hold",
	 .values = "size=", SET(storage_opt)},
	{"volume", 'v', .metavar = "SOURCE:TARGET[:OPTIONS]",
	 .help = "show a file or directory of the host inside", .values = "@file",
	 .more = "OPTIONS is a list of *ro*, *rw*, *nosuid*, *nodev*, *noexec*, *suid*, *dev*, "
		 "*exec*, *rbind* (default), *bind*, *rprivate* (default), *rslave*, *rshared*, "
		 "*noatime*, *idmap* (the container's ids own its files) and *O* (changes are "
		 "thrown away). *nosuid* and *nodev* are the default, as with Podman. What "
		 "restricts holds for the mounts below too. The source has to exist.",
	 SET(volume)},
	{"mount", .metavar = "KEY=VALUE,...",
	 .help = "the same in words: type=bind|tmpfs|overlay,source=,target=",
	 .more = "Further keys: *readonly*, *bind-propagation*=, *bind-nonrecursive*, "
		 "*tmpfs-size*=, *tmpfs-mode*=, and each word that *--volume* knows. A field with "
		 "a comma stands in double quotes.",
	 .values = "type=bind,source= type=tmpfs,target= type=overlay,source=", SET(mount)},
	{"tmpfs", .metavar = "TARGET[:OPTIONS]", .help = "an empty directory in memory",
	 .more = "OPTIONS as *size*=64m, *mode*=1777, *uid*=, *gid*=, *exec*; the default is "
		 "*noexec*,*nosuid*,*nodev*.",
	 SET(tmpfs)},
	{"device", .metavar = "SOURCE[:TARGET[:rwm]]", .help = "give a device of the host",
	 .values = "@file", SET(device)},
	{"shm-size", .metavar = "SIZE", .help = "room in /dev/shm (default 64m)", SET(shm_size)},

	{"env", 'e', .metavar = "NAME[=VALUE]", .group = "Process",
	 .help = "set a variable, or hand on your own", SET(env)},
	{"env-file", .metavar = "FILE", .help = "read variables, a line each", .values = "@file",
	 .set = nk_set_list, AT(env_files)},
	{"workdir", 'w', .metavar = "DIR", .help = "where the command starts (default /)",
	 SET(workdir)},
	{"user", 'u', .metavar = "USER[:GROUP]",
	 .help = "who runs the command: names of the container's passwd and group, or numbers",
	 .set = nk_set_string, AT(user)},
	{"group-add", .metavar = "GROUP", .help = "one more group", .set = nk_set_list,
	 AT(group_add)},
	{"entrypoint", .metavar = "PROGRAM", .help = "the program; the command is its arguments",
	 .more = "A JSON list gives several words: '\\[\"nice\", \"-n5\"\\]'.",
	 .set = nk_set_string, AT(entrypoint)},
	{"init", .help = "a small process 1 that forwards signals and reaps orphans",
	 .set = nk_set_flag, AT(init)},
	{"interactive", 'i', .help = "standard input goes to the command", .set = set_tty,
	 SPEC(interactive)},
	{"tty", 't', .help = "give the command a terminal of its own", .set = set_tty,
	 SPEC(terminal)},
	{"timeout", .metavar = "SECONDS",
	 .help = "kill it when it runs longer; the exit code is 137 then", .set = nk_set_unsigned,
	 AT(timeout)},
	{"preserve-fds", .metavar = "N", .help = "hand on descriptors 3 to 3+N-1",
	 SET(preserve_fds), SPEC(preserve_fds)},

	{"name", .metavar = "NAME", .group = "Names", .help = "what to call the container",
	 SET(name), SPEC(name)},
	{"hostname", 'h', .metavar = "NAME", .help = "the host name inside (default: the short id)",
	 SET(hostname), SPEC(hostname)},
	{"domainname", .metavar = "NAME", .help = "the NIS domain name inside", SET(hostname),
	 SPEC(domainname)},
	{"rm", .help = "keep nothing afterwards (for now nothing is kept in any case)",
	 .set = nk_set_flag, AT(rm)},

	{"userns", .metavar = "MODE", .group = "Namespaces",
	 .values = "private host auto map ns: container:",
	 .help = "users: private, host, auto, map, ns:PATH, container:NAME",
	 .more = "*private* and *auto* choose ids from /etc/subuid and /etc/subgid; *map* takes "
		 "*--uidmap* and *--gidmap*. Default: private, but for root with *--rootfs*, where "
		 "it is host.",
	 SET(userns)},
	{"uidmap", .metavar = "INSIDE:OUTSIDE:LENGTH",
	 .help = "a range of user ids; implies --userns map", SET(uidmap)},
	{"gidmap", .metavar = "INSIDE:OUTSIDE:LENGTH",
	 .help = "a range of group ids (default: as --uidmap)", SET(gidmap)},
	{"network", .metavar = "NAME[:KEY=VALUE,...]",
	 .values = "nook none pasta slirp4netns private host ns: container:",
	 .help = "a network by name (repeatable; root's default: nook), none (loopback only), "
		 "host, ns:PATH, container:NAME",
	 .more = "Each network by name is a card: *eth0*, *eth1*, ... Keys are *ip*, *ip6*, *mac*, "
		 "*ifname* and *alias* (repeatable). The network *nook* is made when it is first "
		 "used; *bridge* and *default* mean it, too. *nook network ls* lists the others. "
		 "An ordinary user gets *pasta*, else *slirp4netns*, else nothing with a notice; "
		 "both take the user's right to open /dev/net/tun, and either may be asked for by "
		 "its name. An ordinary user's networks by name are in a network namespace of that "
		 "user's, which is there while containers are on them. "
		 "The variable *NOOK_NETWORK* says what it is where the option is not given.",
	 SET(network)},
	{"net", .metavar = "NAME", .hidden = true, .help = "as --network", SET(network)},
	{"pid", .metavar = "MODE", .values = NS_WORDS,
	 .help = "processes: private (default), host, ns:PATH, container:NAME", SET(pid)},
	{"ipc", .metavar = "MODE", .values = NS_WORDS, .help = "queues and shared memory, likewise",
	 SET(ipc)},
	{"uts", .metavar = "MODE", .values = NS_WORDS, .help = "host name, likewise", SET(uts)},
	{"cgroupns", .metavar = "MODE", .values = NS_WORDS,
	 .help = "view of control groups, likewise", SET(cgroupns)},
	{"time", .metavar = "MODE", .values = NS_WORDS,
	 .help = "clocks: host (default), private, ns:PATH, container:NAME", SET(time)},
	{"time-offset", .metavar = "CLOCK=TIME,...", .values = "monotonic= boottime=",
	 .help = "shift monotonic and boottime: monotonic=1h,boottime=7d", SET(time_offset)},
	{"sysctl", .metavar = "KEY=VALUE",
	 .help = "a kernel setting of the container's own namespaces", SET(sysctl)},

	{"publish", 'p', .metavar = "[HOSTIP:][HOSTPORT]:PORT[/PROTOCOL]", .group = "Network",
	 .help = "a port of this machine leads into the container: 8080:80",
	 .more = "Ranges lead to ranges: *8000-8009:80-89*. An IPv6 address stands in brackets: "
		 "*[::1]:8080:80*. Without HOSTIP it is all addresses of both families, without "
		 "HOSTPORT a free port, which *nook ps* shows. PROTOCOL is *tcp* or *udp*.",
	 SET(publish)},
	{"publish-all", 'P', .help = "the same for each --expose, with free ports",
	 .set = nk_set_flag, AT(publish_all)},
	{"expose", .metavar = "PORT[-PORT][/PROTOCOL]", .help = "a port that the program serves",
	 SET(expose)},
	{"ip", .metavar = "IP", .help = "this IPv4 address on the network", SET(card_ip)},
	{"ip6", .metavar = "IP", .help = "this IPv6 address on the network", SET(card_ip)},
	{"mac-address", .metavar = "MAC", .help = "this hardware address of the card",
	 SET(card_mac)},
	{"network-alias", .metavar = "NAME", .help = "one more name on the network",
	 SET(card_alias)},

	{"firewall", .metavar = "RULE",
	 .help = "what may pass (repeatable): 'in accept tcp 80 from 192.168.0.2', 'in drop'",
	 .more = "RULE is *in* or *out*, *accept* or *drop*, then perhaps a protocol (*tcp*, *udp* "
		 "with a port or a range, *icmp*) and *from* or *to* an address or subnet. The "
		 "first "
		 "rule that fits decides; what none fits passes. Loopback and answers to what was "
		 "let through pass always. The rules are in the container's own network namespace, "
		 "so it runs without NET_ADMIN and NET_RAW. *nook firewall* shows and changes "
		 "them.",
	 SET(firewall)},
	{"egress", .metavar = "allow=HOST,...",
	 .help = "only these names can be reached (repeatable); *.DOMAIN, addresses too",
	 .more = "All else that the container sends is dropped, and its only name server is "
		 "nook's, "
		 "which refuses other names without asking anybody. An address can be reached from "
		 "its answer until the answer's time is over; connections may outlive it. Answers "
		 "with private, loopback or link-local addresses are refused, unless the word is "
		 "HOST*@private*. Servers that share an address with an allowed name can be "
		 "reached "
		 "by it as well.",
	 .values = "allow=", SET(egress)},

	{"add-host", .metavar = "NAME:IP", .group = "Name service", .help = "a line in /etc/hosts",
	 .more = "The address *host-gateway* is this machine's on the network.", SET(add_host)},
	{"dns", .metavar = "IP", .help = "a name server in /etc/resolv.conf",
	 .more = "It takes the place of the network's own, so that names of containers are not "
		 "found.",
	 SET(dns)},
	{"dns-search", .metavar = "DOMAIN", .help = "a search domain in /etc/resolv.conf",
	 SET(dns_word), AT(dns_search)},
	{"dns-option", .metavar = "OPTION", .help = "an option in /etc/resolv.conf", SET(dns_word),
	 AT(dns_option)},
	{"no-hosts", .help = "leave /etc/hosts as it is", .set = nk_set_flag, AT(no_hosts)},
	{"no-hostname", .help = "leave /etc/hostname as it is", .set = nk_set_flag,
	 AT(no_hostname)},

	{"cap-add", .metavar = "CAP", .group = "Rights", .help = "give a capability, or ALL",
	 .more = "With SYS_ADMIN a process inside can take masks of /proc and read-only flags of "
		 "its "
		 "mounts away again; with *--userns auto* what the kernel itself keeps for the "
		 "host's root stays out of reach.",
	 .values = "@capability", .set = nk_set_list, AT(cap_add)},
	{"cap-drop", .metavar = "CAP", .help = "take a capability away, or ALL",
	 .values = "@capability", .set = nk_set_list, AT(cap_drop)},
	{"security-opt", .metavar = "OPTION",
	 .values = "no-new-privileges seccomp= seccomp=unconfined mask=",
	 .help = "no-new-privileges, seccomp=FILE, seccomp=unconfined, mask=PATH:PATH",
	 SET(security_opt)},
	{"privileged", .help = "all rights, all devices, nothing masked", .set = nk_set_flag,
	 SPEC(privileged)},

	{"memory", 'm', .metavar = "SIZE", .group = "Limits", .help = "memory: 64m, 1g", SET(bytes),
	 LIMIT(memory)},
	{"memory-swap", .metavar = "SIZE", .help = "memory and swap together; -1: any",
	 SET(memory_swap), LIMIT(memory_swap)},
	{"memory-reservation", .metavar = "SIZE", .help = "memory that is kept when it gets short",
	 SET(bytes), LIMIT(memory_reservation)},
	{"cpus", .metavar = "N", .help = "time of so many CPUs: 1.5", SET(cpus)},
	{"cpu-shares", 'c', .metavar = "N",
	 .help = "share among others, 2 to 262144 (default 1024)", SET(cpu_shares),
	 LIMIT(cpu_shares)},
	{"cpu-period", .metavar = "MICROSECONDS", .help = "in each period ...", SET(cpu_time),
	 LIMIT(cpu_period)},
	{"cpu-quota", .metavar = "MICROSECONDS", .help = "... so much time of a CPU", SET(cpu_time),
	 LIMIT(cpu_quota)},
	{"cpuset-cpus", .metavar = "LIST", .help = "only these CPUs: 0-3,7", SET(cpu_list),
	 LIMIT(cpuset_cpus)},
	{"cpuset-mems", .metavar = "LIST", .help = "only these memory nodes", SET(cpu_list),
	 LIMIT(cpuset_mems)},
	{"pids-limit", .metavar = "N", .help = "processes and threads; -1: any", SET(pids_limit),
	 LIMIT(pids)},
	{"blkio-weight", .metavar = "N", .help = "share of the disks, 10 to 1000",
	 SET(blkio_weight), LIMIT(blkio_weight)},
	{"device-read-bps", .metavar = "DEVICE:RATE", .help = "bytes a second read: /dev/vda:10m",
	 .values = "@file", SET(device_bps)},
	{"device-write-bps", .metavar = "DEVICE:RATE", .help = "bytes a second written",
	 .values = "@file", SET(device_bps)},
	{"ulimit", .metavar = "NAME=SOFT[:HARD]",
	 .help = "a limit of the process: nofile=1024:4096",
	 .values =
		 "as= core= cpu= data= fsize= locks= memlock= msgqueue= nice= nofile= nproc= rss= "
		 "rtprio= rttime= sigpending= stack=",
	 SET(ulimit)},
	{"cgroup-parent", .metavar = "PATH", .help = "the control group to be in",
	 SET(cgroup_parent), SPEC(cgroup_parent)},

	{"explain", .optional = true, .metavar = "FORMAT", .group = "See it",
	 .values = "words json c sh",
	 .help = "print each step and run nothing; FORMAT: words (default), json, c, sh",
	 SET(explain)},
	{"debug", .help = "show each step as it is done, with its time", .set = nk_set_flag,
	 AT(debug)},
#ifdef NOOK_FAULT
	{"fault", .hidden = true, .metavar = "STEP:before|after:fail|kill",
	 .help = "let a step go wrong (tests)", SET(fault)},
#endif
	{0},
};
