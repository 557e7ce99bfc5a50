/* nodetool.audio: sounds from and to files. */
#include "wsd/engine/asset.h"
#include "wsd/nodes/audio_node.h"
#include "wsd/nodes/helper.h"
#include "wsd/nodes/media_file.h"
#include "wsd/nodes/posixpath.h"

static enum node_result load_file(struct node_ctx *ctx)
{
	return media_load_file(ctx, "audio");
}

static enum node_result next_of_folder(struct node_ctx *ctx)
{
	return media_folder_next(ctx, "audio");
}

static enum node_result load_assets(struct node_ctx *ctx)
{
	return media_load_assets(ctx, "audio");
}

/* ---- saving ------------------------------------------------------------------------------------------- */

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
	if (media_folder_find(ctx, &path, &err) ||
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
	media_tell_saved(ctx, "audio", name, ref);
	return done(ctx, ref);
}

/* Makes the sound an asset: as WAV, whatever the name says. */
static enum node_result save_audio(struct node_ctx *ctx)
{
	const char *name = path_dated(node_arena(ctx), node_text(ctx, "name"));
	struct clip *c = audio_property(ctx, "audio");
	struct err err = { 0 };
	struct value *ref = c ? audio_value(c, &err) : NULL;

	if (!ref)
		return c ? fail_err(ctx, &err) : NODE_FAILED;
	if (media_keep(ctx, name, "audio/wav", ref, &err)) {
		value_unref(ref);
		return fail_err(ctx, &err);
	}
	media_tell_saved(ctx, "audio", name, ref);
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
		.state_size = sizeof(struct media_folder),
		.destroy = media_folder_free,
		.process = media_folder_begin,
		.next = next_of_folder,
	},
	{
		.type = "nodetool.audio.LoadAudioAssets",
		.title = "Load Audio Assets",
		.description = "The sounds of a folder of assets, one after the other.",
		.props =
			(const struct node_prop[]){
				{ .name = "folder", .type = "folder", .def = MEDIA_FOLDER_DEFAULT, .description = "The folder of assets" },
				{ 0 } },
		.outputs = (const struct node_slot[]){ { .name = "audio", .type = "audio" },
						       { .name = "name", .type = "str" },
						       { 0 } },
		.flags = NODE_STREAMS_OUTPUT | NODE_BLOCKING | NODE_NOT_CACHEABLE,
		GEN_LIST,
		.process = load_assets,
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
		.description = "Keeps a sound as an asset, in a folder of assets.",
		.props =
			(const struct node_prop[]){
				{ .name = "audio",
				  .type = "audio",
				  .def = AUDIO_DEFAULT,
				  .required = true,
				  .description = "The sound" },
				{ .name = "folder",
				  .type = "folder",
				  .def = MEDIA_FOLDER_DEFAULT,
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
