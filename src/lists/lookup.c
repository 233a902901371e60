// SPDX-License-Identifier: GPL-3.0-or-later
#include "lists/lookup.h"

#include <string.h>

#include "net/dns_message.h"

enum {
	EXTENDED_ERROR = 15, /* an option of EDNS: RFC 8914 */
	STALE_ANSWER = 3,
};

static void take_ttl(uint32_t ttl, struct lookup_answer *answer)
{
	if (ttl < answer->ttl)
		answer->ttl = ttl;
}

/* -1 when a record cannot be read. */
static int take_addresses(ns_msg *message, struct lookup_answer *answer)
{
	ns_rr record;

	for (int i = 0; i < ns_msg_count(*message, ns_s_an); i++) {
		if (ns_parserr(message, ns_s_an, i, &record) < 0)
			return -1;
		take_ttl(ns_rr_ttl(record), answer); /* an alias on the way ends it, too */
		if (ns_rr_type(record) != ns_t_a || ns_rr_rdlen(record) != 4)
			continue;
		if (answer->count < LOOKUP_ADDRESSES)
			memcpy(answer->addresses[answer->count++], ns_rr_rdata(record), 4);
	}
	return 0;
}

static bool has_stale_option(const unsigned char *data, size_t left)
{
	while (left >= 4) {
		unsigned code = ns_get16(data), size = ns_get16(data + 2);

		if (size > left - 4)
			return false;
		if (code == EXTENDED_ERROR && size >= 2 && ns_get16(data + 4) == STALE_ANSWER)
			return true;
		data += 4 + size;
		left -= 4 + size;
	}
	return false;
}

/* unbound gives what has run out when a list is silent (serve-expired), for a day; a lie of
 * yesterday may be among it.  It says so. */
static bool is_stale(ns_msg *message)
{
	ns_rr record;

	for (int i = 0; i < ns_msg_count(*message, ns_s_ar); i++)
		if (ns_parserr(message, ns_s_ar, i, &record) == 0 &&
		    ns_rr_type(record) == ns_t_opt &&
		    has_stale_option(ns_rr_rdata(record), ns_rr_rdlen(record)))
			return true;
	return false;
}

bool lookup_read(const unsigned char *bytes, size_t size, const char *name,
		 struct lookup_answer *ret)
{
	struct lookup_answer answer = {.result = LOOKUP_NOTHING, .ttl = LOOKUP_TTL};
	ns_msg message;
	int code;

	if (size > LOOKUP_ANSWER || !dns_message_open(bytes, size, name, ns_t_a, &message))
		return false;
	code = ns_msg_getflag(message, ns_f_rcode);
	if ((code != ns_r_noerror && code != ns_r_nxdomain) || ns_msg_getflag(message, ns_f_tc) ||
	    take_addresses(&message, &answer) < 0 || is_stale(&message)) {
		*ret = (struct lookup_answer){.result = LOOKUP_FAILED};
		return true;
	}
	if (answer.count > 0)
		answer.result = LOOKUP_FOUND;
	else
		answer.ttl = dns_message_nothing(&message, answer.ttl);
	*ret = answer;
	return true;
}
