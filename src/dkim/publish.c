// SPDX-License-Identifier: GPL-3.0-or-later
/* The lists of a store of DKIM keys, for the DNS and for opendkim; see store.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/json_file.h"
#include "dkim/store.h"
#include "dns/answer.h"

struct lists {
	json_t *public;
	struct buffer key_table, signing_table;
};

static void lists_clear(struct lists *lists)
{
	json_decref(lists->public);
	buffer_free(&lists->key_table);
	buffer_free(&lists->signing_table);
}

static bool add_public(struct lists *lists, const char *domain, const struct dkim_key *key)
{
	_cleanup_free_ char *record = dkim_key_record(key);
	json_t *entry =
	    record ? json_pack("{s:s, s:s, s:s, s:s, s:I, s:s}", "domain", domain, "selector",
			       key->selector, "algorithm", dkim_algorithm_name(key->algorithm),
			       "state", dkim_state_name(key->state), "since",
			       (json_int_t)key->since, "record", record)
		   : NULL;

	return entry && json_array_append_new(lists->public, entry) == 0;
}

/* opendkim signs once (its SignatureAlgorithm is one for all): by RSA. */
static void add_tables(struct lists *lists, const char *folder, const char *domain, bool first,
		       const char *host, const struct dkim_key *key)
{
	_cleanup_free_ char *path = dkim_key_path(folder, key->selector);

	buffer_addf(&lists->key_table, "%s %s:%s:%s\n", domain, domain, key->selector,
		    path ? path : "");
	lists->key_table.failed |= !path;
	buffer_addf(&lists->signing_table, "%s %s\n", domain, domain);
	if (first)
		buffer_addf(&lists->signing_table, DKIM_SELFTEST " %s\n", domain);
	if (host)
		buffer_addf(&lists->signing_table, "%s %s\n", host, domain);
}

/* The domain below which the machine's own name is, so that its mail is signed by it: the longest
 * of them; NULL when there is none. */
static const char *domain_of_host(const struct dkim_store *store)
{
	const char *found = NULL;

	for (size_t i = 0; i < store->count; i++) {
		const char *domain = store->domains[i];

		if (strcmp(store->hostname, domain) == 0)
			return NULL;
		if (dns_name_below(store->hostname, domain) &&
		    (!found || strlen(domain) > strlen(found)))
			found = domain;
	}
	return found;
}

static int add_domain(const struct dkim_store *store, size_t number, const char *host_domain,
		      struct lists *lists, struct error *error)
{
	const char *domain = store->domains[number];
	_cleanup_free_ char *folder = dkim_store_folder(store, domain);
	_cleanup_(dkim_keys_clear) struct dkim_keys keys = {.count = 0};
	int result = folder ? dkim_keys_read(folder, &keys, error) : -ENOMEM;

	if (result == -ENOENT) {
		error_clear(error);
		return 0;
	}
	if (result < 0)
		return result;
	for (size_t i = 0; i < keys.count; i++) {
		const struct dkim_key *key = &keys.list[i];

		if (!add_public(lists, domain, key))
			return error_set(error, ENOMEM, "out of memory");
		if (key->state == DKIM_CURRENT && key->algorithm == DKIM_RSA)
			add_tables(lists, folder, domain, number == 0,
				   host_domain == domain ? store->hostname : NULL, key);
	}
	return 0;
}

static int replace(const struct dkim_store *store, const char *name, const char *text, size_t size,
		   mode_t mode, gid_t group, struct error *error)
{
	_cleanup_free_ char *path = file_join(store->folder, name), *old = NULL;
	struct error none = ERROR_INIT;
	size_t old_size;
	bool same;

	if (!path)
		return error_set(error, ENOMEM, "out of memory");
	same = file_read(path, DKIM_PUBLIC_MAX, &old, &old_size, &none) == 0 && old_size == size &&
	       memcmp(old, text, size) == 0;
	error_clear(&none);
	return same ? 0 : file_replace(path, text, size, mode, (uid_t)-1, group, error);
}

int dkim_store_publish(const struct dkim_store *store, struct error *error)
{
	_cleanup_(lists_clear) struct lists lists = {.public = json_array()};
	const char *host_domain = domain_of_host(store);
	_cleanup_free_ char *text = NULL;
	int result = 0;

	for (size_t i = 0; result == 0 && i < store->count; i++)
		result = add_domain(store, i, host_domain, &lists, error);
	if (result < 0)
		return result;
	text = json_dumps(lists.public, JSON_INDENT(1));
	if (!text || lists.key_table.failed || lists.signing_table.failed)
		return error_set(error, ENOMEM, "out of memory");
	result = replace(store, DKIM_PUBLIC, text, strlen(text), 0644, (gid_t)-1, error);
	if (result == 0)
		result = replace(store, DKIM_KEY_TABLE, buffer_text(&lists.key_table),
				 lists.key_table.size, 0640, store->group, error);
	if (result == 0)
		result = replace(store, DKIM_SIGN_TABLE, buffer_text(&lists.signing_table),
				 lists.signing_table.size, 0640, store->group, error);
	return result;
}
