// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/run_options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/options.h"
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

static int take_memory(void *into, const char *text, struct error *error)
{
	return number_take(text, 512, 1 << 20, into, error);
}

static int take_timeout(void *into, const char *text, struct error *error)
{
	return number_take(text, 1, 86400, into, error);
}

static int take_forward(void *into, const char *text, struct error *error)
{
	struct run_options *options = into;
	struct forward forward;
	char end;

	if (options->forward_count == FORWARD_LIMIT ||
	    sscanf(text, "%u:%u%c", &forward.host, &forward.guest, &end) != 2 ||
	    forward.host > 65535 || forward.guest > 65535 || forward.guest == 0)
		return error_set(error, EINVAL, "--forward=%s: write HOST-PORT:GUEST-PORT", text);
	options->forwards[options->forward_count++] = forward;
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

int run_options_read(int argc, char **argv, struct run_options *options)
{
	int uefi = 0, status;
	const struct command_option known[] = {
	    {"image", .value = &options->image},
	    {"user-data", .value = &options->user_data},
	    {"no-user-data", .on = &options->no_seed},
	    {"meta-data", .value = &options->meta_data},
	    {"network-config", .value = &options->network_config},
	    {"uefi", .flag = &uefi, .set = 1},
	    {"bios", .flag = &uefi, .set = 0},
	    {"disk", .value = &options->disk},
	    {"size", .value = &options->size},
	    {"memory", .take = take_memory, .into = &options->memory_mib},
	    {"forward", .take = take_forward, .into = options},
	    {"cut-off", .on = &options->cut_off},
	    {"timeout", .take = take_timeout, .into = &options->timeout_s},
	    {"monitor", .value = &options->monitor},
	    {"once", .on = &options->once},
	};

	*options = (struct run_options){.image = "build/postcask.qcow2",
					.user_data = "image/example-user-data.yaml",
					.size = "8G",
					.memory_mib = 2048,
					.timeout_s = 600};
	status = COMMAND_OPTIONS(argc, argv, known, usage, 0, 0);
	options->uefi = uefi;
	forwards_default(options);
	return status;
}
