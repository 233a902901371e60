// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/signatures.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"

enum {
	HEADER = 512,
	TIME_FIELD = 8, /* counted from 0 */
	FILES = 10000,
};

int64_t signatures_parse_header(const char *bytes, size_t size)
{
	static const char magic[] = "ClamAV-VDB:";
	const char *end = bytes + size;
	const char *at = bytes;
	int64_t seconds = 0;

	if (size < sizeof(magic) - 1 || memcmp(bytes, magic, sizeof(magic) - 1) != 0)
		return 0;
	for (int field = 0; field < TIME_FIELD; field++) {
		at = memchr(at, ':', (size_t)(end - at));
		if (!at || ++at == end)
			return 0;
	}
	for (; at < end && *at >= '0' && *at <= '9' && seconds < INT64_C(1) << 40; at++)
		seconds = seconds * 10 + (*at - '0');
	return seconds;
}

/* Of the machine's own signature, which is a link into the image: when the link was made, at
 * the first boot. */
static int64_t build_time(int folder, const char *name)
{
	_cleanup_close_ int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char header[HEADER];
	ssize_t size = fd < 0 ? -1 : read(fd, header, sizeof(header));
	struct stat status;
	int64_t made;

	if (size <= 0 || fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	made = signatures_parse_header(header, (size_t)size);
	return made ? made : (int64_t)status.st_mtime;
}

static bool has_ending(const char *name, const char *const *endings)
{
	const char *dot = strrchr(name, '.');

	for (; dot && *endings; endings++)
		if (strcmp(dot, *endings) == 0)
			return true;
	return false;
}

void signatures_read(const char *path, struct signatures *ret_signatures)
{
	static const char *const databases[] = {".cvd", ".cld", ".ndb", ".hdb", ".hsb",
						".ldb", ".mdb", ".cdb", NULL};
	static const char *const official[] = {".cvd", ".cld", NULL};
	_cleanup_closedir_ DIR *folder = opendir(path);
	int64_t daily = 0, main = 0, newest = 0;
	const struct dirent *entry;
	int count = 0;

	while (folder && (entry = readdir(folder)) && count++ < FILES) {
		const char *name = entry->d_name;
		int64_t made;

		if (!has_ending(name, databases))
			continue;
		made = build_time(dirfd(folder), name);
		if (strncmp(name, "daily.", 6) == 0 && has_ending(name, official))
			daily = made;
		if (strncmp(name, "main.", 5) == 0 && has_ending(name, official))
			main = made;
		if (made > newest)
			newest = made;
	}
	*ret_signatures = (struct signatures){
	    .official = daily && main,
	    .any = newest != 0,
	    .made = daily && main ? daily : newest,
	};
}
