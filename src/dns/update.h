// SPDX-License-Identifier: GPL-3.0-or-later
/* Changes of a zone by the zone's own server: RFC 2136, signed with a key that the server knows
 * (TSIG, RFC 8945), over TCP. */
#ifndef POSTCASK_DNS_UPDATE_H
#define POSTCASK_DNS_UPDATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Whom to send to and with which key; all text belongs to the caller. */
struct dns_update {
	const char *server;    /* numeric address, or a name that the resolver knows */
	const char *key;       /* the key's name */
	const char *algorithm; /* "hmac-sha256" or "hmac-sha512" */
	const char *secret;    /* base64 */
};

enum dns_change_kind {
	DNS_CHANGE_ADD,	   /* one record */
	DNS_CHANGE_REMOVE, /* one record; one that is not there is none to remove */
	/* Prerequisites (RFC 2136 §2.4); if one does not hold, nothing at all is changed.  All
	 * DNS_CHANGE_SAME of one name and type say together what the server must have, exactly. */
	DNS_CHANGE_SAME,
	DNS_CHANGE_NONE, /* no record of this name and type */
};

struct dns_change {
	enum dns_change_kind kind;
	const char *name;
	const char *type;
	/* In presentation form; TXT as one string without quotes, of any length.  What begins with
	 * a quote is dns_record's `exact`. */
	const char *value;
	int64_t ttl; /* of what is added */
};

/* One transaction: all changes or none.  They must be in `zone`; where that is NULL, the zone of
 * the first name is found by asking the server itself.  The server's answer must be signed by the
 * key.
 *
 * Each refusal has its sentence: -EACCES for a key, a secret or a clock that the server does not
 * take, or a key that may not change this; -ENOENT for a zone that it does not serve, -ESTALE for a
 * prerequisite that does not hold, -EHOSTUNREACH and -ETIME for a server that does not answer,
 * -EINVAL for a record or a secret that is none, -EPROTO for anything else. */
_must_check_ int dns_update_zone(const struct dns_update *update, const char *zone,
				 const struct dns_change *changes, size_t count, int timeout_ms,
				 struct error *error);
_must_check_ int dns_update_change(const struct dns_update *update,
				   const struct dns_change *changes, size_t count, int timeout_ms,
				   struct error *error);

#endif
