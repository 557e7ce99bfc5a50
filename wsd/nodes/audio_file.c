/* nodetool.audio: sounds from and to files. */
#include "wsd/engine/asset.h"
#include "wsd/nodes/audio_node.h"
#include "wsd/nodes/helper.h"
#include "wsd/nodes/paths.h"
#include "wsd/nodes/posixpath.h"

#include <string.h>

#define FILES_MAX 10000 /* sounds of one folder */

/* The file's bytes as an audio; NULL with the reason. */
static struct value *load(const struct path *path, struct err *err)
{
	struct value *ref;
	struct buf bytes;
	size_t len;

	if (path_read(path, ASSET_MAX, &bytes, err)) {
		buf_free(&bytes);
		return NULL;
	}
	len = bytes.len;
	ref = asset_from_bytes("audio", buf_take(&bytes), len);
	map_set(ref, "uri", value_strf("file://%s", path->full));
	return ref;
}

static enum node_result load_file(struct node_ctx *ctx)
{
	const char *name = node_text(ctx, "path");
	struct err err = { 0 };
	struct path path;
	struct value *ref;

	if (!*name)
		return node_fail(ctx, "path must not be empty");
	if (path_any(ctx, name, &path, &err))
		return node_fail(ctx, "path: %s", err.detail);
	if (!path_is_file(&path))
		return node_fail(ctx, "path: there is no such file");
	ref = load(&path, &err);
	return ref ? done(ctx, ref) : node_fail(ctx, "path: %s", err.detail);
}

/* What is known at once are the names; each file is read when it is asked for. */
struct folder_state {
	struct path folder;  /* in the arena, which lasts as long as there is more */
	struct value *names; /* paths below the folder */
	size_t at;
};

static void free_folder(void *ptr)
{
	struct folder_state *state = ptr;

	value_unref(state->names);
	state->names = NULL;
}

static bool wanted(struct node_ctx *ctx, const char *name)
{
	const struct value *endings = node_get(ctx, "extensions");
	const char *ending = name + posix_extension(sv_of(name));

	for (size_t i = 0; i < value_len(endings); i++) {
		if (sv_eq_nocase(value_sv(list_at(endings, i)), ending))
			return true;
	}
	return false;
}

static int find_folder(struct node_ctx *ctx, struct path *path, struct err *err)
{
	if (!*node_text(ctx, "folder"))
		return err_set(err, 400, "must not be empty");
	if (path_any(ctx, node_text(ctx, "folder"), path, err))
		return -1;
	return path_is_dir(path) ? 0 : err_set(err, 400, "there is no such folder");
}

static enum node_result begin_folder(struct node_ctx *ctx)
{
	struct folder_state *state = node_state(ctx);
	bool deep = node_bool(ctx, "include_subdirectories");
	struct err err = { 0 };

	free_folder(state);
	state->at = 0;
	state->names = value_list();
	if (find_folder(ctx, &state->folder, &err) ||
	    path_glob(ctx, &state->folder, "", deep ? "**/*" : "*", deep, state->names, &err))
		return node_fail(ctx, "folder: %s", err.detail);
	return NODE_MORE;
}

/* One sound, or NODE_MORE when the next name was none. */
static enum node_result next_of_folder(struct node_ctx *ctx)
{
	struct folder_state *state = node_state(ctx);
	const char *name = value_text(list_at(state->names, state->at));
	struct err err = { 0 };
	struct path path;
	struct value *ref;

	if (!name)
		return NODE_DONE;
	if (state->at++ >= FILES_MAX)
		return node_fail(ctx, "folder: has more than %d files", FILES_MAX);
	path = path_child(ctx, &state->folder, name);
	if (!path_is_file(&path) || !wanted(ctx, path.full))
		return NODE_MORE;
	ref = load(&path, &err);
	if (!ref)
		return node_fail(ctx, "%s: %s", name, err.detail);
	node_emit(ctx, "audio", ref);
	node_emit(ctx, "path", value_str(path.full));
	return NODE_MORE;
}

/* ---- saving ------------------------------------------------------------------------------------------- */

static void tell_saved(struct node_ctx *ctx, const char *name, struct value *ref)
{
	struct value *message = value_map();

	map_set_str(message, "type", "save_update");
	map_set_str(message, "node_id", node_id(ctx));
	map_set_str(message, "name", name);
	map_set(message, "value", value_ref(ref));
	map_set_str(message, "output_type", "audio");
	node_send(ctx, message);
}

/* Encodes the sound by the file's ending and writes it; what was written stays in `bytes`. */
static int write_as(struct node_ctx *ctx, const struct clip *c, const char *name, const struct path *path,
		    struct buf *bytes, struct err *err)
{
	if (clip_encode(c, name + posix_extension(sv_of(name)), bytes, err) || path_make_parent(ctx, path, err))
		return -1;
	return path_write(path, bytes->data, bytes->len, false, err);
}

static enum node_result save_file(struct node_ctx *ctx)
{
	struct arena *arena = node_arena(ctx);
	const char *name = path_dated(arena, node_text(ctx, "filename"));
	struct err err = { 0 };
	struct value *ref;
	struct path path;
	struct buf bytes;
	struct clip *c;
	size_t len;

	if (!*name)
		return node_fail(ctx, "filename must not be empty");
	if (find_folder(ctx, &path, &err) ||
	    path_any(ctx, posix_join(arena, node_text(ctx, "folder"), name), &path, &err))
		return node_fail(ctx, "folder: %s", err.detail);
	c = audio_property(ctx, "audio");
	if (!c)
		return NODE_FAILED;
	buf_init(&bytes, ASSET_MAX);
	if (write_as(ctx, c, name, &path, &bytes, &err)) {
		buf_free(&bytes);
		return node_fail(ctx, "filename: %s", err.detail);
	}
	len = bytes.len;
	ref = asset_from_bytes("audio", buf_take(&bytes), len);
	map_set(ref, "uri", value_strf("file://%s", path.full));
	tell_saved(ctx, name, ref);
	return done(ctx, ref);
}

/* Hands the sound on under a name; it is kept as long as the run. */
static enum node_result save_audio(struct node_ctx *ctx)
{
	struct clip *c = audio_property(ctx, "audio");
	struct err err = { 0 };
	struct value *ref = c ? audio_value(c, &err) : NULL;

	if (!ref)
		return c ? fail_err(ctx, &err) : NODE_FAILED;
	tell_saved(ctx, path_dated(node_arena(ctx), node_text(ctx, "name")), ref);
	return done(ctx, ref);
}

/* ---- declarations ------------------------------------------------------------------------------------- */

static const struct node_type types[] = {
	{
		.type = "nodetool.audio.LoadAudioFile",
		.title = "Load Audio File",
		.description = "Reads a sound from a file.",
		.props =
			(const struct node_prop[]){
				{ .name = "path", .type = "str", .def = "\"\"", .description = "The file" }, { 0 } },
		.outputs = AUDIO_OUTPUT,
		.flags = NODE_BLOCKING,
		.process = load_file,
	},
	{
		.type = "nodetool.audio.LoadAudioFolder",
		.title = "Load Audio Folder",
		.description = "The sounds of a folder, one after the other.",
		.props =
			(const struct node_prop[]){
				{ .name = "folder", .type = "str", .def = "\"\"", .description = "The folder" },
				{ .name = "include_subdirectories",
				  .type = "bool",
				  .def = "false",
				  .description = "Whether the folders in it are searched too" },
				{ .name = "extensions",
				  .type = "list[str]",
				  .def = "[\".mp3\", \".wav\", \".flac\", \".ogg\", \".m4a\", \".aac\"]",
				  .description = "Endings of the files that are taken" },
				{ 0 } },
		.outputs = (const struct node_slot[]){ { .name = "audio", .type = "audio" },
						       { .name = "path", .type = "str" },
						       { 0 } },
		.flags = NODE_STREAMS_OUTPUT | NODE_BLOCKING | NODE_NOT_CACHEABLE,
		.state_size = sizeof(struct folder_state),
		.destroy = free_folder,
		.process = begin_folder,
		.next = next_of_folder,
	},
	{
		.type = "nodetool.audio.SaveAudioFile",
		.title = "Save Audio File",
		.description = "Writes a sound to a file, in the format that the file's name says.",
		.props = (const struct node_prop[]){ AUDIO_PROP("audio", "The sound"),
						     { .name = "folder",
						       .type = "str",
						       .def = "\"\"",
						       .description = "The folder, which must be there" },
						     { .name = "filename",
						       .type = "str",
						       .def = "\"\"",
						       .description = "The file's name: .wav, .flac, .ogg, .opus or "
								      ".mp3; with codes of time such as %Y" },
						     { .name = "FORMAT_MAP",
						       .type = "dict[str,str]",
						       .title = "Format Map",
						       .def = "{\".mp3\": \"mp3\", \".wav\": \"wav\", \".ogg\": "
							      "\"ogg\", \".flac\": \"flac\", "
							      "\".aac\": \"adts\", \".m4a\": \"ipod\"}",
						       .description = "Not used; graphs may name it" },
						     { 0 } },
		.outputs = AUDIO_OUTPUT,
		.flags = NODE_ONCE | NODE_BLOCKING,
		.process = save_file,
	},
	{
		.type = "nodetool.audio.SaveAudio",
		.title = "Save Audio Asset",
		.description = "Keeps a sound of the run under a name.",
		.props =
			(const struct node_prop[]){
				{ .name = "audio",
				  .type = "audio",
				  .def = AUDIO_DEFAULT,
				  .required = true,
				  .description = "The sound" },
				{ .name = "folder",
				  .type = "folder",
				  .def = "{\"type\": \"folder\", \"uri\": \"\", \"asset_id\": null, \"data\": null, "
					 "\"metadata\": null}",
				  .description = "The folder of assets" },
				{ .name = "name",
				  .type = "str",
				  .def = "\"%Y-%m-%d-%H-%M-%S.opus\"",
				  .description = "Its name, with codes of time such as %Y" },
				{ 0 } },
		.outputs = AUDIO_OUTPUT,
		.flags = NODE_ONCE | NODE_BLOCKING | NODE_TOOL,
		.process = save_audio,
	},
};

NODE_TABLE(nodes_audio_file, types);
