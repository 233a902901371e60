// SPDX-License-Identifier: GPL-3.0-or-later
/* The quarantine of this machine, two folders:
 *
 *	/var/lib/postcask/quarantine	amavis writes KIND-ID here, one file a message
 *	/var/lib/postcask/released	what was released moves here; root's alone
 *
 * amavis unpacks what strangers send, so its folder is not believed: names are
 * checked, and a file is opened only when it is a regular one with one name, never
 * through a link, never waiting.  Everything else is listed as damaged.
 *
 * An item that was released is kept like the others, until somebody deletes it or its
 * time is over. */
#ifndef POSTCASK_QUARANTINE_H
#define POSTCASK_QUARANTINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "quarantine/header.h"

#define QUARANTINE_STATE_FOLDER "/var/lib/postcask"
#define QUARANTINE_LOCK_FILE	"/run/postcask/quarantine.lock"

enum quarantine_place { QUARANTINE_HELD, QUARANTINE_RELEASED, QUARANTINE_PLACES };

struct quarantine {
	int folders[QUARANTINE_PLACES]; /* owned; -1: there is none */
};

#define QUARANTINE_INIT ((struct quarantine){{-1, -1}})

/* One file.  The id is the part of the name behind the first '-', or the whole name
 * when it is not as amavis makes them. */
struct quarantine_item {
	char *name; /* owned */
	const char *id;
	enum quarantine_place place;
	bool named; /* the name is KIND-ID */
	bool regular;
	int64_t time; /* when it was written, seconds since 1970 */
	int64_t size; /* of the file */
};

struct quarantine_items {
	struct quarantine_item *items; /* owned, the oldest first */
	size_t count;
};

#define QUARANTINE_ITEMS_INIT ((struct quarantine_items){0})

/* Opens both folders below `state`.  A machine that never had one has none. */
_must_check_ int quarantine_open(struct quarantine *quarantine, const char *state,
				 struct error *error);
void quarantine_close(struct quarantine *quarantine);

/* Everything that lies there, by time; what the self-test sent is not in it. */
_must_check_ int quarantine_list(const struct quarantine *quarantine,
				 struct quarantine_items *items, struct error *error);
void quarantine_items_free(struct quarantine_items *items);

/* The one whose id or file name is `word`, or, when `prefix`, whose id alone begins with
 * it.  -ENOENT, -ENOTUNIQ; the sentence says what to write.  `items` owns it. */
_must_check_ int quarantine_find(const struct quarantine_items *items, const char *word,
				 bool prefix, const struct quarantine_item **ret_item,
				 struct error *error);

/* Opens a file for reading, at its beginning. */
_must_check_ int quarantine_open_item(const struct quarantine *quarantine,
				      const struct quarantine_item *item, int *ret_fd,
				      struct error *error);

/* Reads and parses the beginning of an open file. */
_must_check_ int quarantine_read_header(int fd, struct quarantine_header *header,
					struct error *error);

/* The kind (virus, banned, ...) is the name's part before the first '-'; "unknown" for
 * other names.  Valid until the next call. */
const char *quarantine_kind(const struct quarantine_item *item);

/* Marks it as released, or removes it; either is on the disk when it returns.
 * quarantine_sync makes many removals last together. */
_must_check_ int quarantine_mark_released(const struct quarantine *quarantine,
					  const struct quarantine_item *item, struct error *error);
_must_check_ int quarantine_remove(const struct quarantine *quarantine,
				   const struct quarantine_item *item, struct error *error);
_must_check_ int quarantine_sync(const struct quarantine *quarantine, struct error *error);

/* One line for the journal, as `postcask-quarantine`: "WHAT id=ID DETAILS".  What the
 * account of every message reads. */
void quarantine_log(const char *what, const struct quarantine_item *item, const char *details);

#endif
