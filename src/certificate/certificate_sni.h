// SPDX-License-Identifier: GPL-3.0-or-later
/* Certificates of mail domains, chosen by the name that a client asks for (SNI), in the keys
 * folder:
 *
 *	domains/example.org.pem	0600	key and chain, as the server files; lighttpd reads it too
 *	sni.conf		0644	Dovecot's local_name blocks of them, included by its own
 *	sni.db			0600	Postfix's tls_server_sni_maps of them
 *	sni.list		0644	what both were made of: name, path, SHA-256, a line each
 *
 * They come and go while the machine runs, so they are in no generation.  A file that is damaged
 * or has ended is in none of the lists, so that no daemon ever looks for it: the host's
 * certificate serves instead. */
#ifndef POSTCASK_CERTIFICATE_SNI_H
#define POSTCASK_CERTIFICATE_SNI_H

#include <stdint.h>

#include <jansson.h>

#include "base/error.h"

#define CERTIFICATE_DOMAINS	"domains" /* the folder below the keys folder */
#define CERTIFICATE_DOMAINS_MAX 500	  /* each costs Dovecot's processes memory and time */

/* "FOLDER/domains/DOMAIN.pem"; owned by the caller, NULL when out of memory. */
char *certificate_domain_path(const char *folder, const char *domain);

/* Writes the lists for what is in domains/ at `now`, and makes that folder. */
_must_check_ int certificate_sni_write(const char *folder, int64_t now, struct error *error);

/* Adds the names of the list to an array of strings, each once. */
void certificate_sni_names(const char *folder, json_t *names);

#endif
