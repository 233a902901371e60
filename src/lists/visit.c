// SPDX-License-Identifier: GPL-3.0-or-later
#include "lists/visit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <sys/socket.h>

enum { ASKED, CONTROLLED };

/* Of an answer that is none: a client that is let in is asked about again after that, and not at
 * each of its connections while a list is out of order. */
enum { NOTHING_TTL = 600 };

struct visit *visit_new(int fd, struct sources *sources)
{
	struct visit *visit = calloc(1, sizeof(*visit));

	if (visit)
		*visit = (struct visit){
		    .fd = fd, .sources = sources, .due_ms = sources->now_ms + VISIT_READ_MS};
	return visit;
}

void visit_free(struct visit *visit)
{
	asker_forget(&visit->sources->asker, visit);
	close(visit->fd);
	buffer_free(&visit->input);
	buffer_free(&visit->output);
	free(visit);
}

/* It fits into the socket's buffer, or its reader is gone. */
static void answer(struct visit *visit, const char *codes, uint32_t ttl)
{
	attributes_answer(&visit->request, codes, ttl, &visit->output);
	if (!visit->output.failed)
		(void)!send(visit->fd, visit->output.data, visit->output.size,
			    MSG_NOSIGNAL | MSG_DONTWAIT);
	visit->done = true;
}

static void answer_nothing(struct visit *visit, uint32_t ttl)
{
	answer(visit, "", ttl);
}

static void answer_listed(struct visit *visit)
{
	const struct lookup_answer *listed = &visit->answer;
	const struct catalog_list *list = visit->tested->list;
	_cleanup_(buffer_free) struct buffer codes = BUFFER_INIT;
	char text[INET_ADDRSTRLEN];

	for (size_t i = 0; i < listed->count; i++)
		if (catalog_count(list, listed->addresses[i]) &&
		    inet_ntop(AF_INET, listed->addresses[i], text, sizeof(text)))
			buffer_addf(&codes, "%s%s", codes.size ? " " : "", text);
	if (codes.failed) {
		answer_nothing(visit, NOTHING_TTL);
		return;
	}
	/* As dnsblog(8) has it; the address was read, and the zone is the settings'. */
	fprintf(stderr, "addr %s listed by domain %s as %s\n", visit->request.client, list->zone,
		buffer_text(&codes));
	answer(visit, buffer_text(&codes), listed->ttl);
}

static void take_answer(void *context, unsigned tag, const struct lookup_answer *answer);

static void ask(struct visit *visit, const char *name, unsigned tag, int wait_ms)
{
	struct sources *sources = visit->sources;

	visit->due_ms = INT64_MAX;
	if (!asker_ask(&sources->asker, name, sources->now_ms + wait_ms, take_answer, visit, tag))
		answer_nothing(visit, NOTHING_TTL);
}

static void take_control(struct visit *visit, const struct lookup_answer *control)
{
	enum life_kind kind = tested_control(visit->tested, control);

	if (kind == LIFE_NOTHING && life_counts(&visit->tested->life, visit->sources->now))
		answer_listed(visit);
	else
		answer_nothing(visit, NOTHING_TTL);
}

static void take_list(struct visit *visit, const struct lookup_answer *listed)
{
	char name[CATALOG_ASKED];

	switch (life_kind_of(visit->tested->list, LIFE_FRESH4, listed)) {
	case LIFE_COUNTS:
		visit->answer = *listed;
		tested_fresh(visit->tested, name);
		ask(visit, name, CONTROLLED, VISIT_CONTROL_MS);
		return;
	case LIFE_NOTHING:
	case LIFE_OTHER:
		answer_nothing(visit, listed->ttl);
		return;
	default:
		tested_suspect(visit->tested);
		answer_nothing(visit, NOTHING_TTL);
	}
}

static void take_answer(void *context, unsigned tag, const struct lookup_answer *answer)
{
	if (tag == ASKED)
		take_list(context, answer);
	else
		take_control(context, answer);
}

static void begin(struct visit *visit)
{
	struct sources *sources = visit->sources;
	struct catalog_address address;
	char name[CATALOG_ASKED];

	visit->tested = tested_find(sources, visit->request.zone);
	if (!visit->tested || !catalog_address(visit->request.client, &address)) {
		visit->done = true;
		return;
	}
	tested_asked(visit->tested);
	if (!life_counts(&visit->tested->life, sources->now)) {
		answer_nothing(visit, NOTHING_TTL);
		return;
	}
	catalog_ask(visit->tested->list, &address, name);
	ask(visit, name, ASKED, VISIT_LIST_MS);
}

void visit_read(struct visit *visit)
{
	char bytes[ATTRIBUTES_LIMIT];
	ssize_t size = recv(visit->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* Once it has asked, it says nothing more: its end is all that can come. */
	if (size <= 0 || visit->whole) {
		visit->done = true;
		return;
	}
	buffer_add(&visit->input, bytes, (size_t)size);
	if (visit->input.failed) {
		visit->done = true;
		return;
	}
	switch (attributes_parse(visit->input.data, visit->input.size, &visit->request)) {
	case ATTRIBUTES_MORE:
		return;
	case ATTRIBUTES_WHOLE:
		visit->whole = true;
		begin(visit);
		return;
	default:
		visit->done = true;
	}
}
