// SPDX-License-Identifier: GPL-3.0-or-later
/* Errors: a function that can fail returns 0 or a negative errno and fills the
 * caller's `struct error` with a sentence; callers add context on the way up,
 * and the program prints it once.  Libraries never print.
 *
 *	_cleanup_(error_clear) struct error error = ERROR_INIT;
 *	if (file_read(path, 1 << 20, &text, &size, &error) < 0)
 *		return error_wrap(&error, "cannot load the settings");
 *	error_print(&error);	-> "postcask: cannot load the settings: FILE: No such file..."
 */
#ifndef POSTCASK_ERROR_H
#define POSTCASK_ERROR_H

#include "base/cleanup.h"

struct error {
	int code;   /* negative errno, 0 when nothing went wrong */
	char *text; /* owned; NULL when out of memory or nothing went wrong */
};

#define ERROR_INIT ((struct error){0})

/* Sets the error to `code` (negative or positive errno) and the sentence.
 * Replaces what was there; `error` may be NULL.  Returns the negative errno. */
int error_set(struct error *error, int code, const char *format, ...) _printf_(3, 4);

/* As error_set, with ": " and strerror(code) after the sentence. */
int error_errno(struct error *error, int code, const char *format, ...) _printf_(3, 4);

/* Puts "context: " before the sentence.  Returns error->code. */
int error_wrap(struct error *error, const char *format, ...) _printf_(2, 3);

#ifdef __clang_analyzer__ /* sees one file at a time, and not that they never return 0 */
#define error_set(...)	 ((void)(error_set)(__VA_ARGS__), -1)
#define error_errno(...) ((void)(error_errno)(__VA_ARGS__), -1)
#define error_wrap(...)	 ((void)(error_wrap)(__VA_ARGS__), -1)
#endif

/* The sentence, never NULL. */
const char *error_text(const struct error *error);

/* Prints "program: sentence\n" to standard error. */
void error_print(const struct error *error);

void error_clear(struct error *error);

#endif
