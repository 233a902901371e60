// SPDX-License-Identifier: GPL-3.0-or-later
/* What came over from another server, for people. */
#ifndef POSTCASK_COMMAND_SHOW_TAKEOVER_H
#define POSTCASK_COMMAND_SHOW_TAKEOVER_H

#include <jansson.h>

/* {people, aliases, same, without_password, disabled, left, domains, dry} on standard output. */
void show_takeover(const json_t *report);

#endif
