// SPDX-License-Identifier: GPL-3.0-or-later
#include "lists/lookup.h"

#include <string.h>
#include <strings.h>

enum {
	SOA_TIMES = 20,	     /* of an SOA record the last five numbers */
	EXTENDED_ERROR = 15, /* an option of EDNS: RFC 8914 */
	STALE_ANSWER = 3,
};

size_t lookup_message(const char *name, uint16_t id, unsigned char ret[LOOKUP_QUESTION])
{
	unsigned char *at = ret + NS_HFIXEDSZ;
	int size;

	memset(ret, 0, NS_HFIXEDSZ);
	ns_put16(id, ret);
	ret[2] = 1;  /* RD: recursion desired, RFC 1035 §4.1.1 */
	ret[5] = 1;  /* one question */
	ret[11] = 1; /* one additional record, of EDNS */
	size = ns_name_compress(name, at, NS_MAXCDNAME, NULL, NULL);
	if (size <= 0)
		return 0;
	at += size;
	ns_put16(ns_t_a, at);
	ns_put16(ns_c_in, at + 2);
	at += NS_QFIXEDSZ;
	memset(at, 0, 11); /* the root, OPT, size, no flags, no options: RFC 6891 §6.1 */
	ns_put16(ns_t_opt, at + 1);
	ns_put16(LOOKUP_ANSWER, at + 3);
	return (size_t)(at + 11 - ret);
}

bool lookup_id(const unsigned char *bytes, size_t size, uint16_t *ret_id)
{
	if (size < NS_HFIXEDSZ || !(bytes[2] & 0x80))
		return false;
	*ret_id = (uint16_t)ns_get16(bytes);
	return true;
}

static bool is_question(ns_msg *message, const char *name)
{
	ns_rr question;

	return ns_msg_count(*message, ns_s_qd) == 1 &&
	       ns_parserr(message, ns_s_qd, 0, &question) == 0 && ns_rr_type(question) == ns_t_a &&
	       strcasecmp(ns_rr_name(question), name) == 0;
}

static void take_ttl(uint32_t ttl, struct lookup_answer *answer)
{
	if (ttl < answer->ttl)
		answer->ttl = ttl;
}

/* How long it holds that there is nothing: RFC 2308 §5. */
static void take_authority(ns_msg *message, struct lookup_answer *answer)
{
	ns_rr record;

	for (int i = 0; i < ns_msg_count(*message, ns_s_ns); i++) {
		if (ns_parserr(message, ns_s_ns, i, &record) < 0)
			return;
		if (ns_rr_type(record) != ns_t_soa || ns_rr_rdlen(record) < SOA_TIMES)
			continue;
		take_ttl(ns_rr_ttl(record), answer);
		take_ttl((uint32_t)ns_get32(ns_rr_rdata(record) + ns_rr_rdlen(record) - 4), answer);
	}
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

	if (size > LOOKUP_ANSWER || ns_initparse(bytes, (int)size, &message) < 0 ||
	    !ns_msg_getflag(message, ns_f_qr) || !is_question(&message, name))
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
		take_authority(&message, &answer);
	*ret = answer;
	return true;
}
