// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/complete.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "image/command.h"

enum { COPY_S = 10, SCRIPT_S = 120 };

static const char PLACE[] = "/run/postcask-assemble";

/* Puts the script where the tree sees it, runs it there without the host's
 * environment, and takes it away. */
static int script_run(const char *script, const char *tree, int log, struct error *error)
{
	_cleanup_free_ char *copy = file_join(tree, PLACE + 1);
	int result;

	if (!copy)
		return error_errno(error, ENOMEM, "%s", script);
	result = command_run(log, COPY_S, COMMAND("install", "-m", "0755", script, copy), error);
	if (result == 0)
		result = command_run(log, SCRIPT_S,
				     COMMAND("env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
					     "LC_ALL=C.UTF-8", "SYSTEMD_OFFLINE=1", "chroot", tree,
					     PLACE),
				     error);
	if (result < 0)
		return error_wrap(error, "%s", script);
	return unlink(copy) < 0 ? error_errno(error, errno, "%s", copy) : 0;
}

int complete_tree(const struct build *build, const char *tree, int log, struct error *error)
{
	_cleanup_free_ char *pattern = build_source_path(build, "image/assemble.d/*[!~]");
	glob_t found = {0};
	int result = 0;

	if (!pattern)
		return error_errno(error, ENOMEM, "assemble.d");
	if (glob(pattern, 0, NULL, &found) == 0)
		for (size_t i = 0; result == 0 && i < found.gl_pathc; i++)
			result = script_run(found.gl_pathv[i], tree, log, error);
	globfree(&found);
	return result;
}
