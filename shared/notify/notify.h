/*
 * notify: tells the daemon that something changed. Fire and forget: one datagram to its Unix socket, never waiting; a
 * daemon that is not there must never fail a request (what must not be lost stands in the database as well).
 *
 * The socket is NODETOOL_NOTIFY_SOCKET, else wsd-notify.sock in config_run_dir(). A datagram is one JSON object:
 *   {"kind":"change","user":"1","event":"created","type":"workflow","id":"…","etag":"…"}
 *     event: created, updated, deleted; type: the resource's name in the singular; etag may be null
 *   {"kind":"command","user":"1","command":"cancel_job","id":"<job id>"}
 *     command: one of NOTIFY_* below; id: what it concerns
 */
#ifndef NOTIFY_NOTIFY_H
#define NOTIFY_NOTIFY_H

#include "base/base.h"

#define NOTIFY_MAX 4096 /* bytes of the largest datagram */
#define NOTIFY_SOCKET "wsd-notify.sock"

#define NOTIFY_CANCEL_JOB "cancel_job"       /* id: job */
#define NOTIFY_REORDER_QUEUE "reorder_queue" /* id: user; the order is in the database */
#define NOTIFY_START_TRIGGER "start_trigger" /* id: workflow */
#define NOTIFY_STOP_TRIGGER "stop_trigger"   /* id: workflow */
#define NOTIFY_FIRE_TRIGGER "fire_trigger"   /* id: workflow; its events are in the database */

/* Path of the socket; valid until the next call. The daemon binds it. */
const char *notify_path(void);
void notify_change(const char *user_id, const char *event, const char *resource_type, const char *id, const char *etag);
void notify_command(const char *user_id, const char *command, const char *id);

#endif
