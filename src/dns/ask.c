// SPDX-License-Identifier: GPL-3.0-or-later
#include "dns/ask.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "dns/zone.h"

/* More rounds of questions than a zone takes: its name, its servers, their addresses, the record.
 */
enum { ROUNDS_MAX = 8 };

struct wanted {
	const char *type, *value;
	struct dns_zone zone;
};

/* Whether it shows the value, and for how long. */
static bool shows(const struct dns_answer *answer, const struct wanted *wanted, int64_t *ttl)
{
	const struct dns_record *record;

	for (size_t i = 0; (record = dns_answer_next(answer, wanted->type, &i));)
		if (dns_value_equal(wanted->type, record->value, wanted->value)) {
			if (record->ttl > *ttl)
				*ttl = record->ttl;
			return true;
		}
	return false;
}

static void why_not(const struct dns_server *server, const struct dns_answer *answer,
		    const struct wanted *wanted, struct buffer *missing)
{
	if (missing->size > 0)
		buffer_add_text(missing, "; ");
	buffer_addf(missing, "%.*s", dns_name_size(server->name), server->name);
	if (!server->address) {
		buffer_add_text(missing, " has no address");
		return;
	}
	buffer_addf(missing, " (%s) ", server->address);
	if (answer->code == DNS_SILENT)
		buffer_addf(missing, "is of no help: %s", answer->why ? answer->why : "no answer");
	else if (!answer->authoritative)
		buffer_addf(missing, "does not serve %s", wanted->zone.apex);
	else if (dns_answer_count(answer, wanted->type) > 0)
		buffer_addf(missing, "shows another %s record", wanted->type);
	else
		buffer_addf(missing, "shows no %s record", wanted->type);
}

/* A network that this machine has no way to: nothing is known of that server. */
static bool out_of_reach(const struct dns_zone *zone, size_t index, const struct dns_answer *answer)
{
	if (answer->code != DNS_SILENT || !answer->why ||
	    (strcmp(answer->why, strerror(ENETUNREACH)) != 0 &&
	     strcmp(answer->why, strerror(EADDRNOTAVAIL)) != 0))
		return false;
	for (size_t i = 0; i < zone->count; i++)
		if (i != index && zone->servers[i].address &&
		    dns_name_equal(zone->servers[i].name, zone->servers[index].name))
			return true;
	return false;
}

/* False while an answer is missing. */
static bool count_servers(struct dns_book *book, const struct wanted *wanted, struct dns_seen *seen,
			  struct buffer *missing)
{
	const struct dns_zone *zone = &wanted->zone;
	bool whole = true;

	for (size_t i = 0; i < zone->count; i++) {
		const struct dns_server *server = &zone->servers[i];
		const struct dns_answer *answer =
		    server->address
			? dns_book_look_at(book, server->address, zone->name, wanted->type)
			: NULL;

		if (server->address && !answer) {
			whole = false;
			continue;
		}
		if (server->address && out_of_reach(zone, i, answer))
			continue;
		seen->servers++;
		if (server->address && answer->authoritative && shows(answer, wanted, &seen->ttl))
			seen->showing++;
		else
			why_not(server, answer, wanted, missing);
	}
	return whole;
}

static int look(struct dns_book *book, const char *name, struct wanted *wanted, int64_t deadline_ms,
		struct dns_seen *ret, struct error *error)
{
	for (int round = 0; round < ROUNDS_MAX; round++) {
		_cleanup_(buffer_free) struct buffer missing = BUFFER_INIT;
		struct dns_seen seen = DNS_SEEN_INIT;

		if (dns_zone_find(book, name, &wanted->zone)) {
			if (!wanted->zone.apex)
				return error_set(error, EHOSTUNREACH,
						 "the zone of %s is not found: %s", name,
						 wanted->zone.why);
			if (wanted->zone.count == 0)
				return error_set(error, EHOSTUNREACH,
						 "the name servers of %s are not found",
						 wanted->zone.apex);
			if (count_servers(book, wanted, &seen, &missing)) {
				seen.missing = missing.size > 0 ? buffer_take(&missing) : NULL;
				*ret = seen;
				return 0;
			}
		}
		if (!dns_book_ask(book, clock_left_ms(deadline_ms)))
			break;
	}
	return error_set(error, EHOSTUNREACH, "the name servers of %s are not found in time", name);
}

int dns_seen_everywhere(const char *name, const char *type, const char *value, int timeout_ms,
			struct dns_seen *ret, struct error *error)
{
	_cleanup_(dns_resolver_close) struct dns_resolver *resolver = NULL;
	_cleanup_(dns_book_free) struct dns_book *book = NULL;
	struct wanted wanted = {.type = type, .value = value};
	int result = dns_resolver_open(&resolver, error);

	if (result < 0)
		return result;
	book = dns_book_new(resolver);
	if (!book)
		return error_errno(error, ENOMEM, "cannot ask the DNS");
	return look(book, name, &wanted, clock_now_ms() + timeout_ms, ret, error);
}

void dns_seen_clear(struct dns_seen *seen)
{
	free(seen->missing);
	*seen = DNS_SEEN_INIT;
}
