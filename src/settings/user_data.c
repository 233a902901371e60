// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings/user_data.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/gunzip.h"
#include "base/mime.h"
#include "settings/limits.h"

#define PARTS_LIMIT	 100
#define MIME_SEARCH_SIZE 4096 /* where cloud-init looks for mime-version: */

/* The kinds of text that cloud-init tells apart by their beginning, longest
 * first (handlers.INCLUSION_TYPES_MAP). */
static const struct {
	const char *start, *type;
} starts[] = {
    {"#cloud-config-archive", "text/cloud-config-archive"},
    {"## template: jinja", "text/jinja2"},
    {"#cloud-config-jsonp", "text/cloud-config-jsonp"},
    {"#cloud-boothook", "text/cloud-boothook"},
    {"#cloud-config", "text/cloud-config"},
    {"#include-once", "text/x-include-once-url"},
    {"#part-handler", "text/part-handler"},
    {"#include", "text/x-include-url"},
    {"#!", "text/x-shellscript"},
};

/* What a part of a type is to the settings: `why` NULL is a part that cannot hold
 * any. */
static const struct {
	const char *type, *why;
} unjudged[] = {
    {"text/cloud-config-archive", "a cloud-config archive"},
    {"text/jinja2", "a Jinja template, whose values only the machine has,"},
    {"text/cloud-config-jsonp", "a JSON patch"},
    {"text/x-include-once-url", "an include, which is fetched at boot,"},
    {"text/x-include-url", "an include, which is fetched at boot,"},
    {"text/part-handler", "a part handler, which is a program,"},
    {"text/cloud-boothook", NULL},
    {"text/x-shellscript", NULL},
    {"text/x-shellscript-per-boot", NULL},
    {"text/x-shellscript-per-instance", NULL},
    {"text/x-shellscript-per-once", NULL},
};

static const char *type_from_start(const char *text, size_t size)
{
	while (size && isspace((unsigned char)*text)) {
		text++;
		size--;
	}
	for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
		size_t length = strlen(starts[i].start);

		if (size >= length && !strncasecmp(text, starts[i].start, length))
			return starts[i].type;
	}
	return NULL;
}

static int add_part(struct user_data *user_data, const char *name, unsigned first_line,
		    const char *text, size_t size)
{
	struct user_data_part *part = calloc(1, sizeof(*part));

	if (!part)
		return -ENOMEM;
	part->name = strdup(name);
	part->text = malloc(size + 1);
	if (!part->name || !part->text) {
		free(part->name);
		free(part->text);
		free(part);
		return -ENOMEM;
	}
	memcpy(part->text, text, size);
	part->text[size] = '\0';
	part->size = size;
	part->first_line = first_line;
	*user_data->end = part;
	user_data->end = &part->next;
	return 0;
}

static void mark_unjudged(struct user_data *user_data, struct mark mark, const char *why)
{
	if (user_data->unjudged)
		return;
	user_data->unjudged = true;
	user_data->unjudged_at = mark;
	user_data->unjudged_why = why;
}

/* Sorts one part by its type. */
static int take_part(struct user_data *user_data, const char *type, const char *name,
		     unsigned first_line, struct mark mark, const char *text, size_t size)
{
	user_data->parts++;
	if (!strcasecmp(type, "text/cloud-config"))
		return add_part(user_data, name, first_line, text, size);
	for (size_t i = 0; i < ARRAY_SIZE(unjudged); i++)
		if (!strcasecmp(type, unjudged[i].type) && unjudged[i].why)
			mark_unjudged(user_data, mark, unjudged[i].why);
	return 0;
}

struct mime_context {
	struct user_data *user_data;
	const char *file_name;
	struct diagnostics *diagnostics;
};

static int take_mime_part(const struct mime_part *part, void *pointer)
{
	struct mime_context *context = pointer;
	struct mark mark = {.file = context->file_name, .line = part->line, .column = 1};
	const char *type = part->type, *name = context->file_name;
	_cleanup_free_ char *text = NULL, *own_name = NULL;
	const char *body = part->body;
	size_t size = part->size;
	bool packed = gunzip_is_packed(body, size);

	if (context->user_data->parts >= PARTS_LIMIT) {
		diagnostics_error(context->diagnostics, mark, "more than %d parts; write fewer",
				  PARTS_LIMIT);
		return -EINVAL;
	}
	if (packed) {
		int r = gunzip(body, size, SETTINGS_SIZE_LIMIT, &text, &size);

		if (r == -ENOMEM)
			return r;
		if (r < 0) {
			diagnostics_error(context->diagnostics, mark,
					  "this part cannot be gunzipped; write it as plain text");
			return -EINVAL;
		}
		body = text;
		type = NULL;
	}
	if (!type || !strcasecmp(type, "text/plain") || !strcasecmp(type, "text/x-shellscript") ||
	    !strcasecmp(type, "text/x-not-multipart")) {
		const char *found = type_from_start(body, size);

		type = found ? found : type ? type : "text/plain";
	}
	if (part->merge_type && !strcasecmp(type, "text/cloud-config"))
		mark_unjudged(context->user_data, mark, "a part with a Merge-Type of its own");
	/* The lines of an encoded part are not those of the file. */
	if (part->decoded || packed) {
		if (asprintf(&own_name, "%s (part %u, in line %u)", context->file_name,
			     context->user_data->parts + 1, part->line) < 0)
			return -ENOMEM;
		name = own_name;
	}
	return take_part(context->user_data, type, name, own_name ? 1 : part->body_line, mark, body,
			 size);
}

static int walk_mime(const char *text, size_t size, struct mime_context *context)
{
	struct mime_fault fault = {0};
	int r = mime_walk(text, size, take_mime_part, context, &fault);

	if (fault.line)
		diagnostics_error(
		    context->diagnostics,
		    (struct mark){.file = context->file_name, .line = fault.line, .column = 1},
		    "%s", fault.what);
	return r;
}

static bool looks_like_mime(const char *text, size_t size)
{
	size_t length = size < MIME_SEARCH_SIZE ? size : MIME_SEARCH_SIZE;

	for (size_t i = 0; i + 13 <= length; i++)
		if (!strncasecmp(text + i, "mime-version:", 13))
			return true;
	return false;
}

static int split_text(const char *file_name, const char *text, size_t size,
		      struct diagnostics *diagnostics, struct user_data *ret)
{
	struct mark mark = {.file = file_name, .line = 1, .column = 1};
	const char *type;

	if (looks_like_mime(text, size)) {
		struct mime_context context = {
		    .user_data = ret, .file_name = file_name, .diagnostics = diagnostics};

		return walk_mime(text, size, &context);
	}
	if (size >= 2 && ((unsigned char)text[0] >= 0xef))
		type = "text/cloud-config"; /* a byte order mark: said when it is read */
	else
		type = type_from_start(text, size);
	if (!type) {
		diagnostics_error(
		    diagnostics, mark,
		    "the first line does not say what this is, so cloud-init ignores it; "
		    "write `#cloud-config` as the first line");
		return -EINVAL;
	}
	return take_part(ret, type, file_name, 1, mark, text, size);
}

int user_data_split(const char *file_name, const char *bytes, size_t size,
		    struct diagnostics *diagnostics, struct user_data *ret)
{
	struct mark mark = {.file = file_name};
	_cleanup_free_ char *text = NULL;
	int r;

	*ret = (struct user_data){0};
	ret->end = &ret->first;
	if (size > SETTINGS_SIZE_LIMIT) {
		diagnostics_error(diagnostics, mark, "%zu bytes; write at most %u MiB", size,
				  SETTINGS_SIZE_LIMIT >> 20);
		return -EINVAL;
	}
	if (!gunzip_is_packed(bytes, size))
		return split_text(file_name, bytes, size, diagnostics, ret);
	r = gunzip(bytes, size, SETTINGS_SIZE_LIMIT, &text, &size);
	if (r == -EFBIG)
		diagnostics_error(diagnostics, mark,
				  "more than %u MiB after gunzip; write at most that",
				  SETTINGS_SIZE_LIMIT >> 20);
	else if (r == -EINVAL)
		diagnostics_error(diagnostics, mark,
				  "begins like gzip but cannot be gunzipped; compress it again");
	if (r < 0)
		return r == -ENOMEM ? r : -EINVAL;
	return split_text(file_name, text, size, diagnostics, ret);
}

void user_data_free(struct user_data *user_data)
{
	struct user_data_part *part = user_data->first;

	while (part) {
		struct user_data_part *next = part->next;

		explicit_bzero(part->text, part->size);
		free(part->text);
		free(part->name);
		free(part);
		part = next;
	}
	*user_data = (struct user_data){0};
	user_data->end = &user_data->first;
}
