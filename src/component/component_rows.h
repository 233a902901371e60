// SPDX-License-Identifier: GPL-3.0-or-later
/* The rows of table.c, each in its own file. */
#ifndef POSTCASK_COMPONENT_ROWS_H
#define POSTCASK_COMPONENT_ROWS_H

#include "component/components.h"

extern const struct component component_account;
extern const struct component component_amavis;
extern const struct component component_clamav;
extern const struct component component_dovecot;
extern const struct component component_freshclam;
extern const struct component component_postfix;
extern const struct component component_quarantine;
extern const struct component component_spamassassin;
extern const struct component component_timesync;
extern const struct component component_unbound;
extern const struct component component_updates;

#endif
