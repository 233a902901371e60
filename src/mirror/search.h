// SPDX-License-Identifier: GPL-3.0-or-later
/* Reads a directory server: everybody, or nothing with the reason.  Inside TLS whose certificate
 * is proved, and each wait has an end. */
#ifndef POSTCASK_MIRROR_SEARCH_H
#define POSTCASK_MIRROR_SEARCH_H

#include "base/digest.h"
#include "mirror/picture.h"

enum {
	SEARCH_CONNECT_S = 5,
	SEARCH_WAIT_S = 20, /* for a page */
	SEARCH_ALL_S = 120, /* for all of it */
	SEARCH_PAGE = 1000,
	SEARCH_SIZE = 128 * 1024 * 1024, /* bytes of a picture's entries */
};

/* Of the first server that answers with all of it; what the others said is the error otherwise.
 * The digest is another one when anything there is, and the same in whatever order it comes; with
 * NULL for the picture nothing is kept but this. */
_must_check_ int search_read(const struct tree *tree, char ret_digest[DIGEST_TEXT_SIZE],
			     json_t **ret_picture, struct error *error);

#endif
