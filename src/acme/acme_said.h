// SPDX-License-Identifier: GPL-3.0-or-later
/* What uacme(1) printed (-vv), read: it has the authority's own words in it, which are a
 * stranger's. */
#ifndef POSTCASK_ACME_SAID_H
#define POSTCASK_ACME_SAID_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

enum acme_class {
	ACME_FINE,
	ACME_UNREACHABLE, /* no connection, or no directory there: nothing else will go either */
	ACME_NONCE,	  /* a nonce was refused too often: again at once */
	ACME_NO_ACCOUNT,  /* it does not know our account */
	ACME_LIMIT,	  /* we asked more than it allows */
	ACME_REFUSED,	  /* it refused the order, or did not find the names proved */
	ACME_FAILED,	  /* anything else */
};

struct acme_said {
	enum acme_class class;
	char *error;   /* owned; in words, one line of printable ASCII; NULL: nothing was wrong */
	char *account; /* owned; its URL, NULL: not said */
	json_t *caa;   /* owned; how the authority calls itself in CAA records */
	int64_t
	    window[2]; /* when it wants the certificate renewed, seconds since 1970; 0: not said */
};

#define ACME_SAID_INIT ((struct acme_said){.class = ACME_FINE})

/* `exit_status` is uacme's; `text` what it printed, `size` bytes.  `names` is whose order it was,
 * for the sentence. */
void acme_said_read(const char *text, size_t size, int exit_status, const char *names,
		    struct acme_said *ret);
void acme_said_clear(struct acme_said *said);

const char *acme_class_name(enum acme_class class); /* "refused" */
enum acme_class acme_class_find(const char *name);  /* ACME_FAILED for what is none */

#endif
