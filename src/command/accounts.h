// SPDX-License-Identifier: GPL-3.0-or-later
/* What the commands that keep accounts have alike. */
#ifndef POSTCASK_COMMAND_ACCOUNTS_H
#define POSTCASK_COMMAND_ACCOUNTS_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"

/* postcask user add, list, show, set, passwd, disable, enable, remove, import, export, as
 * command_user's table calls them. */
int command_people(int argc, char **argv);

/* Who is at the keyboard, as far as sudo knows. */
const char *accounts_who(void);

/* What is said behind somebody who is not of a command. */
const char *accounts_origin(const json_t *found);

/* Asks postcask-directory; takes the question over, which is NULL where a text in it is no UTF-8.
 */
_must_check_ int accounts_ask(json_t *question, json_t **ret_answer, struct error *error);

/* "10GB", "500 M", "0": MiB; what is no whole number of them is refused. */
_must_check_ int accounts_quota(const char *text, long long *ret_mib, struct error *error);

/* Adds name, quota ("10GB") and number of messages to a question; NULL is not said. */
_must_check_ int accounts_values(json_t *question, const char *name, const char *quota,
				 const char *messages, struct error *error);

/* Ends whoever's sessions these are; nobody in is no error. */
void accounts_kick(const char *address);

/* Prints the line of a person or a shared mailbox. */
void accounts_print(const json_t *account);

/* A password that was typed twice, or the first line of standard input, as a hash; with `hashed`
 * that is one already.  The caller's, who wipes it. */
_must_check_ int accounts_password(const char *address, bool hashed, char **ret_hash,
				   struct error *error);

/* The hash of a password that nobody knows, for who has none yet; the caller's, who wipes it. */
_must_check_ int accounts_nobodys_hash(char **ret_hash, struct error *error);

/* The rows of a CSV file, or of standard input for "-". */
_must_check_ int accounts_table(const char *path, const char *const *columns, json_t **ret_rows,
				struct error *error);

/* Prints the error; COMMAND_FAILED. */
int accounts_fail(const struct error *error);

/* The same, and that nothing was taken of a table. */
int accounts_fail_import(const struct error *error);

#endif
