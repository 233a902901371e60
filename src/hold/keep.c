// SPDX-License-Identifier: GPL-3.0-or-later
#include "hold/keep.h"

#include <errno.h>
#include <string.h>

#include "base/json_file.h"

enum { KEEP_LIMIT = 32 * 1024 * 1024 };

int keep_load(const char *path, bool foreign, json_t **ret_list, struct error *error)
{
	_cleanup_json_ json_t *file = NULL;
	int result =
	    json_file_read(path, KEEP_LIMIT, foreign ? JSON_FILE_FOREIGN : 0, &file, error);
	json_t *list;

	if (result < 0 && result != -ENOENT)
		return result;
	error_clear(error);
	list = json_object_get(file, "held");
	*ret_list = json_is_array(list) ? json_incref(list) : json_array();
	return *ret_list ? 0 : error_set(error, ENOMEM, "out of memory");
}

int keep_save(const char *path, json_t *list, struct error *error)
{
	_cleanup_json_ json_t *file = json_pack("{s:O}", "held", list);

	return json_file_replace(path, file, JSON_FILE_REPORT, 0600, error);
}

static size_t place(const json_t *list, const char *address)
{
	size_t at = 0;

	while (at < json_array_size(list) &&
	       strcmp(json_text(json_array_get(list, at), "address"), address) != 0)
		at++;
	return at;
}

json_t *keep_find(const json_t *list, const char *address)
{
	return json_array_get(list, place(list, address));
}

json_t *keep_add(json_t *list, const char *address, json_int_t since)
{
	json_t *one = json_pack("{s:s, s:I, s:b, s:[]}", "address", address, "since", since, "told",
				false, "ids");

	return json_array_append_new(list, one) == 0 ? one : NULL;
}

void keep_remove(json_t *list, const char *address)
{
	json_array_remove(list, place(list, address));
}
