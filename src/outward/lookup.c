// SPDX-License-Identifier: GPL-3.0-or-later
#include "outward/lookup.h"

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/dns_message.h"

enum { DATAGRAMS = 64 }; /* taken at once before anybody else has a turn */

void lookups_close(struct lookups *lookups)
{
	if (lookups->fd >= 0)
		close(lookups->fd);
	lookups->fd = -1;
}

static void send_question(struct lookups *lookups, const struct lookup *lookup)
{
	unsigned char bytes[DNS_MESSAGE_QUESTION];
	size_t size = dns_message_ask(lookup->name, lookup->type, lookup->id, DNS_MESSAGE_AUTHENTIC,
				      DNS_MESSAGE_ROOM, bytes);

	/* What does not get out is asked once more. */
	if (size && send(lookups->fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return;
}

static struct lookup *find(struct lookups *lookups, uint16_t id)
{
	for (size_t i = 0; i < LOOKUPS; i++)
		if (lookups->rows[i].done && lookups->rows[i].id == id)
			return &lookups->rows[i];
	return NULL;
}

static struct lookup *find_free(struct lookups *lookups)
{
	for (size_t i = 0; i < LOOKUPS; i++)
		if (!lookups->rows[i].done)
			return &lookups->rows[i];
	return NULL;
}

void lookup_ask(struct lookups *lookups, const char *before, const char *name, int type,
		lookup_done *done, void *context)
{
	struct lookup *lookup = find_free(lookups);
	uint16_t id = 0;

	do {
		if (!lookup || getrandom(&id, sizeof(id), 0) != sizeof(id)) {
			done(context, NULL);
			return;
		}
	} while (find(lookups, id));
	*lookup = (struct lookup){.context = context,
				  .type = type,
				  .id = id,
				  .due_ms = lookups->now_ms + LOOKUP_AGAIN_MS,
				  .end_ms = lookups->now_ms + LOOKUP_END_MS};
	if ((size_t)snprintf(lookup->name, sizeof(lookup->name), "%s%s", before, name) >=
	    OUTWARD_NAME) {
		done(context, NULL); /* below the longest names there is no room for one */
		return;
	}
	lookup->done = done;
	lookups->asked++;
	send_question(lookups, lookup);
}

static void settle(struct lookups *lookups, struct lookup *lookup,
		   const struct message_answer *answer)
{
	lookup_done *done = lookup->done;
	void *context = lookup->context;

	lookup->done = NULL; /* before: it may ask more */
	lookups->asked--;
	done(context, answer);
}

static void receive_one(struct lookups *lookups, const unsigned char *bytes, size_t size)
{
	static struct message_answer answer; /* a program has one at a time */
	struct lookup *lookup;
	uint16_t id;

	if (!dns_message_id(bytes, size, &id) || !(lookup = find(lookups, id)) ||
	    !message_read(bytes, size, lookup->name, lookup->type, &answer))
		return;
	settle(lookups, lookup, &answer);
}

/* Nobody listens at the resolver's port: the same as silence, but known at once.  What is asked
 * meanwhile is asked again when its time comes. */
static void refused(struct lookups *lookups)
{
	for (size_t i = 0; i < LOOKUPS; i++)
		if (lookups->rows[i].done && lookups->rows[i].again)
			settle(lookups, &lookups->rows[i], NULL);
}

void lookups_receive(struct lookups *lookups)
{
	static unsigned char bytes[LOOKUP_DATAGRAM];

	for (size_t i = 0; i < DATAGRAMS; i++) {
		ssize_t size = recv(lookups->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

		if (size < 0 && errno == ECONNREFUSED)
			refused(lookups);
		else if (size < 0)
			return;
		else
			receive_one(lookups, bytes, (size_t)size);
	}
}

void lookups_tick(struct lookups *lookups, int64_t now_ms)
{
	lookups->now_ms = now_ms;
	for (size_t i = 0; lookups->asked > 0 && i < LOOKUPS; i++) {
		struct lookup *lookup = &lookups->rows[i];

		if (!lookup->done || now_ms < lookup->due_ms)
			continue;
		if (now_ms >= lookup->end_ms) {
			settle(lookups, lookup, NULL);
		} else if (!lookup->again) {
			lookup->again = true;
			lookup->due_ms = lookup->end_ms;
			send_question(lookups, lookup);
		}
	}
}

int64_t lookups_due(const struct lookups *lookups)
{
	int64_t due_ms = INT64_MAX;

	for (size_t i = 0; lookups->asked > 0 && i < LOOKUPS; i++)
		if (lookups->rows[i].done && lookups->rows[i].due_ms < due_ms)
			due_ms = lookups->rows[i].due_ms;
	return due_ms;
}
