// SPDX-License-Identifier: GPL-3.0-or-later
#include "feedback/letter.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/mime.h"

enum {
	HEADER_LIMIT = 64 * 1024, /* bytes of a header line with those that go on with it */
	PARTS = 20,
};

struct reading {
	struct report *report;
	struct error *error;
	unsigned parts;
	bool found, tried;
};

/* ---- Who it is from ---- */

/* The next line of the header with those that go on with it, unfolded; false at its end. */
static bool next_header(struct slice *message, struct buffer *line)
{
	struct slice part;

	buffer_reset(line);
	do {
		if (!slice_until(message, SLICE("\n"), &part))
			return false;
		if (part.size && part.at[part.size - 1] == '\r')
			part.size--;
		if (part.size == 0 && line->size == 0)
			return false;
		if (line->size + part.size < HEADER_LIMIT)
			buffer_add(line, part.at, part.size);
	} while (message->size && (message->at[0] == ' ' || message->at[0] == '\t'));
	return !line->failed;
}

/* "a=b" behind a ";" or a blank in text that may have comments; the value ends at a blank or ";".
 */
static bool has_result(const char *text, const char *name, struct slice *ret)
{
	size_t length = strlen(name), depth = 0;

	for (const char *c = text; *c; c++) {
		depth += *c == '(';
		depth -= *c == ')' && depth;
		if (depth || strncasecmp(c, name, length) != 0 || c == text ||
		    !strchr("; \t", c[-1]))
			continue;
		*ret = (struct slice){c + length, strcspn(c + length, "; \t(")};
		return true;
	}
	return false;
}

/* As the filter writes them: METHOD=RESULT, and behind it whose. */
static bool says_pass(const char *results, const char *method, const char *property,
		      struct slice *ret_whose)
{
	for (const char *c = results; c; c = strchr(c + 1, ';')) {
		struct slice word;
		size_t size = strcspn(c + 1, ";");
		char one[1024];

		slice_copy((struct slice){c, size + 1}, one, sizeof(one));
		if (!has_result(one, method, &word) || !slice_equal_case(word, SLICE("pass")) ||
		    !has_result(one, property, &word))
			continue;
		*ret_whose = (struct slice){c + (word.at - one), word.size};
		return true;
	}
	return false;
}

static bool proves(const char *results, const char *host, struct slice *ret_whose)
{
	size_t length = strlen(host);

	results += strspn(results, " \t");
	if (strncasecmp(results, host, length) != 0 || !strchr("; \t", results[length]))
		return false;
	results = strchr(results, ';');
	if (!results)
		return false;
	return says_pass(results, "dmarc=", "header.from=", ret_whose) ||
	       says_pass(results, "dkim=", "header.d=", ret_whose);
}

static bool is_proved(struct slice message, const char *host, char ret_whose[REPORT_NAME])
{
	_cleanup_(buffer_free) struct buffer line = BUFFER_INIT;
	static const char name[] = "Authentication-Results:";

	while (next_header(&message, &line)) {
		struct slice whose;

		if (strncasecmp(buffer_text(&line), name, sizeof(name) - 1) != 0 ||
		    !proves(buffer_text(&line) + sizeof(name) - 1, host, &whose))
			continue;
		report_take(whose, ret_whose, REPORT_NAME);
		return ret_whose[0];
	}
	return false;
}

/* ---- What is in it ---- */

static bool may_be_report(const struct mime_part *part)
{
	static const char *const types[] = {"application/gzip",
					    "application/x-gzip",
					    "application/zip",
					    "application/x-zip",
					    "application/x-zip-compressed",
					    "application/tlsrpt+gzip",
					    "application/tlsrpt+json",
					    "application/xml",
					    "text/xml",
					    "application/octet-stream"};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strcasecmp(part->type, types[i]) == 0)
			return true;
	return false;
}

/* The first one that is a report counts. */
static int take_part(const struct mime_part *part, void *context)
{
	struct reading *reading = context;

	if (reading->found || !may_be_report(part))
		return 0;
	if (++reading->parts > PARTS)
		return -E2BIG;
	report_clear(reading->report);
	error_clear(reading->error);
	reading->tried = true;
	reading->found = report_read((struct slice){part->body, part->size}, reading->report,
				     reading->error) == 0;
	return 0;
}

enum letter_kind letter_read(struct slice message, const char *host, struct report *ret,
			     struct error *error)
{
	struct reading reading = {.report = ret, .error = error};
	int code = mime_walk(message.at, message.size, take_part, &reading, NULL);
	char whose[REPORT_NAME];

	if (code < 0 && !reading.found && reading.tried)
		error_set(error, code, "the message is broken");
	if (!reading.tried)
		return LETTER_OTHER;
	if (!is_proved(message, host, whose))
		return LETTER_UNPROVED;
	memcpy(ret->organisation, whose, sizeof(whose));
	return reading.found ? LETTER_REPORT : LETTER_UNREADABLE;
}
