/* Sound from and to files, by libsndfile: see clip.h. */
#include "wsd/nodes/clip.h"

#include <sndfile.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_FRAMES 65536
#define FILE_MAX     ((size_t)128 << 20)

/* ---- a file in memory --------------------------------------------------------------------------------- */

struct memory {
	const char *data; /* reading */
	struct buf *out;  /* writing */
	size_t start;     /* of the file in `out` */
	size_t len;
	size_t at;
};

static sf_count_t length_of(void *ptr)
{
	return (sf_count_t)((struct memory *)ptr)->len;
}

static sf_count_t seek_to(sf_count_t offset, int whence, void *ptr)
{
	struct memory *m = ptr;
	sf_count_t base = whence == SEEK_CUR ? (sf_count_t)m->at : whence == SEEK_END ? (sf_count_t)m->len : 0;

	if (base + offset < 0 || base + offset > (sf_count_t)m->len)
		return -1;
	m->at = (size_t)(base + offset);
	return (sf_count_t)m->at;
}

static sf_count_t read_from(void *to, sf_count_t count, void *ptr)
{
	struct memory *m = ptr;
	size_t n = m->len - m->at < (size_t)count ? m->len - m->at : (size_t)count;

	if (n)
		memcpy(to, (m->out ? m->out->data + m->start : m->data) + m->at, n);
	m->at += n;
	return (sf_count_t)n;
}

/* What is written may lie before the end: headers are filled in when their length is known. */
static sf_count_t write_to(const void *from, sf_count_t count, void *ptr)
{
	struct memory *m = ptr;
	size_t inside = m->len - m->at < (size_t)count ? m->len - m->at : (size_t)count;

	if (inside)
		memcpy(m->out->data + m->start + m->at, from, inside);
	if ((size_t)count > inside && buf_add(m->out, (const char *)from + inside, (size_t)count - inside))
		return 0;
	m->at += (size_t)count;
	m->len = m->out->len - m->start;
	return count;
}

static sf_count_t tell_of(void *ptr)
{
	return (sf_count_t)((struct memory *)ptr)->at;
}

static SF_VIRTUAL_IO in_memory = { length_of, seek_to, read_from, write_to, tell_of };

/* ---- reading ------------------------------------------------------------------------------------------ */

/* A header may lie about the length: what is there is read piece by piece. */
static int read_all(SNDFILE *f, struct clip *c, struct err *err)
{
	size_t channels = (size_t)c->channels;
	size_t room = CLIP_MAX_SAMPLES / channels;
	size_t cap = 0;
	int16_t *data = NULL;
	sf_count_t n;

	do {
		if (c->frames + CHUNK_FRAMES > cap) {
			cap = cap ? cap * 2 : 2 * CHUNK_FRAMES;
			data = xrealloc(data, cap * channels * sizeof(*data));
		}
		n = sf_readf_short(f, data + c->frames * channels, CHUNK_FRAMES);
		c->frames += n > 0 ? (size_t)n : 0;
	} while (n > 0 && c->frames <= room);
	c->data = data;
	if (c->frames > room)
		return err_set(err, 400, "the sound is longer than %zu million samples", CLIP_MAX_SAMPLES / 1000000);
	return 0;
}

struct clip *clip_decode(struct arena *arena, const void *data, size_t len, struct err *err)
{
	struct memory m = { .data = data, .len = len };
	SF_INFO info = { 0 };
	SNDFILE *f = sf_open_virtual(&in_memory, SFM_READ, &info, &m);
	struct clip *c;
	int failed;

	if (!f) {
		err_set(err, 400, "this is no sound that can be read: %s", sf_strerror(NULL));
		return NULL;
	}
	if (info.samplerate < 1 || info.channels < 1 || info.channels > CLIP_MAX_CHANNELS) {
		sf_close(f);
		err_set(err, 400, "a sound of %d channels at %d Hz cannot be read", info.channels, info.samplerate);
		return NULL;
	}
	/* Fractions become whole samples, and what is too loud is cut. */
	sf_command(f, SFC_SET_SCALE_FLOAT_INT_READ, NULL, SF_TRUE);
	sf_command(f, SFC_SET_CLIPPING, NULL, SF_TRUE);
	c = arena_alloc(arena, sizeof(*c));
	*c = (struct clip){ .rate = info.samplerate, .channels = info.channels };
	failed = read_all(f, c, err);
	sf_close(f);
	arena_defer(arena, free, c->data);
	return failed ? NULL : c;
}

/* ---- writing ------------------------------------------------------------------------------------------ */

static int encode(const struct clip *c, int format, struct buf *out, struct err *err)
{
	struct memory m = { .out = out, .start = out->len };
	SF_INFO info = { .samplerate = c->rate, .channels = c->channels, .format = format };
	SNDFILE *f = sf_open_virtual(&in_memory, SFM_WRITE, &info, &m);
	sf_count_t left = (sf_count_t)c->frames;

	if (!f)
		return err_set(err, 400, "the sound cannot be written: %s", sf_strerror(NULL));
	/* In pieces: some encoders keep what they are given at once on the stack. */
	for (const int16_t *at = c->data; left > 0; at += (size_t)CHUNK_FRAMES * (size_t)c->channels) {
		sf_count_t n = left < CHUNK_FRAMES ? left : CHUNK_FRAMES;

		if (sf_writef_short(f, at, n) != n)
			break;
		left -= n;
	}
	if (sf_close(f) || left || out->failed)
		return err_set(err, 400, "the sound cannot be written, or it is longer than %zu MB", FILE_MAX >> 20);
	return 0;
}

int clip_encode_wav(const struct clip *c, struct buf *out, struct err *err)
{
	return encode(c, SF_FORMAT_WAV | SF_FORMAT_PCM_16, out, err);
}

int clip_encode(const struct clip *c, const char *ending, struct buf *out, struct err *err)
{
	static const struct {
		const char *ending;
		int format;
	} formats[] = {
		{ ".wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16 },          { ".flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16 },
		{ ".ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS },          { ".opus", SF_FORMAT_OGG | SF_FORMAT_OPUS },
		{ ".mp3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III },
	};

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		if (sv_eq_nocase(sv_of(ending), formats[i].ending))
			return encode(c, formats[i].format, out, err);
	}
	return err_set(err, 400, "sound cannot be written as %.20s: .wav, .flac, .ogg, .opus and .mp3 are known",
		       ending);
}
