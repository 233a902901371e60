// SPDX-License-Identifier: GPL-3.0-or-later
/* Do the daemons really serve the certificate that lies in the keys folder?
 * Every service that the settings switch on is asked by a TLS handshake on the
 * loopback, and the certificate it shows is compared with the files.
 *
 * It asks as a client of today, which is shown the ECDSA certificate; certificate_check_domain
 * by the name of a mail domain. */
#ifndef POSTCASK_CERTIFICATE_SERVED_H
#define POSTCASK_CERTIFICATE_SERVED_H

#include <stddef.h>

#include <jansson.h>

#include "certificate/certificate.h"
#include "component/ports.h"

enum served_state {
	SERVED_CURRENT,	    /* one of the files' certificates */
	SERVED_STALE,	    /* another certificate: the daemon was not reloaded */
	SERVED_UNREACHABLE, /* no handshake: `detail` says why */
};

struct served_port {
	const char *name; /* static */
	enum served_state state;
	char *detail; /* owned; NULL when current */
};

struct served {
	struct served_port ports[PORTS];
	size_t count;
	size_t current; /* how many are SERVED_CURRENT */
};

#define SERVED_INIT ((struct served){0})

/* Asks every service that is on in the checked settings, one after the other, at
 * most `timeout_ms` each.  Fails only when the files cannot be read; what a
 * daemon does wrong is in `ret`. */
_must_check_ int certificate_check_served(const struct certificate_request *request,
					  const json_t *settings, int timeout_ms,
					  struct served *ret, struct error *error);

/* As certificate_check_served, asked by `name` and compared with the certificate of the PEM file
 * at `path`, which has that name. */
_must_check_ int certificate_check_domain(const char *path, const char *name,
					  const json_t *settings, int timeout_ms,
					  struct served *ret, struct error *error);

const char *served_state_name(enum served_state state); /* "current", "stale", "unreachable" */
void served_clear(struct served *served);		/* for _cleanup_(served_clear) */

#endif
