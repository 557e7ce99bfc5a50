/* Colours as CSS writes them. */
#include "wsd/nodes/raster.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 100 /* characters of a colour */

static const struct name {
	const char *text;
	uint32_t rgb;
} names[] = {
#include "wsd/nodes/raster_colors.inc"
};

static int compare_names(const void *key, const void *entry)
{
	return strcmp(key, ((const struct name *)entry)->text);
}

static void set(unsigned char color[4], unsigned r, unsigned g, unsigned b, unsigned a)
{
	const unsigned parts[4] = { r, g, b, a };

	for (int i = 0; i < 4; i++)
		color[i] = (unsigned char)(parts[i] > 255 ? 255 : parts[i]);
}

static unsigned digit(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* What follows "#": 3, 4, 6 or 8 digits. */
static bool read_hex(const char *p, unsigned char color[4])
{
	size_t n = strlen(p);
	size_t each = n == 6 || n == 8 ? 2 : 1;
	unsigned parts[4] = { 0, 0, 0, 255 };

	if (n != 3 && n != 4 && n != 6 && n != 8)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!isxdigit((unsigned char)p[i]))
			return false;
	}
	for (size_t i = 0; i < n / each; i++)
		parts[i] = each == 2 ? digit(p[2 * i]) * 16 + digit(p[2 * i + 1]) : digit(p[i]) * 17;
	set(color, parts[0], parts[1], parts[2], parts[3]);
	return true;
}

/* The numbers of "(a, b, c)" up to the end of the text, at most `max`; how many, or 0. `marks` tells of each whether a
 * "%" followed; fractions only where they are allowed. */
static int read_numbers(const char *p, bool fractions, double out[4], bool marks[4], int max)
{
	int n = 0;

	if (*p++ != '(')
		return 0;
	while (n < max) {
		char *end;

		p += strspn(p, " \t\n\r\f\v");
		if (!isdigit((unsigned char)*p))
			return 0;
		if (p[strspn(p, fractions ? "0123456789." : "0123456789")] == 'e')
			return 0;
		out[n] = strtod(p, &end);
		if (!fractions && memchr(p, '.', (size_t)(end - p)))
			return 0;
		marks[n] = *end == '%';
		p = end + marks[n];
		p += strspn(p, " \t\n\r\f\v");
		n++;
		if (*p == ')')
			return p[1] ? 0 : n;
		if (*p++ != ',')
			return 0;
	}
	return 0;
}

void raster_from_hsv(double hue, double saturation, double value, double rgb[3])
{
	/* Which of v, p, q, t each colour takes in the six parts of the circle. */
	static const unsigned char parts[6][3] = { { 0, 3, 1 }, { 2, 0, 1 }, { 1, 0, 3 },
						   { 1, 2, 0 }, { 3, 1, 0 }, { 0, 1, 2 } };
	int part = (int)(hue * 6);
	double f = hue * 6 - part;
	const double of[4] = { value, value * (1 - saturation), value * (1 - saturation * f),
			       value * (1 - saturation * (1 - f)) };

	part = (part % 6 + 6) % 6;
	for (int c = 0; c < 3; c++)
		rgb[c] = of[parts[part][c]];
}

/* One colour of HSL: between two bounds, by where on the circle of hues it lies. */
static double hue_part(double low, double high, double hue)
{
	hue -= floor(hue);
	if (hue < 1.0 / 6)
		return low + (high - low) * hue * 6;
	if (hue < 0.5)
		return high;
	return hue < 2.0 / 3 ? low + (high - low) * (2.0 / 3 - hue) * 6 : low;
}

static void from_hsl(double hue, double saturation, double light, double rgb[3])
{
	double high = light <= 0.5 ? light * (1 + saturation) : light + saturation - light * saturation;

	for (int c = 0; c < 3; c++)
		rgb[c] = saturation == 0 ? light : hue_part(2 * light - high, high, hue + (1 - c) / 3.0);
}

#define HUE_MAX 1e6 /* degrees */

static bool read_hue(const char *text, unsigned char color[4])
{
	double v[4];
	double rgb[3];
	bool marks[4];

	if (read_numbers(text + 3, true, v, marks, 3) != 3 || marks[0] || !marks[1] || !marks[2] || v[0] > HUE_MAX)
		return false;
	if (text[2] == 'l')
		from_hsl(v[0] / 360, v[1] / 100, v[2] / 100, rgb);
	else
		raster_from_hsv(v[0] / 360, v[1] / 100, v[2] / 100, rgb);
	for (int c = 0; c < 3; c++)
		color[c] = raster_clip((int)fmax(fmin(rgb[c] * 255 + 0.5, 1e6), -1e6));
	color[3] = 255;
	return true;
}

static bool read_rgb(const char *text, unsigned char color[4])
{
	bool alpha = text[3] == 'a';
	double v[4] = { 0, 0, 0, 255 };
	bool marks[4] = { false };
	int n = read_numbers(text + (alpha ? 4 : 3), false, v, marks, alpha ? 4 : 3);

	if (n != (alpha ? 4 : 3) || marks[0] != marks[1] || marks[1] != marks[2] || (alpha && (marks[0] || marks[3])))
		return false;
	for (int i = 0; i < 4; i++) {
		v[i] = marks[0] && i < 3 ? floor(v[i] * 255 / 100.0 + 0.5) : v[i];
		v[i] = v[i] > 255 ? 255 : v[i];
	}
	set(color, (unsigned)v[0], (unsigned)v[1], (unsigned)v[2], (unsigned)v[3]);
	return true;
}

int raster_color(const char *text, unsigned char color[4], struct err *err)
{
	char lower[TEXT_MAX + 1];
	size_t n = strlen(text);
	const struct name *name;
	bool ok = false;

	if (n > TEXT_MAX)
		return err_set(err, 400, "a colour has at most %d characters", TEXT_MAX);
	for (size_t i = 0; i <= n; i++)
		lower[i] = (char)tolower((unsigned char)text[i]);
	name = bsearch(lower, names, ARRAY_LEN(names), sizeof(names[0]), compare_names);
	if (name) {
		set(color, name->rgb >> 16, name->rgb >> 8 & 255, name->rgb & 255, 255);
		return 0;
	}
	if (lower[0] == '#')
		ok = read_hex(lower + 1, color);
	else if (str_starts(lower, "rgb"))
		ok = read_rgb(lower, color);
	else if (str_starts(lower, "hsl") || str_starts(lower, "hsv") || str_starts(lower, "hsb"))
		ok = read_hue(lower, color);
	return ok ? 0 : err_set(err, 400, "\"%s\" is no colour", text);
}
