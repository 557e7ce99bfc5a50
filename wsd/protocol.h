/*
 * What comes over /ws: messages, in the order of tests of notes-ws section 2, and the commands of section 3.
 */
#ifndef WSD_PROTOCOL_H
#define WSD_PROTOCOL_H

#include "wsd/jobs.h"
#include "wsd/session.h"

/* One command; `data` is a map (lent). Each sends its answer itself. */
struct command {
	const char *name;
	void (*run)(struct session *s, struct value *data);
};

const struct command *command_find(const char *name); /* commands.c; NULL when unknown */

/* `{"error":"invalid_command","details":…}` */
void protocol_invalid(struct session *s, const char *details);
/* Decodes a message; NULL with a text for the client. */
struct value *protocol_decode(const void *data, size_t len, bool text, const char **why);

/* run_request.c */
void command_run_job(struct session *s, struct value *data);
/* reconnect.c */
void command_reconnect_job(struct session *s, struct value *data);
void command_resume_job(struct session *s, struct value *data);
/* stream.c */
void command_stream_input(struct session *s, struct value *data);
void command_end_input_stream(struct session *s, struct value *data);

/* The session's watch of a run; NULL when it does not stream it. */
struct watch *session_watch(struct session *s, const char *job_id);
/* Lets the session stream the run (once); `workflow_id` replaces the job's in what it gets (NULL: the job's own). */
struct watch *session_start_watch(struct session *s, struct job *job, const char *workflow_id);
/* Sends a message of a run; `workflow_id` replaces the run's own unless it is NULL. */
void session_send_as(struct session *s, struct blob *blob, const char *workflow_id);
/* Sends one message of a run to the watcher, with the workflow_id that it wants. */
void session_send_watched(struct watch *w, struct blob *blob);

/* The job_id of a command: false after answering that it is required. *id is NULL when it is no text (then it cannot be
 * known here); *shown is what the client sent (lent). */
bool command_job_id(struct session *s, const struct value *data, const char **id, struct value **shown);

/* A reference to a session that may be gone when an answer comes. Freed by ticket_drop. */
struct ticket {
	lws_dll2_t link;
	struct session *session; /* NULL: closed meanwhile */
};
void ticket_take(struct ticket *ticket, struct session *s);
void ticket_drop(struct ticket *ticket);

#endif
