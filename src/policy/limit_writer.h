// SPDX-License-Identifier: GPL-3.0-or-later
/* The thread that writes the file of who is held, so that no answer waits for the disk: Postfix
 * waits three seconds for one and lets the message in then, of each of a thief's sessions. */
#ifndef POSTCASK_POLICY_LIMIT_WRITER_H
#define POSTCASK_POLICY_LIMIT_WRITER_H

#include <jansson.h>
#include <stdint.h>

#include "base/error.h"

struct limit_writer;

/* `wake` is the socket of who reads the file, NULL of nobody; both are borrowed.  NULL when there
 * can be no thread. */
struct limit_writer *limit_writer_start(const char *path, const char *wake);

/* Takes over the object, in the place of one that is not being written yet. */
void limit_writer_give(struct limit_writer *writer, json_t *file);

/* Until what was given is on the disk, else what came in its way; -ETIMEDOUT at the deadline, of
 * clock_now_ms(). */
_must_check_ int limit_writer_wait(struct limit_writer *writer, int64_t deadline_ms,
				   struct error *error);

/* Writes what was given and ends.  One that hangs in the disk is left to it. */
void limit_writer_stop(struct limit_writer **writer, int64_t deadline_ms);

#endif
