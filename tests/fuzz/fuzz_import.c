// SPDX-License-Identifier: GPL-3.0-or-later
/* What postcask import reads of strangers: an IMAP server's responses, an mbox, names of folders,
 * headers, and the list of people.  The first byte says which. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "import/flags.h"
#include "import/folder.h"
#include "import/list.h"
#include "import/mbox.h"
#include "import/message.h"
#include "import/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The second and third byte say where a literal begins and how long it is. */
static void read_response(struct slice text)
{
	struct imap_response response = IMAP_RESPONSE_INIT;
	struct fetched fetched;
	struct listed listed;
	char *own = NULL, *others = NULL;

	if (text.size < 2)
		return;
	buffer_add(&response.text, text.at + 2, text.size - 2);
	response.literal_at = (unsigned char)text.at[0];
	response.literal_size = (unsigned char)text.at[1];
	response.literals = response.literal_at + response.literal_size <= response.text.size;
	if (words_fetch(&response, &fetched)) {
		struct buffer flags = BUFFER_INIT;

		if (fetched.body.size > response.text.size)
			abort();
		flags_keep(fetched.flags, &flags);
		buffer_free(&flags);
	}
	if (words_list(&response, "LIST", &listed))
		free(listed.name);
	if (words_namespace(&response, &own, &others)) {
		free(own);
		free(others);
	}
	imap_response_free(&response);
}

static void read_mbox(struct slice rest)
{
	struct buffer bytes = BUFFER_INIT, flags = BUFFER_INIT, normal = BUFFER_INIT;
	unsigned char key[MESSAGE_KEY];
	struct slice raw, kept;
	int64_t date;

	while (mbox_next(&rest, &raw)) {
		buffer_reset(&bytes);
		buffer_reset(&flags);
		if (!mbox_message(raw, &bytes, &flags, &date))
			continue;
		if (bytes.size > raw.size)
			abort();
		kept = (struct slice){buffer_text(&bytes), bytes.size};
		message_key(kept, date, key);
		if (message_normal_size(kept) < kept.size)
			abort();
		message_normal(kept, &normal, &kept);
		if (message_normal_size(kept) != kept.size ||
		    (kept.size && memchr(kept.at, '\0', kept.size)))
			abort();
	}
	buffer_free(&bytes);
	buffer_free(&flags);
	buffer_free(&normal);
}

static void read_name(struct slice text)
{
	char *name = strndup(text.at, text.size);
	char *utf8 = folder_utf8(name), *utf7 = folder_utf7(name), *again;
	struct folders folders = FOLDERS_INIT;

	if (utf7) {
		again = folder_utf8(utf7);
		if (strcmp(again, name) != 0)
			abort();
		free(again);
	}
	if (folders_add(&folders, name, '.', USE_NONE, false, NULL) < 0 ||
	    folders_map(&folders, NULL, NULL) < 0)
		abort();
	if (folders.list[0].here && !folder_is_name(folders.list[0].here))
		abort();
	folders_free(&folders);
	free(utf8);
	free(utf7);
}

static void read_list(struct slice text)
{
	struct error error = ERROR_INIT;
	struct list list = LIST_INIT;

	if (list_parse(text, "list", &list, &error) < 0 && !error.text)
		abort();
	list_free(&list);
	error_clear(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = {(const char *)data + 1, size ? size - 1 : 0};

	if (size == 0)
		return 0;
	switch (data[0] % 4) {
	case 0:
		read_response(rest);
		break;
	case 1:
		read_mbox(rest);
		break;
	case 2:
		read_name(rest);
		break;
	default:
		read_list(rest);
		break;
	}
	return 0;
}
