// SPDX-License-Identifier: GPL-3.0-or-later
/* Where a picture of people comes from: a directory server, which is asked each time, or a
 * database, which also tells of changes. */
#ifndef POSTCASK_MIRROR_SOURCE_H
#define POSTCASK_MIRROR_SOURCE_H

#include "mirror/database.h"

struct source {
	const struct tree *tree;
	struct database *database; /* owned; NULL: no connection */
};

/* As search_read (search.h) and database_read. */
_must_check_ int source_read(struct source *source, char ret_digest[DIGEST_TEXT_SIZE],
			     json_t **ret_picture, struct error *error);

/* Readable when it has news; -1 when it tells of none. */
int source_fd(const struct source *source);

/* Whether it has told of changes since the last call, or can do so no longer. */
bool source_has_news(struct source *source);

void source_end(struct source *source);

#endif
