/* Sounds from outside: whatever the bytes are, they give a sound within its limits or a reason; what was read can be
 * written. */
#include "wsd/nodes/clip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct err err = { 0 };
	struct clip *c = clip_decode(arena, data, size, &err);

	if (!c && !err.detail[0])
		__builtin_trap();
	if (c && c->frames < 100000) {
		struct buf wav;

		buf_init(&wav, 128 << 20);
		if (clip_encode_wav(c, &wav, &err) && !err.detail[0])
			__builtin_trap();
		buf_free(&wav);
		if (!clip_fade(arena, c, CLIP_FADE_OUT, clip_ms(c) - 150, 150, &err) && !err.detail[0])
			__builtin_trap();
	}
	arena_free(arena);
	return 0;
}
