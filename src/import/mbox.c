// SPDX-License-Identifier: GPL-3.0-or-later
#include "import/mbox.h"

#include <time.h>

#include "import/flags.h"
#include "import/words.h"

#define FROM SLICE("From ")

/* The line at the front with its end; false when there is nothing more. */
static bool next_line(struct slice *rest, struct slice *ret)
{
	const char *end = rest->size ? memchr(rest->at, '\n', rest->size) : NULL;
	size_t size = end ? (size_t)(end - rest->at) + 1 : rest->size;

	*ret = (struct slice){rest->at, size};
	rest->at += size;
	rest->size -= size;
	return size > 0;
}

static bool is_empty(struct slice line)
{
	return (line.size == 1 && *line.at == '\n') ||
	       (line.size == 2 && memcmp(line.at, "\r\n", 2) == 0);
}

bool mbox_next(struct slice *rest, struct slice *ret_message)
{
	const char *begin = NULL;
	bool after_empty = true;
	struct slice line, before;

	while (before = *rest, next_line(rest, &line)) {
		if (after_empty && slice_starts(line, FROM)) {
			if (begin) {
				*rest = before;
				break;
			}
			begin = line.at;
		}
		after_empty = is_empty(line);
	}
	if (!begin)
		return false;
	*ret_message = (struct slice){begin, (size_t)(rest->at - begin)};
	return true;
}

/* "From somebody@example.org Thu Jan  1 00:00:00 2026", and with a zone in the one or the other
 * place; without one it is taken for UTC. */
static int64_t date_of(struct slice line)
{
	static const char *const forms[] = {"%a %b %d %H:%M:%S %Y %z", "%a %b %d %H:%M:%S %Y",
					    "%a %b %d %H:%M:%S %z %Y"};
	char text[256];

	slice_copy(line, text, sizeof(text));
	for (const char *c = text; (c = strchr(c, ' ')); c++) {
		for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
			struct tm parts = {0};

			if (strptime(c + 1, forms[i], &parts)) {
				long zone = parts.tm_gmtoff;

				return timegm(&parts) - zone;
			}
		}
	}
	return DATE_NONE;
}

/* X-Mozilla-Status: what Thunderbird notes of a message, in bits. */
static void add_mozilla(struct slice value, struct buffer *flags)
{
	static const struct {
		unsigned long bit;
		const char *flag;
	} bits[] = {{0x1, "\\Seen "},
		    {0x2, "\\Answered "},
		    {0x4, "\\Flagged "},
		    {0x8, "\\Deleted "},
		    {0x1000, "$Forwarded "}};
	char text[16];
	unsigned long number;

	slice_copy(value, text, sizeof(text));
	number = strtoul(text, NULL, 16);
	for (size_t i = 0; i < ARRAY_SIZE(bits); i++)
		if (number & bits[i].bit)
			buffer_add_text(flags, bits[i].flag);
}

/* Is it one of the lines that mail programs add to a header in an mbox?  Its meaning is taken. */
static bool take_own_field(struct slice line, struct buffer *flags)
{
	static const char *const plain[] = {"X-UID",	      "X-IMAP",
					    "X-IMAPbase",     "X-Mozilla-Status2",
					    "X-Mozilla-Keys", "Content-Length"};
	struct slice name;

	if (!slice_until(&line, SLICE(":"), &name))
		return false;
	while (line.size && strchr("\r\n", line.at[line.size - 1]))
		line.size--;
	line = slice_trim(line);
	if (slice_equal_case(name, SLICE("Status")) || slice_equal_case(name, SLICE("X-Status")))
		return flags_of_mbox(line, flags), true;
	if (slice_equal_case(name, SLICE("X-Mozilla-Status")))
		return add_mozilla(line, flags), true;
	if (slice_equal_case(name, SLICE("X-Keywords"))) {
		buffer_add(flags, line.at, line.size);
		buffer_add_char(flags, ' ');
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		if (slice_equal_case(name, slice_of(plain[i])))
			return true;
	return false;
}

/* ">From " and ">>From " lose one. */
static struct slice unquoted(struct slice line)
{
	struct slice inner = line;

	while (inner.size && *inner.at == '>')
		inner = (struct slice){inner.at + 1, inner.size - 1};
	if (inner.size < line.size && slice_starts(inner, FROM))
		return (struct slice){line.at + 1, line.size - 1};
	return line;
}

bool mbox_message(struct slice message, struct buffer *bytes, struct buffer *flags,
		  int64_t *ret_date)
{
	struct slice line;
	bool header = true;

	if (!next_line(&message, &line))
		return false;
	*ret_date = date_of(line);
	while (next_line(&message, &line)) {
		if (header && slice_starts(line, SLICE("Subject: DON'T DELETE THIS MESSAGE")))
			return false;
		if (header && take_own_field(line, flags))
			continue;
		header = header && !is_empty(line);
		if (is_empty(line) && message.size == 0 && bytes->size)
			break; /* the last one belongs to the form */
		line = unquoted(line);
		buffer_add(bytes, line.at, line.size);
	}
	return bytes->size > 0;
}
