/* The table behind typed.c; for the files of this folder only. */
#ifndef GRAPH_TYPED_TABLE_H
#define GRAPH_TYPED_TABLE_H

#include "graph/graph.h"

struct typed_shape {
	const char *name; /* as type metadata names it; those that are no type of their own begin with a capital */
	const char *tag;  /* what its values carry as "type"; NULL: they carry none */
	bool asset;       /* begins with the fields of an asset reference */
	const char *fields;
};

/* Types that differ in nothing but their name. */
struct typed_family {
	const char *const *names;
	const char *fields;
};

extern const struct typed_shape typed_shapes[];
extern const size_t typed_shape_count;
extern const struct typed_family typed_families[];
extern const size_t typed_family_count;

#endif
