// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/show_takeover.h"

#include <stdio.h>
#include <string.h>

#include "base/json_file.h"
#include "base/slice.h"

enum { SHOWN = 2000 };

static const char *plural(size_t count, const char *one, const char *many)
{
	return count == 1 ? one : many;
}

/* "    WHAT: WHY (WHERE)"; all of it is a stranger's text. */
static void show_line(const json_t *one)
{
	_cleanup_(buffer_free) struct buffer line = BUFFER_INIT;
	const char *where = json_text(one, "where");

	slice_add(&line, slice_of(json_text(one, "what")), SHOWN);
	buffer_add_text(&line, ": ");
	slice_add(&line, slice_of(json_text(one, "why")), SHOWN);
	if (where[0]) {
		buffer_add_text(&line, " (");
		slice_add(&line, slice_of(where), SHOWN);
		buffer_add_text(&line, ")");
	}
	printf("    %s\n", buffer_text(&line));
}

static void show_list(const json_t *list, const char *title)
{
	const json_t *one;
	size_t i;

	if (json_array_size(list) == 0)
		return;
	puts(title);
	json_array_foreach(list, i, one)
	{
		if (json_is_string(one))
			printf("    %s\n", json_string_value(one));
		else
			show_line(one);
	}
}

/* As the settings want them. */
static void show_domains(json_t *domains)
{
	const char *domain;
	json_t *count;

	if (json_object_size(domains) == 0)
		return;
	puts("not put in, as their domains are not of this machine; add these to mail.domains in\n"
	     "the settings, `postcask apply` them, and repeat this:");
	json_object_foreach(domains, domain, count)
	    printf("    - %s  # %lld of its addresses\n", domain, json_integer_value(count));
}

void show_takeover(const json_t *report)
{
	bool dry = json_is_true(json_object_get(report, "dry"));
	size_t people = json_array_size(json_object_get(report, "people"));
	size_t aliases = json_array_size(json_object_get(report, "aliases"));

	printf("%zu %s and %zu %s %s", people, plural(people, "person", "people"), aliases,
	       plural(aliases, "alias", "aliases"), dry ? "would be put in" : "were put in");
	printf("; %lld here already and the same\n", json_number(report, "same"));
	show_list(
	    json_object_get(report, "without_password"),
	    "without a password, as that of the other server is not taken over; give each one "
	    "one\n(postcask user passwd ADDRESS):");
	show_list(json_object_get(report, "disabled"),
		  "put in, but may not log in, as there (postcask user enable ADDRESS):");
	show_list(json_object_get(report, "left"), "left out:");
	show_domains(json_object_get(report, "domains"));
}
