// SPDX-License-Identifier: GPL-3.0-or-later
/* A file of Outlook's: postcask-pst says what is in it (its form: src/pst/pst_main.c) into a file
 * without a name, which is then gone through as an mbox is. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/process.h"
#include "import/source.h"

#define PST_PROGRAM "/usr/lib/postcask/postcask-pst"
#define SCRATCH	    "/var/vmail"

enum { READ_MS = 2 * 60 * 60 * 1000 };

struct entry {
	struct slice bytes, flags;
	int64_t date;
};

struct pst_folder {
	char *name;	       /* owned, UTF-7 */
	struct entry *entries; /* owned */
	size_t count, capacity;
	long long left_out, damaged;
};

struct source_pst {
	struct source source;
	struct slice map;
	struct pst_folder *folders;    /* owned */
	size_t count, current;	       /* the one that is spoken of */
	const struct pst_folder *open; /* the one that `fetch` is of */
	bool whole;
};

/* ---- What was said ---- */

/* Outlook allows two folders of one name: they are one here. */
static int begin_folder(struct source_pst *pst, struct slice name, struct error *error)
{
	_cleanup_free_ char *utf8 = strndup(name.at, name.size);
	struct pst_folder *more = reallocarray(pst->folders, pst->count + 1, sizeof(*pst->folders));

	if (!utf8 || !more)
		return error_set(error, ENOMEM, "out of memory");
	pst->folders = more;
	pst->current = pst->count;
	more[pst->count] = (struct pst_folder){.name = folder_utf7(utf8)};
	if (!more[pst->count].name)
		return error_set(error, EILSEQ, "no name can be made of that of a folder");
	for (size_t i = 0; i < pst->count; i++)
		if (strcmp(more[i].name, more[pst->count].name) == 0) {
			free(more[pst->count].name);
			pst->current = i;
			return 0;
		}
	if (pst->count++ == FOLDERS_MAX)
		return error_set(error, E2BIG, "there are more than %d folders", FOLDERS_MAX);
	return 0;
}

static int add_entry(struct pst_folder *folder, const struct entry *entry, struct error *error)
{
	if (folder->count == folder->capacity) {
		size_t capacity = folder->capacity ? 2 * folder->capacity : 64;
		struct entry *more = reallocarray(folder->entries, capacity, sizeof(*more));

		if (!more)
			return error_set(error, ENOMEM, "out of memory");
		folder->entries = more;
		folder->capacity = capacity;
	}
	folder->entries[folder->count++] = *entry;
	return 0;
}

/* "SIZE DATE FLAGS"; false when not all of it is there. */
static bool take_message(struct slice line, struct slice *rest, struct entry *ret)
{
	long long size, date = DATE_NONE;

	if (!slice_number(&line, &size) || size < 0 || (uint64_t)size > rest->size ||
	    !slice_skip(&line, SLICE(" ")))
		return false;
	if (!slice_skip(&line, SLICE("-")) && !slice_number(&line, &date))
		return false;
	*ret = (struct entry){{rest->at, (size_t)size}, slice_trim(line), date};
	rest->at += size;
	rest->size -= (size_t)size;
	return true;
}

/* "left-out N", "damaged N". */
static bool take_count(struct slice line, struct pst_folder *folder)
{
	bool left_out = slice_skip(&line, SLICE("left-out "));
	long long number;

	if ((!left_out && !slice_skip(&line, SLICE("damaged "))) || !slice_number(&line, &number))
		return false;
	*(left_out ? &folder->left_out : &folder->damaged) += number;
	return true;
}

/* Up to the end, or to where the reading broke off. */
static int take_all(struct source_pst *pst, struct error *error)
{
	struct slice rest = pst->map, line;
	int result = 0;

	while (result == 0 && !pst->whole && slice_until(&rest, SLICE("\n"), &line)) {
		struct pst_folder *folder = pst->count ? &pst->folders[pst->current] : NULL;
		struct entry entry;

		if (slice_skip(&line, SLICE("folder ")))
			result = begin_folder(pst, line, error);
		else if (slice_equal(line, SLICE("end")))
			pst->whole = true;
		else if (folder && slice_skip(&line, SLICE("message "))) {
			if (!take_message(line, &rest, &entry))
				break;
			result = add_entry(folder, &entry, error);
		} else if (!folder || !take_count(line, folder))
			break;
	}
	return result;
}

/* ---- The source ---- */

static int list(struct source *source, struct folders *ret, struct error *error)
{
	struct source_pst *pst = (struct source_pst *)source;
	int result = 0;

	for (size_t i = 0; result == 0 && i < pst->count; i++)
		result =
		    folders_add(ret, strdup(pst->folders[i].name), '/', USE_NONE, false, error);
	return result;
}

static int open_folder(struct source *source, const struct folder *folder, struct messages *ret,
		       struct error *error)
{
	struct source_pst *pst = (struct source_pst *)source;
	int result = 0;
	size_t i = 0;

	while (i < pst->count && strcmp(pst->folders[i].name, folder->there) != 0)
		i++;
	if (i == pst->count)
		return error_set(error, ENOENT, "it is not there");
	pst->open = &pst->folders[i];
	for (size_t j = 0; result == 0 && j < pst->open->count; j++) {
		const struct entry *entry = &pst->open->entries[j];
		struct message message = {.number = (uint32_t)j};

		message.size = entry->bytes.size > MESSAGE_SIZE_MAX
				   ? entry->bytes.size
				   : message_normal_size(entry->bytes);
		message_key(entry->bytes, entry->date, message.key);
		result = messages_add(ret, &message, error);
	}
	return result;
}

static int fetch(struct source *source, struct message **wanted, size_t count, letter_take *take,
		 void *context, struct error *error _unused_)
{
	const struct source_pst *pst = (struct source_pst *)source;
	int result = 0;

	for (size_t i = 0; result >= 0 && i < count; i++) {
		const struct entry *entry = &pst->open->entries[wanted[i]->number];
		const struct letter letter = {entry->bytes, entry->flags, entry->date, NULL};

		result = take(context, wanted[i], &letter);
	}
	return result < 0 ? result : 0;
}

/* Owned by the caller; NULL when there is nothing to say. */
static char *note(struct source *source, bool *ret_damage)
{
	const struct source_pst *pst = (struct source_pst *)source;
	const struct pst_folder *folder = pst->open;
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	if (!folder)
		return NULL;
	if (folder->left_out)
		buffer_addf(&text, "%lld left out that are no mail (appointments, contacts, tasks)",
			    folder->left_out);
	*ret_damage = folder->damaged > 0 || !pst->whole;
	if (folder->damaged)
		buffer_addf(&text, "%s%lld could not be read, or not all of it",
			    text.size ? "; " : "", folder->damaged);
	if (!pst->whole && folder == &pst->folders[pst->current])
		buffer_addf(&text, "%sthe file is damaged here, and folders behind may be missing",
			    text.size ? "; " : "");
	return text.size ? buffer_take(&text) : NULL;
}

static void close_source(struct source *source)
{
	struct source_pst *pst = (struct source_pst *)source;

	for (size_t i = 0; i < pst->count; i++) {
		free(pst->folders[i].name);
		free(pst->folders[i].entries);
	}
	free(pst->folders);
	if (pst->map.size)
		munmap((void *)pst->map.at, pst->map.size);
	free(pst);
}

static const struct source_kind pst_kind = {list, open_folder, fetch, close_source, note};

/* ---- Reading it ---- */

static int open_input(const char *path, struct error *error)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat status;
	char begin[4];

	if (fd < 0 || fstat(fd, &status) < 0)
		return error_errno(
		    error, errno, "%s cannot be opened by the account vmail, which reads it", path);
	if (!S_ISREG(status.st_mode) || pread(fd, begin, sizeof(begin), 0) != sizeof(begin) ||
	    memcmp(begin, "!BDN", sizeof(begin)) != 0)
		return error_set(error, EINVAL,
				 "%s is no PST: it does not begin with !BDN; write the file that "
				 "Outlook made",
				 path);
	return TAKE_FD(fd);
}

static int to_input(void *context)
{
	return dup2(*(int *)context, STDIN_FILENO) < 0 ? -errno : 0;
}

/* What it says is kept whatever became of it; *ret_output is a file. */
static int run_reader(int input, int *ret_output, struct error *error)
{
	_cleanup_close_ int output = open(SCRATCH, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	const char *const argv[] = {PST_PROGRAM, NULL};
	const struct process process = {.argv = argv,
					.timeout_ms = READ_MS,
					.output_fd = output,
					.prepare = to_input,
					.context = &input};
	int status;

	if (output < 0)
		return error_errno(error, errno, "nothing can be written in %s", SCRATCH);
	status = process_run(&process, NULL, error);
	if (status < 0 && status != -EINTR && status != -ETIME)
		return status;
	error_clear(error);
	*ret_output = TAKE_FD(output);
	return 0;
}

static int map_output(struct source_pst *pst, int output, struct error *error)
{
	off_t size = lseek(output, 0, SEEK_END);
	void *map;

	if (size <= 0)
		return error_set(error, EBADMSG, "it is damaged: no folder of it can be read");
	map = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, output, 0);
	if (map == MAP_FAILED)
		return error_errno(error, errno, "cannot map what is in it");
	pst->map = (struct slice){map, (size_t)size};
	if (take_all(pst, error) < 0)
		return -EBADMSG;
	return pst->count || pst->whole
		   ? 0
		   : error_set(error, EBADMSG, "it is damaged: no folder of it can be read");
}

int source_pst_open(const char *path, struct source **ret, struct error *error)
{
	_cleanup_close_ int input = open_input(path, error), output = -1;
	struct source_pst *pst;
	int result;

	if (input < 0)
		return input;
	result = run_reader(input, &output, error);
	if (result < 0)
		return result;
	pst = calloc(1, sizeof(*pst));
	if (!pst)
		return error_set(error, ENOMEM, "out of memory");
	pst->source.kind = &pst_kind;
	result = map_output(pst, output, error);
	if (result < 0) {
		close_source(&pst->source);
		return error_wrap(error, "%s", path);
	}
	*ret = &pst->source;
	return 0;
}
