// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/known.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

enum { FILE_LIMIT = KNOWN_LIMIT * (NAME_SIZE + 20) };

/* Where it is, or belongs. */
static size_t place(const struct known *known, const char *name)
{
	size_t low = 0, high = known->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (strcmp(known->domains[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_at(const struct known *known, size_t at, const char *name)
{
	return at < known->count && strcmp(known->domains[at].name, name) == 0;
}

static void take_out(struct known *known, size_t at)
{
	free(known->domains[at].name);
	known->count--;
	memmove(&known->domains[at], &known->domains[at + 1],
		(known->count - at) * sizeof(*known->domains));
}

static void take_out_oldest(struct known *known)
{
	size_t oldest = 0;

	for (size_t i = 1; i < known->count; i++)
		if (known->domains[i].day < known->domains[oldest].day)
			oldest = i;
	take_out(known, oldest);
}

static void put_in(struct known *known, const char *name, int64_t day)
{
	char *copy = strdup(name);
	size_t at;

	if (!known->domains)
		known->domains = calloc(KNOWN_LIMIT, sizeof(*known->domains));
	if (!known->domains || !copy) {
		free(copy);
		return;
	}
	if (known->count == KNOWN_LIMIT)
		take_out_oldest(known);
	at = place(known, name);
	memmove(&known->domains[at + 1], &known->domains[at],
		(known->count - at) * sizeof(*known->domains));
	known->domains[at] = (struct known_domain){copy, day};
	known->count++;
	known->changed = true;
}

void known_add(struct known *known, const char *name, int64_t day)
{
	size_t at = place(known, name);

	if (!is_at(known, at, name)) {
		put_in(known, name, day);
	} else if (known->domains[at].day < day) {
		known->domains[at].day = day;
		known->changed = true;
	}
}

bool known_has(const struct known *known, const char *name, int64_t day)
{
	size_t at = place(known, name);

	return is_at(known, at, name) && known->domains[at].day > day - KNOWN_DAYS;
}

void known_load(struct known *known, const char *path, struct error *error)
{
	_cleanup_free_ char *text = NULL;
	struct slice rest, line;
	size_t size;
	int result = file_read(path, FILE_LIMIT, &text, &size, error);

	*known = (struct known){.path = path};
	if (result == -ENOENT) /* nobody has written to anybody */
		error_clear(error);
	if (result < 0)
		return;
	rest = (struct slice){text, size};
	while (slice_until(&rest, SLICE("\n"), &line)) {
		char name[NAME_SIZE];
		long long day;

		if (slice_number(&line, &day) && slice_skip(&line, SLICE(" ")) &&
		    name_take(line, name))
			known_add(known, name, day);
	}
	known->changed = false;
}

int known_write(const struct known *known, struct error *error)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	for (size_t i = 0; i < known->count; i++)
		buffer_addf(&text, "%lld %s\n", (long long)known->domains[i].day,
			    known->domains[i].name);
	if (text.failed)
		return error_set(error, ENOMEM, "out of memory");
	return file_replace(known->path, buffer_text(&text), text.size, 0600, (uid_t)-1, (gid_t)-1,
			    error);
}

void known_free(struct known *known)
{
	for (size_t i = 0; i < known->count; i++)
		free(known->domains[i].name);
	free(known->domains);
	*known = (struct known){0};
}
