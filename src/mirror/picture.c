// SPDX-License-Identifier: GPL-3.0-or-later
#include "mirror/picture.h"

#include <ctype.h>
#include <errno.h>
#include <ldap.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json_file.h"
#include "mirror/choices.h"
#include "mirror/entry.h"

enum { NAME = 200, QUOTA_MIB = 16777216 };

/* What is being made. */
struct making {
	const struct tree *tree;
	json_t *people, *aliases; /* by address */
	json_t *owners;		  /* DN -> the address that mail for it goes to */
	json_t *doubles;
	size_t left_out;
	bool again; /* entries are looked at a second time: what is none of ours is counted */
};

int picture_begin(struct picture *picture, const struct tree *tree, struct error *error)
{
	*picture = (struct picture){.tree = tree, .people = json_array(), .groups = json_array()};
	return picture->people && picture->groups ? 0 : error_set(error, ENOMEM, "out of memory");
}

void picture_free(struct picture *picture)
{
	json_decref(TAKE_POINTER(picture->people));
	json_decref(TAKE_POINTER(picture->groups));
}

int picture_add(struct picture *picture, const json_t *entry, bool group, struct error *error)
{
	json_t *list = group ? picture->groups : picture->people;

	if (json_array_size(list) >= PICTURE_ENTRIES)
		return error_set(error, E2BIG, "it has more than %d entries", PICTURE_ENTRIES);
	picture->left_out += json_is_true(json_object_get(entry, PICTURE_TOO_MANY));
	return json_array_append(list, (json_t *)entry) < 0
		   ? error_set(error, ENOMEM, "out of memory")
		   : 0;
}

char *picture_dn(const char *text)
{
	LDAPDN parsed = NULL;
	char *written = NULL, *copy;

	if (ldap_str2dn(text, &parsed, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS || !parsed)
		return NULL;
	if (ldap_dn2str(parsed, &written, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS)
		written = NULL;
	ldap_dnfree(parsed);
	copy = written ? strdup(written) : NULL;
	ldap_memfree(written);
	for (char *c = copy; c && *c; c++)
		*c = (char)(isascii((unsigned char)*c) ? tolower((unsigned char)*c) : *c);
	return copy;
}

/* ---- What an entry holds ---- */

/* Something that could be an address, in small letters; NULL for what is none.  The caller's. */
static char *address_of(const char *text)
{
	const char *at = strrchr(text, '@');
	char *address;

	if (!at || at == text || !at[1] || strlen(text) > 320)
		return NULL;
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c <= ' ' || *c == 127)
			return NULL;
	address = strdup(text);
	for (char *c = address; c && *c; c++)
		*c = (char)(isascii((unsigned char)*c) ? tolower((unsigned char)*c) : *c);
	return address;
}

/* proxyAddresses: SMTP:ADDRESS is the mailbox, smtp:ADDRESS a further one, other kinds are none of
 * ours.  NULL for those. */
static const char *proxy_address(const char *text, bool *ret_primary)
{
	*ret_primary = strncmp(text, "SMTP:", 5) == 0;
	return strncasecmp(text, "smtp:", 5) == 0 ? text + 5 : NULL;
}

static void add_address(struct making *making, json_t *list, const char *text, bool first)
{
	_cleanup_free_ char *address = address_of(text);

	if (!address)
		making->left_out += !making->again;
	else if (first)
		json_array_insert_new(list, 0, json_string(address));
	else if (!json_has_text(list, address))
		json_array_append_new(list, json_string(address));
}

/* All of an entry, the mailbox's before the others. */
static json_t *addresses_of(struct making *making, const json_t *entry)
{
	_cleanup_json_ json_t *own = entry_values(entry, making->tree->address);
	_cleanup_json_ json_t *further = entry_values(entry, making->tree->alias);
	json_t *list = json_array();
	const json_t *value;
	size_t i;

	json_array_foreach(own, i, value)
	    add_address(making, list, json_string_value(value), false);
	json_array_foreach(further, i, value)
	{
		const char *text = json_string_value(value);
		bool primary = false;

		if (making->tree->proxies)
			text = proxy_address(text, &primary);
		if (text)
			add_address(making, list, text, primary);
	}
	return list;
}

static bool is_enabled(const struct making *making, const json_t *entry)
{
	_cleanup_json_ json_t *values = entry_values(entry, making->tree->lock);
	const char *value = json_string_value(json_array_get(values, 0));

	if (!value)
		return true;
	return making->tree->lock_bit ? !(strtol(value, NULL, 10) & making->tree->lock_bit)
				      : strcasecmp(value, "TRUE") != 0;
}

/* What is no number of MiB is no limit, and counted. */
static json_int_t quota_of(struct making *making, const json_t *entry)
{
	_cleanup_json_ json_t *values = entry_values(entry, making->tree->quota);
	const char *value = json_string_value(json_array_get(values, 0));
	char *end;
	long long number;

	if (!value)
		return 0;
	errno = 0;
	number = strtoll(value, &end, 10);
	if (errno || end == value || *end || number < 0 || number > QUOTA_MIB) {
		making->left_out++;
		return 0;
	}
	return number;
}

/* One line without control characters; what is longer or no such is no name. */
static json_t *name_of(const struct making *making, const json_t *entry)
{
	_cleanup_json_ json_t *values = entry_values(entry, making->tree->name);
	const char *value = json_string_value(json_array_get(values, 0));

	if (!value || strlen(value) > NAME)
		return json_string("");
	for (const char *c = value; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			return json_string("");
	return json_string(value);
}

/* ---- Who has an address ---- */

static bool claim(struct making *making, const char *address, const char *dn)
{
	if (!json_object_get(making->people, address) && !json_object_get(making->aliases, address))
		return true;
	making->left_out++;
	if (json_array_size(making->doubles) < PICTURE_SHOWN)
		json_add_sentence(making->doubles, "%s (%.200s)", address, dn);
	return false;
}

static int compare_entries(const void *a, const void *b)
{
	const json_t *one = *(json_t *const *)a, *other = *(json_t *const *)b;

	return strcmp(json_text(one, "dn"), json_text(other, "dn"));
}

/* Sorted by DN, so that the first is the same one at each look. */
static json_t **sorted(const json_t *list)
{
	size_t count = json_array_size(list);
	json_t **entries = calloc(count + 1, sizeof(*entries)), *entry;
	size_t i;

	if (!entries)
		return NULL;
	json_array_foreach(list, i, entry) entries[i] = entry;
	qsort(entries, count, sizeof(*entries), compare_entries);
	return entries;
}

static void add_person(struct making *making, const json_t *entry)
{
	_cleanup_json_ json_t *addresses = addresses_of(making, entry);
	const char *address = json_string_value(json_array_get(addresses, 0));
	const char *dn = json_text(entry, "dn");
	_cleanup_free_ char *owner = picture_dn(dn);

	if (!address || !owner || strlen(dn) > PICTURE_VALUE) {
		making->left_out += addresses && !address ? 0 : 1;
		return;
	}
	if (!claim(making, address, dn))
		return;
	json_object_set_new(making->people, address,
			    json_pack("{s:s, s:s, s:o, s:I, s:b, s:o*, s:o*}", "address", address,
				      "dn", dn, "name", name_of(making, entry), "quota_mib",
				      quota_of(making, entry), "enabled", is_enabled(making, entry),
				      "rules", rules_of(making->tree, entry), "filter",
				      choices_of(making->tree, entry)));
	json_object_set_new(making->owners, owner, json_string(address));
}

/* The others of a person, to whom that one has the address he should have. */
static void add_further(struct making *making, const json_t *entry)
{
	const char *dn = json_text(entry, "dn");
	_cleanup_json_ json_t *addresses = addresses_of(making, entry);
	_cleanup_free_ char *owner = picture_dn(dn);
	const json_t *to = owner ? json_object_get(making->owners, owner) : NULL, *one;
	size_t i;

	json_array_foreach(addresses, i, one)
	{
		const char *address = json_string_value(one);

		if (i > 0 && to && strcmp(address, json_string_value(to)) != 0 &&
		    claim(making, address, dn))
			json_object_set_new(
			    making->aliases, address,
			    json_pack("{s:s, s:[O]}", "address", address, "to", (json_t *)to));
	}
}

/* ---- Groups ---- */

/* A group's addresses are there before the members are looked up: one may be in another. */
static void add_group(struct making *making, const json_t *entry)
{
	const char *dn = json_text(entry, "dn");
	_cleanup_json_ json_t *addresses = addresses_of(making, entry);
	_cleanup_free_ char *owner = picture_dn(dn);
	const json_t *one;
	size_t i;

	json_array_foreach(addresses, i, one)
	{
		const char *address = json_string_value(one);

		if (!owner || !claim(making, address, dn))
			continue;
		json_object_set_new(making->aliases, address,
				    json_pack("{s:s, s:[]}", "address", address, "to"));
		if (!json_object_get(making->owners, owner))
			json_object_set_new(making->owners, owner, json_string(address));
	}
}

static json_t *members_of(const struct making *making, const json_t *entry)
{
	_cleanup_json_ json_t *values = entry_values(entry, making->tree->members);
	_cleanup_json_ json_t *seen = json_object();
	json_t *to = json_array();
	const json_t *value;
	size_t i;

	json_array_foreach(values, i, value)
	{
		_cleanup_free_ char *dn = picture_dn(json_string_value(value));
		json_t *address = dn ? json_object_get(making->owners, dn) : NULL;

		if (address && !json_object_get(seen, json_string_value(address))) {
			json_object_set_new(seen, json_string_value(address), json_true());
			json_array_append(to, address);
		}
	}
	return to;
}

/* The first of its addresses leads to the members, the others to that one.  A group without anybody
 * who is here is no address. */
static void fill_group(struct making *making, const json_t *entry)
{
	_cleanup_free_ char *owner = picture_dn(json_text(entry, "dn"));
	json_t *main = owner ? json_object_get(making->owners, owner) : NULL;
	json_t *alias = main ? json_object_get(making->aliases, json_string_value(main)) : NULL;
	_cleanup_json_ json_t *addresses = NULL;
	const json_t *one;
	size_t i;

	/* A group's own are those whose list is still empty. */
	if (!alias || json_array_size(json_object_get(alias, "to")) > 0)
		return;
	json_object_set_new(alias, "to", members_of(making, entry));
	if (json_array_size(json_object_get(alias, "to")) == 0)
		return;
	addresses = addresses_of(making, entry);
	json_array_foreach(addresses, i, one)
	{
		json_t *other = json_object_get(making->aliases, json_string_value(one));
		json_t *to = json_object_get(other, "to");

		if (other && other != alias && json_array_size(to) == 0)
			json_array_append(to, main);
	}
}

/* ---- All ---- */

static int each(struct making *making, const json_t *list,
		void (*add)(struct making *making, const json_t *entry), struct error *error)
{
	_cleanup_free_ json_t **entries = sorted(list);

	if (!entries)
		return error_set(error, ENOMEM, "out of memory");
	for (size_t i = 0; entries[i]; i++)
		add(making, entries[i]);
	return 0;
}

static json_t *list_of(json_t *by_address)
{
	json_t *list = json_array(), *one;
	const char *key;

	json_object_foreach(by_address, key, one)
	{
		const json_t *to = json_object_get(one, "to");

		if (!to || json_array_size(to) > 0)
			json_array_append(list, one);
	}
	return list;
}

/* Behind a gateway an address is one whoever has it, and wherever a group leads. */
static void add_behind(struct making *making, const json_t *entry)
{
	_cleanup_json_ json_t *addresses = addresses_of(making, entry);
	const json_t *one;
	size_t i;

	json_array_foreach(addresses, i, one) json_object_set_new(
	    making->people, json_string_value(one), json_pack("{s:O}", "address", (json_t *)one));
}

static int make_people(struct picture *picture, struct making *making, struct error *error)
{
	int result = each(making, picture->people, add_person, error);

	making->again = true;
	if (result == 0)
		result = each(making, picture->people, add_further, error);
	making->again = false;
	if (result == 0)
		result = each(making, picture->groups, add_group, error);
	making->again = true;
	return result < 0 ? result : each(making, picture->groups, fill_group, error);
}

static int make_behind(struct picture *picture, struct making *making, struct error *error)
{
	int result = each(making, picture->people, add_behind, error);

	return result < 0 ? result : each(making, picture->groups, add_behind, error);
}

int picture_finish(struct picture *picture, json_t **ret, struct error *error)
{
	_cleanup_json_ json_t *people = json_object(), *aliases = json_object();
	_cleanup_json_ json_t *owners = json_object(), *doubles = json_array();
	struct making making = {picture->tree,	   people, aliases, owners, doubles,
				picture->left_out, false};
	int result = picture->tree->behind ? make_behind(picture, &making, error)
					   : make_people(picture, &making, error);

	if (result < 0)
		return result;
	*ret = json_pack("{s:o, s:o, s:O, s:I}", "people", list_of(people), "aliases",
			 list_of(aliases), "doubles", doubles, "left_out",
			 (json_int_t)making.left_out);
	return *ret ? 0 : error_set(error, ENOMEM, "out of memory");
}
