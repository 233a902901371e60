// SPDX-License-Identifier: GPL-3.0-or-later
/* The steps "sysroot" and "programs": Debian's headers and libraries, unpacked
 * beside each other, and the programs of the image compiled against them with
 * this host's compiler. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "image/build.h"
#include "image/command.h"
#include "image/step.h"
#include "image/steps.h"
#include "image/unpack.h"

enum { COMPILE_S = 600 };

/* make does not know that other headers are no older than what it compiled: so
 * the programs of another sysroot are removed. */
static int sysroot_use(const struct build *build, const char *folder, struct error *error)
{
	char target[PATH_MAX];
	ssize_t length = readlink(build->sysroot, target, sizeof(target));
	int result;

	if (length == (ssize_t)strlen(folder) && strncmp(target, folder, (size_t)length) == 0)
		return 0;
	result = file_remove_tree(build->programs, error);
	return result < 0 ? result : file_replace_link(build->sysroot, folder, error);
}

int sysroot_step(void *context, int log, struct error *error)
{
	const struct build *build = context;
	_cleanup_free_ char *folder = NULL, *partial = NULL;

	if (build->plain)
		return STEP_CACHED;
	int result = build_keyed_path(build, "sysroot", &folder, error);

	if (result < 0)
		return result;
	if (file_exists(folder)) {
		result = sysroot_use(build, folder, error);
		return result < 0 ? result : STEP_CACHED;
	}
	if (asprintf(&partial, "%s.partial", folder) < 0)
		return error_errno(error, ENOMEM, "sysroot");
	result = unpack_set(build, "sysroot", partial, log, error);
	if (result == 0)
		result = unpack_make_relative(partial, error);
	if (result < 0)
		return result;
	if (rename(partial, folder) < 0)
		return error_errno(error, errno, "%s", folder);
	return sysroot_use(build, folder, error);
}

int programs_step(void *context, int log, struct error *error)
{
	const struct build *build = context;
	_cleanup_free_ char *sysroot = NULL;

	if (build->plain)
		return STEP_CACHED;
	if (asprintf(&sysroot, "SYSROOT=%s", build->sysroot) < 0)
		return error_errno(error, ENOMEM, "programs");
	return command_run(log, COMPILE_S,
			   COMMAND("env", "-u", "MAKEFLAGS", "-u", "MAKELEVEL", "-u",
				   "MAKEOVERRIDES", "make", "--no-print-directory", "-j2", "-C",
				   build->source, sysroot, "image-programs"),
			   error);
}
