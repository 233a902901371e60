// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask schema: the settings as a JSON schema, alone or inside cloud-init's
 * own. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>

#include "command/command.h"
#include "command/print.h"
#include "settings/schema.h"

#define CLOUD_INIT_SCHEMA_LIMIT (8u << 20)

static const char usage[] =
    "usage: postcask schema [--cloud-init FILE]\n"
    "\n"
    "Prints the JSON schema of the `mail:` mapping, for editors and validators.\n"
    "\n"
    "  --cloud-init FILE    print cloud-init's schema-cloud-config-v1.json in FILE\n"
    "                       with the property `mail` added\n";

static int print_schema(void)
{
	_cleanup_json_ json_t *schema = schema_settings();

	return command_print(schema, JSON_INDENT(2));
}

static int print_merged(const char *path)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *cloud_init = NULL;
	int result = json_file_read(path, CLOUD_INIT_SCHEMA_LIMIT, 0, &cloud_init, &error);

	if (result == -EBADMSG)
		error_set(&error, EBADMSG, "%s; give cloud-init's schema", error_text(&error));
	else if (result == 0 && (result = schema_merge(cloud_init, &error)) < 0)
		error_wrap(&error, "%s", path);
	if (result < 0) {
		error_print(&error);
		return COMMAND_FAILED;
	}
	return command_print(cloud_init, JSON_INDENT(2));
}

int command_schema(int argc, char **argv)
{
	const char *cloud_init = NULL;
	const struct command_option options[] = {{"cloud-init", .value = &cloud_init}};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 0);

	if (status != COMMAND_GO_ON)
		return status;
	return cloud_init ? print_merged(cloud_init) : print_schema();
}
