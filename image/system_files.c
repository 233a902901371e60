// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/system_files.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "image/command.h"

enum { TEXT_LIMIT = 1 << 20, COPY_S = 300 };

int uuid_make(char uuid[UUID_SIZE], struct error *error)
{
	unsigned char b[16];

	if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b))
		return error_errno(error, errno, "no random numbers");
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	snprintf(uuid, UUID_SIZE,
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
		 b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
		 b[15]);
	return 0;
}

static int tree_write(const char *tree, const char *name, struct buffer *text, struct error *error)
{
	_cleanup_free_ char *path = file_join(tree, name);

	if (!path || text->failed)
		return error_errno(error, ENOMEM, "%s", name);
	return file_replace(path, buffer_text(text), text->size, 0644, 0, 0, error);
}

static int fstab_write(const char *tree, const char *root_uuid, const char *var_uuid,
		       struct error *error)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	buffer_addf(&text,
		    "# Written by postcask-image.  /var is the last partition: systemd-repart\n"
		    "# grows it to the end of the disk at every boot, and growfs its file system.\n"
		    "# On a very busy host it is found late; giving it up would end the boot in\n"
		    "# an emergency shell that nobody can enter.\n"
		    "UUID=%s / ext4 noatime,errors=remount-ro 0 1\n"
		    "UUID=%s /var ext4 noatime,nodev,nosuid,x-systemd.growfs,"
		    "x-systemd.device-timeout=15min 0 2\n",
		    root_uuid, var_uuid);
	return tree_write(tree, "etc/fstab", &text, error);
}

static int os_release_write(const char *tree, struct error *error)
{
	_cleanup_free_ char *path = file_join(tree, "usr/lib/os-release");
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	_cleanup_free_ char *debian = NULL;
	int result = file_read(path, TEXT_LIMIT, &debian, NULL, error);

	if (result < 0)
		return result;
	buffer_addf(&text, "%sIMAGE_ID=postcask\nIMAGE_VERSION=%s\n", debian, POSTCASK_VERSION);
	return tree_write(tree, "usr/lib/os-release", &text, error);
}

static int grub_write(const struct build *build, const char *tree, struct error *error)
{
	_cleanup_free_ char *from = build_source_path(build, "image/grub.cfg");
	_cleanup_free_ char *folder = file_join(tree, "boot/grub");
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	int result = file_read(from, TEXT_LIMIT, &text.data, &text.size, error);

	if (result == 0)
		result = file_make_folders(folder, 0755, error);
	return result < 0 ? result : tree_write(tree, "boot/grub/grub.cfg", &text, error);
}

int system_files_write(const struct build *build, const char *tree, const char *root_uuid,
		       const char *var_uuid, struct error *error)
{
	_cleanup_(buffer_free) struct buffer name = BUFFER_INIT;
	int result = fstab_write(tree, root_uuid, var_uuid, error);

	buffer_add_text(&name, "postcask\n");
	if (result == 0)
		result = grub_write(build, tree, error);
	if (result == 0 && !build->plain)
		result = os_release_write(tree, error);
	return result < 0 ? result : tree_write(tree, "etc/hostname", &name, error);
}

/* systemd rebuilds caches when /usr is newer than these; the image's are fresh. */
int update_stamps_write(const char *tree, struct error *error)
{
	static const char *const names[] = {"etc/.updated", "var/.updated"};
	_cleanup_free_ char *usr = file_join(tree, "usr");
	struct stat status;

	if (!usr || stat(usr, &status) < 0)
		return error_errno(error, errno, "usr");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = file_join(tree, names[i]);
		struct timespec times[] = {status.st_mtim, status.st_mtim};
		int result = file_replace(path, "", 0, 0644, 0, 0, error);

		if (result < 0)
			return result;
		if (utimensat(AT_FDCWD, path, times, 0) < 0)
			return error_errno(error, errno, "%s", path);
	}
	return 0;
}

int signatures_copy(const struct build *build, const char *tree, int log, struct error *error)
{
	_cleanup_free_ char *target = file_join(tree, "var/lib/clamav/");
	_cleanup_free_ char *pattern = NULL;
	glob_t found = {0};
	int result = 0;

	if (!build->signatures)
		return 0;
	if (!target || asprintf(&pattern, "%s/*.c[lv]d", build->signatures) < 0)
		return error_errno(error, ENOMEM, "signatures");
	if (glob(pattern, 0, NULL, &found) != 0)
		return error_set(error, ENOENT, "%s holds no .cvd or .cld database",
				 build->signatures);
	for (size_t i = 0; result == 0 && i < found.gl_pathc; i++)
		result =
		    command_run(log, COPY_S,
				COMMAND("install", "-m", "0644", found.gl_pathv[i], target), error);
	globfree(&found);
	/* freshclam replaces them: they are clamav's, by the number of its folder. */
	if (result == 0)
		result = command_run(
		    log, COPY_S,
		    COMMAND("chroot", tree, "chown", "-R", "clamav:clamav", "/var/lib/clamav"),
		    error);
	return result;
}
