// SPDX-License-Identifier: GPL-3.0-or-later
/* What is wrong with a settings file, each thing at its place.  A checker adds
 * as it goes and never stops at the first; the program prints them once, sorted
 * by place:
 *
 *	FILE:LINE:COLUMN: what is wrong; what to write instead
 *
 * No text ever holds a secret's value. */
#ifndef POSTCASK_DIAGNOSTICS_H
#define POSTCASK_DIAGNOSTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <jansson.h>

#include "base/cleanup.h"

/* More than this of one kind are counted, not kept: a file of a million errors
 * needs no million lines. */
#define DIAGNOSTICS_LIMIT 200

enum severity { SEVERITY_ERROR, SEVERITY_WARNING };

/* A place in a file.  Line and column count from 1, columns in characters; line
 * 0: the file as a whole.  `file` must outlive the mark. */
struct mark {
	const char *file;
	unsigned line, column;
};

struct diagnostic {
	enum severity severity;
	char *file; /* owned */
	unsigned line, column;
	char *text; /* owned */
};

struct diagnostics {
	struct diagnostic *items;
	size_t count, capacity;
	size_t errors, warnings; /* all that were added, also those not kept */
	bool failed;		 /* out of memory: something is missing */
};

#define DIAGNOSTICS_INIT ((struct diagnostics){0})

void diagnostics_error(struct diagnostics *diagnostics, struct mark mark, const char *format, ...)
    _printf_(3, 4);
void diagnostics_warning(struct diagnostics *diagnostics, struct mark mark, const char *format, ...)
    _printf_(3, 4);

/* Sorts by file and place (stable: equal places stay in the order of adding)
 * and drops a line that says exactly what the one before it says. */
void diagnostics_sort(struct diagnostics *diagnostics);

/* "FILE:LINE:COLUMN: [warning: ]text" without an end of line; owned by the
 * caller, NULL when out of memory.  A mark without a line prints "FILE: text". */
char *diagnostic_line(const struct diagnostic *diagnostic);

/* Prints them all, each as "postcask: LINE", and how many are not shown. */
void diagnostics_print(const struct diagnostics *diagnostics, FILE *stream);

/* {"errors":[{"file","line","column","text"}],"warnings":[...],"not_shown":N};
 * NULL when out of memory. */
json_t *diagnostics_to_json(const struct diagnostics *diagnostics);

/* How many were added but not kept. */
size_t diagnostics_not_shown(const struct diagnostics *diagnostics);

void diagnostics_free(struct diagnostics *diagnostics);

#endif
