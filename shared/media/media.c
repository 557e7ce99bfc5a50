/* Runs nodetool-media and ffmpeg. */
#include "media/media.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process/process.h"

#ifndef PKGLIBEXECDIR
#define PKGLIBEXECDIR "/usr/local/libexec/nodetool"
#endif

/* AddressSanitizer reserves terabytes of addresses: in a build with it the children have no bound. */
#ifdef __SANITIZE_ADDRESS__
#define MEMORY_MAX 0
#else
#define MEMORY_MAX ((int64_t)2 << 30)
#endif
#define OUTPUT_MAX ((int64_t)64 << 20)
#define TIMEOUT_MS 30000

static const char *helper_program(char path[4096])
{
	const char *folder = config_get("NODETOOL_LIBEXEC_DIR");

	snprintf(path, 4096, "%s/nodetool-media", folder ? folder : PKGLIBEXECDIR);
	return path;
}

static const char *configured(const char *setting, const char *fallback)
{
	const char *value = config_get(setting);

	return value ? value : fallback;
}

/* Runs a converter that writes `temporary`, and renames that to `out` when it succeeded. */
static int convert(const char *const *argv, const char *temporary, const char *out, struct err *err)
{
	struct process_options o = { .argv = argv, .timeout_ms = TIMEOUT_MS, .memory_bytes = MEMORY_MAX,
				     .cpu_seconds = TIMEOUT_MS / 1000, .file_bytes = OUTPUT_MAX };
	struct process_result result;
	struct buf errors;
	int status = -1;

	buf_init(&errors, BUF_MAX_SMALL);
	if (process_run(&o, NULL, &errors, &result, err))
		goto out;
	if (result.timed_out)
		err_set(err, 422, "%s did not finish in %d s", argv[0], TIMEOUT_MS / 1000);
	else if (result.status)
		err_set(err, 422, "The file cannot be read: %.200s", errors.data ? errors.data : "");
	else if (rename(temporary, out))
		err_set(err, 500, "The thumbnail cannot be stored: %s", strerror(errno));
	else
		status = 0;
out:
	if (status)
		unlink(temporary);
	buf_free(&errors);
	return status;
}

int media_thumbnail(const char *path, const char *type, const char *out, struct err *err)
{
	char program[4096];
	char temporary[4200];
	/* Only local files and plain containers: a playlist must not make ffmpeg read other files or the network. */
	const char *const video[] = { configured("FFMPEG_PATH", "ffmpeg"), "-nostdin", "-v", "error", "-y",
				      "-protocol_whitelist", "file", "-format_whitelist",
				      "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,mpeg,mpegts,ogg,asf,gif", "-i", path,
				      "-vf", "thumbnail=300", "-frames:v", "1", "-f", "image2", "-c:v", "mjpeg", temporary, NULL };
	const char *const image[] = { helper_program(program), "thumbnail", path, temporary, NULL };

	snprintf(temporary, sizeof(temporary), "%s.%d.tmp", out, (int)getpid());
	return convert(strstr(type, "video") ? video : image, temporary, out, err);
}

/* Runs nodetool-media on bytes; what it prints is appended to `out`. */
static int through_helper(const char *const *argv, const void *data, size_t len, struct buf *out, struct err *err)
{
	struct process_options o = { .argv = argv, .input = data, .input_len = len, .timeout_ms = TIMEOUT_MS,
				     .memory_bytes = MEMORY_MAX, .cpu_seconds = TIMEOUT_MS / 1000 };
	struct process_result result;
	struct buf errors;
	int status = -1;

	buf_init(&errors, BUF_MAX_SMALL);
	if (process_run(&o, out, &errors, &result, err))
		goto done;
	if (result.timed_out)
		err_set(err, 422, "the picture was not drawn in %d s", TIMEOUT_MS / 1000);
	else if (result.too_much)
		err_set(err, 413, "the picture is too large");
	else if (result.status || !out->len)
		err_set(err, 422, "the picture cannot be read: %.200s", errors.data ? errors.data : "");
	else
		status = 0;
done:
	buf_free(&errors);
	return status;
}

int media_to_png(const void *data, size_t len, struct buf *png, struct err *err)
{
	char program[4096];
	const char *const argv[] = { helper_program(program), "png", NULL };

	return through_helper(argv, data, len, png, err);
}

int media_draw_svg(const void *svg, size_t len, int width, int height, unsigned char *rgba, struct err *err)
{
	char program[4096];
	char sides[2][16];
	const char *const argv[] = { helper_program(program), "svg", sides[0], sides[1], NULL };
	size_t wanted = (size_t)width * (size_t)height * 4;
	struct buf out;
	int status;

	snprintf(sides[0], sizeof(sides[0]), "%d", width);
	snprintf(sides[1], sizeof(sides[1]), "%d", height);
	buf_init(&out, wanted + 1);
	status = through_helper(argv, svg, len, &out, err);
	if (status == 0 && out.len != wanted)
		status = err_set(err, 500, "nodetool-media does not fit this version");
	if (status == 0)
		memcpy(rgba, out.data, wanted);
	buf_free(&out);
	return status;
}

/* The first number that a program prints; negative when it prints none. */
static double printed_number(const char *const *argv)
{
	struct process_options o = { .argv = argv, .timeout_ms = TIMEOUT_MS, .memory_bytes = MEMORY_MAX,
				     .cpu_seconds = TIMEOUT_MS / 1000 };
	struct process_result result;
	double seconds = -1;
	struct buf out;
	char *end;

	buf_init(&out, BUF_MAX_SMALL);
	if (process_run(&o, &out, NULL, &result, NULL) == 0 && result.status == 0 && out.len) {
		seconds = strtod(out.data, &end);
		if (end == out.data || !isfinite(seconds))
			seconds = -1;
	}
	buf_free(&out);
	return seconds;
}

double media_audio_duration(const char *path, int64_t size)
{
	char program[4096];
	const char *const helper[] = { helper_program(program), "duration", path, NULL };
	const char *const probe[] = { configured("FFPROBE_PATH", "ffprobe"), "-v", "error", "-protocol_whitelist", "file",
				      "-show_entries", "format=duration", "-of", "default=nw=1:nk=1", path, NULL };
	double seconds = printed_number(helper);

	if (seconds < 0)
		seconds = printed_number(probe);
	if (seconds < 0)
		seconds = (double)size * 8 / 128000;
	return round(seconds * 1000) / 1000;
}
