// SPDX-License-Identifier: GPL-3.0-or-later
#include "import/folder.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

static const char *const use_names[] = {
    [USE_DRAFTS] = "Drafts", [USE_SENT] = "Sent",	[USE_JUNK] = "Spam",
    [USE_TRASH] = "Trash",   [USE_ARCHIVE] = "Archive", [USE_ALL] = "Archive",
};

/* What the programs of the last thirty years call them, in UTF-7 and small letters. */
static const struct {
	const char *name;
	enum folder_use use;
} usual[] = {
    {"drafts", USE_DRAFTS},
    {"draft", USE_DRAFTS},
    {"entw&apw-rfe", USE_DRAFTS},
    {"brouillons", USE_DRAFTS},
    {"borradores", USE_DRAFTS},
    {"bozze", USE_DRAFTS},
    {"concepten", USE_DRAFTS},
    {"sent", USE_SENT},
    {"sent items", USE_SENT},
    {"sent messages", USE_SENT},
    {"sent mail", USE_SENT},
    {"sent-mail", USE_SENT},
    {"gesendet", USE_SENT},
    {"gesendete objekte", USE_SENT},
    {"gesendete elemente", USE_SENT},
    {"&amk-l&aok-ments envoy&aok-s", USE_SENT},
    {"envoy&aok-s", USE_SENT},
    {"elementos enviados", USE_SENT},
    {"enviados", USE_SENT},
    {"posta inviata", USE_SENT},
    {"verzonden items", USE_SENT},
    {"junk", USE_JUNK},
    {"spam", USE_JUNK},
    {"junk e-mail", USE_JUNK},
    {"junk email", USE_JUNK},
    {"junk mail", USE_JUNK},
    {"bulk mail", USE_JUNK},
    {"junk-e-mail", USE_JUNK},
    {"courrier ind&aok-sirable", USE_JUNK},
    {"trash", USE_TRASH},
    {"deleted", USE_TRASH},
    {"deleted items", USE_TRASH},
    {"deleted messages", USE_TRASH},
    {"papierkorb", USE_TRASH},
    {"gel&apy-schte objekte", USE_TRASH},
    {"gel&apy-schte elemente", USE_TRASH},
    {"corbeille", USE_TRASH},
    {"&amk-l&aok-ments supprim&aok-s", USE_TRASH},
    {"papelera", USE_TRASH},
    {"elementos eliminados", USE_TRASH},
    {"cestino", USE_TRASH},
    {"archive", USE_ARCHIVE},
    {"archives", USE_ARCHIVE},
    {"archiv", USE_ARCHIVE},
};

int folders_add(struct folders *folders, char *there, char separator, enum folder_use use,
		bool no_messages, struct error *error)
{
	struct folder *list;

	if (!there || folders->count == FOLDERS_MAX) {
		free(there);
		return there ? error_set(error, E2BIG, "more than %d folders", (int)FOLDERS_MAX)
			     : error_set(error, ENOMEM, "out of memory");
	}
	list = reallocarray(folders->list, folders->count + 1, sizeof(*list));
	if (!list) {
		free(there);
		return error_set(error, ENOMEM, "out of memory");
	}
	folders->list = list;
	list[folders->count++] = (struct folder){
	    .there = there, .separator = separator, .use = use, .no_messages = no_messages};
	return 0;
}

struct folder *folders_find(const struct folders *folders, const char *there)
{
	for (size_t i = 0; i < folders->count; i++)
		if (strcmp(folders->list[i].there, there) == 0)
			return &folders->list[i];
	return NULL;
}

void folders_free(struct folders *folders)
{
	for (size_t i = 0; i < folders->count; i++) {
		free(folders->list[i].there);
		free(folders->list[i].here);
	}
	free(folders->list);
	free(folders->own_prefix);
	free(folders->others_prefixes);
	*folders = FOLDERS_INIT;
}

/* ---- What they are called here ---- */

static bool others_own_it(const struct folders *folders, const char *name)
{
	struct slice rest = slice_of(folders->others_prefixes ? folders->others_prefixes : "");
	struct slice prefix;

	while (slice_until(&rest, SLICE("\n"), &prefix))
		if (prefix.size && strncmp(name, prefix.at, prefix.size) == 0)
			return true;
	return false;
}

/* Printable ASCII with no level that is empty, or that could not lie on a disk. */
bool folder_is_name(const char *name)
{
	size_t size = strlen(name);

	if (size == 0 || size > FOLDER_NAME_MAX || name[0] == '/' || name[size - 1] == '/' ||
	    strstr(name, "//"))
		return false;
	for (; *name; name++)
		if (*name < ' ' || *name > '~')
			return false;
	return true;
}

/* Its name without the prefix, and with '/' between the levels.  A '/' that is a letter there has
 * no place in a name here. */
static char *plain_name(const struct folders *folders, const struct folder *folder)
{
	const char *prefix = folders->own_prefix ? folders->own_prefix : "";
	const char *name = folder->there;
	char *plain;

	if (prefix[0] && strncmp(name, prefix, strlen(prefix)) == 0)
		name += strlen(prefix);
	plain = strdup(name);
	for (char *c = plain; c && *c; c++) {
		if (*c == folder->separator)
			*c = '/';
		else if (*c == '/')
			*c = '_';
	}
	return plain;
}

/* What it is for: as the source says; by its name only where no folder says that it is that. */
static enum folder_use use_of(const struct folders *folders, const struct folder *folder,
			      const char *plain)
{
	enum folder_use use = USE_NONE;

	if (folder->use)
		return folder->use;
	for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
		if (strcasecmp(plain, usual[i].name) == 0)
			use = usual[i].use;
	for (size_t i = 0; use && i < folders->count; i++)
		if (folders->list[i].use == use)
			return USE_NONE;
	return use;
}

static char *name_here(const struct folders *folders, struct folder *folder, const char *into)
{
	_cleanup_free_ char *plain = plain_name(folders, folder);
	enum folder_use use;
	char *name = NULL;

	if (!plain)
		return NULL;
	if (strcasecmp(plain, "INBOX") == 0)
		return strdup(into ? into : "INBOX");
	use = use_of(folders, folder, plain);
	if (!into && use && use < ARRAY_SIZE(use_names) && use_names[use])
		return strdup(use_names[use]);
	if (into && asprintf(&name, "%s/%s", into, plain) < 0)
		return NULL;
	return name ? name : TAKE_POINTER(plain);
}

int folders_map(struct folders *folders, const char *into, struct error *error)
{
	for (size_t i = 0; i < folders->count; i++) {
		struct folder *folder = &folders->list[i];

		free(TAKE_POINTER(folder->here));
		folder->others = others_own_it(folders, folder->there);
		if (folder->no_messages || folder->others)
			continue;
		folder->here = name_here(folders, folder, into);
		if (!folder->here)
			return error_set(error, ENOMEM, "out of memory");
		if (!folder_is_name(folder->here))
			free(TAKE_POINTER(folder->here));
	}
	return 0;
}

static int rank(const struct folder *folder)
{
	if (folder->use == USE_ALL || folder->use == USE_VIEW)
		return folder->use == USE_ALL ? 3 : 4;
	if (strcasecmp(folder->there, "INBOX") == 0)
		return 0;
	return folder->use ? 1 : 2;
}

static int compare(const void *a, const void *b)
{
	const struct folder *one = a, *other = b;
	int order = rank(one) - rank(other);

	return order ? order : strcmp(one->there, other->there);
}

void folders_sort(struct folders *folders)
{
	if (folders->count)
		qsort(folders->list, folders->count, sizeof(*folders->list), compare);
}
