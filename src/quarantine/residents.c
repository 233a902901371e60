// SPDX-License-Identifier: GPL-3.0-or-later
#include "quarantine/residents.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/file.h"

enum { SIZE_LIMIT = 64 << 20 };

static void lower(char *text)
{
	for (; *text; text++)
		*text = (char)tolower((unsigned char)*text);
}

static int compare_residents(const void *first, const void *second)
{
	return strcmp(((const struct resident *)first)->address,
		      ((const struct resident *)second)->address);
}

static int add(struct residents *residents, const char *address, size_t size, struct error *error)
{
	struct resident resident = {.address = strndup(address, size)};

	if ((residents->count & (residents->count - 1)) == 0) {
		size_t wanted = residents->count ? residents->count * 2 : 1;
		void *grown = reallocarray(residents->residents, wanted, sizeof(resident));

		if (grown)
			residents->residents = grown;
		if (!grown) {
			free(resident.address);
			return error_set(error, ENOMEM, "out of memory");
		}
	}
	if (!resident.address)
		return error_set(error, ENOMEM, "out of memory");
	lower(resident.address);
	residents->residents[residents->count++] = resident;
	return 0;
}

static int load_table(const char *path, struct residents *residents, struct error *error)
{
	_cleanup_free_ char *text = NULL;
	int result = file_read(path, SIZE_LIMIT, &text, NULL, error);
	char *rest = text, *line;

	while (result == 0 && (line = strsep(&rest, "\n"))) {
		size_t size = strcspn(line, " \t");

		if (size && line[0] != '#')
			result = add(residents, line, size, error);
	}
	return result;
}

int residents_load(const char *mailboxes, const char *aliases, struct residents *residents,
		   struct error *error)
{
	int result = load_table(mailboxes, residents, error);

	if (result == 0)
		result = load_table(aliases, residents, error);
	if (result < 0) {
		residents_free(residents);
		return result;
	}
	if (residents->count)
		qsort(residents->residents, residents->count, sizeof(*residents->residents),
		      compare_residents);
	return 0;
}

static struct resident *find(const struct residents *residents, char *address)
{
	struct resident wanted = {.address = address};

	return residents->count ? bsearch(&wanted, residents->residents, residents->count,
					  sizeof(wanted), compare_residents)
				: NULL;
}

struct resident *residents_find(const struct residents *residents, const char *address)
{
	_cleanup_free_ char *copy = strdup(address);
	struct resident *found;
	char *plus, *at;

	if (!copy)
		return NULL;
	lower(copy);
	/* Labels are left out from the last on: an address may have a + of its own. */
	while (!(found = find(residents, copy)) && (at = strrchr(copy, '@'))) {
		plus = memrchr(copy, '+', (size_t)(at - copy));
		if (!plus)
			return NULL;
		memmove(plus, at, strlen(at) + 1);
	}
	return found;
}

void residents_free(struct residents *residents)
{
	for (size_t i = 0; i < residents->count; i++) {
		free(residents->residents[i].address);
		buffer_free(&residents->residents[i].list);
	}
	free(residents->residents);
	*residents = RESIDENTS_INIT;
}
