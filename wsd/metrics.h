/*
 * Figures of the daemon in the text form of Prometheus: what runs, waits, is connected, how long runs and nodes took,
 * how the database does.
 */
#ifndef WSD_METRICS_H
#define WSD_METRICS_H

#include "base/base.h"

/* A run has ended with that status after so many seconds. */
void metrics_run_ended(const char *status, double seconds);
/* A run has its runner, so many seconds after it was asked for. */
void metrics_run_waited(double seconds);
/* A record of a run's trace (trace.h) has come: counts the nodes that have ended. */
void metrics_nodes(struct sv record);
/* A request to run was turned away because too many wait. */
void metrics_run_refused(void);
/* Appends all figures. */
void metrics_write(struct buf *out);
void metrics_free(void);

#endif
