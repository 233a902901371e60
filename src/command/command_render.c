// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask render FILE DIR: the configuration files of FILE below DIR, as they
 * would stand in the image, on any host, as any user. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/json_file.h"
#include "command/command.h"
#include "generation/generation.h"
#include "settings/settings.h"

static const char usage[] =
    "usage: postcask render FILE DIR\n"
    "Writes the configuration files that the user-data FILE gives below DIR.\n";

static int render(const char *file, const char *folder, struct error *error)
{
	_cleanup_(diagnostics_free) struct diagnostics diagnostics = DIAGNOSTICS_INIT;
	_cleanup_free_ char *templates = generation_templates();
	_cleanup_json_ json_t *settings = NULL;
	int result = settings_load_file(file, &diagnostics, &settings);

	diagnostics_print(&diagnostics, stderr);
	if (result < 0) {
		if (diagnostics.count == 0)
			fprintf(stderr, "postcask: %s: %s\n", file, strerror(-result));
		return result;
	}
	if (!templates)
		result = error_set(error, ENOMEM, "out of memory");
	if (result == 0)
		result = generation_render(settings, templates, folder, false, error);
	if (result < 0)
		error_print(error);
	return result;
}

int command_render(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	int status = command_options(argc, argv, NULL, 0, usage, 2, 2);

	if (status != COMMAND_GO_ON)
		return status;
	return render(argv[optind], argv[optind + 1], &error) < 0 ? COMMAND_FAILED : COMMAND_GOOD;
}
