// SPDX-License-Identifier: GPL-3.0-or-later
#include "dns/zone.h"

static const char *apex_of(const struct dns_answer *answer)
{
	size_t index = 0;
	const struct dns_record *record = dns_answer_next(answer, "SOA", &index);

	return record ? record->name : answer->zone;
}

static void add(struct dns_zone *zone, const char *name, const char *address)
{
	if (zone->count < DNS_SERVERS_MAX)
		zone->servers[zone->count++] = (struct dns_server){name, address};
}

static bool find_addresses(struct dns_book *book, const char *name, struct dns_zone *zone)
{
	const struct dns_answer *four = dns_book_look(book, name, "A");
	const struct dns_answer *six = dns_book_look(book, name, "AAAA");
	const struct dns_record *record;

	if (!four || !six)
		return false;
	for (size_t i = 0; (record = dns_answer_next(four, "A", &i));)
		add(zone, name, record->value);
	for (size_t i = 0; (record = dns_answer_next(six, "AAAA", &i));)
		add(zone, name, record->value);
	if (dns_answer_count(four, "A") + dns_answer_count(six, "AAAA") == 0)
		add(zone, name, NULL);
	return true;
}

bool dns_zone_find(struct dns_book *book, const char *name, struct dns_zone *ret)
{
	const struct dns_answer *start = dns_book_look(book, name, "SOA"), *answer;
	struct dns_zone zone = {0};
	const struct dns_record *record;
	bool whole = true;

	if (!start)
		return false;
	zone.name = dns_answer_alias(start, name);
	zone.apex = apex_of(start);
	zone.why = start->why ? start->why : "its zone has no SOA record";
	zone.bogus = start->bogus;
	if (!zone.apex) {
		*ret = zone;
		return true;
	}
	answer = dns_book_look(book, zone.apex, "NS");
	if (!answer)
		return false;
	zone.secure = answer->secure;
	for (size_t i = 0; (record = dns_answer_next(answer, "NS", &i));)
		whole &= find_addresses(book, record->value, &zone);
	if (whole)
		*ret = zone;
	return whole;
}
