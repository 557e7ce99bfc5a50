/* The conditions that number filters of several namespaces share. */
#ifndef NODES_NUMBERS_H
#define NODES_NUMBERS_H

#include "value/value.h"

/* True when `v` is a number that satisfies filter_type (greater_than, less_than, equal_to, even, odd, positive, negative)
 * against compare_value. Python's rules: true is 1, -1 is odd, NaN satisfies none but odd. */
bool numbers_match(const struct value *v, const char *filter_type, const struct value *compare_value);
/* True when low <= v <= high, or low < v < high. */
bool numbers_in_range(const struct value *v, const struct value *low, const struct value *high, bool inclusive);

#endif
