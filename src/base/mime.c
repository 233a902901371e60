// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/mime.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"

#define DEPTH_LIMIT    8
#define BOUNDARY_LIMIT 200

/* A piece of the file and the number of its first line. */
struct piece {
	const char *text, *end;
	unsigned line;
};

struct walk {
	mime_visit visit;
	void *context;
	struct mime_fault *fault; /* NULL: nobody asks */
};

/* The headers that matter. */
struct headers {
	char *type, *boundary, *encoding; /* owned; NULL: absent */
	bool merge_type;
};

static void headers_free(struct headers *headers)
{
	free(headers->type);
	free(headers->boundary);
	free(headers->encoding);
}

/* The next line with its end; false at the end of the slice. */
static bool next_line(struct piece *slice, const char **ret_line, size_t *ret_size)
{
	const char *feed;

	if (slice->text == slice->end)
		return false;
	*ret_line = slice->text;
	feed = memchr(slice->text, '\n', (size_t)(slice->end - slice->text));
	slice->text = feed ? feed + 1 : slice->end;
	slice->line++;
	*ret_size = (size_t)(slice->text - *ret_line);
	return true;
}

static size_t without_line_end(const char *line, size_t size)
{
	if (size && line[size - 1] == '\n')
		size--;
	if (size && line[size - 1] == '\r')
		size--;
	return size;
}

static bool is_header(const char *line, size_t size)
{
	const char *colon = memchr(line, ':', size);

	if (!colon || colon == line)
		return false;
	for (const char *c = line; c < colon; c++)
		if (isspace((unsigned char)*c) || (unsigned char)*c < 0x21 || (*c & 0x80))
			return false;
	return true;
}

/* A parameter of a header: boundary="x y" or boundary=x; owned, NULL: none. */
static char *header_parameter(const char *value, const char *name)
{
	size_t length = strlen(name);

	for (const char *c = strchr(value, ';'); c; c = strchr(c, ';')) {
		c += 1 + strspn(c + 1, " \t\r\n");
		if (strncasecmp(c, name, length) != 0 || c[length + strspn(c + length, " ")] != '=')
			continue;
		c = strchr(c, '=') + 1;
		c += strspn(c, " \t");
		if (*c == '"')
			return strndup(c + 1, strcspn(c + 1, "\""));
		return strndup(c, strcspn(c, "; \t\r\n"));
	}
	return NULL;
}

static int take_header(struct headers *headers, const char *header)
{
	const char *value = strchr(header, ':') + 1;
	size_t length;

	value += strspn(value, " \t\r\n");
	length = strcspn(value, "; \t\r\n");
	if (!strncasecmp(header, "Content-Type:", 13) && !headers->type) {
		headers->type = strndup(value, length);
		headers->boundary = header_parameter(value, "boundary");
		return headers->type ? 0 : -ENOMEM;
	}
	if (!strncasecmp(header, "Content-Transfer-Encoding:", 26) && !headers->encoding) {
		headers->encoding = strndup(value, length);
		return headers->encoding ? 0 : -ENOMEM;
	}
	if (!strncasecmp(header, "Merge-Type:", 11) || !strncasecmp(header, "X-Merge-Type:", 13))
		headers->merge_type = true;
	return 0;
}

/* Takes headers from the front of the slice, which then stands at the body.  A
 * line that is no header begins the body, as Python has it. */
static int take_headers(struct piece *slice, struct headers *headers)
{
	_cleanup_(buffer_free) struct buffer header = BUFFER_INIT;
	struct piece ahead = *slice;
	const char *line;
	size_t size;
	int r = 0;

	while (r == 0 && next_line(&ahead, &line, &size)) {
		bool folded = (*line == ' ' || *line == '\t') && header.size;
		bool blank = !without_line_end(line, size);

		if (!blank && !folded && !is_header(line, size))
			break;
		if (!folded && header.size) {
			r = take_header(headers, buffer_text(&header));
			buffer_reset(&header);
		}
		*slice = ahead;
		if (blank)
			break;
		buffer_add(&header, line, size);
	}
	if (r == 0 && header.size)
		r = take_header(headers, buffer_text(&header));
	return header.failed ? -ENOMEM : r;
}

static int base64_digit(char c)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? (int)(found - digits) : -1;
}

/* Characters outside the alphabet are left out (RFC 2045 section 6.8). */
static void decode_base64(const struct piece *body, struct buffer *decoded)
{
	unsigned bits = 0, count = 0;

	for (const char *c = body->text; c < body->end && *c != '='; c++) {
		int digit = base64_digit(*c);

		if (digit < 0)
			continue;
		bits = bits << 6 | (unsigned)digit;
		if (++count % 4 == 0) {
			buffer_add_char(decoded, (char)(bits >> 16));
			buffer_add_char(decoded, (char)(bits >> 8));
			buffer_add_char(decoded, (char)bits);
		}
	}
	if (count % 4 >= 2)
		buffer_add_char(decoded, (char)(count % 4 == 3 ? bits >> 10 : bits >> 4));
	if (count % 4 == 3)
		buffer_add_char(decoded, (char)(bits >> 2));
}

static int hex_digit(char c)
{
	if (isdigit((unsigned char)c))
		return c - '0';
	c = (char)toupper((unsigned char)c);
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static void decode_quoted_printable(const struct piece *body, struct buffer *decoded)
{
	for (const char *c = body->text; c < body->end; c++) {
		size_t left = (size_t)(body->end - c);

		if (*c != '=') {
			buffer_add_char(decoded, *c);
		} else if (left > 1 && c[1] == '\n') {
			c++;
		} else if (left > 2 && c[1] == '\r' && c[2] == '\n') {
			c += 2;
		} else if (left > 2 && hex_digit(c[1]) >= 0 && hex_digit(c[2]) >= 0) {
			buffer_add_char(decoded, (char)(hex_digit(c[1]) << 4 | hex_digit(c[2])));
			c += 2;
		} else {
			buffer_add_char(decoded, *c);
		}
	}
}

static int visit_leaf(const struct walk *walk, const struct headers *headers, unsigned line,
		      const struct piece *body)
{
	_cleanup_(buffer_wipe) struct buffer decoded = BUFFER_INIT;
	struct mime_part part = {.type = headers->type ? headers->type : "text/plain",
				 .body = body->text,
				 .size = (size_t)(body->end - body->text),
				 .merge_type = headers->merge_type,
				 .line = line,
				 .body_line = body->line};
	const char *encoding = headers->encoding ? headers->encoding : "";

	part.decoded = true;
	if (!strcasecmp(encoding, "base64"))
		decode_base64(body, &decoded);
	else if (!strcasecmp(encoding, "quoted-printable"))
		decode_quoted_printable(body, &decoded);
	else
		part.decoded = false;
	if (decoded.failed)
		return -ENOMEM;
	if (part.decoded) {
		part.body = buffer_text(&decoded);
		part.size = decoded.size;
	}
	return walk->visit(&part, walk->context);
}

static int walk_entity(const struct walk *walk, struct piece entity, unsigned depth);

/* "--boundary", "--boundary--" or neither. */
enum delimiter { DELIMITER_NONE, DELIMITER_PART, DELIMITER_LAST };

static enum delimiter line_delimiter(const char *line, size_t size, const char *boundary)
{
	size_t length = strlen(boundary);

	size = without_line_end(line, size);
	while (size && (line[size - 1] == ' ' || line[size - 1] == '\t'))
		size--;
	if (size < length + 2 || memcmp(line, "--", 2) != 0 ||
	    memcmp(line + 2, boundary, length) != 0)
		return DELIMITER_NONE;
	if (size == length + 2)
		return DELIMITER_PART;
	return size == length + 4 && !memcmp(line + size - 2, "--", 2) ? DELIMITER_LAST
								       : DELIMITER_NONE;
}

static int walk_multipart(const struct walk *walk, const char *boundary, struct piece body,
			  unsigned depth)
{
	struct piece part = {0};
	bool inside = false;
	const char *line;
	size_t size;

	for (;;) {
		bool more = next_line(&body, &line, &size);
		enum delimiter delimiter =
		    more ? line_delimiter(line, size, boundary) : DELIMITER_LAST;
		int r;

		if (delimiter == DELIMITER_NONE)
			continue;
		if (inside) { /* the line end before a delimiter is the delimiter's */
			part.end = more ? line : body.end;
			if (more)
				part.end =
				    part.text +
				    without_line_end(part.text, (size_t)(part.end - part.text));
			r = walk_entity(walk, part, depth + 1);
			if (r < 0)
				return r;
		}
		if (delimiter == DELIMITER_LAST)
			return 0;
		part = (struct piece){.text = body.text, .line = body.line};
		inside = true;
	}
}

static int refuse(const struct walk *walk, unsigned line, const char *what)
{
	if (walk->fault)
		*walk->fault = (struct mime_fault){line, what};
	return -EINVAL;
}

static int walk_entity(const struct walk *walk, struct piece entity, unsigned depth)
{
	_cleanup_(headers_free) struct headers headers = {0};
	unsigned line = entity.line;
	int r = take_headers(&entity, &headers);

	if (r < 0)
		return r;
	if (!headers.type || strncasecmp(headers.type, "multipart/", 10) != 0)
		return visit_leaf(walk, &headers, line, &entity);
	if (depth >= DEPTH_LIMIT)
		return refuse(
		    walk, line,
		    "more than 8 multi-part messages inside each other; write it flatter");
	if (!headers.boundary || !headers.boundary[0] || strlen(headers.boundary) > BOUNDARY_LIMIT)
		return refuse(walk, line,
			      "a multi-part message without a boundary; make it with `cloud-init "
			      "devel make-mime`");
	return walk_multipart(walk, headers.boundary, entity, depth);
}

int mime_walk(const char *text, size_t size, mime_visit visit, void *context,
	      struct mime_fault *fault)
{
	struct walk walk = {.visit = visit, .context = context, .fault = fault};

	return walk_entity(&walk, (struct piece){.text = text, .end = text + size, .line = 1}, 0);
}
