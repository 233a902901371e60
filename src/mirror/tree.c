// SPDX-License-Identifier: GPL-3.0-or-later
#include "mirror/tree.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/file.h"

enum { FILE_LIMIT = 64 * 1024, INTERVAL_S = 30, INTERVAL_MOST_S = 3600 };

/* amavis' own schema, wherever it is: an attribute that a server does not know it gives of nobody.
 */
#define CHOICES                                                                                    \
	.mark = "amavisSpamTag2Level", .hold = "amavisSpamKillLevel",                              \
	.spam = "amavisBypassSpamChecks", .banned = "amavisBypassBannedChecks",                    \
	.allow = "amavisWhitelistSender", .block = "amavisBlacklistSender"

static const struct kind {
	const char *name;
	struct tree tree;
} kinds[] = {
    {"openldap",
     {.people = "(&(objectClass=inetOrgPerson)(mail=*))",
      .groups = "(&(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames))(mail=*))",
      .address = "mail",
      .alias = "mailAlternateAddress mailLocalAddress",
      .name = "cn",
      .members = "member uniqueMember",
      .lock = "",
      CHOICES}},
    {"freeipa",
     {.people = "(&(objectClass=posixAccount)(mail=*))",
      .groups = "(&(objectClass=ipaUserGroup)(mail=*))",
      .address = "mail",
      .alias = "mailAlternateAddress",
      .name = "cn",
      .members = "member",
      .lock = "nsAccountLock",
      CHOICES}},
    {"active-directory",
     {.people = "(&(objectCategory=person)(objectClass=user)(|(mail=*)(proxyAddresses=*)))",
      .groups = "(&(objectCategory=group)(|(mail=*)(proxyAddresses=*)))",
      /* Exchange takes mail for whatever has a proxy address: contacts, public folders and lists
       * that are a question too. */
      .recipients = "(&(!(objectCategory=group))(|(proxyAddresses=*)"
		    "(&(objectCategory=person)(objectClass=user)(mail=*))))",
      .address = "mail",
      .alias = "proxyAddresses",
      .name = "displayName",
      .members = "member",
      .lock = "userAccountControl",
      .lock_bit = 2,
      .proxies = true,
      CHOICES}},
    {"postgresql",
     {.database = "postcask",
      .user = "postcask_mirror",
      .people = "",
      .groups = "",
      .address = "",
      .alias = "",
      .name = "",
      .members = "",
      .lock = ""}},
};

/* The words of the file, and where each is kept. */
static const struct word {
	const char *name;
	size_t offset;
} words[] = {
    {"base", offsetof(struct tree, base)},	   {"bind_dn", offsetof(struct tree, bind_dn)},
    {"password", offsetof(struct tree, password)}, {"ca", offsetof(struct tree, ca)},
    {"people", offsetof(struct tree, people)},	   {"groups", offsetof(struct tree, groups)},
    {"address", offsetof(struct tree, address)},   {"alias", offsetof(struct tree, alias)},
    {"name", offsetof(struct tree, name)},	   {"quota", offsetof(struct tree, quota)},
    {"rules", offsetof(struct tree, rules)},	   {"database", offsetof(struct tree, database)},
    {"user", offsetof(struct tree, user)},	   {"mark", offsetof(struct tree, mark)},
    {"hold", offsetof(struct tree, hold)},	   {"spam", offsetof(struct tree, spam)},
    {"banned", offsetof(struct tree, banned)},	   {"allow", offsetof(struct tree, allow)},
    {"block", offsetof(struct tree, block)},
};

static int take_kind(const char *value, struct tree *tree, struct error *error)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(kinds[i].name, value) != 0)
			continue;
		*tree = kinds[i].tree;
		tree->base = tree->bind_dn = tree->password = tree->ca = tree->quota = "";
		tree->rules = "";
		tree->interval_s = INTERVAL_S;
		return 0;
	}
	return error_set(error, EINVAL, "%.40s is no kind of tree", value);
}

static int take_server(const char *value, struct tree *tree, struct error *error)
{
	size_t count = 0;

	while (tree->servers[count])
		count++;
	if (count == TREE_SERVERS)
		return error_set(error, EINVAL, "more than %d servers", TREE_SERVERS);
	if (!tree->database && strncmp(value, "ldaps://", 8) != 0 &&
	    strncmp(value, "ldap://", 7) != 0)
		return error_set(error, EINVAL, "a server is ldaps:// or ldap://");
	tree->servers[count] = value;
	return 0;
}

static int take_interval(const char *value, struct tree *tree, struct error *error)
{
	char *end;
	unsigned long number = strtoul(value, &end, 10);

	if (*end || number < 1 || number > INTERVAL_MOST_S)
		return error_set(error, EINVAL, "an interval has 1 to %d seconds", INTERVAL_MOST_S);
	tree->interval_s = (unsigned)number;
	return 0;
}

static int take_behind(const char *value, struct tree *tree, struct error *error)
{
	if (strcmp(value, "yes") != 0)
		return error_set(error, EINVAL, "behind a gateway is \"yes\"");
	tree->behind = true;
	if (tree->recipients)
		tree->people = tree->recipients;
	return 0;
}

/* The kind is the first word: it says what the others replace. */
static int take_line(char *line, struct tree *tree, struct error *error)
{
	char *value = strchr(line, ' ');

	if (!line[0] || line[0] == '#')
		return 0;
	if (!value || !value[1])
		return error_set(error, EINVAL, "it says nothing");
	*value++ = '\0';
	if (strcmp(line, "kind") == 0)
		return take_kind(value, tree, error);
	if (!tree->people)
		return error_set(error, EINVAL, "the kind comes first");
	if (strcmp(line, "server") == 0)
		return take_server(value, tree, error);
	if (strcmp(line, "interval") == 0)
		return take_interval(value, tree, error);
	if (strcmp(line, "behind") == 0)
		return take_behind(value, tree, error);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(words[i].name, line) == 0) {
			*(const char **)((char *)tree + words[i].offset) = value;
			return 0;
		}
	}
	return error_set(error, EINVAL, "\"%.40s\" is no word of this file", line);
}

int tree_parse(char *text, struct tree *ret, struct error *error)
{
	struct tree tree = {0};
	char *rest = text, *line;

	for (unsigned number = 1; (line = strsep(&rest, "\n")); number++) {
		_cleanup_(error_clear) struct error why = ERROR_INIT;
		int result = take_line(line, &tree, &why);

		if (result < 0)
			return error_set(error, -result, "line %u: %s", number, error_text(&why));
	}
	if (tree.servers[0] && !tree.database && !tree.base[0])
		return error_set(error, EINVAL, "no base");
	tree.text = ret->text;
	*ret = tree;
	return 0;
}

int tree_load(const char *path, struct tree *ret, struct error *error)
{
	size_t size;
	int result = file_read(path, FILE_LIMIT, &ret->text, &size, error);

	if (result == 0)
		result = tree_parse(ret->text, ret, error);
	return result < 0 ? error_wrap(error, "cannot read %s", path) : 0;
}

void tree_free(struct tree *tree)
{
	if (tree->text)
		explicit_bzero(tree->text, strlen(tree->text));
	free(TAKE_POINTER(tree->text));
}

void tree_attributes(const struct tree *tree, char **room, char *asked[TREE_ATTRIBUTES + 1])
{
	_cleanup_(buffer_free) struct buffer all = BUFFER_INIT;
	char *rest, *word;
	size_t count = 0;

	buffer_addf(&all, "%s %s", tree->address, tree->alias);
	if (!tree->behind) {
		buffer_addf(&all, " %s %s %s %s %s", tree->name, tree->quota, tree->members,
			    tree->lock, tree->rules);
		buffer_addf(&all, " %s %s %s %s %s %s", tree->mark, tree->hold, tree->spam,
			    tree->banned, tree->allow, tree->block);
	}
	*room = rest = buffer_take(&all);
	while (rest && count < TREE_ATTRIBUTES && (word = strsep(&rest, " ")))
		if (word[0])
			asked[count++] = word;
	asked[count] = NULL;
}
