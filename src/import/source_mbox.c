// SPDX-License-Identifier: GPL-3.0-or-later
/* One mbox, or a folder with mboxes in it and in its folders: as Thunderbird (NAME and NAME.sbd),
 * Apple Mail (NAME.mbox/mbox), readpst (NAME/mbox) and the old Unix programs leave them. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>

#include "import/mbox.h"
#include "import/source.h"
#include "import/tree.h"

struct source_mbox {
	struct source source;
	int root; /* the file itself, or the folder */
	bool single;
	char **paths; /* owned; where each folder lies, in the order of `names` */
	char **names;
	size_t count;
	/* Of the one that is open: */
	struct slice map;
	int64_t changed;	/* the file's time */
	struct slice *messages; /* owned */
	size_t message_count, capacity;
};

/* ---- Folders ---- */

/* What it is called: NAME.sbd/Sub.mbox is NAME/Sub, NAME/mbox is NAME. */
static char *name_of(const char *path)
{
	_cleanup_(buffer_free) struct buffer name = BUFFER_INIT;
	_cleanup_free_ char *copy = strdup(path);
	char *rest = copy, *level, *utf7;

	while (rest && (level = strsep(&rest, "/"))) {
		size_t size = strlen(level);

		if (!rest && strcmp(level, "mbox") == 0 && name.size)
			break;
		if (size > 4 && rest && strcmp(level + size - 4, ".sbd") == 0)
			size -= 4;
		else if (size > 5 && strcmp(level + size - 5, ".mbox") == 0)
			size -= 5;
		buffer_addf(&name, "%s%.*s", name.size ? "/" : "", (int)size, level);
	}
	if (strcmp(buffer_text(&name), "mbox") == 0)
		return strdup("INBOX");
	utf7 = folder_utf7(buffer_text(&name));
	return utf7;
}

static bool is_mbox(int fd)
{
	char begin[5];

	return pread(fd, begin, sizeof(begin), 0) == (ssize_t)sizeof(begin) &&
	       memcmp(begin, "From ", sizeof(begin)) == 0;
}

static int add_folder(struct source_mbox *mbox, const char *path, const char *name,
		      struct folders *folders, struct error *error)
{
	char **paths = reallocarray(mbox->paths, mbox->count + 1, sizeof(*paths));
	char **names;

	mbox->paths = paths ? paths : mbox->paths;
	names = reallocarray(mbox->names, mbox->count + 1, sizeof(*names));
	mbox->names = names ? names : mbox->names;
	if (!paths || !names || !name)
		return error_set(error, name ? ENOMEM : EILSEQ,
				 "no name can be made of that of a file");
	paths[mbox->count] = strdup(path);
	names[mbox->count] = strdup(name);
	mbox->count++;
	return folders_add(folders, strdup(name), '/', USE_NONE, false, error);
}

static int walk(struct source_mbox *mbox, int folder, const char *path, int depth,
		struct folders *ret, struct error *error)
{
	_cleanup_(tree_names_free) char **names = NULL;
	int result = tree_names(folder, &names, error);

	for (char **name = names; result == 0 && *name; name++) {
		_cleanup_free_ char *longer = NULL, *called = NULL;
		_cleanup_close_ int below = -1, file = -1;
		struct stat status;

		if ((*name)[0] == '.')
			continue;
		if (asprintf(&longer, "%s%s%s", path, path[0] ? "/" : "", *name) < 0)
			return error_set(error, ENOMEM, "out of memory");
		below = tree_folder(folder, *name);
		if (below >= 0 && depth == TREE_DEPTH)
			return error_set(error, ELOOP,
					 "folders are in one another more than %d "
					 "deep",
					 TREE_DEPTH);
		if (below >= 0) {
			result = walk(mbox, below, longer, depth + 1, ret, error);
			continue;
		}
		file = tree_file(folder, *name, &status);
		if (file < 0 || !is_mbox(file))
			continue;
		called = name_of(longer);
		result = add_folder(mbox, longer, called, ret, error);
	}
	return result;
}

static int list(struct source *source, struct folders *ret, struct error *error)
{
	struct source_mbox *mbox = (struct source_mbox *)source;
	int result;

	if (mbox->single)
		return add_folder(mbox, "", "INBOX", ret, error);
	result = walk(mbox, mbox->root, "", 0, ret, error);
	if (result == 0 && ret->count == 0)
		return error_set(error, ENOENT, "no file there begins as an mbox does, with From");
	return result;
}

/* ---- Messages ---- */

static void forget(struct source_mbox *mbox)
{
	if (mbox->map.size)
		munmap((void *)mbox->map.at, mbox->map.size);
	mbox->map = (struct slice){0};
	free(TAKE_POINTER(mbox->messages));
	mbox->message_count = mbox->capacity = 0;
}

static int open_file(struct source_mbox *mbox, const char *path, struct stat *ret_status)
{
	_cleanup_free_ char *copy = strdup(path);
	_cleanup_close_ int at = fcntl(mbox->root, F_DUPFD_CLOEXEC, 0);
	char *rest = copy, *level;

	if (mbox->single)
		return fstat(at, ret_status) < 0 ? -errno : TAKE_FD(at);
	while (copy && at >= 0 && (level = strsep(&rest, "/"))) { /* no level is a link */
		int below = rest ? tree_folder(at, level) : tree_file(at, level, ret_status);

		close(at);
		at = below;
	}
	return TAKE_FD(at);
}

static int map_file(struct source_mbox *mbox, const char *path, struct error *error)
{
	struct stat status = {0};
	_cleanup_close_ int fd = open_file(mbox, path, &status);
	void *map;

	if (fd < 0)
		return error_errno(error, ENOENT, "cannot open it");
	mbox->changed = status.st_mtime;
	if (status.st_size == 0)
		return 0;
	map = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return error_errno(error, errno, "cannot map it");
	mbox->map = (struct slice){map, (size_t)status.st_size};
	return 0;
}

static int add_message(struct source_mbox *mbox, struct slice message, struct error *error)
{
	if (mbox->message_count == mbox->capacity) {
		size_t capacity = mbox->capacity ? 2 * mbox->capacity : 64;
		struct slice *more = reallocarray(mbox->messages, capacity, sizeof(*more));

		if (!more)
			return error_set(error, ENOMEM, "out of memory");
		mbox->messages = more;
		mbox->capacity = capacity;
	}
	mbox->messages[mbox->message_count++] = message;
	return 0;
}

static int scan(struct source_mbox *mbox, struct messages *ret, struct error *error)
{
	_cleanup_(buffer_free) struct buffer bytes = BUFFER_INIT, flags = BUFFER_INIT;
	struct slice rest = mbox->map, raw;
	int result = 0;

	while (result == 0 && mbox_next(&rest, &raw)) {
		struct message message = {.number = (uint32_t)mbox->message_count};
		struct slice letter;
		int64_t date = DATE_NONE;

		result = add_message(mbox, raw, error);
		buffer_reset(&bytes);
		buffer_reset(&flags);
		if (result == 0 && raw.size <= MESSAGE_SIZE_MAX &&
		    !mbox_message(raw, &bytes, &flags, &date))
			continue;
		if (bytes.failed)
			return error_set(error, ENOMEM, "out of memory");
		letter = (struct slice){buffer_text(&bytes), bytes.size};
		message.size = raw.size > MESSAGE_SIZE_MAX ? raw.size : message_normal_size(letter);
		message_key(letter, date == DATE_NONE ? mbox->changed : date, message.key);
		if (result == 0)
			result = messages_add(ret, &message, error);
	}
	return result;
}

static int open_folder(struct source *source, const struct folder *folder, struct messages *ret,
		       struct error *error)
{
	struct source_mbox *mbox = (struct source_mbox *)source;
	size_t i = 0;
	int result;

	forget(mbox);
	while (i < mbox->count && strcmp(mbox->names[i], folder->there) != 0)
		i++;
	if (i == mbox->count)
		return error_set(error, ENOENT, "it is not there");
	result = map_file(mbox, mbox->paths[i], error);
	return result < 0 ? result : scan(mbox, ret, error);
}

static int fetch(struct source *source, struct message **wanted, size_t count, letter_take *take,
		 void *context, struct error *error _unused_)
{
	struct source_mbox *mbox = (struct source_mbox *)source;
	_cleanup_(buffer_free) struct buffer bytes = BUFFER_INIT, flags = BUFFER_INIT;

	for (size_t i = 0; i < count; i++) {
		struct letter letter = {.failed = NULL};
		int result;

		buffer_reset(&bytes);
		buffer_reset(&flags);
		if (!mbox_message(mbox->messages[wanted[i]->number], &bytes, &flags, &letter.date))
			letter.failed = "it is empty";
		if (letter.date == DATE_NONE)
			letter.date = mbox->changed;
		letter.bytes = (struct slice){buffer_text(&bytes), bytes.size};
		letter.flags = (struct slice){buffer_text(&flags), flags.size};
		result = take(context, wanted[i], &letter);
		if (result < 0)
			return result;
	}
	return 0;
}

static void close_source(struct source *source)
{
	struct source_mbox *mbox = (struct source_mbox *)source;

	forget(mbox);
	for (size_t i = 0; i < mbox->count; i++) {
		free(mbox->paths[i]);
		free(mbox->names[i]);
	}
	free(mbox->paths);
	free(mbox->names);
	cleanup_close(&mbox->root);
	free(mbox);
}

static const struct source_kind mbox_kind = {list, open_folder, fetch, close_source, NULL};

int source_mbox_open(const char *path, struct source **ret, struct error *error)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct source_mbox *mbox = NULL;
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return error_errno(
		    error, errno, "%s cannot be opened by the account vmail, which reads it", path);
	if (!S_ISDIR(status.st_mode) && !(S_ISREG(status.st_mode) && is_mbox(fd)))
		return error_set(error, EINVAL, "%s is no mbox: it does not begin with From", path);
	mbox = calloc(1, sizeof(*mbox));
	if (!mbox)
		return error_set(error, ENOMEM, "out of memory");
	mbox->source.kind = &mbox_kind;
	mbox->single = S_ISREG(status.st_mode);
	mbox->root = TAKE_FD(fd);
	*ret = &mbox->source;
	return 0;
}
