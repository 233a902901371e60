// SPDX-License-Identifier: GPL-3.0-or-later
#include "import/listing.h"

#include <stdlib.h>

void listing_take(struct session *session _unused_, const struct imap_response *response,
		  void *context)
{
	struct listing *listing = context;
	struct listed listed;

	if (listing->result < 0 || !words_list(response, listing->verb, &listed))
		return;
	if (folders_find(listing->folders, listed.name)) {
		free(listed.name);
		return;
	}
	listing->result = folders_add(listing->folders, listed.name, listed.separator, listed.use,
				      listed.no_messages, listing->error);
}
