/*
 * value: one tagged type for everything that comes from or goes to JSON and MessagePack, and for what travels along the
 * edges of a running workflow.
 *
 * Ownership: a value is reference counted, and counts are not atomic: a value belongs to one thread. Functions whose
 * name ends in _new, _copy or _parse give the caller one reference; list_push and map_set TAKE the reference they are
 * given; list_at and map_get LEND (valid while the container is). value_ref adds a reference, value_unref drops one.
 * Small constants (null, true, false) are shared and never freed.
 *
 * Sharing: a value that more than one owner holds must not be changed; *_writable copies it first when it is shared.
 */
#ifndef VALUE_VALUE_H
#define VALUE_VALUE_H

#include "base/base.h"

enum value_kind {
	VALUE_NULL,
	VALUE_BOOL,
	VALUE_INT,    /* 64 bits, signed */
	VALUE_BIGINT, /* any other integer, as its decimal digits */
	VALUE_FLOAT,
	VALUE_STR, /* UTF-8; may hold NUL */
	VALUE_BYTES,
	VALUE_LIST,
	VALUE_MAP,   /* keys are text, in order of insertion */
	VALUE_OBJECT /* something of a node's own (a workbook, a column store): see struct value_class */
};

struct value;

/* What an object of a node's own must be able to do. `to_value` gives what clients and generic nodes see of it. */
struct value_class {
	const char *type_name; /* as in type metadata: "dataframe", "excel" … */
	void (*free)(void *ptr);
	struct value *(*to_value)(void *ptr); /* new reference */
	/* What messages about a node show of it where the whole would be long; NULL: to_value. New reference. */
	struct value *(*to_brief)(void *ptr);
};

enum value_kind value_kind(const struct value *v);
struct value *value_ref(struct value *v);
/* Takes NULL. */
void value_unref(struct value *v);
/* For arena_defer. */
void value_unref_ptr(void *v);
bool value_shared(const struct value *v);

struct value *value_null(void);
struct value *value_bool(bool b);
struct value *value_int(int64_t n);
struct value *value_uint(uint64_t n); /* VALUE_BIGINT above INT64_MAX */
struct value *value_bigint(const char *digits, size_t len);
struct value *value_float(double d);
struct value *value_str(const char *text); /* NULL gives null */
struct value *value_strn(const char *text, size_t len);
/* Takes malloc'd memory (len bytes and a NUL behind them) as it is. */
struct value *value_str_take(char *text, size_t len);
struct value *value_strf(const char *fmt, ...) PRINTF_LIKE(1, 2);
struct value *value_bytes(const void *data, size_t len);
struct value *value_bytes_take(void *data, size_t len);
struct value *value_list(void);
struct value *value_map(void);
struct value *value_object(const struct value_class *cls, void *ptr);

bool value_is(const struct value *v, enum value_kind kind);
bool value_is_null(const struct value *v); /* true for NULL too */
bool value_as_bool(const struct value *v); /* only for VALUE_BOOL */
int64_t value_as_int(const struct value *v); /* INT; BOOL as 0 or 1; FLOAT cut towards zero; else 0 */
double value_as_float(const struct value *v); /* INT, BIGINT, BOOL, FLOAT; else 0 */
/* The bytes of a STR, BYTES or BIGINT (NUL behind them); NULL for other kinds. */
const char *value_text(const struct value *v);
size_t value_len(const struct value *v); /* bytes of a text, items of a list, entries of a map; else 0 */
struct sv value_sv(const struct value *v);
void *value_object_ptr(const struct value *v, const struct value_class *cls); /* NULL when of another class */
const struct value_class *value_object_class(const struct value *v);
bool value_is_number(const struct value *v); /* INT, BIGINT, FLOAT; not BOOL */
/* A whole number: INT, or a FLOAT without fraction that fits (clients write those: notes-clients section 1). */
bool value_to_whole(const struct value *v, int64_t *out);

/* Lists. A list carries a mark when Python would call it a tuple (only str() shows the difference). */
void list_push(struct value *list, struct value *item);
struct value *list_at(const struct value *list, size_t i); /* NULL past the end */
void list_set(struct value *list, size_t i, struct value *item);
void list_insert(struct value *list, size_t i, struct value *item);
void list_remove(struct value *list, size_t i);
void list_reserve(struct value *list, size_t count);
void list_mark_tuple(struct value *list);
bool list_is_tuple(const struct value *list);

/* Maps. */
void map_set(struct value *map, const char *key, struct value *v);
void map_setn(struct value *map, const char *key, size_t len, struct value *v);
struct value *map_get(const struct value *map, const char *key); /* NULL when absent, or when `map` is no map */
struct value *map_getn(const struct value *map, const char *key, size_t len);
bool map_remove(struct value *map, const char *key);
/* Entry i in order of insertion; false past the end. `key` and `v` may be NULL. */
bool map_entry(const struct value *map, size_t i, struct sv *key, struct value **v);
/* Shorthands: the text of a string entry or `fallback`; a map or list entry or NULL. */
const char *map_str(const struct value *map, const char *key, const char *fallback);
int64_t map_int(const struct value *map, const char *key, int64_t fallback);
bool map_bool(const struct value *map, const char *key, bool fallback);
void map_set_str(struct value *map, const char *key, const char *text); /* NULL text gives null */
void map_set_int(struct value *map, const char *key, int64_t n);
void map_set_bool(struct value *map, const char *key, bool b);
void map_set_float(struct value *map, const char *key, double d);
/* A map is "typed" when it stands for one of the original's typed values (an asset reference, a date …) and not for a
 * plain dict: it then has its type's fields, and an entry "type" (notes-engine sections 7 and 10). */
void map_mark_typed(struct value *map);
bool map_is_typed(const struct value *map);

/* Equal as Python's == has it: 1, 1.0 and true are equal; lists and maps member by member. */
bool value_equal(const struct value *a, const struct value *b);
/* Python's truth: 0, "", [], {}, false and null are false. */
bool value_truthy(const struct value *v);
/* True when a big integer stands in it, at any depth: MessagePack has no form for those. */
bool value_has_bigint(const struct value *v);
/* A hash that agrees with value_equal. */
uint64_t value_hash(const struct value *v);
/* A copy whose lists and maps are its own (texts and bytes stay shared: they never change). */
struct value *value_copy(const struct value *v);
/* *v itself when nobody else holds it, else a copy of its top level that replaces *v. */
void value_make_writable(struct value **v);

/* ---- JSON --------------------------------------------------------------------------------------------- */

#define JSON_MAX_DEPTH 128

struct json_error {
	size_t position; /* in characters, as the original counts them (loc of a 422) */
	char message[96];
};

/* Parses one JSON text (by json-c). Refuses what Python's parser refuses, NaN and Infinity, invalid UTF-8, and nesting
 * deeper than JSON_MAX_DEPTH. Of repeated keys the last counts. NULL with the reason on failure. */
struct value *json_parse(const char *text, size_t len, struct json_error *error) MUST_CHECK;

/* The JSON of a file of at most `max` bytes; NULL with the reason (status 404 when it is not there). */
struct value *json_read_file(const char *path, size_t max, struct err *err) MUST_CHECK;
/* The same for a file of the share folder, by its name. */
struct value *json_read_share(const char *name, size_t max, struct err *err) MUST_CHECK;

enum json_style {
	JSON_COMPACT = 0,      /* {"a":1}: what clients get */
	JSON_SPACED = 1,       /* {"a": 1}: Python's separators: columns, ETags, NDJSON */
	JSON_ASCII = 2,        /* non-ASCII as \uXXXX */
	JSON_SORTED = 4,       /* keys sorted at every level */
	JSON_INDENT = 8,       /* two blanks a level */
	JSON_WRAP_BYTES = 16,  /* bytes as {"__bytes__": base64} (columns); else bytes become base64 text */
	JSON_NAN_WORDS = 32    /* NaN, Infinity as bare words; else null */
};
/* The form of JSON columns (notes-workflows section 1). */
#define JSON_COLUMN (JSON_SPACED | JSON_ASCII | JSON_WRAP_BYTES)

int json_write(struct buf *out, const struct value *v, int style);
/* Into memory of the arena. NULL when it is longer than `max`. */
char *json_text(struct arena *arena, const struct value *v, int style);
/* One quoted string. */
int json_write_str(struct buf *out, const char *text, size_t len, int style);
/* Shortest text that reads back as the same double; Python's form ("1.0", "1e-07", "1e+16"). */
#define JSON_FLOAT_MAX 64
void json_float(double d, char out[JSON_FLOAT_MAX]);

/* ---- MessagePack (by msgpack-c) ----------------------------------------------------------------------- */

/* Parses exactly one value that takes the whole input. Extension 0 (msgpackr's undefined) reads as null, -1 (timestamp)
 * as an ISO text, 1 (ours, between daemon and runner) as a big integer; other extensions, keys that are no text,
 * invalid UTF-8 and nesting deeper than JSON_MAX_DEPTH are refused. NULL with the reason on failure. */
struct value *msgpack_parse(const void *data, size_t len, struct json_error *error) MUST_CHECK;
/* Integers in the shortest form. With `internal`, big integers go out as extension 1; without, as float64. */
int msgpack_write(struct buf *out, const struct value *v, bool internal);

#endif
