// SPDX-License-Identifier: GPL-3.0-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "certificate/certificate.h"

int certificate_remove_leftovers(const char *folder, struct error *error)
{
	static const char *const PREFIXES[] = {
	    ".ca.key.",	  ".ca.pem.",	   ".server-ecdsa.pem.", ".server-rsa.pem.", ".next-ecdsa.",
	    ".next-rsa.", ".public.json.", ".acme.json.",	 ".chain.pem.",	     ".sni."};
	_cleanup_closedir_ DIR *entries = opendir(folder);
	struct dirent *entry;

	if (!entries)
		return error_errno(error, errno, "%s: cannot list", folder);
	while ((entry = readdir(entries))) {
		for (size_t i = 0; i < ARRAY_SIZE(PREFIXES); i++) {
			if (strncmp(entry->d_name, PREFIXES[i], strlen(PREFIXES[i])) == 0 &&
			    unlinkat(dirfd(entries), entry->d_name, 0) < 0)
				return error_errno(error, errno, "%s/%s: cannot remove", folder,
						   entry->d_name);
		}
	}
	return 0;
}

int certificate_lock(const char *folder, int *ret_fd, struct error *error)
{
	_cleanup_close_ int fd = -1;
	int result = file_make_folders(folder, 0711, error);

	if (result < 0)
		return result;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(error, errno, "%s: cannot open", folder);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK
			   ? error_set(error, EBUSY, "%s: another process is at work there", folder)
			   : error_errno(error, errno, "%s: cannot lock", folder);
	*ret_fd = TAKE_FD(fd);
	return 0;
}
