// SPDX-License-Identifier: GPL-3.0-or-later
/* What a picture (mirror.h) says that the filter is to do for somebody. */
#ifndef POSTCASK_DIRECTORY_MIRROR_FILTER_H
#define POSTCASK_DIRECTORY_MIRROR_FILTER_H

#include <jansson.h>

/* As filter_take (accounts_filter.h), but that a value that is no good is left out and counted: who
 * wrote it is not there to be told.  The caller's; NULL for nothing. */
json_t *mirror_filter_take(const json_t *given, json_int_t *left_out);

#endif
