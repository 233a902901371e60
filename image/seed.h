// SPDX-License-Identifier: GPL-3.0-or-later
/* NoCloud seeds: a small disk labelled "cidata" on which cloud-init finds the
 * user-data (cloud-init's documentation, "NoCloud"). */
#ifndef POSTCASK_IMAGE_SEED_H
#define POSTCASK_IMAGE_SEED_H

#include <stddef.h>

#include "base/error.h"

struct seed {
	const char *user_data;	    /* a file */
	const char *meta_data;	    /* a file, or NULL: made from instance_id */
	const char *network_config; /* a file, or NULL: DHCP on the first card */
	const char *instance_id;    /* or NULL: from the server's name */
};

/* Refuses what cloud-init would not take for user-data: it must begin with
 * "#cloud-config", "#!", "## template: jinja" or a MIME header. */
_must_check_ int seed_check_user_data(const char *text, const char *file, struct error *error);

/* The text of meta-data.  Without `instance_id` it is made from the server's name
 * in the user-data (fqdn, else hostname; of text that is no cloud-config with one:
 * from the content), so that an edited file for the same server is the same
 * instance to cloud-init: a machine that holds mail refuses another one.  Owned by
 * the caller. */
_must_check_ int seed_make_meta_data(const char *user_data, size_t size, const char *instance_id,
				     char **ret_text, struct error *error);

/* Writes the seed as an ISO 9660 image, whole or not at all. */
_must_check_ int seed_write(const struct seed *seed, const char *output, struct error *error);

/* The command `postcask-image seed`. */
int seed_main(int argc, char **argv);

#endif
