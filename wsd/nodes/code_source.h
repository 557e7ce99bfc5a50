/*
 * code_source: what an interpreter is given to run: a program text with variables in front of it.
 */
#ifndef NODES_CODE_SOURCE_H
#define NODES_CODE_SOURCE_H

#include "value/value.h"

enum code_language { CODE_PYTHON, CODE_JAVASCRIPT, CODE_BASH, CODE_RUBY, CODE_LUA };

/* Appends the assignments of the variables (a map) and the code. Bash stops at the first command that fails, as the
 * original has it. -1 when a name cannot be a variable or a value has no form in the language. */
int code_source(struct buf *out, enum code_language language, const char *code, const struct value *variables, struct err *err)
	MUST_CHECK;

#endif
