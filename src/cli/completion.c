/* SPDX-License-Identifier: Apache-2.0 */
/* Completions for bash, zsh and fish, printed from the option tables. */
#include <errno.h>
#include <string.h>

#include "cli/help.h"

/* 'text' with its quotes safe inside the single quotes of all three shells. */
static void quoted(FILE *out, const char *text, const char *escape, const char *special)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs(escape, out);
		else if (strchr(special, *text))
			fprintf(out, "\\%c", *text);
		else
			fputc(*text, out);
	}
}

/* The last words of a list of commands, with blanks between. */
static void names(FILE *out, const struct nk_command *const *list)
{
	for (size_t i = 0; list[i]; i++)
		fprintf(out, "%s%s", i ? " " : "", nk_command_last_word(list[i]));
}

/* ---- bash: per command one list of options, and a case for values ---- */

static void bash_values(FILE *out, const char *scope, const struct nk_option *o)
{
	if (!o->metavar)
		return;
	fprintf(out, "\t'%s':--%s", scope, o->name);
	if (o->letter)
		fprintf(out, "|'%s':-%c", scope, o->letter);
	fputs(") ", out);
	if (o->optional)
		fputs("[[ $joined ]] || return 1; ", out);
	if (!o->values)
		fputs("COMPREPLY=()", out);
	else if (!strcmp(o->values, "@file"))
		fputs("compopt -o filenames; COMPREPLY=($(compgen -f -- \"$cur\"))", out);
	else if (!strcmp(o->values, "@dir"))
		fputs("compopt -o filenames; COMPREPLY=($(compgen -d -- \"$cur\"))", out);
	else if (o->values[0] == '@')
		fprintf(out, "COMPREPLY=($(compgen -W \"$(_nook_%s)\" -- \"$cur\"))",
			o->values + 1);
	else
		fprintf(out, "COMPREPLY=($(compgen -W '%s' -- \"$cur\"))", o->values);
	fputs(" ;;\n", out);
}

static void bash_list(FILE *out, const char *scope, const struct nk_option *table)
{
	fprintf(out, "\t'%s') echo '--help", scope);
	for (const struct nk_option *o = table; o && o->name; o++)
		if (!o->hidden)
			fprintf(out, " --%s", o->name);
	fputs("' ;;\n", out);
}

static void bash_words(FILE *out, const struct nk_command *cmd)
{
	if (!cmd->words && !cmd->children)
		return;
	fprintf(out, "\t'%s') ", cmd->name);
	if (cmd->children) {
		fputs("echo '", out);
		names(out, cmd->children);
		fputs("' ;;\n", out);
	} else if (cmd->words[0] == '@') {
		fprintf(out, "_nook_%s ;;\n", cmd->words + 1);
	} else {
		fprintf(out, "echo '%s' ;;\n", cmd->words);
	}
}

static void common_functions(FILE *out)
{
	fputs("_nook_container() { nook ps 2>/dev/null | awk 'NR > 1 { print $2 }'; }\n"
	      "_nook_network() { nook network ls -q 2>/dev/null; }\n"
	      "_nook_capability() { echo ALL CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_ADMIN "
	      "NET_BIND_SERVICE NET_RAW SETFCAP SETGID SETPCAP SETUID SYS_ADMIN SYS_CHROOT "
	      "SYS_NICE "
	      "SYS_PTRACE SYS_RESOURCE SYS_TIME; }\n"
	      "_nook_command() { echo '",
	      out);
	names(out, nk_commands);
	fputs("'; }\n_nook_groups() { echo '", out);
	for (size_t i = 0; nk_commands[i]; i++)
		if (nk_commands[i]->children)
			fprintf(out, "%s ", nk_commands[i]->name);
	fputs("'; }\n", out);
}

static void bash(FILE *out)
{
	fputs("# bash completion of nook; printed by `nook completion bash`\n", out);
	common_functions(out);
	fputs("_nook_options() { case $1 in\n", out);
	bash_list(out, "nook", nk_global_options);
	for (size_t i = 0; nk_command_at(i); i++)
		bash_list(out, nk_command_at(i)->name, nk_command_at(i)->options);
	fputs("\tesac; }\n_nook_words() { case $1 in\n\tnook) _nook_command ;;\n", out);
	for (size_t i = 0; nk_command_at(i); i++)
		bash_words(out, nk_command_at(i));
	/* Whether option $2 of scope $1 takes the next word: completes it, or returns 1. */
	fputs("\tesac; }\n_nook_value() {\n\tlocal joined=$3\n\tcase $1:$2 in\n", out);
	for (const struct nk_option *o = nk_global_options; o->name; o++)
		bash_values(out, "nook", o);
	for (size_t i = 0; nk_command_at(i); i++)
		for (const struct nk_option *o = nk_command_at(i)->options; o && o->name; o++)
			bash_values(out, nk_command_at(i)->name, o);
	fputs("\t*) return 1 ;;\n\tesac\n}\n"
	      "_nook() {\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} scope=nook i word seen=0\n"
	      "\tlocal before=${COMP_WORDS[COMP_CWORD-1]}\n"
	      "\tCOMPREPLY=()\n"
	      "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	      "\t\tword=${COMP_WORDS[i]}\n"
	      "\t\t[[ $word == = ]] && { ((i++)); continue; }\n"
	      "\t\tif [[ $word == -* ]]; then\n"
	      "\t\t\t[[ ${COMP_WORDS[i+1]} != = ]] && (compopt() { :; }; cur=; "
	      "_nook_value \"$scope\" \"$word\" '') && ((i++))\n"
	      "\t\telif [[ $scope == nook ]]; then scope=$word\n"
	      "\t\telif [[ \" $(_nook_groups) \" == *\" $scope \"* ]]; then scope+=\" $word\"\n"
	      "\t\telse seen=1; break; fi\n"
	      "\tdone\n"
	      "\tif [[ $cur == = ]]; then cur=; _nook_value \"$scope\" \"$before\" yes && return; "
	      "fi\n"
	      "\tif [[ $before == = ]]; then\n"
	      "\t\t_nook_value \"$scope\" \"${COMP_WORDS[COMP_CWORD-2]}\" yes && return\n"
	      "\tfi\n"
	      "\tif ((!seen)); then _nook_value \"$scope\" \"$before\" '' && return; fi\n"
	      "\tif ((!seen)) && [[ $cur == -* ]]; then\n"
	      "\t\tCOMPREPLY=($(compgen -W \"$(_nook_options \"$scope\")\" -- \"$cur\")); return\n"
	      "\tfi\n"
	      "\tif ((!seen)); then\n"
	      "\t\tCOMPREPLY=($(compgen -W \"$(_nook_words \"$scope\")\" -- \"$cur\"))\n"
	      "\t\t((${#COMPREPLY[@]})) && return\n"
	      "\tfi\n"
	      "\tcompopt -o default\n"
	      "}\n"
	      "complete -F _nook nook\n",
	      out);
}

/* ---- zsh: _arguments ---- */

static void zsh_action(FILE *out, const char *values)
{
	if (!values)
		fputs(" ", out);
	else if (!strcmp(values, "@file"))
		fputs("_files", out);
	else if (!strcmp(values, "@dir"))
		fputs("_files -/", out);
	else if (values[0] == '@')
		fprintf(out, "{compadd -- $(_nook_%s)}", values + 1);
	else
		fprintf(out, "(%s)", values);
}

static void zsh_table(FILE *out, const struct nk_option *table)
{
	for (const struct nk_option *o = table; o && o->name; o++) {
		if (o->hidden)
			continue;
		for (int letter = 0; letter < (o->letter ? 2 : 1); letter++) {
			fputs("\t\t'*", out);
			if (letter)
				fprintf(out, "-%c%s", o->letter, o->metavar ? "+" : "");
			else
				fprintf(out, "--%s%s", o->name,
					!o->metavar   ? ""
					: o->optional ? "=-"
						      : "=");
			fputs("[", out);
			quoted(out, o->help, "'\\''", "[]\\");
			fputs("]", out);
			if (o->metavar) {
				fputs(o->optional ? "::" : ":", out);
				quoted(out, o->metavar, "'\\''", ":\\[]");
				fputs(":", out);
				zsh_action(out, o->values);
			}
			fputs("' \\\n", out);
		}
	}
	fputs("\t\t'--help[explain]' \\\n", out);
}

/* The end of an _arguments whose first word is one of these commands, and what follows each. */
static void zsh_commands(FILE *out, const struct nk_command *const *list)
{
	fputs("\t\t'1:command:->command' '*::arg:->args'\n"
	      "\tcase $state in\n\tcommand)\n\t\tlocal -a commands=(\n",
	      out);
	for (size_t i = 0; list[i]; i++) {
		fprintf(out, "\t\t\t'%s:", nk_command_last_word(list[i]));
		quoted(out, list[i]->summary, "'\\''", ":\\");
		fputs("'\n", out);
	}
	fputs("\t\t)\n\t\t_describe command commands ;;\n\targs) case $line[1] in\n", out);
	for (size_t i = 0; list[i]; i++) {
		const struct nk_command *c = list[i];
		if (c->children) {
			fprintf(out, "\t%s) _nook_%s ;;\n", c->name, c->name);
			continue;
		}
		fprintf(out, "\t%s) _arguments -S -A '-*' \\\n", nk_command_last_word(c));
		zsh_table(out, c->options);
		fputs("\t\t'1:word:", out);
		zsh_action(out, c->words);
		fputs("' '*::arg:_normal' ;;\n", out);
	}
	fputs("\tesac ;;\n", out);
}

static void zsh_groups(FILE *out)
{
	for (size_t i = 0; nk_commands[i]; i++) {
		if (!nk_commands[i]->children)
			continue;
		fprintf(out,
			"_nook_%s() {\n\tlocal curcontext=$curcontext state line\n"
			"\ttypeset -A opt_args\n\t_arguments -C -S \\\n",
			nk_commands[i]->name);
		zsh_table(out, nk_commands[i]->options);
		zsh_commands(out, nk_commands[i]->children);
		fputs("\tesac\n}\n", out);
	}
}

static void zsh(FILE *out)
{
	fputs("#compdef nook\n# printed by `nook completion zsh`\n", out);
	common_functions(out);
	zsh_groups(out);
	fputs("_nook() {\n\tlocal curcontext=$curcontext state line\n\ttypeset -A opt_args\n"
	      "\t_arguments -C -S \\\n",
	      out);
	zsh_table(out, nk_global_options);
	zsh_commands(out, nk_commands);
	fputs("\tesac\n}\n"
	      "if [ \"$funcstack[1]\" = _nook ]; then _nook \"$@\"; else compdef _nook nook; fi\n",
	      out);
}

/* ---- fish: one line per option ---- */

static void fish_table(FILE *out, const char *when, const struct nk_option *table)
{
	for (const struct nk_option *o = table; o && o->name; o++) {
		if (o->hidden)
			continue;
		fprintf(out, "complete -c nook -n '%s' -l %s", when, o->name);
		if (o->letter)
			fprintf(out, " -s %c", o->letter);
		if (o->metavar && !o->optional)
			fputs(" -r", out);
		if (o->values && !strcmp(o->values, "@file"))
			fputs(" -F", out);
		else if (o->values && !strcmp(o->values, "@dir"))
			fputs(" -a '(__fish_complete_directories)'", out);
		else if (o->values && o->values[0] == '@')
			fprintf(out, " -a '(__nook_%s)'", o->values + 1);
		else if (o->values)
			fprintf(out, " -a '%s'", o->values);
		fputs(" -d '", out);
		quoted(out, o->help, "\\'", "\\");
		fputs("'\n", out);
	}
}

static void fish(FILE *out)
{
	fputs("# fish completion of nook; printed by `nook completion fish`\n"
	      "function __nook_container\n\tnook ps 2>/dev/null | awk 'NR > 1 { print $2 }'\nend\n"
	      "function __nook_network\n\tnook network ls -q 2>/dev/null\nend\n"
	      "function __nook_capability\n\tstring split ' ' 'ALL CHOWN DAC_OVERRIDE FOWNER "
	      "FSETID KILL "
	      "MKNOD NET_ADMIN NET_BIND_SERVICE NET_RAW SETFCAP SETGID SETPCAP SETUID SYS_ADMIN "
	      "SYS_CHROOT SYS_NICE SYS_PTRACE SYS_RESOURCE SYS_TIME'\nend\n"
	      "complete -c nook -f\n",
	      out);
	fputs("function __nook_command\n\tstring split ' ' '", out);
	names(out, nk_commands);
	fputs("'\nend\n", out);
	fish_table(out, "__fish_use_subcommand", nk_global_options);
	for (size_t i = 0; nk_command_at(i); i++) {
		const struct nk_command *c = nk_command_at(i);
		const char *last = nk_command_last_word(c);
		int group = last > c->name ? (int)(last - c->name - 1) : 0;
		char when[120];
		if (group)
			fprintf(out,
				"complete -c nook -n '__fish_seen_subcommand_from %.*s' -a %s -d '",
				group, c->name, last);
		else
			fprintf(out, "complete -c nook -n __fish_use_subcommand -a %s -d '", last);
		quoted(out, c->summary, "\\'", "\\");
		fputs("'\n", out);
		if (group)
			snprintf(when, sizeof(when),
				 "__fish_seen_subcommand_from %.*s; and "
				 "__fish_seen_subcommand_from %s",
				 group, c->name, last);
		else
			snprintf(when, sizeof(when), "__fish_seen_subcommand_from %s", last);
		fish_table(out, when, c->options);
		if (c->words && c->words[0] == '@')
			fprintf(out, "complete -c nook -n '%s' -a '(__nook_%s)'\n", when,
				c->words + 1);
		else if (c->words)
			fprintf(out, "complete -c nook -n '%s' -a '%s'\n", when, c->words);
	}
}

int nk_completion_print(const char *shell, FILE *out)
{
	if (!strcmp(shell, "bash"))
		bash(out);
	else if (!strcmp(shell, "zsh"))
		zsh(out);
	else if (!strcmp(shell, "fish"))
		fish(out);
	else
		return -EINVAL;
	return 0;
}
