#include "firstboot/drift.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "firstboot/digest.h"

enum { RENDERED_LIMIT = 64 * 1024 * 1024 };

/* Is the file's content the one with this digest?  A file that cannot be read is
 * not. */
static int file_matches(const char *path, const char *digest, bool *ret_matches,
			struct error *error)
{
	_cleanup_(error_clear) struct error unreadable = ERROR_INIT;
	_cleanup_free_ char *text = NULL;
	char found[DIGEST_TEXT_SIZE];
	EVP_MD_CTX *context;
	size_t size;

	*ret_matches = false;
	if (file_read(path, RENDERED_LIMIT, &text, &size, &unreadable) < 0)
		return 0;
	context = digest_begin();
	if (!context)
		return error_set(error, ENOMEM, "out of memory");
	digest_add(context, text, size);
	digest_finish(context, found);
	*ret_matches = strcmp(found, digest) == 0;
	return 0;
}

int drift_find(const char *state, const json_t *manifest, char **ret_path, struct error *error)
{
	json_t *files = json_object_get(manifest, "files"), *digest;
	const char *name;

	*ret_path = NULL;
	json_object_foreach(files, name, digest)
	{
		_cleanup_free_ char *path = NULL;
		bool matches;

		if (asprintf(&path, "%s/current/%s", state, name) < 0)
			return error_set(error, ENOMEM, "out of memory");
		int result = file_matches(path, json_string_value(digest), &matches, error);
		if (result < 0)
			return result;
		if (matches)
			continue;
		*ret_path = strdup(name);
		return *ret_path ? 0 : error_set(error, ENOMEM, "out of memory");
	}
	return 0;
}
