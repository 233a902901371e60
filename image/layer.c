// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/layer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "image/command.h"
#include "image/system_files.h"

enum { LAYER_COPY_S = 60 };

/* The layer is DIR/files-UUID: another folder for each build. */
#define PREFIX	"files"
#define PARTIAL "files.partial"

int layer_keep(const struct build *build, const char *upper, int log, struct error *error)
{
	_cleanup_free_ char *partial = file_join(build->layer, PARTIAL);
	int result;

	if (!partial)
		return error_errno(error, ENOMEM, "layer");
	result = file_make_folders(build->layer, 0755, error);
	if (result == 0)
		result = layer_discard(build, error);
	/* All extended attributes: overlayfs marks replaced folders by them. */
	return result < 0
		   ? result
		   : command_run(log, LAYER_COPY_S, COMMAND("cp", "-a", upper, partial), error);
}

int layer_commit(const struct build *build, struct error *error)
{
	_cleanup_free_ char *partial = NULL, *files = NULL, *list = NULL, *roots = NULL;
	_cleanup_free_ char *tree = NULL;
	char uuid[UUID_SIZE];
	int result;

	if (!build->layer)
		return 0;
	result = build_keyed_path(build, "tree", &tree, error);
	if (result == 0)
		result = uuid_make(uuid, error);
	if (result < 0)
		return result;
	partial = file_join(build->layer, PARTIAL);
	list = file_join(build->layer, "roots");
	if (!partial || !list || asprintf(&files, "%s/" PREFIX "-%s", build->layer, uuid) < 0 ||
	    asprintf(&roots, "%s:%s\n", files, tree) < 0)
		return error_errno(error, ENOMEM, "layer");
	if (rename(partial, files) < 0)
		return error_errno(error, errno, "%s", files);
	result = file_replace(list, roots, strlen(roots), 0644, -1, -1, error);
	return result < 0
		   ? result
		   : build_folder_clean(build->layer, PREFIX, "", strrchr(files, '/') + 1, error);
}

int layer_discard(const struct build *build, struct error *error)
{
	return build->layer ? build_folder_clean(build->layer, PARTIAL, "", NULL, error) : 0;
}
