// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/command.h"

#include <errno.h>

static int status_check(const char *name, int status, struct error *error)
{
	return status <= 0 ? status
			   : error_set(error, EIO, "%s ended with status %d", name, status);
}

int command_run_process(const struct process *process, struct error *error)
{
	return status_check(process->argv[0], process_run(process, NULL, error), error);
}

int command_run(int log, int timeout_s, const char *const *argv, struct error *error)
{
	struct process process = {.argv = argv, .timeout_ms = timeout_s * 1000, .output_fd = log};

	return command_run_process(&process, error);
}

int command_output(int timeout_s, const char *const *argv, struct buffer *output,
		   struct error *error)
{
	struct process process = {
	    .argv = argv, .timeout_ms = timeout_s * 1000, .output_limit = 64 << 20};

	return status_check(argv[0], process_run(&process, output, error), error);
}
