// SPDX-License-Identifier: GPL-3.0-or-later
/* QR codes as the path of an SVG picture. */
#ifndef POSTCASK_WEB_QR_H
#define POSTCASK_WEB_QR_H

#include <jansson.h>

#include "base/error.h"

/* {"size": modules of a side with the quiet zone around it, "path": the d of a <path> that
 * paints the dark ones}, a new reference.  -EINVAL when the text is too long for a code. */
_must_check_ int qr_make(const char *text, json_t **ret, struct error *error);

#endif
