/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One table of options per command. It feeds the parser, --help, the
 * completions and the OPTIONS section of the man page: they cannot drift apart.
 */
#ifndef NK_CLI_OPTION_H
#define NK_CLI_OPTION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

struct nk_option;

/* What a setter is given besides the value. */
struct nk_option_use {
	const struct nk_option *option;
	void *target;		/* the command's own struct */
	struct nk_arena *arena; /* for what has to be kept; argv itself lives long enough */
};

/*
 * value: the text as given. For flags it is "true" or "false" (checked before).
 * For options with an optional value that was not given it is NULL.
 * A setter's error needs no option name: the parser puts "--memory 12x: " before it.
 */
struct nk_option {
	const char *name;    /* long name, without the dashes */
	char letter;	     /* short name, or 0 */
	bool optional;	     /* the value may be left out; then it is only taken after '=' */
	bool hidden;	     /* another spelling: parsed, but not in --help and the man page */
	const char *metavar; /* NULL: a flag */
	const char *group;   /* heading in --help; the next ones without a group follow it */
	const char *help;    /* one line, without a full stop at its end */
	const char *more;    /* man page only: further sentences, in scdoc */
	const char *values;  /* for completion: words between spaces, or "@file", "@dir",
				"@container" */
	int (*set)(const struct nk_option_use *use, const char *value, struct nk_err *e);
	size_t offset; /* of the member that nk_set_flag and its like write */
};

/* Setters for plain members: bool, const char *, struct nk_strv (repeatable), unsigned. */
int nk_set_flag(const struct nk_option_use *use, const char *value, struct nk_err *e);
int nk_set_string(const struct nk_option_use *use, const char *value, struct nk_err *e);
int nk_set_list(const struct nk_option_use *use, const char *value, struct nk_err *e);
int nk_set_unsigned(const struct nk_option_use *use, const char *value, struct nk_err *e);

/* Whether it is "json" (a bool); the only other value is the first of the option's values. */
int nk_set_json(const struct nk_option_use *use, const char *value, struct nk_err *e);

/* Member of the target that offset names. */
#define NK_MEMBER(use, type) ((type *)((char *)(use)->target + (use)->option->offset))

/* A table: options up to the one without a name. */
const struct nk_option *nk_option_find(const struct nk_option *table, const char *name, size_t len);
const struct nk_option *nk_option_letter(const struct nk_option *table, char letter);

/*
 * Parse argv[1..] up to the first word that is not an option (or behind "--")
 * and give its index. "--help" (and "-h", where the table has no other use for
 * it) ends the parse with -ECANCELED and an empty *e. An unknown option: -ENOENT,
 * with a hint only if another name is near. Other errors: -EINVAL.
 */
int nk_options_parse(const struct nk_option *table, struct nk_arena *arena, int argc, char **argv,
		     void *target, struct nk_err *e);

/* The same, but options may stand behind words: the words go to the end of argv, in their order. */
int nk_options_parse_mixed(const struct nk_option *table, struct nk_arena *arena, int argc,
			   char **argv, void *target, struct nk_err *e);

/* The name in a list of n that is nearest to word, or NULL when none is near. */
struct nk_nearest {
	const char *word, *best;
	size_t len;
	unsigned distance;
};
void nk_nearest_init(struct nk_nearest *s, const char *word, size_t len);
void nk_nearest_offer(struct nk_nearest *s, const char *name);

#endif
