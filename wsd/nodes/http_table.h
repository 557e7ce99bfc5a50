/* The table that a downloaded file holds (lib.http.DownloadDataframe). */
#ifndef NODES_HTTP_TABLE_H
#define NODES_HTTP_TABLE_H

#include "wsd/nodes/fetch.h"

/* Emits the data frame of the asked columns. */
enum node_result http_table(struct node_ctx *ctx, const struct fetch_result *result);

#endif
