/*
 * /ws/updates: load figures each second, and changes of the user's own objects; datagrams from the REST programs
 * (notify/notify.h) come in here. Source: notes-ws section 10; notes-clients sections 4 and 8; cases/ws_updates.
 */
#ifndef WSD_UPDATES_H
#define WSD_UPDATES_H

#include "value/value.h"

/* Binds the socket for datagrams. After loop_init. */
int updates_init(struct err *err) MUST_CHECK;
void updates_close(void);
/* Leaves the socket, and what waits in it, to the next program (handover.h). */
void updates_hand_over(struct value *fds);
/* True when a change of that user's objects interests somebody. */
bool updates_wanted(const char *user_id);
/* Tells the user's sessions of a change; `etag` may be NULL. */
void updates_change(const char *user_id, const char *event, const char *type, const char *id, const char *etag);

#endif
