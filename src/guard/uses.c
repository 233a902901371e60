// SPDX-License-Identifier: GPL-3.0-or-later
#include "guard/uses.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json_file.h"

enum { CAPACITY_FIRST = 64, KEPT_IPV4 = 3, KEPT_IPV6 = 6 };

/* Dovecot's words: whatever else stands there was written by nobody whom we know. */
static bool take_words(const json_t *said, struct use *ret)
{
	static const char *const protocols[] = {"imap", "pop3", "smtp", "sieve"};
	const char *app = json_text(said, "app"), *protocol = json_text(said, "protocol");

	if (strlen(app) != USES_APP || strspn(app, "0123456789abcdef") != USES_APP)
		return false;
	memcpy(ret->app, app, USES_APP + 1);
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		if (strcmp(protocol, protocols[i]) != 0)
			continue;
		memcpy(ret->protocol, protocol, strlen(protocol) + 1);
		return true;
	}
	return false;
}

bool use_read(const json_t *said, struct use *ret)
{
	struct use use = {.app = ""};
	size_t kept;

	if (!json_is_true(json_object_get(said, "success")) || !take_words(said, &use) ||
	    !network_take(slice_of(json_text(said, "remote")), &use.network))
		return false;
	kept = use.network.family == 4 ? KEPT_IPV4 : KEPT_IPV6;
	memset(use.network.bytes + kept, 0, NETWORK_BYTES - kept);
	*ret = use;
	return true;
}

/* ---- The list ---- */

static void drop_old(struct uses *uses, int64_t now)
{
	size_t kept = 0;

	for (size_t i = 0; i < uses->count; i++)
		if (uses->list[i].time > now - USES_STAY_S && uses->list[i].time <= now)
			uses->list[kept++] = uses->list[i];
	uses->count = kept;
}

static struct use *find(struct uses *uses, const char *app)
{
	for (size_t i = 0; i < uses->count; i++)
		if (memcmp(uses->list[i].app, app, USES_APP) == 0)
			return &uses->list[i];
	return NULL;
}

static struct use *make_room(struct uses *uses, int64_t now)
{
	size_t capacity = uses->capacity ? uses->capacity * 2 : CAPACITY_FIRST;
	struct use *list;

	if (uses->count == uses->capacity)
		drop_old(uses, now);
	if (uses->count < uses->capacity)
		return &uses->list[uses->count++];
	list = capacity <= USES_MOST ? reallocarray(uses->list, capacity, sizeof(*list)) : NULL;
	if (!list)
		return NULL;
	uses->list = list;
	uses->capacity = capacity;
	return &uses->list[uses->count++];
}

void uses_add(struct uses *uses, const struct use *use, int64_t now)
{
	struct use *row = find(uses, use->app);

	if (!row)
		row = make_room(uses, now);
	if (!row)
		return;
	*row = *use;
	row->time = now;
	uses->changed = true;
}

void uses_clear(struct uses *uses)
{
	free(uses->list);
	*uses = (struct uses){0};
}

/* ---- The file ---- */

/* "192.0.2.0/24", "2001:db8:1::/48". */
static json_t *print_use(const struct use *use)
{
	char address[NETWORK_TEXT], text[NETWORK_TEXT + 4];

	network_print(&use->network, address);
	address[strcspn(address, "/")] = '\0';
	snprintf(text, sizeof(text), "%s/%d", address, use->network.family == 4 ? 24 : 48);
	return json_pack("{s:s, s:I, s:s, s:s}", "app", use->app, "time", (json_int_t)use->time,
			 "protocol", use->protocol, "network", text);
}

int64_t uses_work(struct uses *uses, const char *path, int64_t now)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *file = NULL;
	json_t *list;

	if (!uses->changed)
		return INT64_MAX;
	if (clock_now_ms() < uses->write_ms)
		return uses->write_ms;
	drop_old(uses, now);
	list = json_array();
	for (size_t i = 0; i < uses->count; i++)
		json_array_append_new(list, print_use(&uses->list[i]));
	file = json_pack("{s:o}", "uses", list);
	/* In memory (/run): nobody waits for a disk. */
	if (json_file_replace(path, file, JSON_COMPACT, 0640, &error) < 0)
		error_print(&error);
	uses->changed = false;
	uses->write_ms = clock_now_ms() + USES_WRITE_MS;
	return INT64_MAX;
}
