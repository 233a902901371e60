// SPDX-License-Identifier: GPL-3.0-or-later
/* What root's job and the account that speaks to the authority tell each other.
 *
 * The orders, /run/postcask/acme-orders.json (0600 root), which systemd hands to
 * postcask-acme.service as its credential "orders", for they hold secrets:
 *
 *	{"directory", "contact", "challenge": as in the settings, "ca": PEM or "",
 *	 "eab": {"key_id", "hmac_key"} or null, "update": dns.update of the settings or null,
 *	 "orders": [{"id": "host-ecdsa", "csr": PEM, "names": [...],
 *		     "force": true,	whatever the authority's renewal information says
 *		     "days": N}]}	how many days before its end without that
 *
 * The results, /var/lib/postcask/acme/results.json (0644 postcask-acme); the certificates lie
 * beside it as ID-cert.pem:
 *
 *	{"account": "https://..." or null, "caa": [...],
 *	 "orders": {"host-ecdsa": {"issued": true, "class": "fine", "error": null,
 *				   "window": [T, T]}}}
 *
 * An order that was not come to is not in it. */
#ifndef POSTCASK_ACME_ORDER_H
#define POSTCASK_ACME_ORDER_H

#define ACME_ORDERS_FILE  "/run/postcask/acme-orders.json"
#define ACME_CREDENTIAL	  "orders"
#define ACME_FOLDER	  "/var/lib/postcask/acme"
#define ACME_RESULTS_FILE ACME_FOLDER "/results.json"
#define ACME_SERVICE	  "postcask-acme.service"
/* Where http-01's proofs lie, as lighttpd serves them. */
#define ACME_TOKENS "/run/postcask/acme/web/.well-known/acme-challenge"

enum { ACME_ORDERS_MAX = 20, ACME_ID_SIZE = 32 };

#endif
