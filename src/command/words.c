// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/words.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "command/csv.h"

json_t *words_split(const char *text)
{
	json_t *list = json_array();
	struct slice rest = slice_of(text);

	while (rest.size > 0) {
		struct slice one = {rest.at, 0};

		while (one.size < rest.size && !strchr(" ,\n", rest.at[one.size]))
			one.size++;
		if (one.size > 0 &&
		    json_array_append_new(list, json_stringn(one.at, one.size)) < 0) {
			json_decref(list);
			return NULL;
		}
		one.size += one.size < rest.size;
		rest = (struct slice){rest.at + one.size, rest.size - one.size};
	}
	return list;
}

void words_write(const json_t *list, bool last)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	    buffer_addf(&text, "%s%s", i ? " " : "", json_string_value(one));
	csv_write(stdout, buffer_text(&text), last);
}
