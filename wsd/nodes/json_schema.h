/*
 * json_schema: validation of data against a JSON Schema (draft 2020-12; array-form items and dependencies of the older
 * drafts too). "format" is not checked; references stay inside the schema.
 */
#ifndef NODES_JSON_SCHEMA_H
#define NODES_JSON_SCHEMA_H

#include "value/value.h"

/* 1 when the data is valid, 0 when not, -1 with the reason when the schema itself is wrong. */
int json_schema_validate(const struct value *data, const struct value *schema, struct err *err) MUST_CHECK;

#endif
