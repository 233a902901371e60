// SPDX-License-Identifier: GPL-3.0-or-later
/* The machine's records in the DNS: one table of kinds, from which `postcask dns`, its zone file,
 * the check and the update are made.  A new record is a row of the table in records.c, and, if what
 * others may have written there needs judging, a function in check_*.c. */
#ifndef POSTCASK_DNS_RECORDS_H
#define POSTCASK_DNS_RECORDS_H

#include "dns/facts.h"

enum dns_need { DNS_REQUIRED, DNS_RECOMMENDED, DNS_OPTIONAL };

/* What a record is to the machine; also which function of the check judges it. */
enum dns_kind {
	DNS_KIND_ADDRESS, /* of the host */
	DNS_KIND_PTR,
	DNS_KIND_HELO, /* SPF of the host */
	DNS_KIND_TLSA,
	DNS_KIND_CAA,
	DNS_KIND_HOST_REPORTS, /* TLS-RPT of the host */
	DNS_KIND_NAME,	       /* addresses of another name of the host */
	DNS_KIND_NO_MAIL,      /* of a name that has an address and no mail */
	DNS_KIND_MX,
	DNS_KIND_SPF,
	DNS_KIND_DKIM,
	DNS_KIND_DMARC,
	DNS_KIND_STS,
	DNS_KIND_STS_NAME,
	DNS_KIND_REPORTS,    /* TLS-RPT */
	DNS_KIND_SERVICE,    /* SRV */
	DNS_KIND_NO_SERVICE, /* SRV of what is not offered */
	DNS_KIND_SETUP,	     /* autoconfig, autodiscover */
	DNS_KINDS,
};

/* Whose the names are. */
enum dns_scope { DNS_SCOPE_HOST, DNS_SCOPE_DOMAIN };

struct dns_row;
struct dns_rows;

struct dns_kind_entry {
	const char *name; /* for people: "SPF" */
	enum dns_scope scope;
	const char *without; /* what breaks without it, a sentence's end */
	/* What stands at these names is this machine's alone: an update makes it so.  Else somebody
	 * may have written more, which an update keeps. */
	bool ours;
	void (*make)(const struct dns_facts *facts, const char *domain, struct dns_rows *rows);
};

extern const struct dns_kind_entry dns_kind_table[DNS_KINDS];

struct dns_row {
	enum dns_kind kind;
	enum dns_need need;
	char *name; /* owned; no final dot */
	const char *type;
	char *value;	    /* owned; in presentation form, TXT as one string without quotes */
	const char *domain; /* in the settings; NULL: the host's */
	const char *remark; /* beside the kind's sentence; or NULL */
};

struct dns_rows {
	struct dns_row *items; /* owned */
	size_t count, capacity;
	bool failed; /* out of memory */
};

#define DNS_ROWS_INIT ((struct dns_rows){0})

enum { DNS_TTL = 3600 };

/* The host's own. */
void dns_rows_of_host(const struct dns_facts *facts, struct dns_rows *rows);

/* A mail domain's. */
void dns_rows_of_domain(const struct dns_facts *facts, const char *domain, struct dns_rows *rows);

/* For the functions of the table. */
void dns_rows_add(struct dns_rows *rows, enum dns_kind kind, enum dns_need need, const char *domain,
		  const char *remark, const char *type, char *name, char *value);

void dns_rows_clear(struct dns_rows *rows);

/* "required", "recommended", "optional" */
const char *dns_need_name(enum dns_need need);

#endif
