// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings/checker.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "settings/encoding.h"
#include "settings/scalar.h"
#include "settings/types.h"

static json_t *check_group(const struct setting *group, const struct node *node,
			   struct diagnostics *diagnostics);

/* The value in quotes for a message, never that of a secret. */
static char *shown_value(const struct setting *setting, const struct node *node)
{
	if (setting->flags & SETTING_SECRET)
		return strdup("the value");
	return encoding_quote(node->text, node->size);
}

/* What a value is called: its key, which may be cloud-init's own (fqdn), or its
 * list. */
static const char *value_name(const struct setting *setting, const struct node *node)
{
	return node->key ? node->key->text : setting_name(setting);
}

static void refuse_empty(const struct setting *setting, const struct node *node, const char *what,
			 struct diagnostics *diagnostics)
{
	diagnostics_error(diagnostics, node->mark, "%s%s has no value; write %s%s",
			  node->key ? "" : "an item of ", value_name(setting, node), what,
			  setting->flags & SETTING_REQUIRED ? "" : ", or leave it out");
}

/* A scalar written without quotes that YAML takes for something else than text. */
static void refuse_not_text(const struct setting *setting, const struct node *node,
			    struct diagnostics *diagnostics)
{
	_cleanup_free_ char *quoted = shown_value(setting, node);
	const char *article = type_of(setting->type)->article;
	const char *taken =
	    node->kind == NODE_BOOLEAN ? (node->boolean ? "true" : "false") : node_kind_name(node);

	if (node->kind == NODE_NULL)
		refuse_empty(setting, node, article, diagnostics);
	else if (node->kind == NODE_LIST || node->kind == NODE_MAPPING)
		diagnostics_error(diagnostics, node->mark, "%s%s is %s; write %s",
				  node->key ? "" : "an item of ", value_name(setting, node), taken,
				  article);
	else
		diagnostics_error(diagnostics, node->mark,
				  "%s without quotes is read as %s; write %s%s",
				  quoted ? quoted : "the value", taken,
				  setting->type == TYPE_TEXT ? "it" : article,
				  setting->type == TYPE_DECIMAL ? "" : " in quotes");
}

static json_t *check_boolean(const struct setting *setting, const struct node *node,
			     struct diagnostics *diagnostics)
{
	_cleanup_free_ char *quoted = encoding_quote(node->text, node->size);

	if (node->kind == NODE_BOOLEAN)
		return json_boolean(node->boolean);
	if (node->kind == NODE_NULL)
		refuse_empty(setting, node, "true or false", diagnostics);
	else if (node->kind == NODE_LIST || node->kind == NODE_MAPPING)
		diagnostics_error(diagnostics, node->mark, "%s is %s; write true or false",
				  setting_name(setting), node_kind_name(node));
	else
		diagnostics_error(diagnostics, node->mark, "%s is not true or false%s; write %s",
				  quoted ? quoted : "the value",
				  node->plain ? "" : " but text, being in quotes",
				  node->plain ? "true or false" : "true or false without quotes");
	return NULL;
}

/* An integer written in a way that YAML 1.1 reads differently from people. */
static bool refuse_odd_integer(const struct node *node, struct diagnostics *diagnostics)
{
	if (!node->plain || scalar_integer_is_canonical(node))
		return false;
	if (node->overflow)
		diagnostics_error(diagnostics, node->mark,
				  "the number is far too large; write it in decimal digits");
	else
		diagnostics_error(diagnostics, node->mark,
				  "\"%s\" is read as the number %lld; write it in decimal digits "
				  "without leading zeros, signs or separators",
				  node->text, (long long)node->integer);
	return true;
}

static json_t *check_integer(const struct setting *setting, const struct node *node,
			     struct diagnostics *diagnostics)
{
	_cleanup_free_ char *quoted = encoding_quote(node->text, node->size);

	if (node->kind != NODE_INTEGER) {
		if (node->kind == NODE_NULL || node->kind == NODE_LIST ||
		    node->kind == NODE_MAPPING)
			diagnostics_error(diagnostics, node->mark,
					  "%s is %s; write a whole number from %lld to %lld",
					  setting_name(setting), node_kind_name(node),
					  (long long)setting->minimum, (long long)setting->maximum);
		else
			diagnostics_error(
			    diagnostics, node->mark,
			    "%s is not a whole number%s; write one from %lld to %lld%s",
			    quoted ? quoted : "the value",
			    node->plain ? "" : " but text, being in quotes",
			    (long long)setting->minimum, (long long)setting->maximum,
			    node->plain ? "" : " without quotes");
		return NULL;
	}
	if (refuse_odd_integer(node, diagnostics))
		return NULL;
	if (node->overflow || node->integer < setting->minimum ||
	    node->integer > setting->maximum) {
		diagnostics_error(diagnostics, node->mark,
				  "%s is out of bounds; write %lld to %lld",
				  quoted ? quoted : "the value", (long long)setting->minimum,
				  (long long)setting->maximum);
		return NULL;
	}
	return json_integer(node->integer);
}

/* YAML reads the word off as false, and whoever passes settings on as JSON writes that. */
static bool is_word_off(const struct setting *setting, const struct node *node)
{
	size_t position = 0, size;
	const char *word;
	bool later, has_off = false;

	if (setting->type != TYPE_CHOICE || node->kind != NODE_BOOLEAN)
		return false;
	while (setting_next_choice(setting, &position, &word, &size, &later))
		has_off = has_off || (size == strlen("off") && !memcmp(word, "off", size));
	return has_off;
}

static json_t *check_text(const struct setting *setting, const struct node *node,
			  struct diagnostics *diagnostics)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *value = NULL;
	bool is_number = node->kind == NODE_INTEGER || node->kind == NODE_DECIMAL;
	json_t *json;

	if (is_word_off(setting, node) && !node->boolean)
		return json_string("off");
	/* As `true` it is none of the words, which are named then. */
	if (setting->type == TYPE_DECIMAL
		? !is_number
		: node->kind != NODE_TEXT && !is_word_off(setting, node)) {
		if (setting->type == TYPE_DECIMAL && node->kind == NODE_TEXT)
			diagnostics_error(
			    diagnostics, node->mark,
			    "%s is text; write a decimal number without quotes, such as "
			    "6.31",
			    setting_name(setting));
		else
			refuse_not_text(setting, node, diagnostics);
		return NULL;
	}
	if (!node->size && setting->fallback && !setting->fallback[0])
		return json_string("");
	if (type_of(setting->type)->check(setting, node->text, node->size, &value, &error) < 0) {
		diagnostics_error(diagnostics, node->mark, "%s", error_text(&error));
		return NULL;
	}
	json = json_string(value);
	explicit_bzero(value, strlen(value));
	return json;
}

json_t *checker_check_value(const struct setting *setting, const struct node *node,
			    struct diagnostics *diagnostics)
{
	json_t *value;
	size_t errors = diagnostics->errors;

	if (node->kind == NODE_BROKEN)
		return NULL;
	switch (setting->type) {
	case TYPE_BOOLEAN:
		value = check_boolean(setting, node, diagnostics);
		break;
	case TYPE_INTEGER:
		value = check_integer(setting, node, diagnostics);
		break;
	default:
		value = check_text(setting, node, diagnostics);
		break;
	}
	if (!value && diagnostics->errors == errors)
		diagnostics->failed = true;
	return value;
}

/* One key in the place of a list: said once, with the way to write it. */
static bool refuse_not_list(const struct setting *setting, const struct node *node,
			    struct diagnostics *diagnostics)
{
	_cleanup_free_ char *shown = NULL;

	if (node->kind == NODE_LIST)
		return false;
	if (node->kind == NODE_BROKEN)
		return true;
	shown = shown_value(setting, node);
	if (setting->type == TYPE_RECORDS)
		diagnostics_error(diagnostics, node->mark,
				  "%s is %s; write a list, each item beginning with `- `",
				  setting_name(setting), node_kind_name(node));
	else if (node->kind == NODE_NULL)
		diagnostics_error(diagnostics, node->mark,
				  "%s has no value; write a list such as %s%s",
				  setting_name(setting), setting->example ? setting->example : "[]",
				  setting->flags & SETTING_REQUIRED ? "" : ", or leave it out");
	else if (node->kind == NODE_MAPPING)
		diagnostics_error(diagnostics, node->mark,
				  "%s is a mapping; write a list such as %s", setting_name(setting),
				  setting->example ? setting->example : "[]");
	else
		diagnostics_error(diagnostics, node->mark,
				  "%s is one value, not a list; write [%s]", setting_name(setting),
				  shown ? shown : "...");
	return true;
}

static json_t *check_list(const struct setting *setting, const struct node *node,
			  struct diagnostics *diagnostics)
{
	json_t *list;

	if (refuse_not_list(setting, node, diagnostics))
		return NULL;
	if (node->count > setting->items) {
		diagnostics_error(diagnostics, node->mark, "%zu items in %s; write at most %zu",
				  node->count, setting_name(setting), setting->items);
		return NULL;
	}
	if (!node->count && setting->flags & SETTING_REQUIRED) {
		diagnostics_error(diagnostics, node->mark, "%s is empty; write at least one item",
				  setting_name(setting));
		return NULL;
	}
	list = json_array();
	for (const struct node *item = node->first; list && item; item = item->next) {
		json_t *value = setting->type == TYPE_RECORDS
				    ? check_group(setting, item, diagnostics)
				    : checker_check_value(setting, item, diagnostics);

		if (json_array_append_new(list, value ? value : json_null()) < 0) {
			json_decref(list);
			list = NULL;
		}
	}
	if (!list)
		diagnostics->failed = true;
	return list;
}

/* The default as JSON, NULL when there is none. */
static json_t *fallback_value(const struct setting *setting)
{
	const char *fallback = setting->fallback;

	if (setting->flags & SETTING_REQUIRED)
		return NULL;
	if (setting->flags & SETTING_LIST && fallback)
		return json_loads(fallback, 0, NULL);
	if (setting->type == TYPE_RECORDS || setting->flags & SETTING_LIST)
		return json_array();
	if (!fallback)
		return NULL;
	if (setting->type == TYPE_BOOLEAN)
		return json_boolean(!strcmp(fallback, "true"));
	if (setting->type == TYPE_INTEGER)
		return json_integer(atoll(fallback));
	return json_string(fallback);
}

static void report_later(const struct setting *setting, const struct node *key,
			 struct diagnostics *diagnostics)
{
	diagnostics_error(diagnostics, key->mark,
			  "%s is not available in this version; leave it out", setting->path);
}

/* Keys of earlier versions of `mail`, and what does their work now. */
static const struct {
	const char *name, *advice;
} gone[] = {
    {"adopt_existing_mail",
     "leave it out: run `postcask adopt` on the machine that holds the mail, and boot it with "
     "this user-data"},
};

static bool report_gone(const struct setting *group, const struct node *key,
			struct diagnostics *diagnostics)
{
	for (size_t i = 0; !group && i < ARRAY_SIZE(gone); i++)
		if (strcmp(key->text, gone[i].name) == 0) {
			diagnostics_error(diagnostics, key->mark,
					  "%s is no longer a key of mail; %s", gone[i].name,
					  gone[i].advice);
			return true;
		}
	return false;
}

static void report_unknown(const struct setting *group, const struct node *key,
			   struct diagnostics *diagnostics)
{
	bool shown_at_all = diagnostics->errors <= DIAGNOSTICS_LIMIT;
	const struct setting *nearest = shown_at_all ? table_nearest(group, key->text) : NULL;
	const struct setting *elsewhere =
	    nearest || !shown_at_all ? NULL : table_elsewhere(key->text);
	_cleanup_free_ char *quoted = encoding_quote(key->text, key->size);
	const char *shown = quoted ? quoted : "the key";
	const char *place = group ? group->path : "mail";

	if (nearest)
		diagnostics_error(diagnostics, key->mark, "%s is not a key of %s; write \"%s\"",
				  shown, place, setting_name(nearest));
	else if (elsewhere)
		diagnostics_error(diagnostics, key->mark,
				  "%s is not a key of %s; write it as mail.%s", shown, place,
				  elsewhere->path);
	else
		diagnostics_error(diagnostics, key->mark,
				  "%s is not a key of %s; see postcask-settings(5) for those that "
				  "are, or leave it out",
				  shown, place);
}

static json_t *check_setting(const struct setting *setting, const struct node *node,
			     struct diagnostics *diagnostics)
{
	if (setting->type == TYPE_RECORDS || setting->flags & SETTING_LIST)
		return check_list(setting, node, diagnostics);
	if (setting->type == TYPE_GROUP)
		return check_group(setting, node, diagnostics);
	return checker_check_value(setting, node, diagnostics);
}

static void check_unknown_keys(const struct setting *group, const struct node *node,
			       struct diagnostics *diagnostics)
{
	for (const struct node *member = node->first; member; member = member->next) {
		const struct setting *setting = table_child(group, member->key->text);

		if (!setting && !report_gone(group, member->key, diagnostics))
			report_unknown(group, member->key, diagnostics);
		else if (setting && setting->flags & SETTING_LATER)
			report_later(setting, member->key, diagnostics);
	}
}

static bool refuse_not_mapping(const struct setting *group, const struct node *node,
			       struct diagnostics *diagnostics)
{
	const char *name = group ? setting_name(group) : "mail";

	if (node->kind == NODE_MAPPING)
		return false;
	if (node->kind == NODE_BROKEN)
		return true;
	if (group && group->type == TYPE_RECORDS)
		diagnostics_error(diagnostics, node->mark,
				  "an item of %s is %s; write a mapping with its keys, such as "
				  "`- %s: %s`",
				  name, node_kind_name(node),
				  setting_name(table_next_child(group, NULL)),
				  table_next_child(group, NULL)->example);
	else
		diagnostics_error(
		    diagnostics, node->mark,
		    "%s is %s; write a mapping with its keys, each on a line of its own, "
		    "indented",
		    name, node_kind_name(node));
	return true;
}

static bool in_record(const struct setting *setting)
{
	return strstr(setting->path, "[].");
}

/* `group` NULL: the `mail:` mapping itself. */
static json_t *check_group(const struct setting *group, const struct node *node,
			   struct diagnostics *diagnostics)
{
	const struct setting *setting = NULL;
	json_t *object;

	if (node && refuse_not_mapping(group, node, diagnostics))
		return NULL;
	object = json_object();
	if (node)
		check_unknown_keys(group, node, diagnostics);
	while (object && (setting = table_next_child(group, setting))) {
		const struct node *member = node ? node_get(node, setting_name(setting)) : NULL;
		json_t *value;

		if (setting->flags & SETTING_LATER)
			continue;
		if (member)
			value = check_setting(setting, member, diagnostics);
		else if (setting->type == TYPE_GROUP && in_record(setting))
			continue; /* there may be 100,000 of them */
		else if (setting->type == TYPE_GROUP)
			value = check_group(setting, NULL, diagnostics);
		else
			value = fallback_value(setting);
		if (!member && !value && node && setting->flags & SETTING_REQUIRED)
			diagnostics_error(diagnostics, node->key ? node->key->mark : node->mark,
					  "%s is missing; write `%s: %s`", setting_name(setting),
					  setting_name(setting),
					  setting->type == TYPE_RECORDS	    ? "[{address: ..., "
									      "password_hash: ...}]"
					  : setting->flags & SETTING_SECRET ? "..."
									    : setting->example);
		if (value && json_object_set_new(object, setting_name(setting), value) < 0) {
			json_decref(object);
			object = NULL;
		}
	}
	if (!object)
		diagnostics->failed = true;
	return object;
}

json_t *checker_check(const struct node *mail, struct diagnostics *diagnostics)
{
	return check_group(NULL, mail, diagnostics);
}
