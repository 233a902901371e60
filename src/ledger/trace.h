// SPDX-License-Identifier: GPL-3.0-or-later
/* What became of messages, by the journal: all lines of those that a person asks for,
 * whether by queue id, Message-ID, filter or quarantine id, address, or time.
 *
 * A message changes its queue id on its way through the filter, and what it was called
 * before and after is only known once those lines were read: the journal is read twice,
 * first for which ids belong together, then for the lines of those asked for. */
#ifndef POSTCASK_LEDGER_TRACE_H
#define POSTCASK_LEDGER_TRACE_H

#include "ledger/journal.h"

enum {
	TRACE_IDS_LIMIT = 1000 * 1000,	      /* queue ids and the like in the time looked at */
	TRACE_BYTES_LIMIT = 64 * 1024 * 1024, /* of lines kept */
};

struct trace_event {
	uint64_t time;
	enum line_writer writer;
	char *identifier, *text; /* owned; the line as it was */
	char *note;		 /* owned or NULL: the folder, or the client's TLS version */
};

struct trace_message {
	struct trace_event *events; /* owned, in order */
	size_t count, capacity;
};

struct trace {
	struct trace_message *messages; /* owned, by the time of their first line */
	size_t count, capacity;
	size_t bytes;
	bool shortened; /* there were more lines than TRACE_BYTES_LIMIT */
};

#define TRACE_INIT ((struct trace){0})

/* `key`: an id, an address or a Message-ID; NULL for every message.  `since`: microseconds
 * since 1970, 0 for everything that the journal has. */
_must_check_ int trace_find(struct journal *journal, const char *key, uint64_t since,
			    struct trace *trace, struct error *error);

void trace_free(struct trace *trace);

#endif
