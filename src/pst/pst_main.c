// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-pst: says what mail is in a file of Outlook's, for `postcask import pst`, which starts
 * it as the account of the mailboxes.  Standard input is the file; standard output is a file that
 * becomes long, of lines:
 *
 *	folder NAME
 *	message SIZE DATE FLAGS
 *	left-out NUMBER
 *	damaged NUMBER
 *	end
 *
 * A folder's levels are apart by '/', in UTF-8, and what follows is in it.  A date is in seconds
 * since 1970, or '-'; flags are \Seen or none; behind the line come SIZE bytes.  Left out are items
 * that are no mail, damaged those of which something could not be read.  Behind `end` nothing is
 * missing.
 *
 * libpst ends the process for some damage, and a stranger wrote the file: so it is read behind
 * closed doors (base/doors.h), and what was said until then counts. */
#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libpst-4/libpst/timeconv.h>

#include "base/doors.h"
#include "base/file.h"
#include "base/options.h"
#include "pst/letter.h"

static const char usage[] = "usage: postcask-pst <FILE >RESULT\n"
			    "Says what mail is in a file of Outlook's (PST), to postcask import.\n";

enum {
	FOLDER_DEPTH = 20,
	NAME_MAX_BYTES = 4096,
	MEMORY = 2048,	   /* MiB of addresses */
	SECONDS = 60 * 60, /* of the processor */
};

/* ---- Its limits ---- */

/* What libpst converts from, loaded while files can still be opened; kept open for good. */
static void load_codepages(void)
{
	static const char *const names[] = {
	    "utf-16le",	    "windows-1250", "windows-1251", "windows-1252", "windows-1253",
	    "windows-1254", "windows-1255", "windows-1256", "windows-1257", "windows-1258",
	    "iso-8859-1",   "iso-8859-2",   "iso-8859-5",   "iso-8859-15",  "koi8-r",
	    "shift_jis",    "iso-2022-jp",  "euc-jp",	    "gb2312",	    "gbk",
	    "gb18030",	    "big5",	    "euc-kr",	    "us-ascii",	    "windows-874"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		iconv_open("utf-8", names[i]);
}

static void limit(__rlimit_resource_t resource, rlim_t most)
{
	const struct rlimit both = {most, most};

	setrlimit(resource, &both);
}

/* What is said may be three times the file: base64, UTF-8 of UTF-16. */
static int close_in(off_t size)
{
	prctl(PR_SET_DUMPABLE, 0);
#ifndef __SANITIZE_ADDRESS__
	limit(RLIMIT_AS, (rlim_t)MEMORY * 1024 * 1024);
#endif
	limit(RLIMIT_CPU, SECONDS);
	limit(RLIMIT_FSIZE, (rlim_t)size * 3 + 64 * 1024 * 1024);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_NPROC, 0);
	return doors_close();
}

/* ---- Folders and items ---- */

struct reader {
	pst_file file;
	struct buffer letter;
	size_t left_out, damaged; /* of the folder */
	int result;		  /* a negative errno: nothing more can be said */
};

static void say(struct reader *reader, const char *bytes, size_t size)
{
	if (reader->result == 0)
		reader->result = file_write_all(STDOUT_FILENO, bytes, size);
}

static void say_message(struct reader *reader, pst_item *item)
{
	const FILETIME *date =
	    item->email->arrival_date ? item->email->arrival_date : item->email->sent_date;
	char line[128], when[32] = "-";

	buffer_reset(&reader->letter);
	if (!letter_make(&reader->file, item, 0, &reader->letter))
		reader->damaged++;
	if (reader->letter.failed) {
		reader->result = -ENOMEM;
		return;
	}
	if (date)
		snprintf(when, sizeof(when), "%lld", (long long)pst_fileTimeToUnixTime(date));
	snprintf(line, sizeof(line), "message %zu %s %s\n", reader->letter.size, when,
		 item->flags & 1 ? "\\Seen" : "");
	say(reader, line, strlen(line));
	say(reader, buffer_text(&reader->letter), reader->letter.size);
}

/* Items first, in the order of the file. */
static void read_items(struct reader *reader, const pst_desc_tree *folder)
{
	reader->left_out = reader->damaged = 0;
	for (pst_desc_tree *at = folder->child; at && reader->result == 0; at = at->next) {
		pst_item *item = at->desc ? pst_parse_item(&reader->file, at, NULL) : NULL;

		if (!item)
			reader->damaged++;
		else if (letter_is_mail(item))
			say_message(reader, item);
		else if (!item->folder && !item->message_store)
			reader->left_out++;
		pst_freeItem(item);
	}
}

static void say_counts(struct reader *reader)
{
	char line[128];

	snprintf(line, sizeof(line), "left-out %zu\ndamaged %zu\n", reader->left_out,
		 reader->damaged);
	say(reader, line, strlen(line));
}

/* A line break or a separator is none of a name's. */
static char *longer_name(const char *above, pst_item *item)
{
	_cleanup_free_ char *level = NULL;
	char *name;

	pst_convert_utf8(item, &item->file_as);
	level = strdup(item->file_as.str && item->file_as.str[0] ? item->file_as.str : "_");
	for (char *at = level; at && *at; at++)
		if ((unsigned char)*at < ' ' || *at == '/')
			*at = '_';
	if (!level || asprintf(&name, "%s%s%s", above, above[0] ? "/" : "", level) < 0)
		return NULL;
	return name;
}

static void read_folder(struct reader *reader, const pst_desc_tree *folder, const char *name,
			int depth);

static void read_below(struct reader *reader, const pst_desc_tree *folder, const char *name,
		       int depth)
{
	for (pst_desc_tree *at = folder->child; at && reader->result == 0; at = at->next) {
		_cleanup_free_ char *below = NULL;
		pst_item *item = at->desc ? pst_parse_item(&reader->file, at, NULL) : NULL;

		if (item && item->folder)
			below = longer_name(name, item);
		pst_freeItem(item);
		if (below && depth < FOLDER_DEPTH && strlen(below) < NAME_MAX_BYTES)
			read_folder(reader, at, below, depth + 1);
	}
}

static void read_folder(struct reader *reader, const pst_desc_tree *folder, const char *name,
			int depth)
{
	_cleanup_free_ char *line = NULL;

	if (asprintf(&line, "folder %s\n", name) < 0) {
		reader->result = -ENOMEM;
		return;
	}
	say(reader, line, strlen(line));
	read_items(reader, folder);
	say_counts(reader);
	read_below(reader, folder, name, depth);
}

static int read_file(struct reader *reader)
{
	pst_item *root;
	pst_desc_tree *top;

	if (pst_load_index(&reader->file) != 0 || !reader->file.d_head)
		return -EBADMSG;
	pst_load_extended_attributes(&reader->file);
	root = pst_parse_item(&reader->file, reader->file.d_head, NULL);
	top = root && root->message_store ? pst_getTopOfFolders(&reader->file, root) : NULL;
	pst_freeItem(root);
	if (!top)
		return -EBADMSG;
	read_below(reader, top, "", 0);
	if (reader->result == 0)
		say(reader, "end\n", 4);
	return reader->result;
}

int main(int argc, char **argv)
{
	struct reader reader = {.letter = BUFFER_INIT};
	struct stat status;
	int go_on = command_options(argc, argv, NULL, 0, usage, 0, 0);

	if (go_on != COMMAND_GO_ON)
		return go_on;
	close(STDERR_FILENO); /* which may be the result, too */
	load_codepages();
	if (fstat(STDIN_FILENO, &status) < 0 || !S_ISREG(status.st_mode) ||
	    pst_open(&reader.file, "/proc/self/fd/0", "windows-1252") != 0)
		return COMMAND_FAILED;
	if (close_in(status.st_size) < 0 || read_file(&reader) < 0)
		return COMMAND_FAILED;
	return COMMAND_GOOD;
}
