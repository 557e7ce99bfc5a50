/* The load figures of this machine, as `system_stats` shows them (notes-ws section 10). */
#ifndef WSD_LOAD_H
#define WSD_LOAD_H

#include "value/value.h"

/* {cpu_percent, memory_total_gb, memory_used_gb, memory_percent, vram_*: null}. The share of the processors is that since
 * the call before (0.0 at first). New reference. */
struct value *load_figures(void);

#endif
