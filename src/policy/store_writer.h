// SPDX-License-Identifier: GPL-3.0-or-later
/* The thread that waits for the disk, so that nobody else does.  It has one batch at a time. */
#ifndef POSTCASK_POLICY_STORE_WRITER_H
#define POSTCASK_POLICY_STORE_WRITER_H

#include "policy/store_file.h"

struct store_writer;

/* Takes over the open file.  NULL when there can be no thread: the file is closed. */
struct store_writer *store_writer_start(struct store_file *file);

bool store_writer_is_idle(struct store_writer *writer);

/* Of an idle one: takes over the batch's changes. */
void store_writer_give(struct store_writer *writer, struct store_batch *batch);

/* What became of the last batch, once, and 0 when it was said already: 1 when it is on the disk;
 * negative when it is not, and is given back; -EUCLEAN when the file was damaged and a new one is
 * there, in which all is to be written. */
_must_check_ int store_writer_result(struct store_writer *writer, struct store_batch *ret_batch,
				     struct error *error);

/* Until it is idle.  False: not before the deadline, of clock_now_ms(). */
_must_check_ bool store_writer_wait(struct store_writer *writer, int64_t deadline_ms);

/* Ends it, and closes the file.  One that hangs in the disk is left to it. */
void store_writer_stop(struct store_writer **writer, int64_t deadline_ms);

#endif
