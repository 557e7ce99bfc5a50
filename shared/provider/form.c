/* Multipart forms, as services take files. */
#include "provider/internal.h"

#include <string.h>

/* A value between the quotes of a part's header: those that could end it become "_". */
static void add_quoted(struct buf *out, const char *text)
{
	for (; *text; text++)
		buf_addc(out, strchr("\"\r\n\\", *text) ? '_' : *text);
}

void form_write(struct buf *out, const struct provider_part *parts, size_t count, const char *boundary)
{
	for (size_t i = 0; i < count; i++) {
		buf_printf(out, "--%s\r\nContent-Disposition: form-data; name=\"", boundary);
		add_quoted(out, parts[i].name);
		if (parts[i].filename) {
			buf_adds(out, "\"; filename=\"");
			add_quoted(out, parts[i].filename);
			buf_printf(out, "\"\r\nContent-Type: %s", parts[i].type);
		} else {
			buf_addc(out, '"');
		}
		buf_adds(out, "\r\n\r\n");
		buf_add(out, parts[i].data.p, parts[i].data.n);
		buf_adds(out, "\r\n");
	}
	buf_printf(out, "--%s--\r\n", boundary);
}
