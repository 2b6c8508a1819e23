/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of other programs, and ours. They are answered with a hint and not obeyed: a letter
 * of theirs is often another option here (nsenter -t PID and a terminal, unshare -u and a user).
 */
#include "cli/habits.h"

#include <stddef.h>
#include <string.h>

struct habit {
	const char *command;
	const char *words; /* each between blanks */
	const char *hint;
};

#define NAMED "kinds are whole words here: --mount --uts --ipc --net --pid --user --cgroup --time"
#define TYPED "nook ns enter --type net,uts TARGET COMMAND; without --type all kinds"
#define FORKS "leave it away: nook always starts the command in a process of its own"

/* clang-format off: the table is read in columns */
static const struct habit options[] = {
	{"ns run", " -r --map-root-user ", "--map root: you are root inside; it implies --user"},
	{"ns run", " -c --map-current-user ", "--map current: the same number inside as outside"},
	{"ns run", " --map-auto ",
	 "--map auto: root inside is you, and your subordinate ids follow"},
	{"ns run", " --map-user --map-users ", "--uidmap INSIDE:OUTSIDE:LENGTH, as 0:100000:65536"},
	{"ns run", " --map-group --map-groups ",
	 "--gidmap INSIDE:OUTSIDE:LENGTH, as 0:100000:65536"},
	{"ns run", " -f --fork ", FORKS},
	{"ns run", " --kill-child ", "leave it away: when nook dies, so does the command"},
	{"ns run", " --boottime --monotonic ",
	 "--time-offset boottime=86400,monotonic=1h; it implies --time"},
	{"ns run", " -S --setuid -G --setgid ", "--run-as USER:GROUP, or -u"},
	{"ns run", " -w --wd --workdir ", "have the command change it: sh -c 'cd DIR && …'"},
	{"ns run", " -R --root --rootfs ", "nook run --rootfs DIR: a container in that directory"},
	{"ns run", " --network ", "--net: a network of its own"},
	{"ns run", " -m -i -n -p -U -C -T ", NAMED},

	{"ns run", " --propagation ", "leave it away: what is mounted inside stays inside"},

	{"ns enter", " -t --target ", "the process is a word: nook ns enter PID COMMAND"},
	{"ns enter", " -a ", "leave it away: without --type all are entered"},
	{"ns enter", " -m --mount -u --uts -i --ipc -n --net -p --pid -C -U -T --time ", TYPED},
	{"ns enter", " -S --setuid -G --setgid ",
	 "-u USER:GROUP, names or numbers there; --ids: as the target has them"},
	{"ns enter", " -r ", "--root: the root directory of the target"},
	{"ns enter", " --wd ", "--cwd: the working directory of the target; -w DIR: this one"},
	{"ns enter", " -e ", "--env: the environment of the target"},
	{"ns enter", " -F --no-fork ", FORKS},

	{"ns ls", " -J --json ", "--format json"},
	{"ns ls", " -T --tree ", "nook ns tree shows how they hang together"},
	{"ns ls", " -o --output --output-all ", "--format json has every column, for jq"},
	{"ns ls", " -n --noheadings -r --raw ",
	 "--format csv for programs, --quiet for TYPE:[INODE] alone"},
	{"ns ls", " -l --list -u --notruncate -W --nowrap ",
	 "a pipe gets every column, uncut: nook ns ls | cat"},
	{"ns tree", " -J --json ", "--format json"},
	{"ns tree", " -p --pid ", "the process is a word: nook ns tree PID"},
	{"ns show", " -J --json ", "--format json"},
	{"ns show", " -p --pid -t --target ", "the process is a word: nook ns show PID"},
	{"ns diff", " -J --json ", "--format json"},

	{"ns exec", " --all -a --all-pids ", "--all-names --net: in every network with a name"},
	{"ns rm", " -a --all ", "name each: nook ns rm NAME NAME; nook ns ls shows names"},
	{"ns rm", " -f --force ", "leave it away: a name goes also while processes are inside"},
	{"network create", " --scope --attachable --ingress --config-only --config-from ",
	 "leave it away: nook's networks are this machine's, and any container can be put on them"},
	{"network create", " --aux-address ",
	 "--ip-range names the part of the subnet that addresses are leased from"},
	{"network create", " --ipam-opt ", "--ipam host-local, dhcp or none is all there is"},
	{"network create", " --route ", "containers leave a network by its gateway"},
	{"network ls", " -f --filter ", "nook network ls --format json | jq '.[] | select(…)'"},
	{"network ls", " -n --noheading ", "--quiet: only the names"},
	{"network prune", " --filter ", "nook network rm NAME removes one network"},
	{"network connect", " --link --link-local-ip --driver-opt --gw-priority ",
	 "containers of a network find each other by name; --alias gives further names"},
	{"unshare", " -r --map-root-user -U --user -f --fork ",
	 "leave it away: you are root inside in any case"},
	{"unshare", " -m --mount ", "leave it away: the mount namespace is new in any case"},
	{"unshare", " -u --uts -i --ipc -n --net -p --pid --mount-proc -C --cgroup -T --time ",
	 "nook ns run makes the other kinds: nook ns run --map auto --mount --net COMMAND"},
	{"unshare", " --rootless-netns ",
	 "nook unshare keeps the network; nook ns enter NAME COMMAND enters one"},
	{0},
};

static const struct habit commands[] = {
	{"ns", " list lsns ps ", "nook ns ls lists them"},
	{"ns", " add create new ", "nook ns hold net --name NAME makes one that stays"},
	{"ns", " attach ", "nook ns hold net --pid PID --name NAME"},
	{"ns", " del delete remove unhold release ", "nook ns rm NAME lets it go"},
	{"ns", " inspect info identify ", "nook ns show PID, or nook ns ls --pid PID"},
	{"ns", " pids ",
	 "nook ns ls --format json counts them; nook ns pid translates process numbers"},
	{"ns", " sh shell join nsenter ", "nook ns enter PID runs a shell in its namespaces"},
	{"ns", " unshare ", "nook ns run --net COMMAND, with the kinds that shall be new"},
	{"network", " list ps ", "nook network ls lists them"},
	{"network", " remove delete del destroy ", "nook network rm NAME removes it"},
	{"network", " add new make ", "nook network create NAME makes one"},
	{"network", " show info exists ", "nook network inspect NAME tells all about it"},
	{"network", " graph tree diagram ", "nook network map shows all of them"},
	{"network", " update ", "nook network rm NAME, and create it anew"},
	{"", " brctl bridge ", "nook network create NAME makes a LAN; nook network map shows all"},
	{"", " lsns ", "nook ns ls lists namespaces"},
	{"", " nsenter ", "nook ns enter PID COMMAND"},
	{"", " netns ",
	 "nook ns ls --type net, nook ns hold net --name NAME, nook ns enter NAME COMMAND"},
	{0},
};
/* clang-format on */

static const char *find(const struct habit *table, const char *command, const char *word, size_t n)
{
	for (const struct habit *h = table; n && h->command; h++) {
		if (strcmp(h->command, command) != 0)
			continue;
		for (const char *at = h->words; (at = strchr(at, ' ')) && at[1]; at++)
			if (!strncmp(at + 1, word, n) && at[1 + n] == ' ')
				return h->hint;
	}
	return NULL;
}

const char *nk_habit_option(const char *command, const char *option)
{
	size_t n = strcspn(option, "=");

	if (option[0] != '-' || !option[1])
		return NULL;
	/* Of "-rmpf" the first letter counts. */
	return find(options, command, option, option[1] == '-' ? n : 2);
}

const char *nk_habit_command(const char *group, const char *word)
{
	return find(commands, group, word, strlen(word));
}
