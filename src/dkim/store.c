// SPDX-License-Identifier: GPL-3.0-or-later
#include "dkim/store.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <time.h>

#include "base/file.h"

void dkim_store_clear(struct dkim_store *store)
{
	for (size_t i = 0; store->domains && i < store->count; i++)
		free(store->domains[i]);
	free(store->domains);
	free(store->folder);
	free(store->prefix);
	free(store->hostname);
	*store = (struct dkim_store){.count = 0};
}

static bool copy_text(const json_t *object, const char *key, char **ret)
{
	const char *text = json_string_value(json_object_get(object, key));

	*ret = strdup(text ? text : "");
	return *ret;
}

static bool copy_domains(const json_t *domains, struct dkim_store *store)
{
	size_t i;
	const json_t *domain;

	store->domains = calloc(json_array_size(domains) + 1, sizeof(*store->domains));
	json_array_foreach(domains, i, domain)
	{
		if (!store->domains || !(store->domains[i] = strdup(json_string_value(domain))))
			return false;
		store->count++;
	}
	return store->domains;
}

int dkim_store_from_settings(const json_t *settings, const char *keys, struct dkim_store *ret,
			     struct error *error)
{
	_cleanup_(dkim_store_clear) struct dkim_store store = {.group = (gid_t)-1};
	const struct group *group = getgrnam(DKIM_GROUP);

	if (group)
		store.group = group->gr_gid;
	store.folder = file_join(keys, "dkim");
	if (!store.folder ||
	    !copy_text(json_object_get(settings, "dkim"), "selector", &store.prefix) ||
	    !copy_text(settings, "hostname", &store.hostname) ||
	    !copy_domains(json_object_get(settings, "domains"), &store))
		return error_set(error, ENOMEM, "out of memory");
	*ret = store;
	store = (struct dkim_store){.count = 0};
	return 0;
}

int64_t dkim_store_now(const struct dkim_store *store)
{
	return store->now ? store->now : (int64_t)time(NULL);
}

char *dkim_store_folder(const struct dkim_store *store, const char *domain)
{
	return file_join(store->folder, domain);
}

int dkim_store_lock(const struct dkim_store *store, int timeout_ms, int *ret_fd,
		    struct error *error)
{
	_cleanup_free_ char *path = file_join(store->folder, "lock");
	int result = file_make_folders(store->folder, 0711, error);

	if (result < 0)
		return result;
	if (!path)
		return error_set(error, ENOMEM, "out of memory");
	return file_lock(path, timeout_ms, ret_fd, error);
}
