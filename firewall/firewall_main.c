// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-firewall: the machine's packet filter; see postcask-firewall(8).
 *
 *	postcask-firewall close [PORT...]
 *	postcask-firewall open PORT... | open --report FILE
 *	postcask-firewall list [--json]
 *
 * Exit status: 0 done and read back, 1 failed (and closed), 2 wrong usage. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json_file.h"
#include "base/options.h"
#include "firewall/firewall.h"
#include "firewall/ports.h"
#include "firewall/ruleset.h"

enum { LOCK_MS = 15 * 1000, ARGUMENTS_MAX = 1000 };

struct options {
	const char *report;
	const char *state_file;
	bool json;
	uint32_t ports;
	size_t port_count; /* as written */
};

/* Only without memory it names no port. */
static const char short_usage[] = "usage: postcask-firewall close|open|list [PORT...]\n";

static char *usage_make(void)
{
	_cleanup_free_ char *names = ports_list_names(" or ");
	char *text = NULL;

	if (!names || asprintf(&text,
			       "usage: postcask-firewall close [PORT...]\n"
			       "       postcask-firewall open PORT... | --report FILE\n"
			       "       postcask-firewall list [--json]\n"
			       "PORT is %s,\n"
			       "or its number, or " PORTS_PROOF_NAME
			       ", which is for proofs to an ACME authority.\n"
			       "--state FILE writes the state there instead "
			       "of " FIREWALL_STATE_FILE ".\n",
			       names) < 0)
		return NULL;
	return text;
}

static void print_ports(uint32_t ports)
{
	unsigned position = 0;
	const char *name;
	uint16_t number;

	while ((number = ports_next(ports, &position, &name)))
		printf("%-12s %5u\n", name, number);
}

static int finish(int result, const struct error *error)
{
	if (result < 0)
		error_print(error);
	return result < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Changes are made one after the other: each reads back what it has done, and takes
 * another's for an attack. */
static int change_begin(const struct options *options, int *ret_lock, struct error *error)
{
	_cleanup_free_ char *folder = path_folder(options->state_file), *path = NULL;
	int result;

	if (!folder || asprintf(&path, "%s.lock", options->state_file) < 0) {
		path = NULL;
		return error_set(error, ENOMEM, "out of memory");
	}
	result = file_make_folders(folder, 0755, error);
	return result < 0 ? result : file_lock(path, LOCK_MS, ret_lock, error);
}

/* Closing does not depend on the lock. */
static int run_close(const struct options *options)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_close_ int lock = -1;
	uint32_t left;

	if (options->report || options->json)
		return COMMAND_USAGE;
	if (change_begin(options, &lock, &error) < 0) {
		error_print(&error);
		error_clear(&error);
	}
	if (options->port_count == 0)
		return finish(firewall_close(options->state_file, &error), &error);
	return finish(firewall_change_ports(FIREWALL_REMOVE, options->ports, options->state_file,
					    &left, &error),
		      &error);
}

static int run_open(const struct options *options)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	enum firewall_change change = options->report ? FIREWALL_EXACTLY : FIREWALL_ADD;
	_cleanup_close_ int lock = -1;
	uint32_t ports = options->ports, open;
	int result = 0;

	if (!options->report == (options->port_count == 0) || options->json)
		return COMMAND_USAGE;
	if (change_begin(options, &lock, &error) < 0)
		return finish(firewall_fail_closed(options->state_file, &error), &error);
	/* Without a result nothing is proved, whatever was proved before. */
	if (options->report && ports_read_report(options->report, &ports, &error) < 0)
		result = firewall_fail_closed(options->state_file, &error);
	if (result == 0)
		result = firewall_change_ports(change, ports, options->state_file, &open, &error);
	if (result == 0)
		print_ports(open);
	return finish(result, &error);
}

static int print_json(const struct readback *readback)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *json = json_pack(
	    "{s:s, s:i, s:o, s:{s:I, s:I}}", "state",
	    readback->ports & ~PORTS_PROOF_BIT ? "open" : "closed", "ssh", RULESET_SSH_PORT, "open",
	    ports_to_json(readback->ports), "dropped", "packets",
	    (json_int_t)readback->dropped_packets, "bytes", (json_int_t)readback->dropped_bytes);

	return finish(json_print(json, JSON_INDENT(1), &error), &error);
}

static int run_list(const struct options *options)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct readback readback;

	if (options->report || options->port_count > 0)
		return COMMAND_USAGE;
	if (firewall_read(&readback, &error) < 0)
		return finish(-1, &error);
	if (options->json)
		return print_json(&readback);
	printf("%-12s %5u\n", "ssh", RULESET_SSH_PORT);
	print_ports(readback.ports);
	printf("dropped %llu packets, %llu bytes\n", (unsigned long long)readback.dropped_packets,
	       (unsigned long long)readback.dropped_bytes);
	return EXIT_SUCCESS;
}

static bool read_ports(char **words, struct options *options)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	for (; *words; words++, options->port_count++)
		if (strcmp(*words, PORTS_PROOF_NAME) == 0) {
			options->ports |= PORTS_PROOF_BIT;
		} else if (ports_add(&options->ports, *words, &error) < 0) {
			error_print(&error);
			return false;
		}
	return true;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(const struct options *options);
	} VERBS[] = {{"close", run_close}, {"open", run_open}, {"list", run_list}};
	struct options options = {.state_file = FIREWALL_STATE_FILE};
	const struct command_option known[] = {{"report", .value = &options.report},
					       {"state", .value = &options.state_file},
					       {"json", .on = &options.json}};
	_cleanup_free_ char *long_usage = usage_make();
	const char *usage = long_usage ? long_usage : short_usage;
	int status = COMMAND_OPTIONS(argc, argv, known, usage, 1, ARGUMENTS_MAX);

	if (status != COMMAND_GO_ON)
		return status;
	status = COMMAND_USAGE;
	if (read_ports(argv + optind + 1, &options))
		for (size_t i = 0; i < ARRAY_SIZE(VERBS); i++)
			if (strcmp(argv[optind], VERBS[i].name) == 0)
				status = VERBS[i].run(&options);
	return status == COMMAND_USAGE ? command_usage(usage) : status;
}
