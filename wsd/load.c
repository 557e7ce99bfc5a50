/* Load figures from /proc: see load.h. */
#include "wsd/load.h"

#include <math.h>
#include <stdio.h>

static double two_digits(double x)
{
	return round(x * 100) / 100;
}

static double one_digit(double x)
{
	return round(x * 10) / 10;
}

/* Busy and total time of all processors since the start of the machine, in ticks. */
static bool read_cpu(double *busy, double *total)
{
	double t[8] = { 0 };
	FILE *f = fopen("/proc/stat", "re");
	int n = 0;

	if (!f)
		return false;
	n = fscanf(f, "cpu %lf %lf %lf %lf %lf %lf %lf %lf", &t[0], &t[1], &t[2], &t[3], &t[4], &t[5], &t[6], &t[7]);
	fclose(f);
	*total = t[0] + t[1] + t[2] + t[3] + t[4] + t[5] + t[6] + t[7];
	*busy = *total - t[3] - t[4];
	return n >= 4;
}

static double cpu_percent(void)
{
	static double last_busy;
	static double last_total;
	double busy;
	double total;
	double share = 0;

	if (!read_cpu(&busy, &total))
		return 0;
	if (last_total > 0 && total > last_total)
		share = 100 * (busy - last_busy) / (total - last_total);
	last_busy = busy;
	last_total = total;
	return one_digit(share < 0 ? 0 : share);
}

/* Total and available memory in bytes. */
static bool read_memory(double *total, double *available)
{
	char line[128];
	FILE *f = fopen("/proc/meminfo", "re");
	int found = 0;

	if (!f)
		return false;
	while (found < 2 && fgets(line, sizeof(line), f)) {
		found += sscanf(line, "MemTotal: %lf kB", total) == 1;
		found += sscanf(line, "MemAvailable: %lf kB", available) == 1;
	}
	fclose(f);
	*total *= 1024;
	*available *= 1024;
	return found == 2;
}

struct value *load_figures(void)
{
	const double giga = 1024.0 * 1024 * 1024;
	struct value *m = value_map();
	double total = 0;
	double available = 0;

	map_set_float(m, "cpu_percent", cpu_percent());
	if (read_memory(&total, &available) && total > 0) {
		map_set_float(m, "memory_total_gb", two_digits(total / giga));
		map_set_float(m, "memory_used_gb", two_digits((total - available) / giga));
		map_set_float(m, "memory_percent", one_digit(100 * (total - available) / total));
	} else {
		map_set_float(m, "memory_total_gb", 0);
		map_set_float(m, "memory_used_gb", 0);
		map_set_float(m, "memory_percent", 0);
	}
	map_set(m, "vram_total_gb", value_null());
	map_set(m, "vram_used_gb", value_null());
	map_set(m, "vram_percent", value_null());
	return m;
}
