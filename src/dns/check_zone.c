// SPDX-License-Identifier: GPL-3.0-or-later
/* The zone itself. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "dns/judge.h"

enum { SIGNATURE_DAYS = 3 };

/* "SOA 13 2 3600 20261214050033 ...": the seconds until it ends; -1 when it says nothing. */
static double seconds_left(const char *signature, time_t now)
{
	struct tm end = {0};
	char covered[16];

	if (sscanf(signature, "%15s %*u %*u %*u %4d%2d%2d%2d%2d%2d", covered, &end.tm_year,
		   &end.tm_mon, &end.tm_mday, &end.tm_hour, &end.tm_min, &end.tm_sec) != 7)
		return -1;
	end.tm_year -= 1900;
	end.tm_mon--;
	return difftime(timegm(&end), now);
}

static void judge_signatures(struct judgement *judgement, const struct dns_answer *soa)
{
	const struct dns_record *record;
	const char *apex = judgement->zone.apex;
	bool signed_ = false;

	for (size_t i = 0; (record = dns_answer_next(soa, "RRSIG", &i));) {
		double left = seconds_left(record->value, time(NULL));

		signed_ = true;
		if (left >= 0 && left < SIGNATURE_DAYS * 86400.0)
			judge_say(
			    judgement, NULL, DNS_FAULT_WRONG,
			    "the signatures of the zone %s end in %d hours, and then nobody finds "
			    "it; have whoever signs it make them anew",
			    apex, (int)(left / 3600));
	}
	if (signed_ && !judgement->zone.secure)
		judge_say(
		    judgement, NULL, DNS_FAULT_WRONG,
		    "the zone %s is signed, but the zone above has no DS record of it, so nobody "
		    "believes the signatures; enter the DS record where the domain is registered",
		    apex);
}

/* True when at least one server serves the zone. */
static bool judge_servers(struct judgement *judgement)
{
	const struct dns_zone *zone = &judgement->zone;
	const struct dns_answer *first = NULL;
	bool whole = true;

	for (size_t i = 0; i < zone->count; i++) {
		const struct dns_server *server = &zone->servers[i];
		const struct dns_answer *answer;
		int size = dns_name_size(server->name);

		if (!server->address) {
			judge_say(
			    judgement, NULL, DNS_FAULT_WRONG,
			    "the name server %.*s of %s has no address; correct its name in the "
			    "NS records",
			    size, server->name, zone->apex);
			continue;
		}
		answer = dns_book_look_at(judgement->book, server->address, zone->apex, "SOA");
		if (!answer) {
			whole = false;
			continue;
		}
		if (answer->code == DNS_SILENT) {
			if (!strstr(answer->why ? answer->why : "", "unreachable"))
				judge_say(
				    judgement, NULL, DNS_FAULT_WRONG,
				    "the name server %.*s (%s) of %s is of no help: %s; have it "
				    "repaired, or take it out of the NS records",
				    size, server->name, server->address, zone->apex, answer->why);
		} else if (!answer->authoritative || dns_answer_count(answer, "SOA") == 0) {
			judge_say(
			    judgement, NULL, DNS_FAULT_WRONG,
			    "the name server %.*s (%s) does not serve %s; have it serve the zone, "
			    "or take it out of the NS records",
			    size, server->name, server->address, zone->apex);
		} else if (!first) {
			first = answer;
		}
	}
	if (!whole)
		judgement->open = true;
	else if (first)
		judge_signatures(judgement, first);
	return whole && first;
}

bool judge_zone(struct judgement *judgement)
{
	const struct dns_zone *zone = &judgement->zone;

	if (!dns_zone_find(judgement->book, judgement->about, &judgement->zone)) {
		judgement->open = true;
		return false;
	}
	if (zone->bogus) {
		judge_say(
		    judgement, NULL, DNS_FAULT_HARMFUL,
		    "the signatures of %s are wrong, so that most resolvers do not find it "
		    "(%.200s); "
		    "have its zone signed anew, or the DS record above it corrected or removed",
		    judgement->about, zone->why);
		return false;
	}
	if (!zone->apex) {
		judge_say(
		    judgement, NULL, DNS_FAULT_WRONG,
		    "nobody could be asked for %s: %.200s; look at its name servers, or at this "
		    "machine's way to them",
		    judgement->about, zone->why);
		return false;
	}
	/* A zone of one label that is not its own is a registry's. */
	if (strcmp(zone->apex, ".") == 0 ||
	    (!strchr(zone->apex, '.') && strchr(judgement->about, '.'))) {
		judge_say(
		    judgement, NULL, DNS_FAULT_MISSING,
		    "%s is in no zone of the DNS; register the domain, or correct its name in the "
		    "settings",
		    judgement->about);
		return false;
	}
	return judge_servers(judgement);
}
