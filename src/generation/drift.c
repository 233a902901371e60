// SPDX-License-Identifier: GPL-3.0-or-later
#include "generation/drift.h"

#include <errno.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/json_file.h"

enum { RENDERED_LIMIT = 64 * 1024 * 1024 };

/* Is the file's content the one with this digest (NULL: a damaged manifest has none)?
 * A file that cannot be read is not. */
static int file_matches(const char *path, const char *digest, bool *ret_matches,
			struct error *error)
{
	_cleanup_(error_clear) struct error unreadable = ERROR_INIT;
	_cleanup_free_ char *text = NULL;
	char found[DIGEST_TEXT_SIZE];
	EVP_MD_CTX *context;
	size_t size;
	int result = file_read(path, RENDERED_LIMIT, &text, &size, &unreadable);

	*ret_matches = result == -EACCES;
	if (result < 0)
		return 0;
	context = digest_begin();
	if (!context)
		return error_set(error, ENOMEM, "out of memory");
	digest_add(context, text, size);
	digest_finish(context, found);
	*ret_matches = digest && strcmp(found, digest) == 0;
	return 0;
}

int drift_find(const char *state, const json_t *manifest, json_t **ret_paths, struct error *error)
{
	json_t *files = json_object_get(manifest, "files"), *digest;
	_cleanup_json_ json_t *paths = json_array();
	const char *name;
	int result = paths ? 0 : error_set(error, ENOMEM, "out of memory");

	json_object_foreach(files, name, digest)
	{
		_cleanup_free_ char *path = NULL;
		bool matches = true;

		if (result == 0 && asprintf(&path, "%s/current/%s", state, name) < 0)
			result = error_set(error, ENOMEM, "out of memory");
		if (result == 0)
			result = file_matches(path, json_string_value(digest), &matches, error);
		if (!matches)
			json_array_append_new(paths, json_string(name));
	}
	if (result == 0)
		*ret_paths = TAKE_POINTER(paths);
	return result;
}
