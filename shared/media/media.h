/*
 * media: pictures of assets and lengths of recordings, made by child programs with limits: a broken or hostile file can
 * harm its child only, and the libraries' memory is not ours. Source: notes-assets section 4, attack 25.
 */
#ifndef MEDIA_MEDIA_H
#define MEDIA_MEDIA_H

#include "base/base.h"

#define MEDIA_THUMBNAIL_SIDE 512 /* pixels */

/* Makes a JPEG that fits into 512 x 512 of a picture (our own helper program nodetool-media, libvips), or of one
 * representative frame of a video (ffmpeg, full size). `type` is the content type. -1 with the reason when the file cannot
 * be read that way or the program is not there; `out` is then untouched. */
int media_thumbnail(const char *path, const char *type, const char *out, struct err *err) MUST_CHECK;

/* Seconds of an audio file, three decimals: by nodetool-media (libsndfile), else ffprobe, else guessed from the size at
 * 128 kbit/s as the original does. */
double media_audio_duration(const char *path, int64_t size);

/* Any picture file that libvips reads (WebP, GIF, TIFF, BMP …; its first frame) as an RGB PNG of 8 bits, appended: by
 * nodetool-media. -1 with the reason when it cannot be read. */
int media_to_png(const void *data, size_t len, struct buf *png, struct err *err) MUST_CHECK;

/* Draws an SVG document into width x height pixels (librsvg, in nodetool-media): four bytes for each, red, green, blue, alpha,
 * into `rgba`. The document can refer to nothing outside itself. -1 with the reason. */
int media_draw_svg(const void *svg, size_t len, int width, int height, unsigned char *rgba, struct err *err) MUST_CHECK;

#endif
