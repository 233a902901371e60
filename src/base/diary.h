// SPDX-License-Identifier: GPL-3.0-or-later
/* What the daily job remembers of the quarantine, a line a message: when it first saw it,
 * and whether it was in a digest.
 *
 *	clock 1795515240
 *	digest 1795515240
 *	virus-fUzETONCOgac 1795428840 told
 *	virus-8VzoC0aaPq1z 1795515240 new
 *
 * Replaced whole, so that a power cut leaves the one before. */
#ifndef POSTCASK_DIARY_H
#define POSTCASK_DIARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define DIARY_FILE "/var/lib/postcask/diary/quarantine"

struct diary_line {
	char *name;   /* owned; of the file */
	int64_t seen; /* by the diary's clock */
	bool told;
};

struct diary {
	int64_t clock;		  /* of the last run, see retention.h; 0: it is the first */
	int64_t digest;		  /* when the last digest was sent; 0: never */
	struct diary_line *lines; /* owned, sorted by name */
	size_t count;
};

#define DIARY_INIT ((struct diary){0})

/* A missing file is an empty diary.  -EBADMSG when it is damaged: `diary` is then empty,
 * so that everything counts as just seen and not yet told. */
_must_check_ int diary_load(const char *path, struct diary *diary, struct error *error);
_must_check_ int diary_save(const char *path, const struct diary *diary, struct error *error);

/* NULL when it is not in it. */
const struct diary_line *diary_find(const struct diary *diary, const char *name);

/* Adds a line at the end; diary_sort before anything is looked for. */
_must_check_ int diary_add(struct diary *diary, const char *name, int64_t seen, bool told,
			   struct error *error);
void diary_sort(struct diary *diary);

void diary_free(struct diary *diary);

/* The job's clock for this run, `step` seconds ahead at most.  `before` is that of the last
 * run, 0 at the first one, where `newest`, the time of the newest file (0: none), is
 * believed instead. */
int64_t diary_clock(int64_t now, int64_t before, int64_t newest, int64_t step);

#endif
