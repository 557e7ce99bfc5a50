/* The kinds of sessions: what each does with its messages. */
#ifndef WSD_KINDS_H
#define WSD_KINDS_H

#include "wsd/session.h"

extern const struct session_ops protocol_ops; /* protocol.c: /ws, /ws/predict */
extern const struct session_ops chat_ops;     /* protocol.c: /ws/chat */
extern const struct session_ops updates_ops;  /* updates.c */
extern const struct session_ops download_ops; /* download.c */
extern const struct session_ops terminal_ops; /* terminal.c */

const struct session_ops *kind_ops(enum session_kind kind);

#endif
