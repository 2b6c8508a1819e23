/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of a mount (runtime-spec, config.md, "Linux mount options"), with
 * crun's copy-symlink, which Podman passes on. What is none of them belongs to
 * the file system; a bind mount has none to give it to, so there it is an error.
 *
 * A word that lifts a restriction (rw, dev, …) clears the attribute: on a bind
 * mount the source's own may then be asked for, and the kernel grants it or not.
 */
#include "oci/mount_words.h"

#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "oci/config.h"
#include "oci/config_read.h"

#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif

enum kind {
	ATTR, /* set and clear of this mount */
	REC,  /* the same, of those below too */
	UNDO, /* of the atime family: takes back an earlier word */
	REC_UNDO,
	SPREAD, /* propagation */
	FLAG,	/* enum nk_oci_mount_flag */
	SUPER,	/* of the superblock: set is the place of the bool, clear its value */
	NOTHING,
};

#define ATIME MOUNT_ATTR__ATIME
#define AT(field) offsetof(struct nk_oci_mount, field)

/* clang-format off */
static const struct word {
	const char *name;
	enum kind kind;
	uint64_t set, clear;
} words[] = {
	{"async",          SUPER,    AT(sync), 0},
	{"atime",          ATTR,     0, ATIME},
	{"bind",           FLAG,     NK_MNT_BIND, 0},
	{"copy-symlink",   FLAG,     NK_MNT_COPY_SYMLINK, 0},
	{"defaults",       NOTHING,  0, 0},
	{"dev",            ATTR,     0, MOUNT_ATTR_NODEV},
	{"diratime",       ATTR,     0, MOUNT_ATTR_NODIRATIME},
	{"dirsync",        SUPER,    AT(dirsync), 1},
	{"exec",           ATTR,     0, MOUNT_ATTR_NOEXEC},
	{"idmap",          FLAG,     NK_MNT_IDMAP, 0},
	{"iversion",       SUPER,    AT(iversion), 1},
	{"lazytime",       SUPER,    AT(lazytime), 1},
	{"loud",           SUPER,    AT(silent), 0},
	{"mand",           SUPER,    AT(mand), 1},
	{"noatime",        ATTR,     MOUNT_ATTR_NOATIME, ATIME},
	{"nodev",          ATTR,     MOUNT_ATTR_NODEV, 0},
	{"nodiratime",     ATTR,     MOUNT_ATTR_NODIRATIME, 0},
	{"noexec",         ATTR,     MOUNT_ATTR_NOEXEC, 0},
	{"noiversion",     SUPER,    AT(iversion), 0},
	{"nolazytime",     SUPER,    AT(lazytime), 0},
	{"nomand",         SUPER,    AT(mand), 0},
	{"norelatime",     UNDO,     MOUNT_ATTR_RELATIME, 0},
	{"nostrictatime",  UNDO,     MOUNT_ATTR_STRICTATIME, 0},
	{"nosuid",         ATTR,     MOUNT_ATTR_NOSUID, 0},
	{"nosymfollow",    ATTR,     MOUNT_ATTR_NOSYMFOLLOW, 0},
	{"private",        SPREAD,   MS_PRIVATE, 0},
	{"ratime",         REC,      0, ATIME},
	{"rbind",          FLAG,     NK_MNT_BIND | NK_MNT_RECURSIVE, 0},
	{"rdev",           REC,      0, MOUNT_ATTR_NODEV},
	{"rdiratime",      REC,      0, MOUNT_ATTR_NODIRATIME},
	{"relatime",       ATTR,     MOUNT_ATTR_RELATIME, ATIME},
	{"remount",        FLAG,     NK_MNT_REMOUNT, 0},
	{"rexec",          REC,      0, MOUNT_ATTR_NOEXEC},
	{"ridmap",         FLAG,     NK_MNT_IDMAP | NK_MNT_IDMAP_REC, 0},
	{"rnoatime",       REC,      MOUNT_ATTR_NOATIME, ATIME},
	{"rnodev",         REC,      MOUNT_ATTR_NODEV, 0},
	{"rnodiratime",    REC,      MOUNT_ATTR_NODIRATIME, 0},
	{"rnoexec",        REC,      MOUNT_ATTR_NOEXEC, 0},
	{"rnorelatime",    REC_UNDO, MOUNT_ATTR_RELATIME, 0},
	{"rnostrictatime", REC_UNDO, MOUNT_ATTR_STRICTATIME, 0},
	{"rnosuid",        REC,      MOUNT_ATTR_NOSUID, 0},
	{"rnosymfollow",   REC,      MOUNT_ATTR_NOSYMFOLLOW, 0},
	{"ro",             ATTR,     MOUNT_ATTR_RDONLY, 0},
	{"rprivate",       SPREAD,   MS_PRIVATE | MS_REC, 0},
	{"rrelatime",      REC,      MOUNT_ATTR_RELATIME, ATIME},
	{"rro",            REC,      MOUNT_ATTR_RDONLY, 0},
	{"rrw",            REC,      0, MOUNT_ATTR_RDONLY},
	{"rshared",        SPREAD,   MS_SHARED | MS_REC, 0},
	{"rslave",         SPREAD,   MS_SLAVE | MS_REC, 0},
	{"rstrictatime",   REC,      MOUNT_ATTR_STRICTATIME, ATIME},
	{"rsuid",          REC,      0, MOUNT_ATTR_NOSUID},
	{"rsymfollow",     REC,      0, MOUNT_ATTR_NOSYMFOLLOW},
	{"runbindable",    SPREAD,   MS_UNBINDABLE | MS_REC, 0},
	{"rw",             ATTR,     0, MOUNT_ATTR_RDONLY},
	{"shared",         SPREAD,   MS_SHARED, 0},
	{"silent",         SUPER,    AT(silent), 1},
	{"slave",          SPREAD,   MS_SLAVE, 0},
	{"strictatime",    ATTR,     MOUNT_ATTR_STRICTATIME, ATIME},
	{"suid",           ATTR,     0, MOUNT_ATTR_NOSUID},
	{"symfollow",      ATTR,     0, MOUNT_ATTR_NOSYMFOLLOW},
	{"sync",           SUPER,    AT(sync), 1},
	{"tmpcopyup",      FLAG,     NK_MNT_TMPCOPYUP, 0},
	{"unbindable",     SPREAD,   MS_UNBINDABLE, 0},
};
/* clang-format on */

const char *nk_oci_mount_word(unsigned i)
{
	return i < NK_COUNT(words) ? words[i].name : NULL;
}

/* The later word counts. In a group (atime) the whole group is set anew. */
static void change(uint64_t *set, uint64_t *clear, uint64_t on, uint64_t off)
{
	*set = (*set & ~off) | on;
	*clear = (*clear & ~(on & ~ATIME)) | off;
}

/* norelatime takes a relatime back, nostrictatime a strictatime, and nothing else. */
static void undo(uint64_t *set, uint64_t *clear, uint64_t which)
{
	if ((*clear & ATIME) != ATIME || (*set & ATIME) != which)
		return;
	*set &= ~ATIME;
	*clear &= ~ATIME;
}

static void apply(struct nk_oci_mount *m, const struct word *w)
{
	switch (w->kind) {
	case ATTR:
		change(&m->attr_set, &m->attr_clear, w->set, w->clear);
		break;
	case REC:
		change(&m->rec_set, &m->rec_clear, w->set, w->clear);
		break;
	case UNDO:
		undo(&m->attr_set, &m->attr_clear, w->set);
		break;
	case REC_UNDO:
		undo(&m->rec_set, &m->rec_clear, w->set);
		break;
	case SPREAD:
		m->propagation = w->set;
		break;
	case FLAG:
		m->flags |= (unsigned)w->set;
		break;
	case SUPER:
		*(bool *)((char *)m + w->set) = w->clear;
		break;
	case NOTHING:
		break;
	}
}

/*
 * For the file system. mount(2) would split a word at its commas, and take the quotes from an
 * SELinux context, which has commas of its own: fsconfig() does neither.
 */
static void add_data(struct nk_arena *a, struct nk_oci_mount *m, const char *word)
{
	const char *value = strchr(word, '=');
	size_t len = strlen(word);

	if (value && value[1] == '"' && len > 1 && word[len - 1] == '"' &&
	    value + 1 < word + len - 1) {
		nk_strv_push(a, &m->data,
			     nk_fmt(a, "%.*s%.*s", (int)(value + 1 - word), word,
				    (int)(word + len - 1 - (value + 2)), value + 2));
		return;
	}
	if (value && value - word >= 7 && !strncmp(value - 7, "context", 7)) {
		nk_strv_push(a, &m->data, word);
		return;
	}
	for (size_t n; *word; word += n + (word[n] == ',')) {
		n = strcspn(word, ",");
		if (n)
			nk_strv_push(a, &m->data, nk_strndup(a, word, n));
	}
}

int nk_oci_mount_option(struct nk_arena *a, struct nk_oci_mount *m, const char *word,
			struct nk_err *e)
{
	size_t low = 0, high = NK_COUNT(words);

	while (low < high) {
		size_t mid = (low + high) / 2;
		int order = strcmp(word, words[mid].name);

		if (!order) {
			apply(m, &words[mid]);
			return 0;
		}
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	(void)e;
	add_data(a, m, word);
	return 0;
}

static int finish_bind(struct nk_arena *a, struct nk_oci_mount *m, const char *bundle,
		       struct nk_err *e)
{
	static const char *const super = "belongs to a file system, a bind mount makes none";

	if (!m->source)
		return nk_fail(e, 0, "source: missing");
	if (m->source[0] != '/')
		m->source = nk_fmt(a, "%s/%s", bundle, m->source);
	if (m->data.n)
		return nk_fail(e, 0, "options: \"%.60s\" %s", m->data.v[0], super);
	if (m->flags & NK_MNT_TMPCOPYUP)
		return nk_fail(e, 0, "options: tmpcopyup is for tmpfs only");
	return 0;
}

int nk_oci_mount_finish(struct nk_arena *a, struct nk_oci_mount *m, const char *bundle,
			struct nk_err *e)
{
	bool bind = m->flags & NK_MNT_BIND;

	if (!m->uid_maps.n != !m->gid_maps.n)
		return nk_fail(e, 0, "%s: missing, the other map is there",
			       m->uid_maps.n ? "gidMappings" : "uidMappings");
	if (m->uid_maps.n)
		m->flags |= NK_MNT_IDMAP;
	if ((m->flags & NK_MNT_IDMAP) && !bind)
		return nk_fail(e, 0, "options: idmap is for bind mounts only");
	if ((m->flags & NK_MNT_TMPCOPYUP) && strcmp(m->type, "tmpfs") != 0)
		return nk_fail(e, 0, "options: tmpcopyup is for tmpfs only");
	if ((m->flags & NK_MNT_COPY_SYMLINK) && !bind)
		return nk_fail(e, 0, "options: copy-symlink is for bind mounts only");
	m->sb_rdonly = !bind && (m->attr_set & MOUNT_ATTR_RDONLY);
	return bind ? finish_bind(a, m, bundle, e) : 0;
}
