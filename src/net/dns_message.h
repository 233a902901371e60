// SPDX-License-Identifier: GPL-3.0-or-later
/* What all have alike who keep many questions to the machine's resolver open at once: a question
 * and an answer, as bytes.  libc parses (ns_initparse(3)). */
#ifndef POSTCASK_NET_DNS_MESSAGE_H
#define POSTCASK_NET_DNS_MESSAGE_H

#include <arpa/nameser.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

enum {
	DNS_MESSAGE_QUESTION = NS_HFIXEDSZ + NS_MAXCDNAME + NS_QFIXEDSZ + 11,
	DNS_MESSAGE_ROOM = 65000,     /* for any answer: the loopback carries it whole */
	DNS_MESSAGE_AUTHENTIC = 0x20, /* AD, RFC 6840 §5.7 */
};

/* A question with RD and `flags` (0, or DNS_MESSAGE_AUTHENTIC), and with EDNS, for an answer of at
 * most `room` bytes.  Its size; 0 when `name` is none. */
size_t dns_message_ask(const char *name, int type, uint16_t id, unsigned char flags, uint16_t room,
		       unsigned char ret[DNS_MESSAGE_QUESTION]);

/* The number of an answer that might be one of ours.  False when it is no answer at all. */
bool dns_message_id(const unsigned char *bytes, size_t size, uint16_t *ret_id);

/* False when the bytes are no answer to that question; they must outlive *ret. */
bool dns_message_open(const unsigned char *bytes, size_t size, const char *name, int type,
		      ns_msg *ret);

/* How long it holds that there is nothing, in seconds: `ttl`, or less (RFC 2308 §5). */
uint32_t dns_message_nothing(ns_msg *message, uint32_t ttl);

/* The strings of a TXT record, each after its length (RFC 1035 §3.3.14), joined in `room`.  False
 * when they are longer. */
bool dns_message_text(const ns_rr *record, char *room, size_t size, struct slice *ret);

#endif
