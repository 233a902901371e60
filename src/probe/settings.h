// SPDX-License-Identifier: GPL-3.0-or-later
/* What the probes have to know of the machine: /run/postcask/verify-settings.json,
 * which postcask-firstboot writes from the settings and which holds no secret:
 *
 *	{"version": "0.1.0", "hostname": "mail.example.org",
 *	 "domains": ["example.org"],
 *	 "services": {"smtp": true, "imap": true, ...},	absent ones are off
 *	 "certificate": "PEM chain"}	only when the settings give one
 *
 * and where to find the rest, which only tests change. */
#ifndef POSTCASK_PROBE_SETTINGS_H
#define POSTCASK_PROBE_SETTINGS_H

#include "base/error.h"
#include "net/ports.h"

#define PROBE_ADDRESS "selftest@selftest.invalid"
#define PROBE_DOMAIN  "selftest.invalid"

struct probe_settings {
	char *version;
	char *hostname;
	char *domain; /* the first real one; NULL: none */
	char *chain;  /* a given certificate and its chain, PEM; NULL: our own authority */
	bool enabled[PORTS];
	bool smtp_auth; /* users may log in on port 25 */
	unsigned number[PORTS];

	const char *host; /* where the daemons listen */
	const char *ca_file;
	const char *quarantine;	   /* folder where the test virus ends */
	const char *amavis_folder; /* there while its service is up, see probe_local.c */
	const char *signatures;	   /* folder of clamav's databases */
	const char *resolver;
	unsigned resolver_port;
	unsigned amavis_incoming;
	unsigned amavis_submitted;
	char *password; /* of the self-test mailbox; wiped by probe_settings_free */
};

/* All defaults, nothing enabled. */
void probe_settings_init(struct probe_settings *settings);

/* Reads verify-settings.json. */
_must_check_ int probe_settings_load(struct probe_settings *settings, const char *path,
				     struct error *error);

/* Reads the password; one final line break is not part of it. */
_must_check_ int probe_settings_load_password(struct probe_settings *settings, const char *path,
					      struct error *error);

void probe_settings_free(struct probe_settings *settings);

#endif
