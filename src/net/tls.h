// SPDX-License-Identifier: GPL-3.0-or-later
/* TLS as the probes need it: a client that believes only the machine's own
 * authority (or the certificate given in the user-data) and one host name, and a
 * client of the past that must be refused.
 *
 * A `struct tls_client` may be used by several threads at once. */
#ifndef POSTCASK_NET_TLS_H
#define POSTCASK_NET_TLS_H

#include <stdint.h>

#include "net/stream.h"

struct tls_params {
	const char *hostname; /* what the certificate must be for, sent as SNI */
	const char *ca_file;  /* PEM; NULL: `chain` alone is believed */
	const char *chain;    /* PEM text of a given certificate and its chain, trusted as it
				 stands whoever signed it; NULL: none */
	bool anyone;	      /* whatever certificate the server shows: no name, no trust */
	bool rsa_only;	      /* understands no other signatures: a client of some years ago */
};

struct tls_client;

/* What a handshake showed. */
struct tls_facts {
	char *version; /* "TLSv1.3" */
	char *cipher;
	char *key;     /* "ECDSA 256 bit", "RSA 3072 bit" */
	char *subject; /* one line, RFC 2253 */
	char *issuer;
	char *fingerprint; /* SHA-256 of the certificate, hexadecimal */
	int64_t not_after; /* seconds since 1970 */
};

/* FAILURE_CERTIFICATE when a trust anchor cannot be read, else
 * FAILURE_RESOURCE. */
_must_check_ enum failure_class tls_client_new(const struct tls_params *params,
					       struct tls_client **ret_client,
					       struct failure *failure);
void tls_client_free(struct tls_client *client);

/* Handshake with TLS 1.2 or newer and everything verified, but for `anyone`.  FAILURE_CERTIFICATE
 * for chain, name and time, FAILURE_PROTOCOL when bytes of the clear dialogue are
 * left over, FAILURE_TLS for the rest.  `ret_facts` may be NULL. */
_must_check_ enum failure_class tls_start(struct stream *stream, const struct tls_client *client,
					  struct tls_facts *ret_facts);

/* Offers TLS 1.0 and 1.1 only: FAILURE_NONE when the server refuses,
 * FAILURE_POLICY when it agrees.  The stream is of no use afterwards. */
_must_check_ enum failure_class tls_start_old(struct stream *stream);

/* "TLSv1.3, TLS_AES_256_GCM_SHA384" of a stream after its handshake; owned by the
 * caller, NULL when out of memory. */
char *tls_describe(const struct stream *stream);

void tls_facts_free(struct tls_facts *facts);

#endif
