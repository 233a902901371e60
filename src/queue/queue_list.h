// SPDX-License-Identifier: GPL-3.0-or-later
/* What is in Postfix's queue, a message at a time, and what each waits for: by
 * postqueue(1), with a deadline and a limit. */
#ifndef POSTCASK_QUEUE_LIST_H
#define POSTCASK_QUEUE_LIST_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"
#include "base/slice.h"

/* What a message waits for when it is none of the components. */
#define QUEUE_OTHERS "for another server"

/* What a message can wait for. */
struct queue_kind {
	const char *what; /* "for the filter (amavis)" */
	bool ours;	  /* a part of this machine, which is mended or is not */
};

/* By what the reason says, which may be a stranger's text: of the components' words
 * (component/components.h) the first that fit. */
struct queue_kind queue_kind_of(const char *reason);

/* `message` is postqueue's object, borrowed: "queue_name", "queue_id", "arrival_time",
 * "sender", "recipients" with "address" and "delay_reason". */
typedef void queue_found(void *context, const json_t *message);

/* Asks Postfix.  *ret_partial: there is more than was read. */
_must_check_ int queue_list(queue_found *found, void *context, bool *ret_partial,
			    struct error *error);

/* The output of `postqueue -j`: an object a line.  Lines that are none are left out. */
void queue_list_parse(struct slice text, queue_found *found, void *context);

#endif
