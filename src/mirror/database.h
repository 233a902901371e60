// SPDX-License-Identifier: GPL-3.0-or-later
/* Reads a PostgreSQL database: everybody, or nothing with the reason.  Inside TLS, with a server
 * that proves its name and knows the password (SCRAM with channel binding), and each wait has an
 * end.  What is read is a schema of ours (overlays/usr/share/postcask/postgresql/schema.sql), by
 * its views mirror_person and mirror_alias, a JSON object each row.
 *
 * The connection stays, and tells of changes (LISTEN). */
#ifndef POSTCASK_MIRROR_DATABASE_H
#define POSTCASK_MIRROR_DATABASE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/digest.h"
#include "mirror/tree.h"

enum {
	DATABASE_CONNECT_S = 5,
	DATABASE_WAIT_S = 20, /* for an answer */
	DATABASE_ALL_S = 120, /* for all of it */
	DATABASE_ROWS = 500000,
	DATABASE_ROW = 512 * 1024,	   /* bytes */
	DATABASE_SIZE = 128 * 1024 * 1024, /* bytes of all rows */
};

struct database; /* a connection */

/* Of the first server that answers with all of it.  *database is made when it is NULL, kept for the
 * next look, and NULL again when it broke.  *ret_picture is as picture.h has it, but that people
 * have "hash", "forward", "forward_keep", "language" and "quota_messages", and no DN; with NULL for
 * it nothing is kept but the digest, which is another one when anything there is. */
_must_check_ int database_read(struct database **database, const struct tree *tree,
			       char ret_digest[DIGEST_TEXT_SIZE], json_t **ret_picture,
			       struct error *error);

/* Readable when there is news; -1 without a connection. */
int database_fd(const struct database *database);

/* Takes what came, and whether anything has changed, or the connection is lost.  To be called after
 * each look too: what came meanwhile is no longer at the socket. */
bool database_news(struct database **database);

void database_end(struct database **database);

#endif
