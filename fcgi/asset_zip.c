/* Several assets as one archive, streamed while it is made (notes-assets section 3 "Zip", attacks 14 to 16). */
#include "asset.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define IDS_MAX 10000

const struct field asset_zip_body[] = {
	{ "asset_ids", FIELD_LIST, FIELD_REQUIRED, .item = ITEM(FIELD_STR), .max_len = IDS_MAX },
	{ 0 },
};

/* What the archive will hold: found before anything is sent. */
struct entry {
	const char *key;  /* of the file in the store */
	const char *path; /* in the archive */
};

struct packing {
	struct request *req;
	struct db *db;
	struct value *seen;  /* ids, so that a circle or a repeated id counts once */
	struct value *paths; /* taken, so that no entry has the path of another */
	struct value *cache; /* ways up to folders */
	struct asset *queue; /* breadth first */
	size_t count;
	size_t cap;
	struct entry *entries;
	size_t entry_count;
};

/* Room for `cap` items, the old ones in it. */
static void *grow(struct arena *arena, void *old, size_t count, size_t cap, size_t size)
{
	void *new = arena_alloc(arena, cap * size);

	if (count)
		memcpy(new, old, count * size);
	return new;
}

static void enqueue(struct packing *p, const struct asset *a)
{
	if (map_getn(p->seen, a->c[ASSET_ID].p, a->c[ASSET_ID].n))
		return;
	map_setn(p->seen, a->c[ASSET_ID].p, a->c[ASSET_ID].n, value_bool(true));
	if (p->count == p->cap) {
		size_t cap = p->cap ? p->cap * 2 : 16;

		p->queue = grow(p->req->arena, p->queue, p->count, cap, sizeof(*p->queue));
		p->entries = grow(p->req->arena, p->entries, p->entry_count, cap, sizeof(*p->entries));
		p->cap = cap;
	}
	p->queue[p->count++] = *a;
}

/* One part of a path: no separators, nothing that leads elsewhere. Appends nothing for a part that must go. */
static void add_part(struct buf *path, struct sv name)
{
	struct sv rest = name;
	struct sv part;

	while (sv_split(&rest, '/', &part)) {
		if (!part.n || sv_eq(part, ".") || sv_eq(part, ".."))
			continue;
		if (path->len)
			buf_addc(path, '/');
		for (size_t i = 0; i < part.n; i++)
			buf_addc(path, part.p[i] == '\\' || (unsigned char)part.p[i] < 0x20 ? '_' : part.p[i]);
	}
}

static bool ends_nocase(const struct buf *text, const char *suffix)
{
	size_t n = strlen(suffix);

	return text->len >= n && strcasecmp(text->data + text->len - n, suffix) == 0;
}

/* The path with _1, _2 … before its extension when it is taken. */
static const char *unique_path(struct packing *p, const struct buf *path)
{
	const char *slash = strrchr(path->data, '/');
	const char *dot = strrchr(slash ? slash : path->data, '.');
	int stem = dot ? (int)(dot - path->data) : (int)path->len;
	const char *out = arena_strndup(p->req->arena, path->data, path->len);

	for (int i = 1; map_get(p->paths, out); i++)
		out = arena_printf(p->req->arena, "%.*s_%d%s", stem, path->data, i, dot ? dot : "");
	map_set_bool(p->paths, out, true);
	return out;
}

static int add_file(struct packing *p, const struct asset *a, struct store *store)
{
	const char *key = asset_key(p->req->arena, a);
	const char *extension = key ? strrchr(key, '.') : NULL;
	struct value *names;
	struct store_info info;
	struct buf path;
	struct err err;

	if (!key || store_stat(store, key, &info, &err))
		return 0; /* a file that is missing is left out */
	if (asset_folders(p->db, p->req->arena, p->req->user.id, a->c[ASSET_PARENT_ID].p ? a->c[ASSET_PARENT_ID].p : "",
			  p->cache, &names, &p->req->err))
		return -1;
	buf_init(&path, BUF_MAX_SMALL);
	for (size_t i = 0; i < value_len(names); i++)
		add_part(&path, value_sv(list_at(names, i)));
	add_part(&path, a->c[ASSET_NAME]);
	if (!path.len)
		buf_adds(&path, "file");
	if (extension && !ends_nocase(&path, extension))
		buf_adds(&path, extension);
	if (!path.failed) {
		p->entries[p->entry_count].key = key;
		p->entries[p->entry_count++].path = unique_path(p, &path);
	}
	buf_free(&path);
	return 0;
}

/* Walks the assets and what lies in their folders, breadth first, and finds the entries. */
static int collect(struct packing *p, struct store *store)
{
	const struct value *ids = map_get(p->req->body, "asset_ids");
	struct request *req = p->req;
	struct asset a;

	for (size_t i = 0; i < value_len(ids); i++) {
		int missing = asset_get(p->db, req->arena, req->user.id, value_text(list_at(ids, i)), &a, &req->err);

		if (missing < 0)
			return -1;
		if (!missing)
			enqueue(p, &a);
	}
	for (size_t i = 0; i < p->count; i++) {
		struct asset_tree children = { 0 };

		a = p->queue[i];
		if (!asset_is_folder(&a)) {
			if (add_file(p, &a, store))
				return -1;
			continue;
		}
		if (asset_children(p->db, req->arena, req->user.id, a.c[ASSET_ID].p, &children, &req->err))
			return -1;
		for (size_t k = 0; k < children.count; k++)
			enqueue(p, &children.nodes[k].asset);
	}
	return 0;
}

/* ---- writing --------------------------------------------------------------------------------------------- */

static la_ssize_t to_client(struct archive *archive, void *arg, const void *data, size_t len)
{
	(void)archive;
	return res_write(arg, data, len) ? -1 : (la_ssize_t)len;
}

/* One entry; -1 when the client is gone. A file that has vanished meanwhile becomes shorter, not an error. */
static int write_entry(struct archive *archive, const struct entry *e, struct store *store)
{
	struct archive_entry *entry = archive_entry_new();
	struct store_info info;
	char chunk[65536];
	struct err err;
	ssize_t n;
	int fd = store_read_fd(store, e->key, &info, &err);
	int result = 0;

	if (fd >= 0) {
		archive_entry_set_pathname_utf8(entry, e->path);
		archive_entry_set_size(entry, info.size);
		archive_entry_set_filetype(entry, AE_IFREG);
		archive_entry_set_perm(entry, 0644);
		archive_entry_set_mtime(entry, info.mtime_us / 1000000, 0);
		if (archive_write_header(archive, entry) < ARCHIVE_WARN)
			result = -1;
		while (!result && (n = read(fd, chunk, sizeof(chunk))) > 0) {
			if (archive_write_data(archive, chunk, (size_t)n) < 0)
				result = -1;
		}
		close(fd);
	}
	archive_entry_free(entry);
	return result;
}

static int write_archive(struct response *res, const struct packing *p, struct store *store)
{
	struct archive *archive = archive_write_new();
	int result = 0;

	archive_write_set_format_zip(archive);
	archive_write_set_options(archive, "zip:compression=deflate");
	archive_write_set_bytes_per_block(archive, 0);
	if (archive_write_open(archive, res, NULL, to_client, NULL) != ARCHIVE_OK)
		result = -1;
	for (size_t i = 0; !result && i < p->entry_count; i++)
		result = write_entry(archive, &p->entries[i], store);
	if (result)
		log_info("the archive was not taken whole: %s", archive_error_string(archive) ? archive_error_string(archive) : "");
	archive_write_free(archive);
	return 0;
}

int asset_download_zip(struct request *req, struct response *res)
{
	struct packing p = { .req = req, .db = db_default(&req->err), .seen = value_map(), .paths = value_map(),
			     .cache = value_map() };
	struct store *store = store_assets(&req->err);
	time_t now = time(NULL);
	struct tm tm;
	char name[64];

	arena_defer(req->arena, value_unref_ptr, p.seen);
	arena_defer(req->arena, value_unref_ptr, p.paths);
	arena_defer(req->arena, value_unref_ptr, p.cache);
	if (value_len(map_get(req->body, "asset_ids")) == 0)
		return req_fail(req, 400, "No asset IDs provided");
	if (!p.db || !store || collect(&p, store))
		return -1;
	localtime_r(&now, &tm);
	strftime(name, sizeof(name), "assets_%Y%m%d_%H%M%S.zip", &tm);
	/* The web editor takes all that stands behind "filename=": no quotes (notes-clients section 4). */
	if (res_header(res, "Content-Disposition", "attachment; filename=%s", name) ||
	    res_header(res, "Cache-Control", "no-cache, no-store, must-revalidate") || res_header(res, "Pragma", "no-cache") ||
	    res_header(res, "Expires", "0") || res_stream(res, "application/zip"))
		return -1;
	return write_archive(res, &p, store);
}
