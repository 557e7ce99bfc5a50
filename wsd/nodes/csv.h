/* csv: delimiter-separated values as Python's csv.reader takes them (quotes doubled, line ends within quotes). */
#ifndef NODES_CSV_H
#define NODES_CSV_H

#include "value/value.h"

/* A list of rows, each a list of texts; an empty line is an empty row. NULL with the reason. */
struct value *csv_parse(struct sv text, uint32_t delimiter, struct err *err) MUST_CHECK;

#endif
