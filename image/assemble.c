// SPDX-License-Identifier: GPL-3.0-or-later
/* The step "assemble": the image's two file systems, from the cached tree, the
 * overlays and the programs, written into a copy of the disk's frame.
 *
 * The layers are joined by overlayfs in the build's private mount namespace,
 * with the changes in memory: the cached tree is never touched, and nothing of
 * it is seen or left outside. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/file.h"
#include "image/build.h"
#include "image/command.h"
#include "image/complete.h"
#include "image/disk.h"
#include "image/layer.h"
#include "image/overlay.h"
#include "image/scrub.h"
#include "image/step.h"
#include "image/steps.h"
#include "image/system_files.h"

enum { PRESET_S = 60, COPY_S = 120, MKE2FS_S = 300 };

/* What GRUB 2.12 and every kernel of Debian 13 know; given whole, because each
 * host's mke2fs.conf has another idea. */
#define EXT4_FEATURES                                                                              \
	"none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,"          \
	"sparse_super,large_file,huge_file,dir_nlink,extra_isize,metadata_csum"

struct layers {
	char *merged; /* the whole tree as it will be */
	char *var;    /* its /var, seen where nothing covers it */
	char *upper;  /* what was changed in it */
};

static void layers_free(struct layers *layers)
{
	free(layers->merged);
	free(layers->var);
	free(layers->upper);
}

static int layers_mount(const struct build *build, struct layers *layers, struct error *error)
{
	static const char *const folders[] = {"upper", "work", "merged", "var"};
	_cleanup_free_ char *tree = NULL, *options = NULL;
	int result = build_keyed_path(build, "tree", &tree, error);

	for (size_t i = 0; result == 0 && i < ARRAY_SIZE(folders); i++) {
		_cleanup_free_ char *name = file_join("scratch", folders[i]);
		_cleanup_free_ char *path = name ? build_cache_path(build, name) : NULL;

		result = file_make_folders(path, 0755, error);
	}
	if (result < 0)
		return result;
	layers->merged = build_cache_path(build, "scratch/merged");
	layers->var = build_cache_path(build, "scratch/var");
	layers->upper = build_cache_path(build, "scratch/upper");
	if (!layers->merged || !layers->var || !layers->upper ||
	    asprintf(&options, "lowerdir=%s,upperdir=%s/scratch/upper,workdir=%s/scratch/work",
		     tree, build->cache, build->cache) < 0)
		return error_errno(error, ENOMEM, "assemble");
	if (mount("overlay", layers->merged, "overlay", 0, options) < 0)
		return error_errno(error, errno, "cannot mount an overlay on %s", layers->merged);
	return 0;
}

/* Shows /var at its own place and an empty folder where it was: the root file
 * system has nothing but the mount point. */
static int var_separate(const struct layers *layers, struct error *error)
{
	_cleanup_free_ char *var = file_join(layers->merged, "var");

	if (!var || mount(var, layers->var, NULL, MS_BIND, NULL) < 0 ||
	    mount("tmpfs", var, "tmpfs", 0, "mode=0755,size=4k") < 0)
		return error_errno(error, errno, "cannot separate /var");
	return 0;
}

/* What makes Debian's tree ours. */
static int tree_complete(const struct build *build, const struct layers *layers, int log,
			 struct error *error)
{
	_cleanup_free_ char *overlays = build_source_path(build, "overlays");
	_cleanup_free_ char *usr = file_join(layers->merged, "usr");
	_cleanup_free_ char *programs = file_join(build->programs, "usr");
	int result = overlay_lay(overlays, layers->merged, error);

	if (result == 0)
		result = overlay_lay(programs, usr, error);
	if (result == 0)
		result = signatures_copy(build, layers->merged, log, error);
	if (result == 0)
		result = command_run(log, PRESET_S,
				     COMMAND("env", "SYSTEMD_OFFLINE=1", "chroot", layers->merged,
					     "systemctl", "preset-all"),
				     error);
	if (result == 0)
		result = complete_tree(build, layers->merged, log, error);
	return result;
}

static int tree_finish(const struct build *build, const struct layers *layers, int log,
		       const char *root_uuid, const char *var_uuid, struct error *error)
{
	int result = build->plain ? 0 : tree_complete(build, layers, log, error);

	if (result == 0)
		result = system_files_write(build, layers->merged, root_uuid, var_uuid, error);
	if (result == 0)
		result = scrub_tree(layers->merged, error);
	if (result == 0)
		result = update_stamps_write(layers->merged, error);
	return result < 0 ? result : scrub_verify(layers->merged, error);
}

static int filesystem_make(const char *disk, const struct disk_layout *layout,
			   enum disk_partition partition, const char *from, const char *label,
			   const char *uuid, const char *inode_bytes, const char *journal_mib,
			   int log, struct error *error)
{
	_cleanup_free_ char *extended = NULL, *blocks = NULL, *journal = NULL;

	/* resize=: room in the group descriptors to grow to 8 TiB while mounted. */
	if (asprintf(&extended,
		     "offset=%" PRId64 ",nodiscard,lazy_itable_init=0,lazy_journal_init=0%s",
		     layout->partitions[partition].offset,
		     partition == DISK_VAR ? ",resize=2147483647" : "") < 0 ||
	    asprintf(&blocks, "%" PRId64, layout->partitions[partition].size / 4096) < 0 ||
	    asprintf(&journal, "size=%s", journal_mib) < 0)
		return error_errno(error, ENOMEM, "%s", label);
	return command_run(log, MKE2FS_S,
			   COMMAND("mke2fs", "-q", "-F", "-t", "ext4", "-O", EXT4_FEATURES, "-b",
				   "4096", "-I", "256", "-i", inode_bytes, "-m", "1", "-J", journal,
				   "-L", label, "-U", uuid, "-E", extended, "-d", from, disk,
				   blocks),
			   error);
}

int assemble_step(void *context, int log, struct error *error)
{
	const struct build *build = context;
	_cleanup_(layers_free) struct layers layers = {0};
	_cleanup_free_ char *disk = build_output_path(build, ".raw.partial");
	_cleanup_free_ char *frame = NULL;
	char root_uuid[UUID_SIZE], var_uuid[UUID_SIZE];
	struct disk_layout layout;
	int result = build_keyed_path(build, "disk", &frame, error);

	disk_layout_make(build, &layout);
	if (result == 0)
		result = uuid_make(root_uuid, error);
	if (result == 0)
		result = uuid_make(var_uuid, error);
	if (result == 0)
		result = layers_mount(build, &layers, error);
	if (result == 0)
		result = tree_finish(build, &layers, log, root_uuid, var_uuid, error);
	if (result == 0 && build->layer)
		result = layer_keep(build, layers.upper, log, error);
	if (result == 0)
		result = var_separate(&layers, error);
	if (result == 0)
		result =
		    command_run(log, COPY_S, COMMAND("cp", "--sparse=always", frame, disk), error);
	/* Mail is many small files: an inode for every 8 KiB, and a larger journal. */
	if (result == 0)
		result = filesystem_make(disk, &layout, DISK_ROOT, layers.merged, "postcask-root",
					 root_uuid, "16384", "32", log, error);
	if (result == 0)
		result = filesystem_make(disk, &layout, DISK_VAR, layers.var, "postcask-var",
					 var_uuid, "8192", "64", log, error);
	return result;
}
