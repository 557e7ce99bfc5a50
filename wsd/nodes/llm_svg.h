/* llm_svg: drawings in the answers of models. */
#ifndef NODES_LLM_SVG_H
#define NODES_LLM_SVG_H

#include "value/value.h"

/* The <svg> element in a text as a list of one svg_element (with its children inside); scripts, handlers of events and
 * links elsewhere are left out. New reference; NULL when there is none, or when it is not well-formed. */
struct value *svg_elements(struct sv text);

#endif
