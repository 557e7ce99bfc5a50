/* Jobs that wait for a runner, for the router of jobs. */
#ifndef FCGI_JOB_QUEUE_H
#define FCGI_JOB_QUEUE_H

#include "http/http.h"

extern const struct field queue_order_body[];
int queue_list(struct request *req, struct response *res);
int queue_reorder(struct request *req, struct response *res);
int queue_drop(struct request *req, struct response *res);

#endif
