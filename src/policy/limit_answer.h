// SPDX-License-Identifier: GPL-3.0-or-later
/* The limits as they are asked for: by Postfix for each message, and by root, who sees how much
 * of them is used and frees who is held. */
#ifndef POSTCASK_POLICY_LIMIT_ANSWER_H
#define POSTCASK_POLICY_LIMIT_ANSWER_H

#include "base/buffer.h"
#include "policy/limit.h"
#include "policy/request.h"

/* Reads what the settings say: lines "NAME<tab>NUMBER".  What a newer version wrote is passed
 * over; a file that is not there is no limit. */
_must_check_ int limit_config_load(const char *path, struct limits *limits, struct error *error);

/* The answer to a question whose context is "limits", as the protocol wants it. */
void limit_answer_postfix(struct limits *limits, const struct postfix_request *request, int64_t now,
			  struct buffer *text);

/* Lines of JSON: all limits, and who has used most of each; and what became of a login's
 * release: {"held": true}, or {"error": "..."}. */
void limit_answer_list(struct limits *limits, int64_t now, struct buffer *text);
void limit_answer_release(struct limits *limits, const char *login, int64_t now,
			  struct buffer *text);

#endif
