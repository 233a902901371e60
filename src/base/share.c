// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/share.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

char *share_path(const char *name)
{
	char program[PATH_MAX], *path = NULL;
	ssize_t size = readlink("/proc/self/exe", program, sizeof(program) - 1);

	if (size > 0) {
		program[size] = '\0';
		*strrchr(program, '/') = '\0';
		if (asprintf(&path, "%s/../share/postcask/%s", program, name) < 0)
			return NULL;
		if (file_exists(path))
			return path;
		free(path);
	}
	return asprintf(&path, "/usr/share/postcask/%s", name) < 0 ? NULL : path;
}
