/*
 * graph: what a workflow's nodes and edges say, before anything runs: types, their fit, the original's typed values.
 */
#ifndef GRAPH_GRAPH_H
#define GRAPH_GRAPH_H

#include "http/http.h"
#include "value/value.h"

/* ---- types (types.c; notes-engine section 8) ---------------------------------------------------------- */

enum type_kind {
	TYPE_ANY,
	TYPE_NONE,
	TYPE_INT,
	TYPE_FLOAT,
	TYPE_BOOL,
	TYPE_STR,
	TYPE_BYTES,
	TYPE_LIST,
	TYPE_TUPLE,
	TYPE_DICT,
	TYPE_OBJECT,
	TYPE_ENUM,
	TYPE_UNION,
	TYPE_COMFY, /* names that begin with "comfy.": they take everything */
	TYPE_TYPED  /* "image", "date" … : see typed.c; also names that nobody knows, which take nothing */
};

struct typed_class;

/* Type metadata. Everything lives in the arena that it was read into and never changes. */
struct type {
	enum type_kind kind;
	const char *name; /* as clients know it: "int", "list", "image" … */
	bool optional;
	const struct value *values; /* the permitted values of an enum (a list), or NULL */
	const char *type_name;      /* dotted name of an enum, or NULL */
	size_t arg_count;
	const struct type *const *args;
	const struct typed_class *typed; /* TYPE_TYPED: NULL when the name is unknown */
};

/* The type "any". */
const struct type *type_any(void);
/* Reads the short form of nodes/node.h ("str", "int?", "list[str]", "enum(a.B:x|y)") or JSON metadata. NULL with the
 * reason when it is neither. */
const struct type *type_parse(struct arena *arena, const char *text, struct err *err) MUST_CHECK;
/* Reads metadata as clients send it ({type, optional, values, type_args, type_name}); nesting is bounded. */
const struct type *type_from_value(struct arena *arena, const struct value *metadata, struct err *err) MUST_CHECK;
/* The metadata with all five fields: a new reference. */
struct value *type_metadata(const struct type *type);
/* True when an edge may lead from a slot of type `source` to a handle of type `target`. */
bool type_fits(const struct type *source, const struct type *target);

enum type_convert_flags {
	TYPE_FROM_EDGE = 1, /* a float item becomes an int where one is wanted (section 11) */
	/* A field of a typed value: whole floats become ints, texts become bytes, a dict may have a "type". */
	TYPE_IN_FIELD = 2
};

/* The value as a property of this type holds it: a new reference (often to `v` itself), or NULL with the reason when
 * it does not fit. A single value for a list becomes a list, objects become typed values with their defaults. Null
 * fits nothing but any: callers skip empty values first. */
struct value *type_convert(const struct type *type, struct value *v, int flags, struct err *err) MUST_CHECK;
/* Null, an empty list or an empty plain object: assigning those leaves a property as it is. */
bool type_value_empty(const struct value *v);
/* What output_update calls the type of a value: "int", "str", "none", "list", "image" …; "any" for what has no name. */
const char *type_of_value(const struct value *v);

/* ---- typed values (typed.c; notes-engine section 12) -------------------------------------------------- */

/* The class whose values carry `type`: name; NULL when there is none. */
const struct typed_class *typed_find(const char *name);
/* True for references to assets (uri, asset_id, data, metadata). */
bool typed_is_asset(const struct typed_class *cls);
/* What its values carry as "type"; NULL: they carry none (shapes that only stand inside others). */
const char *typed_tag(const struct typed_class *cls);
/* A typed value with all fields: those of `fields` (a map, or NULL; "type" and unknown names are left out), the
 * defaults for the rest. A new reference marked as typed, or NULL with the reason. */
struct value *typed_make(const struct typed_class *cls, const struct value *fields, struct err *err) MUST_CHECK;
/* The same by name for callers that know the name to exist and the fields to fit; never NULL. */
struct value *typed_new(const char *name);
/* True when a marked map is a reference to an asset. */
bool typed_value_is_asset(const struct value *v);

/* ---- graphs as REST takes and shows them (rest.c; notes-workflows section 2) --------------------------- */

/* The fields of a graph in a body: nodes and edges with all their defaults; unknown keys are dropped. */
extern const struct field graph_fields[];

/* The graph with every default filled in (a new reference), or NULL when it does not fit graph_fields. */
struct value *graph_complete(struct value *graph);
/* Takes each key that an edge's targetHandle names out of its target's data. Changes the graph, which must be the
 * caller's own (value_copy). */
void graph_strip_connected(struct value *graph);
/* {"type": "object", "properties": {}, "required": []} of the input and output nodes; new references. Data that is no
 * object counts as empty; a name that is null, a list or an object as absent (the node's id stands in). */
struct value *graph_input_schema(const struct value *graph);
struct value *graph_output_schema(const struct value *graph);
/* True when a node's type holds "triggers." */
bool graph_has_trigger(const struct value *graph);
/* The names, types, defaults and bounds of inputs and outputs for client programs: {"inputs": [], "outputs": []} of
 * {node_id, name, description, type, required, default, min, max} and {node_id, name, description, type, stream}
 * (notes-clients section 8); a new reference. */
struct value *graph_interface(const struct value *graph);
/* A graph out of the node map form ("comfy_workflow"), with all defaults; 400 with the reason. Types must stand in the
 * node metadata. A new reference. */
struct value *graph_from_comfy(const struct value *map, struct err *err);

/* ---- exports (export.c, export_gradio.c; notes-workflows section 2 "Exports") --------------------------- */

/* Appends Python source that makes the same graph; `graph` is complete (graph_complete). -1 when `out` is full. */
int graph_export_dsl(struct buf *out, const struct value *graph) MUST_CHECK;
/* Appends a Python program with a Gradio form for the graph. `options`: a map with app_title, theme, description,
 * allow_flagging, queue. -1 when `out` is full. */
int graph_export_gradio(struct buf *out, const struct value *graph, const struct value *options) MUST_CHECK;

#endif
