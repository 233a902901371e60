// SPDX-License-Identifier: GPL-3.0-or-later
/* The machine's resolver's answers that say how a domain is reached, as bytes.  It validates; over
 * the loopback its word for it (AD) is as good as Postfix takes it. */
#ifndef POSTCASK_OUTWARD_MESSAGE_H
#define POSTCASK_OUTWARD_MESSAGE_H

#include <arpa/nameser.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "outward/netstring.h"
#include "outward/sts.h"

enum {
	MESSAGE_HOSTS = 16, /* mail servers that are looked at; of more, none is proved by DANE */
	MESSAGE_TLSA = 52,
};

struct message_answer {
	int code;	/* ns_r_noerror, ns_r_nxdomain, ns_r_servfail, ... */
	bool secure;	/* AD */
	bool truncated; /* not all of it: as good as none */
	uint32_t ttl;	/* seconds; of what was found, or of that there is nothing */
	/* of MX */
	char hosts[MESSAGE_HOSTS][OUTWARD_NAME];
	size_t host_count;
	bool null_mx, too_many;
	/* of TLSA: those by which RFC 7672 §3.1 lets a mail server be proved */
	size_t usable;
	/* of TXT: those of MTA-STS */
	size_t records;
	char id[STS_ID_SIZE];
};

/* False when the bytes are no answer to that question.  *ret is large: 4 KiB. */
_must_check_ bool message_read(const unsigned char *bytes, size_t size, const char *name, int type,
			       struct message_answer *ret);

#endif
