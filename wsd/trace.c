/* The form of traces: see trace.h. */
#include "wsd/trace.h"

#include <string.h>

struct fixed {
	int64_t start_us;
	int64_t end_us;
	int64_t busy_us;
	int64_t outside_us;
	int64_t room_us;
	uint64_t bytes_in;
	uint64_t bytes_out;
	uint32_t items_in;
	uint32_t items_out;
	uint32_t calls;
	uint32_t status;
	uint16_t id_len;
	uint16_t type_len;
	uint32_t unused;
};

static uint16_t short_len(struct sv text)
{
	return text.n > UINT16_MAX ? UINT16_MAX : (uint16_t)text.n;
}

void trace_put(struct buf *out, const struct trace_entry *entry)
{
	const struct fixed fixed = {
		.start_us = entry->start_us,
		.end_us = entry->end_us,
		.busy_us = entry->busy_us,
		.outside_us = entry->outside_us,
		.room_us = entry->room_us,
		.bytes_in = entry->bytes_in,
		.bytes_out = entry->bytes_out,
		.items_in = entry->items_in,
		.items_out = entry->items_out,
		.calls = entry->calls,
		.status = entry->status,
		.id_len = short_len(entry->node_id),
		.type_len = short_len(entry->node_type),
	};

	buf_add(out, &fixed, sizeof(fixed));
	buf_add(out, entry->node_id.p, fixed.id_len);
	buf_add(out, entry->node_type.p, fixed.type_len);
}

static struct sv cut(struct sv *data, size_t n)
{
	struct sv part = { data->p, n };

	data->p += n;
	data->n -= n;
	return part;
}

bool trace_take(struct sv *data, struct trace_entry *entry)
{
	struct fixed fixed;

	if (data->n < sizeof(fixed))
		return false;
	memcpy(&fixed, data->p, sizeof(fixed));
	if (data->n - sizeof(fixed) < (size_t)fixed.id_len + fixed.type_len || fixed.status >= TRACE_STATUSES)
		return false;
	cut(data, sizeof(fixed));
	*entry = (struct trace_entry){
		.node_id = cut(data, fixed.id_len),
		.node_type = cut(data, fixed.type_len),
		.status = (enum trace_status)fixed.status,
		.start_us = fixed.start_us,
		.end_us = fixed.end_us,
		.busy_us = fixed.busy_us,
		.outside_us = fixed.outside_us,
		.room_us = fixed.room_us,
		.bytes_in = fixed.bytes_in,
		.bytes_out = fixed.bytes_out,
		.items_in = fixed.items_in,
		.items_out = fixed.items_out,
		.calls = fixed.calls,
	};
	return true;
}

const char *trace_status_text(enum trace_status status)
{
	static const char *const texts[TRACE_STATUSES] = { "running", "completed", "completed", "failed", "suspended", "stopped" };

	return texts[status];
}
