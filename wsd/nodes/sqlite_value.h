/* Values of lib.sqlite in and out of the database. */
#ifndef NODES_SQLITE_VALUE_H
#define NODES_SQLITE_VALUE_H

#include "value/value.h"

#include <sqlite3.h>

/* Binds parameter i; with `as_json`, lists and maps are stored as JSON text. SQLITE_OK, an SQLite code, or -1 with the
 * reason. */
int sqlite_bind_value(sqlite3_stmt *stmt, int i, const struct value *v, bool as_json, struct err *err);
/* Column i of the current row, new; a text that is JSON becomes what it says. */
struct value *sqlite_column_value(sqlite3_stmt *stmt, int i);
/* The texts of the current row are UTF-8. */
bool sqlite_valid_texts(sqlite3_stmt *stmt);

#endif
