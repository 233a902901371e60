// SPDX-License-Identifier: GPL-3.0-or-later
#include "outward/message.h"

#include <ctype.h>
#include <resolv.h>
#include <string.h>

#include "net/dns_message.h"

enum { TEXT_MAX = 512 }; /* of a record: one of MTA-STS is of 60 bytes */

/* RFC 5321 §5.1; "." alone says that there is no mail (RFC 7505). */
static void take_mx(ns_msg *message, const ns_rr *record, struct message_answer *answer)
{
	char *host = answer->hosts[answer->host_count];

	if (answer->host_count == MESSAGE_HOSTS) {
		answer->too_many = true;
		return;
	}
	if (ns_rr_rdlen(*record) < 3 ||
	    ns_name_uncompress(ns_msg_base(*message), ns_msg_end(*message),
			       ns_rr_rdata(*record) + 2, host, OUTWARD_NAME) < 0)
		return;
	if (host[0] == '\0' || strcmp(host, ".") == 0)
		answer->null_mx = true;
	else if (outward_is_name(host))
		answer->host_count++;
}

/* RFC 7672 §3.1.3: usages 0 and 1 are none for mail.  What Postfix could not take it passes over,
 * and so does this. */
static void take_tlsa(const ns_rr *record, struct message_answer *answer)
{
	const unsigned char *data = ns_rr_rdata(*record);
	size_t size = ns_rr_rdlen(*record);

	if (size < 4 || (data[0] != 2 && data[0] != 3) || data[1] > 1)
		return;
	if ((data[2] == 1 && size == 3 + 32) || (data[2] == 2 && size == 3 + 64) ||
	    (data[2] == 0 && size > 3))
		answer->usable++;
}

static void take_text(const ns_rr *record, struct message_answer *answer)
{
	char room[TEXT_MAX], id[STS_ID_SIZE];
	struct slice text;

	if (!dns_message_text(record, room, sizeof(room), &text) || !sts_record_parse(text, id))
		return;
	memcpy(answer->id, id, sizeof(id));
	answer->records++;
}

static void take_record(ns_msg *message, const ns_rr *record, struct message_answer *answer)
{
	switch ((int)ns_rr_type(*record)) {
	case ns_t_mx:
		take_mx(message, record, answer);
		return;
	case MESSAGE_TLSA:
		take_tlsa(record, answer);
		return;
	case ns_t_txt:
		take_text(record, answer);
		return;
	default:
		return;
	}
}

static void take_ttl(uint32_t ttl, struct message_answer *answer)
{
	if (ttl < answer->ttl)
		answer->ttl = ttl;
}

bool message_read(const unsigned char *bytes, size_t size, const char *name, int type,
		  struct message_answer *ret)
{
	bool found = false;
	ns_msg message;
	ns_rr record;

	if (!dns_message_open(bytes, size, name, type, &message))
		return false;
	*ret = (struct message_answer){.code = ns_msg_getflag(message, ns_f_rcode),
				       .secure = ns_msg_getflag(message, ns_f_ad),
				       .truncated = ns_msg_getflag(message, ns_f_tc),
				       .ttl = UINT32_MAX};
	for (int i = 0; i < ns_msg_count(message, ns_s_an); i++) {
		if (ns_parserr(&message, ns_s_an, i, &record) < 0)
			return false;
		take_ttl(ns_rr_ttl(record), ret); /* an alias on the way ends it, too */
		if ((int)ns_rr_type(record) != type)
			continue;
		found = true;
		take_record(&message, &record, ret);
	}
	if (!found)
		ret->ttl = dns_message_nothing(&message, ret->ttl);
	return true;
}
