// SPDX-License-Identifier: GPL-3.0-or-later
#include "lists/asker.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "net/dns_message.h"

enum { DATAGRAMS = 64 }; /* taken at once before anybody else has a turn */

static struct asker_question *find_free(struct asker *asker)
{
	for (size_t i = 0; i < ASKER_QUESTIONS; i++)
		if (!asker->questions[i].answer)
			return &asker->questions[i];
	return NULL;
}

static struct asker_question *find_id(struct asker *asker, uint16_t id)
{
	for (size_t i = 0; i < ASKER_QUESTIONS; i++)
		if (asker->questions[i].answer && asker->questions[i].id == id)
			return &asker->questions[i];
	return NULL;
}

bool asker_ask(struct asker *asker, const char *name, int64_t due_ms, asker_answer *answer,
	       void *context, unsigned tag)
{
	struct asker_question *question = find_free(asker);
	unsigned char bytes[DNS_MESSAGE_QUESTION];
	uint16_t id;
	size_t size;

	if (!question || getrandom(&id, sizeof(id), 0) != sizeof(id))
		return false;
	while (find_id(asker, id))
		id++;
	size = dns_message_ask(name, ns_t_a, id, 0, LOOKUP_ANSWER, bytes);
	/* A refusal that is told here is of a question before; this one goes out after it. */
	if (size == 0 || (send(asker->fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
			  (errno != ECONNREFUSED ||
			   send(asker->fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)))
		return false;
	*question = (struct asker_question){answer, context, tag, id, due_ms, {0}};
	strcpy(question->name, name);
	return true;
}

void asker_forget(struct asker *asker, const void *context)
{
	for (size_t i = 0; i < ASKER_QUESTIONS; i++)
		if (asker->questions[i].context == context)
			asker->questions[i].answer = NULL;
}

/* Its place is free before its owner hears of it, who may ask again. */
static void finish(struct asker_question *question, const struct lookup_answer *answer)
{
	asker_answer *tell = question->answer;

	question->answer = NULL;
	tell(question->context, question->tag, answer);
}

void asker_receive(struct asker *asker)
{
	unsigned char bytes[LOOKUP_ANSWER];

	for (size_t i = 0; i < DATAGRAMS; i++) {
		ssize_t size = recv(asker->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		struct asker_question *question;
		struct lookup_answer answer;
		uint16_t id;

		if (size < 0 && errno != ECONNREFUSED)
			return;
		if (size < 0 || !dns_message_id(bytes, (size_t)size, &id))
			continue;
		question = find_id(asker, id);
		if (question && lookup_read(bytes, (size_t)size, question->name, &answer))
			finish(question, &answer);
	}
}

void asker_tick(struct asker *asker, int64_t now_ms)
{
	const struct lookup_answer silent = {.result = LOOKUP_SILENT};

	for (size_t i = 0; i < ASKER_QUESTIONS; i++)
		if (asker->questions[i].answer && now_ms >= asker->questions[i].due_ms)
			finish(&asker->questions[i], &silent);
}

int64_t asker_due(const struct asker *asker)
{
	int64_t due_ms = INT64_MAX;

	for (size_t i = 0; i < ASKER_QUESTIONS; i++)
		if (asker->questions[i].answer && asker->questions[i].due_ms < due_ms)
			due_ms = asker->questions[i].due_ms;
	return due_ms;
}
