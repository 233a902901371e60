// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/kind.h"

#include <stdbool.h>
#include <string.h>

#include "base/slice.h"

enum { PDF_BEGIN = 1024 }; /* bytes that may stand before a PDF */

/* 200 pages are more than anybody remembers a word of. */
static const struct kind pdf = {"pdf", (const char *const[]){"pdftotext", "-q", "-enc", "UTF-8",
							     "-nopgbrk", "-l", "200", KIND_INPUT,
							     "-", NULL}};
static const struct kind word = {
    "word", (const char *const[]){"catdoc", "-w", "-d", "utf-8", KIND_INPUT, NULL}};
static const struct kind excel = {"excel", (const char *const[]){"xls2csv", "-q", "0", "-c", " ",
								 "-d", "utf-8", KIND_INPUT, NULL}};
static const struct kind powerpoint = {
    "powerpoint", (const char *const[]){"catppt", "-d", "utf-8", KIND_INPUT, NULL}};
/* In a process of its own, too. */
static const struct kind rtf = {"rtf", (const char *const[]){KIND_PROGRAM, "--rtf", NULL}};
static const struct kind office = {"office", (const char *const[]){KIND_PROGRAM, "--office", NULL}};

static const struct type {
	const char *type;
	const char *endings;
	const struct kind *old; /* before 2007; these files all begin alike */
} types[] = {
    {"application/pdf", "pdf", NULL},
    {"application/msword", "doc dot", &word},
    {"application/vnd.ms-excel", "xls xlt", &excel},
    {"application/vnd.ms-powerpoint", "ppt pps", &powerpoint},
    {"application/rtf", "rtf", NULL},
    {"text/rtf", "rtf", NULL},
    {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx", &word},
    {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx", &excel},
    {"application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx",
     &powerpoint},
    {"application/vnd.oasis.opendocument.text", "odt ott", NULL},
    {"application/vnd.oasis.opendocument.spreadsheet", "ods ots", NULL},
    {"application/vnd.oasis.opendocument.presentation", "odp otp", NULL},
};

void kind_list(struct buffer *answer)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		buffer_addf(answer, "%s %s\n", types[i].type, types[i].endings);
	buffer_add_char(answer, '\n');
}

static const struct type *type_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strcmp(types[i].type, name) == 0)
			return &types[i];
	return NULL;
}

const struct kind *kind_of(const char *type, const char *bytes, size_t size)
{
	const struct type *known = type_of(type);
	struct slice document = {bytes, size};

	if (!known)
		return NULL;
	if (slice_starts(document, SLICE("PK\x03\x04")))
		return &office;
	if (slice_starts(document, SLICE("{\\rtf")))
		return &rtf;
	if (slice_starts(document, SLICE("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")))
		return known->old;
	if (memmem(bytes, size < PDF_BEGIN ? size : PDF_BEGIN, "%PDF-", 5))
		return &pdf;
	return NULL;
}
