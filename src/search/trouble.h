// SPDX-License-Identifier: GPL-3.0-or-later
/* Whose index of words cannot be read, by what Dovecot logs of it; and whose may be made anew. */
#ifndef POSTCASK_SEARCH_TROUBLE_H
#define POSTCASK_SEARCH_TROUBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/slice.h"

enum {
	TROUBLE_USER = 320,		   /* bytes of an address */
	TROUBLE_USERS = 1000,		   /* who are remembered */
	TROUBLE_AGAIN_MS = 60 * 60 * 1000, /* from one time to the next for one user */
};

/* True when the line of Dovecot's log says that a user's index is damaged; who it is.  What will
 * pass by itself is none: a lock, a change meanwhile, a full disk. */
_must_check_ bool trouble_read(struct slice line, char user[TROUBLE_USER]);

/* What a login here can be, and what may become a file's name and a variable's value. */
_must_check_ bool trouble_is_user(struct slice user);

/* Whose index was made anew, and when. */
struct troubles {
	struct {
		char user[TROUBLE_USER];
		int64_t when;
	} users[TROUBLE_USERS];
	size_t count;
};

/* True, and remembered, when it is time to make the user's index anew: once an hour at most, so
 * that a disk that fails is not written to without end. */
_must_check_ bool trouble_due(struct troubles *troubles, const char *user, int64_t now_ms);

#endif
