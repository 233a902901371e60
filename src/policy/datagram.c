// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/datagram.h"

#include <string.h>

#include "net/dns_message.h"

/* A row of strings, each after its length (RFC 1035 §3.3.14), joined. */
static struct slice join(const ns_rr *record, char *room)
{
	const unsigned char *data = ns_rr_rdata(*record);
	size_t left = ns_rr_rdlen(*record), size = 0;

	while (left > 0 && (size_t)data[0] + 1 <= left) {
		memcpy(room + size, data + 1, data[0]);
		size += data[0];
		left -= (size_t)data[0] + 1;
		data += (size_t)data[0] + 1;
	}
	return (struct slice){room, size};
}

static void take_ttl(uint32_t ttl, struct datagram_answer *answer)
{
	if (ttl < answer->ttl)
		answer->ttl = ttl;
}

bool datagram_read(const unsigned char *bytes, size_t size, const char *name, ns_type type,
		   datagram_text *text, void *context, struct datagram_answer *ret)
{
	static char room[NS_MAXMSG]; /* a program has one at a time */
	bool found = false;
	ns_msg message;
	ns_rr record;

	if (!dns_message_open(bytes, size, name, (int)type, &message))
		return false;
	*ret = (struct datagram_answer){.code = ns_msg_getflag(message, ns_f_rcode),
					.truncated = ns_msg_getflag(message, ns_f_tc),
					.ttl = UINT32_MAX};
	for (int i = 0; i < ns_msg_count(message, ns_s_an); i++) {
		if (ns_parserr(&message, ns_s_an, i, &record) < 0)
			return false;
		take_ttl(ns_rr_ttl(record), ret); /* an alias on the way ends it, too */
		found = found || ns_rr_type(record) == type;
		if (ns_rr_type(record) == ns_t_txt)
			text(context, join(&record, room));
	}
	if (!found)
		ret->ttl = dns_message_nothing(&message, ret->ttl);
	return true;
}
