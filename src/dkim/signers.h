// SPDX-License-Identifier: GPL-3.0-or-later
/* The daemons that read the lists of keys once, and must be told. */
#ifndef POSTCASK_DKIM_SIGNERS_H
#define POSTCASK_DKIM_SIGNERS_H

#include "base/error.h"

/* Has those that run read the lists anew (opendkim; amavis reads them for each message).  One that
 * is stopped stays stopped. */
_must_check_ int dkim_signers_reload(struct error *error);

#endif
