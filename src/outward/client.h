// SPDX-License-Identifier: GPL-3.0-or-later
/* A process of Postfix that is connected: what it has asked, and until when it waits. */
#ifndef POSTCASK_OUTWARD_CLIENT_H
#define POSTCASK_OUTWARD_CLIENT_H

#include "base/buffer.h"
#include "outward/domain.h"

struct outward_client {
	int fd;
	struct buffer input;
	bool waits; /* for what is known of `name`, until `due_ms` */
	char name[OUTWARD_NAME];
	int64_t due_ms;
};

/* Takes over `fd`.  NULL when out of memory. */
struct outward_client *outward_client_new(int fd, int64_t now_ms);
void outward_client_free(struct outward_client *client);

/* Reads what there is.  False: it is to be freed. */
_must_check_ bool outward_client_read(struct outward_client *client);

/* Answers what can be answered.  False: it is to be freed. */
_must_check_ bool outward_client_go_on(struct outward_client *client, struct domains *domains,
				       int64_t now_ms);

#endif
