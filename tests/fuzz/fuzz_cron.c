/* Cron expressions, and files of time zones: what is read gives times that rise, whatever the zone says. */
#include "cron/cron.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void follow(const struct cron *cron, const struct zone *zone)
{
	int64_t at = INT64_C(1700000000);
	int64_t due;
	int i;

	for (i = 0; i < 3 && cron_next(cron, zone, at, &due); i++) {
		if (due <= at)
			abort();
		at = due;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct zone *zone = NULL;
	struct cron cron;
	struct err err;
	char text[256];

	if (size > 4 && !memcmp(data, "TZif", 4)) {
		if (zone_parse(data, size, &zone, &err) == 0 && cron_parse("30 */2 * * *", &cron, &err) == 0)
			follow(&cron, zone);
		zone_free(zone);
		return 0;
	}
	size = size < sizeof(text) - 1 ? size : sizeof(text) - 1;
	memcpy(text, data, size);
	text[size] = '\0';
	if (cron_parse(text, &cron, &err) == 0)
		follow(&cron, NULL);
	return 0;
}
