// SPDX-License-Identifier: GPL-3.0-or-later
/* A tree of Maildirs: Maildir++ (.Sent, .Work.2020 beside cur) as Dovecot and Courier have it, and
 * folders in folders.  The time at which a message came is its file's. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>

#include "import/flags.h"
#include "import/source.h"
#include "import/tree.h"

enum { KEYWORDS = 26, KEYWORD_FILE_MAX = 64 * 1024 };

struct source_maildir {
	struct source source;
	int root;
	/* Of the folder that is open: */
	int place;    /* its descriptor */
	char **names; /* "cur/..." and "new/..." of its messages; owned, NULL at the end */
	size_t count;
	char *keywords[KEYWORDS]; /* of the letters a to z; owned */
};

/* ---- Folders ---- */

/* "INBOX" for the root.  A name on the disk may be in UTF-8 or in UTF-7. */
static char *name_of(const char *path)
{
	const char *c = path;

	while (*c && (unsigned char)*c < 0x80)
		c++;
	return *c ? folder_utf7(path) : strdup(path);
}

static bool is_maildir(int folder)
{
	int cur = tree_folder(folder, "cur");

	if (cur < 0)
		return false;
	close(cur);
	return true;
}

static bool is_part(const char *name)
{
	static const char *const parts[] = {".", "..", "cur", "new", "tmp", "courierimapkeywords"};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (strcmp(name, parts[i]) == 0)
			return true;
	return false;
}

static int add_folder(struct folders *folders, const char *path, bool no_messages,
		      struct error *error)
{
	char *name = name_of(path[0] ? path : "INBOX");

	/* The path in UTF-7 is its name; where it lies is found again by it. */
	if (!name)
		return error_set(error, EILSEQ, "a folder's name is neither UTF-7 nor UTF-8");
	return folders_add(folders, name, '/', USE_NONE, no_messages, error);
}

static int walk(int folder, const char *path, int depth, struct folders *ret, struct error *error)
{
	_cleanup_(tree_names_free) char **names = NULL;
	int result = tree_names(folder, &names, error);

	if (result == 0 && is_maildir(folder))
		result = add_folder(ret, path, false, error);
	for (char **name = names; result == 0 && *name; name++) {
		_cleanup_close_ int below = is_part(*name) ? -1 : tree_folder(folder, *name);
		_cleanup_free_ char *longer = NULL;

		if (below < 0)
			continue;
		if (depth == TREE_DEPTH)
			return error_set(error, ELOOP,
					 "folders are in one another more than %d "
					 "deep",
					 TREE_DEPTH);
		if (asprintf(&longer, "%s%s%s", path, path[0] ? "/" : "", *name) < 0)
			return error_set(error, ENOMEM, "out of memory");
		result = walk(below, longer, depth + 1, ret, error);
	}
	return result;
}

/* "subscriptions" of Dovecot, one a line with '.' or (after "V\t2") levels apart by tabs;
 * "courierimapsubscribed" with INBOX. before each. */
static void read_subscriptions(const struct source_maildir *maildir, struct folders *folders)
{
	static const char *const files[] = {"subscriptions", "courierimapsubscribed"};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct stat status;
		_cleanup_close_ int fd = tree_file(maildir->root, files[i], &status);
		_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
		char bytes[4096];
		ssize_t size;
		struct slice rest, line;

		while (fd >= 0 && text.size < 1024 * 1024 &&
		       (size = read(fd, bytes, sizeof(bytes))) > 0)
			buffer_add(&text, bytes, (size_t)size);
		rest = (struct slice){buffer_text(&text), text.size};
		while (slice_until(&rest, SLICE("\n"), &line)) {
			_cleanup_free_ char *name = NULL;
			struct folder *folder;

			slice_skip(&line, SLICE("INBOX."));
			name = strndup(line.at, line.size);
			for (char *c = name; c && *c; c++)
				if (*c == '\t' || *c == '.')
					*c = '/';
			folder = name ? folders_find(folders, name) : NULL;
			if (folder)
				folder->subscribed = true;
		}
	}
}

/* Maildir++: ".Work.2020" is 2020 in Work. */
static void plain_names(struct folders *folders)
{
	for (size_t i = 0; i < folders->count; i++) {
		char *name = folders->list[i].there;

		if (name[0] != '.')
			continue;
		memmove(name, name + 1, strlen(name));
		for (; *name && *name != '/'; name++)
			if (*name == '.')
				*name = '/';
	}
}

static int list(struct source *source, struct folders *ret, struct error *error)
{
	struct source_maildir *maildir = (struct source_maildir *)source;
	int result = walk(maildir->root, "", 0, ret, error);

	if (result < 0)
		return result;
	if (ret->count == 0)
		return error_set(error, ENOENT, "there is no Maildir: no folder that has cur");
	plain_names(ret);
	read_subscriptions(maildir, ret);
	return 0;
}

/* ---- Messages ---- */

static void forget(struct source_maildir *maildir)
{
	cleanup_close(&maildir->place);
	maildir->place = -1;
	tree_names_free(&maildir->names);
	maildir->count = 0;
	for (size_t i = 0; i < KEYWORDS; i++)
		free(TAKE_POINTER(maildir->keywords[i]));
}

/* The file of a message, whole. */
static int read_letter(int place, const char *name, struct buffer *bytes, struct stat *status)
{
	_cleanup_close_ int sub = -1, fd = -1;
	char part[4] = "";
	char chunk[64 * 1024];
	ssize_t size;

	memcpy(part, name, 3);
	sub = tree_folder(place, part);
	fd = sub < 0 ? sub : tree_file(sub, name + 4, status);
	if (fd < 0)
		return fd;
	if (status->st_size > MESSAGE_SIZE_MAX)
		return -EFBIG;
	buffer_reset(bytes);
	while ((size = read(fd, chunk, sizeof(chunk))) > 0 && bytes->size <= MESSAGE_SIZE_MAX)
		buffer_add(bytes, chunk, (size_t)size);
	return size < 0 ? -errno : bytes->failed ? -ENOMEM : 0;
}

static int add_names(struct source_maildir *maildir, const char *part, struct error *error)
{
	_cleanup_close_ int folder = tree_folder(maildir->place, part);
	_cleanup_(tree_names_free) char **names = NULL;
	size_t more = 0;
	char **all;
	int result;

	if (folder < 0)
		return 0; /* a Maildir without new */
	result = tree_names(folder, &names, error);
	if (result < 0)
		return result;
	while (names[more])
		more++;
	all = reallocarray(maildir->names, maildir->count + more + 1, sizeof(*all));
	if (!all)
		return error_set(error, ENOMEM, "out of memory");
	maildir->names = all;
	for (size_t i = 0; i < more; i++) {
		if (names[i][0] == '.')
			continue;
		if (asprintf(&all[maildir->count], "%s/%s", part, names[i]) < 0)
			return error_set(error, ENOMEM, "out of memory");
		all[++maildir->count] = NULL;
	}
	all[maildir->count] = NULL;
	return 0;
}

/* Dovecot's: "0 $Forwarded" is the letter a. */
static void read_keywords(struct source_maildir *maildir)
{
	struct stat status;
	_cleanup_close_ int fd = tree_file(maildir->place, "dovecot-keywords", &status);
	char text[KEYWORD_FILE_MAX];
	ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof(text));
	struct slice rest = {text, size > 0 ? (size_t)size : 0}, line;
	long long number;

	while (slice_until(&rest, SLICE("\n"), &line))
		if (slice_number(&line, &number) && number < KEYWORDS &&
		    slice_skip(&line, SLICE(" ")) && !maildir->keywords[number])
			maildir->keywords[number] = strndup(line.at, line.size);
}

/* The folder of which plain_names made this name; there may be several forms of it on the disk. */
static int open_place(struct source_maildir *maildir, const char *there)
{
	_cleanup_free_ char *utf8 = folder_utf8(there);
	const char *const names[] = {there, utf8};

	if (strcasecmp(there, "INBOX") == 0 && is_maildir(maildir->root))
		return tree_folder(maildir->root, ".");
	for (size_t i = 0; i < 2 * ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = NULL;
		_cleanup_close_ int at = tree_folder(maildir->root, ".");
		char *rest, *level;

		if (!names[i / 2] || asprintf(&path, i % 2 ? "%s" : ".%s", names[i / 2]) < 0)
			return -ENOMEM;
		for (char *c = path; i % 2 == 0 && *c; c++)
			if (*c == '/')
				*c = '.';
		rest = path;
		while (at >= 0 && (level = strsep(&rest, "/"))) { /* no level is a link */
			int below = tree_folder(at, level);

			close(at);
			at = below;
		}
		if (at >= 0 && is_maildir(at))
			return TAKE_FD(at);
	}
	return -ENOENT;
}

static int open_folder(struct source *source, const struct folder *folder, struct messages *ret,
		       struct error *error)
{
	struct source_maildir *maildir = (struct source_maildir *)source;
	_cleanup_(buffer_free) struct buffer bytes = BUFFER_INIT;
	int result;

	forget(maildir);
	maildir->place = open_place(maildir, folder->there);
	if (maildir->place < 0)
		return error_errno(error, maildir->place, "cannot open it");
	read_keywords(maildir);
	result = add_names(maildir, "cur", error);
	if (result == 0)
		result = add_names(maildir, "new", error);
	for (size_t i = 0; result == 0 && i < maildir->count; i++) {
		struct message message = {.number = (uint32_t)i};
		struct stat status = {0};
		struct slice letter;
		int read = read_letter(maildir->place, maildir->names[i], &bytes, &status);

		if (read == -ENOENT || read == -ELOOP)
			continue; /* a folder, a link, or gone */
		letter = (struct slice){buffer_text(&bytes), read < 0 ? 0 : bytes.size};
		message.size =
		    read == -EFBIG ? (uint64_t)status.st_size : message_normal_size(letter);
		message_key(letter, status.st_mtime, message.key);
		result = messages_add(ret, &message, error);
	}
	return result;
}

static void add_flags(const struct source_maildir *maildir, const char *name, struct buffer *flags)
{
	const char *letters = strstr(name, ":2,");

	if (!letters)
		return;
	flags_of_maildir(slice_of(letters + 3), flags);
	for (letters += 3; *letters; letters++)
		if (*letters >= 'a' && *letters <= 'z' && maildir->keywords[*letters - 'a'])
			buffer_addf(flags, "%s ", maildir->keywords[*letters - 'a']);
}

static int fetch(struct source *source, struct message **wanted, size_t count, letter_take *take,
		 void *context, struct error *error _unused_)
{
	struct source_maildir *maildir = (struct source_maildir *)source;
	_cleanup_(buffer_free) struct buffer bytes = BUFFER_INIT, flags = BUFFER_INIT;

	for (size_t i = 0; i < count; i++) {
		const char *name = maildir->names[wanted[i]->number];
		struct letter letter = {.date = DATE_NONE};
		struct stat status = {0};
		int result = read_letter(maildir->place, name, &bytes, &status);

		buffer_reset(&flags);
		add_flags(maildir, name, &flags);
		if (result < 0)
			letter.failed = strerror(-result);
		letter.bytes = (struct slice){buffer_text(&bytes), result < 0 ? 0 : bytes.size};
		letter.flags = (struct slice){buffer_text(&flags), flags.size};
		letter.date = status.st_mtime;
		result = take(context, wanted[i], &letter);
		if (result < 0)
			return result;
	}
	return 0;
}

static void close_source(struct source *source)
{
	struct source_maildir *maildir = (struct source_maildir *)source;

	forget(maildir);
	cleanup_close(&maildir->root);
	free(maildir);
}

static const struct source_kind maildir_kind = {list, open_folder, fetch, close_source, NULL};

int source_maildir_open(const char *path, struct source **ret, struct error *error)
{
	struct source_maildir *maildir = calloc(1, sizeof(*maildir));

	if (!maildir)
		return error_set(error, ENOMEM, "out of memory");
	maildir->source.kind = &maildir_kind;
	maildir->place = -1;
	maildir->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (maildir->root < 0) {
		free(maildir);
		return error_errno(
		    error, errno, "%s cannot be opened by the account vmail, which reads it", path);
	}
	*ret = &maildir->source;
	return 0;
}
