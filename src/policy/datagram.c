// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/datagram.h"

#include <string.h>
#include <strings.h>

enum {
	EDNS_SIZE = 65000, /* over the loopback, which carries it whole */
	SOA_TIMES = 20,	   /* of an SOA record the last five numbers */
};

size_t datagram_ask(const char *name, ns_type type, uint16_t id,
		    unsigned char ret[DATAGRAM_QUESTION])
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
	ns_put16(type, at);
	ns_put16(ns_c_in, at + 2);
	at += NS_QFIXEDSZ;
	memset(at, 0, 11); /* the root, OPT, size, no flags, no options: RFC 6891 §6.1 */
	ns_put16(ns_t_opt, at + 1);
	ns_put16(EDNS_SIZE, at + 3);
	return (size_t)(at + 11 - ret);
}

bool datagram_id(const unsigned char *bytes, size_t size, uint16_t *ret_id)
{
	if (size < NS_HFIXEDSZ || !(bytes[2] & 0x80))
		return false;
	*ret_id = (uint16_t)ns_get16(bytes);
	return true;
}

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

/* How long it holds that there is nothing: RFC 2308 §5. */
static void take_authority(ns_msg *message, struct datagram_answer *answer)
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

static bool is_question(ns_msg *message, const char *name, ns_type type)
{
	ns_rr question;

	return ns_msg_count(*message, ns_s_qd) == 1 &&
	       ns_parserr(message, ns_s_qd, 0, &question) == 0 && ns_rr_type(question) == type &&
	       strcasecmp(ns_rr_name(question), name) == 0;
}

bool datagram_read(const unsigned char *bytes, size_t size, const char *name, ns_type type,
		   datagram_text *text, void *context, struct datagram_answer *ret)
{
	static char room[NS_MAXMSG]; /* a program has one at a time */
	bool found = false;
	ns_msg message;
	ns_rr record;

	if (size > NS_MAXMSG || ns_initparse(bytes, (int)size, &message) < 0 ||
	    !ns_msg_getflag(message, ns_f_qr) || !is_question(&message, name, type))
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
		take_authority(&message, ret);
	return true;
}
