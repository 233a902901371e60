// SPDX-License-Identifier: GPL-3.0-or-later
/* JSON objects in files and on standard output, and what is read out of them. */
#ifndef POSTCASK_JSON_FILE_H
#define POSTCASK_JSON_FILE_H

#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

#define _cleanup_json_ _cleanup_(cleanup_json)

static inline void cleanup_json(json_t **value)
{
	json_decref(*value);
}

/* More than our own programs write into a report or a state of theirs. */
enum { JSON_FILE_LIMIT = 4 * 1024 * 1024 };

enum json_file_flags {
	JSON_FILE_FOREIGN = 1 << 0, /* in a folder that another account owns: file_read_foreign */
	JSON_FILE_REPEATS = 1 << 1, /* of two equal keys the last counts, as others write them */
	JSON_FILE_LIST = 1 << 2,    /* a list, and no object */
};

/* Reads an object of at most `limit` bytes.  *ret is a new reference, untouched on failure.
 * -EBADMSG and "PATH:LINE:COLUMN: ..." for what is no JSON, no object, or has a key twice;
 * else as file_read, and -ENOMEM for a path of NULL (file_join).  The text is wiped, whatever
 * it held. */
_must_check_ int json_file_read(const char *path, size_t limit, enum json_file_flags flags,
				json_t **ret, struct error *error);

/* Formats, besides jansson's own flags of json_dumps. */
#define JSON_FILE_NEWLINE ((size_t)1 << 32) /* at the end */
#define JSON_FILE_REPORT  (JSON_INDENT(1) | JSON_REAL_PRECISION(10) | JSON_FILE_NEWLINE)

/* Replaces the file at once (file_replace).  The text is wiped.  -ENOMEM for a path or a value
 * of NULL. */
_must_check_ int json_file_replace(const char *path, const json_t *value, size_t format,
				   mode_t mode, struct error *error);

/* Prints the value and a newline on standard output, which is flushed.  -ENOMEM for NULL. */
_must_check_ int json_print(const json_t *value, size_t format, struct error *error);

/* What an object has under a key: "" and 0 when it has none, or one of another type. */
const char *json_text(const json_t *object, const char *key);
long long json_number(const json_t *object, const char *key);

/* Is it one of the texts of a list? */
bool json_has_text(const json_t *list, const char *text);

/* Appends a sentence to a list.  What is no UTF-8 (a program's words, a path) becomes ASCII, for
 * JSON would not have it at all. */
void json_add_sentence(json_t *list, const char *format, ...) _printf_(2, 3);
void json_vadd_sentence(json_t *list, const char *format, va_list arguments) _printf_(2, 0);

#endif
