// SPDX-License-Identifier: GPL-3.0-or-later
/* What `postcask-image run` is told. */
#ifndef POSTCASK_IMAGE_RUN_OPTIONS_H
#define POSTCASK_IMAGE_RUN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "image/qemu.h"

enum { FORWARD_LIMIT = 32 };

struct run_options {
	const char *image, *user_data, *meta_data, *network_config, *disk, *size, *monitor;
	bool uefi, cut_off, once, no_seed;
	unsigned memory_mib, timeout_s;
	struct forward forwards[FORWARD_LIMIT];
	size_t forward_count;
};

/* Reads the command line as command_options() does; what it does not say has its default.
 * The texts belong to `argv`. */
_must_check_ int run_options_read(int argc, char **argv, struct run_options *options);

/* What the machine answers on this port, for people; "" when it is unknown. */
const char *service_explain(unsigned number);

#endif
