// SPDX-License-Identifier: GPL-3.0-or-later
/* The words of documents: what is asked, which program reads it, and what ours make of it. */
#include "test.h"

#include <archive.h>
#include <archive_entry.h>

#include "text/kind.h"
#include "text/limits.h"
#include "text/office.h"
#include "text/request.h"
#include "text/rtf.h"
#include "text/words.h"

#define HELLO "VERSION\tscript\t4\t0\nalarm=10\nnoreply\n"
#define DOCX  "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

static struct request ask(const char *text, size_t *ret_used)
{
	struct request request = {0};
	size_t used = request_feed(&request, text, strlen(text));

	if (ret_used)
		*ret_used = used;
	return request;
}

static void a_request_has_a_type_or_none(void **state _unused_)
{
	size_t used;
	struct request request = ask(HELLO "\n", NULL);

	assert_true(request.complete && !request.broken);
	assert_string_equal(request.type, "");
	request = ask(HELLO "Application/PDF\n\n%PDF-1.4", &used);
	assert_true(request.complete && !request.broken);
	assert_string_equal(request.type, "application/pdf");
	assert_int_equal(used, strlen(HELLO "Application/PDF\n\n"));
}

static void what_is_no_request_is_refused(void **state _unused_)
{
	static const char *const wrong[] = {"GET / HTTP/1.1\r\n", "VERSION\tscript\t5\t0\n\n",
					    HELLO "application/pdf\n--evil\n\n"};
	_cleanup_(buffer_free) struct buffer lines = BUFFER_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_true(ask(wrong[i], NULL).broken);
	buffer_add_text(&lines, HELLO);
	for (int i = 0; i < 1000; i++)
		buffer_add_char(&lines, 'a');
	assert_true(ask(buffer_text(&lines), NULL).broken);
	assert_false(ask("VERSION\tscript\t4\t0\nalar", NULL).complete);
}

static const char *name_of(const char *type, const char *bytes, size_t size)
{
	const struct kind *kind = kind_of(type, bytes, size);

	return kind ? kind->name : "none";
}

/* Their first bytes say more than what a stranger calls them. */
static void a_document_is_what_it_begins_with(void **state _unused_)
{
	static const char ole[] = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

	assert_string_equal(name_of("application/pdf", "%PDF-1.4", 8), "pdf");
	assert_string_equal(name_of("application/pdf", "\r\n%PDF-1.4", 10), "pdf");
	assert_string_equal(name_of("application/msword", ole, 8), "word");
	assert_string_equal(name_of("application/vnd.ms-excel", ole, 8), "excel");
	assert_string_equal(name_of("application/vnd.ms-powerpoint", ole, 8), "powerpoint");
	assert_string_equal(name_of("application/pdf", ole, 8), "none");
	assert_string_equal(name_of("application/msword", "{\\rtf1 a}", 9), "rtf");
	assert_string_equal(name_of("application/msword", "PK\x03\x04", 4), "office");
	assert_string_equal(name_of(DOCX, "PK\x03\x04", 4), "office");
	assert_string_equal(name_of("application/zip", "PK\x03\x04", 4), "none");
	assert_string_equal(name_of("application/msword", "plain", 5), "none");
	assert_string_equal(name_of("application/msword", "", 0), "none");
}

static void the_list_ends_with_an_empty_line(void **state _unused_)
{
	_cleanup_(buffer_free) struct buffer list = BUFFER_INIT;

	kind_list(&list);
	assert_non_null(strstr(buffer_text(&list), "application/pdf pdf\n"));
	assert_non_null(strstr(buffer_text(&list), DOCX " docx\n"));
	assert_string_equal(buffer_text(&list) + list.size - 2, "\n\n");
}

#define RTF(text, expected)                                                                        \
	do {                                                                                       \
		_cleanup_(buffer_free) struct buffer words_ = BUFFER_INIT;                         \
		rtf_read(SLICE(text), &words_);                                                    \
		assert_string_equal(buffer_text(&words_), expected);                               \
	} while (0)

static void rtf_is_read(void **state _unused_)
{
	RTF("{\\rtf1\\ansi{\\fonttbl{\\f0 Arial;}}{\\*\\generator X;}{\\info{\\author A}}one\\par "
	    "two}",
	    "one two");
	RTF("{\\rtf1 M\\'fcller gr\\u252?n {\\b fe}tt \\u8364\\'80!}", "Müller grün fett €!");
	RTF("{\\rtf1\\ansicpg1251 \\'cf\\'f0}", "Пр");
	RTF("{\\rtf1\\uc2 \\u-10179??\\u-8704??a\\uc0\\u228 b}", "😀aäb");
	RTF("{\\rtf1 a\\bin3 {{{b\\{\\\\\\}\\~c}", "ab{\\} c");
	RTF("{\\rtf1 a}}}}b", "ab");
	RTF("{\\rtf1 {\\pict\\bin99999999999 ", "");
	RTF("{\\rtf1 \\'", "");
}

static void groups_without_end_have_no_place(void **state _unused_)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT, words = BUFFER_INIT;

	for (int i = 0; i < 100000; i++)
		buffer_add_text(&text, "{\\*a");
	for (int i = 0; i < 100000; i++)
		buffer_add_char(&text, '}');
	buffer_add_text(&text, "end");
	rtf_read((struct slice){buffer_text(&text), text.size}, &words);
	assert_string_equal(buffer_text(&words), "end");
}

#define XML(text, expected)                                                                        \
	do {                                                                                       \
		_cleanup_(buffer_free) struct buffer words_ = BUFFER_INIT;                         \
		office_read_xml(SLICE(text), &words_);                                             \
		assert_string_equal(buffer_text(&words_), expected);                               \
	} while (0)

static void xml_is_read(void **state _unused_)
{
	XML("<w:d xmlns:w='w'><w:p><w:r><w:t>Don</w:t></w:r><w:r><w:t>au</w:t></w:r></w:p>"
	    "<w:p><w:instrText>PAGE</w:instrText>zwei</w:p></w:d>",
	    "Donau zwei  ");
	XML("<r><c t='s'><v>17</v></c><c><v>4711</v></c></r>", " 4711  ");
	XML("<a>one<b>", "one ");
	XML("<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", " ");
}

static void pack(struct buffer *into, const char *name, const char *bytes, size_t size)
{
	static char packed[4 * 1024 * 1024];
	struct archive *archive = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	size_t used = 0;

	archive_write_set_format_zip(archive);
	assert_int_equal(archive_write_open_memory(archive, packed, sizeof(packed), &used), 0);
	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_size(entry, (la_int64_t)size);
	assert_int_equal(archive_write_header(archive, entry), 0);
	assert_int_equal(archive_write_data(archive, bytes, size), size);
	archive_entry_free(entry);
	assert_int_equal(archive_write_free(archive), 0);
	buffer_add(into, packed, used);
}

static void packed_xml_is_read(void **state _unused_)
{
	static const char xml[] = "<a>word</a>";
	static const struct {
		const char *name;
		bool read;
	} files[] = {{"word/document.xml", true},      {"content.xml", true},
		     {"xl/sharedStrings.xml", true},   {"ppt/slides/slide1.xml", true},
		     {"word/styles.xml", false},       {"word/_rels/document.xml.rels", false},
		     {"word/theme/theme1.xml", false}, {"meta.xml", false},
		     {"../../etc/passwd", false}};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_(buffer_free) struct buffer zip = BUFFER_INIT, words = BUFFER_INIT;

		pack(&zip, files[i].name, xml, strlen(xml));
		office_read((struct slice){buffer_text(&zip), zip.size}, &words);
		assert_string_equal(buffer_text(&words), files[i].read ? "word " : "");
	}
}

/* 40 MiB of blanks in some kilobytes. */
static void what_unpacks_to_too_much_is_left_out(void **state _unused_)
{
	_cleanup_(buffer_free) struct buffer zip = BUFFER_INIT, words = BUFFER_INIT;
	size_t size = 40 * 1024 * 1024;
	_cleanup_free_ char *blanks = malloc(size);

	assert_non_null(blanks);
	memset(blanks, ' ', size);
	memcpy(blanks, "<a>word", 7);
	pack(&zip, "content.xml", blanks, size);
	office_read((struct slice){buffer_text(&zip), zip.size}, &words);
	assert_int_equal(words.size, 0);
}

static void words_are_text_and_have_an_end(void **state _unused_)
{
	_cleanup_(buffer_free) struct buffer words = BUFFER_INIT, many = BUFFER_INIT;

	words_add(&words, SLICE("a\xff\0b\x1b\xc3\xbc\xc2\x9b\xc2\xad\xf4\x90\x80\x80z"));
	assert_string_equal(buffer_text(&words), "a  b ü     z");
	for (int i = 0; i < TEXT_WORDS; i++)
		buffer_add_text(&many, "ab");
	words_add(&words, (struct slice){buffer_text(&many), many.size});
	assert_in_range(words.size, TEXT_WORDS, TEXT_WORDS + 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_request_has_a_type_or_none),
	    cmocka_unit_test(what_is_no_request_is_refused),
	    cmocka_unit_test(a_document_is_what_it_begins_with),
	    cmocka_unit_test(the_list_ends_with_an_empty_line),
	    cmocka_unit_test(rtf_is_read),
	    cmocka_unit_test(groups_without_end_have_no_place),
	    cmocka_unit_test(xml_is_read),
	    cmocka_unit_test(packed_xml_is_read),
	    cmocka_unit_test(what_unpacks_to_too_much_is_left_out),
	    cmocka_unit_test(words_are_text_and_have_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
