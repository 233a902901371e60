// SPDX-License-Identifier: GPL-3.0-or-later
#include "quarantine/header.h"

#include <errno.h>
#include <string.h>

#include "quarantine/harmless.h"

/* The longest first. */
static const char *const said_by_kind[] = {
    "INFECTED, message contains virus: ", "UNCHECKED, message is beyond the limits: ",
    "UNCHECKED, ", "SPAM, "};

bool quarantine_id_is_valid(const char *id, size_t size)
{
	if (size < 4 || size > QUARANTINE_ID_MAX)
		return false;
	for (size_t i = 0; i < size; i++) {
		char c = (char)(id[i] | 0x20);
		bool alphanumeric = (c >= 'a' && c <= 'z') || (id[i] >= '0' && id[i] <= '9');

		if (!alphanumeric && (i == 0 || !id[i] || !strchr("+-_", id[i])))
			return false;
	}
	return true;
}

/* The length of the line with its line feed; 0 when it has none. */
static size_t line_size(const char *text, size_t size)
{
	const char *end = size ? memchr(text, '\n', size) : NULL;

	return end ? (size_t)(end - text) + 1 : 0;
}

size_t quarantine_field_parse(const char *text, size_t size, size_t *ret_name_size,
			      const char **ret_value, size_t *ret_value_size)
{
	size_t name = 0, length = line_size(text, size), more;

	while (name < length && text[name] > ' ' && text[name] < 0x7f && text[name] != ':')
		name++;
	if (name == 0 || name >= length || text[name] != ':')
		return 0;
	while (length < size && (text[length] == ' ' || text[length] == '\t')) {
		more = line_size(text + length, size - length);
		if (!more)
			return 0;
		length += more;
	}
	if (length == size)
		return 0;
	*ret_name_size = name;
	*ret_value = text + name + 1;
	*ret_value_size = length - name - 2; /* without its line feed */
	return length;
}

static bool may_become_field(const char *text, size_t size)
{
	size_t name = 0;

	while (name < size && text[name] > ' ' && text[name] < 0x7f && text[name] != ':')
		name++;
	return name == size || (name > 0 && text[name] == ':');
}

static bool is_named(const char *field, size_t name_size, const char *name)
{
	return name_size == strlen(name) && strncasecmp(field, name, name_size) == 0;
}

/* One address after its '<': up to the '>' that is neither quoted nor escaped.  Postfix
 * lets control characters pass. */
static size_t address_size(const char *text, size_t size)
{
	bool quoted = false;

	for (size_t i = 0; i < size && i <= QUARANTINE_ADDRESS_MAX; i++) {
		if (strchr("\r\n", text[i]) || (!quoted && (unsigned char)text[i] <= ' '))
			return size;
		if (text[i] == '\\' && quoted && i + 1 < size && !strchr("\r\n", text[i + 1]))
			i++;
		else if (text[i] == '"')
			quoted = !quoted;
		else if (text[i] == '>' && !quoted)
			return i;
	}
	return size;
}

static int add_recipient(struct quarantine_header *header, const char *text, size_t size)
{
	char **grown;

	if (header->recipient_count == QUARANTINE_RECIPIENTS_MAX)
		return -EBADMSG;
	grown = reallocarray(header->recipients, header->recipient_count + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	header->recipients = grown;
	grown[header->recipient_count] = strndup(text, size);
	return grown[header->recipient_count++] ? 0 : -ENOMEM;
}

static size_t separators(const char *value, size_t size)
{
	size_t length = 0;

	while (length < size && value[length] && strchr(" \t\n,", value[length]))
		length++;
	return length;
}

static int parse_recipients(struct quarantine_header *header, const char *value, size_t size)
{
	if (separators(value, size) == size) /* an empty list says nothing new */
		return 0;
	while (header->recipient_count)
		free(header->recipients[--header->recipient_count]);
	for (size_t i = separators(value, size); i < size; i += separators(value + i, size - i)) {
		size_t length;
		int result;

		length = address_size(value + i + 1, size - i - 1);
		if (value[i] != '<' || length == size - i - 1 || length == 0)
			return -EBADMSG;
		result = add_recipient(header, value + i + 1, length);
		if (result < 0)
			return result;
		i += length + 2;
	}
	return 0;
}

static int parse_sender(struct quarantine_header *header, const char *value, size_t size)
{
	size_t length;

	while (size && *value == ' ')
		value++, size--;
	length = size ? address_size(value + 1, size - 1) : 0;
	if (size < 2 || value[0] != '<' || length == size - 1 || header->sender)
		return -EBADMSG;
	header->sender = strndup(value + 1, length);
	return header->sender ? 0 : -ENOMEM;
}

static int parse_id(struct quarantine_header *header, const char *value, size_t size)
{
	while (size && *value == ' ')
		value++, size--;
	if (size < 2 || value[0] != '<' || value[size - 1] != '>' || header->id ||
	    !quarantine_id_is_valid(value + 1, size - 2))
		return -EBADMSG;
	header->id = strndup(value + 1, size - 2);
	return header->id ? 0 : -ENOMEM;
}

/* Decoded, unfolded, and up to the first NUL. */
static int take_text(char **ret_text, const char *value, size_t size)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	const char *begin;

	harmless_decode(&text, value, size);
	begin = buffer_text(&text);
	begin += strspn(begin, " ");
	*ret_text = text.failed ? NULL : strdup(begin);
	return *ret_text ? 0 : -ENOMEM;
}

/* Of a virus its name alone, and of a limit which it is, as the kind says the rest. */
static int parse_reason(struct quarantine_header *header, const char *value, size_t size)
{
	int result = take_text(&header->reason, value, size);

	for (size_t i = 0; result == 0 && i < ARRAY_SIZE(said_by_kind); i++) {
		size_t skip = strlen(said_by_kind[i]);

		if (strncmp(header->reason, said_by_kind[i], skip) == 0) {
			memmove(header->reason, header->reason + skip,
				strlen(header->reason + skip) + 1);
			break;
		}
	}
	return result;
}

/* amavis's own Received line names the id; it ends what amavis wrote. */
static int parse_end(const struct quarantine_header *header, const char *value, size_t size)
{
	_cleanup_free_ char *sign = NULL;
	const char *found;

	if (!header->id || !header->sender || !header->recipient_count)
		return -EBADMSG;
	if (asprintf(&sign, " id %s", header->id) < 0)
		return -ENOMEM;
	found = memmem(value, size, sign, strlen(sign));
	if (!found || found + strlen(sign) == value + size || !memmem(value, size, "(amavis", 7))
		return -EBADMSG;
	found += strlen(sign);
	return *found == ';' || *found == ' ' || *found == '\n' ? 1 : -EBADMSG;
}

/* amavis breaks long lines before any blank, in a quoted address too. */
static int parse_unfolded(struct quarantine_header *header, const char *value, size_t size,
			  int (*parse)(struct quarantine_header *header, const char *value,
				       size_t size))
{
	_cleanup_free_ char *line = malloc(size + 1);
	size_t used = 0;

	if (!line)
		return -ENOMEM;
	for (size_t i = 0; i < size; i++)
		if (value[i] != '\n')
			line[used++] = value[i];
	line[used] = '\0';
	return parse(header, line, used);
}

/* 1 at the end of amavis's lines, 0 to go on. */
static int parse_field(struct quarantine_header *header, const char *field, size_t name,
		       const char *value, size_t size, bool *blocked)
{
	if (is_named(field, name, "Received"))
		return parse_end(header, value, size);
	if (is_named(field, name, "X-Envelope-From"))
		return parse_unfolded(header, value, size, parse_sender);
	if (is_named(field, name, "X-Quarantine-ID"))
		return parse_id(header, value, size);
	if (is_named(field, name, "X-Amavis-Alert"))
		return header->reason ? 0 : parse_reason(header, value, size);
	if (is_named(field, name, "X-Envelope-To-Blocked"))
		*blocked = true;
	else if (!is_named(field, name, "X-Envelope-To") || *blocked)
		return 0;
	return parse_unfolded(header, value, size, parse_recipients);
}

static int find_subject(struct quarantine_header *header, const char *text, size_t size)
{
	size_t name, value_size, length;
	const char *value;

	while ((length = quarantine_field_parse(text, size, &name, &value, &value_size))) {
		if (is_named(text, name, "Subject"))
			return take_text(&header->subject, value, value_size);
		text += length;
		size -= length;
	}
	return take_text(&header->subject, "", 0);
}

/* The length of amavis's lines. */
static int parse_lines(struct quarantine_header *header, const char *text, size_t size)
{
	size_t name, value_size, length;
	bool blocked = false;
	const char *value;
	int result = 0;

	while (result == 0) {
		length = quarantine_field_parse(text + header->offset, size - header->offset, &name,
						&value, &value_size);
		if (!length)
			return may_become_field(text + header->offset, size - header->offset)
				   ? -ENODATA
				   : -EBADMSG;
		result =
		    parse_field(header, text + header->offset, name, value, value_size, &blocked);
		header->offset += length;
	}
	return result < 0 ? result : 0;
}

int quarantine_header_parse(const char *text, size_t size, struct quarantine_header *header,
			    struct error *error)
{
	_cleanup_(quarantine_header_free) struct quarantine_header parsed = QUARANTINE_HEADER_INIT;
	int result = size ? parse_lines(&parsed, text, size) : -ENODATA;

	if (result == 0)
		result = find_subject(&parsed, text + parsed.offset, size - parsed.offset);
	if (result == 0 && !parsed.reason)
		result = take_text(&parsed.reason, "", 0);
	if (result == -ENOMEM)
		return error_set(error, ENOMEM, "out of memory");
	if (result < 0)
		return error_set(error, result, "it does not begin as amavis begins its files");
	*header = parsed;
	parsed = QUARANTINE_HEADER_INIT;
	return 0;
}

void quarantine_header_free(struct quarantine_header *header)
{
	for (size_t i = 0; i < header->recipient_count; i++)
		free(header->recipients[i]);
	free(header->recipients);
	free(header->id);
	free(header->sender);
	free(header->reason);
	free(header->subject);
	*header = QUARANTINE_HEADER_INIT;
}
