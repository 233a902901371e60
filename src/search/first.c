// SPDX-License-Identifier: GPL-3.0-or-later
#include "search/first.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"

static void end(DIR **folder)
{
	if (*folder)
		closedir(*folder);
	*folder = NULL;
}

/* The next name in a folder that does not begin with a dot, or NULL. */
static const char *next_name(DIR *folder)
{
	const struct dirent *entry;

	do
		entry = folder ? readdir(folder) : NULL;
	while (entry && entry->d_name[0] == '.');
	return entry ? entry->d_name : NULL;
}

/* Opens the next domain's folder; false at the end. */
static bool next_domain(struct first *first)
{
	_cleanup_free_ char *path = NULL;
	const char *name;

	end(&first->users);
	if (!first->domains)
		first->domains = opendir(first->mail);
	name = next_name(first->domains);
	if (!name) {
		end(&first->domains);
		return false;
	}
	slice_copy(slice_of(name), first->domain, sizeof(first->domain));
	path = file_join(first->mail, name);
	first->users = path ? opendir(path) : NULL; /* what is no folder has no users */
	return true;
}

static bool is_done(const struct first *first, const char *user)
{
	_cleanup_free_ char *path = file_join(first->marks, user);

	return path && access(path, F_OK) == 0;
}

bool first_next(struct first *first, char user[TROUBLE_USER])
{
	for (;;) {
		const char *name = next_name(first->users);
		int size;

		if (!name && !next_domain(first))
			return false;
		if (!name)
			continue;
		size = snprintf(user, TROUBLE_USER, "%s@%s", name, first->domain);
		if (size > 0 && size <= NAME_MAX && trouble_is_user(slice_of(user)) &&
		    !is_done(first, user))
			return true;
	}
}

int first_done(const struct first *first, const char *user, struct error *error)
{
	_cleanup_free_ char *path = file_join(first->marks, user);
	_cleanup_close_ int fd =
	    path ? open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600) : -1;

	return fd < 0 ? error_errno(error, errno, "cannot mark that %s is indexed", user) : 0;
}
