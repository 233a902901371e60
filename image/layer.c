/* Keeps the image's tree for tests that boot it without a machine: what was laid
 * over the cached tree, as a layer for overlayfs, and the list of both layers as
 * mount(8) takes it for `lowerdir=`, topmost first. */
#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "image/build.h"
#include "image/command.h"

enum { LAYER_COPY_S = 60 };

int layer_keep(const struct build *build, const char *upper, int log, struct error *error)
{
	_cleanup_free_ char *tree = NULL, *list = NULL, *roots = NULL, *files = NULL;
	int result = build_keyed_path(build, "tree", &tree, error);

	if (result < 0)
		return result;
	if (asprintf(&files, "%s/files", build->layer) < 0 ||
	    asprintf(&list, "%s/roots", build->layer) < 0 ||
	    asprintf(&roots, "%s:%s\n", files, tree) < 0)
		return error_set(error, ENOMEM, "out of memory");
	result = file_remove_tree(build->layer, error);
	if (result == 0)
		result = file_make_folders(build->layer, 0755, error);
	/* All extended attributes: overlayfs marks replaced folders by them. */
	if (result == 0)
		result = command_run(log, LAYER_COPY_S, COMMAND("cp", "-a", upper, files), error);
	if (result == 0)
		result =
		    file_replace(list, roots, strlen(roots), 0644, (uid_t)-1, (gid_t)-1, error);
	return result;
}
