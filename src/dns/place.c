// SPDX-License-Identifier: GPL-3.0-or-later
#include "dns/place.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/clock.h"

int dns_place_address(struct dns_book *book, const char *server, int64_t deadline_ms, char **ret,
		      struct error *error)
{
	static const char *const types[] = {"A", "AAAA"};
	unsigned char bytes[16];

	*ret = NULL;
	if (inet_pton(AF_INET, server, bytes) == 1 || inet_pton(AF_INET6, server, bytes) == 1) {
		*ret = strdup(server);
		return *ret ? 0 : error_errno(error, ENOMEM, "cannot send the update");
	}
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
			const struct dns_answer *answer = dns_book_look(book, server, types[i]);
			size_t index = 0;
			const struct dns_record *record =
			    answer ? dns_answer_next(answer, types[i], &index) : NULL;

			if (record) {
				*ret = strdup(record->value);
				return *ret ? 0
					    : error_errno(error, ENOMEM, "cannot send the update");
			}
		}
		if (!dns_book_ask(book, clock_left_ms(deadline_ms)))
			break;
	}
	return error_set(error, EHOSTUNREACH,
			 "the name server %s has no address; write its own "
			 "into dns.update.server",
			 server);
}

const char *dns_place_zone(struct dns_book *book, const char *address, const char *name,
			   bool *ret_none)
{
	const struct dns_answer *answer = dns_book_look_at(book, address, name, "SOA");
	const struct dns_record *record;
	size_t index = 0;

	*ret_none = false;
	if (!answer)
		return NULL;
	record = dns_answer_next(answer, "SOA", &index);
	if (answer->code != DNS_SILENT && answer->authoritative && (record || answer->zone)) {
		const char *apex = record ? record->name : answer->zone;

		if (strcmp(apex, ".") != 0) /* of the root it has no business with us */
			return apex;
	}
	*ret_none = true;
	return NULL;
}
