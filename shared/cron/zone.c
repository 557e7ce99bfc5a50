/* Time zones from the system's database (TZif, RFC 8536), without the process-wide state of the C library. */
#include "cron/cron.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "/usr/share/zoneinfo/"
#define FILE_MAX ((size_t)256 << 10)
#define HEAD 44
#define DAY 86400

/* "Mm.w.d/time" of a footer. */
struct change {
	int month;
	int week; /* 5: the last */
	int weekday;
	int32_t time; /* seconds, on the clock before the change */
};

struct zone {
	size_t count;
	int64_t *times;
	int32_t *offsets; /* from times[i] on */
	int32_t first;    /* before all of them */
	bool rule;        /* behind the last one: */
	bool summer;
	int32_t standard;
	int32_t daylight;
	struct change begin;
	struct change end;
};

/* ---- the calendar of a rule ---------------------------------------------------------------------------- */

static int64_t days_from(int64_t year, int month, int day)
{
	int64_t y = year - (month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

/* The year in which the local second lies. */
static int64_t year_of(int64_t local)
{
	int64_t year = 1970 + local / 31556952;

	while (days_from(year + 1, 1, 1) * DAY <= local)
		year++;
	while (days_from(year, 1, 1) * DAY > local)
		year--;
	return year;
}

/* Local second (of the clock before it) of a change in that year. */
static int64_t change_at(const struct change *c, int64_t year)
{
	int64_t first = days_from(year, c->month, 1);
	int64_t next = c->month == 12 ? days_from(year + 1, 1, 1) : days_from(year, c->month + 1, 1);
	int weekday = (int)(((first + 4) % 7 + 7) % 7);
	int64_t day = first + (c->weekday - weekday + 7) % 7 + (c->week - 1) * 7;

	while (day >= next)
		day -= 7;
	return day * DAY + c->time;
}

static int32_t offset_by_rule(const struct zone *zone, int64_t at)
{
	int64_t year;
	int64_t begin;
	int64_t end;
	bool summer;

	if (!zone->summer)
		return zone->standard;
	year = year_of(at + zone->standard);
	begin = change_at(&zone->begin, year) - zone->standard;
	end = change_at(&zone->end, year) - zone->daylight;
	summer = begin < end ? at >= begin && at < end : at >= begin || at < end;
	return summer ? zone->daylight : zone->standard;
}

/* ---- the footer ("CET-1CEST,M3.5.0,M10.5.0/3") ---------------------------------------------------------- */

static bool skip_name(const char **p)
{
	size_t n;

	if (**p == '<') {
		n = strcspn(*p, ">");
		if (!(*p)[n])
			return false;
		*p += n + 1;
		return true;
	}
	n = strspn(*p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
	*p += n;
	return n >= 3;
}

static bool read_int(const char **p, int max, int *out)
{
	int n = 0;

	if (**p < '0' || **p > '9')
		return false;
	for (; **p >= '0' && **p <= '9'; ++*p) {
		n = n * 10 + **p - '0';
		if (n > max)
			return false;
	}
	*out = n;
	return true;
}

/* [+-]h[:m[:s]] as seconds. */
static bool read_time(const char **p, int32_t *out)
{
	int sign = **p == '-' ? -1 : 1;
	int unit[3] = { 0 };
	int i;

	if (**p == '-' || **p == '+')
		++*p;
	for (i = 0; i < 3; i++) {
		if (!read_int(p, i ? 59 : 167, &unit[i]))
			return false;
		if (**p != ':' || i == 2)
			break;
		++*p;
	}
	*out = sign * (unit[0] * 3600 + unit[1] * 60 + unit[2]);
	return true;
}

static bool read_change(const char **p, struct change *out)
{
	const struct {
		char before;
		int max;
		int *to;
	} parts[] = { { 'M', 12, &out->month }, { '.', 5, &out->week }, { '.', 6, &out->weekday } };
	size_t i;

	if (*(*p)++ != ',')
		return false;
	for (i = 0; i < ARRAY_LEN(parts); i++)
		if (*(*p)++ != parts[i].before || !read_int(p, parts[i].max, parts[i].to))
			return false;
	out->time = 2 * 3600;
	if (**p == '/') {
		++*p;
		return read_time(p, &out->time);
	}
	return out->month >= 1 && out->week >= 1;
}

static bool read_rule(struct zone *zone, const char *p)
{
	int32_t west;

	if (!skip_name(&p) || !read_time(&p, &west))
		return false;
	zone->standard = -west;
	if (!*p)
		return true;
	if (!skip_name(&p))
		return false;
	zone->daylight = zone->standard + 3600;
	if (*p != ',') {
		if (!read_time(&p, &west))
			return false;
		zone->daylight = -west;
	}
	zone->summer = true;
	return read_change(&p, &zone->begin) && read_change(&p, &zone->end) && !*p && zone->begin.month >= 1 &&
	       zone->end.month >= 1 && zone->begin.week >= 1 && zone->end.week >= 1;
}

/* ---- the file ------------------------------------------------------------------------------------------- */

static uint32_t be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t be64(const unsigned char *p)
{
	return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

/* The numbers of a header; the size of the block behind it when times take `wide` bytes; 0: broken. */
struct counts {
	uint32_t utc, std, leap, time, type, chars;
};

static size_t read_head(const unsigned char *p, size_t len, size_t wide, struct counts *c)
{
	if (len < HEAD || memcmp(p, "TZif", 4) != 0)
		return 0;
	*c = (struct counts){ be32(p + 20), be32(p + 24), be32(p + 28), be32(p + 32), be32(p + 36), be32(p + 40) };
	if (c->utc > 4096 || c->std > 4096 || c->leap > 4096 || c->time > 65536 || !c->type || c->type > 256 || c->chars > 4096)
		return 0;
	return c->time * (wide + 1) + c->type * 6 + c->chars + c->leap * (wide + 4) + c->std + c->utc;
}

static bool read_block(struct zone *zone, const unsigned char *p, const struct counts *c)
{
	const unsigned char *index = p + (size_t)c->time * 8;
	const unsigned char *types = index + c->time;
	size_t i;

	zone->times = xcalloc(c->time + 1, sizeof(*zone->times));
	zone->offsets = xcalloc(c->time + 1, sizeof(*zone->offsets));
	zone->count = c->time;
	zone->first = (int32_t)be32(types);
	for (i = 0; i < c->time; i++) {
		if (index[i] >= c->type)
			return false;
		zone->times[i] = be64(p + i * 8);
		zone->offsets[i] = (int32_t)be32(types + (size_t)index[i] * 6);
		if (zone->offsets[i] < -2 * DAY || zone->offsets[i] > 2 * DAY || (i && zone->times[i] <= zone->times[i - 1]))
			return false;
	}
	return zone->first >= -2 * DAY && zone->first <= 2 * DAY;
}

/* The footer stands between two line ends. */
static bool read_footer(struct zone *zone, const unsigned char *p, size_t len)
{
	char text[128];
	size_t n;

	if (len < 2 || p[0] != '\n')
		return false;
	for (n = 0; n + 1 < len && p[n + 1] != '\n'; n++)
		if (n == sizeof(text) - 1 || !p[n + 1])
			return false;
	memcpy(text, p + 1, n);
	text[n] = '\0';
	zone->rule = n > 0;
	return !n || read_rule(zone, text);
}

int zone_parse(const void *data, size_t len, struct zone **out, struct err *err)
{
	const unsigned char *p = data;
	struct zone *zone = xcalloc(1, sizeof(*zone));
	struct counts c;
	size_t block = read_head(p, len, 4, &c);
	size_t at = HEAD + block;
	bool good = block && p[4] >= '2' && at < len;

	if (good) {
		block = read_head(p + at, len - at, 8, &c);
		good = block && len - at - HEAD >= block && read_block(zone, p + at + HEAD, &c) &&
		       read_footer(zone, p + at + HEAD + block, len - at - HEAD - block);
	}
	if (!good) {
		zone_free(zone);
		return err_set(err, 400, "The time zone's file cannot be read");
	}
	*out = zone;
	return 0;
}

/* Parts of letters, digits, "_", "+", "-", split by single slashes: nothing that leads elsewhere. */
static bool name_safe(const char *name)
{
	const char *p;

	for (p = name; *p; p++) {
		if (*p == '/' ? p == name || p[1] == '/' || !p[1] :
				!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
				  strchr("_+-", *p)))
			return false;
	}
	return p - name < 64;
}

int zone_load(const char *name, struct zone **out, struct err *err)
{
	char path[sizeof(FOLDER) + 64] = FOLDER;
	struct stat st;
	char *data;
	ssize_t n;
	int fd;
	int rc;

	*out = NULL;
	if (!*name || !strcmp(name, "UTC"))
		return 0;
	if (!name_safe(name))
		return err_set(err, 400, "There is no time zone \"%.64s\"", name);
	memcpy(path + sizeof(FOLDER) - 1, name, strlen(name) + 1);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		if (fd >= 0)
			close(fd);
		return err_set(err, 400, "There is no time zone \"%.64s\"", name);
	}
	data = xmalloc(FILE_MAX);
	n = read(fd, data, FILE_MAX);
	close(fd);
	rc = zone_parse(data, n > 0 ? (size_t)n : 0, out, err);
	free(data);
	return rc;
}

void zone_free(struct zone *zone)
{
	if (!zone)
		return;
	free(zone->times);
	free(zone->offsets);
	free(zone);
}

int32_t zone_offset(const struct zone *zone, int64_t at)
{
	size_t low = 0;
	size_t high;

	if (!zone)
		return 0;
	if (zone->rule && (!zone->count || at >= zone->times[zone->count - 1]))
		return offset_by_rule(zone, at);
	for (high = zone->count; low < high;) {
		size_t mid = (low + high) / 2;

		if (zone->times[mid] <= at)
			low = mid + 1;
		else
			high = mid;
	}
	return low ? zone->offsets[low - 1] : zone->first;
}
