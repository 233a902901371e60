// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/run_options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "component/ports.h"

/* Beside the ports of mail. */
#define SSH_PORT 22
_Static_assert(1 + (int)PORTS <= FORWARD_LIMIT, "every port is forwarded");

const char *service_explain(unsigned number)
{
	enum port port = port_find_number(number);

	if (number == SSH_PORT)
		return "ssh";
	return port < PORTS ? port_table[port].says : "";
}

static const char usage[] =
    "usage: postcask-image run [OPTION...]\n"
    "\n"
    "  --image=FILE           build/postcask.qcow2 (or a .raw)\n"
    "  --user-data=FILE       image/example-user-data.yaml\n"
    "  --no-user-data         boot without a seed disk\n"
    "  --meta-data=FILE       instead of one made from the user-data\n"
    "  --network-config=FILE  netplan's format; without it: DHCP\n"
    "  --uefi                 boot by UEFI\n"
    "  --bios                 boot by BIOS, as without a word\n"
    "  --disk=FILE            keep what the machine writes (made when missing)\n"
    "  --size=SIZE            of the disk: 8G\n"
    "  --memory=MIB           2048\n"
    "  --forward=HOST:GUEST   a port of 127.0.0.1; without it: all mail ports and ssh\n"
    "  --cut-off              the machine reaches nothing but who connects to it\n"
    "  --timeout=SECONDS      for the report to appear: 600\n"
    "  --monitor=SOCKET       where QEMU listens for QMP\n"
    "  --once                 stop after the report: 0 ready, 2 degraded, 1 failed\n";

enum {
	IMAGE,
	USER_DATA,
	NO_USER_DATA,
	META_DATA,
	NETWORK_CONFIG,
	UEFI,
	BIOS,
	DISK,
	SIZE,
	MEMORY,
	FORWARD,
	CUT_OFF,
	TIMEOUT,
	MONITOR,
	ONCE,
	HELP,
};

static const struct option long_options[] = {
    {"image", required_argument, NULL, IMAGE},
    {"user-data", required_argument, NULL, USER_DATA},
    {"no-user-data", no_argument, NULL, NO_USER_DATA},
    {"meta-data", required_argument, NULL, META_DATA},
    {"network-config", required_argument, NULL, NETWORK_CONFIG},
    {"uefi", no_argument, NULL, UEFI},
    {"bios", no_argument, NULL, BIOS},
    {"disk", required_argument, NULL, DISK},
    {"size", required_argument, NULL, SIZE},
    {"memory", required_argument, NULL, MEMORY},
    {"forward", required_argument, NULL, FORWARD},
    {"cut-off", no_argument, NULL, CUT_OFF},
    {"timeout", required_argument, NULL, TIMEOUT},
    {"monitor", required_argument, NULL, MONITOR},
    {"once", no_argument, NULL, ONCE},
    {"help", no_argument, NULL, HELP},
    {0},
};

static int number_take(const char *text, unsigned first, unsigned last, unsigned *ret,
		       struct error *error)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (end == text || *end || value < first || value > last)
		return error_set(error, EINVAL, "'%s': write a number from %u to %u", text, first,
				 last);
	*ret = (unsigned)value;
	return 0;
}

static int forward_take(struct run_options *options, const char *text, struct error *error)
{
	struct forward forward;
	char end;

	if (options->forward_count == FORWARD_LIMIT ||
	    sscanf(text, "%u:%u%c", &forward.host, &forward.guest, &end) != 2 ||
	    forward.host > 65535 || forward.guest > 65535 || forward.guest == 0)
		return error_set(error, EINVAL, "--forward=%s: write HOST-PORT:GUEST-PORT", text);
	options->forwards[options->forward_count++] = forward;
	return 0;
}

static int option_take(struct run_options *options, int option, const char *text,
		       struct error *error)
{
	const struct {
		int option;
		const char **text;
		bool *flag;
	} rows[] = {{IMAGE, &options->image, NULL},
		    {USER_DATA, &options->user_data, NULL},
		    {META_DATA, &options->meta_data, NULL},
		    {NETWORK_CONFIG, &options->network_config, NULL},
		    {DISK, &options->disk, NULL},
		    {SIZE, &options->size, NULL},
		    {MONITOR, &options->monitor, NULL},
		    {NO_USER_DATA, NULL, &options->no_seed},
		    {UEFI, NULL, &options->uefi},
		    {CUT_OFF, NULL, &options->cut_off},
		    {ONCE, NULL, &options->once}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].option != option)
			continue;
		if (rows[i].text)
			*rows[i].text = text;
		else
			*rows[i].flag = true;
		return 0;
	}
	if (option == BIOS)
		options->uefi = false;
	else if (option == MEMORY)
		return number_take(text, 512, 1 << 20, &options->memory_mib, error);
	else if (option == TIMEOUT)
		return number_take(text, 1, 86400, &options->timeout_s, error);
	else if (option == FORWARD)
		return forward_take(options, text, error);
	else
		return error_set(error, EINVAL, "see postcask-image run --help");
	return 0;
}

/* Without --forward: everything that the machine can answer on. */
static void forwards_default(struct run_options *options)
{
	if (options->forward_count > 0)
		return;
	options->forwards[options->forward_count++].guest = SSH_PORT;
	for (enum port port = 0; port < PORTS; port++)
		options->forwards[options->forward_count++].guest = port_table[port].number;
}

int run_options_parse(int argc, char **argv, struct run_options *options, struct error *error)
{
	int option, result = 0;

	*options = (struct run_options){.image = "build/postcask.qcow2",
					.user_data = "image/example-user-data.yaml",
					.size = "8G",
					.memory_mib = 2048,
					.timeout_s = 600};
	while (result == 0 && (option = getopt_long(argc, argv, "", long_options, NULL)) >= 0) {
		if (option == HELP) {
			printf("%s", usage);
			exit(EXIT_SUCCESS);
		}
		result = option_take(options, option, optarg, error);
	}
	if (result == 0 && optind < argc)
		result = error_set(error, EINVAL, "'%s' is no option; see --help", argv[optind]);
	forwards_default(options);
	return result;
}
