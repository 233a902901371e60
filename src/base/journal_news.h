// SPDX-License-Identifier: GPL-3.0-or-later
/* The journal's new lines, from now on (sd-journal(3)). */
#ifndef POSTCASK_BASE_JOURNAL_NEWS_H
#define POSTCASK_BASE_JOURNAL_NEWS_H

#include <stddef.h>
#include <systemd/sd-journal.h>

#include "base/error.h"
#include "base/slice.h"

/* Lines with all of `matches` ("FIELD=value"); NULL among them begins others that are taken too.
 * `folder`: of a journal, NULL: the machine's.  A field longer than `line` bytes is cut.  *ret is
 * closed by journal_news_close, for _cleanup_. */
_must_check_ int journal_news_open(const char *folder, const char *const *matches, size_t count,
				   size_t line, sd_journal **ret, struct error *error);
void journal_news_close(sd_journal **journal);

/* A field of the line that the journal is at, "" when it has none; valid until the next is asked
 * for. */
struct slice journal_field(sd_journal *journal, const char *name);

#endif
