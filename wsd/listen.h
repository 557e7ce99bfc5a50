/* The sockets on which the daemon is reached: a Unix socket for nginx, and TCP when asked for. */
#ifndef WSD_LISTEN_H
#define WSD_LISTEN_H

#include "value/value.h"

#include <libwebsockets.h>

/* Opens wsd.sock in config_run_dir() (mode 0660) and, when NODETOOL_WSD_LISTEN is host:port, that address too; accepted
 * sockets go to the vhost. */
int listen_open(struct lws_vhost *vhost, struct err *err) MUST_CHECK;
/* No new connections; removes the Unix socket. */
void listen_close(void);
/* Upgrades (handover.h): connections wait in the sockets; the sockets stay open for the next program. */
void listen_pause(void);
void listen_hand_over(struct value *fds);

#endif
