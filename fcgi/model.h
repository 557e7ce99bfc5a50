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

/* A stream of server-sent events with the same progress: /admin/models/ollama/download. */
extern const struct field admin_pull_body[];
int admin_pull_ollama(struct request *req, struct response *res);

/* model_shown.c: a model with all the keys that clients expect; those that `known` (a map) has not are null. New reference. */
struct value *model_shown(const struct value *known);

/* model_recommended.c */
int list_recommended(struct request *req, struct response *res);
int list_recommended_kind(struct request *req, struct response *res);
/* What is on this machine's disk, then what is recommended besides: each model once. */
int list_all_models(struct request *req, struct response *res);

/* model_hub.c: the cache of the Hugging Face hub. */
#define ADMIN_CACHE_DIR "/app/.cache/huggingface/hub" /* what clients of the original call it */
extern const struct field hub_search_query[];
extern const struct field hub_repo_query[];
extern const struct field hub_files_body;
extern const struct field hub_repos_body;
extern const struct field hub_status_body;
extern const struct field hub_info_body;
extern const struct field hub_check_body[];
extern const struct field admin_size_query[];
extern const struct field admin_download_body[];
/* Appends all models of the cache. */
void hub_add_all(struct arena *arena, struct value *list);
int hub_list(struct request *req, struct response *res);
int hub_list_type(struct request *req, struct response *res);
int hub_search(struct request *req, struct response *res);
int hub_try_files(struct request *req, struct response *res);
int hub_try_repos(struct request *req, struct response *res);
int hub_status(struct request *req, struct response *res);
int hub_delete_repo(struct request *req, struct response *res);
/* 501 with the reason. */
int hub_unasked(struct request *req, struct response *res);
int admin_cache_scan(struct request *req, struct response *res);
int admin_cache_size(struct request *req, struct response *res);
int admin_hub_delete(struct request *req, struct response *res);
int admin_hub_download(struct request *req, struct response *res);

#endif
