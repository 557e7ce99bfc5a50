/* The router of assets, in files: asset.c (looking, deleting), asset_write.c (creating, changing), asset_zip.c,
 * asset_package.c (files of packages), asset_admin.c. */
#ifndef FCGI_ASSET_H
#define FCGI_ASSET_H

#include "handler.h"
#include "model/model.h"
#include "notify/notify.h"
#include "storage/storage.h"

#define ASSET_NAME_MAX 4096 /* characters */
#define ASSET_TYPE_MAX 255

/* The user's asset that the path names; 404 otherwise. */
int asset_find(struct request *req, struct db *db, struct asset *out);
void asset_announce(const struct request *req, const char *event, const struct asset *a);
/* Sends the asset's file under that name, to be saved. */
int asset_send(struct request *req, struct response *res, const char *key, const char *name);
/* Deletes an asset with everything below it and its files; {"deleted_asset_ids": […]} is the answer. Within a transaction of
 * the caller, which it commits. */
int asset_delete_tree(struct request *req, struct response *res, struct db *db, const struct asset *root);

int asset_create(struct request *req, struct response *res);
int asset_update(struct request *req, struct response *res);
int asset_make_thumbnail(struct request *req, struct response *res);
extern const struct field asset_update_body[];
extern const struct field asset_create_form[];

int asset_download_zip(struct request *req, struct response *res);
extern const struct field asset_zip_body[];

int asset_packages(struct request *req, struct response *res);
int asset_package(struct request *req, struct response *res);
int asset_package_file(struct request *req, struct response *res);

int asset_admin_list(struct request *req, struct response *res);
int asset_admin_create(struct request *req, struct response *res);
int asset_admin_get(struct request *req, struct response *res);
int asset_admin_delete(struct request *req, struct response *res);
extern const struct field asset_admin_query[];
extern const struct field asset_admin_user[];
extern const struct field asset_admin_body[];

#endif
