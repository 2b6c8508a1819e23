/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/mount_options.h"

#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "cli/value.h"

/*
 * A word that lifts a restriction (rw, exec, suid, dev) asks for more than the
 * source's own mount may allow, so it clears the attribute too: the kernel then
 * grants or refuses it, and nobody is left with less than was asked for.
 */
static const struct {
	const char *word;
	uint64_t set, clear;
	bool recursive;
} attributes[] = {
	{"ro", MOUNT_ATTR_RDONLY, 0, false},
	{"readonly", MOUNT_ATTR_RDONLY, 0, false},
	{"rro", MOUNT_ATTR_RDONLY, 0, true},
	{"rw", 0, MOUNT_ATTR_RDONLY, false},
	{"nosuid", MOUNT_ATTR_NOSUID, 0, false},
	{"suid", 0, MOUNT_ATTR_NOSUID, false},
	{"nodev", MOUNT_ATTR_NODEV, 0, false},
	{"dev", 0, MOUNT_ATTR_NODEV, false},
	{"noexec", MOUNT_ATTR_NOEXEC, 0, false},
	{"exec", 0, MOUNT_ATTR_NOEXEC, false},
	{"noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME, false},
	{"strictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME, false},
	{"relatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME, false},
	{"nodiratime", MOUNT_ATTR_NODIRATIME, 0, false},
	{"nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0, false},
};

static const struct {
	const char *word;
	uint64_t flag;
} propagations[] = {
	{"private", MS_PRIVATE}, {"rprivate", MS_PRIVATE}, {"slave", MS_SLAVE},
	{"rslave", MS_SLAVE},	 {"shared", MS_SHARED},	   {"rshared", MS_SHARED},
};

/* Words of Docker's and Podman's that have no place here, with what to do instead. */
static const struct {
	const char *word, *why, *hint;
} refused[] = {
	{"z", "SELinux labels cannot be set yet", "leave it away where SELinux is off"},
	{"Z", "SELinux labels cannot be set yet", "leave it away where SELinux is off"},
	{"U", "nook does not change the owner of files on the host", "idmap shows them as yours"},
	{"copy", "named volumes are not there yet", "leave it away"},
	{"nocopy", "named volumes are not there yet", "leave it away"},
};

static bool attribute(struct nk_mount_spec *m, const char *word)
{
	for (size_t i = 0; i < NK_COUNT(attributes); i++) {
		if (strcmp(attributes[i].word, word) != 0)
			continue;
		uint64_t set = attributes[i].set, clear = attributes[i].clear;
		m->attr_set = (m->attr_set & ~clear) | set;
		m->attr_clear = (m->attr_clear & ~set) | clear;
		m->recursive_attr |= attributes[i].recursive;
		return true;
	}
	return false;
}

static bool bind_word(struct nk_mount_spec *m, const char *word)
{
	for (size_t i = 0; i < NK_COUNT(propagations); i++)
		if (!strcmp(propagations[i].word, word)) {
			m->propagation = propagations[i].flag;
			return true;
		}
	if (!strcmp(word, "rbind") || !strcmp(word, "bind"))
		m->recursive = word[0] == 'r';
	else if (!strcmp(word, "idmap"))
		m->idmap = true;
	else
		return false;
	return true;
}

static int tmpfs_value(struct nk_mount_spec *m, struct nk_arena *a, const char *word,
		       const char *eq, struct nk_err *e)
{
	size_t key = (size_t)(eq - word);
	uint64_t n;

	if (!strncmp(word, "size=", 5)) {
		if (nk_value_size(eq + 1, &m->size) == 0 && m->size)
			return 0;
		nk_fail(e, 0, "%.80s: not a size", word);
		return nk_hint(e, "a number with b, k, m or g: size=64m");
	}
	if (!strncmp(word, "mode=", 5)) {
		m->mode = 0;
		for (const char *c = eq + 1; *c >= '0' && *c <= '7' && c < eq + 6; c++)
			m->mode = m->mode * 8 + (*c - '0');
		if (eq[1] && strspn(eq + 1, "01234567") == strlen(eq + 1) && strlen(eq + 1) <= 5 &&
		    m->mode <= 07777)
			return 0;
		nk_fail(e, 0, "%.80s: not a file mode", word);
		return nk_hint(e, "octal digits: mode=1777");
	}
	if (strncmp(word, "uid=", 4) != 0 && strncmp(word, "gid=", 4) != 0 &&
	    strncmp(word, "nr_inodes=", 10) != 0)
		return 1;
	if (nk_value_number(eq + 1, strlen(eq + 1), UINT32_MAX - 1, &n) < 0) {
		nk_fail(e, 0, "%.80s: not a number", word);
		return nk_hint(e, "digits only: %.*s=1000", (int)key, word);
	}
	m->fs_options =
		m->fs_options ? nk_fmt(a, "%s,%s", m->fs_options, word) : nk_strdup(a, word);
	return 0;
}

static int unknown(const struct nk_mount_spec *m, const char *word, struct nk_err *e)
{
	for (size_t i = 0; i < NK_COUNT(refused); i++)
		if (!strcmp(refused[i].word, word)) {
			nk_fail(e, 0, "%s: %s", word, refused[i].why);
			return nk_hint(e, "%s", refused[i].hint);
		}
	nk_fail(e, 0, "%.80s: no such mount option here", word);
	if (m->kind == NK_MOUNT_BIND)
		return nk_hint(e,
			       "ro rw nosuid nodev noexec suid dev exec rbind bind rprivate rslave "
			       "rshared idmap noatime rro O");
	if (m->kind == NK_MOUNT_TMPFS)
		return nk_hint(
			e, "ro rw nosuid nodev noexec suid dev exec size=64m mode=1777 uid= gid= "
			   "nr_inodes=");
	return nk_hint(e, "ro rw nosuid nodev noexec suid dev exec");
}

int nk_mount_option(struct nk_mount_spec *m, struct nk_arena *a, const char *word, struct nk_err *e)
{
	const char *eq = strchr(word, '=');

	if (attribute(m, word))
		return 0;
	if (m->kind == NK_MOUNT_BIND && bind_word(m, word))
		return 0;
	if (m->kind == NK_MOUNT_BIND && !strcmp(word, "O")) {
		if (m->idmap || m->propagation) {
			nk_fail(e, 0, "O does not go with %s",
				m->idmap ? "idmap" : "a propagation");
			return nk_hint(e, "an overlay is a new mount: leave one of the two away");
		}
		m->kind = NK_MOUNT_OVERLAY;
		return 0;
	}
	if (m->kind == NK_MOUNT_TMPFS && eq) {
		int r = tmpfs_value(m, a, word, eq, e);
		if (r <= 0)
			return r;
	}
	return unknown(m, word, e);
}

int nk_mount_option_list(struct nk_mount_spec *m, struct nk_arena *a, const char *words,
			 struct nk_err *e)
{
	const char *rest = words[0] ? words : NULL;

	for (char *word; (word = nk_value_part(a, &rest, ','));) {
		int r = nk_mount_option(m, a, word, e);
		if (r < 0)
			return r;
	}
	return 0;
}
