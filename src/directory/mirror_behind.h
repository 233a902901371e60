// SPDX-License-Identifier: GPL-3.0-or-later
/* A picture (mirror.h) of who has a mailbox on the server behind a gateway. */
#ifndef POSTCASK_DIRECTORY_MIRROR_BEHIND_H
#define POSTCASK_DIRECTORY_MIRROR_BEHIND_H

#include "directory/directory.h"

/* Names all addresses of the picture that are in our domains, in a change that is begun, and counts
 * them and the others: nothing is changed before accounts_put_recipients. */
_must_check_ int mirror_behind_name(struct directory *directory, const json_t *question,
				    int64_t *ret_named, int64_t *ret_left_out, struct error *error);

#endif
