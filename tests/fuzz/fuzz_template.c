// SPDX-License-Identifier: GPL-3.0-or-later
/* The template language: any template. */
#include <stdint.h>
#include <stdlib.h>

#include "generation/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_(buffer_free) struct buffer output = BUFFER_INIT;
	json_t *context = json_pack("{s:s,s:b,s:[i,i],s:{s:s}}", "a", "value", "on", 1, "list", 1,
				    2, "map", "b", "inner");

	if (template_render("fuzz", (const char *)data, size, context, escape_next(NULL), &output,
			    &error) == 0 &&
	    output.failed)
		abort();
	json_decref(context);
	return 0;
}
