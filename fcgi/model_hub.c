/* Models of the Hugging Face hub on this machine's disk: /api/models/huggingface. What would have to ask the hub answers 501. */
#include "model.h"

#include <string.h>

#include "hub/hub.h"

#define BATCH_MAX 10000 /* entries of a list in a body */
#define TEXT_MAX  1024

/* ---- lists ----------------------------------------------------------------------------------------------- */

/* Which models a list shall have; empty lists and NULL fit everything. */
struct search {
	const struct value *repos; /* globs */
	const struct value *files; /* globs: files are listed, not repositories */
	const char *type;
	struct value *list;
};

static bool any_matches(const struct value *patterns, const char *text)
{
	for (size_t i = 0; i < value_len(patterns); i++) {
		if (hub_matches(value_text(list_at(patterns, i)), text))
			return true;
	}
	return false;
}

static struct value *texts_of(const struct value *list)
{
	struct value *out = value_list();

	for (size_t i = 0; i < value_len(list); i++) {
		if (value_is(list_at(list, i), VALUE_STR))
			list_push(out, value_ref(list_at(list, i)));
	}
	return out;
}

/* A repository, or with `file` one of its files. Places on disk are shown to the one local user alone. */
static void add_model(struct search *s, const struct hub_repo *repo, const struct hub_file *file)
{
	struct value *m = value_map();

	map_set(m, "id", file ? value_strf("%s:%s", repo->id, file->path) : value_str(repo->id));
	map_set_str(m, "type", repo->type);
	map_set(m, "name", file ? value_strf("%s/%s", repo->id, file->path) : value_str(repo->id));
	map_set_str(m, "repo_id", repo->id);
	map_set_str(m, "path", file ? file->path : NULL);
	map_set_str(m, "cache_path", auth_enforced() ? NULL : repo->folder);
	map_set_bool(m, "downloaded", !repo->partial);
	map_set_int(m, "size_on_disk", file ? file->size : repo->size);
	map_set_str(m, "pipeline_tag", repo->pipeline);
	if (repo->tags)
		map_set(m, "tags", texts_of(repo->tags));
	map_set_bool(m, "has_model_index", repo->has_model_index);
	list_push(s->list, model_shown(m));
	value_unref(m);
}

/* The single files of a repository are models of their own where somebody asks for files, and where they are of llama.cpp. */
static int add_repo(const struct hub_repo *repo, void *arg)
{
	struct search *s = arg;
	bool llama = repo->type && strcmp(repo->type, "llama_cpp_model") == 0;

	if (!repo->file_count || (value_len(s->repos) && !any_matches(s->repos, repo->id)) ||
	    (s->type && (!repo->type || strcmp(s->type, repo->type) != 0)))
		return 0;
	if (!value_len(s->files) && !llama) {
		add_model(s, repo, NULL);
		return 0;
	}
	for (size_t i = 0; i < repo->file_count; i++) {
		const char *path = repo->files[i].path;

		if (value_len(s->files) ? any_matches(s->files, path) : str_ends(path, ".gguf"))
			add_model(s, repo, &repo->files[i]);
	}
	return 0;
}

static int answer(struct request *req, struct response *res, struct search *s)
{
	s->list = value_list();
	hub_each(req->arena, add_repo, s);
	return res_json(res, s->list);
}

void hub_add_all(struct arena *arena, struct value *list)
{
	struct search s = { .list = list };

	hub_each(arena, add_repo, &s);
}

int hub_list(struct request *req, struct response *res)
{
	struct search s = { 0 };

	return answer(req, res, &s);
}

int hub_list_type(struct request *req, struct response *res)
{
	struct search s = { .type = req_param(req, "model_type") };

	return answer(req, res, &s);
}

int hub_search(struct request *req, struct response *res)
{
	struct search s = { .repos = map_get(req->query, "repo_pattern"), .files = map_get(req->query, "filename_pattern") };

	return config_production() ? res_json(res, value_list()) : answer(req, res, &s);
}

/* ---- what is there --------------------------------------------------------------------------------------- */

/* The repository of one entry of a batch; entries of one repository in a row read it once. */
struct looked {
	struct hub_repo repo;
	const char *id;
	bool there;
};

static bool look(struct request *req, struct looked *l, const char *repo_id)
{
	if (!l->id || strcmp(l->id, repo_id) != 0) {
		l->id = repo_id;
		l->there = hub_find(req->arena, repo_id, &l->repo);
	}
	return l->there;
}

int hub_try_files(struct request *req, struct response *res)
{
	struct looked l = { 0 };
	struct value *list = value_list();

	for (size_t i = 0; i < value_len(req->body); i++) {
		const struct value *entry = list_at(req->body, i);
		const char *path = map_str(entry, "path", "");
		bool there = look(req, &l, map_str(entry, "repo_id", "")) && hub_file(&l.repo, path);
		struct value *m = value_map();

		map_set_str(m, "repo_id", map_str(entry, "repo_id", ""));
		map_set_str(m, "path", path);
		map_set_bool(m, "downloaded", there);
		list_push(list, m);
	}
	return res_json(res, list);
}

int hub_try_repos(struct request *req, struct response *res)
{
	struct looked l = { 0 };
	struct value *list = value_list();

	for (size_t i = 0; i < value_len(req->body); i++) {
		const char *repo_id = value_text(list_at(req->body, i));
		struct value *m = value_map();

		map_set_str(m, "repo_id", repo_id);
		map_set_bool(m, "downloaded", look(req, &l, repo_id) && l.repo.file_count);
		list_push(list, m);
	}
	return res_json(res, list);
}

/* Patterns are null, one text, or a list. */
static bool fits(const struct value *patterns, const char *path, bool without)
{
	if (value_is(patterns, VALUE_STR))
		return hub_matches(value_text(patterns), path);
	return value_is(patterns, VALUE_LIST) ? any_matches(patterns, path) : without;
}

/* One file when a path is given; otherwise any file that the patterns choose, of a download that is finished. */
static bool is_there(const struct hub_repo *repo, const struct value *entry)
{
	const char *path = map_str(entry, "path", NULL);

	if (path)
		return hub_file(repo, path) != NULL;
	for (size_t i = 0; i < repo->file_count && !repo->partial; i++) {
		if (fits(map_get(entry, "allow_patterns"), repo->files[i].path, true) &&
		    !fits(map_get(entry, "ignore_patterns"), repo->files[i].path, false))
			return true;
	}
	return false;
}

int hub_status(struct request *req, struct response *res)
{
	struct looked l = { 0 };
	struct value *list = value_list();

	for (size_t i = 0; i < value_len(req->body); i++) {
		const struct value *entry = list_at(req->body, i);
		struct value *m = value_map();

		map_set_str(m, "key", map_str(entry, "key", ""));
		map_set_bool(m, "downloaded", look(req, &l, map_str(entry, "repo_id", "")) && is_there(&l.repo, entry));
		list_push(list, m);
	}
	return res_json(res, list);
}

int hub_unasked(struct request *req, struct response *res)
{
	(void)res;
	return req_fail(req, 501, "This has to ask the Hugging Face hub, which this server does not do yet");
}

int hub_delete_repo(struct request *req, struct response *res)
{
	const char *repo_id = map_str(req->query, "repo_id", "");
	int missing = config_production() ? 1 : hub_delete(repo_id, &req->err);

	return missing < 0 ? -1 : res_json(res, value_bool(!missing));
}

/* ---- the administrator's paths --------------------------------------------------------------------------- */

static int add_scanned(const struct hub_repo *repo, void *arg)
{
	struct value *info = arg;
	struct value *m = value_map();

	map_set_str(m, "repo_id", repo->id);
	map_set_str(m, "repo_type", "model");
	map_set_int(m, "size_on_disk", repo->size);
	map_set_int(m, "nb_files", repo->blobs);
	list_push(map_get(info, "repos"), m);
	map_set_int(info, "size_on_disk", map_int(info, "size_on_disk", 0) + repo->size);
	return 0;
}

int admin_cache_scan(struct request *req, struct response *res)
{
	struct value *answer = value_map();
	struct value *info = value_map();

	map_set_int(info, "size_on_disk", 0);
	map_set(info, "repos", value_list());
	map_set(info, "warnings", value_list());
	map_set_str(answer, "status", "completed");
	map_set(answer, "cache_info", info);
	hub_each(req->arena, add_scanned, info);
	return res_json(res, answer);
}

/* Of the cache: clients name the folder that it has in a container, or none. Other folders are not measured for anybody. */
int admin_cache_size(struct request *req, struct response *res)
{
	const char *asked = map_str(req->query, "cache_dir", ADMIN_CACHE_DIR);
	const char *folder = hub_folder(req->arena);
	struct value *answer;
	int64_t size;

	if (strcmp(asked, ADMIN_CACHE_DIR) != 0 && strcmp(asked, folder) != 0)
		return req_fail(req, 403, "cache_dir is not this server's cache");
	size = hub_size(req->arena, folder);
	answer = value_map();
	map_set_bool(answer, "success", true);
	map_set_str(answer, "cache_dir", asked);
	map_set_int(answer, "total_size_bytes", size);
	map_set_float(answer, "size_gb", (double)(size / ((1 << 30) / 100)) / 100);
	return res_json(res, answer);
}

int admin_hub_delete(struct request *req, struct response *res)
{
	const char *repo_id = req_param(req, "repo_id");
	int missing = hub_delete(repo_id, &req->err);
	struct value *answer;

	if (missing)
		return missing > 0 ? req_fail(req, 404, "Model %.200s not found", repo_id) : -1;
	answer = value_map();
	map_set_str(answer, "status", "completed");
	map_set_str(answer, "repo_id", repo_id);
	map_set(answer, "message", value_strf("Successfully deleted %s", repo_id));
	return res_json(res, answer);
}

int admin_hub_download(struct request *req, struct response *res)
{
	if (!*map_str(req->body, "repo_id", ""))
		return req_fail(req, 400, "repo_id is required");
	return hub_unasked(req, res);
}

/* ---- fields ---------------------------------------------------------------------------------------------- */

const struct field hub_search_query[] = {
	{ "repo_pattern", FIELD_LIST, FIELD_NULLABLE, .item = ITEM(FIELD_STR), .max_len = 100, .description = "Globs." },
	{ "filename_pattern", FIELD_LIST, FIELD_NULLABLE, .item = ITEM(FIELD_STR), .max_len = 100,
	  .description = "Globs; files are listed instead of repositories." },
	{ 0 },
};

const struct field hub_repo_query[] = {
	{ "repo_id", FIELD_STR, FIELD_REQUIRED, .max_len = TEXT_MAX },
	{ 0 },
};

static const struct field repo_path[] = {
	{ "repo_id", FIELD_STR, FIELD_REQUIRED, .max_len = TEXT_MAX },
	{ "path", FIELD_STR, FIELD_REQUIRED, .max_len = TEXT_MAX },
	{ "downloaded", FIELD_BOOL, 0, "false", .description = "Accepted, without effect." },
	{ 0 },
};

static const struct field pattern_options[] = {
	{ "str", FIELD_STR, .max_len = TEXT_MAX },
	{ "list[str]", FIELD_LIST, .item = ITEM(FIELD_STR), .max_len = 1000 },
	{ 0 },
};

static const struct field status_entry[] = {
	{ "key", FIELD_STR, FIELD_REQUIRED, .max_len = TEXT_MAX },
	{ "repo_id", FIELD_STR, FIELD_REQUIRED, .max_len = TEXT_MAX },
	{ "path", FIELD_STR, FIELD_NULLABLE, .max_len = TEXT_MAX },
	{ "allow_patterns", FIELD_UNION, FIELD_NULLABLE, .options = pattern_options },
	{ "ignore_patterns", FIELD_UNION, FIELD_NULLABLE, .options = pattern_options },
	{ 0 },
};

static const struct field file_entry[] = {
	{ "repo_id", FIELD_STR, FIELD_REQUIRED, .max_len = TEXT_MAX },
	{ "path", FIELD_STR, FIELD_REQUIRED, .max_len = TEXT_MAX },
	{ 0 },
};

const struct field hub_files_body = { .kind = FIELD_LIST, .item = ITEM_MODEL(repo_path), .max_len = BATCH_MAX };
const struct field hub_repos_body = { .kind = FIELD_LIST, .item = ITEM(FIELD_STR), .max_len = BATCH_MAX };
const struct field hub_status_body = { .kind = FIELD_LIST, .item = ITEM_MODEL(status_entry), .max_len = BATCH_MAX };
const struct field hub_info_body = { .kind = FIELD_LIST, .item = ITEM_MODEL(file_entry), .max_len = BATCH_MAX };

const struct field hub_check_body[] = {
	{ "repo_id", FIELD_STR, FIELD_REQUIRED, .max_len = TEXT_MAX },
	{ "allow_pattern", FIELD_UNION, FIELD_NULLABLE, .options = pattern_options },
	{ "ignore_pattern", FIELD_UNION, FIELD_NULLABLE, .options = pattern_options },
	{ 0 },
};

const struct field admin_size_query[] = {
	{ "cache_dir", FIELD_STR, 0, "\"" ADMIN_CACHE_DIR "\"", .max_len = 4096 },
	{ 0 },
};

const struct field admin_download_body[] = {
	{ "repo_id", FIELD_STR, FIELD_NULLABLE, .max_len = TEXT_MAX },
	{ 0 },
};
