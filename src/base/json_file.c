// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json_file.h"

#include <errno.h>

#include "base/buffer.h"
#include "base/file.h"

enum { LIMIT = 4 * 1024 * 1024 };

static json_t *parse_object(const char *path, const char *text, size_t size, struct error *error)
{
	json_error_t where;
	json_t *value = json_loadb(text, size, 0, &where);

	if (!value)
		error_set(error, EINVAL, "%s:%d:%d: %s", path, where.line, where.column,
			  where.text);
	else if (!json_is_object(value))
		error_set(error, EINVAL, "%s: not a JSON object", path);
	if (!json_is_object(value)) {
		json_decref(value);
		return NULL;
	}
	return value;
}

json_t *json_file_load(const char *path, struct error *error)
{
	_cleanup_free_ char *text = NULL;
	size_t size;

	if (file_read(path, LIMIT, &text, &size, error) < 0)
		return NULL;
	return parse_object(path, text, size, error);
}

json_t *json_file_load_foreign(const char *path, struct error *error)
{
	_cleanup_free_ char *text = NULL;
	size_t size;

	if (file_read_foreign(path, LIMIT, &text, &size, error) < 0)
		return NULL;
	return parse_object(path, text, size, error);
}

int json_file_save(const json_t *value, const char *path, struct error *error)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	_cleanup_free_ char *dump =
	    json_dumps(value, JSON_INDENT(1) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(10));

	if (dump)
		buffer_addf(&text, "%s\n", dump);
	if (!dump || text.failed)
		return error_set(error, ENOMEM, "out of memory");
	return file_replace(path, text.data, text.size, 0644, (uid_t)-1, (gid_t)-1, error);
}
