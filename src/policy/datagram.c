// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/datagram.h"

#include "net/dns_message.h"

static void take_ttl(uint32_t ttl, struct datagram_answer *answer)
{
	if (ttl < answer->ttl)
		answer->ttl = ttl;
}

bool datagram_read(const unsigned char *bytes, size_t size, const char *name, ns_type type,
		   datagram_text *text, void *context, struct datagram_answer *ret)
{
	static char room[NS_MAXMSG]; /* a program has one at a time */
	struct slice joined;
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
		if (ns_rr_type(record) == ns_t_txt &&
		    dns_message_text(&record, room, sizeof(room), &joined))
			text(context, joined);
	}
	if (!found)
		ret->ttl = dns_message_nothing(&message, ret->ttl);
	return true;
}
