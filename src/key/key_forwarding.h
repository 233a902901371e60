// SPDX-License-Identifier: GPL-3.0-or-later
/* The secret of forwarded mail, as a kind of keys: with it postsrsd makes the addresses to
 * which bounces of such mail come back, and knows its own again.  One line of hexadecimal
 * digits in the file FORWARDING_SECRET, which root alone reads; systemd gives postsrsd a copy
 * (LoadCredential=).  It is made once and kept: with another one the bounces of three weeks
 * would be refused.  Its states are "kept", "made", and "off" when nothing asks for it. */
#ifndef POSTCASK_KEY_KEY_FORWARDING_H
#define POSTCASK_KEY_KEY_FORWARDING_H

#include "key/key.h"

#define FORWARDING_KEY	  "forwarding"
#define FORWARDING_SECRET "forwarding" /* below the folder of keys */

extern const struct key_kind forwarding_key;

#endif
