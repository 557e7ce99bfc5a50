/* The parts of json_schema that look at the schema alone. */
#ifndef NODES_JSON_SCHEMA_CHECK_H
#define NODES_JSON_SCHEMA_CHECK_H

#include "value/value.h"

/* -1 with the reason when a keyword of the schema (at any depth) has a value that it cannot have. */
int json_schema_check(const struct value *schema, struct err *err) MUST_CHECK;
/* The schema that a local reference names: "#", "#/pointer" or "#anchor", lent; NULL when there is none. */
const struct value *json_schema_resolve(const struct value *root, struct sv ref);

#endif
