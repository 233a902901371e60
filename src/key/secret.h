// SPDX-License-Identifier: GPL-3.0-or-later
/* A secret that is one random number in a file, made once and kept: what kinds of keys have in
 * common that are no more than that. */
#ifndef POSTCASK_KEY_SECRET_H
#define POSTCASK_KEY_SECRET_H

#include "base/buffer.h"
#include "key/key.h"

struct secret {
	const char *name;    /* of the file, below the folder of keys; root's alone */
	const char *before;  /* stands in its line before the digits */
	const char *damaged; /* the sentence for the report when it has to be made anew */
};

/* Makes sure of it: "kept" or "made". */
_must_check_ int secret_ensure(const struct secret *secret, const char *folder,
			       struct key_result *ret, struct error *error);

/* What struct key_kind's two halves need of such a secret, which `wanted` asks for. */
_must_check_ int secret_begin(const struct secret *secret, bool wanted, const char *folder,
			      void **ret_job, struct error *error);
int secret_finish(void *job, int timeout_ms, struct key_result *ret, struct error *error);

#endif
