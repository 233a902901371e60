// SPDX-License-Identifier: GPL-3.0-or-later
/* etc/postcask/quarantine.conf: what the settings want of the daily job. */
#ifndef POSTCASK_QUARANTINE_CONFIG_H
#define POSTCASK_QUARANTINE_CONFIG_H

#include <stdbool.h>

#include "base/error.h"

#define QUARANTINE_CONFIG_FILE "/etc/postcask/quarantine.conf"

enum quarantine_period { DIGEST_NEVER, DIGEST_DAILY, DIGEST_WEEKLY };

struct quarantine_told {
	bool postmaster, recipients;
};

struct quarantine_config {
	unsigned retention_days;	      /* 0: for ever */
	struct quarantine_told viruses, rest; /* who is told of them; rest: what is no virus */
	enum quarantine_period digest;
	char *receiver, *postmaster, *hostname; /* owned */
};

#define QUARANTINE_CONFIG_INIT ((struct quarantine_config){0})

/* -EINVAL when a line is none of them, or one is missing. */
_must_check_ int quarantine_config_load(const char *path, struct quarantine_config *config,
					struct error *error);

/* Who is told of anything. */
struct quarantine_told quarantine_told(const struct quarantine_config *config);

void quarantine_config_free(struct quarantine_config *config);

#endif
