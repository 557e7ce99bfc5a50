/*
 * Figures of the daemon in the text form of Prometheus: what runs, waits, is connected, and how long runs took.
 */
#ifndef WSD_METRICS_H
#define WSD_METRICS_H

#include "base/base.h"

/* A run has ended with that status after so many seconds. */
void metrics_run_ended(const char *status, double seconds);
/* A request to run was turned away because too many wait. */
void metrics_run_refused(void);
/* Appends all figures. */
void metrics_write(struct buf *out);

#endif
