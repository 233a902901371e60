// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/ask_policy.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json_file.h"
#include "net/stream.h"

enum { ASK_MS = 5000, ANSWER_LIMIT = 1024 * 1024, ADDRESS_LIMIT = 319 };

#define POLICY_SOCKET "/run/postcask/policy/filter"

static int take(const char *line, size_t size, json_t **ret, struct error *error)
{
	_cleanup_json_ json_t *answer = json_loadb(line, size, 0, NULL);

	if (!json_is_object(answer))
		return error_set(error, EBADMSG, "postcask-policy gave an answer that is none");
	if (json_text(answer, "error")[0])
		return error_set(error, EIO, "postcask-policy: %s", json_text(answer, "error"));
	*ret = json_incref(answer);
	return 0;
}

int ask_policy(json_t **ret, struct error *error, const char *format, ...)
{
	const struct stream_params params = {.address = POLICY_SOCKET,
					     .deadline_ms = clock_now_ms() + ASK_MS,
					     .line_limit = ANSWER_LIMIT};
	_cleanup_(stream_free) struct stream stream = STREAM_INIT;
	_cleanup_free_ char *question = NULL;
	const char *line;
	va_list arguments;
	size_t size;
	int length;

	va_start(arguments, format);
	length = vasprintf(&question, format, arguments);
	va_end(arguments);
	if (length < 0)
		return error_set(error, ENOMEM, "out of memory");
	if (stream_open(&stream, &params) || stream_writef(&stream, "%s\n", question) ||
	    stream_read_line(&stream, &line, &size))
		return error_set(error, EIO,
				 "postcask-policy does not answer (%s); systemctl status "
				 "postcask-policy says why, and it is off where the settings have "
				 "no limits",
				 stream.failure.text ? stream.failure.text : "no answer");
	return take(line, size, ret, error);
}

char *address_for_policy(const char *text, struct error *error)
{
	const char *at = strrchr(text, '@');
	char *address;

	if (!at || at == text || !at[1] || strlen(text) > ADDRESS_LIMIT ||
	    strcspn(text, " \t\r\n") != strlen(text)) {
		error_set(error, EINVAL, "%.100s is no address; write NAME@DOMAIN", text);
		return NULL;
	}
	address = strdup(text);
	if (!address)
		error_set(error, ENOMEM, "out of memory");
	for (char *c = address; c && *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return address;
}
