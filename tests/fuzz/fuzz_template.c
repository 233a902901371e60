/* The template language and every escape: any template, any value. */
#include <stdint.h>
#include <string.h>

#include "firstboot/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What an escape lets through must hold no line end and no NUL. */
static void check_escapes(const char *text, size_t size)
{
	for (const struct escape *escape = escapes; escape->name; escape++) {
		_cleanup_(buffer_free) struct buffer output = BUFFER_INIT;

		if (escape->write(&output, text, size))
			continue;
		if (memchr(buffer_text(&output), '\0', output.size) ||
		    memchr(buffer_text(&output), '\r', output.size))
			abort();
		if (strcmp(escape->name, "pem") != 0 &&
		    memchr(buffer_text(&output), '\n', output.size))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_(buffer_free) struct buffer output = BUFFER_INIT;
	json_t *context = json_pack("{s:s,s:b,s:[i,i],s:{s:s}}", "a", "value", "on", 1, "list", 1,
				    2, "map", "b", "inner");

	check_escapes((const char *)data, size);
	if (template_render("fuzz", (const char *)data, size, context, &escapes[0], &output,
			    &error) == 0 &&
	    output.failed)
		abort();
	json_decref(context);
	return 0;
}
