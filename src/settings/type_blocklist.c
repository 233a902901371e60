// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings/type_blocklist.h"

#include <errno.h>
#include <string.h>

#include "settings/blocklist.h"

int type_blocklist(const struct setting *setting _unused_, const char *text, size_t size,
		   char **ret_value, struct error *error)
{
	struct blocklist list;
	int result = blocklist_parse(text, size, &list, error);

	if (result < 0)
		return result;
	*ret_value = blocklist_text(&list);
	explicit_bzero(&list, sizeof(list));
	return *ret_value ? 0 : error_set(error, ENOMEM, "out of memory");
}

static json_t *unfold(json_t *item, const struct blocklist *list)
{
	return json_pack("{s:O, s:s, s:s, s:i}", "item", item, "zone", list->zone, "codes",
			 list->codes, "weight", list->weight);
}

int blocklist_derive(json_t *settings)
{
	json_t *filter = json_object_get(settings, "filter"), *item, *lists = json_array();
	const json_t *services = json_object_get(settings, "services");
	bool welcoming = false;
	size_t i;

	if (json_object_set_new(settings, "blocklists", lists) < 0)
		return -ENOMEM;
	json_array_foreach(json_object_get(filter, "blocklists"), i, item)
	{
		struct blocklist list;

		if (blocklist_parse(json_string_value(item), json_string_length(item), &list,
				    NULL) < 0 ||
		    json_array_append_new(lists, unfold(item, &list)) < 0)
			return -ENOMEM;
		welcoming = welcoming || list.weight < 0;
	}
	/* They are asked about who comes by port 25. */
	if (json_object_set_new(filter, "listing",
				json_boolean(json_array_size(lists) > 0 &&
					     json_is_true(json_object_get(services, "smtp")))) <
		0 ||
	    json_object_set_new(filter, "welcoming", json_boolean(welcoming)) < 0)
		return -ENOMEM;
	return 0;
}
