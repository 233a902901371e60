// SPDX-License-Identifier: GPL-3.0-or-later
/* Folders as IMAP lists them, here and there. */
#ifndef POSTCASK_IMPORT_LISTING_H
#define POSTCASK_IMPORT_LISTING_H

#include "import/folder.h"
#include "import/words.h"

struct listing {
	struct folders *folders; /* they are added to these */
	const char *verb;	 /* LIST, or XLIST */
	struct error *error;
	int result; /* 0, or a negative errno */
};

/* For imap_run, with a listing: adds the folder of a response, once. */
void listing_take(struct session *session, const struct imap_response *response, void *context);

#endif
