// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json_file.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/utf8.h"

static int parse(const char *path, const char *text, size_t size, enum json_file_flags flags,
		 json_t **ret, struct error *error)
{
	json_error_t where;
	_cleanup_json_ json_t *value =
	    json_loadb(text, size, flags & JSON_FILE_REPEATS ? 0 : JSON_REJECT_DUPLICATES, &where);

	if (!value)
		return error_set(error, EBADMSG, "%s:%d:%d: not JSON (%s)", path, where.line,
				 where.column, where.text);
	if (flags & JSON_FILE_LIST ? !json_is_array(value) : !json_is_object(value))
		return error_set(error, EBADMSG, "%s:1:1: not a JSON %s", path,
				 flags & JSON_FILE_LIST ? "list" : "object");
	*ret = TAKE_POINTER(value);
	return 0;
}

int json_file_read(const char *path, size_t limit, enum json_file_flags flags, json_t **ret,
		   struct error *error)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	int result;

	if (!path)
		return error_set(error, ENOMEM, "out of memory");
	result = flags & JSON_FILE_FOREIGN ? file_read_foreign(path, limit, &text, &size, error)
					   : file_read(path, limit, &text, &size, error);
	if (result < 0)
		return result;
	result = parse(path, text, size, flags, ret, error);
	explicit_bzero(text, size);
	return result;
}

int json_file_replace(const char *path, const json_t *value, size_t format, mode_t mode,
		      struct error *error)
{
	_cleanup_free_ char *text = path ? json_dumps(value, format & ~JSON_FILE_NEWLINE) : NULL;
	size_t size;
	int result;

	if (!text)
		return error_set(error, ENOMEM, "out of memory");
	size = strlen(text);
	if (format & JSON_FILE_NEWLINE)
		text[size] = '\n'; /* in place of the NUL, which no file needs */
	result = file_replace(path, text, size + !!(format & JSON_FILE_NEWLINE), mode, (uid_t)-1,
			      (gid_t)-1, error);
	explicit_bzero(text, size);
	return result;
}

int json_print(const json_t *value, size_t format, struct error *error)
{
	if (!value)
		return error_set(error, ENOMEM, "out of memory");
	if (json_dumpf(value, stdout, format & ~JSON_FILE_NEWLINE) < 0 || putchar('\n') == EOF ||
	    fflush(stdout) == EOF)
		return error_errno(error, errno, "standard output");
	return 0;
}

const char *json_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

long long json_number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

bool json_has_text(const json_t *list, const char *text)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (json_is_string(item) && strcmp(json_string_value(item), text) == 0)
			return true;
	}
	return false;
}

void json_vadd_sentence(json_t *list, const char *format, va_list arguments)
{
	_cleanup_free_ char *text = NULL;
	json_t *sentence;

	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	sentence = json_string(text ? text : "out of memory");
	if (!sentence) {
		ascii_make_printable(text);
		sentence = json_string(text);
	}
	json_array_append_new(list, sentence);
}

void json_add_sentence(json_t *list, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	json_vadd_sentence(list, format, arguments);
	va_end(arguments);
}
