// SPDX-License-Identifier: GPL-3.0-or-later
#include "quarantine/quarantine.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>

#include "base/file.h"
#include "quarantine/harmless.h"

static const char *const folder_names[QUARANTINE_PLACES] = {
    [QUARANTINE_HELD] = "quarantine",
    [QUARANTINE_RELEASED] = "released",
};

/* The self-test's own folder inside amavis's. */
static const char selftest[] = "selftest";

enum {
	KIND_MAX = 16,
	FIRST_READ = 16 << 10, /* holds amavis's lines and most messages' headers */
};

int quarantine_open(struct quarantine *quarantine, const char *state, struct error *error)
{
	*quarantine = QUARANTINE_INIT;
	for (int place = 0; place < QUARANTINE_PLACES; place++) {
		_cleanup_free_ char *path = file_join(state, folder_names[place]);

		if (!path)
			return error_set(error, ENOMEM, "out of memory");
		quarantine->folders[place] =
		    open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (quarantine->folders[place] < 0 && errno != ENOENT)
			return error_errno(error, errno, "%s: cannot open", path);
	}
	if (quarantine->folders[QUARANTINE_HELD] < 0)
		return error_set(error, ENOENT,
				 "%s/%s: there is no quarantine: this is no postcask machine",
				 state, folder_names[QUARANTINE_HELD]);
	return 0;
}

void quarantine_close(struct quarantine *quarantine)
{
	for (int place = 0; place < QUARANTINE_PLACES; place++)
		cleanup_close(&quarantine->folders[place]);
	*quarantine = QUARANTINE_INIT;
}

/* The length of KIND in KIND-ID; 0 when the name is another. */
static size_t kind_size(const char *name)
{
	size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyz");

	if (size == 0 || size > KIND_MAX || name[size] != '-' ||
	    !quarantine_id_is_valid(name + size + 1, strlen(name + size + 1)))
		return 0;
	return size;
}

const char *quarantine_kind(const struct quarantine_item *item)
{
	static char kind[KIND_MAX + 1];
	size_t size = item->named ? kind_size(item->name) : 0;

	if (!size)
		return "unknown";
	memcpy(kind, item->name, size);
	kind[size] = '\0';
	return kind;
}

static int add_item(struct quarantine_items *items, size_t *capacity, int folder, const char *name,
		    enum quarantine_place place)
{
	struct quarantine_item item = {.place = place};
	struct stat status;

	if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno; /* it was removed meanwhile */
	if (items->count == *capacity) {
		size_t wanted = *capacity ? *capacity * 2 : 64;
		void *grown = reallocarray(items->items, wanted, sizeof(item));

		if (!grown)
			return -ENOMEM;
		items->items = grown;
		*capacity = wanted;
	}
	item.name = strdup(name);
	if (!item.name)
		return -ENOMEM;
	item.named = kind_size(name) > 0;
	item.id = item.named ? item.name + kind_size(name) + 1 : item.name;
	item.regular = S_ISREG(status.st_mode) && status.st_nlink == 1;
	item.time = status.st_mtime;
	item.size = status.st_size;
	items->items[items->count++] = item;
	return 0;
}

static int list_folder(const struct quarantine *quarantine, enum quarantine_place place,
		       struct quarantine_items *items, size_t *capacity)
{
	int folder = quarantine->folders[place], copy;
	_cleanup_closedir_ DIR *directory = NULL;
	struct dirent *entry;
	int result = 0;

	if (folder < 0)
		return 0;
	copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	directory = copy < 0 ? NULL : fdopendir(copy);
	if (!directory)
		return -errno;
	while (result == 0 && (errno = 0, entry = readdir(directory)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    strcmp(entry->d_name, selftest) != 0)
			result = add_item(items, capacity, folder, entry->d_name, place);
	return result < 0 ? result : -errno;
}

static int compare_items(const void *first, const void *second)
{
	const struct quarantine_item *a = first, *b = second;

	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	return strcmp(a->name, b->name);
}

int quarantine_list(const struct quarantine *quarantine, struct quarantine_items *items,
		    struct error *error)
{
	_cleanup_(quarantine_items_free) struct quarantine_items found = QUARANTINE_ITEMS_INIT;
	size_t capacity = 0;

	for (int place = 0; place < QUARANTINE_PLACES; place++) {
		int result =
		    list_folder(quarantine, (enum quarantine_place)place, &found, &capacity);

		if (result < 0)
			return error_errno(error, result, "cannot list the folder %s",
					   folder_names[place]);
	}
	if (found.count)
		qsort(found.items, found.count, sizeof(*found.items), compare_items);
	*items = found;
	found = QUARANTINE_ITEMS_INIT;
	return 0;
}

void quarantine_items_free(struct quarantine_items *items)
{
	for (size_t i = 0; i < items->count; i++)
		free(items->items[i].name);
	free(items->items);
	*items = QUARANTINE_ITEMS_INIT;
}

int quarantine_find(const struct quarantine_items *items, const char *word, bool prefix,
		    const struct quarantine_item **ret_item, struct error *error)
{
	_cleanup_(buffer_free) struct buffer shown = BUFFER_INIT;
	const struct quarantine_item *found = NULL;
	size_t matches = 0, exact = 0;

	harmless_add(&shown, word, strlen(word), 60);
	for (size_t i = 0; i < items->count; i++) {
		const struct quarantine_item *item = items->items + i;
		bool same = strcmp(item->id, word) == 0 || strcmp(item->name, word) == 0;

		if (!same && !(prefix && word[0] && strncmp(item->id, word, strlen(word)) == 0))
			continue;
		matches++;
		exact += same;
		if (!found || (same && exact == 1))
			found = item;
	}
	if (!found)
		return error_set(error, ENOENT,
				 "%s: nothing of that id is in quarantine; `postcask quarantine "
				 "list` shows what is%s",
				 buffer_text(&shown), prefix ? "" : ", and here the id is whole");
	if (exact != 1 && matches > 1)
		return error_set(error, ENOTUNIQ, "%s: %zu of them; write %s", buffer_text(&shown),
				 matches, exact ? "the whole file name" : "more of the id");
	*ret_item = found;
	return 0;
}

int quarantine_open_item(const struct quarantine *quarantine, const struct quarantine_item *item,
			 int *ret_fd, struct error *error)
{
	_cleanup_close_ int fd = -1;
	struct stat status;

	if (!item->regular)
		return error_set(error, EINVAL, "it is no regular file, or has a second name");
	fd = openat(quarantine->folders[item->place], item->name,
		    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) < 0)
		return error_errno(error, errno, "cannot open it");
	if (!S_ISREG(status.st_mode) || status.st_nlink != 1)
		return error_set(error, EINVAL, "it is no regular file, or has a second name");
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int quarantine_read_header(int fd, struct quarantine_header *header, struct error *error)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	size_t wanted = FIRST_READ;

	for (;;) {
		char bytes[FIRST_READ];
		ssize_t got = pread(fd, bytes, sizeof(bytes), (off_t)text.size);
		int result;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_errno(error, errno, "cannot read it");
		buffer_add(&text, bytes, (size_t)got);
		if (text.failed)
			return error_set(error, ENOMEM, "out of memory");
		if (got > 0 && text.size < wanted)
			continue;
		result = quarantine_header_parse(buffer_text(&text), text.size, header, error);
		if (result != -ENODATA || got == 0 || text.size >= QUARANTINE_HEADER_MAX)
			return result;
		wanted = text.size * 4;
	}
}

int quarantine_sync(const struct quarantine *quarantine, struct error *error)
{
	for (int place = 0; place < QUARANTINE_PLACES; place++)
		if (quarantine->folders[place] >= 0 && fsync(quarantine->folders[place]) < 0)
			return error_errno(error, errno, "cannot sync the folder %s",
					   folder_names[place]);
	return 0;
}

int quarantine_mark_released(const struct quarantine *quarantine,
			     const struct quarantine_item *item, struct error *error)
{
	if (item->place == QUARANTINE_RELEASED)
		return 0;
	if (renameat2(quarantine->folders[QUARANTINE_HELD], item->name,
		      quarantine->folders[QUARANTINE_RELEASED], item->name, RENAME_NOREPLACE) < 0)
		return error_errno(error, errno, "cannot move it to the released ones");
	return quarantine_sync(quarantine, error);
}

int quarantine_remove(const struct quarantine *quarantine, const struct quarantine_item *item,
		      struct error *error)
{
	if (unlinkat(quarantine->folders[item->place], item->name, 0) < 0 && errno != ENOENT)
		return error_errno(error, errno, "cannot remove it");
	return 0;
}

void quarantine_log(const char *what, const struct quarantine_item *item, const char *details)
{
	_cleanup_(buffer_free) struct buffer id = BUFFER_INIT;

	harmless_add(&id, item->id, strlen(item->id), 60);
	for (size_t i = 0; i < id.size; i++) /* one word, whatever the file's name is */
		if (id.data[i] == ' ')
			id.data[i] = '?';
	sd_journal_send("SYSLOG_IDENTIFIER=postcask-quarantine", "PRIORITY=5",
			"MESSAGE=%s id=%s%s%s", what, buffer_text(&id), details[0] ? " " : "",
			details, NULL);
}
