// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#undef error_set /* what error.h says to the analyzer */
#undef error_errno
#undef error_wrap

static int error_replace(struct error *error, int code, char *text)
{
	code = code > 0 ? -code : code;
	if (!error) {
		free(text);
		return code;
	}
	free(error->text);
	error->code = code;
	error->text = text;
	return code;
}

__attribute__((format(printf, 1, 0))) static char *text_format(const char *format,
							       va_list arguments)
{
	char *text = NULL;

	return vasprintf(&text, format, arguments) < 0 ? NULL : text;
}

int error_set(struct error *error, int code, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	char *text = text_format(format, arguments);
	va_end(arguments);
	return error_replace(error, code, text);
}

int error_errno(struct error *error, int code, const char *format, ...)
{
	va_list arguments;
	_cleanup_free_ char *text = NULL;
	char *whole = NULL;

	va_start(arguments, format);
	text = text_format(format, arguments);
	va_end(arguments);
	if (!text || asprintf(&whole, "%s: %s", text, strerror(abs(code))) < 0)
		whole = NULL;
	return error_replace(error, code, whole);
}

int error_wrap(struct error *error, const char *format, ...)
{
	va_list arguments;
	_cleanup_free_ char *context = NULL;
	char *whole = NULL;

	if (!error)
		return -EIO;
	va_start(arguments, format);
	context = text_format(format, arguments);
	va_end(arguments);
	if (context && asprintf(&whole, "%s: %s", context, error_text(error)) >= 0)
		error_replace(error, error->code, whole);
	return error->code;
}

const char *error_text(const struct error *error)
{
	if (error->text)
		return error->text;
	return error->code ? strerror(abs(error->code)) : "no error";
}

void error_print(const struct error *error)
{
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, error_text(error));
}

void error_clear(struct error *error)
{
	free(error->text);
	*error = ERROR_INIT;
}
