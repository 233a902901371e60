// SPDX-License-Identifier: GPL-3.0-or-later
/* A build's steps: each runs in a process of its own as soon as the steps it
 * comes after are done, so that what is independent runs side by side.  Steps
 * hand results to each other as files only.
 *
 * On a terminal one line shows what is running and for how long; otherwise there
 * is one plain line for each finished step. */
#ifndef POSTCASK_IMAGE_STEP_H
#define POSTCASK_IMAGE_STEP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum { STEP_LIMIT = 32 };

/* What a step returns beside a negative errno. */
enum { STEP_DONE = 0, STEP_CACHED = 1, STEP_SKIPPED = 2 };

struct step {
	const char *name; /* also its log's: LOGS/NAME.log */
	unsigned after;	  /* bits: the steps that must be done before, 1u << index */
	int niceness;	  /* of what nothing waits for while there is a longer way */
	/* Everything it runs writes to log_fd. */
	int (*run)(void *context, int log_fd, struct error *error);
};

struct step_options {
	const char *logs; /* an existing folder */
	void *context;
	bool quiet; /* nothing is printed but errors */
};

/* Runs all steps.  The first failure stops the others; the error names the step
 * and its log. */
_must_check_ int steps_run(const struct step *steps, size_t count,
			   const struct step_options *options, struct error *error);

#endif
