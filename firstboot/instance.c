// SPDX-License-Identifier: GPL-3.0-or-later
#include "firstboot/instance.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

enum { INSTANCE_LIMIT = 4096 };

char *instance_read(const char *path)
{
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	char *text = NULL;

	if (!path || file_read(path, INSTANCE_LIMIT, &text, NULL, &none) < 0)
		return NULL;
	text[strcspn(text, "\r\n")] = '\0';
	return text;
}

bool instance_is_adopted(const struct apply_paths *paths, const char *instance)
{
	_cleanup_free_ char *path = file_join(paths->state, INSTANCE_ADOPT_NAME);
	_cleanup_free_ char *allowed = instance_read(path);

	return allowed && (!*allowed || strcmp(allowed, instance) == 0);
}

int instance_end_adoption(const struct apply_paths *paths, struct error *error)
{
	_cleanup_free_ char *path = file_join(paths->state, INSTANCE_ADOPT_NAME);

	if (!path)
		return error_set(error, ENOMEM, "out of memory");
	if (unlink(path) == 0)
		return file_sync_folder(paths->state, error);
	return errno == ENOENT ? 0 : error_errno(error, errno, "%s: cannot remove", path);
}

void instance_note_foreign(const struct apply_paths *paths, struct apply_outcome *outcome)
{
	_cleanup_free_ char *path = file_join(paths->run, INSTANCE_FOREIGN_NAME);
	_cleanup_free_ char *instance = instance_read(path);

	if (instance)
		outcome_note(outcome,
			     "degraded: this machine holds the mail of another instance than "
			     "'%s', whose user-data was found and not taken; take away what brings "
			     "it, or make this machine that instance: run `postcask adopt` and "
			     "boot again",
			     instance);
}
