// SPDX-License-Identifier: GPL-3.0-or-later
#include "lists/catalog.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"

const struct catalog_list *catalog_find(const struct catalog *catalog, const char *zone)
{
	for (size_t i = 0; i < catalog->count; i++)
		if (strcmp(catalog->lists[i].zone, zone) == 0)
			return &catalog->lists[i];
	return NULL;
}

static struct catalog_list *list_of(struct catalog *catalog, const struct blocklist *item)
{
	const struct catalog_list *known = catalog_find(catalog, item->zone);
	struct catalog_list *list;

	if (known)
		return &catalog->lists[known - catalog->lists];
	if (catalog->count >= CATALOG_LISTS)
		return NULL;
	list = &catalog->lists[catalog->count++];
	*list = (struct catalog_list){.welcomes = true};
	strcpy(list->zone, item->zone);
	if (item->key[0]) { /* both have room: BLOCKLIST_NAME is of the two */
		strcpy(list->asked, item->key);
		strcat(list->asked, ".");
	}
	strcat(list->asked, item->zone);
	return list;
}

static int take_item(const char *line, struct catalog *catalog, struct error *error)
{
	struct blocklist item;
	struct catalog_list *list;
	int result = blocklist_parse(line, strlen(line), &item, error);

	if (result < 0)
		return result;
	list = list_of(catalog, &item);
	if (!list || list->count >= CATALOG_CODES)
		return error_set(error, EINVAL, "more than %d lists", CATALOG_LISTS);
	result = blocklist_codes_parse(item.codes, &list->codes[list->count++]);
	list->welcomes = list->welcomes && item.weight < 0;
	explicit_bzero(&item, sizeof(item));
	return result < 0 ? error_set(error, EINVAL, "%s has no codes", list->zone) : 0;
}

int catalog_parse(char *text, struct catalog *ret, struct error *error)
{
	char *rest = text, *line;
	int result = 0;

	*ret = (struct catalog){0};
	while (result == 0 && (line = strsep(&rest, "\n")))
		if (line[0] && line[0] != '#')
			result = take_item(line, ret, error);
	return result;
}

int catalog_load(const char *path, struct catalog *ret, struct error *error)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	int result = file_read(path, CATALOG_FILE, &text, &size, error);

	if (result < 0)
		return result;
	result = catalog_parse(text, ret, error);
	explicit_bzero(text, size);
	return result < 0 ? error_wrap(error, "%s", path) : 0;
}

bool catalog_count(const struct catalog_list *list, const uint8_t address[4])
{
	for (size_t i = 0; i < list->count; i++)
		if (blocklist_codes_have(&list->codes[i], address))
			return true;
	return false;
}

bool catalog_address(const char *text, struct catalog_address *ret)
{
	*ret = (struct catalog_address){.family = strchr(text, ':') ? AF_INET6 : AF_INET};
	return inet_pton(ret->family, text, ret->bytes) == 1;
}

void catalog_ask(const struct catalog_list *list, const struct catalog_address *address,
		 char ret[CATALOG_ASKED])
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *bytes = address->bytes;
	char *at = ret;

	if (address->family == AF_INET) {
		snprintf(ret, CATALOG_ASKED, "%u.%u.%u.%u.%s", bytes[3], bytes[2], bytes[1],
			 bytes[0], list->asked);
		return;
	}
	for (size_t i = sizeof(address->bytes); i-- > 0;) {
		*at++ = digits[bytes[i] & 15];
		*at++ = '.';
		*at++ = digits[bytes[i] >> 4];
		*at++ = '.';
	}
	strcpy(at, list->asked);
}
