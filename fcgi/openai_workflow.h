/* Workflows whose run_mode is chat as models of /v1: "workflow/NAME", or "workflow/ID". */
#ifndef FCGI_OPENAI_WORKFLOW_H
#define FCGI_OPENAI_WORKFLOW_H

#include "http/http.h"

#define OPENAI_WORKFLOW "workflow/"

/* Appends the user's to a list of models in OpenAI's form. -1 with req->err. */
int openai_workflow_models(struct request *req, struct value *data) MUST_CHECK;
/* Runs one with the messages (as the provider module has them): appends what its outputs say to `text`. -1 with req->err: 404 when
 * the user has no such workflow, else why the run failed. */
int openai_workflow_answer(struct request *req, const char *model, const struct value *messages, struct buf *text) MUST_CHECK;
/* The request's error in OpenAI's form; new reference. */
struct value *openai_error(const struct request *req);

#endif
