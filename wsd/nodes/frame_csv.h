/* frame_csv: between the two halves of the CSV reader: cutting into fields, and finding out what the fields are. */
#ifndef NODES_FRAME_CSV_H
#define NODES_FRAME_CSV_H

#include "wsd/nodes/frame.h"

/* The column that pandas would make of these fields: whole numbers, fractions, bools, else texts that point into what
 * `keep` holds. Words like NA and empty fields are missing. */
struct frame_col *frame_csv_column(const struct sv *fields, size_t n, struct value *keep);

#endif
