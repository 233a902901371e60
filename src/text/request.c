// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/request.h"

#include <ctype.h>
#include <string.h>

#include "base/slice.h"

static bool is_option(struct slice line)
{
	return slice_starts(line, SLICE("alarm=")) || slice_equal(line, SLICE("noreply"));
}

static void take_type(struct request *request, struct slice line)
{
	slice_copy(line, request->type, sizeof(request->type));
	for (char *c = request->type; *c; c++)
		*c = (char)tolower((unsigned char)*c);
}

/* More arguments than one are none of Dovecot's decoder. */
static void take_line(struct request *request)
{
	struct slice line = {request->line, request->line_size};

	request->line_size = 0;
	if (request->lines++ == 0)
		request->broken = !slice_starts(line, SLICE("VERSION\tscript\t4\t"));
	else if (line.size == 0)
		request->complete = true;
	else if (request->arguments == 0 && is_option(line))
		return;
	else if (request->arguments++ == 0 && !memchr(line.at, '\0', line.size))
		take_type(request, line);
	else
		request->broken = true;
	if (request->lines >= REQUEST_LINES)
		request->broken = true;
}

size_t request_feed(struct request *request, const char *bytes, size_t size)
{
	size_t used = 0;

	while (used < size && !request->complete && !request->broken) {
		char c = bytes[used++];

		if (c == '\n')
			take_line(request);
		else if (request->line_size < sizeof(request->line) - 1)
			request->line[request->line_size++] = c;
		else
			request->broken = true;
	}
	return used;
}
