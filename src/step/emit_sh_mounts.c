/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --explain=sh: mounts. The kernel's new calls make a mount first and find its
 * place later; mount(8) does both at once. So fsopen … fsmount and open_tree
 * are remembered, and become one command when the mount is put in its place,
 * or, if it is used before, at a staging place.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "step/emit_sh.h"
#include "step/text.h"

const char *nk_sh_quote(struct nk_sh *sh, const char *s)
{
	char *text = NULL, *word;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	if (!f)
		return "''";
	nk_text_sh(f, s);
	fclose(f);
	word = nk_strdup(sh->a, text ? text : "''");
	free(text);
	return word;
}

static const char *stage_word(struct nk_sh *sh, int slot)
{
	char label[NK_LABEL_MAX];

	return nk_fmt(sh->a, "\"$stage\"/%s", nk_slot_label(sh->p, slot, label));
}

static const char *needs_dir(struct nk_sh *sh, const char *word)
{
	for (size_t i = 0; i < sh->n_staged; i++)
		if (!strcmp(sh->staged[i], word))
			return word;
	if (sh->n_staged < NK_SLOT_MAX)
		sh->staged[sh->n_staged++] = word;
	return word;
}

/* "ro,nosuid" for MOUNT_ATTR_ bits, "rw,suid" for bits that are taken away. */
static const char *attr_options(struct nk_sh *sh, uint64_t set, uint64_t clear)
{
	static const struct {
		uint64_t bit;
		const char *on, *off;
	} names[] = {
		{MOUNT_ATTR_RDONLY, "ro", "rw"},
		{MOUNT_ATTR_NOSUID, "nosuid", "suid"},
		{MOUNT_ATTR_NODEV, "nodev", "dev"},
		{MOUNT_ATTR_NOEXEC, "noexec", "exec"},
		{MOUNT_ATTR_NOATIME, "noatime", "atime"},
		{MOUNT_ATTR_STRICTATIME, "strictatime", "nostrictatime"},
		{MOUNT_ATTR_NODIRATIME, "nodiratime", "diratime"},
		{MOUNT_ATTR_NOSYMFOLLOW, "nosymfollow", "symfollow"},
	};
	const char *text = "";

	for (size_t i = 0; i < NK_COUNT(names); i++) {
		/* what is set wins over what is taken away, as in the kernel */
		const char *name = set & names[i].bit	  ? names[i].on
				   : clear & names[i].bit ? names[i].off
							  : NULL;
		if (name)
			text = nk_fmt(sh->a, "%s%s%s", text, *text ? "," : "", name);
	}
	return text;
}

static void change(struct nk_sh *sh, const struct nk_sh_change *c, const char *word, FILE *out)
{
	if (c->options && *c->options) {
		if (c->recursive) {
			fprintf(out, "remount_all %s %s\n", c->options, word);
			sh->remounts_all = true;
		} else {
			fprintf(out, "mount -o remount,bind,%s %s\n", c->options, word);
		}
	}
	if (c->propagation)
		fprintf(out, "mount --make-%s%s %s\n", c->recursive ? "r" : "", c->propagation,
			word);
}

static void put_at(struct nk_sh *sh, struct nk_sh_value *v, const char *word, FILE *out)
{
	if (v->may_miss)
		fprintf(out, "if [ -e %s ]; then\n", v->source);
	if (v->fs_type)
		fprintf(out, "mount -t %s%s%s none %s\n", nk_sh_quote(sh, v->fs_type),
			v->options && *v->options ? " -o " : "", v->options ? v->options : "",
			word);
	else
		fprintf(out, "mount --%sbind %s %s\n", v->recursive ? "r" : "", v->source, word);
	for (int i = 0; i < v->n_changes; i++)
		change(sh, &v->changes[i], word, out);
	if (v->may_miss)
		fputs("fi\n", out);
	v->word = word;
}

const char *nk_sh_place(struct nk_sh *sh, int slot, FILE *out)
{
	struct nk_sh_value *v;

	if (slot == NK_CWD)
		return "";
	if (slot < 0 || slot >= NK_SLOT_MAX)
		return "/nowhere";
	v = &sh->slots[slot];
	if (v->kind == NK_SH_MOUNT && !v->word)
		put_at(sh, v, needs_dir(sh, stage_word(sh, slot)), out);
	return v->word ? v->word : "/nowhere";
}

const char *nk_sh_below(struct nk_sh *sh, int slot, const char *path)
{
	const char *base = slot == NK_CWD ? "" : sh->slots[slot].word;

	if (!path || !*path)
		return base && *base ? base : "/";
	if (slot == NK_CWD)
		return nk_sh_quote(sh, path);
	return nk_fmt(sh->a, "%s/%s", base ? base : "/nowhere", nk_sh_quote(sh, path));
}

void nk_sh_stage_trees(struct nk_sh *sh)
{
	FILE *out = sh->part[NK_SH_TREES];

	for (int i = 0; i < sh->p->n_slots; i++) {
		struct nk_sh_value *v = &sh->slots[i];
		const char *word = stage_word(sh, i);

		if (v->kind != NK_SH_MOUNT || v->word)
			continue;
		fprintf(out, "same_kind %s %s\n", v->source ? v->source : "/", word);
		put_at(sh, v, word, out);
		sh->has_trees = true;
		/* Inside it is bound once more: what is mounted here is locked there. */
		*v = (struct nk_sh_value){
			.kind = NK_SH_MOUNT, .source = word, .recursive = v->recursive};
	}
}

static void fs_option(struct nk_sh *sh, struct nk_sh_value *v, const struct nk_step *s, FILE *out)
{
	const char *at = s->s[1] && s->fd[1] >= 0 ? strstr(s->s[1], "/proc/self/fd/%d") : NULL;
	const char *word = "";

	if (s->n[0] != FSCONFIG_SET_STRING && s->n[0] != FSCONFIG_SET_FLAG)
		return;
	if (at == s->s[1] && at) /* the directory behind the descriptor, by its path */
		word = nk_fmt(sh->a, "=%s%s", nk_sh_place(sh, s->fd[1], out),
			      at[16] ? nk_sh_quote(sh, at + 16) : "");
	else if (s->s[1])
		word = nk_fmt(sh->a, "=%s", nk_sh_quote(sh, s->s[1]));
	v->options = nk_fmt(sh->a, "%s%s%s%s", v->options ? v->options : "",
			    v->options && *v->options ? "," : "", nk_sh_quote(sh, s->s[0]), word);
}

static void setattr(struct nk_sh *sh, const struct nk_step *s, FILE *out)
{
	static const struct {
		uint64_t flag;
		const char *name;
	} propagations[] = {{MS_PRIVATE, "private"},
			    {MS_SLAVE, "slave"},
			    {MS_SHARED, "shared"},
			    {MS_UNBINDABLE, "unbindable"}};
	struct nk_sh_value *v = s->fd[0] >= 0 ? &sh->slots[s->fd[0]] : NULL;
	struct nk_sh_change c = {.options = attr_options(sh, s->n[1], s->n[2]),
				 .recursive = s->n[0] & AT_RECURSIVE};

	for (size_t i = 0; i < NK_COUNT(propagations); i++)
		if (s->n[3] & propagations[i].flag)
			c.propagation = propagations[i].name;
	if (s->n[1] & MOUNT_ATTR_IDMAP)
		fputs("# mount(8) has this from util-linux 2.39 on: -o X-mount.idmap=…: not done\n",
		      out);
	if (v && v->kind == NK_SH_MOUNT && !v->word) {
		if (v->n_changes < NK_SH_CHANGES_MAX)
			v->changes[v->n_changes++] = c;
		return;
	}
	change(sh, &c, nk_sh_below(sh, s->fd[0], s->s[0]), out);
}

static void attach(struct nk_sh *sh, const struct nk_step *s, FILE *out)
{
	struct nk_sh_value *v = s->fd[0] >= 0 ? &sh->slots[s->fd[0]] : NULL;
	const char *to;

	if (!v || v->kind != NK_SH_MOUNT) {
		fputs("# what is put here no command has made\n", out);
		return;
	}
	if (s->fd[1] == NK_CWD && s->s[0] && !strcmp(s->s[0], "/")) {
		/* Lying on "/" a mount is reached by descriptor alone: a staging place instead. */
		to = needs_dir(sh, stage_word(sh, s->fd[0]));
	} else {
		nk_sh_place(sh, s->fd[1], out);
		to = nk_sh_below(sh, s->fd[1], s->s[0]);
	}
	if (v->word) {
		fprintf(out, "mount --move %s %s\n", v->word, to);
		v->word = to;
	} else {
		put_at(sh, v, to, out);
	}
}

/* True when the step is one of these. */
bool nk_sh_mount_step(struct nk_sh *sh, const struct nk_step *s, FILE *out)
{
	struct nk_sh_value *v = s->out >= 0 ? &sh->slots[s->out] : &sh->slots[NK_SLOT_MAX - 1];
	const char *attr;

	switch ((enum nk_op)s->op) {
	case NK_OP_OPEN_TREE:
		nk_sh_place(sh, s->fd[0], out);
		*v = (struct nk_sh_value){.kind = NK_SH_MOUNT,
					  .source = nk_sh_below(sh, s->fd[0], s->s[0]),
					  .recursive = s->n[0] & AT_RECURSIVE,
					  .may_miss = s->soft[0] == ENOENT};
		return true;
	case NK_OP_FSOPEN:
		*v = (struct nk_sh_value){.kind = NK_SH_FS, .fs_type = s->s[0]};
		return true;
	case NK_OP_FSCONFIG:
		if (s->fd[0] >= 0)
			fs_option(sh, &sh->slots[s->fd[0]], s, out);
		return true;
	case NK_OP_FSMOUNT:
		if (s->fd[0] < 0)
			return true;
		attr = attr_options(sh, s->n[0] & ~(uint64_t)MOUNT_ATTR_RDONLY, 0);
		*v = sh->slots[s->fd[0]];
		if (s->n[0] & MOUNT_ATTR_RDONLY) /* the mount, not the file system in it */
			v->changes[v->n_changes++] = (struct nk_sh_change){.options = "ro"};
		v->kind = NK_SH_MOUNT;
		v->options =
			nk_fmt(sh->a, "%s%s%s", attr, *attr && v->options && *v->options ? "," : "",
			       v->options ? v->options : "");
		return true;
	case NK_OP_MOVE_MOUNT:
		attach(sh, s, out);
		return true;
	case NK_OP_MOUNT_SETATTR:
		setattr(sh, s, out);
		return true;
	default:
		return false;
	}
}
