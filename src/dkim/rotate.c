// SPDX-License-Identifier: GPL-3.0-or-later
#include "dkim/rotate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json_file.h"
#include "dkim/make.h"
#include "dns/ask.h"

enum { ASK_MS = 5000 };

static int seen_everywhere(const char *name, const char *record, struct error *error)
{
	_cleanup_(dns_seen_clear) struct dns_seen seen = DNS_SEEN_INIT;
	int result = dns_seen_everywhere(name, "TXT", record, ASK_MS, &seen, error);

	if (result < 0)
		return result;
	if (seen.servers > 0 && seen.showing == seen.servers)
		return 0;
	return error_set(error, EAGAIN, "%s",
			 seen.missing ? seen.missing : "no name server of its zone was found");
}

struct dkim_rotation dkim_rotation_from_settings(const json_t *settings)
{
	const json_t *sign = json_object_get(json_object_get(settings, "dkim"), "sign");
	struct dkim_rotation rotation = {.seen = seen_everywhere};

	for (int algorithm = 0; algorithm < DKIM_ALGORITHMS; algorithm++)
		rotation.uses[algorithm] =
		    json_has_text(sign, dkim_algorithm_name((enum dkim_algorithm)algorithm));
	return rotation;
}

static int look(const char *domain, const struct dkim_key *key,
		const struct dkim_rotation *rotation, struct error *error)
{
	_cleanup_free_ char *record = dkim_key_record(key), *name = NULL;
	struct error why = ERROR_INIT;
	int result;

	if (!record || asprintf(&name, "%s._domainkey.%s", key->selector, domain) < 0)
		return error_set(error, ENOMEM, "out of memory");
	result = rotation->seen(name, record, &why);
	if (result < 0)
		error_set(
		    error, EAGAIN,
		    "the next key is not seen everywhere, so nothing was changed: %s; publish at "
		    "%s the TXT record \"%s\", and try again when every name server shows it",
		    error_text(&why), name, record);
	error_clear(&why);
	return result < 0 ? -EAGAIN : 0;
}

/* Everything that is checked before anything is changed. */
static int check(const char *domain, struct dkim_keys *keys, const struct dkim_rotation *rotation,
		 struct error *error)
{
	for (int algorithm = 0; algorithm < DKIM_ALGORITHMS; algorithm++) {
		const struct dkim_key *next;
		int result = 0;

		if (!rotation->uses[algorithm])
			continue;
		next = dkim_keys_find(keys, DKIM_NEXT, (enum dkim_algorithm)algorithm);
		if (!next)
			return error_set(error, ENOENT,
					 "%s has no next key yet; it is being made, try again in a "
					 "minute",
					 domain);
		if (!rotation->force)
			result = look(domain, next, rotation, error);
		if (result < 0)
			return result;
	}
	return 0;
}

static int change(const struct dkim_place *place, enum dkim_algorithm algorithm,
		  struct dkim_keys *keys, struct error *error)
{
	struct dkim_key *current = dkim_keys_find(keys, DKIM_CURRENT, algorithm);
	struct dkim_key *next = dkim_keys_find(keys, DKIM_NEXT, algorithm);

	if (current) {
		current->state = DKIM_PREVIOUS;
		current->since = place->now;
	}
	next->state = DKIM_CURRENT;
	next->since = place->now;
	return dkim_key_make(place, DKIM_NEXT, algorithm, keys, &next, error);
}

int dkim_rotate(const struct dkim_store *store, const char *domain,
		const struct dkim_rotation *rotation, struct error *error)
{
	_cleanup_free_ char *folder = dkim_store_folder(store, domain);
	_cleanup_(dkim_keys_clear) struct dkim_keys keys = {.count = 0};
	struct dkim_place place = {folder, store->prefix, store->group, dkim_store_now(store)};
	int result = folder ? dkim_keys_read(folder, &keys, error)
			    : error_set(error, ENOMEM, "out of memory");

	if (result == 0)
		result = check(domain, &keys, rotation, error);
	for (int algorithm = 0; result == 0 && algorithm < DKIM_ALGORITHMS; algorithm++)
		if (rotation->uses[algorithm])
			result = change(&place, (enum dkim_algorithm)algorithm, &keys, error);
	return result < 0 ? result : dkim_keys_write(folder, &keys, error);
}

bool dkim_rotation_is_due(const struct dkim_store *store, const char *domain,
			  const struct dkim_rotation *rotation)
{
	_cleanup_free_ char *folder = dkim_store_folder(store, domain);
	_cleanup_(dkim_keys_clear) struct dkim_keys keys = {.count = 0};
	struct error none = ERROR_INIT;
	bool due = false;

	if (folder && dkim_keys_read(folder, &keys, &none) == 0)
		for (int algorithm = 0; algorithm < DKIM_ALGORITHMS; algorithm++) {
			const struct dkim_key *key =
			    dkim_keys_find(&keys, DKIM_CURRENT, (enum dkim_algorithm)algorithm);

			due = due || (rotation->uses[algorithm] && key &&
				      dkim_store_now(store) - key->since >=
					  (int64_t)DKIM_ROTATE_DAYS * DKIM_DAY);
		}
	error_clear(&none);
	return due;
}
