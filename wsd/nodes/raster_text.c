/* Text by FreeType, laid out as Pillow's basic layout does it: glyph by glyph, with the font's kerning table. */
#include "wsd/nodes/raster.h"

#include <string.h>

#include <ft2build.h>
#include FT_FREETYPE_H
#include FT_OUTLINE_H

#define LINE_GAP  4 /* pixels between lines */
#define LINES_MAX 10000

static long to_pixels(long v)
{
	return (v + 32) >> 6;
}

/* Loads the glyph of one character; its advance in 64ths of a pixel, with the kerning to the one before. */
static bool load(FT_Face face, uint32_t cp, FT_UInt *previous, long *pen)
{
	FT_UInt glyph = FT_Get_Char_Index(face, cp);
	FT_Vector kerning = { 0, 0 };

	if (*previous && glyph && FT_HAS_KERNING(face) &&
	    FT_Get_Kerning(face, *previous, glyph, FT_KERNING_DEFAULT, &kerning) == 0)
		*pen += to_pixels(kerning.x);
	*previous = glyph;
	return FT_Load_Glyph(face, glyph, FT_LOAD_DEFAULT) == 0;
}

/* In 64ths of a pixel. */
static long line_width(FT_Face face, struct sv line)
{
	FT_UInt previous = 0;
	long pen = 0;

	for (size_t i = 0; i < line.n;) {
		if (load(face, utf8_decode(line.p, line.n, &i), &previous, &pen))
			pen += face->glyph->metrics.horiAdvance;
	}
	return pen;
}

static unsigned mask_at(const FT_Bitmap *bitmap, int x, int y)
{
	const unsigned char *row = bitmap->buffer + (ptrdiff_t)y * bitmap->pitch;

	if (bitmap->pixel_mode == FT_PIXEL_MODE_MONO)
		return row[x / 8] >> (7 - x % 8) & 1 ? 255 : 0;
	return bitmap->pixel_mode == FT_PIXEL_MODE_GRAY ? row[x] : 0;
}

/* Lays the bitmap over the picture in the colour. */
static void stamp(struct raster *r, const FT_Bitmap *bitmap, int64_t left, int64_t top, const unsigned char color[4])
{
	for (int y = 0; y < (int)bitmap->rows; y++) {
		for (int x = 0; x < (int)bitmap->width; x++) {
			unsigned m = mask_at(bitmap, x, y);
			unsigned char *p;

			if (!m || left + x < 0 || left + x >= r->width || top + y < 0 || top + y >= r->height)
				continue;
			p = raster_at(r, (int)(left + x), (int)(top + y));
			for (int c = 0; c < r->channels && c < 3; c++) {
				unsigned v = color[c] * m + p[c] * (255 - m) + 128;

				p[c] = (unsigned char)((v + (v >> 8)) >> 8);
			}
		}
	}
}

/* `left` in 64ths of a pixel, `base` in pixels. */
static void draw_line(struct raster *r, FT_Face face, struct sv line, int64_t left, int64_t base,
		      const unsigned char color[4])
{
	FT_UInt previous = 0;
	long pen = 0;

	for (size_t i = 0; i < line.n;) {
		FT_GlyphSlot glyph = face->glyph;
		int64_t x;

		if (!load(face, utf8_decode(line.p, line.n, &i), &previous, &pen))
			continue;
		x = left + pen;
		if (glyph->format == FT_GLYPH_FORMAT_OUTLINE)
			FT_Outline_Translate(&glyph->outline, (FT_Pos)(x & 63), 0);
		pen += glyph->metrics.horiAdvance;
		if (FT_Render_Glyph(glyph, FT_RENDER_MODE_NORMAL) == 0)
			stamp(r, &glyph->bitmap, (x >> 6) + glyph->bitmap_left, base - glyph->bitmap_top, color);
	}
}

/* From the top of a line to the lower end of an A, and the gap. */
static int64_t line_height(FT_Face face, int64_t ascender)
{
	FT_UInt previous = 0;
	long pen = 0;
	int64_t below = 0;

	if (load(face, 'A', &previous, &pen) && FT_Render_Glyph(face->glyph, FT_RENDER_MODE_NORMAL) == 0)
		below = (int64_t)face->glyph->bitmap.rows - face->glyph->bitmap_top;
	return ascender + below + LINE_GAP;
}

static int draw(struct raster *r, FT_Face face, const struct raster_text *text, struct err *err)
{
	static const long share[] = { [RASTER_LEFT] = 0, [RASTER_CENTER] = 1, [RASTER_RIGHT] = 2 };
	int64_t ascender = to_pixels(face->size->metrics.ascender);
	int64_t step = line_height(face, ascender);
	struct sv rest = text->text;
	struct sv line;
	long widest = 0;
	int lines = 0;

	while (sv_split(&rest, '\n', &line)) {
		long width = line_width(face, line);

		widest = width > widest ? width : widest;
		if (++lines > LINES_MAX)
			return err_set(err, 413, "text: has more than %d lines", LINES_MAX);
	}
	rest = text->text;
	for (int i = 0; sv_split(&rest, '\n', &line); i++) {
		long shift = (widest - line_width(face, line)) * share[text->align] / 2;

		draw_line(r, face, line, text->x * 64 + (lines > 1 ? shift : 0), text->y + i * step + ascender,
			  text->color);
	}
	return 0;
}

int raster_draw_text(struct raster *r, const struct raster_text *text, struct err *err)
{
	FT_Library library;
	FT_Face face = NULL;
	FT_Error failed;
	int status = -1;

	if (FT_Init_FreeType(&library))
		return err_set(err, 500, "FreeType cannot be started");
	failed = text->font_path ? FT_New_Face(library, text->font_path, 0, &face)
				 : FT_New_Memory_Face(library, text->font, (FT_Long)text->font_len, 0, &face);
	if (failed)
		err_set(err, 400, "font: the file is no font that can be read");
	else if (FT_Set_Pixel_Sizes(face, 0, (FT_UInt)text->size))
		err_set(err, 400, "size: the font has no such size");
	else
		status = draw(r, face, text, err);
	FT_Done_Face(face);
	FT_Done_FreeType(library);
	return status;
}
