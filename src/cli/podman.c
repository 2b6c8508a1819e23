/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `podman run` (5.x) has and `nook run` has not. From this table come the
 * answer to somebody who types such an option, and docs/options.md.
 */
#include "cli/podman.h"

#include <string.h>

#include "cli/help.h"
#include "cli/run_options.h"

#define IMAGES "with images"
#define KEPT "with containers that are kept"
#define HEALTH "with containers that are kept and watched"

const struct nk_absent nk_podman_absent[] = {
	{"annotation", 0, false, KEPT},
	{"arch", 0, false, IMAGES},
	{"attach", 'a', false, KEPT},
	{"authfile", 0, false, IMAGES},
	{"blkio-weight-device", 0, false, "with the other limits of single devices"},
	{"cgroup-conf", 0, false, "with the other limits of cgroup v2"},
	{"cgroups", 0, false, "a container without a cgroup of its own cannot be stopped surely"},
	{"chrootdirs", 0, true, "a work-around of other root file systems than a container's"},
	{"cidfile", 0, false, KEPT},
	{"conmon-pidfile", 0, true,
	 "there is no conmon; the monitor of nook is found by nook inspect"},
	{"cpu-rt-period", 0, true,
	 "real-time groups of cgroup v1, which current kernels switch off"},
	{"cpu-rt-runtime", 0, true,
	 "real-time groups of cgroup v1, which current kernels switch off"},
	{"decryption-key", 0, false, IMAGES},
	{"detach", 'd', false, KEPT},
	{"detach-keys", 0, false, KEPT},
	{"device-cgroup-rule", 0, false, "with the device rules of cgroup v2"},
	{"device-read-iops", 0, false, "with the other limits of single devices"},
	{"device-write-iops", 0, false, "with the other limits of single devices"},
	{"disable-content-trust", 0, true, "does nothing in Podman either"},
	{"env-host", 0, false, "the host's variables hold secrets; -e NAME hands on single ones"},
	{"env-merge", 0, false, IMAGES},
	{"gpus", 0, false, "with device descriptions (CDI)"},
	{"group-entry", 0, false, "with entries that are written into the container's group file"},
	{"health-cmd", 0, false, HEALTH},
	{"health-interval", 0, false, HEALTH},
	{"health-log-destination", 0, false, HEALTH},
	{"health-max-log-count", 0, false, HEALTH},
	{"health-max-log-size", 0, false, HEALTH},
	{"health-on-failure", 0, false, HEALTH},
	{"health-retries", 0, false, HEALTH},
	{"health-start-period", 0, false, HEALTH},
	{"health-startup-cmd", 0, false, HEALTH},
	{"health-startup-interval", 0, false, HEALTH},
	{"health-startup-retries", 0, false, HEALTH},
	{"health-startup-success", 0, false, HEALTH},
	{"health-startup-timeout", 0, false, HEALTH},
	{"health-timeout", 0, false, HEALTH},
	{"hosts-file", 0, false, "for now /etc/hosts is made from --add-host"},
	{"hostuser", 0, false, "with entries that are written into the container's passwd file"},
	{"http-proxy", 0, true,
	 "nothing of the environment goes in by itself: -e http_proxy hands it on"},
	{"image-volume", 0, false, IMAGES},
	{"init-path", 0, true, "--init is nook-init, which nook's exit codes rely on"},
	{"label", 'l', false, KEPT},
	{"label-file", 0, false, KEPT},
	{"link-local-ip", 0, true, "does nothing in Podman either"},
	{"log-driver", 0, false, KEPT},
	{"log-opt", 0, false, KEPT},
	{"memory-swappiness", 0, true, "only cgroup v1 has it, and kernels are leaving that"},
	{"no-healthcheck", 0, false, HEALTH},
	{"oom-kill-disable", 0, true, "only cgroup v1 has it, and processes hang for ever"},
	{"oom-score-adj", 0, false, "with the next attributes of the process"},
	{"os", 0, false, IMAGES},
	{"passwd", 0, false, "with entries that are written into the container's passwd file"},
	{"passwd-entry", 0, false,
	 "with entries that are written into the container's passwd file"},
	{"personality", 0, false, "with the next attributes of the process"},
	{"pidfile", 0, false, "for now nook inspect tells the pid"},
	{"platform", 0, false, IMAGES},
	{"pod", 0, false, "for now --network container:NAME and its like share namespaces"},
	{"pod-id-file", 0, false, "with pods"},
	{"preserve-fd", 0, false, "for now --preserve-fds N hands on the first N"},
	{"pull", 0, false, IMAGES},
	{"quiet", 'q', false, IMAGES},
	{"rdt-class", 0, false, "needs machines with resctrl to be tested on"},
	{"read-only-tmpfs", 0, false, "for now /tmp and /run are writable in any case"},
	{"replace", 0, false, KEPT},
	{"requires", 0, false, KEPT},
	{"restart", 0, false, KEPT},
	{"retry", 0, false, IMAGES},
	{"retry-delay", 0, false, IMAGES},
	{"rmi", 0, false, IMAGES},
	{"sdnotify", 0, false, "with services of systemd"},
	{"seccomp-policy", 0, false, IMAGES},
	{"secret", 0, false, "with a store of secrets"},
	{"shm-size-systemd", 0, false, "with systemd inside"},
	{"sig-proxy", 0, false, "for now signals are always forwarded"},
	{"stop-signal", 0, false, "for now nook stop sends SIGTERM"},
	{"stop-timeout", 0, false, "for now nook stop --time says how long"},
	{"subgidname", 0, false, "for now --gidmap gives the ranges"},
	{"subuidname", 0, false, "for now --uidmap gives the ranges"},
	{"systemd", 0, false, "with systemd inside"},
	{"tls-verify", 0, false, IMAGES},
	{"tz", 0, false, "for now -e TZ=ZONE does it"},
	{"umask", 0, false, "with the next attributes of the process"},
	{"unsetenv", 0, false, IMAGES},
	{"unsetenv-all", 0, false, IMAGES},
	{"variant", 0, false, IMAGES},
	{"volumes-from", 0, false, KEPT},
	{0},
};

const char *const nk_not_podman[] = {
	"debug",       "domainname", "egress",	    "explain", "firewall",
	"storage-opt", "time",	     "time-offset", NULL,
};

const struct nk_absent *nk_podman_find(const char *name, unsigned long len, char letter)
{
	for (const struct nk_absent *o = nk_podman_absent; o->name; o++)
		if (name ? !strncmp(o->name, name, len) && !o->name[len] : o->letter == letter)
			return o;
	return NULL;
}

static bool ours_alone(const char *name)
{
	for (size_t i = 0; nk_not_podman[i]; i++)
		if (!strcmp(nk_not_podman[i], name))
			return true;
	return false;
}

/* Text in a cell: a bar would end it. */
static void cell(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '|')
			fputc('\\', out);
		fputc(*text, out);
	}
}

static void row(FILE *out, const char *name, char letter, const char *state, const char *text)
{
	fprintf(out, "| `--%s`", name);
	if (letter)
		fprintf(out, ", `-%c`", letter);
	fprintf(out, " | %s | ", state);
	cell(out, text);
	fputs(" |\n", out);
}

/* Of every command, so not in the table of one. */
static const struct nk_option help_option = {"help", .help = "explain the command and its options"};

/* The first name behind `after` in the alphabet, of ours (shared with Podman) or absent. */
static void next_row(const char *after, const struct nk_option **ours,
		     const struct nk_absent **absent)
{
	const char *best = NULL;

	*ours = strcmp(help_option.name, after) > 0 ? &help_option : NULL;
	*absent = NULL;
	if (*ours)
		best = help_option.name;
	for (const struct nk_option *o = nk_run_table; o->name; o++)
		if (!o->hidden && !ours_alone(o->name) && strcmp(o->name, after) > 0 &&
		    (!best || strcmp(o->name, best) < 0)) {
			best = o->name;
			*ours = o;
		}
	for (const struct nk_absent *o = nk_podman_absent; o->name; o++)
		if (strcmp(o->name, after) > 0 && (!best || strcmp(o->name, best) < 0)) {
			best = o->name;
			*absent = o;
			*ours = NULL;
		}
}

void nk_help_podman_table(FILE *out)
{
	const struct nk_option *ours;
	const struct nk_absent *absent;
	const char *after = "";

	fputs("<!-- SPDX-License-Identifier: Apache-2.0 -->\n"
	      "<!-- Printed by `nook help --podman`; a test compares the two. -->\n"
	      "# Options of `podman run` in `nook run`\n\n"
	      "Every option of Podman 5: *done*, *later* (with what) or *never* (why).\n\n"
	      "| option | state | what it does, or the reason |\n|---|---|---|\n",
	      out);
	for (;;) {
		next_row(after, &ours, &absent);
		if (ours)
			row(out, ours->name, ours->letter, "done", ours->help);
		else if (absent)
			row(out, absent->name, absent->letter, absent->never ? "never" : "later",
			    absent->why);
		else
			break;
		after = ours ? ours->name : absent->name;
	}
	fputs("\n## Options that Podman does not have\n\n| option | | what it does "
	      "|\n|---|---|---|\n",
	      out);
	for (const struct nk_option *o = nk_run_table; o->name; o++)
		if (!o->hidden && ours_alone(o->name))
			row(out, o->name, o->letter, "done", o->help);
}
