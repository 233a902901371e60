// SPDX-License-Identifier: GPL-3.0-or-later
/* Names of domains as strangers write them: in small letters, as the DNS has them. */
#ifndef POSTCASK_POLICY_NAME_H
#define POSTCASK_POLICY_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

enum {
	NAME_SIZE = 254, /* 253 bytes (RFC 1035 §3.1, without the dot at the end) and a NUL */
	NAME_LABEL = 63,
};

/* Copies a name in small letters and without a dot at its end; what is not ASCII becomes
 * A-labels (RFC 5890 §2.3).  False when it is no name: an empty label or a long one, too long
 * as a whole, or with other characters than letters, digits, "-" and "_". */
_must_check_ bool name_take(struct slice text, char ret[NAME_SIZE]);

size_t name_labels(const char *name);

/* The name of the last `labels` labels, inside `name`; all of it when it has no more. */
const char *name_last(const char *name, size_t labels);

/* Is it `above`, or below it? */
bool name_is_within(const char *name, const char *above);

#endif
