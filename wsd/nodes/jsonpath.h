/*
 * jsonpath: selects values of JSON data by a path in the dialect of Python's jsonpath-ng.
 *
 *	$  @ `this`  `parent`      roots
 *	a  "a b"  a,b  *           fields (on maps)
 *	[0] [-1] [1:3] [::2] [*]   items (on lists), ["a"] fields
 *	x.y  x..y                  child, any descendant
 *	x|y  x where y             both, only those that have
 *
 * Of the operators, where binds closest, then |, then the dot, then the double dot. No filters, no functions.
 */
#ifndef NODES_JSONPATH_H
#define NODES_JSONPATH_H

#include "value/value.h"

#define JSONPATH_MAX 4096           /* bytes of an expression */
#define JSONPATH_MATCHES_MAX 1000000

/* All matches in order as a new list. NULL with the reason: a path that cannot be read, too many matches. */
struct value *jsonpath_find(struct sv path, struct value *data, struct err *err);

#endif
