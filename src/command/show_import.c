// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/show_import.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/json_file.h"
#include "base/slice.h"

enum { NAME_SHOWN = 200 };

static void show_folder(const json_t *row, bool dry_run)
{
	_cleanup_(buffer_free) struct buffer name = BUFFER_INIT;
	const char *there = json_text(row, "there"), *here = json_text(row, "here");
	const json_t *sentence;
	size_t i;

	slice_add(&name, slice_of(there), NAME_SHOWN);
	if (here[0] && strcmp(there, here) != 0) {
		buffer_add_text(&name, " -> ");
		slice_add(&name, slice_of(here), NAME_SHOWN);
	}
	printf("%9lld %9lld %9lld %9lld  %s\n", json_number(row, "messages"),
	       json_number(row, "messages_here"), json_number(row, dry_run ? "missing" : "copied"),
	       json_number(row, dry_run ? "elsewhere" : "missing"), buffer_text(&name));
	json_array_foreach(json_object_get(row, "problems"), i, sentence)
	    printf("          %s\n", json_string_value(sentence));
}

void show_import(const json_t *report, bool dry_run)
{
	long long messages = 0, bytes = 0, here = 0, bytes_here = 0;
	const json_t *rows = json_object_get(report, "folders"), *row;
	const char *error = json_text(report, "error");
	size_t i;

	if (error[0])
		fprintf(stderr, "postcask: %s: %s\n", json_text(report, "user"), error);
	if (json_array_size(rows) == 0)
		return;
	printf("%s\n", json_text(report, "user"));
	printf("    there      here %9s %9s  folder\n", dry_run ? "to copy" : "copied",
	       dry_run ? "elsewhere" : "missing");
	json_array_foreach(rows, i, row)
	{
		show_folder(row, dry_run);
		messages += json_number(row, "messages");
		bytes += json_number(row, "bytes");
		here += json_number(row, "messages_here");
		bytes_here += json_number(row, "bytes_here");
	}
	printf("  %lld messages with %lld bytes there, %lld with %lld bytes of them here: %s\n",
	       messages, bytes, here, bytes_here,
	       error[0]						? "not finished"
	       : dry_run					? "nothing was copied"
	       : json_is_true(json_object_get(report, "equal")) ? "equal"
								: "NOT equal");
}
