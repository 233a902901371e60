// SPDX-License-Identifier: GPL-3.0-or-later
/* People and aliases that change hands: of a command's to the server that is mirrored, record by
 * record where both say the same, and all of a server's to this machine. */
#ifndef POSTCASK_DIRECTORY_MIRROR_MOVE_H
#define POSTCASK_DIRECTORY_MIRROR_MOVE_H

#include "directory/mirror_person.h"

/* Remembered: the next picture takes what is the same. */
#define MIRROR_MOVE_KEY "mirror-move"

/* What differs between somebody of a command's, as accounts_list has him, and the picture, such as
 * "the quota": *ret is NULL when nothing does. */
_must_check_ int mirror_person_differs(struct directory *directory, const json_t *here,
				       const struct mirror_person *person, const char **ret,
				       struct error *error);

/* Of an alias: where it leads, and that everybody may write to it. */
bool mirror_alias_differs(const json_t *here, const json_t *to);

/* {"do": "accounts-move", "who", "to": "server"}: with the next picture; "machine": at once, with
 * {"people": 7, "without": 2} of whom no password is known here. */
int answer_accounts_move(void *context, const json_t *question, json_t *answer,
			 struct error *error);

#endif
