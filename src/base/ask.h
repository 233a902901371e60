// SPDX-License-Identifier: GPL-3.0-or-later
/* Asking a service of ours at its unix socket: one JSON object a connection, up to the end of a
 * line, and one as the answer, up to the end. */
#ifndef POSTCASK_BASE_ASK_H
#define POSTCASK_BASE_ASK_H

#include <jansson.h>
#include <stddef.h>

#include "base/error.h"
#include "base/slice.h"

struct ask_params {
	const char *path;   /* of the socket */
	int patience_ms;    /* for all of it */
	size_t limit;	    /* of the answer, in bytes */
	const char *silent; /* sentences: it gives no answer, */
	const char *absent; /* it does not run, */
	const char *denied; /* and who asks may not */
};

/* *ret_answer is a new reference.  What the service says under "error" is the error: -EINVAL; else
 * -ETIME, -ENOENT or -EACCES and the sentence for it. */
_must_check_ int ask_service(const struct ask_params *params, const json_t *question,
			     json_t **ret_answer, struct error *error);

/* The other side: what can be asked ("do" of the question), and who answers.  Sets what it has to
 * say in the answer, an empty object; what is an error is said alone. */
struct ask_verb {
	const char *name;
	int (*answer)(void *context, const json_t *question, json_t *answer, struct error *error);
};

/* The answer to a question as it came, to be freed; NULL only without memory. */
char *ask_answer(const struct ask_verb *verbs, size_t count, void *context, struct slice question);

#endif
