// SPDX-License-Identifier: GPL-3.0-or-later
/* A change of both files. */
#ifndef POSTCASK_DIRECTORY_BOTH_H
#define POSTCASK_DIRECTORY_BOTH_H

#include "directory/directory.h"

/* Secrets are on the disk first: who has a password and no account is let in by nothing, and is
 * forgotten at the next start; an account without a password would be one that nobody can use. */
_must_check_ int both_begin(struct directory *directory, struct error *error);
_must_check_ int both_end(struct directory *directory, int result, struct error *error);

typedef int both_work(struct directory *directory, const json_t *question,
		      const struct change *change, struct error *error);

/* Has `work` do what a question asks for: done with all of it, on the disk and published, or
 * nothing is.  Where the question is "dry", nothing is, and it is only said what would be wrong. */
_must_check_ int both_change(struct directory *directory, const json_t *question, both_work *work,
			     struct error *error);

/* The same for who goes: accounts are on the disk first, as nobody stays without his password. */
_must_check_ int both_remove(struct directory *directory, const json_t *question, both_work *work,
			     struct error *error);

/* The end of that, for who began himself: `result` is what his work came to. */
_must_check_ int both_finish(struct directory *directory, const json_t *question, int result,
			     struct error *error);

#endif
