// SPDX-License-Identifier: GPL-3.0-or-later
#include "import/list.h"

#include <errno.h>
#include <string.h>

static void wipe(char **text)
{
	if (*text)
		explicit_bzero(*text, strlen(*text));
	free(TAKE_POINTER(*text));
}

static void line_free(struct list_line *line)
{
	free(line->user);
	free(line->host);
	free(line->login);
	wipe(&line->password);
}

void list_free(struct list *list)
{
	for (size_t i = 0; i < list->count; i++)
		line_free(&list->lines[i]);
	free(list->lines);
	*list = LIST_INIT;
}

/* The next field with the comma after it; NULL and a reason. */
static char *next_field(struct slice *line, bool *ret_more, const char **ret_why)
{
	_cleanup_(buffer_wipe) struct buffer field = BUFFER_INIT;
	size_t i = 0;

	buffer_add_text(&field, "");
	if (line->size && *line->at == '"') {
		for (i = 1; i < line->size &&
			    (line->at[i] != '"' || (i + 1 < line->size && line->at[i + 1] == '"'));
		     i++) {
			buffer_add_char(&field, line->at[i]);
			i += line->at[i] == '"';
		}
		if (i++ >= line->size) {
			*ret_why = "a quotation mark is not closed";
			return NULL;
		}
	} else {
		for (; i < line->size && line->at[i] != ','; i++)
			buffer_add_char(&field, line->at[i]);
	}
	if (i < line->size && line->at[i] != ',') {
		*ret_why = "after a closing quotation mark there is no comma";
		return NULL;
	}
	*ret_more = i < line->size;
	i += *ret_more;
	*line = (struct slice){line->at + i, line->size - i};
	if (!field.size)
		*ret_why = "a field is empty";
	return field.size ? buffer_take(&field) : NULL;
}

static const char *parse_line(struct slice text, struct list_line *ret)
{
	char **fields[LIST_FIELDS] = {&ret->user, &ret->host, &ret->login, &ret->password};
	const char *why = "out of memory";
	bool more = true;

	for (size_t i = 0; i < text.size; i++)
		if ((unsigned char)text.at[i] < ' ' || text.at[i] == 0x7f)
			return "there is a control character in it";
	for (size_t i = 0; i < LIST_FIELDS; i++) {
		if (!more)
			return "write four fields: user,host,login,password";
		*fields[i] = next_field(&text, &more, &why);
		if (!*fields[i])
			return why;
	}
	if (more)
		return "there are more than four fields; put one with a comma in quotation marks";
	return strchr(ret->user, '@') ? NULL : "the user is no address, such as alice@example.org";
}

static bool is_known(const struct list *list, const struct list_line *line)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->lines[i].user, line->user) == 0)
			return true;
	return false;
}

static int add_line(struct list *list, const struct list_line *line)
{
	struct list_line *lines = reallocarray(list->lines, list->count + 1, sizeof(*list->lines));

	if (!lines)
		return -ENOMEM;
	list->lines = lines;
	lines[list->count++] = *line;
	return 0;
}

int list_parse(struct slice text, const char *name, struct list *ret, struct error *error)
{
	_cleanup_(list_free) struct list list = LIST_INIT;
	size_t number = 0;

	while (text.size) {
		struct list_line parsed = {0};
		struct slice line;
		const char *why;

		if (!slice_until(&text, SLICE("\n"), &line)) {
			line = text;
			text.size = 0;
		}
		number++;
		if (line.size && line.at[line.size - 1] == '\r')
			line.size--;
		if (slice_trim(line).size == 0 || *line.at == '#')
			continue;
		why = parse_line(line, &parsed);
		if (!why && is_known(&list, &parsed))
			why = "this user stands in an earlier line too";
		if (!why && list.count == LIST_LINES_MAX)
			why = "it is the 10,001st; write the others into another file";
		if (!why && add_line(&list, &parsed) < 0)
			why = "out of memory";
		if (why) {
			line_free(&parsed);
			return error_set(error, EINVAL, "%s:%zu: %s", name, number, why);
		}
	}
	if (list.count == 0)
		return error_set(error, EINVAL, "%s: there is nobody in it", name);
	*ret = list;
	list = LIST_INIT;
	return 0;
}
