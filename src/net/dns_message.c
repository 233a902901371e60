// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/dns_message.h"

#include <string.h>
#include <strings.h>

enum { SOA_TIMES = 20 }; /* of an SOA record the last five numbers */

size_t dns_message_ask(const char *name, int type, uint16_t id, unsigned char flags, uint16_t room,
		       unsigned char ret[DNS_MESSAGE_QUESTION])
{
	unsigned char *at = ret + NS_HFIXEDSZ;
	int size;

	memset(ret, 0, NS_HFIXEDSZ);
	ns_put16(id, ret);
	ret[2] = 1; /* RD: recursion desired, RFC 1035 §4.1.1 */
	ret[3] = flags;
	ret[5] = 1;  /* one question */
	ret[11] = 1; /* one additional record, of EDNS */
	size = ns_name_compress(name, at, NS_MAXCDNAME, NULL, NULL);
	if (size <= 0)
		return 0;
	at += size;
	ns_put16((unsigned)type, at);
	ns_put16(ns_c_in, at + 2);
	at += NS_QFIXEDSZ;
	memset(at, 0, 11); /* the root, OPT, size, no flags, no options: RFC 6891 §6.1 */
	ns_put16(ns_t_opt, at + 1);
	ns_put16(room, at + 3);
	return (size_t)(at + 11 - ret);
}

bool dns_message_id(const unsigned char *bytes, size_t size, uint16_t *ret_id)
{
	if (size < NS_HFIXEDSZ || !(bytes[2] & 0x80))
		return false;
	*ret_id = (uint16_t)ns_get16(bytes);
	return true;
}

bool dns_message_open(const unsigned char *bytes, size_t size, const char *name, int type,
		      ns_msg *ret)
{
	ns_rr question;

	return size <= NS_MAXMSG && ns_initparse(bytes, (int)size, ret) == 0 &&
	       ns_msg_getflag(*ret, ns_f_qr) && ns_msg_count(*ret, ns_s_qd) == 1 &&
	       ns_parserr(ret, ns_s_qd, 0, &question) == 0 && (int)ns_rr_type(question) == type &&
	       strcasecmp(ns_rr_name(question), name) == 0;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

uint32_t dns_message_nothing(ns_msg *message, uint32_t ttl)
{
	ns_rr record;

	for (int i = 0; i < ns_msg_count(*message, ns_s_ns); i++) {
		if (ns_parserr(message, ns_s_ns, i, &record) < 0)
			break;
		if (ns_rr_type(record) != ns_t_soa || ns_rr_rdlen(record) < SOA_TIMES)
			continue;
		ttl = least(ttl, ns_rr_ttl(record));
		ttl = least(ttl, (uint32_t)ns_get32(ns_rr_rdata(record) + ns_rr_rdlen(record) - 4));
	}
	return ttl;
}

bool dns_message_text(const ns_rr *record, char *room, size_t size, struct slice *ret)
{
	const unsigned char *data = ns_rr_rdata(*record), *end = data + ns_rr_rdlen(*record);

	*ret = (struct slice){room, 0};
	for (; data < end && data + 1 + data[0] <= end; data += 1 + data[0]) {
		if (data[0] > size - ret->size)
			return false;
		memcpy(room + ret->size, data + 1, data[0]);
		ret->size += data[0];
	}
	return true;
}
