// SPDX-License-Identifier: GPL-3.0-or-later
#include "outward/client.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "outward/service.h"

struct outward_client *outward_client_new(int fd, int64_t now_ms)
{
	struct outward_client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	client->fd = fd;
	client->due_ms = now_ms + OUTWARD_IDLE_MS;
	return client;
}

void outward_client_free(struct outward_client *client)
{
	close(client->fd);
	buffer_free(&client->input);
	free(client);
}

bool outward_client_read(struct outward_client *client)
{
	char bytes[NETSTRING_LIMIT];
	ssize_t size = recv(client->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (size <= 0)
		return false;
	buffer_add(&client->input, bytes, (size_t)size);
	/* It has one question at a time; who does not wait for its answer is not Postfix. */
	return !client->input.failed && client->input.size <= 2 * NETSTRING_LIMIT;
}

/* An answer goes out in one piece: who does not read it is no client any more. */
static bool answer(struct outward_client *client, const char *word, const struct buffer *found,
		   int64_t now_ms)
{
	_cleanup_(buffer_free) struct buffer payload = BUFFER_INIT, text = BUFFER_INIT;

	client->waits = false;
	client->due_ms = now_ms + OUTWARD_IDLE_MS;
	buffer_addf(&payload, "%s %s", word, buffer_text(found));
	netstring_add(&text, (struct slice){buffer_text(&payload), payload.size});
	return !text.failed && !payload.failed && !found->failed &&
	       send(client->fd, text.data, text.size, MSG_NOSIGNAL | MSG_DONTWAIT) ==
		   (ssize_t)text.size;
}

static bool look_at(struct outward_client *client, struct domains *domains, int64_t now_ms)
{
	_cleanup_(buffer_free) struct buffer found = BUFFER_INIT;
	struct domain *domain = domains_find(domains, client->name);

	if (domain && !domain_is_ready(domains, domain) && now_ms < client->due_ms)
		return true;
	if (domain && domain_is_starved(domain)) {
		buffer_add_text(&found, "too many policies are being fetched");
		return answer(client, "TEMP", &found, now_ms);
	}
	if (domain)
		domain_answer(domains, domain, &found);
	return answer(client, found.size > 0 ? "OK" : "NOTFOUND", &found, now_ms);
}

/* False when there is no whole question; `*good` is false for what is none at all. */
static bool take_question(struct outward_client *client, struct slice *ret, bool *good)
{
	struct slice rest = {client->input.data, client->input.size};

	if (client->input.size == 0)
		return false;
	switch (netstring_take(&rest, ret)) {
	case NETSTRING_WHOLE:
		return true;
	case NETSTRING_PART:
		return false;
	case NETSTRING_BROKEN:
		break;
	}
	*good = false;
	return false;
}

bool outward_client_go_on(struct outward_client *client, struct domains *domains, int64_t now_ms)
{
	static const struct buffer nothing = BUFFER_INIT;
	struct slice question;
	bool good = true;

	if (client->waits)
		good = look_at(client, domains, now_ms);
	while (good && !client->waits && take_question(client, &question, &good)) {
		bool named = socketmap_domain(question, client->name);

		buffer_consume(&client->input,
			       (size_t)(question.at + question.size + 1 - client->input.data));
		client->waits = named;
		client->due_ms = now_ms + OUTWARD_ANSWER_MS;
		good = named ? look_at(client, domains, now_ms)
			     : answer(client, "NOTFOUND", &nothing, now_ms);
	}
	return good && now_ms < client->due_ms;
}
