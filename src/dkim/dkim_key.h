// SPDX-License-Identifier: GPL-3.0-or-later
/* The DKIM keys as a kind of keys; its state is "made", "kept", or "waiting" while those of some
 * domains are still to be made, which postcask-signing.timer sees to. */
#ifndef POSTCASK_DKIM_KEY_H
#define POSTCASK_DKIM_KEY_H

#include "key/key.h"

#define DKIM_KEY "dkim" /* among the kinds of keys (src/key) */

extern const struct key_kind dkim_key;

#endif
