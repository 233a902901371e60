// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>

#include "base/file.h"
#include "base/json_file.h"
#include "base/slice.h"
#include "directory/directory.h"

/* 100,000 addresses of 254 bytes. */
enum { PEOPLE_LIMIT = 32 * 1024 * 1024 };

int directory_people(const char *path, json_t **ret, struct error *error)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_json_ json_t *people = json_object();
	struct slice rest, line;
	size_t size;
	int result = file_read(path, PEOPLE_LIMIT, &text, &size, error);

	if (result < 0)
		return result;
	rest = (struct slice){text, size};
	while (slice_until(&rest, SLICE("\n"), &line))
		if (line.size > 0 && line.at[0] != '#' &&
		    json_object_setn_new(people, line.at, line.size, json_true()) < 0)
			return error_set(error, ENOMEM, "out of memory");
	*ret = TAKE_POINTER(people);
	return 0;
}
