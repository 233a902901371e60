// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/sent.h"

#include <errno.h>
#include <stdlib.h>

int sent_open(struct sent *sent, const char *folder, const char *login, uint64_t since,
	      struct error *error)
{
	int result;

	id_table_init(&sent->ids, SENT_LIMIT);
	sent->login = strdup(login);
	if (!sent->login)
		return error_set(error, ENOMEM, "out of memory");
	result = journal_open(&sent->journal, folder, false, error);
	if (result == 0)
		result = journal_seek_time(&sent->journal, since, error);
	return result;
}

bool sent_has(const struct sent *sent, struct slice id)
{
	return id.size && id_table_find(&sent->ids, id) != ID_NONE;
}

/* There is room for more than a login can have in the queue; without memory a message is not
 * found, and goes on. */
static void add(struct sent *sent, struct slice id)
{
	if (id.size && id_table_set(&sent->ids, id, 0) < 0)
		return;
}

void sent_take(struct sent *sent, const struct line *line)
{
	switch (line->kind) {
	case LINE_CLIENT:
		if (line->login.size ? slice_equal_case(line->login, slice_of(sent->login))
				     : sent_has(sent, line->origin_id))
			add(sent, line->id);
		break;
	case LINE_DELIVERY: /* to the filter */
	case LINE_SCANNED:
		if (sent_has(sent, line->id))
			add(sent, line->other_id);
		break;
	default:
		break;
	}
}

int sent_read(struct sent *sent, struct error *error)
{
	struct journal_line text;
	struct line line;
	int result;

	while ((result = journal_next(&sent->journal, &text, error)) > 0) {
		line_parse(text.writer, text.identifier, text.text, &line);
		sent_take(sent, &line);
	}
	return result;
}

void sent_close(struct sent *sent)
{
	journal_close(&sent->journal);
	id_table_free(&sent->ids);
	free(sent->login);
	*sent = SENT_INIT;
}
