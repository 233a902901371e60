// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings/schema.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "settings/table.h"
#include "settings/types.h"

static json_t *schema_of(const struct setting *setting);

/* A pattern that also lets the empty default pass. */
static json_t *pattern_of(const struct setting *setting)
{
	const char *pattern = type_of(setting->type)->pattern;

	if (setting->fallback && !setting->fallback[0] && !(setting->flags & SETTING_LIST))
		return json_sprintf("^$|%s", pattern);
	return json_string(pattern);
}

static json_t *schema_of_choices(const struct setting *setting)
{
	json_t *words = json_array();
	size_t position = 0, size;
	const char *word;
	bool later, has_off = false;

	while (setting_next_choice(setting, &position, &word, &size, &later)) {
		if (!later)
			json_array_append_new(words, json_stringn(word, size));
		has_off = has_off || (size == strlen("off") && !memcmp(word, "off", size));
	}
	if (!has_off)
		return json_pack("{s:s, s:o}", "type", "string", "enum", words);
	json_array_append_new(words, json_false()); /* as YAML reads it */
	return json_pack("{s:[s, s], s:o}", "type", "string", "boolean", "enum", words);
}

/* One value. A secret has no pattern: validators print what does not match. */
static json_t *schema_of_value(const struct setting *setting)
{
	json_t *schema;

	switch (setting->type) {
	case TYPE_BOOLEAN:
		return json_pack("{s:s}", "type", "boolean");
	case TYPE_INTEGER:
	case TYPE_DECIMAL:
		return json_pack("{s:s, s:I, s:I}", "type",
				 setting->type == TYPE_INTEGER ? "integer" : "number", "minimum",
				 (json_int_t)setting->minimum, "maximum",
				 (json_int_t)setting->maximum);
	case TYPE_CHOICE:
		return schema_of_choices(setting);
	default:
		break;
	}
	schema = json_pack("{s:s}", "type", "string");
	if (schema && setting->type == TYPE_TEXT) {
		if (setting->minimum)
			json_object_set_new(schema, "minLength",
					    json_integer((json_int_t)setting->minimum));
		json_object_set_new(schema, "maxLength",
				    json_integer((json_int_t)setting->maximum));
	} else if (schema && type_of(setting->type)->pattern &&
		   !(setting->flags & SETTING_SECRET)) {
		json_object_set_new(schema, "pattern", pattern_of(setting));
	}
	return schema;
}

/* A mapping: the rows below `group`, NULL the `mail:` mapping. */
static json_t *schema_of_group(const struct setting *group)
{
	json_t *properties = json_object(), *required = json_array();
	const struct setting *child = NULL;
	json_t *schema;

	while ((child = table_next_child(group, child))) {
		if (child->flags & SETTING_LATER)
			continue;
		json_object_set_new(properties, setting_name(child), schema_of(child));
		if (child->flags & SETTING_REQUIRED)
			json_array_append_new(required, json_string(setting_name(child)));
	}
	schema = json_pack("{s:s, s:o, s:b}", "type", "object", "properties", properties,
			   "additionalProperties", 0);
	if (json_array_size(required)) /* draft 4 wants at least one */
		json_object_set(schema, "required", required);
	json_decref(required);
	return schema;
}

static json_t *fallback_of(const struct setting *setting)
{
	if (setting->flags & SETTING_LIST)
		return json_loads(setting->fallback, 0, NULL);
	if (setting->type == TYPE_BOOLEAN || setting->type == TYPE_INTEGER ||
	    setting->type == TYPE_DECIMAL)
		return json_loads(setting->fallback, JSON_DECODE_ANY, NULL);
	return json_string(setting->fallback);
}

static json_t *schema_of(const struct setting *setting)
{
	bool list = setting->type == TYPE_RECORDS || setting->flags & SETTING_LIST;
	json_t *schema = setting->type == TYPE_GROUP || setting->type == TYPE_RECORDS
			     ? schema_of_group(setting)
			     : schema_of_value(setting);

	if (list) {
		schema = json_pack("{s:s, s:o, s:I}", "type", "array", "items", schema, "maxItems",
				   (json_int_t)setting->items);
		if (setting->flags & SETTING_REQUIRED)
			json_object_set_new(schema, "minItems", json_integer(1));
	}
	json_object_set_new(schema, "description", json_string(setting->documentation));
	if (setting->fallback)
		json_object_set_new(schema, "default", fallback_of(setting));
	return schema;
}

json_t *schema_settings(void)
{
	json_t *schema = schema_of_group(NULL);

	json_object_set_new(schema, "description",
			    json_string("The mail server of this machine: postcask-settings(5)."));
	return schema;
}

int schema_merge(json_t *cloud_init, struct error *error)
{
	json_t *properties = json_object_get(cloud_init, "properties");
	json_t *schema;

	if (!json_is_object(properties) || !json_is_object(json_object_get(cloud_init, "$defs")))
		return error_set(
		    error, -EINVAL,
		    "not cloud-init's schema: it has no properties and $defs; give its "
		    "schema-cloud-config-v1.json");
	schema = schema_settings();
	if (!schema || json_object_set_new(properties, "mail", schema) < 0)
		return error_set(error, -ENOMEM, "out of memory");
	return 0;
}
