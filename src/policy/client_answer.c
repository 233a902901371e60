// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>
#include <sys/socket.h>

#include "policy/client_private.h"

bool client_answer(struct client *client, const struct client_sources *sources, const char *text)
{
	size_t size = strlen(text);

	client->waits = false;
	client->due_ms = sources->now_ms + CLIENT_IDLE_MS;
	return send(client->fd, text, size, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)size;
}
