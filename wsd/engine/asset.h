/*
 * asset: the bytes behind a reference to an asset.
 */
#ifndef ENGINE_ASSET_H
#define ENGINE_ASSET_H

#include "value/value.h"

#define ASSET_MAX ((size_t)128 << 20) /* bytes of one asset that a run is ready to read */

/* Whose assets may be read from here on: a process runs for one user. Where nodes are kept to their folders, a stored
 * file is read only when it belongs to an asset of this user (copied; NULL or "": user "1"). */
void asset_set_reader(const char *user_id);
/* True when a reference names nothing: uri "", asset_id and data null. */
bool asset_empty(const struct value *ref);
/* The media type by which clients are given an asset: by its type ("image": image/png …) and a 3D model's format. */
const char *asset_mime(const struct value *ref);

/* Appends the content of an asset reference (a map): its data, else the stored file of its asset_id, else its uri
 * (asset:, data:, file:, http:, https:). Where nodes are kept to their folders, files must lie in `workspace` (may be
 * NULL). Fails when there is nothing, when the reference may not be followed, or when it is longer than `out` allows. */
int asset_read(const struct value *ref, const char *workspace, struct buf *out, struct err *err) MUST_CHECK;
/* The same for a bare uri. */
int asset_read_uri(const char *uri, const char *workspace, struct buf *out, struct err *err) MUST_CHECK;
/* The same for an http or https uri (asset_http.c): a minute at most, five redirects, and the addresses that nodes may
 * reach (wsd/nodes/fetch.h). Blocks; the run is cancelled by ending its process. */
int asset_read_http(const char *uri, struct buf *out, struct err *err) MUST_CHECK;

#endif
