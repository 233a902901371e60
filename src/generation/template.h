// SPDX-License-Identifier: GPL-3.0-or-later
/* Templates: the configuration files of overlays/usr/share/postcask/templates
 * with the settings filled in.
 *
 *	mydomain = {{domain}}		a value, escaped for the file's syntax
 *	{{address|table}}		the same with another escape (escape.h)
 *	#% for user in users		a directive is a line of its own and vanishes
 *	#% if services.pop3
 *	#% if not user.quota_mib
 *	#% if role == "internet"
 *	#% else
 *	#% end
 *
 * A path is looked up in the loops around it, innermost first, then in the
 * context.  A path that is not there is an error, never an empty text; false,
 * 0, "" and the empty list are untrue.  Booleans print as yes and no. */
#ifndef POSTCASK_TEMPLATE_H
#define POSTCASK_TEMPLATE_H

#include <jansson.h>

#include "base/buffer.h"
#include "base/error.h"
#include "generation/escape.h"

/* Renders `text` (size bytes) into `output`.  `name` stands in errors:
 * "NAME:LINE: what is wrong".  -EINVAL for a fault of the template or a value
 * that its place cannot hold, -ENOMEM. */
_must_check_ int template_render(const char *name, const char *text, size_t size,
				 const json_t *context, const struct escape *escape,
				 struct buffer *output, struct error *error);

#endif
