// SPDX-License-Identifier: GPL-3.0-or-later
/* A machine in QEMU: what it is made of, and the command line that says so. */
#ifndef POSTCASK_IMAGE_QEMU_H
#define POSTCASK_IMAGE_QEMU_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct forward {
	unsigned guest;
	unsigned host; /* 0: chosen by qemu_choose_ports */
};

struct qemu {
	const char *disk;		/* a qcow2 file that is written to */
	const char *seed;		/* a NoCloud disk, or NULL */
	const char *monitor;		/* where QEMU listens for QMP */
	const char *firmware_variables; /* UEFI: a copy of its variables; NULL: BIOS */
	const char *firmware_code;
	unsigned memory_mib;
	bool cut_off; /* from here in only: the machine reaches nothing itself */
	const struct forward *forwards;
	size_t forward_count;
};

/* Gives each forward that has none a free port of this host: 10000 above the
 * machine's, else any. */
_must_check_ int qemu_choose_ports(struct forward *forwards, size_t count, struct error *error);

/* Where this host keeps UEFI's code and the variables it starts with. */
_must_check_ int qemu_find_firmware(const char **ret_code, const char **ret_variables,
				    struct error *error);

/* Starts QEMU; *ret_console is the end of a pipe with all that the serial console
 * and QEMU itself say. */
_must_check_ int qemu_start(const struct qemu *qemu, pid_t *ret_pid, int *ret_console,
			    struct error *error);

/* Presses the machine's power button. */
_must_check_ int qemu_power_button(const char *monitor, struct error *error);

#endif
