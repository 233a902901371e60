// SPDX-License-Identifier: GPL-3.0-or-later
/* A DNS list of senders as one item of filter.blocklists names it, in the form that postscreen
 * has for it (postconf(5), postscreen_dnsbl_sites), and with a key before it where a list wants
 * one:
 *
 *	[KEY@]ZONE[=CODES][*WEIGHT]
 *
 *	zen.example.net
 *	zen.example.net=127.0.0.[2..11]*3
 *	a1b2c3@zen.dq.example.net=127.0.0.[2;4..11]*3
 *	list.example.org=127.0.[2..20].[1..3]*-2
 *
 * Whoever has a key asks KEY.ZONE; it is a secret, and all the rest is none. */
#ifndef POSTCASK_BLOCKLIST_H
#define POSTCASK_BLOCKLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum {
	BLOCKLIST_TEXT = 512, /* the longest item */
	/* A question is the address, of IPv6 32 digits with their dots, and the name. */
	BLOCKLIST_NAME = 253 - 64,
	BLOCKLIST_CODES = 128,
	BLOCKLIST_WEIGHT = 100,
};

/* Which answers of a list count: four octets, each a set. */
struct blocklist_codes {
	uint64_t octets[4][4];
};

struct blocklist {
	char zone[BLOCKLIST_NAME + 1]; /* small letters */
	char key[BLOCKLIST_NAME + 1];  /* "": it wants none */
	char codes[BLOCKLIST_CODES + 1];
	int weight; /* never 0; below it the list says who is welcome */
};

/* Reads an item.  -EINVAL with a sentence that has nothing of the item in it. */
_must_check_ int blocklist_parse(const char *text, size_t size, struct blocklist *ret,
				 struct error *error);

/* Reads what an item says of codes: "127.0.[2..20].[0;3]".  -EINVAL when it is none. */
_must_check_ int blocklist_codes_parse(const char *text, struct blocklist_codes *ret);
bool blocklist_codes_have(const struct blocklist_codes *codes, const uint8_t address[4]);

/* The form in which it is kept.  Owned by the caller, NULL when out of memory. */
char *blocklist_text(const struct blocklist *list);

/* An answer by which lists refuse a question: 127.255.255.x, or DNSWL's 127.0.0.255. */
bool blocklist_refuses(const uint8_t address[4]);

#endif
