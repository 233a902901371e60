// SPDX-License-Identifier: GPL-3.0-or-later
/* Server certificates of the machine, in the keys folder:
 *
 *	server-ecdsa.pem  server-rsa.pem	0600 root
 *
 * Each file is one private key and then its chain, leaf first, so that a renewal
 * is one rename and no daemon can ever read a new key beside an old certificate.
 * Both always exist: the templates name both.  Normally they are an ECDSA P-256
 * and an RSA-3072 certificate of the machine's own authority
 * (certificate/authority.h); when the settings give a certificate, both files hold
 * that one, whatever its type.  When they name an ACME authority, its certificates stand
 * there for the same keys as soon as they are got (src/acme), and are left alone while they
 * are good; the own authority's take their place before there would be none.
 *
 *	struct certificate_request request = {
 *		.folder = "/var/lib/postcask/keys", .names = names, .name_count = 1 };
 *	certificate_ensure(&request, &outcome, &error);
 *	if (outcome.changed) ... the daemons must be reloaded
 *
 * Everything here is safe to run again after a power cut at any instruction. */
#ifndef POSTCASK_CERTIFICATE_H
#define POSTCASK_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/error.h"
#include "certificate/authority.h"

#define CERTIFICATE_KEY	      "certificates" /* among the kinds of keys (src/key) */
#define CERTIFICATE_FOLDER    "/var/lib/postcask/keys"
#define CERTIFICATE_NAMES_MAX 100
#define CERTIFICATE_PEM_MAX   (64 * 1024) /* bytes of a given certificate chain or key */

enum certificate_kind { CERTIFICATE_ECDSA, CERTIFICATE_RSA, CERTIFICATE_KINDS };

struct certificate_request {
	const char *folder;	  /* the keys folder; made (0711) when missing */
	const char *const *names; /* DNS names (A-labels, lower case); names[0] is the hostname */
	size_t name_count;	  /* 1..CERTIFICATE_NAMES_MAX */
	size_t domain_count;	  /* after them: what the authority may sign for besides */
	const char *given_certificate; /* PEM of the settings, NULL or "" when none is given */
	const char *given_key;
	const char *acme_directory; /* of the ACME authority, NULL when there is none */
	const char *acme_method;    /* "http-01" or "dns-01" with it */
	int64_t now;		    /* seconds since 1970; 0: the clock's */
	bool renew;		    /* issue again even though nothing asks for it */
	bool new_keys;		    /* with renew: make new private keys too */
	bool next; /* see to the next keys (certificate/certificate_next.h), which takes seconds */
};

/* Why a server file was written (or was not: CERTIFICATE_CURRENT). */
enum certificate_reason {
	CERTIFICATE_CURRENT,
	CERTIFICATE_MISSING,
	CERTIFICATE_DAMAGED, /* half a file, not PEM, key and certificate no pair, wrong type */
	CERTIFICATE_NOT_YET_VALID, /* the clock went back */
	CERTIFICATE_EXPIRING,	   /* less than a third of its life is left */
	CERTIFICATE_NAMES,	   /* made for other names */
	CERTIFICATE_ISSUER,	   /* not signed by this machine's authority */
	CERTIFICATE_WANTED,	   /* request.renew */
	CERTIFICATE_GIVEN,	   /* the settings give another one than the file holds */
};

struct certificate_outcome {
	enum authority_change authority; /* AUTHORITY_KEPT with a given certificate */
	enum certificate_reason reason[CERTIFICATE_KINDS];
	bool changed;	   /* a server file was written: daemons must reload */
	bool given;	   /* the files hold the settings' certificate */
	bool acme;	   /* both files hold a certificate of the ACME authority */
	int64_t not_after; /* the earliest end of the two, seconds since 1970 */
	char *note;	   /* owned; a sentence for the report (a given certificate near its
			    * end, a replaced authority), NULL when there is nothing to say */
};

#define CERTIFICATE_OUTCOME_INIT ((struct certificate_outcome){0})

/* Brings the keys folder in line with the request.  Private keys are kept when a
 * certificate is renewed (a TLSA record or pin of the key stays true, and an
 * RSA key takes seconds on a slow machine), and made new when they are damaged,
 * of the wrong kind, or request.new_keys says so.  `out` is untouched on
 * failure.  One at a time: -EBUSY while another process does the same. */
_must_check_ int certificate_ensure(const struct certificate_request *request,
				    struct certificate_outcome *out, struct error *error);

/* The same in a thread of its own, so that the caller can do other work while an
 * RSA key is made.  The request is copied.  Every begun job must be finished;
 * finish waits at most `timeout_ms` (-ETIME then, and the job is abandoned). */
struct certificate_job;
_must_check_ int certificate_ensure_begin(const struct certificate_request *request,
					  struct certificate_job **ret, struct error *error);
_must_check_ int certificate_ensure_finish(struct certificate_job *job, int timeout_ms,
					   struct certificate_outcome *out, struct error *error);

/* Checks a certificate chain and its private key as a person gives them in the
 * settings: PEM, leaf first and each next one the issuer of the one before, the
 * key is the leaf's, `hostname` is among its subject alternative names (RFC 6125
 * wildcards count, the common name does not), every certificate is valid at
 * `now` (seconds since 1970), keys and signatures are strong enough for today's
 * clients.  Touches no file.  The error says what is wrong and what to give
 * instead, and never quotes the key. */
_must_check_ int certificate_check_pem(const char *certificate_pem, const char *key_pem,
				       const char *hostname, int64_t now, struct error *error);

/* The request that the checked settings (template context, see settings.h) ask
 * for: the hostname, tls.names and the given certificate.  firstboot and the renewal both
 * take it from here, so that they agree.  The strings stay the JSON's; `names`
 * is the caller's array of CERTIFICATE_NAMES_MAX pointers. */
_must_check_ int certificate_request_from_settings(const json_t *settings, const char **names,
						   struct certificate_request *ret,
						   struct error *error);

void certificate_outcome_clear(struct certificate_outcome *outcome);

/* The lock of the keys folder, for whoever puts something into it besides; made (0711) when
 * missing.  The lock goes with the descriptor.  -EBUSY while another process holds it. */
_must_check_ int certificate_lock(const char *folder, int *ret_fd, struct error *error);

/* Removes what a power cut left of file_replace in the keys folder: it may hold a private key. */
_must_check_ int certificate_remove_leftovers(const char *folder, struct error *error);

const char *certificate_file_name(enum certificate_kind kind);	     /* "server-ecdsa.pem" */
const char *certificate_reason_name(enum certificate_reason reason); /* "current", "missing", ... */

#endif
