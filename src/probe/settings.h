// SPDX-License-Identifier: GPL-3.0-or-later
/* What the probes have to know of the machine: its settings as they are published to every
 * account (settings/published.h), of which a probe names the path that it needs, and where
 * to find the rest, which only tests change. */
#ifndef POSTCASK_PROBE_SETTINGS_H
#define POSTCASK_PROBE_SETTINGS_H

#include "base/error.h"
#include "net/ports.h"
#include "settings/published.h"

#define PROBE_ADDRESS "selftest@selftest.invalid"
#define PROBE_DOMAIN  "selftest.invalid"

struct probe_settings {
	json_t *published;    /* owned */
	const char *hostname; /* in it */
	bool enabled[PORTS];
	unsigned number[PORTS];

	const char *host; /* where the daemons listen */
	const char *ca_file;
	const char *chain_file;	   /* what is served, with an ACME authority's certificates in it */
	const char *quarantine;	   /* folder where the test virus ends */
	const char *amavis_folder; /* there while its service is up, see probe_local.c */
	const char *maildir;	   /* the self-test's mailbox where there are no others */
	const char *signatures;	   /* folder of clamav's databases */
	const char *policy;	   /* socket where the filter asks who mail is from */
	const char *dkim;	   /* what is published of the keys that sign */
	const char *resolver;
	unsigned resolver_port;
	unsigned amavis_incoming;
	unsigned amavis_submitted;
	char *password; /* of the self-test mailbox; wiped by probe_settings_free */
};

/* All defaults, nothing enabled. */
void probe_settings_init(struct probe_settings *settings);

/* Reads the published settings. */
_must_check_ int probe_settings_load(struct probe_settings *settings, const char *path,
				     struct error *error);

/* Reads the password; one final line break is not part of it. */
_must_check_ int probe_settings_load_password(struct probe_settings *settings, const char *path,
					      struct error *error);

void probe_settings_free(struct probe_settings *settings);

#endif
