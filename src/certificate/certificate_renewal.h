// SPDX-License-Identifier: GPL-3.0-or-later
/* Renewal, whole: the files, the daemons, and the proof that the daemons serve
 * the new files.
 *
 * The proof decides, not the change: a daemon that serves another certificate than
 * the file holds is reloaded even when this run changed nothing, so a power cut
 * between a renewal and its reload is healed by the next run. */
#ifndef POSTCASK_CERTIFICATE_RENEWAL_H
#define POSTCASK_CERTIFICATE_RENEWAL_H

#include <stdbool.h>
#include <stdio.h>

#include "certificate/certificate.h"
#include "certificate/certificate_served.h"

#define RENEWAL_STATE "/var/lib/postcask"

struct renewal {
	bool force;    /* issue again although nothing asks for it */
	bool new_keys; /* with force: new private keys too */
	bool check;    /* change nothing, only ask the daemons */
};

struct renewal_outcome {
	struct certificate_outcome certificate;
	struct served served;
	bool reloaded;
};

#define RENEWAL_OUTCOME_INIT ((struct renewal_outcome){0})

/* Runs it with the settings in force.  An error means that it could not be done;
 * when it was done, renewal_succeeded says whether every service serves the
 * current certificate.  Needs root. */
_must_check_ int renewal_run(const struct renewal *renewal, struct renewal_outcome *ret,
			     struct error *error);

bool renewal_succeeded(const struct renewal_outcome *outcome);

/* One line a file and a service, for people. */
void renewal_print(const struct renewal_outcome *outcome, FILE *stream);

/* {"changed", "given", "reloaded", "not_after", "note", "ecdsa", "rsa" (why written),
 *  "served": {"smtp": "current", ...}}; NULL when out of memory. */
json_t *renewal_to_json(const struct renewal_outcome *outcome);

/* The daemons that serve certificates take the files as they are; one that is stopped stays so. */
_must_check_ int renewal_reload(struct error *error);

/* Asks all services until each shows the certificate of the files, or of the file at `path` by
 * `name`, for at most 30 seconds after a reload; `served` has the last answers. */
_must_check_ int renewal_wait_served(const struct certificate_request *request,
				     const json_t *settings, struct served *served,
				     struct error *error);
_must_check_ int renewal_wait_domain(const char *path, const char *name, const json_t *settings,
				     struct served *served, struct error *error);

void renewal_outcome_clear(struct renewal_outcome *outcome);

#endif
