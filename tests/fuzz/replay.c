// SPDX-License-Identifier: GPL-3.0-or-later
/* Gives each file of a folder to a fuzz target once, where there is no libFuzzer: what was
 * found before stays found, in a second and with any compiler.
 *
 *	replay_NAME FOLDER...	prints how many files there were */
#include <dirent.h>
#include <stdint.h>
#include <string.h>

#include "base/file.h"

enum { INPUT_LIMIT = 64 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *folder, const char *name)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *path = file_join(folder, name), *bytes = NULL;
	size_t size;

	if (!path || file_read(path, INPUT_LIMIT, &bytes, &size, &error) < 0) {
		error_print(&error);
		return -1;
	}
	LLVMFuzzerTestOneInput((const uint8_t *)bytes, size);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned count = 0;

	for (int i = 1; i < argc; i++) {
		_cleanup_closedir_ DIR *folder = opendir(argv[i]);
		const struct dirent *entry;

		if (!folder) {
			perror(argv[i]);
			return EXIT_FAILURE;
		}
		while ((entry = readdir(folder))) {
			if (entry->d_name[0] == '.')
				continue;
			if (replay(argv[i], entry->d_name) < 0)
				return EXIT_FAILURE;
			count++;
		}
	}
	printf("%u\n", count);
	return EXIT_SUCCESS;
}
