/*
 * A session: one WebSocket of a client.
 *
 * Receiving: frames are gathered to whole messages (bounded per message and over all sessions) and handed to the
 * protocol of the session's kind. Sending: a queue of shared messages with a byte limit; a client that does not read is
 * first read from no more, then closed (1013). Liveness: a ping message every 25 s (kinds that have it), a protocol ping
 * every 20 s, and whoever answers neither for 40 s is closed.
 *
 * Source: notes-ws sections 1 and 2; notes-clients section 1.
 */
#ifndef WSD_SESSION_H
#define WSD_SESSION_H

#include <libwebsockets.h>

#include "auth/auth.h"
#include "wsd/blob.h"

enum session_kind {
	SESSION_MAIN,    /* /ws, /ws/predict */
	SESSION_CHAT,    /* /ws/chat */
	SESSION_UPDATES,
	SESSION_DOWNLOAD,
	SESSION_TERMINAL,
	SESSION_KINDS
};

enum session_close {
	CLOSE_NORMAL = 1000,
	CLOSE_POLICY = 1008,
	CLOSE_TOO_BIG = 1009,
	CLOSE_ERROR = 1011,
	CLOSE_RESTART = 1012,
	CLOSE_OVERLOAD = 1013
};

struct session_out {
	struct blob *blob;
	bool text;
};

struct session {
	struct lws *wsi;
	lws_dll2_t link;      /* all sessions, those pinged longest ago first */
	lws_dll2_t kind_link; /* sessions of one kind */
	enum session_kind kind;
	char *user;         /* NULL: nobody (then the session is being closed, or only sees load figures) */
	char *token;        /* what it was let in with; NULL where nothing is enforced */
	bool text;          /* answers as JSON text */
	bool modern;        /* the client has shown that it knows events of later servers */
	bool pinged;        /* a ping message was sent */
	bool want_ping;     /* a protocol ping is due */
	bool paused;        /* not read from, until its queue is shorter */
	uint16_t close_code; /* != 0: closes as soon as it can be written to */
	const char *close_reason;
	int64_t alive_at;   /* last sign of life */
	int64_t ping_at;    /* next turn of the clock */
	unsigned turn;

	char *in; /* the message that is being gathered */
	size_t in_len;
	size_t in_cap;

	struct session_out *out; /* ring */
	unsigned out_cap;
	unsigned out_first;
	unsigned out_count;
	size_t out_bytes;

	lws_dll2_owner_t watches; /* of runs */
	lws_dll2_owner_t tickets; /* of answers that are on their way */
	void *extra;              /* the kind's own */
};

/* What a kind of session does with its messages. */
struct session_ops {
	const char *name;
	bool binary_first; /* the mode before the first frame */
	bool ping_messages;
	void (*opened)(struct session *s);
	/* One whole message. */
	void (*message)(struct session *s, const void *data, size_t len, bool text);
	void (*closed)(struct session *s);
	/* The queue is short again after it was long (`paused`). */
	void (*relieved)(struct session *s);
};

struct session_stats {
	int sessions;
	size_t in_bytes;
	int64_t closed_slow;
};

void session_init(void);
/* The WebSocket part of the HTTP protocol's callback: 0, or -1 to close the connection. */
int session_callback(struct lws *wsi, enum lws_callback_reasons reason, struct session *s, void *in, size_t len);

/* Queues a value in the session's encoding; takes the reference. */
void session_send(struct session *s, struct value *v);
/* Queues a shared message (a reference of its own is taken). */
void session_send_blob(struct session *s, struct blob *blob);
/* Closes with a code; what is queued is sent before, unless `now`. `reason` must be a constant. */
void session_close(struct session *s, enum session_close code, const char *reason, bool now);
/* Every open session of a kind. */
void session_each(enum session_kind kind, void (*fn)(struct session *s, void *arg), void *arg);
int session_count(enum session_kind kind);
void session_close_all(enum session_close code);
void session_get_stats(struct session_stats *out);

#endif
