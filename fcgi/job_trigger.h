/* Trigger workflows, for the router of jobs: job_trigger.c, job_hook.c. */
#ifndef FCGI_JOB_TRIGGER_H
#define FCGI_JOB_TRIGGER_H

#include "http/http.h"
#include "model/model.h"
#include "model/trigger.h"

#define HOOK_BODY_MAX ((size_t)1 << 20)

extern const struct field trigger_fire_body[];
extern const struct field trigger_hook_body[];

/* Handlers. */
int trigger_list_started(struct request *req, struct response *res);
int trigger_start(struct request *req, struct response *res);
int trigger_stop(struct request *req, struct response *res);
int trigger_fire(struct request *req, struct response *res);
int trigger_hooks(struct request *req, struct response *res);
int trigger_hook_new(struct request *req, struct response *res);
int trigger_hooks_end(struct request *req, struct response *res);
int hook_receive(struct request *req, struct response *res);

/* The workflow of the path, which must be the user's: 404 otherwise. */
int trigger_workflow(struct request *req, struct db *db, struct workflow *w);
/* The node with that id, or the first one of the type: its data (a new reference, a map) and id. 404 or 400 without. */
int trigger_node(struct request *req, const struct workflow *w, const char *node_id, const char *type, struct value **data,
		 const char **id);
/* Stores the event, commits, tells the daemon, answers 202. `name` (may be NULL) makes its id: of events of one name and node
 * the first counts. `payload` is lent; the time is added. */
int trigger_store(struct request *req, struct response *res, struct db *db, struct trigger_event *event, const char *name,
		  struct value *payload);

#endif
