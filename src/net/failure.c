// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/failure.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

#undef failure_set /* what failure.h says to the analyzer */

enum {
	TEXT_LIMIT = 300,
};

static const char *const class_names[FAILURE_CLASSES] = {
    [FAILURE_NONE] = "none",
    [FAILURE_REFUSED] = "refused",
    [FAILURE_UNREACHABLE] = "unreachable",
    [FAILURE_TIMEOUT] = "timeout",
    [FAILURE_CLOSED] = "closed",
    [FAILURE_TLS] = "tls",
    [FAILURE_CERTIFICATE] = "certificate",
    [FAILURE_PROTOCOL] = "protocol",
    [FAILURE_AUTHENTICATION] = "authentication",
    [FAILURE_POLICY] = "policy",
    [FAILURE_CONTENT] = "content",
    [FAILURE_RESOURCE] = "resource",
};

const char *failure_class_name(enum failure_class class)
{
	return (unsigned)class < FAILURE_CLASSES ? class_names[class] : "unknown";
}

static void clean(char *text)
{
	ascii_make_printable(text);
	if (strlen(text) > TEXT_LIMIT)
		strcpy(text + TEXT_LIMIT - 3, "...");
}

/* Returns NULL when out of memory: the class still stands. */
_printf_(1, 0) static char *format_text(const char *format, va_list arguments)
{
	char *text;

	if (vasprintf(&text, format, arguments) < 0)
		return NULL;
	clean(text);
	return text;
}

enum failure_class failure_set(struct failure *failure, enum failure_class class,
			       const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = format_text(format, arguments);
	va_end(arguments);
	free(failure->text);
	failure->text = text;
	failure->class = class;
	return class;
}

enum failure_class failure_wrap(struct failure *failure, const char *format, ...)
{
	_cleanup_free_ char *context = NULL;
	va_list arguments;

	va_start(arguments, format);
	context = format_text(format, arguments);
	va_end(arguments);
	if (context) {
		_cleanup_free_ char *before = TAKE_POINTER(failure->text);

		return failure_set(failure, failure->class, "%s: %s", context,
				   before ? before : "out of memory");
	}
	return failure->class;
}

const char *failure_text(const struct failure *failure)
{
	if (failure->text)
		return failure->text;
	return failure->class == FAILURE_NONE ? "" : "out of memory";
}

void failure_move(struct failure *to, struct failure *from)
{
	if (to == from)
		return;
	free(to->text);
	*to = *from;
	*from = FAILURE_INIT;
}

void failure_clear(struct failure *failure)
{
	free(failure->text);
	*failure = FAILURE_INIT;
}
