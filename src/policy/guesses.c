// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/guesses.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct guesser {
	struct guesser *next; /* of its bucket */
	struct guesser *newer, *older;
	int64_t full_ms; /* when it may have GUESSES_BURST again */
	int64_t shut_ms; /* until then it may have nothing */
	unsigned over;	 /* since the bucket was full */
	char network[HOST_NETWORK];
};

void guesses_init(struct guesses *guesses)
{
	*guesses = (struct guesses){0};
	if (getrandom(&guesses->seed, sizeof(guesses->seed), 0) < 0)
		guesses->seed = 1;
}

static uint32_t place(const struct guesses *guesses, const char *network)
{
	uint32_t hash = guesses->seed;

	for (; *network; network++) /* FNV-1a, from a start of our own */
		hash = (hash ^ (unsigned char)*network) * 16777619u;
	return (hash ^ hash >> 15) & (GUESSES_BUCKETS - 1);
}

static struct guesser *find(const struct guesses *guesses, const char *network)
{
	struct guesser *guesser = guesses->buckets[place(guesses, network)];

	while (guesser && strcmp(guesser->network, network) != 0)
		guesser = guesser->next;
	return guesser;
}

static void leave_order(struct guesses *guesses, struct guesser *guesser)
{
	*(guesser->newer ? &guesser->newer->older : &guesses->newest) = guesser->older;
	*(guesser->older ? &guesser->older->newer : &guesses->oldest) = guesser->newer;
}

static void become_newest(struct guesses *guesses, struct guesser *guesser)
{
	guesser->newer = NULL;
	guesser->older = guesses->newest;
	*(guesses->newest ? &guesses->newest->newer : &guesses->oldest) = guesser;
	guesses->newest = guesser;
}

static void forget(struct guesses *guesses, struct guesser *guesser)
{
	struct guesser **link = &guesses->buckets[place(guesses, guesser->network)];

	while (*link != guesser)
		link = &(*link)->next;
	*link = guesser->next;
	leave_order(guesses, guesser);
	free(guesser);
	guesses->count--;
}

static struct guesser *take(struct guesses *guesses, const char *network)
{
	struct guesser **bucket = &guesses->buckets[place(guesses, network)];
	struct guesser *guesser = find(guesses, network);

	if (guesser) {
		leave_order(guesses, guesser);
		become_newest(guesses, guesser);
		return guesser;
	}
	guesser = calloc(1, sizeof(*guesser));
	if (!guesser)
		return NULL;
	if (guesses->count >= GUESSES_CLIENTS)
		forget(guesses, guesses->oldest);
	strcpy(guesser->network, network);
	guesser->next = *bucket;
	*bucket = guesser;
	become_newest(guesses, guesser);
	guesses->count++;
	return guesser;
}

static unsigned seconds(int64_t ms)
{
	return (unsigned)((ms + 999) / 1000);
}

unsigned guesses_add(struct guesses *guesses, const char *client, int64_t now_ms)
{
	int64_t most_ms = (int64_t)GUESSES_BURST * GUESSES_EACH_MS, wait_ms;
	char network[HOST_NETWORK];
	struct guesser *guesser;

	host_network(client, 32, network);
	guesser = network[0] ? take(guesses, network) : NULL;
	if (!guesser)
		return 0;
	if (guesser->full_ms <= now_ms) {
		guesser->full_ms = now_ms;
		guesser->over = 0;
	}
	wait_ms = guesser->full_ms + GUESSES_EACH_MS - now_ms - most_ms;
	if (now_ms >= guesser->shut_ms && wait_ms <= 0) {
		guesser->full_ms += GUESSES_EACH_MS;
		return 0;
	}
	guesses->refused++;
	if (now_ms >= guesser->shut_ms && ++guesser->over > GUESSES_OVER) {
		guesser->shut_ms = now_ms + GUESSES_SHUT_MS;
		guesser->over = 0;
	}
	if (now_ms < guesser->shut_ms)
		return seconds(guesser->shut_ms - now_ms);
	return seconds(wait_ms);
}

void guesses_take_back(struct guesses *guesses, const char *client, int64_t now_ms)
{
	char network[HOST_NETWORK];
	struct guesser *guesser;

	host_network(client, 32, network);
	guesser = find(guesses, network);
	if (guesser && guesser->full_ms > now_ms)
		guesser->full_ms -= GUESSES_EACH_MS;
}

unsigned guesses_shut(const struct guesses *guesses, const char *client, int64_t now_ms)
{
	const struct guesser *guesser;
	char network[HOST_NETWORK];

	host_network(client, 32, network);
	guesser = find(guesses, network);
	return guesser && now_ms < guesser->shut_ms ? seconds(guesser->shut_ms - now_ms) : 0;
}

void guesses_free(struct guesses *guesses)
{
	while (guesses->oldest)
		forget(guesses, guesses->oldest);
}
