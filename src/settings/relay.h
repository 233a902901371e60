// SPDX-License-Identifier: GPL-3.0-or-later
/* Settings that would make the machine a relay for strangers, or send its mail to
 * itself.  The keys are of a later version and refused as such; what is wrong with
 * their values is said all the same, so that nobody writes them down for later. */
#ifndef POSTCASK_RELAY_H
#define POSTCASK_RELAY_H

#include "settings/node.h"

/* `mail` is the mapping, `hostname` the machine's name (NULL: unknown). */
void relay_check(const struct node *mail, const char *hostname, struct diagnostics *diagnostics);

#endif
