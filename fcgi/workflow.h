/* What the files of the workflow router share. */
#ifndef FCGI_WORKFLOW_H
#define FCGI_WORKFLOW_H

#include "http/http.h"
#include "model/model.h"

/* A query's `limit`: 100 unless given; 0 gives an empty list (cases/workflows/cors-simple). */
#define LIMIT_FIELD { .name = "limit", .kind = FIELD_INT, .flags = FIELD_MIN, .def = "100", .min = 0 }

/* The workflow that the path's {id} names: the user's own, or with `or_public` one that everybody may read. -1 after
 * filling req->err. */
int find_workflow(struct request *req, struct db *db, bool or_public, struct workflow *w);
/* Stores and commits, announces, answers with the workflow. `graph` is its complete graph, or NULL. */
int save_workflow(struct request *req, struct response *res, struct db *db, const struct workflow *w,
		  struct value *graph, bool created);
/* Announces a stored object. Creating announces "updated" and then "created" (notes-ws section 10). */
void announce_saved(const struct request *req, const char *type, const char *id, const char *etag, bool created);

/* workflow_version.c */
extern const struct field version_path[];
extern const struct field versions_query[];
extern const struct field version_body[];
extern const struct field autosave_body[];
int list_versions(struct request *req, struct response *res);
int create_version(struct request *req, struct response *res);
int get_version(struct request *req, struct response *res);
int restore_version(struct request *req, struct response *res);
int delete_version(struct request *req, struct response *res);
int autosave(struct request *req, struct response *res);

/* workflow_name.c */
int generate_name(struct request *req, struct response *res);

/* workflow_example.c */
struct package;
int list_examples(struct request *req, struct response *res);
int search_examples(struct request *req, struct response *res);
int get_example(struct request *req, struct response *res);
int save_example(struct request *req, struct response *res);
/* Package and example by their names; 404 with the recorded texts. */
int find_example(struct request *req, const char *package_name, const char *name, const struct package **package,
		 const struct value **example, const char **path);
/* The graph of a new workflow that is made of an example; fills what the body leaves empty. NULL with the reason. */
struct value *graph_of_example(struct request *req, const char *package_name, const char *name, struct workflow *w);

/* workflow_export.c */
extern const struct field gradio_body[];
int export_dsl(struct request *req, struct response *res);
int export_gradio(struct request *req, struct response *res);

/* workflow_app.c */
int get_app(struct request *req, struct response *res);

#endif
