// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/office.h"

#include <archive.h>
#include <archive_entry.h>
#include <expat.h>

#include "text/limits.h"
#include "text/words.h"

enum {
	CHUNK = 64 * 1024,
	SMALL = 1024 * 1024, /* no ratio is looked at below this */
	NAMESPACE = '\x1f',  /* no XML may have it */
};

struct reading {
	XML_Parser parser;
	struct buffer *words;
	size_t depth;
	size_t unread; /* the depth of the element whose text is none; 0: no such */
};

/* ---- XML ---- */

/* An element that ends a word, where its text ends.  A word can be in several runs (w:r,
 * text:span), so that most do not. */
static const char *const separators[] = {
    "p", "tab", "br",	      "cr", "tc",	  "si",	       "c",
    "h", "row", "line-break", "s",  "table-cell", "list-item",
};

/* Whose text nobody reads: codes of fields, formulas, and what was deleted. */
static const char *const unread[] = {"instrText", "f", "delText", "tracked-changes", "binary-data"};

static const char *local_name(const XML_Char *name)
{
	const char *local = strrchr(name, NAMESPACE);

	return local ? local + 1 : name;
}

static bool is_one_of(const char *name, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

/* A cell of a spreadsheet whose value is the number of a text that stands elsewhere. */
static bool is_reference(const char *name, const XML_Char **attributes)
{
	if (strcmp(name, "c") != 0)
		return false;
	for (; attributes[0]; attributes += 2)
		if (strcmp(attributes[0], "t") == 0 && strcmp(attributes[1], "s") == 0)
			return true;
	return false;
}

static void begin_element(void *context, const XML_Char *name, const XML_Char **attributes)
{
	struct reading *reading = context;
	const char *local = local_name(name);

	if (++reading->depth > TEXT_DEPTH) {
		XML_StopParser(reading->parser, XML_FALSE);
		return;
	}
	if (!reading->unread &&
	    (is_one_of(local, unread, ARRAY_SIZE(unread)) || is_reference(local, attributes)))
		reading->unread = reading->depth;
}

static void end_element(void *context, const XML_Char *name)
{
	struct reading *reading = context;

	if (reading->unread == reading->depth)
		reading->unread = 0;
	reading->depth--;
	if (is_one_of(local_name(name), separators, ARRAY_SIZE(separators)))
		words_add(reading->words, SLICE(" "));
}

static void take_content(void *context, const XML_Char *text, int length)
{
	struct reading *reading = context;

	if (reading->unread)
		return;
	words_add(reading->words, (struct slice){text, (size_t)length});
	if (words_full(reading->words))
		XML_StopParser(reading->parser, XML_FALSE);
}

/* These formats have none; it is where entities come from that unpack without end. */
static void refuse_doctype(void *context, const XML_Char *name, const XML_Char *system,
			   const XML_Char *public, int internal)
{
	struct reading *reading = context;

	(void)name;
	(void)system;
	(void)public;
	(void)internal;
	XML_StopParser(reading->parser, XML_FALSE);
}

void office_read_xml(struct slice xml, struct buffer *words)
{
	struct reading reading = {.words = words, .parser = XML_ParserCreateNS(NULL, NAMESPACE)};

	if (!reading.parser)
		return;
	XML_SetUserData(reading.parser, &reading);
	XML_SetElementHandler(reading.parser, begin_element, end_element);
	XML_SetCharacterDataHandler(reading.parser, take_content);
	XML_SetStartDoctypeDeclHandler(reading.parser, refuse_doctype);
	/* What was read until a fault is words all the same. */
	(void)XML_Parse(reading.parser, xml.at, (int)xml.size, 1);
	XML_ParserFree(reading.parser);
	words_add(words, SLICE(" "));
}

/* ---- The archive ---- */

static const struct {
	struct slice folder;
	bool all; /* each of its files, else this one */
} parts[] = {
    {SLICE("content.xml"), false},	    {SLICE("word/"), true},
    {SLICE("xl/sharedStrings.xml"), false}, {SLICE("xl/worksheets/"), true},
    {SLICE("ppt/slides/"), true},	    {SLICE("ppt/notesSlides/"), true},
};

/* What describes styles and settings has no words. */
static const char *const no_words[] = {"styles.xml", "settings.xml", "fontTable.xml",
				       "webSettings.xml", "numbering.xml"};

static bool has_words(const char *path)
{
	struct slice name = slice_of(path);

	if (!slice_ends(name, SLICE(".xml")))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		struct slice rest = name;

		if (!parts[i].all && slice_equal(name, parts[i].folder))
			return true;
		if (parts[i].all && slice_skip(&rest, parts[i].folder))
			return !memchr(rest.at, '/', rest.size) &&
			       !is_one_of(rest.at, no_words, ARRAY_SIZE(no_words));
	}
	return false;
}

static void close_archive(struct archive **archive)
{
	if (*archive)
		archive_read_free(*archive);
}

/* False when the whole is too much. */
static bool unpack_part(struct archive *archive, size_t packed, size_t *unpacked,
			struct buffer *xml)
{
	static char chunk[CHUNK];
	ssize_t size;

	while ((size = archive_read_data(archive, chunk, sizeof(chunk))) > 0) {
		*unpacked += (size_t)size;
		if (*unpacked > TEXT_UNPACKED ||
		    (*unpacked > SMALL && *unpacked / TEXT_RATIO > packed))
			return false;
		buffer_add(xml, chunk, (size_t)size);
	}
	return !xml->failed;
}

void office_read(struct slice document, struct buffer *words)
{
	_cleanup_(close_archive) struct archive *archive = archive_read_new();
	struct archive_entry *entry;
	size_t unpacked = 0;

	if (!archive || archive_read_support_format_zip(archive) != ARCHIVE_OK ||
	    archive_read_open_memory(archive, document.at, document.size) != ARCHIVE_OK)
		return;
	for (size_t i = 0; i < TEXT_ENTRIES && !words_full(words); i++) {
		_cleanup_(buffer_free) struct buffer xml = BUFFER_INIT;
		const char *name;

		if (archive_read_next_header(archive, &entry) != ARCHIVE_OK)
			return;
		name = archive_entry_pathname(entry);
		if (!name || !has_words(name))
			continue;
		if (!unpack_part(archive, document.size, &unpacked, &xml))
			return;
		office_read_xml((struct slice){buffer_text(&xml), xml.size}, words);
	}
}
