// SPDX-License-Identifier: GPL-3.0-or-later
/* base64url without padding (RFC 7515 §2), in which keys and tokens are written. */
#ifndef POSTCASK_TOKENS_BASE64URL_H
#define POSTCASK_TOKENS_BASE64URL_H

#include "base/slice.h"

/* The number of bytes; 0 for an empty text, for what is none, and when there is no room. */
size_t base64url_decode(struct slice text, unsigned char *ret, size_t room);

#endif
