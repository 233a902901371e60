// SPDX-License-Identifier: GPL-3.0-or-later
#include "quarantine/residents.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/ask.h"
#include "base/json_file.h"

enum { SIZE_LIMIT = 128 << 20, PATIENCE_MS = 60 * 1000 };

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

static int add(struct residents *residents, const char *address, struct error *error)
{
	struct resident resident = {.address = strdup(address)};

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

int residents_take(const json_t *addresses, struct residents *residents, struct error *error)
{
	const json_t *address;
	size_t i;
	int result = 0;

	json_array_foreach(addresses, i, address)
	{
		if (result == 0)
			result = add(residents, json_string_value(address), error);
	}
	if (result < 0)
		residents_free(residents);
	else if (residents->count)
		qsort(residents->residents, residents->count, sizeof(*residents->residents),
		      compare_residents);
	return result;
}

int residents_load(struct residents *residents, struct error *error)
{
	const struct ask_params params = {
	    .path = "/run/postcask/directory/control",
	    .patience_ms = PATIENCE_MS,
	    .limit = SIZE_LIMIT,
	    .silent = "postcask-directory does not say who is here",
	    .absent = "postcask-directory, who says who is here, does not run",
	    .denied = "who is here is for root to ask",
	};
	_cleanup_json_ json_t *question = json_pack("{s:s}", "do", "residents"), *answer = NULL;
	int result = ask_service(&params, question, &answer, error);

	return result < 0 ? result
			  : residents_take(json_object_get(answer, "residents"), residents, error);
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
