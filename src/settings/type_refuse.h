// SPDX-License-Identifier: GPL-3.0-or-later
/* How the types refuse a value. */
#ifndef POSTCASK_TYPE_REFUSE_H
#define POSTCASK_TYPE_REFUSE_H

#include <stddef.h>

#include "base/error.h"

/* Refuses with the value quoted before the sentence; returns -EINVAL. */
int type_refuse(struct error *error, const char *text, size_t size, const char *sentence);
#ifdef __clang_analyzer__ /* sees one file at a time, and not that it never returns 0 */
#define type_refuse(...) ((void)(type_refuse)(__VA_ARGS__), -1)
#endif

/* Refuses characters that nobody sees; 0 when there are none. */
int type_refuse_control(const char *text, size_t size, struct error *error);

#endif
