/*
 * hub: the models of Hugging Face on this machine's disk: the cache folder that all tools of Hugging Face share.
 *
 * Its layout: models--ORG--NAME/{refs/main, snapshots/COMMIT/FILES (links into blobs), blobs}. Read without asking anybody.
 * The folder is HF_HUB_CACHE, else HUGGINGFACE_HUB_CACHE, else "hub" in HF_HOME, in XDG_CACHE_HOME/huggingface or in
 * ~/.cache/huggingface.
 * Source: cases/models/huggingface_cache, notes-clients section 6 (admin client).
 */
#ifndef HUB_HUB_H
#define HUB_HUB_H

#include "value/value.h"

/* The cache folder; it need not be there. */
const char *hub_folder(struct arena *arena);
/* The one check of a repository's id from outside: NAME or ORG/NAME, parts of at most 96 letters, digits, "-", "_", ".",
 * not beginning with ".", without ".." and "--". */
bool hub_id_ok(const char *repo_id);

struct hub_file {
	const char *path; /* within the repository */
	int64_t size;
};

/* A repository as it is on disk; the arena owns everything. */
struct hub_repo {
	const char *id;       /* "org/name" */
	const char *folder;   /* on disk */
	int64_t size;         /* bytes on disk, all revisions */
	int64_t blobs;        /* stored files, all revisions */
	bool partial;         /* a download is not finished */
	struct hub_file *files; /* of the current revision, by path */
	size_t file_count;
	const char *type;     /* "hf.text_to_image", "llama_cpp_model" …; NULL: not known */
	const char *pipeline; /* what its README says; NULL: nothing */
	const struct value *tags; /* list, or NULL */
	bool has_model_index;
};

/* All repositories of models, by id; a folder that cannot be read is left out. `each` ends it with other than 0, which is
 * returned. */
int hub_each(struct arena *arena, int (*each)(const struct hub_repo *repo, void *arg), void *arg);
/* One of them; false when it is not there, or when the id is none. */
bool hub_find(struct arena *arena, const char *repo_id, struct hub_repo *out);
/* NULL when the current revision has no such file. */
const struct hub_file *hub_file(const struct hub_repo *repo, const char *path);
/* True when the glob (as Python's fnmatch has it) fits. */
bool hub_matches(const char *pattern, const char *text);
/* Deletes a repository from the cache: it is renamed first, so that nobody sees half of it. 1 when there is none. */
int hub_delete(const char *repo_id, struct err *err) MUST_CHECK;
/* Bytes of all regular files below a folder. */
int64_t hub_size(struct arena *arena, const char *folder);

#endif
