// SPDX-License-Identifier: GPL-3.0-or-later
#include "takeover/tables.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/json_file.h"

int tables_begin(struct tables *tables, const struct table_wish *wishes, const char *path,
		 struct error *error)
{
	*tables = (struct tables){.wishes = wishes, .path = path, .all = json_object()};
	return tables->all ? 0 : error_set(error, ENOMEM, "out of memory");
}

void tables_free(struct tables *tables)
{
	json_decref(tables->all);
	tables->all = NULL;
}

const struct table_wish *tables_find(const struct tables *tables, struct slice name)
{
	slice_skip(&name, SLICE("postfix_")); /* PostfixAdmin's, where it shares a database */
	for (const struct table_wish *wish = tables->wishes; wish->name; wish++)
		if (slice_equal_case(name, slice_of(wish->name)))
			return wish;
	return NULL;
}

int table_wish_find(const struct table_wish *wish, const char *column)
{
	for (int i = 0; wish->columns[i]; i++)
		if (strcasecmp(wish->columns[i], column) == 0)
			return i;
	return -1;
}

int tables_note(struct tables *tables, const struct table_wish *wish, struct error *error)
{
	if (json_object_get(tables->all, wish->name))
		return error_set(error, EINVAL,
				 "%s: the table %s is there twice; make a dump of that database "
				 "alone",
				 tables->path, wish->name);
	return json_object_set_new(tables->all, wish->name, json_array()) < 0
		   ? error_set(error, ENOMEM, "out of memory")
		   : 0;
}

int tables_add(struct tables *tables, const struct table_wish *wish, json_t *row,
	       struct error *error)
{
	json_t *rows = json_object_get(tables->all, wish->name);

	if (tables->rows++ == TABLES_ROWS) {
		json_decref(row);
		return error_set(error, E2BIG, "%s: more than %d people and aliases", tables->path,
				 TABLES_ROWS);
	}
	if (!rows) {
		rows = json_array();
		json_object_set_new(tables->all, wish->name, rows);
	}
	return json_array_append_new(rows, row) < 0 ? error_set(error, ENOMEM, "out of memory") : 0;
}

json_t *tables_value(struct slice text)
{
	json_t *value = NULL;

	if (text.size <= TABLES_VALUE && !memchr(text.at, '\0', text.size))
		value = json_stringn(text.at, text.size);
	return value ? value : json_false();
}

int tables_check(const struct tables *tables, struct error *error)
{
	for (const struct table_wish *wish = tables->wishes; wish->name; wish++)
		if (wish->needed && !json_object_get(tables->all, wish->name))
			return error_set(
			    error, EINVAL,
			    "%s: there is no table %s in it; is it of another program, "
			    "or were tables left out?",
			    tables->path, wish->name);
	return 0;
}
