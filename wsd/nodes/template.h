/*
 * template: renders Jinja templates. Templates are data: they reach the given variables and a closed list of filters, tests
 * and methods, nothing else; there is no loading of other templates.
 *
 *	{{ expression }}  {% if for set macro with filter raw %}  {# comment #}  whitespace control by -
 */
#ifndef NODES_TEMPLATE_H
#define NODES_TEMPLATE_H

#include "value/value.h"

#define TEMPLATE_MAX ((size_t)1 << 20) /* bytes of a template */

/* Appends the rendered text. `vars` is a map. No escaping; one final newline of the template is dropped. -1 with the reason:
 * syntax ("line 2: …"), an attribute of something undefined, a failing filter, too much work. */
int template_render(struct buf *out, struct sv source, const struct value *vars, struct err *err) MUST_CHECK;

#endif
