// SPDX-License-Identifier: GPL-3.0-or-later
/* A stranger's file, read byte by byte and never kept: dumps of databases have gigabytes of other
 * things in them. */
#ifndef POSTCASK_TAKEOVER_INTAKE_H
#define POSTCASK_TAKEOVER_INTAKE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

enum { INTAKE_BLOCK = 64 * 1024, INTAKE_END = -1 };

#define INTAKE_LIMIT (8LL << 30) /* bytes of one file */

struct intake {
	int fd;
	const char *at, *end;
	long long line; /* of `at`, from 1 */
	long long left; /* bytes that may still come */
	int failed;	/* negative errno: it ended too early */
	char block[INTAKE_BLOCK];
};

/* Begins at the descriptor's place, and reads the first block. */
void intake_open(struct intake *intake, int fd);

/* What is at its beginning, as far as it was read: to see what it is before anything is taken. */
struct slice intake_beginning(const struct intake *intake);

/* Not for callers: the next block, false at the end. */
bool intake_fill(struct intake *intake);

/* The next byte, or INTAKE_END; with _next it is taken. */
static inline int intake_peek(struct intake *intake)
{
	return intake->at < intake->end || intake_fill(intake) ? (unsigned char)*intake->at
							       : INTAKE_END;
}

static inline int intake_next(struct intake *intake)
{
	int c = intake_peek(intake);

	if (c != INTAKE_END)
		intake->at++;
	intake->line += c == '\n';
	return c;
}

/* Up to the end of the line, which is taken too. */
void intake_skip_line(struct intake *intake);

#endif
