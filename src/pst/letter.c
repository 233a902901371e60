// SPDX-License-Identifier: GPL-3.0-or-later
#include "pst/letter.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <libpst-4/libpst/timeconv.h>

#include "base/crypto.h"
#include "base/slice.h"

enum {
	LINE_BYTES = 57, /* 76 characters of base64 (RFC 2045 §6.8) */
	WORD_BYTES = 42, /* an encoded word has 75 characters at most (RFC 2047 §2) */
	ATTACHMENTS_MAX = 1000,
	METHOD_EMBEDDED = 5,
};

bool letter_is_mail(const pst_item *item)
{
	return item->email && (item->type == PST_TYPE_NOTE || item->type == PST_TYPE_REPORT ||
			       item->type == PST_TYPE_SCHEDULE);
}

/* ---- Words ---- */

static const char *text_of(pst_item *item, pst_string *string)
{
	if (!string->str)
		return "";
	pst_convert_utf8(item, string);
	return string->str ? string->str : "";
}

static void add_base64(struct buffer *letter, const char *bytes, size_t size)
{
	for (size_t at = 0; at < size; at += LINE_BYTES) {
		size_t part = size - at < LINE_BYTES ? size - at : LINE_BYTES;
		_cleanup_free_ char *line = crypto_base64(bytes + at, part);

		if (!line)
			letter->failed = true;
		else
			buffer_addf(letter, "%s\r\n", line);
	}
}

static bool is_plain(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || (unsigned char)*text > '~')
			return false;
	return true;
}

/* As it is, or as encoded words that do not cut a character of UTF-8 in two. */
static void add_words(struct buffer *letter, const char *text)
{
	size_t size = strlen(text);

	if (is_plain(text) && size < 900) {
		buffer_add_text(letter, text);
		return;
	}
	for (size_t at = 0, part; at < size; at += part) {
		_cleanup_free_ char *word = NULL;

		part = size - at < WORD_BYTES ? size - at : WORD_BYTES;
		while (part > WORD_BYTES - 4 && at + part < size &&
		       ((unsigned char)text[at + part] & 0xc0) == 0x80)
			part--;
		word = crypto_base64(text + at, part);
		if (!word)
			letter->failed = true;
		else
			buffer_addf(letter, "%s=?utf-8?B?%s?=", at ? "\r\n " : "", word);
	}
}

static void add_field(struct buffer *letter, const char *name, const char *text)
{
	if (!text[0])
		return;
	buffer_addf(letter, "%s: ", name);
	add_words(letter, text);
	buffer_add_text(letter, "\r\n");
}

/* ---- The header ---- */

/* What is said of the body is ours: Outlook keeps parts, not the message that came. */
static bool is_ours(struct slice line)
{
	static const char *const names[] = {"MIME-Version:", "Content-"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (line.size >= strlen(names[i]) &&
		    strncasecmp(line.at, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

static bool begins_field(struct slice line)
{
	const char *colon = memchr(line.at, ':', line.size);

	for (const char *at = line.at; colon && at < colon; at++)
		if (*at <= ' ' || *at > '~')
			return false;
	return colon && colon > line.at;
}

/* Up to the first empty line; what is no field, such as "Microsoft Mail Internet Headers", is left
 * out.  False when there is none. */
static bool add_kept_header(struct buffer *letter, const char *header)
{
	struct slice rest = slice_of(header), line;
	bool taken = false, any = false;

	while (rest.size) {
		if (!slice_until(&rest, SLICE("\n"), &line)) {
			line = rest;
			rest.size = 0;
		}
		if (line.size && line.at[line.size - 1] == '\r')
			line.size--;
		if (line.size == 0 && any)
			break;
		if (line.size == 0)
			continue;
		if (line.at[0] != ' ' && line.at[0] != '\t')
			taken = begins_field(line) && !is_ours(line);
		if (!taken)
			continue;
		buffer_add(letter, line.at, line.size);
		buffer_add_text(letter, "\r\n");
		any = true;
	}
	return any;
}

/* For whom it was sent, else who sent it; an address of Exchange's own form is none. */
static const char *sender_address(pst_item *item)
{
	const char *addresses[] = {text_of(item, &item->email->sender_address),
				   text_of(item, &item->email->sender2_address)};

	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++)
		if (strchr(addresses[i], '@') && is_plain(addresses[i]) &&
		    !strpbrk(addresses[i], "<> "))
			return addresses[i];
	return "unknown@invalid";
}

static void add_sender(struct buffer *letter, pst_item *item)
{
	const char *name = text_of(item, &item->email->outlook_sender_name);
	const char *address = sender_address(item);

	if (!name[0])
		name = text_of(item, &item->email->outlook_sender_name2);
	buffer_add_text(letter, "From: ");
	if (name[0]) {
		bool quoted = is_plain(name) && !strpbrk(name, "\"\\");

		buffer_add_text(letter, quoted ? "\"" : "");
		add_words(letter, name);
		buffer_add_text(letter, quoted ? "\" " : " ");
	}
	buffer_addf(letter, "<%s>\r\n", address);
}

static void add_made_header(struct buffer *letter, pst_item *item)
{
	pst_item_email *email = item->email;
	const FILETIME *sent = email->sent_date ? email->sent_date : email->arrival_date;
	time_t when = sent ? pst_fileTimeToUnixTime(sent) : 0;
	char date[64] = "";
	struct tm parts;

	if (sent && gmtime_r(&when, &parts))
		strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000", &parts);
	add_field(letter, "Date", date);
	add_sender(letter, item);
	add_field(letter, "To", text_of(item, &email->sentto_address));
	add_field(letter, "Cc", text_of(item, &email->cc_address));
	add_field(letter, "Subject", text_of(item, &item->subject));
	add_field(letter, "Message-ID", text_of(item, &email->messageid));
	add_field(letter, "In-Reply-To", text_of(item, &email->in_reply_to));
}

/* ---- The body ---- */

static void add_text(struct buffer *letter, const char *type, const char *text)
{
	buffer_addf(letter,
		    "Content-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n",
		    type);
	add_base64(letter, text, strlen(text));
}

/* A line that begins so is in no part: base64 has no "_", and a kept header begins with a letter.
 * Each depth has its own. */
static void add_boundary(struct buffer *letter, const char *kind, int depth, bool last)
{
	buffer_addf(letter, "--=_%s_%d%s\r\n", kind, depth, last ? "--" : "");
}

static void add_bodies(struct buffer *letter, pst_item *item, int depth)
{
	const char *text = text_of(item, &item->body);
	const char *html = text_of(item, &item->email->htmlbody);

	if (!text[0] && item->type == PST_TYPE_REPORT)
		text = text_of(item, &item->email->report_text);
	if (!html[0] || !text[0]) {
		add_text(letter, html[0] ? "text/html" : "text/plain", html[0] ? html : text);
		return;
	}
	buffer_addf(letter, "Content-Type: multipart/alternative; boundary=\"=_words_%d\"\r\n\r\n",
		    depth);
	add_boundary(letter, "words", depth, false);
	add_text(letter, "text/plain", text);
	add_boundary(letter, "words", depth, false);
	add_text(letter, "text/html", html);
	add_boundary(letter, "words", depth, true);
}

/* ---- What is attached ---- */

static bool add_embedded(pst_file *file, pst_item_attach *attach, int depth, struct buffer *letter)
{
	pst_desc_tree place = {.desc = pst_getID(file, attach->i_id)};
	pst_item *item;
	bool whole;

	if (depth == LETTER_DEPTH || !place.desc)
		return false;
	item = pst_parse_item(file, &place, attach->id2_head);
	if (!item || !item->email) {
		pst_freeItem(item);
		return false;
	}
	add_boundary(letter, "parts", depth, false);
	buffer_add_text(letter, "Content-Type: message/rfc822\r\n\r\n");
	whole = letter_make(file, item, depth + 1, letter);
	pst_freeItem(item);
	return whole;
}

static const char *type_of(const char *type)
{
	size_t slashes = 0;

	for (const char *at = type; *at; at++) {
		if (*at <= ' ' || *at > '~' || strchr("()<>@,;:\\\"[]?=", *at))
			return "application/octet-stream";
		slashes += *at == '/';
	}
	if (slashes != 1 || strncasecmp(type, "multipart/", 10) == 0 ||
	    strncasecmp(type, "message/", 8) == 0)
		return "application/octet-stream";
	return type;
}

/* Quotes, and what is no character, are none of a name's. */
static void add_name(struct buffer *letter, const char *name)
{
	_cleanup_free_ char *safe = strdup(name);

	for (char *at = safe; at && *at; at++)
		if ((unsigned char)*at < ' ' || strchr("\"\\", *at))
			*at = '_';
	buffer_add_text(letter, "Content-Disposition: attachment;\r\n filename=\"");
	add_words(letter, safe ? safe : "");
	buffer_add_text(letter, "\"\r\n");
}

static bool add_file(pst_file *file, pst_item *item, pst_item_attach *attach, int depth,
		     struct buffer *letter)
{
	const char *name = text_of(item, &attach->filename2);
	const char *id = text_of(item, &attach->content_id);
	pst_binary data = pst_attach_to_mem(file, attach);
	_cleanup_free_ char *owned = data.data;

	if (!owned)
		return false;
	if (!name[0])
		name = text_of(item, &attach->filename1);
	add_boundary(letter, "parts", depth, false);
	buffer_addf(letter, "Content-Type: %s\r\n", type_of(text_of(item, &attach->mimetype)));
	add_name(letter, name);
	if (id[0] && is_plain(id))
		buffer_addf(letter, "Content-ID: <%s>\r\n", id);
	buffer_add_text(letter, "Content-Transfer-Encoding: base64\r\n\r\n");
	add_base64(letter, data.data, data.size);
	return true;
}

static bool add_attached(pst_file *file, pst_item *item, int depth, struct buffer *letter)
{
	bool whole = true;
	int count = 0;

	for (pst_item_attach *attach = item->attach; attach; attach = attach->next) {
		if (attach->method == 0 && !attach->data.data && !attach->i_id)
			continue;
		if (count++ == ATTACHMENTS_MAX)
			return false;
		whole = (attach->method == METHOD_EMBEDDED
			     ? add_embedded(file, attach, depth, letter)
			     : add_file(file, item, attach, depth, letter)) &&
			whole;
	}
	return whole;
}

bool letter_make(pst_file *file, pst_item *item, int depth, struct buffer *letter)
{
	bool whole = true;

	if (!add_kept_header(letter, text_of(item, &item->email->header)))
		add_made_header(letter, item);
	buffer_add_text(letter, "MIME-Version: 1.0\r\n");
	if (!item->attach) {
		add_bodies(letter, item, depth);
		return true;
	}
	buffer_addf(letter, "Content-Type: multipart/mixed; boundary=\"=_parts_%d\"\r\n\r\n",
		    depth);
	add_boundary(letter, "parts", depth, false);
	add_bodies(letter, item, depth);
	whole = add_attached(file, item, depth, letter);
	add_boundary(letter, "parts", depth, true);
	return whole;
}
