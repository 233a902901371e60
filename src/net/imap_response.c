// SPDX-License-Identifier: GPL-3.0-or-later
/* What an IMAP server says, read and taken apart. */
#include <errno.h>
#include <string.h>

#include "net/imap.h"

enum {
	LITERALS = 100,	    /* in a single response */
	LITERAL_DIGITS = 9, /* below 2^31 */
};

bool imap_parse_literal(const char *line, size_t size, size_t *ret_size)
{
	size_t start = size;
	size_t value = 0;

	if (size < 3 || line[size - 1] != '}')
		return false;
	for (start = size - 1; start > 0 && line[start - 1] >= '0' && line[start - 1] <= '9';)
		start--;
	if (start == size - 1 || size - 1 - start > LITERAL_DIGITS || start == 0 ||
	    line[start - 1] != '{')
		return false;
	for (; line[start] != '}'; start++)
		value = value * 10 + (size_t)(line[start] - '0');
	*ret_size = value;
	return true;
}

bool imap_parse_search(const char *line, unsigned *ret_uid)
{
	static const char start[] = "* SEARCH";
	unsigned uid = 0;

	if (strncasecmp(line, start, sizeof(start) - 1) != 0)
		return false;
	line += sizeof(start) - 1;
	while (*line) {
		unsigned long value;
		char *end;

		if (*line != ' ')
			return false;
		if (line[1] == '\0')
			break;
		if (line[1] < '0' || line[1] > '9')
			return false;
		errno = 0;
		value = strtoul(line + 1, &end, 10);
		if (errno || value == 0 || value > UINT32_MAX)
			return false;
		uid = (unsigned)value;
		line = end;
	}
	*ret_uid = uid;
	return true;
}

enum failure_class imap_read_response(struct session *session, struct imap_response *response)
{
	buffer_reset(&response->text);
	response->literals = 0;
	for (;;) {
		enum failure_class failure;
		const char *line;
		size_t literal;
		size_t size;

		failure = stream_read_line(&session->stream, &line, &size);
		if (failure)
			return failure;
		if (!imap_parse_literal(line, size, &literal)) {
			buffer_add(&response->text, line, size);
			break;
		}
		if (response->literals == LITERALS)
			return failure_set(&session->stream.failure, FAILURE_PROTOCOL,
					   "a response with more than %d literals", LITERALS);
		while (line[--size] != '{')
			;
		buffer_add(&response->text, line, size);
		if (response->literals++ == 0) {
			response->literal_at = response->text.size;
			response->literal_size = literal;
		}
		failure = stream_read_bytes(&session->stream, literal, &response->text);
		if (failure)
			return failure;
	}
	if (response->text.failed)
		return failure_set(&session->stream.failure, FAILURE_RESOURCE, "out of memory");
	return FAILURE_NONE;
}

void imap_response_free(struct imap_response *response)
{
	buffer_free(&response->text);
}
