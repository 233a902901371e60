// SPDX-License-Identifier: GPL-3.0-or-later
#include "import/copy.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/json_file.h"
#include "import/batch.h"
#include "import/flags.h"

enum {
	PROBLEMS_SHOWN = 100, /* sentences a folder */
	SAME_SIZE_READ = 64,  /* messages here that are compared byte by byte with one of there */
	PROGRESS_MS = 200,
};

struct copy {
	struct source *source;
	struct local *mailbox;
	const struct copy_options *options;
	struct messages known; /* of all folders so far: the keys alone count */
	bool sorted;
	struct error error;
	int64_t told_ms;
};

struct folder_copy {
	struct copy *copy;
	const struct folder *folder;
	struct messages there, here;
	struct batch batch;
	size_t elsewhere, problems, done, wanted;
	json_t *sentences;
	struct buffer normal;
};

static void folder_copy_clear(struct folder_copy *folder)
{
	messages_free(&folder->there);
	messages_free(&folder->here);
	json_decref(folder->sentences);
	buffer_free(&folder->normal);
	batch_free(&folder->batch);
}

_printf_(2, 3) static void add_problem(struct folder_copy *folder, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (folder->problems++ < PROBLEMS_SHOWN)
		json_vadd_sentence(folder->sentences, format, arguments);
	va_end(arguments);
}

static void tell_progress(struct folder_copy *folder)
{
	int64_t now = clock_now_ms();

	if (!folder->copy->options->progress || now - folder->copy->told_ms < PROGRESS_MS)
		return;
	folder->copy->told_ms = now;
	fprintf(stderr, "\r\033[K%s: %zu of %zu", folder->folder->here, folder->done,
		folder->wanted);
}

/* What may be no UTF-8 becomes ASCII: JSON would not have it. */
static json_t *text_of(const char *text, const char *otherwise)
{
	_cleanup_json_ json_t *list = json_array();

	json_add_sentence(list, "%s", text ? text : otherwise ? otherwise : "");
	return json_incref(json_array_get(list, 0));
}

/* ---- One message ---- */

/* Is it here after all, with another size than the server says or a header that is read in another
 * way?  Then the bytes are the same. */
static int find_same(struct folder_copy *folder, struct message *message, struct slice bytes,
		     bool *ret_found)
{
	struct message *one;
	size_t at = 0;

	*ret_found = false;
	for (int count = 0; count < SAME_SIZE_READ; count++) {
		int result;

		one = messages_next_of_size(&folder->here, message->size, &at);
		if (!one)
			return 0;
		result = local_has(folder->copy->mailbox, folder->folder->here, one, bytes,
				   &folder->copy->error);
		if (result < 0)
			return result;
		if (result) {
			one->matched = message->matched = message->seen = *ret_found = true;
			return 0;
		}
	}
	return 0;
}

static void add_refused(void *context, const struct message *message, const char *why)
{
	add_problem(context, "message %u is not taken here: %s", message->number, why);
}

static int take_letter(void *context, struct message *message, const struct letter *letter)
{
	_cleanup_(buffer_free) struct buffer flags = BUFFER_INIT;
	struct folder_copy *folder = context;
	struct slice bytes;
	bool found;
	int result;

	folder->done++;
	tell_progress(folder);
	if (letter->failed) {
		add_problem(folder, "message %u cannot be read: %s", message->number,
			    letter->failed);
		return 0;
	}
	if (letter->bytes.size == 0) {
		add_problem(folder, "message %u is empty", message->number);
		return 0;
	}
	if (message_normal(letter->bytes, &folder->normal, &bytes))
		json_add_sentence(folder->sentences,
				  "message %u has NUL bytes, which are 0x80 here", message->number);
	if (folder->normal.failed)
		return error_set(&folder->copy->error, ENOMEM, "out of memory");
	message->size = bytes.size; /* servers say other ones */
	result = find_same(folder, message, bytes, &found);
	if (result < 0 || found)
		return result;
	flags_keep(letter->flags, &flags);
	return batch_add(&folder->batch, message, buffer_text(&flags), letter->date, bytes,
			 &folder->copy->error);
}

/* ---- One folder ---- */

static int compare_key(const void *a, const void *b)
{
	return memcmp(((const struct message *)a)->key, ((const struct message *)b)->key,
		      MESSAGE_KEY);
}

/* Of labels and views: takes from the list what was in another folder already. */
static void leave_out_known(struct folder_copy *folder)
{
	const struct messages *known = &folder->copy->known;
	struct messages *there = &folder->there;
	size_t kept = 0;

	if (!folder->copy->sorted && known->count)
		qsort(known->list, known->count, sizeof(*known->list), compare_key);
	folder->copy->sorted = true;
	for (size_t i = 0; i < there->count && known->count; i++) {
		if (bsearch(&there->list[i], known->list, known->count, sizeof(*known->list),
			    compare_key))
			folder->elsewhere++;
		else
			there->list[kept++] = there->list[i];
	}
	if (known->count)
		there->count = kept;
}

static int remember(struct folder_copy *folder)
{
	struct messages *known = &folder->copy->known;

	for (size_t i = 0; i < folder->there.count; i++) {
		int result = messages_add(known, &folder->there.list[i], &folder->copy->error);
		if (result < 0)
			return result;
	}
	folder->copy->sorted = false;
	return 0;
}

static int list_both(struct folder_copy *folder)
{
	struct copy *copy = folder->copy;
	enum folder_use use = folder->folder->use;
	int result =
	    copy->source->kind->open(copy->source, folder->folder, &folder->there, &copy->error);

	if (result == -EPROTO || result == -ENOENT || result == -EINVAL) {
		add_problem(folder, "it cannot be read: %s", error_text(&copy->error));
		error_clear(&copy->error);
		messages_free(&folder->there);
		return 0;
	}
	if (result < 0)
		return result;
	if (copy->options->gmail || use == USE_ALL || use == USE_VIEW)
		leave_out_known(folder);
	result = remember(folder);
	if (result < 0)
		return result;
	result = local_scan(copy->mailbox, folder->folder->here, &folder->here, &copy->error);
	if (result < 0)
		return error_wrap(&copy->error, "the folder here cannot be listed");
	return 0;
}

/* The messages that are wanted, in the order in which they lie there. */
static int compare_number(const void *a, const void *b)
{
	const struct message *const *one = a, *const *other = b;

	return ((*one)->number > (*other)->number) - ((*one)->number < (*other)->number);
}

static struct message **list_wanted(struct folder_copy *folder)
{
	struct message **wanted = calloc(folder->there.count + 1, sizeof(*wanted));

	for (size_t i = 0; wanted && i < folder->there.count; i++) {
		struct message *message = &folder->there.list[i];

		if (message->matched)
			continue;
		if (message->size > MESSAGE_SIZE_MAX)
			add_problem(folder, "message %u is too large: %llu bytes, at most %d",
				    message->number, (unsigned long long)message->size,
				    (int)MESSAGE_SIZE_MAX);
		else
			wanted[folder->wanted++] = message;
	}
	if (folder->wanted)
		qsort(wanted, folder->wanted, sizeof(struct message *), compare_number);
	return wanted;
}

/* What is here now, as the mailbox shows it. */
static int look_again(struct folder_copy *folder, struct error *error)
{
	size_t at = 0;
	int result;

	messages_free(&folder->here);
	result = local_scan(folder->copy->mailbox, folder->folder->here, &folder->here, error);
	if (result < 0)
		return error_wrap(error, "the folder here cannot be listed");
	messages_match(&folder->there, &folder->here);
	for (size_t i = 0; i < folder->there.count; i++) {
		struct message *message = &folder->there.list[i];
		struct message *same;

		if (message->matched || !message->seen)
			continue;
		at = 0; /* one whose header reads otherwise here */
		same = messages_next_of_size(&folder->here, message->size, &at);
		if (same)
			same->matched = message->matched = true;
	}
	return 0;
}

/* What has come is written and counted, whatever it was that ended it; the first reason is told. */
static int fetch_wanted(struct folder_copy *folder, struct message **wanted)
{
	struct copy *copy = folder->copy;
	_cleanup_(error_clear) struct error later = ERROR_INIT;
	int result = copy->source->kind->fetch(copy->source, wanted, folder->wanted, take_letter,
					       folder, &copy->error);
	int flushed = batch_flush(&folder->batch, result < 0 ? &later : &copy->error);

	if (result == 0)
		result = flushed;
	if (flushed == 0 || flushed == -EDQUOT)
		flushed = look_again(folder, result < 0 ? &later : &copy->error);
	return result < 0 ? result : flushed;
}

static int bring(struct folder_copy *folder)
{
	struct copy *copy = folder->copy;
	_cleanup_free_ struct message **wanted = list_wanted(folder);
	int result;

	if (!wanted)
		return error_set(&copy->error, ENOMEM, "out of memory");
	if (copy->options->dry_run)
		return 0;
	result = local_make(copy->mailbox, folder->folder->here, folder->folder->subscribed,
			    &copy->error);
	if (result == -ENOENT || result == -EINVAL) { /* this one alone */
		add_problem(folder, "it cannot be made here: %s", error_text(&copy->error));
		error_clear(&copy->error);
		return 0;
	}
	if (result < 0)
		return error_wrap(&copy->error, "the folder cannot be made here");
	if (folder->wanted == 0)
		return 0;
	return fetch_wanted(folder, wanted);
}

static json_t *row(struct folder_copy *folder)
{
	_cleanup_free_ char *there = folder_utf8(folder->folder->there);
	_cleanup_free_ char *here = folder_utf8(folder->folder->here ? folder->folder->here : "");
	size_t matched = 0;
	json_t *row;

	for (size_t i = 0; i < folder->there.count; i++)
		matched += folder->there.list[i].matched;
	if (folder->problems > PROBLEMS_SHOWN)
		json_add_sentence(folder->sentences, "and %zu problems more",
				  folder->problems - PROBLEMS_SHOWN);
	row = json_pack(
	    "{s:I s:I s:I s:I s:I s:I s:I s:O}", "messages", (json_int_t)folder->there.count,
	    "bytes", (json_int_t)messages_bytes(&folder->there, false), "messages_here",
	    (json_int_t)matched, "bytes_here", (json_int_t)messages_bytes(&folder->there, true),
	    "copied", (json_int_t)folder->batch.copied, "missing",
	    (json_int_t)(folder->there.count - matched), "elsewhere", (json_int_t)folder->elsewhere,
	    "problems", folder->sentences);
	json_object_set_new(row, "there", text_of(there, folder->folder->there));
	json_object_set_new(row, "here", text_of(here, folder->folder->here));
	return row;
}

static void add_note(struct folder_copy *folder)
{
	struct source *source = folder->copy->source;
	bool damage = false;
	_cleanup_free_ char *note = source->kind->note ? source->kind->note(source, &damage) : NULL;

	if (note && damage)
		add_problem(folder, "%s", note);
	else if (note)
		json_add_sentence(folder->sentences, "%s", note);
}

static int copy_folder(struct copy *copy, const struct folder *folder, json_t *rows,
		       bool *ret_equal)
{
	_cleanup_(folder_copy_clear) struct folder_copy one = {.copy = copy,
							       .folder = folder,
							       .sentences = json_array(),
							       .batch = {.mailbox = copy->mailbox,
									 .folder = folder->here,
									 .refused = add_refused,
									 .context = &one}};
	int result = 0;
	json_t *last;

	if (!folder->here) {
		add_problem(&one, "its name can be none here");
	} else {
		result = list_both(&one);
		messages_match(&one.there, &one.here);
		if (result == 0 && one.problems == 0)
			result = bring(&one);
		if (result == 0)
			add_note(&one);
	}
	last = row(&one);
	*ret_equal = result == 0 && one.problems == 0 && json_number(last, "missing") == 0;
	json_array_append_new(rows, last);
	return result;
}

/* ---- All of them ---- */

static int copy_folders(struct copy *copy, struct folders *folders, json_t *rows, bool *ret_equal)
{
	int result = copy->source->kind->list(copy->source, folders, &copy->error);

	if (result < 0)
		return error_wrap(&copy->error, "the folders cannot be listed");
	result = folders_map(folders, copy->options->into, &copy->error);
	if (result < 0)
		return result;
	folders_sort(folders);
	*ret_equal = true;
	for (size_t i = 0; i < folders->count; i++) {
		const struct folder *folder = &folders->list[i];
		bool equal = false;

		if (folder->no_messages || folder->others)
			continue;
		result = copy_folder(copy, folder, rows, &equal);
		*ret_equal = *ret_equal && equal;
		if (result < 0) {
			_cleanup_free_ char *name = folder_utf8(folder->there);

			return error_wrap(&copy->error, "folder %s", name ? name : folder->there);
		}
	}
	return 0;
}

json_t *copy_mail(struct source *source, struct local *mailbox, const struct copy_options *options)
{
	_cleanup_(folders_free) struct folders folders = FOLDERS_INIT;
	struct copy_options own = *options;
	struct copy copy = {.source = source, .mailbox = mailbox, .options = &own};
	json_t *report = json_pack("{s:[]}", "folders");
	bool equal = false;
	int result;

	own.gmail |= source->gmail;
	result = copy_folders(&copy, &folders, json_object_get(report, "folders"), &equal);
	json_object_set_new(report, "equal", json_boolean(result == 0 && equal));
	json_object_set_new(report, "error",
			    text_of(result < 0 ? error_text(&copy.error) : "", NULL));
	if (own.progress)
		fputs("\r\033[K", stderr);
	messages_free(&copy.known);
	error_clear(&copy.error);
	return report;
}
