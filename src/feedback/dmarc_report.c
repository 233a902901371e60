// SPDX-License-Identifier: GPL-3.0-or-later
/* A DMARC aggregate report (RFC 9990 §3.1; RFC 7489 appendix C), read by expat as it comes.  Where
 * an element stands is known by the names on the way to it, whatever their namespace. */
#include <errno.h>
#include <expat.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "feedback/report.h"

enum {
	DEPTH = 16,	   /* of elements inside each other */
	ELEMENT = 64,	   /* bytes of a name */
	CONTENT = 1024,	   /* bytes of a text */
	NAMESPACE = '\x1f' /* no XML may have it */
};

struct reading {
	struct report *report;
	struct report_row *row; /* the record that it is in; NULL: none, or one too many */
	XML_Parser parser;
	char names[DEPTH][ELEMENT];
	size_t depth;
	char content[CONTENT];
	size_t content_size;
	bool root; /* it is a report */
};

static bool is_at(const struct reading *reading, size_t depth, const char *const *names)
{
	if (reading->depth != depth)
		return false;
	for (size_t i = 0; i < depth; i++)
		if (names[i] && strcmp(reading->names[i], names[i]) != 0)
			return false;
	return true;
}

#define IS_AT(reading, ...)                                                                        \
	is_at(reading, sizeof((const char *[]){__VA_ARGS__}) / sizeof(const char *),               \
	      (const char *const[]){__VA_ARGS__})

static void begin_element(void *context, const XML_Char *name, const XML_Char **attributes)
{
	struct reading *reading = context;
	const char *local = strrchr(name, NAMESPACE);

	(void)attributes;
	if (reading->depth >= DEPTH) {
		XML_StopParser(reading->parser, XML_FALSE);
		return;
	}
	slice_copy(slice_of(local ? local + 1 : name), reading->names[reading->depth++], ELEMENT);
	reading->content_size = 0;
	if (IS_AT(reading, "feedback"))
		reading->root = true;
	if (IS_AT(reading, "feedback", "record"))
		reading->row = report_row(reading->report);
}

static void take_content(void *context, const XML_Char *text, int length)
{
	struct reading *reading = context;
	size_t room = CONTENT - reading->content_size;
	size_t size = (size_t)length < room ? (size_t)length : room;

	memcpy(reading->content + reading->content_size, text, size);
	reading->content_size += size;
}

static int64_t number(struct slice text)
{
	long long value;

	text = report_trim(text);
	return slice_number(&text, &value) && text.size == 0 ? value : 0;
}

static bool passes(struct slice text)
{
	return slice_equal_case(report_trim(text), SLICE("pass"));
}

static void take_metadata(struct reading *reading, struct slice text)
{
	struct report *report = reading->report;

	if (IS_AT(reading, "feedback", "report_metadata", "org_name"))
		report_take(text, report->organisation, sizeof(report->organisation));
	else if (IS_AT(reading, "feedback", "report_metadata", "report_id"))
		report_take(text, report->id, sizeof(report->id));
	else if (IS_AT(reading, "feedback", "report_metadata", "date_range", "begin"))
		report->begin = number(text);
	else if (IS_AT(reading, "feedback", "report_metadata", "date_range", "end"))
		report->end = number(text);
	else if (IS_AT(reading, "feedback", "policy_published", "domain"))
		report_take(text, report->domain, sizeof(report->domain));
	else if (IS_AT(reading, "feedback", "policy_published", "p"))
		report_take(text, report->policy, sizeof(report->policy));
}

static void take_record(const struct reading *reading, struct slice text)
{
	struct report_row *row = reading->row;
	int64_t count;

	if (IS_AT(reading, "feedback", "record", "row", "source_ip")) {
		report_take(text, row->source, sizeof(row->source));
	} else if (IS_AT(reading, "feedback", "record", "row", "count")) {
		count = number(text);
		row->count = count < REPORT_COUNT_MAX ? count : REPORT_COUNT_MAX;
	} else if (IS_AT(reading, "feedback", "record", "row", "policy_evaluated", "dkim")) {
		row->dkim = passes(text);
	} else if (IS_AT(reading, "feedback", "record", "row", "policy_evaluated", "spf")) {
		row->spf = passes(text);
	} else if (IS_AT(reading, "feedback", "record", "row", "policy_evaluated", "disposition")) {
		report_take(text, row->what, sizeof(row->what));
	} else if (IS_AT(reading, "feedback", "record", "identifiers", "header_from")) {
		report_take(text, row->name, sizeof(row->name));
	}
}

static void end_element(void *context, const XML_Char *name)
{
	struct reading *reading = context;
	struct slice text = {reading->content, reading->content_size};

	(void)name;
	if (reading->row)
		take_record(reading, text);
	else
		take_metadata(reading, text);
	if (IS_AT(reading, "feedback", "record"))
		reading->row = NULL;
	reading->content_size = 0;
	reading->depth--;
}

/* No report needs a document type; entities come with one. */
static void begin_doctype(void *context, const XML_Char *name, const XML_Char *system,
			  const XML_Char *public, int internal)
{
	struct reading *reading = context;

	(void)name, (void)system, (void)public, (void)internal;
	XML_StopParser(reading->parser, XML_FALSE);
}

int report_read_dmarc(struct slice text, struct report *ret, struct error *error)
{
	struct reading *reading = calloc(1, sizeof(*reading));
	XML_Parser parser = reading ? XML_ParserCreateNS(NULL, NAMESPACE) : NULL;
	int code = 0;

	if (!parser) {
		free(reading);
		return error_set(error, ENOMEM, "out of memory");
	}
	ret->kind = REPORT_DMARC;
	*reading = (struct reading){.report = ret, .parser = parser};
	XML_SetUserData(parser, reading);
	XML_SetElementHandler(parser, begin_element, end_element);
	XML_SetCharacterDataHandler(parser, take_content);
	XML_SetStartDoctypeDeclHandler(parser, begin_doctype);
	if (XML_Parse(parser, text.at, (int)text.size, 1) != XML_STATUS_OK || !reading->root)
		code = error_set(error, EBADMSG, "this is no DMARC report: %s",
				 reading->root ? XML_ErrorString(XML_GetErrorCode(parser))
					       : "no <feedback>");
	XML_ParserFree(parser);
	free(reading);
	return code;
}
