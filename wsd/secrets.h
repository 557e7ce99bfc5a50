/*
 * secrets: what node_secret finds inside a runner (notes-rest, "Reading a secret at run time").
 */
#ifndef WSD_SECRETS_H
#define WSD_SECRETS_H

#include "base/base.h"

/* The user's stored secret of this name, else the setting or environment variable; malloc'd, or NULL. A few names that
 * belong to the server itself come from the environment alone. Opens the process's own database connection at the first
 * call. */
char *secret_lookup(const char *user_id, const char *name);

#endif
