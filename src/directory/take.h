// SPDX-License-Identifier: GPL-3.0-or-later
/* What a question to postcask-directory holds, looked at before it is used.  What is given back is
 * the question's, where nothing else is said. */
#ifndef POSTCASK_DIRECTORY_TAKE_H
#define POSTCASK_DIRECTORY_TAKE_H

#include "directory/directory.h"

/* Who changes something. */
_must_check_ int take_change(const json_t *question, struct change *ret, struct error *error);

/* An address that is or could be of this machine, as it is stored; the caller's. */
_must_check_ int take_address(const json_t *question, char **ret, struct error *error);

/* The same of somebody who is there. */
_must_check_ int take_person(struct directory *directory, const json_t *question, char **ret,
			     struct error *error);

/* Whether an address can be somebody's who is made: its domain is ours, with `people` one that may
 * have users, and nobody has it. */
_must_check_ int take_new(struct directory *directory, const char *address, bool people,
			  struct error *error);

/* Name and quotas; what is not there stays as it is. */
_must_check_ int take_values(const json_t *question, struct account *account, struct error *error);

/* A list of addresses, or of all of a domain (@example.org), as they are stored; of ours, and with
 * `here` of somebody who is there.  *ret is the caller's; NULL where the question has none. */
_must_check_ int take_senders(struct directory *directory, const json_t *question, const char *key,
			      bool here, json_t **ret, struct error *error);

/* NULL where the question has none. */
_must_check_ int take_domain(const json_t *question, char **ret, struct error *error);

/* The addresses of a list of the question as they are stored, each once: 1 to `most`. */
_must_check_ int take_addresses(struct directory *directory, const json_t *list, size_t most,
				json_t *ret, struct error *error);

/* A sentence where an address that is to be made has another name of a domain. */
_must_check_ int take_no_other_name(struct directory *directory, const char *address,
				    struct error *error);

/* A language of the question; what is not there stays.  *ret_text is the caller's. */
_must_check_ int take_language(const json_t *question, const char **ret, char **ret_text,
			       struct error *error);

/* A hash as Dovecot takes it; the caller's. */
_must_check_ int take_hash(const json_t *question, char **ret, struct error *error);

/* A person's name, and a number of the question; what is not there stays as it is. */
_must_check_ int take_name(const json_t *question, const char **ret, struct error *error);
_must_check_ int take_number(const json_t *question, const char *key, int64_t most, int64_t *ret,
			     struct error *error);

/* Whether mail for an address that was put comes back to it, alias or forward; a sentence if so. Of
 * many, `added` has them as keys: others may have led back to themselves before. */
_must_check_ int take_no_loop(struct directory *directory, const char *address,
			      struct error *error);
_must_check_ int take_no_loops(struct directory *directory, const json_t *added,
			       struct error *error);

/* One line of the record for a whole table: 100,000 of them would take the place of all others. */
_must_check_ int take_note_import(struct directory *directory, const struct change *change,
				  const char *verb, size_t count, struct error *error);

/* Whether a command may change what has this origin; a sentence if not. */
_must_check_ int take_own(const json_t *found, const char *address, struct error *error);

#endif
