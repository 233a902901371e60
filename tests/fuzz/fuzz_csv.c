// SPDX-License-Identifier: GPL-3.0-or-later
/* Tables of people and aliases: whatever is taken is written, and read back the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_file.h"
#include "command/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const columns[] = {"address", "name", "to", NULL};

/* As a table again, with the same columns in the order of `columns`. */
static char *write_rows(const json_t *rows)
{
	char *text = NULL;
	size_t size, i;
	FILE *stream = open_memstream(&text, &size);
	const json_t *row;

	fputs("address,name,to\n", stream);
	json_array_foreach(rows, i, row) for (int c = 0; columns[c]; c++)
	    csv_write(stream, json_text(row, columns[c]), !columns[c + 1]);
	fclose(stream);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *again;
	json_t *rows = NULL, *reread = NULL;
	const json_t *row;
	size_t i;

	memcpy(text, data, size);
	text[size] = '\0';
	if (csv_read("f", text, columns, &rows, NULL) == 0) {
		again = write_rows(rows);
		if (csv_read("g", again, columns, &reread, NULL) < 0 ||
		    json_array_size(reread) != json_array_size(rows))
			abort();
		json_array_foreach(rows, i,
				   row) for (int c = 0; columns[c];
					     c++) if (strcmp(json_text(row, columns[c]),
							     json_text(json_array_get(reread, i),
								       columns[c])) != 0) abort();
		free(again);
	}
	json_decref(rows);
	json_decref(reread);
	free(text);
	return 0;
}
