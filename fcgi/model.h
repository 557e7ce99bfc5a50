/* What the files of the model router share. */
#ifndef FCGI_MODEL_H
#define FCGI_MODEL_H

#include "http/http.h"
#include "provider/provider.h"

/* model_provider.c: what providers have. */
extern const struct field provider_path[];
int list_providers(struct request *req, struct response *res);
int list_llm(struct request *req, struct response *res);
int list_image(struct request *req, struct response *res);
int list_tts(struct request *req, struct response *res);
int list_all_tts(struct request *req, struct response *res);
int list_asr(struct request *req, struct response *res);
int list_video(struct request *req, struct response *res);
int list_embedding(struct request *req, struct response *res);

/* model_ollama.c: the models of an Ollama server. */
extern const struct field model_name_query[];
int list_ollama(struct request *req, struct response *res);
int show_ollama(struct request *req, struct response *res);
int delete_ollama(struct request *req, struct response *res);
int pull_ollama(struct request *req, struct response *res);

#endif
