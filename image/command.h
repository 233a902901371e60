// SPDX-License-Identifier: GPL-3.0-or-later
/* External commands of the builder: what they print goes to the step's log. */
#ifndef POSTCASK_IMAGE_COMMAND_H
#define POSTCASK_IMAGE_COMMAND_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/process.h"

/* Runs the command; anything but exit status 0 is an error. */
_must_check_ int command_run(int log, int timeout_s, const char *const *argv, struct error *error);

/* The same for a command that is described whole. */
_must_check_ int command_run_process(const struct process *process, struct error *error);

/* Runs the command and keeps what it writes to standard output and error. */
_must_check_ int command_output(int timeout_s, const char *const *argv, struct buffer *output,
				struct error *error);

#define COMMAND(...) ((const char *const[]){__VA_ARGS__, NULL})

#endif
