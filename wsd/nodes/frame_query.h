/* frame_query: conditions of data nodes as trees, and what their parts come to. */
#ifndef NODES_FRAME_QUERY_H
#define NODES_FRAME_QUERY_H

#include "wsd/nodes/frame.h"

enum query_op {
	Q_CONST, /* value: a number, text, bool or null */
	Q_COLUMN,
	Q_LIST,
	Q_OR,
	Q_AND,
	Q_NOT,
	Q_NEGATE,
	Q_PLUS,
	Q_INVERT,
	Q_ADD,
	Q_SUB,
	Q_MUL,
	Q_DIV,
	Q_FLOORDIV,
	Q_MOD,
	Q_POW,
	Q_LT,
	Q_LE,
	Q_GT,
	Q_GE,
	Q_EQ,
	Q_NE,
	Q_IN,
	Q_NOT_IN,
	Q_METHOD, /* args[0].name(args[1…]), or .str.name() */
	Q_FUNCTION
};

struct query {
	enum query_op op;
	struct value *value;
	struct sv name; /* of a column, method or function */
	bool of_text;   /* a method behind .str */
	size_t count;
	struct query **args;
	struct sv *arg_names; /* of named arguments; p is NULL for the others. Only methods have them. */
};

/* What a part comes to: a column, one value, or a list of values (a list in `one`). All lent: the arena has them. */
struct operand {
	struct frame_col *col;
	struct value *one;
};

struct query_run {
	const struct frame *frame;
	struct arena *arena;
	struct err *err;
};

/* The tree of a condition, in memory of the arena. NULL with the reason. */
struct query *cond_parse(struct arena *arena, struct sv text, struct err *err);
int cond_eval(struct query_run *run, const struct query *query, struct operand *out) MUST_CHECK;
int cond_method(struct query_run *run, const struct query *query, struct operand *out) MUST_CHECK;
int cond_function(struct query_run *run, const struct query *query, struct operand *out) MUST_CHECK;

/* The arena drops what it is given; the same pointer comes back. */
struct frame_col *cond_own(struct query_run *run, struct frame_col *col);
struct value *cond_own_value(struct query_run *run, struct value *v);
/* A comparison (Q_LT … Q_NE) or a membership (Q_IN, Q_NOT_IN). */
int cond_compare(struct query_run *run, enum query_op op, struct operand a, struct operand b,
		 struct operand *out) MUST_CHECK;
/* Where the column has one of the values of a list. */
int cond_is_in(struct query_run *run, const struct frame_col *col, const struct value *list,
	       struct frame_col **out) MUST_CHECK;

#endif
