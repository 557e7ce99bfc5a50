/* /ws/terminal: a shell, when the operator wants one. Source: notes-ws section 11; cases/ws/terminal_*. */
#ifndef WSD_TERMINAL_H
#define WSD_TERMINAL_H

#include "base/base.h"

/* NODETOOL_ENABLE_TERMINAL_WS is set to a true word, the mode allows it, and this is no production server. */
bool terminal_enabled(void);

#endif
