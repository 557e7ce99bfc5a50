/* The bytes behind a reference to an asset. */
#include "wsd/engine/asset.h"

#include "db/db.h"
#include "model/model.h"
#include "wsd/nodes/paths.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
	const char *type;
	const char *mime;
	const char *extension; /* of stored files, tried first */
} kinds[] = {
	{ "image", "image/png", "png" },
	{ "audio", "audio/mp3", "mp3" },
	{ "video", "video/mp4", "mp4" },
	{ "text", "text/plain", "txt" },
	{ "model_3d", NULL, "glb" },
};

static const char *model_mime(const char *format)
{
	static const char *const mimes[][2] = {
		{ "stl", "model/stl" },     { "obj", "model/obj" }, { "gltf", "model/gltf+json" },
		{ "ply", "model/ply" },     { "fbx", "model/fbx" }, { "usdz", "model/vnd.usdz+zip" },
		{ "3mf", "model/3mf" },     { "dae", "model/vnd.collada+xml" },
	};

	for (size_t i = 0; i < ARRAY_LEN(mimes); i++)
		if (strcmp(mimes[i][0], format) == 0)
			return mimes[i][1];
	return "model/gltf-binary";
}

const char *asset_mime(const struct value *ref)
{
	const char *type = map_str(ref, "type", "");

	if (strcmp(type, "model_3d") == 0)
		return model_mime(map_str(ref, "format", ""));
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i].type, type) == 0)
			return kinds[i].mime;
	return "application/octet-stream";
}

bool asset_empty(const struct value *ref)
{
	return !*map_str(ref, "uri", "") && value_is_null(map_get(ref, "asset_id")) &&
	       value_is_null(map_get(ref, "data"));
}

/* ---- files -------------------------------------------------------------------------------------------- */

static int read_all(int fd, struct buf *out, struct err *err)
{
	ssize_t n;
	char *p;

	for (;;) {
		p = buf_reserve(out, 65536);
		if (!p)
			return err_set(err, 413, "the asset is longer than %zu bytes", out->max);
		n = read(fd, p, 65536);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, 500, "cannot read the asset");
		if (n == 0)
			return 0;
		out->len += (size_t)n;
	}
}

static int read_file(const char *path, struct buf *out, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	int status;

	if (fd < 0)
		return err_set(err, 404, "no such file");
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		status = err_set(err, 404, "not a regular file");
	else
		status = read_all(fd, out, err);
	close(fd);
	return status;
}

static char reader[256] = "1";

void asset_set_reader(const char *user_id)
{
	snprintf(reader, sizeof(reader), "%s", user_id && *user_id ? user_id : "1");
}

/* Whether the stored file NAME (ID, ID.EXT) is the reader's. An asset of somebody else does not exist. */
static bool may_read(const char *name)
{
	struct arena *arena;
	struct asset a;
	struct err err;
	struct db *db;
	char id[132];
	bool own;

	if (!paths_restricted())
		return true;
	if (snprintf(id, sizeof(id), "%.*s", (int)strcspn(name, "."), name) >= (int)sizeof(id))
		return false;
	db = db_default(&err);
	arena = arena_new();
	own = db && asset_get(db, arena, reader, id, &a, &err) == 0;
	arena_free(arena);
	return own;
}

static int read_stored(const char *name, struct buf *out, struct err *err)
{
	char path[4096];

	if (!may_read(name))
		return err_set(err, 404, "no such asset");
	if (snprintf(path, sizeof(path), "%s/%s", config_asset_folder(), name) >= (int)sizeof(path))
		return err_set(err, 404, "no such asset");
	return read_file(path, out, err);
}

/* ID, or ID.EXT with a safe extension. */
static bool stored_name_safe(const char *name)
{
	const char *dot = strchr(name, '.');
	char id[132];

	if (!dot)
		return id_safe(name);
	if ((size_t)(dot - name) >= sizeof(id))
		return false;
	memcpy(id, name, (size_t)(dot - name));
	id[dot - name] = '\0';
	return id_safe(id) && id_safe(dot + 1);
}

/* A stored file by its id alone: its extension is not known, so the folder is looked through. */
static int find_stored(const char *id, struct buf *out, struct err *err)
{
	size_t len = strlen(id);
	DIR *dir = opendir(config_asset_folder());
	struct dirent *entry;
	char name[256] = "";

	while (dir && !*name && (entry = readdir(dir)))
		if (strncmp(entry->d_name, id, len) == 0 && entry->d_name[len] == '.' &&
		    stored_name_safe(entry->d_name))
			snprintf(name, sizeof(name), "%s", entry->d_name);
	if (dir)
		closedir(dir);
	return *name ? read_stored(name, out, err) : err_set(err, 404, "no such asset");
}

static int read_by_id(const struct value *ref, const char *id, struct buf *out, struct err *err)
{
	const char *uri = map_str(ref, "uri", "");
	const char *type = map_str(ref, "type", "");
	char name[160];

	if (!id_safe(id))
		return err_set(err, 404, "no such asset");
	if (str_starts(uri, "asset://") && stored_name_safe(uri + 8) && read_stored(uri + 8, out, err) == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		snprintf(name, sizeof(name), "%s.%s", id, kinds[i].extension);
		if (strcmp(kinds[i].type, type) == 0 && read_stored(name, out, err) == 0)
			return 0;
	}
	if (read_stored(id, out, err) == 0)
		return 0;
	return find_stored(id, out, err);
}

/* ---- uris --------------------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static void percent_decode(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '%' && hex_digit(text[1]) >= 0 && hex_digit(text[2]) >= 0) {
			buf_addc(out, (char)(hex_digit(text[1]) * 16 + hex_digit(text[2])));
			text += 2;
		} else {
			buf_addc(out, *text);
		}
	}
}

static int read_data_uri(const char *uri, struct buf *out, struct err *err)
{
	const char *comma = strchr(uri, ',');
	const char *mark = strstr(uri, ";base64");

	if (!comma)
		return err_set(err, 422, "a data: uri without content");
	if (mark && mark < comma) {
		if (base64_decode(out, comma + 1, strlen(comma + 1)) != 0)
			return err_set(err, 422, "a data: uri with broken base64");
	} else {
		percent_decode(out, comma + 1);
	}
	return out->failed ? err_set(err, 413, "the asset is longer than %zu bytes", out->max) : 0;
}

static int read_file_uri(const char *uri, const char *workspace, struct buf *out, struct err *err)
{
	char real[4096];
	char root[4096];
	struct buf path;
	int status;

	buf_init(&path, sizeof(real) - 1);
	percent_decode(&path, str_starts(uri, "file://") ? uri + 7 : uri);
	if (path.failed || !realpath(path.data ? path.data : "", real))
		status = err_set(err, 404, "no such file");
	else if (paths_restricted() && !(workspace && realpath(workspace, root) && str_starts(real, root) &&
				    real[strlen(root)] == '/'))
		status = err_set(err, 403, "files outside the workspace cannot be read");
	else
		status = read_file(real, out, err);
	buf_free(&path);
	return status;
}

int asset_read_uri(const char *uri, const char *workspace, struct buf *out, struct err *err)
{
	if (str_starts(uri, "data:"))
		return read_data_uri(uri, out, err);
	if (str_starts(uri, "asset://")) {
		if (!stored_name_safe(uri + 8))
			return err_set(err, 404, "no such asset");
		return strchr(uri + 8, '.') ? read_stored(uri + 8, out, err) : find_stored(uri + 8, out, err);
	}
	if (str_starts(uri, "file://") || *uri == '/')
		return read_file_uri(uri, workspace, out, err);
	if (str_starts(uri, "http://") || str_starts(uri, "https://"))
		return asset_read_http(uri, out, err);
	return err_set(err, 422, "no content can be read from this uri");
}

static int read_text_data(const struct value *ref, const struct value *data, struct buf *out)
{
	const char *type = map_str(ref, "type", "");
	size_t before = out->len;

	if (str_starts(value_text(data), "data:"))
		return read_data_uri(value_text(data), out, NULL);
	/* Documents, texts and JSON hold their text as it is; media hold base64. */
	if (strcmp(type, "image") == 0 || strcmp(type, "audio") == 0 || strcmp(type, "video") == 0) {
		if (base64_decode(out, value_text(data), value_len(data)) == 0)
			return 0;
		out->len = before;
	}
	return buf_add(out, value_text(data), value_len(data));
}

int asset_read(const struct value *ref, const char *workspace, struct buf *out, struct err *err)
{
	struct value *data = map_get(ref, "data");
	const char *id = map_str(ref, "asset_id", "");
	const char *uri = map_str(ref, "uri", "");

	if (value_is(data, VALUE_BYTES) || value_is(data, VALUE_STR)) {
		if ((value_is(data, VALUE_BYTES) ? buf_add(out, value_text(data), value_len(data))
						 : read_text_data(ref, data, out)) == 0)
			return 0;
		return err_set(err, 413, "the asset is longer than %zu bytes", out->max);
	}
	if (*id && read_by_id(ref, id, out, err) == 0)
		return 0;
	if (*uri)
		return asset_read_uri(uri, workspace, out, err);
	return *id ? -1 : err_set(err, 404, "the reference is empty");
}
