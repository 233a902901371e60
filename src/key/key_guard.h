// SPDX-License-Identifier: GPL-3.0-or-later
/* The secret with which Dovecot makes 12 bits of each password that was tried, as a kind of keys:
 * by them postcask-guard(8) knows two tries apart, and nobody finds a password by them.  A line for
 * dovecot.conf in a file that root alone reads.  Its states are "kept", "made", and "off" when
 * nothing asks for it. */
#ifndef POSTCASK_KEY_KEY_GUARD_H
#define POSTCASK_KEY_KEY_GUARD_H

#include "key/key.h"

#define GUARD_KEY    "guard"
#define GUARD_SECRET "guard.conf" /* below the folder of keys */

extern const struct key_kind guard_key;

#endif
