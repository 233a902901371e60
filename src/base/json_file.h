// SPDX-License-Identifier: GPL-3.0-or-later
/* Small JSON objects in files. */
#ifndef POSTCASK_JSON_FILE_H
#define POSTCASK_JSON_FILE_H

#include <jansson.h>

#include "base/error.h"

/* Reads an object of at most 4 MiB; NULL, and the error, when it is none. */
json_t *json_file_load(const char *path, struct error *error);

/* The same from a folder that another account owns (file_read_foreign). */
json_t *json_file_load_foreign(const char *path, struct error *error);

/* Replaces the file at once, 0644. */
_must_check_ int json_file_save(const json_t *value, const char *path, struct error *error);

#endif
