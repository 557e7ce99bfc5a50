/*
 * rx: shorthands for the nodes' own regular expressions (Python's syntax, pytext/pytext.h).
 */
#ifndef NODES_RX_H
#define NODES_RX_H

#include "pytext/pytext.h"

/* A pattern of our own, compiled once per process and kept in *slot. Never NULL. */
struct pyre *rx_once(struct pyre **slot, const char *pattern, int flags);
/* Group n of the last match in the subject; p is NULL when it took no part. */
struct sv rx_group(const struct pyre *re, struct sv subject, int n);

#endif
