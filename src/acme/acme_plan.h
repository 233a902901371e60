// SPDX-License-Identifier: GPL-3.0-or-later
/* Which certificates are to be asked for now, and with which keys and names.
 *
 * There are two for the host, ECDSA and RSA, for the hostname and tls.names, and one ECDSA for
 * each mail domain, for mail.D, autoconfig.D, autodiscover.D and mta-sts.D; of all but the hostname
 * those names alone that lead here.  The keys are those in use, or new ones where there are none;
 * the next ones when the state says "roll".
 *
 * A certificate is asked for when there is none of the authority; when it lacks a name or its
 * key is another; from two thirds of its life on, unless the authority's renewal information wants
 * it later (but not later than a sixth before its end).  Every six hours the authority is asked
 * whether it wants it sooner. */
#ifndef POSTCASK_ACME_PLAN_H
#define POSTCASK_ACME_PLAN_H

#include <stdbool.h>

#include <jansson.h>
#include <openssl/evp.h>

#include "acme/acme_order.h"
#include "certificate/certificate.h"

struct acme_order {
	char id[ACME_ID_SIZE];
	const char *domain; /* the settings'; NULL: of the host */
	enum certificate_kind kind;
	char *path;    /* owned; the file that serves it */
	json_t *names; /* owned; the first one is the host's, or the domain's first */
	json_t *state; /* borrowed from the state's orders */
	EVP_PKEY *key; /* owned; what is to be signed */
	bool force;    /* else only if the authority wants it */
	bool next_key; /* `key` is the next one */
	int64_t end;   /* of the certificate that is there, 0: none of the authority */
};

struct acme_plan {
	struct acme_order orders[ACME_ORDERS_MAX];
	size_t count;
};

#define ACME_PLAN_INIT ((struct acme_plan){.count = 0})

struct acme_wish {
	const json_t *settings;
	const struct certificate_request *request;
	json_t *state; /* acme/acme_state.h; what is found out is put into it */
	int64_t now;
	bool force; /* all of the host's, and now, because a person says so */
};

_must_check_ int acme_plan_make(const struct acme_wish *wish, struct acme_plan *ret,
				struct error *error);
void acme_plan_clear(struct acme_plan *plan);

/* The request of an order (PKCS #10), as PEM; owned by the caller. */
_must_check_ int acme_plan_request(const struct acme_order *order, char **ret, struct error *error);

#endif
