// SPDX-License-Identifier: GPL-3.0-or-later
/* What waits in Postfix's queue and why, for people. */
#ifndef POSTCASK_QUEUE_VIEW_H
#define POSTCASK_QUEUE_VIEW_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/slice.h"
#include "queue/leaving.h"

enum { QUEUE_REASONS = 12, QUEUE_SAMPLE = 121 };

struct queue_reason {
	const char *what; /* "for the filter (amavis)" */
	size_t count;	  /* messages */
	char sample[QUEUE_SAMPLE];
};

struct queue_view {
	size_t waiting; /* messages: those on hold are not in it */
	size_t held;
	int64_t oldest; /* arrival of the oldest that waits, seconds since 1970; 0: none */
	struct queue_reason reasons[QUEUE_REASONS]; /* the commonest first */
	size_t reason_count;
	bool partial;		/* there is more than was read */
	struct leaving leaving; /* what keeps it from leaving; `now` is the caller's of _parse */
};

/* Asks Postfix. */
_must_check_ int queue_view_read(struct queue_view *view, struct error *error);

/* From the output of `postqueue -j`. */
void queue_view_parse(struct slice text, struct queue_view *view);

/* {"waiting", "on_hold", "oldest", "partial", "reasons": [{"for", "count", "sample"}]}; NULL
 * when out of memory. */
json_t *queue_view_json(const struct queue_view *view);

#endif
