/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/net_resolv.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/text.h"
#include "oci/ip.h"

enum { TEXT_MAX = 1 << 20 };

#define MARK "# by nook network connect\n"
#define NETNS_DIR "/etc/netns"

/* "nameserver 10.89.0.1\n", or NULL where the network has no resolver. */
static const char *server_line(struct nk_arena *a, const struct nk_network *n)
{
	const struct nk_ip *found = NULL;
	char buf[NK_IP_TEXT];

	for (size_t i = 0; i < n->subnets.n && n->dns; i++)
		if (n->subnets.v[i].gateway.family && (!found || found->family == AF_INET6))
			found = &n->subnets.v[i].gateway;
	return found ? nk_fmt(a, "nameserver %s\n", nk_ip_text(found, false, buf)) : NULL;
}

/* text without its lines `line`, and without that nook wrote for want of any. */
static const char *without(struct nk_arena *a, const char *text, const char *line)
{
	const char *out = "";

	while (*text) {
		size_t n = strcspn(text, "\n") + 1;

		n = text[n - 1] ? n : n - 1;
		if (strncmp(text, line, strlen(line)) != 0 &&
		    strncmp(text, "# no network", 12) != 0)
			out = nk_fmt(a, "%s%.*s", out, (int)n, text);
		text += n;
	}
	return out;
}

/* The host's servers know nothing of networks: behind the last of ours, before theirs. */
static bool of_a_network(struct nk_net_connection *c, const char *line)
{
	struct nk_networks all = {0};
	struct nk_err ignored;

	if (nk_net_list(c->store, c->a, &all, &ignored) < 0)
		return false;
	for (size_t i = 0; i < all.n; i++) {
		const char *its = server_line(c->a, &all.v[i]);

		if (its && !strncmp(line, its, strlen(its)))
			return true;
	}
	return false;
}

static const char *with(struct nk_net_connection *c, const char *text, const char *line)
{
	const char *rest = without(c->a, text, line), *at = rest;

	while (*at && (*at == '#' || of_a_network(c, at)))
		at += strcspn(at, "\n") + (at[strcspn(at, "\n")] == '\n');
	return nk_fmt(c->a, "%.*s%s%s", (int)(at - rest), rest, line, at);
}

/* ---- a container ---- */

/* The file that nook mounted, on its tmpfs: nobody else's is written to. -1: there is none. */
static int its_file(const struct nk_net_target *t)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC | O_NOFOLLOW,
			       .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS};
	struct statx st;
	struct statfs fs;
	_close_ int fd = -EBADF;

	if (t->root_fd < 0)
		return -1;
	fd = (int)syscall(SYS_openat2, t->root_fd, "etc/resolv.conf", &how, sizeof(how));
	if (fd < 0 || statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &st) < 0 || fstatfs(fd, &fs) < 0 ||
	    !S_ISREG(st.stx_mode) || !(st.stx_attributes & STATX_ATTR_MOUNT_ROOT) ||
	    fs.f_type != TMPFS_MAGIC)
		return -1;
	return nk_take_fd(&fd);
}

static const char *text_of(struct nk_arena *a, const char *path)
{
	_free_ char *text = nk_text_read(path, TEXT_MAX);

	return text ? nk_strdup(a, text) : NULL;
}

static const char *by_number(struct nk_arena *a, int fd)
{
	return nk_fmt(a, "/proc/self/fd/%d", fd);
}

static struct nk_step *step(struct nk_plan *p, enum nk_op op, const char *why)
{
	struct nk_step *s = nk_plan_add(p, op, "%s", why);

	s->actor = NK_PARENT;
	s->topic = NK_T_ETC;
	return s;
}

static void plan_write(struct nk_net_connection *c, int out, const char *text)
{
	struct nk_step *s =
		step(&c->plan, NK_OP_WRITE, "the network's resolver is asked for names");

	s->fd[0] = (int16_t)out;
	s->s[0] = text;
	step(&c->plan, NK_OP_CLOSE, "written")->fd[0] = (int16_t)out;
}

static void plan_container(struct nk_net_connection *c, const char *line)
{
	struct nk_plan *p = &c->plan;
	struct statvfs fs;
	const char *text;
	struct nk_step *s;
	int out;

	c->resolv_fd = its_file(c->target);
	if (c->resolv_fd < 0 || !(text = text_of(c->a, by_number(c->a, c->resolv_fd))))
		return;
	if (fstatvfs(c->resolv_fd, &fs) == 0 && (fs.f_flag & ST_RDONLY)) {
		nk_strv_push(c->a, &c->notices,
			     nk_fmt(c->a,
				    "%s may not be written to: names of network %s are found with "
				    "%.*s in its /etc/resolv.conf",
				    c->target->name, c->card->network->name,
				    (int)strcspn(line, "\n"), line));
		return;
	}
	out = nk_plan_slot(p, "resolv");
	s = step(p, NK_OP_OPENAT2, "its /etc/resolv.conf, which nook made");
	s->fd[0] = NK_CWD;
	s->s[0] = "/proc/self/fd/%d";
	s->fd[1] = NK_SLOT_WAITING;
	s->n[0] = O_WRONLY | O_TRUNC | O_CLOEXEC;
	s->out = (int16_t)out;
	plan_write(c, out, with(c, text, line));
}

/* ---- a name ---- */

/* "/etc/netns/NAME"; NULL: a path, or a name that leads elsewhere. */
static const char *netns_dir(struct nk_arena *a, const char *ns)
{
	const char *name = ns + 3;

	if (strncmp(ns, "ns:", 3) != 0 || !*name || *name == '.' || strchr(name, '/'))
		return NULL;
	return nk_fmt(a, NETNS_DIR "/%s", name);
}

static void plan_mkdir(struct nk_plan *p, const char *path)
{
	struct nk_step *s = step(p, NK_OP_MKDIRAT, "where a named network's own files lie");

	s->fd[0] = NK_CWD;
	s->s[0] = path;
	s->n[0] = 0755;
	s->soft[0] = EEXIST;
}

static void plan_name(struct nk_net_connection *c, const char *line)
{
	const char *dir = netns_dir(c->a, c->target->id), *path, *text;
	struct nk_step *s;
	int out;

	if (!dir)
		return;
	path = nk_fmt(c->a, "%s/resolv.conf", dir);
	text = text_of(c->a, path);
	if ((!text && errno != ENOENT) || (text && strncmp(text, MARK, strlen(MARK)) != 0))
		return;
	/* Who may not write there has no ip netns either. */
	if (access("/etc", W_OK) < 0)
		return;
	plan_mkdir(&c->plan, NETNS_DIR);
	plan_mkdir(&c->plan, dir);
	out = nk_plan_slot(&c->plan, "resolv");
	s = step(&c->plan, NK_OP_OPENAT2, "the resolver file of that name");
	s->fd[0] = NK_CWD;
	s->s[0] = path;
	s->n[0] = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW;
	s->n[1] = 0644;
	s->out = (int16_t)out;
	plan_write(c, out, with(c, text ? text : MARK, line));
}

int nk_net_resolv_plan(struct nk_net_connection *c, struct nk_err *e)
{
	const char *line = server_line(c->a, c->card->network);

	if (line && c->target->pid)
		plan_container(c, line);
	else if (line)
		plan_name(c, line);
	return nk_arena_ok(c->a, e);
}

/* ---- away ---- */

static void rewrite(const char *path, const char *text)
{
	_close_ int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOCTTY);
	size_t n = strlen(text);

	if (fd >= 0 && write(fd, text, n) != (ssize_t)n)
		return; /* a resolver that does not answer is all that can come of it */
}

/* What is left of nook's file for a name. */
static void keep_or_remove(const char *dir, const char *path, const char *text)
{
	if (strstr(text, "nameserver ")) {
		rewrite(path, text);
		return;
	}
	unlink(path);
	rmdir(dir);
	rmdir(NETNS_DIR);
}

/* Is that line a server in the subnet of one of these? */
static bool serves(const char *line, const struct nk_ips *ips)
{
	char word[NK_IP_TEXT];
	struct nk_ip server;
	struct nk_err ignored;

	if (sscanf(line, "nameserver %45[0-9a-f.:]", word) != 1 ||
	    nk_ip_parse(word, false, &server, &ignored) < 0)
		return false;
	for (size_t i = 0; i < ips->n; i++)
		if (nk_ip_inside(&server, &ips->v[i]))
			return true;
	return false;
}

void nk_net_resolv_forget(struct nk_arena *a, const char *ns, const struct nk_ips *ips)
{
	const char *dir = netns_dir(a, ns), *path = dir ? nk_fmt(a, "%s/resolv.conf", dir) : NULL;
	const char *text = path ? text_of(a, path) : NULL, *left = "";

	if (!text || strncmp(text, MARK, strlen(MARK)) != 0)
		return;
	while (*text) {
		size_t n = strcspn(text, "\n");

		n += text[n] == '\n';
		if (!serves(text, ips))
			left = nk_fmt(a, "%s%.*s", left, (int)n, text);
		text += n;
	}
	keep_or_remove(dir, path, left);
}

void nk_net_resolv_undo(struct nk_net_connection *c)
{
	const char *line = server_line(c->a, c->card->network), *text, *dir, *path;

	if (!line)
		return;
	if (c->target->pid) {
		_close_ int fd = its_file(c->target);

		path = fd < 0 ? NULL : by_number(c->a, fd);
		text = path ? text_of(c->a, path) : NULL;
		if (text && strstr(text, line)) {
			text = without(c->a, text, line);
			rewrite(path, *text ? text : "# no network: no name server\n");
		}
		return;
	}
	dir = netns_dir(c->a, c->target->id);
	path = dir ? nk_fmt(c->a, "%s/resolv.conf", dir) : NULL;
	text = path ? text_of(c->a, path) : NULL;
	if (!text || strncmp(text, MARK, strlen(MARK)) != 0)
		return;
	keep_or_remove(dir, path, without(c->a, text, line));
}
