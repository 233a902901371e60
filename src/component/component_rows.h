// SPDX-License-Identifier: GPL-3.0-or-later
/* The rows of the table: a line for each file of this folder that has one.  Whoever is needed
 * stands before who needs it. */
#ifndef POSTCASK_COMPONENT_ROWS_H
#define POSTCASK_COMPONENT_ROWS_H

#include "component/components.h"

/* clang-format off */
#define COMPONENT_ROWS(row) \
	row(postfix) \
	row(dovecot) \
	row(clamav) \
	row(freshclam) \
	row(amavis) \
	row(spamassassin) \
	row(quarantine) \
	row(updates) \
	row(unbound) \
	row(timesync) \
	row(account)
/* clang-format on */

#define COMPONENT_DECLARE(name) extern const struct component component_##name;
COMPONENT_ROWS(COMPONENT_DECLARE)

#endif
