// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings/example.h"

#include <stdio.h>
#include <string.h>

#include "settings/explain.h"
#include "settings/table.h"

#define WIDTH 80

/* Where a row stands. */
struct place {
	unsigned indent; /* columns before the key */
	bool off;	 /* inside something that is commented out */
	bool item;	 /* first key of a list's item: `- ` goes before it */
};

static void write_group(struct buffer *buffer, const struct setting *group, struct place place);

static void write_comment(struct buffer *buffer, const struct setting *setting, unsigned indent)
{
	_cleanup_(buffer_free) struct buffer type = BUFFER_INIT;
	char before[40];

	snprintf(before, sizeof(before), "%*s# ", (int)indent, "");
	explain_wrap(buffer, before, WIDTH, setting->documentation);
	buffer_add_char(&type, '(');
	explain_type(&type, setting);
	buffer_add_char(&type, ')');
	explain_wrap(buffer, before, WIDTH, buffer_text(&type));
}

/* Whether the row or one below it must be written. */
static bool is_needed(const struct setting *setting)
{
	return setting->flags & (SETTING_REQUIRED | SETTING_EXPECTED);
}

static void write_key(struct buffer *buffer, const struct setting *setting, struct place place)
{
	bool off = place.off || !is_needed(setting);

	buffer_addf(buffer, "%*s%s%s%s:", (int)place.indent, "", off ? "#" : "",
		    place.item ? "- " : "", setting_name(setting));
	if (setting->type == TYPE_GROUP || setting->type == TYPE_RECORDS) {
		buffer_add_char(buffer, '\n');
		place.off = off;
		place.indent += setting->type == TYPE_RECORDS ? 4 : 2;
		write_group(buffer, setting, place);
		return;
	}
	buffer_addf(buffer, " %s\n",
		    setting->example		    ? setting->example
		    : setting->flags & SETTING_LIST ? "[]"
						    : "\"\"");
}

/* `group` NULL: the `mail:` mapping. */
static void write_group(struct buffer *buffer, const struct setting *group, struct place place)
{
	const struct setting *child = NULL;
	bool first = group && group->type == TYPE_RECORDS;

	while ((child = table_next_child(group, child))) {
		struct place here = place;

		if (child->flags & SETTING_LATER)
			continue;
		here.item = first;
		if (first)
			here.indent -= 2;
		write_comment(buffer, child, here.indent);
		write_key(buffer, child, here);
		first = false;
	}
}

void example_write(struct buffer *buffer)
{
	buffer_add_text(
	    buffer, "#cloud-config\n"
		    "# A mail server by postcask: every key that there is. What begins with # and\n"
		    "# no blank may be left out; the value shown is an example.\n"
		    "# `postcask check FILE` tells what is wrong with a file,\n"
		    "# `postcask explain KEY` what a key means.\n"
		    "\n"
		    "# The machine's full name.\n"
		    "fqdn: mail.example.org\n"
		    "\n"
		    "mail:\n");
	write_group(buffer, NULL, (struct place){.indent = 2});
}
