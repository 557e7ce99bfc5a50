/* The journal's work on run logs (runlog.h), in its thread. */
#ifndef WSD_JOURNAL_LOG_H
#define WSD_JOURNAL_LOG_H

#include "wsd/journal.h"

/* MESSAGES, END: appends the operation's blobs. FORGET: takes the log away. Nothing for others. */
void journal_log_write(struct journal_op *op);
/* END: the log is closed. RESUME: it is opened again, op->logged says what it holds. */
void journal_log_over(struct journal_op *op);
/* READ: the next slice from op->cursor on; op->logged too when want_log. */
void journal_log_read(struct journal_op *op);
/* TRACE: the operation's rc (trace_read.c). */
int journal_trace(struct db *db, struct journal_op *op);
/* RECOVER: the operation's rc. */
int journal_recover(struct db *db, struct journal_op *op);

#endif
