// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask schema: the settings as a JSON schema, alone or inside cloud-init's
 * own. */
#include <getopt.h>
#include <stdio.h>

#include "base/file.h"
#include "command/command.h"
#include "command/options.h"
#include "settings/schema.h"

#define CLOUD_INIT_SCHEMA_LIMIT (8u << 20)

static const char usage[] =
    "usage: postcask schema [--cloud-init FILE]\n"
    "\n"
    "Prints the JSON schema of the `mail:` mapping, for editors and validators.\n"
    "\n"
    "  --cloud-init FILE    print cloud-init's schema-cloud-config-v1.json in FILE\n"
    "                       with the property `mail` added\n";

static int print_schema(json_t *schema)
{
	int r = schema ? json_dumpf(schema, stdout, JSON_INDENT(2)) : -1;

	json_decref(schema);
	if (r < 0 || printf("\n") < 0 || fflush(stdout) != 0) {
		fprintf(stderr, "postcask: cannot print the schema\n");
		return COMMAND_FAILED;
	}
	return COMMAND_GOOD;
}

static int print_merged(const char *path)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *text = NULL;
	json_error_t problem;
	json_t *cloud_init;
	size_t size;

	if (file_read(path, CLOUD_INIT_SCHEMA_LIMIT, &text, &size, &error) < 0) {
		error_print(&error);
		return COMMAND_FAILED;
	}
	cloud_init = json_loadb(text, size, JSON_REJECT_DUPLICATES, &problem);
	if (!cloud_init) {
		fprintf(stderr, "postcask: %s:%d:%d: not JSON (%s); give cloud-init's schema\n",
			path, problem.line, problem.column, problem.text);
		return COMMAND_FAILED;
	}
	if (schema_merge(cloud_init, &error) < 0) {
		fprintf(stderr, "postcask: %s: %s\n", path, error_text(&error));
		json_decref(cloud_init);
		return COMMAND_FAILED;
	}
	return print_schema(cloud_init);
}

int command_schema(int argc, char **argv)
{
	const char *cloud_init = NULL;
	const struct command_option options[] = {{"cloud-init", .value = &cloud_init}};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 0);

	if (status != COMMAND_GO_ON)
		return status;
	return cloud_init ? print_merged(cloud_init) : print_schema(schema_settings());
}
