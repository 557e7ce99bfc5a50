/*
 * chat: the turns of chats, seen from the daemon (notes-ws section 9). A turn runs in a runner of the pool, like a run; what
 * it is and does stands in wsd/chat/turn.h. A socket has one turn at a time, and so has a thread: a new message gives the old one
 * up. So does the end of the socket, unless somebody else listens or the client knows how to come back (session->modern).
 * Every socket of the user that spoke last in a thread, or resumed it, hears of its turns.
 */
#ifndef WSD_CHAT_H
#define WSD_CHAT_H

#include "wsd/session.h"

/* chat_message: `data` is its data, or on /ws/chat the message itself. */
void chat_message(struct session *s, struct value *data);
/* Gives up the turn of the user's thread, whichever socket asked (NULL: the session's own, whatever its thread). */
void chat_stop(struct session *s, const char *thread_id);
/* resume_chat: from now on the session hears of the thread; it gets the frames behind `last_seq` that are kept. */
void chat_resume(struct session *s, struct value *data);
/* list_chat_turns: one event for each turn of the user that goes on. */
void chat_list_turns(struct session *s, struct value *data);
/* The tools of the client, a list of maps with names. */
void chat_manifest(struct session *s, struct value *tools);
/* The client's answer to a tool_call. */
void chat_tool_result(struct session *s, const struct value *m);
/* session_ops: the socket is closed, its queue is short again. */
void chat_session_over(struct session *s);
void chat_relieved(struct session *s);
/* How many turns go on. */
int chat_active(void);
/* Ends every turn; before pool_destroy. */
void chat_shutdown(void);

#endif
