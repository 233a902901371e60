// SPDX-License-Identifier: GPL-3.0-or-later
/* What client.c, client_postfix.c and client_answer.c need of each other. */
#ifndef POSTCASK_POLICY_CLIENT_PRIVATE_H
#define POSTCASK_POLICY_CLIENT_PRIVATE_H

#include "policy/client.h"

/* Nobody waits any more.  False when it does not get out: the client is to be freed. */
_must_check_ bool client_answer(struct client *client, const struct client_sources *sources,
				const char *text);

/* At once: may he write to an alias that is not for everybody?  `believed`: see writers_judge. */
_must_check_ bool client_judge_writer(struct client *client, const struct client_sources *sources,
				      bool believed);

/* Answers what Postfix asked, or leaves it waiting. */
_must_check_ bool client_judge_postfix(struct client *client, const struct client_sources *sources);

#endif
