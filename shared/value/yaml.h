/*
 * YAML there and back (by libyaml), in the forms of PyYAML's safe_load and safe_dump: settings.yaml, users.yaml.
 */
#ifndef VALUE_YAML_H
#define VALUE_YAML_H

#include "value/value.h"

/* Parses the first document. Plain scalars resolve as YAML 1.1 has it: null, booleans (also yes, no, on, off), integers
 * (decimal, 0x, 0o-less octal, 0b, underscores), floats, the rest text; times stay text. Aliases are copied, at most
 * YAML_MAX_NODES nodes and JSON_MAX_DEPTH levels in all, so that no document can grow beyond its size. An empty document is
 * null. NULL with the reason ("line 3: …") on failure. */
#define YAML_MAX_NODES 1000000
struct value *yaml_parse(const char *text, size_t len, struct err *err) MUST_CHECK;

enum yaml_style {
	YAML_SORTED = 1,  /* keys in order, as PyYAML does unless told otherwise */
	YAML_UNICODE = 2  /* non-ASCII as it is; else escaped in double quotes */
};

/* Appends block style text with a newline at its end. */
int yaml_write(struct buf *out, const struct value *v, int style) MUST_CHECK;

/* ---- files (yaml_file.c) -------------------------------------------------------------------------------- */

#define YAML_FILE_MAX ((size_t)1 << 20) /* bytes of a settings or users file */

/* The file as a map: an empty one when there is no file or no map in it. New reference; NULL with the reason (500; the
 * file is named without its folder). */
struct value *yaml_file_read(const char *path, struct err *err) MUST_CHECK;
/* Reads, lets `change` alter the map, and writes: under a lock (a file beside it), aside and renamed, mode 0600, missing
 * folders made (0700). When `change` returns other than 0 nothing is written and that is returned. */
int yaml_file_update(const char *path, int style, int (*change)(struct value **map, void *arg, struct err *err), void *arg,
		     struct err *err) MUST_CHECK;

#endif
