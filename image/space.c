// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/space.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/file.h"
#include "image/disk.h"

/* Measured, and half as much again.  apt's lists, the packages and the tree that
 * is made of them; what the two images hold beside each other. */
enum { COLD_MIB = 1450, WARM_MIB = 200, RAW_MIB = 1100, QCOW2_MIB = 400 };

static bool tree_is_cached(const struct build *build)
{
	_cleanup_free_ char *tree = NULL;

	return build_keyed_path(build, "tree", &tree, NULL) == 0 && file_exists(tree);
}

static int room_check(const char *folder, uint64_t needed_mib, struct error *error)
{
	struct statvfs space;

	if (statvfs(folder, &space) < 0)
		return error_errno(error, errno, "%s", folder);
	uint64_t free_mib = (uint64_t)space.f_bavail * space.f_frsize >> 20;
	if (free_mib < needed_mib)
		return error_set(error, ENOSPC,
				 "%s has %llu MiB free, the build needs %llu; make room or name "
				 "another --cache and --output",
				 folder, (unsigned long long)free_mib,
				 (unsigned long long)needed_mib);
	return 0;
}

/* The raw image is made on the way to the other one.  Signatures take room in
 * both: the disk has twice as much of it. */
static uint64_t output_mib(const struct build *build)
{
	struct build bare = *build;
	struct disk_layout layout, bare_layout;

	bare.signatures = NULL;
	disk_layout_make(build, &layout);
	disk_layout_make(&bare, &bare_layout);
	return RAW_MIB + (build->want_qcow2 ? QCOW2_MIB : 0) +
	       ((uint64_t)(layout.size - bare_layout.size) >> 20);
}

int space_check(const struct build *build, struct error *error)
{
	_cleanup_free_ char *outputs =
	    strndup(build->output, strrchr(build->output, '/') - build->output);
	uint64_t outputs_mib = output_mib(build);
	uint64_t cache_mib = tree_is_cached(build) ? WARM_MIB : COLD_MIB;
	struct stat cache_status, output_status;

	if (!outputs)
		return error_errno(error, ENOMEM, "build");
	if (stat(build->cache, &cache_status) < 0)
		return error_errno(error, errno, "%s", build->cache);
	if (stat(outputs, &output_status) < 0)
		return error_errno(error, errno, "%s", outputs);
	if (cache_status.st_dev == output_status.st_dev)
		return room_check(build->cache, cache_mib + outputs_mib, error);
	int result = room_check(build->cache, cache_mib, error);
	return result < 0 ? result : room_check(outputs, outputs_mib, error);
}
