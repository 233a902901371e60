// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask help: the manual, on any host and in the image, which has no man(1).  The pages are
 * made ready to read when the project is built (docs/decisions/manual-pages.md). */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/share.h"
#include "command/command.h"

enum { PAGE_LIMIT = 1024 * 1024, SECTION_SIZE = 2 }; /* ".8" */

static const char prefix[] = "postcask-";

static const char usage[] =
    "usage: postcask help [PAGE]\n"
    "\n"
    "Shows a page of the manual: settings, postcask-settings or postcask-settings(5); without\n"
    "one lists them.  `postcask COMMAND --help` is shorter.\n";

struct pages {
	char *folder;
	struct dirent **entries;
	int count;
};

static void pages_free(struct pages *pages)
{
	for (int i = 0; i < pages->count; i++)
		free(pages->entries[i]);
	free(pages->entries);
	free(pages->folder);
}

static int is_page(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return length > SECTION_SIZE && entry->d_name[length - SECTION_SIZE] == '.';
}

static int pages_find(struct pages *pages, struct error *error)
{
	pages->folder = share_path("help");
	if (!pages->folder)
		return error_set(error, ENOMEM, "out of memory");
	pages->count = scandir(pages->folder, &pages->entries, is_page, alphasort);
	if (pages->count >= 0)
		return 0;
	pages->count = 0;
	return error_errno(error, errno, "%s", pages->folder);
}

/* Letters are printed over each other to be bold or underlined, for less(1): the last counts. */
static void text_flatten(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++)
		if (*from != '\b')
			*to++ = *from;
		else if (to > text)
			to--;
	*to = '\0';
}

static char *page_read(const struct pages *pages, int page, struct error *error)
{
	_cleanup_free_ char *path = file_join(pages->folder, pages->entries[page]->d_name);
	char *text = NULL;

	if (!path || file_read(path, PAGE_LIMIT, &text, NULL, error) < 0)
		return NULL;
	text_flatten(text);
	return text;
}

/* The sentence of the section NAME, which may go over several lines, on one. */
static void add_summary(struct buffer *line, const char *text)
{
	static const char section[] = "\nNAME\n";
	const char *found = strstr(text, section), *dash = found ? strstr(found, " - ") : NULL;
	const char *end = dash ? strstr(dash, "\n\n") : NULL;

	if (!end)
		return;
	for (const char *c = dash + 3; c < end; c++)
		if (*c != ' ' && *c != '\n')
			buffer_add_char(line, *c);
		else if (c[1] != ' ' && c[1] != '\n')
			buffer_add_char(line, ' ');
}

static int list(const struct pages *pages, struct error *error)
{
	for (int i = 0; i < pages->count; i++) {
		_cleanup_(buffer_free) struct buffer summary = BUFFER_INIT;
		_cleanup_free_ char *text = page_read(pages, i, error), *title = NULL;
		const char *name = pages->entries[i]->d_name;

		if (!text)
			return error->code;
		add_summary(&summary, text);
		if (asprintf(&title, "%.*s(%s)", (int)strlen(name) - SECTION_SIZE, name,
			     name + strlen(name) - 1) < 0)
			return error_set(error, ENOMEM, "out of memory");
		printf("%-24s %s\n", title, buffer_text(&summary));
	}
	return 0;
}

/* NAME, NAME(8) or NAME.8, each also without our prefix. */
static bool page_is(const char *page, const char *wanted)
{
	size_t name = strlen(page) - SECTION_SIZE;
	const char *rest = strncmp(wanted, page, name) == 0 ? wanted + name : NULL;

	if (rest && (!*rest || strcmp(rest, page + name) == 0 ||
		     (rest[0] == '(' && rest[1] == page[name + 1] && strcmp(rest + 2, ")") == 0)))
		return true;
	return strncmp(page, prefix, strlen(prefix)) == 0 && page_is(page + strlen(prefix), wanted);
}

/* Of two sections the last: postcask(8) rather than postcask(7), as man(1) does. */
static int page_find(const struct pages *pages, const char *wanted, struct error *error)
{
	for (int i = pages->count; i-- > 0;)
		if (page_is(pages->entries[i]->d_name, wanted))
			return i;
	return error_set(error, ENOENT,
			 "there is no page '%s'; write one of those that postcask help lists",
			 wanted);
}

/* Whoever may run this as root with sudo(8) is not to get a shell by it. */
static void page_to_pager(const struct pages *pages, int page)
{
	_cleanup_free_ char *path = file_join(pages->folder, pages->entries[page]->d_name);

	fflush(stdout);
	setenv("LESSSECURE", "1", 1);
	if (path)
		execlp("less", "less", "--", path, (char *)NULL);
}

static int show(const struct pages *pages, const char *wanted, struct error *error)
{
	int page = page_find(pages, wanted, error);
	_cleanup_free_ char *text = page < 0 ? NULL : page_read(pages, page, error);

	if (!text)
		return error->code;
	if (isatty(STDOUT_FILENO))
		page_to_pager(pages, page);
	fputs(text, stdout);
	return 0;
}

int command_help(int argc, char **argv)
{
	_cleanup_(pages_free) struct pages pages = {0};
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	int result, status = command_options(argc, argv, NULL, 0, usage, 0, 1);

	if (status != COMMAND_GO_ON)
		return status;
	result = pages_find(&pages, &error);
	if (result == 0)
		result = argv[optind] ? show(&pages, argv[optind], &error) : list(&pages, &error);
	if (result == 0)
		return command_print_text("");
	error_print(&error);
	return COMMAND_FAILED;
}
