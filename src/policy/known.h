// SPDX-License-Identifier: GPL-3.0-or-later
/* The domains that somebody here has written to: whose mailing lists are no strangers'. */
#ifndef POSTCASK_POLICY_KNOWN_H
#define POSTCASK_POLICY_KNOWN_H

#include "policy/store.h"

/* Nothing happens without memory. */
void known_add(struct store *store, const char *name, int64_t now_s);

bool known_has(const struct store *store, const char *name);

/* Takes over the file of lines "DAY DOMAIN" that versions before the store kept, and removes it
 * when the store has had it since its start: a power cut in between loses nothing.  One that is
 * not to be read is left alone: `error` says why. */
void known_take_over(struct store *store, const char *path, int64_t now_s, struct error *error);

#endif
