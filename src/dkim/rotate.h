// SPDX-License-Identifier: GPL-3.0-or-later
/* Going over to the next keys of a domain. */
#ifndef POSTCASK_DKIM_ROTATE_H
#define POSTCASK_DKIM_ROTATE_H

#include "dkim/store.h"

/* The daily job goes over by itself after so many days, where it may (`dns.update`). */
enum { DKIM_ROTATE_DAYS = 182 };

struct dkim_rotation {
	bool force;		    /* without asking the DNS */
	bool uses[DKIM_ALGORITHMS]; /* what signs; other keys are left as they are */
	/* 0 when each authoritative server of the zone shows the record at `name`; else a negative
	 * errno, and who does not. */
	int (*seen)(const char *name, const char *record, struct error *error);
};

/* As the settings say, asking the DNS (dns/ask.h). */
struct dkim_rotation dkim_rotation_from_settings(const json_t *settings);

/* The next keys of the domain sign from now on, the current ones become previous ones and new next
 * ones are made, by one rename: whatever happens meanwhile there are the old keys or the new.
 * -EAGAIN, and nothing is changed, when the next keys are not seen everywhere; -ENOENT when the
 * domain has no next keys yet.  The lock must be held, and dkim_store_publish follow. */
_must_check_ int dkim_rotate(const struct dkim_store *store, const char *domain,
			     const struct dkim_rotation *rotation, struct error *error);

/* Has the domain a key that has signed for DKIM_ROTATE_DAYS? */
bool dkim_rotation_is_due(const struct dkim_store *store, const char *domain,
			  const struct dkim_rotation *rotation);

#endif
