// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokens/keyring.h"

#include <string.h>

#include "base/json_file.h"

void keyring_free(struct keyring *ring)
{
	for (size_t i = 0; i < ring->count; i++)
		free(ring->keys[i].key.pem);
	*ring = (struct keyring){0};
}

static void drop(struct keyring *ring, size_t i)
{
	free(ring->keys[i].key.pem);
	memmove(&ring->keys[i], &ring->keys[i + 1],
		(ring->count - i - 1) * sizeof(struct keyring_key));
	ring->count--;
}

static bool is_same(const struct jwks_key *a, const struct jwks_key *b)
{
	return strcmp(a->name, b->name) == 0 && a->algorithms == b->algorithms &&
	       strcmp(a->pem, b->pem) == 0;
}

static struct jwks_key *find(struct jwks *jwks, const struct jwks_key *key)
{
	for (size_t i = 0; i < jwks->count; i++)
		if (is_same(&jwks->keys[i], key))
			return &jwks->keys[i];
	return NULL;
}

/* Another key in its place: only one of them can have the file. */
static bool is_replaced(const struct jwks *jwks, const struct jwks_key *key)
{
	for (size_t i = 0; i < jwks->count; i++)
		if (strcmp(jwks->keys[i].name, key->name) == 0 &&
		    jwks->keys[i].algorithms & key->algorithms)
			return true;
	return false;
}

/* The one that has been gone for the longest; there is one, as answers have half of the room. */
static size_t longest_gone(const struct keyring *ring)
{
	size_t found = 0;

	for (size_t i = 1; i < ring->count; i++)
		if (ring->keys[i].gone &&
		    (!ring->keys[found].gone || ring->keys[i].gone < ring->keys[found].gone))
			found = i;
	return found;
}

/* Marks what is gone, and lets go what was gone long enough, or came back as another. */
static unsigned look_at_known(struct keyring *ring, struct jwks *jwks, int64_t now, int64_t grace)
{
	unsigned change = 0;

	for (size_t i = 0; i < ring->count;) {
		struct keyring_key *known = &ring->keys[i];
		bool said = find(jwks, &known->key) != NULL;

		/* A clock that was set back makes nothing longer. */
		if (!said && (!known->gone || known->gone > now)) {
			known->gone = now;
			change |= KEYRING_CHANGED;
		} else if (said && known->gone) {
			known->gone = 0;
			change |= KEYRING_CHANGED;
		}
		if (!said && (now - known->gone >= grace || is_replaced(jwks, &known->key))) {
			drop(ring, i);
			change |= KEYRING_CHANGED | KEYRING_DROPPED;
		} else {
			i++;
		}
	}
	return change;
}

static bool has(const struct keyring *ring, const struct jwks_key *key)
{
	for (size_t i = 0; i < ring->count; i++)
		if (is_same(&ring->keys[i].key, key))
			return true;
	return false;
}

unsigned keyring_take(struct keyring *ring, struct jwks *jwks, int64_t now, int64_t grace)
{
	unsigned change = look_at_known(ring, jwks, now, grace);

	for (size_t i = 0; i < jwks->count; i++) {
		if (has(ring, &jwks->keys[i]))
			continue;
		if (ring->count == KEYRING_KEYS) {
			drop(ring, longest_gone(ring));
			change |= KEYRING_DROPPED;
		}
		ring->keys[ring->count++] = (struct keyring_key){jwks->keys[i], 0};
		jwks->keys[i].pem = NULL;
		change |= KEYRING_CHANGED;
	}
	ring->fetched = now;
	jwks_free(jwks);
	return change;
}

json_t *keyring_write(const struct keyring *ring, const char *issuer)
{
	json_t *keys = json_array();

	for (size_t i = 0; i < ring->count; i++) {
		const struct keyring_key *known = &ring->keys[i];

		if (json_array_append_new(
			keys, json_pack("{s:s, s:i, s:s, s:I}", "name", known->key.name,
					"algorithms", (int)known->key.algorithms, "pem",
					known->key.pem, "gone", (json_int_t)known->gone)) < 0) {
			json_decref(keys);
			return NULL;
		}
	}
	return json_pack("{s:s, s:I, s:o}", "issuer", issuer, "fetched", (json_int_t)ring->fetched,
			 "keys", keys);
}

static bool read_key(struct keyring *ring, const json_t *entry)
{
	struct keyring_key known = {.gone = json_number(entry, "gone")};
	const char *name = json_text(entry, "name"), *pem = json_text(entry, "pem");
	long long algorithms = json_number(entry, "algorithms");

	if (ring->count == KEYRING_KEYS || !jwks_is_name(name) || !pem[0] || algorithms < 1 ||
	    algorithms >= 1 << jwks_algorithm_count)
		return false;
	strcpy(known.key.name, name);
	known.key.algorithms = (unsigned)algorithms;
	known.key.pem = strdup(pem);
	if (!known.key.pem)
		return false;
	ring->keys[ring->count++] = known;
	return true;
}

bool keyring_read(struct keyring *ring, const json_t *kept, const char *issuer)
{
	const json_t *entry;
	size_t i;

	*ring = (struct keyring){.fetched = json_number(kept, "fetched")};
	if (strcmp(json_text(kept, "issuer"), issuer) != 0) {
		ring->fetched = 0;
		return false;
	}
	json_array_foreach(json_object_get(kept, "keys"), i, entry)
	{
		if (!read_key(ring, entry)) {
			keyring_free(ring);
			return false;
		}
	}
	return true;
}
